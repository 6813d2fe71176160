"""Releases that take a detour, through HTTP: clocks and archives stay right on the way."""

import httpx2
import pytest

from tests.api.releasing import HOUSE, filed, out, say
from tests.client import (
    CASE,
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    loan_line,
    pdf,
    search,
    settled,
    upload_input,
)

PROOFS = "settlementProofNos settlementProofs { no voidedAt }"
PROOF = f"proof {{ no }} {REFUSALS}"
MORNING = "T09:00:00+08:00"
CLOCK = "state overdue deadlines { nextStep nextDue vaultBackDue totalDue }"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    bank.clock(NOON)
    yield
    bank.clock(NOON)


def on(bank: Bank, day: str) -> None:
    """The jobs as they run on the morning of that day."""
    bank.clock(day + MORNING)
    bank.run_jobs()


def test_papers_stay_due_back_though_a_case_is_submitted_before_they_are(bank: Bank):
    story = filed(bank)
    say(bank, story, "REJECTED", note="a page is missing")
    bank.clock("2025-06-23" + MORNING)
    assert "CERT_NOT_IN_VAULT" in codes(bank.submit(story))
    for _ in range(2):  # blocked, and blocked again
        blocked = bank.case(story, CLOCK)
        due = {"nextStep": "VAULT_BACK", "nextDue": "2025-06-24", "vaultBackDue": "2025-06-24"}
        assert blocked == {
            "state": "BLOCKED",
            "overdue": False,
            "deadlines": due | {"totalDue": None},
        }
        bank.submit(story)
    on(bank, "2025-06-25")
    assert bank.case(story, "overdue") == {"overdue": True}
    late = {"state": ["BLOCKED"], "overdueOnly": True}
    rows = bank.query(
        "auditor",
        "query($f: BoardFilter) { deregistrationBoard(filter: $f, first: 100) { nodes { id } } }",
        f=late,
    )["deregistrationBoard"]["nodes"]
    assert {"id": story.case_id} in rows
    bank.hand_to_vault(story)
    assert bank.case(story, CLOCK)["deadlines"]["nextStep"] is None


def test_the_whole_begins_anew_once_the_debt_is_paid_again(bank: Bank):
    story = bank.approved()
    assert bank.case(story, CLOCK)["deadlines"]["totalDue"] == "2025-07-07"
    bank.load(("Loan", loan_line(story, balance="500.00")))
    bank.clock("2025-08-01" + MORNING)
    bank.load(("Loan", loan_line(story, **settled("2025-08-01"))))
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-08-01")))
    assert bank.submit(story)["refusals"] == []
    again = bank.case(story, CLOCK)
    assert (again["deadlines"]["totalDue"], again["overdue"]) == ("2025-08-18", False)


def closed(bank: Bank, story: Story) -> None:
    """The release brought to its end from the filing on."""
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    assert say(bank, story, "DONE", resultFileVersionId=result)["refusals"] == []
    own = {"caseId": story.case_id}
    bank.done("handler-1", "deregistrationCaseSurrender", own)
    bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    bank.done("handler-1", "deregistrationCaseClose", own, HOUSE)


def issue(bank: Bank, story: Story) -> str:
    """The number of a proof that is given outside the case."""
    loan = "query($n: String!) { loan(no: $n) { id } }"
    given = {"loanId": bank.query("auditor", loan, n=story.loan_no)["loan"]["id"]}
    return bank.done("handler-1", "settlementProofIssue", given, PROOF)["proof"]["no"]


def test_a_case_names_the_proof_that_it_goes_on_with_beside_the_one_that_is_void(bank: Bank):
    story = filed(bank)
    [void] = bank.case(story, PROOFS)["settlementProofNos"]
    bank.load(("Loan", loan_line(story, balance="500.00")))
    bank.load(("Loan", loan_line(story, **settled())))
    valid = issue(bank, story)
    for _ in range(2):  # while it is open, and once it is closed
        found = bank.case(story, PROOFS)
        assert found["settlementProofNos"] == [void, valid]
        states = {one["no"]: one["voidedAt"] is None for one in found["settlementProofs"]}
        assert states == {void: False, valid: True}
        bundle = "query($c: ID!) { deregistrationCaseEvidence(caseId: $c) { proofs withheld } }"
        told = bank.query("auditor", bundle, c=story.case_id)["deregistrationCaseEvidence"]
        assert told == {"proofs": 2, "withheld": 0}
        if bank.case(story)["state"] == "FILED":
            closed(bank, story)
    assert bank.case(story)["state"] == "CLOSED"


def test_a_file_announced_before_the_dossier_was_closed_stays_out_of_it(bank: Bank):
    story, content = filed(bank), pdf("late")
    announced = bank.done(
        "handler-1",
        "fileRequestUpload",
        upload_input(story, "EVIDENCE", content, "application/pdf"),
        f"fileVersion {{ id }} upload {{ url }} {REFUSALS}",
    )
    closed(bank, story)
    assert httpx2.put(announced["upload"]["url"], content=content).status_code == 200
    late = {"fileVersionId": announced["fileVersion"]["id"]}
    assert codes(bank.do("handler-1", "fileCompleteUpload", late)) == ["IMMUTABLE"]
    more = {"dossierId": story.dossier_id, "docType": "EVIDENCE", "reason": "found later"}
    bank.done("approver-t2", "dossierApproveSupplement", more)
    assert codes(bank.do("handler-1", "fileCompleteUpload", late)) == ["IMMUTABLE"]
    bank.upload("handler-1", story, "EVIDENCE", content)


def litigation(bank: Bank, story: Story, closed_on: str | None = None, **about: str) -> None:
    """A legal case about the loan, or about something else."""
    subject = about or {"subject_kind": "LOAN", "subject": story.loan_no}
    line = {"no": f"LC{story.n}", "opened_at": NOON, "org": "OB", **subject}
    bank.load(("LegalCase", line | {"closed_at": closed_on and closed_on + MORNING}))


def archived(bank: Bank, story: Story) -> tuple[str, str | None]:
    asked = "query($l: String!) { dossier(loanNo: $l) { status retentionStart } }"
    found = bank.query("auditor", asked, l=story.loan_no)["dossier"]
    return found["status"], found["retentionStart"]


@pytest.mark.parametrize("about", ["LOAN", "CUSTOMER", "COLLATERAL", "CERTIFICATE"])
def test_a_dossier_is_sealed_when_the_litigation_ends_and_kept_from_then_on(bank: Bank, about: str):
    story = filed(bank)
    subject = {
        "LOAN": story.loan_no,
        "CUSTOMER": story.customer_no,
        "COLLATERAL": story.collateral_no,
        "CERTIFICATE": story.cert_no,
    }[about]
    litigation(bank, story, subject_kind=about, subject=subject)
    closed(bank, story)
    status, start = archived(bank, story)
    assert (status != "CLOSED", start) == (True, None)
    bank.clock("2025-08-01" + MORNING)
    litigation(bank, story, "2025-07-25", subject_kind=about, subject=subject)
    assert archived(bank, story) == ("CLOSED", "2025-07-25")


def test_litigation_that_ends_after_the_sealing_extends_what_is_kept(bank: Bank):
    story = filed(bank)
    closed(bank, story)
    assert archived(bank, story) == ("CLOSED", "2025-06-20")
    bank.clock("2025-08-01" + MORNING)
    litigation(bank, story)
    assert archived(bank, story) == ("CLOSED", "2025-06-20")
    litigation(bank, story, "2025-07-25")
    assert archived(bank, story) == ("CLOSED", "2025-07-25")


def test_litigation_about_a_loan_that_nobody_has_released_seals_nothing(bank: Bank):
    story = bank.approved()
    litigation(bank, story, "2025-06-20")
    assert archived(bank, story)[1] is None


def test_a_signal_of_a_category_that_nobody_knows_here_counts_as_another(bank: Bank):
    story = bank.mortgage()
    about = {"subject_kind": "COLLATERAL", "subject": story.collateral_no}
    line = {"no": f"RSX{story.n}", "severity": "RED", "published_at": NOON, "org": "OB"} | about
    [first] = bank.load(("RiskSignal", line | {"category": "FLOOD_RISK"}))
    [again] = bank.load(("RiskSignal", line | {"category": "FLOOD_RISK"}))
    assert (first["status"], again["status"]) == ("CREATED", "UNCHANGED")
    for wrong in ("", "x" * 65, 7):
        [refused] = bank.load(("RiskSignal", line | {"category": wrong}), all_taken=False)
        assert refused["status"] == "REJECTED"
    asked = "query($n: String!) { collateral(no: $n) { riskSignals { category categoryRaw } } }"
    [signal] = bank.query("auditor", asked, n=story.collateral_no)["collateral"]["riskSignals"]
    assert signal == {"category": "OTHER", "categoryRaw": "FLOOD_RISK"}


def test_an_owner_is_given_nothing_once_a_precondition_is_broken(bank: Bank):
    """He files with the registry himself: the bank's last word is this one (DRG-R01)."""
    story = out(bank, "OWNER")
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {"caseId": story.case_id, "receiptFileVersionId": receipt, "identityChecked": True}
    bank.load(("Loan", loan_line(story, **settled(), suspense_amount="0.01")))
    refused = bank.do("handler-1", "deregistrationCaseReturnToOwner", back, CASE)
    assert (codes(refused), refused["case"]["state"]) == (["NOT_SETTLED"], "BLOCKED")
    assert bank.certificate(story)["custodyState"] == "OUT_FOR_DEREG"


def test_a_search_that_grew_old_on_the_way_keeps_no_owner_waiting(bank: Bank):
    story = out(bank, "OWNER")
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {"caseId": story.case_id, "receiptFileVersionId": receipt, "identityChecked": True}
    bank.clock("2025-07-15T10:00:00+08:00")
    assert codes(bank.do("handler-1", "deregistrationCaseReturnToOwner", back)) == []
    bank.clock("2025-07-17T10:00:00+08:00")
    bank.load(
        ("TitleSearch", search(story, "CLEAR", "2025-07-17")),
        ("TitleSearch", search(story, "CANCELLED", "2025-07-16")),
    )
    assert bank.case(story, "proofPending") == {"proofPending": True}  # the newest tells
    bank.load(("TitleSearch", search(story, "CANCELLED", "2025-07-17")))
    assert bank.case(story, "proofPending") == {"proofPending": False}
