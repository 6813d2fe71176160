"""What tests of the embedded servers do: run them, look into their folder, use them."""

import contextlib
import fcntl
import io
import json
import os
import socket
from pathlib import Path
from typing import Any

from minio import Minio
from pymongo import MongoClient

from storage.embedded import Embedded, Endpoints, attach
from storage.embedded.folder import Folder

LOOPBACK_IN_PROC = "0100007F"
LISTENING = "0A"


@contextlib.contextmanager
def running(embedded: Embedded):
    endpoints = embedded.start(lambda _: None)
    try:
        yield endpoints
    finally:
        embedded.stop()


def a_store(endpoints: Endpoints) -> Minio:
    return Minio(
        endpoints.s3_endpoint,
        access_key=endpoints.s3_access_key,
        secret_key=endpoints.s3_secret_key,
        secure=False,
        region="us-east-1",
    )


def a_bucket(endpoints: Endpoints) -> Minio:
    store = a_store(endpoints)
    store.make_bucket("papers", object_lock=True)
    put(store, "deed", b"deed")
    return store


def records_of(endpoints: Endpoints) -> MongoClient[dict[str, Any]]:
    return MongoClient(endpoints.mongo_url)


def put(store: Minio, key: str, content: bytes) -> None:
    store.put_object("papers", key, io.BytesIO(content), len(content))


def content_of(store: Minio, key: str) -> bytes:
    with contextlib.closing(store.get_object("papers", key)) as answer:
        return answer.read()


def servers_of(folder: Path) -> dict[str, int]:
    """Process ids of the servers that work on the folder, by name."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            if entry.name.isdigit() and any(str(folder) in word for word in words[1:]):
                found[Path(words[0]).name] = int(entry.name)
    return {name: pid for name, pid in found.items() if name in {"mongod", "weed"}}


def listening_addresses(pid: int) -> set[str]:
    sockets = {
        os.readlink(link).removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{pid}/fd").iterdir()
    }
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTENING and row[9] in sockets}


def ports_of(folder: Path) -> dict[str, int]:
    ports: dict[str, int] = json.loads((folder / "ports.json").read_text())
    return ports


@contextlib.contextmanager
def others_on(ports: list[int], folder: Path):
    """Strangers listening on those ports, once the killed servers have let them go."""
    wait_for_the_end_of_servers(folder)
    with contextlib.ExitStack() as stack:
        for port in ports:
            stranger = stack.enter_context(socket.socket())
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.1", port))
            stranger.listen()
        yield


def wait_for_the_end_of_servers(folder: Path) -> None:
    with (folder / "children.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # granted when the last of them has ended
    assert servers_of(folder) == {}


def leftovers(folder: Path) -> list[Path]:
    """What an orderly stop should not leave: sockets, and the note of a running pair."""
    sockets = [
        path for port in ports_of(folder).values() for path in Path("/tmp").glob(f"*-{port}.sock")
    ]
    return [*sockets, *folder.glob("running.json"), *folder.glob("s3/unclean")]


def assert_nothing_runs(folder: Path) -> None:
    assert servers_of(folder) == {}
    assert attach(folder) is None
    free_again = Folder(folder)
    free_again.take()
    free_again.give_back()
