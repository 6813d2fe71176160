"""Mutations of two-sided handover: initiate, accept, reject, recall (移交、签收)."""

from collections.abc import Sequence
from typing import Any

from domain.case_steps import beneath
from domain.certificates import CustodyState, Holder, TitleCertificate
from domain.custody import Movement
from domain.deregistration import RETURNING_STATES, DeregistrationCase
from domain.handovers import (
    Handover,
    HandoverItem,
    HandoverItemState,
    acceptance_due,
    decided,
    decision_refusals,
    desk_of,
    given,
    initiation_refusals,
    recall_refusals,
    receipt_refusals,
    received_as,
    receiver_refusals,
)
from domain.orgs import Org
from domain.refusals import Refusal, Refused, invalid, refuse_if, state_conflict
from domain.roles import Operation
from domain.vaults import Vault
from resolvers.counties import county_papers
from resolvers.deed import Deed
from resolvers.incidents import end_losses
from resolvers.mutation import mutation
from resolvers.reassignment import handover_no, on_its_way, taken_over
from resolvers.receipts import give_receipts
from resolvers.releasing import released_at_last
from resolvers.vault_work import freed
from schema.custody import (
    HandoverAcceptItemInput,
    HandoverInitiateInput,
    HandoverPayload,
    HandoverRecallInput,
    HandoverRejectItemInput,
)
from storage.records import new_id


@mutation(
    Operation.HAND_OVER,
    HandoverPayload,
    description="Hand papers over; the giver answers until each is accepted (发起移交, X03).",
)
async def handover_initiate(deed: Deed, input: HandoverInitiateInput) -> dict[str, Any]:
    """X03; X15 where the papers come back from a failed deregistration."""
    if not input.certificate_ids:
        raise Refused(invalid("certificateIds", "name at least one paper", rule_id="X03"))
    known = await deed.subjects(TitleCertificate, input.certificate_ids)
    certificates = await freed(deed.decision, known, now=deed.now)
    case = await _returning_case(deed, certificates)
    desk, unfit = await _receiver(deed, input, certificates)
    refuse_if(
        [
            *initiation_refusals(
                certificates,
                giver=deed.actor.login,
                receiver=input.receiver,
                desk=input.desk,
                returning_case=None if case is None else case.id,
            ),
            *unfit,
            _case_lets_return(case, desk),
            None if case is None else await on_its_way(deed, certificates),
            _counted(input),
        ]
    )
    handover = Handover(
        id=new_id(Handover),
        no=handover_no(deed),
        giver=deed.actor.login,
        receiver=input.receiver,
        desk=desk,
        returning_case=None if case is None else case.id,
        items=tuple(
            HandoverItem(
                certificate_id=certificate.id,
                pages=certificate.pages if input.pages is None else input.pages[place],
            )
            for place, certificate in enumerate(certificates)
        ),
        seal_no=input.seal_no,
        initiated_at=deed.now,
        due_on=acceptance_due(
            deed.today, same_city=input.same_city, policy=deed.policy, calendar=deed.calendar
        ),
        org_code=certificates[0].org_code,
        org_path=certificates[0].org_path,
    )
    await county_papers(deed, certificates)
    if case is None:
        for certificate in certificates:
            _move(deed, certificate, Movement.INITIATE_HANDOVER, CustodyState.IN_TRANSIT, handover)
    return {"handover": deed.decision.add(handover)}


@mutation(
    Operation.HAND_OVER,
    HandoverPayload,
    description="Accept one paper of a handover (签收, X04).",
)
async def handover_accept_item(deed: Deed, input: HandoverAcceptItemInput) -> dict[str, Any]:
    """X04 or X15: responsibility passes with this paper."""
    handover, certificate = await _waiting(deed, input.handover_id, input.certificate_id)
    refuse_if(
        receipt_refusals(
            handover,
            certificate,
            receiver=deed.actor.login,
            desks=deed.actor.vaults,
            cert_no=input.cert_no,
            pages=input.pages,
        )
    )
    holder = Holder(login=deed.actor.login, desk=handover.desk, since=deed.now)
    accepted = deed.move(
        certificate,
        handover.movement,
        received_as(handover),
        request_ref=handover.id,
        holder=holder,
        **given(certificate, handover.giver),
    )
    await taken_over(deed, handover, accepted)
    await released_at_last(deed, accepted)
    await end_losses(deed.decision, [accepted], "RECEIVED", now=deed.now)
    handover = decided(
        handover,
        certificate.id,
        state=HandoverItemState.ACCEPTED,
        now=deed.now,
        condition=input.condition,
    )
    await give_receipts(deed)
    return {"handover": deed.decision.save(handover)}


@mutation(
    Operation.HAND_OVER,
    HandoverPayload,
    description="Reject one paper of a handover; it stays with the giver (拒收, X05).",
)
async def handover_reject_item(deed: Deed, input: HandoverRejectItemInput) -> dict[str, Any]:
    """X05, by the receiver."""
    handover, certificate = await _waiting(deed, input.handover_id, input.certificate_id)
    refuse_if(
        [
            *decision_refusals(
                handover, certificate, receiver=deed.actor.login, desks=deed.actor.vaults
            ),
            _reasoned(input.reason),
        ]
    )
    _back(deed, certificate, Movement.REJECT_HANDOVER, handover, input.reason)
    await released_at_last(deed, certificate)
    handover = decided(
        handover,
        certificate.id,
        state=HandoverItemState.REJECTED,
        now=deed.now,
        reason=input.reason,
    )
    return {"handover": deed.decision.save(handover)}


@mutation(
    Operation.HAND_OVER,
    HandoverPayload,
    description="Take back every paper of a handover that nobody has decided on (撤回移交, X05).",
)
async def handover_recall(deed: Deed, input: HandoverRecallInput) -> dict[str, Any]:
    """X05, by the giver."""
    handover = await deed.subject(Handover, input.handover_id)
    waiting = [i for i in handover.items if i.state is HandoverItemState.PENDING] or list(
        handover.items
    )
    refuse_if([_reasoned(input.reason)])
    for item in waiting:
        certificate = await deed.get(TitleCertificate, item.certificate_id)
        refuse_if(recall_refusals(handover, certificate, giver=deed.actor.login))
        _back(deed, certificate, Movement.RECALL_HANDOVER, handover, input.reason)
        await released_at_last(deed, certificate)
        handover = decided(
            handover,
            certificate.id,
            state=HandoverItemState.RECALLED,
            now=deed.now,
            reason=input.reason,
        )
    return {"handover": deed.decision.save(handover)}


async def _waiting(
    deed: Deed, handover_id: str, certificate_id: str
) -> tuple[Handover, TitleCertificate]:
    handover = await deed.subject(Handover, handover_id)
    return handover, await deed.get(TitleCertificate, certificate_id)


async def _returning_case(
    deed: Deed, certificates: list[TitleCertificate]
) -> DeregistrationCase | None:
    """The case whose papers come back, when the first of them is out for deregistration."""
    lock = certificates[0].lock
    if certificates[0].custody_state is not CustodyState.OUT_FOR_DEREG or lock is None:
        return None
    return await deed.get(DeregistrationCase, lock.id)


async def _receiver(
    deed: Deed, input: HandoverInitiateInput, certificates: Sequence[TitleCertificate]
) -> tuple[str | None, list[Refusal | None]]:
    """The desk the papers go to, as a keeper receives for the vault; and who could not accept."""
    person = await deed.person(input.receiver)
    desk, kept = input.desk, () if person is None else person.vaults
    areas = await _areas(deed, kept if desk is None else [desk])
    if person is not None and desk is None:
        desk = desk_of(person, certificates, areas)
    unfit = receiver_refusals(
        certificates, named=input.receiver, receiver=person, desk=desk, areas=areas
    )
    return desk, list(unfit)


async def _areas(deed: Deed, codes: Sequence[str]) -> dict[str, str]:
    """What the organisations of these vaults look after, by vault."""
    vaults = await deed.decision.find(Vault, {"code": {"$in": list(codes)}}) if codes else []
    owners = sorted({vault.org_code for vault in vaults})
    orgs = await deed.decision.find(Org, {"code": {"$in": owners}}) if owners else []
    paths = {org.code: org.jurisdiction_path for org in orgs}
    return {vault.code: paths[vault.org_code] for vault in vaults if vault.org_code in paths}


def _case_lets_return(case: DeregistrationCase | None, desk: str | None) -> Any:
    if case is None or (beneath(case).state in RETURNING_STATES and desk is not None):
        return None
    if desk is None:
        return invalid("desk", "papers from a deregistration go back to a vault", rule_id="X15")
    return state_conflict("X15", subject=f"Case {case.no}", state=case.state, event="DEREG_RETURN")


def _counted(input: HandoverInitiateInput) -> Any:
    if input.pages is None or len(input.pages) == len(input.certificate_ids):
        return None
    return invalid("pages", "one count for each paper", rule_id="X03")


def _reasoned(reason: str) -> Any:
    return None if reason.strip() else invalid("reason", "say why", rule_id="X05")


def _move(
    deed: Deed,
    certificate: TitleCertificate,
    movement: Movement,
    to: CustodyState,
    handover: Handover,
    **changes: Any,
) -> None:
    deed.move(
        certificate,
        movement,
        to,
        request_ref=handover.id,
        **changes,
    )


def _back(
    deed: Deed,
    certificate: TitleCertificate,
    movement: Movement,
    handover: Handover,
    reason: str,
) -> None:
    """The paper is with the giver again; one that never left for transit just stays out."""
    if handover.stays_out:
        return
    _move(deed, certificate, movement, CustodyState.WITH_HANDLER, handover, reason=reason)
