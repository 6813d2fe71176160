"""Who may agree that papers leave for good before their lien has ended (X17, X18)."""

from collections.abc import Iterable, Iterator

from domain.loans import Loan
from domain.orgs import OrgLevel, is_above
from domain.people import Actor
from domain.refusals import Refusal, RefusalCode
from domain.roles import Operation


def too_low(
    approver: Actor, operation: Operation, org_path: str, least: OrgLevel, *, rule_id: str
) -> Refusal | None:
    """An approver of that level or above, who reaches the organisation, agrees."""
    held = approver.grants_for(operation, org_path)
    if any(not is_above(least, grant.org_level) for grant in held):
        return None
    return Refusal(
        code=RefusalCode.APPROVAL_LEVEL,
        rule_id=rule_id,
        detail={"required": f"APPROVER at {least} or above"},
    )


def own_customer(approver: Actor, loans: Iterable[Loan], *, rule_id: str) -> Iterator[Refusal]:
    """No relationship manager of one of the loans agrees to it."""
    if any(approver.login in loan.managers for loan in loans):
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id=rule_id,
            detail={"person": approver.login, "part": "relationship manager"},
        )
