"""Loans of another branch that a collateral secures too, through HTTP (INV-09)."""

import io
import json
import zipfile
from typing import Any

from tests.api.releasing import file
from tests.client import Bank, Story, codes, guarantee, loan_line

RESULTS = (
    "results { id outcome refusals { code message detail { name value } } facts { name value }"
)
RESULTS += " } "
PRECHECK = f"""
query($id: ID!) {{ deregistrationPrecheck(collateralId: $id) {{ ready {RESULTS}
  refusals {{ code message detail {{ name value }} }} }} }}
"""


def shared(bank: Bank) -> tuple[Story, Story]:
    """A home whose contract secures a settled loan, and one that another branch still lends."""
    story, other = bank.vaulted(), bank.mortgage(org="OBX")
    bank.settle(story)
    both = [story.loan_no, other.loan_no]
    bank.load(("GuaranteeContract", guarantee(story, secured_loans=both)))
    return story, other


def bundled(bank: Bank, login: str, story: Story) -> Any:
    """The case as the bundle of its evidence tells it to somebody."""
    bundle = bank.http.get(
        f"/evidence/cases/{story.case_id}",
        params={"purpose": "audit"},
        headers={"authorization": f"Bearer {bank.token(login)}"},
    )
    assert bundle.status_code == 200, bundle.text
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        return json.loads(archive.read("case.json"))


def test_a_precheck_tells_of_a_strange_loan_and_not_which(bank: Bank):
    story, other = shared(bank)
    seen = bank.query("handler-1", PRECHECK, id=story.collateral_id)["deregistrationPrecheck"]
    assert "NOT_SETTLED" in {one["code"] for one in seen["refusals"]}
    said = json.dumps(seen)
    assert (other.loan_no in said, "a loan of another branch" in said) == (False, True)
    contracts = (
        "query($id: ID!) { collateral(id: $id) { guaranteeContracts { loans { loanNo } } } }"
    )
    reached = bank.query("handler-1", contracts, id=story.collateral_id)["collateral"]
    assert reached == {"guaranteeContracts": [{"loans": [{"loanNo": story.loan_no}]}]}
    whole = bank.query("auditor", PRECHECK, id=story.collateral_id)["deregistrationPrecheck"]
    assert other.loan_no in json.dumps(whole)


def test_a_reversal_of_a_strange_loan_is_told_and_not_which(bank: Bank):
    story, other = shared(bank)
    bank.settle(other)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == []
    bank.load(("Loan", loan_line(other, balance="9.00")))
    asked = "query($id: ID!) { deregistrationCase(id: $id) { state timeline { note } } }"
    kept = bank.query("handler-1", asked, id=story.case_id)["deregistrationCase"]
    assert kept["state"] == "BLOCKED"
    notes = [one["note"] for one in kept["timeline"] if one["note"]]
    assert "settlement of a loan of another branch reversed" in notes
    assert other.loan_no not in json.dumps(notes)


def test_what_was_reversed_after_the_filing_is_in_the_bundle_and_not_which(bank: Bank):
    story, other = shared(bank)
    bank.settle(other)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    assert codes(bank.vault_out(story)) == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert codes(file(bank, story)) == []
    bank.load(("Loan", loan_line(other, balance="9.00")))
    assert bundled(bank, "auditor", story)["reversed_loans"] == [other.loan_no]
    assert bundled(bank, "handler-1", story)["reversed_loans"] == ["a loan of another branch"]


def test_a_case_keeps_everything_and_tells_each_what_he_may_hear(bank: Bank):
    story, other = shared(bank)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    refused = bank.submit(story)
    assert "NOT_SETTLED" in codes(refused)
    assert other.loan_no not in json.dumps(refused)
    document = "query($id: ID!) { deregistrationCase(id: $id) { precheckRuns { results { facts {"
    document += " name value } } } } }"
    for login, told in (("handler-1", False), ("rm-1", False), ("auditor", True)):
        kept = bank.query(login, document, id=story.case_id)["deregistrationCase"]
        assert (other.loan_no in json.dumps(kept)) is told
        bundle = bank.http.get(
            f"/evidence/cases/{story.case_id}",
            params={"purpose": "audit"},
            headers={"authorization": f"Bearer {bank.token(login)}"},
        )
        assert bundle.status_code == 200, bundle.text
        assert (other.loan_no.encode() in bundle.content) is told  # nothing in it is compressed
