"""The approval sheet: what stands on it, and which of several the case shows."""

from datetime import timedelta

from domain.approval_sheets import approval_sheet, with_sheet
from domain.deregistration import PrecheckRun
from domain.dossiers import DocType
from tests.domain.builders import NOW, a_case, a_version
from tests.domain.proof_builders import an_approval

RUNS = tuple(
    PrecheckRun(
        at=NOW + timedelta(hours=n),
        stage="APPROVE",
        ready=True,
        policy_version=f"v{n}",
        results=({"id": "DRG-P01", "outcome": "PASS"}, {"id": "DRG-P13", "outcome": "WARNING"}),
    )
    for n in range(2)
)


def test_the_sheet_tells_the_last_evaluation_and_every_approval():
    given = (an_approval("head"), an_approval("risk"))
    case = a_case(precheck_runs=RUNS, approvals=given)
    sheet = approval_sheet(case, now=NOW)
    assert (sheet.policy_version, sheet.evaluated_at) == ("v1", NOW + timedelta(hours=1))
    assert sheet.outcomes == {"DRG-P01": "PASS", "DRG-P13": "WARNING"}
    assert (sheet.approvals, sheet.collateral_no, sheet.approved_at) == (given, "COL1", NOW)


def test_a_case_shows_the_sheet_that_stands_and_keeps_its_other_documents():
    first, second = (a_version(id=f"fv-{n}", sha256=f"{n}" * 64) for n in (1, 2))
    case = with_sheet(with_sheet(a_case(), first, now=NOW), second, now=NOW)
    assert [one.code for one in case.documents] == [
        DocType.DEREG_APPLICATION,
        DocType.OWNER_ID,
        DocType.APPROVAL_SHEET,
    ]
    sheet = case.document(DocType.APPROVAL_SHEET)
    assert sheet is not None
    assert (sheet.file_version_id, sheet.sha256, sheet.attached_by) == ("fv-2", "2" * 64, "SYSTEM")
