"""The server as a process of its own, as a person at a terminal starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.client import Bank

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`server.py serve` on a folder, with the address it printed."""
    process = subprocess.Popen(
        [sys.executable, "server.py", "serve"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(folder), "PORT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed: list[str] = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith("Stop with"):
            break
    found = re.search(r"serves at (http://\S+)", "".join(printed))
    assert found, "".join(printed)
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    drain.start()
    try:
        yield process, found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
        drain.join(PATIENCE_S)
        process.stdout.close()


def ready(bank: Bank) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while bank.http.get("/healthz").status_code != 200:
        assert time.monotonic() < deadline
