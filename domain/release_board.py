"""The board of deregistration (押品注销看板): what is open, what is late, and what lateness costs.

Source: domain 4.7. Figures of several organisations are added up; each case counts once in its
state, and in every deadline that it has missed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from domain.case_deadlines import TOTAL_RUNS
from domain.compensation import exposure
from domain.deregistration import CaseState, DeadlineStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one case stands, as far as its deadlines go."""

    org_code: str
    state: CaseState
    next_step: DeadlineStep | None = None
    next_due: date | None = None
    total_due: date | None = None
    free_until: date | None = None
    per_day: int | None = None
    returned_on: date | None = None

    def late(self, today: date) -> tuple[DeadlineStep, ...]:
        """What the case has missed: the step it waits for, and the whole."""
        found = []
        if self.next_step is not None and self.next_due is not None and self.next_due < today:
            found.append(self.next_step)
        if is_total_late(self.state, self.total_due, today):
            found.append(DeadlineStep.TOTAL)
        return tuple(found)

    def exposure(self, today: date) -> int:
        """What it has cost up to today, in fen."""
        told = exposure(
            state=self.state,
            free_until=self.free_until,
            per_day=self.per_day,
            returned_on=self.returned_on,
            today=today,
        )
        return told or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Settled collateral for which nobody has opened a case, and the terms of its clock."""

    org_code: str
    free_until: date | None
    per_day: int | None

    def exposure(self, today: date) -> int:
        """What keeping its papers has cost up to today, in fen."""
        free_until, per_day = self.free_until, self.per_day
        told = exposure(
            state="", free_until=free_until, per_day=per_day, returned_on=None, today=today
        )
        return told or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFigures:
    """The counts of one organisation, or of all together; exposure in fen."""

    org_code: str | None  # none for all together
    open: int = 0
    overdue: int = 0
    waiting: int = 0
    exposure: int = 0
    by_state: Mapping[CaseState, int] = field(default_factory=dict)
    overdue_by_step: Mapping[DeadlineStep, int] = field(default_factory=dict)


def is_total_late(state: str, total_due: date | None, today: date) -> bool:
    """Whether the whole release is late while it still runs (4.7)."""
    return state in TOTAL_RUNS and total_due is not None and total_due < today


def figures(
    cases: Iterable[Standing], *, kept: Iterable[Kept] = (), today: date
) -> list[BoardFigures]:
    """All together first, then each organisation by its code."""
    by_org: dict[str, tuple[list[Standing], list[Kept]]] = {}
    for case in cases:
        by_org.setdefault(case.org_code, ([], []))[0].append(case)
    for one in kept:
        by_org.setdefault(one.org_code, ([], []))[1].append(one)
    every = [case for own, _ in by_org.values() for case in own]
    all_kept = [one for _, own in by_org.values() for one in own]
    return [
        _figures(None, every, all_kept, today),
        *(_figures(code, *by_org[code], today) for code in sorted(by_org)),
    ]


def _figures(
    org_code: str | None, cases: list[Standing], kept: list[Kept], today: date
) -> BoardFigures:
    late = [case.late(today) for case in cases]
    return BoardFigures(
        org_code=org_code,
        open=len(cases),
        overdue=sum(map(bool, late)),
        waiting=len(kept),
        exposure=sum(case.exposure(today) for case in cases)
        + sum(one.exposure(today) for one in kept),
        by_state=Counter(case.state for case in cases),
        overdue_by_step=Counter(step for steps in late for step in steps),
    )
