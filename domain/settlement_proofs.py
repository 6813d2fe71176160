"""Settlement proofs (贷款结清证明): when one may be given, what voids it, what a number is worth.

Source: domain 4.4, 4.9; DRG-P01, P08, P12.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.deregistration import DeregistrationCase
from domain.dossiers import DocType, Dossier, DossierStatus, ItemStatus, with_item
from domain.files import ADDABLE, ArchiveFile, FileStatus, FileVersion
from domain.loans import Loan, LoanStatus, never_drawn, not_final, not_ours, not_settled
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, state_conflict
from domain.release_kinds import SETTLES

MAX_NO_LENGTH = 100  # characters of a number that is asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementProof:
    """A numbered proof that a loan is settled (贷款结清证明); voided when that is undone.

    It holds every fact that is printed on it: the loan may owe again later, the paper does not.
    """

    id: str
    no: str
    loan_no: str
    case_id: str | None = None  # none: asked for outside a case
    contract_no: str = ""
    customer_no: str = ""
    principal_amount: int = 0
    currency: str = "CNY"
    loan_status: LoanStatus = LoanStatus.SETTLED
    settled_on: date | None = None
    org_name: str = ""
    issued_at: datetime
    issued_on: date | None = None
    issued_by: str
    file_id: str | None = None  # none in records older than the paper
    sha256: str = ""  # of the document
    size: int = 0
    voided_at: datetime | None = None
    void_reason: str | None = None
    org_code: str
    org_path: str
    version: int = 0


class ProofStanding(StrEnum):
    """What a settlement proof's number is worth today (证明效力)."""

    VALID = "VALID"
    VOIDED = "VOIDED"
    UNKNOWN = "UNKNOWN"


def proof_no(id: str, on: date) -> str:
    """The number on it, from the proof's own id: never given twice, and nobody guesses it."""
    return f"SP{on:%Y%m%d}-{id[-10:]}"


def standing(*, known: bool, voided_at: datetime | None) -> ProofStanding:
    """Whether the bank stands by a number; a voided one is blacklisted for ever (4.9)."""
    if not known:
        return ProofStanding.UNKNOWN
    return ProofStanding.VALID if voided_at is None else ProofStanding.VOIDED


def unproven(
    loan: Loan, *, policy: Policy, calendar: WorkCalendar, today: date
) -> Iterator[Refusal | None]:
    """Everything that keeps the bank from saying that this loan is settled (P01, P08, P12)."""
    yield not_settled(loan)
    yield nothing_paid(loan)
    yield not_ours(loan)
    yield not_final(loan, policy=policy, calendar=calendar, today=today)


def nothing_paid(loan: Loan) -> Refusal | None:
    """Where no money ever left there is no settlement to prove, whatever its status (4.4)."""
    if not never_drawn(loan):
        return None
    return state_conflict(
        "DRG-4.4", subject=f"Loan {loan.loan_no}", state="NEVER_DRAWN", event="PROVE_SETTLEMENT"
    )


def proven_already(standing_one: SettlementProof | None) -> Refusal | None:
    """One valid proof a loan: another number for the same fact would outlive its voiding."""
    if standing_one is None:
        return None
    return state_conflict(
        "DRG-4.4",
        subject=f"Settlement proof {standing_one.no}",
        state=ProofStanding.VALID,
        event="ISSUE",
    )


def no_place(loan: Loan, dossier: Dossier | None) -> Refusal | None:
    """A proof is filed as it is given, so a dossier must be there (ARC-25).

    One that is closed takes what the bank itself proves: its owner may ask for it at any time.
    """
    if dossier is not None and dossier.status in ADDABLE | {DossierStatus.CLOSED}:
        return None
    subject = f"The dossier of loan {loan.loan_no}"
    reason = "there is none" if dossier is None else dossier.status.value
    return Refusal(
        code=RefusalCode.IMMUTABLE,
        rule_id="ARC-25",
        detail={"subject": subject, "reason": reason},
    )


def proof_of(
    loan: Loan, *, id: str, case_id: str | None, org_name: str, by: str, now: datetime, today: date
) -> SettlementProof:
    """The proof, with every fact that is printed on it and no personal data."""
    return SettlementProof(
        id=id,
        no=proof_no(id, today),
        loan_no=loan.loan_no,
        case_id=case_id,
        contract_no=loan.contract_no,
        customer_no=loan.customer_no,
        principal_amount=loan.principal_amount,
        currency=loan.currency,
        loan_status=loan.status,
        settled_on=loan.settled_on,
        org_name=org_name,
        issued_at=now,
        issued_on=today,
        issued_by=by,
        org_code=loan.org_code,
        org_path=loan.org_path,
    )


def resting_on(case: DeregistrationCase, proofs: Iterable[SettlementProof]) -> DeregistrationCase:
    """The case that names these proofs of its loans too, each once; void ones stay (DRG-R02)."""
    if case.kind not in SETTLES:
        return case
    numbers = dict.fromkeys([*case.settlement_proof_nos, *(proof.no for proof in proofs)])
    return replace(case, settlement_proof_nos=tuple(numbers))


def voided(proof: SettlementProof, *, reason: str, now: datetime) -> SettlementProof:
    """The proof once its settlement is undone; its number is never valid again (4.9)."""
    assert proof.voided_at is None
    return replace(proof, voided_at=now, void_reason=reason)


def voided_file(file: ArchiveFile, proof: SettlementProof) -> ArchiveFile:
    """The document of a voided proof, which says so wherever it is met."""
    return replace(
        file,
        status=FileStatus.VOIDED,
        voided_at=proof.voided_at,
        void_reason=proof.void_reason,
    )


def voided_version(version: FileVersion, proof: SettlementProof) -> FileVersion:
    """Its content: still readable, no longer good as a document of a case."""
    return replace(version, status=FileStatus.VOIDED, reason=proof.void_reason)


def reopened(dossier: Dossier, proof: SettlementProof) -> Dossier:
    """The dossier whose line waits for a proof again, though a closed release locked it (4.9)."""
    unlocked = replace(
        dossier,
        items=tuple(
            replace(item, locked=False) if item.code is DocType.SETTLEMENT_PROOF else item
            for item in dossier.items
        ),
    )
    return with_item(
        unlocked,
        DocType.SETTLEMENT_PROOF,
        status=ItemStatus.MISSING,
        current_version_id=None,
        accepted_at=None,
        accepted_by=None,
        reason=f"{proof.no} is void",
    )
