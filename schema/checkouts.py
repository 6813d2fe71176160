"""Check-outs (临时出库): the record, the inputs and the answers of its mutations."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry

from domain.certificates import CertType
from domain.checkouts import ChangeType, CheckOutPurpose, CheckOutState, RenewalState
from domain.roles import Role
from schema.certificates import TitleCertificate
from schema.custody import BUSINESS_DATE, REFUSALS, PaperInput
from schema.fields import derived, named, related
from schema.nodes import Node, Refusal
from storage.relations import Relation


def _overdue_days(row: Mapping[str, Any], today: date) -> int:
    if row.get("overdue_days") is not None:
        return int(row["overdue_days"])
    if row.get("state") != CheckOutState.OUT.value:
        return 0
    return max(0, (today - date.fromisoformat(row["due_date"])).days)


@strawberry.type(description="One approver's decision on a check-out (审批).")
class CheckOutSignature:
    """An approval."""

    role: Role = named("In which role.")
    login: str = named("By whom.")
    approved: bool = named("Whether it was approved.")
    at: datetime = named("When.")
    reason: str | None = named("Why not, or a note.")


@strawberry.type(description="More time asked for (续借).")
class CheckOutRenewal:
    """A renewal."""

    new_due: date = named("The due date asked for.")
    reason: str = named("Why.")
    requested_at: datetime = named("When it was asked for.")
    state: RenewalState = named("Whether it was given.")
    decided_by: str | None = named("Who decided.")
    decided_at: datetime | None = named("When it was decided.")


@strawberry.type(description="A new certificate brought instead of the old one (换证).")
class CheckOutExchange:
    """An exchange."""

    change: ChangeType = named("How it differs.")
    certificate_id: strawberry.ID | None = named("The new certificate, once it is received.")
    evidence_version_id: strawberry.ID = named("The registry's receipt for the old one.")


@strawberry.type(description="A paper taken out of the vault for a time (临时出库单).")
class CheckOut(Node):
    """A check-out."""

    prefix: strawberry.Private[str] = "chko"

    certificate_id: strawberry.ID = named("The paper.")
    purpose: CheckOutPurpose = named("What for.")
    reason: str = named("In the requester's words.")
    requester: str = named("Login of who asked.")
    substitute: str | None = named("Login of who may take it in the requester's place.")
    companion: str | None = named("Login of a second member of staff who goes along.")
    companion_signed_at: datetime | None = named("When the companion signed for the paper.")
    state: CheckOutState = named("Where it stands.")
    requested_at: datetime = named("When it was asked for.")
    due_date: date = named("When the paper is due back; renewals move it.")
    approvals: list[CheckOutSignature] = named("Decisions, in their order.")
    take_by: date | None = named("The last day on which an approved paper is handed out.")
    signed_by: str | None = named("Login of the borrower who signed for it.")
    borrower: str | None = named("Login of who has or had it.")
    out_on: date | None = named("The day it left; day 0.")
    vault: str | None = named("Code of the vault it left.")
    renewals: list[CheckOutRenewal] = named("More time asked for, oldest first.")
    return_offered_by: str | None = named("Login of who brings it back and waits for a keeper.")
    returned_on: date | None = named("The day it came back.")
    exchange: CheckOutExchange | None = named("What came back instead.")
    decided_reason: str | None = named("Why it was rejected or cancelled.")
    org_code: str = named("Operating organisation.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    overdue_days: int = derived(
        _overdue_days,
        "Days beyond the due date, today or as they stood at the return.",
        reads=("overdue_days", "state", "due_date"),
    )
    certificate: TitleCertificate | None = related(
        Relation(collection="certificates", local="certificate_id"), "The paper."
    )


@strawberry.input(description="A paper to take out for a time (X08).")
class CheckOutRequestInput:
    """X08."""

    certificate_id: strawberry.ID = named("The paper.")
    purpose: CheckOutPurpose = named("What for.")
    due_date: date = named("When it comes back.")
    reason: str = named("Why, in a sentence.")
    substitute: str | None = named(
        "Login of who may take and bring it in your place.", default=None
    )
    companion: str | None = named(
        "Login of a second member of staff who goes along and signs, as a REDEMPTION needs.",
        default=None,
    )


@strawberry.input(description="An approver's decision on a check-out (X09).")
class CheckOutDecideInput:
    """Approving or rejecting."""

    check_out_id: strawberry.ID = named("The check-out.")
    approve: bool = named("Whether it may go out.")
    reason: str | None = named("A rejection needs one.", default=None)


@strawberry.input(description="A check-out to give up before the paper leaves (X09).")
class CheckOutCancelInput:
    """Cancelling."""

    check_out_id: strawberry.ID = named("The check-out.")
    reason: str = named("Why.")


@strawberry.input(description="Names a check-out.")
class CheckOutInput:
    """A check-out alone."""

    check_out_id: strawberry.ID = named("The check-out.")


@strawberry.input(description="A temporary vault-out (X10); both keepers say the same.")
class CheckOutVaultOutInput:
    """X10, proposed."""

    check_out_id: strawberry.ID = named("The approved check-out.")
    vault: str = named("Code of the vault it lies in.")
    seal_no: str = named("The seal read on the packet before it is opened.")
    new_seal_no: str | None = named(
        "The new seal, where other papers stay in the packet.", default=None
    )
    business_date: date | None = named(BUSINESS_DATE, default=None)


@strawberry.input(description="The second keeper's repetition of a temporary vault-out (X10).")
class CheckOutVaultOutConfirmInput:
    """X10, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    vault_out: CheckOutVaultOutInput = named("Exactly what was proposed.")


@strawberry.input(description="More time to ask for (X11).")
class CheckOutRenewInput:
    """X11, asked."""

    check_out_id: strawberry.ID = named("The check-out.")
    new_due: date = named("The later due date.")
    reason: str = named("Why.")


@strawberry.input(description="The approver's decision on more time (X11).")
class CheckOutDecideRenewalInput:
    """X11, decided."""

    check_out_id: strawberry.ID = named("The check-out.")
    approve: bool = named("Whether more time is given.")


@strawberry.input(description="A new certificate in an old one's place (X13).")
class ExchangeInput:
    """What the borrower tells about it."""

    change: ChangeType = named("How it differs.")
    evidence_file_version_id: strawberry.ID = named(
        "The accepted receipt for the old one: the registry's acceptance or result, of a deposit or"
        " bond its stop-pay confirmation or entry of proceeds, of property insurance the policy."
    )


@strawberry.input(description="A paper the borrower brings back to the vault's desk (X12, X13).")
class CheckOutReturnInput:
    """The borrower's half."""

    check_out_id: strawberry.ID = named("The check-out.")
    reason: str | None = named(
        "Why it comes back unchanged, where a new certificate was expected.", default=None
    )
    exchange: ExchangeInput | None = named(
        "The new certificate that comes instead of the old one.", default=None
    )


@strawberry.input(description="The keeper's half of a return of the same paper (X12).")
class CheckOutReceiveInput:
    """What the keeper reads on the paper."""

    check_out_id: strawberry.ID = named("The check-out.")
    vault: str = named("Code of the vault whose desk receives it.")
    cert_no: str = named("Number read from the paper.")
    pages: int = named("Pages counted.")
    like_scan: bool = named("Whether it looks like its accepted scan.")


@strawberry.input(description="The keeper's half of a return with a new certificate (X13).")
class CheckOutReceiveExchangedInput:
    """What the keeper reads on the new paper."""

    check_out_id: strawberry.ID = named("The check-out.")
    vault: str = named("Code of the vault whose desk receives it.")
    cert_type: CertType = named("Type of the new certificate.")
    paper: PaperInput = named("What is printed on it.")


@strawberry.type(description="The check-out after a change, or why there was none.")
class CheckOutPayload:
    """An answer with a check-out."""

    check_out: CheckOut | None = named("The check-out as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
