"""A legal hold keeps papers inside on every way out, to the owner as to anybody (CUS-24)."""

from typing import Any

import pytest

from tests.api.test_checkouts import approved, asked, exchanged, let_out
from tests.client import NOON, Bank, Story, codes, vault_plan


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def hold(story: Story, **changes: Any) -> dict[str, Any]:
    return {
        "no": f"LH-H-{story.n}",
        "scope": "CERTIFICATE",
        "target": story.certificate_id,
        "reason": "LITIGATION",
        "placed_at": NOON,
        "org": "T2",
    } | changes


def lifted(story: Story) -> dict[str, Any]:
    return hold(story, released_at=NOON)


@pytest.mark.parametrize("scope", ["CERTIFICATE", "COLLATERAL"])
def test_a_hold_placed_between_the_two_keepers_keeps_a_release_in(bank: Bank, scope):
    story = bank.approved()
    proposed = bank.vault_out_propose(story)
    target = story.certificate_id if scope == "CERTIFICATE" else story.collateral_no
    bank.load(("LegalHold", hold(story, scope=scope, target=target)))
    assert "LEGAL_HOLD" in codes(bank.vault_out_confirm(story, proposed["proposal"]["id"]))
    assert bank.certificate(story)["custodyState"] == "IN_VAULT"


def test_a_held_paper_does_not_go_back_to_its_owner(bank: Bank):
    story = bank.approved("OWNER")
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    assert codes(bank.vault_out(story)) == []
    back = {
        "caseId": story.case_id,
        "receiptFileVersionId": bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id),
        "identityChecked": True,
    }
    bank.load(("LegalHold", hold(story)))
    refused = bank.do("handler-1", "deregistrationCaseReturnToOwner", back)
    assert [(r["code"], r["ruleId"]) for r in refused["refusals"]] == [("LEGAL_HOLD", "CUS-24")]
    bank.load(("LegalHold", lifted(story)))
    bank.done("handler-1", "deregistrationCaseReturnToOwner", back)


def test_a_held_paper_does_not_leave_after_an_online_cancellation(bank: Bank):
    story = bank.approved("ONLINE")
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    file = {"caseId": story.case_id, "authority": "网上登记", "acceptanceNo": f"H-{story.n}"}
    bank.done("handler-1", "deregistrationCaseFile", file)
    bank.attach(story, "REGISTRY_RESULT")
    result = {
        "caseId": story.case_id,
        "status": "DONE",
        "resultFileVersionId": story.files["REGISTRY_RESULT"],
    }
    bank.done("handler-1", "deregistrationCaseRecordRegistry", result)
    bank.load(("LegalHold", hold(story)))
    ask = "query($id: ID!) { allowedMovements(certificateId: $id) { movement refusals { code } } }"

    def surrender() -> list[str]:
        told = bank.query("auditor", ask, id=story.certificate_id)["allowedMovements"]
        [why] = [codes(one) for one in told if one["movement"] == "SURRENDER"]
        return why

    assert codes(bank.vault_out_propose(story)) == surrender() == ["LEGAL_HOLD"]
    bank.load(("LegalHold", lifted(story)))
    assert surrender() == []
    assert codes(bank.vault_out(story)) == []


def test_a_hold_on_the_dossier_keeps_no_paper(bank: Bank):
    story = bank.vaulted()
    target = bank.query(
        "auditor",
        "query($l: String!) { dossier(loanNo: $l) { dossierNo } }",
        l=story.loan_no,
    )["dossier"]["dossierNo"]
    bank.load(("LegalHold", hold(story, scope="DOSSIER", target=target)))
    given = {"packetNo": f"P{story.n:05}", "toVault": "V1", "escorts": ["handler-1", "handler-2"]}
    assert codes(bank.do("keeper-1", "packetDispatchPropose", given)) == ["VALUE_INVALID"]


@pytest.mark.parametrize("named", ["id", "as printed", "in half width"])
def test_a_hold_lies_on_what_takes_a_papers_place_too(bank: Bank, named):
    """X13: it is the same right, and nobody has lifted it."""
    story = bank.vaulted()
    renewal = {"purpose": "CERT_RENEWAL", "dueDate": "2025-07-20"}
    id = approved(bank, story, "approver-lc", **renewal)
    let_out(bank, story, id)
    target = {
        "id": story.certificate_id,
        "as printed": story.cert_no,
        "in half width": story.cert_no.replace("（", "(").replace("）", ")"),
    }
    bank.load(("LegalHold", hold(story, target=target[named])))
    exchanged(bank, story, id, f"粤（2025）广州市不动产证明第8{story.n:07}号")
    bank.scan(story)
    bank.vault(story, vault_plan(story, sealNo=f"S{story.n:05}-8"))
    assert codes(asked(bank, story, **renewal)) == ["LEGAL_HOLD"]
    bank.load(("LegalHold", hold(story, target=target[named], released_at=NOON)))
    assert codes(asked(bank, story, **renewal)) == []
