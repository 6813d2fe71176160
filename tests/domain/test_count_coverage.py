"""Counts cabinet by cabinet: what they cover together, and when the vault is due again."""

from datetime import date, datetime, timedelta

import pytest

from domain.calendar import business_date
from domain.count_coverage import (
    MAX_CABINETS,
    CountDone,
    cabinet_refusals,
    count_due,
    counted_since,
    full_count,
    outside,
    seen_elsewhere,
)
from domain.stocktake_results import compared, finalised, found_again
from domain.stocktakes import (
    CountedPaper,
    CountPlace,
    CountResult,
    CountSheet,
    ExpectedPaper,
    Stocktake,
    StocktakeKind,
)
from tests.domain.builders import CALENDAR, NOW, PLACE, POLICY, TODAY, codes

DAY = timedelta(days=1)
LATER, LATEST = NOW + DAY, NOW + 2 * DAY


def done(*cabinets: str, at: datetime = NOW, differences: int = 0) -> CountDone:
    return CountDone(id=str(at), cabinets=cabinets, ended_at=at, differences=differences)


def papers(*ids: str, cabinet: str) -> tuple[CountedPaper, ...]:
    place = CountPlace(cabinet=cabinet, slot="01")
    return tuple(
        CountedPaper(certificate_id=id, cert_no=id, place=place, seal_intact=True) for id in ids
    )


def a_part(cabinet: str, expected: tuple[str, ...], seen: tuple[str, ...]) -> Stocktake:
    place = CountPlace(cabinet=cabinet, slot="01")
    return Stocktake(
        id=f"ST{cabinet}",
        no=f"ST{cabinet}",
        vault="V1",
        kind=StocktakeKind.ANNUAL,
        cabinets=(cabinet,),
        opened_by="branch",
        opened_at=NOW,
        expected=tuple(
            ExpectedPaper(certificate_id=id, cert_no=id, place=place, pages=None) for id in expected
        ),
        sheets=(CountSheet(counter="c1", papers=papers(*seen, cabinet=cabinet)),) * 2,
        **PLACE,
    )


def ended(part: Stocktake, elsewhere=()) -> Stocktake:
    lines = tuple(compared(part, {}, dict(elsewhere)))
    return finalised(part, lines, by="branch", now=NOW, resolve_due=TODAY)


@pytest.mark.parametrize(
    ("counts", "differences"),
    [
        ([], None),
        ([done()], 0),
        ([done("A")], None),
        ([done("A"), done("B")], 0),
        ([done("A", "B", differences=2)], 2),
        ([done(differences=1), done("A", at=LATER)], 1),  # B was not counted again
        ([done(differences=1), done("A", at=LATER), done("B", at=LATEST)], 0),
        ([done("A"), done("B", at=LATER, differences=3)], 3),
        ([done("A"), done("C", at=LATER)], None),
    ],
)
def test_a_vault_is_counted_once_each_of_its_cabinets_is(counts, differences):
    count = full_count(counts, {"A", "B"})
    assert (None if count is None else count.differences) == differences


def test_a_vault_without_cabinets_is_counted_as_a_whole():
    assert full_count([], set()) is None
    assert full_count([done("A")], set()) is None
    assert full_count([done()], set()) is not None


def test_the_whole_count_goes_back_to_the_cabinet_counted_longest_ago():
    start = date(2025, 1, 1)
    counts = [done("A"), done("B", at=LATEST), done("A", at=LATER)]
    assert counted_since(counts, {"A", "B"}, start) == business_date(LATER)
    assert counted_since(counts, {"A", "B", "C"}, start) == start
    assert counted_since([*counts, done(at=LATEST)], {"A", "B"}, start) == business_date(LATEST)


@pytest.mark.parametrize(
    ("kind", "since", "due"),
    [
        (StocktakeKind.SELF, date(2025, 6, 10), date(2025, 7, 10)),
        (StocktakeKind.SELF, date(2025, 5, 15), date(2025, 6, 13)),  # the 15th is a Sunday
        (StocktakeKind.SELF, date(2025, 9, 5), date(2025, 9, 30)),  # holidays, and earlier
        (StocktakeKind.SUPERVISOR, date(2025, 6, 10), date(2025, 9, 10)),
        (StocktakeKind.ANNUAL, date(2024, 6, 10), date(2025, 6, 10)),
    ],
)
def test_a_count_is_due_before_its_interval_has_passed(kind, since, due):
    assert count_due(kind, since, policy=POLICY, calendar=CALENDAR) == due


def test_a_count_names_cabinets_of_the_vault_each_once():
    many = [f"C{number}" for number in range(MAX_CABINETS + 1)]
    assert codes(cabinet_refusals([], set())) == []
    assert codes(cabinet_refusals(["A", "B"], {"A", "B", "C"})) == []
    assert codes(cabinet_refusals(["A", "A"], {"A"})) == ["VALUE_INVALID"]
    assert codes(cabinet_refusals(["A", "D"], {"A"})) == ["VALUE_INVALID"]
    assert codes(cabinet_refusals(many[:-1], set(many))) == []
    assert codes(cabinet_refusals(many, set(many))) == ["VALUE_INVALID"]


def test_only_cabinets_of_the_count_are_told_of():
    part = a_part("A", (), ())
    assert codes(outside(part, papers("1", cabinet="A"))) == []
    assert codes(outside(part, papers("1", "2", cabinet="B"))) == ["VALUE_INVALID"] * 2


def test_a_paper_that_lies_in_another_cabinet_is_misplaced_whichever_is_counted_first():
    missing_first = ended(a_part("A", ("1", "2"), ("1",)))
    then_found = ended(a_part("B", ("3",), ("3", "2")))
    assert missing_first.open_difference_count == 1
    assert found_again(missing_first, then_found).open_difference_count == 0
    assert [line.result for line in then_found.results] == [CountResult.MATCH, CountResult.SURPLUS]
    last = ended(a_part("A", ("1", "2"), ("1",)), seen_elsewhere([then_found]))
    assert [line.result for line in last.results] == [CountResult.MATCH, CountResult.WRONG_SLOT]
    assert found_again(then_found, last).open_difference_count == 0
    assert seen_elsewhere([missing_first]) == {}
