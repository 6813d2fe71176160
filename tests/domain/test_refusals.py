"""Every refusal says in both languages what is wrong and which fact decides."""

import string
from datetime import timedelta

import pytest

from domain.case_approvals import approval_refusals
from domain.case_steps import impossible
from domain.certificates import Carrier, CertType, CustodyState, Lock, LockKind
from domain.custody import Movement, illegal
from domain.deregistration import CaseState, CaseStep
from domain.dossiers import DocType, DossierStatus
from domain.dual_control import confirmation_refusals, conflicting_part
from domain.files import Arrived, arrival_refusals, request_refusals
from domain.guarantees import GuaranteeLink, GuaranteeMode
from domain.handovers import receipt_refusals
from domain.loans import OWED_PARTS, LoanStatus
from domain.messages import MESSAGES, message
from domain.policy import unfit
from domain.processing import expectation_refusals
from domain.refusals import Refusal, RefusalCode, Refused, invalid, refuse_if
from domain.release_question import Stage
from domain.vaulting import locked, paper_only, scan_missing
from domain.vaults import VaultStatus, frozen, seal_used, slot_taken
from tests.domain.builders import (
    NOW,
    POLICY,
    TODAY,
    a_case,
    a_certificate,
    a_collateral,
    a_contract,
    a_dossier,
    a_loan,
    a_version,
    an_actor,
)
from tests.domain.release_builders import a_hold, a_legal_case, a_signal, asked, some_facts
from tests.domain.vault_builders import a_handover, a_proposal, a_slot, a_vault

PUBLISHED = """
STATE_CONFLICT VERSION_CONFLICT PAYLOAD_CHANGED DUAL_CONTROL_SAME_PERSON PROPOSAL_EXPIRED
SOD_VIOLATION SELF_APPROVAL OPEN_REQUEST_EXISTS SCAN_MISSING SLOT_OCCUPIED SEAL_REUSED
DUPLICATE_CERT ELECTRONIC_CERT RETURN_MISMATCH VAULT_FROZEN NOT_SETTLED SETTLEMENT_NOT_FINAL
MAXAMOUNT_UNDETERMINED OTHER_OBLIGATION SEIZED TITLE_SEARCH_STALE LEGAL_HOLD LITIGATION_OPEN
CERT_NOT_IN_VAULT RISK_SIGNAL_OPEN WRITTEN_OFF_NOT_SETTLED CLAIM_TRANSFERRED BANK_ENCUMBERED
DOC_MISSING APPLICANT_NOT_ENTITLED ARCHIVE_INCOMPLETE APPROVAL_LEVEL IRREVERSIBLE HASH_MISMATCH
UNSUPPORTED_TYPE IMMUTABLE OUT_OF_SCOPE_PRODUCT RELEASE_IN_PROGRESS IDEMPOTENCY_MISMATCH
LIMIT_EXCEEDED NOT_FOUND
"""
GAP = "–"


def _names(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_published_codes_keep_their_names():
    assert set(PUBLISHED.split()) <= {code.value for code in RefusalCode}
    assert all(code.name == code.value for code in RefusalCode)


@pytest.mark.parametrize("code", RefusalCode)
def test_a_code_has_a_sentence_in_both_languages(code):
    english, chinese = MESSAGES[code]
    assert english.endswith(".")
    assert chinese.endswith("。")
    assert "!" not in english
    assert any("一" <= letter <= "鿿" for letter in chinese) or code is RefusalCode.VALUE_INVALID
    assert _names(english) == _names(chinese)


def _vaulting():
    paper = a_certificate(custody_state=CustodyState.LOST)
    yield illegal(paper, Movement.VAULT_IN)
    yield locked(a_certificate(lock=Lock(kind=LockKind.CHECK_OUT, id="x")), proposal_id="p")
    yield paper_only(a_certificate(carrier=Carrier.ELECTRONIC))
    yield scan_missing(paper, ())
    yield frozen(a_vault(status=VaultStatus.FROZEN_FOR_COUNT))
    yield slot_taken(a_slot(packet_nos=("P2",)), packet_no="P1", proposal_id="p", now=NOW)
    yield seal_used("S1", known=True)
    yield from expectation_refusals(CertType.VEHICLE_REG, Carrier.PAPER, [a_collateral()])
    yield from receipt_refusals(
        a_handover(),
        a_certificate(),
        receiver="keeper",
        desks=("V1",),
        cert_no="other",
        pages=9,
    )


def _people():
    late = NOW + timedelta(hours=1)
    yield from confirmation_refusals(a_proposal(), payload={}, checker="u1", now=late)
    yield conflicting_part("rm", a_case().parts())
    yield from approval_refusals(
        a_case(state=CaseState.DRAFT),
        some_facts(),
        approver=an_actor("rm"),
        policy=POLICY,
        today=TODAY,
    )
    yield impossible(a_case(state=CaseState.CLOSED), CaseStep.CANCEL)
    yield unfit("no.such.key", "1")
    yield invalid("field", "reason")


def _files():
    promised = a_version()
    arrived = Arrived(sha256="1" * 64, size=9, mime="text/html", pages=None, unreadable="x")
    yield from arrival_refusals(promised, arrived)
    yield from request_refusals(
        doc_type=DocType.CERT_SCAN,
        title="t",
        size=2**40,
        sha256="0" * 64,
        mime="text/html",
        dossier=a_dossier(status=DossierStatus.CLOSED),
        policy=POLICY,
    )


def _releases():
    second = GuaranteeLink(collateral_no="COL1", rank=2)
    owing = {
        "L1": a_loan(status=LoanStatus.WRITTEN_OFF, written_off_balance=1, settled_on=None),
        "L2": a_loan(loan_no="L2", status=LoanStatus.ASSIGNED, balance=1, encumbered_by="ABS"),
        "L3": a_loan(loan_no="L3", settled_on=TODAY, limitation_expires_on=TODAY - timedelta(1)),
    }
    contracts = (
        a_contract("L1", "L3", mode=GuaranteeMode.MAX_AMOUNT),
        a_contract("L2", no="GC2", links=(second,)),
    )
    evaluation = asked(
        stage=Stage.FILE,
        loans=owing,
        contracts=contracts,
        collateral=a_collateral(title_searches=(), encumbered_by="ABS"),
        certificates=(a_certificate(),),
        holds=(a_hold(),),
        legal_cases=(a_legal_case(),),
        signals=(a_signal(severity="RED"),),
        other_debts=(a_loan(loan_no="L7"),),
        case=None,
    )
    for result in evaluation.results:
        yield from result.refusals


GIVEN = [
    refusal
    for source in (_vaulting, _people, _files, _releases)
    for refusal in source()
    if refusal is not None
]


@pytest.mark.parametrize("refusal", GIVEN, ids=lambda refusal: refusal.code)
def test_a_sentence_names_the_facts_that_decided(refusal):
    english, chinese = (message(refusal, chinese=chinese) for chinese in (False, True))
    assert _names(MESSAGES[refusal.code][0]) <= set(refusal.detail)
    for sentence in (english, chinese):
        assert GAP not in sentence
        assert "{" not in sentence
        assert "None" not in sentence


@pytest.mark.parametrize("refusal", GIVEN, ids=lambda refusal: refusal.code)
def test_a_refusal_names_its_rule_and_tells_facts_as_strings(refusal):
    assert refusal.rule_id
    assert all(isinstance(value, str) for value in refusal.detail.values())


def test_most_codes_are_reached_here():
    assert len({refusal.code for refusal in GIVEN}) >= 35


def test_a_missing_fact_leaves_a_gap_not_a_fault():
    bare = Refusal(code=RefusalCode.SEIZED, rule_id="DRG-P04")
    assert message(bare, chinese=False) == "A seizure is in force: –."


@pytest.mark.parametrize(
    ("code", "detail", "expected"),
    [
        (
            RefusalCode.TITLE_SEARCH_STALE,
            {"searched_on": "none", "limit": "5"},
            "最近查册日期为 无",
        ),
        (RefusalCode.APPLICANT_NOT_ENTITLED, {"reason": "nobody has applied yet"}, "尚无人申请"),
        (
            RefusalCode.APPLICANT_NOT_ENTITLED,
            {"reason": "not every registered owner applies: C1; nobody has applied yet"},
            "C1；尚无人申请",
        ),
    ],
)
def test_a_chinese_sentence_words_what_a_fact_says(code, detail, expected):
    refusal = Refusal(code=code, rule_id="DRG-P04", detail=detail)
    assert expected in message(refusal, chinese=True)
    assert all(value in message(refusal, chinese=False) for value in detail.values())


def test_all_refusals_of_a_decision_are_raised_together():
    first, second = invalid("a", "x"), invalid("b", "y")
    refuse_if([])
    refuse_if([None, None])
    with pytest.raises(Refused) as caught:
        refuse_if([first, None, second])
    assert caught.value.refusals == (first, second)


@pytest.mark.parametrize("part", [name for name, _ in OWED_PARTS])
def test_every_part_of_a_debt_has_its_chinese_name(part):
    detail = {"loan": "L1", "owed": f"{part} 1.00, fees ***"}
    told = message(
        Refusal(code=RefusalCode.NOT_SETTLED, rule_id="DRG-P01", detail=detail), chinese=True
    )
    assert part not in told
    assert "费用 ***" in told
