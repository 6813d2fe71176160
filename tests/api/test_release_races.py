"""Facts that forbid a release race with the steps that let it go; both never succeed.

The two sides are a step of a release (the vault-out's confirmation, or the filing) and a line of
the feed (a settlement reversed, a drawdown, a seizure, a legal hold, a valuation, a risk signal).
They start together; whoever lost starts a little earlier the next time, so that each wins about
half of the races.

How a race is judged. Both answers are in. The database's own log tells which of the two decisions
was committed first; nothing that the application says about its order is believed. Then

- the step succeeded: it was committed before the fact. The evaluation kept with it passed. The
  step that follows is refused for that fact, and so is the same step where it is asked once more.
- the step was refused: for that fact and no other reason that the story does not give. The fact
  was committed before it. The paper is where it was and the case is not a step further; the
  evaluation kept with the refusal failed on the rule of that fact.

There is no third outcome. A drawdown can only lose: the case is open before it begins. `make races`
runs 200 races of each pair.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient

from tests.api.racing import (
    AT_FILING,
    RACES,
    STEP_S,
    Commits,
    Ground,
    Starter,
    a_ground,
    beside,
    report,
    valued,
)
from tests.client import Bank, Story, codes, credit, guarantee, loan_line

AT = "2025-06-20T10:00:00+08:00"
LOOK = """
query($case: ID!, $paper: ID!) {
  deregistrationCase(id: $case) {
    state postCloseIncident timeline { note } settlementProofs { voidedAt }
    precheckRuns { stage ready results { id outcome } } }
  certificate(id: $paper) { custodyState } }
"""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line of the feed that forbids a release, and how a step is refused for it."""

    name: str
    code: str
    rule: str | None  # the precondition that fails; none where only the approvals fall short
    line: Callable[[Story, int], tuple[str, Any]]
    part: bool = False  # whether it forbids the release of a part
    proven: bool = False  # whether a settlement proof has to be there
    case_state: str | None = "BLOCKED"  # of a case that was refused for it; none: as it was


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a release: how to come before it, to take it, and what follows it."""

    name: str
    cause: str
    stage: str
    states: tuple[str, str]  # of the case, before and after
    custody: tuple[str, str]  # of the paper, before and after


VAULT_OUT = Step(
    name="vault-out",
    cause="deregistration_case_vault_out_confirm",
    stage="VAULT_OUT",
    states=("APPROVED", "VAULT_OUT"),
    custody=("IN_VAULT", "OUT_FOR_DEREG"),
)
FILING = Step(
    name="filing",
    cause="deregistration_case_file",
    stage="FILE",
    states=("VAULT_OUT", "FILED"),
    custody=("OUT_FOR_DEREG", "OUT_FOR_DEREG"),
)


def _reversal(story: Story, _n: int) -> tuple[str, Any]:
    return "Loan", loan_line(story, balance="500.00")


def _seizure(story: Story, _n: int) -> tuple[str, Any]:
    seizure = {"doc_no": f"SZ-{story.n}", "court": "越秀区法院", "starts_on": "2025-06-19"}
    return "Seizure", {"collateral": story.collateral_no, **seizure}


def _hold(story: Story, n: int) -> tuple[str, Any]:
    """On the collateral, or on its certificate by number or by id."""
    targets = [
        ("COLLATERAL", story.collateral_no),
        ("CERTIFICATE", story.cert_no),
        ("CERTIFICATE", story.certificate_id),
    ]
    scope, target = targets[n % len(targets)]
    hold = {"no": f"HR-{story.n}", "reason": "AUDIT", "placed_at": AT, "org": "OB"}
    return "LegalHold", hold | {"scope": scope, "target": target}


def _signal(story: Story, n: int) -> tuple[str, Any]:
    """About each thing that a release asks for signals."""
    subjects = [
        ("COLLATERAL", story.collateral_no),
        ("LOAN", story.loan_no),
        ("CUSTOMER", story.customer_no),
        ("CERTIFICATE", story.cert_no),
    ]
    kind, subject = subjects[n % len(subjects)]
    signal = {"no": f"SR-{story.n}", "category": "REPAYMENT", "severity": "RED", "org": "OB"}
    return "RiskSignal", signal | {"subject_kind": kind, "subject": subject, "published_at": AT}


FACTS = (
    Fact(name="reversal", code="NOT_SETTLED", rule="DRG-P01", line=_reversal, proven=True),
    Fact(name="seizure", code="SEIZED", rule="DRG-P04", line=_seizure),
    Fact(name="legal hold", code="LEGAL_HOLD", rule="DRG-P05", line=_hold),
    Fact(name="risk signal", code="RISK_SIGNAL_OPEN", rule="DRG-P07", line=_signal),
    Fact(
        name="valuation of what stays",
        code="LTV_EXCEEDED",
        rule="DRG-4.6",
        line=lambda story, _n: valued(beside(story), "999999.99", "2025-06-19"),
        part=True,
    ),
    Fact(
        name="valuation of what leaves",
        code="APPROVAL_LEVEL",
        rule=None,
        line=lambda story, _n: valued(story.collateral_no, "5000000.01", "2025-06-19"),
        part=True,
        case_state=None,
    ),
)


@pytest.fixture(scope="module")
def ground(bank: Bank) -> Ground:
    return a_ground(bank, "VR")


@pytest.fixture
def commits(endpoints) -> Iterator[Commits]:
    with MongoClient(endpoints.mongo_url) as client:
        yield Commits(client)


@pytest.mark.parametrize("step", [VAULT_OUT, FILING], ids=lambda step: step.name)
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_fact_and_a_step_never_both_succeed(ground: Ground, commits: Commits, fact, step):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for n, story in enumerate(ground.stories(RACES, part=fact.part, submitted=not fact.proven)):
        take = ready(ground, ground.approved(story, part=fact.part), step)
        line = fact.line(story, n)
        commits.begin()
        answer, told = starter.run(take, partial(ground.tell, line))
        won = judged(ground, story, fact, step, answer, told, commits.since())
        starter.favour(first=not won)
        wins[step.name if won else fact.name] += 1
    report(f"{fact.name} × {step.name}", wins, commits.aborted() - aborted)


def ready(ground: Ground, story: Story, step: Step) -> Callable[[], Any]:
    """The step, once everything before it is done."""
    if step is VAULT_OUT:
        proposal_id = ground.proposed(story)
        return lambda: ground.confirm(story, proposal_id)
    ground.taken_out(story)
    return lambda: ground.file(story)


def judged(
    ground: Ground,
    story: Story,
    fact: Fact,
    step: Step,
    answer: Any,
    told: Any,
    order: Sequence[tuple[str, str]],
) -> bool:
    """Whether the step won. Fails where no order of the two explains what is there now."""
    won = codes(answer) == []
    by_fact, by_step = (told["id"], "import"), (story.case_id, step.cause)
    happened = [event for event in order if event in {by_fact, by_step}]
    if won:
        assert happened == [by_step, by_fact], (happened, answer)
    else:
        assert happened in ([by_fact, by_step], [by_fact]), (happened, answer)
        assert fact.code in codes(answer)
    now = ground.bank.query("auditor", LOOK, case=story.case_id, paper=story.certificate_id)
    case, custody = now["deregistrationCase"], now["certificate"]["custodyState"]
    assert custody == step.custody[won]
    stopped = not won or (fact.proven and step is VAULT_OUT)
    state = fact.case_state if stopped else None
    assert case["state"] == (state or step.states[won])
    if won or by_step in happened:
        evaluated(case, fact, step, passed=won)
    if fact.proven:
        undone(case)
    if won:
        follow(ground, story, fact, step)
    return won


def evaluated(case: dict[str, Any], fact: Fact, step: Step, *, passed: bool) -> None:
    """The evaluation kept with the step says what the step went by (DRG-R02)."""
    run = case["precheckRuns"][-1]
    assert (run["stage"], run["ready"]) == (step.stage, passed)
    outcomes = {result["id"]: result["outcome"] for result in run["results"]}
    if fact.rule is not None:
        assert outcomes[fact.rule] == ("PASS" if passed else "FAIL")


def undone(case: dict[str, Any]) -> None:
    """What a reversal leaves on a case, whether before or after its filing (4.9)."""
    notes = [entry["note"] for entry in case["timeline"]] + [case["postCloseIncident"]]
    assert any("reversed" in (note or "") or "NOT_SETTLED" in (note or "") for note in notes)
    assert case["settlementProofs"]
    assert all(proof["voidedAt"] for proof in case["settlementProofs"])


def follow(ground: Ground, story: Story, fact: Fact, step: Step) -> None:
    """Whoever came second is seen by the step that comes next."""
    if step is FILING:
        ground.record(story, "NEED_MORE_MATERIAL")
    elif fact.rule is None:
        ground.attach(story, *AT_FILING)  # approvals are asked once nothing else is amiss
    assert fact.code in codes(ground.file(story))


def _tranche(story: Story) -> tuple[str, Any]:
    return "Loan", loan_line(story, principal_amount="1000000.01", balance="0.01")


def _new_loan(story: Story) -> tuple[str, Any]:
    return "Loan", loan_line(story) | {"loan_no": f"{story.loan_no}N"}


def _newly_secured(story: Story) -> tuple[str, Any]:
    debts = [story.loan_no, f"{story.loan_no}O"]
    return "GuaranteeContract", guarantee(story, secured_loans=debts)


DRAWDOWNS = (_tranche, _new_loan, _newly_secured)


def elsewhere(bank: Bank, story: Story) -> None:
    """A loan of the same customer that nothing here secures yet."""
    other = credit(story) | {"no": f"{story.credit_no}O"}
    debt = loan_line(story) | {"loan_no": f"{story.loan_no}O", "contract": other["no"]}
    bank.load(("CreditContract", other), ("Loan", debt))


@pytest.mark.parametrize("step", [VAULT_OUT, FILING], ids=lambda step: step.name)
def test_a_drawdown_never_wins_against_an_open_case(ground: Ground, commits: Commits, step):
    starter, wins, aborted = Starter(), Counter[str](), commits.aborted()
    for n, story in enumerate(ground.stories(RACES)):
        elsewhere(ground.bank, story)
        take = ready(ground, ground.approved(story), step)
        starter.lead = STEP_S * (n % 40)  # the drawdown is the shorter one
        line = DRAWDOWNS[n % len(DRAWDOWNS)](story)
        answer, told = starter.run(take, partial(ground.tell, line))
        assert codes(answer) == []
        assert codes(told) == ["RELEASE_IN_PROGRESS"]
        assert ground.bank.case(story)["state"] == step.states[True]
        wins[step.name] += 1
    report(f"drawdown × {step.name}", wins, commits.aborted() - aborted, sides=1)
