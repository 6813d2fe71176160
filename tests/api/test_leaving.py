"""Papers that leave the bank through HTTP: receipts redeemed, claims handed to an assignee."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.client import (
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collateral,
    collected,
    credit,
    guarantee,
    loan_line,
    pdf,
    settled,
    vault_plan,
)

PROPOSED = f"proposal {{ id }} {REFUSALS}"
REDEEMED = (
    "redemption { id ground amount use to loanNos keepers certificate { custodyState } }"
    f" certificate {{ custodyState legalState place {{ slot }} lock {{ id }} }} {REFUSALS}"
)
TRANSFER = f"transfer {{ id no state loanNos assignee approvedBy version }} {REFUSALS}"


@pytest.fixture(scope="module", autouse=True)
def approvers(bank: Bank):
    """Approvers of a first-tier branch, of head office, and one who also keeps a vault."""
    bank.load(
        ("User", {"login": "approver-t1", "name": "t1", "org": "T1", "roles": [_role("APPROVER")]}),
        ("User", {"login": "approver-ho", "name": "ho", "org": "HO", "roles": [_role("APPROVER")]}),
        (
            "User",
            {
                "login": "approver-keeper",
                "name": "both",
                "org": "T1",
                "roles": [_role("APPROVER"), _role("VAULT_KEEPER") | {"org": "LC"}],
                "vaults": ["V1"],
            },
        ),
    )


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def _role(role: str) -> dict[str, str]:
    return {"role": role}


def pledged(bank: Bank, *, due: str | None = "2025-06-20", **loan: Any) -> Story:
    """A deposit receipt in the vault that secures a loan."""
    story = bank.mortgage(**loan)
    bank.load(
        ("Collateral", collateral(story, kind="DEPOSIT")),
        ("GuaranteeContract", guarantee(story, kind="PLEDGE")),
    )
    story.certificate_id = bank.expect(story, "DEPOSIT_RECEIPT")
    story.cert_no = f"DEPOSIT-{story.n}"
    bank.done("handler-1", "certificateCollect", collected(story, registeredUntil=due))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    return story


def redeeming(bank: Bank, story: Story, **changes: Any) -> dict[str, Any]:
    if "REDEMPTION_AUTHORITY" not in story.files:
        story.files["REDEMPTION_AUTHORITY"] = bank.accepted(story, "REDEMPTION_AUTHORITY")
    return {
        "certificateId": story.certificate_id,
        "vault": "V1",
        "agreementFileVersionId": story.files["REDEMPTION_AUTHORITY"],
        "amount": "500000.00",
        "use": "APPLIED_TO_DEBT",
        "proceedsTo": story.loan_no,
        **changes,
    }


def redeem(bank: Bank, given: dict[str, Any]) -> Any:
    proposed = bank.done("keeper-1", "certificateRedeemPropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "redemption": given}
    return bank.done("keeper-2", "certificateRedeemConfirm", confirm, REDEEMED)


def at_once(work: Any, times: int = 10) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(work) for _ in range(times)]]


def test_a_receipt_that_is_due_is_redeemed_and_its_slot_is_free(bank: Bank):
    story = pledged(bank)
    answer = redeem(bank, redeeming(bank, story))
    assert answer["certificate"] == {
        "custodyState": "REDEEMED",
        "legalState": "CANCELLED",
        "place": None,
        "lock": None,
    }
    assert answer["redemption"]["ground"] == "MATURITY"
    assert answer["redemption"]["amount"] is None  # keepers see no amounts
    assert answer["redemption"]["keepers"] == ["keeper-1", "keeper-2"]
    seen = bank.query(
        "auditor",
        "query($id: ID!) { node(id: $id) { ... on Redemption { amount to loanNos } } }",
        id=answer["redemption"]["id"],
    )["node"]
    assert seen == {"amount": "500000.00", "to": story.loan_no, "loanNos": [story.loan_no]}
    last = bank.certificate(story, "events { type operators { login } evidence { sha256 } }")
    assert last["events"][-1]["type"] == "REDEEM"
    assert len(last["events"][-1]["evidence"]) == 1
    other = bank.waiting()
    bank.vault(other, vault_plan(other, slot=f"{story.n:03}"))


@pytest.mark.parametrize(
    ("due", "loan", "allowed"),
    [
        ("2025-06-20", {}, True),
        ("2025-06-21", {}, False),
        (None, {}, False),
        ("2025-12-31", {"status": "OVERDUE", "dpd": 5}, True),
    ],
)
def test_it_takes_maturity_or_default(bank: Bank, due, loan, allowed):
    story = pledged(bank, due=due)
    if loan:
        bank.load(("Loan", loan_line(story, **loan)))
    refused = bank.do("keeper-1", "certificateRedeemPropose", redeeming(bank, story))
    assert codes(refused) == ([] if allowed else ["PURPOSE_NOT_ALLOWED"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": "0.00"}, ["VALUE_INVALID"]),
        ({"proceedsTo": "TL-OTHER"}, ["VALUE_INVALID"]),
        ({"proceedsTo": " "}, ["VALUE_INVALID"]),
        ({"use": "DEPOSITED", "proceedsTo": "escrow account 1"}, []),
    ],
)
def test_where_the_proceeds_go(bank: Bank, changes, expected):
    story = pledged(bank)
    given = redeeming(bank, story, **changes)
    assert codes(bank.do("keeper-1", "certificateRedeemPropose", given)) == expected


def test_a_mortgage_is_never_redeemed_and_a_pending_agreement_does_not_count(bank: Bank):
    story = bank.vaulted()
    given = redeeming(bank, story)
    assert codes(bank.do("keeper-1", "certificateRedeemPropose", given)) == ["PURPOSE_NOT_ALLOWED"]
    receipt = pledged(bank)
    pending = bank.upload("handler-1", receipt, "REDEMPTION_AUTHORITY", pdf(receipt.loan_no))
    given = redeeming(bank, receipt, agreementFileVersionId=pending)
    assert codes(bank.do("keeper-1", "certificateRedeemPropose", given)) == ["DOC_MISSING"]
    of_another = redeeming(bank, receipt) | {
        "agreementFileVersionId": story.files["REDEMPTION_AUTHORITY"]
    }
    assert codes(bank.do("keeper-1", "certificateRedeemPropose", of_another)) == ["VALUE_INVALID"]


def test_a_hold_keeps_a_receipt_from_being_redeemed(bank: Bank):
    story = pledged(bank)
    bank.load(("LegalHold", hold(story)))
    refused = bank.do("keeper-1", "certificateRedeemPropose", redeeming(bank, story))
    assert [(r["code"], r["ruleId"]) for r in refused["refusals"]] == [("LEGAL_HOLD", "CUS-24")]


def hold(story: Story) -> dict[str, Any]:
    return {
        "no": f"LH-L-{story.n}",
        "scope": "CERTIFICATE",
        "target": story.certificate_id,
        "reason": "AUDIT",
        "placed_at": NOON,
        "org": "T2",
    }


def test_ten_confirmations_of_one_redemption_leave_one_winner(bank: Bank):
    story = pledged(bank)
    given = redeeming(bank, story)
    proposed = bank.done("keeper-1", "certificateRedeemPropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "redemption": given}
    answers = at_once(lambda: bank.do("keeper-2", "certificateRedeemConfirm", confirm, REDEEMED))
    assert [codes(answer) for answer in answers].count([]) == 1
    events = bank.certificate(story, "events { type }")["events"]
    assert [event["type"] for event in events].count("REDEEM") == 1


def approving(bank: Bank, story: Story, **changes: Any) -> dict[str, Any]:
    if "CLAIM_ASSIGNMENT" not in story.files:
        story.files["CLAIM_ASSIGNMENT"] = bank.accepted(story, "CLAIM_ASSIGNMENT")
    return {
        "collateralIds": [story.collateral_id],
        "assignee": "某资产管理公司",
        "agreementFileVersionId": story.files["CLAIM_ASSIGNMENT"],
        **changes,
    }


def approved(bank: Bank, story: Story, login: str = "approver-t1") -> dict[str, Any]:
    return bank.done(login, "claimTransferApprove", approving(bank, story), TRANSFER)["transfer"]


def handing_over(bank: Bank, story: Story, transfer: dict[str, Any], **more: Any) -> dict[str, Any]:
    if "ASSIGNEE_RECEIPT" not in story.files:
        story.files["ASSIGNEE_RECEIPT"] = bank.accepted(story, "ASSIGNEE_RECEIPT")
    return {
        "transferId": transfer["id"],
        "vault": "V1",
        "receiptFileVersionId": story.files["ASSIGNEE_RECEIPT"],
        **more,
    }


def hand_over(bank: Bank, given: dict[str, Any]) -> Any:
    proposed = bank.done("keeper-1", "claimTransferVaultOutPropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": given}
    return bank.do("keeper-2", "claimTransferVaultOutConfirm", confirm, TRANSFER)


def test_claims_go_with_their_papers_once_a_first_tier_branch_agreed(bank: Bank):
    story = bank.vaulted()
    transfer = approved(bank, story)
    assert (transfer["state"], transfer["loanNos"]) == ("APPROVED", [story.loan_no])
    listed = bank.query("keeper-1", "{ claimTransfers { id } }")["claimTransfers"]
    assert {"id": transfer["id"]} in listed
    answer = hand_over(bank, handing_over(bank, story, transfer))
    assert (codes(answer), answer["transfer"]["state"]) == ([], "HANDED_OVER")
    assert bank.certificate(story, "custodyState legalState place { slot }") == {
        "custodyState": "TRANSFERRED_OUT",
        "legalState": "REGISTERED",
        "place": None,
    }
    pledge = bank.query(
        "auditor",
        "query($id: ID!) { collateral(id: $id) { pledgeState } }",
        id=story.collateral_id,
    )
    assert pledge["collateral"]["pledgeState"] == "TRANSFERRED"
    event = bank.certificate(story, "events { type operators { login } evidence { sha256 } }")
    assert event["events"][-1]["type"] == "TRANSFER_OUT"
    assert [o["login"] for o in event["events"][-1]["operators"]] == ["keeper-1", "keeper-2"]
    assert len(event["events"][-1]["evidence"]) == 2


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("approver-t2", ["APPROVAL_LEVEL"]),
        ("approver-lc", ["APPROVAL_LEVEL"]),
        ("approver-t1", []),
        ("approver-ho", []),
    ],
)
def test_it_takes_a_first_tier_branch_or_above(bank: Bank, login, expected):
    story = bank.vaulted()
    given = approving(bank, story)
    assert codes(bank.do(login, "claimTransferApprove", given)) == expected
    assert bank.error_code("keeper-1", "claimTransferApprove", given) == "FORBIDDEN"


def test_what_has_come_to_secure_another_loan_stays_until_that_is_assigned_too(bank: Bank):
    story = bank.vaulted()
    out = handing_over(bank, story, approved(bank, story))
    second = {"loan_no": f"{story.loan_no}B"}
    bank.load(("Loan", loan_line(story, **second)))
    both = {"no": f"{story.contract_no}B", "secured_loans": [second["loan_no"]]}
    bank.load(("GuaranteeContract", guarantee(story, **both)))
    assert codes(bank.do("keeper-1", "claimTransferVaultOutPropose", out)) == ["VALUE_INVALID"]
    bank.load(("Loan", loan_line(story, **second, **settled())))
    assert codes(hand_over(bank, out)) == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_claim_is_not_assigned_without_what_was_drawn_since(bank: Bank, listed):
    story = bank.vaulted()
    out = handing_over(bank, story, approved(bank, story))
    second = replace(story, loan_no=f"{story.loan_no}-2")
    numbers = [story.loan_no, second.loan_no] if listed else [story.loan_no]
    bank.load(
        ("CreditContract", credit(story, kind="FACILITY", available="0.00")),
        ("Loan", loan_line(second)),
        ("GuaranteeContract", guarantee(story, mode="MAX_AMOUNT", secured_loans=numbers)),
    )
    assert codes(bank.do("keeper-1", "claimTransferVaultOutPropose", out)) == ["VALUE_INVALID"]


def test_the_approver_is_no_keeper_of_it(bank: Bank):
    story = bank.vaulted()
    transfer = approved(bank, story, "approver-keeper")
    given = handing_over(bank, story, transfer)
    assert codes(bank.do("approver-keeper", "claimTransferVaultOutPropose", given)) == [
        "SOD_VIOLATION"
    ]
    proposed = bank.done("keeper-1", "claimTransferVaultOutPropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": given}
    assert codes(bank.do("approver-keeper", "claimTransferVaultOutConfirm", confirm)) == [
        "SOD_VIOLATION"
    ]
    assert codes(bank.do("keeper-2", "claimTransferVaultOutConfirm", confirm)) == []


def test_one_assignment_a_collateral_until_it_is_withdrawn(bank: Bank):
    story = bank.vaulted()
    transfer = approved(bank, story)
    again = approving(bank, story)
    assert codes(bank.do("approver-ho", "claimTransferApprove", again)) == ["OPEN_REQUEST_EXISTS"]
    given = {"transferId": transfer["id"], "reason": "the assignee stepped back"}
    bank.done("approver-t1", "claimTransferWithdraw", given)
    out = handing_over(bank, story, transfer)
    assert codes(bank.do("keeper-1", "claimTransferVaultOutPropose", out)) == ["STATE_CONFLICT"]
    assert codes(bank.do("approver-t1", "claimTransferWithdraw", given)) == ["STATE_CONFLICT"]
    approved(bank, story)


def test_a_hold_or_an_open_release_keeps_the_papers_here(bank: Bank):
    story = bank.vaulted()
    transfer = approved(bank, story)
    given = handing_over(bank, story, transfer)
    bank.load(("LegalHold", hold(story)))
    assert codes(bank.do("keeper-1", "claimTransferVaultOutPropose", given)) == ["LEGAL_HOLD"]
    bank.load(("LegalHold", hold(story) | {"released_at": NOON}))
    bank.open_case(story)
    refused = codes(bank.do("keeper-1", "claimTransferVaultOutPropose", given))
    assert set(refused) == {"OPEN_REQUEST_EXISTS"}


def test_what_stays_in_the_packet_is_sealed_anew(bank: Bank):
    """Two receipts of one contract in one packet; one is redeemed, the other stays sealed."""
    story = pledged(bank)
    first = story.certificate_id
    story.certificate_id = bank.expect(story, "DEPOSIT_RECEIPT")
    story.cert_no = f"DEPOSIT-{story.n}-2"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story, vault_plan(story, sealNo=f"S{story.n:05}-2"))
    second, story.certificate_id = story.certificate_id, first
    given = redeeming(bank, story)
    assert codes(bank.do("keeper-1", "certificateRedeemPropose", given)) == ["VALUE_INVALID"]
    used = [{"packetNo": f"P{story.n:05}", "sealNo": f"S{story.n:05}-2"}]
    reused = {**given, "newSeals": used}
    assert codes(bank.do("keeper-1", "certificateRedeemPropose", reused)) == ["SEAL_REUSED"]
    redeem(bank, {**given, "newSeals": [{**used[0], "sealNo": f"S{story.n:05}-3"}]})
    story.certificate_id = second
    assert bank.certificate(story, "custodyState place { packetNo slot }") == {
        "custodyState": "IN_VAULT",
        "place": {"packetNo": f"P{story.n:05}", "slot": f"{story.n:03}"},
    }
