"""Inputs and answers of the mutations on files."""

from datetime import datetime

import strawberry

from domain.dossiers import DocType
from domain.files import FileSource
from schema.custody import REFUSALS
from schema.dossiers import ArchiveFile, FileVersion
from schema.fields import named
from schema.nodes import Fact, Refusal


@strawberry.input(description="A file about to be sent (ARC-20). Nothing is stored yet.")
class FileRequestUploadInput:
    """Asking."""

    dossier_id: strawberry.ID = named("The dossier it goes into.")
    doc_type: DocType = named("Type of document.")
    title: str = named("Title, 1 to 200 characters.")
    size: int = named("Bytes, exactly.")
    sha256: str = named("SHA-256 of the content, 64 lower-case hexadecimal digits.")
    mime: str = named("Type, as image/jpeg; the server looks for itself.")
    pages: int | None = named("Pages, where the type does not tell.", default=None)
    certificate_id: strawberry.ID | None = named(
        "For a scan of a certificate: which. Its number is taken as it is now.", default=None
    )
    case_id: strawberry.ID | None = named("The deregistration case it belongs to.", default=None)
    file_id: strawberry.ID | None = named(
        "An existing file of which this is the next version.", default=None
    )
    reason: str | None = named("Why a new version; needed with `fileId`.", default=None)
    source: FileSource = named("Where it comes from.", default=FileSource.WEB)


@strawberry.input(description="An upload that was sent.")
class FileCompleteUploadInput:
    """Completing."""

    file_version_id: strawberry.ID = named("The version that was announced.")


@strawberry.input(description="A verified file to take into the archive.")
class FileAcceptInput:
    """Accepting."""

    file_version_id: strawberry.ID = named("The version.")


@strawberry.input(description="A verified file to turn down.")
class FileRejectInput:
    """Rejecting."""

    file_version_id: strawberry.ID = named("The version.")
    reason: str = named("Why.")


@strawberry.input(description="A file to fetch (ARC-28). The access is logged first.")
class FileRequestDownloadInput:
    """Fetching."""

    file_version_id: strawberry.ID = named("The version.")
    purpose: str = named("What for; kept in the access log.")


@strawberry.type(description="How to send the bytes, straight to the store.")
class Upload:
    """Instructions."""

    method: str = named("HTTP method.")
    url: str = named("Signed address, good for one file of exactly this size and hash.")
    headers: list[Fact] = named("Headers to send along.")
    expires_at: datetime = named("Until when.")


@strawberry.type(description="How to fetch the bytes.")
class Download:
    """Instructions."""

    url: str = named("Signed address at the store.")
    stream_path: str = named("The same through this server, with your token, Range allowed.")
    sha256: str = named("SHA-256 of the content.")
    size: int = named("Bytes.")
    mime: str = named("Type.")
    expires_at: datetime = named("Until when the signed address holds.")


@strawberry.type(description="How to send a file, or why not.")
class FileUploadPayload:
    """Answer to asking."""

    file: ArchiveFile | None = named("The file.")
    file_version: FileVersion | None = named("The version that waits for its bytes.")
    upload: Upload | None = named("How to send them.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A file, or why not.")
class FilePayload:
    """Answer about a file."""

    file: ArchiveFile | None = named("The file as it is now.")
    file_version: FileVersion | None = named("The version as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="How to fetch a file, or why not.")
class FileDownloadPayload:
    """Answer to fetching."""

    download: Download | None = named("How to fetch it.")
    refusals: list[Refusal] = named(REFUSALS)
