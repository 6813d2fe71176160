"""What a dossier must hold, by when, and when it counts as filed."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.dossiers import (
    DocType,
    DossierItem,
    DossierStatus,
    ItemStage,
    ItemStatus,
    archive_incomplete,
    checklist,
    filed_if_complete,
    kept_longer,
    sealed,
    settlement_locked,
    unfiled,
    with_item,
)
from domain.loans import OUT_OF_SCOPE, Product
from tests.domain.builders import CALENDAR, POLICY, TODAY, a_dossier, a_loan

LENT = date(2025, 9, 22)
MARKS = {
    ItemStage.AT_DISBURSEMENT: "●",
    ItemStage.AFTER_REGISTRATION: "○",
    ItemStage.PERIODIC: "▲",
    ItemStage.AT_SETTLEMENT: "■",
    ItemStage.CONDITIONAL: "c",
}
# Products in the order of the columns: new, resale, commercial, equity, consumer, business,
# car, pledge.
COLUMNS = (
    Product.HOUSING_NEW,
    Product.HOUSING_RESALE,
    Product.COMMERCIAL_PROPERTY,
    Product.HOME_EQUITY,
    Product.CONSUMER,
    Product.BUSINESS,
    Product.AUTO,
    Product.PLEDGE,
)
ROWS = {
    "LOAN_APPLICATION ID_DOCS CREDIT_REPORT_AUTH INVESTIGATION_REPORT REVIEW_REPORT": "●●●●●●●●",
    "APPROVAL_NOTE LOAN_CONTRACT LOAN_NOTE": "●●●●●●●●",
    "INCOME_PROOF": "●●●●●●●-",
    "GUARANTEE_CONTRACT": "●●●●cc●●",
    "PURCHASE_CONTRACT DOWN_PAYMENT_PROOF": "●●●---●-",
    "VALUATION_REPORT": "c●●●-cc-",
    "BUSINESS_LICENSE USE_CONTRACT": "---c-●--",
    "USE_PROOF": "●●●○○○●c",
    "PRE_NOTICE_CERT_SCAN": "○-c-----",
    "MORTGAGE_CERT_SCAN": "○○○○-c○-",
    "PLEDGE_CERT_SCAN FREEZE_CONFIRM": "-------●",
    "INSURANCE": "cccc--●-",
    "FIRST_INSPECTION": "▲▲▲▲▲▲▲-",
    "INSPECTION_REPORT": "cc▲▲c▲c-",
    "REPAYMENT_RECORD": "▲▲▲▲▲▲▲▲",
    "SETTLEMENT_PROOF": "■■■■■■■■",
    "DEREG_APPLICATION OWNER_ID MORTGAGE_CANCEL_CONSENT": "■■■■-■■■",
    "REGISTRY_APPLICATION CERT_RECEIPT REGISTRY_RESULT": "■■■■-■■■",
}


def _checklist(product, **loan):
    lent = a_loan(**{"product": product, "disbursed_on": LENT} | loan)
    return checklist(lent, policy=POLICY, calendar=CALENDAR)


@pytest.mark.parametrize("product", COLUMNS)
def test_the_checklist_of_a_product_is_its_column(product):
    column = COLUMNS.index(product)
    expected = {
        DocType(code): row[column]
        for names, row in ROWS.items()
        for code in names.split()
        if row[column] != "-"
    }
    items = _checklist(product)
    assert {item.code: MARKS[item.stage] for item in items} == expected
    assert len(items) == len(expected)


@pytest.mark.parametrize("product", sorted(OUT_OF_SCOPE))
def test_other_products_have_no_checklist(product):
    assert _checklist(product) == ()


@pytest.mark.parametrize("product", COLUMNS)
def test_what_is_conditional_is_not_required_until_its_condition_holds(product):
    for item in _checklist(product):
        conditional = item.stage is ItemStage.CONDITIONAL
        assert item.required is not conditional
        assert item.status is (ItemStatus.NOT_APPLICABLE if conditional else ItemStatus.MISSING)


def test_what_is_due_at_disbursement_is_due_in_ten_working_days():
    items = {item.code: item for item in _checklist(Product.HOUSING_RESALE)}
    assert items[DocType.LOAN_CONTRACT].due == date(2025, 10, 11)
    assert items[DocType.USE_PROOF].due == date(2025, 10, 11)
    assert items[DocType.MORTGAGE_CERT_SCAN].due is None
    assert items[DocType.SETTLEMENT_PROOF].due is None


@pytest.mark.parametrize("product", [Product.HOME_EQUITY, Product.CONSUMER, Product.BUSINESS])
def test_the_use_of_the_money_is_proven_in_ninety_days(product):
    items = {item.code: item for item in _checklist(product)}
    assert items[DocType.USE_PROOF].due == date(2025, 12, 21)


def test_nothing_is_due_before_the_money_has_gone_out():
    items = _checklist(Product.HOUSING_RESALE, disbursed_on=None)
    assert items
    assert {item.due for item in items} == {None}


def _item(stage=ItemStage.AT_DISBURSEMENT, code=DocType.LOAN_CONTRACT, **changes):
    facts: dict[str, Any] = {
        "required": True,
        "due": TODAY,
        "status": ItemStatus.ACCEPTED,
    } | changes
    return DossierItem(code=code, stage=stage, **facts)


LATER = ItemStage.AFTER_REGISTRATION
SCAN = DocType.MORTGAGE_CERT_SCAN


@pytest.mark.parametrize("status", ItemStatus)
def test_a_dossier_is_filed_once_what_is_due_is_accepted(status):
    dossier = a_dossier(items=(_item(), _item(LATER, SCAN, status=status)))
    done = status in {ItemStatus.ACCEPTED, ItemStatus.WAIVED, ItemStatus.NOT_APPLICABLE}
    found = filed_if_complete(dossier, today=TODAY)
    assert found.status is (DossierStatus.FILED if done else DossierStatus.OPEN)
    assert found.filed_on == (TODAY if done else None)


@pytest.mark.parametrize(
    ("due", "filed"),
    [(TODAY, False), (TODAY + timedelta(days=1), True), (None, True)],
)
def test_what_is_due_later_does_not_keep_a_dossier_open(due, filed):
    later = _item(LATER, SCAN, due=due, status=ItemStatus.MISSING)
    found = filed_if_complete(a_dossier(items=(_item(), later)), today=TODAY)
    assert (found.status is DossierStatus.FILED) is filed


@pytest.mark.parametrize(
    "items", [(), (_item(status=ItemStatus.UPLOADED, due=TODAY + timedelta(days=9)),)]
)
def test_a_dossier_without_its_first_papers_is_not_filed(items):
    assert filed_if_complete(a_dossier(items=items), today=TODAY).status is DossierStatus.OPEN


@pytest.mark.parametrize("status", sorted(set(DossierStatus) - {DossierStatus.OPEN}))
def test_a_dossier_is_filed_once(status):
    dossier = a_dossier(status=status, items=(_item(),))
    assert filed_if_complete(dossier, today=TODAY) == dossier


@pytest.mark.parametrize(
    ("item", "open_items"),
    [
        (_item(ItemStage.AT_SETTLEMENT, DocType.CERT_RECEIPT), ()),
        (
            _item(ItemStage.AT_SETTLEMENT, DocType.CERT_RECEIPT, status=ItemStatus.UPLOADED),
            (DocType.CERT_RECEIPT,),
        ),
        (
            _item(
                ItemStage.AT_SETTLEMENT,
                DocType.CERT_RECEIPT,
                status=ItemStatus.MISSING,
                required=False,
            ),
            (),
        ),
        (_item(LATER, SCAN, status=ItemStatus.MISSING), ()),
    ],
)
def test_the_closing_waits_for_required_settlement_items(item, open_items):
    dossier = a_dossier(items=(item,))
    assert unfiled(dossier).codes == open_items
    refusal = archive_incomplete(unfiled(dossier))
    assert (refusal is None) is (open_items == ())
    if refusal is not None:
        assert refusal.detail == {"dossier": "D1", "items": "CERT_RECEIPT"}


def test_only_the_named_line_changes():
    dossier = a_dossier(items=(_item(status=ItemStatus.MISSING), _item(LATER, SCAN)))
    changed = with_item(dossier, DocType.LOAN_CONTRACT, status=ItemStatus.UPLOADED)
    contract, scan = changed.items
    assert (contract.status, scan) == (ItemStatus.UPLOADED, dossier.items[1])
    assert changed.item(DocType.OTHER) is None


def test_retention_runs_from_the_latest_end():
    settled, ended = date(2024, 2, 20), date(2024, 2, 29)
    dossier = sealed(a_dossier(), closed_on=TODAY, starts=[settled, ended])
    assert (dossier.status, dossier.closed_on) == (DossierStatus.CLOSED, TODAY)
    assert dossier.retention_start == ended


@pytest.mark.parametrize(("day", "start"), [(19, 20), (20, 20), (21, 21)])
def test_retention_is_extended_and_never_shortened(day, start):
    dossier = sealed(a_dossier(), closed_on=TODAY, starts=[date(2024, 2, 20)])
    assert kept_longer(dossier, date(2024, 2, day)).retention_start == date(2024, 2, start)
    assert kept_longer(a_dossier(), TODAY).retention_start == TODAY


def test_once_a_release_is_closed_its_settlements_lines_stay_as_they_are():
    own = _item(ItemStage.AT_SETTLEMENT, DocType.REGISTRY_RESULT)
    dossier = settlement_locked(a_dossier(items=(_item(), own)))
    assert [item.locked for item in dossier.items] == [False, True]
    for code in (DocType.REGISTRY_RESULT, DocType.LOAN_CONTRACT):
        dossier = with_item(dossier, code, status=ItemStatus.UPLOADED)
    assert [item.status for item in dossier.items] == [ItemStatus.UPLOADED, ItemStatus.ACCEPTED]
