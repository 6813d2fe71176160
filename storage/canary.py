"""The canary (金丝雀): small objects that show whether the store keeps what it promised to keep."""

import contextlib
import secrets
from datetime import UTC, datetime, timedelta

from storage.errors import Locked, Missing
from storage.s3 import S3

PREFIX = "canary/"
KEPT_FOR = timedelta(minutes=2)  # long enough to try, short enough to leave nothing behind
_CONTENT = b"This object must not be removable before its time."


def sings(store: S3) -> bool:
    """Whether lock and hold are refused to be broken, while what is free can be removed.

    The last matters: a store that refuses everything to these credentials proves nothing.
    """
    _clear(store)
    key = PREFIX + secrets.token_hex(16)
    version_id = store.put_bytes(key, _CONTENT)
    until = datetime.now(UTC) + KEPT_FOR
    try:
        return (
            _hold_is_kept(store)
            and _retention_is_kept(store, key, version_id, until)
            and store.digest(key, version_id) is not None
        )
    except (Locked, Missing):  # it keeps no locks at all, or lost what it had locked
        return False


def _hold_is_kept(store: S3) -> bool:
    """An object under hold stays; the same one without it goes."""
    key = PREFIX + secrets.token_hex(16)
    version_id = store.put_bytes(key, _CONTENT)
    store.hold(key, version_id, on=True)
    kept = _refuses_removal(store, key, version_id)
    store.hold(key, version_id, on=False)
    return kept and not _refuses_removal(store, key, version_id)


def _retention_is_kept(store: S3, key: str, version_id: str, until: datetime) -> bool:
    store.retain(key, version_id, until=until)
    if not _refuses_removal(store, key, version_id):
        return False
    try:
        store.shorten(key, version_id, until=until - KEPT_FOR / 2)
    except Locked:
        return True
    return False


def _refuses_removal(store: S3, key: str, version_id: str) -> bool:
    try:
        store.remove(key, version_id)
    except Locked:
        return True
    return False


def _clear(store: S3) -> None:
    """Removes the canaries of earlier trials whose time is up."""
    for found in store.versions(PREFIX):
        with contextlib.suppress(Locked):
            store.remove(found.key, found.version_id)
