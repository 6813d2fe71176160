"""Settlement proofs: asking for one, and asking what a number is worth."""

from datetime import date, datetime

import strawberry

from domain.settlement_proofs import ProofStanding
from schema.custody import REFUSALS
from schema.deregistration import SettlementProof
from schema.fields import named
from schema.nodes import Refusal


@strawberry.input(description="A loan whose settlement the bank is to prove.")
class SettlementProofIssueInput:
    """Asking."""

    loan_id: strawberry.ID = named("The loan.")


@strawberry.type(description="A settlement proof, or why not.")
class SettlementProofPayload:
    """Answer to asking."""

    proof: SettlementProof | None = named("The proof; fetch its file's current version.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="What a settlement proof's number is worth (结清证明查询).")
class ProofAnswer:
    """The bank's answer about a number."""

    no: str = named("The number that was asked about.")
    standing: ProofStanding = named("Whether the bank stands by it.")
    issued_on: date | None = named("Business date on which it was given.")
    voided_at: datetime | None = named("When it was voided.")
    sha256: str | None = named("SHA-256 of the document, to compare with the one you hold.")
    proof: SettlementProof | None = named("The proof itself, where it is within your reach.")
