"""Owners' papers that go back while the bank's right stays; inputs and answers."""

from datetime import datetime

import strawberry

from domain.owner_returns import OwnerReturnState
from schema.cases import NewSealInput
from schema.certificates import Evidence, TitleCertificate
from schema.custody import REFUSALS
from schema.fields import named, related
from schema.leaving import SEALS
from schema.nodes import Node, Refusal
from storage.relations import Relation


@strawberry.type(
    description="Owners' papers that go back before the collateral is released (代保管品退还单)."
)
class OwnerReturn(Node):
    """A return of owners' papers."""

    prefix: strawberry.Private[str] = "ownr"

    no: str = named("Number.")
    loan_nos: list[str] = named("Loans that the papers belong to.")
    reason: str = named("Why they go back.")
    approved_by: str = named("Login of the approver.")
    approved_at: datetime = named("When it was approved.")
    receipt: Evidence | None = named("The owner's receipt for the papers.")
    returned_at: datetime | None = named("When the owner got them.")
    withdrawn_by: str | None = named("Login of who withdrew it.")
    state: OwnerReturnState = named("State.")
    org_code: str = named("Operating organisation.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="certificate_ids", many=True),
        "The papers that go back.",
    )


@strawberry.input(description="Owners' papers that may go back before the release (X17).")
class OwnerReturnApproveInput:
    """X17, the approval."""

    certificate_ids: list[strawberry.ID] = named("The papers; all of them the owner's own.")
    reason: str = named("Why they go back.")


@strawberry.input(description="An agreed return that does not come about.")
class OwnerReturnWithdrawInput:
    """X17, the approval taken back."""

    owner_return_id: strawberry.ID = named("The return.")
    reason: str = named("Why.")


@strawberry.input(description="Papers to give back to their owner (X17).")
class OwnerReturnVaultOutInput:
    """X17 from the vault, proposed."""

    owner_return_id: strawberry.ID = named("The return.")
    vault: str = named("Code of the vault its papers lie in.")
    receipt_file_version_id: strawberry.ID = named("The owner's accepted receipt (CERT_RECEIPT).")
    identity_checked: bool = named("Whether the identity of who receives them was checked.")
    new_seals: list[NewSealInput] = named(SEALS, default_factory=list)


@strawberry.input(description="The second keeper's repetition of a giving-back (X17).")
class OwnerReturnVaultOutConfirmInput:
    """X17 from the vault, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    vault_out: OwnerReturnVaultOutInput = named("Exactly what was proposed.")


@strawberry.type(description="A return of owners' papers, or why not.")
class OwnerReturnPayload:
    """Answer about a return of owners' papers."""

    owner_return: OwnerReturn | None = named("The return as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
