"""By when each step of a release is due (时限): what a state begins, and what is due next.

Source: domain 4.7, 4.9; 不动产登记暂行条例 20. How many days are left is never kept.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from domain.calendar import WorkCalendar, business_date, nd
from domain.case_escalations import Due, next_escalation
from domain.compensation import owed_from
from domain.deregistration import CaseState, DeadlineStep, DeregistrationCase, HandlingMode
from domain.policy import Policy

_S, _D = CaseState, DeadlineStep
_FIELDS: Mapping[DeadlineStep, str] = MappingProxyType(
    {
        _D.DECISION: "decision_due",
        _D.VAULT_OUT: "vault_out_due",
        _D.FILE: "file_due",
        _D.REGISTRY_COMMITMENT: "registry_committed_due",
        _D.REGISTRY: "registry_due",
        _D.VAULT_BACK: "vault_back_due",
        _D.RETURN: "return_due",
        _D.OWNER_PROOF: "owner_proof_due",
        _D.CLOSE: "close_due",
        _D.TOTAL: "total_due",
    }
)
# While a complete application waits for its end.
TOTAL_RUNS = frozenset(
    {
        _S.PRECHECKED,
        _S.APPROVED,
        _S.VAULT_OUT,
        _S.FILED,
        _S.NEED_MORE_MATERIAL,
        _S.REGISTRY_REJECTED,
        _S.WITHDRAWN,
        _S.REGISTRY_DONE,
    }
)


def with_deadlines(
    case: DeregistrationCase, *, today: date, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """The case with the deadlines its new state starts, and the next one due (4.7)."""
    begun = _begun(case, today, policy, calendar)
    case = replace(case, deadlines=replace(case.deadlines, **begun))
    if case.state is CaseState.REGISTRY_DONE and case.deadlines.owed_since is None:
        case = owed_from(case, _day(case.registry.done_at, today), policy=policy, calendar=calendar)
    return _scheduled(case, today=today, policy=policy, calendar=calendar)


def running(case: DeregistrationCase) -> tuple[Due, ...]:
    """Every deadline that runs in the case's state."""
    steps = [*_steps(case), *([_D.TOTAL] if case.state in TOTAL_RUNS else [])]
    return tuple(due for step in steps if (due := _due(case, step)) is not None)


def papers_due_back(
    case: DeregistrationCase, *, today: date, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """A stopped case whose papers have to be in the vault again in time (4.9).

    What stops it once more, while they are still out, gives them no more time.
    """
    due = case.deadlines.vault_back_due
    due = due or calendar.wd(today, policy.number("dereg.vault_back_wd"))
    case = replace(case, deadlines=replace(case.deadlines, vault_back_due=due))
    return _scheduled(case, today=today, policy=policy, calendar=calendar)


def papers_back(
    case: DeregistrationCase, *, today: date, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """The case once none of its papers is out any more (4.9)."""
    case = replace(case, deadlines=replace(case.deadlines, vault_back_due=None))
    return _scheduled(case, today=today, policy=policy, calendar=calendar)


def _begun(
    case: DeregistrationCase, today: date, policy: Policy, calendar: WorkCalendar
) -> dict[str, Any]:
    """The deadlines that begin with the case's state, from the day of what began it."""
    mode = case.handling_mode
    owner = mode is HandlingMode.OWNER

    def wd(name: str, since: date = today) -> date:
        return calendar.wd(since, policy.number(f"dereg.{name}_wd"))

    match case.state:
        case CaseState.PRECHECKED:
            last = calendar.roll_forward(nd(today, policy.number("dereg.total_nd")))
            total = case.deadlines.total_due or last
            return {"decision_due": wd("decision"), "total_due": total, "file_due": None}
        case CaseState.APPROVED if mode is not HandlingMode.ONLINE and not case.without_paper:
            return {"vault_out_due": wd("vault_out")}
        case CaseState.APPROVED | CaseState.VAULT_OUT if owner or case.by_delivery:
            return {"return_due": wd("return")}
        case CaseState.APPROVED | CaseState.VAULT_OUT:  # counted from the first paper that left
            return {"file_due": case.deadlines.file_due or wd("file")}
        case CaseState.FILED if case.deadlines.registry_due is None:
            accepted = _day(case.registry.filed_at, today)
            promised = policy.registry_days(case.registry.authority)
            committed = None if promised is None else calendar.wd(accepted, promised)
            return {"registry_due": wd("registry", accepted), "registry_committed_due": committed}
        case CaseState.REGISTRY_REJECTED | CaseState.WITHDRAWN:
            back = wd("vault_back") if mode is HandlingMode.BANK else None
            return {"registry_due": None, "registry_committed_due": None, "vault_back_due": back}
        case CaseState.REGISTRY_DONE:
            due = wd("return", _day(case.registry.done_at, today))
            return {"return_due": due, "vault_back_due": None}
        case CaseState.RETURNED if case.proof_pending:
            return {"owner_proof_due": nd(today, policy.number("dereg.owner_proof_nd"))}
        case CaseState.RETURNED:
            return {"close_due": wd("close")}
    return {}


def _scheduled(
    case: DeregistrationCase, *, today: date, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """The case with what it waits for next, and the day on which somebody has to hear of it."""
    steps = [due for step in _steps(case) if (due := _due(case, step)) is not None]
    first = min(steps, key=lambda due: due.on, default=None)
    deadlines = replace(
        case.deadlines,
        next_step=None if first is None else first.step,
        next_due=None if first is None else first.on,
        sort_due=date.max if first is None else first.on,
    )
    case = replace(case, deadlines=deadlines)
    told = next_escalation(running(case), policy=policy, calendar=calendar, today=today)
    return replace(case, escalate_on=told)


def _steps(case: DeregistrationCase) -> tuple[DeadlineStep, ...]:
    """What has to be done in the case's state, by whoever's turn it is."""
    mode = case.handling_mode
    owner = mode is HandlingMode.OWNER
    match case.state:
        case CaseState.PRECHECKED:
            return (_D.DECISION,)
        case CaseState.APPROVED if mode is not HandlingMode.ONLINE and not case.without_paper:
            return (_D.VAULT_OUT,)
        case CaseState.APPROVED | CaseState.VAULT_OUT if owner or case.by_delivery:
            return (_D.RETURN,)
        case CaseState.APPROVED | CaseState.VAULT_OUT:
            return (_D.FILE,)
        case CaseState.FILED | CaseState.NEED_MORE_MATERIAL:
            return _D.REGISTRY_COMMITMENT, _D.REGISTRY
        case CaseState.BLOCKED | CaseState.REGISTRY_REJECTED | CaseState.WITHDRAWN:
            return (_D.VAULT_BACK,)
        case CaseState.REGISTRY_DONE:
            return (_D.RETURN,)
        case CaseState.RETURNED:
            return (_D.OWNER_PROOF if case.proof_pending else _D.CLOSE,)
    return ()


def _due(case: DeregistrationCase, step: DeadlineStep) -> Due | None:
    on = getattr(case.deadlines, _FIELDS[step])
    return None if on is None else Due(step=step, on=on)


def _day(moment: datetime | None, today: date) -> date:
    return today if moment is None else business_date(moment)
