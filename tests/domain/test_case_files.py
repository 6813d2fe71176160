"""Which files a release may rest on: their state, type and dossier."""

import pytest

from domain.case_files import file_refusals, of_another_case
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileClass, FileStatus
from tests.domain.builders import PLACE, a_case, a_version, codes

CODE = DocType.DEREG_APPLICATION


def a_file(**changes) -> ArchiveFile:
    facts = {
        "id": "file-1",
        "dossier_id": "dossier-1",
        "loan_no": "L1",
        "doc_type": CODE,
        "title": "file",
        "file_class": FileClass.B,
    }
    return ArchiveFile(**PLACE | facts | changes)


@pytest.mark.parametrize("status", FileStatus)
@pytest.mark.parametrize("doc_type", [CODE, DocType.OTHER])
@pytest.mark.parametrize("loan_no", ["L1", "L2"])
def test_a_file_stands_for_what_it_is_in_a_dossier_of_the_case(status, doc_type, loan_no):
    version = a_version(status=status, doc_type=doc_type)
    told = file_refusals(a_case(), a_file(loan_no=loan_no), version, CODE, field="f")
    usable = status in {FileStatus.READY, FileStatus.ACCEPTED}
    wrong = [usable, doc_type is CODE, loan_no == "L1"].count(False)
    assert codes(told) == ["VALUE_INVALID"] * wrong


@pytest.mark.parametrize(
    ("case_id", "loan_no", "loans", "fine"),
    [
        ("case-1", "L1", ("L1",), True),
        (None, "L1", ("L1",), True),
        ("case-2", "L1", ("L1",), False),
        ("case-1", "L2", ("L1",), False),
        ("case-1", "L2", (), True),
        (None, "L2", (), False),
    ],
)
def test_a_receipt_is_of_one_case(case_id, loan_no, loans, fine):
    file, case = a_file(case_id=case_id, loan_no=loan_no), a_case(loan_nos=loans)
    expected = [] if fine else ["VALUE_INVALID"]
    assert codes([of_another_case(case, file, field="f")]) == expected
