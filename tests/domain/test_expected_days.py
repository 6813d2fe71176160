"""When a certificate should have been obtained: products, receipts, vehicles, conversions."""

from datetime import date
from typing import Any

import pytest

from domain.certificates import CertType, CustodyState
from domain.collaterals import CollateralKind
from domain.expected_days import conversion_dated, expected_by, expected_from
from domain.loans import DisbursementBasis, Product
from tests.domain.builders import CALENDAR, POLICY, TODAY, a_certificate, a_collateral, a_loan

LENT = date(2025, 9, 22)
POSSIBLE = date(2025, 11, 3)
RECEIPT = DisbursementBasis.ACCEPTANCE_RECEIPT
PRE_NOTICE = CertType.PRE_NOTICE_MORTGAGE
PROOF, VEHICLE = CertType.MORTGAGE_REG_PROOF, CertType.VEHICLE_REG
FLAT = a_collateral()


@pytest.mark.parametrize(
    ("cert_type", "loan", "due"),
    [
        (PROOF, {"product": Product.HOUSING_RESALE}, date(2025, 10, 17)),
        (PRE_NOTICE, {"product": Product.HOUSING_NEW}, date(2025, 10, 22)),
        (CertType.PRE_NOTICE_TITLE, {"product": Product.HOUSING_RESALE}, date(2025, 10, 22)),
        (VEHICLE, {"product": Product.AUTO}, date(2025, 10, 22)),
        (VEHICLE, {"product": Product.BUSINESS}, date(2025, 10, 22)),
        (PROOF, {"product": Product.BUSINESS}, date(2025, 10, 17)),
        (
            PROOF,
            {"disbursement_basis": RECEIPT, "acceptance_on": date(2025, 6, 9)},
            date(2025, 6, 30),
        ),
        (
            PRE_NOTICE,
            {"disbursement_basis": RECEIPT, "acceptance_on": date(2025, 6, 9)},
            date(2025, 10, 22),
        ),
    ],
)
def test_a_certificate_is_due_as_its_product_says(cert_type, loan, due):
    # 23-26, 28-30 September are seven working days, 9-11 October three, 13-17 October five.
    lent = a_loan(**{"disbursed_on": LENT, "settled_on": None} | loan)
    given: dict[str, Any] = {"policy": POLICY, "calendar": CALENDAR, "today": TODAY}
    assert expected_by(cert_type, lent, [FLAT], **given) == due


@pytest.mark.parametrize(
    ("cert_type", "unit", "start", "due"),
    [
        (PROOF, {"convertible_from": POSSIBLE}, POSSIBLE, date(2026, 1, 2)),
        (
            PROOF,
            {"kind": CollateralKind.RESIDENTIAL, "convertible_from": POSSIBLE},
            POSSIBLE,
            date(2026, 1, 2),
        ),
        (CertType.REAL_ESTATE_TITLE, {"convertible_from": POSSIBLE}, POSSIBLE, date(2026, 1, 2)),
        (PROOF, {}, None, None),
        (PRE_NOTICE, {"convertible_from": POSSIBLE}, LENT, date(2025, 10, 22)),
        (PRE_NOTICE, {}, LENT, date(2025, 10, 22)),
        (PROOF, {"kind": CollateralKind.RESIDENTIAL}, LENT, date(2025, 10, 22)),
    ],
)
def test_a_full_right_on_a_presale_unit_is_due_once_it_could_be_registered(
    cert_type, unit, start, due
):
    lent = a_loan(product=Product.HOUSING_NEW, disbursed_on=LENT, settled_on=None)
    units = [a_collateral(**{"kind": CollateralKind.PRESALE_UNIT} | unit)]
    assert expected_from(cert_type, lent, units, policy=POLICY, today=TODAY) == start
    given: dict[str, Any] = {"policy": POLICY, "calendar": CALENDAR, "today": TODAY}
    assert expected_by(cert_type, lent, units, **given) == due


@pytest.mark.parametrize(
    ("paper", "due"),
    [
        ({}, date(2026, 1, 2)),
        ({"custody_state": CustodyState.WITH_HANDLER}, None),
        ({"cert_type": PRE_NOTICE}, None),
    ],
)
def test_a_day_told_later_dates_the_right_that_is_still_awaited(paper, due):
    awaited = a_certificate(**{"custody_state": CustodyState.NOT_RECEIVED} | paper)
    after = conversion_dated(awaited, POSSIBLE, policy=POLICY, calendar=CALENDAR)
    assert after.expected_by == due
    assert after.expected_from == (POSSIBLE if due else None)


def test_without_a_loan_the_period_runs_from_today():
    found = expected_by(PROOF, None, [FLAT], policy=POLICY, calendar=CALENDAR, today=TODAY)
    assert found == CALENDAR.wd(TODAY, 15)
