"""Pledges that the delivery of a paper made: given back, redeemed, and no registry asked."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.releasing import file
from tests.client import (
    CASE,
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collateral,
    collected,
    guarantee,
)


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def pledged(bank: Bank) -> Story:
    """A deposit receipt of the borrower in the vault, for a loan against it."""
    story = bank.mortgage(product="PLEDGE")
    bank.load(
        ("Collateral", collateral(story, kind="DEPOSIT", own_bank_deposit=True)),
        ("GuaranteeContract", guarantee(story, kind="PLEDGE")),
    )
    story.certificate_id = bank.expect(story, "DEPOSIT_RECEIPT")
    story.cert_no = f"存单{story.n:08}"
    paper = collected(story, expiresOn="2025-06-20")
    bank.done("handler-1", "certificateCollect", paper)
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    return story


def approved(bank: Bank, story: Story, mode: str) -> None:
    bank.settle(story, product="PLEDGE")
    bank.open_case(story, mode)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []


def give_back(bank: Bank, story: Story) -> Any:
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    given = {"caseId": story.case_id, "receiptFileVersionId": receipt, "identityChecked": True}
    return bank.do("handler-1", "deregistrationCaseReturnToOwner", given, CASE)


def pledge(bank: Bank, story: Story) -> str:
    document = "query($id: ID!) { collateral(id: $id) { pledgeState } }"
    state: str = bank.query("auditor", document, id=story.collateral_id)["collateral"][
        "pledgeState"
    ]
    return state


@pytest.mark.parametrize("mode", ["BANK", "OWNER"])
def test_a_deposit_receipt_goes_back_to_the_pledgor_and_that_is_the_end(bank: Bank, mode: str):
    story = pledged(bank)
    approved(bank, story, mode)
    assert codes(give_back(bank, story)) == ["VALUE_INVALID", "STATE_CONFLICT"]
    assert codes(bank.vault_out(story)) == []
    next_step = bank.case(story, "deadlines { nextStep }")["deadlines"]
    assert next_step == {"nextStep": "RETURN"}
    assert "STATE_CONFLICT" in codes(file(bank, story))  # there is nothing to file
    case = give_back(bank, story)["case"]
    assert (case["state"], case["proofPending"]) == ("RETURNED", False)
    gone = {"custodyState": "RETURNED_TO_OWNER", "legalState": "CANCELLED"}
    assert bank.certificate(story, "custodyState legalState") == gone
    assert pledge(bank, story) == "RELEASED"
    too_late = {"caseId": story.case_id, "reason": "the debt is back"}
    assert codes(bank.do("handler-1", "deregistrationCaseCancel", too_late)) == ["IRREVERSIBLE"]
    own = {"caseId": story.case_id}
    closed = bank.done("handler-1", "deregistrationCaseClose", own, CASE)
    assert closed["case"]["state"] == "CLOSED"


def test_a_deposit_that_is_frozen_meanwhile_stays_out_of_the_pledgors_hands(bank: Bank):
    """DRG-R01: the preconditions are asked once more before he has it."""
    story = pledged(bank)
    approved(bank, story, "BANK")
    assert codes(bank.vault_out(story)) == []
    freeze = {"collateral": story.collateral_no, "doc_no": f"F{story.n}", "court": "court"}
    bank.load(("Seizure", freeze | {"starts_on": "2025-06-20"}))
    answer = give_back(bank, story)
    assert (codes(answer), answer["case"]["state"]) == (["SEIZED"], "BLOCKED")
    assert bank.certificate(story, "custodyState") == {"custodyState": "OUT_FOR_DEREG"}
    assert pledge(bank, story) == "RELEASING"


def redeem(bank: Bank, story: Story, use: str, to: str) -> None:
    authority = bank.accepted(story, "REDEMPTION_AUTHORITY")
    given = {
        "certificateId": story.certificate_id,
        "vault": "V1",
        "agreementFileVersionId": authority,
        "amount": "500.00",
        "use": use,
        "proceedsTo": to,
    }
    select = f"proposal {{ id }} {REFUSALS}"
    proposal = bank.done("keeper-1", "certificateRedeemPropose", given, select)["proposal"]
    again = {"proposalId": proposal["id"], "redemption": given}
    bank.done("keeper-2", "certificateRedeemConfirm", again)


def test_a_pledge_ends_with_the_receipt_that_paid_the_debt(bank: Bank):
    story = pledged(bank)
    redeem(bank, story, "APPLIED_TO_DEBT", story.loan_no)
    assert pledge(bank, story) == "RELEASED"
    document = "query($no: String!) { guaranteeContract(no: $no) { status } }"
    told = bank.ask("auditor", document, no=story.contract_no)
    assert "errors" in told or told["data"]["guaranteeContract"]["status"] == "RELEASED"


def test_the_feed_does_not_tie_again_what_a_redemption_ended(bank: Bank):
    story = pledged(bank)
    redeem(bank, story, "APPLIED_TO_DEBT", story.loan_no)
    bank.load(("GuaranteeContract", guarantee(story, kind="PLEDGE")))
    document = "query($id: ID!) { collateral(id: $id) { guaranteeContracts { links { active } } } }"
    told = bank.query("auditor", document, id=story.collateral_id)["collateral"]
    assert told["guaranteeContracts"] == [{"links": [{"active": False}]}]


def test_what_the_owner_left_with_a_receipt_waits_for_him_once_it_is_redeemed(bank: Bank):
    """CUS-26: the pledge is over, whatever else of his lies in the vault or comes late."""
    story = pledged(bank)
    left = replace(story, n=story.n + 100_000)
    others = []
    for _ in range(2):
        left.certificate_id = bank.expect(story, "OTHER", catalog="SAFEKEEPING")
        others.append(left.certificate_id)
    left.cert_no = f"券-{story.n}"
    of_owner = {"rightAmount": None}
    bank.done("handler-1", "certificateCollect", collected(left, **of_owner))
    redeem(bank, story, "APPLIED_TO_DEBT", story.loan_no)
    assert bank.certificate(left, "releasedOn") == {"releasedOn": "2025-06-20"}
    left.certificate_id = others[0]
    assert bank.certificate(left, "releasedOn") == {"releasedOn": None}
    bank.clock("2025-06-23T10:00:00+08:00")
    late = replace(left, cert_no=f"券-{story.n}-2")
    bank.done("handler-1", "certificateCollect", collected(late, **of_owner))
    assert bank.certificate(late, "releasedOn") == {"releasedOn": "2025-06-23"}


def test_proceeds_that_lie_in_the_receipts_place_are_given_back_like_it(bank: Bank):
    """Civil Code art. 442: the pledge goes on in the money, and no case of it is stuck."""
    story = pledged(bank)
    redeem(bank, story, "DEPOSITED", "notary 1")
    assert pledge(bank, story) == "EFFECTIVE"
    approved(bank, story, "BANK")
    case = give_back(bank, story)["case"]
    assert case["state"] == "RETURNED"
    assert pledge(bank, story) == "RELEASED"
