"""Files that a release rests on (解押资料): of the right type, still standing, and its own."""

from collections.abc import Iterator

from domain.deregistration import DeregistrationCase
from domain.dossiers import DocType
from domain.files import SOUND, ArchiveFile, FileStatus, FileVersion
from domain.refusals import Refusal, invalid

# What was attached and has not been found wanting since.
STANDING = SOUND | {FileStatus.SUPERSEDED}


def file_refusals(
    case: DeregistrationCase,
    file: ArchiveFile,
    version: FileVersion,
    code: DocType,
    *,
    field: str,
) -> Iterator[Refusal | None]:
    """What keeps a file from standing for that document of a case (P10, X16, ARC-21)."""
    if version.status not in SOUND:
        yield invalid(field, f"the file is {version.status}", rule_id="ARC-21")
    if version.doc_type is not code:
        yield invalid(field, f"the file is {version.doc_type}, not {code}", rule_id="DRG-P10")
    if not _in_its_dossiers(case, file):
        yield invalid(field, "the file is in no dossier of this case", rule_id="DRG-P10")


def of_another_case(case: DeregistrationCase, file: ArchiveFile, *, field: str) -> Refusal | None:
    """A receipt is signed for the papers of one case (X17)."""
    if _in_its_dossiers(case, file) and file.case_id in {None, case.id}:
        return None
    return invalid(field, "this receipt is of another case", rule_id="X17")


def _in_its_dossiers(case: DeregistrationCase, file: ArchiveFile) -> bool:
    """A case about no loan has no dossier: there the file names the case."""
    return file.loan_no in case.loan_nos if case.loan_nos else file.case_id == case.id
