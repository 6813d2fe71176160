"""Accepted scans of a certificate, with a fresh look at their stored bytes (CUS-03)."""

from domain.certificates import TitleCertificate
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.vaulting import Scan
from resolvers.mutation import Deed
from storage.decisions import Decision, Outside


async def accepted_scans(deed: Deed, certificate: TitleCertificate) -> list[Scan]:
    """Every accepted scan linked to the certificate; `intact` by its bytes in the store now."""
    return [
        _scan(version, number, intact=await is_intact(deed, version))
        for version, number in await _accepted(deed.decision, certificate)
    ]


async def recorded_scans(decision: Decision, certificate: TitleCertificate) -> list[Scan]:
    """The same by the records alone; nothing is read from the store."""
    return [
        _scan(version, number, intact=True)
        for version, number in await _accepted(decision, certificate)
    ]


async def _accepted(
    decision: Decision, certificate: TitleCertificate
) -> list[tuple[FileVersion, str | None]]:
    """Versions of the accepted scans, each with the number that it shows."""
    files = await decision.find(
        ArchiveFile,
        {
            "certificate_id": certificate.id,
            "doc_type": DocType.CERT_SCAN.value,
            "status": FileStatus.ACCEPTED.value,
        },
    )
    shown = {file.current_version_id: file.cert_no_norm for file in files}
    ids = [id for id in shown if id]
    versions = await decision.find(FileVersion, {"_id": {"$in": ids}})
    return [(version, shown[version.id]) for version in versions]


def _scan(version: FileVersion, number: str | None, *, intact: bool) -> Scan:
    return Scan(
        file_version_id=version.id,
        sha256=version.sha256,
        cert_no_norm=number,
        pages=version.pages,
        intact=intact,
    )


async def is_intact(deed: Deed, version: FileVersion) -> bool:
    """Whether the stored object still has the recorded hash (INV-06); asked once a request."""
    if version.object_version_id is None:
        return False
    known = deed.context.digests
    if version.id not in known:
        key, stored = version.object_key, version.object_version_id
        known[version.id] = await Outside(lambda: deed.stores.objects.digest(key, stored))
    return known[version.id] == version.sha256
