"""Check-outs (临时出库、借阅): what is kept of them, and what holds for each purpose.

Source: domain 3.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import WorkCalendar, nd
from domain.certificates import (
    CertType,
    Lock,
    LockKind,
    Perfection,
    TitleCertificate,
)
from domain.orgs import OrgLevel
from domain.policy import Policy
from domain.processing import PRE_NOTICES
from domain.refusals import Refusal, RefusalCode, state_conflict
from domain.roles import Role


class CheckOutPurpose(StrEnum):
    """What a paper is taken out for (出库用途)."""

    LITIGATION = "LITIGATION"
    NON_LITIGATION_USE = "NON_LITIGATION_USE"
    REGISTRATION_CHANGE = "REGISTRATION_CHANGE"
    PRE_NOTICE_CONVERSION = "PRE_NOTICE_CONVERSION"
    CERT_RENEWAL = "CERT_RENEWAL"
    LOAN_ROLLOVER = "LOAN_ROLLOVER"
    PARTIAL_CHANGE = "PARTIAL_CHANGE"
    APPRAISAL_AUDIT = "APPRAISAL_AUDIT"
    REDEMPTION = "REDEMPTION"


class CheckOutState(StrEnum):
    """Life of a check-out (出库单状态)."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    OUT = "OUT"
    RETURNED = "RETURNED"
    EXCHANGED = "EXCHANGED"
    LOST = "LOST"


OPEN_CHECK_OUTS = frozenset({CheckOutState.REQUESTED, CheckOutState.APPROVED, CheckOutState.OUT})


class ReturnKind(StrEnum):
    """What comes back (归还方式)."""

    SAME = "SAME"
    EXCHANGED = "EXCHANGED"
    EITHER = "EITHER"


class ChangeType(StrEnum):
    """How a new certificate differs from the old one (变更类型)."""

    SURFACE_INFO = "SURFACE_INFO"
    TYPE_CHANGE = "TYPE_CHANGE"
    OTHER = "OTHER"


class RenewalState(StrEnum):
    """Whether more time was given (续借状态)."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A decision of one approver (审批)."""

    role: Role
    login: str
    approved: bool
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """More time asked for (续借)."""

    new_due: date
    reason: str
    requested_at: datetime
    state: RenewalState = RenewalState.REQUESTED
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The new certificate that a borrower brings instead of the old one (换证)."""

    change: ChangeType
    certificate_id: str | None = None
    evidence_version_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut:
    """A check-out (临时出库单): one paper, one borrower, one due date that renewals move."""

    id: str
    certificate_id: str
    purpose: CheckOutPurpose
    reason: str
    requester: str
    substitute: str | None = None  # who may take and bring it in the requester's place
    companion: str | None = None  # a second member of staff who goes along (3.6)
    companion_signed_at: datetime | None = None
    state: CheckOutState = CheckOutState.REQUESTED
    requested_at: datetime
    due_date: date
    approvals: tuple[Signature, ...] = ()
    take_by: date | None = None  # the last day on which an approved one is handed out
    signed_by: str | None = None  # the borrower, for the pending vault-out
    borrower: str | None = None
    out_on: date | None = None
    vault: str | None = None
    renewals: tuple[Renewal, ...] = ()
    return_offered_by: str | None = None
    returned_on: date | None = None
    overdue_days: int | None = None  # frozen at the return
    exchange: Exchange | None = None
    escalated: tuple[str, ...] = ()
    escalate_on: date | None = None  # when the next level is reached
    decided_reason: str | None = None
    org_code: str
    org_path: str
    version: int = 0

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"Check-out {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverStep:
    """One approval that a purpose needs: a role, at this level or above where it has one."""

    role: Role
    level: OrgLevel | None = None

    def __str__(self) -> str:
        return self.role if self.level is None else f"{self.role} of {self.level} or above"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeFacts:
    """What holds for one purpose; days and approvers are policy values (3.6)."""

    types: frozenset[CertType] | None  # none: by catalog and perfection
    perfections: frozenset[Perfection] = frozenset()
    safekeeping: bool = False
    returns: ReturnKind


_REG, _DELIV = frozenset({Perfection.REGISTRATION}), frozenset({Perfection.DELIVERY})
_ALL = frozenset(CertType)
_P = CheckOutPurpose


PURPOSES: Mapping[CheckOutPurpose, PurposeFacts] = MappingProxyType(
    {
        _P.LITIGATION: PurposeFacts(types=_ALL, returns=ReturnKind.SAME),
        _P.NON_LITIGATION_USE: PurposeFacts(
            types=None,
            perfections=_REG,
            safekeeping=True,
            returns=ReturnKind.SAME,
        ),
        _P.REGISTRATION_CHANGE: PurposeFacts(
            types=None,
            perfections=_REG,
            safekeeping=True,
            returns=ReturnKind.EXCHANGED,
        ),
        _P.PRE_NOTICE_CONVERSION: PurposeFacts(
            types=PRE_NOTICES | {CertType.CONSTRUCTION_MORTGAGE, CertType.PURCHASE_CONTRACT},
            returns=ReturnKind.EXCHANGED,
        ),
        _P.CERT_RENEWAL: PurposeFacts(
            types=None,
            perfections=_REG,
            safekeeping=True,
            returns=ReturnKind.EXCHANGED,
        ),
        _P.LOAN_ROLLOVER: PurposeFacts(types=None, perfections=_REG, returns=ReturnKind.SAME),
        # Part of a release: never asked for by itself (3.6).
        _P.PARTIAL_CHANGE: PurposeFacts(types=frozenset(), returns=ReturnKind.SAME),
        _P.APPRAISAL_AUDIT: PurposeFacts(types=_ALL, returns=ReturnKind.SAME),
        _P.REDEMPTION: PurposeFacts(types=None, perfections=_DELIV, returns=ReturnKind.EXCHANGED),
    }
)


def approvers(purpose: CheckOutPurpose, policy: Policy) -> tuple[ApproverStep, ...]:
    """The approvals that a purpose needs, in their order (3.6)."""
    names = policy.names(f"checkout.{purpose}.approver")
    return tuple(
        ApproverStep(role=Role.APPROVER, level=OrgLevel(name))
        if name in OrgLevel.__members__
        else ApproverStep(role=Role(name))
        for name in names
    )


def overdue_days(check_out: CheckOut, today: date) -> int:
    """Days beyond the due date; frozen once the paper is back (3.3)."""
    if check_out.overdue_days is not None:
        return check_out.overdue_days
    if check_out.state is not CheckOutState.OUT:
        return 0
    return max(0, (today - check_out.due_date).days)


def check_out_lock(check_out: CheckOut) -> Lock:
    """What holds the paper from the request until it is back (INV-02)."""
    return Lock(kind=LockKind.CHECK_OUT, id=check_out.id)


def parts(check_out: CheckOut) -> dict[str, str]:
    """Who plays which part in it; none of them is a keeper at its vault-out (CUS-04b)."""
    people = {signature.login: "approver" for signature in check_out.approvals}
    if check_out.companion is not None:
        people[check_out.companion] = "companion"
    if check_out.substitute is not None:
        people[check_out.substitute] = "substitute"
    return people | {check_out.requester: "requester"}


def period_end(key: str, start: date, policy: Policy, calendar: WorkCalendar) -> date:
    """The last day of a period that is a policy value, counted from `start`."""
    unit, length = policy.period(key)
    return calendar.wd(start, length) if unit == "wd" else nd(start, length)


def stuck(check_out: CheckOut, event: str) -> Refusal:
    """An event that is not possible from where the check-out stands."""
    return state_conflict("3.6", subject=check_out.label, state=check_out.state, event=event)


def due_invalid(due: date, reason: str) -> Refusal:
    """A due date that does not fit (CUS-09)."""
    return Refusal(
        code=RefusalCode.DUE_DATE_INVALID,
        rule_id="CUS-09",
        field="dueDate",
        detail={"due": due.isoformat(), "reason": reason},
    )


def not_for(certificate: TitleCertificate, purpose: CheckOutPurpose, reason: str) -> Refusal:
    """A paper that is not taken out, or not brought back, in this way for this purpose (3.6)."""
    return Refusal(
        code=RefusalCode.PURPOSE_NOT_ALLOWED,
        rule_id="3.6",
        field="purpose",
        detail={"certificate": certificate.label, "purpose": purpose, "reason": reason},
    )
