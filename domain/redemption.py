"""Redeeming a pledged receipt (兑付、质押扣划): why it may be, and where the proceeds go.

Source: X26; Civil Code art. 442; domain 3.1 (normal end REDEEM).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.certificates import CertType, TitleCertificate
from domain.custody import Evidence
from domain.loans import Loan, in_default, is_extinguished
from domain.refusals import Refusal, RefusalCode, invalid

# Of the types whose normal end is redemption these are perfected by delivery and lie on paper.
REDEEMABLE = frozenset({CertType.DEPOSIT_RECEIPT, CertType.TREASURY_BOND_RECEIPT})
MAX_PLACE_LENGTH = 100


class RedemptionGround(StrEnum):
    """Why a receipt is redeemed (兑付事由)."""

    MATURITY = "MATURITY"
    DEFAULT = "DEFAULT"


class ProceedsUse(StrEnum):
    """Where the proceeds go (款项去向)."""

    APPLIED_TO_DEBT = "APPLIED_TO_DEBT"
    DEPOSITED = "DEPOSITED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceeds:
    """The money of a redemption (兑付款项). Amount in fen.

    to: the number of the loan it is applied to, or the account or notary that keeps it.
    """

    amount: int
    use: ProceedsUse
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A receipt that was redeemed (兑付记录), with the entry of its proceeds. Amount in fen."""

    id: str
    no: str
    certificate_id: str
    loan_nos: tuple[str, ...]
    ground: RedemptionGround
    amount: int
    use: ProceedsUse
    to: str
    agreement: Evidence
    keepers: tuple[str, ...]
    redeemed_on: date
    redeemed_at: datetime
    org_code: str
    org_path: str
    version: int = 0


def ground_of(
    certificate: TitleCertificate, loans: Sequence[Loan], *, today: date
) -> RedemptionGround | None:
    """Why the receipt may be redeemed today: it is due, or a secured debt is in default."""
    due = certificate.expires_on or certificate.registered_until
    if due is not None and due <= today:
        return RedemptionGround.MATURITY
    if any(in_default(loan, today) for loan in loans):
        return RedemptionGround.DEFAULT
    return None


def redemption_refusals(
    certificate: TitleCertificate, loans: Sequence[Loan], proceeds: Proceeds, *, today: date
) -> Iterator[Refusal | None]:
    """Every rule that a redemption breaks besides those of leaving the vault (X26).

    That the debt be settled is not asked: the proceeds pay it, or stand in for the receipt.
    """
    yield unredeemable(certificate, loans, today=today)
    if proceeds.amount <= 0:
        yield invalid("amount", "the proceeds are more than nothing", rule_id="X26")
    if not 0 < len(proceeds.to) <= MAX_PLACE_LENGTH:
        yield invalid("proceedsTo", f"1 to {MAX_PLACE_LENGTH} characters", rule_id="X26")
    elif proceeds.use is ProceedsUse.APPLIED_TO_DEBT:
        yield _payable(proceeds.to, loans)


def unredeemable(
    certificate: TitleCertificate, loans: Sequence[Loan], *, today: date
) -> Refusal | None:
    """A paper of another type, or one that is not due while nothing is in default (X26)."""
    if certificate.cert_type not in REDEEMABLE:
        return _not_redeemable(certificate, f"a {certificate.cert_type} is never redeemed")
    if ground_of(certificate, loans, today=today) is not None:
        return None
    due = certificate.expires_on or certificate.registered_until
    told = "no maturity is recorded" if due is None else f"it is due on {due.isoformat()}"
    return _not_redeemable(certificate, f"{told}, and no secured loan is in default")


def _payable(loan_no: str, loans: Sequence[Loan]) -> Refusal | None:
    loan = next((loan for loan in loans if loan.loan_no == loan_no), None)
    if loan is None:
        return invalid("proceedsTo", "the receipt does not secure that loan", rule_id="X26")
    if is_extinguished(loan):
        return invalid("proceedsTo", f"loan {loan_no} owes nothing any more", rule_id="X26")
    return None


def _not_redeemable(certificate: TitleCertificate, reason: str) -> Refusal:
    return Refusal(
        code=RefusalCode.PURPOSE_NOT_ALLOWED,
        rule_id="X26",
        detail={"certificate": certificate.label, "purpose": "REDEMPTION", "reason": reason},
    )
