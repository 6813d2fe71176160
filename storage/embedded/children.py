"""Starting and ending child processes, and free ports for them on this machine only."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
STOP_PATIENCE_S = 15
_LAST_LOG_BYTES = 20_000
_HIGHEST_PORT = 55_000  # the store opens some doors 10,000 above
_SHIM = Path(__file__).with_name("child.py")


def spawn(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Starts a command that ends with this process. Call it from the main thread.

    The kernel ties a child to the *thread* that started it, so a worker thread would take the
    child along when it ends.
    """
    with log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-I", "-S", str(_SHIM), str(os.getpid()), *command],
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C is for the server, which then stops its children
        )


def stop(child: "subprocess.Popen[bytes] | None") -> None:
    """Asks a child to end, and ends it when it does not."""
    if child is None:
        return
    if child.stdin is not None:
        child.stdin.close()
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def is_free(port: int) -> bool:
    """Whether nothing listens on that loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(names: Sequence[str], remembered: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the remembered one while it is free, else another."""
    ports: dict[str, int] = {}
    held = []
    for name in names:
        known = remembered.get(name)
        if known is not None and known not in ports.values() and is_free(known):
            ports[name] = known
        while name not in ports:
            probe = socket.socket()
            probe.bind((LOOPBACK, 0))
            held.append(probe)  # kept until all are chosen, so that none is given out twice
            if probe.getsockname()[1] <= _HIGHEST_PORT:
                ports[name] = probe.getsockname()[1]
    for probe in held:
        probe.close()
    return ports


def last_lines(log: Path) -> str:
    """The end of a child's log, for a sentence that says why it ended."""
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _LAST_LOG_BYTES))
        return stream.read().decode(errors="replace")
