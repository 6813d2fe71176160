"""What a release that begins holds once whatever held it before has ended (DRG-R03, INV-02)."""

from tests.api.test_checkouts import asked
from tests.client import REFUSALS, Bank, Story, collected

LOCK = "lock { kind id }"
PROPOSED = f"proposal {{ id }} {REFUSALS}"


def lock_of(bank: Bank, story: Story) -> dict[str, str] | None:
    held: dict[str, str] | None = bank.certificate(story, LOCK)["lock"]
    return held


def test_a_packet_that_moves_within_its_vault(bank: Bank):
    story = bank.vaulted()
    move = {"packetNo": f"P{story.n:05}", "cabinet": "B", "slot": f"{story.n:03}"}
    proposal = bank.done("keeper-1", "packetRelocatePropose", move, PROPOSED)["proposal"]
    case = bank.open_case(story)
    assert lock_of(bank, story) == {"kind": "VAULT_PROPOSAL", "id": proposal["id"]}
    confirm = {"proposalId": proposal["id"], "relocation": move}
    bank.done("keeper-2", "packetRelocateConfirm", confirm)
    assert lock_of(bank, story) == {"kind": "DEREGISTRATION", "id": case}


def test_a_check_out_that_is_given_up(bank: Bank):
    story = bank.vaulted()
    request = asked(bank, story)["checkOut"]["id"]
    case = bank.open_case(story)
    assert lock_of(bank, story) == {"kind": "CHECK_OUT", "id": request}
    bank.done("handler-1", "checkOutCancel", {"checkOutId": request, "reason": "Settled."})
    assert lock_of(bank, story) == {"kind": "DEREGISTRATION", "id": case}


def test_a_return_to_the_owner_that_is_given_up(bank: Bank):
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    story.cert_no = f"T-{story.n}"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    agreeing = {"certificateIds": [story.certificate_id], "reason": "The owner has it corrected."}
    shown = f"ownerReturn {{ id }} {REFUSALS}"
    agreed = bank.done("approver-t2", "ownerReturnApprove", agreeing, shown)["ownerReturn"]["id"]
    case = bank.open_case(story)
    assert lock_of(bank, story) == {"kind": "OWNER_RETURN", "id": agreed}
    given = {"ownerReturnId": agreed, "reason": "The release gives it back."}
    bank.done("approver-t2", "ownerReturnWithdraw", given)
    assert lock_of(bank, story) == {"kind": "DEREGISTRATION", "id": case}
