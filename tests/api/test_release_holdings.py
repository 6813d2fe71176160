"""A release and the papers of its collateral: which arise, come back and end while it is open."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.releasing import file, filed, people, say
from tests.api.test_checkouts import approved, exchanged, let_out
from tests.client import (
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collected,
    vault_plan,
)


@pytest.fixture(autouse=True)
def everyone(bank: Bank):
    people(bank)
    yield
    bank.clock(NOON)


def expected(bank: Bank, story: Story, cert_type: str = "OTHER_RIGHT_LEGACY") -> Any:
    """Whether one more paper of the collateral may be expected."""
    given = {"certType": cert_type, "collateralIds": [story.collateral_id]}
    return bank.do(
        "handler-1", "certificateRegisterExpected", given, f"certificate {{ id }} {REFUSALS}"
    )


def beside(bank: Bank, story: Story, cert_type: str) -> Story:
    """One more paper of the same collateral, not collected yet."""
    more = replace(story, cert_no=f"{story.n}-{cert_type}")
    more.certificate_id = bank.expect(story, cert_type)
    return more


def collect(bank: Bank, story: Story) -> Any:
    return bank.do("handler-1", "certificateCollect", collected(story))


def lay_in(bank: Bank, story: Story, slot: str) -> None:
    """Collected, scanned, handed over and laid into a slot of its own."""
    assert codes(collect(bank, story)) == []
    bank.scan(story)
    bank.hand_to_vault(story)
    names = {"packetNo": f"PX{story.n}{slot}", "sealNo": f"SX{story.n}{slot}"}
    bank.vault(story, vault_plan(story, cabinet="B", slot=slot, **names))


def test_no_right_is_expected_on_what_is_being_released(bank: Bank):
    story = bank.vaulted()
    bank.settle(story)
    bank.open_case(story)
    assert codes(expected(bank, story)) == ["RELEASE_IN_PROGRESS"]
    assert codes(expected(bank, story, "REAL_ESTATE_TITLE")) == []  # the owner's own


def test_what_a_release_waits_for_is_collected(bank: Bank):
    story = bank.vaulted()
    late = beside(bank, story, "OTHER_RIGHT_LEGACY")
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == ["CERT_NOT_IN_VAULT"]
    lay_in(bank, late, f"{story.n:03}")
    assert codes(bank.submit(story)) == []
    assert bank.certificate(late, "lock { id }") == {"lock": {"id": story.case_id}}


def test_a_paper_that_comes_meanwhile_goes_out_with_the_others(bank: Bank):
    story = bank.approved()
    title = beside(bank, story, "REAL_ESTATE_TITLE")
    refused = bank.vault_out_propose(story)
    assert codes(refused) == ["CERT_NOT_IN_VAULT"]
    assert refused["case"]["state"] == "BLOCKED"
    lay_in(bank, title, f"{story.n:03}")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    assert codes(bank.vault_out(story)) == []
    out = {"custodyState": "OUT_FOR_DEREG", "lock": {"id": story.case_id}}
    assert bank.certificate(title, "custodyState lock { id }") == out
    known = bank.case(story, "certificates { id }")["certificates"]
    assert {one["id"] for one in known} == {story.certificate_id, title.certificate_id}


def test_no_right_of_what_was_released_stands(bank: Bank):
    """INV-05: what the feed tells between the filing and the entry ends with the entry."""
    story = filed(bank)
    line = {
        "cert_type": "OTHER_RIGHT_LEGACY",
        "cert_no": f"粤他项{story.n}",
        "issuer": "registry",
        "issue_date": "2025-06-01",
        "right_holder": "bank",
        "right_amount": "1.00",
        "collaterals": [story.collateral_no],
        "custody_state": "WITH_HANDLER",
        "holder": "handler-1",
    }
    told = bank.load(("Certificate", line))
    second = replace(story, certificate_id=told[0]["id"])
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    released = say(bank, story, "DONE", resultFileVersionId=result)["case"]
    assert released["collateral"] == {"pledgeState": "RELEASED"}
    assert bank.certificate(story)["legalState"] == "CANCELLED"
    assert bank.certificate(second)["legalState"] == "CANCELLED"
    late = {**line, "cert_no": f"late-{story.n}"}
    [refused] = bank.load(("Certificate", late), all_taken=False)
    assert [one["code"] for one in refused["refusals"]] == ["STATE_CONFLICT"]
    for others in ({"legal_state": "CANCELLED"}, {"cert_type": "REAL_ESTATE_TITLE"}):
        [taken] = bank.load(("Certificate", {**late, **others}))
        assert taken["status"] == "CREATED", others


def test_an_exchanged_paper_takes_the_place_of_the_old_one(bank: Bank):
    story = bank.vaulted()
    id = approved(bank, story, "approver-lc", purpose="CERT_RENEWAL", dueDate="2025-07-20")
    let_out(bank, story, id)
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == ["CERT_NOT_IN_VAULT"]
    exchanged(bank, story, id, f"粤（2025）广州市不动产证明第6{story.n:07}号")
    assert bank.case(story, "certificates { id }") == {
        "certificates": [{"id": story.certificate_id}]
    }
    bank.scan(story)
    bank.vault(story, vault_plan(story, sealNo=f"SX{story.n}"))
    assert bank.certificate(story, "lock { id }") == {"lock": {"id": story.case_id}}
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    assert codes(bank.vault_out(story)) == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert codes(file(bank, story)) == []
    assert bank.case(story)["state"] == "FILED"
