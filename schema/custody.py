"""Inputs and answers of the mutations that move paper."""

from datetime import date

import strawberry

from domain.certificates import Carrier, Catalog, CertType
from domain.custody import Movement
from schema.certificates import Handover, Proposal, SealedPacket, TitleCertificate
from schema.fields import named
from schema.nodes import Refusal
from schema.scalars import Money

BUSINESS_DATE = (
    "Day on which it happened: at most one working day back, and then only with the approval of the"
    " vault's supervisor (倒签, CUS-22); none means today."
)
REFUSALS = "Every rule broken, all at once; empty means it was done."


@strawberry.type(description="Whether a movement is possible now, or all that keeps it.")
class MovementAnswer:
    """One movement of a certificate."""

    movement: Movement = named("Which.")
    allowed: bool = named("Whether the certificate, its vault and its holds let it happen today.")
    permitted: bool = named("Whether one of your roles may take part in it.")
    refusals: list[Refusal] = named("Every rule in its way; empty means yes.")


@strawberry.input(description="A certificate to expect from the registry or owner (X01).")
class CertificateRegisterExpectedInput:
    """X01."""

    cert_type: CertType = named("Its type.")
    carrier: Carrier = named("Paper or electronic.", default=Carrier.PAPER)
    catalog: Catalog | None = named("Only for type OTHER: whose right it proves.", default=None)
    collateral_ids: list[strawberry.ID] = named("The collateral it covers.")
    guarantee_contract_nos: list[str] | None = named(
        "Guarantee contracts it belongs to; none means every active one of the collateral.",
        default=None,
    )


@strawberry.input(description="What is printed on a certificate.")
class PaperInput:
    """Facts of the paper."""

    cert_no: str = named("Number as printed.")
    issuer: str = named("Issuing authority.")
    issuer_code: str | None = named(
        "Code of the authority; none means the authority's name.", default=None
    )
    issue_date: date = named("Date of issue.")
    right_holder: str = named("Right holder as printed.")
    right_amount: Money | None = named("Registered amount; the bank's own right has one.")
    registered_on: date | None = named("When the right was registered.", default=None)
    registered_until: date | None = named("When the registration ends.", default=None)
    expires_on: date | None = named(
        "When the deposit matures, or the policy or term ends.", default=None
    )
    rank: int = named("Rank.", default=1)
    pages: int = named("Pages.")


@strawberry.input(description="A certificate obtained from the registry or owner (X02).")
class CertificateCollectInput:
    """X02."""

    certificate_id: strawberry.ID = named("The expected certificate.")
    paper: PaperInput = named("What is printed on it.")


@strawberry.input(description="An electronic certificate to file (X24).")
class CertificateFileElectronicInput:
    """X24, proposed."""

    certificate_id: strawberry.ID = named("The expected certificate.")
    paper: PaperInput = named("What it says.")
    file_version_id: strawberry.ID = named("The signed electronic certificate.")


@strawberry.input(description="The second person's repetition of an electronic filing (X24).")
class CertificateFileElectronicConfirmInput:
    """X24, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    filing: CertificateFileElectronicInput = named("Exactly what was proposed.")


@strawberry.input(description="A certificate that is expected no more (INV-10).")
class CertificateVoidExpectedInput:
    """INV-10."""

    certificate_id: strawberry.ID = named("The certificate; never received.")
    reason: str = named("Why it is expected no more (作废原因).")


@strawberry.input(description="An electronic certificate that the registry has cancelled (X25).")
class CertificateCancelElectronicInput:
    """X25."""

    certificate_id: strawberry.ID = named("The certificate.")


@strawberry.input(description="From when a pre-notice could become a full registration (CUS-16).")
class CertificateMarkConvertibleInput:
    """CUS-16."""

    certificate_id: strawberry.ID = named("The pre-notice.")
    convertible_from: date = named("The first day on which registration was possible (可办证).")


@strawberry.input(description="An application to turn a pre-notice into a registration (CUS-16).")
class CertificateFileConversionInput:
    """CUS-16."""

    certificate_id: strawberry.ID = named("The pre-notice.")
    filed_on: date = named("When the registry received it.")
    acceptance_no: str = named("Number of the registry's receipt.")


@strawberry.input(description="An application that was in time, though the lapse was booked.")
class CertificateReinstateInput:
    """CUS-16, proposed."""

    certificate_id: strawberry.ID = named(
        "The pre-notice or registration for a time that our records have as lapsed."
    )
    filed_on: date = named("When the registry received the application.")
    acceptance_no: str = named("Number of the registry's receipt.")
    acceptance_file_version_id: strawberry.ID = named(
        "That receipt: an accepted REGISTRY_ACCEPTANCE of this certificate."
    )
    expires_on: date | None = named(
        "Until when a registration for a time runs, once renewed; none for a pre-notice.",
        default=None,
    )


@strawberry.input(description="The second person's repetition of an undone lapse (CUS-16).")
class CertificateReinstateConfirmInput:
    """CUS-16, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    reinstatement: CertificateReinstateInput = named("Exactly what was proposed.")


@strawberry.input(description="An application that the registry returned (退件, CUS-16).")
class CertificateWithdrawConversionInput:
    """CUS-16."""

    certificate_id: strawberry.ID = named("The pre-notice.")
    returned_on: date = named("When the registry gave it back.")
    reason: str = named("Why it did.")


@strawberry.input(description="Until when a paper or a registration runs, once renewed (CUS-17).")
class CertificateRecordExpiryInput:
    """CUS-17."""

    certificate_id: strawberry.ID = named("The certificate.")
    expires_on: date = named("Its new last day.")


@strawberry.input(description="Papers to hand over (X03, or X15 from a failed deregistration).")
class HandoverInitiateInput:
    """X03."""

    certificate_ids: list[strawberry.ID] = named("The papers, each once, at most 100.")
    receiver: str | None = named("Login of the receiver.", default=None)
    desk: str | None = named("Or code of the vault whose keepers shall receive.", default=None)
    pages: list[int] | None = named(
        "Pages counted, in the order of the papers; none means as recorded.", default=None
    )
    seal_no: str | None = named("Seal, if shipped.", default=None)
    same_city: bool = named("Whether the receiver is in the same city.", default=True)


@strawberry.input(description="One paper received (X04).")
class HandoverAcceptItemInput:
    """X04."""

    handover_id: strawberry.ID = named("The handover.")
    certificate_id: strawberry.ID = named("The paper.")
    cert_no: str | None = named("Number read from the paper.", default=None)
    pages: int | None = named("Pages counted.", default=None)
    condition: str | None = named("Condition noted.", default=None)


@strawberry.input(description="One paper not accepted (X05).")
class HandoverRejectItemInput:
    """X05."""

    handover_id: strawberry.ID = named("The handover.")
    certificate_id: strawberry.ID = named("The paper.")
    reason: str = named("Why.")


@strawberry.input(description="Papers taken back before acceptance (X05).")
class HandoverRecallInput:
    """X05, by the giver."""

    handover_id: strawberry.ID = named("The handover.")
    reason: str = named("Why.")


@strawberry.input(description="Papers to put into the vault (X06).")
class VaultInInput:
    """X06, proposed."""

    certificate_ids: list[strawberry.ID] = named("The papers; one guarantee contract a packet.")
    vault: str = named("Code of the vault.")
    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")
    packet_no: str = named("Packet; an existing one is opened and sealed anew.")
    seal_no: str = named("New seal, never used before.")
    business_date: date | None = named(BUSINESS_DATE, default=None)


@strawberry.input(description="The second keeper's repetition of a vault-in (X06).")
class VaultInConfirmInput:
    """X06, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    vault_in: VaultInInput = named("Exactly what was proposed.")


@strawberry.input(description="A packet to move to another slot of its vault (X07).")
class RelocateInput:
    """X07, proposed."""

    packet_no: str = named("The packet.")
    cabinet: str = named("Cabinet to move to.")
    slot: str = named("Slot to move to.")
    business_date: date | None = named(BUSINESS_DATE, default=None)


@strawberry.input(description="The second keeper's repetition of a move (X07).")
class RelocateConfirmInput:
    """X07, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    relocation: RelocateInput = named("Exactly what was proposed.")


@strawberry.input(description="A proposal that is dated back, to be approved (倒签, CUS-22).")
class ProposalApproveBackdateInput:
    """CUS-22."""

    proposal_id: strawberry.ID = named("The proposal.")


@strawberry.input(description="A proposal to take back.")
class ProposalWithdrawInput:
    """A withdrawal."""

    proposal_id: strawberry.ID = named("The proposal.")


@strawberry.type(description="A certificate, or why not.")
class CertificatePayload:
    """Answer about a certificate."""

    certificate: TitleCertificate | None = named("The certificate as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A handover, or why not.")
class HandoverPayload:
    """Answer about a handover."""

    handover: Handover | None = named("The handover as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A proposal that waits for its second person, or why not.")
class ProposalPayload:
    """Answer about a proposal."""

    proposal: Proposal | None = named("The proposal as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A packet, or why not.")
class PacketPayload:
    """Answer about a packet."""

    packet: SealedPacket | None = named("The packet as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
