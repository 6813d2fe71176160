"""Types of certificates as the table has them, and numbers under which duplicates are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.certificates import (
    CERT_TYPES,
    TERMINAL,
    Carrier,
    Catalog,
    CertType,
    CustodyState,
    Perfection,
    normalised,
)

PAPER, ELECTRONIC = {Carrier.PAPER}, {Carrier.ELECTRONIC}
BOTH = PAPER | ELECTRONIC
BANK, OWNER = Catalog.RIGHT_CERT, Catalog.SAFEKEEPING
REG, DELIV, NONE = Perfection.REGISTRATION, Perfection.DELIVERY, Perfection.NONE
TABLE = {
    CertType.REAL_ESTATE_TITLE: (OWNER, NONE, BOTH),
    CertType.HOUSE_TITLE_LEGACY: (OWNER, NONE, PAPER),
    CertType.LAND_USE_TITLE_LEGACY: (OWNER, NONE, PAPER),
    CertType.MORTGAGE_REG_PROOF: (BANK, REG, BOTH),
    CertType.OTHER_RIGHT_LEGACY: (BANK, REG, PAPER),
    CertType.PRE_NOTICE_TITLE: (OWNER, REG, BOTH),
    CertType.PRE_NOTICE_MORTGAGE: (BANK, REG, BOTH),
    CertType.CONSTRUCTION_MORTGAGE: (BANK, REG, PAPER),
    CertType.PURCHASE_CONTRACT: (OWNER, NONE, PAPER),
    CertType.VEHICLE_REG: (OWNER, REG, PAPER),
    CertType.DEPOSIT_RECEIPT: (BANK, DELIV, BOTH),
    CertType.TREASURY_BOND_RECEIPT: (BANK, DELIV, PAPER),
    CertType.INSURANCE_POLICY_PLEDGE: (BANK, DELIV, BOTH),
    CertType.PROPERTY_INSURANCE: (OWNER, NONE, BOTH),
    CertType.WEALTH_PRODUCT_PLEDGE: (BANK, REG, ELECTRONIC),
    CertType.WAREHOUSE_RECEIPT: (BANK, DELIV, BOTH),
    CertType.EQUITY_PLEDGE_NOTICE: (BANK, REG, BOTH),
    CertType.RECEIVABLE_PLEDGE_REG: (BANK, REG, ELECTRONIC),
    CertType.MOVABLE_MORTGAGE_REG: (BANK, REG, ELECTRONIC),
}


@pytest.mark.parametrize("cert_type", CertType)
def test_every_type_is_what_the_table_says(cert_type):
    facts = CERT_TYPES[cert_type]
    assert facts.collateral
    if cert_type is not CertType.OTHER:  # belongs to either catalog, as its input says
        assert (facts.catalog, facts.perfection, set(facts.carriers)) == TABLE[cert_type]


@pytest.mark.parametrize(
    "printed",
    [
        "粤（2024）广州市不动产权第01234567号",
        "粤(2024)广州市不动产权第01234567号",
        " 粤(2024) 广州市不动产权第 01234567 号\t",
        "粤　(2024)广州市不动产权第０１２３４５６７号",
    ],
)
def test_one_certificate_has_one_number(printed):
    assert normalised(printed) == "粤(2024)广州市不动产权第01234567号"


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("no：ab-12", "NO:AB-12"),
        ("No: AB-12", "NO:AB-12"),
        ("　", ""),
        ("ﾡ１２", "ᄀ12"),
    ],
)
def test_width_space_and_case_do_not_matter(printed, number):
    assert normalised(printed) == number


def test_other_digits_are_another_certificate():
    assert normalised("粤(2024)第01号") != normalised("粤(2024)第1号")


@given(st.text("粤京（）()：: \t　abcABC0123０１２第号-", max_size=30))
def test_a_normalised_number_stays_as_it_is(printed):
    number = normalised(printed)
    assert normalised(number) == number
    assert not set(number) & set(" \t　（）：")


def test_terminal_states_are_those_without_a_keeper():
    assert {
        CustodyState.SURRENDERED,
        CustodyState.RETURNED_TO_OWNER,
        CustodyState.REDEEMED,
        CustodyState.TRANSFERRED_OUT,
        CustodyState.REPLACED,
    } == TERMINAL
