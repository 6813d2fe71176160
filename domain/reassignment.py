"""Another handler for a release (变更解押经办人): who may say so, and who may become it.

Source: domain 4.9, 3.2, chapter 9 (separation of duties).
"""

from collections.abc import Collection, Iterator, Sequence

from domain.certificates import CustodyState, TitleCertificate
from domain.deregistration import CaseStep, DeregistrationCase, impossible
from domain.orgs import OrgLevel
from domain.people import Actor, Operation, Role
from domain.refusals import Forbidden, Refusal, RefusalCode, invalid

_HEADS = frozenset({OrgLevel.LOAN_CENTER, OrgLevel.COUNTY_SUBCENTER})


def standing_in(case: DeregistrationCase, by: Actor, successor: str) -> bool:
    """Whether somebody acts for a handler who cannot. Raises: Forbidden to whoever may not.

    The vault's supervisor and the head of the centre may; a handler only gives away his own, and
    takes what nobody handles.
    """
    if by.login == case.handler or (case.handler is None and by.login == successor):
        return False
    for grant in by.grants_for(Operation.REASSIGN_HANDLER, case.org_path):
        head = grant.role is Role.APPROVER and grant.org_level in _HEADS
        if head or grant.role is Role.VAULT_SUPERVISOR:
            return True
    raise Forbidden("Only the handler, the vault supervisor or the centre's head may do this.")


def reassignment_refusals(
    case: DeregistrationCase,
    successor: Actor | None,
    *,
    keepers: Collection[str],
    reason: str,
    needs_reason: bool,
) -> Iterator[Refusal | None]:
    """Every rule that a change of the handler breaks (4.9).

    successor: as of today, none where nobody signs in by that name; keepers: who let the papers
    out of the vault.
    """
    yield impossible(case, CaseStep.REASSIGN)
    if needs_reason and not reason.strip():
        yield invalid("reason", "say why the handler cannot do it", rule_id="DRG-4.9")
    if successor is None or not successor.may(Operation.FILE_WITH_REGISTRY, case.org_path):
        yield invalid("handler", "is not a certificate handler there", rule_id="DRG-4.9")
        return
    if successor.login == case.handler:
        yield invalid("handler", "handles the case already", rule_id="DRG-4.9")
        return
    part = case.parts().get(successor.login)
    if successor.login in keepers or successor.vaults or successor.holds(Role.VAULT_KEEPER):
        part = "vault keeper"
    if part is not None:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="DRG-4.9",
            field="handler",
            detail={"person": successor.login, "part": part},
        )


def carried(case: DeregistrationCase, papers: Sequence[TitleCertificate]) -> list[TitleCertificate]:
    """The papers that are out for the case, and so have to be handed over."""
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.OUT_FOR_DEREG
        and paper.lock is not None
        and paper.lock.id == case.id
    ]


def holds_all(login: str, papers: Sequence[TitleCertificate]) -> bool:
    """Whether one person has every paper that is out."""
    return all(paper.holder is not None and paper.holder.login == login for paper in papers)
