"""When the bank says that a loan is settled, and what takes the word back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.deregistration import DeregKind
from domain.dossiers import (
    DocType,
    DossierItem,
    DossierStatus,
    ItemStage,
    ItemStatus,
    settlement_locked,
)
from domain.files import READABLE, ArchiveFile, FileClass, FileStatus
from domain.loans import OWED_PARTS, LoanStatus, SettlementChannel
from domain.release_kinds import SETTLES
from domain.settlement_proofs import (
    ProofStanding,
    no_place,
    proof_no,
    proof_of,
    proven_already,
    reopened,
    resting_on,
    standing,
    unproven,
    voided,
    voided_file,
    voided_version,
)
from papers.settlement_proofs import OWED
from tests.domain.builders import (
    CALENDAR,
    NOW,
    PLACE,
    POLICY,
    TODAY,
    a_case,
    a_dossier,
    a_loan,
    a_version,
    codes,
)
from tests.domain.proof_builders import a_proof


def refused(today: date = TODAY, **facts) -> list[str]:
    loan = a_loan(**facts)
    return codes(unproven(loan, policy=POLICY, calendar=CALENDAR, today=today))


def test_a_loan_that_is_settled_for_good_is_proven():
    assert refused() == []


@pytest.mark.parametrize("part", [name for _, name in OWED_PARTS])
@pytest.mark.parametrize(("fen", "expected"), [(0, []), (1, ["NOT_SETTLED"])])
def test_one_fen_of_any_kind_is_in_the_way(part, fen, expected):
    assert refused(**{part: fen}) == expected


def test_the_paper_names_every_kind_of_debt_that_the_rule_asks_about():
    assert len(OWED) == len(OWED_PARTS)


@pytest.mark.parametrize(
    ("channel", "settled_on", "expected"),
    [
        (SettlementChannel.CASH, TODAY, []),
        (SettlementChannel.DIRECT_DEBIT, TODAY, ["SETTLEMENT_NOT_FINAL"]),
        (SettlementChannel.DIRECT_DEBIT, TODAY - timedelta(days=1), []),
        (SettlementChannel.CASH, TODAY + timedelta(days=1), ["SETTLEMENT_NOT_FINAL"]),
        (SettlementChannel.CASH, None, ["SETTLEMENT_NOT_FINAL"]),
    ],
)
def test_what_could_still_be_reversed_is_not_proven(channel, settled_on, expected):
    assert refused(settlement_channel=channel, settled_on=settled_on) == expected


UNDRAWN = {"disbursed_on": None, "settled_on": None}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": LoanStatus.ASSIGNED}, ["CLAIM_TRANSFERRED"]),
        ({"status": LoanStatus.APPROVED}, ["NOT_SETTLED"]),
        ({"status": LoanStatus.CANCELLED, "settled_on": None}, []),  # drawn, and paid back
        ({"status": LoanStatus.CANCELLED} | UNDRAWN, ["STATE_CONFLICT"]),
        ({"status": LoanStatus.WRITTEN_OFF}, []),  # written off and paid after all
        (
            {"status": LoanStatus.ASSIGNED, "penalty": 1, "settled_on": None},
            ["NOT_SETTLED", "CLAIM_TRANSFERRED", "SETTLEMENT_NOT_FINAL"],
        ),
    ],
)
def test_every_reason_is_given_at_once(facts, expected):
    assert refused(**facts) == expected


def test_a_second_proof_is_refused_while_the_first_stands():
    assert proven_already(None) is None
    again = proven_already(a_proof())
    assert again is not None
    assert (again.code, again.detail["subject"]) == (
        "STATE_CONFLICT",
        "Settlement proof SP20250610-0000000001",
    )


@pytest.mark.parametrize("status", DossierStatus)
def test_a_proof_needs_a_dossier_that_is_here(status):
    found = codes([no_place(a_loan(), a_dossier(status=status))])
    gone = {DossierStatus.TRANSFERRED, DossierStatus.DESTROYED}
    assert found == (["IMMUTABLE"] if status in gone else [])
    assert codes([no_place(a_loan(), None)]) == ["IMMUTABLE"]


def test_a_proof_keeps_what_is_printed_on_it():
    given = {"id": "proof_01M893P7Z977ZCNJ0ARVKPX84D", "case_id": None, "org_name": "分行"}
    proof = proof_of(a_loan(), **given, by="handler", now=NOW, today=TODAY)
    assert (proof.no, proof.loan_no, proof.contract_no) == (
        "SP20250610-0ARVKPX84D",
        "L1",
        "CC1",
    )
    assert (proof.principal_amount, proof.settled_on) == (100_000_000, date(2025, 5, 6))
    assert (proof.org_code, standing(known=True, voided_at=proof.voided_at)) == (
        PLACE["org_code"],
        ProofStanding.VALID,
    )
    assert proof_no("proof_X0000000001", TODAY) != proof_no("proof_X0000000002", TODAY)


def test_a_voided_number_is_void_for_ever_and_an_unknown_one_unknown():
    void = voided(a_proof(), reason="SETTLEMENT_REVERSED", now=NOW)
    assert standing(known=True, voided_at=void.voided_at) is ProofStanding.VOIDED
    assert (void.voided_at, void.void_reason, void.no) == (NOW, "SETTLEMENT_REVERSED", a_proof().no)
    assert standing(known=False, voided_at=None) is ProofStanding.UNKNOWN
    with pytest.raises(AssertionError):
        voided(void, reason="again", now=NOW)


def test_the_file_of_a_voided_proof_says_so_and_stays_readable():
    void = voided(a_proof(), reason="SETTLEMENT_REVERSED", now=NOW)
    file = ArchiveFile(
        id="file-1",
        dossier_id="dossier-1",
        loan_no="L1",
        doc_type=DocType.SETTLEMENT_PROOF,
        title=void.no,
        file_class=FileClass.B,
        **PLACE,
    )
    after = voided_file(file, void)
    assert (after.status, after.voided_at, after.void_reason) == (
        FileStatus.VOIDED,
        NOW,
        "SETTLEMENT_REVERSED",
    )
    version = voided_version(a_version(status=FileStatus.ACCEPTED), void)
    assert (version.status, version.reason) == (FileStatus.VOIDED, "SETTLEMENT_REVERSED")
    assert version.status in READABLE


def test_the_checklist_waits_for_a_proof_again():
    line = DossierItem(
        code=DocType.SETTLEMENT_PROOF,
        stage=ItemStage.AT_SETTLEMENT,
        required=True,
        status=ItemStatus.ACCEPTED,
        current_version_id="fv-1",
        accepted_at=NOW,
        accepted_by="SYSTEM",
    )
    other = DossierItem(code=DocType.OWNER_ID, stage=ItemStage.AT_SETTLEMENT, required=True)
    before = a_dossier(items=(line, other))
    after = reopened(before, a_proof())
    assert after.items[1] == other
    item = after.items[0]
    locked = reopened(settlement_locked(before), a_proof())
    assert locked.items == (item, replace(other, locked=True))
    assert (item.status, item.current_version_id) == (ItemStatus.MISSING, None)
    assert (item.accepted_at, item.accepted_by) == (None, None)
    assert item.reason == "SP20250610-0000000001 is void"


@pytest.mark.parametrize("kind", DeregKind)
def test_a_case_that_ends_a_debt_names_each_proof_once_beside_the_void_ones(kind):
    case = a_case(kind=kind, settlement_proof_nos=("SP1",))
    after = resting_on(case, [a_proof(no="SP2"), a_proof(no="SP1")])
    expected = ("SP1", "SP2") if kind in SETTLES else ("SP1",)
    assert after.settlement_proof_nos == expected
