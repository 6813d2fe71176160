"""The mutation that gives a release to another handler, with its papers (变更解押经办人, 4.9)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.case_deadlines import papers_back
from domain.case_steps import stepped
from domain.certificates import TitleCertificate
from domain.deregistration import CaseStep, DeregistrationCase
from domain.dual_control import Proposal, ProposalState
from domain.handovers import Handover, HandoverItem, acceptance_due, handed_over
from domain.reassignment import carried, holds_all, reassignment_refusals, standing_in
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from resolvers.case_work import papers_of
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.cases import DeregistrationCaseReassignHandlerInput, ReassignmentPayload
from storage.decisions import Decision
from storage.records import new_id


@mutation(
    Operation.REASSIGN_HANDLER,
    ReassignmentPayload,
    description="Give a case to another handler; papers that are out change hands by a handover.",
)
async def deregistration_case_reassign_handler(
    deed: Deed, input: DeregistrationCaseReassignHandlerInput
) -> dict[str, Any]:
    """4.9. Whoever has the papers stays the handler until the next one has accepted them all."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    acting_for = standing_in(case, deed.actor, input.handler)
    out = carried(case, await papers_of(deed, case))
    papers = [paper for paper in out if not holds_all(input.handler, [paper])]
    refuse_if(
        [
            *reassignment_refusals(
                case,
                await deed.person(input.handler),
                keepers=await _keepers(deed, case),
                reason=input.reason or "",
                needs_reason=acting_for,
            ),
            await on_its_way(deed, papers) if papers else None,
        ]
    )
    if not papers:
        return {"case": deed.decision.save(_given(deed, case, input.handler, input.reason))}
    assert case.handler is not None  # who took the papers out
    handover = Handover(
        id=new_id(Handover),
        no=handover_no(deed),
        giver=case.handler,
        receiver=input.handler,
        reassigned_case=case.id,
        items=tuple(HandoverItem(certificate_id=one.id, pages=one.pages) for one in papers),
        initiated_at=deed.now,
        due_on=acceptance_due(
            deed.today, same_city=True, policy=deed.policy, calendar=deed.calendar
        ),
        org_code=case.org_code,
        org_path=case.org_path,
    )
    return {"case": case, "handover": deed.decision.add(handover)}


async def taken_over(deed: Deed, handover: Handover, accepted: TitleCertificate) -> None:
    """What the acceptance of a paper that was out for a case means to the case (X15, 4.9)."""
    case_id = handover.reassigned_case or handover.returning_case
    if case_id is None:
        return
    case = await deed.decision.get(DeregistrationCase, case_id)
    out = [p for p in carried(case, await papers_of(deed, case)) if p.id != accepted.id]
    if handover.returning_case is not None:
        if not out:
            deed.decision.save(
                papers_back(case, today=deed.today, policy=deed.policy, calendar=deed.calendar)
            )
        return
    receiver = deed.actor.login
    if holds_all(receiver, out):
        deed.decision.save(_given(deed, case, receiver, handover.no))


async def on_its_way(deed: Deed, papers: Sequence[TitleCertificate]) -> Refusal | None:
    """Papers of a case stay out until they are accepted; one handover at a time."""
    return handed_over(await handover_of(deed.decision, papers))


async def handover_of(decision: Decision, papers: Sequence[TitleCertificate]) -> Handover | None:
    """A handover of any of these papers that nobody has decided yet."""
    ids = [paper.id for paper in papers]
    waiting = {"$elemMatch": {"certificate_id": {"$in": ids}, "state": "PENDING"}}
    return await decision.first(Handover, {"items": waiting})


def handover_no(deed: Deed) -> str:
    """A number that no handover has."""
    return f"HO{deed.today:%Y%m%d}-{new_id(Handover)[-10:]}"


def _given(
    deed: Deed, case: DeregistrationCase, handler: str, note: str | None
) -> DeregistrationCase:
    before = case.handler or "nobody"
    said = f"{before} to {handler}" + (f": {note}" if note else "")
    case = stepped(case, CaseStep.REASSIGN, by=deed.actor.login, now=deed.now, note=said)
    return replace(case, handler=handler)


async def _keepers(deed: Deed, case: DeregistrationCase) -> set[str]:
    """Who let papers out of the vault for this case: proposer and second keeper."""
    done = {"case_id": case.id, "state": ProposalState.CONFIRMED.value}
    proposals = await deed.decision.find(Proposal, done)
    people = {proposal.proposer.login for proposal in proposals}
    return people | {p.confirmed_by for p in proposals if p.confirmed_by is not None}
