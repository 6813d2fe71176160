"""The registry through HTTP: notices late, twice, out of order, and by its number alone."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.releasing import (
    HOUSE,
    REASON,
    at_home,
    cancel,
    done,
    file,
    filed,
    into_the_vault,
    people,
    say,
    watched,
)
from tests.api.test_checkouts import allowed
from tests.api.test_races import at_once
from tests.api.test_undo import reverse
from tests.client import NOON, REFUSALS, Bank, Story, codes, pdf

EIGHT, NINE, TEN = (f"2025-06-20T{hour}:00:00+08:00" for hour in ("08", "09", "10"))


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    people(bank)
    yield
    bank.clock(NOON)


def told(bank: Bank, story) -> list[tuple[str, str | None]]:
    history = bank.case(story, "registry { history { status note } }")["registry"]["history"]
    return [(one["status"], one["note"]) for one in history]


def test_more_material_is_handed_in_and_the_application_goes_on(bank: Bank):
    story = filed(bank)
    say(bank, story, "NEED_MORE_MATERIAL", at=NINE, note="a form")
    assert file(bank, story)["case"]["state"] == "FILED"
    say(bank, story, "NEED_MORE_MATERIAL", at=TEN, note="another form")
    entered = say(bank, story, "DONE", at=TEN)["case"]
    assert (entered["state"], entered["registry"]["status"]) == ("REGISTRY_DONE", "DONE")
    assert entered["timeline"][-1] == {"step": "REGISTRY_DONE", "note": "DONE_UNDOCUMENTED"}
    assert entered["collateral"] == {"pledgeState": "RELEASING"}


def test_notices_in_any_order_and_again_leave_the_last_word(bank: Bank):
    story = filed(bank)
    for _ in range(2):
        say(bank, story, "DONE", at=TEN)
        say(bank, story, "NEED_MORE_MATERIAL", at=EIGHT, note="a form")
        say(bank, story, "PENDING", at=NINE)
    version = bank.case(story)["version"]
    for status, at in (("DONE", TEN), ("PENDING", NINE)):
        assert codes(say(bank, story, status, at=at)) == []
    assert codes(say(bank, story, "DONE")) == []  # again, without a time
    assert bank.case(story) == {"state": "REGISTRY_DONE", "version": version}
    assert told(bank, story) == [
        ("NEED_MORE_MATERIAL", "a form"),
        ("PENDING", None),
        ("PENDING", None),  # the bank's own
        ("DONE", None),
    ]


def test_the_result_may_come_after_the_entry_and_is_accepted_before_the_end(bank: Bank):
    story = filed(bank)
    say(bank, story, "DONE", at=TEN)
    scanned = bank.upload(
        "handler-1", story, "REGISTRY_RESULT", pdf(f"result {story.n}"), caseId=story.case_id
    )
    late = say(bank, story, "DONE", at=TEN, resultFileVersionId=scanned)["case"]
    assert late["collateral"] == {"pledgeState": "RELEASED"}
    surrender = {"caseId": story.case_id}
    assert codes(bank.do("handler-1", "deregistrationCaseSurrender", surrender)) == []
    bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    closing = bank.do("handler-1", "deregistrationCaseClose", surrender)
    assert set(codes(closing)) == {"DOC_MISSING", "ARCHIVE_INCOMPLETE"}
    bank.done("archivist-1", "fileAccept", {"fileVersionId": scanned})
    assert codes(bank.do("handler-1", "deregistrationCaseClose", surrender)) == []


def test_after_a_rejection_the_papers_come_back_and_the_case_is_filed_again(bank: Bank):
    story = filed(bank)
    bank.clock("2025-06-20T11:00:00+08:00")
    assert codes(say(bank, story, "REJECTED", at=TEN)) == ["VALUE_INVALID"]
    rejected = say(bank, story, "REJECTED", at=TEN, note=REASON)["case"]
    assert rejected["state"] == "REGISTRY_REJECTED"
    assert rejected["deadlines"] == {"vaultBackDue": "2025-06-24", "nextDue": "2025-06-24"}
    bank.clock("2025-06-21T10:00:00+08:00")
    at_home(bank, story)
    assert bank.case(story, "deadlines { vaultBackDue }")["deadlines"] == {"vaultBackDue": None}
    again = bank.submit(story)["case"]
    assert again["state"] == "APPROVED"  # the approval of yesterday still holds
    assert codes(bank.vault_out(story)) == []
    assert codes(file(bank, story, "U2")) == ["DOC_MISSING"]
    bank.attach(story, "REGISTRY_APPLICATION")
    assert file(bank, story, f"U2-{story.n}")["case"]["state"] == "FILED"
    older = say(bank, story, "DONE", at="2025-06-21T09:00:00+08:00", acceptanceNo=f"U-{story.n}")
    assert older["case"]["state"] == "FILED"
    assert say(bank, story, "DONE", at="2025-06-21T09:30:00+08:00")["case"]["state"] == (
        "REGISTRY_DONE"
    )


def entered(bank: Bank, story: Story, at: str = EIGHT) -> Any:
    """The registry's entry, with its result."""
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    return say(bank, story, "DONE", at=at, resultFileVersionId=result)


@pytest.mark.parametrize("answer", ["CANCELLED", "REJECTED"])
def test_an_entry_that_is_told_after_a_later_answer_ends_the_right(bank: Bank, answer):
    story = filed(bank)
    say(bank, story, answer, at=TEN, note=REASON)
    assert codes(say(bank, story, "DONE", at="2025-06-20T11:00:00+08:00")) == ["STATE_CONFLICT"]
    case = entered(bank, story, NINE)["case"]
    assert (case["state"], case["registry"]["status"]) == ("REGISTRY_DONE", "DONE")
    assert case["registry"]["doneAt"] == "2025-06-20T01:00:00.000Z"
    assert case["collateral"] == {"pledgeState": "RELEASED"}
    assert case["deadlines"] == {"vaultBackDue": None, "nextDue": "2025-06-25"}
    assert [word for word, _ in told(bank, story)] == [
        "DONE",
        "PENDING",
        answer,
    ]  # the bank's own filing
    [alert] = [one for one in watched(bank, story)["alerts"] if "entered" in one]
    assert f"U-{story.n} on 2025-06-20, before it said {answer}" in alert
    assert codes(cancel(bank, story)) == ["IRREVERSIBLE"]
    surrender = {"caseId": story.case_id}
    assert codes(bank.do("handler-1", "deregistrationCaseSurrender", surrender)) == []
    assert bank.case(story)["state"] == "RETURNED"


def test_papers_that_are_home_leave_the_vault_after_an_entry_that_is_told_late(bank: Bank):
    story = filed(bank)
    say(bank, story, "CANCELLED", at=TEN)
    at_home(bank, story)
    assert entered(bank, story)["case"]["collateral"] == {"pledgeState": "RELEASED"}
    assert codes(bank.vault_out(story)) == []
    paper = bank.certificate(story, "custodyState legalState")
    assert paper == {"custodyState": "SURRENDERED", "legalState": "CANCELLED"}
    assert bank.case(story)["state"] == "RETURNED"


@pytest.mark.parametrize("recalled", [True, False])
def test_papers_on_their_way_home_go_back_to_the_handler_or_come_in_and_out(bank: Bank, recalled):
    story = filed(bank)
    say(bank, story, "CANCELLED", at=TEN)
    given = {"certificateIds": [story.certificate_id], "desk": "V1"}
    select = f"handover {{ id }} {REFUSALS}"
    handover = bank.done("handler-1", "handoverInitiate", given, select)["handover"]
    assert entered(bank, story)["case"]["collateral"] == {"pledgeState": "RELEASED"}
    own = {"caseId": story.case_id}
    early = bank.do("handler-1", "deregistrationCaseSurrender", own)
    assert codes(early) == ["OPEN_REQUEST_EXISTS"]
    assert allowed(bank, story)["SURRENDER"] == ["OPEN_REQUEST_EXISTS"]
    if recalled:
        recall = {"handoverId": handover["id"], "reason": "it is wanted at the registry"}
        bank.done("handler-1", "handoverRecall", recall)
        bank.done("handler-1", "deregistrationCaseSurrender", own)
    else:
        item = {"handoverId": handover["id"], "certificateId": story.certificate_id}
        bank.done("keeper-1", "handoverAcceptItem", item)
        into_the_vault(bank, story)
        assert codes(bank.vault_out(story)) == []
    assert bank.case(story)["state"] == "RETURNED"
    assert bank.certificate(story, "custodyState") == {"custodyState": "SURRENDERED"}


def test_a_case_that_was_submitted_again_stops_at_the_entry_of_its_first_filing(bank: Bank):
    story = filed(bank)
    say(bank, story, "REJECTED", at=TEN, note=REASON)
    at_home(bank, story)
    assert bank.submit(story)["case"]["state"] == "APPROVED"
    assert entered(bank, story)["case"]["state"] == "REGISTRY_DONE"
    assert codes(bank.vault_out(story)) == []
    assert bank.case(story)["state"] == "RETURNED"


def test_an_entry_before_a_debt_that_rose_again_is_an_incident(bank: Bank):
    story = filed(bank)
    say(bank, story, "CANCELLED", at=TEN)
    reverse(bank, story)
    assert bank.case(story)["state"] == "BLOCKED"
    case = entered(bank, story)["case"]
    assert case["state"] == "REGISTRY_DONE"
    assert "demand a new registration" in case["postCloseIncident"]
    assert watched(bank, story)["signals"] == ["RED COLLATERAL"]


def given_up(bank: Bank) -> Story:
    """Withdrawn at ten, its papers back in the vault."""
    story = filed(bank)
    say(bank, story, "CANCELLED", at=TEN)
    at_home(bank, story)
    cancel(bank, story)
    return story


def test_an_entry_of_a_case_that_was_given_up_is_a_red_signal(bank: Bank):
    story = given_up(bank)
    for at in (NINE, EIGHT, NINE):
        late = say(bank, story, "DONE", at=at)
        assert (codes(late), late["case"]["state"]) == ([], "CLOSED_FAILED")
        assert late["case"]["collateral"] == {"pledgeState": "EFFECTIVE"}
    assert watched(bank, story)["signals"] == ["RED COLLATERAL"]


def test_an_entry_of_what_was_released_by_another_case_alarms_nobody(bank: Bank):
    story = given_up(bank)
    before = replace(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    assert codes(bank.vault_out(story)) == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert codes(file(bank, story, f"V-{story.n}")) == []
    assert entered(bank, story, TEN)["case"]["collateral"] == {"pledgeState": "RELEASED"}
    late = say(bank, before, "DONE", at=NINE)
    assert (codes(late), late["case"]["state"]) == ([], "CLOSED_FAILED")
    assert watched(bank, story)["signals"] == []


def test_an_application_is_withdrawn_before_its_entry_alone(bank: Bank):
    story = filed(bank)
    withdrawn = say(bank, story, "CANCELLED", at=NINE)["case"]
    assert withdrawn["state"] == "WITHDRAWN"
    assert codes(cancel(bank, story)) == ["CERT_NOT_IN_VAULT"]
    at_home(bank, story)
    assert cancel(bank, story)["case"]["state"] == "CLOSED_FAILED"
    finished = done(bank, at=NINE)
    assert codes(say(bank, finished, "CANCELLED", at=TEN)) == ["IRREVERSIBLE"]


def notify(bank: Bank, story, status: str, login: str = "registry-system", **more):
    given = {"authority": "登记中心", "acceptanceNo": f"U-{story.n}", "status": status, **more}
    return bank.do(login, "registryNotify", given, HOUSE)


def test_a_registry_calls_back_for_an_online_cancellation(bank: Bank):
    story = filed(bank, "ONLINE")
    for _ in range(3):
        assert notify(bank, story, "DONE", at=TEN)["case"]["state"] == "REGISTRY_DONE"
    assert notify(bank, story, "PENDING", at=NINE)["case"]["state"] == "REGISTRY_DONE"
    assert len(told(bank, story)) == 3
    unknown = {"authority": "elsewhere", "acceptanceNo": f"U-{story.n}", "status": "DONE"}
    assert codes(bank.do("registry-system", "registryNotify", unknown)) == ["NOT_FOUND"]
    assert codes(notify(bank, story, "DONE", "registry-elsewhere")) == ["NOT_FOUND"]
    assert bank.error_code("handler-1", "registryNotify", unknown) == "FORBIDDEN"
    by_hand = filed(bank)
    given = {"authority": "登记中心", "acceptanceNo": f"U-{by_hand.n}", "status": "DONE"}
    assert bank.error_code("registry-system", "registryNotify", given) == "FORBIDDEN"


def together(bank: Bank) -> tuple[Story, Story]:
    """Two releases that one application asks for."""
    house, land = filed(bank, "ONLINE"), bank.approved("ONLINE")
    bank.attach(land, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert file(bank, land, f"U-{house.n}")["case"]["state"] == "FILED"
    return house, land


def test_an_entry_counts_for_what_was_withdrawn_after_it_under_the_same_number(bank: Bank):
    house, land = together(bank)
    assert say(bank, land, "CANCELLED", at=TEN)["case"]["state"] == "WITHDRAWN"
    assert codes(notify(bank, house, "DONE", at=NINE)) == []
    for story in (house, land):
        assert bank.case(story)["state"] == "REGISTRY_DONE"


def test_what_a_registry_tells_of_one_number_counts_for_every_case_that_waits(bank: Bank):
    house, land = together(bank)
    assert codes(notify(bank, house, "PENDING", at=EIGHT)) == []
    assert say(bank, house, "NEED_MORE_MATERIAL", at=NINE, note="x")["case"]["state"] != "FILED"
    assert codes(notify(bank, house, "DONE", at=TEN)) == []
    for story in (house, land):
        assert bank.case(story, "state")["state"] == "REGISTRY_DONE"


def test_ten_calls_at_once_are_one_notice(bank: Bank):
    story = filed(bank, "ONLINE")
    calls = [lambda: notify(bank, story, "NEED_MORE_MATERIAL", at=NINE, note="x")] * 10
    assert all(codes(answer) == [] for answer in at_once(*calls))
    assert len(told(bank, story)) == 2
