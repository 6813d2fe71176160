"""Claims assigned to another creditor (债权转让): the papers go with them, once a branch agreed.

Source: X18; ARC-36.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.agreeing import own_customer, too_low
from domain.certificates import TERMINAL, CustodyState, TitleCertificate
from domain.collaterals import Collateral, PledgeState
from domain.custody import Evidence
from domain.loans import Loan, LoanStatus, is_extinguished
from domain.orgs import OrgLevel
from domain.people import Actor
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.roles import Operation

MAX_ASSIGNEE_LENGTH = 200
TRANSFERABLE = frozenset(
    {PledgeState.EFFECTIVE, PledgeState.PARTIALLY_RELEASED, PledgeState.IN_ENFORCEMENT}
)
# Nobody holds these papers, so nobody can hand them over.
_NOT_IN_HAND = TERMINAL | {CustodyState.NOT_RECEIVED, CustodyState.ELECTRONIC_ON_FILE}


class ClaimTransferState(StrEnum):
    """State of a transfer of claims (债权转让状态)."""

    APPROVED = "APPROVED"
    HANDED_OVER = "HANDED_OVER"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTransfer:
    """Claims that go to an assignee, with their collateral and its papers (债权转让移交单)."""

    id: str
    no: str
    collateral_nos: tuple[str, ...]
    loan_nos: tuple[str, ...]
    assignee: str
    agreement: Evidence
    approved_by: str
    approved_at: datetime
    certificate_ids: tuple[str, ...] = ()  # what was handed over
    receipt: Evidence | None = None
    handed_over_at: datetime | None = None
    withdrawn_by: str | None = None
    state: ClaimTransferState = ClaimTransferState.APPROVED
    org_code: str
    org_path: str
    version: int = 0

    def parts(self) -> dict[str, str]:
        """Who approved it; an approver executes nothing of it (3.2)."""
        return {self.approved_by: "approver"}


def approval_refusals(
    collaterals: Sequence[Collateral],
    loans: Sequence[Loan],
    *,
    assignee: str,
    approver: Actor,
    open_transfer: ClaimTransfer | None,
) -> Iterator[Refusal | None]:
    """Every rule that the approval of a transfer breaks (X18)."""
    if all(is_extinguished(loan) for loan in loans):
        yield invalid("collateralIds", "secures no loan that is owed", rule_id="X18")
    if not 0 < len(assignee) <= MAX_ASSIGNEE_LENGTH:
        yield invalid("assignee", f"1 to {MAX_ASSIGNEE_LENGTH} characters", rule_id="X18")
    if open_transfer is not None:
        yield Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="INV-02",
            detail={
                "subject": "The collateral",
                "lock": f"CLAIM_TRANSFER {open_transfer.no}",
            },
        )
    for collateral in collaterals:
        yield from _transferable(collateral)
    yield from own_customer(approver, loans, rule_id="X18")
    yield from (_level(approver, collateral) for collateral in _by_path(collaterals))


def handover_refusals(
    transfer: ClaimTransfer,
    collaterals: Sequence[Collateral],
    certificates: Sequence[TitleCertificate],
    loans: Sequence[Loan],
) -> Iterator[Refusal | None]:
    """Every rule besides those of leaving the vault: the whole of it, approved, at once (X18).

    loans: those that the collateral secures by now.
    """
    if transfer.state is not ClaimTransferState.APPROVED:
        yield state_conflict(
            "X18", subject=f"Transfer {transfer.no}", state=transfer.state, event="TRANSFER_OUT"
        )
    for collateral in collaterals:
        yield from _transferable(collateral)
    yield from _claims_that_go(transfer, loans)
    if not leaving_ones(certificates):
        yield invalid("transferId", "none of its papers is in a vault", rule_id="X18")
    for certificate in certificates:
        if certificate.custody_state in _NOT_IN_HAND:
            continue
        if certificate.custody_state is not CustodyState.IN_VAULT:
            yield Refusal(
                code=RefusalCode.CERT_NOT_IN_VAULT,
                rule_id="X18",
                detail={"certificate": certificate.label, "state": certificate.custody_state},
            )
        others = sorted(set(certificate.collateral_nos) - set(transfer.collateral_nos))
        if others:
            yield invalid(
                "transferId",
                f"{certificate.label} also covers {', '.join(others)}, which stays",
                rule_id="X18",
            )


def _claims_that_go(transfer: ClaimTransfer, loans: Sequence[Loan]) -> Iterator[Refusal | None]:
    """The security goes with all that it secures, and with something that is still owed."""
    staying = [loan for loan in loans if loan.loan_no not in transfer.loan_nos]
    if any(not is_extinguished(loan) for loan in staying):
        told = "the collateral secures another loan by now, which is not assigned"
        yield invalid("transferId", told, rule_id="X18")
    # The core may tell an assigned loan with nothing left to pay to this bank.
    assigned = [loan for loan in loans if loan.loan_no in transfer.loan_nos]
    if all(is_extinguished(one) and one.status is not LoanStatus.ASSIGNED for one in assigned):
        yield invalid("transferId", "none of the assigned loans is owed any more", rule_id="X18")


def leaving_ones(certificates: Sequence[TitleCertificate]) -> list[TitleCertificate]:
    """The papers that go to the assignee."""
    return [c for c in certificates if c.custody_state is CustodyState.IN_VAULT]


def _transferable(collateral: Collateral) -> Iterator[Refusal | None]:
    if collateral.open_case_id is not None:
        yield Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="INV-02",
            detail={
                "subject": f"Collateral {collateral.no}",
                "lock": f"DEREGISTRATION {collateral.open_case_id}",
            },
        )
    elif collateral.pledge_state not in TRANSFERABLE:
        yield state_conflict(
            "X18",
            subject=f"Collateral {collateral.no}",
            state=collateral.pledge_state,
            event="TRANSFER",
        )


def _by_path(collaterals: Sequence[Collateral]) -> list[Collateral]:
    """One collateral of each organisation: the approver's level is asked for every one."""
    return list({collateral.org_path: collateral for collateral in collaterals}.values())


def _level(approver: Actor, collateral: Collateral) -> Refusal | None:
    least, path = OrgLevel.TIER1_BRANCH, collateral.org_path
    return too_low(approver, Operation.APPROVE_TRANSFER, path, least, rule_id="X18")
