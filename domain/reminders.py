"""Deadlines of papers that somebody is reminded of (到期监控): lapse, expiry, and unclaimed papers.

Source: CUS-16, CUS-17, CUS-26; the watch dates of domain 3.1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.alerts import AlertKind
from domain.calendar import WorkCalendar, md, nd
from domain.certificates import (
    ENDED_RIGHTS,
    TERMINAL,
    WAITING_FOR_OWNER,
    Catalog,
    CertType,
    TitleCertificate,
)
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.loans import Loan, LoanStatus
from domain.policy import Policy
from domain.pre_notices import LEGAL_DAYS, is_standing, lapse_date
from domain.refusals import Refusal, invalid, state_conflict

# Rights that a register keeps until a day and no longer, unless they are renewed before it.
REGISTERED_FOR_A_TIME = frozenset({CertType.RECEIVABLE_PLEDGE_REG, CertType.MOVABLE_MORTGAGE_REG})
_INSURANCE = frozenset({CertType.PROPERTY_INSURANCE})
# Deposits and bonds mature, policies and land-use terms end, registrations run out (3.1).
EXPIRING = frozenset(
    {
        CertType.REAL_ESTATE_TITLE,
        CertType.LAND_USE_TITLE_LEGACY,
        CertType.MORTGAGE_REG_PROOF,
        CertType.CONSTRUCTION_MORTGAGE,
        CertType.PURCHASE_CONTRACT,
        CertType.DEPOSIT_RECEIPT,
        CertType.TREASURY_BOND_RECEIPT,
        CertType.INSURANCE_POLICY_PLEDGE,
        CertType.PROPERTY_INSURANCE,
        CertType.WEALTH_PRODUCT_PLEDGE,
        CertType.WAREHOUSE_RECEIPT,
        CertType.RECEIVABLE_PLEDGE_REG,
        CertType.MOVABLE_MORTGAGE_REG,
    }
)
# What turns into money or goods on its day; the bank may take that before the debt is due.
MATURING = frozenset(
    {
        CertType.DEPOSIT_RECEIPT,
        CertType.TREASURY_BOND_RECEIPT,
        CertType.WEALTH_PRODUCT_PLEDGE,
        CertType.WAREHOUSE_RECEIPT,
    }
)
_PAID = frozenset({LoanStatus.SETTLED, LoanStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A day on which somebody is told of a deadline."""

    on: date
    kind: AlertKind
    due_on: date
    listed: bool = False  # the paper goes onto the list of unclaimed ones


def reminders(
    certificate: TitleCertificate, *, policy: Policy, calendar: WorkCalendar, today: date
) -> tuple[Reminder, ...]:
    """Every reminder of a certificate's deadlines, up to the first month after today."""
    return (
        *_lapsing(certificate, policy, calendar),
        *_expiring(certificate, policy),
        *_unclaimed(certificate, policy, today),
    )


def next_look(
    certificate: TitleCertificate,
    *,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
    after: date | None = None,
) -> date | None:
    """The next day on which a deadline of the certificate asks for something, if any does.

    after: the day up to which everything is done; none means that nothing was looked at yet.
    """
    told = reminders(certificate, policy=policy, calendar=calendar, today=today)
    days = [reminder.on for reminder in told]
    since = certificate.convertible_from
    if since is not None and is_standing(certificate) and certificate.conversion is None:
        days.append(nd(lapse_date(since, policy=policy, calendar=calendar), 1))
    ends = expiry(certificate)
    if ends is not None and certificate.cert_type in REGISTERED_FOR_A_TIME | _INSURANCE:
        days.append(nd(ends, 1))
    return min((day for day in days if after is None or day > after), default=None)


def watched(
    certificate: TitleCertificate, *, policy: Policy, calendar: WorkCalendar, today: date
) -> TitleCertificate:
    """The certificate with the day noted on which its deadlines are looked at first."""
    look = next_look(certificate, policy=policy, calendar=calendar, today=today)
    return replace(certificate, next_look_on=look)


def expiry(certificate: TitleCertificate) -> date | None:
    """The watch date (3.1) of a paper that the bank still relies on; None where nothing ends."""
    obtained = certificate.cert_no is not None
    if not obtained or not _is_relied_on(certificate) or certificate.cert_type not in EXPIRING:
        return None
    return last_day(certificate)


def last_day(certificate: TitleCertificate) -> date | None:
    """Until when the paper or its registration runs, as last told."""
    return certificate.expires_on or certificate.registered_until


def expiry_refusals(
    certificate: TitleCertificate, expires_on: date, *, today: date
) -> Iterator[Refusal | None]:
    """Every rule that a new last day breaks (CUS-17)."""
    if certificate.cert_type not in EXPIRING:
        kind = certificate.cert_type
        yield invalid("certificateId", f"{kind} has no day to watch", rule_id="CUS-17")
    elif certificate.cert_no is None or not _is_relied_on(certificate):
        yield state_conflict(
            "CUS-17",
            subject=certificate.label,
            state=f"{certificate.custody_state}, {certificate.legal_state}",
            event="RECORD_EXPIRY",
        )
    if expires_on <= today:
        yield invalid("expiresOn", "must lie in the future", rule_id="CUS-17")


def is_uninsured(
    policy_paper: TitleCertificate,
    others: Sequence[TitleCertificate],
    covered: Sequence[Collateral],
    *,
    today: date,
) -> bool:
    """Whether a property insurance (抵押物保险) has ended and something it covered has none.

    covered: by it; what is pledged no more needs none.
    """
    ends = expiry(policy_paper)
    if policy_paper.cert_type is not CertType.PROPERTY_INSURANCE or ends is None or today <= ends:
        return False
    insured = {
        number
        for other in others
        if other.id != policy_paper.id and other.cert_type is CertType.PROPERTY_INSURANCE
        if (until := expiry(other)) is not None and today <= until
        for number in other.collateral_nos
    }
    needed = {one.no for one in covered if one.pledge_state not in ENDED_PLEDGES}
    return not insured.issuperset(needed)


def has_run_out(certificate: TitleCertificate, *, today: date) -> bool:
    """Whether the registration of a right that is registered for a time is over (登记到期)."""
    ends = expiry(certificate)
    return certificate.cert_type in REGISTERED_FOR_A_TIME and ends is not None and today > ends


def is_unclaimed(certificate: TitleCertificate) -> bool:
    """An owner's paper that the bank still has though the lien is gone (客户未领, CUS-26)."""
    return (
        certificate.catalog is Catalog.SAFEKEEPING
        and certificate.released_on is not None
        and certificate.custody_state in WAITING_FOR_OWNER
    )


def unclaimed_from(
    certificate: TitleCertificate, collaterals: Sequence[Collateral], *, today: date
) -> TitleCertificate:
    """The owner's paper once no collateral that it covers is pledged any more."""
    free = all(collateral.pledge_state in ENDED_PLEDGES for collateral in collaterals)
    if not free or certificate.catalog is not Catalog.SAFEKEEPING:
        return certificate
    return replace(certificate, released_on=certificate.released_on or today)


def advice(reminder: Reminder, certificate: TitleCertificate, loans: Sequence[Loan]) -> str:
    """What an alert says has to be done, with the day that decides."""
    day, name = reminder.due_on.isoformat(), certificate.label
    match reminder.kind:
        case AlertKind.PRE_NOTICE:
            return f"Pre-notice {name} lapses unless registration is applied for by {day}."
        case AlertKind.UNCLAIMED if reminder.listed:
            return f"{name} was not fetched since {day}; it is listed as unclaimed."
        case AlertKind.UNCLAIMED:
            return f"{name} waits for its owner since the release on {day}: notify the owner."
    said = f"{name} ends on {day}"
    later = sorted(loan.loan_no for loan in loans if _outlives(loan, reminder.due_on))
    if not later or certificate.cert_type not in MATURING:
        return f"{said}: renew it or let it be replaced."
    return (
        f"{said}, before loan {', '.join(later)} matures: redeem it and apply the money to the"
        " debt or deposit it, or renew it (Civil Code 442)."
    )


def _is_relied_on(certificate: TitleCertificate) -> bool:
    """Whether neither the paper has come to its end nor the right, nor what it was kept for."""
    over = certificate.custody_state in TERMINAL or certificate.legal_state in ENDED_RIGHTS
    return not over and certificate.released_on is None


def _outlives(loan: Loan, day: date) -> bool:
    """Whether the debt is due only after that day, and is still to be paid."""
    return loan.status not in _PAID and loan.maturity is not None and loan.maturity > day


def _lapsing(
    certificate: TitleCertificate, policy: Policy, calendar: WorkCalendar
) -> Iterator[Reminder]:
    """At the days of the policy and at the legal term's last day before it is rolled (CUS-16)."""
    since = certificate.convertible_from
    if since is None or certificate.conversion is not None or not is_standing(certificate):
        return
    last = lapse_date(since, policy=policy, calendar=calendar)
    for days in (*policy.numbers("prenotice.alerts"), policy.number(LEGAL_DAYS)):
        yield Reminder(on=nd(since, days), kind=AlertKind.PRE_NOTICE, due_on=last)


def _expiring(certificate: TitleCertificate, policy: Policy) -> Iterator[Reminder]:
    ends = expiry(certificate)
    if ends is None:
        return
    for days in policy.numbers("expiry.alerts"):
        yield Reminder(on=ends - timedelta(days=days), kind=AlertKind.EXPIRY, due_on=ends)


def _unclaimed(certificate: TitleCertificate, policy: Policy, today: date) -> Iterator[Reminder]:
    """Every month from the release, and once more when the paper is listed (CUS-26)."""
    released = certificate.released_on
    if released is None or not is_unclaimed(certificate):
        return
    listed = nd(released, policy.number("unclaimed.list_nd"))
    yield Reminder(on=listed, kind=AlertKind.UNCLAIMED, due_on=released, listed=True)
    month, day = 0, released
    while day <= today:
        month += 1
        day = md(released, month)
        yield Reminder(on=day, kind=AlertKind.UNCLAIMED, due_on=released)
