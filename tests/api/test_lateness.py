"""What is on its way for too long, through HTTP: both sides' supervisors are told, once."""

from typing import Any

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, vault_plan

HANDED = f"handover {{ id no dueOn }} {REFUSALS}"
PROPOSED = f"proposal {{ id }} {REFUSALS}"


@pytest.fixture(autouse=True)
def supervised(bank: Bank):
    """A supervisor of each side, and a vault on the far side with keepers of its own."""
    lent = {"role": "CERT_HANDLER", "org": "LC"}
    far = {"code": "VX", "name": "far", "org": "T2X"}
    keeper = {"org": "T2X", "roles": [{"role": "VAULT_KEEPER"}], "vaults": ["VX"]}
    bank.load(
        ("Vault", {**far, "cabinets": [{"cabinet": "Z", "slots": ["001"]}]}),
        ("User", _supervisor("near", "LC")),
        ("User", _supervisor("far", "T2X")),
        ("User", {"login": "keeper-x", "name": "x", **keeper}),
        ("User", {"login": "late-lent", "name": "x", "org": "T2X", "roles": [lent]}),
    )
    yield
    bank.clock(NOON)


def _supervisor(name: str, org: str) -> dict[str, Any]:
    role = {"roles": [{"role": "VAULT_SUPERVISOR"}]}
    return {"login": f"late-{name}", "name": name, "org": org, **role}


def on(bank: Bank, moment: str) -> None:
    bank.clock(moment)
    bank.run_jobs()
    bank.run_jobs()


def alerts(bank: Bank, subject: str, login: str = "auditor") -> list[dict[str, Any]]:
    """Open ones about it that are meant for the person; all for an auditor."""
    found = bank.query(
        login,
        "query($f: AlertFilter) { alerts(filter: $f, first: 100) {"
        " nodes { kind subjectKind dueOn raisedOn orgCode reason } } }",
        f={"subject": subject, "mine": login != "auditor"},
    )
    return found["alerts"]["nodes"]


def handed(bank: Bank, story: Story, **to: Any) -> dict[str, Any]:
    given = {"certificateIds": [story.certificate_id], **to}
    return bank.done("handler-1", "handoverInitiate", given, HANDED)["handover"]


def held(bank: Bank) -> Story:
    story = bank.mortgage()
    bank.collect(story)
    return story


def test_a_handover_that_nobody_accepts_in_time_is_told_to_both_supervisors_once(bank: Bank):
    story = held(bank)
    handover = handed(bank, story, receiver="late-lent", sameCity=False)
    assert handover["dueOn"] == "2025-06-25"
    on(bank, "2025-06-25T23:59:00+08:00")
    assert alerts(bank, handover["id"]) == []
    on(bank, "2025-06-26T00:01:00+08:00")
    on(bank, "2025-06-27T09:00:00+08:00")
    told = alerts(bank, handover["id"])
    assert sorted(one["orgCode"] for one in told) == ["LC", "T2X"]
    for one in told:
        assert (one["kind"], one["subjectKind"]) == ("HANDOVER", "HANDOVER")
        assert (one["dueOn"], one["raisedOn"]) == ("2025-06-25", "2025-06-26")
        assert handover["no"] in one["reason"]
    assert [one["orgCode"] for one in alerts(bank, handover["id"], "late-near")] == ["LC"]
    assert [one["orgCode"] for one in alerts(bank, handover["id"], "late-far")] == ["T2X"]
    assert alerts(bank, handover["id"], "keeper-1") == []


def test_one_supervisor_of_both_sides_is_told_once(bank: Bank):
    story = held(bank)
    handover = handed(bank, story, desk="V1")
    assert handover["dueOn"] == "2025-06-23"
    on(bank, "2025-06-24T00:01:00+08:00")
    assert len(alerts(bank, handover["id"])) == 1
    assert len(alerts(bank, handover["id"], "late-near")) == 1


def test_what_was_accepted_or_recalled_in_time_is_told_to_nobody(bank: Bank):
    accepted, recalled = held(bank), held(bank)
    first, second = handed(bank, accepted, desk="V1"), handed(bank, recalled, desk="V1")
    item = {"handoverId": first["id"], "certificateId": accepted.certificate_id}
    bank.done("keeper-3", "handoverAcceptItem", item)
    bank.done("handler-1", "handoverRecall", {"handoverId": second["id"], "reason": "wrong"})
    on(bank, "2025-06-30T09:00:00+08:00")
    assert alerts(bank, first["id"]) == alerts(bank, second["id"]) == []


def test_a_packet_that_does_not_arrive_in_time_is_told_to_both_vaults_supervisors(bank: Bank):
    root = {"code": "VTOP", "name": "head", "org": "T1"}
    bank.load(
        ("Vault", {**root, "cabinets": [{"cabinet": "Z", "slots": ["001"]}]}),
        ("User", _supervisor("root", "T1")),
    )
    story = bank.vaulted()
    given = {"packetNo": vault_plan(story)["packetNo"], "toVault": "VTOP"}
    given["escorts"] = ["archivist-1", "handler-2"]
    proposal = bank.done("keeper-1", "packetDispatchPropose", given, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "dispatch": given}
    shown = f"dispatch {{ id no dueOn }} {REFUSALS}"
    dispatch = bank.done("keeper-2", "packetDispatchConfirm", confirm, shown)["dispatch"]
    assert dispatch["dueOn"] == "2025-06-27"
    on(bank, "2025-06-27T23:59:00+08:00")
    assert alerts(bank, dispatch["id"]) == []
    on(bank, "2025-06-28T00:01:00+08:00")
    on(bank, "2025-06-30T09:00:00+08:00")
    told = alerts(bank, dispatch["id"])
    assert sorted(one["orgCode"] for one in told) == ["LC", "T1"]
    assert {one["kind"] for one in told} == {"DISPATCH"}
    assert len(alerts(bank, dispatch["id"], "late-near")) == 1
