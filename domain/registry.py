"""Between the bank and the registry (登记办理): applications filed, and what the registry tells.

Notices come more than once, late and out of order. The registry's own time decides; what comes
late is kept in the history and moves nothing. Source: domain 4.2, 4.9, chapter 10.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from domain.calendar import business_date
from domain.case_steps import impossible
from domain.certificates import normalised
from domain.deregistration import (
    CLOSED_STATES,
    MAX_NOTICES,
    CaseState,
    CaseStep,
    DeregistrationCase,
    Registry,
    RegistryNotice,
    RegistryStatus,
)
from domain.files import GENERATED
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict

MAX_AHEAD = timedelta(days=1)  # by how much the registry's clock may be ahead of the bank's
ANSWERS = frozenset({RegistryStatus.REJECTED, RegistryStatus.CANCELLED, RegistryStatus.DONE})
_NO = ANSWERS - {RegistryStatus.DONE}
WAITING = frozenset({CaseState.FILED, CaseState.NEED_MORE_MATERIAL})
_STEP_OF: Mapping[RegistryStatus, CaseStep] = MappingProxyType(
    {
        RegistryStatus.PENDING: CaseStep.FILE,  # out of NEED_MORE_MATERIAL
        RegistryStatus.NEED_MORE_MATERIAL: CaseStep.NEED_MORE_MATERIAL,
        RegistryStatus.REJECTED: CaseStep.REGISTRY_REJECT,
        RegistryStatus.CANCELLED: CaseStep.WITHDRAW,
        RegistryStatus.DONE: CaseStep.REGISTRY_DONE,
    }
)
# Of two notices of one moment: a demand means more than that the application lies there.
_WEIGHT: Mapping[RegistryStatus, int] = MappingProxyType(
    dict.fromkeys(RegistryStatus, 0)
    | {RegistryStatus.NEED_MORE_MATERIAL: 1}
    | dict.fromkeys(ANSWERS, 2)
)
_STATE_OF: Mapping[RegistryStatus, CaseState] = MappingProxyType(
    {
        RegistryStatus.PENDING: CaseState.FILED,
        RegistryStatus.NEED_MORE_MATERIAL: CaseState.NEED_MORE_MATERIAL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice as it came; without a time of the registry's own, `timed` is false."""

    notice: RegistryNotice
    timed: bool


def application_key(authority: str, acceptance_no: str) -> str:
    """What names one application at one registry: numbers repeat between registries."""
    return f"{normalised(authority)}|{normalised(acceptance_no)}"


def filing_refusals(
    case: DeregistrationCase,
    *,
    authority: str,
    acceptance_no: str,
    filed_at: datetime,
    now: datetime,
) -> Iterator[Refusal | None]:
    """Every rule that a filing breaks besides the preconditions (4.2, 4.9).

    Several cases may share a number: a house and its land go in one application.
    """
    yield impossible(case, CaseStep.FILE)
    if not normalised(authority):
        yield invalid("authority", "must not be empty")
    if not normalised(acceptance_no):
        yield invalid("acceptanceNo", "must not be empty")
    if filed_at > now + MAX_AHEAD:
        yield invalid("filedAt", "lies in the future", rule_id="DRG-4.2")
    ready = _ready_since(case)
    if ready is not None and business_date(filed_at) < ready:
        yield invalid("filedAt", f"lies before {ready}, when the case was ready", rule_id="DRG-4.2")
    yield _nothing_new(case)


def _ready_since(case: DeregistrationCase) -> date | None:
    """The day on which the papers last left, or the last approval was given where none has to."""
    steps = {CaseStep.VAULT_OUT, CaseStep.APPROVE}
    days = [business_date(entry.at) for entry in case.timeline if entry.step in steps]
    return max(days, default=None)


def filed(
    registry: Registry, *, authority: str, acceptance_no: str, filed_at: datetime
) -> Registry:
    """The registry's side once the application was filed, or filed again."""
    number, filings = acceptance_no.strip(), registry.filings + 1
    key = application_key(authority, number)
    others = tuple(known for known in registry.keys if known != key)
    return replace(
        registry,
        authority=authority.strip(),
        acceptance_no=number,
        keys=(*others, key),
        filed_at=filed_at,
        filings=filings,
        result=None,  # whatever was shown before is no answer to this application
        status=RegistryStatus.PENDING,
        history=_ordered(
            registry,
            RegistryNotice(
                status=RegistryStatus.PENDING,
                at=filed_at,
                acceptance_no=number,
                filing=filings,
                by_bank=True,
            ),
        ),
    )


def is_repeated(registry: Registry, told: Told) -> bool:
    """Whether this notice is known: by number, status and the registry's time.

    One without a time is known when the same filing was told the same status and note (ADR 21).
    """
    notice = told.notice
    same = [
        known
        for known in registry.history
        if known.status is notice.status and known.acceptance_no in {None, notice.acceptance_no}
    ]
    if told.timed:
        return any(known.at == notice.at for known in same)
    return any(
        known.note == notice.note
        for known in same
        if known.filing == registry.filings and not known.by_bank
    )


def is_late(case: DeregistrationCase, notice: RegistryNotice) -> bool:
    """Whether a notice tells nothing about where the application stands now.

    It is of an earlier application, older than what is known, or comes after the answer; an entry
    that was made first is late only for a case that is over.
    """
    registry = case.registry
    if notice.acceptance_no != registry.acceptance_no:
        return True
    if entered_first(case, notice):
        return case.state in CLOSED_STATES
    if case.state not in WAITING:
        return (
            notice.status not in ANSWERS or notice.status is registry.status or _older(case, notice)
        )
    return _older(case, notice)


def entered_first(case: DeregistrationCase, notice: RegistryNotice) -> bool:
    """Whether the cancellation was entered before every answer that is on record of its filing.

    An entry ends the right: no answer to the same application undoes it, and had it been told in
    time, none would have been taken (ADR 21).
    """
    registry = case.registry
    if notice.status is not RegistryStatus.DONE or registry.status not in _NO:
        return False
    answers = [
        known
        for known in registry.history
        if known.filing == registry.filings and known.status in ANSWERS
    ]
    same = notice.acceptance_no == registry.acceptance_no
    # None is left where a registry has told so much since that the history forgot its answer.
    return (
        same
        and bool(answers)
        and all(known.status in _NO and notice.at < known.at for known in answers)
    )


def step_of(case: DeregistrationCase, notice: RegistryNotice) -> CaseStep | None:
    """The step that a notice makes; none where it says what the case says already."""
    if _STATE_OF.get(notice.status) is case.state:
        return None
    return _STEP_OF[notice.status]


def notice_refusals(
    case: DeregistrationCase, notice: RegistryNotice, *, now: datetime
) -> Iterator[Refusal | None]:
    """Every rule that a notice breaks which is not known yet (4.2, 4.9)."""
    if not case.registry.keys:
        yield state_conflict(
            "DRG-4.2", subject=f"Case {case.no}", state=case.state, event=notice.status
        )
        return
    if notice.acceptance_no not in _numbers(case.registry):
        yield invalid("acceptanceNo", "is not the number this case was filed under")
    if notice.status is RegistryStatus.REJECTED and not (notice.note or "").strip():
        yield invalid("note", "say why the registry sent it back", rule_id="DRG-4.9")
    if notice.at > now + MAX_AHEAD:
        yield invalid("at", "lies in the future", rule_id="DRG-4.2")
    step = step_of(case, notice)
    if step is not None and not is_late(case, notice) and not entered_first(case, notice):
        yield impossible(case, step)


def heard(case: DeregistrationCase, notice: RegistryNotice) -> Registry:
    """The registry's side with a notice in its place; what is late leaves the status as it is."""
    registry = case.registry
    notice = replace(notice, filing=_filing(registry, notice))
    after = replace(registry, history=_ordered(registry, notice))
    if is_late(case, notice):
        return after
    if notice.status is RegistryStatus.REJECTED:
        shown = tuple(document.file_version_id for document in case.documents)
        after = replace(after, rejected_with=shown)
    done = notice.status is RegistryStatus.DONE
    return replace(after, status=notice.status, done_at=notice.at if done else registry.done_at)


def _numbers(registry: Registry) -> set[str | None]:
    return {registry.acceptance_no, *(known.acceptance_no for known in registry.history)}


def _filing(registry: Registry, notice: RegistryNotice) -> int:
    if notice.acceptance_no == registry.acceptance_no:
        return registry.filings
    return max(n.filing for n in registry.history if n.acceptance_no == notice.acceptance_no)


def _older(case: DeregistrationCase, notice: RegistryNotice) -> bool:
    """Whether something later is known of this filing, that what is told does not outweigh.

    An answer outweighs every demand, as it does where the demand comes after it. The bank may put
    down its filing after the registry has answered it already. Under a number that is new, its own
    entry therefore counts for nothing; under one that was filed before, it parts the two, but never
    stands against an entry in the register.
    """
    registry = case.registry
    again = any(
        known.acceptance_no == notice.acceptance_no and known.filing < registry.filings
        for known in registry.history
    )
    weighed = again and notice.status is not RegistryStatus.DONE
    told = notice.at, _WEIGHT[notice.status]

    def later(known: RegistryNotice) -> bool:
        if known.by_bank:
            return weighed and notice.at < known.at
        if notice.status in ANSWERS and known.status not in ANSWERS:
            return False
        return told < (known.at, _WEIGHT[known.status])

    return any(later(known) for known in registry.history if known.filing == registry.filings)


def _ordered(registry: Registry, notice: RegistryNotice) -> tuple[RegistryNotice, ...]:
    """The history with a notice more, by the registry's time; what came first stays first."""
    return tuple(sorted((*registry.history, notice), key=lambda one: one.at))[-MAX_NOTICES:]


def _nothing_new(case: DeregistrationCase) -> Refusal | None:
    """After a rejection the registry is shown something it has not seen (4.9)."""
    if case.registry.status is not RegistryStatus.REJECTED:
        return None
    shown = case.registry.rejected_with
    new = [one for one in case.documents if one.code not in GENERATED]
    if any(one.file_version_id not in shown for one in new):
        return None
    return Refusal(
        code=RefusalCode.DOC_MISSING,
        rule_id="DRG-4.9",
        detail={"documents": "new evidence, attached after the registry's rejection"},
    )
