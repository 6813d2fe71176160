"""An accepted file is rejected by a third person; its line opens again and remembers."""

from datetime import timedelta

import pytest

from domain.dossiers import (
    Acceptance,
    DocType,
    DossierItem,
    DossierStatus,
    ItemStage,
    ItemStatus,
    with_item,
)
from domain.files import FileSource, FileStatus
from domain.rechecks import rejection_refusals, reopened
from tests.domain.builders import NOW, a_dossier, a_version, codes

CODE, OTHER = DocType.LOAN_CONTRACT, DocType.LOAN_NOTE
DOSSIER = a_dossier(
    items=tuple(
        DossierItem(code=code, stage=ItemStage.AT_DISBURSEMENT, required=True)
        for code in (CODE, OTHER)
    )
)


@pytest.mark.parametrize(
    ("version", "checker", "status", "expected"),
    [
        ({}, "third", DossierStatus.OPEN, []),
        ({}, "third", DossierStatus.FILED, []),
        ({}, "third", DossierStatus.CLOSED, ["IMMUTABLE"]),
        ({}, "accepter", DossierStatus.OPEN, ["SOD_VIOLATION"]),
        ({}, "uploader", DossierStatus.OPEN, ["SOD_VIOLATION"]),
        ({"source": FileSource.GENERATED}, "third", DossierStatus.OPEN, ["STATE_CONFLICT"]),
        ({"status": FileStatus.READY}, "accepter", DossierStatus.OPEN, []),
        ({"status": FileStatus.READY}, "uploader", DossierStatus.OPEN, ["SOD_VIOLATION"]),
        ({"status": FileStatus.REJECTED}, "third", DossierStatus.OPEN, ["STATE_CONFLICT"]),
        ({"status": FileStatus.SUPERSEDED}, "third", DossierStatus.OPEN, ["STATE_CONFLICT"]),
    ],
)
def test_an_accepted_file_is_rejected_by_a_third_person(version, checker, status, expected):
    accepted = {"status": FileStatus.ACCEPTED, "uploaded_by": "uploader", "decided_by": "accepter"}
    refusals = rejection_refusals(
        a_version(**accepted | version), a_dossier(status=status), checker=checker
    )
    assert codes(refusals) == expected


def _accepted(code, version_id):
    return with_item(
        DOSSIER,
        code,
        status=ItemStatus.ACCEPTED,
        current_version_id=version_id,
        accepted_at=NOW,
        accepted_by="accepter",
    )


def test_its_line_opens_again_and_remembers_from_when_to_when_it_was_accepted():
    later = NOW + timedelta(days=3)
    after = reopened(_accepted(CODE, "fv-1"), "fv-1", reason="blurred", now=later)
    item = after.item(CODE)
    assert (item.status, item.accepted_at, item.reason) == (ItemStatus.REJECTED, None, "blurred")
    assert item.earlier == (Acceptance(at=NOW, by="accepter", until=later),)
    assert after.item(OTHER) == DOSSIER.item(OTHER)


def test_a_line_for_which_another_file_stands_or_that_is_locked_stays():
    other = _accepted(CODE, "fv-2")
    assert reopened(other, "fv-1", reason="blurred", now=NOW) == other
    locked = with_item(_accepted(CODE, "fv-1"), CODE, locked=True)
    assert reopened(locked, "fv-1", reason="blurred", now=NOW) == locked
