"""The object store (对象存储): where the bytes of the archive are, behind a few verbs.

Keys are random and say nothing (ARC-23). What counts is the version that was measured: a second
upload to the same key makes another version, which no record names.
"""

import base64
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread

from storage import canary
from storage.contents import Contents, Unreadable, examine
from storage.errors import Unavailable
from storage.s3 import S3, Fetched, Lock, Stored, next_chunk
from storage.signing import Signer

MAX_CALLS = 16  # short requests and chunks at a time
MAX_READINGS = 4  # whole objects read or written at a time
MAX_OPENINGS = 2  # uploads opened at a time, each in a child with 1.5 GiB at most
LISTED_AT_A_TIME = 500
MAX_FILENAME = 200  # characters

KEY_BYTES = 24

T = TypeVar("T")


def random_key(prefix: str) -> str:
    """A key that nobody guesses; its prefix tells the kind of document and at most a day."""
    return f"{prefix}{secrets.token_urlsafe(KEY_BYTES)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Leave to send one file straight to the store; `headers` go with it unchanged."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is really stored, read once.

    sha256: None where the object is larger than allowed, and was not read.
    contents: None where it cannot be opened, which `unreadable` explains; `mime` is what it
    looks like even then.
    """

    size: int
    sha256: str | None
    version_id: str
    mime: str | None
    contents: Contents | None
    unreadable: str | None


class Objects:
    """The bucket of the archive. Every method may raise Unavailable, but those that only sign."""

    def __init__(
        self,
        *,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        region: str,
        secure: bool,
        public_url: str | None,
    ) -> None:
        self._s3 = S3(endpoint, access_key, secret_key, bucket=bucket, region=region, secure=secure)
        self._signer = Signer(
            access_key=access_key,
            secret_key=secret_key,
            region=region,
            base_url=public_url or f"{'https' if secure else 'http'}://{endpoint}",
        )
        self._bucket = bucket
        self._calls = CapacityLimiter(MAX_CALLS)
        self._readings = CapacityLimiter(MAX_READINGS)
        self._openings = CapacityLimiter(MAX_OPENINGS)

    async def prepare(self) -> None:
        """Makes the bucket with versions and object lock, unless it is there."""
        await self._call(self._s3.prepare)

    async def ping(self) -> None:
        """Asks for a sign of life. Raises: Unavailable."""
        await self._call(self._s3.ping)

    def close(self) -> None:
        """Gives every connection back."""
        self._s3.close()

    def upload_ticket(self, key: str, *, size: int, sha256: str, ttl: timedelta) -> Ticket:
        """Leave to send exactly these bytes; the signature holds the client to them (ARC-20).

        The hash is signed in two ways, since each store enforces another one (docs/stores.md).
        The store judges the moment by its own clock, so this signs by the machine's.
        """
        now = datetime.now(UTC)
        url = self._signer.sign(
            "PUT",
            self._path(key),
            now=now,
            ttl=ttl,
            query={"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode()},
            headers={"content-length": str(size)},  # every client sends it by itself
            payload=sha256,
        )
        return Ticket(url=url, method="PUT", headers=MappingProxyType({}), expires_at=now + ttl)

    def download_url(
        self, key: str, version_id: str, *, mime: str, filename: str, ttl: timedelta
    ) -> str:
        """A link to one version, which a browser saves under `filename` and never runs.

        What the uploader's client wrote beside the object is overridden, not repeated.
        """
        return self._signer.sign(
            "GET",
            self._path(key),
            now=datetime.now(UTC),
            ttl=ttl,
            query={
                "versionId": version_id,
                "response-content-type": mime,
                "response-content-disposition": content_disposition(filename),
                "response-content-encoding": "identity",
                "response-cache-control": "private, no-store",
            },
        )

    async def measure(self, key: str, *, limit: int) -> Measured | None:
        """Reads the newest upload once and says what it is; None when nothing was uploaded."""
        return await self._call(partial(self._measure, key, limit), self._openings)

    async def digest(self, key: str, version_id: str) -> str | None:
        """SHA-256 of the stored version, read again to its end; None when it is gone."""
        return await self._call(partial(self._s3.digest, key, version_id), self._readings)

    async def read(
        self, key: str, version_id: str, *, offset: int, length: int
    ) -> AsyncIterator[bytes]:
        """A part of a version, chunk by chunk; exactly `length` bytes or an error.

        Raises: Missing, before the first chunk.
        """
        if length == 0:
            return
        opening = partial(self._s3.open, key, version_id, offset=offset, length=length)
        response = await self._call(opening)
        try:
            while chunk := await self._call(partial(next_chunk, response)):
                length -= len(chunk)
                yield chunk
        finally:
            response.close()
        if length != 0:
            raise Unavailable("objects")

    async def put(self, key: str, path: Path, *, mime: str) -> str:
        """Stores a file that came through the server; gives its version."""
        return await self._call(partial(self._s3.put, key, path, mime=mime), self._readings)

    async def put_bytes(self, key: str, content: bytes, *, mime: str) -> str:
        """Stores a document that was made here; gives its version."""
        return await self._call(partial(self._s3.put_bytes, key, content, mime=mime))

    async def remove(self, key: str, version_id: str | None) -> None:
        """Removes a version, or with None all of them (ARC-34). Raises: Locked."""
        if version_id is not None:
            await self._call(partial(self._s3.remove, key, version_id))
            return
        async for found in self._listed(key):
            if found.key == key:
                await self._call(partial(self._s3.remove, key, found.version_id))

    async def retain(self, key: str, version_id: str, *, until: datetime) -> None:
        """Keeps the version until then, whoever asks; extends, never shortens (ARC-26)."""
        await self._call(partial(self._s3.retain, key, version_id, until=until))

    async def hold(self, key: str, version_id: str, *, on: bool) -> None:
        """Mirrors a legal hold (法律冻结) on the version, or lifts it."""
        await self._call(partial(self._s3.hold, key, version_id, on=on))

    async def lock(self, key: str, version_id: str) -> Lock:
        """What the store itself says it keeps, to be compared with the record. Raises: Missing."""
        return await self._call(partial(self._s3.lock, key, version_id))

    async def canary(self) -> bool:
        """Whether this store refuses to give up what it promised to keep, proved by trying."""
        return await self._call(partial(canary.sings, self._s3), self._readings)

    async def unfinished(self, *, prefix: str, before: datetime) -> AsyncIterator[Stored]:
        """Versions stored before a moment: the sweeper's candidates, records name the others."""
        async for found in self._listed(prefix):
            if found.modified_at < before:
                yield found

    async def _listed(self, prefix: str) -> AsyncIterator[Stored]:
        versions = self._s3.versions(prefix)
        while page := await self._call(lambda: list(islice(versions, LISTED_AT_A_TIME))):
            for found in page:
                yield found

    def _measure(self, key: str, limit: int) -> Measured | None:
        with tempfile.TemporaryDirectory(prefix="lienkeeper-") as folder:
            path = Path(folder) / "upload"
            with path.open("wb") as file:
                fetched = self._s3.fetch(key, into=file, limit=limit)
            if fetched is None:
                return None
            return _measured(fetched, path, limit)

    def _path(self, key: str) -> str:
        return f"/{self._bucket}/{key}"

    async def _call(self, blocking: Callable[[], T], limiter: CapacityLimiter | None = None) -> T:
        return await to_thread.run_sync(blocking, limiter=limiter or self._calls)


def _measured(fetched: Fetched, path: Path, limit: int) -> Measured:
    contents, mime, unreadable = None, None, None
    if fetched.sha256 is None:
        unreadable = f"It is larger than {limit} bytes."
    else:
        try:
            contents = examine(path)
            mime = contents.mime
        except Unreadable as why:
            mime, unreadable = why.mime, why.reason
    return Measured(
        size=fetched.size,
        sha256=fetched.sha256,
        version_id=fetched.version_id,
        mime=mime,
        contents=contents,
        unreadable=unreadable,
    )


def content_disposition(filename: str) -> str:
    """The header that saves under a name in any script (RFC 6266); paths and controls are cut."""
    name = "".join(letter for letter in filename if letter.isprintable() and letter not in '/\\"')
    name = name.strip(". ")[-MAX_FILENAME:] or "file"
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
