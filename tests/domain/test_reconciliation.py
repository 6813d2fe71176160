"""Book, vault, ledger and registry side by side: each combination, gross and bounded."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from domain.certificates import LegalState
from domain.collaterals import TitleSearchResult
from domain.reconciliation import (
    MAX_DIFFERENCES,
    DifferenceKind,
    Registered,
    Standing,
    differs,
    reconciliation,
    registry_differs,
)
from tests.domain.builders import NOW, TODAY, a_search

BOOK, LEDGER = DifferenceKind.BOOK, DifferenceKind.LEDGER
DAY = timedelta(days=1)


def a_standing(in_vault=1, in_book=1, in_ledger=1, asked_today=0, id="cert-1") -> Standing:
    return Standing(
        certificate_id=id,
        in_vault=in_vault,
        in_book=in_book,
        in_ledger=in_ledger,
        asked_today=asked_today,
    )


def recorded(standings, rights=()):
    return reconciliation(
        standings,
        rights,
        id="rcon-1",
        vault="V1",
        on=TODAY,
        now=NOW,
        org_code="LC-1",
        org_path="/HO/T1/T2/LC-1",
    )


@pytest.mark.parametrize(("vault", "book", "ledger"), list(product((0, 1), (-1, 0, 1, 2), (0, 1))))
def test_every_disagreement_is_told_and_nothing_else(vault, book, ledger):
    found = differs(a_standing(vault, book, ledger))
    assert {one.kind for one in found} == {
        *([BOOK] if vault != book else []),
        *([LEDGER] if vault != ledger else []),
    }
    for one in found:
        assert (one.in_vault, one.in_book, one.in_ledger) == (vault, book, ledger)


@pytest.mark.parametrize(
    ("vault", "book", "asked", "differing"),
    [
        (1, 0, 1, False),  # came in today, not answered yet
        (0, 1, -1, False),  # went out today
        (1, 2, -1, False),  # went out and in again; the way in was answered first
        (1, 1, -1, True),
        (1, 0, 0, True),
        (0, 0, 1, True),
        (1, 1, 0, False),
    ],
)
def test_what_was_asked_today_may_still_be_answered(vault, book, asked, differing):
    found = differs(a_standing(vault, book, vault, asked))
    assert [one.kind for one in found] == ([BOOK] if differing else [])


@pytest.mark.parametrize("result", TitleSearchResult)
@pytest.mark.parametrize("legal_state", LegalState)
def test_only_the_opposite_at_the_registry_differs(legal_state, result):
    right = Registered(
        certificate_id="cert-1",
        legal_state=legal_state,
        since=TODAY - DAY,
        search=a_search(result=result),
    )
    opposite = {("REGISTERED", "CANCELLED"), ("CANCELLED", "CLEAR")}
    found = registry_differs(right)
    assert (found is not None) is ((legal_state, result) in opposite)
    if found is not None:
        assert (found.legal_state, found.registry, found.searched_on) == (
            legal_state,
            result,
            TODAY,
        )


@pytest.mark.parametrize(
    ("legal_state", "result", "days", "differing"),
    [
        (LegalState.REGISTERED, TitleSearchResult.CANCELLED, -1, False),
        (LegalState.REGISTERED, TitleSearchResult.CANCELLED, 0, True),
        (LegalState.REGISTERED, TitleSearchResult.CANCELLED, None, True),
        (LegalState.CANCELLED, TitleSearchResult.CLEAR, 0, False),
        (LegalState.CANCELLED, TitleSearchResult.CLEAR, 1, True),
    ],
)
def test_a_search_from_before_tells_nothing(legal_state, result, days, differing):
    right = Registered(
        certificate_id="cert-1",
        legal_state=legal_state,
        since=None if days is None else TODAY - days * DAY,
        search=a_search(result=result),
    )
    assert (registry_differs(right) is not None) is differing


def test_counts_are_gross_and_never_netted():
    missing, surplus = a_standing(1, 0, 1, id="cert-1"), a_standing(0, 1, 0, id="cert-2")
    record = recorded([missing, surplus, a_standing(id="cert-3")])
    assert (record.vault_count, record.book_count, record.ledger_count) == (2, 2, 2)
    assert record.difference_count == 2
    assert [one.certificate_id for one in record.differences] == ["cert-1", "cert-2"]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_beyond_a_limit_differences_are_counted_only(more):
    right = Registered(
        certificate_id="cert-r",
        legal_state=LegalState.REGISTERED,
        since=None,
        search=a_search(result=TitleSearchResult.CANCELLED),
    )
    standings = (a_standing(in_book=0, id=f"c{n}") for n in range(MAX_DIFFERENCES + more))
    record = recorded(standings, [right])
    assert record.difference_count == MAX_DIFFERENCES + more + 1
    assert len(record.differences) == min(record.difference_count, MAX_DIFFERENCES)


def test_a_vault_where_all_agree_has_a_record_too():
    record = recorded([a_standing(), replace(a_standing(), asked_today=0)])
    assert (record.difference_count, record.differences, record.outstanding) == (0, (), 0)
    assert recorded([]).vault_count == 0
