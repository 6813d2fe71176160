"""Watching the deadlines of papers: who is to be told today, and what has lapsed or run out.

Source: CUS-16, CUS-17, CUS-26. A certificate says itself when it has to be looked at next, so a
round reads only those whose day has come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.alerts import Alert, AlertKind
from domain.certificates import CertType, LegalState, TitleCertificate
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.pre_notices import convertible, has_lapsed, is_standing, still_secured
from domain.reminders import (
    Reminder,
    advice,
    expiry,
    has_run_out,
    is_uninsured,
    next_look,
    reminders,
)
from domain.roles import PROCESSING, SYSTEM, Role
from domain.watch import RiskSignal, SignalCategory, SignalSeverity, SubjectKind
from resolvers.incidents import About, paper, signal_of
from resolvers.secured import collaterals_query, loans_of
from storage.decisions import Decision
from storage.records import new_id
from storage.rulebook import Rules

_TOLD = {
    AlertKind.PRE_NOTICE: PROCESSING,
    AlertKind.EXPIRY: PROCESSING,
    AlertKind.UNCLAIMED: (*PROCESSING, Role.VAULT_SUPERVISOR),
}


@dataclass(frozen=True, kw_only=True)
class Round:
    """One look at one certificate: the decision it is part of, when, and under which rules."""

    decision: Decision
    rules: Rules
    now: datetime
    today: date


async def look_after(this: Round, id: str) -> int:
    """Tells whom it concerns, ends what has lapsed, notes the next day; how much was raised."""
    certificate = await this.decision.get(TitleCertificate, id)
    if certificate.next_look_on is None or certificate.next_look_on > this.today:
        return 0
    policy, calendar = this.rules.policy, this.rules.calendar
    since = certificate.convertible_from
    if since is not None and is_standing(certificate):
        # A calendar published since may have moved the last day.
        certificate = convertible(certificate, since, policy=policy, calendar=calendar)
    due = [
        reminder
        for reminder in reminders(certificate, policy=policy, calendar=calendar, today=this.today)
        if reminder.on <= this.today
    ]
    raised = await _remind(this, certificate, due)
    raised += await _insurance_ended(this, certificate)
    why = _lapsed(this, certificate)
    if why is not None:
        certificate = await _lapse(this, certificate, why)
        raised += 1
    look = next_look(
        certificate, policy=policy, calendar=calendar, today=this.today, after=this.today
    )
    this.decision.save(replace(certificate, next_look_on=look))
    return raised


async def _remind(this: Round, certificate: TitleCertificate, due: Sequence[Reminder]) -> int:
    numbers = {f"{certificate.id}-{one.kind}-{one.on}": one for one in due}
    known = await this.decision.find(Alert, {"no": {"$in": list(numbers)}})
    missing = numbers.keys() - {alert.no for alert in known}
    loans = await loans_of(this.decision, [certificate]) if missing else []
    for number in sorted(missing):
        reminder = numbers[number]
        this.decision.add(
            Alert(
                id=new_id(Alert),
                no=number,
                kind=reminder.kind,
                subject_kind=SubjectKind.CERTIFICATE,
                subject=certificate.id,
                reason=advice(reminder, certificate, loans),
                due_on=reminder.due_on,
                raised_on=this.today,
                roles=_TOLD[reminder.kind],
                org_code=certificate.org_code,
                org_path=certificate.org_path,
            )
        )
    return len(missing)


def _lapsed(this: Round, certificate: TitleCertificate) -> str | None:
    """Why a right has lost its effect by today; none while it has not."""
    policy, calendar = this.rules.policy, this.rules.calendar
    if has_lapsed(certificate, policy=policy, calendar=calendar, today=this.today):
        return f"No application for registration by {certificate.lapses_on}."
    if has_run_out(certificate, today=this.today):
        return f"The registration ended on {expiry(certificate)}."
    return None


async def _lapse(this: Round, certificate: TitleCertificate, why: str) -> TitleCertificate:
    """The right has lost its effect: a red signal, and the collateral counts for nothing."""
    after, event = moved(
        certificate,
        Movement.LAPSE,
        to=certificate.custody_state,
        event_id=new_id(CustodyEvent),
        operators=[_system(this, certificate)],
        now=this.now,
        today=this.today,
        legal_state=LegalState.LAPSED,
        reason=why,
    )
    this.decision.add(event)
    await signal(
        this,
        paper(certificate),
        number=f"RS-{certificate.id}-LAPSED-{event.seq}",  # a lapse may be undone, and come again
        category=SignalCategory.COLLATERAL,
        severity=SignalSeverity.RED,
        reason=f"{certificate.label} has lapsed. {why}",
    )
    numbers = list(certificate.collateral_nos)
    covering = await this.decision.find(TitleCertificate, {"collateral_nos": {"$in": numbers}})
    rights = [one for one in covering if one.id != certificate.id]
    for collateral in await this.decision.find(Collateral, {"no": {"$in": numbers}}):
        if not still_secured(collateral, rights):
            this.decision.save(replace(collateral, right_lapsed_on=this.today))
    return after


async def _insurance_ended(this: Round, certificate: TitleCertificate) -> int:
    """A yellow signal where nothing insures the collateral any more (CUS-17)."""
    if certificate.cert_type is not CertType.PROPERTY_INSURANCE:
        return 0
    others = await this.decision.find(
        TitleCertificate,
        {
            "collateral_nos": {"$in": list(certificate.collateral_nos)},
            "cert_type": CertType.PROPERTY_INSURANCE.value,
        },
    )
    covered = await this.decision.find(Collateral, collaterals_query(certificate))
    if not is_uninsured(certificate, others, covered, today=this.today):
        return 0
    return await signal(
        this,
        paper(certificate),
        number=f"RS-{certificate.id}-EXPIRED-{expiry(certificate)}",
        category=SignalCategory.COLLATERAL,
        severity=SignalSeverity.YELLOW,
        reason=f"Property insurance {certificate.label} has ended.",
    )


async def signal(
    this: Round,
    about: About,
    *,
    number: str,
    category: SignalCategory,
    severity: SignalSeverity,
    reason: str,
) -> int:
    """A signal, once."""
    if await this.decision.first(RiskSignal, {"no": number}) is not None:
        return 0
    this.decision.add(
        signal_of(
            about,
            severity,
            no=number,
            category=category,
            reason=reason,
            published_at=this.now,
        )
    )
    return 1


def _system(this: Round, certificate: TitleCertificate) -> Operator:
    return Operator(
        login=SYSTEM,
        role=Role.SYSTEM,
        org_code=certificate.org_code,
        at=this.now,
        request_id="job",
    )
