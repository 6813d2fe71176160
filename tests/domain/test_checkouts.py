"""Check-outs: which types for which purpose, how long, and each limit to the day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.calendar import nd
from domain.certificates import CERT_TYPES, Catalog, CertType, LegalState
from domain.checkout_requests import (
    decided,
    due_refusal,
    has_expired,
    latest_due,
    next_step,
    purpose_refusal,
    signed,
    unsigned,
)
from domain.checkout_returns import (
    Escalation,
    due_escalations,
    exchange_proofs,
    exchange_refusals,
    next_escalation,
    priority_carried,
    renewal_refusals,
)
from domain.checkouts import ChangeType as Change
from domain.checkouts import (
    CheckOut,
    CheckOutPurpose,
    CheckOutState,
    Renewal,
    RenewalState,
    Signature,
    overdue_days,
    parts,
)
from domain.collaterals import CollateralKind
from domain.dossiers import DocType
from domain.policy import DEFAULTS, PolicyValue, resolve
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, a_certificate, a_collateral, codes

P, T, K, D = CheckOutPurpose, CertType, CollateralKind, DocType
S = CheckOutState
FRIDAY = date(2025, 6, 20)
SAFEKEEPING = {
    T.REAL_ESTATE_TITLE,
    T.HOUSE_TITLE_LEGACY,
    T.LAND_USE_TITLE_LEGACY,
    T.PRE_NOTICE_TITLE,
    T.PURCHASE_CONTRACT,
    T.VEHICLE_REG,
    T.PROPERTY_INSURANCE,
    T.OTHER,
}
DELIVERED = {
    T.DEPOSIT_RECEIPT,
    T.TREASURY_BOND_RECEIPT,
    T.INSURANCE_POLICY_PLEDGE,
    T.WAREHOUSE_RECEIPT,
}
REGISTERED = {
    T.MORTGAGE_REG_PROOF,
    T.OTHER_RIGHT_LEGACY,
    T.PRE_NOTICE_TITLE,
    T.PRE_NOTICE_MORTGAGE,
    T.CONSTRUCTION_MORTGAGE,
    T.VEHICLE_REG,
    T.WEALTH_PRODUCT_PLEDGE,
    T.EQUITY_PLEDGE_NOTICE,
    T.RECEIVABLE_PLEDGE_REG,
    T.MOVABLE_MORTGAGE_REG,
}
ALLOWED = {
    P.LITIGATION: set(T),
    P.NON_LITIGATION_USE: SAFEKEEPING | REGISTERED,
    P.REGISTRATION_CHANGE: SAFEKEEPING | REGISTERED,
    P.PRE_NOTICE_CONVERSION: {
        T.PRE_NOTICE_TITLE,
        T.PRE_NOTICE_MORTGAGE,
        T.CONSTRUCTION_MORTGAGE,
        T.PURCHASE_CONTRACT,
    },
    P.CERT_RENEWAL: SAFEKEEPING | REGISTERED,
    P.LOAN_ROLLOVER: REGISTERED,
    P.PARTIAL_CHANGE: set(),
    P.APPRAISAL_AUDIT: set(T),
    P.REDEMPTION: DELIVERED,
}
LAST = {  # taken out on that Friday
    P.LITIGATION: date(2025, 12, 17),
    P.NON_LITIGATION_USE: date(2025, 7, 5),
    P.REGISTRATION_CHANGE: date(2025, 7, 20),
    P.PRE_NOTICE_CONVERSION: date(2025, 8, 19),
    P.CERT_RENEWAL: date(2025, 7, 20),
    P.LOAN_ROLLOVER: date(2025, 7, 5),
    P.APPRAISAL_AUDIT: date(2025, 6, 25),
    P.REDEMPTION: date(2025, 6, 25),
}


def of(cert_type: CertType, **changes):
    catalog = CERT_TYPES[cert_type].catalog
    return a_certificate(cert_type=cert_type, catalog=catalog, **changes)


def a_check_out(**changes) -> CheckOut:
    facts = {
        "id": "chko_1",
        "certificate_id": "cert-1",
        "purpose": P.NON_LITIGATION_USE,
        "reason": "why",
        "requester": "handler-1",
        "borrower": "handler-1",
        "state": CheckOutState.OUT,
        "requested_at": NOW,
        "due_date": TODAY + timedelta(days=15),
        "org_code": "OB",
        "org_path": "/HO/T1/T2/OB-1",
    }
    return CheckOut(**(facts | changes))


@pytest.mark.parametrize("cert_type", CertType)
@pytest.mark.parametrize("purpose", CheckOutPurpose)
def test_each_purpose_takes_its_types_alone(purpose, cert_type):
    expected = [] if cert_type in ALLOWED[purpose] else ["PURPOSE_NOT_ALLOWED"]
    assert codes([purpose_refusal(of(cert_type), purpose)]) == expected


def test_another_paper_counts_by_whose_right_it_proves():
    right = a_certificate(cert_type=T.OTHER, catalog=Catalog.RIGHT_CERT)
    assert codes([purpose_refusal(right, P.NON_LITIGATION_USE)]) == ["PURPOSE_NOT_ALLOWED"]


@pytest.mark.parametrize(("purpose", "last"), LAST.items())
def test_the_day_it_goes_out_is_day_zero(purpose, last):
    assert latest_due(purpose, FRIDAY, policy=POLICY, calendar=CALENDAR) == last

    def told(due):
        given = {"out_on": FRIDAY, "policy": POLICY, "calendar": CALENDAR}
        return codes([due_refusal(purpose, due, **given)])

    assert told(last) == told(FRIDAY + timedelta(days=1)) == []
    assert told(last + timedelta(days=1)) == told(FRIDAY) == ["DUE_DATE_INVALID"]


@pytest.mark.parametrize(("days", "late"), [(-1, 0), (0, 0), (1, 1), (30, 30)])
def test_overdue_days_count_from_the_day_after(days, late):
    check_out = a_check_out(due_date=TODAY)
    assert overdue_days(check_out, TODAY + timedelta(days=days)) == late
    back = replace(check_out, state=CheckOutState.RETURNED, overdue_days=5)
    assert overdue_days(back, TODAY + timedelta(days=days)) == 5


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (0, []),
        (1, ["SUPERVISOR"]),
        (3, ["SUPERVISOR", "CENTER"]),
        (7, ["SUPERVISOR", "CENTER", "YELLOW"]),
        (15, ["SUPERVISOR", "CENTER", "YELLOW", "ORANGE"]),
        (30, ["SUPERVISOR", "CENTER", "YELLOW", "ORANGE", "RED"]),
    ],
)
def test_escalations_come_on_their_days_each_once(days, told):
    check_out = a_check_out(due_date=TODAY)
    on = TODAY + timedelta(days=days)
    assert due_escalations(check_out, on, POLICY) == told
    after = replace(check_out, escalated=tuple(told))
    assert due_escalations(after, on, POLICY) == []
    left = [1, 3, 7, 15, 30][len(told) :]
    upcoming = TODAY + timedelta(days=left[0]) if left else None
    assert next_escalation(after, POLICY) == upcoming
    assert set(told) <= set(Escalation)
    back = replace(check_out, state=CheckOutState.RETURNED, overdue_days=days)
    assert (due_escalations(back, on, POLICY), next_escalation(back, POLICY)) == ([], None)


@pytest.mark.parametrize(
    ("changes", "new_due", "litigation", "expected"),
    [
        ({}, 30, False, []),
        ({}, 31, False, ["DUE_DATE_INVALID"]),
        ({}, 15, False, ["DUE_DATE_INVALID"]),
        ({"due_date": TODAY}, 15, False, []),
        ({"due_date": TODAY - timedelta(days=1)}, 5, False, ["DUE_DATE_INVALID"]),
        ({"state": CheckOutState.RETURNED}, 30, False, ["STATE_CONFLICT"]),
        ({"borrower": "other", "requester": "other"}, 30, False, ["VALUE_INVALID"]),
        ({"purpose": P.LOAN_ROLLOVER}, 20, False, ["RENEWAL_LIMIT"]),
        ({"purpose": P.APPRAISAL_AUDIT}, 20, False, ["RENEWAL_LIMIT"]),
        ({"purpose": P.LOAN_ROLLOVER}, 31, False, ["RENEWAL_LIMIT", "DUE_DATE_INVALID"]),
        ({"purpose": P.LOAN_ROLLOVER}, 15, False, ["RENEWAL_LIMIT", "DUE_DATE_INVALID"]),
        ({"purpose": P.LITIGATION}, 105, True, []),
        ({"purpose": P.LITIGATION}, 106, True, ["DUE_DATE_INVALID"]),
        ({"purpose": P.LITIGATION}, 105, False, ["RENEWAL_LIMIT"]),
        ({"purpose": P.REGISTRATION_CHANGE}, 45, False, []),
    ],
)
def test_more_time_is_given_within_the_purposes_limits(changes, new_due, litigation, expected):
    told = renewal_refusals(
        a_check_out(**changes),
        TODAY + timedelta(days=new_due),
        borrower="handler-1",
        litigation_open=litigation,
        policy=POLICY,
        calendar=CALENDAR,
        today=TODAY,
    )
    assert codes(told) == expected


def test_only_renewals_that_were_given_count():
    one = Renewal(new_due=TODAY, reason="r", requested_at=NOW, state=RenewalState.REJECTED)

    def told(*renewals):
        return codes(
            renewal_refusals(
                a_check_out(renewals=renewals),
                TODAY + timedelta(days=20),
                borrower="handler-1",
                litigation_open=False,
                policy=POLICY,
                calendar=CALENDAR,
                today=TODAY,
            )
        )

    assert told(one, one) == []
    assert told(replace(one, state=RenewalState.APPROVED)) == ["RENEWAL_LIMIT"]


@pytest.mark.parametrize(("days", "expired"), [(0, False), (1, True)])
def test_an_approval_is_used_within_its_days(days, expired):
    waiting = a_check_out(state=CheckOutState.APPROVED, take_by=TODAY)
    assert has_expired(waiting, TODAY + timedelta(days=days)) is expired
    assert not has_expired(replace(waiting, state=CheckOutState.OUT), TODAY + timedelta(days=9))


@pytest.mark.parametrize(
    ("old", "new", "purpose", "change", "expected"),
    [
        (T.PRE_NOTICE_MORTGAGE, T.MORTGAGE_REG_PROOF, P.PRE_NOTICE_CONVERSION, Change.OTHER, []),
        (
            T.PRE_NOTICE_MORTGAGE,
            T.PRE_NOTICE_MORTGAGE,
            P.PRE_NOTICE_CONVERSION,
            Change.OTHER,
            ["VALUE_INVALID"],
        ),
        (T.MORTGAGE_REG_PROOF, T.MORTGAGE_REG_PROOF, P.CERT_RENEWAL, Change.OTHER, []),
        (
            T.OTHER_RIGHT_LEGACY,
            T.MORTGAGE_REG_PROOF,
            P.CERT_RENEWAL,
            Change.OTHER,
            ["VALUE_INVALID"],
        ),
        (T.OTHER_RIGHT_LEGACY, T.MORTGAGE_REG_PROOF, P.CERT_RENEWAL, Change.TYPE_CHANGE, []),
        (
            T.MORTGAGE_REG_PROOF,
            T.REAL_ESTATE_TITLE,
            P.CERT_RENEWAL,
            Change.TYPE_CHANGE,
            ["VALUE_INVALID"],
        ),
    ],
)
def test_what_may_take_an_old_certificates_place(old, new, purpose, change, expected):
    assert exchanged(old, new, purpose, change) == expected


def exchanged(
    old, new, purpose=P.CERT_RENEWAL, change=Change.TYPE_CHANGE, *kinds, new_no="N-2"
) -> list[str]:
    """What is refused of a certificate in the old one's place, whose collateral fits the old."""
    found = kinds or (next(kind for kind in CollateralKind if kind in CERT_TYPES[old].collateral),)
    return codes(
        exchange_refusals(
            a_check_out(purpose=purpose),
            of(old),
            new_type=new,
            new_no=new_no,
            change=change,
            collaterals=[a_collateral(kind=kind) for kind in found],
        )
    )


def test_a_new_certificate_has_a_number_of_its_own_whatever_its_type():
    for new in (T.MORTGAGE_REG_PROOF, T.OTHER_RIGHT_LEGACY):
        told = exchanged(T.MORTGAGE_REG_PROOF, new, new_no=of(T.MORTGAGE_REG_PROOF).cert_no)
        assert told == ["VALUE_INVALID"]


@pytest.mark.parametrize("new", T)
def test_a_change_of_type_takes_what_could_have_been_expected(new):
    """Of a home's proof: no deposit's, no electronic one on paper, no step back (X01, X13)."""
    told = exchanged(T.MORTGAGE_REG_PROOF, new)
    assert (told == []) is (new in {T.MORTGAGE_REG_PROOF, T.OTHER_RIGHT_LEGACY})


@pytest.mark.parametrize(
    ("old", "new", "kinds", "expected"),
    [
        (T.MORTGAGE_REG_PROOF, T.DEPOSIT_RECEIPT, (K.RESIDENTIAL,), ["TYPE_NOT_ALLOWED"]),
        (T.DEPOSIT_RECEIPT, T.WEALTH_PRODUCT_PLEDGE, (K.WEALTH,), ["VALUE_INVALID"]),  # on paper
        (T.MORTGAGE_REG_PROOF, T.PRE_NOTICE_MORTGAGE, (K.PRESALE_UNIT,), ["VALUE_INVALID"]),
        (T.REAL_ESTATE_TITLE, T.PRE_NOTICE_TITLE, (K.PRESALE_UNIT,), ["VALUE_INVALID"]),
        (T.PURCHASE_CONTRACT, T.PRE_NOTICE_TITLE, (K.PRESALE_UNIT,), []),
        (T.OTHER_RIGHT_LEGACY, T.MORTGAGE_REG_PROOF, (K.RESIDENTIAL, K.LAND), []),
        (
            T.LAND_USE_TITLE_LEGACY,
            T.HOUSE_TITLE_LEGACY,
            (K.RESIDENTIAL, K.LAND),
            ["TYPE_NOT_ALLOWED"],
        ),
    ],
)
def test_another_type_fits_every_collateral_and_is_no_step_back(old, new, kinds, expected):
    assert exchanged(old, new, P.CERT_RENEWAL, Change.TYPE_CHANGE, *kinds) == expected


@pytest.mark.parametrize(
    ("state", "kept"), [(LegalState.REGISTERED, True), (LegalState.LAPSED, False)]
)
def test_a_rank_is_carried_over_unless_the_right_lapsed(state, kept):
    old = of(T.PRE_NOTICE_MORTGAGE, legal_state=state, priority_date=date(2023, 6, 1))
    assert priority_carried(old, TODAY) == (date(2023, 6, 1) if kept else TODAY)


def test_approvers_and_escalation_are_as_published():
    values = {
        "checkout.CERT_RENEWAL.approver": "LOAN_CENTER,TIER2_BRANCH",
        "checkout.escalation": "2,3,4,5,6",
    }
    published = [PolicyValue(key=k, value=v, effective_from=TODAY) for k, v in values.items()]
    policy = resolve(published, on=TODAY)
    check_out = a_check_out(purpose=P.CERT_RENEWAL, state=S.REQUESTED)
    for login, level in (("lc", "LOAN_CENTER"), ("t2", "TIER2_BRANCH")):
        due = next_step(check_out, policy)
        assert str(due) == f"APPROVER of {level} or above"
        given = Signature(role=due.role, login=login, approved=True, at=NOW)
        check_out = decided(check_out, given, today=TODAY, policy=policy, calendar=CALENDAR)
    assert next_step(check_out, policy) is None
    assert check_out.state is S.APPROVED
    out = replace(check_out, state=S.OUT, due_date=TODAY)
    assert due_escalations(out, nd(TODAY, 1), policy) == []
    assert next_escalation(out, policy) == nd(TODAY, 2)
    assert len(due_escalations(out, nd(TODAY, 6), policy)) == len(Escalation)


def test_every_purpose_has_its_numbers():
    for purpose in set(CheckOutPurpose) - {P.PARTIAL_CHANGE}:
        assert f"checkout.{purpose}.max_days" in DEFAULTS
        assert f"checkout.{purpose}.approver" in DEFAULTS
        assert f"checkout.{purpose}.renewal" in DEFAULTS


@pytest.mark.parametrize(
    ("old", "purpose", "needed"),
    [
        (T.MORTGAGE_REG_PROOF, P.CERT_RENEWAL, {D.REGISTRY_ACCEPTANCE, D.REGISTRY_RESULT}),
        (T.REAL_ESTATE_TITLE, P.CERT_RENEWAL, {D.REGISTRY_ACCEPTANCE, D.REGISTRY_RESULT}),
        (T.PROPERTY_INSURANCE, P.CERT_RENEWAL, {D.INSURANCE}),
        (T.DEPOSIT_RECEIPT, P.REDEMPTION, {D.FREEZE_CONFIRM, D.PROCEEDS_ENTRY}),
    ],
)
def test_a_new_certificate_is_proven_by_whoever_issued_it(old, purpose, needed):
    assert set(exchange_proofs(a_check_out(purpose=purpose), of(old))) == needed


def test_who_goes_along_plays_a_part_and_signs():
    taken = a_check_out(companion="handler-2", signed_by="handler-1", state=CheckOutState.APPROVED)
    assert parts(taken)["handler-2"] == "companion"
    assert codes([unsigned(taken)]) == ["STATE_CONFLICT"]
    both = signed(taken, "handler-2", NOW)
    assert (both.signed_by, both.companion_signed_at) == ("handler-1", NOW)
    assert codes([unsigned(both)]) == []
    assert codes([unsigned(replace(both, signed_by=None))]) == ["STATE_CONFLICT"]
    assert signed(taken, "handler-3", NOW).signed_by == "handler-3"
