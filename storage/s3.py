"""The conversation with the object store (minio client): blocking, bounded, its errors named.

Everything here runs in a worker thread of `storage/objects.py`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.error import MinioException, S3Error
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig
from urllib3.exceptions import HTTPError

from storage.errors import Locked, Missing, Unavailable

CHUNK = 256 * 1024  # bytes read at a time
PART = 16 * 1024 * 1024  # bytes of one part of a large upload
CONNECT_SECONDS, READ_SECONDS = 3.0, 30.0
RETRIES = 2
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion"})
_KEPT = frozenset({"AccessDenied", "InvalidRequest", "ObjectLocked"})

Response = urllib3.BaseHTTPResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version of an object, or the mark that one was deleted."""

    key: str
    version_id: str
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What keeps a version from being removed."""

    retain_until: datetime | None
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was read of an object; `sha256` is None where it was larger than allowed."""

    size: int
    sha256: str | None
    version_id: str


class S3:
    """One bucket of one store."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        *,
        bucket: str,
        region: str,
        secure: bool,
    ) -> None:
        self._bucket = bucket
        self._http = _http_client()
        self._client = Minio(
            endpoint,
            access_key,
            secret_key,
            region=region,  # given, so that no request has to ask for it first
            secure=secure,
            http_client=self._http,
        )

    def prepare(self) -> None:
        """Makes the bucket, versioned and with object lock, unless it is there."""
        with _named_errors():
            if not self._client.bucket_exists(self._bucket):
                with _suppressed({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}):
                    self._client.make_bucket(self._bucket, object_lock=True)
            if self._client.get_bucket_versioning(self._bucket).status != ENABLED:
                self._client.set_bucket_versioning(self._bucket, VersioningConfig(ENABLED))

    def ping(self) -> None:
        """Asks for the bucket."""
        with _named_errors():
            if not self._client.bucket_exists(self._bucket):
                raise Unavailable("objects")

    def close(self) -> None:
        """Gives every connection back."""
        self._http.clear()

    def fetch(self, key: str, *, into: BinaryIO, limit: int) -> Fetched | None:
        """Reads the newest version once, at most `limit` bytes; None when there is none."""
        try:
            with self._open(key) as response:
                version_id = response.headers.get("x-amz-version-id") or "null"
                size = int(response.headers["content-length"])
                if size > limit:
                    return Fetched(size=size, sha256=None, version_id=version_id)
                sha256 = hashlib.sha256()
                for chunk in _chunks(response):
                    sha256.update(chunk)
                    into.write(chunk)
        except Missing:
            return None
        return Fetched(size=size, sha256=sha256.hexdigest(), version_id=version_id)

    def digest(self, key: str, version_id: str) -> str | None:
        """SHA-256 of what is stored now; None when it is gone."""
        sha256 = hashlib.sha256()
        try:
            with self._open(key, version_id) as response:
                for chunk in _chunks(response):
                    sha256.update(chunk)
        except Missing:
            return None
        return sha256.hexdigest()

    def open(self, key: str, version_id: str, *, offset: int, length: int) -> Response:
        """A part of a version, to be read by `next_chunk` and closed. Raises: Missing."""
        assert length > 0
        with _named_errors():
            return self._client.get_object(
                self._bucket, key, version_id=version_id, offset=offset, length=length
            )

    def put(self, key: str, path: Path, *, mime: str) -> str:
        """Stores a file that came through the server; gives the version."""
        with _named_errors():
            result = self._client.fput_object(
                self._bucket, key, str(path), content_type=mime, part_size=PART
            )
        return result.version_id or "null"

    def put_bytes(self, key: str, content: bytes, *, mime: str = "application/octet-stream") -> str:
        """Stores a few bytes of our own; gives the version."""
        with _named_errors():
            result = self._client.put_object(
                self._bucket, key, BytesIO(content), len(content), content_type=mime
            )
        return result.version_id or "null"

    def remove(self, key: str, version_id: str) -> None:
        """Removes one version; one that is gone already is fine. Raises: Locked."""
        with _named_errors(refusal=Locked(key)), _suppressed(_ABSENT):
            self._client.remove_object(self._bucket, key, version_id=version_id)

    def versions(self, prefix: str) -> Iterator[Stored]:
        """Every version and deletion mark under a prefix, by key, asked for page by page."""
        with _named_errors():
            for found in self._client.list_objects(
                self._bucket, prefix=prefix, recursive=True, include_version=True
            ):
                if found.object_name and found.last_modified:
                    yield Stored(
                        key=found.object_name,
                        version_id=found.version_id or "null",
                        modified_at=found.last_modified,
                    )

    def retain(self, key: str, version_id: str, *, until: datetime) -> None:
        """Puts the version under COMPLIANCE; a shorter wish than the present one is no wish."""
        # Stores keep whole seconds, so the promise is rounded up, never down.
        until = (until.astimezone(UTC) + timedelta(microseconds=999_999)).replace(microsecond=0)
        present = self.lock(key, version_id).retain_until
        if present is not None and present >= until:
            return
        retention = Retention(COMPLIANCE, until)
        with _named_errors(refusal=Locked(key)):
            self._client.set_object_retention(self._bucket, key, retention, version_id=version_id)

    def shorten(self, key: str, version_id: str, *, until: datetime) -> None:
        """Tries what nobody may do, so that the canary can see it refused. Raises: Locked."""
        retention = Retention(COMPLIANCE, until)
        with _named_errors(refusal=Locked(key)):
            self._client.set_object_retention(self._bucket, key, retention, version_id=version_id)

    def hold(self, key: str, version_id: str, *, on: bool) -> None:
        """Sets or lifts the legal hold flag. Raises: Locked, when the store will not."""
        client = self._client
        change = client.enable_object_legal_hold if on else client.disable_object_legal_hold
        with _named_errors(refusal=Locked(key)):
            change(self._bucket, key, version_id=version_id)

    def lock(self, key: str, version_id: str) -> Lock:
        """What the store itself says it keeps; weaker modes do not count. Raises: Missing."""
        with _named_errors():
            found = self._client.stat_object(self._bucket, key, version_id=version_id)
        said = found.metadata or {}
        until = said.get("x-amz-object-lock-retain-until-date")
        strict = said.get("x-amz-object-lock-mode") == COMPLIANCE
        return Lock(
            retain_until=datetime.fromisoformat(until) if until and strict else None,
            held=said.get("x-amz-object-lock-legal-hold") == "ON",
        )

    def _open(self, key: str, version_id: str | None = None) -> AbstractContextManager[Response]:
        with _named_errors():
            return closing(self._client.get_object(self._bucket, key, version_id=version_id))


def next_chunk(response: Response) -> bytes:
    """The next bytes as they are stored, never unpacked; empty at the end."""
    with _named_errors():
        return response.read(CHUNK, decode_content=False)


def _chunks(response: Response) -> Iterator[bytes]:
    while chunk := next_chunk(response):
        yield chunk


def _http_client() -> urllib3.PoolManager:
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        maxsize=32,
        retries=urllib3.Retry(
            total=RETRIES, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504], redirect=False
        ),
    )


@contextmanager
def _named_errors(*, refusal: Locked | None = None) -> Iterator[None]:
    """Turns the client's errors into ours.

    refusal: what a refusal by the store means here; elsewhere it means wrong credentials.
    """
    try:
        yield
    except S3Error as error:
        if error.code in _ABSENT:
            raise Missing(error.code) from error
        if refusal is not None and error.code in _KEPT:
            raise refusal from error
        raise Unavailable("objects") from error
    except (MinioException, HTTPError) as error:
        raise Unavailable("objects") from error


@contextmanager
def _suppressed(codes: frozenset[str] | set[str]) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code not in codes:
            raise
