"""Ending a right once the registry's entry is proven, in the transaction that proves it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.alerts import Alert, AlertKind
from domain.case_deadlines import with_deadlines
from domain.case_steps import beneath, stepped, still_suspended
from domain.certificates import TERMINAL, Catalog, CustodyState, TitleCertificate
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.custody import CustodyEvent, Evidence, Movement, Operator, moved
from domain.deregistration import CaseState, CaseStep, DeregistrationCase, RegistryStatus
from domain.dossiers import Dossier, ItemStage, with_stage_due, without_receipt
from domain.files import FileVersion
from domain.guarantees import GuaranteeContract
from domain.release_kinds import SETTLES, SOME_GO
from domain.release_papers import given_to_owner
from domain.releasing import (
    is_proven,
    left_behind,
    left_behind_under_way,
    left_by_entry,
    nothing_left,
    outlives,
    policies_to_change,
    released,
    untied,
    with_papers,
)
from domain.reminders import unclaimed_from, watched
from domain.roles import HANDLERS
from domain.undoing import has_no_right_left, waiting_for_reissue
from resolvers.case_locks import lock_papers
from resolvers.deed import Deed
from resolvers.incidents import released_by
from resolvers.secured import collaterals_query
from storage.decisions import Decision
from storage.records import new_id
from storage.rulebook import Rules


@dataclass(frozen=True, kw_only=True)
class At:
    """By whom and when a right ends."""

    by: Operator
    now: datetime
    today: date
    rules: Rules


def at(deed: Deed) -> At:
    """By the person and at the moment of a mutation."""
    return At(by=deed.operator(), now=deed.now, today=deed.today, rules=deed.rules)


async def release_when_proven(deed: Deed, case: DeregistrationCase) -> DeregistrationCase:
    """Releases the collateral when the entry is on record with its evidence."""
    if case.registry.result is None or not await proven(deed.decision, case):
        return case
    if await _on_its_way(deed.decision, case):
        return case
    moment = at(deed)
    ended = await end_right(deed.decision, beneath(case), moment, evidence=[case.registry.result])
    if case.suspended_from is None:
        return ended
    return await resumed_when_whole(deed.decision, still_suspended(ended), moment)


async def released_at_last(deed: Deed, paper: TitleCertificate) -> None:
    """Ends the right of an entered release that waited for a paper to be in somebody's hands."""
    entered = [CaseState.REGISTRY_DONE.value, CaseState.SUSPENDED.value]
    query = {"certificate_ids": paper.id, "state": {"$in": entered}}
    for case in await deed.decision.find(DeregistrationCase, query):
        after = await release_when_proven(deed, case)
        if after != case:
            deed.decision.save(after)


async def _on_its_way(decision: Decision, case: DeregistrationCase) -> bool:
    """Whether a paper of it is between two people: nothing is released meanwhile (INV-05)."""
    moving = {CustodyState.IN_TRANSIT, CustodyState.CHECKED_OUT}
    papers = await certificates_of(decision, case)
    return any(paper.custody_state in moving for paper in papers)


async def proven(decision: Decision, case: DeregistrationCase) -> bool:
    """Whether the entry is on record, with a result that stands (INV-05, X16)."""
    return is_proven(case, await result_of(decision, case))


async def result_of(decision: Decision, case: DeregistrationCase) -> FileVersion | None:
    """The file that a case keeps as the registry's result, if any."""
    result = case.registry.result
    return None if result is None else await decision.get(FileVersion, result.file_version_id)


async def entered_for(decision: Decision, certificate: TitleCertificate) -> tuple[bool, bool]:
    """Whether any release of it is entered; and whether it covers what stays then (X25, L08)."""
    cases = await decision.find(DeregistrationCase, {"certificate_ids": certificate.id})
    entered = [case for case in cases if case.registry.status is RegistryStatus.DONE]
    covered = await decision.find(Collateral, collaterals_query(certificate))
    return bool(entered), any(outlives(certificate, case, covered) for case in entered)


async def end_right(
    decision: Decision, case: DeregistrationCase, moment: At, *, evidence: Sequence[Evidence]
) -> DeregistrationCase:
    """The bank's right ends: certificates cancelled, links untied, collateral released (INV-05).

    Every contract is untied, also one that the case does not name: no right is left to tie.
    """
    collateral = await decision.get(Collateral, case.collateral_id)
    if collateral.pledge_state in ENDED_PLEDGES:
        return await returned_when_empty(decision, case, moment)
    case = await _all_papers(decision, case, collateral)
    ended = decision.save(released(collateral, case.kind))
    _tell_insurers(decision, case, moment, policies_to_change(collateral, ended))
    contracts = await decision.find(GuaranteeContract, {"links.collateral_no": collateral.no})
    for contract in contracts:
        if contract.active_link(collateral.no) is not None:
            after = decision.save(untied(contract, collateral.no, case.id))
            if case.kind in SOME_GO:
                await _leave_behind(decision, after)
    for certificate in await certificates_of(decision, case):
        await _end_right_of(decision, case, certificate, moment, evidence)
        await owner_may_fetch(decision, certificate, moment)
    return await returned_when_empty(decision, case, moment)


def _tell_insurers(
    decision: Decision, case: DeregistrationCase, moment: At, policies: Sequence[str]
) -> None:
    """Somebody has the bank struck off the policies as their beneficiary (DRG-L07)."""
    if not policies:
        return
    rules = moment.rules
    tell_handlers(
        decision,
        case,
        moment,
        no=f"{case.id}-INSURANCE",
        reason=f"Have the bank struck off as beneficiary of {', '.join(policies)}.",
        due_on=rules.calendar.wd(moment.today, rules.policy.number("dereg.return_wd")),
    )


def tell_handlers(
    decision: Decision,
    case: DeregistrationCase,
    moment: At,
    *,
    no: str,
    reason: str,
    due_on: date,
) -> None:
    """An alert about a release, for its handler and all who may be one."""
    decision.add(
        Alert(
            id=new_id(Alert),
            no=no,
            kind=AlertKind.RELEASE,
            reason=reason,
            due_on=due_on,
            raised_on=moment.today,
            logins=() if case.handler is None else (case.handler,),
            roles=HANDLERS,
            **released_by(case).facts,
        )
    )


async def returned_when_empty(
    decision: Decision, case: DeregistrationCase, moment: At
) -> DeregistrationCase:
    """RETURNED once no paper of a finished case is left anywhere (4.2)."""
    if case.state is not CaseState.REGISTRY_DONE or not await proven(decision, case):
        return case
    if not nothing_left(await _papers(decision, case)):
        return case
    case = stepped(case, CaseStep.RETURN, by=moment.by.login, now=moment.now)
    case = replace(case, returned_on=moment.today)
    rules = moment.rules
    await settlement_items_fall_due(decision, case, moment)
    return with_deadlines(case, today=moment.today, policy=rules.policy, calendar=rules.calendar)


async def resumed_when_whole(
    decision: Decision, case: DeregistrationCase, moment: At
) -> DeregistrationCase:
    """A suspended case goes on where it was once no paper of it waits for a reissue (4.9)."""
    if waiting_for_reissue(await certificates_of(decision, case)):
        return case
    case = stepped(case, CaseStep.RESUME, by=moment.by.login, now=moment.now)
    rules = moment.rules
    case = with_deadlines(case, today=moment.today, policy=rules.policy, calendar=rules.calendar)
    return await returned_when_empty(decision, case, moment)


async def settlement_items_fall_due(
    decision: Decision, case: DeregistrationCase, moment: At
) -> None:
    """A settlement's papers are due in the dossier some days after the return (ARC-10)."""
    if case.kind not in SETTLES:
        return
    days = moment.rules.policy.number("archive.due.AT_SETTLEMENT")
    due = moment.rules.calendar.wd(moment.today, days)
    papers = await certificates_of(decision, case)
    for dossier in await decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}}):
        lines = with_stage_due(dossier, ItemStage.AT_SETTLEMENT, due)
        signed = any(given_to_owner(case, paper) for paper in papers)
        decision.save(lines if signed else without_receipt(lines))


async def certificates_of(decision: Decision, case: DeregistrationCase) -> list[TitleCertificate]:
    """The case's certificates, those at their end included."""
    return await decision.find(TitleCertificate, {"_id": {"$in": list(case.certificate_ids)}})


async def _end_right_of(
    decision: Decision,
    case: DeregistrationCase,
    certificate: TitleCertificate,
    moment: At,
    evidence: Sequence[Evidence],
) -> None:
    """Cancelled by the entry; superseded where it covers what stays, for a new one (DRG-L08)."""
    electronic = certificate.custody_state is CustodyState.ELECTRONIC_ON_FILE
    covered = await decision.find(Collateral, collaterals_query(certificate))
    stays = outlives(certificate, case, covered)
    left = left_by_entry(certificate, stays=stays)
    ended = electronic and not stays
    if left is certificate.legal_state and not ended:
        return
    after, event = moved(
        certificate,
        Movement.CANCEL_ELECTRONIC if ended else Movement.REGISTRY_CANCELLED,
        to=CustodyState.SURRENDERED if ended else certificate.custody_state,
        event_id=new_id(CustodyEvent),
        operators=[moment.by],
        now=moment.now,
        today=moment.today,
        request_ref=case.id,
        evidence=evidence,
        legal_state=left,
        lock=None if electronic else certificate.lock,
    )
    decision.add(event)
    decision.save(after)


async def _leave_behind(decision: Decision, contract: GuaranteeContract) -> None:
    """What remains of a contract is marked, also where it is on its own way out (2.1)."""
    numbers = [link.collateral_no for link in contract.links if link.active]
    for remaining in await decision.find(Collateral, {"no": {"$in": numbers}}):
        decision.save(left_behind(remaining))
        if remaining.open_case_id is not None:
            open_case = await decision.get(DeregistrationCase, remaining.open_case_id)
            decision.save(left_behind_under_way(open_case))


async def owner_may_fetch(decision: Decision, certificate: TitleCertificate, moment: At) -> None:
    """From now on an owner's paper waits to be fetched, where nothing of it is pledged (CUS-26)."""
    held = certificate.custody_state not in {*TERMINAL, CustodyState.NOT_RECEIVED}
    if certificate.catalog is not Catalog.SAFEKEEPING or not held:
        return
    covered = await decision.find(Collateral, collaterals_query(certificate))
    certificate = await decision.get(TitleCertificate, certificate.id)
    waiting = unclaimed_from(certificate, covered, today=moment.today)
    rules = moment.rules
    decision.save(
        watched(waiting, policy=rules.policy, calendar=rules.calendar, today=moment.today)
    )


async def _all_papers(
    decision: Decision, case: DeregistrationCase, collateral: Collateral
) -> DeregistrationCase:
    """The case with what its collateral got after the last evaluation; what never came stays out.

    No right of what is released stands afterwards, whoever told of it last (INV-05).
    """
    found = await decision.find(TitleCertificate, {"collateral_nos": collateral.no})
    papers = [one for one in found if one.custody_state is not CustodyState.NOT_RECEIVED]
    lock_papers(decision, case, papers)
    return with_papers(case, papers)


async def _papers(decision: Decision, case: DeregistrationCase) -> list[TitleCertificate]:
    """What is left to give back."""
    return [
        certificate
        for certificate in await certificates_of(decision, case)
        if not certificate.is_over
        and not (certificate.custody_state is CustodyState.LOST and has_no_right_left(certificate))
    ]
