"""Label sheets: real size, places, codes that scan, text that stays inside."""

import pytest

from domain.codes import code_of, grouped
from papers.labels import LABEL_HEIGHT, LABEL_WIDTH, PER_SHEET, Label, label_sheets
from papers.page import wrapped
from tests.papers.reading import codes, places, sizes, text

A4 = (210.0, 297.0)


def some(count: int) -> list[Label]:
    return [
        Label(
            code=code_of(f"cert_01M893P7Z977ZCNJ0ARVKPX{n:03}"),
            heading=f"粤（2025）广州市不动产证明第{n:08}号",
            lines=("不动产登记证明(抵押权)", "V1/A/001", "封包 P00001"),
        )
        for n in range(count)
    ]


def test_a_sheet_of_labels_scans_in_order_in_real_size():
    labels = some(PER_SHEET)
    sheet = label_sheets(labels, title="labels")
    assert sizes(sheet) == [A4]
    assert codes(sheet) == [label.code for label in labels]


def test_labels_are_as_far_apart_as_the_sheet_is_cut():
    labels = some(5)
    at = places(label_sheets(labels, title="labels"))
    (x0, y0), (x1, y1), (x3, y3) = (at[labels[n].code] for n in (0, 1, 3))
    assert (x1 - x0, y1 - y0) == pytest.approx((LABEL_WIDTH, 0), abs=0.5)
    assert (x3 - x0, y3 - y0) == pytest.approx((0, LABEL_HEIGHT), abs=0.5)


def test_a_person_reads_beside_the_code_what_it_is():
    label = some(1)[0]
    told = text(label_sheets([label], title="labels"))
    for part in (label.heading, *label.lines, grouped(label.code)):
        assert part in told


@pytest.mark.parametrize(
    ("count", "skip", "sheets"), [(24, 0, 1), (25, 0, 2), (24, 1, 2), (1, 23, 1), (2, 23, 2)]
)
def test_a_used_sheet_is_used_on(count, skip, sheets):
    printed = label_sheets(some(count), title="labels", skip=skip)
    assert len(sizes(printed)) == sheets
    assert len(codes(printed, 0)) == min(count, PER_SHEET - skip)


def test_the_longest_number_stays_on_its_label():
    number = "粤" * 1000
    assert wrapped(number, size=9, width=37, most=3)[-1].endswith("…")
    label = Label(code=code_of("slot_01M893P7Z977ZCNJ0ARVKPX84D"), heading=number)
    assert codes(label_sheets([label], title="labels")) == [label.code]


@pytest.mark.parametrize(("letters", "cut"), [(10, False), (11, True)])
def test_text_is_cut_only_where_it_does_not_fit(letters, cut):
    lines = wrapped("粤" * letters, size=10, width=5 * 10 / 72 * 25.4 + 0.01, most=2)
    assert (len(lines), lines[-1].endswith("…")) == (2, cut)
