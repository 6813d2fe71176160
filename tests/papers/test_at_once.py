"""Papers are drawn by several threads at once, each with letters of its own."""

from concurrent.futures import ThreadPoolExecutor

from papers.page import Page

FIRST, EACH = 0x4E00, 150  # of the common ideographs


def drawn(number: int) -> bytes:
    page = Page(f"P{number}")
    start = FIRST + number * EACH
    for line in range(5):
        letters = range(start + line * 30, start + line * 30 + 30)
        page.text("".join(map(chr, letters)), x=20, y=20 + line * 10, size=9)
    return page.done()


def test_papers_drawn_at_once_are_those_drawn_one_by_one():
    alone = [drawn(number) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(drawn, range(24))) == alone
