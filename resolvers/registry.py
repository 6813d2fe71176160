"""Mutations between the bank and the registry: file, and hear what it says (登记办理)."""

from dataclasses import replace
from typing import Any

from domain.calendar import business_date
from domain.case_approvals import own_approval
from domain.case_files import file_refusals
from domain.case_steps import beneath, still_suspended
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.custody import Evidence
from domain.deregistration import (
    CaseState,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    RegistryNotice,
    RegistryStatus,
)
from domain.dossiers import DocType, ItemStatus
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.refusals import Forbidden, Refused, invalid, refuse_if
from domain.registry import (
    WAITING,
    Told,
    application_key,
    entered_first,
    filed,
    filing_refusals,
    heard,
    is_late,
    is_repeated,
    notice_refusals,
    step_of,
)
from domain.release_question import Stage
from domain.releasing import still_inside
from domain.roles import Operation
from domain.watch import SignalCategory, SignalSeverity
from resolvers.case_work import (
    advanced,
    asked,
    blocked,
    case_of,
    due_approval,
    mark_items,
    papers_of,
)
from resolvers.deed import Deed
from resolvers.incidents import released_by, signal_of
from resolvers.mutation import mutation
from resolvers.reassignment import on_its_way
from resolvers.release_pairs import halves_behind
from resolvers.releasing import (
    at,
    proven,
    release_when_proven,
    resumed_when_whole,
    tell_handlers,
)
from resolvers.reversals import ACT_WITHIN_WD, entered_too_soon
from schema.cases import (
    DeregistrationCaseFileInput,
    DeregistrationCasePayload,
    DeregistrationCaseRecordRegistryInput,
    RegistryNotifyInput,
)
from storage.decisions import not_found
from storage.scope import under


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Record that the application was filed; asks every precondition again (递交登记).",
)
async def deregistration_case_file(
    deed: Deed, input: DeregistrationCaseFileInput
) -> dict[str, Any]:
    """FILED is the last moment at which a stale pass could slip through (DRG-R01)."""
    case = await case_of(deed, input.case_id)
    filed_at = input.filed_at or deed.now
    case, facts, evaluation = await asked(deed, case, Stage.FILE)
    papers = await papers_of(deed, case)
    told = (
        *filing_refusals(
            case,
            authority=input.authority,
            acceptance_no=input.acceptance_no,
            filed_at=filed_at,
            now=deed.now,
        ),
        *still_inside(case, papers),
        await on_its_way(deed, papers),
        own_approval(case, deed.actor.login),
        *(await halves_behind(deed, case) if evaluation.ready else ()),
    )
    broken = [refusal for refusal in told if refusal is not None]
    broken += due_approval(deed, case, facts, evaluation)
    if broken:
        raise Refused(*broken, *evaluation.refusals)
    if not evaluation.ready:
        return await blocked(deed, case, evaluation)
    registry = filed(
        case.registry,
        authority=input.authority,
        acceptance_no=input.acceptance_no,
        filed_at=filed_at,
    )
    case = replace(case, registry=registry, reversed_loans=())
    case = advanced(deed, case, CaseStep.FILE, note=input.acceptance_no.strip())
    return {"case": deed.decision.save(case)}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Record what the registry said; DONE with its result ends the right (登记结果).",
)
async def deregistration_case_record_registry(
    deed: Deed, input: DeregistrationCaseRecordRegistryInput
) -> dict[str, Any]:
    """The same notice again changes nothing; DONE is irreversible (4.2)."""
    case = await case_of(deed, input.case_id)
    refuse_if([own_approval(case, deed.actor.login)])
    number = case.registry.acceptance_no
    if input.acceptance_no is not None:
        number = input.acceptance_no.strip()
    return await _hear(deed, case, input, _notice(deed, input, number))


@mutation(
    Operation.NOTIFY_BY_REGISTRY,
    DeregistrationCasePayload,
    description="What a registry tells by itself, under its number alone (登记机构回调).",
)
async def registry_notify(deed: Deed, input: RegistryNotifyInput) -> dict[str, Any]:
    """The registry's own system knows no case; it calls back for online cancellations (chapter 9).

    Of several cases under one number all that wait, or would have ended by now, are meant, such as
    a house with its land; the first of them is answered. Raises: Forbidden for a case that a person
    takes to the registry.
    """
    key = application_key(input.authority, input.acceptance_no)
    within = under(deed.actor.paths(Operation.READ))
    found = await deed.decision.find(DeregistrationCase, {"registry.keys": key}, within=within)
    if not found:
        raise Refused(not_found(DeregistrationCase, input.acceptance_no))
    notice = _notice(deed, input, input.acceptance_no.strip())
    meant = [case for case in found if _is_meant(beneath(case), notice)] or found
    cases = await deed.subjects(DeregistrationCase, [case.id for case in meant])
    if any(case.handling_mode is not HandlingMode.ONLINE for case in cases):
        raise Forbidden("A registry calls back for online cancellations only.")
    answers = [await _hear(deed, case, input, notice) for case in cases]
    return answers[0]


def _notice(
    deed: Deed,
    input: DeregistrationCaseRecordRegistryInput | RegistryNotifyInput,
    acceptance_no: str | None,
) -> RegistryNotice:
    return RegistryNotice(
        status=input.status, at=input.at or deed.now, note=input.note, acceptance_no=acceptance_no
    )


def _is_meant(case: DeregistrationCase, notice: RegistryNotice) -> bool:
    return case.state in WAITING or entered_first(case, notice)


async def _hear(
    deed: Deed,
    suspended: DeregistrationCase,
    input: DeregistrationCaseRecordRegistryInput | RegistryNotifyInput,
    notice: RegistryNotice,
) -> dict[str, Any]:
    case = beneath(suspended)
    repeated = is_repeated(case.registry, Told(notice=notice, timed=input.at is not None))
    if not repeated:
        refuse_if(notice_refusals(case, notice, now=deed.now))
        case = await _noted(deed, case, notice, documented=bool(input.result_file_version_id))
    entered = case.registry.status is RegistryStatus.DONE
    if input.result_file_version_id is not None:
        if not entered:
            raise Refused(invalid("resultFileVersionId", "only an entry has a result"))
        if not (repeated and await proven(deed.decision, case)):
            case = await _with_result(deed, case, input.result_file_version_id)
    case = await release_when_proven(deed, case)
    if suspended.suspended_from is not None:
        case = await resumed_when_whole(deed.decision, still_suspended(case), at(deed))
    if case == suspended:
        return {"case": suspended}
    return {"case": deed.decision.save(case)}


async def _noted(
    deed: Deed, case: DeregistrationCase, notice: RegistryNotice, *, documented: bool
) -> DeregistrationCase:
    """The case with the notice in its history, and moved by it unless it came late."""
    step, late, first = step_of(case, notice), is_late(case, notice), entered_first(case, notice)
    answer = case.registry.status
    case = replace(case, registry=heard(case, notice))  # its times decide when things are due
    if first:
        await _tell_of_first(deed, case, notice, answer, over=late)
    if step is None or late:
        return case
    if step is not CaseStep.REGISTRY_DONE:
        return advanced(deed, case, step, note=notice.note)
    note = notice.note
    if not documented:
        note = "; ".join(part for part in ("DONE_UNDOCUMENTED", note) if part)
    # Named, since an entry that was made first leaves states from which no other entry does.
    case = advanced(deed, case, step, to=CaseState.REGISTRY_DONE, note=note)
    return await entered_too_soon(deed.decision, case, at(deed))


async def _tell_of_first(
    deed: Deed,
    case: DeregistrationCase,
    notice: RegistryNotice,
    answer: RegistryStatus | None,
    *,
    over: bool,
) -> None:
    """Somebody has to hear of an entry that was made before the answer the bank went by.

    over: the case was given up on that answer, so the bank relies on a right that has ended.
    """
    entered = f"The registry entered {notice.acceptance_no} on {business_date(notice.at)}"
    if over:
        collateral = await deed.decision.get(Collateral, case.collateral_id)
        if collateral.pledge_state in ENDED_PLEDGES:
            return
        deed.decision.add(
            signal_of(
                released_by(case),
                SignalSeverity.RED,
                no=f"RS-{case.no}-ENTERED",
                category=SignalCategory.COLLATERAL,
                reason=f"{entered}, before case {case.no} was given up: the right has ended.",
                published_at=deed.now,
            )
        )
        return
    tell_handlers(
        deed.decision,
        case,
        at(deed),
        no=f"{case.id}-ENTERED",
        reason=f"{entered}, before it said {answer}: case {case.no} goes on, with papers that are"
        " back as well.",
        due_on=deed.calendar.wd(deed.today, ACT_WITHIN_WD),
    )


async def _with_result(deed: Deed, case: DeregistrationCase, version_id: str) -> DeregistrationCase:
    version = await deed.get(FileVersion, version_id)
    file = await deed.decision.get(ArchiveFile, version.file_id)
    refuse_if(
        file_refusals(case, file, version, DocType.REGISTRY_RESULT, field="resultFileVersionId")
    )
    accepted = version.status is FileStatus.ACCEPTED
    await mark_items(
        deed,
        case,
        DocType.REGISTRY_RESULT,
        status=ItemStatus.ACCEPTED if accepted else ItemStatus.UPLOADED,
        current_version_id=version.id,
        accepted_at=deed.now if accepted else None,
        accepted_by=version.decided_by if accepted else None,
    )
    result = Evidence(file_version_id=version.id, sha256=version.sha256)
    return replace(case, registry=replace(case.registry, result=result))
