"""The evidence of a case through HTTP: summed up, fetched, checked offline, and never altered."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx2
import pytest
from pymongo import MongoClient

from tests.client import Bank, Story, loan_line, settled

ROOT = Path(__file__).resolve().parent.parent.parent
SUMMARY = """query($id: ID!) { deregistrationCaseEvidence(caseId: $id) {
  runs approvals steps certificates events files proofs withheld verified size sha256 publicKey
  downloadPath } }"""


@pytest.fixture(scope="module")
def story(bank: Bank) -> Story:
    """A case whose settlement was reversed once, approved anew."""
    story = bank.approved()
    bank.load(("Loan", loan_line(story, balance="500.00")))
    bank.load(("Loan", loan_line(story, **settled())))
    assert bank.submit(story)["refusals"] == []
    assert bank.approve(story)["case"]["state"] == "APPROVED"
    return story


@pytest.fixture(scope="module")
def content(bank: Bank, story: Story) -> bytes:
    answer = fetched(bank, "auditor", story)
    assert answer.status_code == 200, answer.text
    return answer.content


def summary(bank: Bank, story: Story, login: str = "auditor") -> dict | None:
    return bank.query(login, SUMMARY, id=story.case_id)["deregistrationCaseEvidence"]


def fetched(bank: Bank, login: str, story: Story, purpose: str | None = "audit") -> httpx2.Response:
    return bank.http.get(
        f"/evidence/cases/{story.case_id}",
        params={} if purpose is None else {"purpose": purpose},
        headers={"authorization": f"Bearer {bank.token(login)}"},
    )


def parts(content: bytes) -> dict:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: json.loads(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".json")
        }


def published(bank: Bank) -> str:
    return bank.http.get("/evidence/key").json()["public_key"]


def verified(path: Path, key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "server.py", "verify-bundle", str(path), "--key", key]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_summary_counts_what_the_bundle_holds(bank: Bank, story, content):
    told, inside = summary(bank, story), parts(content)
    assert told is not None
    assert (told["size"], told["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (told["verified"], told["withheld"], told["certificates"]) == (True, 0, 1)
    assert told["publicKey"] == published(bank) == inside["manifest.json"]["public_key"]
    assert told["downloadPath"] == f"/evidence/cases/{story.case_id}"
    counted = {
        "runs": len(inside["evaluations.json"]),
        "approvals": len(inside["approvals.json"]),
        "steps": len(inside["timeline.json"]),
        "files": len(inside["documents.json"]["versions"]),
        "proofs": len(inside["settlement-proofs.json"]),
        "events": len(inside[f"custody/{story.certificate_id}.json"]["events"]),
    }
    assert {name: told[name] for name in counted} == counted
    assert counted["runs"] == 4
    assert counted["proofs"] == 2
    assert fetched(bank, "auditor", story).content == content


def test_the_bundle_tells_the_whole_case(bank: Bank, story, content):
    inside = parts(content)
    case = bank.case(story, "no documents { code fileVersionId sha256 } settlementProofNos")
    assert inside["case.json"]["no"] == inside["manifest.json"]["case"]["no"] == case["no"]
    pinned = inside["documents.json"]["pinned"]
    assert [
        {"code": one["code"], "fileVersionId": one["file_version_id"], "sha256": one["sha256"]}
        for one in pinned
    ] == case["documents"]
    assert all(one["unchanged"] for one in pinned)
    proofs = {one["no"]: one["void_reason"] for one in inside["settlement-proofs.json"]}
    assert proofs == dict(
        zip(case["settlementProofNos"], ("SETTLEMENT_REVERSED", None), strict=True)
    )
    (settings,) = inside["settings.json"]
    assert settings["reproduced"]
    assert settings["values"]["dereg.title_search_wd"]
    runs = inside["evaluations.json"]
    assert {run["policy_version"] for run in runs} == {settings["version"]}
    assert [run["stage"] for run in runs] == ["SUBMIT", "APPROVE", "SUBMIT", "APPROVE"]
    assert inside["approvals.json"][0]["login"] == "approver-lc"
    sheets = [
        one["status"]
        for one in inside["documents.json"]["versions"]
        if one["doc_type"] == "APPROVAL_SHEET"
    ]
    assert sorted(sheets) == ["ACCEPTED", "SUPERSEDED"]


def test_the_registrys_result_is_pinned_too(bank: Bank):
    story = bank.approved("ONLINE")
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    file = {"caseId": story.case_id, "authority": "网上登记", "acceptanceNo": "O-1"}
    bank.done("handler-1", "deregistrationCaseFile", file)
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    done = {"caseId": story.case_id, "status": "DONE", "resultFileVersionId": result}
    bank.done("handler-1", "deregistrationCaseRecordRegistry", done)
    inside = parts(fetched(bank, "auditor", story).content)
    last = inside["documents.json"]["pinned"][-1]
    assert (last["code"], last["file_version_id"]) == ("REGISTRY_RESULT", result)
    assert last["unchanged"]


def test_nothing_personal_is_in_it(bank: Bank, story, content):
    text = content.decode("utf-8", "replace")
    for word in ("张三丰", "某银行", f"44010019800101{story.n:04}", "13800138000", "object_key"):
        assert word not in text
    assert story.customer_no in text


def test_it_is_checked_by_the_command_line_without_a_server(bank: Bank, story, content, tmp_path):
    path, key = tmp_path / "evidence.zip", published(bank)
    path.write_bytes(content)
    sound = verified(path, key)
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.startswith("Everything holds: 8 parts, signed.")

    for name in ("approvals.json", f"custody/{story.certificate_id}.json"):
        changed = bytearray(content)
        changed[changed.index(name.encode()) + len(name) + 40] ^= 1
        path.write_bytes(bytes(changed))
        told = verified(path, key)
        assert told.returncode == 1
        assert name in told.stdout
        assert "flaws." in told.stdout.splitlines()[-1]


def test_a_wrong_key_or_file_is_told_in_one_sentence(bank: Bank, content, tmp_path):
    path, key = tmp_path / "evidence.zip", published(bank)
    path.write_bytes(content)
    other = verified(path, "ab" * 32)
    assert other.returncode == 1
    for done in (verified(path, "short"), verified(tmp_path / "none.zip", key)):
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.strip().splitlines()) == 1


def test_who_may_not_download_gets_no_bundle_and_is_logged(bank: Bank, story, content):
    assert fetched(bank, "rm-x", story).status_code == 404
    assert summary(bank, story, "rm-x") is None
    assert fetched(bank, "keeper-1", story).status_code == 403
    assert fetched(bank, "rm-1", story, "customer asked").content == content
    assert fetched(bank, "rm-1", story, None).status_code == 400
    assert fetched(bank, "rm-1", story, "x" * 301).status_code == 400
    assert bank.http.get(f"/evidence/cases/{story.case_id}?purpose=x").status_code == 401
    query = "query($id: ID!) { accessLog(fileVersionId: $id) { user action purpose } }"
    log = bank.query("auditor", query, id=story.case_id)["accessLog"]
    assert {"user": "rm-1", "action": "EXPORT", "purpose": "customer asked"} in log
    assert {"user": "keeper-1", "action": "DENIED", "purpose": "audit"} in log
    assert not [one for one in log if one["user"] == "rm-x"]


def test_what_lies_out_of_reach_is_withheld_and_said_so(bank: Bank, endpoints, story, content):
    """As where a case's paper belongs to another branch."""
    with MongoClient(endpoints.mongo_url) as client:
        papers = client["lienkeeper"].certificates
        before = papers.find_one({"_id": story.certificate_id})
        assert before is not None
        away = {"$set": {"org_path": "/HO/T1/T2X/OBX"}}
        papers.update_one({"_id": story.certificate_id}, away)
        try:
            told = summary(bank, story, "rm-1")
            inside = parts(fetched(bank, "rm-1", story).content)
        finally:
            papers.replace_one({"_id": story.certificate_id}, before)
    assert told is not None
    assert (told["withheld"], told["certificates"], told["events"]) == (1, 0, 0)
    assert inside["manifest.json"]["withheld"] == [story.certificate_id]
    assert not [name for name in inside if name.startswith("custody/")]


def test_an_altered_ledger_goes_into_the_bundle_and_is_named(
    bank: Bank, endpoints, story, tmp_path
):
    with MongoClient(endpoints.mongo_url) as client:
        events = client["lienkeeper"].custody_events
        event = events.find_one({"certificate_id": story.certificate_id, "seq": 2})
        assert event is not None
        events.update_one({"_id": event["_id"]}, {"$set": {"reason": "x"}})
        try:
            told = summary(bank, story)
            altered = fetched(bank, "auditor", story).content
        finally:
            events.replace_one({"_id": event["_id"]}, event)
    assert told is not None
    assert not told["verified"]
    path = tmp_path / "evidence.zip"
    path.write_bytes(altered)
    done = verified(path, published(bank))
    assert done.returncode == 1
    assert f"event {event['_id']} does not follow" in done.stdout
