"""What every test shares: the real servers, started once, and a client to speak with them."""

import asyncio
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import urllib3
import uvicorn

import server
from settings import Settings
from storage.embedded import Embedded, Endpoints
from tests.client import EXECUTED, Bank

PATIENCE_S = 60
MIN_COMPILED = 0.95  # of what the tests ask over HTTP
MIN_ASKED = 500  # below, a few tests were picked and the share says nothing


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True, kw_only=True)
class ObjectServer:
    endpoint: str
    access_key: str
    secret_key: str


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory) -> Iterator[Endpoints]:
    """The embedded pair; with TEST_MINIO_BIN a real MinIO stands in for the S3 store."""
    folder = tmp_path_factory.mktemp("data")
    embedded = Embedded(folder, mongod_parameters={"enableTestCommands": "1"})
    started = embedded.start(print)
    binary = os.environ.get("TEST_MINIO_BIN")
    try:
        if binary is None:
            yield started
        else:
            with_minio, process = _minio(binary, started, tmp_path_factory.mktemp("minio"))
            try:
                yield with_minio
            finally:
                process.terminate()
                process.wait()
    finally:
        embedded.stop()


@pytest.fixture(scope="session")
def object_server(endpoints) -> ObjectServer:
    return ObjectServer(
        endpoint=endpoints.s3_endpoint,
        access_key=endpoints.s3_access_key,
        secret_key=endpoints.s3_secret_key,
    )


@pytest.fixture(scope="session")
def served(endpoints) -> Iterator[str]:
    """The address of the application, served over real HTTP from a thread."""
    # Named as TCP, else asyncio leaves Nagle's delay on and every answer waits 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    settings = Settings()
    wiring = server.wire(settings, endpoints)
    running = uvicorn.Server(_config(settings, wiring))

    async def serve() -> None:
        await server.prepared(settings, wiring)
        await running.serve(sockets=[listener])
        wiring.close()

    def run() -> None:
        asyncio.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _wait_until(lambda: running.started)
    yield address
    running.should_exit = True
    thread.join(PATIENCE_S)


@pytest.fixture(scope="session")
def bank(served) -> Iterator[Bank]:
    """A client of the served application, with a branch of its own."""
    client = Bank(served)
    client.open_branch()
    yield client
    client.close()


def _config(settings: Settings, wiring: server.Wiring) -> uvicorn.Config:
    return uvicorn.Config(
        server.application(settings, wiring),
        log_config=None,
        access_log=False,
        ws_max_size=server.MAX_WS_MESSAGE,
    )


def _wait_until(question) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not question():
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)


def _minio(binary: str, started: Endpoints, folder: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user, password = secrets.token_hex(8), secrets.token_hex(20)
    process = subprocess.Popen(
        [binary, "server", str(folder), "--address", f"127.0.0.1:{port}"],
        env={**os.environ, "MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    health = f"http://127.0.0.1:{port}/minio/health/live"

    def answers() -> bool:
        try:
            return urllib3.request("GET", health, retries=False, timeout=1).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    _wait_until(answers)
    return (
        replace(
            started,
            s3_endpoint=f"127.0.0.1:{port}",
            s3_access_key=user,
            s3_secret_key=password,
        ),
        process,
    )


def pytest_sessionfinish(session) -> None:
    """Each worker tells what its operations did; the whole run fails below the share."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["executed"] = dict(EXECUTED)
    elif EXECUTED.total() >= MIN_ASKED and _compiled() < MIN_COMPILED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    EXECUTED.update(getattr(node, "workeroutput", {}).get("executed", {}))


def pytest_terminal_summary(terminalreporter) -> None:
    if EXECUTED:
        others = {reason: count for reason, count in EXECUTED.items() if reason != "compiled"}
        terminalreporter.write_line(
            f"{EXECUTED.total():,} operations over HTTP, {_compiled():.2%} compiled;"
            f" at least {MIN_COMPILED:.0%} have to be. The others: {others}"
        )


def _compiled() -> float:
    return EXECUTED["compiled"] / EXECUTED.total()
