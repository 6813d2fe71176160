"""Releases that name some of the contracts on a collateral, while others tie it too (P12, 4.9)."""

from typing import Any

from tests.api.releasing import file, say, watched
from tests.client import Bank, Story, codes, guarantee, loan_line, search, settled


def two_contracts(bank: Bank, second: dict[str, Any]) -> tuple[Story, Story]:
    """A collateral that two contracts tie: the case names the first; the other's loan as told."""
    story, other = bank.vaulted(), bank.mortgage()
    links = [{"collateral": story.collateral_no, "rank": 2}]
    bank.load(
        ("Loan", loan_line(story, **settled())),
        ("Loan", loan_line(other, **second)),
        ("TitleSearch", search(story, "CLEAR", "2025-06-20")),
        ("GuaranteeContract", guarantee(other, links=links)),
    )
    bank.open_case(story, guaranteeContractNos=[story.contract_no])
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    return story, other


def filed(bank: Bank) -> tuple[Story, Story]:
    story, other = two_contracts(bank, settled())
    assert codes(bank.submit(story)) == []
    assert codes(bank.approve(story)) == []
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert file(bank, story)["case"]["state"] == "FILED"
    return story, other


def entered(bank: Bank, story: Story) -> Any:
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    return say(bank, story, "DONE", resultFileVersionId=result)


def test_an_empty_list_of_contracts_is_none(bank: Bank):
    story = bank.vaulted()
    given = {
        "collateralId": story.collateral_id,
        "guaranteeContractNos": [],
        "applicant": {"owners": [story.customer_no]},
    }
    answer = bank.do("handler-1", "deregistrationCaseOpen", given)
    assert codes(answer) == ["VALUE_INVALID"]
    assert answer["refusals"][0]["field"] == "guaranteeContractNos"


def test_what_the_other_contract_secures_has_to_be_paid_for_good(bank: Bank):
    debit = {"settled_at": "2025-06-20", "settlement_channel": "DIRECT_DEBIT"}
    story, _ = two_contracts(bank, {**settled(), **debit})
    assert codes(bank.submit(story)) == ["SETTLEMENT_NOT_FINAL"]


def test_a_loan_of_the_other_contract_that_owes_again_stops_the_release(bank: Bank):
    story, other = two_contracts(bank, settled())
    assert codes(bank.submit(story)) == []
    bank.load(("Loan", loan_line(other, balance="500000.00")))
    assert bank.case(story)["state"] == "BLOCKED"


def test_after_the_filing_it_has_to_be_withdrawn_and_after_the_entry_it_is_an_incident(bank: Bank):
    story, other = filed(bank)
    bank.load(("Loan", loan_line(other, balance="500000.00")))
    assert bank.case(story, "reversedLoans { loanNo }") == {
        "reversedLoans": [{"loanNo": other.loan_no}]
    }
    [alert] = watched(bank, story)["alerts"]
    assert "withdraw application" in alert
    case = entered(bank, story)["case"]
    assert other.loan_no in case["postCloseIncident"]
    assert "REVERSED_SETTLEMENT" in watched(bank, story)["incidents"]


def test_after_the_entry_a_loan_of_the_other_contract_is_still_heard_of(bank: Bank):
    story, other = filed(bank)
    entered(bank, story)
    bank.load(("Loan", loan_line(other, balance="500000.00")))
    assert other.loan_no in bank.case(story, "postCloseIncident")["postCloseIncident"]


def test_a_full_release_unties_every_contract(bank: Bank):
    story, other = filed(bank)
    entered(bank, story)
    document = "query($no: String!) { guaranteeContract(no: $no) { status links { active } } }"
    for contract in (story.contract_no, other.contract_no):
        told = bank.query("auditor", document, no=contract)["guaranteeContract"]
        assert told == {"status": "RELEASED", "links": [{"active": False}]}
