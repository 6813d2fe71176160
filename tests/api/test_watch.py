"""Deadlines of papers through HTTP: pre-notices, expiries, unclaimed papers, and their alerts."""

from dataclasses import replace
from typing import Any

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, collateral, collected, loan_line

CERTIFICATE = (
    "id custodyState legalState convertibleFrom lapsesOn daysToLapse"
    " conversion { filedOn acceptanceNo recordedBy }"
)
ANSWER = f"certificate {{ {CERTIFICATE} }} {REFUSALS}"
MORNING = "T09:00:00+08:00"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def pre_notice(bank: Bank, **mortgage):
    """A pre-notice that handler-1 has collected, at noon of 20 June 2025."""
    story = bank.mortgage(**mortgage)
    story.certificate_id = bank.expect(story, "PRE_NOTICE_MORTGAGE")
    story.cert_no = f"预-{story.n}"
    bank.done("handler-1", "certificateCollect", collected(story))
    return story


def marked(bank: Bank, day: str = "2025-06-20"):
    story = pre_notice(bank)
    given = {"certificateId": story.certificate_id, "convertibleFrom": day}
    bank.done("handler-1", "certificateMarkConvertible", given)
    return story


def on(bank: Bank, day: str) -> None:
    """The jobs as they run on the morning of that day, twice."""
    bank.clock(day + MORNING)
    bank.run_jobs()
    bank.run_jobs()


def alerts(bank: Bank, story, select: str = "kind dueOn raisedOn", login: str = "auditor", **more):
    """Alerts about the story's certificate, oldest first."""
    found = bank.query(
        login,
        f"query($f: AlertFilter) {{ alerts(filter: $f, first: 100) {{ nodes {{ {select} }} }} }}",
        f={"subject": story.certificate_id, **more},
    )
    return found["alerts"]["nodes"]


def days(bank: Bank, story) -> list[str]:
    return sorted(alert["raisedOn"] for alert in alerts(bank, story))


def signals(bank: Bank, story) -> list[dict]:
    found = bank.query("auditor", "{ riskSignals { severity category subject } }")["riskSignals"]
    return [one for one in found if one["subject"] == story.certificate_id]


def test_a_pre_notice_is_told_of_four_times_and_lapses_once(bank: Bank):
    bank.clock("2025-07-08T10:00:00+08:00")
    story = marked(bank, "2025-07-08")
    assert bank.certificate(story, "lapsesOn daysToLapse") == {
        "lapsesOn": "2025-10-09",  # day 90 is 6 October
        "daysToLapse": 93,
    }
    steps = ["2025-08-07", "2025-09-06", "2025-09-21", "2025-10-06"]
    for number, day in enumerate(steps):
        before = {0: "2025-08-06", 1: "2025-09-05", 2: "2025-09-20", 3: "2025-10-05"}[number]
        on(bank, before)
        assert days(bank, story) == steps[:number]
        on(bank, day)
        assert days(bank, story) == steps[: number + 1]
    assert {alert["dueOn"] for alert in alerts(bank, story)} == {"2025-10-09"}
    on(bank, "2025-10-09")
    assert bank.certificate(story, "legalState daysToLapse") == {
        "legalState": "REGISTERED",
        "daysToLapse": 0,
    }
    bank.load(
        (
            "Valuation",
            {
                "no": f"VA{story.n}",
                "collateral": story.collateral_no,
                "value": "900000.00",
                "value_date": "2025-06-20",
            },
        )
    )
    worth = "collaterals { eligibleValue rightLapsedOn }"
    assert bank.certificate(story, worth)["collaterals"] == [
        {"eligibleValue": "900000.00", "rightLapsedOn": None}
    ]
    on(bank, "2025-10-10")
    lapsed = bank.certificate(story, f"legalState custodyState daysToLapse {worth}")
    assert lapsed == {
        "legalState": "LAPSED",
        "custodyState": "WITH_HANDLER",
        "daysToLapse": None,
        "collaterals": [{"eligibleValue": "0.00", "rightLapsedOn": "2025-10-10"}],
    }
    assert signals(bank, story) == [
        {"severity": "RED", "category": "COLLATERAL", "subject": story.certificate_id}
    ]
    history = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified events {"
        " type ruleId fromState toState legalState operators { login role } } } }",
        id=story.certificate_id,
    )["custodyHistory"]
    assert history["verified"] is True
    assert history["events"][-1] == {
        "type": "LAPSE",
        "ruleId": "CUS-16",
        "fromState": "WITH_HANDLER",
        "toState": "WITH_HANDLER",
        "legalState": "LAPSED",
        "operators": [{"login": "SYSTEM", "role": "SYSTEM"}],
    }
    assert [event["type"] for event in history["events"]].count("LAPSE") == 1
    late = {
        "certificateId": story.certificate_id,
        "filedOn": "2025-10-09",
        "acceptanceNo": "R-1",
    }
    assert codes(bank.do("handler-1", "certificateFileConversion", late)) == ["STATE_CONFLICT"]


@pytest.mark.parametrize("by_feed", [False, True])
def test_a_new_right_makes_the_collateral_count_again(bank: Bank, by_feed):
    story = marked(bank)
    on(bank, "2025-09-19")
    lapsed = "collaterals { rightLapsedOn }"
    assert bank.certificate(story, lapsed)["collaterals"] == [{"rightLapsedOn": "2025-09-19"}]
    bank.clock("2025-09-19T10:00:00+08:00")
    if by_feed:
        bank.load(("Certificate", held(story, "MORTGAGE_REG_PROOF")))
    else:
        bank.collect(story)
    assert bank.certificate(story, lapsed)["collaterals"] == [{"rightLapsedOn": None}]


@pytest.mark.parametrize("carrier", ["PAPER", "ELECTRONIC"])
def test_a_full_right_that_is_obtained_by_itself_takes_the_pre_notices_place(bank: Bank, carrier):
    """CUS-16: with its rank; what is converted does not lapse any more."""
    if carrier == "PAPER":
        story = marked(bank)
    else:
        state = "ELECTRONIC_ON_FILE"
        facts = {"carrier": carrier, "custody_state": state, "holder": None}
        story = opened(bank, "PRE_NOTICE_MORTGAGE", "PRESALE_UNIT", **facts)
        given = {"certificateId": story.certificate_id, "convertibleFrom": "2025-06-20"}
        bank.done("handler-1", "certificateMarkConvertible", given)
    before = story.certificate_id
    rank = bank.certificate(story, "priorityDate")["priorityDate"]
    bank.clock("2025-09-01T10:00:00+08:00")
    right = replace(
        story, cert_no=f"R-{story.n}", certificate_id=bank.expect(story, carrier=carrier)
    )
    if carrier == "PAPER":
        bank.done("handler-1", "certificateCollect", collected(right, issueDate="2025-08-30"))
    else:
        scan = bank.accepted(story, "CERT_SCAN", certificateId=right.certificate_id)
        filing = {**collected(right, issueDate="2025-08-30"), "fileVersionId": scan}
        shown = f"proposal {{ id }} {REFUSALS}"
        proposed = bank.done("handler-1", "certificateFileElectronicPropose", filing, shown)
        confirm = {"proposalId": proposed["proposal"]["id"], "filing": filing}
        bank.done("handler-2", "certificateFileElectronicConfirm", confirm)
    assert bank.certificate(right, "legalState supersedes priorityDate") == {
        "legalState": "REGISTERED",
        "supersedes": before,
        "priorityDate": rank,
    }
    on(bank, "2025-09-30")
    ended = {"legalState": "SUPERSEDED", "supersededBy": right.certificate_id}
    assert bank.certificate(story, "legalState supersededBy") == ended
    assert signals(bank, story) == []
    history = "query($id: ID!) { custodyHistory(certificateId: $id) { verified events { type } } }"
    told = bank.query("auditor", history, id=before)["custodyHistory"]
    assert (told["verified"], told["events"][-1]["type"]) == (True, "CONVERT")


def test_an_application_in_time_stops_the_lapse(bank: Bank):
    story = marked(bank)
    given = {"certificateId": story.certificate_id, "filedOn": "2025-09-18", "acceptanceNo": "R-7"}
    bank.clock("2025-09-18T23:00:00+08:00")
    early = bank.do("handler-1", "certificateFileConversion", {**given, "filedOn": "2025-06-19"})
    assert codes(early) == ["VALUE_INVALID"]
    assert bank.error_code("rm-1", "certificateFileConversion", given) == "FORBIDDEN"
    filed = bank.done("handler-1", "certificateFileConversion", given, ANSWER)["certificate"]
    assert filed == {
        "id": story.certificate_id,
        "custodyState": "WITH_HANDLER",
        "legalState": "REGISTERED",
        "convertibleFrom": "2025-06-20",
        "lapsesOn": "2025-09-18",
        "daysToLapse": None,
        "conversion": {
            "filedOn": "2025-09-18",
            "acceptanceNo": "R-7",
            "recordedBy": "handler-1",
        },
    }
    assert codes(bank.do("handler-1", "certificateFileConversion", given)) == ["STATE_CONFLICT"]
    on(bank, "2025-09-30")
    assert bank.certificate(story)["legalState"] == "REGISTERED"
    assert days(bank, story) == []
    assert signals(bank, story) == []


def reinstating(bank: Bank, story, **changes):
    receipt = bank.accepted(story, "REGISTRY_ACCEPTANCE", certificateId=story.certificate_id)
    return {
        "certificateId": story.certificate_id,
        "filedOn": "2025-09-18",
        "acceptanceNo": "R-7",
        "acceptanceFileVersionId": receipt,
        **changes,
    }


def test_an_application_in_time_that_was_recorded_late_undoes_the_lapse(bank: Bank):
    story = marked(bank)
    on(bank, "2025-09-19")
    worth = "collaterals { rightLapsedOn }"
    assert bank.certificate(story, f"legalState {worth}") == {
        "legalState": "LAPSED",
        "collaterals": [{"rightLapsedOn": "2025-09-19"}],
    }
    given = reinstating(bank, story)
    shown = f"proposal {{ id }} {REFUSALS}"
    late = {**given, "filedOn": "2025-09-19"}
    assert codes(bank.do("handler-1", "certificateReinstatePropose", late)) == ["VALUE_INVALID"]
    unproven = bank.accepted(story, "LOSS_STATEMENT", certificateId=story.certificate_id)
    without = {**given, "acceptanceFileVersionId": unproven}
    assert codes(bank.do("handler-1", "certificateReinstatePropose", without)) == ["DOC_MISSING"]
    assert bank.error_code("keeper-1", "certificateReinstatePropose", given) == "FORBIDDEN"
    proposal = bank.done("handler-1", "certificateReinstatePropose", given, shown)["proposal"]
    assert bank.certificate(story)["legalState"] == "LAPSED"
    confirm = {"proposalId": proposal["id"], "reinstatement": given}
    assert codes(bank.do("handler-1", "certificateReinstateConfirm", confirm)) == [
        "DUAL_CONTROL_SAME_PERSON"
    ]
    other = {**confirm, "reinstatement": {**given, "acceptanceNo": "R-8"}}
    assert codes(bank.do("archivist-1", "certificateReinstateConfirm", other)) == [
        "PAYLOAD_CHANGED"
    ]
    bank.done("archivist-1", "certificateReinstateConfirm", confirm)
    after = bank.certificate(story, f"legalState conversion {{ filedOn recordedBy }} {worth}")
    assert after == {
        "legalState": "REGISTERED",
        "conversion": {"filedOn": "2025-09-18", "recordedBy": "handler-1"},
        "collaterals": [{"rightLapsedOn": None}],
    }
    assert signals(bank, story) == []
    history = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified events {"
        " type legalState operators { login } evidence { fileVersionId } } } }",
        id=story.certificate_id,
    )["custodyHistory"]
    assert history["verified"] is True
    assert history["events"][-1] == {
        "type": "REINSTATE",
        "legalState": "REGISTERED",
        "operators": [{"login": "handler-1"}, {"login": "archivist-1"}],
        "evidence": [{"fileVersionId": given["acceptanceFileVersionId"]}],
    }
    on(bank, "2025-09-30")
    assert bank.certificate(story)["legalState"] == "REGISTERED"
    assert codes(bank.do("handler-1", "certificateReinstatePropose", given)) == [
        "STATE_CONFLICT",
        "STATE_CONFLICT",
    ]


def test_a_full_right_that_was_recorded_after_the_lapse_keeps_the_rank_once_that_is_undone(
    bank: Bank,
):
    story = marked(bank)
    rank = bank.certificate(story, "priorityDate")["priorityDate"]
    on(bank, "2025-09-19")
    right = replace(story, cert_no=f"R-{story.n}", certificate_id=bank.expect(story))
    bank.done("handler-1", "certificateCollect", collected(right, registeredOn="2025-09-19"))
    select = "legalState supersedes priorityDate"
    own = {"legalState": "REGISTERED", "supersedes": None, "priorityDate": "2025-09-19"}
    assert bank.certificate(right, select) == own
    given = reinstating(bank, story)
    shown = f"proposal {{ id }} {REFUSALS}"
    proposal = bank.done("handler-1", "certificateReinstatePropose", given, shown)["proposal"]
    confirm = {"proposalId": proposal["id"], "reinstatement": given}
    answer = bank.done(
        "archivist-1",
        "certificateReinstateConfirm",
        confirm,
        f"certificate {{ legalState supersededBy }} {REFUSALS}",
    )
    assert answer["certificate"] == {
        "legalState": "SUPERSEDED",
        "supersededBy": right.certificate_id,
    }
    assert bank.certificate(right, select) == {
        "legalState": "REGISTERED",
        "supersedes": story.certificate_id,
        "priorityDate": rank,
    }
    history = "query($id: ID!) { custodyHistory(certificateId: $id) { verified } }"
    for paper in (story, right):
        told = bank.query("auditor", history, id=paper.certificate_id)["custodyHistory"]
        assert told == {"verified": True}


def test_a_registration_for_a_time_that_was_renewed_in_time_counts_again(bank: Bank):
    story = opened(
        bank,
        "RECEIVABLE_PLEDGE_REG",
        "RECEIVABLE",
        carrier="ELECTRONIC",
        custody_state="ELECTRONIC_ON_FILE",
        holder=None,
        expires_on="2025-06-20",
    )
    on(bank, "2025-06-21")
    worth = "legalState collaterals { rightLapsedOn }"
    lapsed = {"legalState": "LAPSED", "collaterals": [{"rightLapsedOn": "2025-06-21"}]}
    assert bank.certificate(story, worth) == lapsed
    given = reinstating(bank, story, filedOn="2025-06-20", expiresOn="2026-06-20")
    never = {**given, "expiresOn": None}
    assert codes(bank.do("handler-1", "certificateReinstatePropose", never)) == ["VALUE_INVALID"]
    shown = f"proposal {{ id }} {REFUSALS}"
    proposal = bank.done("handler-1", "certificateReinstatePropose", given, shown)["proposal"]
    confirm = {"proposalId": proposal["id"], "reinstatement": given}
    longer = {**confirm, "reinstatement": {**given, "expiresOn": "2027-06-20"}}
    refused = bank.do("archivist-1", "certificateReinstateConfirm", longer)
    assert codes(refused) == ["PAYLOAD_CHANGED"]
    bank.done("archivist-1", "certificateReinstateConfirm", confirm)
    on(bank, "2025-06-30")
    assert bank.certificate(story, f"expiresOn conversion {{ filedOn }} {worth}") == {
        "expiresOn": "2026-06-20",
        "conversion": None,
        "legalState": "REGISTERED",
        "collaterals": [{"rightLapsedOn": None}],
    }
    assert signals(bank, story) == []


def test_an_application_that_the_registry_returned_stops_no_lapse(bank: Bank):
    story = marked(bank)
    given = {"certificateId": story.certificate_id, "filedOn": "2025-09-01", "acceptanceNo": "R-1"}
    back = {
        "certificateId": story.certificate_id,
        "returnedOn": "2025-09-10",
        "reason": "the deed is missing",
    }
    bank.clock("2025-09-10T10:00:00+08:00")
    assert codes(bank.do("handler-1", "certificateWithdrawConversion", back)) == ["STATE_CONFLICT"]
    bank.done("handler-1", "certificateFileConversion", given)
    for wrong in ({"returnedOn": "2025-08-31"}, {"returnedOn": "2025-09-11"}, {"reason": " "}):
        refused = bank.do("handler-1", "certificateWithdrawConversion", {**back, **wrong})
        assert codes(refused) == ["VALUE_INVALID"]
    assert bank.error_code("rm-1", "certificateWithdrawConversion", back) == "FORBIDDEN"
    returned = "returnedConversions { filedOn acceptanceNo returnedOn returnReason }"
    shown = f"certificate {{ conversion {{ filedOn }} daysToLapse {returned} }} {REFUSALS}"
    after = bank.done("handler-1", "certificateWithdrawConversion", back, shown)["certificate"]
    assert after == {
        "conversion": None,
        "daysToLapse": 8,
        "returnedConversions": [
            {
                "filedOn": "2025-09-01",
                "acceptanceNo": "R-1",
                "returnedOn": "2025-09-10",
                "returnReason": "the deed is missing",
            }
        ],
    }
    on(bank, "2025-09-19")
    assert bank.certificate(story)["legalState"] == "LAPSED"


def test_the_awaited_full_right_is_due_from_when_it_could_be_registered(bank: Bank):
    story = pre_notice(bank)
    bank.load(("Collateral", collateral(story, kind="PRESALE_UNIT")))
    before = bank.expect(story, "MORTGAGE_REG_PROOF")
    days = "query($id: ID!) { certificate(id: $id) { expectedBy } }"
    assert bank.query("auditor", days, id=before)["certificate"] == {"expectedBy": None}
    given = {"certificateId": story.certificate_id, "convertibleFrom": "2025-06-02"}
    bank.done("handler-1", "certificateMarkConvertible", given)
    after = bank.expect(story, "REAL_ESTATE_TITLE")
    for id in (before, after):  # sixty days after 2 June
        assert bank.query("auditor", days, id=id)["certificate"] == {"expectedBy": "2025-08-01"}


def test_when_it_could_be_converted_is_told_by_people_or_by_the_feed(bank: Bank):
    story = pre_notice(bank)
    given = {"certificateId": story.certificate_id, "convertibleFrom": "2025-06-21"}
    assert codes(bank.do("handler-1", "certificateMarkConvertible", given)) == ["VALUE_INVALID"]
    assert bank.error_code("auditor", "certificateMarkConvertible", given) == "FORBIDDEN"
    bank.load(("Collateral", collateral(story, convertible_from="2025-06-02")))
    lapse = "convertibleFrom lapsesOn"
    told = {"convertibleFrom": "2025-06-02", "lapsesOn": "2025-09-01"}  # day 90 is a Sunday
    assert bank.certificate(story, lapse) == told
    again = {**given, "convertibleFrom": "2025-06-04"}
    bank.done("handler-1", "certificateMarkConvertible", again)
    bank.load(("Collateral", collateral(story, convertible_from="2025-06-02", name="Flat")))
    assert bank.certificate(story, lapse)["convertibleFrom"] == "2025-06-04"
    later = bank.mortgage()
    bank.load(("Collateral", collateral(later, convertible_from="2025-06-02")))
    later.certificate_id = bank.expect(later, "PRE_NOTICE_MORTGAGE")
    later.cert_no = f"预-{later.n}"
    bank.done("handler-1", "certificateCollect", collected(later))
    assert bank.certificate(later, lapse) == told


def test_a_full_right_on_a_presale_unit_is_expected_once_it_could_be_registered(bank: Bank):
    story = bank.mortgage(product="HOUSING_NEW")
    unit = {"kind": "PRESALE_UNIT"}
    bank.load(("Collateral", collateral(story, **unit)))
    story.certificate_id = bank.expect(story)
    dates = "expectedFrom expectedBy"
    assert bank.certificate(story, dates) == {"expectedFrom": None, "expectedBy": None}
    bank.load(("Collateral", collateral(story, **unit, convertible_from="2025-06-02")))
    known = {"expectedFrom": "2025-06-02", "expectedBy": "2025-08-01"}
    assert bank.certificate(story, dates) == known
    story.certificate_id = bank.expect(story)
    assert bank.certificate(story, dates) == known


def held(story: Story, cert_type: str, **facts: Any) -> dict[str, Any]:
    """A certificate from an older system, held by handler-1."""
    return {
        "cert_type": cert_type,
        "cert_no": f"E-{story.n}",
        "issuer": "issuer",
        "issue_date": "2024-01-02",
        "right_holder": "bank",
        "right_amount": "1.00",
        "collaterals": [story.collateral_no],
        "custody_state": "WITH_HANDLER",
        "holder": "handler-1",
        **facts,
    }


def opened(bank: Bank, cert_type: str, kind: str, **facts: Any) -> Story:
    """Such a one, on collateral of its kind."""
    story = bank.mortgage(maturity="2030-05-20")
    bank.load(("Collateral", collateral(story, kind=kind)))
    [answer] = bank.load(("Certificate", held(story, cert_type, **facts)))
    story.certificate_id = answer["id"]
    return story


def test_a_pre_notice_of_an_older_system_runs_as_well(bank: Bank):
    story = opened(bank, "PRE_NOTICE_TITLE", "PRESALE_UNIT", convertible_from="2025-06-20")
    assert bank.certificate(story, "lapsesOn")["lapsesOn"] == "2025-09-18"
    on(bank, "2025-09-19")
    assert bank.certificate(story)["legalState"] == "LAPSED"
    assert len(alerts(bank, story)) == 4


def test_a_deposit_that_matures_before_the_loan_is_redeemed_or_renewed(bank: Bank):
    story = opened(bank, "DEPOSIT_RECEIPT", "DEPOSIT", expires_on="2025-08-31")
    steps = ["2025-08-01", "2025-08-16", "2025-08-26"]
    for number, day in enumerate(steps):
        on(bank, day)
        assert days(bank, story) == steps[: number + 1]
    on(bank, "2025-09-01")
    assert days(bank, story) == steps
    renewed = {"certificateId": story.certificate_id, "expiresOn": "2025-09-01"}
    assert codes(bank.do("handler-1", "certificateRecordExpiry", renewed)) == ["VALUE_INVALID"]
    bank.done("handler-1", "certificateRecordExpiry", {**renewed, "expiresOn": "2025-12-31"})
    on(bank, "2025-12-01")
    again = {"openOnly": False}
    assert [one["dueOn"] for one in alerts(bank, story, **again)] == ["2025-08-31"] * 3 + [
        "2025-12-31"
    ]
    told = alerts(bank, story, "kind dueOn reason")
    assert {one["kind"] for one in told} == {"EXPIRY"}
    assert all("redeem" in one["reason"] and story.loan_no in one["reason"] for one in told)
    assert signals(bank, story) == []


def test_an_insurance_that_has_ended_is_a_yellow_signal_once(bank: Bank):
    story = opened(bank, "PROPERTY_INSURANCE", "RESIDENTIAL", expires_on="2025-08-31")
    on(bank, "2025-08-31")
    assert signals(bank, story) == []
    on(bank, "2025-09-01")
    on(bank, "2025-09-02")
    assert [one["severity"] for one in signals(bank, story)] == ["YELLOW"]
    renewed = {"certificateId": story.certificate_id, "expiresOn": "2025-09-30"}
    bank.done("handler-1", "certificateRecordExpiry", renewed)
    on(bank, "2025-10-01")  # and ended again
    assert [one["severity"] for one in signals(bank, story)] == ["YELLOW", "YELLOW"]


def test_what_an_older_system_still_awaits_is_not_registered_yet(bank: Bank):
    awaited = {"custody_state": "NOT_RECEIVED", "holder": None}
    story = opened(bank, "MORTGAGE_REG_PROOF", "RESIDENTIAL", **awaited)
    assert bank.certificate(story)["legalState"] == "PENDING"


def test_an_alert_is_acknowledged_once_by_whom_it_is_meant_for(bank: Bank):
    story = opened(bank, "DEPOSIT_RECEIPT", "DEPOSIT", expires_on="2025-07-20")
    on(bank, "2025-06-20")
    [alert] = alerts(bank, story, "id roles", login="handler-1", mine=True)
    assert alert["roles"] == ["RELATIONSHIP_MANAGER", "CERT_HANDLER", "MORTGAGE_REGISTRAR"]
    assert alerts(bank, story, login="keeper-1", mine=True) == []
    assert len(alerts(bank, story, login="rm-1", mine=True)) == 1
    assert alerts(bank, story, login="rm-x") == []
    given = {"alertId": alert["id"]}
    assert bank.error_code("keeper-1", "alertAcknowledge", given) == "FORBIDDEN"
    assert bank.error_code("auditor", "alertAcknowledge", given) == "FORBIDDEN"
    select = f"alert {{ acknowledgedBy acknowledgedAt }} {REFUSALS}"
    seen = bank.done("handler-1", "alertAcknowledge", given, select)["alert"]
    assert seen == {"acknowledgedBy": "handler-1", "acknowledgedAt": "2025-06-20T01:00:00.000Z"}
    assert codes(bank.do("rm-1", "alertAcknowledge", given)) == ["STATE_CONFLICT"]
    assert alerts(bank, story) == []
    assert len(alerts(bank, story, openOnly=False)) == 1
    bank.run_jobs()
    assert len(alerts(bank, story, openOnly=False)) == 1


def test_a_loan_that_is_paid_needs_no_redemption(bank: Bank):
    story = opened(bank, "DEPOSIT_RECEIPT", "DEPOSIT", expires_on="2025-07-20")
    bank.load(("Loan", loan_line(story, maturity="2025-07-20")))
    on(bank, "2025-06-20")
    assert "redeem" not in alerts(bank, story, "reason")[0]["reason"]
