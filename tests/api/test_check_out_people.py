"""Who takes a paper out, through HTTP: the requester, a substitute, a companion (X08, X10)."""

import pytest

from tests.api.test_checkouts import LAWYER, SUPERVISOR, approved, asked, leaving, let_out
from tests.api.test_leaving import pledged
from tests.client import NOON, REFUSALS, Bank, codes, user_line

PROPOSED = f"proposal {{ id }} {REFUSALS}"
CLERK = ("clerk-c", "LC", [], [])
BORROWERS = ("borrower-1", "borrower-2", "borrower-3")
OTHERS = tuple((login, "LC", ["CERT_HANDLER"], []) for login in BORROWERS)


@pytest.fixture(scope="module", autouse=True)
def people(bank: Bank):
    """Who decides about check-outs, and who takes papers out."""
    bank.load(*(("User", user_line(*who)) for who in (SUPERVISOR, LAWYER, CLERK, *OTHERS)))


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def test_a_substitute_can_take_the_paper_and_is_not_late(bank: Bank):
    story = bank.vaulted()
    for login in ("clerk-c", "keeper-1", "rm-x", "archivist-1"):
        assert codes(asked(bank, story, substitute=login)) == ["VALUE_INVALID"], login
    late = bank.vaulted()
    let_out(bank, late, approved(bank, late, login="borrower-1"), "borrower-1")
    bank.clock("2025-07-07T10:00:00+08:00")
    refused = asked(bank, story, login="borrower-3", substitute="borrower-1", dueDate="2025-07-10")
    assert codes(refused) == ["BORROWER_OVERDUE"]
    free = {"login": "borrower-3", "substitute": "borrower-2", "dueDate": "2025-07-10"}
    assert codes(asked(bank, story, **free)) == []


def test_nothing_goes_to_the_substitute_of_who_is_late(bank: Bank):
    late, story = bank.vaulted(), bank.vaulted()
    let_out(bank, late, approved(bank, late, login="borrower-2"), "borrower-2")
    bank.clock("2025-07-04T10:00:00+08:00")
    more = {"login": "borrower-2", "substitute": "borrower-3", "dueDate": "2025-07-10"}
    id = approved(bank, story, **more)
    bank.done("borrower-3", "checkOutSign", {"checkOutId": id})
    bank.clock("2025-07-07T10:00:00+08:00")
    refused = bank.do("keeper-1", "checkOutVaultOutPropose", leaving(story, id))
    assert codes(refused) == ["BORROWER_OVERDUE"]


def test_both_keepers_agree_on_who_takes_the_paper(bank: Bank):
    story = bank.vaulted()
    id = approved(bank, story, login="handler-1", substitute="handler-2")
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    plan = leaving(story, id)
    proposed = bank.done("keeper-1", "checkOutVaultOutPropose", plan, PROPOSED)["proposal"]
    bank.done("handler-2", "checkOutSign", {"checkOutId": id})
    confirm = {"proposalId": proposed["id"], "vaultOut": plan}
    swapped = bank.do("keeper-2", "checkOutVaultOutConfirm", confirm)
    assert codes(swapped) == ["PAYLOAD_CHANGED"]
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    bank.done("keeper-2", "checkOutVaultOutConfirm", confirm)
    assert bank.certificate(story, "holder { login }") == {"holder": {"login": "handler-1"}}


def test_two_go_to_the_counter_to_redeem_a_deposit(bank: Bank):
    story = pledged(bank)
    to_redeem = {"purpose": "REDEMPTION", "dueDate": "2025-06-25"}
    assert codes(asked(bank, story, **to_redeem)) == ["VALUE_INVALID"]
    for login in ("handler-1", "clerk-c", "keeper-1", "rm-x", "nobody"):
        assert codes(asked(bank, story, companion=login, **to_redeem)) == ["VALUE_INVALID"], login
    both = {"substitute": "handler-2", "companion": "handler-2"}
    assert codes(asked(bank, story, **both, **to_redeem)) == ["VALUE_INVALID"]
    id = approved(bank, story, "approver-t2", companion="handler-2", **to_redeem)
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    plan = leaving(story, id)
    proposed = bank.done("keeper-1", "checkOutVaultOutPropose", plan, PROPOSED)["proposal"]
    confirm = {"proposalId": proposed["id"], "vaultOut": plan}
    assert codes(bank.do("keeper-2", "checkOutVaultOutConfirm", confirm)) == ["STATE_CONFLICT"]
    bank.done("handler-2", "checkOutSign", {"checkOutId": id})
    bank.done("keeper-2", "checkOutVaultOutConfirm", confirm)
    text = "query($id: ID!) { checkOut(id: $id) { borrower companion companionSignedAt } }"
    told = bank.query("auditor", text, id=id)["checkOut"]
    assert (told["borrower"], told["companion"]) == ("handler-1", "handler-2")
    assert told["companionSignedAt"] is not None
