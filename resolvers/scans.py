"""Accepted scans of a certificate, with a fresh look at their stored bytes (CUS-03)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from domain.certificates import TitleCertificate
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.vaulting import Scan
from resolvers.deed import Deed
from storage.decisions import Decision
from storage.objects import Objects
from storage.outside import Begun
from storage.records import Record

Look = tuple[FileVersion, ArchiveFile, Begun[str | None] | None]


async def accepted_scans(
    deed: Deed, certificates: Sequence[TitleCertificate]
) -> dict[str, list[Scan]]:
    """Accepted scans by their certificate; `intact` by their bytes in the store now."""
    return await scans_looked_at(await look_at_scans(deed, certificates))


async def look_at_scans(
    deed: Deed, certificates: Sequence[TitleCertificate], *, stored: bool = True
) -> list[Look]:
    """Accepted scans; with `stored`, their bytes are being read from now on, beside all else."""
    return [
        (version, file, _reading(deed, version) if stored else None)
        for version, file in await _accepted(deed.decision, [one.id for one in certificates])
    ]


async def scans_looked_at(looks: Sequence[Look]) -> dict[str, list[Scan]]:
    """These scans by their certificate, once what is being read of them has been read."""
    scans: dict[str, list[Scan]] = defaultdict(list)
    for version, file, reading in looks:
        assert file.certificate_id is not None
        intact = reading is None or await reading == version.sha256
        scans[file.certificate_id].append(_scan(version, file.cert_no_norm, intact=intact))
    return scans


async def recorded_scans(decision: Decision, certificate: TitleCertificate) -> list[Scan]:
    """The same of one certificate by the records alone; nothing is read from the store."""
    return [
        _scan(version, file.cert_no_norm, intact=True)
        for version, file in await _accepted(decision, [certificate.id])
    ]


def scans_query(certificate_ids: Sequence[str]) -> Record:
    """Which files are accepted scans of these certificates."""
    return {
        "certificate_id": {"$in": sorted(certificate_ids)},
        "doc_type": DocType.CERT_SCAN.value,
        "status": FileStatus.ACCEPTED.value,
    }


def contents_query(files: Iterable[ArchiveFile]) -> Record:
    """Which versions are the present ones of these files."""
    return {"_id": {"$in": sorted(f.current_version_id for f in files if f.current_version_id)}}


async def _accepted(
    decision: Decision, certificate_ids: Sequence[str]
) -> list[tuple[FileVersion, ArchiveFile]]:
    """Versions of the accepted scans, each with its file."""
    files = await decision.find(ArchiveFile, scans_query(certificate_ids))
    file_of = {file.current_version_id: file for file in files}
    versions = await decision.find(FileVersion, contents_query(files))
    return [(version, file_of[version.id]) for version in versions]


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
    return await _reading(deed, version) == version.sha256


def _reading(deed: Deed, version: FileVersion) -> Begun[str | None]:
    """The hash of the stored bytes, on its way unless this request knows it already."""
    known = deed.context.digests
    if version.id not in known:
        known[version.id] = deed.decision.begin(_digest(deed.stores.objects, version))
    return known[version.id]


async def _digest(objects: Objects, version: FileVersion) -> str | None:
    if version.object_version_id is None:
        return None
    return await objects.digest(version.object_key, version.object_version_id)
