"""Leave to fetch a file, with a trace of who asked and why (资料调阅)."""

from datetime import timedelta
from typing import Any

from ulid import ULID

from domain.files import READABLE, ArchiveFile, FileVersion
from domain.refusals import invalid, refuse_if
from domain.roles import Operation
from resolvers.context import Context
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.uploads import FileDownloadPayload, FileRequestDownloadInput
from storage.records import Record
from storage.writes import Insert


@mutation(
    Operation.DOWNLOAD_FILE,
    FileDownloadPayload,
    description="Get a signed address to fetch a file; the access is logged first (下载, ARC-28).",
)
async def file_request_download(deed: Deed, input: FileRequestDownloadInput) -> dict[str, Any]:
    """The access log is written in the transaction that lets the address out."""
    version = await deed.subject(FileVersion, input.file_version_id)
    purpose = input.purpose.strip()
    refuse_if(
        [
            None if purpose else invalid("purpose", "say what for", rule_id="ARC-28"),
            None
            if version.status in READABLE
            else invalid("fileVersionId", f"the file is {version.status}", rule_id="ARC-21"),
        ]
    )
    file = await deed.decision.get(ArchiveFile, version.file_id)
    entry = access_entry(deed.context, version, action="URL_ISSUED", purpose=purpose, file=file)
    deed.decision.write("access_logs", Insert(entry))
    ttl = timedelta(seconds=deed.policy.number("archive.url_ttl_s"))
    return {"download": _download(deed, version, file, ttl)}


def access_entry(
    context: Context,
    version: FileVersion,
    *,
    action: str,
    purpose: str,
    file: ArchiveFile | None = None,
) -> Record:
    """A line of the access log about a file (5.7)."""
    return access_line(
        context,
        object_id=version.id,
        object_version=version.n,
        org_path=version.org_path,
        loan_no=None if file is None else file.loan_no,
        action=action,
        purpose=purpose,
    )


def access_line(
    context: Context,
    *,
    object_id: str,
    object_version: int | None,
    org_path: str,
    action: str,
    purpose: str,
    loan_no: str | None = None,
) -> Record:
    """A line of the access log (5.7): who had what in hand, as what, when and for what."""
    return {
        "_id": f"access_{ULID()}",
        "biz_date": context.today.isoformat(),
        "at": context.now,
        "user": context.actor.login,
        "org_path": org_path,
        "roles": sorted({grant.role.value for grant in context.actor.grants}),
        "action": action,
        "object_id": object_id,
        "object_version": object_version,
        "loan_no": loan_no,
        "purpose": purpose,
        "request_id": context.request_id,
        "seq": None,
    }


def download_name(file: ArchiveFile, version: FileVersion) -> str:
    """The name a browser saves under: type of document and version, no personal data."""
    suffix = version.mime.rpartition("/")[2].replace("jpeg", "jpg").replace("mpeg", "mp3")
    return f"{file.doc_type}-{file.loan_no}-v{version.n}.{suffix}"


def _download(deed: Deed, version: FileVersion, file: ArchiveFile, ttl: timedelta) -> Record:
    assert version.object_version_id is not None
    return {
        "url": deed.stores.objects.download_url(
            version.object_key,
            version.object_version_id,
            mime=version.mime,
            filename=download_name(file, version),
            ttl=ttl,
        ),
        "stream_path": f"/files/{version.id}",
        "sha256": version.sha256,
        "size": version.size,
        "mime": version.mime,
        "expires_at": deed.now + ttl,
    }
