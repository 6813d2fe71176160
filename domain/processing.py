"""Obtaining certificates (权证办理): expecting, collecting, and filing electronic ones.

Source: X01, X02, X24; CUS-02, CUS-06, CUS-27.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from domain.certificates import (
    CERT_TYPES,
    MAX_CERT_NO,
    Carrier,
    Catalog,
    CertType,
    TitleCertificate,
    normalised,
)
from domain.collaterals import ENDED_PLEDGES, Collateral, releasing
from domain.custody import RULE_OF, Movement, illegal
from domain.dossiers import DocType
from domain.files import SOUND, ArchiveFile, FileVersion
from domain.loans import Loan
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict

MAX_PAGES = 10_000
MAX_RANK = 99  # as the feed takes it
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
# What a pre-notice is converted into: the bank's right, and the owner's.
FULL_RIGHTS = frozenset(
    {CertType.MORTGAGE_REG_PROOF, CertType.OTHER_RIGHT_LEGACY, CertType.REAL_ESTATE_TITLE}
)
PRE_NOTICES = frozenset({CertType.PRE_NOTICE_TITLE, CertType.PRE_NOTICE_MORTGAGE})
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

    def payload(self, *, holder: str) -> dict[str, Any]:
        """All of it, as the second person must repeat it (CUS-04c); one number prints many ways.

        holder: what stands for the right holder, whose name no proposal keeps.
        """
        return {
            "certNo": normalised(self.cert_no),
            "issuer": self.issuer.strip(),
            "issuerCode": self.issuer_code,
            "issueDate": self.issue_date.isoformat(),
            "rightHolder": holder,
            "rightAmount": self.right_amount,
            "registeredOn": self.registered_on and self.registered_on.isoformat(),
            "registeredUntil": self.registered_until and self.registered_until.isoformat(),
            "expiresOn": self.expires_on and self.expires_on.isoformat(),
            "rank": self.rank,
            "pages": self.pages,
        }


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
    if not collaterals:
        yield invalid("collateralIds", "name at least one collateral", rule_id="X01")
    if len({collateral.no for collateral in collaterals}) < len(collaterals):
        yield invalid("collateralIds", "names a collateral twice", rule_id="X01")
    yield from kind_refusals(cert_type, carrier, collaterals, rule_id="X01")
    for collateral in collaterals:
        yield _released(collateral, Movement.REGISTER_EXPECTED)


def kind_refusals(
    cert_type: CertType, carrier: Carrier, collaterals: Sequence[Collateral], *, rule_id: str
) -> Iterator[Refusal]:
    """A type is on paper or electronic as it can be, and of collateral that has such papers."""
    facts = CERT_TYPES[cert_type]
    if carrier not in facts.carriers:
        yield invalid("carrier", f"{cert_type} is never {carrier}", rule_id=rule_id)
    for collateral in collaterals:
        if collateral.kind not in facts.collateral:
            yield Refusal(
                code=RefusalCode.TYPE_NOT_ALLOWED,
                rule_id=rule_id,
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
    duplicate: str | None,
    movement: Movement,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a collection, or an electronic filing, breaks (X02, X24)."""
    yield illegal(certificate, movement)
    yield right_carrier(certificate, movement)
    yield from paper_refusals(
        certificate.catalog, facts, duplicate=duplicate, rule_id=RULE_OF[movement], today=today
    )


def paper_refusals(
    catalog: Catalog,
    facts: PaperFacts,
    *,
    duplicate: str | None,
    rule_id: str,
    today: date,
) -> Iterator[Refusal | None]:
    """Everything wrong with what is printed on a paper (CUS-02).

    duplicate: what to call another certificate of that number, where there is one.
    """
    for field, text in (
        ("certNo", normalised(facts.cert_no)),
        ("issuer", facts.issuer.strip()),
        ("rightHolder", facts.right_holder.strip()),
    ):
        if not text:
            yield invalid(field, "must not be empty", rule_id=rule_id)
    for field, day in (("issueDate", facts.issue_date), ("registeredOn", facts.registered_on)):
        if day is not None and day > today:
            yield invalid(field, "lies in the future", rule_id=rule_id)
    if not 0 < facts.rank <= MAX_RANK:
        yield invalid("rank", f"1 to {MAX_RANK}", rule_id=rule_id)
    if not normalised(facts.cert_no).isprintable():
        yield invalid("certNo", "has characters that cannot be printed", rule_id=rule_id)
    if len(normalised(facts.cert_no)) > MAX_CERT_NO:
        yield invalid("certNo", f"at most {MAX_CERT_NO} characters", rule_id=rule_id)
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
            detail={"certificate": duplicate},
        )


def electronic_refusal(
    certificate: TitleCertificate, file: ArchiveFile, version: FileVersion, *, intact: bool
) -> Refusal | None:
    """The signed file of an electronic certificate: its own, of its type, whole and not rejected.

    intact: whether the stored bytes still have the recorded hash. Source: X24.
    """
    fitting = {DocType.CERT_SCAN, SCAN_ITEM.get(certificate.cert_type)}
    reason = None
    if file.certificate_id != certificate.id:
        reason = "the file belongs to something else"
    elif version.doc_type not in fitting:
        reason = f"a {version.doc_type} is no such certificate"
    elif version.status not in SOUND or not intact:
        reason = "the file is not verified"
    if reason is None:
        return None
    return Refusal(
        code=RefusalCode.SCAN_MISSING,
        rule_id="X24",
        field="fileVersionId",
        detail={"certificate": certificate.label, "reason": reason},
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
            state="shared with what stays",
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


def _released(collateral: Collateral, movement: Movement) -> Refusal | None:
    if collateral.pledge_state not in ENDED_PLEDGES:
        return None
    return state_conflict(
        RULE_OF[movement],
        subject=f"Collateral {collateral.no}",
        state=collateral.pledge_state,
        event=movement,
    )


def right_carrier(certificate: TitleCertificate, movement: Movement) -> Refusal | None:
    """Paper is collected, an electronic certificate is filed (X02, X24, CUS-13)."""
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
