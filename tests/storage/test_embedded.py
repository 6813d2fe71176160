"""The embedded servers: closed to strangers, gone with their parent, whole after a kill."""

import io
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from storage.embedded import CannotStart, Embedded, attach
from storage.embedded.children import STOP_PATIENCE_S
from tests.storage.embedding import (
    LOOPBACK_IN_PROC,
    a_bucket,
    a_store,
    content_of,
    leftovers,
    listening_addresses,
    others_on,
    ports_of,
    put,
    records_of,
    running,
    servers_of,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

ROOT = Path(__file__).parents[2]
SERVER = """
import sys
import time
from pathlib import Path
from storage.embedded import Embedded
Embedded(Path(sys.argv[1])).start(lambda _: None)
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("embedded") / "data"


@pytest.fixture(scope="module")
def pair(folder):
    embedded = Embedded(folder)
    with running(embedded) as endpoints:
        a_bucket(endpoints)
        yield embedded, endpoints


def test_both_listen_on_loopback_alone(pair, folder):
    servers = servers_of(folder)
    assert servers.keys() == {"mongod", "weed"}
    for pid in servers.values():
        assert listening_addresses(pid) == {LOOPBACK_IN_PROC}


def test_mongodb_is_a_replica_set_that_wants_a_password(pair):
    _, endpoints = pair
    with records_of(endpoints) as client, client.start_session() as session:
        with session.start_transaction():
            client.tried.things.insert_one({"_id": 1}, session=session)
        assert client.tried.things.count_documents({}) == 1
    address = endpoints.mongo_url.partition("@")[2]
    stranger: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://{address}")
    with stranger, pytest.raises(OperationFailure):
        stranger.tried.things.find_one()


def test_what_the_folder_keeps_is_readable_by_its_owner_alone(pair, folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = [*folder.glob("*.json"), *(folder / "tls").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    _, endpoints = pair
    chosen = [endpoints.pii_key, endpoints.token_key, endpoints.s3_secret_key]
    assert len(set(chosen)) == len(chosen)
    assert all(len(bytes.fromhex(secret)) >= 32 for secret in chosen)


@pytest.mark.parametrize(
    ("method", "door", "path"),
    [
        ("GET", "master", "/col/delete?collection=papers"),
        ("GET", "master", "/dir/assign"),
        ("DELETE", "filer", "/buckets/papers?recursive=true"),
        ("GET", "filer", "/buckets/papers/"),
        ("POST", "volume", "/1,01637037d6"),
        ("DELETE", "volume", "/1,01637037d6"),
        ("GET", "s3", "/papers/deed"),
        ("GET", "admin", "/"),
    ],
)
def test_the_inner_doors_of_the_store_are_closed(pair, folder, method, door, path):
    _, endpoints = pair
    address = f"http://127.0.0.1:{ports_of(folder)[door]}{path}"
    answer = urllib3.request(method, address, retries=False, timeout=5)
    assert answer.status in {401, 403, 404}
    assert content_of(a_store(endpoints), "deed") == b"deed"


@pytest.mark.parametrize("door", ["s3_grpc", "filer_grpc", "volume_grpc", "master_grpc"])
def test_the_inner_calls_of_the_store_want_a_certificate(pair, folder, door):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    address = ("127.0.0.1", ports_of(folder)[door])
    with (
        socket.create_connection(address, timeout=5) as plain,
        pytest.raises(ssl.SSLError),
        context.wrap_socket(plain) as stranger,
    ):
        stranger.recv(1)


def test_objects_are_synced_before_they_are_acknowledged(pair, folder):
    _, endpoints = pair
    assert (folder / "s3" / "synced").exists()
    with records_of(endpoints) as client:
        assert "objects" in client.list_database_names()  # their names are journaled there


def test_a_bucket_that_nobody_made_takes_nothing(pair):
    _, endpoints = pair
    with pytest.raises(Exception, match="NoSuchBucket"):
        a_store(endpoints).put_object("elsewhere", "deed", io.BytesIO(b""), 0)


def test_a_second_server_on_the_folder_is_refused(pair, folder):
    embedded, _ = pair
    second = Embedded(folder)
    with pytest.raises(CannotStart, match="Another server already runs on the data folder"):
        second.start(lambda _: None)
    second.stop()
    assert embedded.fallen() is None
    assert attach(folder) is not None


def test_a_tool_finds_the_running_pair_and_only_that(pair, folder, tmp_path):
    _, endpoints = pair
    assert attach(folder) == endpoints
    assert attach(tmp_path) is None


@pytest.mark.parametrize("killed", [{"server"}, {"server", "mongod", "weed"}])
def test_what_was_acknowledged_survives_a_kill(tmp_path, killed):
    folder = tmp_path / "data"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"started\n"
        endpoints = attach(folder)
        assert endpoints is not None
        store = a_bucket(endpoints)
        with records_of(endpoints) as client:
            for number in range(20):
                client.kept.records.insert_one({"_id": number})
                put(store, f"paper-{number}", str(number).encode() * 1000)
        for name, pid in [("server", server.pid), *servers_of(folder).items()]:
            if name in killed:
                os.kill(pid, signal.SIGKILL)

    assert attach(folder) is None
    taken = list(set(ports_of(folder).values())) if len(killed) > 1 else []
    with others_on(taken, folder), running(Embedded(folder)) as endpoints:
        assert set(ports_of(folder).values()).isdisjoint(taken)
        with records_of(endpoints) as client:
            assert client.kept.records.count_documents({}) == 20
        store = a_store(endpoints)
        for number in range(20):
            assert content_of(store, f"paper-{number}") == str(number).encode() * 1000
        put(store, "paper-20", b"more")
    assert leftovers(folder) == []


def test_a_restart_does_not_wait_for_another_address(tmp_path):
    folder = tmp_path / "data"
    with running(Embedded(folder)) as first:
        pass
    said: list[str] = []
    embedded = Embedded(folder)
    assert embedded.start(said.append) == first
    assert said == ["Starting MongoDB …", "Starting the S3 store …"]
    weed = servers_of(folder)["weed"]
    os.kill(weed, signal.SIGKILL)
    os.waitid(os.P_PID, weed, os.WEXITED | os.WNOWAIT)
    assert embedded.fallen() == "The S3 store ended unexpectedly with code -9."
    embedded.stop()
    embedded.stop()
    assert servers_of(folder) == {}


def test_the_store_does_not_wait_for_a_mongodb_that_is_gone(tmp_path):
    embedded = Embedded(tmp_path)
    with running(embedded):
        mongod = servers_of(tmp_path)["mongod"]
        os.kill(mongod, signal.SIGKILL)
        os.waitid(os.P_PID, mongod, os.WEXITED | os.WNOWAIT)
        assert embedded.fallen() == "MongoDB ended unexpectedly with code -9."
        before = time.monotonic()
    assert time.monotonic() - before < STOP_PATIENCE_S
    assert servers_of(tmp_path) == {}


def test_a_start_at_once_after_a_kill_waits_for_the_old_servers(tmp_path):
    folder = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"started\n"
        server.kill()
    with running(Embedded(folder)) as endpoints, records_of(endpoints) as client:
        assert client.admin.command("hello")["isWritablePrimary"]
