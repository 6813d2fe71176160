"""Bundles of evidence (证据包): parts, a manifest of their hashes, a signature under the manifest.

The same facts make the same bytes: entries in order, nothing compressed, no clock. So whoever
checks one makes its container again and compares, and no byte of it is beyond the signature.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from domain.policy import version_of
from storage.ledger import ledger
from storage.notary import Notary, is_signed
from storage.records import Record

FORMAT = "lienkeeper-evidence-1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
CUSTODY, SETTINGS = "custody/", "settings.json"
MAX_PARTS = 1_000
MAX_BYTES = 64 * 1024 * 1024
_DAY_ONE = (1980, 1, 1, 0, 0, 0)  # the first that the format can tell
_READ_WRITE = 0o644 << 16
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,  # a compression or version that no bundle has
    RuntimeError,  # an entry that says it is encrypted
    EOFError,
    OSError,
    ValueError,
)


def bundle(about: Mapping[str, Any], parts: Mapping[str, Any], notary: Notary) -> bytes:
    """The signed bundle of those parts. about: what the manifest says of the whole."""
    assert len(parts) <= MAX_PARTS
    texts = {name: _text(part) for name, part in parts.items()}
    listed = [
        {"name": name, "sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
        for name, text in sorted(texts.items())
    ]
    manifest = _text({"format": FORMAT, **about, "parts": listed, "public_key": notary.public_key})
    signature = notary.sign(manifest).encode()
    return _packed({MANIFEST: manifest, SIGNATURE: signature, **texts})


def flaws(content: bytes, public_key: str) -> Iterator[str]:
    """Everything that is wrong with a bundle, one sentence each; nothing when all is sound."""
    try:
        names = _names(content)
    except _UNREADABLE:
        yield "The file is no bundle, or its directory was changed."
        return
    texts: dict[str, bytes] = {}
    for name in names:
        try:
            texts[name] = _entry(content, name)
        except _UNREADABLE:
            yield f"{name} cannot be read: it was changed."
    listed = _listed(texts.get(MANIFEST, b""))
    signature = texts.get(SIGNATURE, b"").decode("ascii", "replace")
    if listed is None:
        yield f"{MANIFEST} is missing or was changed."
    elif not is_signed(texts[MANIFEST], signature, public_key):
        yield f"{MANIFEST} or {SIGNATURE} was changed, or another key signed it."
    if listed is not None:
        yield from _differences(listed, texts)
    if len(texts) == len(names) and _packed(texts) != content:
        yield "The container is not as it was made."
    for name, text in sorted(texts.items()):
        yield from _meaning(name, text)


def count(content: bytes) -> int:
    """How many parts a sound bundle has."""
    return len(_names(content)) - 2


def _text(value: Any) -> bytes:
    """JSON, the same for the same facts."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=_plain)
    return text.encode() + b"\n"


def _plain(value: object) -> str:
    assert isinstance(value, datetime), type(value)
    return value.isoformat(timespec="milliseconds")


def _packed(texts: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(texts):
            entry = zipfile.ZipInfo(name, _DAY_ONE)
            entry.create_system = 3  # as on every machine
            entry.external_attr = _READ_WRITE
            archive.writestr(entry, texts[name])
    return target.getvalue()


def _names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    many = len(names) > MAX_PARTS + 2 or len(set(names)) != len(names)
    if many or sum(entry.file_size for entry in entries) > len(content):
        raise ValueError("no bundle has such entries")
    return names


def _entry(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def _listed(manifest: bytes) -> dict[str, str] | None:
    """The parts a manifest names, with their hashes; None where it is none."""
    try:
        told = json.loads(manifest)
        if told["format"] != FORMAT:
            return None
        return {str(part["name"]): str(part["sha256"]) for part in told["parts"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _differences(listed: Mapping[str, str], texts: Mapping[str, bytes]) -> Iterator[str]:
    for name, sha256 in sorted(listed.items()):
        if name not in texts:
            yield f"{name} is missing."
        elif hashlib.sha256(texts[name]).hexdigest() != sha256:
            yield f"{name} was changed."
    for name in sorted(texts.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        yield f"{name} was added."


def _meaning(name: str, text: bytes) -> Iterator[str]:
    """What a part says of itself, recomputed: ledgers link by link, settings by their version."""
    try:
        if name.startswith(CUSTODY):
            yield from _ledger_flaws(name, json.loads(text))
        elif name == SETTINGS:
            for one in json.loads(text):
                if one["reproduced"] and version_of(one["values"]) != one["version"]:
                    yield f"{name}: the values of {one['version']} are others."
    except (ValueError, KeyError, TypeError, AttributeError):
        yield f"{name} cannot be understood."


def _ledger_flaws(name: str, told: Record) -> Iterator[str]:
    checked = ledger([{**event, "_id": event["id"]} for event in told["events"]])
    certificate = told["certificate"]
    if checked.broken is not None:
        yield f"{name}: event {checked.broken} does not follow."
    elif not (checked.leads_to(certificate) and checked.tells_right_of(certificate)):
        yield f"{name}: the ledger does not end where the certificate is."
