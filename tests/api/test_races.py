"""Many at once: exactly one wins, the others get a coded answer, and no two decisions pass."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import CASE, REFUSALS, Bank, codes, collected, loan_line, settled, vault_plan

AT_ONCE = 10


def at_once(*works: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


def test_ten_proposals_for_one_slot_leave_one_winner(bank: Bank):
    stories = []
    for _ in range(AT_ONCE):
        story = bank.waiting()
        stories.append(story)
    slot = {"cabinet": "B", "slot": f"{stories[0].n:03}"}
    answers = at_once(
        *(
            lambda s=story: bank.do("keeper-1", "certificateVaultInPropose", vault_plan(s, **slot))
            for story in stories
        )
    )
    assert sorted(codes(answer) for answer in answers) == [[], *[["SLOT_OCCUPIED"]] * 9]


def test_ten_confirmations_of_one_vault_in_leave_one_winner(bank: Bank):
    story = bank.waiting()
    plan = vault_plan(story)
    proposed = bank.done(
        "keeper-1", "certificateVaultInPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    answers = at_once(
        *[lambda: bank.do("keeper-2", "certificateVaultInConfirm", confirm)] * AT_ONCE
    )
    assert [codes(answer) for answer in answers].count([]) == 1
    assert all("STATE_CONFLICT" in codes(answer) for answer in answers if codes(answer))
    events = bank.certificate(story, "events { type }")["events"]
    assert [event["type"] for event in events].count("VAULT_IN") == 1


def test_ten_cases_for_one_collateral_leave_one_winner(bank: Bank):
    story = bank.mortgage()
    opening = {
        "collateralId": story.collateral_id,
        "applicant": {"owners": [story.customer_no]},
    }
    answers = at_once(*[lambda: bank.do("handler-1", "deregistrationCaseOpen", opening)] * AT_ONCE)
    assert sorted(codes(answer) for answer in answers) == [[], *[["OPEN_REQUEST_EXISTS"]] * 9]


def test_ten_collections_of_one_number_leave_one_winner(bank: Bank):
    stories = [bank.mortgage() for _ in range(AT_ONCE)]
    for story in stories:
        story.certificate_id = bank.expect(story)
        story.cert_no = f"NO-RACE-{stories[0].n}"
    answers = at_once(
        *(
            lambda s=story: bank.do("handler-1", "certificateCollect", collected(s))
            for story in stories
        )
    )
    assert sorted(codes(answer) for answer in answers) == [[], *[["DUPLICATE_CERT"]] * 9]


def test_ten_requests_with_one_key_act_once(bank: Bank):
    story = bank.mortgage()
    given = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    answers = at_once(
        *[
            lambda: bank.do(
                "handler-1",
                "certificateRegisterExpected",
                given,
                f"certificate {{ id }} {REFUSALS}",
                key=f"race-{story.n}",
            )
        ]
        * AT_ONCE
    )
    ids = {a["certificate"]["id"] for a in answers if a["certificate"]}
    assert len(ids) == 1
    assert {tuple(codes(a)) for a in answers} <= {(), ("IN_PROGRESS",)}


@pytest.mark.parametrize("_round", range(6))
def test_a_reversed_settlement_and_a_vault_out_never_both_succeed(bank: Bank, _round):
    story = bank.approved()
    proposed = bank.vault_out_propose(story)
    proposal_id = proposed["proposal"]["id"]
    reversal = loan_line(story, balance="500.00", status="ACTIVE")
    confirmed, _ = at_once(
        lambda: bank.vault_out_confirm(story, proposal_id),
        lambda: bank.load(("Loan", reversal)),
    )
    left = codes(confirmed) == []
    state, case = bank.certificate(story)["custodyState"], bank.case(story)["state"]
    if left:
        # The paper went first; the reversal, which came second, saw it and stopped the case.
        assert (state, case) == ("OUT_FOR_DEREG", "BLOCKED")
    else:
        assert "NOT_SETTLED" in codes(confirmed)
        assert (state, case) == ("IN_VAULT", "BLOCKED")
    assert bank.case(story, "settlementProofs { voidedAt }")["settlementProofs"][0]["voidedAt"]


def test_a_settlement_reversed_before_the_vault_out_keeps_the_paper_in(bank: Bank):
    story = bank.approved()
    bank.load(("Loan", loan_line(story, balance="500.00")))
    refused = bank.vault_out_propose(story)
    assert set(codes(refused)) >= {"NOT_SETTLED", "STATE_CONFLICT"}
    assert bank.certificate(story)["custodyState"] == "IN_VAULT"
    assert bank.case(story)["state"] == "BLOCKED"
    bank.load(("Loan", loan_line(story, **settled())))
    again = bank.do("handler-1", "deregistrationCaseSubmit", {"caseId": story.case_id}, CASE)
    assert again["case"]["state"] == "PRECHECKED"
