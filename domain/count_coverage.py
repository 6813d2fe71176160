"""What stock-takes cover together (盘库覆盖), cabinet by cabinet, and when a vault is due again.

A vault too large for one count is counted in parts; all of it is counted once every cabinet is.
Source: CUS-18, CUS-20; intervals are maxima and roll back (domain 0.4).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from domain.calendar import WorkCalendar, business_date, md
from domain.policy import Policy
from domain.refusals import Refusal, invalid
from domain.stocktakes import CountedPaper, CountResult, Stocktake, StocktakeKind
from domain.vault_keeping import FullCount

MAX_CABINETS = 100  # of one count; whoever wants more of them names none and counts the vault
# By policy key, in months. A surprise has no day on which it is expected.
INTERVALS: Mapping[StocktakeKind, str] = MappingProxyType(
    {
        StocktakeKind.SELF: "stocktake.months.SELF",
        StocktakeKind.SUPERVISOR: "stocktake.months.SUPERVISOR",
        StocktakeKind.ANNUAL: "stocktake.months.ANNUAL",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDone:
    """A count that was finalised; no cabinets named means that all were counted."""

    id: str
    cabinets: tuple[str, ...] = ()
    ended_at: datetime
    differences: int = 0

    def covers(self, cabinet: str) -> bool:
        """Whether that cabinet was counted."""
        return not self.cabinets or cabinet in self.cabinets


def cabinet_refusals(cabinets: Sequence[str], known: Collection[str]) -> Iterator[Refusal | None]:
    """Every rule that the cabinets of a count about to begin break."""
    if len(set(cabinets)) != len(cabinets) or len(cabinets) > MAX_CABINETS:
        yield invalid("cabinets", f"up to {MAX_CABINETS}, each once", rule_id="CUS-18")
    for cabinet in cabinets:
        if cabinet not in known:
            yield invalid("cabinets", f"there is no cabinet {cabinet[:64]}", rule_id="CUS-18")


def outside(stocktake: Stocktake, papers: Sequence[CountedPaper]) -> Iterator[Refusal | None]:
    """A paper told of in a cabinet that this count leaves out."""
    for paper in papers if stocktake.cabinets else ():
        if paper.place.cabinet not in stocktake.cabinets:
            yield invalid(
                "items", f"cabinet {paper.place.cabinet} is not counted now", rule_id="CUS-18"
            )


def seen_elsewhere(earlier: Sequence[Stocktake]) -> dict[str, CountedPaper]:
    """What other counts found in a cabinet where it was not expected, and nobody put right yet."""
    return {
        line.certificate_id: CountedPaper(
            certificate_id=line.certificate_id,
            cert_no=line.cert_no,
            place=line.found,
            seal_intact=True,
            pages=line.counted_pages,
        )
        for stocktake in earlier
        for line in stocktake.results
        if line.result is CountResult.SURPLUS and line.is_open
        if line.certificate_id is not None and line.found is not None
    }


def full_count(counts: Sequence[CountDone], cabinets: Collection[str]) -> FullCount | None:
    """What was counted of the whole vault: each cabinet's newest count; None while one is left.

    The differences of a count stand until all its cabinets were counted again.
    """
    newest = _newest(counts, cabinets)
    if newest is None:
        return None
    return FullCount(
        finalised_at=max(count.ended_at for count in newest),
        differences=sum(count.differences for count in newest),
        count_ids=tuple(sorted(count.id for count in newest)),
    )


def counted_since(counts: Sequence[CountDone], cabinets: Collection[str], start: date) -> date:
    """The day the vault's whole count goes back to: that of the cabinet counted longest ago.

    start: what counts instead while a cabinet was never counted.
    """
    newest = _newest(counts, cabinets)
    if newest is None:
        return start
    return min(business_date(count.ended_at) for count in newest)


def count_due(kind: StocktakeKind, since: date, *, policy: Policy, calendar: WorkCalendar) -> date:
    """The last day for the next count of that kind; never a holiday, and never later for one."""
    return calendar.roll_back(md(since, policy.number(INTERVALS[kind])))


def _newest(counts: Sequence[CountDone], cabinets: Collection[str]) -> set[CountDone] | None:
    """The newest count of each cabinet; of a vault without any, of the vault."""
    found = set()
    for cabinet in cabinets or ("",):
        covering = [count for count in counts if count.covers(cabinet)]
        if not covering:
            return None
        found.add(sorted(covering, key=lambda count: count.ended_at)[-1])
    return found
