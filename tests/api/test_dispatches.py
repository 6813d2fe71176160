"""A packet from vault to vault through HTTP: two keepers and two escorts, two keepers there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, vault_plan

PROPOSED = f"proposal {{ id }} {REFUSALS}"
TOLD = (
    "dispatch { id no state fromVault toVault packetNo sealNo escorts sentBy dueOn sealIntact"
    f" receivedBy isLate certificates {{ id }} }} {REFUSALS}"
)
ESCORTS = ["archivist-1", "handler-2"]


@pytest.fixture(autouse=True)
def other_vault(bank: Bank):
    """A second vault, of the branch, with two keepers of its own."""
    slots = [f"{number:03}" for number in range(1, 400)]
    keeper = {"org": "T2", "roles": [{"role": "VAULT_KEEPER"}], "vaults": ["V2"]}
    bank.load(
        (
            "Vault",
            {
                "code": "V2",
                "name": "Branch vault",
                "org": "T2",
                "cabinets": [{"cabinet": "Z", "slots": slots}],
            },
        ),
        ("User", {"login": "keeper-v2a", "name": "a", **keeper}),
        ("User", {"login": "keeper-v2b", "name": "b", **keeper}),
    )
    yield
    bank.clock(NOON)


def sending(story: Story, **changes: Any) -> dict[str, Any]:
    return {"packetNo": f"P{story.n:05}", "toVault": "V2", "escorts": ESCORTS, **changes}


def propose(bank: Bank, given: dict[str, Any], login: str = "keeper-1") -> str:
    return bank.done(login, "packetDispatchPropose", given, PROPOSED)["proposal"]["id"]


def sent(bank: Bank, story: Story) -> dict[str, Any]:
    """On its way from V1 to V2."""
    given = sending(story)
    confirm = {"proposalId": propose(bank, given), "dispatch": given}
    return bank.done("keeper-2", "packetDispatchConfirm", confirm, TOLD)["dispatch"]


def arriving(story: Story, dispatch: dict[str, Any], **changes: Any) -> dict[str, Any]:
    seal = {"sealNo": f"S{story.n:05}", "sealIntact": True}
    return {"dispatchId": dispatch["id"], **seal, **changes}


def received(bank: Bank, given: dict[str, Any]) -> dict[str, Any]:
    proposed = bank.done("keeper-v2a", "dispatchReceivePropose", given, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "receipt": given}
    return bank.done("keeper-v2b", "dispatchReceiveConfirm", confirm, TOLD)["dispatch"]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


def test_a_packet_goes_to_another_vault_and_is_put_in_there(bank: Bank):
    story = bank.vaulted()
    given = sending(story)
    proposal_id = propose(bank, given)
    assert bank.certificate(story, "custodyState lock { kind }") == {
        "custodyState": "IN_VAULT",
        "lock": {"kind": "VAULT_PROPOSAL"},
    }
    dispatch = bank.done(
        "keeper-2", "packetDispatchConfirm", {"proposalId": proposal_id, "dispatch": given}, TOLD
    )["dispatch"]
    assert {name: dispatch[name] for name in ("state", "fromVault", "toVault", "sealNo")} == {
        "state": "UNDER_WAY",
        "fromVault": "V1",
        "toVault": "V2",
        "sealNo": f"S{story.n:05}",
    }
    assert (dispatch["dueOn"], dispatch["isLate"]) == ("2025-06-27", False)
    assert dispatch["certificates"] == [{"id": story.certificate_id}]
    assert bank.certificate(story, "custodyState place { slot } lock { id } holder { desk }") == {
        "custodyState": "IN_TRANSIT",
        "place": None,
        "lock": None,
        "holder": {"desk": "V1"},
    }
    under_way = bank.query("keeper-v2a", '{ dispatches(vault: "V2") { id } }')["dispatches"]
    assert {"id": dispatch["id"]} in under_way
    arrived = received(bank, arriving(story, dispatch))
    assert (arrived["state"], arrived["sealIntact"]) == ("RECEIVED", True)
    assert arrived["receivedBy"] == ["keeper-v2a", "keeper-v2b"]
    assert bank.certificate(story, "custodyState holder { desk }") == {
        "custodyState": "RECEIVED_PENDING_VAULT",
        "holder": {"desk": "V2"},
    }
    plan = vault_plan(
        story, vault="V2", cabinet="Z", slot=f"{story.n:03}", sealNo=f"S{story.n:05}-V2"
    )
    proposed = bank.done("keeper-v2a", "certificateVaultInPropose", plan, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    bank.done("keeper-v2b", "certificateVaultInConfirm", confirm)
    assert bank.certificate(story, "custodyState place { vault }") == {
        "custodyState": "IN_VAULT",
        "place": {"vault": "V2"},
    }
    ledger = bank.certificate(story, "events { type operators { login } sealNo }")["events"]
    assert [event["type"] for event in ledger[-3:]] == [
        "DISPATCH",
        "RECEIVE_DISPATCHED",
        "VAULT_IN",
    ]
    assert [o["login"] for o in ledger[-3]["operators"]] == ["keeper-1", "keeper-2"]


def test_the_slot_is_free_once_the_packet_has_left(bank: Bank):
    story = bank.vaulted()
    sent(bank, story)
    answer = bank.query("auditor", '{ vault(code: "V1") { slots(limit: 100) { slot packetNos } } }')
    full = {no for one in answer["vault"]["slots"] for no in one["packetNos"]}
    assert f"P{story.n:05}" not in full
    other = bank.waiting()
    bank.vault(other, vault_plan(other, slot=f"{story.n:03}"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"escorts": ["archivist-1"]}, ["VALUE_INVALID"]),
        ({"escorts": ["archivist-1", "archivist-1"]}, ["VALUE_INVALID"]),
        ({"escorts": ["archivist-1", "nobody"]}, ["VALUE_INVALID"]),
        ({"escorts": ["archivist-1", "keeper-1"]}, ["SOD_VIOLATION"]),
        ({"toVault": "V1"}, ["VALUE_INVALID"]),
        ({"toVault": "V9"}, ["VALUE_INVALID"]),
    ],
)
def test_what_keeps_a_packet_from_leaving(bank: Bank, changes, expected):
    story = bank.vaulted()
    refused = bank.do("keeper-1", "packetDispatchPropose", sending(story, **changes))
    assert codes(refused) == expected
    assert bank.certificate(story, "custodyState lock { id }") == {
        "custodyState": "IN_VAULT",
        "lock": None,
    }


def test_an_escort_never_confirms_and_a_foreign_keeper_may_not_propose(bank: Bank):
    story = bank.vaulted()
    given = sending(story, escorts=["archivist-1", "keeper-3"])
    confirm = {"proposalId": propose(bank, given), "dispatch": given}
    assert codes(bank.do("keeper-3", "packetDispatchConfirm", confirm)) == ["SOD_VIOLATION"]
    assert codes(bank.do("keeper-1", "packetDispatchConfirm", confirm)) == [
        "DUAL_CONTROL_SAME_PERSON"
    ]
    other = {**confirm, "dispatch": {**given, "escorts": ESCORTS}}
    assert codes(bank.do("keeper-2", "packetDispatchConfirm", other)) == ["PAYLOAD_CHANGED"]
    assert bank.error_code("keeper-v2a", "packetDispatchConfirm", confirm) == "FORBIDDEN"
    bank.clock("2025-06-20T10:30:01+08:00")
    assert codes(bank.do("keeper-2", "packetDispatchConfirm", confirm)) == ["PROPOSAL_EXPIRED"]
    bank.run_jobs()
    assert bank.certificate(story, "lock { id }")["lock"] is None


@pytest.mark.parametrize("scope", ["CERTIFICATE", "COLLATERAL"])
def test_a_hold_placed_after_the_proposal_keeps_the_packet_in(bank: Bank, scope):
    story = bank.vaulted()
    given = sending(story)
    confirm = {"proposalId": propose(bank, given), "dispatch": given}
    target = story.certificate_id if scope == "CERTIFICATE" else story.collateral_no
    hold = {
        "no": f"LH-D-{story.n}",
        "scope": scope,
        "target": target,
        "reason": "LITIGATION",
        "placed_at": NOON,
        "org": "T2",
    }
    bank.load(("LegalHold", hold))
    refused = bank.do("keeper-2", "packetDispatchConfirm", confirm)
    assert [(r["code"], r["ruleId"]) for r in refused["refusals"]] == [("LEGAL_HOLD", "CUS-24")]
    bank.load(("LegalHold", {**hold, "released_at": NOON}))
    assert codes(bank.do("keeper-2", "packetDispatchConfirm", confirm)) == []


def test_a_paper_that_a_case_holds_stays(bank: Bank):
    story = bank.vaulted()
    bank.settle(story)
    bank.open_case(story)
    refused = bank.do("keeper-1", "packetDispatchPropose", sending(story))
    assert codes(refused) == ["OPEN_REQUEST_EXISTS"]


def test_whoever_proposed_and_lost_the_vault_does_not_count(bank: Bank):
    story = bank.vaulted()
    given = sending(story)
    confirm = {"proposalId": propose(bank, given, "keeper-3"), "dispatch": given}
    keeper = {
        "login": "keeper-3",
        "name": "keeper-3",
        "org": "LC",
        "roles": [{"role": "VAULT_KEEPER"}],
        "vaults": ["V1"],
    }
    bank.load(("User", {**keeper, "vaults": []}))
    try:
        assert bank.error_code("keeper-2", "packetDispatchConfirm", confirm) == "FORBIDDEN"
    finally:
        bank.load(("User", keeper))


def test_a_broken_seal_is_an_incident_and_the_papers_are_taken_in(bank: Bank):
    story = bank.vaulted()
    dispatch = sent(bank, story)
    arrived = received(bank, arriving(story, dispatch, sealIntact=False))
    assert (arrived["state"], arrived["sealIntact"]) == ("RECEIVED", False)
    assert bank.certificate(story)["custodyState"] == "RECEIVED_PENDING_VAULT"
    incidents = bank.query("auditor", "{ incidents { kind subject severity } }")["incidents"]
    own = [one for one in incidents if one["subject"] == story.certificate_id]
    assert own == [{"kind": "SEAL_BROKEN", "subject": story.certificate_id, "severity": "ORANGE"}]


def test_another_number_on_the_seal_is_a_broken_seal(bank: Bank):
    story = bank.vaulted()
    dispatch = sent(bank, story)
    assert received(bank, arriving(story, dispatch, sealNo="S-OTHER"))["sealIntact"] is False


def two_in_one_packet(bank: Bank) -> tuple[Story, str]:
    """A story whose packet also holds the owner's paper of the same contract."""
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    story.cert_no = f"TITLE-{story.n}"
    paper = {
        "certificateId": story.certificate_id,
        "paper": {
            "certNo": story.cert_no,
            "issuer": "registry",
            "issueDate": "2025-06-01",
            "rightHolder": "owner",
            "rightAmount": None,
            "pages": 1,
        },
    }
    bank.done("handler-1", "certificateCollect", paper)
    bank.scan(story)
    bank.hand_to_vault(story)
    first = story.certificate_id
    bank.collect(story)
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story, vault_plan(story, certificateIds=[story.certificate_id, first]))
    return story, first


def test_a_paper_that_is_not_inside_stays_on_its_way(bank: Bank):
    story, other = two_in_one_packet(bank)
    dispatch = sent(bank, story)
    given = arriving(story, dispatch, missingCertificateIds=[other])
    every = arriving(story, dispatch, missingCertificateIds=[other, story.certificate_id])
    assert codes(bank.do("keeper-v2a", "dispatchReceivePropose", every)) == ["VALUE_INVALID"]
    assert received(bank, given)["state"] == "INCOMPLETE"
    assert bank.certificate(story)["custodyState"] == "RECEIVED_PENDING_VAULT"
    story.certificate_id = other
    left = bank.certificate(story, "custodyState holder { desk } lock { id }")
    assert left == {"custodyState": "IN_TRANSIT", "holder": {"desk": "V1"}, "lock": None}
    incidents = bank.query("auditor", "{ incidents { kind subject } }")["incidents"]
    assert {"kind": "SUSPECTED_LOSS", "subject": other} in incidents
    assert received(bank, arriving(story, dispatch))["state"] == "RECEIVED"
    incidents = bank.query("auditor", "{ incidents { kind subject } }")["incidents"]
    assert {"kind": "SUSPECTED_LOSS", "subject": other} not in incidents
    assert codes(bank.do("keeper-v2a", "dispatchReceivePropose", given)) == ["STATE_CONFLICT"]


def test_no_vault_waits_for_a_paper_that_was_lost_on_the_way(bank: Bank):
    supervisor = {"roles": [{"role": "VAULT_SUPERVISOR"}], "org": "LC"}
    bank.load(("User", {"login": "supervisor-lost", "name": "s", **supervisor}))
    story = bank.vaulted()
    dispatch = sent(bank, story)
    report = {
        "certificateId": story.certificate_id,
        "discoveredOn": "2025-06-20",
        "reason": "the van was robbed",
    }
    bank.done("supervisor-lost", "incidentReport", report)
    lost = {"certificateId": story.certificate_id, "accountability": "the escorts"}
    bank.done("approver-t2", "certificateConfirmLost", lost)
    query = '{ dispatches(vault: "V2", openOnly: %s) { id state isLate lostIds } }'
    bank.clock("2025-07-20T10:00:00+08:00")
    told = {one["id"]: one for one in bank.query("auditor", query % "false")["dispatches"]}
    assert told[dispatch["id"]] == {
        "id": dispatch["id"],
        "state": "LOST",
        "isLate": False,
        "lostIds": [story.certificate_id],
    }
    waiting = bank.query("auditor", query % "true")["dispatches"]
    assert dispatch["id"] not in [one["id"] for one in waiting]


def test_neither_sender_nor_escort_receives(bank: Bank):
    story = bank.vaulted()
    both = {
        "login": "keeper-both",
        "name": "both",
        "org": "T2",
        "roles": [{"role": "VAULT_KEEPER"}],
        "vaults": ["V1", "V2"],
    }
    bank.load(("User", both))
    given = sending(story, escorts=["archivist-1", "keeper-v2b"])
    confirm = {"proposalId": propose(bank, given, "keeper-both"), "dispatch": given}
    dispatch = bank.done("keeper-2", "packetDispatchConfirm", confirm, TOLD)["dispatch"]
    seen = arriving(story, dispatch)
    for login in ("keeper-both", "keeper-v2b"):
        assert codes(bank.do(login, "dispatchReceivePropose", seen)) == ["SOD_VIOLATION"]
    assert bank.error_code("keeper-1", "dispatchReceivePropose", seen) == "FORBIDDEN"


def test_a_sender_does_not_put_in_what_he_sent(bank: Bank):
    story = bank.vaulted()
    both = {
        "login": "keeper-both",
        "name": "both",
        "org": "T2",
        "roles": [{"role": "VAULT_KEEPER"}],
        "vaults": ["V1", "V2"],
    }
    bank.load(("User", both))
    given = sending(story)
    confirm = {"proposalId": propose(bank, given, "keeper-both"), "dispatch": given}
    dispatch = bank.done("keeper-2", "packetDispatchConfirm", confirm, TOLD)["dispatch"]
    received(bank, arriving(story, dispatch))
    plan = vault_plan(story, vault="V2", cabinet="Z", slot="399", sealNo=f"S{story.n:05}-V2")
    assert codes(bank.do("keeper-both", "certificateVaultInPropose", plan)) == ["SOD_VIOLATION"]


def test_ten_confirmations_of_one_dispatch_leave_one_winner(bank: Bank):
    story = bank.vaulted()
    given = sending(story)
    confirm = {"proposalId": propose(bank, given), "dispatch": given}
    answers = at_once(*[lambda: bank.do("keeper-2", "packetDispatchConfirm", confirm)] * 10)
    assert [codes(answer) for answer in answers].count([]) == 1
    assert all("STATE_CONFLICT" in codes(answer) for answer in answers if codes(answer))
    events = bank.certificate(story, "events { type }")["events"]
    assert [event["type"] for event in events].count("DISPATCH") == 1


def test_a_dispatch_and_a_relocation_of_one_packet_never_both_begin(bank: Bank):
    story = bank.vaulted()
    move = {"packetNo": f"P{story.n:05}", "cabinet": "B", "slot": f"{story.n + 150:03}"}
    answers = at_once(
        lambda: bank.do("keeper-1", "packetDispatchPropose", sending(story)),
        lambda: bank.do("keeper-2", "packetRelocatePropose", move),
    )
    assert sorted(codes(answer) for answer in answers) == [[], ["OPEN_REQUEST_EXISTS"]]
