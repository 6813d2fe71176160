"""Lines of text on A4 (排版): wrapped into their width, kept together in blocks, dealt to pages."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from papers.page import Page, wrapped

LEFT, TOP, WIDTH, BOTTOM = 20.0, 25.0, 170.0, 250.0  # millimetres
SMALL, PLAIN, TITLE = 7.0, 10.0, 16.0  # sizes of type, in points
FOOT = 287.0
SIGNATURE_WIDTH = 75.0
MAX_LINES = 12  # of one fact; a number has 1,000 characters at most
_MAX_SHOWN = 5
_LEADING = 0.52  # millimetres from line to line for each point of type


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a document: its text, its type, how far in, how much room above."""

    text: str
    size: float = PLAIN
    indent: float = 0.0
    above: float = 0.0

    @property
    def height(self) -> float:
        """How far down the next line begins."""
        return self.above + self.size * _LEADING


def drawn(
    no: str,
    blocks: Iterable[list[Line]],
    *,
    begin: Callable[[Page], None] | None = None,
    end: Callable[[Page, float], None] | None = None,
) -> tuple[bytes, int]:
    """The document of that number, and how many pages it has; no end of a page divides a block.

    begin: draws on the first page beside its lines, such as a code.
    end: draws what stands below the last line, such as signatures, from that height on.
    """
    sheets = _sheets(blocks)
    page = Page(no)
    if begin is not None:
        begin(page)
    for number, lines in enumerate(sheets, start=1):
        if number > 1:
            page.turn()
        y = TOP
        for line in lines:
            y += line.height
            page.text(line.text, x=LEFT + line.indent, y=y, size=line.size)
        if number == len(sheets) and end is not None:
            end(page, y + 20.0)
        page.text(f"{no}　{number}/{len(sheets)}", x=LEFT, y=FOOT, size=SMALL)
    return page.done(), len(sheets)


def fact(name: str, value: str, *, above: float = 1.0) -> Iterator[Line]:
    """A named value, on as many lines as it takes."""
    for line in fitted(f"{name}　{value}"):
        yield Line(text=line, above=above)
        above = 0.0


def fitted(text: str, *, indent: float = 0.0) -> list[str]:
    """The text in lines of the page's width."""
    return wrapped(text, size=PLAIN, width=WIDTH - indent, most=MAX_LINES)


def several(numbers: Iterable[str]) -> str:
    """The first numbers of many, and how many more there are."""
    listed = list(numbers)
    shown, more = ", ".join(listed[:_MAX_SHOWN]), len(listed) - _MAX_SHOWN
    return shown if more <= 0 else f"{shown} … (+{more})"


def signatures(page: Page, y: float, *, who: Iterable[str]) -> None:
    """Rules to sign on, side by side."""
    for place, text in enumerate(who):
        x = LEFT + place * (WIDTH - SIGNATURE_WIDTH)
        page.rule(x=x, y=y, width=SIGNATURE_WIDTH)
        page.text(text, x=x, y=y + 4.0, size=SMALL)


def _sheets(blocks: Iterable[list[Line]]) -> list[list[Line]]:
    """The blocks dealt out to pages; room for signatures is left on every one."""
    sheets: list[list[Line]] = [[]]
    used = TOP
    for block in blocks:
        height = sum(line.height for line in block)
        if sheets[-1] and used + height > BOTTOM:
            sheets.append([])
            used = TOP
        sheets[-1] += block
        used += height
    return sheets
