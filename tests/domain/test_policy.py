"""Numbers are read as they were in force on the business date."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import DEFAULTS, PolicyValue, resolve, unfit
from tests.domain.builders import TODAY

KEY = "vault.in_due_wd"


def _value(value, effective_from, effective_to=None, key=KEY):
    return PolicyValue(
        key=key, value=value, effective_from=effective_from, effective_to=effective_to
    )


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("vault.proposal_ttl_min", 30),
        ("vault.in_due_wd", 3),
        ("handover.accept_wd.same", 1),
        ("handover.accept_wd.other", 3),
        ("stocktake.resolve_wd", 3),
        ("incident.report_wd", 1),
        ("reissue.publication_wait_wd", 0),
        ("dereg.title_search_wd", 5),
        ("dereg.owner_proof_nd", 30),
        ("dereg.total_nd", 15),
        ("dereg.finality.CASH", 0),
        ("dereg.finality.OWN_ACCOUNT", 0),
        ("dereg.finality.DIRECT_DEBIT", 1),
        ("dereg.finality.CHEQUE", 1),
        ("prenotice.legal_days", 90),
        ("unclaimed.list_nd", 90),
        ("archive.due.AT_DISBURSEMENT", 10),
        ("archive.url_ttl_s", 300),
        ("archive.size.photo", 20 * 2**20),
        ("archive.size.scan", 100 * 2**20),
        ("archive.size.media", 500 * 2**20),
    ],
)
def test_the_published_defaults(key, number):
    assert resolve((), on=TODAY).number(key) == number


@pytest.mark.parametrize(
    ("on", "number"),
    [
        (date(2025, 5, 31), 3),
        (date(2025, 6, 1), 4),
        (date(2025, 6, 30), 4),
        (date(2025, 7, 1), 5),
        (date(2025, 7, 31), 5),
        (date(2025, 8, 1), 4),
    ],
)
def test_the_latest_effective_value_counts_until_it_ends(on, number):
    published = (
        _value("4", date(2025, 6, 1)),
        _value("5", date(2025, 7, 1), date(2025, 7, 31)),
    )
    assert resolve(published, on=on).number(KEY) == number
    assert resolve(reversed(published), on=on).number(KEY) == number


def test_a_period_has_a_unit_and_a_length():
    policy = resolve((), on=TODAY)
    assert policy.period("cert.expected.HOUSING_NEW") == ("nd", 30)
    assert policy.period("cert.expected.HOUSING_RESALE") == ("wd", 15)
    for key, period in (("cert.expected.AUTO", ("nd", 12)), ("cert.expected.PLEDGE", ("wd", 12))):
        assert resolve((_value("12", TODAY, key=key),), on=TODAY).period(key) == period


def test_a_registry_promises_what_was_published_for_it_alone():
    policy = resolve((_value("1", TODAY, key="registry.R.sla_wd"),), on=TODAY)
    assert policy.registry_days("R") == 1
    assert policy.registry_days("S") is None
    assert policy.registry_days(None) is None


def test_days_to_remind_on_are_a_list():
    policy = resolve((), on=TODAY)
    assert policy.numbers("prenotice.alerts") == (30, 60, 75)
    assert policy.numbers("expiry.alerts") == (30, 15, 5)


def test_the_version_names_exactly_this_set():
    plain = resolve((), on=TODAY)
    same = resolve((_value("3", date(2025, 1, 1)),), on=TODAY)
    other = resolve((_value("4", date(2025, 1, 1)),), on=TODAY)
    assert plain.version == same.version
    assert plain.version != other.version


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        (KEY, "5", None),
        ("cert.expected.AUTO", "wd:20", None),
        ("no.such.key", "5", "key"),
        (KEY, "", "value"),
        (KEY, "-1", "value"),
        (KEY, "1.5", "value"),
        (KEY, "wd:5", "value"),
        (KEY, "²", "value"),
        ("cert.expected.AUTO", "20", None),
        ("cert.expected.AUTO", ":20", "value"),
        ("checkout.LITIGATION.max_days", "120", None),
        ("checkout.LITIGATION.max_days", "1001", "value"),
        ("checkout.LITIGATION.approver", "LEGAL_OFFICER,TIER1_BRANCH", None),
        ("checkout.LITIGATION.approver", "HEAD_OFFICE", None),
        ("checkout.LITIGATION.approver", "TIER2_BRANCH,TIER2_BRANCH", "value"),
        ("checkout.LITIGATION.approver", "AUDITOR", "value"),
        ("checkout.LITIGATION.approver", "", "value"),
        ("checkout.escalation", "2,4,8,16,31", None),
        ("checkout.escalation", "1,3,7,15", "value"),
        ("checkout.escalation", "1,3,7,30,15", "value"),
        ("checkout.escalation", "1,3,7,15,1001", "value"),
        ("cert.expected.AUTO", "md:2", "value"),
        ("cert.expected.AUTO", "wd:", "value"),
        ("prenotice.alerts", "20,40", None),
        ("prenotice.alerts", "20", None),
        ("prenotice.alerts", "20,", "value"),
        ("prenotice.alerts", "20;40", "value"),
        ("prenotice.alerts", "30,1001", "value"),
        ("prenotice.legal_days", "1001", "value"),
        ("valuation.max_age_months", "6", None),
        ("valuation.max_age_months", "121", "value"),
        ("stocktake.months.SELF", "120", None),
        ("stocktake.months.SELF", "121", "value"),
        ("vault.proposal_ttl_min", "10080", None),  # a week
        ("vault.proposal_ttl_min", "10081", "value"),
        ("archive.orphan_hours", "24000", None),
        ("archive.orphan_hours", "24001", "value"),
        ("dereg.approval.bands", "6000000,60000000", None),
        ("dereg.approval.bands", "60000000,6000000", "value"),
        ("dereg.approval.bands", "6000000", "value"),
        ("dereg.approval.bands", "1,2,3", "value"),
        ("dereg.approval.bands", "1,1000000000001", "value"),
        ("registry.上海市登记中心.sla_wd", "1", None),
        ("registry.R.1.sla_wd", "1000", None),
        ("registry.R.sla_wd", "1001", "value"),
        ("registry.R.sla_wd", "wd:1", "value"),
        ("registry..sla_wd", "1", "key"),
        ("registry. .sla_wd", "1", "key"),
        ("registry.sla_wd", "1", "key"),
        ("registry.R.sla_nd", "1", "key"),
    ],
)
def test_a_value_has_the_form_of_its_default(key, value, field):
    refusal = unfit(key, value)
    assert (None if refusal is None else refusal.field) == field


@given(key=st.sampled_from(sorted(DEFAULTS)), value=st.text("0123456789:²٣ndw-", max_size=6))
def test_what_may_be_published_can_be_read(key, value):
    if unfit(key, value) is not None:
        return
    policy = resolve((_value(value, TODAY, key=key),), on=TODAY)
    if key.endswith(".approver"):
        assert policy.names(key)
    elif "," in DEFAULTS[key]:
        assert min(policy.numbers(key)) >= 0
    elif ":" in DEFAULTS[key]:
        assert policy.period(key)[1] >= 0
    else:
        assert policy.number(key) >= 0
