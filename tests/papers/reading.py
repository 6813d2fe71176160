"""A PDF as a reader and a scanner see it: sizes, text, codes."""

import re

import pypdfium2
import zxingcpp

PER_MM = 72 / 25.4  # points
DOTS = 4  # for each point: about 290 a inch, a common printer


def sizes(content: bytes) -> list[tuple[float, float]]:
    """Width and height of every page in millimetres."""
    with pypdfium2.PdfDocument(content) as document:
        found = [page.get_size() for page in document]
    return [(round(width / PER_MM, 1), round(height / PER_MM, 1)) for width, height in found]


def text(content: bytes) -> str:
    """All text, without the breaks of its lines."""
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return re.sub(r"[\r\n]+", "", "".join(pages))


def codes(content: bytes, page: int = 0) -> list[str]:
    """What a scanner reads on a page, from above to below and left to right."""
    found = sorted(_scanned(content, page), key=lambda one: (one[1] // 10, one[0]))
    return [code for _, _, code in found]


def places(content: bytes, page: int = 0) -> dict[str, tuple[float, float]]:
    """Where the code's upper left module stands, in millimetres from the upper left corner."""
    return {code: (x, y) for x, y, code in _scanned(content, page)}


def _scanned(content: bytes, page: int) -> list[tuple[float, float, str]]:
    with pypdfium2.PdfDocument(content) as document:
        picture = document[page].render(scale=DOTS, grayscale=True).to_pil()
    return [
        (
            found.position.top_left.x / DOTS / PER_MM,
            found.position.top_left.y / DOTS / PER_MM,
            found.text,
        )
        for found in zxingcpp.read_barcodes(picture)
    ]
