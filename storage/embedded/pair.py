"""Both embedded servers as one thing: started together, ended together, found by others."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.embedded.folder import Folder, is_held
from storage.embedded.mongod import Mongod
from storage.embedded.ports import free_ports
from storage.embedded.problems import PortTaken
from storage.embedded.weed import PORTS, Weed

_ATTEMPTS = 3  # ports may be taken between their choice and their use


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where the pair listens, with its credentials, and the folder's own secrets."""

    mongo_url: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    pii_key: str
    evidence_key: str
    token_key: str


class Embedded:
    """A MongoDB and an S3 store in one data folder."""

    def __init__(self, folder: Path, *, mongod_parameters: Mapping[str, str] | None = None) -> None:
        self._folder = Folder(folder)
        self._parameters = mongod_parameters or {}
        self._mongod: Mongod | None = None
        self._weed: Weed | None = None

    def start(self, say: Callable[[str], None]) -> Endpoints:
        """Starts both, telling how far it is. Call it from the main thread.

        Raises: CannotStart, with nothing left running.
        """
        self._folder.take()
        try:
            return self._start(say)
        except OSError as error:
            self.stop()
            raise self._folder.unusable(error) from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends both in good order; may be called again."""
        try:
            self._stop_servers()
        finally:
            self._folder.give_back()

    def fallen(self) -> str | None:
        """A sentence when one of the two has ended by itself."""
        for name, server in (("MongoDB", self._mongod), ("The S3 store", self._weed)):
            process = None if server is None else server.process
            if process is not None and process.poll() is not None:
                return f"{name} ended unexpectedly with code {process.returncode}."
        return None

    def _start(self, say: Callable[[str], None]) -> Endpoints:
        for left in reversed(range(_ATTEMPTS)):
            try:
                endpoints = self._start_servers(say)
            except PortTaken:
                self._stop_servers()
                if not left:
                    raise
            else:
                break
        self._folder.write("running.json", asdict(endpoints))
        return endpoints

    def _start_servers(self, say: Callable[[str], None]) -> Endpoints:
        own = self._folder.secrets()
        remembered = self._folder.read("ports.json")
        ports = free_ports(("mongo", *PORTS), remembered)
        self._folder.write("ports.json", remembered | ports)
        say("Starting MongoDB …")
        self._mongod = Mongod(self._folder, port=ports["mongo"], parameters=self._parameters)
        self._mongod.start()
        say("Starting the S3 store …")
        self._weed = Weed(self._folder, ports=ports, mongod=self._mongod)
        self._weed.start()
        return Endpoints(
            mongo_url=self._mongod.url,
            s3_endpoint=self._weed.endpoint,
            s3_access_key=own["s3_access_key"],
            s3_secret_key=own["s3_secret_key"],
            pii_key=own["pii_key"],
            evidence_key=own["evidence_key"],
            token_key=own["token_key"],
        )

    def _stop_servers(self) -> None:
        try:
            if self._weed is not None:
                self._weed.stop()
        finally:
            if self._mongod is not None:
                self._mongod.stop()
            self._weed = self._mongod = None


def attach(folder: Path) -> Endpoints | None:
    """The pair that a running server started on this folder; None when none runs."""
    known = Folder(folder).read("running.json") if is_held(folder) else {}
    return Endpoints(**known) if known else None
