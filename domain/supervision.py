"""Supervising how certificates are obtained (权证办理监管): what was due, obtained, and late.

Source: CUS-27, CUS-06. What is not due yet counts in no rate, however early it was obtained;
figures of several organisations are added up, never their rates.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from domain.refusals import Refusal, invalid

MAX_PERIOD_DAYS = 1_100  # three years and some
_RATE, _DAYS = Decimal("0.0001"), Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The deadlines that are looked at: those from the first to the last day, as of a day.

    as_of: today, or the last day where that is over; what happened later does not count.
    """

    first: date
    last: date
    as_of: date

    def has_come(self, deadline: date | None) -> bool:
        """Whether a deadline lies in the period and has come."""
        return deadline is not None and self.first <= deadline <= min(self.last, self.as_of)

    def is_done(self, day: date | None) -> bool:
        """Whether something had been done by then."""
        return day is not None and day <= self.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """How one certificate was obtained."""

    org_code: str
    expected_from: date | None
    expected_by: date | None
    collected_on: date | None
    vault_due: date | None
    vaulted_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The counts of one organisation, or of all together."""

    org_code: str | None  # none for all together
    due: int = 0
    obtained: int = 0
    overdue: int = 0
    days: int = 0  # that obtaining took, together
    counted: int = 0  # of how many it is known
    vault_due: int = 0
    vault_late: int = 0

    @property
    def obtained_rate(self) -> Decimal | None:
        """办理率: obtained of due; None where nothing was due."""
        return _share(self.obtained, self.due)

    @property
    def overdue_rate(self) -> Decimal | None:
        """逾期未办率: not obtained and late, of due."""
        return _share(self.overdue, self.due)

    @property
    def vault_late_rate(self) -> Decimal | None:
        """权证入库逾期率: vaulted late or not at all, of those due in the vault (CUS-06)."""
        return _share(self.vault_late, self.vault_due)

    @property
    def average_days(self) -> Decimal | None:
        """平均办理天数: natural days from the money, or the receipt, to the certificate."""
        if not self.counted:
            return None
        return (Decimal(self.days) / self.counted).quantize(_DAYS, ROUND_HALF_UP)


def period(first: date, last: date, *, today: date) -> Period:
    """The period as it stands today."""
    return Period(first=first, last=last, as_of=min(last, today))


def period_refusals(first: date, last: date) -> Iterator[Refusal]:
    """A period ends after it began, and within some years."""
    if last < first:
        yield invalid("to", f"lies before {first}", rule_id="CUS-27")
    elif (last - first).days > MAX_PERIOD_DAYS:
        yield invalid("to", f"at most {MAX_PERIOD_DAYS} days after `from`", rule_id="CUS-27")


def by_organisation(papers: Iterable[Processed], within: Period) -> list[Figures]:
    """The figures of each organisation that has a deadline in the period, by its code."""
    found: dict[str, Figures] = {}
    for paper in papers:
        one = _figures(paper, within)
        if one.due or one.vault_due:
            known = found.get(paper.org_code, Figures(org_code=paper.org_code))
            found[paper.org_code] = _added(known, one)
    return [found[code] for code in sorted(found)]


def together(figures: Iterable[Figures]) -> Figures:
    """All organisations as one."""
    total = Figures(org_code=None)
    for one in figures:
        total = _added(total, one)
    return total


def _figures(paper: Processed, within: Period) -> Figures:
    due, obtained = within.has_come(paper.expected_by), within.is_done(paper.collected_on)
    deadline, start, end = paper.expected_by, paper.expected_from, paper.collected_on
    took = (end - start).days if due and obtained and start and end else None
    inside, vault_due = within.is_done(paper.vaulted_on), within.has_come(paper.vault_due)
    return Figures(
        org_code=paper.org_code,
        due=due,
        obtained=due and obtained,
        overdue=due and not obtained and _is_past(deadline, within.as_of),
        days=took or 0,
        counted=took is not None,
        vault_due=vault_due,
        vault_late=vault_due
        and _is_past(paper.vault_due, paper.vaulted_on if inside else within.as_of),
    )


def _is_past(deadline: date | None, day: date | None) -> bool:
    return deadline is not None and day is not None and day > deadline


def _added(one: Figures, other: Figures) -> Figures:
    return Figures(
        org_code=one.org_code,
        due=one.due + other.due,
        obtained=one.obtained + other.obtained,
        overdue=one.overdue + other.overdue,
        days=one.days + other.days,
        counted=one.counted + other.counted,
        vault_due=one.vault_due + other.vault_due,
        vault_late=one.vault_late + other.vault_late,
    )


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(_RATE, ROUND_HALF_UP) if whole else None
