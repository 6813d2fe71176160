"""Papers that leave their vault for another vault or for good: what must be true of each.

Source: X18, X19, X26; CUS-13, CUS-24, INV-02.
"""

from collections.abc import Collection, Iterator, Sequence

from domain.certificates import TitleCertificate
from domain.custody import RULE_OF, Movement, illegal
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.refusals import Refusal, RefusalCode, invalid
from domain.vaulting import locked, paper_only
from domain.vaults import Vault, frozen
from domain.watch import LegalHold, held


def leaving_refusals(
    certificates: Sequence[TitleCertificate],
    movement: Movement,
    *,
    vault: Vault,
    holds: Sequence[LegalHold],
    proposal_id: str,
) -> Iterator[Refusal | None]:
    """Every rule that keeps papers inside. Asked at the proposal and at confirmation (CUS-04e)."""
    yield frozen(vault)
    for certificate in certificates:
        yield paper_only(certificate)
        yield illegal(certificate, movement)
        yield locked(certificate, proposal_id=proposal_id)
        yield in_another_vault(certificate, vault, movement)
    yield held(holds)


def in_another_vault(
    certificate: TitleCertificate, vault: Vault, movement: Movement
) -> Refusal | None:
    """A paper leaves the vault it lies in, by the keepers of that one."""
    if certificate.place is None or certificate.place.vault == vault.code:
        return None
    return invalid(
        "vault", f"{certificate.label} lies in {certificate.place.vault}", rule_id=RULE_OF[movement]
    )


def document_refusals(
    file: ArchiveFile,
    version: FileVersion,
    *,
    doc_type: DocType,
    loan_nos: Collection[str],
    field: str,
    rule_id: str,
) -> Iterator[Refusal | None]:
    """A file that papers leave on: of the right type, of one of their loans, accepted."""
    if version.doc_type is not doc_type:
        yield invalid(field, f"the file is {version.doc_type}, not {doc_type}", rule_id=rule_id)
    if file.loan_no not in loan_nos:
        yield invalid(field, "the file belongs to another loan", rule_id=rule_id)
    if version.status is not FileStatus.ACCEPTED:
        yield Refusal(
            code=RefusalCode.DOC_MISSING,
            rule_id=rule_id,
            field=field,
            detail={"documents": f"{doc_type}, accepted (it is {version.status})"},
        )
