"""Starting and ending child processes that never outlive this one."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.embedded.folder import Folder
from storage.embedded.problems import CannotStart

STOP_PATIENCE_S = 15
_LOOK_EVERY_S = 0.2
if sys.platform == "win32":
    KILL = signal.SIGTERM  # the only end there is
else:
    KILL = signal.SIGKILL
_SHIM = Path(__file__).with_name("child.py")
_WAY = "kernel" if sys.platform == "linux" else "watch"
# All that a child learns of our environment: settings meant for other programs stay out.
_PASSED_ON = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")


def spawn(
    command: Sequence[str],
    *,
    folder: Folder,
    log: Path,
    environment: Mapping[str, str] | None = None,
    last: int = signal.SIGTERM,
    way: str = _WAY,
) -> "subprocess.Popen[bytes]":
    """Starts a command that ends with this process and works on the folder.

    last: the signal that it gets when this process ends without stopping it.
    way: `kernel` or `watch`, how the child learns of our end.
    """
    # The kernel ties a child to the thread that started it: it would end with a worker thread.
    assert threading.current_thread() is threading.main_thread()
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    shim = [sys.executable, "-I", "-S", str(_SHIM), way]
    with log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - our own command
            [*shim, str(os.getpid()), str(int(last)), *command],
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=folder.path,
            env={**passed_on, "HOME": str(folder.path), **(environment or {})},
            pass_fds=folder.inherited,
            start_new_session=True,  # Ctrl-C is for the server, which then stops its children
        )


def stop(
    child: "subprocess.Popen[bytes] | None", *, needs: "subprocess.Popen[bytes] | None" = None
) -> None:
    """Asks a child to end, and ends it when it does not.

    needs: another child without which it cannot end in good order, so that waiting is in vain.
    """
    if child is None:
        return
    if child.stdin is not None:
        child.stdin.close()
    if child.poll() is None and sys.platform != "win32":  # there the watcher saw the pipe close
        child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE_S
    while child.poll() is None:
        alone = needs is not None and needs.poll() is not None
        if alone or time.monotonic() > deadline:
            child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_EVERY_S)


def program(place: Path, name: str, *, called: str) -> Path:
    """The program of that name in that place. Raises: CannotStart when it is not there."""
    found = place / (f"{name}.exe" if sys.platform == "win32" else name)
    if not found.is_file():
        raise CannotStart(
            f"{called} cannot be started because its program {found} is missing;"
            " install the packages of requirements/serve.txt again."
        )
    if not os.access(found, os.X_OK):
        found.chmod(0o755)  # some installers drop the permission
    return found
