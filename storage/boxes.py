"""HEIC and MP4 are rows of boxes, each saying its length: a cut file ends inside one of them.

The HEIC decoder fills what is missing with grey and says nothing, so this has to be asked first.
"""

from mmap import mmap

from storage.contents import Unreadable

MAX_BOXES = 100_000  # a fragmented film has two for each second or so
_SHORT, _LONG = 8, 16  # bytes of a box's own header


def check_whole(data: mmap | bytes) -> None:
    """Walks the outermost boxes to the end of the file. Raises: Unreadable."""
    at, size = 0, len(data)
    for _ in range(MAX_BOXES):
        if at == size:
            return
        length = _length(data, at)
        if length == 0:  # "to the end of the file", as a live recorder writes it
            return
        if length < _SHORT or at + length > size:
            break
        at += length
    raise Unreadable("It is incomplete: its end is missing.")


def _length(data: mmap | bytes, at: int) -> int:
    length = int.from_bytes(data[at : at + 4])
    if length == 1:
        return int.from_bytes(data[at + _SHORT : at + _LONG])
    return length
