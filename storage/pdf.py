"""Just enough of PDF to tell a whole file from a broken one, and to count its pages.

Follows the file's own cross-references from the end, as a reader does. What it cannot follow
(encrypted object streams, unusual filters) is an unknown number of pages, never a guess.
"""

import re
import zlib
from mmap import mmap

from storage.contents import Unreadable

MAX_SECTIONS = 200  # cross-reference sections, one for each time the file was saved
MAX_OBJECT = 64 * 1024  # bytes of a dictionary
MAX_STREAM = 32 * 1024 * 1024  # bytes of a stream, unpacked
MAX_PAGES = 100_000
_HEAD, _TAIL = 1024, 4096  # bytes in which a reader looks for the header and the end
_START = re.compile(rb"startxref\s+(\d{1,12})\s")
_REFERENCE = rb"\s+(\d{1,10})\s+\d{1,5}\s+R\b"
_TRAILER = 65_535  # bytes after "trailer" in which its dictionary ends

Place = tuple[int, int | None]  # byte offset, None; or number of an object stream, index in it


class _Lost(Exception):
    """The thread was lost: this reader is too simple for the file."""


def count_pages(data: mmap | bytes) -> int | None:
    """How many pages; None when not known. Raises: Unreadable, when the file has no end."""
    size = len(data)
    starts = list(_START.finditer(data[max(0, size - _TAIL) :]))
    if b"%PDF-" not in data[:_HEAD]:
        raise Unreadable("The document has no PDF header.")
    if not starts or b"%%EOF" not in data[max(0, size - _TAIL) :]:
        raise Unreadable("The document is incomplete: its end is missing.")
    try:
        return _Document(data, int(starts[-1][1])).pages()
    except (_Lost, ValueError, ArithmeticError, LookupError, zlib.error):
        return None


class _Document:
    """Where each object is, newest first, and what the trailer names as the root."""

    def __init__(self, data: mmap | bytes, start: int) -> None:
        self._data = data
        self._places: dict[int, Place] = {}
        self._root: int | None = None
        self._streams: dict[int, bytes] = {}
        todo, seen = [start], set[int]()
        while todo and len(seen) < MAX_SECTIONS:
            offset = todo.pop(0)
            if offset not in seen:
                seen.add(offset)
                todo += self._read_section(offset)

    def pages(self) -> int:
        """The count that the root of the page tree states."""
        if self._root is None:
            raise _Lost
        tree = self._object(_number(rb"/Pages" + _REFERENCE, self._object(self._root)))
        if b"/Kids" not in tree:
            raise _Lost
        pages = _number(rb"/Count\s+(\d{1,6})(?!\d|\s+\d+\s+R)", tree)
        if not 0 < pages <= MAX_PAGES:
            raise _Lost
        return pages

    def _read_section(self, offset: int) -> list[int]:
        """Notes what one section says; gives the offsets of those before it."""
        if self._data[offset : offset + 4] == b"xref":
            trailer = self._read_table(offset)
        else:
            trailer = self._read_stream(offset)
        root = re.search(rb"/Root" + _REFERENCE, trailer)
        if self._root is None and root:
            self._root = int(root[1])
        before = [
            re.search(name + rb"\s+(\d{1,12})", trailer) for name in (rb"/XRefStm", rb"/Prev")
        ]
        return [int(found[1]) for found in before if found]

    def _read_table(self, offset: int) -> bytes:
        end = self._data.find(b"trailer", offset)
        if end < 0:
            raise _Lost
        words = self._data[offset + 4 : end].split()
        at = 0
        while at < len(words):
            first, count = int(words[at]), int(words[at + 1])
            rows = words[at + 2 : at + 2 + 3 * count]
            for index in range(count):
                if rows[3 * index + 2] == b"n":
                    self._places.setdefault(first + index, (int(rows[3 * index]), None))
            at += 2 + 3 * count
        return self._data[end : end + _TRAILER].split(b"startxref")[0]

    def _read_stream(self, offset: int) -> bytes:
        head, body = self._unpack(offset)
        widths = [int(width) for width in _found(rb"/W\s*\[([\d\s]+)\]", head).split()]
        spans = re.search(rb"/Index\s*\[([\d\s]+)\]", head)
        bounds = (
            [int(n) for n in spans[1].split()] if spans else [0, _number(rb"/Size\s+(\d+)", head)]
        )
        row, at = sum(widths), 0
        for first, count in zip(bounds[::2], bounds[1::2], strict=True):
            for number in range(first, first + count):
                if at + row > len(body):
                    raise _Lost
                kind, where, index = _fields(body[at : at + row], widths)
                if kind in {1, 2}:
                    self._places.setdefault(number, (where, index if kind == 2 else None))
                at += row
        return head

    def _object(self, number: int) -> bytes:
        where, index = self._places[number]
        if index is None:
            text = self._data[where : where + MAX_OBJECT].split(b"endobj")[0]
            if not re.match(rb"\s*%d\s+\d+\s+obj\b" % number, text):
                raise _Lost
            return text
        if where not in self._streams:
            self._streams[where] = self._packed(where)
        return self._within(self._streams[where], number)

    def _packed(self, number: int) -> bytes:
        """An object stream: its first object's offset, then what it unpacks to."""
        offset, index = self._places[number]
        if index is not None:
            raise _Lost
        head, body = self._unpack(offset)
        return b"%d " % _number(rb"/First\s+(\d{1,9})", head) + body

    def _within(self, stream: bytes, number: int) -> bytes:
        text, body = stream.split(b" ", 1)
        first = int(text)
        pairs = [int(word) for word in body[:first].split()]
        starts = dict(zip(pairs[::2], pairs[1::2], strict=True))
        ends = [start for start in starts.values() if start > starts[number]]
        end = first + min(ends) if ends else len(body)
        return body[first + starts[number] : min(end, first + starts[number] + MAX_OBJECT)]

    def _unpack(self, offset: int) -> tuple[bytes, bytes]:
        """The dictionary and the unpacked bytes of the stream object at `offset`."""
        head = self._data[offset : offset + MAX_OBJECT].split(b"stream", 1)[0]
        start = offset + len(head) + len(b"stream")
        start += 2 if self._data[start : start + 2] == b"\r\n" else 1
        raw = self._data[start : start + MAX_STREAM]  # packed data end by themselves
        if not re.search(rb"/Filter\s*\[?\s*/FlateDecode\s*\]?\s*(?:/|>)", head):
            raise _Lost
        body = zlib.decompressobj().decompress(raw, MAX_STREAM)
        predictor = re.search(rb"/Predictor\s+(\d+)", head)
        if predictor and int(predictor[1]) > 1:
            body = _unpredict(body, _number(rb"/Columns\s+(\d{1,4})", head), int(predictor[1]))
        return head, body


def _unpredict(body: bytes, columns: int, predictor: int) -> bytes:
    """Undoes PNG's row differences, of which cross-references use none, left and up."""
    if predictor < 10:
        raise _Lost
    rows, above = bytearray(), bytes(columns)
    for at in range(0, len(body) - columns, columns + 1):
        kind, row = body[at], bytearray(body[at + 1 : at + 1 + columns])
        if kind == 1:
            for x in range(1, columns):
                row[x] = (row[x] + row[x - 1]) & 0xFF
        elif kind == 2:
            row = bytearray((a + b) & 0xFF for a, b in zip(row, above, strict=True))
        elif kind != 0:
            raise _Lost
        above = bytes(row)
        rows += row
    return bytes(rows)


def _fields(row: bytes, widths: list[int]) -> list[int]:
    fields, at = [], 0
    for place, width in enumerate(widths):
        default = 1 if place == 0 else 0
        fields.append(int.from_bytes(row[at : at + width]) if width else default)
        at += width
    return fields


def _found(pattern: bytes, text: bytes) -> bytes:
    found = re.search(pattern, text)
    if not found:
        raise _Lost
    return found[1]


def _number(pattern: bytes, text: bytes) -> int:
    return int(_found(pattern, text))
