"""The book through HTTP: entries, the core's answers, failures settled, daily reconciliation."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo import MongoClient

from tests.api.books import ENTRIES, STRANGER, SUPERVISOR, Books
from tests.client import NOON, REFUSALS, Bank, codes, search

POSTING = f"posting {{ {ENTRIES} }} {REFUSALS}"
COUNTS = "vaultCount bookCount ledgerCount outstanding differenceCount"
DIFFERENCES = f"{COUNTS} differences {{ kind certificateId inVault inBook inLedger }}"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


@pytest.fixture
def books(bank: Bank) -> Books:
    return Books(bank)


def held(bank: Bank, story) -> str | None:
    return bank.certificate(story, "postingFailed")["postingFailed"]


def relocating(bank: Bank, books: Books, story):
    given = {"packetNo": f"P{story.n:05}", "cabinet": "A", "slot": f"{story.n + 250:03}"}
    return bank.do(books.keepers[0], "packetRelocatePropose", given)


def test_a_vault_in_asks_for_one_entry_and_the_answer_leaves_the_chain_alone(bank: Bank, books):
    story = books.vaulted()
    (entry,) = books.postings(story, f"{ENTRIES} vault amount event {{ type id }}")
    assert entry["event"]["type"] == "VAULT_IN"
    assert (entry["kind"], entry["status"], entry["amount"]) == ("IN", "PENDING", "1000000.00")
    assert bank.certificate(story, "booked bookedIn") == {"booked": True, "bookedIn": books.code}
    told = [books.answer(entry["serial"], "POSTED") for _ in range(3)]
    assert told == ["UPDATED", "UNCHANGED", "UNCHANGED"]
    (after,) = books.postings(story, "status answers { outcome coreNo postedOn }")
    assert after == {
        "status": "POSTED",
        "answers": [{"outcome": "POSTED", "coreNo": "V1", "postedOn": "2025-06-20"}],
    }
    history = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified events { type"
        " postings { serial } } } }",
        id=story.certificate_id,
    )["custodyHistory"]
    assert history["verified"] is True
    assert history["events"][-1]["postings"] == [{"serial": entry["serial"]}]
    assert all(event["postings"] == [] for event in history["events"][:-1])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_answers_may_come_in_any_order(bank: Bank, books, order):
    story = books.vaulted()
    serial = books.postings(story)[0]["serial"]
    words = [("FAILED", "10:01"), ("POSTED", "10:02"), ("FAILED", "10:03")]
    for place in order:
        books.answer(serial, *words[place])
    (entry,) = books.postings(story)
    assert (entry["status"], entry["inCore"]) == ("POSTING_FAILED", False)
    assert held(bank, story) == entry["id"]
    assert books.answer(serial, "POSTED", "10:04") == "UPDATED"
    assert held(bank, story) is None


def test_an_answer_to_nothing_or_without_its_date_is_refused(bank: Bank, books):
    story = books.vaulted()
    serial = books.postings(story)[0]["serial"]
    assert books.answer("BK-nothing", "POSTED") == "REJECTED"
    assert books.answer(serial, "POSTED", posted_on=None) == "REJECTED"
    assert books.postings(story)[0]["status"] == "PENDING"


def test_a_failed_entry_holds_its_paper_until_it_is_retried(bank: Bank, books):
    story, id = books.failed()
    assert held(bank, story) == id
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "NON_LITIGATION_USE",
        "dueDate": "2025-07-01",
        "reason": "to look at",
    }
    for refused in (
        relocating(bank, books, story),
        bank.do("handler-1", "checkOutRequest", asked),
    ):
        assert codes(refused) == ["OPEN_REQUEST_EXISTS"]
        assert refused["refusals"][0]["ruleId"] == "CUS-21"
    alerts = bank.query(
        SUPERVISOR,
        "query($s: String!) { alerts(filter: {subject: $s, mine: true}) { nodes { kind dueOn } } }",
        s=story.certificate_id,
    )["alerts"]["nodes"]
    assert alerts == [{"kind": "BOOK", "dueOn": "2025-06-23"}]
    anew = bank.done(SUPERVISOR, "postingRetry", {"postingId": id}, POSTING)["posting"]
    assert (anew["status"], anew["attempt"]) == ("PENDING", 2)
    first, second = books.postings(story)
    assert (first["status"], first["settledBy"]) == ("RETRIED", SUPERVISOR)
    assert first["serial"] != second["serial"]
    assert held(bank, story) is None
    assert codes(bank.do(SUPERVISOR, "postingRetry", {"postingId": id})) == ["STATE_CONFLICT"]
    assert books.answer(second["serial"], "FAILED") == "UPDATED"
    assert held(bank, story) == second["id"]
    assert books.answer(second["serial"], "POSTED", "10:05") == "UPDATED"
    assert codes(relocating(bank, books, story)) == []


def test_an_entry_booked_besides_its_retry_shows_and_is_taken_back(bank: Bank, books):
    story, id = books.failed()
    bank.done(SUPERVISOR, "postingRetry", {"postingId": id})
    first, second = books.postings(story)
    assert books.answer(second["serial"], "POSTED") == "UPDATED"
    assert books.answer(first["serial"], "POSTED", "10:07") == "UPDATED"
    record = books.reconciled("2025-06-24", DIFFERENCES)
    assert (record["bookCount"], record["vaultCount"], record["differenceCount"]) == (2, 1, 1)
    reverse = {"postingId": id, "reason": "booked twice"}
    assert bank.done(SUPERVISOR, "postingReverse", reverse, POSTING)["posting"]["inCore"] is False
    assert books.reconciled("2025-06-25", DIFFERENCES)["differences"] == []
    assert bank.certificate(story, "booked")["booked"] is True


def test_a_reversal_frees_the_paper_and_is_told_until_the_paper_leaves(bank: Bank, books):
    story, id = books.failed()
    without = bank.do(SUPERVISOR, "postingReverse", {"postingId": id, "reason": " "})
    assert codes(without) == ["VALUE_INVALID"]
    reverse = {"postingId": id, "reason": "entered by hand into another account"}
    bank.done(SUPERVISOR, "postingReverse", reverse)
    assert held(bank, story) is None
    assert bank.certificate(story, "booked")["booked"] is False
    record = books.reconciled("2025-06-23", DIFFERENCES)
    assert record["differences"] == [
        {
            "kind": "BOOK",
            "certificateId": story.certificate_id,
            "inVault": 1,
            "inBook": 0,
            "inLedger": 1,
        }
    ]
    bank.clock(NOON)
    anew = bank.done(SUPERVISOR, "postingRetry", {"postingId": id}, POSTING)["posting"]
    assert bank.certificate(story, "booked")["booked"] is True
    assert books.answer(anew["serial"], "POSTED") == "UPDATED"
    assert books.reconciled("2025-06-24", DIFFERENCES)["differences"] == []


def test_who_may_settle_an_entry(bank: Bank, books):
    _, id = books.failed()
    reverse = {"postingId": id, "reason": "why"}
    for login in (books.keepers[0], "handler-1", "auditor", "approver-t2", "core-feed"):
        assert bank.error_code(login, "postingRetry", {"postingId": id}) == "FORBIDDEN"
        assert bank.error_code(login, "postingReverse", reverse) == "FORBIDDEN"
    assert codes(bank.do(STRANGER, "postingRetry", {"postingId": id})) == ["NOT_FOUND"]
    assert codes(bank.do(STRANGER, "postingReverse", reverse)) == ["NOT_FOUND"]
    asked = "query($id: ID!) { node(id: $id) { ... on Posting { status amount } } }"
    assert bank.query(STRANGER, asked, id=id)["node"] is None
    seen = bank.query(books.keepers[0], asked, id=id)["node"]
    assert seen == {"status": "POSTING_FAILED", "amount": None}  # keepers see no amounts
    listed = "query($v: String!) { postings(vault: $v, status: [POSTING_FAILED]) { totalCount } }"
    for login, count in ((SUPERVISOR, 1), (STRANGER, 0)):
        assert bank.query(login, listed, v=books.code)["postings"]["totalCount"] == count


def test_ten_answers_at_once_leave_the_latest_word(bank: Bank, books):
    story = books.vaulted()
    serial = books.postings(story)[0]["serial"]
    words = [("FAILED", "10:01"), ("POSTED", "10:02")] * 5
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(lambda word: books.answer(serial, *word), words))
    assert "REJECTED" not in told
    (entry,) = books.postings(story, "status answers { outcome }")
    assert entry["status"] == "POSTED"
    assert [one["outcome"] for one in entry["answers"]] == ["FAILED", "POSTED"]
    assert held(bank, story) is None


def test_of_ten_settlements_at_once_one_wins(bank: Bank, books):
    story, id = books.failed()
    asked = [("postingRetry", {"postingId": id})] * 5
    asked += [("postingReverse", {"postingId": id, "reason": "why"})] * 5
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(lambda one: codes(bank.do(SUPERVISOR, *one)), asked))
    retries, reversals = told[:5].count([]), told[5:].count([])
    # A reversed entry may be asked for anew; a retried one is not reversed.
    assert (retries, reversals) in {(1, 0), (0, 1), (1, 1)}
    standing = [one for one in books.postings(story) if one["status"] == "PENDING"]
    assert len(standing) == retries
    assert held(bank, story) is None


def test_every_way_in_and_out_is_entered_once(bank: Bank, books):
    story = books.posted()
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "NON_LITIGATION_USE",
        "dueDate": "2025-07-05",
        "reason": "to look at",
    }
    out = bank.done("handler-1", "checkOutRequest", asked, f"checkOut {{ id }} {REFUSALS}")
    id = out["checkOut"]["id"]
    bank.done(SUPERVISOR, "checkOutDecide", {"checkOutId": id, "approve": True})
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    plan = {"checkOutId": id, "vault": books.code, "sealNo": f"S{story.n:05}"}
    proposed = bank.done(
        books.keepers[0], "checkOutVaultOutPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": plan}
    bank.done(books.keepers[1], "checkOutVaultOutConfirm", confirm)
    assert [one["kind"] for one in books.postings(story)] == ["IN", "OUT"]
    assert bank.certificate(story, "booked bookedAmount") == {
        "booked": False,
        "bookedAmount": None,
    }
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id})
    received = {"certNo": story.cert_no, "pages": 1, "likeScan": True}
    bank.done(
        books.keepers[2], "checkOutReceive", {"checkOutId": id, "vault": books.code, **received}
    )
    assert len(books.postings(story)) == 2
    bank.vault(story, books.plan(story, sealNo=f"S{story.n:05}-2"), books.keepers[:2])
    entries = books.postings(story)
    assert [one["kind"] for one in entries] == ["IN", "OUT", "IN"]
    for entry in reversed(entries[1:]):  # the way in is answered before the way out
        assert books.answer(entry["serial"], "POSTED") == "UPDATED"
    record = books.reconciled("2025-06-24", DIFFERENCES)
    assert record == {
        "vaultCount": 1,
        "bookCount": 1,
        "ledgerCount": 1,
        "outstanding": 0,
        "differenceCount": 0,
        "differences": [],
    }


def test_what_is_not_answered_is_outstanding_for_its_day_and_a_difference_afterwards(bank, books):
    bank.clock("2025-06-27T10:00:00+08:00")
    story = books.vaulted()
    assert books.reconciled("2025-06-27", COUNTS) == {
        "vaultCount": 1,
        "bookCount": 0,
        "ledgerCount": 1,
        "outstanding": 1,
        "differenceCount": 0,
    }
    record = books.reconciled("2025-06-28", f"id {DIFFERENCES} certificates {{ certNo }}")
    assert record["differenceCount"] == 1
    assert record["certificates"] == [{"certNo": story.cert_no}]
    assert books.reconciled("2025-06-28", "id")["id"] == record["id"]  # once a day
    told = bank.query(
        SUPERVISOR,
        "query($s: String!) { alerts(filter: {subject: $s, mine: true}) { nodes {"
        " no kind subjectKind dueOn } } incidents { kind subject closedAt } }",
        s=books.code,
    )
    assert told["alerts"]["nodes"] == [
        {
            "no": f"RC-{books.code}-2025-06-28",
            "kind": "BOOK",
            "subjectKind": "VAULT",
            "dueOn": "2025-06-30",
        }
    ]
    mine = [one for one in told["incidents"] if one["subject"] == books.code]
    assert mine == [{"kind": "BOOK_DIFFERENCE", "subject": books.code, "closedAt": None}]
    books.reconciled("2025-06-29", "id")  # goes on: told again, still one incident
    assert books.answer(books.postings(story)[0]["serial"], "POSTED") == "UPDATED"
    assert books.reconciled("2025-06-30", DIFFERENCES)["differences"] == []
    told = bank.query(SUPERVISOR, "{ incidents(openOnly: false) { subject closedAt outcome } }")
    (mine,) = [one for one in told["incidents"] if one["subject"] == books.code]
    assert mine["closedAt"] is not None
    assert mine["outcome"] == "All agree on 2025-06-30."


def test_a_reconciliation_shows_who_differs(bank: Bank, books, endpoints):
    cancelled, stolen = books.posted(), books.posted()
    bank.load(("TitleSearch", search(cancelled, "CANCELLED", "2025-06-20")))
    with MongoClient(endpoints.mongo_url) as client:
        papers = client["lienkeeper"].certificates
        papers.update_one(
            {"_id": stolen.certificate_id}, {"$set": {"custody_state": "CHECKED_OUT"}}
        )
        record = books.reconciled(
            "2025-06-24",
            f"{COUNTS} differences {{ kind certificateId inVault inBook inLedger legalState"
            " registry searchedOn }",
        )
        papers.update_one({"_id": stolen.certificate_id}, {"$set": {"custody_state": "IN_VAULT"}})
    assert (record["vaultCount"], record["bookCount"], record["ledgerCount"]) == (1, 2, 2)
    nothing = {"legalState": None, "registry": None, "searchedOn": None}
    sides = {"inVault": 0, "inBook": 1, "inLedger": 1}
    assert record["differences"] == [
        {"kind": "BOOK", "certificateId": stolen.certificate_id, **sides, **nothing},
        {"kind": "LEDGER", "certificateId": stolen.certificate_id, **sides, **nothing},
        {
            "kind": "REGISTRY",
            "certificateId": cancelled.certificate_id,
            **dict.fromkeys(sides),
            "legalState": "REGISTERED",
            "registry": "CANCELLED",
            "searchedOn": "2025-06-20",
        },
    ]
    asked = "query($v: String!) { reconciliations(vault: $v) { totalCount } }"
    for login, count in (("auditor", 1), (books.keepers[0], 1), (STRANGER, 0), ("rm-1", 0)):
        assert bank.query(login, asked, v=books.code)["reconciliations"]["totalCount"] == count


def test_reconciliations_come_in_pages_newest_first(bank: Bank, books):
    days = ["2025-07-01", "2025-07-02", "2025-07-03"]
    for day in days:
        books.reconciled(day, "id")
    text = (
        "query($v: String!, $a: String) { reconciliations(vault: $v, first: 2, after: $a) {"
        " nodes { on } pageInfo { hasNextPage endCursor } totalCount } }"
    )
    first = bank.query("auditor", text, v=books.code)["reconciliations"]
    assert [one["on"] for one in first["nodes"]] == days[:0:-1]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    rest = bank.query("auditor", text, v=books.code, a=first["pageInfo"]["endCursor"])
    assert [one["on"] for one in rest["reconciliations"]["nodes"]] == days[:1]
