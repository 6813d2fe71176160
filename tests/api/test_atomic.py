"""A storage call that fails, whichever it is, leaves everything wholly old or wholly new."""

import contextlib
from typing import Any

import pytest
from pymongo import MongoClient

from tests.client import REFUSALS, Bank, codes, vault_plan

COMMANDS = ["find", "insert", "update", "aggregate", "commitTransaction", "findAndModify"]
MAX_CALLS = 200
NOT_WRITABLE = 10107  # a step-down, which clients see as a passing fault
BROKEN = 8  # UnknownError: nothing to retry


@contextlib.contextmanager
def failing(endpoints, n: int, code: int):
    """The application's n-th storage call fails, once; told apart by its application name."""
    client: MongoClient = MongoClient(endpoints.mongo_url)
    with client:
        client.admin.command(
            "configureFailPoint",
            "failCommand",
            mode={"skip": n},
            data={"failCommands": COMMANDS, "errorCode": code, "appName": "lienkeeper"},
        )
        try:
            yield
        finally:
            client.admin.command("configureFailPoint", "failCommand", mode="off")


def _state(bank: Bank, story) -> dict[str, Any]:
    select = "custodyState version lock { id } place { slot } events { seq }"
    return bank.certificate(story, select)


@pytest.mark.parametrize("code", [BROKEN])
def test_vault_in_confirm_is_all_or_nothing(bank: Bank, endpoints, code):
    story = bank.waiting()
    plan = vault_plan(story)
    proposed = bank.done(
        "keeper-1", "certificateVaultInPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    given = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    before = _state(bank, story)
    tried = _until_it_passes(
        bank,
        endpoints,
        "keeper-2",
        "certificateVaultInConfirm",
        given,
        code,
        unchanged=lambda: _state(bank, story) == before,
    )
    assert tried > 5, tried
    after = _state(bank, story)
    assert after["custodyState"] == "IN_VAULT"
    assert after["place"] == {"slot": plan["slot"]}
    assert len(after["events"]) == len(before["events"]) + 1


@pytest.mark.parametrize("code", [BROKEN])
def test_case_vault_out_is_all_or_nothing(bank: Bank, endpoints, code):
    story = bank.approved()
    proposed = bank.vault_out_propose(story)
    given = {
        "proposalId": proposed["proposal"]["id"],
        "vaultOut": {"caseId": story.case_id, "vault": "V1"},
    }
    before = (_state(bank, story), bank.case(story))
    tried = _until_it_passes(
        bank,
        endpoints,
        "keeper-2",
        "deregistrationCaseVaultOutConfirm",
        given,
        code,
        unchanged=lambda: (_state(bank, story), bank.case(story)) == before,
    )
    assert tried > 5, tried
    assert _state(bank, story)["custodyState"] == "OUT_FOR_DEREG"
    assert bank.case(story)["state"] == "VAULT_OUT"


def _until_it_passes(bank, endpoints, login, name, given, code, *, unchanged) -> int:
    """Fails the first call, then the second, …, until the mutation no longer meets the fault."""
    document = f"mutation($i: {bank._input_type(name)}!) {{ {name}(input: $i) {{ {REFUSALS} }} }}"
    bank.token(login)
    for n in range(MAX_CALLS):
        with failing(endpoints, n, code):
            answer = bank.ask(login, document, i=given)
        if "errors" not in answer:
            assert codes(answer["data"][name]) == [], (n, answer)
            return n
        assert answer["errors"][0]["extensions"]["code"] in {
            "INTERNAL_SERVER_ERROR",
            "UNAUTHENTICATED",
            "UNAVAILABLE",
        }, answer
        assert "Traceback" not in str(answer)
        assert unchanged(), n
    raise AssertionError("the mutation never passed")
