"""What is drawn under a maximum-amount facility counts everywhere, listed or not (P01, 4.7-4.9)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.releasing import file, people, say, watched
from tests.api.test_undo import reverse, settle
from tests.client import NOON, Bank, Story, codes, credit, guarantee, loan_line, settled

SECURED = "loans { loanNo } settlementProofs { loanNo } state postCloseIncident"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    people(bank)
    yield
    bank.clock(NOON)


def drawn(bank: Bank, *, listed: bool, **facts: Any) -> tuple[Story, Story]:
    """A loan and another drawing under its facility, which has ended; both under one contract."""
    story = bank.vaulted()
    second = replace(story, loan_no=f"{story.loan_no}-2")
    ended = {"terminated_at": "2025-06-19T10:00:00+08:00", "available": "0.00"}
    numbers = [story.loan_no, second.loan_no] if listed else [story.loan_no]
    terms = {"mode": "MAX_AMOUNT", "registered_max_claim": "3000000.00"}
    bank.load(
        ("CreditContract", credit(story, kind="FACILITY", **ended)),
        ("Loan", loan_line(second, **facts)),
        ("GuaranteeContract", guarantee(story, secured_loans=numbers, **terms)),
    )
    return story, second


def approved(bank: Bank, story: Story) -> None:
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []


def to_the_registry(bank: Bank, story: Story) -> None:
    assert codes(bank.vault_out(story)) == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert codes(file(bank, story)) == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_release_rests_on_every_drawing(bank: Bank, listed):
    story, second = drawn(bank, listed=listed, **settled())
    bank.settle(story)
    approved(bank, story)
    case = bank.case(story, SECURED)
    both = [{"loanNo": story.loan_no}, {"loanNo": second.loan_no}]
    assert case["loans"] == case["settlementProofs"] == both
    reverse(bank, second)
    assert bank.case(story)["state"] == "BLOCKED"
    settle(bank, second)
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    to_the_registry(bank, story)
    reverse(bank, second)
    assert f"withdraw application U-{story.n}" in watched(bank, story)["alerts"][-1]
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    assert codes(say(bank, story, "DONE", resultFileVersionId=result)) == []
    assert "demand a new registration" in bank.case(story, SECURED)["postCloseIncident"]
    assert watched(bank, story)["signals"] == ["RED COLLATERAL"]


def test_a_drawing_that_comes_after_the_opening_belongs_to_the_case(bank: Bank):
    story, second = drawn(bank, listed=False, **settled())
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    third = replace(story, loan_no=f"{story.loan_no}-3")
    bank.load(("Loan", loan_line(third, **settled())))
    assert codes(bank.submit(story)) == []
    known = bank.case(story, SECURED)["loans"]
    assert [one["loanNo"] for one in known] == [story.loan_no, second.loan_no, third.loan_no]


@pytest.mark.parametrize("sued", [True, False])
@pytest.mark.parametrize("listed", [True, False])
def test_the_dossier_of_every_drawing_is_sealed_with_the_release(bank: Bank, listed, sued):
    """Unless its security is litigated."""
    story, second = drawn(bank, listed=listed, **settled())
    bank.settle(story)
    approved(bank, story)
    to_the_registry(bank, story)
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    assert codes(say(bank, story, "DONE", resultFileVersionId=result)) == []
    if sued:
        suit = {"no": f"J{story.n}", "opened_at": "2025-06-20T09:00:00Z", "org": story.org}
        about = {"subject_kind": "COLLATERAL", "subject": story.collateral_no}
        bank.load(("LegalCase", suit | about))
    own = {"caseId": story.case_id}
    bank.done("handler-1", "deregistrationCaseSurrender", own)
    bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    bank.done("handler-1", "deregistrationCaseClose", own)
    text = "query($l: String!) { dossier(loanNo: $l) { status retentionStart } }"
    for one in (story, second):
        dossier = bank.query("auditor", text, l=one.loan_no)["dossier"]
        assert (dossier["status"] == "CLOSED") is not sued
        assert dossier["retentionStart"] == (None if sued else "2025-06-20")


@pytest.mark.parametrize("listed", [True, False])
def test_nobody_is_told_of_a_release_while_another_drawing_owes(bank: Bank, listed):
    story, second = drawn(bank, listed=listed, balance="100.00")
    bank.settle(story)
    bank.clock("2025-06-20T11:00:00+08:00")

    def told(loan: Story) -> int:
        bank.run_jobs()
        text = "query($f: AlertFilter) { alerts(filter: $f) { nodes { id } } }"
        about = {"subject": loan.loan_no, "kind": ["RELEASE_AVAILABLE"]}
        return len(bank.query("auditor", text, f=about)["alerts"]["nodes"])

    assert told(story) == 0
    settle(bank, second, "2025-06-20")
    assert told(second) == 1
