"""Obtaining certificates (权证办理): expecting, collecting, and filing electronic ones.

Source: X01, X02, X24; CUS-02, CUS-06, CUS-27.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from domain.calendar import WorkCalendar, nd
from domain.certificates import (
    CERT_TYPES,
    Carrier,
    Catalog,
    CertType,
    TitleCertificate,
    normalised,
)
from domain.collaterals import ENDED_PLEDGES, Collateral, releasing
from domain.custody import RULE_OF, Movement, illegal
from domain.dossiers import DocType
from domain.loans import DisbursementBasis, Loan, Product
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict

MAX_PAGES = 10_000
SCAN_ITEM: Mapping[CertType, DocType] = MappingProxyType(
    {
        CertType.PRE_NOTICE_MORTGAGE: DocType.PRE_NOTICE_CERT_SCAN,
        CertType.PRE_NOTICE_TITLE: DocType.PRE_NOTICE_CERT_SCAN,
        CertType.MORTGAGE_REG_PROOF: DocType.MORTGAGE_CERT_SCAN,
        CertType.OTHER_RIGHT_LEGACY: DocType.MORTGAGE_CERT_SCAN,
        CertType.DEPOSIT_RECEIPT: DocType.PLEDGE_CERT_SCAN,
        CertType.TREASURY_BOND_RECEIPT: DocType.PLEDGE_CERT_SCAN,
    }
)
PRE_NOTICES = frozenset({CertType.PRE_NOTICE_TITLE, CertType.PRE_NOTICE_MORTGAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """What is printed on a certificate. Amount in fen."""

    cert_no: str
    issuer: str
    issuer_code: str
    issue_date: date
    right_holder: str
    right_amount: int | None
    registered_on: date | None
    registered_until: date | None
    expires_on: date | None
    rank: int
    pages: int


def out_of_scope(loans: Sequence[Loan]) -> Iterator[Refusal]:
    """Products that post-loan management here does not cover (S02)."""
    for loan in loans:
        if not loan.in_scope:
            yield Refusal(
                code=RefusalCode.OUT_OF_SCOPE_PRODUCT,
                rule_id="S02",
                detail={"product": loan.product, "loan": loan.loan_no},
            )


def expectation_refusals(
    cert_type: CertType,
    carrier: Carrier,
    collaterals: Sequence[Collateral],
) -> Iterator[Refusal | None]:
    """A certificate is expected only of a type that its collateral can have (X01).

    What was released is never pledged again under the same record: the new right has a rank of its
    own (4.9).
    """
    facts = CERT_TYPES[cert_type]
    if not collaterals:
        yield invalid("collateralIds", "name at least one collateral", rule_id="X01")
    if carrier not in facts.carriers:
        yield invalid("carrier", f"{cert_type} is never {carrier}", rule_id="X01")
    for collateral in collaterals:
        yield _released(collateral, Movement.REGISTER_EXPECTED)
        if collateral.kind not in facts.collateral:
            yield Refusal(
                code=RefusalCode.TYPE_NOT_ALLOWED,
                rule_id="X01",
                field="certType",
                detail={"type": cert_type, "kind": collateral.kind},
            )


def arising_refusals(
    catalog: Catalog,
    collaterals: Sequence[Collateral],
    movement: Movement,
    *,
    releases: Collection[str] = (),
) -> Iterator[Refusal | None]:
    """No right of the bank arises on what is being released, nor on what was (INV-05, DRG-R03).

    releases: ids of the releases that this certificate belongs to; what they wait for is obtained.
    """
    if catalog is not Catalog.RIGHT_CERT:
        return
    for collateral in collaterals:
        if movement is not Movement.REGISTER_EXPECTED:  # expecting asks it of every paper
            yield _released(collateral, movement)
        ended = collateral.pledge_state in ENDED_PLEDGES
        if not ended and collateral.open_case_id not in {None, *releases}:
            yield releasing(collateral)


def collection_refusals(
    certificate: TitleCertificate,
    facts: PaperFacts,
    *,
    duplicate: TitleCertificate | None,
    movement: Movement,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a collection, or an electronic filing, breaks (X02, X24)."""
    yield illegal(certificate, movement)
    yield _right_carrier(certificate, movement)
    yield from paper_refusals(
        certificate.catalog, facts, duplicate=duplicate, rule_id=RULE_OF[movement], today=today
    )


def paper_refusals(
    catalog: Catalog,
    facts: PaperFacts,
    *,
    duplicate: TitleCertificate | None,
    rule_id: str,
    today: date,
) -> Iterator[Refusal | None]:
    """Everything wrong with what is printed on a paper (CUS-02)."""
    for field, text in (
        ("certNo", normalised(facts.cert_no)),
        ("issuer", facts.issuer.strip()),
        ("rightHolder", facts.right_holder.strip()),
    ):
        if not text:
            yield invalid(field, "must not be empty", rule_id=rule_id)
    if facts.issue_date > today:
        yield invalid("issueDate", "lies in the future", rule_id=rule_id)
    if not 0 < facts.pages <= MAX_PAGES:
        yield invalid("pages", f"1 to {MAX_PAGES}", rule_id=rule_id)
    if catalog is Catalog.RIGHT_CERT and facts.right_amount is None:
        yield invalid("rightAmount", "the bank's own right has an amount", rule_id=rule_id)
    if facts.right_amount is not None and facts.right_amount < 0:
        yield invalid("rightAmount", "must not be negative", rule_id=rule_id)
    if duplicate is not None:
        yield Refusal(
            code=RefusalCode.DUPLICATE_CERT,
            rule_id="CUS-02",
            field="certNo",
            detail={"certificate": duplicate.id},
        )


def cancellation_refusal(
    certificate: TitleCertificate, *, done: bool, stays: bool = False
) -> Refusal | None:
    """An electronic certificate ends only after the registry has cancelled it (X25).

    stays: it covers something that is not released; then a new one takes its place (DRG-L08).
    """
    if done and stays:
        return state_conflict(
            "DRG-L08",
            subject=certificate.label,
            state="covers what stays",
            event=Movement.CANCEL_ELECTRONIC,
        )
    if done:
        return illegal(certificate, Movement.CANCEL_ELECTRONIC)
    return state_conflict(
        "X25",
        subject=certificate.label,
        state=certificate.custody_state,
        event="CANCEL_ELECTRONIC before the registry is done",
    )


def expected_by(
    cert_type: CertType, loan: Loan | None, *, policy: Policy, calendar: WorkCalendar, today: date
) -> date:
    """When a certificate should have been obtained (CUS-27)."""
    start = expected_from(cert_type, loan, policy=policy, today=today)
    unit, length = policy.period(_period(cert_type, loan, policy))
    return calendar.wd(start, length) if unit == "wd" else nd(start, length)


def expected_from(cert_type: CertType, loan: Loan | None, *, policy: Policy, today: date) -> date:
    """The day from which obtaining a certificate is counted: money out, or the receipt (CUS-27)."""
    start = (loan.disbursed_on if loan else None) or today
    if loan is not None and _on_receipt(cert_type, loan, policy):
        return loan.acceptance_on or start
    return start


def _released(collateral: Collateral, movement: Movement) -> Refusal | None:
    if collateral.pledge_state not in ENDED_PLEDGES:
        return None
    return state_conflict(
        RULE_OF[movement],
        subject=f"Collateral {collateral.no}",
        state=collateral.pledge_state,
        event=movement,
    )


def _period(cert_type: CertType, loan: Loan | None, policy: Policy) -> str:
    """The key of the time allowed."""
    key = f"cert.expected.{loan.product if loan else Product.HOUSING_RESALE}"
    if cert_type in PRE_NOTICES or key not in policy.values:
        return "cert.expected.HOUSING_NEW"
    if loan is not None and _on_receipt(cert_type, loan, policy):
        return "cert.expected.HOUSING_RESALE"
    return key


def _on_receipt(cert_type: CertType, loan: Loan, policy: Policy) -> bool:
    """Whether the money went out on the registry's receipt (见抵押收件单放款)."""
    known = f"cert.expected.{loan.product}" in policy.values
    lent_on_it = loan.disbursement_basis is DisbursementBasis.ACCEPTANCE_RECEIPT
    return lent_on_it and known and cert_type not in PRE_NOTICES


def _right_carrier(certificate: TitleCertificate, movement: Movement) -> Refusal | None:
    electronic = certificate.carrier is Carrier.ELECTRONIC
    if electronic == (movement is Movement.FILE_ELECTRONIC):
        return None
    if electronic:
        return Refusal(
            code=RefusalCode.ELECTRONIC_CERT,
            rule_id="CUS-13",
            detail={"certificate": certificate.label},
        )
    return invalid("certificateId", "the certificate is paper, not electronic", rule_id="X24")
