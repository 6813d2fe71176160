"""Who hears of a deadline of a release that is about to be missed, or was (时限升级).

Source: domain 4.7. On the day itself whoever can act is told, then the head of the centre, then
the second-tier branch; each level once for each deadline.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import WorkCalendar, md
from domain.deregistration import DeadlineStep, DeregistrationCase
from domain.orgs import OrgLevel
from domain.policy import Policy
from domain.roles import HANDLERS, PROCESSING, Role


class EscalationLevel(StrEnum):
    """Who is told of a deadline (升级层级)."""

    HANDLER = "HANDLER"
    CENTER = "CENTER"
    TIER2 = "TIER2"
    FOLLOW_UP = "FOLLOW_UP"  # again every month, as long as an owner proves nothing


_AFTER: Mapping[EscalationLevel, str] = MappingProxyType(
    {
        EscalationLevel.HANDLER: "dereg.escalate.handler_wd",
        EscalationLevel.CENTER: "dereg.escalate.center_wd",
        EscalationLevel.TIER2: "dereg.escalate.tier2_wd",
    }
)
_DECIDING = (Role.APPROVER, Role.RISK_MANAGER, Role.LEGAL_OFFICER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A deadline that runs. at_once: the day from which those who can act know of it already."""

    step: DeadlineStep
    on: date
    at_once: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A level that is told of a deadline on a day."""

    due: Due
    level: EscalationLevel
    on: date

    def number(self, subject: str) -> str:
        """Names the matter and the step, so that nothing is told twice."""
        told = f"{subject}-{self.due.step}-{self.due.on}-{self.level}"
        return f"{told}-{self.on}" if self.level is EscalationLevel.FOLLOW_UP else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Whom an alert is meant for: by login, or by role, at every level or at one."""

    logins: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    level: OrgLevel | None = None


def escalations(
    deadlines: Iterable[Due], *, policy: Policy, calendar: WorkCalendar, today: date
) -> Iterator[Escalation]:
    """Every level of deadlines that run; of monthly ones those up to the first after today."""
    for due in deadlines:
        for level, key in _AFTER.items():
            on = calendar.wd(due.on, policy.number(key))
            if level is EscalationLevel.HANDLER and due.at_once is not None:
                on = due.at_once
            yield Escalation(due=due, level=level, on=on)
        if due.step is DeadlineStep.OWNER_PROOF:
            yield from _follow_ups(due, today)


def next_escalation(
    deadlines: Iterable[Due],
    *,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
    after: date | None = None,
) -> date | None:
    """The day on which somebody has to hear of one of them next.

    after: the day up to which everybody was told; none means that nobody was.
    """
    told = escalations(deadlines, policy=policy, calendar=calendar, today=today)
    return min((one.on for one in told if after is None or one.on > after), default=None)


def recipients(escalation: Escalation, case: DeregistrationCase) -> Recipients:
    """Whom a level means: who can act, else who is above them."""
    head = OrgLevel.COUNTY_SUBCENTER if case.county else OrgLevel.LOAN_CENTER
    above = _above(escalation.level, head)
    if above is not None:
        return above
    logins = () if case.handler is None else (case.handler,)
    match escalation.due.step:
        case DeadlineStep.DECISION if not case.approvals:
            return Recipients(logins=logins, roles=(Role.APPROVER,), level=head)
        case DeadlineStep.DECISION:
            # Whether the next is a first-tier branch or head office, the amounts of that day say.
            high = any(one.level is OrgLevel.TIER2_BRANCH for one in case.approvals)
            level = None if high else OrgLevel.TIER2_BRANCH
            return Recipients(logins=logins, roles=_DECIDING, level=level)
        case DeadlineStep.VAULT_OUT:
            return Recipients(logins=logins, roles=(Role.VAULT_KEEPER,))
        case DeadlineStep.OWNER_PROOF:
            return Recipients(logins=logins, roles=PROCESSING)
    return Recipients(logins=logins, roles=() if logins else HANDLERS)


def recipients_of_loan(
    escalation: Escalation, *, managers: tuple[str, ...], county: bool
) -> Recipients:
    """Whom a level means where there is no case yet: who looks after the customer, then heads."""
    head = OrgLevel.COUNTY_SUBCENTER if county else OrgLevel.LOAN_CENTER
    return _above(escalation.level, head) or Recipients(logins=managers, roles=PROCESSING)


def _above(level: EscalationLevel, head: OrgLevel) -> Recipients | None:
    match level:
        case EscalationLevel.CENTER:
            return Recipients(roles=(Role.APPROVER,), level=head)
        case EscalationLevel.TIER2:
            return Recipients(roles=(Role.APPROVER,), level=OrgLevel.TIER2_BRANCH)
    return None


def _follow_ups(due: Due, today: date) -> Iterator[Escalation]:
    month, day = 0, due.on
    while day <= today:
        month += 1
        day = md(due.on, month)
        yield Escalation(due=due, level=EscalationLevel.FOLLOW_UP, on=day)
