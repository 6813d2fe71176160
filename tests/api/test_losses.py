"""A lost paper through HTTP: reported, found again, or given up and reissued."""

import pytest

from tests.api.counting import SUPERVISOR, Room, a_room
from tests.api.test_races import at_once
from tests.api.test_verification import found as findings
from tests.client import NOON, REFUSALS, Bank, Story, codes, collected

PROPOSED = f"proposal {{ id }} {REFUSALS}"
INCIDENT = f"incident {{ kind reportedBy discoveredAt reportedAt accountability }} {REFUSALS}"
REISSUED = (
    "certificate { id custodyState legalState supersedes priorityDate holder { login } vaultDue"
    " events { type fromState toState } } replaced { custodyState legalState supersededBy }"
    f" {REFUSALS}"
)


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def missing(bank: Bank) -> tuple[Room, Story]:
    """A paper that a count did not find and the supervisor gave up at once."""
    room = a_room(bank).filled(1).open().counted()
    room.finalise()
    assert codes(room.on("stocktakeMarkMissing", 1)) == []
    return room, room.stories[0]


def reported(bank: Bank, story: Story, on: str = "2025-06-20") -> None:
    given = {
        "certificateId": story.certificate_id,
        "discoveredOn": on,
        "reason": "not in the drawer",
    }
    bank.done(SUPERVISOR, "incidentReport", given)


def confirm_lost(bank: Bank, story: Story, login: str = "approver-t2", **more: str):
    given = {"certificateId": story.certificate_id, "accountability": "handler-1", **more}
    return bank.do(login, "certificateConfirmLost", given)


def open_incidents(bank: Bank, story: Story) -> list[str]:
    found = bank.query("auditor", "{ incidents { subject kind } }")["incidents"]
    return [one["kind"] for one in found if one["subject"] == story.certificate_id]


def test_a_missing_paper_is_found_by_two_keepers_and_goes_back_in(bank: Bank):
    room, story = missing(bank)
    keeper, other = room.keepers
    found = {
        "certificateId": story.certificate_id,
        "vault": room.code,
        "certNo": story.cert_no,
        "pages": 1,
    }
    for wrong in ({"certNo": "another"}, {"pages": 2}):
        refused = bank.do(keeper, "certificateFoundPropose", {**found, **wrong})
        assert codes(refused) == ["RETURN_MISMATCH"]
    assert bank.error_code("keeper-1", "certificateFoundPropose", found) == "FORBIDDEN"
    proposal = bank.done(keeper, "certificateFoundPropose", found, PROPOSED)["proposal"]
    assert bank.certificate(story)["custodyState"] == "MISSING"
    confirm = {"proposalId": proposal["id"], "found": found}
    same = bank.do(keeper, "certificateFoundConfirm", confirm)
    assert codes(same) == ["DUAL_CONTROL_SAME_PERSON"]
    changed = {**confirm, "found": {**found, "pages": 2}}
    assert set(codes(bank.do(other, "certificateFoundConfirm", changed))) == {
        "PAYLOAD_CHANGED",
        "RETURN_MISMATCH",
    }
    answers = at_once(*[lambda: bank.do(other, "certificateFoundConfirm", confirm)] * 5)
    assert [codes(answer) for answer in answers].count([]) == 1
    after = bank.certificate(story, "custodyState lock { id } holder { login desk }")
    assert after == {
        "custodyState": "RECEIVED_PENDING_VAULT",
        "lock": None,
        "holder": {"login": other, "desk": room.code},
    }
    assert open_incidents(bank, story) == []
    bank.vault(story, room.plan(story, sealNo=f"F{story.n:05}"), keepers=room.keepers)
    assert bank.certificate(story)["custodyState"] == "IN_VAULT"


def test_a_paper_that_a_receiver_has_in_his_hands_is_missed_no_more(bank: Bank):
    story = bank.mortgage()
    bank.collect(story)
    reported(bank, story)
    assert open_incidents(bank, story) == ["SUSPECTED_LOSS"]
    bank.hand_to_vault(story)
    assert open_incidents(bank, story) == []


def test_a_finding_that_nobody_confirmed_is_proposed_anew(bank: Bank):
    room, story = missing(bank)
    found = {
        "certificateId": story.certificate_id,
        "vault": room.code,
        "certNo": story.cert_no,
        "pages": 1,
    }
    bank.done(room.keepers[0], "certificateFoundPropose", found)
    again = bank.do(room.keepers[1], "certificateFoundPropose", found)
    assert codes(again) == ["OPEN_REQUEST_EXISTS"]
    bank.clock("2025-06-20T10:31:00+08:00")
    bank.done(room.keepers[1], "certificateFoundPropose", found)


def test_a_scan_rejected_between_the_halves_keeps_a_found_paper_missing(bank: Bank):
    room, story = missing(bank)
    found = {
        "certificateId": story.certificate_id,
        "vault": room.code,
        "certNo": story.cert_no,
        "pages": 1,
    }
    proposal = bank.done(room.keepers[0], "certificateFoundPropose", found, PROPOSED)["proposal"]
    scans = bank.certificate(story, "scans { id }")["scans"]
    newer = bank.upload(
        "handler-1",
        story,
        "CERT_SCAN",
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
        b"trailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
        certificateId=story.certificate_id,
        fileId=scans[0]["id"],
        reason="clearer",
    )
    bank.done("archivist-1", "fileReject", {"fileVersionId": newer, "reason": "blank"})
    confirm = {"proposalId": proposal["id"], "found": found}
    answer = bank.do(room.keepers[1], "certificateFoundConfirm", confirm)
    assert codes(answer) == ["SCAN_MISSING"]
    assert bank.certificate(story)["custodyState"] == "MISSING"


def test_a_loss_is_reported_by_the_supervisor_and_confirmed_by_the_branch(bank: Bank):
    a_room(bank)
    story = bank.mortgage()
    bank.collect(story)
    given = {"certificateId": story.certificate_id, "discoveredOn": "2025-06-20", "reason": "theft"}
    assert bank.error_code("handler-1", "incidentReport", given) == "FORBIDDEN"
    assert codes(confirm_lost(bank, story)) == ["VALUE_INVALID"]
    tomorrow = {**given, "discoveredOn": "2025-06-21"}
    assert codes(bank.do(SUPERVISOR, "incidentReport", tomorrow)) == ["VALUE_INVALID"]
    told = bank.done(SUPERVISOR, "incidentReport", given, INCIDENT)["incident"]
    assert (told["kind"], told["reportedBy"]) == ("SUSPECTED_LOSS", SUPERVISOR)
    assert codes(bank.do(SUPERVISOR, "incidentReport", given)) == ["STATE_CONFLICT"]
    assert codes(confirm_lost(bank, story, "approver-lc")) == ["APPROVAL_LEVEL"]
    assert (
        bank.error_code(
            SUPERVISOR,
            "certificateConfirmLost",
            {"certificateId": story.certificate_id, "accountability": "x"},
        )
        == "FORBIDDEN"
    )
    answers = at_once(*[lambda: confirm_lost(bank, story)] * 5)
    assert [codes(answer) for answer in answers].count([]) == 1
    assert bank.certificate(story, "custodyState holder { login }") == {
        "custodyState": "LOST",
        "holder": None,
    }
    found = bank.query("auditor", "{ incidents { subject kind accountability } }")["incidents"]
    mine = [one for one in found if one["subject"] == story.certificate_id]
    assert [(one["kind"], one["accountability"]) for one in mine] == [("LOSS", "handler-1")]


def test_a_late_report_needs_a_reason_of_whoever_confirms(bank: Bank):
    a_room(bank)
    story = bank.mortgage()
    bank.collect(story)
    reported(bank, story, on="2025-06-18")  # due on the 19th, told on the 20th
    assert codes(confirm_lost(bank, story)) == ["VALUE_INVALID"]
    assert codes(confirm_lost(bank, story, lateReason="found out on a journey")) == []


def test_a_report_on_a_missing_paper_is_about_the_incident_of_the_count(bank: Bank):
    _, story = missing(bank)
    reported(bank, story)
    assert open_incidents(bank, story) == ["MISSING"]
    assert codes(confirm_lost(bank, story)) == []
    assert open_incidents(bank, story) == ["LOSS"]


def test_a_handover_of_a_lost_paper_waits_no_more(bank: Bank):
    a_room(bank)
    story = bank.mortgage()
    bank.collect(story)
    given = {"certificateIds": [story.certificate_id], "receiver": "handler-2"}
    handed = bank.done("handler-1", "handoverInitiate", given, f"handover {{ id }} {REFUSALS}")
    reported(bank, story)
    assert codes(confirm_lost(bank, story)) == []
    handover_id = handed["handover"]["id"]
    shown = bank.query(
        "auditor",
        "query($id: ID!) { handover(id: $id) { state items { state reason } } }",
        id=handover_id,
    )["handover"]
    assert shown == {"state": "REJECTED", "items": [{"state": "REJECTED", "reason": "LOST"}]}
    recall = {"handoverId": handover_id, "reason": "back"}
    assert codes(bank.do("handler-1", "handoverRecall", recall)) == ["STATE_CONFLICT"]


def lost(bank: Bank) -> Story:
    a_room(bank)
    story = bank.mortgage()
    bank.collect(story)
    reported(bank, story)
    assert codes(confirm_lost(bank, story)) == []
    return story


def reissue(bank: Bank, story: Story, **changes):
    paper = collected(story, certNo=f"补发-{story.n}", issueDate="2025-06-20")["paper"]
    named = {"certificateId": story.certificate_id}
    return {
        "certificateId": story.certificate_id,
        "publicationFileVersionId": bank.accepted(story, "LOSS_STATEMENT", **named),
        "publishedOn": "2025-06-20",
        "acceptanceNo": f"ACC-{story.n}",
        "acceptanceFileVersionId": bank.accepted(story, "REGISTRY_ACCEPTANCE", **named),
        "paper": paper,
        **changes,
    }


def test_a_lost_certificate_is_reissued_and_void_for_ever(bank: Bank, endpoints):
    story = lost(bank)
    given = reissue(bank, story)
    assert bank.error_code("keeper-1", "certificateReissue", given) == "FORBIDDEN"
    done = bank.done("handler-1", "certificateReissue", given, REISSUED)
    fresh = done["certificate"]
    assert done["replaced"] == {
        "custodyState": "REPLACED",
        "legalState": "VOID",
        "supersededBy": fresh["id"],
    }
    assert fresh == {
        "id": fresh["id"],
        "custodyState": "WITH_HANDLER",
        "legalState": "REGISTERED",
        "supersedes": story.certificate_id,
        "priorityDate": "2025-06-01",
        "holder": {"login": "handler-1"},
        "vaultDue": "2025-06-25",
        "events": [{"type": "RECEIVE_REISSUED", "fromState": None, "toState": "WITH_HANDLER"}],
    }
    assert open_incidents(bank, story) == []
    assert codes(bank.do("handler-1", "certificateReissue", given)) == [
        "STATE_CONFLICT",
        "DUPLICATE_CERT",
    ]
    story.certificate_id, story.cert_no = fresh["id"], given["paper"]["certNo"]
    bank.hand_to_vault(story)
    plan = {**reissued_plan(story), "sealNo": f"R{story.n:05}"}
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", plan)) == ["SCAN_MISSING"]
    bank.scan(story)
    bank.vault(story, plan)
    history = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified } }",
        id=story.certificate_id,
    )["custodyHistory"]
    assert history["verified"]
    ids = {story.certificate_id, given["certificateId"]}
    assert not [text for text in findings(endpoints) if any(id in text for id in ids)]


def january(bank: Bank) -> dict:
    """How certificates were obtained that were due in a month of no other test."""
    return bank.query(
        "auditor",
        '{ certificateProcessingBoard(from: "2022-01-01", to: "2022-01-31", org: "OB") {'
        " total { due obtained overdue vaultDue vaultLate } overdue { id } } }",
    )["certificateProcessingBoard"]


def test_a_reissue_changes_no_month_that_is_over(bank: Bank):
    a_room(bank)
    bank.clock("2022-01-04T10:00:00+08:00")
    story = bank.mortgage(disbursed_at="2022-01-04")
    story.certificate_id, story.cert_no = bank.expect(story), f"january-{story.n}"
    bank.done("handler-1", "certificateCollect", collected(story, issueDate="2022-01-04"))
    bank.clock("2022-02-07T10:00:00+08:00")
    before = january(bank)
    assert (before["total"]["due"], before["total"]["obtained"]) == (1, 1)
    reported(bank, story, "2022-02-07")
    assert codes(confirm_lost(bank, story)) == []
    paper = collected(story, certNo=f"anew-{story.n}", issueDate="2022-02-07")["paper"]
    given = reissue(bank, story, paper=paper, publishedOn="2022-02-07")
    bank.done("handler-1", "certificateReissue", given)
    assert january(bank) == before


def reissued_plan(story: Story) -> dict:
    return {
        "certificateIds": [story.certificate_id],
        "vault": "V1",
        "cabinet": "A",
        "slot": f"{story.n:03}",
        "packetNo": f"P{story.n:05}",
    }


def test_a_reissue_rests_on_proofs_of_this_loss_and_a_new_number(bank: Bank):
    story, other = lost(bank), bank.mortgage()
    bank.collect(other)
    given = reissue(bank, story)
    unaccepted = bank.upload(
        "handler-1",
        story,
        "LOSS_STATEMENT",
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
        b"trailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
        certificateId=story.certificate_id,
    )
    elsewhere = bank.accepted(other, "LOSS_STATEMENT", certificateId=other.certificate_id)
    paper = given["paper"]
    for changes, refused in (
        ({"publicationFileVersionId": unaccepted}, "DOC_MISSING"),
        ({"publicationFileVersionId": elsewhere}, "DOC_MISSING"),
        ({"acceptanceFileVersionId": given["publicationFileVersionId"]}, "DOC_MISSING"),
        ({"publishedOn": "2025-06-21"}, "VALUE_INVALID"),
        ({"acceptanceNo": " "}, "VALUE_INVALID"),
        ({"paper": {**paper, "certNo": story.cert_no}}, "DUPLICATE_CERT"),
        ({"paper": {**paper, "certNo": other.cert_no}}, "DUPLICATE_CERT"),
        ({"paper": {**paper, "pages": 0}}, "VALUE_INVALID"),
        ({"certificateId": other.certificate_id}, "STATE_CONFLICT"),
    ):
        answer = bank.do("handler-1", "certificateReissue", {**given, **changes})
        assert refused in codes(answer), changes
    assert bank.certificate(story)["custodyState"] == "LOST"
    answers = at_once(*[lambda: bank.do("handler-1", "certificateReissue", given)] * 5)
    assert [codes(answer) for answer in answers].count([]) == 1


def test_the_feed_leaves_who_reported_and_who_answers_as_they_are(bank: Bank):
    story = lost(bank)
    select = "no discoveredAt reportedAt reportedBy accountability subject"
    found = bank.query("auditor", f"{{ incidents {{ {select} }} }}")["incidents"]
    (before,) = [one for one in found if one["subject"] == story.certificate_id]
    line = {
        "no": before["no"],
        "kind": "LOSS",
        "severity": "RED",
        "subject_kind": "CERTIFICATE",
        "subject": story.certificate_id,
        "discovered_at": before["discoveredAt"],
        "reported_at": before["reportedAt"],
        "org": "OB",
    }
    bank.load(("Incident", line))
    found = bank.query("auditor", f"{{ incidents {{ {select} }} }}")["incidents"]
    assert [one for one in found if one["subject"] == story.certificate_id] == [before]
    assert (before["reportedBy"], before["accountability"]) == (SUPERVISOR, "handler-1")
