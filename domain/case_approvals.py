"""Who approves a release (审批). Source: domain 4.5."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from domain.case_steps import impossible
from domain.deregistration import (
    Approval,
    ApprovalDecision,
    ApprovalStep,
    CaseState,
    CaseStep,
    DeregistrationCase,
    DeregKind,
)
from domain.money import FEN_PER_YUAN
from domain.orgs import OrgLevel
from domain.people import Actor
from domain.policy import BANDS, Policy
from domain.refusals import Refusal, RefusalCode, state_conflict
from domain.release_question import ReleaseFacts
from domain.roles import Operation, Role

LEGAL = ApprovalStep(role=Role.LEGAL_OFFICER)


def approval_steps(
    case: DeregistrationCase, facts: ReleaseFacts, *, policy: Policy
) -> tuple[ApprovalStep, ...]:
    """The approvals a release needs by what is known now, in order (4.5).

    A seizure overridden or a paper lost goes to the first-tier branch besides.
    """
    steps = list(_by_kind(case, facts, policy))
    tier1 = _at(OrgLevel.TIER1_BRANCH)
    asked = [(step.role, step.level) for step in steps]
    if facts.needs_opinion and (tier1.role, tier1.level) not in asked:
        steps.append(tier1)
    return tuple(steps)


def standing_approvals(case: DeregistrationCase, *, today: date) -> list[Approval]:
    """The approvals that still count: the registry's rejection lets them end (4.9)."""
    return [
        item
        for item in case.approvals
        if item.decision is ApprovalDecision.APPROVED
        and (item.valid_until is None or today <= item.valid_until)
    ]


def next_approval(
    case: DeregistrationCase,
    facts: ReleaseFacts,
    *,
    policy: Policy,
    today: date,
) -> ApprovalStep | None:
    """The first required approval that nobody has given yet; None when all are in.

    The level follows the amounts of the moment: what was approved for less does not suffice.
    """
    given = [(item.role, item.level) for item in standing_approvals(case, today=today)]
    for step in approval_steps(case, facts, policy=policy):
        met = [place for place in given if step.is_met_by(*place)]
        if not met:
            return step
        given.remove(met[0])
    return None


def not_approved(
    case: DeregistrationCase, facts: ReleaseFacts, *, policy: Policy, today: date
) -> Refusal | None:
    """An approval that is due by the amounts of the moment keeps papers in (4.5)."""
    step = next_approval(case, facts, policy=policy, today=today)
    return None if step is None else _level(step)


def own_approval(case: DeregistrationCase, login: str) -> Refusal | None:
    """Whoever approved a release never executes it (3.2): files, hears the registry, gives back."""
    given = [item for item in case.approvals if item.decision is ApprovalDecision.APPROVED]
    if login not in {item.login for item in given}:
        return None
    return Refusal(
        code=RefusalCode.SOD_VIOLATION,
        rule_id="DRG-4.5",
        detail={"person": login, "part": "approver"},
    )


def approval_refusals(
    case: DeregistrationCase,
    facts: ReleaseFacts,
    *,
    approver: Actor,
    policy: Policy,
    today: date,
) -> Iterator[Refusal | None]:
    """Who may give the next approval: the right level, a distinct person, not the applicant."""
    yield impossible(case, CaseStep.APPROVE)
    step = next_approval(case, facts, policy=policy, today=today)
    if step is None and case.state is not CaseState.PRECHECKED:
        yield state_conflict(
            "DRG-4.5", subject=f"Case {case.no}", state="fully approved", event=CaseStep.APPROVE
        )
    if approver.login in case.applicants:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="DRG-4.5")
    given = standing_approvals(case, today=today)
    parts = {approval.login: "approver" for approval in given}
    if case.handler is not None:
        parts[case.handler] = "deregistration handler"
    if approver.login in parts and approver.login not in case.applicants:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="DRG-4.5",
            detail={"person": approver.login, "part": parts[approver.login]},
        )
    held = approver.grants_for(Operation.APPROVE_CASE, case.org_path)
    if step is not None and not any(step.is_met_by(g.role, g.org_level) for g in held):
        yield _level(step)


def acting_as(
    approver: Actor, case: DeregistrationCase, step: ApprovalStep | None
) -> tuple[Role, OrgLevel]:
    """The role and level in which somebody decides: those that are asked for, else his first.

    step: the approval that is due; none where all are in, and the case only goes on.
    """
    held = approver.grants_for(Operation.APPROVE_CASE, case.org_path)
    fit = [g for g in held if step is not None and step.is_met_by(g.role, g.org_level)]
    grant = (fit or list(held))[0]
    return grant.role, grant.org_level


def _by_kind(
    case: DeregistrationCase, facts: ReleaseFacts, policy: Policy
) -> Iterator[ApprovalStep]:
    head = _at(OrgLevel.COUNTY_SUBCENTER if case.county else OrgLevel.LOAN_CENTER)
    tier1, head_office = _at(OrgLevel.TIER1_BRANCH), _at(OrgLevel.HEAD_OFFICE)
    first, second = policy.numbers(BANDS)
    match case.kind:
        case DeregKind.PARTIAL_RELEASE:
            yield from (_at(OrgLevel.LOAN_CENTER), _at(OrgLevel.TIER2_BRANCH))
            if _above(facts, first):
                yield tier1
            if _above(facts, second):
                yield head_office
        case DeregKind.SUBSTITUTION:
            yield replace(_at(_original_level(facts)), or_above=True)
        case DeregKind.COURT_ORDERED | DeregKind.ENFORCED:
            yield from (LEGAL, _at(OrgLevel.TIER2_BRANCH))
        case DeregKind.WAIVER:
            yield from (tier1, LEGAL)
            if _above(facts, first):
                yield head_office
        case DeregKind.EXTINGUISHED:
            yield from (head, _at(OrgLevel.TIER2_BRANCH))
        case _:
            yield head
            if any(loan.ever_non_performing for loan in facts.loans.values()):
                yield ApprovalStep(role=Role.RISK_MANAGER, level=OrgLevel.TIER2_BRANCH)


def _at(level: OrgLevel) -> ApprovalStep:
    return ApprovalStep(role=Role.APPROVER, level=level)


def _above(facts: ReleaseFacts, yuan: int) -> bool:
    """Whether what is let go is worth more than a limit; what nobody valued is."""
    value = facts.collateral.latest_value
    return value is None or value > yuan * FEN_PER_YUAN


def _original_level(facts: ReleaseFacts) -> OrgLevel:
    """Not lower than who approved the credit, and never below the second-tier branch (4.5)."""
    levels = [credit.approved_level for credit in facts.credit_contracts.values()]
    known = [level for level in levels if level is not None]
    return min([OrgLevel.TIER2_BRANCH, *known], key=list(OrgLevel).index)


def _level(step: ApprovalStep) -> Refusal:
    return Refusal(
        code=RefusalCode.APPROVAL_LEVEL, rule_id="DRG-4.5", detail={"required": str(step)}
    )
