"""Dating a vault event back (倒签): how far, after what, and with whose approval.

Source: CUS-22. Only the business date moves; when an event was recorded is always system time.
"""

from collections.abc import Iterator
from datetime import date, datetime

from domain.calendar import WorkCalendar
from domain.dual_control import Proposal, over
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict

RULE = "CUS-22"


def backdate_refusals(
    on: date | None,
    *,
    today: date,
    latest: date | None,
    stood_still: bool = False,
    policy: Policy,
    calendar: WorkCalendar,
) -> Iterator[Refusal]:
    """Every rule that a business date breaks; none is today. Asked at both halves (CUS-04e).

    latest: the last day on which something happened that this event comes after. stood_still:
    whether the vault was counted all that day, and so nothing can have moved in it (CUS-18).
    """
    if on is None or on == today:
        return
    if on > today:
        yield _invalid("lies in the future")
        return
    days = policy.number("custody.backdate_wd")
    earliest = calendar.wd_back(today, days)
    if on < earliest:
        yield _invalid(f"at most {days} working days back: not before {earliest}")
    if latest is not None and on < latest:
        yield _invalid(f"what it comes after happened on {latest}")
    if stood_still:
        yield _invalid("the vault was counted all that day")


def is_back(on: date | None, today: date) -> bool:
    """Whether an event of that business date, recorded today, is dated back."""
    return on is not None and on < today


def approval_refusals(
    proposal: Proposal, *, by: str, now: datetime, today: date
) -> Iterator[Refusal]:
    """What keeps this person from approving that a proposal is dated back."""
    yield from over(proposal, now=now, event="APPROVE_BACKDATE")
    if not is_back(proposal.business_date, today) or proposal.backdate_approval is not None:
        state = "APPROVED" if proposal.backdate_approval else "OF_TODAY"
        yield state_conflict(
            RULE, subject=f"Proposal {proposal.id}", state=state, event="APPROVE_BACKDATE"
        )
    if by == proposal.proposer.login:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id=RULE)


def unapproved(proposal: Proposal, *, today: date, checker: str) -> Refusal | None:
    """No second keeper confirms what is dated back before a supervisor, another person, agreed."""
    if not is_back(proposal.business_date, today):
        return None
    approval = proposal.backdate_approval
    if approval is None:
        return Refusal(
            code=RefusalCode.APPROVAL_LEVEL,
            rule_id=RULE,
            field="businessDate",
            detail={"required": "VAULT_SUPERVISOR"},
        )
    if approval.login == checker:
        return Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id=RULE,
            detail={"person": checker, "part": "approver"},
        )
    return None


def _invalid(reason: str) -> Refusal:
    return invalid("businessDate", reason, rule_id=RULE)
