"""Who approves a release (审批). Source: domain 4.5."""

from collections.abc import Iterator, Sequence
from datetime import date

from domain.calendar import business_date, nd
from domain.deregistration import (
    ApprovalDecision,
    ApprovalStep,
    CaseStep,
    DeregistrationCase,
    impossible,
)
from domain.loans import Loan
from domain.orgs import OrgLevel
from domain.people import Actor, Operation, Role
from domain.refusals import Refusal, RefusalCode

APPROVAL_VALID_DAYS = 30  # after a registry's rejection (4.9)


def approval_steps(case: DeregistrationCase, loans: Sequence[Loan]) -> tuple[ApprovalStep, ...]:
    """The approvals a full settlement needs, in order (4.5)."""
    head = OrgLevel.COUNTY_SUBCENTER if case.county else OrgLevel.LOAN_CENTER
    steps = [ApprovalStep(role=Role.APPROVER, level=head)]
    if any(loan.ever_non_performing for loan in loans):
        steps.append(ApprovalStep(role=Role.RISK_MANAGER, level=OrgLevel.TIER2_BRANCH))
    return tuple(steps)


def next_approval(
    case: DeregistrationCase, loans: Sequence[Loan], *, today: date
) -> ApprovalStep | None:
    """The first required approval that nobody has given yet; None when all are in."""
    given = [
        (item.role, item.level)
        for item in case.approvals
        if item.decision is ApprovalDecision.APPROVED
        and today <= nd(business_date(item.at), APPROVAL_VALID_DAYS)
    ]
    for step in approval_steps(case, loans):
        if (step.role, step.level) not in given:
            return step
    return None


def approval_refusals(
    case: DeregistrationCase, loans: Sequence[Loan], *, approver: Actor, today: date
) -> Iterator[Refusal | None]:
    """Who may give the next approval: the right level, a distinct person, not the applicant."""
    yield impossible(case, CaseStep.APPROVE)
    if approver.login == case.opened_by:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="DRG-4.5")
    parts = {approval.login: "approver" for approval in case.approvals}
    if case.handler is not None:
        parts[case.handler] = "deregistration handler"
    if approver.login in parts and approver.login != case.opened_by:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="DRG-4.5",
            detail={"person": approver.login, "part": parts[approver.login]},
        )
    step = next_approval(case, loans, today=today)
    held = approver.grants_for(Operation.APPROVE_CASE, case.org_path)
    if step is not None and not any(
        grant.role is step.role and grant.org_level is step.level for grant in held
    ):
        yield Refusal(
            code=RefusalCode.APPROVAL_LEVEL, rule_id="DRG-4.5", detail={"required": str(step)}
        )
