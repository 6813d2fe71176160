"""The life of the paper through HTTP: collecting, handing over, vaulting under dual control."""

import pytest
from pymongo import MongoClient

from resolvers.context import Stores
from tests.api.test_verification import beside
from tests.client import (
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collected,
    loan_line,
    pdf,
    user_line,
    vault_plan,
)

PROPOSED = f"proposal {{ id expiresAt }} {REFUSALS}"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def electronic(bank: Bank) -> tuple[Story, str]:
    """An electronic certificate that is expected, and the version of its signed file."""
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, carrier="ELECTRONIC")
    story.cert_no = f"E-{story.n}"
    about = {"certificateId": story.certificate_id}
    return story, bank.upload("handler-1", story, "CERT_SCAN", pdf("signed"), **about)


def test_collecting_sets_what_follows_from_it(bank: Bank):
    story = bank.mortgage()
    bank.collect(story)
    assert bank.certificate(
        story, "custodyState legalState vaultDue certNoNorm holder { login } expectedBy"
    ) == {
        "custodyState": "WITH_HANDLER",
        "legalState": "REGISTERED",
        "vaultDue": "2025-06-25",
        "certNoNorm": f"粤(2025)广州市不动产证明第{story.n:08}号",
        "holder": {"login": "handler-1"},
        "expectedBy": "2025-06-11",
    }


def test_a_number_written_otherwise_is_the_same_number(bank: Bank):
    story, other = bank.mortgage(), bank.mortgage()
    bank.collect(story)
    other.certificate_id = bank.expect(other)
    other.cert_no = story.cert_no.replace("（", "(").replace("）", " ) ")
    assert codes(bank.do("handler-1", "certificateCollect", collected(other))) == ["DUPLICATE_CERT"]


def test_no_vault_before_an_accepted_scan_of_this_number(bank: Bank):
    story = bank.mortgage()
    bank.collect(story, pages=2)
    bank.hand_to_vault(story)
    plan = vault_plan(story)
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", plan)) == ["SCAN_MISSING"]
    for _ in range(2):  # one page of two, twice
        bank.scan(story)
        assert codes(bank.do("keeper-1", "certificateVaultInPropose", plan)) == ["SCAN_MISSING"]
    other = {"certificateId": story.certificate_id}
    second = bank.upload("handler-1", story, "CERT_SCAN", pdf(f"page 2 of {story.n}"), **other)
    bank.done("archivist-1", "fileAccept", {"fileVersionId": second})
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", plan)) == []


def test_the_stored_scan_is_read_again_when_the_second_keeper_confirms(bank: Bank, endpoints):
    story = bank.waiting()
    plan = vault_plan(story)
    proposed = bank.done(
        "keeper-1", "certificateVaultInPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    scan = bank.certificate(story, "scans { currentVersion { id } }")["scans"][0]
    of_it = {"_id": scan["currentVersion"]["id"]}

    async def overwritten(stores: Stores) -> str:
        version = await stores.mongo.database["file_versions"].find_one(of_it)
        assert version is not None
        key = version["object_key"]
        return await stores.objects.put_bytes(key, b"another page", mime="application/pdf")

    other = beside(endpoints, overwritten)
    with MongoClient(endpoints.mongo_url) as client:
        versions = client["lienkeeper"].file_versions
        as_it_was = versions.find_one(of_it)
        for rotten in (other, "no-such-version"):
            versions.update_one(of_it, {"$set": {"object_version_id": rotten}})
            refused = bank.do("keeper-2", "certificateVaultInConfirm", confirm)
            assert codes(refused) == ["SCAN_MISSING"]
            assert refused["refusals"][0]["ruleId"] == "CUS-03"
        versions.replace_one(of_it, as_it_was)
    bank.done("keeper-2", "certificateVaultInConfirm", confirm)


def test_a_scan_rejected_after_its_acceptance_keeps_the_paper_out(bank: Bank):
    bank.load(("User", user_line("archivist-2", "LC", ["ARCHIVIST"], [])))
    story = bank.mortgage()
    bank.collect(story)
    version_id = bank.scan(story)
    bank.hand_to_vault(story)
    rejected = {"fileVersionId": version_id, "reason": "the stamp cannot be read"}
    assert codes(bank.do("archivist-1", "fileReject", rejected)) == ["SOD_VIOLATION"]
    unsaid = {**rejected, "reason": " "}
    assert codes(bank.do("archivist-2", "fileReject", unsaid)) == ["VALUE_INVALID"]
    bank.done("archivist-2", "fileReject", rejected)
    refused = bank.do("keeper-1", "certificateVaultInPropose", vault_plan(story))
    assert codes(refused) == ["SCAN_MISSING"]
    again = bank.upload(
        "handler-1", story, "CERT_SCAN", pdf("clear"), certificateId=story.certificate_id
    )
    bank.done("archivist-1", "fileAccept", {"fileVersionId": again})
    bank.vault(story)


def test_dual_control_at_its_edges(bank: Bank):
    story = bank.waiting()
    plan = vault_plan(story)
    proposal = bank.done("keeper-1", "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "vaultIn": plan}
    same = bank.do("keeper-1", "certificateVaultInConfirm", confirm)
    assert codes(same) == ["DUAL_CONTROL_SAME_PERSON"]
    other = {**confirm, "vaultIn": {**plan, "slot": f"{story.n + 250:03}"}}
    changed = bank.do("keeper-2", "certificateVaultInConfirm", other)
    assert codes(changed) == ["PAYLOAD_CHANGED"]
    for name, wrong in (("slot", "no such slot"), ("vault", "another")):
        elsewhere = {"proposalId": proposal["id"], "vaultIn": {**plan, name: wrong}}
        told = bank.do("keeper-2", "certificateVaultInConfirm", elsewhere)
        assert codes(told)[0] == "PAYLOAD_CHANGED", told
    assert bank.error_code("handler-1", "certificateVaultInConfirm", confirm) == "FORBIDDEN"
    giver = bank.do("keeper-3", "certificateVaultInConfirm", confirm)
    assert codes(giver) == []  # keeper-3 received the paper; the handler gave it


def test_a_revoked_keeper_is_forbidden_and_a_late_one_expired(bank: Bank):
    story = bank.waiting()
    plan = vault_plan(story)
    proposal = bank.done("keeper-1", "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "vaultIn": plan}
    keeper = {"login": "keeper-2", "name": "keeper-2", "org": "LC", "vaults": ["V1"]}
    bank.load(("User", keeper))
    assert bank.error_code("keeper-2", "certificateVaultInConfirm", confirm) == "FORBIDDEN"
    bank.load(("User", {**keeper, "roles": [{"role": "VAULT_KEEPER"}]}))
    bank.clock("2025-06-20T10:30:01+08:00")
    late = bank.do("keeper-2", "certificateVaultInConfirm", confirm)
    assert codes(late) == ["PROPOSAL_EXPIRED"]
    bank.run_jobs()
    assert bank.certificate(story, "lock { id }")["lock"] is None
    bank.vault(story)


def test_an_expired_proposal_makes_room_for_the_next_at_once(bank: Bank):
    story = bank.waiting()
    plan = vault_plan(story)
    bank.done("keeper-1", "certificateVaultInPropose", plan)
    bank.clock("2025-06-20T10:30:01+08:00")
    proposal = bank.done("keeper-2", "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    bank.done(
        "keeper-1", "certificateVaultInConfirm", {"proposalId": proposal["id"], "vaultIn": plan}
    )
    move = {"packetNo": f"P{story.n:05}", "cabinet": "B", "slot": f"{story.n + 200:03}"}
    bank.done("keeper-1", "packetRelocatePropose", move)
    bank.clock("2025-06-20T11:30:01+08:00")
    assert codes(bank.do("keeper-1", "packetRelocatePropose", move)) == []


def test_the_last_second_is_in_time(bank: Bank):
    story = bank.waiting()
    plan = vault_plan(story)
    proposal = bank.done("keeper-1", "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    bank.clock("2025-06-20T10:30:00+08:00")
    confirm = {"proposalId": proposal["id"], "vaultIn": plan}
    assert codes(bank.do("keeper-2", "certificateVaultInConfirm", confirm)) == []


def test_a_held_certificate_and_a_used_seal(bank: Bank):
    story, other = bank.waiting(), bank.waiting()
    plan = vault_plan(story)
    bank.done("keeper-1", "certificateVaultInPropose", plan)
    again = bank.do("keeper-2", "certificateVaultInPropose", {**plan, "slot": "999"})
    assert codes(again) == ["OPEN_REQUEST_EXISTS"]
    bank.vault(other)
    third = bank.waiting()
    reused = vault_plan(third, sealNo=f"S{other.n:05}")
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", reused)) == ["SEAL_REUSED"]


def test_a_withdrawn_proposal_leaves_nothing(bank: Bank):
    story = bank.waiting()
    proposal = bank.done("keeper-1", "certificateVaultInPropose", vault_plan(story), PROPOSED)
    given = {"proposalId": proposal["proposal"]["id"]}
    assert bank.error_code("keeper-2", "proposalWithdraw", given) == "FORBIDDEN"
    bank.done("keeper-1", "proposalWithdraw", given)
    assert bank.certificate(story, "lock { id } custodyState") == {
        "lock": None,
        "custodyState": "RECEIVED_PENDING_VAULT",
    }
    bank.vault(story)


def expired(bank: Bank, story) -> None:
    """Nobody confirmed that the paper's packet goes to another slot, and the time is over."""
    move = {"packetNo": f"P{story.n:05}", "cabinet": "B", "slot": f"{story.n + 200:03}"}
    bank.done("keeper-1", "packetRelocatePropose", move)
    bank.clock("2025-06-20T10:31:00+08:00")


def test_a_proposal_that_expired_keeps_no_check_out_away(bank: Bank):
    story = bank.vaulted()
    expired(bank, story)
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "NON_LITIGATION_USE",
        "dueDate": "2025-07-01",
        "reason": "The registry wants to see it.",
    }
    bank.done("handler-1", "checkOutRequest", asked)
    assert bank.certificate(story, "lock { kind }") == {"lock": {"kind": "CHECK_OUT"}}


def test_a_case_that_is_opened_holds_the_paper_of_a_proposal_that_expired(bank: Bank):
    story = bank.vaulted()
    bank.settle(story)
    expired(bank, story)
    bank.open_case(story)
    held = bank.certificate(story, "lock { kind id }")["lock"]
    assert held == {"kind": "DEREGISTRATION", "id": story.case_id}


def test_an_electronic_filing_that_expired_is_proposed_anew(bank: Bank):
    story, version_id = electronic(bank)
    filing = {**collected(story), "fileVersionId": version_id}
    bank.done("handler-1", "certificateFileElectronicPropose", filing)
    again = bank.do("handler-2", "certificateFileElectronicPropose", filing)
    assert codes(again) == ["OPEN_REQUEST_EXISTS"]
    bank.clock("2025-06-20T10:31:00+08:00")
    bank.done("handler-2", "certificateFileElectronicPropose", filing)


def test_relocation_by_two_keepers(bank: Bank):
    story = bank.vaulted()
    move = {"packetNo": f"P{story.n:05}", "cabinet": "B", "slot": f"{story.n + 200:03}"}
    proposal = bank.done("keeper-1", "packetRelocatePropose", move, PROPOSED)["proposal"]
    bank.done(
        "keeper-2",
        "packetRelocateConfirm",
        {"proposalId": proposal["id"], "relocation": move},
    )
    assert bank.certificate(story, "place { cabinet slot }")["place"] == {
        "cabinet": "B",
        "slot": move["slot"],
    }


def test_a_handover_is_decided_paper_by_paper(bank: Bank):
    stories = [bank.mortgage() for _ in range(5)]
    for story in stories:
        bank.collect(story, pages=7)
    handed = bank.done(
        "handler-1",
        "handoverInitiate",
        {"certificateIds": [s.certificate_id for s in stories], "desk": "V1"},
        f"handover {{ id state dueOn }} {REFUSALS}",
    )["handover"]
    assert (handed["state"], handed["dueOn"]) == ("PENDING", "2025-06-23")
    assert bank.certificate(stories[0])["custodyState"] == "IN_TRANSIT"
    item = {"handoverId": handed["id"]}
    for story in stories[:4]:
        bank.done(
            "keeper-1",
            "handoverAcceptItem",
            {**item, "certificateId": story.certificate_id, "pages": 7},
        )
    last = {**item, "certificateId": stories[4].certificate_id}
    assert codes(bank.do("keeper-1", "handoverAcceptItem", {**last, "pages": 6})) == [
        "RETURN_MISMATCH"
    ]
    wrong = {"certNo": "another", **last}
    assert codes(bank.do("keeper-1", "handoverAcceptItem", wrong)) == ["RETURN_MISMATCH"]
    assert codes(bank.do("handler-1", "handoverAcceptItem", last)) == ["SOD_VIOLATION"]
    assert bank.error_code("handler-2", "handoverAcceptItem", last) == "FORBIDDEN"
    rejected = bank.done(
        "keeper-1",
        "handoverRejectItem",
        {**last, "reason": "6 pages, not 7"},
        f"handover {{ state }} {REFUSALS}",
    )
    assert rejected["handover"]["state"] == "PARTIAL"
    assert bank.certificate(stories[0])["custodyState"] == "RECEIVED_PENDING_VAULT"
    back = bank.certificate(stories[4], "custodyState holder { login }")
    assert back == {"custodyState": "WITH_HANDLER", "holder": {"login": "handler-1"}}


def test_a_giver_recalls_what_nobody_accepted(bank: Bank):
    story = bank.mortgage()
    bank.collect(story)
    given = {"certificateIds": [story.certificate_id], "receiver": "handler-2"}
    handed = bank.done("handler-1", "handoverInitiate", given, f"handover {{ id }} {REFUSALS}")[
        "handover"
    ]
    assert codes(bank.do("handler-1", "handoverInitiate", given)) == ["STATE_CONFLICT"]
    recall = {"handoverId": handed["id"], "reason": "wrong receiver"}
    assert bank.error_code("handler-2", "handoverRecall", recall) == "FORBIDDEN"
    recalled = bank.done("handler-1", "handoverRecall", recall, f"handover {{ state }} {REFUSALS}")
    assert recalled["handover"]["state"] == "RECALLED"
    assert codes(bank.do("handler-1", "handoverRecall", recall)) == ["STATE_CONFLICT"]
    assert bank.error_code("handler-2", "handoverInitiate", given) == "FORBIDDEN"
    own = {**given, "receiver": "handler-1"}
    assert codes(bank.do("handler-1", "handoverInitiate", own)) == ["SOD_VIOLATION"]


def test_nobody_vaults_what_he_once_gave_though_others_gave_it_after_him(bank: Bank):
    bank.load(("User", user_line("both-1", "LC", ["CERT_HANDLER", "VAULT_KEEPER"], ["V1"])))
    story = bank.mortgage()
    story.certificate_id, story.cert_no = bank.expect(story), f"chain-{story.n}"
    bank.done("both-1", "certificateCollect", collected(story))
    bank.scan(story)
    given = {"certificateIds": [story.certificate_id], "receiver": "handler-1"}
    select = f"handover {{ id }} {REFUSALS}"
    handed = bank.done("both-1", "handoverInitiate", given, select)["handover"]
    item = {"handoverId": handed["id"], "certificateId": story.certificate_id}
    bank.done("handler-1", "handoverAcceptItem", item)
    bank.hand_to_vault(story)
    plan = vault_plan(story)
    refused = bank.do("both-1", "certificateVaultInPropose", plan)
    assert codes(refused) == ["SOD_VIOLATION"]
    proposal = bank.done("keeper-1", "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "vaultIn": plan}
    assert codes(bank.do("both-1", "certificateVaultInConfirm", confirm)) == ["SOD_VIOLATION"]
    bank.done("keeper-2", "certificateVaultInConfirm", confirm)


def test_an_electronic_certificate_is_filed_by_two_and_never_moved(bank: Bank):
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, carrier="ELECTRONIC")
    story.cert_no = f"E-{story.n}"
    version_id = bank.upload(
        "handler-1",
        story,
        "CERT_SCAN",
        b"%PDF-1.4\n" + b"1 0 obj\n<< /Type /Catalog >>\nendobj\n"
        b"trailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
        certificateId=story.certificate_id,
    )
    filing = {**collected(story), "fileVersionId": version_id}
    assert codes(bank.do("handler-1", "certificateCollect", collected(story))) == [
        "ELECTRONIC_CERT"
    ]
    for strange in (
        bank.upload("handler-1", story, "CERT_SCAN", pdf("else"), certificateId=bank.expect(story)),
        bank.upload("handler-1", story, "EVIDENCE", pdf("a letter")),
    ):
        other = {**filing, "fileVersionId": strange}
        assert codes(bank.do("handler-1", "certificateFileElectronicPropose", other)) == [
            "SCAN_MISSING"
        ]
    proposal = bank.done("handler-1", "certificateFileElectronicPropose", filing, PROPOSED)[
        "proposal"
    ]
    confirm = {"proposalId": proposal["id"], "filing": filing}
    assert codes(bank.do("handler-1", "certificateFileElectronicConfirm", confirm)) == [
        "DUAL_CONTROL_SAME_PERSON"
    ]
    for change in ({"rightHolder": "another"}, {"rank": 2}, {"expiresOn": "2030-01-01"}):
        other = {"proposalId": proposal["id"], "filing": {**filing, **collected(story, **change)}}
        told = bank.do("archivist-1", "certificateFileElectronicConfirm", other)
        assert codes(told) == ["PAYLOAD_CHANGED"], change
    bank.done("archivist-1", "certificateFileElectronicConfirm", confirm)
    assert bank.certificate(story)["custodyState"] == "ELECTRONIC_ON_FILE"
    given = {"certificateIds": [story.certificate_id], "receiver": "handler-2"}
    assert "ELECTRONIC_CERT" in codes(bank.do("handler-1", "handoverInitiate", given))
    early = {"certificateId": story.certificate_id}
    assert codes(bank.do("handler-1", "certificateCancelElectronic", early)) == ["STATE_CONFLICT"]


def test_an_electronic_certificate_is_not_filed_on_what_was_rejected_meanwhile(bank: Bank):
    story, version_id = electronic(bank)
    filing = {**collected(story), "fileVersionId": version_id}
    proposal = bank.done("handler-1", "certificateFileElectronicPropose", filing, PROPOSED)[
        "proposal"
    ]
    rejected = {"fileVersionId": version_id, "reason": "the signature does not verify"}
    bank.done("archivist-1", "fileReject", rejected)
    confirm = {"proposalId": proposal["id"], "filing": filing}
    told = bank.do("archivist-1", "certificateFileElectronicConfirm", confirm)
    assert codes(told) == ["SCAN_MISSING"]


def test_a_frozen_vault_moves_nothing(bank: Bank):
    story = bank.waiting()
    vault = {"code": "V1", "name": "Vault", "org": "LC", "cabinets": []}
    bank.load(("Vault", {**vault, "status": "FROZEN_FOR_COUNT"}))
    try:
        refused = bank.do("keeper-1", "certificateVaultInPropose", vault_plan(story))
        assert codes(refused) == ["VAULT_FROZEN"]
    finally:
        bank.load(("Vault", vault))


def test_the_first_keepers_parts_are_asked_again_at_the_confirmation(bank: Bank):
    story = bank.waiting()
    plan = vault_plan(story)
    proposed = bank.done(
        "keeper-1", "certificateVaultInPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    bank.load(("Loan", loan_line(story, managers=["keeper-1"])))
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    refused = bank.do("keeper-2", "certificateVaultInConfirm", confirm)
    assert codes(refused) == ["SOD_VIOLATION"]
    assert bank.certificate(story, "custodyState")["custodyState"] == "RECEIVED_PENDING_VAULT"
    bank.load(("Loan", loan_line(story)))
    bank.done("keeper-2", "certificateVaultInConfirm", confirm)
