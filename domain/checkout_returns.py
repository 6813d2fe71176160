"""While a paper is out and when it comes back: more time, escalation, exchange (X11 to X13).

Source: domain 3.6; CUS-10, CUS-12, CUS-15, CUS-16.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum

from domain.calendar import WorkCalendar, nd
from domain.certificates import (
    CERT_TYPES,
    ENDED_RIGHTS,
    CertType,
    LegalState,
    TitleCertificate,
    normalised,
)
from domain.checkouts import (
    PURPOSES,
    ChangeType,
    CheckOut,
    CheckOutPurpose,
    CheckOutState,
    Renewal,
    RenewalState,
    ReturnKind,
    due_invalid,
    not_for,
    overdue_days,
    period_end,
    stuck,
)
from domain.collaterals import Collateral
from domain.custody import Movement, illegal
from domain.dossiers import DocType
from domain.policy import ESCALATION, Policy
from domain.processing import FULL_RIGHTS, PRE_NOTICES, SUCCESSORS, kind_refusals
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict


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
    yield from no_more_time(check_out, litigation_open=litigation_open, policy=policy, today=today)
    if new_due <= check_out.due_date:
        yield due_invalid(new_due, f"later than {check_out.due_date}")
    last = period_end(f"checkout.{check_out.purpose}.renewal", check_out.due_date, policy, calendar)
    if new_due > last:
        yield due_invalid(new_due, f"at the latest {last}")


def no_more_time(
    check_out: CheckOut, *, litigation_open: bool, policy: Policy, today: date
) -> Iterator[Refusal]:
    """Why a check-out is not prolonged at all, whatever the day that is asked for (CUS-12)."""
    if today > check_out.due_date:
        yield due_invalid(check_out.due_date, "it is over; bring the paper back")
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


def renewal_waits(check_out: CheckOut) -> Refusal | None:
    """One request for more time after the other (X11)."""
    if waiting_renewal(check_out) is None:
        return None
    return stuck(check_out, "RENEW while a renewal waits")


def waiting_renewal(check_out: CheckOut) -> Renewal | None:
    """More time that was asked for and not decided on."""
    last = check_out.renewals[-1] if check_out.renewals else None
    return last if last is not None and last.state is RenewalState.REQUESTED else None


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
    if exchanged:
        yield comes_back_itself(check_out, certificate)
    if not exchanged and returns is ReturnKind.EXCHANGED and not (reason or "").strip():
        yield invalid("reason", "say why it comes back unchanged", rule_id="X12")


def comes_back_itself(check_out: CheckOut, certificate: TitleCertificate) -> Refusal | None:
    """For some purposes the same paper has to come back (3.6)."""
    if PURPOSES[check_out.purpose].returns is not ReturnKind.SAME:
        return None
    return not_for(certificate, check_out.purpose, "the same paper has to come back")


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


def exchange_proofs(check_out: CheckOut, old: TitleCertificate) -> tuple[DocType, ...]:
    """What shows that a new certificate was issued for the old one (回执, X13).

    The registry's receipt; a bank's counter stops the new deposit or enters the old one's proceeds;
    an insurer's is the policy itself.
    """
    if check_out.purpose is CheckOutPurpose.REDEMPTION:
        return DocType.FREEZE_CONFIRM, DocType.PROCEEDS_ENTRY
    if old.cert_type is CertType.PROPERTY_INSURANCE:
        return (DocType.INSURANCE,)
    return DocType.REGISTRY_ACCEPTANCE, DocType.REGISTRY_RESULT


def exchange_refusals(
    check_out: CheckOut,
    old: TitleCertificate,
    *,
    new_type: CertType,
    new_no: str,
    change: ChangeType,
    collaterals: Sequence[Collateral],
) -> Iterator[Refusal | None]:
    """Which new certificate may take an old one's place (X13).

    Another type is one that could be expected of what the old one covers (X01), and no pre-notice
    of what was registered already. collaterals: what the old one covers.
    """
    if normalised(new_no) == old.cert_no_norm:
        yield invalid("certNo", "a new certificate has a number of its own", rule_id="X13")
    follows = old.legal_state is LegalState.LAPSED and new_type in FULL_RIGHTS
    if old.legal_state in ENDED_RIGHTS and not follows:
        yield state_conflict(
            "X13", subject=old.label, state=old.legal_state, event="RETURN_EXCHANGED"
        )
    if check_out.purpose is CheckOutPurpose.PRE_NOTICE_CONVERSION:
        if new_type not in SUCCESSORS[old.cert_type]:
            yield invalid("certType", f"a {old.cert_type} does not become this", rule_id="X13")
    elif new_type is not old.cert_type and change is not ChangeType.TYPE_CHANGE:
        yield invalid("certType", "another type is a change of type", rule_id="X13")
    if new_type is not old.cert_type:
        yield from kind_refusals(new_type, old.carrier, collaterals, rule_id="X13")
        if new_type in PRE_NOTICES and new_type not in SUCCESSORS.get(old.cert_type, ()):
            yield invalid("certType", "what is registered has no pre-notice", rule_id="X13")
    if CERT_TYPES[new_type].catalog is not CERT_TYPES[old.cert_type].catalog:
        yield invalid("certType", "it belongs to another catalog", rule_id="X13")


def priority_carried(old: TitleCertificate, own: date | None) -> date | None:
    """The rank date of the new certificate: the old one's, unless its right had lapsed (CUS-16).

    Source: 担保解释 52.
    """
    if old.legal_state in {LegalState.LAPSED, LegalState.VOID} or old.priority_date is None:
        return own
    return old.priority_date


class Escalation(StrEnum):
    """Who hears of a paper that does not come back, and how loudly (逾期升级)."""

    SUPERVISOR = "SUPERVISOR"
    CENTER = "CENTER"
    YELLOW = "YELLOW"
    ORANGE = "ORANGE"
    RED = "RED"


def due_escalations(check_out: CheckOut, today: date, policy: Policy) -> list[Escalation]:
    """The levels reached and not yet told, lowest first, each once, while it is out (CUS-10)."""
    if check_out.state is not CheckOutState.OUT:
        return []
    days = overdue_days(check_out, today)
    return [level for level, after in _left(check_out, policy) if days >= after]


def next_escalation(check_out: CheckOut, policy: Policy) -> date | None:
    """The day on which the next level is reached; none once the paper is back or all is told."""
    if check_out.state is not CheckOutState.OUT:
        return None
    days = [after for _, after in _left(check_out, policy)]
    return nd(check_out.due_date, min(days)) if days else None


def _left(check_out: CheckOut, policy: Policy) -> list[tuple[Escalation, int]]:
    """The levels that nobody was told of yet, with the days overdue that they come after."""
    levels = zip(Escalation, policy.numbers(ESCALATION), strict=True)
    return [(level, after) for level, after in levels if level not in check_out.escalated]


def _mismatch(what: str, actual: str, recorded: str) -> Refusal:
    return Refusal(
        code=RefusalCode.RETURN_MISMATCH,
        rule_id="CUS-15",
        field=what,
        detail={"what": what, "actual": actual, "recorded": recorded},
    )
