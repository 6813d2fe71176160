"""The data folder: one server at a time, secrets that only its owner reads, remembered ports."""

import contextlib
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from storage.embedded.locks import lock_file, locked_elsewhere, try_lock
from storage.embedded.problems import CannotStart

CHILDREN_PATIENCE_S = 30  # for the servers of a parent that was killed to end in good order
_BUSY_PATIENCE_S = 0.5  # a look by `is_held` holds the lock for an instant
_ASK_EVERY_S = 0.05
_SECRETS = (
    *("mongo_password", "mongo_key", "s3_access_key", "s3_secret_key", "pii_key", "token_key"),
    "evidence_key",
    *("weed_jwt", "weed_jwt_read", "weed_jwt_filer", "weed_jwt_filer_read"),
)


class Folder:
    """A data folder that this process may hold."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None
        self._children: int | None = None

    @property
    def inherited(self) -> tuple[int, ...]:
        """What children keep open: the lock that is free only when the last of them has ended."""
        if os.name != "posix":
            return ()
        assert self._children is not None
        return (self._children,)

    def take(self) -> None:
        """Makes the folder and holds it. Raises: CannotStart where it is taken or not writable."""
        assert self._lock is None
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
            for name in ("mongo", "s3", "logs", "tls"):
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
            self._lock = lock_file(self.path / "lock")
            self._children = lock_file(self.path / "children.lock")
        except OSError as error:
            self.give_back()
            raise self.unusable(error) from None
        if not _patiently(self._lock, _BUSY_PATIENCE_S):
            self._let_go()
            raise CannotStart(f"Another server already runs on the data folder {self.path}.")
        if os.name == "posix" and not _patiently(self._children, CHILDREN_PATIENCE_S):
            self._let_go()
            raise CannotStart(
                f"The servers of an earlier run on the data folder {self.path} have not ended"
                f" within {CHILDREN_PATIENCE_S} seconds."
            )
        self._forget_running()  # a note left by a run that was killed

    def unusable(self, error: OSError) -> CannotStart:
        """What to tell when the folder cannot be written."""
        return CannotStart(f"The data folder {self.path} cannot be used: {error.strerror}.")

    def give_back(self) -> None:
        """Lets another server take the folder; nothing happens when it is not held."""
        if self._lock is not None:
            self._forget_running()
            self._let_go()

    def _forget_running(self) -> None:
        with contextlib.suppress(OSError):
            (self.path / "running.json").unlink()

    def _let_go(self) -> None:
        for descriptor in (self._children, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._lock = self._children = None

    def secrets(self) -> dict[str, str]:
        """The random secrets of this folder, made at the first start."""
        known = self.read("secrets.json")
        missing = [name for name in _SECRETS if name not in known]
        if missing:
            known |= {name: secrets.token_hex(32) for name in missing}
            self.write("secrets.json", known)
        return known

    def read(self, name: str) -> dict[str, Any]:
        """A small JSON file of the folder; empty when it is not there. Raises: CannotStart."""
        try:
            content: dict[str, Any] = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise CannotStart(f"The file {self.path / name} is damaged.") from None
        return content

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replaces a small JSON file of the folder in one step, readable by its owner alone."""
        self.write_private(name, json.dumps(content))

    def write_private(self, name: str, text: str) -> Path:
        """Replaces a file of the folder in one step, readable by its owner alone."""
        target = self.path / name
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())  # secrets lost in a power cut would lock the data away
        part.replace(target)
        return target


def is_held(path: Path) -> bool:
    """Whether a server holds that folder now."""
    return locked_elsewhere(path / "lock")


def _patiently(descriptor: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_ASK_EVERY_S)
    return True
