"""The servers that the bench compares, each a process of its own on one core."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PEERS = BENCH / "peers"
ARIADNE = ROOT / ".cache" / "bench" / "ariadne"
SERVED_BY, LOADED_BY = 0, 1  # cores
PATIENCE_S = 60
CONNECTIONS = 16
NODE = ("node", "--max-semi-space-size=64")
COMMANDS: Mapping[str, tuple[Path, tuple[str, ...]]] = {
    "ours": (ROOT, (sys.executable, "bench/ours.py")),
    "limit": (ROOT, (sys.executable, "bench/limit.py")),
    "strawberry": (ROOT, (sys.executable, "bench/ours.py", "--plain")),
    "ariadne": (BENCH, (str(ARIADNE / "bin" / "python"), "ariadne_server.py")),
    "yoga": (PEERS, (*NODE, "yoga.mjs")),
    "apollo": (PEERS, (*NODE, "apollo.mjs")),
    "mercurius": (PEERS, (*NODE, "mercurius.mjs")),
}
PEER_NAMES = ("ariadne", "yoga", "apollo", "mercurius")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    pid: int
    port: int

    def address(self, operation: str) -> str:
        """Where an operation is sent; the limit has an endpoint for each."""
        path = operation if self.name == "limit" else "graphql"
        return f"http://127.0.0.1:{self.port}/{path}"

    def cpu_s(self) -> float:
        """Processor time that its threads have used so far, user and system, to the nanosecond."""
        used = 0
        for thread in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                used += int(thread.read_text().split()[0])
        return used / 1e9

    def ask(self, operation: str, body: str, token: str) -> Any:
        """One answer."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        answer = urllib3.request("POST", self.address(operation), body=body, headers=headers)
        return answer.data


@contextmanager
def serving(names: Sequence[str], given: Mapping[str, str]) -> Iterator[dict[str, Server]]:
    """Starts servers on one core; ends them whatever happens."""
    processes: list[subprocess.Popen[bytes]] = []
    servers: dict[str, Server] = {}
    try:
        for name in names:
            folder, command = COMMANDS[name]
            port = _free_port()
            env = {**os.environ, **given, "PORT": str(port), "NODE_ENV": "production"}
            pinned = ["taskset", "-c", str(SERVED_BY), *command]
            process = subprocess.Popen(pinned, cwd=folder, env=env, stdout=subprocess.DEVNULL)
            processes.append(process)
            servers[name] = Server(name, process.pid, port)
        for name, server in servers.items():
            _wait(name, server.port)
        yield servers
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Load:
    """A process on the other core that sends requests; it serves all rounds."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["taskset", "-c", str(LOADED_BY), "node", "load.mjs"],
            cwd=PEERS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(
        self, server: Server, operation: str, token: str, bodies: Sequence[str], *, amount: int
    ) -> dict[str, float]:
        """Sends so many of the bodies, over again where they run out."""
        plan = {
            "url": server.address(operation),
            "token": token,
            "bodies": bodies,
            "connections": min(CONNECTIONS, amount),
            "amount": amount,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before = server.cpu_s()
        print(json.dumps(plan), file=self._process.stdin, flush=True)
        told: dict[str, float] = json.loads(self._process.stdout.readline())
        told["cpu_ms"] = (server.cpu_s() - before) * 1_000 / max(1, told["answered"])
        return told

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(name: str, port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            url = f"http://127.0.0.1:{port}/healthz"
            if urllib3.request("GET", url, retries=False, timeout=1).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise SystemExit(f"{name} did not start.")
