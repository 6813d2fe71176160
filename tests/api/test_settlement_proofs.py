"""What the bank draws for a release: proofs given, voided and asked about; approval sheets."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from pymongo import MongoClient

from domain.settlement_proofs import SettlementProof
from papers.settlement_proofs import settlement_proof_pdf
from settings import Settings
from storage.records import from_record
from tests.api.releasing import done
from tests.client import (
    CASE,
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    loan_line,
    pdf,
    settled,
    upload_input,
)
from tests.papers import reading

PROOF = """id no loanNo contractNo principalAmount settledOn issuedOn issuedBy sha256 voidedAt
  voidReason file { title docType status voidedAt voidReason currentVersion {
    id sha256 size mime source status reason uploadedBy decidedBy } }"""
ASK = """query($no: String!) { settlementProof(no: $no) {
  standing issuedOn voidedAt sha256 proof { id loanNo } } }"""


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def loan_id(bank: Bank, story: Story) -> str:
    query = "query($n: String!) { loan(no: $n) { id } }"
    return bank.query("auditor", query, n=story.loan_no)["loan"]["id"]


def issue(bank: Bank, story: Story, login: str = "handler-1"):
    given = {"loanId": loan_id(bank, story)}
    return bank.do(login, "settlementProofIssue", given, f"proof {{ {PROOF} }} {REFUSALS}")


def proven(bank: Bank) -> tuple[Story, dict]:
    story = bank.mortgage()
    bank.settle(story)
    answer = issue(bank, story)
    assert answer["refusals"] == [], answer
    return story, answer["proof"]


def asked(bank: Bank, no: str, login: str = "auditor") -> dict:
    return bank.query(login, ASK, no=no)["settlementProof"]


def line(bank: Bank, story: Story, code: str = "SETTLEMENT_PROOF") -> dict:
    query = """query($n: String!) { dossier(loanNo: $n) { items {
      code status currentVersionId acceptedBy reason } } }"""
    items = bank.query("auditor", query, n=story.loan_no)["dossier"]["items"]
    return next(item for item in items if item["code"] == code)


def fetched(bank: Bank, login: str, version_id: str):
    headers = {"authorization": f"Bearer {bank.token(login)}"}
    return bank.http.get(f"/files/{version_id}", headers=headers)


def reverse(bank: Bank, story: Story) -> None:
    bank.load(("Loan", loan_line(story, balance="500.00")))


def test_a_proof_is_a_numbered_pdf_in_the_dossier(bank: Bank):
    story, proof = proven(bank)
    assert (proof["loanNo"], proof["contractNo"]) == (story.loan_no, story.credit_no)
    assert (proof["principalAmount"], proof["settledOn"]) == ("1000000.00", "2025-06-18")
    assert (proof["issuedOn"], proof["issuedBy"]) == ("2025-06-20", "handler-1")
    file = proof["file"]
    version = file["currentVersion"]
    assert (file["title"], file["docType"]) == (proof["no"], "SETTLEMENT_PROOF")
    assert (version["source"], version["status"], version["mime"]) == (
        "GENERATED",
        "ACCEPTED",
        "application/pdf",
    )
    answer = fetched(bank, "handler-1", version["id"])
    assert hashlib.sha256(answer.content).hexdigest() == version["sha256"] == proof["sha256"]
    told = reading.text(answer.content)
    for part in ("贷款结清证明", proof["no"], story.loan_no, "1000000.00 CNY", "Branch (OB)"):
        assert part in told
    assert "张三丰" not in told
    assert reading.codes(answer.content) == [proof["no"]]
    item = line(bank, story)
    assert (item["status"], item["currentVersionId"]) == ("ACCEPTED", version["id"])
    assert (item["acceptedBy"], item["reason"]) == ("SYSTEM", proof["no"])


def test_a_proof_can_be_drawn_again_from_its_record(bank: Bank, endpoints):
    story, proof = proven(bank)
    reverse(bank, story)
    with MongoClient(endpoints.mongo_url, tz_aware=True) as client:
        proofs = client[Settings().mongo_database]["settlement_proofs"]
        record = proofs.find_one({"no": proof["no"]})
    assert record is not None
    content, _ = settlement_proof_pdf(from_record(SettlementProof, record))
    assert hashlib.sha256(content).hexdigest() == proof["sha256"]


def test_nothing_is_proven_while_anything_is_owed_or_could_be_reversed(bank: Bank):
    story = bank.mortgage()
    assert codes(issue(bank, story)) == ["NOT_SETTLED", "SETTLEMENT_NOT_FINAL"]
    debit = {"settlement_channel": "DIRECT_DEBIT", "settled_at": "2025-06-20"}
    bank.load(("Loan", loan_line(story, **{**settled(), **debit}, penalty="0.01")))
    assert codes(issue(bank, story)) == ["NOT_SETTLED", "SETTLEMENT_NOT_FINAL"]
    bank.load(("Loan", loan_line(story, **{**settled(), **debit})))
    assert codes(issue(bank, story)) == ["SETTLEMENT_NOT_FINAL"]
    assert line(bank, story)["status"] == "MISSING"
    bank.clock("2025-06-23T10:00:00+08:00")
    assert codes(issue(bank, story)) == []


def test_one_valid_proof_a_loan_even_of_ten_asked_for_at_once(bank: Bank):
    story = bank.mortgage()
    bank.settle(story)
    id = loan_id(bank, story)
    with ThreadPoolExecutor(10) as pool:
        given = [
            pool.submit(bank.do, "handler-1", "settlementProofIssue", {"loanId": id})
            for _ in range(10)
        ]
    answers = sorted(codes(one.result()) for one in given)
    assert answers == [[], *[["STATE_CONFLICT"]] * 9]
    again = issue(bank, story)
    assert again["proof"] is None
    assert again["refusals"][0]["ruleId"] == "DRG-4.4"


def test_who_may_not_submit_a_case_gives_no_proof(bank: Bank):
    story = bank.mortgage()
    bank.settle(story)
    given = {"loanId": loan_id(bank, story)}
    for login in ("auditor", "keeper-1", "archivist-1", "approver-lc"):
        assert bank.error_code(login, "settlementProofIssue", given) == "FORBIDDEN"
    assert codes(issue(bank, story, "rm-x")) == ["NOT_FOUND"]
    assert codes(issue(bank, story, "rm-1")) == []


def test_a_reversed_settlement_voids_the_proof_its_file_and_its_line(bank: Bank):
    story, proof = proven(bank)
    version = proof["file"]["currentVersion"]["id"]
    reverse(bank, story)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on SettlementProof {{ {PROOF} }} }} }}"
    after = bank.query("auditor", query, id=proof["id"])["node"]
    assert (after["voidReason"], after["sha256"]) == ("SETTLEMENT_REVERSED", proof["sha256"])
    file = after["file"]
    assert (file["status"], file["voidReason"]) == ("VOIDED", "SETTLEMENT_REVERSED")
    assert file["voidedAt"] == after["voidedAt"] is not None
    assert (file["currentVersion"]["status"], file["currentVersion"]["reason"]) == (
        "VOIDED",
        "SETTLEMENT_REVERSED",
    )
    item = line(bank, story)
    assert (item["status"], item["currentVersionId"]) == ("MISSING", None)
    assert fetched(bank, "auditor", version).status_code == 200
    told = asked(bank, proof["no"])
    assert (told["standing"], told["voidedAt"]) == ("VOIDED", after["voidedAt"])

    bank.load(("Loan", loan_line(story, **settled())))
    second = issue(bank, story)["proof"]
    assert second["no"] != proof["no"]
    assert asked(bank, proof["no"])["standing"] == "VOIDED"
    assert asked(bank, second["no"])["standing"] == "VALID"
    assert line(bank, story)["currentVersionId"] == second["file"]["currentVersion"]["id"]


def test_settled_reversed_and_settled_again_in_one_batch_leaves_a_void_proof(bank: Bank):
    story, proof = proven(bank)
    bank.load(
        ("Loan", loan_line(story, balance="500.00")),
        ("Loan", loan_line(story, **settled(), disbursed_at="2025-05-21")),
    )
    assert asked(bank, proof["no"])["standing"] == "VOIDED"
    assert line(bank, story)["status"] == "MISSING"


def test_no_file_stands_for_a_proof_in_a_case_and_a_voided_one_for_nothing(bank: Bank):
    story, proof = proven(bank)
    bank.open_case(story)
    scan = bank.accepted(story, "OTHER")
    given = {"caseId": story.case_id, "code": "SETTLEMENT_PROOF", "fileVersionId": scan}
    refused = bank.do("handler-1", "deregistrationCaseAttachDocument", given)
    assert [(one["code"], one["field"]) for one in refused["refusals"]] == [
        ("VALUE_INVALID", "code"),
        ("VALUE_INVALID", "fileVersionId"),
    ]
    reverse(bank, story)
    void = proof["file"]["currentVersion"]["id"]
    refused = bank.do(
        "handler-1",
        "deregistrationCaseAttachDocument",
        given | {"code": "OTHER", "fileVersionId": void},
    )
    assert {(one["code"], one["field"]) for one in refused["refusals"]} == {
        ("VALUE_INVALID", "fileVersionId")  # void, and of another kind
    }
    assert line(bank, story)["status"] == "MISSING"


def test_a_proof_that_stands_over_a_debt_is_voided_when_its_case_is_asked(bank: Bank, endpoints):
    """As after a restore of the loans alone, which no feed has told."""
    story = bank.approved()
    (no,) = bank.case(story, "settlementProofNos")["settlementProofNos"]
    with MongoClient(endpoints.mongo_url) as client:
        loans = client[Settings().mongo_database]["loans"]
        loans.update_one({"loan_no": story.loan_no}, {"$set": {"balance": 5}})
    assert "NOT_SETTLED" in codes(bank.vault_out_propose(story))
    assert bank.case(story)["state"] == "BLOCKED"
    assert asked(bank, no)["standing"] == "VOIDED"
    item = line(bank, story)
    assert (item["status"], item["currentVersionId"]) == ("MISSING", None)


def test_whoever_is_shown_a_proof_can_ask_and_learns_no_more(bank: Bank):
    _, proof = proven(bank)
    told = asked(bank, f" {proof['no'].lower()} ")
    assert told["proof"]["id"] == proof["id"]
    elsewhere = asked(bank, proof["no"], "rm-x")
    assert elsewhere == told | {"proof": None}
    assert (elsewhere["standing"], elsewhere["sha256"]) == ("VALID", proof["sha256"])
    for unknown in ("SP20250620-XXXXXXXXXX", "", "x" * 1000):
        assert asked(bank, unknown) == {
            "standing": "UNKNOWN",
            "issuedOn": None,
            "voidedAt": None,
            "sha256": None,
            "proof": None,
        }
    answer = bank.ask("core-feed", ASK, no=proof["no"])
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_keeper_sees_no_amount_and_fetches_no_proof(bank: Bank):
    _, proof = proven(bank)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on SettlementProof {{ {PROOF} }} }} }}"
    seen = bank.query("keeper-1", query, id=proof["id"])["node"]
    assert seen["principalAmount"] is None
    assert fetched(bank, "keeper-1", seen["file"]["currentVersion"]["id"]).status_code == 403


def test_a_case_takes_the_proof_that_stands_and_gives_a_new_one_when_it_was_voided(bank: Bank):
    story, proof = proven(bank)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    bank.load(
        (
            "TitleSearch",
            {
                "no": f"TSP{story.n}",
                "collateral": story.collateral_no,
                "searched_on": "2025-06-20",
                "result": "CLEAR",
            },
        )
    )
    assert codes(bank.submit(story)) == []
    assert bank.case(story, "settlementProofNos")["settlementProofNos"] == [proof["no"]]


def test_a_case_that_owes_again_is_given_another_number(bank: Bank):
    story = bank.approved()
    (first,) = bank.case(story, "settlementProofNos")["settlementProofNos"]
    reverse(bank, story)
    assert asked(bank, first)["standing"] == "VOIDED"
    bank.load(("Loan", loan_line(story, **settled())))
    given = {"caseId": story.case_id}
    assert codes(bank.do("handler-1", "deregistrationCaseSubmit", given, CASE)) == []
    numbers = bank.case(story, "settlementProofNos")["settlementProofNos"]
    assert numbers[0] == first
    assert [asked(bank, no)["standing"] for no in numbers] == ["VOIDED", "VALID"]


@pytest.mark.parametrize("code", ["SETTLEMENT_PROOF", "APPROVAL_SHEET"])
def test_nobody_brings_a_paper_of_the_banks_own_along(bank: Bank, code):
    given = upload_input(bank.mortgage(), code, pdf("forged"), "application/pdf")
    assert codes(bank.do("handler-1", "fileRequestUpload", given)) == ["VALUE_INVALID"]


SHEET = """documents { code fileVersionId sha256 attachedBy } approvals { login } state"""


def sheet_of(case: dict) -> dict:
    (found,) = [one for one in case["documents"] if one["code"] == "APPROVAL_SHEET"]
    return found


def test_an_approved_case_has_its_sheet_and_one_approved_anew_a_new_version(bank: Bank):
    story = bank.approved()
    case = bank.case(story, SHEET)
    sheet = sheet_of(case)
    assert sheet["attachedBy"] == "SYSTEM"
    content = fetched(bank, "auditor", sheet["fileVersionId"]).content
    assert hashlib.sha256(content).hexdigest() == sheet["sha256"]
    told = reading.text(content)
    for part in ("押品注销审批表", "approver-lc", story.collateral_no, "DRG-P01 PASS"):
        assert part in told
    reverse(bank, story)
    bank.load(("Loan", loan_line(story, **settled())))
    assert codes(bank.submit(story)) == []
    assert bank.approve(story)["case"]["state"] == "APPROVED"
    again = sheet_of(bank.case(story, SHEET))
    assert again["fileVersionId"] != sheet["fileVersionId"]
    query = """query($d: ID!) { files(filter: {dossierId: $d, docType: [APPROVAL_SHEET]}) {
      nodes { caseId allVersions { id n status reason } } } }"""
    (file,) = bank.query("auditor", query, d=story.dossier_id)["files"]["nodes"]
    assert file["caseId"] == story.case_id
    assert file["allVersions"] == [
        {
            "id": again["fileVersionId"],
            "n": 2,
            "status": "ACCEPTED",
            "reason": "The case was approved anew.",
        },
        {"id": sheet["fileVersionId"], "n": 1, "status": "SUPERSEDED", "reason": None},
    ]


def test_a_case_that_waits_for_another_approval_has_no_sheet_yet(bank: Bank):
    story = bank.vaulted(classification="SUBSTANDARD")
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == []
    assert bank.approve(story)["case"]["state"] == "PRECHECKED"
    kinds = [one["code"] for one in bank.case(story, SHEET)["documents"]]
    assert "APPROVAL_SHEET" not in kinds
    assert bank.approve(story, "risk-t2")["case"]["state"] == "APPROVED"
    told = reading.text(
        fetched(bank, "auditor", sheet_of(bank.case(story, SHEET))["fileVersionId"]).content
    )
    assert told.index("approver-lc") < told.index("risk-t2")


def test_a_number_carries_its_business_date(bank: Bank):
    _, proof = proven(bank)
    assert proof["no"].startswith(f"SP{date(2025, 6, 20):%Y%m%d}-")


def test_a_keeper_may_ask_what_a_number_is_worth(bank: Bank):
    _, proof = proven(bank)
    told = asked(bank, proof["no"], "keeper-1")
    assert (told["standing"], told["proof"]["id"]) == ("VALID", proof["id"])


def test_a_closed_dossier_takes_a_proof_that_is_asked_for_later(bank: Bank):
    story = done(bank)
    surrender = {"caseId": story.case_id}
    bank.done("handler-1", "deregistrationCaseSurrender", surrender)
    assert codes(bank.do("handler-1", "deregistrationCaseClose", surrender)) == []
    dossier = "query($l: String!) { dossier(loanNo: $l) { status retentionStart } }"

    def now() -> tuple[str, str | None]:
        found = bank.query("auditor", dossier, l=story.loan_no)["dossier"]
        return found["status"], found["retentionStart"]

    assert now() == ("CLOSED", "2025-06-20")
    bank.load(("Loan", loan_line(story, balance="5.00")))
    assert now() == ("OPEN", None)
    bank.clock("2025-07-23T10:00:00+08:00")
    bank.load(("Loan", loan_line(story, **settled("2025-07-23"))))
    assert now() == ("CLOSED", "2025-07-23")
    given = {"loanId": loan_id(bank, story)}
    assert codes(bank.do("handler-1", "settlementProofRequest", given)) == []
    assert codes(issue(bank, story)) == []
    bank.load(("Loan", loan_line(story, **settled("2025-07-22"))))
    assert now() == ("CLOSED", "2025-07-23")  # never for less
