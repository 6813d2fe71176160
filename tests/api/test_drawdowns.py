"""What the feed may not tell while a release is open: new money, and new ties (DRG-R03)."""

from typing import Any

from tests.api.releasing import filed
from tests.client import Bank, guarantee, loan_line, search, settled


def refused(bank: Bank, *line: Any) -> list[str]:
    [answer] = bank.load(line, all_taken=False)
    return [refusal["code"] for refusal in answer.get("refusals") or []]


def test_a_cancelled_loan_is_not_taken_up_again(bank: Bank):
    story = bank.mortgage(status="CANCELLED", balance="0.00", disbursed_at=None)
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-06-20")))
    bank.open_case(story, kind="NEVER_DISBURSED")
    assert refused(bank, "Loan", loan_line(story)) == ["RELEASE_IN_PROGRESS"]


def test_a_balance_does_not_rise_while_a_repayment_may_be_undone(bank: Bank):
    part = {"principal_amount": "1000000.00", "balance": "500000.00"}
    story = bank.vaulted(**part)
    bank.open_case(story, kind="WAIVER")
    more = loan_line(story, **{**part, "balance": "500000.01"})
    assert refused(bank, "Loan", more) == ["RELEASE_IN_PROGRESS"]
    bank.load(("Loan", loan_line(story, **settled())))
    assert refused(bank, "Loan", loan_line(story, **part)) == []  # its settlement was undone


def test_another_contract_does_not_tie_what_is_being_released(bank: Bank):
    story, other = filed(bank), bank.mortgage()
    links = [{"collateral": other.collateral_no, "secured_amount": "1000000.00"}]
    tie = {"collateral": story.collateral_no, "rank": 2}
    given = guarantee(other, links=[*links, tie])
    assert refused(bank, "GuaranteeContract", given) == ["RELEASE_IN_PROGRESS"]
    untied = guarantee(other, links=[*links, {**tie, "active": False}])
    assert refused(bank, "GuaranteeContract", untied) == []
    assert refused(bank, "GuaranteeContract", given) == ["RELEASE_IN_PROGRESS"]
