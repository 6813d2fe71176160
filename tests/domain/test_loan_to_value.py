"""What stays carries the debt, to the fen: caps, prior claims, undrawn lines, old valuations."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.certificates import Catalog, CertType, CustodyState, LegalState
from domain.collaterals import CollateralKind, PledgeState, TitleSearchResult
from domain.deregistration import DeregKind
from domain.guarantees import GuaranteeLink, GuaranteeMode
from domain.loans import Classification, Instalment, LoanStatus, days_past_due
from domain.release_question import Rest
from domain.watch import SignalCategory, SignalSeverity, SubjectKind
from tests.domain.builders import (
    NOW,
    TODAY,
    a_case,
    a_certificate,
    a_collateral,
    a_contract,
    a_credit,
    a_loan,
    a_search,
)
from tests.domain.release_builders import PARTIAL_PAPERS, a_seizure, a_signal, asked

YUAN = 100
KIND = CollateralKind


def a_debt(yuan: int, **changes: Any):
    """A loan that is served, with so much principal."""
    facts = {
        "status": LoanStatus.ACTIVE,
        "settled_on": None,
        "settlement_channel": None,
        "balance": yuan * YUAN,
    }
    return a_loan(**facts | changes)


def due(day: date, *, paid: int = 0) -> tuple[Instalment, ...]:
    """An instalment of a hundred fen, and one before it that was paid."""
    before = {"seq": 1, "due_date": date(2025, 1, 10), "principal": 100, "paid_principal": 100}
    return (
        Instalment(interest=0, **before),
        Instalment(seq=2, due_date=day, principal=60, interest=40, paid_principal=paid),
    )


def stays(no: str, yuan: int | None, **changes: Any):
    """A flat that stays, valued today."""
    facts = {
        "id": f"collateral-{no}",
        "no": no,
        "latest_value": None if yuan is None else yuan * YUAN,
        "latest_value_on": None if yuan is None else TODAY,
    }
    return a_collateral(**facts | changes)


def released(*items, loan=None, links=None, contract=None, rest=None, **changes: Any):
    """The answer about releasing COL1, when those items stay under the same contract."""
    tied = tuple(GuaranteeLink(collateral_no=item.no) for item in items)
    ties = (GuaranteeLink(collateral_no="COL1"), *(links or tied))
    given = a_contract(links=ties, **contract or {})
    known = {item.no: item for item in items}
    made = Rest(collaterals=known, contracts=(given,), **rest or {})
    return released_with(given, made, loan=loan or a_debt(1_400_000), **changes)


def released_with(given, rest, *, loan=None, **changes: Any):
    """The answer for a contract and a rest made by hand."""
    evaluation = asked(
        loans={"L1": loan or a_debt(1_400_000)},
        contracts=(given,),
        rest=rest,
        case=a_case(*PARTIAL_PAPERS, kind=DeregKind.PARTIAL_RELEASE),
        **changes,
    )
    [answer] = [result for result in evaluation.results if result.id == "DRG-4.6"]
    return [refusal.code.value for refusal in answer.refusals], dict(answer.facts)


@pytest.mark.parametrize(
    ("staying", "debt", "codes", "ltv"),
    [
        (1_500_000, 1_400_000, ["LTV_EXCEEDED"], "93.3333 %"),
        (900_000, 1_400_000, ["LTV_EXCEEDED"], "155.5556 %"),
        (1_500_000, 1_050_000, [], "70.0000 %"),
        (2_000_000, 1_400_000, [], "70.0000 %"),
    ],
)
def test_seventy_percent_of_a_flat_carries_and_equality_passes(staying, debt, codes, ltv):
    found, facts = released(stays("B", staying), loan=a_debt(debt))
    assert (found, facts["GC1 ltv"]) == (codes, ltv)


def test_a_ratio_is_told_half_up_and_decided_exactly():
    """1,400,001 over 2,000,000 is 70.00005 %: told as 70.0001 %, refused by one yuan."""
    codes, facts = released(stays("C2", 2_000_000), loan=a_debt(1_400_001))
    assert (codes, facts["GC1 ltv"]) == (["LTV_EXCEEDED"], "70.0001 %")


def test_one_fen_more_is_too_much():
    flat = stays("B", 1_500_000)
    exact = a_debt(1_050_000)
    assert released(flat, loan=exact)[0] == []
    assert released(flat, loan=replace(exact, balance=exact.balance + 1))[0] == ["LTV_EXCEEDED"]


def test_all_that_stays_is_judged_together():
    assert released(stays("B", 1_500_000), stays("C", 500_000))[0] == []
    assert released(stays("B", 1_500_000), stays("C", 499_999))[0] == ["LTV_EXCEEDED"]


@pytest.mark.parametrize(
    ("kind", "percent"),
    [
        (KIND.RESIDENTIAL, 70),
        (KIND.COMMERCIAL_PROPERTY, 60),
        (KIND.LAND, 60),
        (KIND.UNDER_CONSTRUCTION, 50),
        (KIND.VEHICLE, 60),
        (KIND.DEPOSIT, 90),
        (KIND.TREASURY, 90),
        (KIND.POLICY, 90),
        (KIND.EQUITY, 50),
        (KIND.RECEIVABLE, 60),
        (KIND.EQUIPMENT, 50),
    ],
)
def test_every_kind_has_its_cap(kind, percent):
    item = stays("B", 1_000_000, kind=kind)
    assert released(item, loan=a_debt(percent * 10_000))[0] == []
    assert released(item, loan=a_debt(percent * 10_000 + 1))[0] == ["LTV_EXCEEDED"]


@pytest.mark.parametrize(
    ("facts", "passes"),
    [
        ({"own_bank_deposit": True}, True),
        ({"own_bank_deposit": True, "currency": "USD"}, False),
        ({}, False),
    ],
)
def test_only_our_own_deposit_in_the_loans_currency_carries_ninety_five(facts, passes):
    deposit = stays("B", 1_000_000, kind=KIND.DEPOSIT, **facts)
    found, _ = released(deposit, loan=a_debt(950_000))
    assert (found == []) is passes


@pytest.mark.parametrize(
    ("prior", "collateral", "rank", "passes"),
    [
        (0, 0, 1, True),
        (1, 0, 1, False),
        (0, 1, 1, False),
        (1, 1, 1, False),
    ],
)
def test_what_ranks_before_us_comes_off_the_value(prior, collateral, rank, passes):
    flat = stays("B", 2_000_000, prior_claims=collateral * YUAN)
    link = GuaranteeLink(collateral_no="B", rank=rank, prior_claims=prior * YUAN)
    found, _ = released(flat, links=(link,))
    assert (found == []) is passes


@pytest.mark.parametrize(
    ("rank", "amounts", "passes"),
    [
        (1, {"registered_max_claim": 1}, False),
        (1, {"max_claim": 1}, False),
        (1, {"registered_max_claim": 0, "max_claim": 1}, True),
        (3, {"registered_max_claim": 1}, True),
        (2, {"registered_max_claim": 1}, True),
    ],
)
def test_our_own_contract_of_a_better_rank_counts_as_registered(rank, amounts, passes):
    flat = stays("B", 2_000_000)
    own = GuaranteeLink(collateral_no="B", rank=2)
    other = a_contract(
        "L9",
        id="contract-9",
        no="GC9",
        mode=GuaranteeMode.MAX_AMOUNT,
        links=(GuaranteeLink(collateral_no="B", rank=rank),),
        **{name: value * YUAN for name, value in amounts.items()},
    )
    given = a_contract(links=(GuaranteeLink(collateral_no="COL1"), own))
    rest = Rest(collaterals={"B": flat}, contracts=(given, other))
    found, _ = released_with(given, rest)
    assert (found == []) is passes


MAX = {"mode": GuaranteeMode.MAX_AMOUNT, "registered_max_claim": 3_000_000 * YUAN}


@pytest.mark.parametrize("status", [LoanStatus.TRANSFERRED_TO_PRESERVATION, LoanStatus.WRITTEN_OFF])
def test_what_was_written_off_is_owed_all_the_same(status):
    loan = replace(a_debt(0), status=status, written_off_balance=700_000 * YUAN)
    found, facts = released(stays("B", 999_999), loan=loan)
    assert (found, facts["GC1 exposure"]) == (["LTV_EXCEEDED"], "700000.00")
    found, _ = released(stays("B", 1_000_000), loan=loan)
    assert found == []


@pytest.mark.parametrize(
    ("available", "contract", "credit", "exposure"),
    [
        (2_200_000, {}, {}, "3000000.00"),
        (0, {}, {}, "800000.00"),
        (5_000_000, {}, {}, "3000000.00"),
        (2_200_000, {"registered_max_claim": 2_000_000 * YUAN}, {}, "2000000.00"),
        (2_200_000, {"registered_max_claim": 500_000 * YUAN}, {}, "800000.00"),
        (2_200_000, {"registered_max_claim": None, "max_claim": 900_000 * YUAN}, {}, "900000.00"),
        (2_200_000, {"determined_on": TODAY}, {}, "800000.00"),
        (2_200_000, {"determined_on": TODAY + timedelta(days=1)}, {}, "3000000.00"),
        (2_200_000, {"claim_period_to": TODAY - timedelta(days=1)}, {}, "800000.00"),
        (2_200_000, {"claim_period_to": TODAY}, {}, "3000000.00"),
        (2_200_000, {}, {"terminated_at": NOW}, "800000.00"),
        (2_200_000, {}, {"terminated_at": NOW + timedelta(days=1)}, "3000000.00"),
        (2_200_000, {"mode": GuaranteeMode.ORDINARY}, {}, "800000.00"),
    ],
)
def test_what_may_still_be_drawn_counts_up_to_the_registered_maximum(
    available, contract, credit, exposure
):
    lines = a_credit(available=available * YUAN, **credit)
    found, facts = released(
        stays("B", 2_000_000),
        loan=a_debt(800_000),
        contract=MAX | contract,
        credit_contracts={"CC1": lines},
    )
    assert facts["GC1 exposure"] == exposure
    assert (found == []) is (float(exposure) <= 1_400_000)


@pytest.mark.parametrize(
    ("valued", "stale"),
    [
        (TODAY, False),
        (date(2024, 6, 10), False),
        (date(2024, 6, 9), True),
        (None, True),
    ],
)
def test_a_valuation_is_young_for_twelve_months(valued, stale):
    assert date(2025, 6, 10) == TODAY
    flat = stays("B", 9_000_000, latest_value_on=valued)
    found, _ = released(flat)
    assert found == (["VALUATION_STALE"] if stale else [])


@pytest.mark.parametrize(
    "facts",
    [
        {"right_lapsed_on": TODAY},
        {"pledge_state": PledgeState.PROPOSED},
        {"seizures": (a_seizure(),)},
        {"title_searches": (a_search(result=TitleSearchResult.SEIZED),)},
        {"in_dispute": True},
    ],
)
def test_what_cannot_be_sold_for_us_carries_nothing_however_old_its_value(facts):
    worthless = stays("B", 9_000_000, latest_value_on=None, **facts)
    found, seen = released(worthless)
    assert found == ["LTV_EXCEEDED"]
    assert seen["GC1 B"].startswith("0.00: ")
    assert released(worthless, stays("C", 2_000_000))[0] == []


def test_a_seizure_that_has_ended_takes_nothing_away():
    ended = a_seizure(ends_on=TODAY - timedelta(days=1))
    assert released(stays("B", 2_000_000, seizures=(ended,)))[0] == []


@pytest.mark.parametrize(
    ("states", "passes"),
    [
        ([], True),
        ([LegalState.REGISTERED], True),
        ([LegalState.PENDING], False),
        ([LegalState.ACCEPTED], False),
        ([LegalState.LAPSED], False),
        ([LegalState.SUPERSEDED, LegalState.REGISTERED], True),
        ([LegalState.SUPERSEDED], False),
    ],
)
def test_a_right_counts_once_it_is_registered(states, passes):
    papers = tuple(
        a_certificate(
            id=f"cert-{n}", collateral_nos=("B",), legal_state=state, superseded_by="cert-9"
        )
        for n, state in enumerate(states)
    )
    found, _ = released(stays("B", 2_000_000), rest={"certificates": papers})
    assert (found == []) is passes


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"superseded_by": "cert-9"}, False),
        ({"custody_state": CustodyState.SURRENDERED}, False),
        ({"catalog": Catalog.SAFEKEEPING}, True),
    ],
)
def test_what_stays_of_a_partly_released_certificate_counts_before_its_exchange(changes, passes):
    """The registry ended the right in a part alone (DRG-L08)."""
    told = {"collateral_nos": ("A", "B"), "legal_state": LegalState.SUPERSEDED} | changes
    found, _ = released(stays("B", 2_000_000), rest={"certificates": (a_certificate(**told),)})
    assert (found == []) is passes


OVER = {"convertible_from": TODAY - timedelta(days=100)}
OUT = {"cert_type": CertType.MOVABLE_MORTGAGE_REG, "expires_on": TODAY - timedelta(days=1)}


@pytest.mark.parametrize(
    ("right", "passes"),
    [
        ({"cert_type": CertType.PRE_NOTICE_MORTGAGE}, True),
        ({"cert_type": CertType.PRE_NOTICE_MORTGAGE} | OVER, False),
        (OUT, False),
        (OUT | {"expires_on": TODAY}, True),
    ],
)
def test_a_right_that_is_over_counts_for_nothing_before_its_lapse_is_booked(right, passes):
    paper = a_certificate(collateral_nos=("B",), **right)
    found, _ = released(stays("B", 2_000_000), rest={"certificates": (paper,)})
    assert (found == []) is passes


def test_an_open_dispute_about_an_item_takes_its_value():
    about = {"category": SignalCategory.COLLATERAL_DISPUTE, "severity": SignalSeverity.BLUE}
    signal = a_signal(subject="B", **about)
    found, _ = released(stays("B", 2_000_000), rest={"disputes": (signal,)})
    assert found == ["LTV_EXCEEDED"]


@pytest.mark.parametrize(
    ("subject", "passes"), [("cert-B", False), ("粤B", False), ("cert-1", True), ("C", True)]
)
def test_so_does_a_dispute_about_its_certificate(subject, passes):
    paper = a_certificate(id="cert-B", cert_no="粤B", collateral_nos=("B",))
    signal = a_signal(
        subject=subject,
        subject_kind=SubjectKind.CERTIFICATE,
        category=SignalCategory.COLLATERAL_DISPUTE,
    )
    rest = {"certificates": (paper,), "disputes": (signal,)}
    assert (released(stays("B", 2_000_000), rest=rest)[0] == []) is passes


@pytest.mark.parametrize(
    ("result", "passes"),
    [(TitleSearchResult.CLEAR, True), (TitleSearchResult.CANCELLED, False)],
)
def test_a_right_that_the_book_shows_cancelled_counts_for_nothing(result, passes):
    found, _ = released(stays("B", 2_000_000, title_searches=(a_search(result=result),)))
    assert (found == []) is passes


@pytest.mark.parametrize(
    "facts",
    [
        {"open_case_id": "case-2"},
        {"pledge_state": PledgeState.RELEASED},
        {"pledge_state": PledgeState.TRANSFERRED},
    ],
)
def test_what_leaves_as_well_does_not_carry(facts):
    found, seen = released(stays("B", 9_000_000, **facts))
    assert (found, "GC1 B" in seen) == (["LTV_EXCEEDED"], False)


def test_a_link_that_has_ended_does_not_carry():
    ended = GuaranteeLink(collateral_no="B", active=False)
    assert released(stays("B", 9_000_000), links=(ended,))[0] == ["LTV_EXCEEDED"]


def test_nothing_may_stay_once_nothing_is_owed():
    assert released(loan=a_debt(0))[0] == []
    assert released(loan=a_debt(1))[0] == ["LTV_EXCEEDED"]


@pytest.mark.parametrize(
    ("on", "days"), [(date(2025, 4, 20), 90), (date(2025, 4, 21), 91), (date(2025, 1, 20), 0)]
)
def test_days_past_due_run_from_the_oldest_unpaid_instalment_to_today(on, days):
    loan = a_debt(1_000, schedule=(*due(date(2025, 1, 20)), *due(date(2025, 2, 20))))
    assert days_past_due(loan, on) == days
    assert days_past_due(replace(loan, dpd=95), on) == 95
    assert days_past_due(replace(loan, balance=0), on) == 0


@pytest.mark.parametrize(
    ("facts", "signals", "codes"),
    [
        ({}, (), []),
        ({"dpd": 1}, (), ["LOAN_NOT_SOUND"]),
        ({"schedule": due(TODAY)}, (), []),
        ({"schedule": due(TODAY - timedelta(days=1))}, (), ["LOAN_NOT_SOUND"]),
        ({"schedule": due(TODAY - timedelta(days=1), paid=100)}, (), []),
        ({"schedule": due(TODAY - timedelta(days=1), paid=99)}, (), ["LOAN_NOT_SOUND"]),
        ({"classification": Classification.SPECIAL_MENTION}, (), ["LOAN_NOT_SOUND"]),
        ({"breach_open": True}, (), ["LOAN_NOT_SOUND"]),
        ({}, (a_signal(severity=SignalSeverity.YELLOW),), []),
        ({}, (a_signal(severity=SignalSeverity.ORANGE),), ["RISK_SIGNAL_OPEN"]),
    ],
)
def test_part_leaves_only_while_the_loan_is_served_without_fault(facts, signals, codes):
    evaluation = asked(
        loans={"L1": a_debt(1_000, **facts)},
        signals=signals,
        case=a_case(*PARTIAL_PAPERS, kind=DeregKind.PARTIAL_RELEASE),
    )
    [answer] = [result for result in evaluation.results if result.id == "DRG-L01"]
    assert [refusal.code.value for refusal in answer.refusals] == codes
