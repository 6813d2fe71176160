"""What the mutations on a case share: asking the preconditions, blocking, locks."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from domain.case_approvals import not_approved
from domain.case_deadlines import papers_due_back, with_deadlines
from domain.case_steps import CASE_TRANSITIONS, stepped
from domain.certificates import CustodyState, Lock, LockKind, TitleCertificate
from domain.collaterals import Collateral
from domain.compensation import clocked
from domain.delivery import by_delivery
from domain.deregistration import (
    OPEN_STATES,
    CaseState,
    CaseStep,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
    PrecheckRun,
)
from domain.dossiers import DocType, Dossier, ItemStatus, with_item
from domain.loans import Loan
from domain.refusals import Forbidden, Refusal, RefusalCode
from domain.release import Evaluation, evaluate
from domain.release_kinds import SETTLES
from domain.release_question import ReleaseFacts, Stage
from domain.releasing import with_loans, with_papers, without_paper
from domain.roles import Operation, Role
from domain.strangers import places_of, strangers, veiled
from resolvers.case_locks import lock_papers
from resolvers.counties import county_alone, county_loans
from resolvers.deed import Deed
from resolvers.release_facts import release_facts
from resolvers.settlement_proofs import void_proofs
from schema.mutations import facts as named_facts
from schema.mutations import kept

MAX_RUNS = 50
# Once a case was found in order, a form that is not there yet takes nothing back.
_IN_ORDER = frozenset({CaseState.PRECHECKED, CaseState.APPROVED, CaseState.VAULT_OUT})


def lawyers_only_for_courts(deed: Deed, kind: DeregKind, org_path: str) -> None:
    """Lawyers bring the cases that a court orders; the rest is others' work (§9)."""
    held = deed.actor.grants_for(Operation.SUBMIT_CASE, org_path)
    lawyer = all(grant.role is Role.LEGAL_OFFICER for grant in held)
    if lawyer and kind is not DeregKind.COURT_ORDERED:
        raise Forbidden("A legal officer brings only releases that a court ordered.")


async def case_of(deed: Deed, id: str) -> DeregistrationCase:
    """The case that is acted on. Raises: Forbidden to a county's registrar for another's loans."""
    case = await deed.subject(DeregistrationCase, id)
    await county_loans(deed, case.loan_nos)
    return case


async def asked(
    deed: Deed, case: DeregistrationCase, stage: Stage
) -> tuple[DeregistrationCase, ReleaseFacts, Evaluation]:
    """The case with a fresh evaluation appended, and what the evaluation saw (DRG-R01, R02).

    By then it holds whatever its collateral has got since it was opened (INV-05), and every loan
    that its contracts secure. The case keeps all of it; the evaluation that is given names nothing
    beyond the actor's reach.
    """
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    facts = await release_facts(deed.decision, collateral, case)
    case = with_loans(case, facts.contracts)
    county_alone(deed, [facts.loans[no] for no in case.loan_nos if no in facts.loans])
    case = with_papers(case, facts.certificates)
    case = replace(
        case,
        by_delivery=by_delivery(facts.certificates),
        without_paper=without_paper(facts.certificates),
    )
    lock_papers(deed.decision, case, facts.certificates)
    evaluation = evaluate(
        facts,
        kind=case.kind,
        stage=stage,
        mode=case.handling_mode,
        policy=deed.policy,
        calendar=deed.calendar,
        today=deed.today,
    )
    run = PrecheckRun(
        at=deed.now,
        stage=stage,
        ready=evaluation.ready,
        policy_version=evaluation.policy_version,
        results=tuple(kept_results(evaluation)),
        places=places_of(facts),
    )
    case = replace(case, precheck_runs=(*case.precheck_runs, run)[-MAX_RUNS:])
    hidden = strangers(run.places, partial(deed.actor.may, Operation.READ))
    return on_the_clock(deed, case, facts.loans), facts, veiled(evaluation, hidden)


def due_approval(
    deed: Deed, case: DeregistrationCase, facts: ReleaseFacts, evaluation: Evaluation
) -> list[Refusal]:
    """The approval that is due by the amounts of the moment, where nothing else blocks (4.5)."""
    if not evaluation.ready:
        return []
    due = not_approved(case, facts, policy=deed.policy, today=deed.today)
    return [] if due is None else [due]


def on_the_clock(
    deed: Deed, case: DeregistrationCase, loans: Mapping[str, Loan]
) -> DeregistrationCase:
    """The case with its return clock as the loans that it is about stand now (退证时限)."""
    secured = [loans[no] for no in case.loan_nos if no in loans]
    if len(secured) < len(case.loan_nos):
        secured = []
    return clocked(case, secured, policy=deed.policy, calendar=deed.calendar)


def kept_results(evaluation: Evaluation) -> Iterable[Mapping[str, object]]:
    """An evaluation's answers as evidence."""
    for result in evaluation.results:
        yield {
            "id": result.id,
            "outcome": result.outcome.value,
            "fixable_by": [remedy.value for remedy in result.fixable_by],
            "refusals": kept(result.refusals),
            "facts": named_facts(dict(result.facts)),
        }


async def blocked(deed: Deed, case: DeregistrationCase, evaluation: Evaluation) -> dict[str, Any]:
    """A failed precondition stops the case; papers stay where they are (4.2, 4.9).

    A form that is asked for by now can still be handed in, and undoes no approval.
    """
    codes = {refusal.code for refusal in evaluation.refusals}
    filed = (case.state, CaseStep.BLOCK) not in CASE_TRANSITIONS
    forms = codes == {RefusalCode.DOC_MISSING}
    if filed or (forms and case.state in _IN_ORDER):  # the answer alone is kept
        return {"case": deed.decision.save(case), "refusals": evaluation.refusals}
    note = ", ".join(sorted(codes))
    case = stepped(case, CaseStep.BLOCK, by=deed.actor.login, now=deed.now, note=note)
    # What was agreed before a rejection holds its thirty days, unless the debt is back (4.9).
    owing = RefusalCode.NOT_SETTLED in codes
    held = [one for one in case.approvals if one.valid_until is not None and not owing]
    case = replace(case, approvals=tuple(held))
    if still_out(case, await papers_of(deed, case)):
        case = papers_due_back(case, today=deed.today, policy=deed.policy, calendar=deed.calendar)
    if owing:
        await void_proofs(deed.decision, case, reason="NOT_SETTLED", now=deed.now)
    return {"case": deed.decision.save(case), "refusals": evaluation.refusals}


async def mark_items(
    deed: Deed, case: DeregistrationCase, code: DocType, **changes: object
) -> None:
    """Sets that checklist line in the dossiers of a case's loans, where they have it.

    Only where the debt is paid: what part of the security leaves on is no settlement's paper.
    """
    if case.kind not in SETTLES:
        return
    for dossier in await deed.decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}}):
        if dossier.item(code) is not None:
            deed.decision.save(with_item(dossier, code, **changes))


async def papers_of(deed: Deed, case: DeregistrationCase) -> list[TitleCertificate]:
    """The case's certificates that are not at their end."""
    found = await deed.decision.find(TitleCertificate, {"_id": {"$in": list(case.certificate_ids)}})
    return [certificate for certificate in found if not certificate.is_over]


async def let_go(deed: Deed, case: DeregistrationCase) -> None:
    """Restores the pledge and frees the certificates; nothing else changes (DRG-R04).

    Whose loan was settled meanwhile is owed his papers as without a case, so the clock looks again.
    """
    await registry_form(deed, case, goes_on=False)
    for loan in await deed.decision.find(Loan, {"loan_no": {"$in": list(case.loan_nos)}}):
        if loan.release_notice_due is not None:
            deed.decision.save(replace(loan, next_look_on=deed.today))
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    deed.decision.save(
        replace(collateral, pledge_state=case.previous_pledge_state, open_case_id=None)
    )
    for certificate in await papers_of(deed, case):
        if certificate.lock is not None and certificate.lock.id == case.id:
            held = await _held_besides(deed, case, certificate)
            deed.decision.save(replace(certificate, lock=held))


async def _held_besides(
    deed: Deed, case: DeregistrationCase, certificate: TitleCertificate
) -> Lock | None:
    """The hold of another open release that the certificate belongs to as well."""
    if len(certificate.collateral_nos) == 1:
        return None
    query = {"certificate_ids": certificate.id, "state": {"$in": sorted(OPEN_STATES)}}
    found = await deed.decision.find(DeregistrationCase, query)
    others = [one for one in found if one.id != case.id]
    return Lock(kind=LockKind.DEREGISTRATION, id=others[0].id) if others else None


async def registry_form(deed: Deed, case: DeregistrationCase, *, goes_on: bool) -> None:
    """Owners who go themselves fill no form of ours; asked for where one of a loan's does not.

    goes_on: whether this case counts from now on, as it begins or ends.
    """
    code = DocType.REGISTRY_APPLICATION
    loans = {"$in": list(case.loan_nos)}
    query = {"loan_nos": loans, "state": {"$in": sorted(OPEN_STATES)}, "_id": {"$ne": case.id}}
    going_on = await deed.decision.find(DeregistrationCase, query)
    if goes_on:
        going_on = [*going_on, case]
    for dossier in await deed.decision.find(Dossier, {"loan_no": loans}):
        modes = {one.handling_mode for one in going_on if dossier.loan_no in one.loan_nos}
        needed = modes != {HandlingMode.OWNER}
        before = ItemStatus.NOT_APPLICABLE if needed else ItemStatus.MISSING
        item = dossier.item(code)
        if item is not None and item.status is before:
            status = ItemStatus.MISSING if needed else ItemStatus.NOT_APPLICABLE
            deed.decision.save(with_item(dossier, code, status=status))


def advanced(
    deed: Deed,
    case: DeregistrationCase,
    step: CaseStep,
    *,
    to: CaseState | None = None,
    note: str | None = None,
) -> DeregistrationCase:
    """The case one step on, with the deadline that begins."""
    case = stepped(case, step, by=deed.actor.login, now=deed.now, to=to, note=note)
    return with_deadlines(case, today=deed.today, policy=deed.policy, calendar=deed.calendar)


def still_out(case: DeregistrationCase, certificates: Iterable[TitleCertificate]) -> list[Refusal]:
    """Papers that must come back before a case may be given up; what another holds need not."""
    return [
        Refusal(
            code=RefusalCode.CERT_NOT_IN_VAULT,
            rule_id="DRG-4.9",
            detail={"certificate": certificate.label, "state": certificate.custody_state},
        )
        for certificate in certificates
        if certificate.custody_state is CustodyState.OUT_FOR_DEREG
        and (certificate.lock is None or certificate.lock.id == case.id)
    ]
