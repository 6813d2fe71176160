"""Which documents each stage asks for, several refusals at once, and what is kept as evidence."""

from dataclasses import replace
from typing import Any

import pytest

from domain.certificates import CustodyState
from domain.collaterals import CollateralKind, Owner, PledgeState
from domain.deregistration import DeregKind, HandlingMode
from domain.dossiers import DocType, DossierItem, ItemStage, unfiled
from domain.files import FileStatus
from domain.guarantees import Guarantor
from domain.loans import LoanStatus
from domain.refusals import RefusalCode
from domain.release import evaluate
from domain.release_kinds import RULES, documents_needed
from domain.release_papers import unfit_to_close
from domain.release_question import Rest, Stage
from domain.watch import SignalSeverity
from tests.domain.builders import (
    CALENDAR,
    NOW,
    POLICY,
    TODAY,
    a_case,
    a_certificate,
    a_collateral,
    a_contract,
    a_document,
    a_dossier,
    a_loan,
)
from tests.domain.release_builders import a_signal, asked, failures, some_facts

D = DocType
BASE = {D.DEREG_APPLICATION, D.OWNER_ID}
CONSENT, FORM = D.MORTGAGE_CANCEL_CONSENT, D.REGISTRY_APPLICATION
FINAL = {D.CERT_RECEIPT, D.REGISTRY_RESULT}
FULL = DeregKind.FULL_SETTLEMENT
BANK, OWNER, ONLINE = HandlingMode.BANK, HandlingMode.OWNER, HandlingMode.ONLINE


@pytest.mark.parametrize(
    ("stage", "mode", "needed"),
    [
        (Stage.PRECHECK, BANK, BASE),
        (Stage.SUBMIT, BANK, BASE),
        (Stage.APPROVE, BANK, BASE),
        (Stage.VAULT_OUT, BANK, BASE),
        (Stage.FILE, BANK, BASE | {CONSENT, FORM}),
        (Stage.SUBMIT, OWNER, BASE),
        (Stage.APPROVE, OWNER, BASE),
        (Stage.VAULT_OUT, OWNER, BASE | {CONSENT}),
        (Stage.SUBMIT, ONLINE, BASE),
        (Stage.FILE, ONLINE, BASE | {CONSENT, FORM}),
    ],
)
@pytest.mark.parametrize("agent", [False, True])
def test_documents_are_asked_for_when_they_can_exist(stage, mode, needed, agent):
    expected = needed | ({D.AGENT_POA, D.AGENT_ID} if agent else set())
    found = documents_needed(FULL, stage, mode, agent=agent)
    assert set(found) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("mode", "needed"),
    [(BANK, BASE | FINAL | {CONSENT, FORM}), (OWNER, BASE | FINAL | {CONSENT})],
)
def test_the_receipt_and_the_result_are_there_at_the_closing(mode, needed):
    assert set(documents_needed(FULL, Stage.CLOSE, mode, agent=False, returned=True)) == needed
    unsigned = documents_needed(FULL, Stage.CLOSE, mode, agent=False)
    assert set(unsigned) == needed - {D.CERT_RECEIPT}


@pytest.mark.parametrize("kind", [kind for kind in DeregKind if RULES[kind] > {"DRG-P10"}])
@pytest.mark.parametrize(
    ("state", "signed", "closes"),
    [
        (CustodyState.RETURNED_TO_OWNER, False, False),
        (CustodyState.RETURNED_TO_OWNER, True, True),
        (CustodyState.SURRENDERED, False, True),
    ],
)
def test_a_case_of_any_kind_ends_with_a_receipt_where_a_paper_was_returned(
    kind, state, signed, closes
):
    paper = a_certificate(custody_state=state)
    given = documents_needed(kind, Stage.CLOSE, BANK, agent=False, returned=signed)
    refusal = unfit_to_close(a_case(*given, kind=kind), [paper])
    assert (refusal is None) is closes
    if refusal is not None:
        assert refusal.detail == {"documents": "CERT_RECEIPT"}


def test_a_paper_that_was_never_the_cases_asks_for_no_receipt():
    paper = a_certificate(id="another", custody_state=CustodyState.RETURNED_TO_OWNER)
    given = documents_needed(FULL, Stage.CLOSE, BANK, agent=False)
    assert unfit_to_close(a_case(*given), [paper]) is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((D.DEREG_APPLICATION, D.OWNER_ID, CONSENT, FORM), None),
        ((D.DEREG_APPLICATION, D.OWNER_ID, CONSENT), "REGISTRY_APPLICATION"),
        ((D.OWNER_ID, CONSENT, FORM), "DEREG_APPLICATION"),
        ((D.OWNER_ID, FORM), "DEREG_APPLICATION, MORTGAGE_CANCEL_CONSENT"),
    ],
)
def test_p10_every_missing_document_is_named(given, missing):
    refusals = asked(stage=Stage.FILE, case=a_case(*given)).refusals
    assert [refusal.detail["documents"] for refusal in refusals] == ([missing] if missing else [])


def test_nobody_applied_yet_is_told_as_such():
    unlocked = a_certificate(custody_state=CustodyState.IN_VAULT)
    assert failures(case=None, certificates=(unlocked,)) == {
        "DRG-P10": ["DOC_MISSING"],
        "DRG-P11": ["APPLICANT_NOT_ENTITLED"],
    }


def test_all_that_stands_in_the_way_is_told_at_once_with_its_rule():
    evaluation = asked(
        loans={"L1": a_loan(status=LoanStatus.OVERDUE, balance=1)},
        collateral=a_collateral(title_searches=()),
        certificates=(a_certificate(custody_state=CustodyState.CHECKED_OUT),),
        signals=(a_signal(severity=SignalSeverity.RED),),
    )
    assert [(refusal.rule_id, refusal.code.value) for refusal in evaluation.refusals] == [
        ("DRG-P01", "NOT_SETTLED"),
        ("DRG-P04", "TITLE_SEARCH_STALE"),
        ("DRG-P06", "CERT_NOT_IN_VAULT"),
        ("DRG-P07", "RISK_SIGNAL_OPEN"),
    ]
    assert not evaluation.ready


@pytest.mark.parametrize("stage", Stage)
def test_a_debt_stands_in_the_way_at_every_stage(stage):
    assert "DRG-P01" in failures(stage=stage, loans={"L1": a_loan(balance=1)})


def test_an_evaluation_keeps_what_it_saw():
    evaluation = asked()
    seen = {result.id: dict(result.facts) for result in evaluation.results}
    assert (evaluation.on, evaluation.stage) == (TODAY, Stage.SUBMIT)
    assert seen["DRG-P01"] == {
        "L1": f"SETTLED, nothing owed, as of {NOW.isoformat(timespec='seconds')}"
    }
    assert seen["DRG-P04"] == {"TS1": f"{TODAY.isoformat()} CLEAR"}
    assert seen["DRG-P06"] == {a_certificate().cert_no: "IN_VAULT"}


def with_file(status: FileStatus, *documents: D, **changes: Any) -> dict[str, list[str]]:
    """What fails where the file of each of a case's documents came to that."""
    case = a_case(D.DEREG_APPLICATION, D.OWNER_ID, *documents)
    return failures(case=case, files={"fv-1": status}, **changes)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (FileStatus.READY, True),
        (FileStatus.ACCEPTED, True),
        (FileStatus.SUPERSEDED, True),
        (FileStatus.REJECTED, False),
        (FileStatus.VOIDED, False),
        (FileStatus.QUARANTINED, False),
        (FileStatus.DESTROYED, False),
    ],
)
def test_a_document_whose_file_was_refused_or_is_gone_counts_no_more(status, counts):
    assert with_file(status) == ({} if counts else {"DRG-P10": ["DOC_MISSING"]})
    lost = (a_certificate(custody_state=CustodyState.LOST),)
    papers = (D.LOSS_STATEMENT, D.REGISTRY_ACCEPTANCE, D.LEGAL_OPINION)
    found = with_file(status, *papers, certificates=lost)
    assert found.get("DRG-P06") == (None if counts else ["CERT_NOT_IN_VAULT"])
    minor = a_collateral(owners=(Owner(party="C1", minor=True),))
    found = with_file(status, D.GUARDIAN_PROOF, collateral=minor)
    assert found.get("DRG-P11") == (None if counts else ["APPLICANT_NOT_ENTITLED"])


def test_an_older_document_of_that_kind_still_counts():
    refused = replace(a_document(D.OWNER_ID), file_version_id="fv-2")
    case = a_case()
    case = replace(case, documents=(*case.documents, refused))
    files = {"fv-1": FileStatus.ACCEPTED, "fv-2": FileStatus.REJECTED}
    assert failures(case=case, files=files) == {}


@pytest.mark.parametrize("status", [FileStatus.ACCEPTED, FileStatus.REJECTED])
def test_a_consent_that_was_refused_is_none(status):
    consent = replace(a_document(D.GUARANTOR_CONSENT), party="G1", file_version_id="fv-consent")
    guarantor = Guarantor(party="G1", third_party=True)
    contract = a_contract(guarantors=(guarantor,))
    papers = [a_document(code) for code in (D.DEREG_APPLICATION, D.OWNER_ID)]
    found = failures(
        contracts=(contract,),
        rest=Rest(contracts=(contract,)),
        case=replace(a_case(kind=DeregKind.WAIVER), documents=(*papers, consent)),
        files={"fv-consent": status},
    )
    assert found.get("DRG-L05") == (None if status is FileStatus.ACCEPTED else ["CONSENT_MISSING"])


def test_every_precondition_tells_what_it_looked_at():
    item = DossierItem(code=D.OWNER_ID, stage=ItemStage.AT_SETTLEMENT, required=True)
    land = a_collateral(id="collateral-2", no="COL2", kind=CollateralKind.LAND, moves_with="COL1")
    evaluation = asked(
        loans={"L1": a_loan(encumbered_by="ABS-1", limitation_expires_on=TODAY)},
        other_debts=(a_loan(loan_no="L9", status=LoanStatus.OVERDUE, dpd=12),),
        unfiled=(unfiled(a_dossier(items=(item,))),),
        rest=Rest(collaterals={"COL2": land}),
    )
    seen = {result.id: dict(result.facts) for result in evaluation.results}
    assert all(seen[rule_id] for rule_id in ("DRG-P09", "DRG-L06", "DRG-W1", "DRG-W2"))
    assert seen["DRG-P09"] == {"COL1": "free", "L1": "ABS-1"}
    assert seen["DRG-P13"] == {"D1": "OPEN, to file OWNER_ID"}
    assert seen["DRG-L06"] == {"COL2": "EFFECTIVE, no open release, under no contract"}
    assert seen["DRG-W1"] == {"L9": "OVERDUE, 12 days past due"}
    assert seen["DRG-W2"] == {"L1": TODAY.isoformat()}
    nothing = {result.id: dict(result.facts) for result in asked().results}
    assert nothing["DRG-L06"] == {"COL1": "goes with nothing else"}
    assert nothing["DRG-W1"] == {"overdue": "none"}
    assert nothing["DRG-W2"] == {"L1": "none recorded"}


@pytest.mark.parametrize("state", PledgeState)
@pytest.mark.parametrize("kind", [FULL, DeregKind.ENFORCED])
def test_before_there_is_a_case_what_keeps_one_from_being_opened_is_told_first(kind, state):
    question = {"pledge_state": state}
    free = state in {PledgeState.EFFECTIVE, PledgeState.PARTIALLY_RELEASED, PledgeState.PROPOSED}
    free = free or (kind is DeregKind.ENFORCED and state is PledgeState.IN_ENFORCEMENT)
    told = evaluate(
        some_facts(collateral=a_collateral(**question), case=None),
        kind=kind,
        stage=Stage.PRECHECK,
        mode=BANK,
        policy=POLICY,
        calendar=CALENDAR,
        today=TODAY,
    )
    first = told.refusals[0]
    assert (first.rule_id == "DRG-R03") is not free
    assert free or first.code is RefusalCode.STATE_CONFLICT


def test_a_case_that_holds_its_collateral_is_not_in_its_own_way():
    releasing = a_collateral(pledge_state=PledgeState.RELEASING, open_case_id="case-1")
    assert failures(collateral=releasing) == {}
