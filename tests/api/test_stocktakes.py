"""Counting a vault through HTTP: blind, frozen, by two; differences to their end."""

import pytest

from tests.api.counting import COUNTERS, STOCKTAKE, SUPERVISOR, a_room, seen
from tests.api.test_races import at_once
from tests.api.test_verification import found as findings
from tests.client import NOON, REFUSALS, Bank, codes

PROPOSED = f"proposal {{ id state }} {REFUSALS}"
LAST_DAY, DAY_AFTER = "2025-06-25T23:59:00+08:00", "2025-06-26T00:01:00+08:00"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def incidents(bank: Bank, story) -> list[tuple[str, str]]:
    found = bank.query("auditor", "{ incidents { subject kind severity } }")["incidents"]
    return [(i["kind"], i["severity"]) for i in found if i["subject"] == story.certificate_id]


def signals(bank: Bank, story) -> list[tuple[str, str]]:
    query = "{ riskSignals { subject category severity } }"
    found = bank.query("auditor", query)["riskSignals"]
    return [(s["category"], s["severity"]) for s in found if s["subject"] == story.certificate_id]


def test_books_and_shelves_are_compared_gross(bank: Bank):
    """AC-36 in small: what is at the desk or on its way is not expected and stays as it is."""
    room = a_room(bank).filled(3)
    desk, elsewhere = room.waiting(), bank.vaulted()
    room.open().counted(seen(room.stories[0]), seen(room.stories[1]), seen(elsewhere))
    done = room.finalise()
    assert done["refusals"] == []
    shown = done["stocktake"]
    assert (shown["expectedCount"], shown["countedCount"], shown["differenceCount"]) == (3, 3, 2)
    assert shown["resolveDue"] == "2025-06-25"
    assert [(r["result"], r["certificateId"], r["homeVault"]) for r in shown["results"]] == [
        ("MATCH", room.stories[0].certificate_id, None),
        ("MATCH", room.stories[1].certificate_id, None),
        ("MISSING", room.stories[2].certificate_id, None),
        ("SURPLUS", elsewhere.certificate_id, "V1"),
    ]
    assert bank.certificate(desk)["custodyState"] == "RECEIVED_PENDING_VAULT"
    assert bank.certificate(elsewhere)["custodyState"] == "IN_VAULT"
    assert bank.certificate(room.stories[2])["custodyState"] == "IN_VAULT"
    listed = bank.query("auditor", f'{{ stocktakes(vault: "{room.code}") {{ no state }} }}')
    assert listed["stocktakes"] == [{"no": shown["no"], "state": "FINALISED"}]
    by_no = "query($no: String!) { stocktake(no: $no) { certificates { id } } }"
    found = bank.query("auditor", by_no, no=shown["no"])["stocktake"]["certificates"]
    assert len(found) == 4


def test_nobody_reads_what_is_expected_before_the_end(bank: Bank):
    room = a_room(bank).filled(1).open()
    fields = bank.query("auditor", '{ __type(name: "Stocktake") { fields { name } } }')
    names = {field["name"] for field in fields["__type"]["fields"]}
    assert not names & {"expected", "papers", "snapshot"}
    blind = "results { no } certificates { id } expectedCount countedCount differenceCount"
    nothing = {
        "results": [],
        "certificates": [],
        "expectedCount": None,
        "countedCount": None,
        "differenceCount": None,
    }
    assert room.now(blind) == nothing
    told = room.count(COUNTERS[0], seen(room.stories[0]))
    assert told["stocktake"]["results"] == []
    assert room.now(blind) == nothing
    sheet = bank.query("auditor", '{ __type(name: "CountSheet") { fields { name } } }')
    assert [field["name"] for field in sheet["__type"]["fields"]] == ["counter", "complete"]


def test_a_missing_paper_waits_for_no_check_out(bank: Bank):
    room = a_room(bank).filled(1)
    story = room.stories[0]
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "CERT_RENEWAL",
        "reason": "why",
        "dueDate": "2025-07-01",
    }
    out = bank.done("handler-1", "checkOutRequest", asked, f"checkOut {{ id }} {REFUSALS}")
    room.open().counted()
    room.finalise()
    assert codes(room.on("stocktakeMarkMissing", 1)) == []
    assert bank.certificate(story, "custodyState lock { id }") == {
        "custodyState": "MISSING",
        "lock": None,
    }
    state = "query($id: ID!) { checkOut(id: $id) { state } }"
    assert bank.query("auditor", state, id=out["checkOut"]["id"])["checkOut"] == {
        "state": "CANCELLED"
    }


@pytest.mark.parametrize("end", ["stocktakeFinalise", "stocktakeCancel"])
def test_who_counts_a_vault_sees_nothing_of_it_until_the_end(bank: Bank, end):
    room = a_room(bank).filled(2)
    asked = """query($v: String!, $id: ID!, $no: String!) {
      vaultInventory(vault: $v, first: 5) { totalCount nodes { id } }
      certificate(id: $id) { id }
      allowedMovements(certificateId: $id) { movement }
      postings(vault: $v) { totalCount }
      collateral(no: $no) { certificates { id place { slot } } } }"""
    story = room.stories[0]

    def shown(login: str) -> tuple[int, bool, int]:
        given = {"v": room.code, "id": story.certificate_id, "no": story.collateral_no}
        told = bank.query(login, asked, **given)
        page = told["vaultInventory"]
        assert page["totalCount"] == len(page["nodes"])
        papers = told["collateral"]["certificates"]
        assert (told["allowedMovements"] is None) is (told["certificate"] is None)
        assert told["postings"]["totalCount"] == page["totalCount"]
        return page["totalCount"], told["certificate"] is not None, len(papers)

    everything, nothing = (2, True, 1), (0, False, 0)
    assert [shown(login) for login in (*COUNTERS, SUPERVISOR)] == [everything] * 3
    room.open()
    assert [shown(login) for login in COUNTERS] == [nothing] * 2
    assert shown(SUPERVISOR) == everything
    room.counted(*(seen(one) for one in room.stories))
    assert [shown(login) for login in COUNTERS] == [nothing] * 2
    over = {"stocktakeId": room.stocktake_id}
    bank.done(SUPERVISOR, end, over if end == "stocktakeFinalise" else {**over, "reason": "why"})
    assert [shown(login) for login in COUNTERS] == [everything] * 2


@pytest.mark.parametrize(
    ("kind", "forbidden", "allowed"),
    [
        ("SELF", "keeper-1", ["keeper"]),
        ("SUPERVISOR", "keeper", [SUPERVISOR]),
        ("KEEPER_CHANGE", "approver-t2", [SUPERVISOR]),
        ("ANNUAL", "approver-lc", ["approver-t2"]),
        ("SURPRISE", SUPERVISOR, ["approver-t2", "auditor"]),
    ],
)
def test_each_kind_is_opened_by_those_whose_duty_it_is(bank: Bank, kind, forbidden, allowed):
    room = a_room(bank)
    counters = room.keepers if kind == "SELF" else COUNTERS
    opening = room.opening(kind, counters)
    named = {"keeper": room.keepers[0]}
    other = named.get(forbidden, forbidden)
    assert bank.error_code(other, "stocktakeOpen", opening) == "FORBIDDEN"
    for name in allowed:
        login = named.get(name, name)
        room.open(login, kind=kind, counters=counters)
        cancel = {"stocktakeId": room.stocktake_id, "reason": "only asked"}
        bank.done(login, "stocktakeCancel", cancel)


def test_counters_are_two_people_who_do_not_keep_the_vault(bank: Bank):
    room = a_room(bank)
    for counters, refused in (
        ((COUNTERS[0],), ["VALUE_INVALID"]),
        ((COUNTERS[0], COUNTERS[0]), ["VALUE_INVALID"]),
        ((COUNTERS[0], "nobody"), ["VALUE_INVALID"]),
        ((COUNTERS[0], "handler-1"), ["VALUE_INVALID"]),
        ((COUNTERS[0], room.keepers[0]), ["SOD_VIOLATION"]),
    ):
        answer = bank.do(SUPERVISOR, "stocktakeOpen", room.opening(counters=counters))
        assert codes(answer) == refused
    own = room.opening("SELF", (room.keepers[0], "keeper-1"))
    assert codes(bank.do(room.keepers[0], "stocktakeOpen", own)) == ["VALUE_INVALID"]
    absent = {**room.opening(), "vault": "nowhere"}
    assert codes(bank.do(SUPERVISOR, "stocktakeOpen", absent)) == ["VALUE_INVALID"]


def test_nothing_moves_while_a_vault_is_counted(bank: Bank):
    room = a_room(bank).filled(1)
    waiting = room.waiting()
    plan = room.plan(waiting)
    keeper, other = room.keepers
    proposal = bank.done(keeper, "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    room.open()
    assert bank.certificate(waiting, "lock { id }")["lock"] is None
    confirm = {"proposalId": proposal["id"], "vaultIn": plan}
    assert set(codes(bank.do(other, "certificateVaultInConfirm", confirm))) == {
        "STATE_CONFLICT",
        "VAULT_FROZEN",
    }
    assert codes(bank.do(keeper, "certificateVaultInPropose", plan)) == ["VAULT_FROZEN"]
    story = room.stories[0]
    move = {"packetNo": f"P{story.n:05}", "cabinet": "A", "slot": f"{story.n + 200:03}"}
    assert codes(bank.do(keeper, "packetRelocatePropose", move)) == ["VAULT_FROZEN"]
    reseal = {"packetNo": f"P{story.n:05}", "sealNo": f"N{story.n}", "reason": "torn"}
    assert codes(bank.do(keeper, "packetResealPropose", reseal)) == ["VAULT_FROZEN"]
    line = {"code": room.code, "name": room.code, "org": "LC", "status": "OPEN", "cabinets": []}
    bank.load(("Vault", line))
    assert codes(bank.do(keeper, "certificateVaultInPropose", plan)) == ["VAULT_FROZEN"]
    assert codes(bank.do(SUPERVISOR, "stocktakeOpen", room.opening())) == ["VAULT_FROZEN"]
    room.counted(seen(story))
    assert room.finalise()["stocktake"]["differenceCount"] == 0
    room.put_in(waiting)


def test_the_feed_puts_nothing_into_a_vault_that_is_counted(bank: Bank):
    room, story = a_room(bank).open(), bank.mortgage()
    paper = {
        "cert_type": "REAL_ESTATE_TITLE",
        "cert_no": f"OLD-{story.n}",
        "issuer": "R",
        "issue_date": "2015-03-01",
        "right_holder": "张三丰",
        "collaterals": [story.collateral_no],
        "pages": 4,
        "custody_state": "IN_VAULT",
        "place": {
            "vault": room.code,
            "cabinet": "A",
            "slot": "400",
            "packet_no": f"OP{story.n}",
            "seal_no": f"OS{story.n}",
        },
    }
    (told,) = bank.load(("Certificate", paper), all_taken=False)
    assert [refusal["code"] for refusal in told["refusals"]] == ["VAULT_FROZEN"]
    room.counted()
    assert room.finalise()["stocktake"]["expectedCount"] == 0
    bank.load(("Certificate", paper))


def test_of_openings_at_once_exactly_one_wins(bank: Bank):
    room = a_room(bank).filled(1)
    openings = [
        lambda: bank.do(SUPERVISOR, "stocktakeOpen", room.opening(), STOCKTAKE),
        lambda: bank.do("approver-t2", "stocktakeOpen", room.opening("ANNUAL"), STOCKTAKE),
    ]
    answers = at_once(*openings * 4)
    assert sorted(codes(answer) for answer in answers) == [[], *[["VAULT_FROZEN"]] * 7]
    listed = bank.query("auditor", f'{{ stocktakes(vault: "{room.code}") {{ state }} }}')
    assert listed["stocktakes"] == [{"state": "OPEN"}]


def test_an_opening_and_a_vault_in_never_both_pass(bank: Bank):
    room = a_room(bank)
    story = room.waiting()
    plan = room.plan(story)
    proposal = bank.done(room.keepers[0], "certificateVaultInPropose", plan, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "vaultIn": plan}
    confirmed, opened = at_once(
        lambda: bank.do(room.keepers[1], "certificateVaultInConfirm", confirm),
        lambda: bank.do(SUPERVISOR, "stocktakeOpen", room.opening(), STOCKTAKE),
    )
    room.stocktake_id = opened["stocktake"]["id"]
    inside = codes(confirmed) == []
    assert inside is (bank.certificate(story)["custodyState"] == "IN_VAULT")
    room.counted()
    assert room.finalise()["stocktake"]["expectedCount"] == int(inside)


def test_only_the_counters_count_each_in_the_own_request(bank: Bank):
    room = a_room(bank).filled(1).open()
    given = {"stocktakeId": room.stocktake_id, "items": [], "complete": True}
    for login in (SUPERVISOR, room.keepers[0], "auditor"):
        assert bank.error_code(login, "stocktakeCount", given) == "FORBIDDEN"
    assert codes(room.finalise()) == ["STATE_CONFLICT", "STATE_CONFLICT"]
    paper = seen(room.stories[0])
    assert codes(room.count(COUNTERS[0], paper, complete=False)) == []
    assert codes(room.count(COUNTERS[0], {**paper, "pages": 1})) == []
    assert codes(room.count(COUNTERS[0], paper)) == ["STATE_CONFLICT"]
    assert codes(room.finalise()) == ["STATE_CONFLICT"]
    by_id = {**paper, "certNo": None, "certificateId": room.stories[0].certificate_id, "pages": 1}
    neither = {**paper, "certNo": None}
    assert codes(room.count(COUNTERS[1], neither)) == ["VALUE_INVALID"]
    unknown = {**by_id, "certificateId": "cert_unknown"}
    assert codes(room.count(COUNTERS[1], unknown)) == ["NOT_FOUND"]
    assert codes(room.count(COUNTERS[1], by_id, paper)) == ["VALUE_INVALID"]
    assert codes(room.count(COUNTERS[1], by_id)) == []
    assert bank.error_code("approver-t2", "stocktakeFinalise", {"stocktakeId": room.stocktake_id})
    assert room.finalise()["stocktake"]["differenceCount"] == 0
    assert codes(room.finalise()) == ["STATE_CONFLICT"]


def test_where_the_counters_differ_they_count_again(bank: Bank):
    room = a_room(bank).filled(2).open()
    first, second = (seen(story) for story in room.stories)
    assert codes(room.count(COUNTERS[0], first, second)) == []
    assert codes(room.count(COUNTERS[1], {**first, "slot": "499"})) == []
    differing = room.finalise()
    assert codes(differing) == ["COUNT_DIFFERS", "COUNT_DIFFERS"]
    shown = differing["stocktake"]
    assert (shown["state"], shown["recounts"], shown["results"]) == ("OPEN", 1, [])
    assert "499" not in str(differing["refusals"])
    assert room.now("sheets { complete }")["sheets"] == [{"complete": False}] * 2
    room.counted(first, second)
    assert room.finalise()["stocktake"]["differenceCount"] == 0


def test_a_count_given_up_leaves_an_open_vault_and_no_result(bank: Bank):
    room = a_room(bank).filled(1).open()
    cancel = {"stocktakeId": room.stocktake_id, "reason": " "}
    assert codes(bank.do(SUPERVISOR, "stocktakeCancel", cancel)) == ["VALUE_INVALID"]
    said = {**cancel, "reason": "a counter fell ill"}
    assert bank.error_code("approver-t2", "stocktakeCancel", said) == "FORBIDDEN"
    bank.done(SUPERVISOR, "stocktakeCancel", said)
    assert codes(bank.do(SUPERVISOR, "stocktakeCancel", said)) == ["STATE_CONFLICT"]
    assert codes(room.count(COUNTERS[0])) == ["STATE_CONFLICT"]
    assert room.now("state results { no }") == {"state": "CANCELLED", "results": []}
    room.put_in(room.waiting())


def test_what_nobody_finds_in_time_is_missing_once(bank: Bank):
    room = a_room(bank).filled(3).open()
    found, lost, explained = room.stories
    room.counted(seen(found))
    assert room.finalise()["stocktake"]["openDifferenceCount"] == 2
    assert codes(room.on("stocktakeResolveDifference", 3)) == []
    bank.clock(LAST_DAY)
    bank.run_jobs()
    assert bank.certificate(lost)["custodyState"] == "IN_VAULT"
    bank.clock(DAY_AFTER)
    assert bank.run_jobs()["give_up_missing"] >= 1
    assert bank.run_jobs()["give_up_missing"] == 0
    after = bank.certificate(
        lost,
        "custodyState place { slot } holder { login } events { type reason requestRef slot"
        " operators { login role } }",
    )
    event = after.pop("events")[-1]
    assert after == {
        "custodyState": "MISSING",
        "place": None,
        "holder": {"login": SUPERVISOR},
    }
    assert event == {
        "type": "MARK_MISSING",
        "reason": f"Not found by stock-take {room.now('no')['no']}.",
        "requestRef": room.stocktake_id,
        "slot": f"{lost.n:03}",
        "operators": [{"login": "SYSTEM", "role": "SYSTEM"}],
    }
    assert incidents(bank, lost) == [("MISSING", "RED")]
    assert signals(bank, lost) == [("CERTIFICATE", "RED")]
    for story in (found, explained):
        assert bank.certificate(story)["custodyState"] == "IN_VAULT"
        assert incidents(bank, story) == signals(bank, story) == []
    assert room.now("openDifferenceCount results { resolvedBy }") == {
        "openDifferenceCount": 0,
        "results": [{"resolvedBy": by} for by in (None, "SYSTEM", SUPERVISOR)],
    }


def test_a_missing_paper_that_left_since_the_count_was_not_lost(bank: Bank):
    room = a_room(bank).filled(1).open().counted()
    room.finalise()
    (story,) = room.stories
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert bank.submit(story)["refusals"] == bank.approve(story)["refusals"] == []
    out = {"caseId": story.case_id, "vault": room.code}
    select = f"proposal {{ id }} {REFUSALS}"
    keeper, other = room.keepers
    proposed = bank.done(keeper, "deregistrationCaseVaultOutPropose", out, select)["proposal"]
    confirm = {"proposalId": proposed["id"], "vaultOut": out}
    bank.done(other, "deregistrationCaseVaultOutConfirm", confirm)
    refused = room.on("stocktakeMarkMissing", 1)
    assert codes(refused) == ["STATE_CONFLICT"]
    bank.clock(DAY_AFTER)
    bank.run_jobs()
    assert bank.certificate(story)["custodyState"] == "OUT_FOR_DEREG"
    assert incidents(bank, story) == []
    (line,) = room.now("results { resolution }")["results"]
    assert line["resolution"] == "Moved since the count: OUT_FOR_DEREG."


def test_a_count_that_goes_on_may_still_find_what_the_last_one_missed(bank: Bank):
    room = a_room(bank).filled(1).open().counted()
    room.finalise()
    (story,), first = room.stories, room.stocktake_id
    bank.clock(DAY_AFTER)
    room.open(kind="SURPRISE", login="approver-t2")
    second, room.stocktake_id = room.stocktake_id, first
    bank.run_jobs()
    assert codes(room.on("stocktakeMarkMissing", 1)) == ["VAULT_FROZEN"]
    room.stocktake_id = second
    room.counted(seen(story))
    done = room.finalise("approver-t2")["stocktake"]
    assert done["differenceCount"] == 0
    bank.run_jobs()
    assert bank.certificate(story)["custodyState"] == "IN_VAULT"
    room.stocktake_id = first
    assert room.now("openDifferenceCount results { resolution resolvedBy }") == {
        "openDifferenceCount": 0,
        "results": [
            {"resolution": f"Found by stock-take {done['no']}.", "resolvedBy": "approver-t2"}
        ],
    }


def test_a_supervisor_marks_a_paper_missing_before_its_time(bank: Bank, endpoints):
    room = a_room(bank).filled(2).open()
    found, lost = room.stories
    room.counted(seen(found))
    room.finalise()
    difference = {"stocktakeId": room.stocktake_id, "no": 2, "reason": "searched twice"}
    for login in (room.keepers[0], "approver-t2", "auditor"):
        assert bank.error_code(login, "stocktakeMarkMissing", difference) == "FORBIDDEN"
    assert codes(room.on("stocktakeMarkMissing", 1)) == ["STATE_CONFLICT"]
    assert codes(room.on("stocktakeMarkMissing", 3)) == ["VALUE_INVALID"]
    assert codes(room.on("stocktakeMarkMissing", 2, reason="")) == ["VALUE_INVALID"]
    marked = room.on("stocktakeMarkMissing", 2)
    assert codes(marked) == []
    assert marked["stocktake"]["openDifferenceCount"] == 0
    assert codes(room.on("stocktakeMarkMissing", 2)) == ["STATE_CONFLICT"]
    assert bank.certificate(lost)["custodyState"] == "MISSING"
    assert (incidents(bank, lost), signals(bank, lost)) == (
        [("MISSING", "RED")],
        [("CERTIFICATE", "RED")],
    )
    bank.clock(DAY_AFTER)
    bank.run_jobs()
    assert len(incidents(bank, lost)) == 1
    about_them = {found.certificate_id, lost.certificate_id}
    assert not [text for text in findings(endpoints) if any(id in text for id in about_them)]
    packet = bank.certificate(found, "place { slot }")["place"]
    assert packet == {"slot": f"{found.n:03}"}
    free = room.waiting()
    plan = room.plan(free, slot=f"{lost.n:03}")
    assert codes(bank.do(room.keepers[0], "certificateVaultInPropose", plan)) == []


def test_a_supervisor_who_keeps_the_vault_clears_nothing_of_it(bank: Bank):
    room = a_room(bank).filled(1).open().counted()
    room.finalise()
    both = {
        "login": f"{room.code}-both",
        "name": "both",
        "org": "LC",
        "roles": [{"role": "VAULT_SUPERVISOR"}],
        "vaults": [room.code],
    }
    bank.load(("User", both))
    for name in ("stocktakeResolveDifference", "stocktakeMarkMissing"):
        assert codes(room.on(name, 1, login=both["login"])) == ["SOD_VIOLATION"]


def test_a_broken_seal_is_an_incident_until_two_keepers_have_sealed_anew(bank: Bank, endpoints):
    room = a_room(bank).filled(1).open()
    (story,) = room.stories
    room.counted(seen(story, sealIntact=False))
    (line,) = room.finalise()["stocktake"]["results"]
    assert (line["result"], line["expected"]["sealNo"]) == ("SEAL_BROKEN", f"S{story.n:05}")
    assert incidents(bank, story) == [("SEAL_BROKEN", "ORANGE")]
    assert codes(room.on("stocktakeResolveDifference", 1)) == ["STATE_CONFLICT"]
    bank.clock("2025-06-20T10:05:00+08:00")
    keeper, other = room.keepers
    reseal = {"packetNo": f"P{story.n:05}", "sealNo": f"S{story.n:05}", "reason": "torn"}
    assert codes(bank.do(keeper, "packetResealPropose", reseal)) == ["SEAL_REUSED"]
    reseal = {**reseal, "sealNo": f"N{story.n:05}"}
    assert bank.error_code("keeper-1", "packetResealPropose", reseal) == "FORBIDDEN"
    proposal = bank.done(keeper, "packetResealPropose", reseal, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "reseal": reseal}
    same = bank.do(keeper, "packetResealConfirm", confirm)
    assert codes(same) == ["DUAL_CONTROL_SAME_PERSON"]
    changed = {**confirm, "reseal": {**reseal, "sealNo": f"M{story.n:05}"}}
    assert codes(bank.do(other, "packetResealConfirm", changed)) == ["PAYLOAD_CHANGED"]
    select = f"packet {{ sealNo sealHistory {{ sealNo openedBy reason }} }} {REFUSALS}"
    packet = bank.done(other, "packetResealConfirm", confirm, select)["packet"]
    assert packet == {
        "sealNo": f"N{story.n:05}",
        "sealHistory": [
            {"sealNo": f"S{story.n:05}", "openedBy": [keeper, other], "reason": "torn"},
            {"sealNo": f"N{story.n:05}", "openedBy": [], "reason": None},
        ],
    }
    events = bank.certificate(story, "events { type sealNo operators { login } }")["events"]
    assert events[-1] == {
        "type": "RESEAL",
        "sealNo": f"N{story.n:05}",
        "operators": [{"login": keeper}, {"login": other}],
    }
    assert codes(room.on("stocktakeResolveDifference", 1)) == []
    assert incidents(bank, story) == []
    assert not [text for text in findings(endpoints) if story.certificate_id in text]


def test_a_large_vault_is_counted_cabinet_by_cabinet_and_stands_still_as_a_whole(bank: Bank):
    room = a_room(bank).filled(2)
    here, there = room.stories
    more = {"vault": room.code, "cabinet": "B", "slots": ["001"]}
    bank.done(SUPERVISOR, "vaultAddSlots", more)
    other = room.waiting()
    bank.vault(other, room.plan(other, cabinet="B", slot="001"), keepers=room.keepers)
    waiting = room.waiting()
    for cabinets in (["A", "A"], ["Z"]):
        opening = {**room.opening(), "cabinets": cabinets}
        assert codes(bank.do(SUPERVISOR, "stocktakeOpen", opening)) == ["VALUE_INVALID"]
    assert room.part("A").now("cabinets expectedCount") == {
        "cabinets": ["A"],
        "expectedCount": None,
    }
    refused = bank.do(room.keepers[0], "certificateVaultInPropose", room.plan(waiting))
    assert codes(refused) == ["VAULT_FROZEN"]
    in_b = {"cabinet": "B", "slot": "001"}
    assert codes(room.count(COUNTERS[0], seen(other, **in_b))) == ["VALUE_INVALID"]
    room.counted(seen(here))
    first = room.finalise()["stocktake"]
    assert (first["expectedCount"], first["differenceCount"]) == (2, 1)
    room.part("B").counted(seen(other, **in_b), seen(there, **in_b))
    second = room.finalise()["stocktake"]
    told = [(line["result"], line["certificateId"]) for line in second["results"]]
    assert told == [("MATCH", other.certificate_id), ("SURPLUS", there.certificate_id)]
    earlier = bank.query(
        "auditor",
        "query($id: ID!) { stocktake(id: $id) { openDifferenceCount } }",
        id=first["id"],
    )["stocktake"]
    assert earlier == {"openDifferenceCount": 0}  # what A missed lay in B
    again = room.part("A").counted(seen(here)).finalise()["stocktake"]
    assert [line["result"] for line in again["results"]] == ["MATCH", "WRONG_SLOT"]


def test_nothing_leaves_a_packet_with_a_broken_seal_until_it_is_sealed_anew(bank: Bank):
    room = a_room(bank).filled(1)
    story = room.stories[0]
    room.open().counted(seen(story, sealIntact=False))
    assert codes(room.finalise()) == []
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "APPRAISAL_AUDIT",
        "reason": "why",
        "dueDate": "2025-06-24",
    }
    out = bank.done("handler-1", "checkOutRequest", asked, f"checkOut {{ id }} {REFUSALS}")
    named = {"checkOutId": out["checkOut"]["id"]}
    bank.done(SUPERVISOR, "checkOutDecide", {**named, "approve": True})
    bank.done("handler-1", "checkOutSign", named)
    seal = f"S{story.n:05}"
    take = {**named, "vault": room.code, "sealNo": seal}
    refused = bank.do(room.keepers[0], "checkOutVaultOutPropose", take, PROPOSED)
    assert codes(refused) == ["STATE_CONFLICT"]
    reseal = {"packetNo": f"P{story.n:05}", "sealNo": f"{seal}-anew", "reason": "broken"}
    proposal = bank.done(room.keepers[0], "packetResealPropose", reseal, PROPOSED)["proposal"]
    confirm = {"proposalId": proposal["id"], "reseal": reseal}
    sealed = f"packet {{ sealBrokenAt }} {REFUSALS}"
    after = bank.done(room.keepers[1], "packetResealConfirm", confirm, sealed)["packet"]
    assert after == {"sealBrokenAt": None}
    anew = {**take, "sealNo": f"{seal}-anew"}
    assert codes(bank.do(room.keepers[0], "checkOutVaultOutPropose", anew, PROPOSED)) == []
