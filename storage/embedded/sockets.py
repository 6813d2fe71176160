"""The store's sockets in temporary folders, which it leaves behind when it is killed."""

import shutil
from pathlib import Path

from storage.embedded.folder import Folder
from storage.embedded.ports import BESIDE, is_free

_NOTE = "sockets.json"
_FIXED_PLACE = Path("/tmp")  # noqa: S108 - the store's own choice, whatever TMPDIR says


def remember_sockets(folder: Folder, *, place: str, ports: dict[str, int]) -> None:
    """Notes what the store is about to leave, so that a later run can remove it."""
    numbers = [*ports.values(), ports["admin"] + BESIDE]
    folder.write(_NOTE, {"place": place, "ports": numbers})


def forget_sockets(folder: Folder) -> None:
    """Removes what the last run left; a socket whose port another server has taken stays."""
    note = folder.read(_NOTE)
    for port in note.get("ports", []):
        if is_free(port):
            for socket in _FIXED_PLACE.glob(f"seaweedfs-*-grpc-{port}.sock"):
                socket.unlink(missing_ok=True)
    if "place" in note:
        shutil.rmtree(note["place"], ignore_errors=True)
