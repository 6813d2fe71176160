"""Why a server ended, as one clause, from the end of its own log."""

import json
import re
from pathlib import Path

_LAST_BYTES = 40_000
_LONGEST = 300
_LIBRARY = re.compile(r"error while loading shared libraries: ([^:]+):")
_STORE_ERROR = re.compile(r"^(?:[EF]\d{4} \S+ \S+:\d+\]?|panic:) (.+)$")


def mongod_reason(log: Path) -> str:
    """Its last error; mongod logs JSON, the loader of libraries plain text."""
    for line in reversed(_last_lines(log)):
        said = _missing_library(line) or _mongod_error(line)
        if said:
            return said[:_LONGEST]
    return f"see {log}"


def weed_reason(log: Path) -> str:
    """Its last error, or else the last it said."""
    lines = _last_lines(log)
    for line in reversed(lines):
        error = _STORE_ERROR.match(line)
        if error:
            return error[1][:_LONGEST]
    return lines[-1][:_LONGEST] if lines else f"see {log}"


def _last_lines(log: Path) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _LAST_BYTES))
        lines = stream.read().decode(errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _missing_library(line: str) -> str | None:
    missing = _LIBRARY.search(line)
    if missing is None:
        return None
    known = missing[1].startswith(("libssl", "libcrypto"))
    return f"the library {missing[1]} is missing{' (install OpenSSL 3)' if known else ''}"


def _mongod_error(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        # What is wrong with an option is said before the log exists.
        return line if line.startswith(("Error", "BadValue", "{0}")) else None
    if not isinstance(entry, dict) or entry.get("s") not in {"E", "F"}:
        return None
    detail = entry.get("attr", {}).get("error")
    reason = detail.get("errmsg") if isinstance(detail, dict) else detail
    return f"{entry['msg']}: {reason}" if reason else str(entry["msg"])
