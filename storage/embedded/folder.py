"""The data folder: one server at a time, secrets that only its owner reads, remembered ports."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.embedded.problems import CannotStart

if os.name == "posix":
    import fcntl

_SECRETS = ("mongo_password", "mongo_key", "s3_access_key", "s3_secret_key", "pii_key")
_MORE_SECRETS = ("token_key", "weed_jwt", "weed_jwt_read", "weed_jwt_filer", "weed_jwt_filer_read")


class Folder:
    """A data folder held by this process."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    def take(self) -> None:
        """Makes the folder and holds it. Raises: CannotStart where it is taken or not writable."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            for name in ("mongo", "s3", "logs", "tls"):
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise CannotStart(
                f"The data folder {self.path} cannot be written: {error.strerror}."
            ) from None
        if os.name == "posix":
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._let_go()
                raise CannotStart(
                    f"Another server already runs on the data folder {self.path}."
                ) from None

    def give_back(self) -> None:
        """Lets another server take the folder."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / "running.json").unlink()
        self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def secrets(self) -> dict[str, str]:
        """The random secrets of this folder, made at the first start."""
        known = self.read("secrets.json")
        missing = [name for name in (*_SECRETS, *_MORE_SECRETS) if name not in known]
        if missing:
            known |= {name: secrets.token_hex(24) for name in missing}
            self.write("secrets.json", known)
        return known

    def read(self, name: str) -> dict[str, Any]:
        """A small JSON file of the folder; empty when it is not there."""
        try:
            content: dict[str, Any] = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return {}
        return content

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replaces a small JSON file of the folder in one step, readable by its owner alone."""
        self.write_private(name, json.dumps(content))

    def write_private(self, name: str, text: str) -> Path:
        """Replaces a file of the folder in one step, readable by its owner alone."""
        target = self.path / name
        part = target.with_suffix(".part")
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        part.replace(target)
        return target


def is_held(path: Path) -> bool:
    """Whether a server holds that folder now."""
    if os.name != "posix" or not (path / "lock").exists():
        return False
    with _opened(path / "lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
