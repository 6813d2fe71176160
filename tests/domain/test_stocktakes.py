"""Who counts, blind and in pairs; what the count says, gross; and the end of each difference."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.certificates import MAX_CERT_NO, CustodyState, Holder, VaultPlace
from domain.orgs import OrgLevel
from domain.refusals import Forbidden
from domain.roles import Role
from domain.stocktake_results import (
    compared,
    disputes,
    finalised,
    finalising_refusals,
    found_again,
    has_moved_on,
    home_of,
    line_of,
    missing_refusals,
    not_resealed,
    overdue,
    resolution_refusals,
    resolve_due,
    resolved,
    surplus_ids,
    to_recount,
)
from domain.stocktakes import (
    MAX_COUNTED,
    MAX_PAGES,
    CountedPaper,
    Counter,
    CountPlace,
    CountResult,
    CountSheet,
    ExpectedPaper,
    Stocktake,
    StocktakeKind,
    StocktakeState,
    counted,
    counting_refusals,
    may_lead,
    opening_refusals,
    snapshot,
)
from domain.vaults import MAX_NAME_LENGTH, VaultStatus, resealed
from tests.domain.builders import (
    CALENDAR,
    NOW,
    PLACE,
    POLICY,
    TODAY,
    a_certificate,
    a_grant,
    codes,
)
from tests.domain.vault_builders import a_packet, a_vault

K, R = StocktakeKind, CountResult
T2 = OrgLevel.TIER2_BRANCH
LABELS = tuple(field.name for field in fields(CountPlace))


def a_place(n: str = "03", **changes: Any) -> CountPlace:
    facts = {"cabinet": "A", "slot": n, "packet_no": f"P{n}", "seal_no": f"S{n}"}
    return CountPlace(**facts | changes)


def expected(n: int, **changes: Any) -> ExpectedPaper:
    facts = {"certificate_id": f"cert-{n}", "cert_no": f"NO-{n}", "pages": 2}
    return ExpectedPaper(**{"place": a_place(f"{n:02}")} | facts | changes)


def seen(n: int, **changes: Any) -> CountedPaper:
    """The paper of `expected`, where and as it should be."""
    place = changes.pop("place", a_place(f"{n:02}"))
    facts = {"certificate_id": f"cert-{n}", "cert_no": f"NO-{n}", "seal_intact": True, "pages": 2}
    return CountedPaper(**{"place": place} | facts | changes)


def a_stocktake(*books: ExpectedPaper, first=(), second=None, **changes: Any) -> Stocktake:
    """A count of vault V1 by two auditors, who have seen the same unless told otherwise."""
    facts: dict[str, Any] = {
        "id": "stocktake-1",
        "no": "ST1",
        "vault": "V1",
        "kind": K.SUPERVISOR,
        "opened_by": "supervisor",
        "opened_at": NOW,
        "expected": books,
        "sheets": (
            CountSheet(counter="one", papers=tuple(first), complete=True),
            CountSheet(
                counter="two", papers=tuple(first if second is None else second), complete=True
            ),
        ),
    }
    return Stocktake(**PLACE | facts | changes)


def ended(stocktake: Stocktake, **homes: str) -> Stocktake:
    """The count compared and over, differences due in three working days."""
    results = tuple(compared(stocktake, homes))
    return finalised(
        stocktake,
        results,
        by="supervisor",
        now=NOW,
        resolve_due=resolve_due(TODAY, policy=POLICY, calendar=CALENDAR),
    )


def told(stocktake: Stocktake) -> list[tuple[CountResult, str | None]]:
    return [(line.result, line.certificate_id) for line in stocktake.results]


LEADS = {
    (K.SELF, Role.VAULT_KEEPER),
    (K.SUPERVISOR, Role.VAULT_SUPERVISOR),
    (K.KEEPER_CHANGE, Role.VAULT_SUPERVISOR),
    (K.ANNUAL, Role.APPROVER),
    (K.SURPRISE, Role.APPROVER),
    (K.SURPRISE, Role.AUDITOR),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", K)
def test_each_kind_is_led_by_those_whose_duty_it_is(kind, role):
    grants = [a_grant(role, org_level=T2)]
    assert may_lead(kind, grants, keeps=True) is ((kind, role) in LEADS)


def test_only_a_keeper_of_the_vault_leads_its_own_count():
    assert not may_lead(K.SELF, [a_grant(Role.VAULT_KEEPER)], keeps=False)


@pytest.mark.parametrize("level", OrgLevel)
@pytest.mark.parametrize("kind", [K.ANNUAL, K.SURPRISE])
def test_an_approver_leads_from_the_second_tier_upwards(kind, level):
    above = level in {T2, OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE}
    assert may_lead(kind, [a_grant(Role.APPROVER, org_level=level)], keeps=False) is above


OF_KEEPERS = {K.SELF, K.KEEPER_CHANGE}


def a_counter(login: str, **changes: Any) -> Counter:
    return Counter(**{"login": login, "reaches": True, "keeps": False} | changes)


@pytest.mark.parametrize(
    ("kind", "keeps", "refused"),
    [
        (K.SELF, (True, True), []),
        (K.SELF, (True, False), ["VALUE_INVALID"]),
        *((kind, (False, False), []) for kind in K if kind is not K.SELF),
        *((kind, (False, True), ["SOD_VIOLATION"]) for kind in K if kind not in OF_KEEPERS),
        (K.KEEPER_CHANGE, (True, True), []),
    ],
)
def test_nobody_counts_what_he_keeps_but_in_the_keepers_own_counts(kind, keeps, refused):
    counters = [a_counter("one", keeps=keeps[0]), a_counter("two", keeps=keeps[1])]
    assert codes(opening_refusals(a_vault(), kind, counters)) == refused


@pytest.mark.parametrize("kind", K)
def test_a_keeper_on_leave_neither_counts_for_the_keepers_nor_checks_them(kind):
    counters = [a_counter("one", keeps=kind is K.SELF), a_counter("two", away=True)]
    refused = {K.SELF: ["VALUE_INVALID"], K.KEEPER_CHANGE: []}.get(kind, ["SOD_VIOLATION"])
    assert codes(opening_refusals(a_vault(), kind, counters)) == refused


@pytest.mark.parametrize(
    ("logins", "allowed"),
    [
        ((), False),
        (("one",), False),
        (("one", "one"), False),
        (("one", "two"), True),
        (("one", "two", "three"), False),
        (("one", "two", "two"), False),
    ],
)
def test_two_different_people_count(logins, allowed):
    found = codes(opening_refusals(a_vault(), K.ANNUAL, [a_counter(login) for login in logins]))
    assert found == ([] if allowed else ["VALUE_INVALID"])


def test_everything_that_keeps_a_count_from_beginning_is_told_at_once():
    vault = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)
    counters = [a_counter("one", reaches=False), a_counter("one", keeps=True)]
    assert codes(opening_refusals(vault, K.ANNUAL, counters)) == [
        "VAULT_FROZEN",
        "VALUE_INVALID",
        "VALUE_INVALID",
        "SOD_VIOLATION",
    ]


def test_the_snapshot_tells_place_and_seal_of_what_lies_there():
    place = VaultPlace(vault="V1", cabinet="A-01", slot="03", packet_no="P1")
    inside = a_certificate(custody_state=CustodyState.IN_VAULT, place=place)
    (paper,) = snapshot([inside, a_certificate(id="cert-2")], [a_packet()])
    assert (paper.certificate_id, paper.pages) == ("cert-1", 2)
    assert paper.place == CountPlace(cabinet="A-01", slot="03", packet_no="P1", seal_no="S1")


def open_for(*papers: CountedPaper, **changes: Any) -> Stocktake:
    sheets = (CountSheet(counter="one", papers=papers), CountSheet(counter="two"))
    return a_stocktake(**{"sheets": sheets} | changes)


def count_codes(stocktake: Stocktake, *papers: CountedPaper, keeps: bool = False) -> list[str]:
    return codes(counting_refusals(stocktake, papers, counter="one", keeps=keeps))


def test_only_the_named_counters_count_while_it_is_open_and_they_are_not_done():
    assert count_codes(open_for(), seen(1)) == []
    with pytest.raises(Forbidden):
        codes(counting_refusals(open_for(), [seen(1)], counter="three", keeps=False))
    for state in (StocktakeState.FINALISED, StocktakeState.CANCELLED):
        assert count_codes(open_for(state=state), seen(1)) == ["STATE_CONFLICT"]
    assert count_codes(a_stocktake(), seen(1)) == ["STATE_CONFLICT"]
    assert count_codes(open_for(), seen(1), keeps=True) == ["SOD_VIOLATION"]
    assert count_codes(open_for(kind=K.SELF), seen(1), keeps=True) == []


@pytest.mark.parametrize(
    ("paper", "refused"),
    [
        (seen(1, pages=-1), ["VALUE_INVALID"]),
        (seen(1, pages=0), []),
        (seen(1, pages=None), []),
        (seen(1, pages=MAX_PAGES), []),
        (seen(1, pages=MAX_PAGES + 1), ["VALUE_INVALID"]),
        (seen(1, cert_no=" "), ["VALUE_INVALID"]),
        (seen(1, cert_no="9" * MAX_CERT_NO), []),
        (seen(1, cert_no="9" * (MAX_CERT_NO + 1)), ["VALUE_INVALID"]),
        (seen(1, place=CountPlace(**dict.fromkeys(LABELS, "9" * MAX_NAME_LENGTH))), []),
        *(
            (seen(1, place=a_place(**{label: "9" * (MAX_NAME_LENGTH + 1)})), ["VALUE_INVALID"])
            for label in LABELS
        ),
    ],
)
def test_what_a_counter_may_write_has_limits(paper, refused):
    assert count_codes(open_for(), paper) == refused


def test_a_sheet_has_room_for_so_many_papers():
    full = open_for(*(seen(n) for n in range(MAX_COUNTED)))
    assert count_codes(full, seen(0)) == []
    assert count_codes(full, seen(MAX_COUNTED)) == ["LIMIT_EXCEEDED"]


def test_a_paper_is_told_once_a_batch_and_replaces_itself_later():
    assert count_codes(open_for(), seen(1), seen(1, pages=3)) == ["VALUE_INVALID"]
    unknown = [seen(1, certificate_id=None, cert_no=number) for number in ("粤（1）号", "粤(1) 号")]
    assert count_codes(open_for(), *unknown) == ["VALUE_INVALID"]
    again = counted(open_for(seen(1), seen(2)), [seen(1, pages=3)], counter="one", complete=True)
    assert again.sheets[0].papers == (seen(1, pages=3), seen(2))
    assert (again.sheets[0].complete, again.sheets[1]) == (True, CountSheet(counter="two"))


def test_it_is_compared_once_both_are_done():
    half = open_for()
    assert codes(finalising_refusals(half)) == ["STATE_CONFLICT", "STATE_CONFLICT"]
    one = counted(half, [], counter="one", complete=True)
    assert codes(finalising_refusals(one)) == ["STATE_CONFLICT"]
    both = counted(one, [], counter="two", complete=True)
    assert codes(finalising_refusals(both)) == []
    assert codes(finalising_refusals(ended(both))) == ["STATE_CONFLICT"]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ([seen(1)], None),
        ([], "found by one of them"),
        ([seen(1, place=a_place("01", cabinet="B"))], "cabinet"),
        ([seen(1, place=a_place("01", slot="02"))], "slot"),
        ([seen(1, place=a_place("01", packet_no=None))], "packetNo"),
        ([seen(1, place=a_place("01", seal_no="S9"))], "sealNo"),
        ([seen(1, seal_intact=False)], "sealIntact"),
        ([seen(1, pages=3)], "pages"),
        ([seen(1, pages=None)], "pages"),
        ([seen(1, pages=3, seal_intact=False)], "sealIntact, pages"),
    ],
)
def test_the_counters_agree_on_every_paper_or_count_it_again(other, what):
    stocktake = a_stocktake(first=[seen(1), seen(2)], second=[*other, seen(2)])
    found = disputes(stocktake)
    assert [refusal.detail.get("fields") for refusal in found] == ([] if what is None else [what])
    if what is None:
        return
    again = to_recount(stocktake)
    assert [sheet.papers for sheet in again.sheets] == [(seen(2),), (seen(2),)]
    assert not any(sheet.complete for sheet in again.sheets)
    assert again.recounts == 1


@pytest.mark.parametrize(
    ("paper", "results"),
    [
        (seen(1), [R.MATCH]),
        (seen(1, pages=None), [R.MATCH]),
        (None, [R.MISSING]),
        (seen(1, place=a_place("01", slot="02")), [R.WRONG_SLOT]),
        (seen(1, place=a_place("01", cabinet="B")), [R.WRONG_SLOT]),
        (seen(1, place=a_place("01", packet_no="P9", seal_no="S9")), [R.WRONG_SLOT]),
        (seen(1, seal_intact=False), [R.SEAL_BROKEN]),
        (seen(1, place=a_place("01", seal_no="S9")), [R.SEAL_BROKEN]),
        (seen(1, pages=1), [R.WRONG_COUNT]),
        (seen(1, pages=3), [R.WRONG_COUNT]),
        (
            seen(1, pages=3, seal_intact=False, place=a_place("01", slot="02")),
            [R.WRONG_SLOT, R.SEAL_BROKEN, R.WRONG_COUNT],
        ),
    ],
)
def test_each_paper_has_its_result(paper, results):
    stocktake = a_stocktake(expected(1), first=[] if paper is None else [paper])
    assert told(ended(stocktake)) == [(result, "cert-1") for result in results]


def test_ninety_seven_expected_and_ninety_six_found_are_three_differences():
    """AC-36: two missing and one of another vault; neither 100 against 96, nor one net."""
    books = [expected(n) for n in range(97)]
    found = [*(seen(n) for n in range(95)), seen(500)]
    stocktake = a_stocktake(*books, first=found)
    assert surplus_ids(stocktake) == ["cert-500"]
    over = ended(stocktake, **{"cert-500": "V2"})
    assert (over.expected_count, over.counted_count) == (97, 96)
    assert (over.difference_count, over.open_difference_count) == (3, 3)
    differences = [line for line in over.results if line.result is not R.MATCH]
    assert [(line.result, line.certificate_id, line.home_vault) for line in differences] == [
        (R.MISSING, "cert-95", None),
        (R.MISSING, "cert-96", None),
        (R.SURPLUS, "cert-500", "V2"),
    ]


def test_a_paper_of_no_known_number_is_a_surplus_without_a_home():
    over = ended(a_stocktake(first=[seen(1, certificate_id=None)]))
    assert told(over) == [(R.SURPLUS, None)]
    assert over.results[0].home_vault is None


@pytest.mark.parametrize(
    ("facts", "home"),
    [
        ({"place": VaultPlace(vault="V2", cabinet="A", slot="1", packet_no="P")}, "V2"),
        ({"holder": Holder(login="keeper", desk="V3", since=NOW)}, "V3"),
        ({"holder": Holder(login="borrower", since=NOW)}, None),
        ({}, None),
    ],
)
def test_a_surplus_goes_to_the_vault_that_has_it_in_its_books(facts, home):
    assert home_of(a_certificate(**facts)) == home


def test_nothing_of_the_books_is_in_the_outcome_before_the_end():
    stocktake = a_stocktake(expected(1), first=[seen(1)])
    shown = {field.name for field in fields(Stocktake)} - {"expected", "sheets"}
    assert not any("cert-1" in str(getattr(stocktake, name)) for name in shown)


def test_differences_are_due_in_three_working_days():
    friday = date(2025, 9, 26)  # the Sunday after it is worked, then comes the long holiday
    assert resolve_due(TODAY, policy=POLICY, calendar=CALENDAR) == date(2025, 6, 13)
    assert resolve_due(friday, policy=POLICY, calendar=CALENDAR) == date(2025, 9, 30)


@pytest.mark.parametrize(("days", "late"), [(2, False), (3, False), (4, True)])
def test_what_is_missing_is_given_up_after_its_last_day(days, late):
    over = ended(a_stocktake(expected(1), expected(2), first=[seen(2, pages=9)]))
    lines = overdue(over, today=TODAY + timedelta(days=days))
    assert [line.certificate_id for line in lines] == (["cert-1"] if late else [])
    done = resolved(over, lines[0].no, by="s", now=NOW, resolution="r") if late else over
    assert overdue(done, today=TODAY + timedelta(days=30)) == ([] if late else [over.results[0]])


def test_each_difference_is_resolved_once_by_someone_who_does_not_keep_the_vault():
    over = ended(a_stocktake(expected(1), expected(2), first=[seen(1)]))
    match, missing = over.results

    def asked(stocktake, line, reason="found behind the shelf", keeps=False):
        return codes(resolution_refusals(stocktake, line, reason=reason, by="s", keeps=keeps))

    assert asked(over, missing) == []
    assert asked(over, missing, reason=" ") == ["VALUE_INVALID"]
    assert asked(over, missing, keeps=True) == ["SOD_VIOLATION"]
    assert asked(over, match) == ["STATE_CONFLICT"]
    assert asked(over, line_of(over, 3)) == ["VALUE_INVALID"]
    done = resolved(over, missing.no, by="s", now=NOW, resolution="found")
    assert (done.difference_count, done.open_difference_count) == (1, 0)
    assert asked(done, line_of(done, missing.no)) == ["STATE_CONFLICT"]


def test_a_broken_seal_is_resolved_by_a_new_one_after_the_count():
    (line,) = ended(a_stocktake(expected(1), first=[seen(1, seal_intact=False)])).results
    broken = a_packet(seal_broken_at=NOW)
    assert codes([not_resealed(line, broken)]) == ["STATE_CONFLICT"]
    assert not_resealed(replace(line, result=R.WRONG_SLOT), broken) is None
    told = {"keepers": ("k1", "k2"), "reason": "broken", "now": NOW}
    anew = resealed(broken, contents=broken.certificate_ids, seal_no="S2", **told)
    assert not_resealed(line, anew) is None
    assert not_resealed(line, resealed(broken, contents=(), seal_no=None, **told)) is None


def test_a_later_count_ends_what_it_found_of_an_earlier_one():
    books = [expected(1), expected(2), expected(3)]
    earlier = ended(a_stocktake(*books, first=[seen(3, pages=9)]))
    later = ended(a_stocktake(*books, id="stocktake-2", no="ST2", first=[seen(2), seen(3)]))
    after = found_again(earlier, later)
    assert [line.resolution for line in after.results] == [None, "Found by stock-take ST2.", None]
    assert (earlier.open_difference_count, after.open_difference_count) == (3, 2)
    assert found_again(after, later) == after


INSIDE = VaultPlace(vault="V1", cabinet="A", slot="01", packet_no="P01")


@pytest.mark.parametrize("state", CustodyState)
def test_only_what_is_still_in_the_books_of_the_vault_is_marked_missing(state):
    (line,) = ended(a_stocktake(expected(1))).results
    place = INSIDE if state is CustodyState.IN_VAULT else None
    certificate = a_certificate(custody_state=state, place=place)
    possible = state in {CustodyState.IN_VAULT, CustodyState.RECEIVED_PENDING_VAULT}
    found = codes(missing_refusals(line, certificate, vault=a_vault()))
    assert found == ([] if possible else ["STATE_CONFLICT"])
    assert has_moved_on(certificate, "V1") is (state is not CustodyState.IN_VAULT)


def test_neither_a_match_nor_a_paper_of_another_vault_is_marked_missing():
    match, missing = ended(a_stocktake(expected(1), expected(2), first=[seen(1)])).results
    inside = a_certificate(custody_state=CustodyState.IN_VAULT, place=INSIDE)
    assert codes(missing_refusals(match, inside, vault=a_vault())) == ["STATE_CONFLICT"]
    other = a_vault(code="V2")
    assert codes(missing_refusals(missing, inside, vault=other)) == ["STATE_CONFLICT"]
    again = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)
    assert codes(missing_refusals(missing, inside, vault=again)) == ["VAULT_FROZEN"]
    assert has_moved_on(inside, "V2")
