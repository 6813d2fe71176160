"""When a certificate should have been obtained (办理时限): by its product, or its own kind.

Source: CUS-27.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.calendar import WorkCalendar, nd
from domain.certificates import CertType, CustodyState, TitleCertificate
from domain.collaterals import Collateral, CollateralKind
from domain.loans import DisbursementBasis, Loan, Product
from domain.policy import Policy
from domain.processing import FULL_RIGHTS, PRE_NOTICES

CONVERSION = "cert.expected.CONVERSION"


def expected_by(
    cert_type: CertType,
    loan: Loan | None,
    collaterals: Sequence[Collateral],
    *,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> date | None:
    """When a certificate should have been obtained; none while nobody can know (CUS-27)."""
    start = expected_from(cert_type, loan, collaterals, policy=policy, today=today)
    if start is None:
        return None
    if _is_conversion(cert_type, collaterals):
        return _after(start, CONVERSION, policy=policy, calendar=calendar)
    return _after(start, _period(cert_type, loan, policy), policy=policy, calendar=calendar)


def expected_from(
    cert_type: CertType,
    loan: Loan | None,
    collaterals: Sequence[Collateral],
    *,
    policy: Policy,
    today: date,
) -> date | None:
    """The day from which obtaining a certificate is counted (CUS-27).

    Money out, or the receipt; of a full right on a unit sold off plan the day from which it could
    be registered (可办证). None until that is known. loan: none where none is secured, then today.
    """
    if _is_conversion(cert_type, collaterals):
        told = [c.convertible_from for c in collaterals if c.convertible_from is not None]
        return min(told, default=None)
    if loan is None:
        return today
    if _on_receipt(cert_type, loan, policy):
        return loan.acceptance_on or loan.disbursed_on
    return loan.disbursed_on


def first_drawn(loans: Sequence[Loan]) -> Loan | None:
    """The loan from whose money a certificate's time is counted: the first that was drawn.

    One of the others while none is.
    """
    ordered = sorted(loans, key=lambda one: (one.disbursed_on or date.max, one.loan_no))
    return ordered[0] if ordered else None


def loan_dated(
    certificate: TitleCertificate,
    loans: Sequence[Loan],
    collaterals: Sequence[Collateral],
    *,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> TitleCertificate:
    """A certificate that is still awaited, with its days as its loans now tell them (CUS-27)."""
    kind, loan = certificate.cert_type, first_drawn(loans)
    awaited = certificate.custody_state is CustodyState.NOT_RECEIVED and not certificate.is_dropped
    if not awaited or loan is None or _is_conversion(kind, collaterals):
        return certificate
    since = expected_from(kind, loan, collaterals, policy=policy, today=today)
    due = expected_by(kind, loan, collaterals, policy=policy, calendar=calendar, today=today)
    return replace(certificate, expected_from=since, expected_by=due)


def conversion_dated(
    certificate: TitleCertificate, since: date, *, policy: Policy, calendar: WorkCalendar
) -> TitleCertificate:
    """The full right that is still awaited, once it is told from when it could be registered."""
    awaited = certificate.custody_state is CustodyState.NOT_RECEIVED
    if not awaited or certificate.cert_type not in FULL_RIGHTS:
        return certificate
    due = _after(since, CONVERSION, policy=policy, calendar=calendar)
    return replace(certificate, expected_from=since, expected_by=due)


def _is_conversion(cert_type: CertType, collaterals: Sequence[Collateral]) -> bool:
    """Whether the right can follow a pre-notice alone (期转现)."""
    return cert_type in FULL_RIGHTS and any(
        c.kind is CollateralKind.PRESALE_UNIT or c.convertible_from is not None for c in collaterals
    )


def _after(start: date, key: str, *, policy: Policy, calendar: WorkCalendar) -> date:
    unit, length = policy.period(key)
    return calendar.wd(start, length) if unit == "wd" else nd(start, length)


def _period(cert_type: CertType, loan: Loan | None, policy: Policy) -> str:
    """The key of the time allowed; a vehicle's is the same whatever was lent for."""
    key = f"cert.expected.{loan.product if loan else Product.HOUSING_RESALE}"
    if loan is not None and _on_receipt(cert_type, loan, policy):
        return "cert.expected.HOUSING_RESALE"
    if cert_type is CertType.VEHICLE_REG:
        return f"cert.expected.{Product.AUTO}"
    if cert_type in PRE_NOTICES or key not in policy.values:
        return "cert.expected.HOUSING_NEW"
    return key


def _on_receipt(cert_type: CertType, loan: Loan, policy: Policy) -> bool:
    """Whether the money went out on the registry's receipt (见抵押收件单放款)."""
    known = f"cert.expected.{loan.product}" in policy.values
    lent_on_it = loan.disbursement_basis is DisbursementBasis.ACCEPTANCE_RECEIPT
    return lent_on_it and known and cert_type not in PRE_NOTICES
