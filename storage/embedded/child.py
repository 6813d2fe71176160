"""Runs a command that must not outlive its parent, however the parent ends.

Called as `python child.py kernel|watch PARENT_PID SIGNAL COMMAND…`. With `kernel` (Linux) this
process becomes the command and the kernel sends it the signal when its parent ends; with `watch`
it stays beside the command and does so when the pipe from the parent closes.

It is a program of its own because code run between fork and exec of a process with threads can
deadlock; here the request to the kernel is made after an exec, by a process with one thread.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 20


def become(parent: int, last: int, command: list[str]) -> None:
    """Turns into the command, tied to the parent by the kernel."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, last, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # the parent ended before the kernel was told
    os.execv(command[0], command)  # noqa: S606 - the command is our own


def watch(last: int, command: list[str]) -> int:
    """Runs the command until it or the parent ends; its exit code."""
    guarded = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command
    signal.signal(signal.SIGTERM, lambda *_: guarded.terminate())
    threading.Thread(target=_end_with_parent, args=(guarded, last), daemon=True).start()
    return guarded.wait()


def _end_with_parent(guarded: "subprocess.Popen[bytes]", last: int) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass  # nothing is ever sent; reading ends when the parent does
    guarded.send_signal(last)
    try:
        guarded.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        guarded.kill()


if __name__ == "__main__":
    way, parent, last, *command = sys.argv[1:]
    if way == "kernel":
        become(int(parent), int(last), command)
    sys.exit(watch(int(last), command))
