"""Bytes in and out: signed addresses, measured truth, streaming with ranges, the access log."""

import base64
import hashlib

import httpx2
import pytest

from tests.client import REFUSALS, SAMPLES, Bank, codes, pdf, upload_input

WHOLE = {
    "photo-gps-1.jpg": "image/jpeg",
    "photo-gps-2.jpg": "image/jpeg",
    "photo-iphone.heic": "image/heic",
    "scan-1.tiff": "image/tiff",
    "scan-2.tiff": "image/tiff",
    "certificate-scan.pdf": "application/pdf",
    "contract-1.pdf": "application/pdf",
    "contract-4-pages.pdf": "application/pdf",
    "contract-pdfa.pdf": "application/pdf",
}
UPLOADED = f"file {{ id }} fileVersion {{ id status mime pages capturedAt }} {REFUSALS}"
ASKED = f"fileVersion {{ id }} upload {{ url method headers {{ name }} }} {REFUSALS}"


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample files are not at {SAMPLES}")
    return path.read_bytes()


def stream(bank: Bank, login: str, version_id: str, **headers: str) -> httpx2.Response:
    return bank.http.get(
        f"/files/{version_id}",
        headers={"authorization": f"Bearer {bank.token(login)}", **headers},
    )


@pytest.mark.parametrize("name", WHOLE)
def test_real_files_go_up_and_come_down_byte_equal(bank: Bank, name):
    content, story = sample(name), bank.mortgage()
    version_id = bank.upload("handler-1", story, "OTHER", content, WHOLE[name])
    fetched = bank.done(
        "auditor",
        "fileRequestDownload",
        {"fileVersionId": version_id, "purpose": "test"},
        f"download {{ url sha256 size mime }} {REFUSALS}",
    )["download"]
    assert fetched["sha256"] == hashlib.sha256(content).hexdigest()
    assert fetched["mime"] == WHOLE[name]
    assert httpx2.get(fetched["url"]).content == content
    assert stream(bank, "auditor", version_id).content == content


def test_ranges_etags_and_digests(bank: Bank):
    story, content = bank.mortgage(), pdf("ranges" * 50)
    version_id = bank.upload("handler-1", story, "OTHER", content)
    whole = stream(bank, "auditor", version_id)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert whole.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert "attachment" in whole.headers["content-disposition"]
    part = stream(bank, "auditor", version_id, range="bytes=5-9")
    assert (part.status_code, part.content) == (206, content[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(content)}"
    tail = stream(bank, "auditor", version_id, range="bytes=-4")
    assert tail.content == content[-4:]
    beyond = stream(bank, "auditor", version_id, range=f"bytes={len(content)}-")
    assert beyond.status_code == 416
    same = stream(bank, "auditor", version_id, **{"if-none-match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_every_access_is_logged_before_a_byte_goes_out(bank: Bank):
    story = bank.mortgage()
    version_id = bank.upload("handler-1", story, "OTHER", pdf("logged"))
    stream(bank, "auditor", version_id)
    assert stream(bank, "keeper-1", version_id).status_code == 403
    assert stream(bank, "rm-x", version_id).status_code == 404
    bank.done("auditor", "fileRequestDownload", {"fileVersionId": version_id, "purpose": "why"})
    query = "query($id: ID!) { accessLog(fileVersionId: $id) { user action purpose } }"
    log = bank.query("auditor", query, id=version_id)["accessLog"]
    assert [(entry["user"], entry["action"]) for entry in log] == [
        ("auditor", "URL_ISSUED"),
        ("keeper-1", "DENIED"),
        ("auditor", "DOWNLOAD"),
    ]
    refused = bank.ask("handler-1", query, id=version_id)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_purpose_is_needed(bank: Bank):
    story = bank.mortgage()
    version_id = bank.upload("handler-1", story, "OTHER", pdf("purpose"))
    payload = bank.do(
        "auditor", "fileRequestDownload", {"fileVersionId": version_id, "purpose": " "}
    )
    assert codes(payload) == ["VALUE_INVALID"]


def test_nothing_sent_is_nothing_stored(bank: Bank):
    story, content = bank.mortgage(), pdf("never sent")
    asked = bank.done(
        "handler-1",
        "fileRequestUpload",
        upload_input(story, "OTHER", content, "application/pdf"),
        ASKED,
    )
    given = {"fileVersionId": asked["fileVersion"]["id"]}
    assert codes(bank.do("handler-1", "fileCompleteUpload", given)) == ["UPLOAD_MISSING"]
    assert stream(bank, "auditor", given["fileVersionId"]).status_code == 403


def test_other_bytes_than_announced_do_not_get_in(bank: Bank):
    story, content = bank.mortgage(), pdf("announced")
    asked = bank.done(
        "handler-1",
        "fileRequestUpload",
        upload_input(story, "OTHER", content, "application/pdf"),
        ASKED,
    )
    flipped = content.replace(b"announced", b"announcee")
    assert httpx2.put(asked["upload"]["url"], content=flipped).status_code >= 400
    assert httpx2.put(asked["upload"]["url"], content=content + b"x").status_code >= 400
    assert httpx2.put(asked["upload"]["url"], content=content).status_code == 200


@pytest.mark.parametrize(
    ("content", "mime", "expected"),
    [
        (
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
            "application/pdf",
            "UNSUPPORTED_TYPE",
        ),
        (b"%PDF-1.4 cut off", "application/pdf", "UNREADABLE_FILE"),
        (pdf("as a picture"), "image/jpeg", "UNSUPPORTED_TYPE"),
    ],
)
def test_what_a_file_really_is_decides(bank: Bank, content, mime, expected):
    story = bank.mortgage()
    payload = _sent(bank, story, content, mime)
    assert expected in codes(payload)
    assert payload["fileVersion"]["status"] == "QUARANTINED"
    assert stream(bank, "auditor", payload["fileVersion"]["id"]).status_code == 403


def test_a_truncated_heic_is_quarantined(bank: Bank):
    story = bank.mortgage()
    payload = _sent(bank, story, sample("bad-truncated.heic"), "image/heic")
    assert codes(payload) == ["UNREADABLE_FILE"]


def test_size_and_type_are_asked_before_a_byte_is_sent(bank: Bank):
    story, content = bank.mortgage(), pdf("limits")
    big = upload_input(story, "OTHER", content, "application/pdf") | {"size": 104857601}
    assert codes(bank.do("handler-1", "fileRequestUpload", big)) == ["LIMIT_EXCEEDED"]
    photo = upload_input(story, "INSPECTION_PHOTO", content, "image/jpeg") | {"size": 20971521}
    assert codes(bank.do("handler-1", "fileRequestUpload", photo)) == ["LIMIT_EXCEEDED"]
    for mime in ("image/svg+xml", "application/zip", "text/html", "video/mp4"):
        given = upload_input(story, "OTHER", content, mime)
        assert codes(bank.do("handler-1", "fileRequestUpload", given)) == ["UNSUPPORTED_TYPE"]
    wrong = upload_input(story, "OTHER", content, "application/pdf") | {"sha256": "ABC"}
    assert codes(bank.do("handler-1", "fileRequestUpload", wrong)) == ["VALUE_INVALID"]


def test_versions_stand_beside_each_other(bank: Bank):
    story = bank.mortgage()
    first = bank.upload("handler-1", story, "OTHER", pdf("one"))
    query = "query($d: ID!) { files(filter: {dossierId: $d}) { nodes { id versions } } }"
    file_id = bank.query("auditor", query, d=story.dossier_id)["files"]["nodes"][0]["id"]
    second = bank.upload(
        "handler-1", story, "OTHER", pdf("two"), fileId=file_id, reason="better scan"
    )
    document = (
        "query($id: ID!) { node(id: $id) { ... on ArchiveFile { allVersions { id n status } } } }"
    )
    versions = bank.query("auditor", document, id=file_id)["node"]["allVersions"]
    assert [(v["id"], v["n"], v["status"]) for v in versions] == [
        (second, 2, "READY"),
        (first, 1, "SUPERSEDED"),
    ]
    assert stream(bank, "auditor", first).content == pdf("one")


def test_the_same_bytes_for_another_loan_are_flagged(bank: Bank):
    one, other = bank.mortgage(), bank.mortgage()
    first = bank.upload("handler-1", one, "OTHER", pdf("the same photo"))
    second = bank.upload("handler-1", other, "OTHER", pdf("the same photo"))
    document = "query($id: ID!) { node(id: $id) { ... on FileVersion { duplicateOf } } }"
    assert bank.query("auditor", document, id=second)["node"]["duplicateOf"] == first


def test_an_uploader_does_not_accept_the_own_file(bank: Bank):
    story = bank.mortgage()
    version_id = bank.upload("archivist-1", story, "OTHER", pdf("own"))
    payload = bank.do("archivist-1", "fileAccept", {"fileVersionId": version_id})
    assert codes(payload) == ["SOD_VIOLATION"]


def test_a_rejected_file_is_told_in_the_checklist(bank: Bank):
    story = bank.mortgage()
    version_id = bank.upload("handler-1", story, "LOAN_CONTRACT", pdf("contract"))
    bank.done("archivist-1", "fileReject", {"fileVersionId": version_id, "reason": "page 2"})
    query = "query($n: String!) { dossier(loanNo: $n) { items { code status due } } }"
    items = bank.query("auditor", query, n=story.loan_no)["dossier"]["items"]
    item = next(item for item in items if item["code"] == "LOAN_CONTRACT")
    assert item == {"code": "LOAN_CONTRACT", "status": "REJECTED", "due": "2025-06-04"}


def _sent(bank: Bank, story, content: bytes, mime: str):
    asked = bank.done(
        "handler-1", "fileRequestUpload", upload_input(story, "OTHER", content, mime), ASKED
    )
    assert httpx2.put(asked["upload"]["url"], content=content).status_code == 200
    given = {"fileVersionId": asked["fileVersion"]["id"]}
    return bank.do("handler-1", "fileCompleteUpload", given, UPLOADED)
