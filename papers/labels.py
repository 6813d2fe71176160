"""Labels (标签): a code to scan and, beside it, what a person reads; 24 on a sheet of A4."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.codes import grouped
from papers.page import Page, wrapped

LABEL_WIDTH, LABEL_HEIGHT = 70.0, 36.0  # millimetres, as label sheets are sold
COLUMNS, ROWS = 3, 8
PER_SHEET = COLUMNS * ROWS
MAX_LABELS = 10 * PER_SHEET  # one request prints ten sheets at most
_TOP = (297.0 - ROWS * LABEL_HEIGHT) / 2  # the sheet's margin above and below
_EDGE = 3.0  # a printer's and a cutter's tolerance
_QR_SIDE = 27.0
_HEADING, _LINE, _CODE = 9.0, 7.5, 6.0  # sizes of type, in points
_HEADING_LINES, _LINE_LINES = 3, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What one label says: the code, the number in bold words, where it lies."""

    code: str
    heading: str
    lines: tuple[str, ...] = ()


def label_sheets(labels: Sequence[Label], *, title: str, skip: int = 0) -> bytes:
    """The labels as a PDF in their real size.

    skip: places of the first sheet that are used up already.
    """
    assert 0 <= skip < PER_SHEET
    page = Page(title)
    for place, label in enumerate(labels, start=skip):
        if place > skip and place % PER_SHEET == 0:
            page.turn()
        row, column = divmod(place % PER_SHEET, COLUMNS)
        _draw(page, label, x=column * LABEL_WIDTH, y=_TOP + row * LABEL_HEIGHT)
    return page.done()


def _draw(page: Page, label: Label, *, x: float, y: float) -> None:
    page.qr(label.code, x=x + _EDGE, y=y + 1.5, side=_QR_SIDE)
    left, width = x + _EDGE + _QR_SIDE, LABEL_WIDTH - 2 * _EDGE - _QR_SIDE
    foot = y + 7.5
    for line in wrapped(label.heading, size=_HEADING, width=width, most=_HEADING_LINES):
        page.text(line, x=left, y=foot, size=_HEADING)
        foot += 4.0
    for told in label.lines:
        for line in wrapped(told, size=_LINE, width=width, most=_LINE_LINES):
            page.text(line, x=left, y=foot, size=_LINE)
            foot += 3.4
    page.text(grouped(label.code), x=x + _EDGE + 2.5, y=y + LABEL_HEIGHT - 4.0, size=_CODE)
