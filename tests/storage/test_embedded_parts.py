"""The parts of the embedded servers: reasons from logs, ports, children."""

import socket

import pytest

from storage.embedded.children import spawn, stop
from storage.embedded.folder import Folder
from storage.embedded.ports import free_ports, is_free
from storage.embedded.reasons import mongod_reason, weed_reason


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            "/x/mongod: error while loading shared libraries: libcrypto.so.3: cannot open …",
            "the library libcrypto.so.3 is missing (install OpenSSL 3)",
        ),
        ('{"s":"I","msg":"fine"}\n{"s":"F","msg":"Boom"}\n{"s":"I","msg":"bye"}', "Boom"),
        ('{"s":"E","msg":"Failed","attr":{"error":{"errmsg":"No room"}}}', "Failed: No room"),
        ('{"s":"E","msg":"Failed","attr":{"error":"Busy"}}', "Failed: Busy"),
    ],
)
def test_the_reason_in_a_log_of_mongod(tmp_path, log, reason):
    (tmp_path / "log").write_text(log)
    assert mongod_reason(tmp_path / "log") == reason


def test_where_a_log_gives_no_reason_its_place_is_told(tmp_path):
    log = tmp_path / "log"
    assert mongod_reason(log) == weed_reason(log) == f"see {log}"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("Starting\nF1124 03:11:19.1 mini.go:13 No such folder\ngoroutine 1", "No such folder"),
        ("E1124 03:11:19.1 mini.go:13 Late\nI1124 03:11:19.1 mini.go:13 Fine", "Late"),
        ("panic: broken\n\ngoroutine 1", "broken"),
        ("Starting\nKilled\n", "Killed"),
    ],
)
def test_the_reason_in_a_log_of_the_store(tmp_path, log, reason):
    (tmp_path / "log").write_text(log)
    assert weed_reason(tmp_path / "log") == reason


def test_ports_are_remembered_while_they_are_free_and_never_shared():
    first = free_ports(("a", "b", "c"), {})
    assert len(set(first.values())) == 3
    assert free_ports(("a", "b", "c"), first) == first
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", first["b"]))
        assert not is_free(first["b"])
        second = free_ports(("a", "b", "c"), first)
    assert (second["a"], second["c"]) == (first["a"], first["c"])
    assert second["b"] != first["b"]


@pytest.fixture
def held(tmp_path):
    folder = Folder(tmp_path)
    folder.take()
    yield folder
    folder.give_back()


def test_where_the_kernel_does_not_help_a_watcher_ends_the_child_with_its_parent(held):
    log = held.path / "log"
    child = spawn(["/bin/sleep", "1000"], folder=held, log=log, way="watch")
    assert child.stdin is not None
    child.stdin.close()  # what the end of the parent does
    assert child.wait(10) != 0
    assert log.read_text() == ""


def test_a_watcher_passes_on_how_the_child_ended(held):
    log = held.path / "log"
    child = spawn(["/bin/sh", "-c", "exit 7"], folder=held, log=log, way="watch")
    assert child.wait(10) == 7
    stop(child)


def test_a_child_learns_nothing_of_settings_for_others(held):
    log = held.path / "log"
    child = spawn(["/usr/bin/env"], folder=held, log=log, environment={"OWN": "1"})
    assert child.wait(10) == 0
    stop(child)
    names = {line.partition("=")[0] for line in log.read_text().splitlines()}
    assert {"HOME", "OWN"} <= names
    assert "PYTEST_CURRENT_TEST" not in names
