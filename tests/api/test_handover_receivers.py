"""Who may be named to receive papers: only whoever can then accept them (X03, X04)."""

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, user_line

HANDED = f"handover {{ id receiver desk }} {REFUSALS}"
OTHERS = (
    ("auditor-r", "T2", ["AUDITOR"], []),
    ("legal-r", "T2", ["LEGAL_OFFICER"], []),
    ("clerk-r", "LC", [], []),
    ("supervisor-r", "LC", ["VAULT_SUPERVISOR"], []),
    ("supervisor-x", "T2X", ["VAULT_SUPERVISOR"], []),
    ("keeper-x", "T2X", ["VAULT_KEEPER"], ["VX"]),
    ("keeper-idle", "LC", ["VAULT_KEEPER"], []),
    ("keeper-away", "LC", ["VAULT_KEEPER"], ["V1"]),
)


@pytest.fixture(scope="module", autouse=True)
def people(bank: Bank):
    """Who could be named, and a vault of another branch."""
    shelf = {"cabinet": "A", "slots": ["01"]}
    bank.load(
        ("Vault", {"code": "VX", "name": "Elsewhere", "org": "T2X", "cabinets": [shelf]}),
        *(("User", user_line(*facts)) for facts in OTHERS),
    )


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def in_hand(bank: Bank) -> Story:
    story = bank.mortgage()
    bank.collect(story)
    return story


def handed(bank: Bank, story: Story, **to: str):
    given = {"certificateIds": [story.certificate_id], **to}
    return bank.do("handler-1", "handoverInitiate", given, HANDED)


def item(answer, story: Story):
    return {"handoverId": answer["handover"]["id"], "certificateId": story.certificate_id}


def test_nobody_is_named_who_could_not_accept(bank: Bank):
    story = in_hand(bank)
    for login in (
        *("auditor-r", "legal-r", "approver-t2", "clerk-r", "rm-x", "supervisor-x", "keeper-x"),
        *("keeper-idle", "nobody"),
    ):
        assert codes(handed(bank, story, receiver=login)) == ["VALUE_INVALID"], login
    for desk in ("VX", "nowhere"):
        assert codes(handed(bank, story, desk=desk)) == ["VALUE_INVALID"], desk
    assert bank.certificate(story)["custodyState"] == "WITH_HANDLER"
    answer = handed(bank, story, receiver="supervisor-r")
    assert (codes(answer), answer["handover"]["desk"]) == ([], None)
    bank.done("supervisor-r", "handoverAcceptItem", item(answer, story))


def test_a_keeper_named_receives_for_the_vault_that_he_keeps_that_day(bank: Bank):
    story, later = in_hand(bank), in_hand(bank)
    bank.clock("2025-11-03T09:00:00+08:00")
    named_before = handed(bank, later, receiver="keeper-away")
    assert named_before["handover"]["desk"] == "V1"
    bank.done(
        "supervisor-r",
        "vaultAppointSubstitute",
        {
            "vault": "V1",
            "keeper": "keeper-away",
            "substitute": "clerk-r",
            "validFrom": "2025-11-04",
            "validTo": "2025-11-05",
        },
    )
    bank.clock("2025-11-04T09:00:00+08:00")
    refused = bank.error_code("keeper-away", "handoverAcceptItem", item(named_before, later))
    assert refused == "FORBIDDEN"
    assert codes(handed(bank, story, receiver="keeper-away")) == ["VALUE_INVALID"]
    answer = handed(bank, story, receiver="clerk-r")
    assert answer["handover"]["desk"] == "V1"
    bank.done("clerk-r", "handoverAcceptItem", item(answer, story))
    assert bank.certificate(story)["custodyState"] == "RECEIVED_PENDING_VAULT"
