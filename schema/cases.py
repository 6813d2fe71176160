"""Inputs and answers of the mutations on deregistration cases."""

from datetime import datetime

import strawberry

from domain.deregistration import ApprovalDecision, DeregKind, HandlingMode, RegistryStatus
from domain.dossiers import DocType
from schema.certificates import Proposal
from schema.custody import REFUSALS
from schema.deregistration import DeregistrationCase
from schema.fields import named
from schema.nodes import Refusal


@strawberry.input(description="Who applies, by party number as in the collateral's owners.")
class ApplicantInput:
    """An applicant."""

    owners: list[str] = named("Every registered owner who applies.")
    agent: str | None = named("Their agent, who then needs a power of attorney.", default=None)


@strawberry.input(description="A deregistration case to open (DRG-R03).")
class DeregistrationCaseOpenInput:
    """Opening."""

    collateral_id: strawberry.ID = named("The collateral.")
    kind: DeregKind = named("Why the lien goes.", default=DeregKind.FULL_SETTLEMENT)
    handling_mode: HandlingMode = named("Who goes to the registry.", default=HandlingMode.BANK)
    applicant: ApplicantInput = named("Who applies.")
    guarantee_contract_nos: list[str] | None = named(
        "Contracts to release; none means every active one of the collateral.", default=None
    )
    new_collateral_ids: list[strawberry.ID] = named(
        "For a substitution: what replaces the collateral, registered and in custody first.",
        default_factory=list,
    )
    affected_mortgagees: list[str] = named(
        "Party numbers of other mortgagees whom a change of rank or amount burdens; each consents.",
        default_factory=list,
    )
    override_seizure: bool = named(
        "Go on in spite of a seizure: takes a legal opinion and the first-tier branch.",
        default=False,
    )
    handler: str | None = named(
        "Login of who takes the papers to the registry; none means you, if you are a handler.",
        default=None,
    )


@strawberry.input(description="A document of the case, pinned to a verified file version.")
class DeregistrationCaseAttachDocumentInput:
    """Attaching."""

    case_id: strawberry.ID = named("The case.")
    code: DocType = named("What it is.")
    file_version_id: strawberry.ID = named("The file version.")
    party: str | None = named("For a consent: party number of who gives it.", default=None)


@strawberry.input(description="Names a case.")
class DeregistrationCaseInput:
    """A case alone."""

    case_id: strawberry.ID = named("The case.")


@strawberry.input(description="An approver's decision.")
class DeregistrationCaseDecideInput:
    """Approving or rejecting."""

    case_id: strawberry.ID = named("The case.")
    decision: ApprovalDecision = named("Approve or reject.", default=ApprovalDecision.APPROVED)
    note: str | None = named("Note; a rejection needs one.", default=None)


@strawberry.input(description="A case to give up.")
class DeregistrationCaseCancelInput:
    """Cancelling."""

    case_id: strawberry.ID = named("The case.")
    reason: str = named("Why.")


@strawberry.input(description="The new seal of a packet that keeps other papers.")
class NewSealInput:
    """A seal."""

    packet_no: str = named("The packet.")
    seal_no: str = named("New seal, never used before.")


@strawberry.input(description="Papers of a case to take out of the vault (X14).")
class DeregistrationCaseVaultOutInput:
    """X14, proposed; also papers that leave the vault after an online cancellation (X16, X17)."""

    case_id: strawberry.ID = named("The case.")
    vault: str = named("Code of the vault they lie in.")
    new_seals: list[NewSealInput] = named(
        "For every packet that keeps other papers, its new seal.", default_factory=list
    )
    receipt_file_version_id: strawberry.ID | None = named(
        "The owner's accepted receipt, when papers go straight to the owner.", default=None
    )


@strawberry.input(description="The second keeper's repetition of a vault-out.")
class DeregistrationCaseVaultOutConfirmInput:
    """X14, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    vault_out: DeregistrationCaseVaultOutInput = named("Exactly what was proposed.")


@strawberry.input(description="An application filed with the registry.")
class DeregistrationCaseFileInput:
    """Filing."""

    case_id: strawberry.ID = named("The case.")
    authority: str = named("The registry.")
    acceptance_no: str = named("Its acceptance number (受理号).")
    filed_at: datetime | None = named("When; none means now.", default=None)


@strawberry.input(description="What the registry said.")
class DeregistrationCaseRecordRegistryInput:
    """A registry's notice."""

    case_id: strawberry.ID = named("The case.")
    status: RegistryStatus = named("Status.")
    at: datetime | None = named("When, by the registry; none means now.", default=None)
    acceptance_no: str | None = named("Must be the filed one, when given.", default=None)
    note: str | None = named("Note.", default=None)
    result_file_version_id: strawberry.ID | None = named(
        "For DONE: the registry's result. Without it nothing is released yet.", default=None
    )


@strawberry.input(description="Papers given back to the owner (X17).")
class DeregistrationCaseReturnToOwnerInput:
    """X17."""

    case_id: strawberry.ID = named("The case.")
    receipt_file_version_id: strawberry.ID = named("The owner's signed receipt, accepted.")
    identity_checked: bool = named("That the owner's identity was checked.")


@strawberry.type(description="A case, or why not. A failed precondition also blocks the case.")
class DeregistrationCasePayload:
    """Answer about a case."""

    case: DeregistrationCase | None = named("The case as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A vault-out that waits for the second keeper, or why not.")
class DeregistrationProposalPayload:
    """Answer about a proposal on a case."""

    proposal: Proposal | None = named("The proposal as it is now.")
    case: DeregistrationCase | None = named("The case as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
