"""A release whose papers lie in two vaults, through HTTP (X14)."""

from typing import Any

import pytest

from tests.api.releasing import file
from tests.client import CASE, REFUSALS, Bank, Story, cabinets, codes, collected, user_line

SECOND = ("second-1", "second-2", "second-3")


@pytest.fixture(autouse=True)
def second_vault(bank: Bank) -> None:
    bank.load(
        ("Vault", {"code": "VTWIN", "name": "Second", "org": "LC", "cabinets": cabinets("A")}),
        *(("User", user_line(one, "LC", ["VAULT_KEEPER"], ["VTWIN"])) for one in SECOND),
    )


def approved(bank: Bank, mode: str = "BANK") -> Story:
    """An approved release: the right's proof in the first vault, the owner's title in the other."""
    story = bank.vaulted()
    right, number = story.certificate_id, story.cert_no
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    story.cert_no = f"粤（2025）广州市不动产权第{story.n:07}号"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story, desk="VTWIN", receiver=SECOND[2])
    place = {"vault": "VTWIN", "cabinet": "A", "slot": f"{story.n % 499 + 1:03}"}
    packet = {"packetNo": f"P2{story.n:05}", "sealNo": f"S2{story.n:05}"}
    bank.vault(story, {"certificateIds": [story.certificate_id], **place, **packet}, SECOND[:2])
    story.certificate_id, story.cert_no = right, number
    bank.settle(story)
    bank.open_case(story, mode)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    return story


def out_of_the_second(bank: Bank, story: Story) -> Any:
    plan = {"caseId": story.case_id, "vault": "VTWIN"}
    answer = bank.done(
        SECOND[0], "deregistrationCaseVaultOutPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": answer["proposal"]["id"], "vaultOut": plan}
    return bank.do(SECOND[1], "deregistrationCaseVaultOutConfirm", confirm, CASE)


def places(bank: Bank, story: Story) -> list[str]:
    told = bank.case(story, "certificates { custodyState }")["certificates"]
    return sorted(one["custodyState"] for one in told)


def test_each_vault_lets_its_own_papers_go_and_filing_waits_for_the_last(bank: Bank):
    story = approved(bank)
    bank.attach(story, "REGISTRY_APPLICATION")
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"
    assert places(bank, story) == ["IN_VAULT", "OUT_FOR_DEREG"]
    early = file(bank, story)
    assert [(one["code"], one["ruleId"]) for one in early["refusals"]] == [
        ("STATE_CONFLICT", "X14")
    ]
    assert codes(bank.vault_out_propose(story)) == ["VALUE_INVALID"]
    assert out_of_the_second(bank, story)["case"]["state"] == "VAULT_OUT"
    assert places(bank, story) == ["OUT_FOR_DEREG", "OUT_FOR_DEREG"]
    assert file(bank, story)["case"]["state"] == "FILED"


def test_an_owner_who_goes_himself_gets_all_his_papers_at_once(bank: Bank):
    story = approved(bank, "OWNER")
    bank.vault_out(story)
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    given = {"caseId": story.case_id, "receiptFileVersionId": receipt, "identityChecked": True}
    early = bank.do("handler-1", "deregistrationCaseReturnToOwner", given, CASE)
    assert codes(early) == ["STATE_CONFLICT"]
    out_of_the_second(bank, story)
    returned = bank.do("handler-1", "deregistrationCaseReturnToOwner", given, CASE)
    assert returned["case"]["state"] == "RETURNED"
    assert places(bank, story) == ["RETURNED_TO_OWNER", "RETURNED_TO_OWNER"]
