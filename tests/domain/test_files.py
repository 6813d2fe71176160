"""What may come into the archive, how large, and what must be true when it has arrived."""

from typing import Any

import pytest

from domain.dossiers import DocType, DossierStatus
from domain.files import (
    MAX_TITLE_LENGTH,
    Arrived,
    FileClass,
    FileSource,
    FileStatus,
    accepted_types,
    arrival_refusals,
    attaches_itself,
    decision_refusals,
    file_class,
    filed,
    made_here,
    may_fetch,
    request_refusals,
    size_limit,
    unfiled,
    waiting,
)
from domain.roles import Role
from tests.domain.builders import NOW, POLICY, a_dossier, a_grant, a_version, an_actor, codes

MIB = 2**20
PDF, JPEG, MP4, MP3 = "application/pdf", "image/jpeg", "video/mp4", "audio/mpeg"
PHOTO, SCAN, EVIDENCE = DocType.INSPECTION_PHOTO, DocType.CERT_SCAN, DocType.EVIDENCE


def _request(**changes):
    facts: dict[str, Any] = {
        "doc_type": SCAN,
        "title": "scan",
        "size": 1,
        "sha256": "0" * 64,
        "mime": PDF,
        "dossier": a_dossier(),
        "policy": POLICY,
    }
    return [refusal for refusal in request_refusals(**facts | changes) if refusal]


@pytest.mark.parametrize(
    ("doc_type", "mime", "accepted"),
    [
        *((SCAN, mime, True) for mime in (PDF, JPEG, "image/png", "image/tiff", "application/ofd")),
        *((SCAN, mime, False) for mime in (MP4, MP3)),
        *((EVIDENCE, mime, True) for mime in (PDF, MP4, MP3)),
        *(
            (doc_type, mime, False)
            for doc_type in (SCAN, EVIDENCE, PHOTO)
            for mime in (
                "application/zip",
                "image/svg+xml",
                "text/html",
                "application/octet-stream",
                "",
            )
        ),
    ],
)
def test_documents_are_documents_and_sound_is_evidence(doc_type, mime, accepted):
    assert codes(_request(doc_type=doc_type, mime=mime)) == (
        [] if accepted else ["UNSUPPORTED_TYPE"]
    )
    assert (mime in accepted_types(doc_type)) is accepted


@pytest.mark.parametrize(
    ("doc_type", "mime", "limit"),
    [
        (PHOTO, JPEG, 20 * MIB),
        (SCAN, JPEG, 100 * MIB),
        (SCAN, PDF, 100 * MIB),
        (EVIDENCE, PDF, 100 * MIB),
        (EVIDENCE, MP4, 500 * MIB),
        (EVIDENCE, MP3, 500 * MIB),
    ],
)
def test_a_file_is_as_large_as_its_kind_may_be(doc_type, mime, limit):
    assert size_limit(doc_type, mime, POLICY) == limit
    for size, expected in (
        (0, ["VALUE_INVALID"]),
        (-1, ["VALUE_INVALID"]),
        (1, []),
        (limit, []),
        (limit + 1, ["LIMIT_EXCEEDED"]),
    ):
        assert codes(_request(doc_type=doc_type, mime=mime, size=size)) == expected


@pytest.mark.parametrize(
    ("sha256", "accepted"),
    [
        ("0123456789abcdef" * 4, True),
        ("0" * 63, False),
        ("0" * 65, False),
        ("A" * 64, False),
        ("g" * 64, False),
        ("0" * 64 + "\n", False),
        ("", False),
    ],
)
def test_a_hash_is_announced_in_lower_case_hexadecimal(sha256, accepted):
    assert codes(_request(sha256=sha256)) == ([] if accepted else ["VALUE_INVALID"])


@pytest.mark.parametrize(
    ("length", "accepted"),
    [(0, False), (1, True), (MAX_TITLE_LENGTH, True), (MAX_TITLE_LENGTH + 1, False)],
)
def test_a_title_is_short_and_never_empty(length, accepted):
    assert codes(_request(title="t" * length)) == ([] if accepted else ["VALUE_INVALID"])


@pytest.mark.parametrize("status", DossierStatus)
def test_a_closed_dossier_takes_nothing_in(status):
    open_ = {DossierStatus.OPEN, DossierStatus.FILED, DossierStatus.SUPPLEMENTING}
    refusals = _request(dossier=a_dossier(status=status))
    assert codes(refusals) == ([] if status in open_ else ["IMMUTABLE"])


def test_every_reason_is_told_at_once():
    refusals = _request(
        dossier=a_dossier(status=DossierStatus.CLOSED),
        sha256="",
        title="",
        mime="text/html",
        size=101 * MIB,
    )
    assert codes(refusals) == [
        "IMMUTABLE",
        "VALUE_INVALID",
        "VALUE_INVALID",
        "UNSUPPORTED_TYPE",
        "LIMIT_EXCEEDED",
    ]


def _arrive(*, announced=PDF, doc_type=SCAN, **changes):
    facts: dict[str, Any] = {
        "sha256": "0" * 64,
        "size": 10,
        "mime": announced,
        "pages": 1,
        "unreadable": None,
    }
    promised = a_version(mime=announced, doc_type=doc_type)
    return codes(arrival_refusals(promised, Arrived(**facts | changes)))


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ({}, []),
        ({"size": 9}, ["SIZE_MISMATCH"]),
        ({"size": 11}, ["SIZE_MISMATCH"]),
        ({"sha256": "1" + "0" * 63}, ["HASH_MISMATCH"]),
        ({"mime": JPEG}, ["UNSUPPORTED_TYPE"]),
        ({"mime": "text/html"}, ["UNSUPPORTED_TYPE"]),
        ({"mime": None, "unreadable": "no such type"}, ["UNREADABLE_FILE"]),
        ({"unreadable": "truncated"}, ["UNREADABLE_FILE"]),
        (
            {"size": 9, "sha256": "1" * 64, "mime": "application/zip", "unreadable": "x"},
            ["SIZE_MISMATCH", "HASH_MISMATCH", "UNREADABLE_FILE", "UNSUPPORTED_TYPE"],
        ),
    ],
)
def test_what_arrived_is_what_was_announced(arrived, expected):
    assert _arrive(**arrived) == expected


@pytest.mark.parametrize(
    ("announced", "mime", "expected"),
    [
        ("image/heic", "image/heif", []),
        ("image/heif", "image/heic", []),
        ("image/heic", JPEG, ["UNSUPPORTED_TYPE"]),
        (JPEG, "image/heic", ["UNSUPPORTED_TYPE"]),
    ],
)
def test_heic_and_heif_are_one_family(announced, mime, expected):
    assert _arrive(doc_type=PHOTO, announced=announced, mime=mime) == expected


@pytest.mark.parametrize("status", FileStatus)
def test_a_version_waits_once_and_is_decided_once(status):
    version = a_version(status=status)
    pending, ready = status is FileStatus.PENDING, status is FileStatus.READY
    assert codes([waiting(version)]) == ([] if pending else ["STATE_CONFLICT"])
    decided = codes(decision_refusals(version, checker="archivist"))
    assert decided == ([] if ready else ["STATE_CONFLICT"])


def test_nobody_accepts_the_own_upload():
    version = a_version(status=FileStatus.READY, uploaded_by="u1")
    assert codes(decision_refusals(version, checker="u1")) == ["SOD_VIOLATION"]
    assert codes(decision_refusals(version, checker="u2")) == []


@pytest.mark.parametrize(
    ("doc_type", "level"),
    [
        (SCAN, FileClass.A),
        (DocType.MORTGAGE_CERT_SCAN, FileClass.A),
        (DocType.PRE_NOTICE_CERT_SCAN, FileClass.A),
        (DocType.PLEDGE_CERT_SCAN, FileClass.A),
        (DocType.LOAN_CONTRACT, FileClass.B),
        (DocType.LOAN_NOTE, FileClass.B),
        (DocType.APPROVAL_NOTE, FileClass.B),
        (DocType.INSPECTION_REPORT, FileClass.C),
        (PHOTO, FileClass.C),
        (EVIDENCE, FileClass.D),
    ],
)
def test_a_document_has_its_level(doc_type, level):
    assert file_class(doc_type) is level


@pytest.mark.parametrize(
    ("doc_type", "source", "refused"),
    [
        (DocType.OTHER, FileSource.WEB, []),
        (DocType.CUSTODY_RECEIPT, FileSource.WEB, ["VALUE_INVALID"]),
        (DocType.OTHER, FileSource.GENERATED, ["VALUE_INVALID"]),
    ],
)
def test_what_the_server_draws_comes_from_nobody_else(doc_type, source, refused):
    assert codes([made_here(doc_type, source)]) == refused


@pytest.mark.parametrize("doc_type", DocType)
def test_the_banks_own_papers_are_three_and_attach_themselves(doc_type):
    own = {DocType.CUSTODY_RECEIPT, DocType.SETTLEMENT_PROOF, DocType.APPROVAL_SHEET}
    refused = ["VALUE_INVALID"] if doc_type in own else []
    assert codes([attaches_itself(doc_type)]) == refused
    assert codes([made_here(doc_type, FileSource.WEB)]) == refused


@pytest.mark.parametrize(
    ("role", "scan", "receipt"),
    [
        (Role.ARCHIVIST, True, True),
        (Role.AUDITOR, True, True),
        (Role.VAULT_KEEPER, False, True),
        (Role.HQ_PARAMETER, False, False),
    ],
)
def test_who_handles_paper_may_fetch_its_receipts(role, scan, receipt):
    person = an_actor("u1", a_grant(role))
    of_receipt = a_version(doc_type=DocType.CUSTODY_RECEIPT, org_path="/HO/T1/T2/OB-1")
    assert may_fetch(person, a_version(org_path="/HO/T1/T2/OB-1")) is scan
    assert may_fetch(person, of_receipt) is receipt


@pytest.mark.parametrize("status", FileStatus)
@pytest.mark.parametrize("source", FileSource)
def test_only_what_was_drawn_here_and_waits_is_unfiled(source, status):
    waits = source is FileSource.GENERATED and status is FileStatus.PENDING
    assert unfiled(a_version(source=source, status=status)) is waits


def test_a_filed_document_names_what_is_stored_and_is_what_was_announced():
    announced = a_version(source=FileSource.GENERATED, doc_type=DocType.CUSTODY_RECEIPT)
    kept = filed(announced, stored="v1", by="SYSTEM", now=NOW)
    assert (kept.object_version_id, kept.status) == ("v1", FileStatus.ACCEPTED)
    assert (kept.sha256, kept.size) == (announced.sha256, announced.size)
    assert not unfiled(kept)
