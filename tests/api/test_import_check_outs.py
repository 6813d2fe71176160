"""Papers that are out when they are taken over: they come back, are prolonged, and escalate."""

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, user_line

BORROWER = ("borrower-i", "LC", ["CERT_HANDLER"], [])


@pytest.fixture(autouse=True)
def people(bank: Bank):
    bank.load(
        ("User", user_line(*BORROWER)),
        ("User", user_line("supervisor-i", "LC", ["VAULT_SUPERVISOR"], [])),
    )
    yield
    bank.clock(NOON)


def taken_over(bank: Bank, **facts) -> tuple[Story, str]:
    """A certificate that is with its borrower, as an older system tells."""
    story = bank.mortgage()
    story.cert_no = f"old-{story.n}"
    line = {
        "cert_type": "MORTGAGE_REG_PROOF",
        "cert_no": story.cert_no,
        "issuer": "registry",
        "issue_date": "2021-03-01",
        "right_holder": "bank",
        "right_amount": "1000000.00",
        "collaterals": [story.collateral_no],
        "custody_state": "CHECKED_OUT",
        "holder": "borrower-i",
        "due_date": "2025-06-25",
        **facts,
    }
    story.certificate_id = bank.load(("Certificate", line))[0]["id"]
    text = "query($c: ID!) { certificate(id: $c) { lock { id kind } } }"
    lock = bank.query("auditor", text, c=story.certificate_id)["certificate"]["lock"]
    return story, lock["id"]


def told(bank: Bank, id: str, select: str):
    text = f"query($id: ID!) {{ checkOut(id: $id) {{ {select} }} }}"
    return bank.query("auditor", text, id=id)["checkOut"]


def test_a_paper_taken_over_while_it_is_out_is_a_check_out(bank: Bank):
    story, id = taken_over(bank, purpose="REGISTRATION_CHANGE", out_on="2025-06-01", vault="V1")
    _, second = taken_over(bank)
    assert told(bank, id, "state purpose borrower dueDate outOn vault") == {
        "state": "OUT",
        "purpose": "REGISTRATION_CHANGE",
        "borrower": "borrower-i",
        "dueDate": "2025-06-25",
        "outOn": "2025-06-01",
        "vault": "V1",
    }
    assert told(bank, second, "purpose outOn vault") == {
        "purpose": "NON_LITIGATION_USE",
        "outOn": None,
        "vault": None,
    }
    more = {"checkOutId": second, "newDue": "2025-07-10", "reason": "Not ready."}
    bank.done("borrower-i", "checkOutRenew", more)
    bank.done("supervisor-i", "checkOutDecideRenewal", {"checkOutId": second, "approve": True})
    bank.clock("2025-06-26T10:00:00+08:00")
    asking = {
        "certificateId": bank.vaulted().certificate_id,
        "purpose": "NON_LITIGATION_USE",
        "dueDate": "2025-07-01",
        "reason": "Why not.",
    }
    refused = bank.do("borrower-i", "checkOutRequest", asking)
    assert codes(refused) == ["BORROWER_OVERDUE"]
    bank.clock("2025-07-02T10:00:00+08:00")
    bank.run_jobs()
    signals = bank.query("auditor", "{ riskSignals { subject severity } }")["riskSignals"]
    assert {"subject": story.certificate_id, "severity": "YELLOW"} in signals
    bank.done("borrower-i", "checkOutReturn", {"checkOutId": id, "reason": "The registry refused."})
    received = {
        "checkOutId": id,
        "vault": "V1",
        "certNo": story.cert_no,
        "pages": 1,
        "likeScan": True,
    }
    bank.done("keeper-1", "checkOutReceive", received, REFUSALS)
    assert bank.certificate(story, "custodyState lock { id }") == {
        "custodyState": "RECEIVED_PENDING_VAULT",
        "lock": None,
    }


def test_only_what_is_out_tells_of_a_check_out(bank: Bank):
    story = bank.mortgage()
    line = {
        "cert_type": "MORTGAGE_REG_PROOF",
        "cert_no": f"old-{story.n}",
        "issuer": "registry",
        "issue_date": "2021-03-01",
        "right_holder": "bank",
        "right_amount": "1000000.00",
        "collaterals": [story.collateral_no],
        "holder": "borrower-i",
    }
    out = {"custody_state": "CHECKED_OUT", "due_date": "2025-06-25"}
    for wrong in (
        {"custody_state": "WITH_HANDLER", "purpose": "LITIGATION"},
        {"custody_state": "WITH_HANDLER", "out_on": "2025-06-01"},
        {**out, "purpose": "PARTIAL_CHANGE"},
        {**out, "out_on": "2025-06-25"},
        {**out, "vault": "nowhere"},
    ):
        (answer,) = bank.load(("Certificate", {**line, **wrong}), all_taken=False)
        assert answer["status"] == "REJECTED", wrong
