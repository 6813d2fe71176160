"""Codes: short, stable, and told from what a scanner or a hand makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import code_of, grouped, id_of

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULIDS = st.text(alphabet=SYMBOLS, min_size=26, max_size=26)
ID = "cert_01M893P7Z977ZCNJ0ARVKPX84D"
CODE = code_of(ID)


@pytest.mark.parametrize(("prefix", "letter"), [("cert", "C"), ("pack", "P"), ("slot", "S")])
@given(ulid=ULIDS)
def test_a_code_leads_back_to_its_id(prefix, letter, ulid):
    code = code_of(f"{prefix}_{ulid}")
    assert (len(code), code[:3]) == (30, f"LK{letter}")
    assert set(code[2:]) <= set(SYMBOLS)
    assert id_of(code) == f"{prefix}_{ulid}"


@pytest.mark.parametrize(
    "written",
    [
        CODE.lower(),
        grouped(CODE),
        f" {CODE}\r\n",
        CODE.translate({ord(c): ord(c) + 0xFEE0 for c in CODE}),  # by a Chinese input method
        CODE.replace("0", "O").replace("1", "I"),
    ],
)
def test_a_code_is_read_however_it_arrives(written):
    assert id_of(written) == ID


@pytest.mark.parametrize("place", range(2, 30))
def test_one_wrong_symbol_is_told(place):
    for symbol in set(SYMBOLS) - {CODE[place]}:
        assert id_of(CODE[:place] + symbol + CODE[place + 1 :]) is None


@pytest.mark.parametrize(
    "other", ["", "LK", CODE[:-1], CODE + "0", "XX" + CODE[2:], "粤（2025）第1号", "Z" * 10_000]
)
def test_what_is_no_code_is_none(other):
    assert id_of(other) is None
