"""Papers that leave the bank: redeemed receipts and assigned claims; inputs and answers."""

from datetime import date, datetime

import strawberry

from domain.claim_transfers import ClaimTransferState
from domain.redemption import ProceedsUse, RedemptionGround
from schema.cases import NewSealInput
from schema.certificates import Evidence, TitleCertificate
from schema.collaterals import Collateral
from schema.custody import REFUSALS
from schema.fields import named, related
from schema.nodes import Node, Refusal
from schema.scalars import Money
from storage.relations import Relation

SEALS = "For every packet that keeps other papers, its new seal."


@strawberry.type(description="A receipt that was redeemed, with the entry of its proceeds (兑付).")
class Redemption(Node):
    """A redemption."""

    prefix: strawberry.Private[str] = "redm"

    no: str = named("Number.")
    certificate_id: strawberry.ID = named("The receipt.")
    loan_nos: list[str] = named("Loans it secured.")
    ground: RedemptionGround = named("Why it was redeemed.")
    amount: Money | None = named("The proceeds; hidden from keepers.")
    use: ProceedsUse = named("Where they went.")
    to: str = named("Number of the loan they were applied to, or where they are deposited.")
    agreement: Evidence = named("The agreement or authorisation.")
    keepers: list[str] = named("Logins of the two keepers.")
    redeemed_on: date = named("Business date.")
    redeemed_at: datetime = named("When.")
    org_code: str = named("Operating organisation.")
    certificate: TitleCertificate | None = related(
        Relation(collection="certificates", local="certificate_id"), "The receipt."
    )


@strawberry.type(description="Claims that go to an assignee, with their papers (债权转让移交单).")
class ClaimTransfer(Node):
    """A transfer of claims."""

    prefix: strawberry.Private[str] = "ctrf"

    no: str = named("Number.")
    loan_nos: list[str] = named("Loans whose claims are assigned.")
    assignee: str = named("Who takes the claims over.")
    agreement: Evidence = named("The claim-assignment agreement.")
    approved_by: str = named("Login of the approver.")
    approved_at: datetime = named("When it was approved.")
    receipt: Evidence | None = named("The assignee's receipt for the papers.")
    handed_over_at: datetime | None = named("When the papers were handed over.")
    withdrawn_by: str | None = named("Login of who withdrew it.")
    state: ClaimTransferState = named("State.")
    org_code: str = named("Operating organisation.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    collaterals: list[Collateral] = related(
        Relation(
            collection="collaterals", local="collateral_nos", foreign="no", many=True, order="no"
        ),
        "The collateral that goes with the claims.",
    )
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="certificate_ids", many=True),
        "The papers that were handed over.",
    )


@strawberry.input(description="A pledged receipt to redeem (X26).")
class CertificateRedeemInput:
    """X26, proposed."""

    certificate_id: strawberry.ID = named("The receipt.")
    vault: str = named("Code of the vault it lies in.")
    agreement_file_version_id: strawberry.ID = named(
        "The accepted agreement or authorisation (REDEMPTION_AUTHORITY)."
    )
    amount: Money = named("The proceeds.")
    use: ProceedsUse = named("Where they go.")
    proceeds_to: str = named(
        "Number of the secured loan they are applied to, or where they are deposited."
    )
    new_seals: list[NewSealInput] = named(SEALS, default_factory=list)


@strawberry.input(description="The second keeper's repetition of a redemption (X26).")
class CertificateRedeemConfirmInput:
    """X26, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    redemption: CertificateRedeemInput = named("Exactly what was proposed.")


@strawberry.input(description="An assignment of claims to approve (X18).")
class ClaimTransferApproveInput:
    """X18, the approval."""

    collateral_ids: list[strawberry.ID] = named("The collateral that goes with the claims.")
    assignee: str = named("Who takes the claims over.")
    agreement_file_version_id: strawberry.ID = named(
        "The accepted claim-assignment agreement (CLAIM_ASSIGNMENT)."
    )


@strawberry.input(description="An approved assignment that does not come about.")
class ClaimTransferWithdrawInput:
    """X18, the approval taken back."""

    transfer_id: strawberry.ID = named("The transfer.")
    reason: str = named("Why.")


@strawberry.input(description="Papers of an assignment to hand to the assignee (X18).")
class ClaimTransferVaultOutInput:
    """X18, proposed."""

    transfer_id: strawberry.ID = named("The transfer.")
    vault: str = named("Code of the vault its papers lie in.")
    receipt_file_version_id: strawberry.ID = named(
        "The assignee's accepted receipt (ASSIGNEE_RECEIPT)."
    )
    new_seals: list[NewSealInput] = named(SEALS, default_factory=list)


@strawberry.input(description="The second keeper's repetition of a handing-over (X18).")
class ClaimTransferVaultOutConfirmInput:
    """X18, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    vault_out: ClaimTransferVaultOutInput = named("Exactly what was proposed.")


@strawberry.type(description="A redemption, or why not.")
class RedemptionPayload:
    """Answer about a redemption."""

    redemption: Redemption | None = named("The redemption.")
    certificate: TitleCertificate | None = named("The receipt as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A transfer of claims, or why not.")
class ClaimTransferPayload:
    """Answer about a transfer of claims."""

    transfer: ClaimTransfer | None = named("The transfer as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
