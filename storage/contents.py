"""What a file really is: asked of a child process, because its bytes come from outside.

The child (`storage/opening.py`) has bounds on memory, processor and time, and cannot write.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

MAX_SECONDS = 45  # by the clock on the wall; the child bounds its own processor time
MAX_ANSWER = 4096  # bytes of the child's answer
_ROOT = Path(__file__).resolve().parent.parent
_TOO_HEAVY = "It cannot be opened within the memory and time allowed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What was seen inside a file; None is "not known", never "none".

    captured_at: when the camera says it was taken; without an offset, the time in Shanghai.
    latitude, longitude: degrees, where the camera stood.
    """

    mime: str
    pages: int | None = None
    width: int | None = None
    height: int | None = None
    captured_at: datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


class Unreadable(Exception):
    """The file cannot be opened; `reason` is a sentence for a person, `mime` what it looks like."""

    def __init__(self, reason: str, mime: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mime = mime


def examine(path: Path) -> Contents:
    """What the file at `path` is, whatever it was called. Blocks. Raises: Unreadable."""
    command = [sys.executable, "-E", "-s", "-m", "storage.opening", str(path.resolve())]
    try:
        child = subprocess.run(  # noqa: S603 - our own program, and a path we made
            command,
            cwd=_ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(_TOO_HEAVY) from None
    if child.returncode < 0:  # ended by a bound, or by a decoder that fell over
        raise Unreadable(_TOO_HEAVY)
    if child.returncode > 0 or len(child.stdout) > MAX_ANSWER:
        raise RuntimeError(f"The opener ended with {child.returncode}.")  # ours, not the file's
    answer = json.loads(child.stdout)
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"], answer["mime"])
    return _contents(answer)


def _environment() -> dict[str, str]:
    """No secrets of the server; one thread for each library, so that memory stays foreseeable."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


def _contents(answer: Mapping[str, Any]) -> Contents:
    captured, latitude, longitude = (
        answer.get(name) for name in ("captured_at", "latitude", "longitude")
    )
    return Contents(
        mime=answer["mime"],
        pages=answer.get("pages"),
        width=answer.get("width"),
        height=answer.get("height"),
        captured_at=datetime.fromisoformat(captured) if captured else None,
        latitude=Decimal(latitude) if latitude else None,
        longitude=Decimal(longitude) if longitude else None,
    )
