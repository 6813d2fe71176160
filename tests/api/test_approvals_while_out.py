"""Approvals that fall due while papers are on their way, and what a rejection means then (4.5)."""

import pytest

from tests.api.releasing import at_home, cancel, file
from tests.api.test_release_kinds import MORE, partial, valued
from tests.client import CASE, NOON, Bank, Story, codes, user_line


@pytest.fixture(autouse=True)
def people(bank: Bank):
    bank.load(*(("User", user_line(login, *facts)) for login, facts in MORE.items()))
    yield
    bank.clock(NOON)


def one_level_short(bank: Bank) -> Story:
    """Part of the security on its way, worth more by now than its approvals suffice for."""
    story = partial(bank)
    bank.submit(story)
    bank.approve(story)
    bank.approve(story, "approver-t2")
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"
    bank.load(valued(story.collateral_no, "6000000.00", "2025-06-19"))
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert codes(file(bank, story)) == ["APPROVAL_LEVEL"]
    return story


def test_one_more_approval_is_given_while_the_papers_are_out(bank: Bank):
    story = one_level_short(bank)
    answer = bank.approve(story, "approver-t1")
    assert (codes(answer), answer["case"]["state"]) == ([], "VAULT_OUT")
    assert file(bank, story)["case"]["state"] == "FILED"


def test_a_rejection_while_the_papers_are_out_calls_them_back(bank: Bank):
    story = one_level_short(bank)
    given = {"caseId": story.case_id, "decision": "REJECTED", "note": "worth too much"}
    answer = bank.do("approver-t1", "deregistrationCaseDecide", given, CASE)
    assert (codes(answer), answer["case"]["state"]) == ([], "BLOCKED")
    told = bank.case(
        story, "state deadlines { vaultBackDue nextStep } approvals { login decision note }"
    )
    assert told == {
        "state": "BLOCKED",
        "deadlines": {"vaultBackDue": "2025-06-24", "nextStep": "VAULT_BACK"},
        "approvals": [{"login": "approver-t1", "decision": "REJECTED", "note": "worth too much"}],
    }
    assert codes(cancel(bank, story)) == ["CERT_NOT_IN_VAULT"]
    at_home(bank, story)
    assert cancel(bank, story)["case"]["state"] == "CANCELLED"
