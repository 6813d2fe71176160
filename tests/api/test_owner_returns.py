"""Owners' papers given back before the release through HTTP: agreed, handed out, taken back."""

from dataclasses import replace
from typing import Any

import pytest

from tests.client import (
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collected,
    loan_line,
    vault_plan,
)

PROPOSED = f"proposal {{ id }} {REFUSALS}"
AGREED = f"ownerReturn {{ id state loanNos approvedBy version }} {REFUSALS}"


def kept(bank: Bank, cert_type: str = "REAL_ESTATE_TITLE") -> Story:
    """An owner's title that lies in the vault while the debt stands."""
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, cert_type)
    story.cert_no = f"T-{story.n}"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    return story


def agreeing(story: Story) -> dict[str, Any]:
    return {"certificateIds": [story.certificate_id], "reason": "The owner has it corrected."}


def agreed(bank: Bank, story: Story) -> str:
    done = bank.done("approver-t2", "ownerReturnApprove", agreeing(story), AGREED)
    return done["ownerReturn"]["id"]


def giving(bank: Bank, story: Story, id: str, **changes: Any) -> dict[str, Any]:
    if "CERT_RECEIPT" not in story.files:
        story.files["CERT_RECEIPT"] = bank.accepted(story, "CERT_RECEIPT")
    return {
        "ownerReturnId": id,
        "vault": "V1",
        "receiptFileVersionId": story.files["CERT_RECEIPT"],
        "identityChecked": True,
        **changes,
    }


def may_return(bank: Bank, story: Story) -> list[str]:
    answers = bank.query(
        "keeper-1",
        "query($id: ID!) { allowedMovements(certificateId: $id) { movement refusals { code } } }",
        id=story.certificate_id,
    )["allowedMovements"]
    [one] = [a for a in answers if a["movement"] == "RETURN_TO_OWNER"]
    return [refusal["code"] for refusal in one["refusals"]]


def test_the_owners_paper_goes_back_and_the_right_stays(bank: Bank):
    story = kept(bank)
    assert may_return(bank, story) == ["STATE_CONFLICT"]
    id = agreed(bank, story)
    assert may_return(bank, story) == []
    assert {"id": id} in bank.query("keeper-1", "{ ownerReturns { id } }")["ownerReturns"]
    given = giving(bank, story, id)
    proposed = bank.done("keeper-1", "ownerReturnVaultOutPropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": given}
    own = bank.do("keeper-1", "ownerReturnVaultOutConfirm", confirm, AGREED)
    assert codes(own) == ["DUAL_CONTROL_SAME_PERSON"]
    done = bank.done("keeper-2", "ownerReturnVaultOutConfirm", confirm, AGREED)
    assert done["ownerReturn"] == {
        "id": id,
        "state": "RETURNED",
        "loanNos": [story.loan_no],
        "approvedBy": "approver-t2",
        "version": 1,
    }
    paper = bank.certificate(
        story, "custodyState place { slot } lock { id } events { type operators { login } }"
    )
    last = paper.pop("events")[-1]
    assert paper == {"custodyState": "RETURNED_TO_OWNER", "place": None, "lock": None}
    assert last == {
        "type": "RETURN_TO_OWNER",
        "operators": [{"login": "keeper-1"}, {"login": "keeper-2"}],
    }
    pledge = bank.query(
        "auditor",
        "query($id: ID!) { collateral(id: $id) { pledgeState } }",
        id=story.collateral_id,
    )
    assert pledge == {"collateral": {"pledgeState": "EFFECTIVE"}}
    again = bank.do("keeper-1", "ownerReturnVaultOutPropose", given)
    assert "STATE_CONFLICT" in codes(again)


@pytest.mark.parametrize(
    ("login", "expected"),
    [("approver-lc", ["APPROVAL_LEVEL"]), ("approver-t2", [])],
)
def test_it_takes_tier_2_and_a_paper_of_the_owner(bank: Bank, login, expected):
    story = kept(bank)
    assert codes(bank.do(login, "ownerReturnApprove", agreeing(story))) == expected
    assert bank.error_code("keeper-1", "ownerReturnApprove", agreeing(story)) == "FORBIDDEN"
    right = bank.vaulted()
    assert codes(bank.do("approver-t2", "ownerReturnApprove", agreeing(right))) == ["VALUE_INVALID"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"identityChecked": False}, ["VALUE_INVALID"]),
        ({"receipt": "DEREG_APPLICATION"}, ["VALUE_INVALID"]),
    ],
)
def test_nothing_goes_without_identity_and_receipt(bank: Bank, changes, expected):
    story = kept(bank)
    given = giving(bank, story, agreed(bank, story))
    if "receipt" in changes:
        given["receiptFileVersionId"] = bank.accepted(story, changes["receipt"])
    else:
        given |= changes
    assert codes(bank.do("keeper-1", "ownerReturnVaultOutPropose", given)) == expected


def test_a_hold_keeps_the_paper_and_a_withdrawn_return_is_over(bank: Bank):
    story = kept(bank)
    id = agreed(bank, story)
    assert codes(bank.do("approver-t2", "ownerReturnApprove", agreeing(story))) == [
        "OPEN_REQUEST_EXISTS"
    ]
    hold = {"no": f"LH-OR-{story.n}", "scope": "CERTIFICATE", "target": story.certificate_id}
    bank.load(("LegalHold", hold | {"reason": "AUDIT", "placed_at": NOON, "org": "T2"}))
    given = giving(bank, story, id)
    assert codes(bank.do("keeper-1", "ownerReturnVaultOutPropose", given)) == ["LEGAL_HOLD"]
    over = {"ownerReturnId": id, "reason": "The owner needs it no more."}
    done = bank.done("approver-t2", "ownerReturnWithdraw", over, AGREED)
    assert done["ownerReturn"]["state"] == "WITHDRAWN"
    assert codes(bank.do("approver-t2", "ownerReturnWithdraw", over)) == ["STATE_CONFLICT"]
    agreed(bank, story)


def test_a_receipt_is_signed_once_and_for_all_papers_of_one_owner(bank: Bank):
    first, second = kept(bank), kept(bank)
    both = {**agreeing(first), "certificateIds": [first.certificate_id, second.certificate_id]}
    assert codes(bank.do("approver-t2", "ownerReturnApprove", both)) == ["VALUE_INVALID"]
    given = giving(bank, first, agreed(bank, first))
    proposed = bank.done("keeper-1", "ownerReturnVaultOutPropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": given}
    bank.done("keeper-2", "ownerReturnVaultOutConfirm", confirm, AGREED)
    more = replace(first, cert_no=f"T2-{first.n}")
    more.certificate_id = bank.expect(first, "HOUSE_TITLE_LEGACY")
    bank.done("handler-1", "certificateCollect", collected(more))
    bank.scan(more)
    bank.hand_to_vault(more)
    place = vault_plan(more, packetNo=f"P{more.n}-2", sealNo=f"S{more.n}-2")
    bank.vault(more, place)
    again = {**given, "ownerReturnId": agreed(bank, more)}
    assert codes(bank.do("keeper-1", "ownerReturnVaultOutPropose", again)) == ["VALUE_INVALID"]


def test_what_goes_back_to_its_owner_is_held_until_then(bank: Bank):
    story = kept(bank)
    lock = "lock { kind }"
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "CERT_RENEWAL",
        "reason": "why",
        "dueDate": "2025-07-01",
    }
    out = bank.done("handler-1", "checkOutRequest", asked, f"checkOut {{ id }} {REFUSALS}")
    held = ["OPEN_REQUEST_EXISTS"]
    assert codes(bank.do("approver-t2", "ownerReturnApprove", agreeing(story))) == held
    given_up = {"checkOutId": out["checkOut"]["id"], "reason": "not needed"}
    bank.done("handler-1", "checkOutCancel", given_up)
    id = agreed(bank, story)
    assert bank.certificate(story, lock) == {"lock": {"kind": "OWNER_RETURN"}}
    assert codes(bank.do("handler-1", "checkOutRequest", asked)) == held
    given = giving(bank, story, id)
    bank.done("keeper-1", "ownerReturnVaultOutPropose", given, PROPOSED)
    assert bank.certificate(story, lock) == {"lock": {"kind": "VAULT_PROPOSAL"}}
    try:
        bank.clock("2025-06-20T10:31:00+08:00")
        bank.done("keeper-1", "ownerReturnVaultOutPropose", given, PROPOSED)
        over = {"ownerReturnId": id, "reason": "The owner needs it no more."}
        bank.done("approver-t2", "ownerReturnWithdraw", over, AGREED)
    finally:
        bank.clock(NOON)
    assert bank.certificate(story, lock) == {"lock": None}


def test_who_proposed_has_no_other_part_at_the_confirmation_either(bank: Bank):
    story = kept(bank)
    given = giving(bank, story, agreed(bank, story))
    proposed = bank.done("keeper-1", "ownerReturnVaultOutPropose", given, PROPOSED)
    bank.load(("Loan", loan_line(story, managers=["rm-1", "keeper-1"])))
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": given}
    refused = bank.do("keeper-2", "ownerReturnVaultOutConfirm", confirm, AGREED)
    assert codes(refused) == ["SOD_VIOLATION"]
    bank.load(("Loan", loan_line(story)))
    bank.done("keeper-2", "ownerReturnVaultOutConfirm", confirm, AGREED)
