"""Accepted scans of a certificate, with a fresh look at their stored bytes (CUS-03)."""

from domain.certificates import TitleCertificate
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.vaulting import Scan
from resolvers.mutation import Deed
from storage.decisions import Outside


async def accepted_scans(deed: Deed, certificate: TitleCertificate) -> list[Scan]:
    """Every accepted scan linked to the certificate; `intact` by its bytes in the store now."""
    files = await deed.decision.find(
        ArchiveFile,
        {
            "certificate_id": certificate.id,
            "doc_type": DocType.CERT_SCAN.value,
            "status": FileStatus.ACCEPTED.value,
        },
    )
    ids = [file.current_version_id for file in files if file.current_version_id]
    versions = await deed.decision.find(FileVersion, {"_id": {"$in": ids}})
    shown = {file.current_version_id: file.cert_no_norm for file in files}
    return [
        Scan(
            file_version_id=version.id,
            sha256=version.sha256,
            cert_no_norm=shown[version.id],
            pages=version.pages,
            intact=await is_intact(deed, version),
        )
        for version in versions
    ]


async def is_intact(deed: Deed, version: FileVersion) -> bool:
    """Whether the stored object still has the recorded hash (INV-06); asked once a request."""
    if version.object_version_id is None:
        return False
    known = deed.context.digests
    if version.id not in known:
        key, stored = version.object_key, version.object_version_id
        known[version.id] = await Outside(lambda: deed.stores.objects.digest(key, stored))
    return known[version.id] == version.sha256
