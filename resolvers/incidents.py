"""What is raised about a paper when something is wrong with it: incidents and risk signals."""

from datetime import datetime

from domain.certificates import TitleCertificate
from domain.watch import (
    Incident,
    IncidentKind,
    RiskSignal,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)
from storage.records import new_id


def incident_of(
    certificate: TitleCertificate,
    kind: IncidentKind,
    *,
    no: str,
    reason: str,
    discovered_at: datetime,
    reported_at: datetime | None = None,
    severity: SignalSeverity = SignalSeverity.RED,
    id: str | None = None,
) -> Incident:
    """An incident on a certificate that begins now. id: one that was taken before."""
    return Incident(
        id=id or new_id(Incident),
        no=no,
        kind=kind,
        severity=severity,
        subject_kind=SubjectKind.CERTIFICATE,
        subject=certificate.id,
        reason=reason,
        discovered_at=discovered_at,
        reported_at=reported_at,
        org_code=certificate.org_code,
        org_path=certificate.org_path,
    )


def signal_of(
    certificate: TitleCertificate,
    severity: SignalSeverity,
    *,
    no: str,
    category: SignalCategory,
    reason: str,
    published_at: datetime,
) -> RiskSignal:
    """A risk signal on a certificate, published now."""
    return RiskSignal(
        id=new_id(RiskSignal),
        no=no,
        category=category,
        severity=severity,
        subject_kind=SubjectKind.CERTIFICATE,
        subject=certificate.id,
        reason=reason,
        published_at=published_at,
        org_code=certificate.org_code,
        org_path=certificate.org_path,
    )
