"""Taking a paper out for a time (临时出库、借阅): who, what for, how long, how it comes back.

Source: domain 3.6; X08 to X13; CUS-09 to CUS-15.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import WorkCalendar, nd
from domain.certificates import (
    CERT_TYPES,
    Catalog,
    CertType,
    LegalState,
    Lock,
    LockKind,
    Perfection,
    TitleCertificate,
    normalised,
)
from domain.custody import Movement, illegal
from domain.orgs import OrgLevel
from domain.people import Actor, Operation, Role
from domain.policy import Policy
from domain.processing import PRE_NOTICES
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.vaulting import locked, paper_only
from domain.watch import LegalHold, held


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
    """What holds for one purpose. Days are policy values, see `max_days` (3.6)."""

    types: frozenset[CertType] | None  # none: by catalog and perfection
    perfections: frozenset[Perfection] = frozenset()
    safekeeping: bool = False
    approvers: tuple[ApproverStep, ...]
    returns: ReturnKind


_SUPERVISOR = (ApproverStep(role=Role.VAULT_SUPERVISOR),)
_CENTER_HEAD = (ApproverStep(role=Role.APPROVER, level=OrgLevel.LOAN_CENTER),)
_TIER2 = (ApproverStep(role=Role.APPROVER, level=OrgLevel.TIER2_BRANCH),)
_LEGAL_AND_TIER2 = (ApproverStep(role=Role.LEGAL_OFFICER), *_TIER2)
_REG, _DELIV = frozenset({Perfection.REGISTRATION}), frozenset({Perfection.DELIVERY})
_ALL = frozenset(CertType)
_P = CheckOutPurpose

PURPOSES: Mapping[CheckOutPurpose, PurposeFacts] = MappingProxyType(
    {
        _P.LITIGATION: PurposeFacts(
            types=_ALL, approvers=_LEGAL_AND_TIER2, returns=ReturnKind.SAME
        ),
        _P.NON_LITIGATION_USE: PurposeFacts(
            types=None,
            perfections=_REG,
            safekeeping=True,
            approvers=_SUPERVISOR,
            returns=ReturnKind.SAME,
        ),
        _P.REGISTRATION_CHANGE: PurposeFacts(
            types=None,
            perfections=_REG,
            safekeeping=True,
            approvers=_CENTER_HEAD,
            returns=ReturnKind.EXCHANGED,
        ),
        _P.PRE_NOTICE_CONVERSION: PurposeFacts(
            types=PRE_NOTICES | {CertType.CONSTRUCTION_MORTGAGE, CertType.PURCHASE_CONTRACT},
            approvers=_CENTER_HEAD,
            returns=ReturnKind.EXCHANGED,
        ),
        _P.CERT_RENEWAL: PurposeFacts(
            types=None,
            perfections=_REG,
            safekeeping=True,
            approvers=_CENTER_HEAD,
            returns=ReturnKind.EXCHANGED,
        ),
        _P.LOAN_ROLLOVER: PurposeFacts(
            types=None, perfections=_REG, approvers=_TIER2, returns=ReturnKind.SAME
        ),
        # Part of a release: never asked for by itself (3.6).
        _P.PARTIAL_CHANGE: PurposeFacts(
            types=frozenset(), approvers=_TIER2, returns=ReturnKind.SAME
        ),
        _P.APPRAISAL_AUDIT: PurposeFacts(
            types=_ALL, approvers=_SUPERVISOR, returns=ReturnKind.SAME
        ),
        _P.REDEMPTION: PurposeFacts(
            types=None, perfections=_DELIV, approvers=_TIER2, returns=ReturnKind.EXCHANGED
        ),
    }
)
_LEVELS = (
    OrgLevel.OPERATING_BRANCH,
    OrgLevel.COUNTY_SUBCENTER,
    OrgLevel.LOAN_CENTER,
    OrgLevel.TIER2_BRANCH,
    OrgLevel.TIER1_BRANCH,
    OrgLevel.HEAD_OFFICE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What storage knows when a check-out is asked for."""

    certificate: TitleCertificate
    holds: Sequence[LegalHold]
    overdue: Sequence[tuple[CheckOut, str]]  # the borrower's, with the names of their papers


def latest_due(
    purpose: CheckOutPurpose, out_on: date, *, policy: Policy, calendar: WorkCalendar
) -> date:
    """The last due date of a paper taken out that day, which itself is day 0 (CUS-09)."""
    return _period(f"checkout.{purpose}.max", out_on, policy, calendar)


def request_refusals(
    facts: RequestFacts,
    purpose: CheckOutPurpose,
    due: date,
    *,
    requester: str,
    substitute: str | None,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a request breaks (X08)."""
    certificate = facts.certificate
    yield paper_only(certificate)
    yield illegal(certificate, Movement.CHECK_OUT)
    yield locked(certificate, proposal_id="")
    yield purpose_refusal(certificate, purpose)
    yield due_refusal(purpose, due, out_on=today, policy=policy, calendar=calendar)
    yield borrower_overdue(requester, facts.overdue)
    yield held_in(facts.holds, purpose)
    if substitute == requester:
        yield invalid("substitute", "the requester needs no substitute", rule_id="X08")


def purpose_refusal(certificate: TitleCertificate, purpose: CheckOutPurpose) -> Refusal | None:
    """A purpose that this type of certificate is never taken out for (3.6, CUS-14)."""
    facts = PURPOSES[purpose]
    if purpose is CheckOutPurpose.PARTIAL_CHANGE:
        return _not_for(certificate, purpose, "this belongs to a partial release")
    fits = (
        certificate.cert_type in facts.types
        if facts.types is not None
        else CERT_TYPES[certificate.cert_type].perfection in facts.perfections
        or (facts.safekeeping and certificate.catalog is Catalog.SAFEKEEPING)
    )
    if fits:
        return None
    return _not_for(certificate, purpose, f"not for a {certificate.cert_type}")


def due_refusal(
    purpose: CheckOutPurpose,
    due: date,
    *,
    out_on: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> Refusal | None:
    """After the day it goes out, and within what the purpose allows (CUS-09)."""
    if purpose is CheckOutPurpose.PARTIAL_CHANGE:
        return None
    if due <= out_on:
        return _due(due, f"later than {out_on}")
    last = latest_due(purpose, out_on, policy=policy, calendar=calendar)
    return _due(due, f"at the latest {last}") if due > last else None


def borrower_overdue(borrower: str, overdue: Sequence[tuple[CheckOut, str]]) -> Refusal | None:
    """Who keeps one paper beyond its time gets no other, wherever that one belongs (CUS-11)."""
    if not overdue:
        return None
    check_out, certificate = overdue[0]
    return Refusal(
        code=RefusalCode.BORROWER_OVERDUE,
        rule_id="CUS-11",
        detail={
            "person": borrower,
            "certificate": certificate,
            "due": check_out.due_date.isoformat(),
        },
    )


def held_in(holds: Sequence[LegalHold], purpose: CheckOutPurpose) -> Refusal | None:
    """What is held leaves the vault for a court alone (X08, CUS-24)."""
    return None if purpose is CheckOutPurpose.LITIGATION else held(holds)


def next_step(check_out: CheckOut) -> ApproverStep | None:
    """The first approval of the purpose that nobody has given yet."""
    given = [signature.role for signature in check_out.approvals if signature.approved]
    for step in PURPOSES[check_out.purpose].approvers:
        if step.role not in given:
            return step
    return None


def decision_refusals(
    check_out: CheckOut, *, approver: Actor, state: CheckOutState = CheckOutState.REQUESTED
) -> Iterator[Refusal | None]:
    """Who may decide: the purpose's role and level, never one of its own people (X09, 3.6)."""
    if check_out.state is not state:
        yield state_conflict("X09", subject=check_out.label, state=check_out.state, event="DECIDE")
        return
    yield from _distinct(check_out, approver.login)
    step = next_step(check_out) if state is CheckOutState.REQUESTED else _last(check_out)
    if step is not None and not _able(approver, step, check_out.org_path):
        yield Refusal(
            code=RefusalCode.APPROVAL_LEVEL, rule_id="3.6", detail={"required": str(step)}
        )


def role_of(check_out: CheckOut) -> Role:
    """The role in which the next decision is given."""
    step = next_step(check_out)
    assert step is not None
    return step.role


def decided(
    check_out: CheckOut,
    signature: Signature,
    *,
    today: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> CheckOut:
    """The check-out after one approver has decided; with the last approval it may be taken."""
    after = replace(check_out, approvals=(*check_out.approvals, signature))
    if not signature.approved:
        return replace(after, state=CheckOutState.REJECTED, decided_reason=signature.reason)
    if next_step(after) is not None:
        return after
    take_by = calendar.wd(today, policy.number("checkout.take_wd"))
    return replace(after, state=CheckOutState.APPROVED, take_by=take_by)


def has_expired(check_out: CheckOut, today: date) -> bool:
    """Approved and not taken in time (X09)."""
    waiting = check_out.state is CheckOutState.APPROVED and check_out.take_by is not None
    return waiting and check_out.take_by is not None and today > check_out.take_by


def signing_refusals(check_out: CheckOut, *, borrower: str, today: date) -> Iterator[Refusal]:
    """What keeps this person from signing for the paper (X10)."""
    if check_out.state is not CheckOutState.APPROVED or has_expired(check_out, today):
        yield _not_approved(check_out, today)
    if borrower not in {check_out.requester, check_out.substitute}:
        yield invalid("borrower", "neither the requester nor the named substitute", rule_id="X10")


def vault_out_refusals(
    check_out: CheckOut,
    facts: RequestFacts,
    *,
    today: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> Iterator[Refusal | None]:
    """Every rule a temporary vault-out breaks; asked at both halves (X10, CUS-04e)."""
    certificate = facts.certificate
    yield illegal(certificate, Movement.CHECK_OUT)
    if check_out.state is not CheckOutState.APPROVED or has_expired(check_out, today):
        yield _not_approved(check_out, today)
    yield _held_by_other(certificate, check_out)
    yield due_refusal(
        check_out.purpose, check_out.due_date, out_on=today, policy=policy, calendar=calendar
    )
    yield borrower_overdue(check_out.signed_by or check_out.requester, facts.overdue)
    yield held_in(facts.holds, check_out.purpose)


def unsigned(check_out: CheckOut) -> Refusal | None:
    """The borrower signs in an own request before the second keeper lets the paper go (X10)."""
    if check_out.signed_by is not None:
        return None
    return state_conflict("X10", subject=check_out.label, state="UNSIGNED", event="CHECK_OUT")


def seal_broken(found: str, expected: str | None) -> Refusal | None:
    """The seal that the keepers read on the packet is the one it was closed with (X10)."""
    if found == expected:
        return None
    return invalid("sealNo", f"the packet was closed with {expected or 'no seal'}", rule_id="X10")


def renewal_refusals(
    check_out: CheckOut,
    new_due: date,
    *,
    borrower: str,
    litigation_open: bool,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that more time breaks; asked again when it is given (X11, CUS-12)."""
    if check_out.state is not CheckOutState.OUT:
        yield state_conflict(
            "X11", subject=check_out.label, state=check_out.state, event="RENEW_CHECK_OUT"
        )
        return
    if borrower not in {check_out.borrower, check_out.requester}:
        yield invalid("borrower", "the borrower alone asks for more time", rule_id="X11")
    if today > check_out.due_date:
        yield _due(check_out.due_date, "it is over; bring the paper back")
    given = sum(renewal.state is RenewalState.APPROVED for renewal in check_out.renewals)
    if check_out.purpose is CheckOutPurpose.LITIGATION:
        if not litigation_open:
            yield Refusal(
                code=RefusalCode.RENEWAL_LIMIT,
                rule_id="CUS-12",
                detail={"purpose": check_out.purpose, "limit": "0", "reason": "no open legal case"},
            )
    else:
        limit = policy.number(f"checkout.{check_out.purpose}.renewals")
        if given >= limit:
            yield Refusal(
                code=RefusalCode.RENEWAL_LIMIT,
                rule_id="CUS-12",
                detail={"purpose": check_out.purpose, "limit": str(limit)},
            )
            return
    if new_due <= check_out.due_date:
        yield _due(new_due, f"later than {check_out.due_date}")
    last = _period(f"checkout.{check_out.purpose}.renewal", check_out.due_date, policy, calendar)
    if new_due > last:
        yield _due(new_due, f"at the latest {last}")


def waiting_renewal(check_out: CheckOut) -> Renewal | None:
    """More time that was asked for and not decided on."""
    last = check_out.renewals[-1] if check_out.renewals else None
    return last if last is not None and last.state is RenewalState.REQUESTED else None


def overdue_days(check_out: CheckOut, today: date) -> int:
    """Days beyond the due date; frozen once the paper is back (3.3)."""
    if check_out.overdue_days is not None:
        return check_out.overdue_days
    if check_out.state is not CheckOutState.OUT:
        return 0
    return max(0, (today - check_out.due_date).days)


def return_refusals(
    check_out: CheckOut,
    certificate: TitleCertificate,
    *,
    exchanged: bool,
    reason: str | None,
) -> Iterator[Refusal | None]:
    """What keeps a paper from coming back in this way (X12, X13)."""
    movement = Movement.RETURN_EXCHANGED if exchanged else Movement.RETURN_SAME
    yield illegal(certificate, movement)
    returns = PURPOSES[check_out.purpose].returns
    if exchanged and returns is ReturnKind.SAME:
        yield _not_for(certificate, check_out.purpose, "the same paper has to come back")
    if not exchanged and returns is ReturnKind.EXCHANGED and not (reason or "").strip():
        yield invalid("reason", "say why it comes back unchanged", rule_id="X12")


def mismatches(
    certificate: TitleCertificate, *, cert_no: str, pages: int, like_scan: bool
) -> Iterator[Refusal]:
    """Where what came back differs from what went out (CUS-15)."""
    if normalised(cert_no) != certificate.cert_no_norm:
        yield _mismatch("certNo", cert_no, certificate.cert_no or "")
    if certificate.pages is not None and pages != certificate.pages:
        yield _mismatch("pages", str(pages), str(certificate.pages))
    if not like_scan:
        yield _mismatch("likeScan", "not like the scan", "like the scan")


SUCCESSORS: Mapping[CertType, frozenset[CertType]] = MappingProxyType(
    {
        CertType.PRE_NOTICE_TITLE: frozenset({CertType.REAL_ESTATE_TITLE}),
        CertType.PRE_NOTICE_MORTGAGE: frozenset({CertType.MORTGAGE_REG_PROOF}),
        CertType.CONSTRUCTION_MORTGAGE: frozenset({CertType.MORTGAGE_REG_PROOF}),
        CertType.PURCHASE_CONTRACT: frozenset(
            {CertType.PRE_NOTICE_TITLE, CertType.REAL_ESTATE_TITLE}
        ),
    }
)


def exchange_refusals(
    check_out: CheckOut,
    old: TitleCertificate,
    *,
    new_type: CertType,
    new_no: str,
    change: ChangeType,
) -> Iterator[Refusal | None]:
    """Which new certificate may take an old one's place (X13)."""
    if normalised(new_no) == old.cert_no_norm and new_type is old.cert_type:
        yield invalid("certNo", "a new certificate has a number of its own", rule_id="X13")
    if check_out.purpose is CheckOutPurpose.PRE_NOTICE_CONVERSION:
        if new_type not in SUCCESSORS[old.cert_type]:
            yield invalid("certType", f"a {old.cert_type} does not become this", rule_id="X13")
    elif new_type is not old.cert_type and change is not ChangeType.TYPE_CHANGE:
        yield invalid("certType", "another type is a change of type", rule_id="X13")
    if CERT_TYPES[new_type].catalog is not CERT_TYPES[old.cert_type].catalog:
        yield invalid("certType", "it belongs to another catalog", rule_id="X13")


def priority_carried(old: TitleCertificate, own: date | None) -> date | None:
    """The rank date of the new certificate: the old one's, unless its right had lapsed (CUS-16).

    Source: 担保解释 52.
    """
    if old.legal_state in {LegalState.LAPSED, LegalState.VOID} or old.priority_date is None:
        return own
    return old.priority_date


def check_out_lock(check_out: CheckOut) -> Lock:
    """What holds the paper from the request until it is back (INV-02)."""
    return Lock(kind=LockKind.CHECK_OUT, id=check_out.id)


class Escalation(StrEnum):
    """Who hears of a paper that does not come back, and how loudly (逾期升级)."""

    SUPERVISOR = "SUPERVISOR"
    CENTER = "CENTER"
    YELLOW = "YELLOW"
    ORANGE = "ORANGE"
    RED = "RED"


def due_escalations(check_out: CheckOut, today: date, policy: Policy) -> list[Escalation]:
    """The levels reached and not yet told, lowest first, each once (CUS-10)."""
    days = overdue_days(check_out, today)
    return [
        level
        for level in Escalation
        if level not in check_out.escalated and days >= policy.number(f"checkout.escalate.{level}")
    ]


def next_escalation(check_out: CheckOut, policy: Policy) -> date | None:
    """The day on which the next level is reached; none once the paper is back or all is told."""
    if check_out.state is not CheckOutState.OUT:
        return None
    left = [level for level in Escalation if level not in check_out.escalated]
    days = [policy.number(f"checkout.escalate.{level}") for level in left]
    return nd(check_out.due_date, min(days)) if days else None


def parts(check_out: CheckOut) -> dict[str, str]:
    """Who plays which part in it; none of them is a keeper at its vault-out (CUS-04b)."""
    people = {signature.login: "approver" for signature in check_out.approvals}
    if check_out.substitute is not None:
        people[check_out.substitute] = "substitute"
    return people | {check_out.requester: "requester"}


def _distinct(check_out: CheckOut, approver: str) -> Iterator[Refusal]:
    if approver in {check_out.requester, check_out.substitute, check_out.borrower}:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="3.6")
    elif any(s.login == approver for s in check_out.approvals if s.approved):
        waiting = check_out.state is CheckOutState.REQUESTED
        if waiting:
            yield Refusal(
                code=RefusalCode.SOD_VIOLATION,
                rule_id="3.6",
                detail={"person": approver, "part": "approver"},
            )


def _last(check_out: CheckOut) -> ApproverStep:
    return PURPOSES[check_out.purpose].approvers[-1]


def _able(approver: Actor, step: ApproverStep, org_path: str) -> bool:
    """Whether the person holds the step's role there, at its level or above.

    A supervisor's decision may also be taken by whoever stands above, from the centre's head up.
    """
    for grant in approver.grants_for(Operation.APPROVE_CHECK_OUT, org_path):
        level = step.level
        if step.role is Role.VAULT_SUPERVISOR and grant.role is Role.APPROVER:
            level = OrgLevel.LOAN_CENTER
        elif grant.role is not step.role:
            continue
        if level is None or _LEVELS.index(grant.org_level) >= _LEVELS.index(level):
            return True
    return False


def _period(key: str, start: date, policy: Policy, calendar: WorkCalendar) -> date:
    unit, length = policy.period(key)
    return calendar.wd(start, length) if unit == "wd" else nd(start, length)


def _not_approved(check_out: CheckOut, today: date) -> Refusal:
    state = CheckOutState.EXPIRED if has_expired(check_out, today) else check_out.state
    return state_conflict("X10", subject=check_out.label, state=state, event="CHECK_OUT")


def _held_by_other(certificate: TitleCertificate, check_out: CheckOut) -> Refusal | None:
    if certificate.lock == check_out_lock(check_out):
        return None
    return locked(certificate, proposal_id="")


def _due(due: date, reason: str) -> Refusal:
    return Refusal(
        code=RefusalCode.DUE_DATE_INVALID,
        rule_id="CUS-09",
        field="dueDate",
        detail={"due": due.isoformat(), "reason": reason},
    )


def _not_for(certificate: TitleCertificate, purpose: CheckOutPurpose, reason: str) -> Refusal:
    return Refusal(
        code=RefusalCode.PURPOSE_NOT_ALLOWED,
        rule_id="3.6",
        field="purpose",
        detail={"certificate": certificate.label, "purpose": purpose, "reason": reason},
    )


def _mismatch(what: str, actual: str, recorded: str) -> Refusal:
    return Refusal(
        code=RefusalCode.RETURN_MISMATCH,
        rule_id="CUS-15",
        field=what,
        detail={"what": what, "actual": actual, "recorded": recorded},
    )
