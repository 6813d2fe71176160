"""Two people on one release at once, or on two halves of one security: one of them comes second.

As in `test_release_races.py`, the database's own log tells who came first, and what is there
afterwards has to follow from that order.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient

from tests.api.racing import (
    RACES,
    Commits,
    Ground,
    Starter,
    a_ground,
    beside,
    report,
)
from tests.api.test_races import at_once
from tests.client import REFUSALS, Bank, Story, codes, credit, guarantee, loan_line, settled

OPEN = "deregistration_case_open"
CLOSE = "deregistration_case_close"
SUBMIT = "deregistration_case_submit"
CANCEL = "deregistration_case_cancel"
CONFIRM = "deregistration_case_vault_out_confirm"


@pytest.fixture(scope="module")
def ground(bank: Bank) -> Ground:
    return a_ground(bank, "VP")


@pytest.fixture
def commits(endpoints) -> Iterator[Commits]:
    with MongoClient(endpoints.mongo_url) as client:
        yield Commits(client)


def opening(story: Story, **more: Any) -> dict[str, Any]:
    return {
        "collateralId": story.collateral_id,
        "applicant": {"owners": [story.customer_no]},
        **more,
    }


def open_case(ground: Ground, story: Story, **more: Any) -> Any:
    select = f"case {{ id state }} {REFUSALS}"
    return ground.bank.do("handler-1", "deregistrationCaseOpen", opening(story, **more), select)


def cancel(ground: Ground, story: Story) -> Any:
    given = {"caseId": story.case_id, "reason": "the owner changed his mind"}
    return ground.bank.do("handler-1", "deregistrationCaseCancel", given)


def close(ground: Ground, story: Story) -> Any:
    return ground.bank.do("handler-1", "deregistrationCaseClose", {"caseId": story.case_id})


def held(ground: Ground, story: Story) -> dict[str, Any]:
    """What holds the collateral and its paper now."""
    document = (
        "query($c: ID!, $p: ID!) { collateral(id: $c) { pledgeState }"
        " certificate(id: $p) { custodyState lock { id } } }"
    )
    found = ground.bank.query("auditor", document, c=story.collateral_id, p=story.certificate_id)
    return found["collateral"] | found["certificate"]


FREE = {"pledgeState": "EFFECTIVE", "custodyState": "IN_VAULT", "lock": None}


def test_two_openings_for_one_collateral_leave_one_case(ground: Ground):
    for story in ground.stories(RACES, submitted=False):
        kinds = ("FULL_SETTLEMENT", "WAIVER")
        answers = at_once(*(partial(open_case, ground, story, kind=kind) for kind in kinds))
        assert sorted(codes(answer) for answer in answers) == [[], ["OPEN_REQUEST_EXISTS"]]
        opened = next(answer["case"]["id"] for answer in answers if answer["case"])
        assert held(ground, story) == FREE | {"pledgeState": "RELEASING", "lock": {"id": opened}}


def test_two_proposals_of_a_vault_out_leave_one(ground: Ground):
    for story in ground.stories(RACES):
        ground.approved(story)
        answers = at_once(*(partial(ground.propose, story, keeper) for keeper in ground.keepers))
        assert sorted(codes(answer) for answer in answers) == [[], ["OPEN_REQUEST_EXISTS"]]
        first = 0 if codes(answers[0]) == [] else 1
        proposal_id, other = answers[first]["proposal"]["id"], ground.keepers[1 - first]
        assert codes(ground.confirm(story, proposal_id, other)) == []


def test_two_filings_leave_one_number(ground: Ground):
    for story in ground.stories(RACES):
        ground.taken_out(ground.approved(story))
        numbers = (f"R-{story.n}-1", f"R-{story.n}-2")
        answers = at_once(*(partial(ground.file, story, no) for no in numbers))
        assert sorted(codes(answer)[:1] for answer in answers) == [[], ["STATE_CONFLICT"]]
        kept = ground.bank.case(story, "registry { acceptanceNo } timeline { step }")
        assert kept["registry"]["acceptanceNo"] == numbers[codes(answers[0]) != []]
        assert [entry["step"] for entry in kept["timeline"]].count("FILE") == 1


def test_a_cancelled_case_is_not_submitted(ground: Ground, commits: Commits):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for story in ground.stories(RACES, submitted=False):
        ground.opened(story)
        commits.begin()
        submitted, cancelled = starter.run(
            partial(ground.bank.submit, story), partial(cancel, ground, story)
        )
        first = codes(submitted) == []
        order = commits.of((story.case_id, SUBMIT), (story.case_id, CANCEL))
        assert order == ([SUBMIT] if first else []) + [CANCEL]
        assert codes(cancelled) == []
        assert first or codes(submitted) == ["STATE_CONFLICT"]
        assert ground.bank.case(story)["state"] == "CANCELLED"
        assert held(ground, story) == FREE
        starter.favour(first=not first)
        wins["submit" if first else "cancel"] += 1
    report("submit × cancel", wins, commits.aborted() - aborted)


def test_a_reversal_is_heard_by_a_case_that_is_being_closed(ground: Ground, commits: Commits):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for story in ground.stories(RACES, submitted=False):
        over(ground, story)
        commits.begin()
        closed, told = starter.run(
            partial(close, ground, story),
            partial(ground.tell, ("Loan", loan_line(story, balance="500.00"))),
        )
        order = commits.of((story.case_id, CLOSE), (told["id"], "import"))
        first = order == [CLOSE, "import"]
        went = codes(closed) == []
        assert first or order == (["import", CLOSE] if went else ["import"])
        # The proof that the reversal voided may be missed in the archive.
        assert went or codes(closed) == ["ARCHIVE_INCOMPLETE"]
        case = ground.bank.case(story, "state postCloseIncident settlementProofs { voidedAt }")
        assert case["state"] == ("CLOSED" if went else "RETURNED")
        assert case["postCloseIncident"]
        assert [bool(proof["voidedAt"]) for proof in case["settlementProofs"]] == [True]
        assert dossier_of(ground, story) != "CLOSED"  # its loan owes, whichever came first
        starter.favour(first=not first)
        wins["close" if first else "reversal"] += 1
    report("close × reversal", wins, commits.aborted() - aborted)


def over(ground: Ground, story: Story) -> None:
    """Everything is done but the closing."""
    ground.taken_out(ground.approved(story))
    assert codes(ground.file(story)) == []
    result = ground.shown(story, "REGISTRY_RESULT")
    assert codes(ground.record(story, "DONE", resultFileVersionId=result)) == []
    ground.bank.done("handler-1", "deregistrationCaseSurrender", {"caseId": story.case_id})
    ground.attach(story, "CERT_RECEIPT")


def dossier_of(ground: Ground, story: Story) -> str:
    document = "query($no: String!) { dossier(loanNo: $no) { status } }"
    status: str = ground.bank.query("auditor", document, no=story.loan_no)["dossier"]["status"]
    return status


def also_secures(bank: Bank, story: Story) -> None:
    """A settled loan of another credit contract, secured by the same collateral."""
    other = credit(story) | {"no": f"{story.credit_no}O"}
    debt = loan_line(story, **settled())
    debt |= {"loan_no": f"{story.loan_no}O", "contract": other["no"]}
    debts = [story.loan_no, debt["loan_no"]]
    bank.load(
        ("CreditContract", other),
        ("Loan", debt),
        ("GuaranteeContract", guarantee(story, secured_loans=debts)),
    )


def test_a_drawdown_comes_before_a_case_is_opened_or_not_at_all(ground: Ground, commits: Commits):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for n, story in enumerate(ground.stories(RACES, submitted=False)):
        also_secures(ground.bank, story)
        tranche = loan_line(story, principal_amount="1000000.01", balance="0.01")
        if n % 2:
            tranche |= {"loan_no": f"{story.loan_no}O", "contract": f"{story.credit_no}O"}
        commits.begin()
        opened, told = starter.run(
            partial(open_case, ground, story),
            partial(ground.tell, ("Loan", tranche)),
        )
        assert codes(opened) == []
        story.case_id = opened["case"]["id"]
        first = codes(told) == ["RELEASE_IN_PROGRESS"]
        if not first:
            assert codes(told) == []
            order = commits.of((story.case_id, OPEN), (told["id"], "import"))
            assert order == ["import", OPEN]
        submitted = ground.bank.submit(ground.opened(story))
        assert codes(submitted)[:1] == ([] if first else ["NOT_SETTLED"])
        starter.favour(first=not first)
        wins["opening" if first else "drawdown"] += 1
    report("opening × drawdown", wins, commits.aborted() - aborted)


def other_half(ground: Ground, story: Story) -> Story:
    """The other flat of the same debt, with its own paper, as a story of its own."""
    document = "query($no: String!) { collateral(no: $no) { id certificates { id } } }"
    found = ground.bank.query("auditor", document, no=beside(story))["collateral"]
    return replace(
        story,
        collateral_no=beside(story),
        collateral_id=found["id"],
        certificate_id=found["certificates"][0]["id"],
        case_id="",
    )


@pytest.mark.parametrize("step", ["submit", "vault-out", "filing"])
def test_a_half_leaves_only_before_the_other_is_asked_for(ground: Ground, commits: Commits, step):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for story in ground.stories(RACES, part=True, submitted=step != "submit"):
        other = other_half(ground, story)
        take, cause, states = step_of(ground, story, step)
        commits.begin()
        answer, opened = starter.run(
            take, partial(open_case, ground, other, kind="PARTIAL_RELEASE")
        )
        assert codes(opened) == []
        other.case_id = opened["case"]["id"]
        first = codes(answer) == []
        both = [cause, OPEN]
        order = commits.of((story.case_id, cause), (other.case_id, OPEN))
        assert order == (both if first else both[::-1]), answer
        assert first or codes(answer) == ["LTV_EXCEEDED"]
        assert ground.bank.case(story)["state"] == (states if first else "BLOCKED")
        assert codes(ground.bank.submit(ground.opened(other, part=True))) == ["LTV_EXCEEDED"]
        starter.favour(first=not first)
        wins[step if first else "opening"] += 1
    report(f"{step} of a half × opening of the other", wins, commits.aborted() - aborted)


def step_of(ground: Ground, story: Story, step: str) -> tuple[Any, str, str]:
    """The step to take, the name of its mutation, and the state it leads to."""
    if step == "submit":
        ground.opened(story, part=True)
        return lambda: ground.bank.submit(story), SUBMIT, "PRECHECKED"
    ground.approved(story, part=True)
    if step == "vault-out":
        proposal_id = ground.proposed(story)
        return lambda: ground.confirm(story, proposal_id), CONFIRM, "VAULT_OUT"
    ground.taken_out(story)
    return lambda: ground.file(story), "deregistration_case_file", "FILED"


def test_of_two_halves_that_ask_at_once_the_one_that_stays_lets_the_other_go(
    ground: Ground, commits: Commits
):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for story in ground.stories(RACES, part=True, submitted=False):
        halves = [story, other_half(ground, story)]
        opened = at_once(
            *(partial(open_case, ground, half, kind="PARTIAL_RELEASE") for half in halves)
        )
        for half, answer in zip(halves, opened, strict=True):
            half.case_id = answer["case"]["id"]
            ground.opened(half, part=True)
        submitted = at_once(*(partial(ground.bank.submit, half) for half in halves))
        assert [codes(answer) for answer in submitted] == [["LTV_EXCEEDED"]] * 2
        first, last = both_ways(ground, commits, starter, halves)
        starter.favour(first=not first)
        wins["submit" if first else "cancel"] += 1
        assert last == ("BLOCKED" if first else "PRECHECKED")
    report("submit of a half × cancel of the other", wins, commits.aborted() - aborted)


def both_ways(
    ground: Ground, commits: Commits, starter: Starter, halves: Sequence[Story]
) -> tuple[bool, str]:
    """Whether the submit of one half came before the cancel of the other, and where it got."""
    stays, goes = halves
    commits.begin()
    submitted, cancelled = starter.run(
        lambda: ground.bank.submit(goes), lambda: cancel(ground, stays)
    )
    assert codes(cancelled) == []
    first = codes(submitted) == ["LTV_EXCEEDED"]
    order = commits.of((goes.case_id, SUBMIT), (stays.case_id, CANCEL))
    assert order == ([SUBMIT, CANCEL] if first else [CANCEL, SUBMIT])
    reached: str = ground.bank.case(goes)["state"]
    assert codes(ground.bank.submit(goes))[:1] == ([] if first else ["STATE_CONFLICT"])
    return first, reached
