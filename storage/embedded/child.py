"""Runs a command that must not outlive its parent, however the parent ends.

Called as `python child.py PARENT_PID COMMAND…`. On Linux the kernel ends the command with its
parent; elsewhere this process stays beside it and watches the pipe from the parent close.
"""

import ctypes
import os
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 10


def main(parent: int, command: list[str]) -> None:
    """Becomes the command, or guards it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)  # the parent ended before the kernel was told
        os.execv(command[0], command)  # noqa: S606 - the command is our own
    guarded = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: guarded.terminate())
    sys.stdin.buffer.read()  # ends when the parent does
    guarded.terminate()
    try:
        guarded.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        guarded.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
