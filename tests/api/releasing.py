"""Releases on their way, as tests of what goes wrong need them."""

from typing import Any

from tests.client import CASE, REFUSALS, Bank, Story

HOUSE = "case { id state handler suspendedFrom postCloseIncident reversedLoans { loanNo }"
HOUSE += " registry { status acceptanceNo doneAt history { status at note acceptanceNo } }"
HOUSE += " deadlines { vaultBackDue nextDue } timeline { step note }"
HOUSE += f" collateral {{ pledgeState }} }} {REFUSALS}"
REASON = "the seal is unreadable"
PEOPLE = (
    {"login": "undo-supervisor", "org": "LC", "roles": [{"role": "VAULT_SUPERVISOR"}]},
    {"login": "registry-system", "org": "T2", "roles": [{"role": "INTEGRATION"}]},
    {"login": "registry-elsewhere", "org": "T2X", "roles": [{"role": "INTEGRATION"}]},
)


def people(bank: Bank) -> None:
    """Who else takes part: a supervisor, and the systems of two registries."""
    bank.load(*(("User", {"name": "x", **one}) for one in PEOPLE))


def out(bank: Bank, mode: str = "BANK") -> Story:
    """A release whose papers are on their way."""
    story = bank.approved(mode)
    if mode == "OWNER":
        bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"
    return story


def file(bank: Bank, story: Story, number: str | None = None) -> Any:
    """Filed, with what that takes."""
    given = {
        "caseId": story.case_id,
        "authority": "登记中心",
        "acceptanceNo": number or f"U-{story.n}",
    }
    return bank.do("handler-1", "deregistrationCaseFile", given, CASE)


def filed(bank: Bank, mode: str = "BANK") -> Story:
    """A release that waits for the registry."""
    story = out(bank) if mode == "BANK" else bank.approved(mode)
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert file(bank, story)["case"]["state"] == "FILED"
    return story


def say(bank: Bank, story: Story, status: str, **more: Any) -> Any:
    """The handler puts down what the registry said."""
    given = {"caseId": story.case_id, "status": status, **more}
    return bank.do("handler-1", "deregistrationCaseRecordRegistry", given, HOUSE)


def done(bank: Bank, mode: str = "BANK", **more: Any) -> Story:
    """A release that the registry has entered, with its result."""
    story = filed(bank, mode)
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    answer = say(bank, story, "DONE", resultFileVersionId=result, **more)
    assert answer["refusals"] == []
    return story


def cancel(bank: Bank, story: Story) -> Any:
    given = {"caseId": story.case_id, "reason": "given up"}
    return bank.do("handler-1", "deregistrationCaseCancel", given, CASE)


def at_home(bank: Bank, story: Story) -> None:
    """The paper is back in the vault under a new seal."""
    bank.hand_to_vault(story)
    into_the_vault(bank, story)


def into_the_vault(bank: Bank, story: Story) -> None:
    """What came back to the vault's desk, in its slot again under a new seal."""
    place = {
        "certificateIds": [story.certificate_id],
        "vault": "V1",
        "cabinet": "A",
        "slot": f"{story.n:03}",
        "packetNo": f"P{story.n:05}",
        "sealNo": f"S{story.n:05}-back",
    }
    bank.vault(story, place)


def watched(bank: Bank, story: Story) -> dict[str, list[str]]:
    """What is open about the collateral: signals, incidents, alerts."""
    about = story.collateral_no
    found = bank.query(
        "auditor",
        "query($about: String!) { incidents { kind subject } alerts(filter: { subject: $about })"
        " { edges { node { reason } } } collateral(no: $about) { riskSignals { category severity"
        " } } }",
        about=about,
    )
    signals = found["collateral"]["riskSignals"]
    return {
        "signals": [f"{one['severity']} {one['category']}" for one in signals],
        "incidents": [one["kind"] for one in found["incidents"] if one["subject"] == about],
        "alerts": [edge["node"]["reason"] for edge in found["alerts"]["edges"]],
    }
