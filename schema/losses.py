"""Inputs and answers of the mutations on lost paper."""

from datetime import date

import strawberry

from schema.certificates import TitleCertificate
from schema.custody import REFUSALS, PaperInput
from schema.fields import named
from schema.nodes import Refusal
from schema.watch import Incident


@strawberry.input(description="A paper that cannot be found (CUS-19).")
class IncidentReportInput:
    """A report."""

    certificate_id: strawberry.ID = named("The certificate.")
    discovered_on: date = named("When the loss was discovered.")
    reason: str = named("What happened.")


@strawberry.input(description="A missing paper that was found (X21).")
class CertificateFoundInput:
    """X21, proposed."""

    certificate_id: strawberry.ID = named("The certificate.")
    vault: str = named("Code of the vault at whose desk it is now.")
    cert_no: str = named("Number read from the paper.")
    pages: int = named("Pages counted.")


@strawberry.input(description="The second keeper's repetition of a finding (X21).")
class CertificateFoundConfirmInput:
    """X21, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    found: CertificateFoundInput = named("Exactly what was proposed.")


@strawberry.input(description="A paper to give up as lost (X22).")
class CertificateConfirmLostInput:
    """X22."""

    certificate_id: strawberry.ID = named("The certificate.")
    accountability: str = named("Who answers for the loss, and how (责任认定).")
    late_reason: str | None = named(
        "Why the loss was reported late; needed where it was.", default=None
    )


@strawberry.input(description="A certificate that the registry issued again (X23).")
class CertificateReissueInput:
    """X23."""

    certificate_id: strawberry.ID = named("The lost certificate.")
    publication_file_version_id: strawberry.ID = named(
        "The accepted LOSS_STATEMENT of this certificate."
    )
    published_on: date = named("When the statement was published.")
    acceptance_no: str = named("The registry's number of the application.")
    acceptance_file_version_id: strawberry.ID = named(
        "The accepted REGISTRY_ACCEPTANCE of this certificate."
    )
    paper: PaperInput = named("What is printed on the new certificate.")


@strawberry.type(description="An incident, or why not.")
class IncidentPayload:
    """Answer about an incident."""

    incident: Incident | None = named("The incident as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A certificate, the one that takes its place, or why not.")
class ReissuePayload:
    """Answer about a reissue."""

    certificate: TitleCertificate | None = named("The new certificate.")
    replaced: TitleCertificate | None = named("The lost one, void now.")
    refusals: list[Refusal] = named(REFUSALS)
