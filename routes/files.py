"""Archive files through the server (流式下载), for clients that cannot reach the store."""

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from domain.files import READABLE, ArchiveFile, FileStatus, FileVersion, may_fetch, unfiled
from resolvers.context import Context
from resolvers.downloads import access_entry, download_name
from storage.errors import Missing
from storage.objects import content_disposition
from storage.records import from_record

MAX_PURPOSE = 300
RETRY_AFTER_S = 5
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
ContextOf = Callable[[Request], Awaitable[Context]]


def file_routes(context_of: ContextOf) -> list[Route]:
    """`GET /files/{version_id}`: authorised, logged, then streamed; Range and ETag honoured."""

    async def download(request: Request) -> Response:
        context = await context_of(request)
        version_id = request.path_params["version_id"]
        record = await context.reader.one("file_versions", {"_id": version_id})
        if record is None:
            return _wrong("NOT_FOUND", "There is no such file within your reach.", 404)
        version = from_record(FileVersion, record)
        allowed = may_fetch(context.actor, version)
        if allowed and unfiled(version):
            version = await _filed(context, version)
            if unfiled(version):
                return _wrong("NOT_READY", "The receipt is not filed yet; ask again soon.", 503)
        purpose = request.query_params.get("purpose", "STREAM")[:MAX_PURPOSE]
        if not allowed or FileStatus(version.status) not in READABLE:
            await _log(context, version, action="DENIED", purpose=purpose)
            return _wrong("FORBIDDEN", "You may not fetch this file.", 403)
        await _log(context, version, action="DOWNLOAD", purpose=purpose)
        return await _answer(request, context, version)

    return [Route("/files/{version_id}", download, methods=["GET", "HEAD"])]


async def _filed(context: Context, version: FileVersion) -> FileVersion:
    """A receipt that waits for its bytes, after one attempt to file it."""
    await context.stores.filer.file_anew([version.id])
    record = await context.reader.one("file_versions", {"_id": version.id})
    return version if record is None else from_record(FileVersion, record)


async def _answer(request: Request, context: Context, version: FileVersion) -> Response:
    etag = f'"{version.sha256}"'
    headers = await _headers(context, version, etag)
    if request.headers.get("if-none-match") in {etag, "*"}:
        return Response(status_code=304, headers=headers)
    span = _span(request, version.size, etag)
    if span is None:
        return Response(
            status_code=416, headers=headers | {"Content-Range": f"bytes */{version.size}"}
        )
    first, length = span
    headers["Content-Length"] = str(length)
    status = 200 if length == version.size else 206
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{version.size}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=version.mime)
    assert version.object_version_id is not None
    body = context.stores.objects.read(
        version.object_key, version.object_version_id, offset=first, length=length
    )
    try:
        head = await anext(body)
    except Missing:
        return _wrong("GONE", "The store has lost this file; auditors have been told.", 410)

    async def whole() -> AsyncIterator[bytes]:
        yield head
        async for chunk in body:
            yield chunk

    return StreamingResponse(whole(), status_code=status, headers=headers, media_type=version.mime)


async def _headers(context: Context, version: FileVersion, etag: str) -> dict[str, str]:
    record = await context.reader.one("files", {"_id": version.file_id})
    name = (
        version.id if record is None else download_name(from_record(ArchiveFile, record), version)
    )
    digest = bytes.fromhex(version.sha256)
    return {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": content_disposition(name),
        "Repr-Digest": f"sha-256=:{_base64(digest)}:",
        "X-Content-Type-Options": "nosniff",
    }


def _span(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """First byte and length asked for; the whole where no valid single range is; None is 416."""
    asked = request.headers.get("range")
    unchanged = request.headers.get("if-range") in {None, etag}
    match = _RANGE.fullmatch(asked) if asked and unchanged else None
    if match is None or match.groups() == ("", ""):
        return 0, size
    start, end = match.groups()
    if not start:
        length = min(int(end), size)
        return (size - length, length) if length else None
    first = int(start)
    last = min(int(end), size - 1) if end else size - 1
    return (first, last - first + 1) if first <= last else None


async def _log(context: Context, version: FileVersion, *, action: str, purpose: str) -> None:
    """Written before a byte goes out (ARC-28)."""
    entry = access_entry(context, version, action=action, purpose=purpose)
    await context.stores.mongo.database["access_logs"].insert_one(entry)


def _base64(digest: bytes) -> str:

    return base64.b64encode(digest).decode()


def _wrong(code: str, sentence: str, status: int) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None
    body = {"error": {"code": code, "message": sentence}}
    return JSONResponse(body, status_code=status, headers=headers)
