"""Receipts through HTTP: given with every movement, filed, fetched, and the same bytes again."""

import hashlib
from datetime import date

import httpx2
import pytest
from pymongo import MongoClient

import server
from domain.receipts import Receipt
from papers.receipts import receipt_pdf
from resolvers.receipts import day_prefix
from settings import Settings
from storage.records import from_record
from tests.client import (
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collected,
    guarantee,
    pdf,
    upload_input,
    vault_plan,
)
from tests.papers.reading import text

RECEIPTS = """receipts { id no kind counterpart loanNos sha256 size operators { login }
  items { certificateId movement certNo eventHash packetNo } files { loanNo docType status
    currentVersion { id sha256 size mime pages source status uploadedBy } } }"""


def fetched(bank: Bank, login: str, version_id: str) -> httpx2.Response:
    headers = {"authorization": f"Bearer {bank.token(login)}"}
    return bank.http.get(f"/files/{version_id}", headers=headers)


def receipts(bank: Bank, story: Story) -> list[dict]:
    return bank.certificate(story, RECEIPTS)["receipts"]


def version_of(receipt: dict) -> dict:
    return receipt["files"][0]["currentVersion"]


@pytest.fixture(scope="module")
def story(bank: Bank) -> Story:
    return bank.vaulted()


def test_a_vault_in_gives_a_receipt_that_lies_in_the_dossier(bank: Bank, story):
    handed, vaulted = receipts(bank, story)
    assert (handed["kind"], handed["counterpart"]) == ("HANDOVER", "handler-1")
    assert (vaulted["kind"], vaulted["loanNos"]) == ("VAULT_IN", [story.loan_no])
    assert [operator["login"] for operator in vaulted["operators"]] == ["keeper-1", "keeper-2"]
    last = bank.certificate(story, "events { hash type }")["events"][-1]
    assert vaulted["items"] == [
        {
            "certificateId": story.certificate_id,
            "movement": "VAULT_IN",
            "certNo": story.cert_no,
            "eventHash": last["hash"],
            "packetNo": f"P{story.n:05}",
        }
    ]
    query = """query($d: ID!) { files(filter: {dossierId: $d, docType: [CUSTODY_RECEIPT]}) {
      nodes { title currentVersion { sha256 } } } }"""
    listed = bank.query("auditor", query, d=story.dossier_id)["files"]["nodes"]
    assert [(one["title"], one["currentVersion"]["sha256"]) for one in listed] == [
        (receipt["no"], receipt["sha256"]) for receipt in (handed, vaulted)
    ]


def test_what_the_owner_leaves_with_the_bank_gives_him_a_receipt(bank: Bank):
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    story.cert_no = f"粤（2025）广州市不动产权第{story.n:08}号"
    bank.done("rm-1", "certificateCollect", collected(story))
    (given,) = receipts(bank, story)
    assert (given["kind"], given["counterpart"]) == ("SAFEKEEPING", None)
    assert [operator["login"] for operator in given["operators"]] == ["rm-1"]
    assert [file["loanNo"] for file in given["files"]] == [story.loan_no]
    content = fetched(bank, "rm-1", version_of(given)["id"]).content
    assert hashlib.sha256(content).hexdigest() == given["sha256"]
    words = text(content)
    for part in ("代保管品收妥回单", given["no"], story.cert_no, "权利人 Owner"):
        assert part in words
    assert "某银行" not in words


def test_the_stored_bytes_are_those_recorded_and_readable(bank: Bank, story):
    receipt = receipts(bank, story)[1]
    content = fetched(bank, "auditor", version_of(receipt)["id"]).content
    version = version_of(receipts(bank, story)[1])
    assert version | {"id": "", "sha256": "", "size": 0} == {
        "id": "",
        "sha256": "",
        "size": 0,
        "mime": "application/pdf",
        "pages": 1,
        "source": "GENERATED",
        "status": "ACCEPTED",
        "uploadedBy": "SYSTEM",
    }
    told = hashlib.sha256(content).hexdigest(), len(content)
    assert told == (version["sha256"], version["size"]) == (receipt["sha256"], receipt["size"])
    assert len(content) < 200_000
    words = text(content)
    for part in ("入库回单", receipt["no"], story.cert_no, story.loan_no, f"S{story.n:05}"):
        assert part in words
    assert "某银行" not in words


def test_a_receipt_can_be_drawn_again_from_its_record(bank: Bank, endpoints, story):
    with MongoClient(endpoints.mongo_url, tz_aware=True) as client:
        database = client[Settings().mongo_database]
        records = list(database["receipts"].find({"items.certificate_id": story.certificate_id}))
    assert len(records) == 2
    for record in records:
        content, _ = receipt_pdf(from_record(Receipt, record))
        assert hashlib.sha256(content).hexdigest() == record["sha256"]


def test_who_handles_paper_fetches_its_receipt_and_no_other_file(bank: Bank, story):
    version = version_of(receipts(bank, story)[1])
    assert fetched(bank, "keeper-1", version["id"]).status_code == 200
    scan = bank.certificate(story, "scans { docType currentVersion { id } }")["scans"]
    assert [one["docType"] for one in scan] == ["CERT_SCAN"]
    assert fetched(bank, "keeper-1", scan[0]["currentVersion"]["id"]).status_code == 403
    assert fetched(bank, "system", version["id"]).status_code == 403
    assert fetched(bank, "rm-x", version["id"]).status_code == 404
    receipt = receipts(bank, story)[1]
    query = "query($no: String!) { receipt(no: $no) { id } }"
    assert bank.query("rm-1", query, no=receipt["no"])["receipt"] == {"id": receipt["id"]}
    assert bank.query("rm-x", query, no=receipt["no"])["receipt"] is None


def test_a_case_leaves_receipts_of_the_way_out(bank: Bank):
    story = bank.approved()
    assert bank.vault_out(story)["refusals"] == []
    out = receipts(bank, story)[-1]
    assert (out["kind"], out["counterpart"]) == ("VAULT_OUT", "handler-1")
    assert out["items"][0]["packetNo"] == f"P{story.n:05}"
    assert "出库回单" in text(fetched(bank, "keeper-1", version_of(out)["id"]).content)


def test_an_owners_paper_goes_back_against_a_receipt(bank: Bank):
    story = bank.approved("OWNER")
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    assert bank.vault_out(story)["refusals"] == []
    signed = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {"caseId": story.case_id, "receiptFileVersionId": signed, "identityChecked": True}
    bank.done("handler-1", "deregistrationCaseReturnToOwner", back)
    last = receipts(bank, story)[-1]
    assert (last["kind"], last["counterpart"]) == ("OWNER_RETURN", None)
    words = text(fetched(bank, "handler-1", version_of(last)["id"]).content)
    assert "返还权利人回单" in words
    assert "张三丰" not in words


def test_a_paper_of_several_loans_has_its_receipt_in_each_dossier(bank: Bank):
    one, two = bank.mortgage(), bank.mortgage()
    shared = guarantee(one, secured_loans=[one.loan_no, two.loan_no])
    bank.load(("GuaranteeContract", shared))
    bank.collect(one)
    bank.hand_to_vault(one)
    (receipt,) = receipts(bank, one)
    assert receipt["loanNos"] == [one.loan_no, two.loan_no]
    assert [file["loanNo"] for file in receipt["files"]] == [one.loan_no, two.loan_no]
    contents = {
        fetched(bank, "auditor", file["currentVersion"]["id"]).content for file in receipt["files"]
    }
    assert [hashlib.sha256(one).hexdigest() for one in contents] == [receipt["sha256"]]


def test_papers_of_one_act_share_a_receipt(bank: Bank):
    one = bank.mortgage()
    bank.collect(one)
    two = Story(**vars(one) | {"files": {}})
    two.certificate_id = bank.expect(two, "REAL_ESTATE_TITLE")
    two.cert_no = f"粤（2025）广州市不动产权第{one.n:08}号"
    paper = {"certNo": two.cert_no, "issuer": "广州", "issueDate": "2025-06-01", "pages": 1}
    given = {"certificateId": two.certificate_id, "paper": paper | {"rightHolder": "张三丰"}}
    bank.done("handler-1", "certificateCollect", given)
    for story in (one, two):
        bank.scan(story)
        bank.hand_to_vault(story)
    both = [one.certificate_id, two.certificate_id]
    bank.vault(one, vault_plan(one, certificateIds=both))
    shared = receipts(bank, one)[-1]
    assert [item["certificateId"] for item in shared["items"]] == both
    assert receipts(bank, two)[-1]["id"] == shared["id"]
    words = text(fetched(bank, "auditor", version_of(shared)["id"]).content)
    assert one.cert_no in words
    assert two.cert_no in words
    assert "张三丰" not in words


def test_nobody_brings_a_receipt_along(bank: Bank, story):
    content = pdf("forged")
    given = upload_input(story, "CUSTODY_RECEIPT", content, "application/pdf")
    assert codes(bank.do("handler-1", "fileRequestUpload", given)) == ["VALUE_INVALID"]
    other = upload_input(story, "OTHER", content, "application/pdf", source="GENERATED")
    assert codes(bank.do("handler-1", "fileRequestUpload", other)) == ["VALUE_INVALID"]
    version = {"fileVersionId": version_of(receipts(bank, story)[0])["id"]}
    rejected = bank.do("archivist-1", "fileReject", version | {"reason": "no"})
    assert codes(rejected) == ["STATE_CONFLICT"]


@pytest.mark.anyio
async def test_a_document_that_no_record_names_is_swept_and_others_stay(bank: Bank, endpoints):
    story = bank.mortgage()
    bank.collect(story)
    bank.hand_to_vault(story)
    version = version_of(receipts(bank, story)[0])
    assert fetched(bank, "auditor", version["id"]).status_code == 200
    wiring = server.wire(Settings(), endpoints)
    stores = wiring.stores
    kept = await stores.mongo.database["file_versions"].find_one({"_id": version["id"]})
    assert kept is not None
    twice = await stores.objects.put_bytes(kept["object_key"], b"x", mime="application/pdf")
    orphan = f"{day_prefix(date(2025, 6, 20))}orphan"
    stored = await stores.objects.put_bytes(orphan, b"x", mime="application/pdf")
    try:
        bank.clock("2025-06-21T23:59:59+08:00")
        await stores.mongo.database["meta"].delete_one({"_id": "receipts_swept"})
        bank.run_jobs()
        assert await stores.objects.digest(orphan, stored) is not None
        bank.clock("2025-06-22T00:00:00+08:00")
        bank.run_jobs()
        assert await stores.objects.digest(orphan, stored) is None
        assert await stores.objects.digest(kept["object_key"], twice) is None
    finally:
        bank.clock(NOON)
        wiring.close()
    assert fetched(bank, "auditor", version["id"]).status_code == 200


def test_a_document_that_nobody_filed_is_filed_by_who_asks_for_it_and_by_the_round(
    bank: Bank, endpoints
):
    story = bank.vaulted()
    first, second = (version_of(one)["id"] for one in receipts(bank, story))
    assert {fetched(bank, "auditor", id).status_code for id in (first, second)} == {200}
    # As a crash right after the decisions would have left them.
    with MongoClient(endpoints.mongo_url) as client:
        database = client[Settings().mongo_database]
        for id in (first, second):
            version = database.file_versions.find_one({"_id": id})
            assert version is not None
            left = {"status": "PENDING", "object_version_id": None, "decided_by": None}
            database.file_versions.update_one({"_id": id}, {"$set": left})
            database.files.update_one({"_id": version["file_id"]}, {"$set": {"status": "PENDING"}})
    waiting = receipts(bank, story)
    assert [version_of(one)["status"] for one in waiting] == ["PENDING", "PENDING"]
    content = fetched(bank, "auditor", first).content
    assert hashlib.sha256(content).hexdigest() == waiting[0]["sha256"]
    bank.run_jobs()
    filed = receipts(bank, story)
    assert [version_of(one)["status"] for one in filed] == ["ACCEPTED", "ACCEPTED"]
    assert [one["files"][0]["status"] for one in filed] == ["ACCEPTED", "ACCEPTED"]
    content = fetched(bank, "auditor", second).content
    assert hashlib.sha256(content).hexdigest() == filed[1]["sha256"]


def test_a_refused_movement_gives_no_receipt(bank: Bank):
    story = bank.mortgage()
    bank.collect(story)
    handed = bank.done(
        "handler-1",
        "handoverInitiate",
        {"certificateIds": [story.certificate_id], "desk": "V1"},
        f"handover {{ id }} {REFUSALS}",
    )
    wrong = {
        "handoverId": handed["handover"]["id"],
        "certificateId": story.certificate_id,
        "pages": 9,
    }
    assert codes(bank.do("keeper-3", "handoverAcceptItem", wrong)) == ["RETURN_MISMATCH"]
    assert receipts(bank, story) == []
