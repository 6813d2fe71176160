"""Each precondition of a release passes and fails by one fact."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.certificates import TERMINAL, CustodyState, Lock, LockKind
from domain.collaterals import Seizure, TitleSearchResult
from domain.deregistration import DeregKind, HandlingMode
from domain.dossiers import DocType
from domain.guarantees import GuaranteeLink, GuaranteeMode
from domain.loans import LoanStatus, SettlementChannel
from domain.refusals import RefusalCode
from domain.release import Outcome
from domain.release_kinds import documents_needed
from domain.release_question import Stage
from tests.domain.builders import (
    NOW,
    TODAY,
    a_case,
    a_case_lock,
    a_certificate,
    a_collateral,
    a_contract,
    a_credit,
    a_loan,
    a_search,
    local,
)
from tests.domain.release_builders import INSIDE, a_hold, a_legal_case, asked, failures

DAY = timedelta(days=1)
CODE = RefusalCode


def test_a_settled_loan_with_everything_in_order_is_ready():
    evaluation = asked()
    assert (evaluation.ready, evaluation.refusals) == (True, ())
    numbered = [f"DRG-P{n:02d}" for n in range(1, 14)]
    expected = ["DRG-4.1", *numbered, "DRG-L06", "DRG-W1", "DRG-W2"]
    passed = [result.id for result in evaluation.results if result.outcome is Outcome.PASS]
    assert passed == expected
    others = {r.id: r.outcome for r in evaluation.results if r.id not in expected}
    assert set(others) == {"DRG-L01", "DRG-L04", "DRG-L05", "DRG-4.6"}
    assert set(others.values()) == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("principal", "balance"),
        ("interest", "interest_receivable"),
        ("penalty", "penalty"),
        ("compoundInterest", "compound_interest"),
        ("fees", "fees_due"),
        ("offBalanceInterest", "off_balance_interest"),
        ("writtenOffBalance", "written_off_balance"),
        ("suspense", "suspense_amount"),
    ],
)
def test_p01_one_fen_of_anything_is_a_debt(part, name):
    loan = a_loan(**{name: 1})
    [refusal] = [one for one in asked(loans={"L1": loan}).refusals if one.rule_id == "DRG-P01"]
    assert (refusal.code, refusal.rule_id) == (CODE.NOT_SETTLED, "DRG-P01")
    assert (refusal.detail["loan"], refusal.detail[part]) == ("L1", "0.01")


def test_p01_interest_alone_is_told_to_the_fen():
    [refusal] = asked(loans={"L1": a_loan(interest_receivable=1237)}).refusals
    assert (refusal.detail["interest"], refusal.detail["owed"]) == ("12.37", "interest 12.37")
    assert "principal" not in refusal.detail


def test_p01_every_loan_of_the_contract_counts():
    loans = {"L1": a_loan(), "L2": a_loan(id="loan-2", loan_no="L2", balance=1)}
    facts: dict[str, Any] = {"contracts": (a_contract("L1", "L2"),), "loans": loans}
    [refusal] = asked(**facts).refusals
    assert refusal.detail["loan"] == "L2"
    assert asked(**facts | {"loans": loans | {"L2": replace(loans["L2"], balance=0)}}).ready


def test_p01_what_may_still_be_drawn_is_not_settled():
    undrawn = a_loan(status=LoanStatus.APPROVED, settlement_final_on=TODAY)
    assert failures(loans={"L1": undrawn}) == {"DRG-P01": ["NOT_SETTLED"]}
    assert failures(loans={"L1": replace(undrawn, status=LoanStatus.CANCELLED)}) == {}


MAX = {"mode": GuaranteeMode.MAX_AMOUNT, "max_claim": 300_000_000}
UNTIL = {"claim_period_to": date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("contract", "credit", "passes"),
    [
        ({}, {"available": 1}, True),
        (MAX | UNTIL, {"available": 300_000_000}, False),
        (MAX | UNTIL, {}, False),
        (MAX | UNTIL, {"terminated_at": NOW}, True),
        (MAX | UNTIL, {"terminated_at": local("2025-06-10T23:59:59")}, True),
        (MAX | UNTIL, {"terminated_at": local("2025-06-11T00:00:00")}, False),
        (MAX | UNTIL, {"terminated_at": NOW, "available": 1}, False),
        (MAX | UNTIL, {"terminated_at": NOW, "contingent": 1}, False),
        (MAX | {"determined_on": TODAY}, {}, True),
        (MAX | {"determined_on": TODAY + DAY}, {}, False),
        (MAX | {"determined_on": TODAY}, {"available": 1}, False),
        (MAX | {"determined_on": TODAY}, {"contingent": 1}, False),
        (MAX | {"claim_period_to": TODAY - DAY}, {}, True),
        (MAX | {"claim_period_to": TODAY}, {}, False),
        (MAX, {}, False),
    ],
)
def test_p02_a_maximum_amount_claim_must_be_determined(contract, credit, passes):
    found = failures(
        contracts=(a_contract(**contract),), credit_contracts={"CC1": a_credit(**credit)}
    )
    assert found == ({} if passes else {"DRG-P02": ["MAXAMOUNT_UNDETERMINED"]})


def _two_contracts(*, second=None, named=(), **changes):
    """Two contracts on one collateral; the case names some of them, or none."""
    tied = GuaranteeLink(collateral_no="COL1", rank=2)
    other = a_contract("L2", id="contract-2", no="GC2", links=(tied,), **changes)
    loan = a_loan(id="loan-2", loan_no="L2", customer_no="C2", **second or {})
    case = a_case(contracts_named=bool(named), guarantee_contract_nos=named or ("GC1", "GC2"))
    return failures(contracts=(other, a_contract()), loans={"L1": a_loan(), "L2": loan}, case=case)


@pytest.mark.parametrize(
    ("second", "named", "expected"),
    [
        ({}, (), {}),
        ({}, ("GC1",), {}),
        ({"balance": 1}, ("GC1",), {"DRG-P03": ["OTHER_OBLIGATION"]}),
        ({"balance": 1}, ("GC2",), {"DRG-P01": ["NOT_SETTLED"]}),
        ({"balance": 1}, ("GC1", "GC2"), {"DRG-P01": ["NOT_SETTLED"]}),
        ({"balance": 1}, (), {"DRG-P01": ["NOT_SETTLED"], "DRG-P03": ["OTHER_OBLIGATION"]}),
    ],
)
def test_p03_no_other_contract_may_still_secure_a_debt(second, named, expected):
    assert _two_contracts(second=second, named=named) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"settled_on": TODAY - DAY}, {}),
        ({"settled_on": TODAY}, {"DRG-P12": ["SETTLEMENT_NOT_FINAL"]}),
        ({"settled_on": None}, {"DRG-P12": ["SETTLEMENT_NOT_FINAL"]}),
        ({"settled_on": None, "status": LoanStatus.CANCELLED}, {}),
        ({"settled_on": TODAY, "balance": 1}, {"DRG-P03": ["OTHER_OBLIGATION"]}),
    ],
)
def test_p12_what_another_contract_secures_is_paid_for_good_as_well(second, expected):
    assert _two_contracts(second=second, named=("GC1",)) == expected


def test_p03_another_maximum_amount_that_may_grow_is_an_obligation():
    assert _two_contracts(named=("GC1",), **MAX) == {"DRG-P03": ["OTHER_OBLIGATION"]}
    assert _two_contracts(named=("GC1",), determined_on=TODAY, **MAX) == {}


def test_p03_naming_a_contract_that_is_not_there_frees_nothing():
    case = a_case(contracts_named=True, guarantee_contract_nos=("GC9",))
    owing = {"L1": a_loan(balance=1)}
    assert failures(loans=owing, case=case) == {"DRG-P03": ["OTHER_OBLIGATION"]}


def _seizure(**changes):
    facts: dict[str, Any] = {"doc_no": "S-1", "court": "court", "starts_on": date(2022, 6, 10)}
    return Seizure(**facts | changes)


@pytest.mark.parametrize(
    ("seizure", "passes"),
    [
        ({"ends_on": TODAY - DAY}, True),
        ({"ends_on": TODAY}, False),
        ({"ends_on": TODAY + DAY}, False),
        ({"ends_on": TODAY + DAY, "lifted_on": TODAY}, True),
        ({"ends_on": TODAY + DAY, "lifted_on": TODAY + DAY}, False),
        ({"starts_on": TODAY + DAY, "ends_on": None}, True),
        ({"starts_on": TODAY, "ends_on": None}, False),
        ({"ends_on": TODAY + DAY, "rank": 2}, False),
    ],
)
def test_p04_a_seizure_blocks_within_its_term(seizure, passes):
    collateral = a_collateral(seizures=(_seizure(**seizure),))
    expected = {} if passes else {"DRG-P04": ["SEIZED"]}
    assert failures(collateral=collateral) == expected


# Five working days before Tuesday 10 June is Tuesday 3 June; over the holidays more days pass.
@pytest.mark.parametrize(
    ("searched_on", "today", "passes"),
    [
        (TODAY, TODAY, True),
        (date(2025, 6, 3), TODAY, True),
        (date(2025, 6, 2), TODAY, False),
        (date(2025, 9, 29), date(2025, 10, 13), True),
        (date(2025, 9, 29), date(2025, 10, 14), False),
        (None, TODAY, False),
    ],
)
def test_p04_a_title_search_is_five_working_days_old_at_most(searched_on, today, passes):
    searches = () if searched_on is None else (a_search(searched_on),)
    found = failures(collateral=a_collateral(title_searches=searches), today=today)
    assert found == ({} if passes else {"DRG-P04": ["TITLE_SEARCH_STALE"]})


def test_p04_the_newest_search_decides_and_may_itself_show_a_seizure():
    seized = a_search(TODAY, no="TS2", result=TitleSearchResult.SEIZED)
    before = a_search(TODAY - DAY)
    found = failures(collateral=a_collateral(title_searches=(seized, before)))
    assert found == {"DRG-P04": ["SEIZED"]}
    lifted = a_search(TODAY, no="TS3")
    assert failures(collateral=a_collateral(title_searches=(seized, lifted))) == {}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"holds": (a_hold(),)}, ["LEGAL_HOLD"]),
        ({"legal_cases": (a_legal_case(),)}, ["LITIGATION_OPEN"]),
        ({"loans": {"L1": a_loan(status=LoanStatus.IN_LITIGATION)}}, ["LITIGATION_OPEN"]),
        (
            {"holds": (a_hold(),), "legal_cases": (a_legal_case(),)},
            ["LEGAL_HOLD", "LITIGATION_OPEN"],
        ),
    ],
)
def test_p05_holds_and_litigation_block(facts, expected):
    assert failures(**facts) == {"DRG-P05": expected}


@pytest.mark.parametrize("state", CustodyState)
def test_p06_a_paper_is_in_the_vault_or_at_its_end(state):
    fine = TERMINAL | {CustodyState.IN_VAULT, CustodyState.ELECTRONIC_ON_FILE}
    found = failures(certificates=(a_certificate(custody_state=state),))
    opinion = found.pop("DRG-P10", None)
    assert found == ({} if state in fine else {"DRG-P06": ["CERT_NOT_IN_VAULT"]})
    assert opinion == (["DOC_MISSING"] if state is CustodyState.LOST else None)


def test_p06_a_lost_paper_goes_by_what_the_registry_took_in_its_place():
    lost = (a_certificate(custody_state=CustodyState.LOST),)
    papers = [DocType.DEREG_APPLICATION, DocType.OWNER_ID, DocType.LEGAL_OPINION]
    proven = [*papers, DocType.LOSS_STATEMENT, DocType.REGISTRY_ACCEPTANCE]
    assert failures(certificates=lost, case=a_case(*proven)) == {}
    for missing in proven[-2:]:
        given = [code for code in proven if code is not missing]
        found = failures(certificates=lost, case=a_case(*given))
        assert found == {"DRG-P06": ["CERT_NOT_IN_VAULT"]}


@pytest.mark.parametrize(
    ("lock", "passes"),
    [
        (None, True),
        (a_case_lock(), True),
        (a_case_lock("case-2"), False),
        (Lock(kind=LockKind.VAULT_PROPOSAL, id="case-1"), False),
        (Lock(kind=LockKind.CHECK_OUT, id="x"), False),
    ],
)
def test_p06_only_the_case_itself_may_hold_the_paper(lock, passes):
    found = failures(certificates=(replace(INSIDE, lock=lock),))
    assert found == ({} if passes else {"DRG-P06": ["CERT_NOT_IN_VAULT"]})


@pytest.mark.parametrize(
    ("case_id", "stage", "passes"),
    [
        ("case-1", Stage.FILE, True),
        ("case-2", Stage.FILE, False),
        ("case-1", Stage.VAULT_OUT, True),  # a reissued paper follows the others
        ("case-2", Stage.VAULT_OUT, False),
        ("case-1", Stage.SUBMIT, False),
    ],
)
def test_p06_a_paper_taken_out_is_in_hand_for_its_own_case_on_its_way(case_id, stage, passes):
    out = a_certificate(custody_state=CustodyState.OUT_FOR_DEREG, lock=a_case_lock(case_id))
    needed = documents_needed(DeregKind.FULL_SETTLEMENT, stage, HandlingMode.BANK, agent=False)
    found = failures(certificates=(out,), stage=stage, case=a_case(*needed))
    assert found == ({} if passes else {"DRG-P06": ["CERT_NOT_IN_VAULT"]})


FRIDAY, MONDAY = date(2025, 6, 6), date(2025, 6, 9)
CHANNEL = SettlementChannel


@pytest.mark.parametrize(
    ("loan", "today", "passes"),
    [
        ({"settlement_channel": CHANNEL.DIRECT_DEBIT}, FRIDAY, False),
        ({"settlement_channel": CHANNEL.DIRECT_DEBIT}, date(2025, 6, 8), False),
        ({"settlement_channel": CHANNEL.DIRECT_DEBIT}, MONDAY, True),
        ({"settlement_channel": CHANNEL.CHEQUE}, FRIDAY, False),
        ({"settlement_channel": CHANNEL.OTHER}, FRIDAY, False),
        ({"settlement_channel": None}, FRIDAY, False),
        ({"settlement_channel": CHANNEL.CASH}, FRIDAY, True),
        ({"settlement_channel": CHANNEL.OWN_ACCOUNT}, FRIDAY, True),
        ({"settled_on": None}, MONDAY, False),
        ({"settlement_final_on": date(2025, 6, 10)}, MONDAY, False),
        ({"settlement_final_on": FRIDAY}, FRIDAY, True),
        ({"status": LoanStatus.CANCELLED, "settled_on": None}, FRIDAY, True),
    ],
)
def test_p12_the_settlement_can_no_longer_be_reversed(loan, today, passes):
    facts = {"collateral": a_collateral(title_searches=(a_search(FRIDAY),))}
    paid = a_loan(**{"settled_on": FRIDAY} | loan)
    found = failures(loans={"L1": paid}, today=today, **facts)
    assert found == ({} if passes else {"DRG-P12": ["SETTLEMENT_NOT_FINAL"]})


def test_a_reversed_repayment_stops_the_vault_out_after_the_approval():
    collateral = a_collateral(title_searches=(a_search(FRIDAY),))
    paid = a_loan(settled_on=FRIDAY)
    reversed_ = replace(paid, status=LoanStatus.ACTIVE, balance=1, settled_on=None)
    on_monday = {"collateral": collateral, "today": MONDAY}
    assert failures(loans={"L1": paid}, stage=Stage.APPROVE, **on_monday) == {}
    found = failures(loans={"L1": reversed_}, stage=Stage.VAULT_OUT, **on_monday)
    assert found == {"DRG-P01": ["NOT_SETTLED"], "DRG-P12": ["SETTLEMENT_NOT_FINAL"]}
