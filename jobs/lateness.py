"""Papers on their way for too long (逾期未签收): the supervisors of both sides are told, once.

Source: CUS-05, X19.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.alerts import Alert, AlertKind
from domain.dispatches import Dispatch
from domain.handovers import Handover, HandoverItemState
from domain.orgs import with_those_above
from domain.people import User, actor
from domain.roles import Operation, Role
from domain.vaults import Vault
from domain.watch import SubjectKind
from jobs.watch import Round
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One end of the way."""

    name: str
    org_code: str
    org_path: str


async def tell_late_handover(this: Round, id: str) -> int:
    """Tells both supervisors that a receiver has not decided in time; how many were (CUS-05)."""
    handover = await this.decision.get(Handover, id)
    if handover.late_told_on is not None or not handover.is_late(this.today):
        return 0
    waiting = sum(item.state is HandoverItemState.PENDING for item in handover.items)
    reason = (
        f"{waiting} of {len(handover.items)} papers of handover {handover.no} wait to be accepted"
        f" since {handover.due_on}; the giver answers for them."
    )
    sides = [
        await _person(this, handover.giver, "GIVER"),
        await _vault(this, handover.desk, "RECEIVER")
        if handover.receiver is None
        else await _person(this, handover.receiver, "RECEIVER"),
    ]
    told = await _tell(this, handover, AlertKind.HANDOVER, SubjectKind.HANDOVER, sides, reason)
    this.decision.save(replace(handover, late_told_on=this.today))
    return told


async def tell_late_dispatch(this: Round, id: str) -> int:
    """Tells both supervisors that a packet has not arrived in time; how many were (X19)."""
    dispatch = await this.decision.get(Dispatch, id)
    if dispatch.late_told_on is not None or not dispatch.is_late(this.today):
        return 0
    reason = (
        f"{len(dispatch.awaited)} of {len(dispatch.certificate_ids)} papers of dispatch"
        f" {dispatch.no} to {dispatch.to_vault} have not arrived since {dispatch.due_on};"
        f" {dispatch.from_vault} answers for them."
    )
    sides = [
        await _vault(this, dispatch.from_vault, "SENDER"),
        await _vault(this, dispatch.to_vault, "RECEIVER"),
    ]
    told = await _tell(this, dispatch, AlertKind.DISPATCH, SubjectKind.DISPATCH, sides, reason)
    this.decision.save(replace(dispatch, late_told_on=this.today))
    return told


async def _tell(
    this: Round,
    late: Handover | Dispatch,
    kind: AlertKind,
    subject_kind: SubjectKind,
    sides: Sequence[_Side],
    reason: str,
) -> int:
    """One alert a side; one alone where the same people supervise both."""
    told: dict[frozenset[str], _Side] = {}
    for side in sides:
        told.setdefault(await _supervisors(this, side.org_path), side)
    for side in told.values():
        this.decision.add(
            Alert(
                id=new_id(Alert),
                no=f"{late.id}-LATE-{side.name}",
                kind=kind,
                subject_kind=subject_kind,
                subject=late.id,
                reason=reason,
                due_on=late.due_on,
                raised_on=this.today,
                roles=(Role.VAULT_SUPERVISOR,),
                org_code=side.org_code,
                org_path=side.org_path,
            )
        )
    return len(told)


async def _supervisors(this: Round, org_path: str) -> frozenset[str]:
    """Logins of those who supervise custody there today."""
    held = {
        "role": Role.VAULT_SUPERVISOR.value,
        "jurisdiction_path": {"$in": with_those_above(org_path)},
    }
    users = await this.decision.find(User, {"roles": {"$elemMatch": held}, "active": True})
    acting = [actor(user, today=this.today) for user in users]
    return frozenset(
        one.login
        for one in acting
        if any(
            grant.role is Role.VAULT_SUPERVISOR
            for grant in one.grants_for(Operation.ACKNOWLEDGE_ALERT, org_path)
        )
    )


async def _person(this: Round, login: str, name: str) -> _Side:
    user = await this.decision.first(User, {"login": login})
    assert user is not None  # nobody is removed
    return _Side(name=name, org_code=user.org_code, org_path=user.org_path)


async def _vault(this: Round, code: str | None, name: str) -> _Side:
    vault = await this.decision.first(Vault, {"code": code})
    assert vault is not None
    return _Side(name=name, org_code=vault.org_code, org_path=vault.org_path)
