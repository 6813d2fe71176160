"""Owners' papers that go back while the bank's right stays (代保管品退还): once tier 2 agreed.

Source: X17.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.agreeing import own_customer, too_low
from domain.certificates import Catalog, CustodyState, Lock, LockKind, TitleCertificate
from domain.custody import Evidence, Movement, illegal
from domain.files import ArchiveFile
from domain.loans import Loan
from domain.orgs import OrgLevel
from domain.people import Actor
from domain.refusals import Refusal, invalid, state_conflict
from domain.roles import Operation
from domain.vaulting import locked, paper_only


class OwnerReturnState(StrEnum):
    """State of a return of owners' papers (代保管品退还状态)."""

    APPROVED = "APPROVED"
    RETURNED = "RETURNED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerReturn:
    """Owners' papers that go back before the collateral is released (代保管品退还单)."""

    id: str
    no: str
    certificate_ids: tuple[str, ...]
    loan_nos: tuple[str, ...]
    reason: str
    approved_by: str
    approved_at: datetime
    receipt: Evidence | None = None
    returned_at: datetime | None = None
    withdrawn_by: str | None = None
    state: OwnerReturnState = OwnerReturnState.APPROVED
    org_code: str
    org_path: str
    version: int = 0

    @property
    def lock(self) -> Lock:
        """What holds the papers until they are back with their owner (INV-02)."""
        return Lock(kind=LockKind.OWNER_RETURN, id=self.id)

    def parts(self) -> dict[str, str]:
        """Who approved it; an approver executes nothing of it (3.2)."""
        return {self.approved_by: "approver"}

    def refused(self, event: str) -> Refusal | None:
        """What is over takes no more steps."""
        if self.state is OwnerReturnState.APPROVED:
            return None
        return state_conflict("X17", subject=f"Return {self.no}", state=self.state, event=event)


def approval_refusals(
    certificates: Sequence[TitleCertificate],
    loans: Sequence[Loan],
    *,
    approver: Actor,
) -> Iterator[Refusal | None]:
    """Every rule that the approval of such a return breaks (X17).

    loans: those that each of the papers secures; one owner signs for all of them.
    """
    if not loans:
        yield invalid("certificateIds", "they secure no loan in common", rule_id="X17")
    for certificate in certificates:
        yield locked(certificate, proposal_id="")
        yield paper_only(certificate)
        yield _outside(certificate)
        yield not_the_owners(certificate)
        yield _level(approver, certificate)
    yield from own_customer(approver, loans, rule_id="X17")


def receipt_refusals(
    owner_return: OwnerReturn, file: ArchiveFile, *, used: bool, field: str
) -> Iterator[Refusal | None]:
    """A receipt is signed for these papers: for no other paper, release or return (X17).

    used: whether papers went back on it before.
    """
    others = file.certificate_id not in {None, *owner_return.certificate_ids}
    if used or others or file.case_id is not None:
        yield invalid(field, "this receipt is for other papers", rule_id="X17")


def not_the_owners(certificate: TitleCertificate) -> Refusal | None:
    """The bank's own right goes to the registry, not to the owner (2.2)."""
    if certificate.catalog is Catalog.SAFEKEEPING:
        return None
    return invalid("certificateId", "the bank's own right goes to the registry", rule_id="X17")


def _outside(certificate: TitleCertificate) -> Refusal | None:
    """Before a release a paper goes back from the vault alone (X17)."""
    if certificate.custody_state is CustodyState.IN_VAULT:
        return illegal(certificate, Movement.RETURN_TO_OWNER)
    return state_conflict(
        "X17",
        subject=certificate.label,
        state=certificate.custody_state,
        event=Movement.RETURN_TO_OWNER,
    )


def _level(approver: Actor, certificate: TitleCertificate) -> Refusal | None:
    least, path = OrgLevel.TIER2_BRANCH, certificate.org_path
    return too_low(approver, Operation.APPROVE_OWNER_RETURN, path, least, rule_id="X17")
