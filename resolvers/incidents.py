"""What is raised when something is wrong: incidents and risk signals, about whatever it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.certificates import TitleCertificate
from domain.deregistration import DeregistrationCase
from domain.loans import Loan
from domain.vaults import Vault
from domain.watch import (
    Incident,
    IncidentKind,
    RiskSignal,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)
from storage.decisions import Decision
from storage.records import new_id

_LOSSES = (IncidentKind.MISSING, IncidentKind.SUSPECTED_LOSS, IncidentKind.LOSS)


@dataclass(frozen=True, kw_only=True)
class About:
    """What something is raised about, and whose concern that is."""

    subject_kind: SubjectKind
    subject: str
    org_code: str
    org_path: str

    @property
    def facts(self) -> dict[str, Any]:
        """The fields that incidents, signals and alerts share."""
        return dict(vars(self))


def paper(certificate: TitleCertificate) -> About:
    """About a certificate."""
    return _about(SubjectKind.CERTIFICATE, certificate.id, certificate)


def released_by(case: DeregistrationCase) -> About:
    """About the collateral of a case."""
    return _about(SubjectKind.COLLATERAL, case.collateral_no, case)


def room(vault: Vault) -> About:
    """About a vault."""
    return _about(SubjectKind.VAULT, vault.code, vault)


def debt(loan: Loan) -> About:
    """About a loan."""
    return _about(SubjectKind.LOAN, loan.loan_no, loan)


def _about(
    kind: SubjectKind, subject: str, owned: TitleCertificate | DeregistrationCase | Vault | Loan
) -> About:
    return About(
        subject_kind=kind, subject=subject, org_code=owned.org_code, org_path=owned.org_path
    )


def incident_of(
    about: About,
    kind: IncidentKind,
    *,
    no: str,
    reason: str,
    discovered_at: datetime,
    reported_at: datetime | None = None,
    severity: SignalSeverity = SignalSeverity.RED,
    id: str | None = None,
) -> Incident:
    """An incident that begins now. id: one that was taken before."""
    return Incident(
        id=id or new_id(Incident),
        no=no,
        kind=kind,
        severity=severity,
        reason=reason,
        discovered_at=discovered_at,
        reported_at=reported_at,
        **about.facts,
    )


def signal_of(
    about: About,
    severity: SignalSeverity,
    *,
    no: str,
    category: SignalCategory,
    reason: str,
    published_at: datetime,
) -> RiskSignal:
    """A risk signal, published now."""
    return RiskSignal(
        id=new_id(RiskSignal),
        no=no,
        category=category,
        severity=severity,
        reason=reason,
        published_at=published_at,
        **about.facts,
    )


async def open_losses(decision: Decision, certificate: TitleCertificate) -> list[Incident]:
    """What is open about the loss of this paper, named by its id or its number."""
    return await _open(decision, [certificate], _LOSSES)


async def end_losses(
    decision: Decision, certificates: Sequence[TitleCertificate], outcome: str, *, now: datetime
) -> None:
    """Nobody misses papers that are here again: a later loss has a day of its own (CUS-19).

    Nor do they differ any more from what went out (CUS-15).
    """
    over = (*_LOSSES, IncidentKind.RETURN_MISMATCH)
    for incident in await _open(decision, certificates, over):
        decision.save(replace(incident, closed_at=now, outcome=outcome))


async def _open(
    decision: Decision, certificates: Sequence[TitleCertificate], kinds: Iterable[IncidentKind]
) -> list[Incident]:
    named = {name for paper in certificates for name in (paper.id, paper.label)}
    return await decision.find(
        Incident,
        {
            "subject_kind": SubjectKind.CERTIFICATE.value,
            "subject": {"$in": sorted(named)},
            "kind": {"$in": sorted(kind.value for kind in kinds)},
            "closed_at": None,
        },
    )


def unproven_no(case: DeregistrationCase) -> str:
    """Number of the signal that an owner's own cancellation is not proven in time (4.2)."""
    return f"RS-{case.no}-PROOF"


async def eliminated(decision: Decision, no: str, *, outcome: str, now: datetime) -> None:
    """Ends that signal, where it was raised and is still open."""
    found = await decision.first(RiskSignal, {"no": no})
    if found is not None and found.eliminated_at is None:
        decision.save(replace(found, eliminated_at=now, outcome=outcome))
