"""The child that opens a file from outside: `python -m storage.opening PATH` answers in JSON.

It tells the type from the bytes alone, then looks inside those types that the archive keeps.
"""

import contextlib
import json
import mmap
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pylibmagic  # noqa: F401 - shows where libmagic is, so it stands first

# isort: split
import magic

from storage import boxes, pdf, pictures
from storage.contents import Unreadable

if sys.platform != "win32":
    import resource

MAX_MEMORY = 1536 * 1024 * 1024  # bytes of address space
MAX_PROCESSOR_SECONDS = 30
MAX_OPEN_FILES = 32
MAX_OFD_ENTRIES = 20_000
MAX_OFD_PART = 16 * 1024 * 1024  # bytes of one part, unpacked
_BOXED = frozenset({"image/heic", "image/heif", "video/mp4"})
_PNG_END, _PNG_TAIL = b"IEND\xaeB`\x82", 65_536  # some tools write notes after the end
_OFD = "application/ofd"
_OFD_ROOT = "OFD.xml"
_DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


def main() -> None:
    """Examines the file named on the command line."""
    _bound()
    sys.stdout.write(json.dumps(answer(Path(sys.argv[1]))))


def answer(path: Path) -> dict[str, Any]:
    """What the file is and holds, or why it cannot be opened."""
    mime: str | None = None
    try:
        mime = sniff(path)
        return {"mime": mime, **_inside(path, mime)}
    except Unreadable as unreadable:
        return {"mime": mime, "unreadable": unreadable.reason}
    except MemoryError:
        return {"mime": mime, "unreadable": "It takes too much memory to open."}
    except Exception:
        # Whatever else goes wrong while looking inside, it is the file that made it go wrong.
        return {"mime": mime, "unreadable": "It is damaged."}


def sniff(path: Path) -> str:
    """The type by its bytes; an OFD is known by its root part, since it is a zip besides."""
    if path.stat().st_size == 0:
        raise Unreadable("It is empty.")
    mime = str(magic.Magic(mime=True).from_file(str(path)))
    if mime == "application/zip" and _is_ofd(path):
        return _OFD
    return mime


def _inside(path: Path, mime: str) -> dict[str, Any]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if mime in _BOXED:
            boxes.check_whole(data)
        if mime == "application/pdf":
            return {"pages": pdf.count_pages(data)}
        if mime == "image/png" and data.rfind(_PNG_END, -_PNG_TAIL) < 0:
            raise Unreadable("It is incomplete: its end is missing.")
    if mime in pictures.FORMATS:
        return pictures.look(path, mime)
    if mime == _OFD:
        return {"pages": _ofd_pages(path)}
    return {}


def _is_ofd(path: Path) -> bool:
    """Whether the zip has an OFD root (版式文件, GB/T 33190) that says so itself."""
    try:
        with zipfile.ZipFile(path) as archive:
            return re.search(rb"<(\w+:)?OFD\b", _part(archive, _OFD_ROOT)) is not None
    except _DAMAGED_ZIP:
        return False


def _ofd_pages(path: Path) -> int | None:
    """Pages of an OFD with one body; None when it has more, or says it in another way."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.namelist()) > MAX_OFD_ENTRIES:
                raise Unreadable("It has too many parts.")
            roots = re.findall(rb"DocRoot>\s*/?([^<]+?)\s*<", _part(archive, _OFD_ROOT))
            if len(roots) != 1:
                return None
            document = _part(archive, roots[0].decode())
    except _DAMAGED_ZIP:
        raise Unreadable("Its parts are damaged.") from None
    return len(re.findall(rb"<(?:\w+:)?Page\s", document)) or None


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One part, never more than the bound however well it was packed; empty when absent."""
    if name not in archive.namelist():
        return b""
    with archive.open(name) as part:
        text = part.read(MAX_OFD_PART + 1)
    if len(text) > MAX_OFD_PART:
        raise Unreadable("One of its parts is too large.")
    return text


def _bound() -> None:
    """Bounds this process before it sees a byte of the file."""
    if sys.platform == "win32":
        return
    bounds = {
        resource.RLIMIT_AS: MAX_MEMORY,
        resource.RLIMIT_CPU: MAX_PROCESSOR_SECONDS,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for bound, most in bounds.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(bound, (most, most))


if __name__ == "__main__":
    main()
