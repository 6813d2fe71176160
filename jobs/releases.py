"""Deadlines of releases: owners are told that a loan is settled, late steps escalate (4.7)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.alerts import Alert, AlertKind
from domain.case_deadlines import running
from domain.case_escalations import (
    Due,
    Escalation,
    EscalationLevel,
    Recipients,
    escalations,
    next_escalation,
    recipients,
    recipients_of_loan,
)
from domain.collaterals import RELYING, Collateral
from domain.compensation import noted
from domain.deregistration import DeadlineStep, DeregistrationCase
from domain.guarantees import GuaranteeContract
from domain.loans import Loan, is_extinguished
from domain.orgs import Org
from domain.release_notices import free_ones, look_again, notice, secured_by, served
from domain.watch import SignalCategory, SignalSeverity
from jobs.watch import Round, signal
from resolvers.incidents import About, debt, released_by, unproven_no
from resolvers.secured import securing, with_drawn
from storage.records import new_id


async def escalate_case(this: Round, id: str) -> int:
    """Tells every level that a running deadline of the case has reached; how many were."""
    case = await this.decision.get(DeregistrationCase, id)
    policy, calendar = this.rules.policy, this.rules.calendar
    deadlines = running(case)
    due = _reached(this, deadlines)

    def alert(one: Escalation) -> Alert:
        told = recipients(one, case)
        reason = f"Case {case.no}: {one.due.step} was due on {one.due.on}."
        if one.on <= one.due.on:
            reason = f"Case {case.no}: {one.due.step} is due on {one.due.on}."
        return _alert(this, case.id, one, told, reason, released_by(case))

    raised = await _tell(this, case.id, due, alert)
    look = next_escalation(
        deadlines, policy=policy, calendar=calendar, today=this.today, after=this.today
    )
    this.decision.save(replace(case, escalate_on=look))
    return raised


async def chase_proof(this: Round, id: str) -> int:
    """A yellow signal about an owner's own cancellation that nothing proves; none if there is."""
    case = await this.decision.get(DeregistrationCase, id)
    if not case.proof_pending or case.proof_chased_on is not None:
        return 0
    await this.decision.get(Collateral, case.collateral_id)  # fenced: a search may prove it now
    this.decision.save(replace(case, proof_chased_on=this.today))
    return await signal(
        this,
        released_by(case),
        number=unproven_no(case),
        category=SignalCategory.COLLATERAL,
        severity=SignalSeverity.YELLOW,
        reason="The owner's cancellation is not proven by a title search.",
    )


async def look_at_loan(this: Round, id: str) -> int:
    """Tells of what a settled loan asks for, and of what is late; how many were told."""
    loan = await this.decision.get(Loan, id)
    if loan.next_look_on is None or loan.next_look_on > this.today:
        return 0
    policy, calendar = this.rules.policy, this.rules.calendar
    if not is_extinguished(loan):  # it was reversed, and nothing is owed to the owner any more
        loan = served(loan)
    told_of, waits = await _notice(this, loan)
    if loan.proof_due is not None:
        told_of = [*told_of, Due(step=DeadlineStep.SETTLEMENT_PROOF, on=loan.proof_due)]
    org = await this.decision.first(Org, {"code": loan.org_code})
    county = org is not None and org.county

    def alert(one: Escalation) -> Alert:
        meant = recipients_of_loan(one, managers=loan.managers, county=county)
        reason = _said(loan, one)
        return _alert(this, loan.id, one, meant, reason, debt(loan))

    raised = await _tell(this, loan.id, _reached(this, told_of), alert)
    next_told = next_escalation(
        told_of, policy=policy, calendar=calendar, today=this.today, after=this.today
    )
    look = look_again(loan, told=next_told, waits=waits, today=this.today)
    this.decision.save(replace(loan, next_look_on=look))
    return raised


async def _notice(this: Round, loan: Loan) -> tuple[list[Due], bool]:
    """The notice to the owner while it is due, and whether it may still become due."""
    due = notice(loan)
    if due is None:
        return [], False
    free = await _free(this, loan)
    first = Escalation(due=due, level=EscalationLevel.HANDLER, on=due.on)
    known = await this.decision.first(Alert, {"no": first.number(loan.id)})
    if known is not None and known.acknowledged_at is not None:
        return [], False
    return ([due], False) if free else ([], True)


async def _free(this: Round, loan: Loan) -> list[Collateral]:
    """The collateral of a settled loan that may be released, and for which nobody has asked.

    Each keeps from when its papers are owed back, and on what terms.
    """
    contracts = await securing(this.decision, loan)
    numbers = sorted({link.collateral_no for one in contracts for link in one.links})
    query = {"no": {"$in": numbers}, "pledge_state": {"$in": sorted(RELYING)}}
    collaterals = await this.decision.find(Collateral, query | {"open_case_id": None})
    if not collaterals:
        return []
    linked = await this.decision.find(GuaranteeContract, {"links.collateral_no": {"$in": numbers}})
    tied = await with_drawn(this.decision, linked)
    secured = sorted({no for one in tied for no in one.secured_loans})
    loans = await this.decision.find(Loan, {"loan_no": {"$in": secured}})
    known, policy, calendar = (
        {one.loan_no: one for one in loans},
        this.rules.policy,
        this.rules.calendar,
    )
    free = free_ones(collaterals, tied, loans)
    for one in free:
        own = secured_by(one, tied, known)
        after = noted(one, own, policy=policy, calendar=calendar)
        if after != one:
            this.decision.save(after)
    return free


def _said(loan: Loan, one: Escalation) -> str:
    if one.due.step is DeadlineStep.SETTLEMENT_PROOF:
        return f"The proof of settlement of loan {loan.loan_no} is due on {one.due.on}."
    return (
        f"Loan {loan.loan_no} was settled on {loan.settled_on}: tell the owner by {one.due.on}"
        " that deregistration is available."
    )


def _reached(this: Round, deadlines: Sequence[Due]) -> list[Escalation]:
    policy, calendar = this.rules.policy, this.rules.calendar
    found = escalations(deadlines, policy=policy, calendar=calendar, today=this.today)
    return [one for one in found if one.on <= this.today]


async def _tell(
    this: Round, id: str, due: Sequence[Escalation], alert: Callable[[Escalation], Alert]
) -> int:
    """Raises the alerts that are not known yet; their numbers tell."""
    numbers = {one.number(id): one for one in due}
    known = await this.decision.find(Alert, {"no": {"$in": list(numbers)}}) if numbers else []
    missing = sorted(numbers.keys() - {one.no for one in known})
    for number in missing:
        this.decision.add(alert(numbers[number]))
    return len(missing)


def _alert(
    this: Round, id: str, one: Escalation, told: Recipients, reason: str, about: About
) -> Alert:
    first = one.due.step is DeadlineStep.OWNER_NOTICE and one.level is EscalationLevel.HANDLER
    return Alert(
        id=new_id(Alert),
        no=one.number(id),
        kind=AlertKind.RELEASE_AVAILABLE if first else AlertKind.RELEASE_DEADLINE,
        reason=reason,
        due_on=one.due.on,
        raised_on=this.today,
        logins=told.logins,
        roles=told.roles,
        level=told.level,
        **about.facts,
    )
