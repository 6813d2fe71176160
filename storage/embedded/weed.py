"""An S3 store of our own (SeaweedFS), with everything but its S3 door closed."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import urllib3

from storage.embedded.certificates import make_certificates
from storage.embedded.children import LOOPBACK, last_lines, spawn, stop
from storage.embedded.folder import Folder
from storage.embedded.problems import CannotStart

START_PATIENCE_S = 60
PORTS = (
    "s3",
    "s3_grpc",
    "filer",
    "filer_grpc",
    "volume",
    "volume_grpc",
    "master",
    "master_grpc",
    "admin",
)
_ROLES = ("MASTER", "VOLUME", "FILER", "S3", "CLIENT", "ADMIN", "WORKER")
_ASK_EVERY_S = 0.1


class Weed:
    """The child process and how to reach it."""

    def __init__(self, folder: Folder, *, ports: dict[str, int]) -> None:
        self._folder, self._ports = folder, ports
        self._secrets = folder.secrets()
        self._data = folder.path / "s3"
        self._log = folder.path / "logs" / "weed.log"
        self._sockets: str | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Host and port of the S3 door."""
        return f"{LOOPBACK}:{self._ports['s3']}"

    def start(self) -> None:
        """Starts it and waits until its S3 door answers. Raises: CannotStart."""
        self._log.unlink(missing_ok=True)
        self._clear_stale()
        # Socket paths are short of room, so they lie in a folder with a short name.
        self._sockets = tempfile.mkdtemp(prefix="lk-")
        self._folder.write("sockets.json", {"folder": self._sockets})
        self.process = spawn(self._command(), log=self._log, environment=self._environment())
        deadline = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            if self.process.poll() is not None:
                raise CannotStart(f"The S3 store did not start: {self._why()}.")
            if time.monotonic() > deadline:
                raise CannotStart(f"The S3 store did not answer within {START_PATIENCE_S} seconds.")
            time.sleep(_ASK_EVERY_S)
        (self._data / "unclean").touch()

    def stop(self) -> None:
        """Ends it in good order."""
        stop(self.process)
        if self.process is not None and self.process.returncode is not None:
            (self._data / "unclean").unlink(missing_ok=True)
        self._remove_sockets()

    def _command(self) -> list[str]:
        ports = self._ports
        return [
            str(Path(sys.executable).parent / "weed"),
            *(f"-logdir={self._folder.path / 'logs'}", "mini", f"-dir={self._data}"),
            *(f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", "-master.telemetry=false"),
            *("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            "-disableHttp",
            *(f"-s3.port={ports['s3']}", f"-s3.port.grpc={ports['s3_grpc']}"),
            *(f"-filer.port={ports['filer']}", f"-filer.port.grpc={ports['filer_grpc']}"),
            *(f"-volume.port={ports['volume']}", f"-volume.port.grpc={ports['volume_grpc']}"),
            *(f"-master.port={ports['master']}", f"-master.port.grpc={ports['master_grpc']}"),
            f"-admin.port={ports['admin']}",
            f"-filer.localSocket={self._sockets}/filer.sock",
            f"-s3.localSocket={self._sockets}/s3.sock",
        ]

    def _environment(self) -> dict[str, str]:
        own = self._secrets
        certificate, key, authority = make_certificates(self._folder)
        environment = {
            "AWS_ACCESS_KEY_ID": own["s3_access_key"],
            "AWS_SECRET_ACCESS_KEY": own["s3_secret_key"],
            "GOMEMLIMIT": "300MiB",
            "WEED_JWT_SIGNING_KEY": own["weed_jwt"],
            "WEED_JWT_SIGNING_READ_KEY": own["weed_jwt_read"],
            "WEED_JWT_FILER_SIGNING_KEY": own["weed_jwt_filer"],
            "WEED_JWT_FILER_SIGNING_READ_KEY": own["weed_jwt_filer_read"],
            "WEED_GRPC_CA": str(authority),
        }
        for role in _ROLES:
            environment[f"WEED_GRPC_{role}_CERT"] = str(certificate)
            environment[f"WEED_GRPC_{role}_KEY"] = str(key)
        return environment

    def _answers(self) -> bool:
        try:
            answer = urllib3.request(
                "GET", f"http://{self.endpoint}/", retries=False, timeout=1, redirect=False
            )
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status in {200, 403}

    def _clear_stale(self) -> None:
        """After an unclean end the indexes may hide objects; they are rebuilt from the data."""
        self._remove_sockets()
        if (self._data / "unclean").exists():
            for pattern in ("*.idx", "*.sdx"):
                for index in self._data.rglob(pattern):
                    index.unlink()

    def _remove_sockets(self) -> None:
        for port in (*self._ports.values(), self._ports["admin"] + 10_000):
            for socket in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-grpc-{port}.sock"):
                socket.unlink(missing_ok=True)
        left = self._folder.read("sockets.json").get("folder")
        if left is not None:
            shutil.rmtree(left, ignore_errors=True)

    def _why(self) -> str:
        lines = [line for line in last_lines(self._log).splitlines() if line.strip()]
        return lines[-1].strip()[:300] if lines else f"see {self._log}"
