"""Kept evaluations of a case, as each viewer reads them: worded; for keepers without amounts."""

import json
import re
from typing import Any

import pytest

from tests.client import CASE, Bank, Story, codes, loan_line, settled

RUNS = """query($id: ID!) { deregistrationCase(id: $id) { precheckRuns { stage ready results {
  id outcome fixableBy refusals { code ruleId message field detail { name value } }
  facts { name value } } } } }"""
PRECHECK = """query($id: ID!) { deregistrationPrecheck(collateralId: $id) { results { id
  refusals { code message detail { name value } } facts { name value } } refusals { message } } }"""
AMOUNT = re.compile(r"\d+\.\d\d(?!\d*:)")


def owing(bank: Bank) -> Story:
    """A case that was blocked: interest and fees are owed."""
    story = bank.vaulted()
    owed = {**settled(), "interest_receivable": "77.77", "fees_due": "8.00"}
    bank.load(("Loan", loan_line(story, **owed)))
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert "NOT_SETTLED" in codes(bank.submit(story))
    return story


def runs(bank: Bank, login: str, story: Story) -> dict[str, Any]:
    """The results of the last run, by rule."""
    told = bank.query(login, RUNS, id=story.case_id)["deregistrationCase"]["precheckRuns"][-1]
    return {result["id"]: result for result in told["results"]}


@pytest.mark.parametrize("login", ["handler-1", "auditor", "approver-t2"])
def test_what_a_kept_run_refused_is_worded_when_it_is_read(bank: Bank, login: str):
    story = owing(bank)
    [refusal] = runs(bank, login, story)["DRG-P01"]["refusals"]
    sentence = f"Loan {story.loan_no} still owes: interest 77.77, fees 8.00."
    assert (refusal["code"], refusal["message"]) == ("NOT_SETTLED", sentence)
    assert {"name": "interest", "value": "77.77"} in refusal["detail"]


def test_it_is_worded_in_the_viewers_language(bank: Bank):
    story = owing(bank)
    answer = bank.http.post(
        "/graphql",
        json={"query": RUNS, "variables": {"id": story.case_id}},
        headers={
            "authorization": f"Bearer {bank.token('handler-1')}",
            "accept": "application/json",
            "accept-language": "zh-CN",
        },
    ).json()
    told = answer["data"]["deregistrationCase"]["precheckRuns"][-1]["results"]
    messages = [refusal["message"] for one in told for refusal in one["refusals"]]
    assert f"借据 {story.loan_no} 尚未结清：利息 77.77、费用 8.00。" in messages


def test_a_keeper_reads_what_stands_in_the_way_and_no_amount(bank: Bank):
    story = owing(bank)
    kept = runs(bank, "keeper-1", story)
    [refusal] = kept["DRG-P01"]["refusals"]
    assert refusal["message"] == f"Loan {story.loan_no} still owes: interest ***, fees ***."
    dry = bank.query("keeper-1", PRECHECK, id=story.collateral_id)["deregistrationPrecheck"]
    seen = bank.query("handler-1", PRECHECK, id=story.collateral_id)["deregistrationPrecheck"]
    assert "77.77" in json.dumps(seen)
    for told in (kept, dry):
        assert AMOUNT.findall(json.dumps(told)) == []


def test_a_keepers_refusal_tells_no_amount_either(bank: Bank):
    story = bank.approved()
    owed = {**settled(), "interest_receivable": "77.77"}
    bank.load(("Loan", loan_line(story, **owed)))
    answer = bank.vault_out_propose(story)
    assert "NOT_SETTLED" in codes(answer)
    assert AMOUNT.findall(json.dumps(answer)) == []


def test_the_case_in_a_payload_is_worded_as_well(bank: Bank):
    story = owing(bank)
    select = CASE.replace("{ id", "{ id precheckRuns { results { refusals { message } } }", 1)
    given = {"caseId": story.case_id}
    told = bank.do("handler-1", "deregistrationCaseSubmit", given, select)["case"]
    assert "still owes: interest 77.77" in json.dumps(told)
