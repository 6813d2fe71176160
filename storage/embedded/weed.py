"""An S3 store of our own (SeaweedFS), with everything but its S3 door closed."""

import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from storage.embedded.certificates import make_certificates
from storage.embedded.children import KILL, program, spawn, stop
from storage.embedded.folder import Folder
from storage.embedded.mongod import Mongod
from storage.embedded.ports import LOOPBACK
from storage.embedded.problems import CannotStart, PortTaken
from storage.embedded.reasons import weed_reason
from storage.embedded.sockets import forget_sockets, remember_sockets

START_PATIENCE_S = 60
PORTS = (
    *("s3", "s3_grpc", "filer", "filer_grpc", "volume", "volume_grpc"),
    *("master", "master_grpc", "admin"),
)
_ROLES = ("MASTER", "VOLUME", "FILER", "S3", "CLIENT", "ADMIN", "WORKER")
_ASK_EVERY_S = 0.05
_ASK_PATIENCE_S = 2
_SHELL_PATIENCE_S = 30
# An idle connection between its parts holds up an orderly stop for this long.
_IDLE_S = 5


class Weed:
    """The child process and how to reach it."""

    def __init__(
        self,
        folder: Folder,
        *,
        ports: dict[str, int],
        mongod: Mongod,
        patience_s: float = START_PATIENCE_S,
    ) -> None:
        self._folder, self._ports, self._patience_s = folder, ports, patience_s
        self._mongod = mongod
        self._secrets = folder.secrets()
        self._data = folder.path / "s3"
        self._log = folder.path / "logs" / "weed.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Host and port of the S3 door."""
        return f"{LOOPBACK}:{self._ports['s3']}"

    def start(self) -> None:
        """Starts it and waits until its S3 door answers. Raises: CannotStart."""
        binary = str(program(Path(sysconfig.get_path("scripts")), "weed", called="The S3 store"))
        self._clear_stale()
        # Socket paths are short of room, so they lie in a folder with a short name.
        sockets = tempfile.mkdtemp(prefix="lk-")
        remember_sockets(self._folder, place=sockets, ports=self._ports)
        environment = self._environment()
        (self._data / "unclean").touch()  # until it has ended in good order
        self.process = spawn(
            [binary, *self._options(sockets)],
            folder=self._folder,
            log=self._log,
            environment=environment,
            # Asked kindly, it would wait for a MongoDB that ends at the same moment. What it has
            # acknowledged is on the disk.
            last=KILL,
        )
        self._wait_until_it_answers()
        if not (self._data / "synced").exists():
            self._write_through(binary, environment)

    def stop(self) -> None:
        """Ends it in good order, as long as MongoDB runs."""
        if self.process is None:
            return
        stop(self.process, needs=self._mongod.process)
        if self.process.returncode == 0:
            (self._data / "unclean").unlink(missing_ok=True)
        forget_sockets(self._folder)

    def _options(self, sockets: str) -> list[str]:
        ports = self._ports
        return [
            *(f"-logdir={self._folder.path / 'logs'}", "mini", f"-dir={self._data}"),
            *(f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", "-master.telemetry=false"),
            *("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            # The master's HTTP door asks for no password: one GET there deletes a bucket's data.
            "-disableHttp",
            *("-s3.iam=false", "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"),
            *(f"-idleTimeout={_IDLE_S}", "-volume.preStopSeconds=0"),
            *(f"-s3.port={ports['s3']}", f"-s3.port.grpc={ports['s3_grpc']}"),
            *(f"-filer.port={ports['filer']}", f"-filer.port.grpc={ports['filer_grpc']}"),
            *(f"-volume.port={ports['volume']}", f"-volume.port.grpc={ports['volume_grpc']}"),
            *(f"-master.port={ports['master']}", f"-master.port.grpc={ports['master_grpc']}"),
            f"-admin.port={ports['admin']}",
            f"-filer.localSocket={sockets}/filer.sock",
            f"-s3.localSocket={sockets}/s3.sock",
        ]

    def _environment(self) -> dict[str, str]:
        own = self._secrets
        tls = make_certificates(self._folder)
        environment = {
            "AWS_ACCESS_KEY_ID": own["s3_access_key"],
            "AWS_SECRET_ACCESS_KEY": own["s3_secret_key"],
            "GOMEMLIMIT": "300MiB",
            # Names and versions of objects live in MongoDB: journaled, and one backup for both.
            "WEED_LEVELDB2_ENABLED": "false",
            "WEED_MONGODB_ENABLED": "true",
            "WEED_MONGODB_URI": self._mongod.url,
            "WEED_MONGODB_DATABASE": "objects",
            "WEED_JWT_SIGNING_KEY": own["weed_jwt"],
            "WEED_JWT_SIGNING_READ_KEY": own["weed_jwt_read"],
            "WEED_JWT_FILER_SIGNING_KEY": own["weed_jwt_filer"],
            "WEED_JWT_FILER_SIGNING_READ_KEY": own["weed_jwt_filer_read"],
            "WEED_GRPC_CA": str(tls.authority),
        }
        for role in _ROLES:
            environment[f"WEED_GRPC_{role}_CERT"] = str(tls.certificate)
            environment[f"WEED_GRPC_{role}_KEY"] = str(tls.key)
        return environment

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + self._patience_s
        while not self._answers():
            if self.process.poll() is not None:
                reason = weed_reason(self._log)
                taken = "not available" in reason or "already in use" in reason
                raise (PortTaken if taken else CannotStart)(
                    f"The S3 store did not start: {reason}."
                )
            if time.monotonic() > deadline:
                raise CannotStart(f"The S3 store did not answer within {self._patience_s} seconds.")
            time.sleep(_ASK_EVERY_S)

    def _answers(self) -> bool:
        """Signed, so that no stranger on the port is taken for ours."""
        client = Minio(
            self.endpoint,
            access_key=self._secrets["s3_access_key"],
            secret_key=self._secrets["s3_secret_key"],
            secure=False,
            region="us-east-1",
            http_client=urllib3.PoolManager(retries=False, timeout=_ASK_PATIENCE_S),
        )
        try:
            client.list_buckets()
        except (MinioException, urllib3.exceptions.HTTPError):
            return False
        return True

    def _write_through(self, binary: str, environment: dict[str, str]) -> None:
        """Has it sync objects to the disk before it acknowledges them; asked once a folder."""
        ports = self._ports
        command = [
            *(binary, f"-logdir={self._folder.path / 'logs'}", "shell"),
            f"-master={LOOPBACK}:{ports['master']}.{ports['master_grpc']}",
            f"-filer={LOOPBACK}:{ports['filer']}.{ports['filer_grpc']}",
        ]
        try:
            answer = subprocess.run(  # noqa: S603 - our own command
                command,
                input="fs.configure -locationPrefix=/buckets/ -fsync -apply\n",
                env={**environment, "HOME": str(self._folder.path)},
                cwd=self._folder.path,
                capture_output=True,
                text=True,
                timeout=_SHELL_PATIENCE_S,
                check=False,
            ).stdout
        except subprocess.TimeoutExpired:
            answer = ""
        if '"fsync":  true' not in answer:
            raise CannotStart("The S3 store did not agree to sync what it acknowledges.")
        (self._data / "synced").touch()

    def _clear_stale(self) -> None:
        forget_sockets(self._folder)
        for log in self._log.parent.glob("weed*"):  # it starts new ones each time
            log.unlink()
        # The options of the last run would be read again.
        (self._data / "mini.options").unlink(missing_ok=True)
        if (self._data / "unclean").exists():
            # A stale index can hide objects; a missing one is rebuilt from the data.
            for pattern in ("*.idx", "*.sdx"):
                for index in self._data.rglob(pattern):
                    index.unlink()
