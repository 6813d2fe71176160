"""Money goes out as a decimal string and comes back as the same fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.loans import is_extinguished
from domain.money import MAX_FEN, fen, yuan
from tests.domain.builders import a_loan


@given(st.integers(-MAX_FEN, MAX_FEN))
def test_every_amount_comes_back(amount):
    assert fen(yuan(amount)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("0.01", 1),
        ("0.1", 10),
        ("-0.30", -30),
        ("-0", 0),
        ("1234.5", 123450),
        ("12.37", 1237),
        ("90000000000000", MAX_FEN),
        ("-90000000000000.00", -MAX_FEN),
    ],
)
def test_a_decimal_string_is_read_exactly(text, amount):
    assert fen(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1.234",
        "1.",
        ".5",
        "01",
        "00.10",
        "+1",
        "--1",
        "1e3",
        "1,000",
        "1_000",
        " 1",
        "1\n",
        "NaN",
        "inf",
        "0x1",
        "¥1",
        "1２",
        "1.٣",
        "90000000000000.01",
        "-90000000000000.01",
        "100000000000000",
    ],
)
def test_other_forms_are_refused(text):
    with pytest.raises(ValueError, match="amount"):
        fen(text)


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-105, "-1.05"), (1237, "12.37")]
)
def test_an_amount_always_shows_two_places(amount, text):
    assert yuan(amount) == text


def test_three_tenths_are_paid_by_one_and_two():
    assert is_extinguished(a_loan(balance=fen("0.30") - fen("0.10") - fen("0.20")))
