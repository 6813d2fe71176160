"""Who approves a release, and by when each step of it is due (审批、时限).

Source: domain 4.5, 4.7.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from domain.calendar import WorkCalendar, business_date, nd
from domain.deregistration import (
    ApprovalDecision,
    ApprovalStep,
    CaseState,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    impossible,
)
from domain.loans import Loan
from domain.orgs import OrgLevel
from domain.people import Actor, Operation, Role
from domain.policy import Policy
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


def with_deadlines(
    case: DeregistrationCase, *, today: date, policy: Policy, calendar: WorkCalendar
) -> DeregistrationCase:
    """The case with the deadline its new state starts, and the next one due (4.7)."""
    own = case.deadlines

    def wd(key: str) -> date:
        return calendar.wd(today, policy.number(key))

    match case.state:
        case CaseState.PRECHECKED:
            total = own.total_due or calendar.roll_forward(
                nd(today, policy.number("dereg.total_nd"))
            )
            own = replace(own, decision_due=wd("dereg.decision_wd"), total_due=total)
            upcoming = own.decision_due
        case CaseState.APPROVED if case.handling_mode is not HandlingMode.ONLINE:
            own = replace(own, vault_out_due=wd("dereg.vault_out_wd"))
            upcoming = own.vault_out_due
        case CaseState.VAULT_OUT if case.handling_mode is HandlingMode.OWNER:
            own = replace(own, return_due=wd("dereg.return_wd"))
            upcoming = own.return_due
        case CaseState.APPROVED | CaseState.VAULT_OUT:
            own = replace(own, file_due=wd("dereg.file_wd"))
            upcoming = own.file_due
        case CaseState.REGISTRY_REJECTED | CaseState.WITHDRAWN:
            own = replace(own, registry_due=None)
            if case.handling_mode is not HandlingMode.ONLINE:
                own = replace(own, back_due=wd("dereg.back_wd"))
            upcoming = own.back_due
        case CaseState.FILED:
            own = replace(own, registry_due=own.registry_due or wd("dereg.registry_wd"))
            upcoming = own.registry_due
        case CaseState.REGISTRY_DONE:
            own = replace(own, return_due=wd("dereg.return_wd"))
            upcoming = own.return_due
        case CaseState.RETURNED:
            own = replace(own, close_due=wd("dereg.close_wd"))
            if case.proof_pending:
                proof_due = nd(today, policy.number("dereg.owner_proof_nd"))
                own = replace(own, owner_proof_due=proof_due)
            upcoming = own.owner_proof_due or own.close_due
        case CaseState.NEED_MORE_MATERIAL:
            upcoming = own.registry_due
        case _:
            upcoming = None
    return replace(case, deadlines=replace(own, next_due=upcoming))
