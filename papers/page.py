"""A page to draw on: one font for both scripts, text that keeps its bounds, the same bytes again.

The font is WenQuanYi Micro Hei (文泉驿微米黑). Only the glyphs in use go into a document, which so
stays small and shows the same everywhere.
"""

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from threading import Lock

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONT = "WenQuanYiMicroHei"
QUIET = 4  # modules around a QR code that scanners want empty
CUT = "…"
LACKING = "〓"  # as printers have always set what they had no type for
_POINT_MM = 1 / mm
_ONE_FONT = Lock()  # picking glyphs reads the font's file by a position that all share


class Page:
    """A4 pages, measured in millimetres from the upper left corner; sizes of type in points."""

    def __init__(self, title: str) -> None:
        _font()
        self._bytes = io.BytesIO()
        # Invariant: no clock and no chance go into the file.
        self._canvas = Canvas(
            self._bytes,
            pagesize=A4,
            invariant=1,
            pageCompression=1,
            # A canvas begins with Helvetica, which no document carries. The stubs err here.
            initialFontName=FONT,  # type: ignore[arg-type]
        )
        self._canvas.setTitle(title)
        self._height = A4[1]

    def text(self, text: str, *, x: float, y: float, size: float) -> None:
        """Writes one line whose foot stands at `y`."""
        self._canvas.setFont(FONT, size)
        self._canvas.drawString(x * mm, self._height - y * mm, _shown(text))

    def rule(self, *, x: float, y: float, width: float) -> None:
        """Draws a thin line."""
        self._canvas.setLineWidth(0.3)
        across = self._height - y * mm
        self._canvas.line(x * mm, across, (x + width) * mm, across)

    def qr(self, text: str, *, x: float, y: float, side: float) -> None:
        """Draws a QR code as vectors, a quarter of which may be scratched; quiet zone included."""
        rows = modules(text)
        one = side / (len(rows) + 2 * QUIET)
        path = self._canvas.beginPath()
        for down, row in enumerate(rows):
            for start, length in _runs(row):
                left, top = x + (QUIET + start) * one, y + (QUIET + down) * one
                path.rect(left * mm, self._height - (top + one) * mm, length * one * mm, one * mm)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def turn(self) -> None:
        """Goes on to the next page."""
        self._canvas.showPage()

    def done(self) -> bytes:
        """The document."""
        self._canvas.showPage()
        with _ONE_FONT:
            self._canvas.save()
        return self._bytes.getvalue()


def modules(text: str) -> list[list[bool]]:
    """The dark and light modules of a text's QR code."""
    code = segno.make(text, error="q", micro=False, boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix]


def wrapped(text: str, *, size: float, width: float, most: int) -> list[str]:
    """The text in lines that are at most `width` millimetres; what exceeds `most` lines is cut."""
    lines = [""]
    used = 0.0
    for letter in _shown(text):
        wide = _wide(letter, size)
        if lines[-1] and used + wide > width:
            lines.append("")
            used = 0.0
        lines[-1] += letter
        used += wide
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + CUT]
    return lines


def _shown(text: str) -> str:
    """The text as the font can show it; a letter it lacks must be seen to be there."""
    known = _font().face.charToGlyph
    return "".join(letter if ord(letter) in known else LACKING for letter in text)


def _wide(letter: str, size: float) -> float:
    """In millimetres; the font knows no pairs of letters that stand closer."""
    face = _font().face
    return float(face.charWidths.get(ord(letter), face.defaultWidth)) * size / 1000 * _POINT_MM


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Where dark modules begin and how many follow each other: no hairlines between them."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        elif dark:
            runs.append((place, 1))
    return runs


@cache
def _font() -> TTFont:
    """The font, read once, when the first paper is drawn: it takes a third of a second."""
    packed = files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc"
    with as_file(packed) as path:
        font = TTFont(FONT, str(path), subfontIndex=0)
    pdfmetrics.registerFont(font)
    return font
