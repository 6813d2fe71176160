"""Inputs and answers of the mutations on deregistration cases."""

from datetime import datetime

import strawberry

from domain.certificates import CertType
from domain.deregistration import ApprovalDecision, DeregKind, HandlingMode, RegistryStatus
from domain.dossiers import DocType
from schema.certificates import Handover, Proposal, TitleCertificate
from schema.custody import REFUSALS, PaperInput
from schema.deregistration import DeregistrationCase
from schema.fields import named
from schema.nodes import Refusal


@strawberry.input(description="Who applies, by party number as in the collateral's owners.")
class ApplicantInput:
    """An applicant."""

    owners: list[str] = named(
        "Every registered owner who applies himself; for one who has died, his heirs."
    )
    agent: str | None = named("Their agent, who then needs a power of attorney.", default=None)
    represented: list[str] = named(
        "Owners for whom the agent applies, by their power of attorney; they need not apply"
        " themselves (被代理人).",
        default_factory=list,
    )


@strawberry.input(description="A deregistration case to open (DRG-R03).")
class DeregistrationCaseOpenInput:
    """Opening."""

    collateral_id: strawberry.ID = named("The collateral.")
    kind: DeregKind = named("Why the lien goes.", default=DeregKind.FULL_SETTLEMENT)
    handling_mode: HandlingMode = named("Who goes to the registry.", default=HandlingMode.BANK)
    applicant: ApplicantInput = named("Who applies.")
    guarantee_contract_nos: list[str] | None = named(
        "Contracts to release, at least one; null means every active one of the collateral.",
        default=None,
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


@strawberry.input(description="Who applies from now on, such as heirs (变更申请人).")
class DeregistrationCaseChangeApplicantsInput:
    """Other applicants."""

    case_id: strawberry.ID = named("The case.")
    applicant: ApplicantInput = named("All who apply; whoever is not named applies no more.")
    reason: str = named("Why; an heir also needs a document HEIR_PROOF of the case.")


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
    identity_checked: bool = named(
        "That the owner's identity was checked, when papers go straight to the owner.",
        default=False,
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
    acceptance_no: str | None = named(
        "Which application, when given: the filed one, or an earlier one of the case.", default=None
    )
    note: str | None = named("Note; a rejection needs the reason.", default=None)
    result_file_version_id: strawberry.ID | None = named(
        "For DONE: the registry's result. Without it nothing is released yet.", default=None
    )


@strawberry.input(description="What a registry tells by itself, under its own number.")
class RegistryNotifyInput:
    """A registry's call."""

    authority: str = named("The registry, as it was named at the filing.")
    acceptance_no: str = named("Its acceptance number (受理号).")
    status: RegistryStatus = named("Status.")
    at: datetime | None = named("When, by the registry; none means now.", default=None)
    note: str | None = named("Note; a rejection needs the reason.", default=None)
    result_file_version_id: strawberry.ID | None = named(
        "For DONE: the registry's result. Without it nothing is released yet.", default=None
    )


@strawberry.input(description="Another handler for a case (变更解押经办人).")
class DeregistrationCaseReassignHandlerInput:
    """A change of the handler."""

    case_id: strawberry.ID = named("The case.")
    handler: str = named("Login of the next handler; your own, to take a case that has none.")
    reason: str | None = named(
        "Why; needed of whoever acts for a handler who is absent.", default=None
    )


@strawberry.input(description="A new certificate brought to a vault's desk (换证, DRG-L08).")
class DeregistrationCaseOfferExchangeInput:
    """The handler's half."""

    case_id: strawberry.ID = named("The case.")
    certificate_id: strawberry.ID = named("The old certificate, which covers what stays.")
    desk: str = named("Code of the vault.")
    evidence_file_version_id: strawberry.ID = named("The registry's receipt, verified.")


@strawberry.input(description="The new certificate received at the desk (签收换证, X13).")
class DeregistrationCaseReceiveExchangedInput:
    """The keeper's half."""

    case_id: strawberry.ID = named("The case.")
    vault: str = named("Code of your vault.")
    cert_type: CertType = named("Type of the new certificate.")
    paper: PaperInput = named("What is printed on it.")


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


@strawberry.type(description="A case with its next handler, or the handover that waits for him.")
class ReassignmentPayload:
    """Answer about a change of the handler."""

    case: DeregistrationCase | None = named("The case as it is now.")
    handover: Handover | None = named("The papers' handover; none where no paper is out.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="The new certificate and the old one, or why not.")
class CaseExchangePayload:
    """Answer about an exchange."""

    case: DeregistrationCase | None = named("The case as it is now.")
    certificate: TitleCertificate | None = named("The new certificate.")
    replaced: TitleCertificate | None = named("The old one.")
    refusals: list[Refusal] = named(REFUSALS)
