"""What keeping an owner's papers too long costs the bank (退证超期赔偿).

From the day on which nothing is owed any more, or the right has ended, the bank has some natural
days to give the papers back, rolled forward to a working day; each day after the last of them costs
an amount until they are returned. The dates and the daily amount are kept on the case, as they
were in force when the clock started; what it comes to is worked out when asked for.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.calendar import WorkCalendar, nd
from domain.collaterals import RELYING, Collateral
from domain.deregistration import CaseState, DeregistrationCase, DeregKind
from domain.loans import Loan, is_extinguished
from domain.policy import Policy

# Such a case gives nothing back; the clock goes on in the next one.
GIVEN_UP = frozenset({CaseState.REJECTED_INTERNAL, CaseState.CANCELLED, CaseState.CLOSED_FAILED})


def settlement_day(loans: Sequence[Loan]) -> date | None:
    """The day on which the last of several loans was paid in full; None while one is not."""
    days = [loan.settled_on for loan in loans if is_extinguished(loan)]
    known = [day for day in days if day is not None]
    return max(known) if loans and len(known) == len(loans) else None


def clocked(
    case: DeregistrationCase, loans: Sequence[Loan], *, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """The case with its clock started by the settlement, or stopped where that was reversed.

    loans: every loan that the case's contracts secure. Once the registry has entered the
    cancellation, the clock stays as it is.
    """
    entered = case.registry.done_at is not None or case.returned_on is not None
    if entered or case.kind is not DeregKind.FULL_SETTLEMENT:
        return case
    day = settlement_day(loans)
    if day == case.deadlines.owed_since:
        return case
    return owed_from(case, day, policy=policy, calendar=calendar)


def owed_from(
    case: DeregistrationCase, day: date | None, *, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """The case whose papers the owner may have back from that day; none stops the clock."""
    free, per_day = (None, None) if day is None else _terms(day, policy, calendar)
    deadlines = replace(case.deadlines, owed_since=day, free_until=free)
    return replace(case, deadlines=deadlines, compensation_per_day=per_day)


def noted(
    collateral: Collateral, loans: Sequence[Loan], *, policy: Policy, calendar: WorkCalendar
) -> Collateral:
    """Collateral that all its loans have left, with the day and terms of that for a clock.

    loans: every one that it secures. The clock itself is read together with them, so that a
    settlement undone or a new debt stops it at once.
    """
    day = settlement_day(loans)
    if day is None or day == collateral.owed_since:
        return collateral
    free, per_day = _terms(day, policy, calendar)
    return replace(collateral, owed_since=day, free_until=free, compensation_per_day=per_day)


def is_waiting(collateral: Collateral, loans: Sequence[Loan]) -> bool:
    """Whether settled collateral is still kept though nobody has opened a case.

    Once one is open, its own clock from the same day counts alone.
    """
    kept = collateral.open_case_id is None and collateral.pledge_state in RELYING
    day = collateral.owed_since
    return kept and day is not None and settlement_day(loans) == day


def _terms(day: date, policy: Policy, calendar: WorkCalendar) -> tuple[date, int]:
    """The last day that costs nothing, and what each day after it costs."""
    free = calendar.roll_forward(nd(day, policy.number("dereg.compensation_after_nd")))
    return free, policy.number("dereg.compensation_per_day")


def exposure(
    *,
    state: str,
    free_until: date | None,
    per_day: int | None,
    returned_on: date | None,
    today: date,
) -> int | None:
    """What a case has cost up to today, or up to the return, in fen; None where no clock runs."""
    if free_until is None or per_day is None or state in GIVEN_UP:
        return None
    until = today if returned_on is None else min(today, returned_on)
    return max(0, (until - free_until).days) * per_day
