"""Escalating papers that do not come back: each level once, louder with every step (CUS-10)."""

from dataclasses import replace

from domain.alerts import Alert, AlertKind
from domain.certificates import TitleCertificate
from domain.checkout_returns import Escalation, due_escalations, next_escalation
from domain.checkouts import CheckOut
from domain.orgs import OrgLevel
from domain.roles import Role
from domain.watch import (
    IncidentKind,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)
from jobs.watch import Round, signal
from resolvers.incidents import incident_of, paper
from storage.records import new_id

# Who is told at a level, besides the borrower at the first.
_TOLD: dict[Escalation, tuple[Role, OrgLevel | None]] = {
    Escalation.SUPERVISOR: (Role.VAULT_SUPERVISOR, None),
    Escalation.CENTER: (Role.APPROVER, OrgLevel.LOAN_CENTER),
    Escalation.YELLOW: (Role.APPROVER, OrgLevel.TIER2_BRANCH),
}
_SEVERITIES = {
    Escalation.YELLOW: SignalSeverity.YELLOW,
    Escalation.ORANGE: SignalSeverity.ORANGE,
    Escalation.RED: SignalSeverity.RED,
}


async def escalate(this: Round, id: str) -> int:
    """Tells every level that is reached; how many were."""
    check_out = await this.decision.get(CheckOut, id)
    certificate = await this.decision.get(TitleCertificate, check_out.certificate_id)
    policy = this.rules.policy
    levels = due_escalations(check_out, this.today, policy)
    for level in levels:
        await _tell(this, check_out, certificate, level)
    told = replace(check_out, escalated=(*check_out.escalated, *levels))
    this.decision.save(replace(told, escalate_on=next_escalation(told, policy)))
    return len(levels)


async def _tell(
    this: Round, check_out: CheckOut, certificate: TitleCertificate, level: Escalation
) -> None:
    reason = f"{certificate.label} was due back on {check_out.due_date}."
    if level in _TOLD:
        role, at = _TOLD[level]
        first = level is Escalation.SUPERVISOR and check_out.borrower is not None
        this.decision.add(
            Alert(
                id=new_id(Alert),
                no=f"{check_out.id}-{level}",
                kind=AlertKind.CHECK_OUT,
                subject_kind=SubjectKind.CERTIFICATE,
                subject=certificate.id,
                reason=reason,
                due_on=check_out.due_date,
                raised_on=this.today,
                logins=(check_out.borrower or "",) if first else (),
                roles=(role,),
                level=at,
                org_code=check_out.org_code,
                org_path=check_out.org_path,
            )
        )
    if level in _SEVERITIES:
        await signal(
            this,
            paper(certificate),
            number=f"RS-{check_out.id}-{level}",
            category=SignalCategory.CERTIFICATE,
            severity=_SEVERITIES[level],
            reason=reason,
        )
    if level is Escalation.RED:
        this.decision.add(
            incident_of(
                paper(certificate),
                IncidentKind.SUSPECTED_LOSS,
                no=f"INC-{check_out.id}",
                reason=reason,
                discovered_at=this.now,
            )
        )
