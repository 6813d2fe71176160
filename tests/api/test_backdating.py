"""Vault events dated back through HTTP: one working day, once a third person agreed (CUS-22)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.books import STRANGER, SUPERVISOR, Books
from tests.client import NOON, REFUSALS, Bank, codes, user_line

PROPOSED = f"proposal {{ id businessDate backdateApproval {{ login role }} }} {REFUSALS}"
THURSDAY, FRIDAY, MONDAY = "2025-06-19", "2025-06-20", "2025-06-23"
EVENTS = "vaultedOn dueDate events { type bizDate recordedAt operators { login role } }"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


@pytest.fixture
def books(bank: Bank) -> Books:
    books = Books(bank)
    # Supervises and keeps at once, as the feed may say; it never approves what it does itself.
    both = user_line("book-both", "LC", ["VAULT_SUPERVISOR", "VAULT_KEEPER"], [books.code])
    bank.load(("User", both))
    return books


def received(bank: Bank, books: Books, day: str = THURSDAY):
    """A paper that reached the desk on the morning of that day."""
    bank.clock(f"{day}T09:00:00+08:00")
    story = books.waiting()
    bank.clock(NOON)
    return story


def propose(bank: Bank, books: Books, story, on: str | None, login: str | None = None):
    plan = books.plan(story, businessDate=on)
    answer = bank.do(login or books.keepers[0], "certificateVaultInPropose", plan, PROPOSED)
    return answer, plan


def confirm(bank: Bank, books: Books, answer, plan, login: str | None = None):
    given = {"proposalId": answer["proposal"]["id"], "vaultIn": plan}
    return bank.do(login or books.keepers[1], "certificateVaultInConfirm", given)


def approve(bank: Bank, answer, login: str = SUPERVISOR):
    given = {"proposalId": answer["proposal"]["id"]}
    return bank.do(login, "proposalApproveBackdate", given, PROPOSED)


def test_an_event_of_yesterday_waits_for_the_supervisor_and_keeps_its_own_day(bank: Bank, books):
    story = received(bank, books)
    answer, plan = propose(bank, books, story, THURSDAY)
    refused = confirm(bank, books, answer, plan)
    assert codes(refused) == ["APPROVAL_LEVEL"]
    assert refused["refusals"][0]["ruleId"] == "CUS-22"
    assert bank.certificate(story)["custodyState"] == "RECEIVED_PENDING_VAULT"
    approved = approve(bank, answer)["proposal"]
    assert approved["backdateApproval"] == {"login": SUPERVISOR, "role": "VAULT_SUPERVISOR"}
    assert codes(approve(bank, answer)) == ["STATE_CONFLICT"]
    assert codes(confirm(bank, books, answer, plan)) == []
    after = bank.certificate(story, EVENTS)
    assert after["vaultedOn"] == THURSDAY
    assert after["events"][-1] == {
        "type": "VAULT_IN",
        "bizDate": THURSDAY,
        "recordedAt": "2025-06-20T02:00:00.000Z",
        "operators": [
            {"login": books.keepers[0], "role": "VAULT_KEEPER"},
            {"login": books.keepers[1], "role": "VAULT_KEEPER"},
            {"login": SUPERVISOR, "role": "VAULT_SUPERVISOR"},
        ],
    }
    (entry,) = books.postings(story, "bizDate askedOn")
    assert entry == {"bizDate": THURSDAY, "askedOn": FRIDAY}


@pytest.mark.parametrize(
    ("today", "on", "expected"),
    [
        (FRIDAY, None, []),
        (FRIDAY, FRIDAY, []),
        (FRIDAY, THURSDAY, []),
        (FRIDAY, "2025-06-18", ["VALUE_INVALID"]),
        (FRIDAY, "2025-06-21", ["VALUE_INVALID"]),
        (MONDAY, FRIDAY, []),  # the working day before
        (MONDAY, "2025-06-22", []),
        (MONDAY, THURSDAY, ["VALUE_INVALID"]),
    ],
)
def test_one_working_day_back_is_the_most(bank: Bank, books, today, on, expected):
    story = received(bank, books, "2025-06-17")
    bank.clock(f"{today}T10:00:00+08:00")
    answer, _ = propose(bank, books, story, on)
    assert codes(answer) == expected
    if expected:
        assert (answer["refusals"][0]["ruleId"], answer["refusals"][0]["field"]) == (
            "CUS-22",
            "businessDate",
        )


def test_it_comes_after_what_happened_to_the_paper_before(bank: Bank, books):
    story = received(bank, books, FRIDAY)
    answer, _ = propose(bank, books, story, THURSDAY)
    assert codes(answer) == ["VALUE_INVALID"]


def test_the_days_are_counted_again_at_confirmation(bank: Bank, books):
    story = received(bank, books)
    bank.clock("2025-06-20T23:50:00+08:00")
    answer, plan = propose(bank, books, story, THURSDAY)
    assert codes(approve(bank, answer)) == []
    bank.clock("2025-06-21T00:05:00+08:00")  # a Saturday: Friday is the working day before
    assert codes(confirm(bank, books, answer, plan)) == ["VALUE_INVALID"]


def test_an_event_of_today_that_midnight_made_yesterdays_needs_approval(bank: Bank, books):
    story = received(bank, books)
    bank.clock("2025-06-20T23:50:00+08:00")
    answer, plan = propose(bank, books, story, FRIDAY)
    assert codes(approve(bank, answer)) == ["STATE_CONFLICT"]  # not dated back yet
    bank.clock("2025-06-21T00:05:00+08:00")
    assert codes(confirm(bank, books, answer, plan)) == ["APPROVAL_LEVEL"]
    assert codes(approve(bank, answer)) == []
    assert codes(confirm(bank, books, answer, plan)) == []
    assert bank.certificate(story, "vaultedOn")["vaultedOn"] == FRIDAY


def test_who_may_approve(bank: Bank, books):
    story = received(bank, books)
    answer, plan = propose(bank, books, story, THURSDAY, "book-both")
    given = {"proposalId": answer["proposal"]["id"]}
    for login in (books.keepers[1], "handler-1", "auditor", "approver-t2"):
        assert bank.error_code(login, "proposalApproveBackdate", given) == "FORBIDDEN"
    assert codes(approve(bank, answer, STRANGER)) == ["NOT_FOUND"]
    assert codes(approve(bank, answer, "book-both")) == ["SELF_APPROVAL"]
    assert codes(approve(bank, answer)) == []
    bank.done("book-both", "proposalWithdraw", given)
    answer, plan = propose(bank, books, story, THURSDAY)
    assert codes(approve(bank, answer, "book-both")) == []
    assert codes(confirm(bank, books, answer, plan, "book-both")) == ["SOD_VIOLATION"]
    assert codes(confirm(bank, books, answer, plan)) == []


def test_the_second_keeper_repeats_the_day_and_cannot_leave_it_out(bank: Bank, books):
    story = received(bank, books)
    answer, plan = propose(bank, books, story, THURSDAY)
    assert codes(approve(bank, answer)) == []
    refused = confirm(bank, books, answer, {**plan, "businessDate": None})
    assert "PAYLOAD_CHANGED" in codes(refused)
    bank.clock("2025-06-20T10:31:00+08:00")
    assert codes(approve(bank, answer)) == ["PROPOSAL_EXPIRED", "STATE_CONFLICT"]
    assert "PROPOSAL_EXPIRED" in codes(confirm(bank, books, answer, plan))


def test_of_ten_approvals_at_once_one_counts(bank: Bank, books):
    answer, _ = propose(bank, books, received(bank, books), THURSDAY)
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(lambda _: codes(approve(bank, answer)), range(10)))
    assert sorted(told) == [[]] + [["STATE_CONFLICT"]] * 9


def test_a_packet_may_be_moved_and_a_paper_go_out_as_of_the_day_before(bank: Bank, books):
    bank.clock(f"{THURSDAY}T09:00:00+08:00")
    story = books.vaulted()
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "APPRAISAL_AUDIT",
        "dueDate": "2025-06-24",
        "reason": "The appraiser comes.",
    }
    bank.clock(NOON)
    move = {
        "packetNo": f"P{story.n:05}",
        "cabinet": "A",
        "slot": f"{story.n + 250:03}",
        "businessDate": THURSDAY,
    }
    moving = bank.do(books.keepers[0], "packetRelocatePropose", move, PROPOSED)
    given = {"proposalId": moving["proposal"]["id"], "relocation": move}
    assert codes(bank.do(books.keepers[1], "packetRelocateConfirm", given)) == ["APPROVAL_LEVEL"]
    assert codes(approve(bank, moving)) == []
    bank.done(books.keepers[1], "packetRelocateConfirm", given)
    out = bank.done("handler-1", "checkOutRequest", asked, f"checkOut {{ id }} {REFUSALS}")
    id = out["checkOut"]["id"]
    bank.done(SUPERVISOR, "checkOutDecide", {"checkOutId": id, "approve": True})
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    bank.clock(f"{MONDAY}T10:00:00+08:00")
    plan = {"checkOutId": id, "vault": books.code, "sealNo": f"S{story.n:05}"}
    for day in (THURSDAY, "2025-06-24"):  # before it was approved; in the future
        early = {**plan, "businessDate": day}
        refused = bank.do(books.keepers[0], "checkOutVaultOutPropose", early)
        assert "VALUE_INVALID" in codes(refused)
    plan["businessDate"] = FRIDAY
    going = bank.do(books.keepers[0], "checkOutVaultOutPropose", plan, PROPOSED)
    given = {"proposalId": going["proposal"]["id"], "vaultOut": plan}
    assert codes(bank.do(books.keepers[1], "checkOutVaultOutConfirm", given)) == ["APPROVAL_LEVEL"]
    assert codes(approve(bank, going)) == []
    bank.done(books.keepers[1], "checkOutVaultOutConfirm", given)
    days = [(e["type"], e["bizDate"]) for e in bank.certificate(story, EVENTS)["events"][-2:]]
    assert days == [("RELOCATE", THURSDAY), ("CHECK_OUT", FRIDAY)]
    told = bank.query("auditor", "query($id: ID!) { checkOut(id: $id) { outOn } }", id=id)
    assert told["checkOut"]["outOn"] == FRIDAY


@pytest.mark.parametrize(("opened", "allowed"), [("08:30", True), ("23:59", False)])
def test_nothing_is_dated_onto_a_day_on_which_the_vault_stood_still(bank, books, opened, allowed):
    """A count that began on the evening before lasts all that day; one of the morning does not."""
    bank.clock(f"2025-06-18T{'09:00' if allowed else opened}:00+08:00")
    story = books.waiting()
    day = THURSDAY if allowed else "2025-06-18"
    bank.clock(f"{day}T{opened}:00+08:00")
    given = {"vault": books.code, "kind": "SUPERVISOR", "counters": ["back-1", "back-2"]}
    people = (user_line(one, "T2", ["AUDITOR"], []) for one in given["counters"])
    bank.load(*(("User", one) for one in people))
    begun = bank.done(SUPERVISOR, "stocktakeOpen", given, f"stocktake {{ id }} {REFUSALS}")
    bank.clock(f"{FRIDAY}T09:00:00+08:00")
    ended = {"stocktakeId": begun["stocktake"]["id"], "reason": "a counter is ill"}
    bank.done(SUPERVISOR, "stocktakeCancel", ended)
    bank.clock(NOON)
    answer, _ = propose(bank, books, story, THURSDAY)
    assert codes(answer) == ([] if allowed else ["VALUE_INVALID"])
