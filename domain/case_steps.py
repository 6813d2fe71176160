"""What may be done to a case, from which state, in which way of handling (业务状态机).

Source: domain 4.2.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from domain.calendar import business_date, nd
from domain.deregistration import (
    IRREVERSIBLE_STATES,
    OPEN_STATES,
    Approval,
    CaseState,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    TimelineEntry,
)
from domain.refusals import Refusal, RefusalCode, state_conflict

APPROVAL_VALID_DAYS = 30  # after a registry's rejection (4.9)
MAX_TIMELINE = 500

_S, _E = CaseState, CaseStep
CASE_TRANSITIONS: Mapping[tuple[CaseState, CaseStep], CaseState] = MappingProxyType(
    {
        (_S.DRAFT, _E.SUBMIT): _S.PRECHECKED,
        (_S.BLOCKED, _E.SUBMIT): _S.PRECHECKED,
        (_S.WITHDRAWN, _E.SUBMIT): _S.PRECHECKED,
        (_S.REGISTRY_REJECTED, _E.SUBMIT): _S.PRECHECKED,
        (_S.DRAFT, _E.BLOCK): _S.BLOCKED,
        (_S.BLOCKED, _E.BLOCK): _S.BLOCKED,
        (_S.PRECHECKED, _E.BLOCK): _S.BLOCKED,
        (_S.APPROVED, _E.BLOCK): _S.BLOCKED,
        (_S.VAULT_OUT, _E.BLOCK): _S.BLOCKED,
        (_S.WITHDRAWN, _E.BLOCK): _S.BLOCKED,
        (_S.REGISTRY_REJECTED, _E.BLOCK): _S.BLOCKED,
        (_S.PRECHECKED, _E.APPROVE): _S.APPROVED,
        # By later amounts one more approval may be due; the case stays where it is (4.5).
        (_S.APPROVED, _E.APPROVE): _S.APPROVED,
        (_S.VAULT_OUT, _E.APPROVE): _S.VAULT_OUT,
        (_S.PRECHECKED, _E.REJECT): _S.REJECTED_INTERNAL,
        (_S.APPROVED, _E.REJECT): _S.REJECTED_INTERNAL,
        (_S.VAULT_OUT, _E.REJECT): _S.BLOCKED,  # its papers have to come back first (X15)
        (_S.DRAFT, _E.CANCEL): _S.CANCELLED,
        (_S.PRECHECKED, _E.CANCEL): _S.CANCELLED,
        (_S.BLOCKED, _E.CANCEL): _S.CANCELLED,
        (_S.APPROVED, _E.CANCEL): _S.CANCELLED,
        (_S.VAULT_OUT, _E.CANCEL): _S.CANCELLED,
        (_S.WITHDRAWN, _E.CANCEL): _S.CLOSED_FAILED,
        (_S.REGISTRY_REJECTED, _E.CANCEL): _S.CLOSED_FAILED,
        (_S.APPROVED, _E.VAULT_OUT): _S.VAULT_OUT,
        (_S.VAULT_OUT, _E.VAULT_OUT): _S.VAULT_OUT,  # a reissued paper follows the others
        (_S.VAULT_OUT, _E.FILE): _S.FILED,
        (_S.APPROVED, _E.FILE): _S.FILED,
        (_S.NEED_MORE_MATERIAL, _E.FILE): _S.FILED,
        (_S.FILED, _E.NEED_MORE_MATERIAL): _S.NEED_MORE_MATERIAL,
        (_S.FILED, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.NEED_MORE_MATERIAL, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.FILED, _E.REGISTRY_REJECT): _S.REGISTRY_REJECTED,
        (_S.NEED_MORE_MATERIAL, _E.REGISTRY_REJECT): _S.REGISTRY_REJECTED,
        (_S.FILED, _E.REGISTRY_DONE): _S.REGISTRY_DONE,
        (_S.NEED_MORE_MATERIAL, _E.REGISTRY_DONE): _S.REGISTRY_DONE,
        (_S.REGISTRY_DONE, _E.RETURN): _S.RETURNED,
        (_S.VAULT_OUT, _E.RETURN): _S.RETURNED,
        (_S.APPROVED, _E.RETURN): _S.RETURNED,  # of a pledge whose paper was redeemed
        (_S.RETURNED, _E.CLOSE): _S.CLOSED,
        **{
            (state, _E.SUSPEND): _S.SUSPENDED
            for state in (
                _S.VAULT_OUT,
                _S.BLOCKED,
                _S.FILED,
                _S.NEED_MORE_MATERIAL,
                _S.WITHDRAWN,
                _S.REGISTRY_REJECTED,
                _S.REGISTRY_DONE,
                _S.SUSPENDED,
            )
        },
        **{
            (state, _E.REVERSE): state
            for state in (
                _S.FILED,
                _S.NEED_MORE_MATERIAL,
                _S.REGISTRY_DONE,
                _S.RETURNED,
                _S.CLOSED,
            )
        },
        **{
            (state, step): state
            for step in (_E.REASSIGN, _E.CHANGE_APPLICANTS)
            for state in OPEN_STATES - {_S.RETURNED}
        },
    }
)
# Steps that only some handling modes know; the others know every step of the table (4.2).
_ONLY: Mapping[tuple[CaseState, CaseStep], frozenset[HandlingMode]] = MappingProxyType(
    {
        (_S.APPROVED, _E.VAULT_OUT): frozenset({HandlingMode.BANK, HandlingMode.OWNER}),
        (_S.VAULT_OUT, _E.FILE): frozenset({HandlingMode.BANK}),
        (_S.APPROVED, _E.FILE): frozenset({HandlingMode.ONLINE}),
        (_S.VAULT_OUT, _E.RETURN): frozenset({HandlingMode.OWNER}),
        (_S.APPROVED, _E.RETURN): frozenset(),
    }
)
# Who files without taking a paper out first, where none is left.
_FILING = frozenset({HandlingMode.BANK, HandlingMode.ONLINE})
# Where delivery of the paper made the right there is nothing to file: it goes back (INV-05).
_TO_PLEDGOR = frozenset({HandlingMode.BANK, HandlingMode.OWNER})
_BY_DELIVERY: Mapping[tuple[CaseState, CaseStep], frozenset[HandlingMode]] = MappingProxyType(
    {
        (_S.VAULT_OUT, _E.FILE): frozenset(),
        (_S.APPROVED, _E.FILE): frozenset(),
        (_S.VAULT_OUT, _E.RETURN): _TO_PLEDGOR,
        (_S.APPROVED, _E.RETURN): _TO_PLEDGOR,
    }
)


def impossible(case: DeregistrationCase, step: CaseStep) -> Refusal | None:
    """A step that the case's state or handling mode does not know (4.2).

    What the registry has entered can never be undone: that has a code of its own.
    """
    place = case.state, step
    modes = _ONLY.get(place)
    if case.by_delivery:
        modes = _BY_DELIVERY.get(place, modes)
    elif case.without_paper and place == (_S.APPROVED, _E.FILE):
        modes = _FILING
    if place in CASE_TRANSITIONS and (modes is None or case.handling_mode in modes):
        return None
    if step is CaseStep.RESUME and case.suspended_from is not None:
        return None
    undone = step in {CaseStep.CANCEL, CaseStep.WITHDRAW, CaseStep.REJECT, CaseStep.BLOCK}
    given_back = case.by_delivery and case.state is CaseState.RETURNED
    entered = case.registry.done_at is not None or case.state in IRREVERSIBLE_STATES
    if undone and (entered or given_back):
        return Refusal(code=RefusalCode.IRREVERSIBLE, rule_id="DRG-4.2")
    return state_conflict(
        "DRG-4.2",
        subject=f"Case {case.no} ({case.handling_mode})",
        state=case.state,
        event=step,
    )


def stepped(
    case: DeregistrationCase,
    step: CaseStep,
    *,
    by: str,
    now: datetime,
    to: CaseState | None = None,
    note: str | None = None,
) -> DeregistrationCase:
    """The case after a step the table allows; `to` where the step does not leave the state.

    What was due in the state before is due no more; the new state's deadlines are another rule's.
    A blocked application is not complete, so the whole begins anew with the next that is (4.7).
    """
    if step is CaseStep.RESUME:
        assert case.suspended_from is not None
        to, case = case.suspended_from, replace(case, suspended_from=None)
    if step is CaseStep.SUSPEND and case.state is not CaseState.SUSPENDED:
        case = replace(case, suspended_from=case.state)
    if step is CaseStep.REGISTRY_REJECT:  # approvals hold for the next filing, but not for ever
        last = nd(business_date(now), APPROVAL_VALID_DAYS)
        case = replace(case, approvals=tuple(_until(one, last) for one in case.approvals))
    if step is CaseStep.WITHDRAW and case.reversed_loans:  # they rested on what is undone
        case = replace(case, approvals=())
    state = to or CASE_TRANSITIONS[case.state, step]
    entry = TimelineEntry(at=now, step=step, by=by, state=state, note=note)
    if state is not case.state:
        total = None if state is CaseState.BLOCKED else case.deadlines.total_due
        none: dict[str, Any] = {"next_step": None, "next_due": None, "sort_due": date.max}
        stopped = replace(case.deadlines, total_due=total, **none)
        case = replace(case, deadlines=stopped, escalate_on=None)
    return replace(case, state=state, timeline=(*case.timeline, entry)[-MAX_TIMELINE:])


def _until(approval: Approval, last: date) -> Approval:
    return replace(approval, valid_until=min(approval.valid_until or last, last))


def beneath(case: DeregistrationCase) -> DeregistrationCase:
    """A suspended case as it goes on once it is resumed; any other as it is.

    The registry and the core system do not wait for a lost paper: what they tell is a fact, and
    counts from where the suspension came from.
    """
    if case.suspended_from is None:
        return case
    return replace(case, state=case.suspended_from, suspended_from=None)


def still_suspended(case: DeregistrationCase) -> DeregistrationCase:
    """What `beneath` gave, after a fact was added, suspended again."""
    return replace(case, suspended_from=case.state, state=CaseState.SUSPENDED)
