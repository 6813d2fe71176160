"""Releases that take a detour, through HTTP: clocks and archives stay right on the way."""

import pytest

from tests.api.releasing import filed, say
from tests.client import NOON, Bank, codes, loan_line, search, settled

MORNING = "T09:00:00+08:00"
CLOCK = "state overdue deadlines { nextStep nextDue vaultBackDue totalDue }"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    bank.clock(NOON)
    yield
    bank.clock(NOON)


def on(bank: Bank, day: str) -> None:
    """The jobs as they run on the morning of that day."""
    bank.clock(day + MORNING)
    bank.run_jobs()


def test_papers_stay_due_back_though_a_case_is_submitted_before_they_are(bank: Bank):
    story = filed(bank)
    say(bank, story, "REJECTED", note="a page is missing")
    bank.clock("2025-06-23" + MORNING)
    assert "CERT_NOT_IN_VAULT" in codes(bank.submit(story))
    for _ in range(2):  # blocked, and blocked again
        blocked = bank.case(story, CLOCK)
        due = {"nextStep": "VAULT_BACK", "nextDue": "2025-06-24", "vaultBackDue": "2025-06-24"}
        assert blocked == {
            "state": "BLOCKED",
            "overdue": False,
            "deadlines": due | {"totalDue": None},
        }
        bank.submit(story)
    on(bank, "2025-06-25")
    assert bank.case(story, "overdue") == {"overdue": True}
    late = {"state": ["BLOCKED"], "overdueOnly": True}
    rows = bank.query(
        "auditor",
        "query($f: BoardFilter) { deregistrationBoard(filter: $f, first: 100) { nodes { id } } }",
        f=late,
    )["deregistrationBoard"]["nodes"]
    assert {"id": story.case_id} in rows
    bank.hand_to_vault(story)
    assert bank.case(story, CLOCK)["deadlines"]["nextStep"] is None


def test_the_whole_begins_anew_once_the_debt_is_paid_again(bank: Bank):
    story = bank.approved()
    assert bank.case(story, CLOCK)["deadlines"]["totalDue"] == "2025-07-07"
    bank.load(("Loan", loan_line(story, balance="500.00")))
    bank.clock("2025-08-01" + MORNING)
    bank.load(("Loan", loan_line(story, **settled("2025-08-01"))))
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-08-01")))
    assert bank.submit(story)["refusals"] == []
    again = bank.case(story, CLOCK)
    assert (again["deadlines"]["totalDue"], again["overdue"]) == ("2025-08-18", False)
