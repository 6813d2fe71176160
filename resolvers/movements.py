"""What may happen to a certificate next (可办业务), as a question."""

from typing import Annotated

import strawberry

from domain.certificates import LockKind, TitleCertificate
from domain.checkouts import CheckOut, CheckOutPurpose
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.dispatches import Dispatch, DispatchState
from domain.movements import OFFERED, OPERATIONS, MovementFacts, movement_refusals
from domain.vaults import SealedPacket, Vault
from resolvers.checkouts import overdue_of
from resolvers.context import Context, Info
from resolvers.holds import holds_on, litigation_open
from resolvers.reassignment import handover_of
from resolvers.releasing import entered_for, proven
from resolvers.scans import recorded_scans
from resolvers.secured import loans_secured_by
from resolvers.vault_work import freed, open_case_of
from schema.custody import MovementAnswer
from schema.mutations import kept, told
from storage.decisions import Decision
from storage.transactions import consider

_UNDER_WAY = [DispatchState.UNDER_WAY.value, DispatchState.INCOMPLETE.value]


@strawberry.type
class MovementQueries:
    """Movements as questions."""

    @strawberry.field(description="Every movement of a certificate: yes, or all that keeps it.")
    async def allowed_movements(
        self,
        info: Info,
        certificate_id: Annotated[strawberry.ID, strawberry.argument(description="Which.")],
    ) -> list[MovementAnswer] | None:
        """None where there is no such certificate within reach."""
        context = info.context

        async def work(decision: Decision) -> MovementFacts | None:
            named = context.sight.within("certificates", {"_id": certificate_id})
            found = await decision.first(TitleCertificate, dict(named))
            return None if found is None else await _facts(decision, found, context)

        facts = await consider(context.stores.mongo, work, at=context.now)
        if facts is None:
            return None
        answers = []
        for movement in OFFERED:
            refusals = [r for r in movement_refusals(movement, facts) if r is not None]
            path = facts.certificate.org_path
            answers.append(
                {
                    "movement": movement.value,
                    "allowed": not refusals,
                    "permitted": context.actor.may(OPERATIONS[movement], path),
                    "refusals": told(kept(refusals), chinese=context.chinese),
                }
            )
        return answers  # type: ignore[return-value]


async def _facts(
    decision: Decision, certificate: TitleCertificate, context: Context
) -> MovementFacts:
    (certificate,) = await freed(decision, [certificate], now=context.now)
    place, case = certificate.place, await open_case_of(decision, certificate)
    lock, check_out = certificate.lock, None
    if lock is not None and lock.kind is LockKind.CHECK_OUT:
        check_out = await decision.get(CheckOut, lock.id)
    packet = await _packet(decision, certificate)
    others = set() if packet is None else set(packet.certificate_ids) - {certificate.id}
    beside = await decision.find(TitleCertificate, {"_id": {"$in": sorted(others)}})
    under_way = {"certificate_ids": certificate.id, "state": {"$in": _UNDER_WAY}}
    litigation = check_out is not None and check_out.purpose is CheckOutPurpose.LITIGATION
    takers = [] if check_out is None else [check_out.requester, check_out.signed_by]
    rules = context.stores.rulebook.on(context.today)
    desk = certificate.holder.desk if certificate.holder else None
    cancelled, stays = await entered_for(decision, certificate)
    released = None
    if case is not None:
        released = await decision.get(Collateral, case.collateral_id)
    return MovementFacts(
        certificate=certificate,
        vault=await decision.first(Vault, {"code": place.vault}) if place else None,
        desk=await decision.first(Vault, {"code": desk}) if desk else None,
        packet=packet,
        handover=None if case is None else await handover_of(decision, [certificate]),
        dispatched=await decision.first(Dispatch, under_way) is not None,
        holds=await holds_on(decision, [certificate]),
        beside=beside,
        holds_beside=await holds_on(decision, beside) if beside else (),
        check_out=check_out,
        overdue=await overdue_of(decision, takers, context.today),
        litigation_open=litigation and await litigation_open(decision, certificate),
        scans=await recorded_scans(decision, certificate),
        case=case,
        proven=case is not None and await proven(decision, case),
        released=released is not None and released.pledge_state in ENDED_PLEDGES,
        cancelled=cancelled,
        stays=stays,
        loans=await loans_secured_by(decision, certificate.collateral_nos),
        today=context.today,
        policy=rules.policy,
        calendar=rules.calendar,
    )


async def _packet(decision: Decision, certificate: TitleCertificate) -> SealedPacket | None:
    """The packet that it lies in, with others perhaps."""
    if certificate.place is None:
        return None
    return await decision.first(SealedPacket, {"packet_no": certificate.place.packet_no})
