"""What still goes into a closed dossier: one document for each approval from above."""

from dataclasses import replace

import pytest

from domain.dossiers import (
    MAX_SUPPLEMENTS,
    DocType,
    DossierStatus,
    Supplement,
    open_supplement,
    supplemented,
)
from domain.files import ADDABLE, shut_out, takes
from domain.orgs import OrgLevel
from domain.roles import Role
from domain.supplements import self_approved, supplement_refusals
from tests.domain.builders import NOW, a_dossier, a_grant, a_version, codes

TIER2 = a_grant(Role.APPROVER, org_level=OrgLevel.TIER2_BRANCH)
ONE = Supplement(doc_type=DocType.EVIDENCE, reason="late", approved_by="t2", approved_at=NOW)


def _closed(*supplements, status=DossierStatus.CLOSED):
    return a_dossier(status=status, supplements=supplements)


def _refused(dossier, doc_type=DocType.EVIDENCE, reason="late", grants=(TIER2,)):
    return codes(supplement_refusals(dossier, doc_type, reason=reason, grants=grants))


@pytest.mark.parametrize("status", DossierStatus)
def test_only_a_closed_dossier_needs_an_approval(status):
    expected = [] if status is DossierStatus.CLOSED else ["STATE_CONFLICT"]
    assert _refused(_closed(status=status)) == expected


@pytest.mark.parametrize("level", OrgLevel)
def test_the_second_tier_or_above_approves(level):
    above = {OrgLevel.TIER2_BRANCH, OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE}
    refused = _refused(_closed(), grants=(a_grant(Role.APPROVER, org_level=level),))
    assert refused == ([] if level in above else ["APPROVAL_LEVEL"])
    assert _refused(_closed(), grants=()) == ["APPROVAL_LEVEL"]


def test_an_approval_has_a_reason_and_is_used_before_the_next():
    assert _refused(_closed(), reason=" ") == ["VALUE_INVALID"]
    assert _refused(_closed(), DocType.CUSTODY_RECEIPT) == ["VALUE_INVALID"]
    assert _refused(_closed(ONE)) == ["VALUE_INVALID"]
    assert _refused(_closed(ONE), DocType.OTHER) == []
    used = supplemented(_closed(ONE), DocType.EVIDENCE, "fv-1")
    assert _refused(used) == []


def test_approvals_of_one_dossier_have_a_limit():
    used = supplemented(_closed(ONE), DocType.EVIDENCE, "fv-1").supplements
    assert _refused(_closed(*used * (MAX_SUPPLEMENTS - 1))) == []
    assert _refused(_closed(*used * MAX_SUPPLEMENTS)) == ["VALUE_INVALID"]


def test_one_document_of_its_type_uses_an_approval_up():
    dossier = _closed(ONE, replace(ONE))
    assert not takes(_closed(), DocType.EVIDENCE)
    assert takes(dossier, DocType.EVIDENCE)
    assert not takes(dossier, DocType.OTHER)
    first = supplemented(dossier, DocType.EVIDENCE, "fv-1")
    assert [one.file_version_id for one in first.supplements] == ["fv-1", None]
    second = supplemented(first, DocType.EVIDENCE, "fv-2")
    assert open_supplement(second, DocType.EVIDENCE) is None


def test_whoever_approved_it_does_not_bring_it():
    assert codes([self_approved(_closed(ONE), DocType.EVIDENCE, uploader="t2")]) == [
        "SELF_APPROVAL"
    ]
    assert self_approved(_closed(ONE), DocType.EVIDENCE, uploader="other") is None
    assert self_approved(_closed(), DocType.EVIDENCE, uploader="t2") is None


@pytest.mark.parametrize("status", DossierStatus)
def test_what_was_announced_before_the_closing_does_not_come_in_after_it(status):
    dossier = supplemented(_closed(ONE, status=status), DocType.EVIDENCE, "fv-1")
    own, other = a_version(id="fv-1"), a_version(id="fv-2")
    assert codes([shut_out(own, dossier)]) == []
    assert codes([shut_out(other, dossier)]) == ([] if status in ADDABLE else ["IMMUTABLE"])
