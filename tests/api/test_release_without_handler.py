"""A case that a relationship manager opened, through HTTP: a handler takes it (4.9)."""

from tests.client import CASE, REFUSALS, Bank, codes

TAKEN = f"case {{ handler }} {REFUSALS}"


def test_a_handler_within_reach_takes_a_case_that_has_none(bank: Bank):
    story = bank.vaulted()
    bank.settle(story)
    applicant = {"owners": [story.customer_no]}
    given = {"collateralId": story.collateral_id, "applicant": applicant}
    opened = bank.done("rm-1", "deregistrationCaseOpen", given, CASE)
    story.case_id = opened["case"]["id"]
    take = {"caseId": story.case_id, "handler": "handler-2"}
    name = "deregistrationCaseReassignHandler"
    assert bank.error_code("handler-1", name, take) == "FORBIDDEN"
    taken = bank.do("handler-2", name, take, TAKEN)
    assert (codes(taken), taken["case"]) == ([], {"handler": "handler-2"})
    again = {"caseId": story.case_id, "handler": "handler-1"}
    assert bank.error_code("handler-1", name, again) == "FORBIDDEN"
