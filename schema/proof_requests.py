"""Asking for a proof of settlement."""

import strawberry

from schema.fields import named
from schema.loans import Loan
from schema.nodes import Refusal


@strawberry.input(description="A proof of settlement that somebody asks for (结清证明申请).")
class SettlementProofRequestInput:
    """A request."""

    loan_id: strawberry.ID = named("The loan that was paid.")


@strawberry.type(description="A loan, or why not.")
class LoanPayload:
    """Answer about a loan."""

    loan: Loan | None = named("The loan as it is now.")
    refusals: list[Refusal] = named("Every rule broken, all at once; empty means it was done.")
