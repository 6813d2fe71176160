"""Signals, claims, applicants and archives: each precondition turns on one fact."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.collaterals import Owner
from domain.deregistration import Applicant
from domain.dossiers import DocType, DossierItem, ItemStage, ItemStatus, unfiled
from domain.loans import LoanStatus
from domain.refusals import RefusalCode
from domain.release import Outcome
from domain.release_question import Stage
from domain.watch import SignalCategory, SignalSeverity
from tests.domain.builders import (
    TODAY,
    a_case,
    a_collateral,
    a_dossier,
    a_loan,
)
from tests.domain.release_builders import a_signal, asked, failures

DAY = timedelta(days=1)


@pytest.mark.parametrize("severity", SignalSeverity)
@pytest.mark.parametrize("category", SignalCategory)
def test_p07_a_red_signal_or_a_grave_matter_blocks(category, severity):
    grave = {SignalCategory.FRAUD, SignalCategory.AML, SignalCategory.COLLATERAL_DISPUTE}
    blocks = severity is SignalSeverity.RED or category in grave
    found = failures(signals=(a_signal(category=category, severity=severity),))
    assert found == ({"DRG-P07": ["RISK_SIGNAL_OPEN"]} if blocks else {})


@pytest.mark.parametrize(
    ("loan", "expected"),
    [
        ({"status": LoanStatus.WRITTEN_OFF}, {}),
        (
            {"status": LoanStatus.WRITTEN_OFF, "written_off_balance": 1},
            {"DRG-P01": ["NOT_SETTLED"], "DRG-P08": ["WRITTEN_OFF_NOT_SETTLED"]},
        ),
        (
            {"status": LoanStatus.WRITTEN_OFF, "off_balance_interest": 1},
            {"DRG-P01": ["NOT_SETTLED"], "DRG-P08": ["WRITTEN_OFF_NOT_SETTLED"]},
        ),
        (
            {"status": LoanStatus.WRITTEN_OFF, "balance": 1},
            {"DRG-P01": ["NOT_SETTLED"], "DRG-P08": ["WRITTEN_OFF_NOT_SETTLED"]},
        ),
        (
            {"status": LoanStatus.IN_LITIGATION, "written_off_balance": 1},
            {
                "DRG-P01": ["NOT_SETTLED"],
                "DRG-P05": ["LITIGATION_OPEN"],
                "DRG-P08": ["WRITTEN_OFF_NOT_SETTLED"],
            },
        ),
        ({"status": LoanStatus.ASSIGNED}, {"DRG-P08": ["CLAIM_TRANSFERRED"]}),
    ],
)
def test_p08_the_claim_is_alive_and_ours(loan, expected):
    assert failures(loans={"L1": a_loan(**loan)}) == expected


@pytest.mark.parametrize(
    "facts",
    [
        {"collateral": a_collateral(encumbered_by="ABS-1")},
        {"loans": {"L1": a_loan(encumbered_by="ABS-1")}},
    ],
)
def test_p09_nothing_is_pledged_on_by_the_bank(facts):
    assert failures(**facts) == {"DRG-P09": ["BANK_ENCUMBERED"]}


def _entitled(owners, documents, applicant):
    given = (DocType.DEREG_APPLICATION, DocType.OWNER_ID, *documents)
    case = a_case(*given, applicant=Applicant(**applicant))
    return failures(collateral=a_collateral(owners=owners), case=case)


FIRST, SECOND = Owner(party="C1"), Owner(party="C2")
REFUSED = {"DRG-P11": ["APPLICANT_NOT_ENTITLED"]}
AGENT = (DocType.AGENT_POA, DocType.AGENT_ID)


@pytest.mark.parametrize(
    ("owners", "documents", "applicant", "expected"),
    [
        ((FIRST, SECOND), (), {"owners": ("C1", "C2")}, {}),
        ((FIRST, SECOND), (), {"owners": ("C1",)}, REFUSED),
        ((FIRST,), (), {"owners": ("C9",)}, REFUSED),
        ((FIRST,), (), {}, REFUSED),
        ((FIRST,), AGENT, {"owners": ("C1",), "agent": "A1"}, {}),
        (
            (FIRST,),
            (DocType.AGENT_ID,),
            {"owners": ("C1",), "agent": "A1"},
            {"DRG-P10": ["DOC_MISSING"]} | REFUSED,
        ),
        (
            (FIRST, SECOND),
            AGENT,
            {"owners": ("C1",), "agent": "A1", "represented": ("C2",)},
            {},
        ),
        ((FIRST, SECOND), AGENT, {"agent": "A1", "represented": ("C1", "C2")}, {}),
        ((FIRST, SECOND), AGENT, {"agent": "A1", "represented": ("C1",)}, REFUSED),
        ((FIRST, SECOND), AGENT, {"owners": ("C1",), "represented": ("C2",)}, REFUSED),
        (
            (FIRST,),
            (DocType.AGENT_ID,),
            {"agent": "A1", "represented": ("C1",)},
            {"DRG-P10": ["DOC_MISSING"]} | REFUSED,
        ),
        ((replace(FIRST, deceased=True),), (), {"owners": ("C1",)}, REFUSED),
        ((replace(FIRST, deceased=True),), (DocType.HEIR_PROOF,), {"owners": ("C1",)}, REFUSED),
        ((replace(FIRST, deceased=True),), (), {"owners": ("H1",)}, REFUSED),
        (
            (replace(FIRST, deceased=True),),
            (*AGENT, DocType.HEIR_PROOF),
            {"agent": "A1", "represented": ("C1",)},
            REFUSED,
        ),
        (
            (replace(FIRST, deceased=True),),
            (*AGENT, DocType.HEIR_PROOF),
            {"agent": "A1", "represented": ("H1",)},
            {},
        ),
        (
            (replace(FIRST, deceased=True), SECOND),
            (DocType.HEIR_PROOF,),
            {"owners": ("C2",)},
            {},  # who owned it with him may be his heir
        ),
        ((replace(FIRST, deceased=True),), (DocType.HEIR_PROOF,), {"owners": ("H1",)}, {}),
        ((replace(FIRST, deceased=True),), (DocType.HEIR_PROOF,), {}, REFUSED),
        (
            (replace(FIRST, deceased=True), SECOND),
            (DocType.HEIR_PROOF,),
            {"owners": ("H1",)},
            REFUSED,
        ),
        ((replace(FIRST, minor=True),), (), {"owners": ("C1",)}, REFUSED),
        ((replace(FIRST, minor=True),), (DocType.GUARDIAN_PROOF,), {"owners": ("C1",)}, {}),
    ],
)
def test_p11_every_entitled_person_applies(owners, documents, applicant, expected):
    assert _entitled(owners, documents, applicant) == expected


def _settlement_item(status):
    return DossierItem(
        code=DocType.SETTLEMENT_PROOF, stage=ItemStage.AT_SETTLEMENT, required=True, status=status
    )


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("status", ItemStatus)
def test_p13_settlement_items_warn_until_the_closing(status, stage):
    dossier = a_dossier(items=(_settlement_item(status),))
    result = _answer("DRG-P13", unfiled=(unfiled(dossier),), stage=stage)
    filed = status in {ItemStatus.ACCEPTED, ItemStatus.WAIVED, ItemStatus.NOT_APPLICABLE}
    late = Outcome.FAIL if stage is Stage.CLOSE else Outcome.WARNING
    assert result.outcome is (Outcome.PASS if filed else late)


def test_w1_other_overdue_debt_warns_and_never_blocks():
    assert _answer("DRG-W1").outcome is Outcome.PASS
    owing = {"other_debts": (a_loan(loan_no="L7", status=LoanStatus.OVERDUE, balance=1),)}
    result = _answer("DRG-W1", **owing)
    assert (result.outcome, result.refusals[0].code) == (Outcome.WARNING, RefusalCode.OTHER_DEBT)
    assert asked(**owing).ready


@pytest.mark.parametrize(
    ("expires", "outcome"),
    [(TODAY - DAY, Outcome.WARNING), (TODAY, Outcome.PASS), (None, Outcome.PASS)],
)
def test_w2_an_expired_claim_warns_and_never_blocks(expires, outcome):
    loans = {"L1": a_loan(limitation_expires_on=expires)}
    assert _answer("DRG-W2", loans=loans).outcome is outcome
    assert asked(loans=loans).ready


def _answer(rule_id, **changes):
    return next(result for result in asked(**changes).results if result.id == rule_id)
