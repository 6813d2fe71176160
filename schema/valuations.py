"""Inputs and answers of the mutations on valuations."""

from datetime import date

import strawberry

from domain.collaterals import ValuationKind, ValuationMethod
from schema.collaterals import Valuation
from schema.fields import named
from schema.nodes import Refusal
from schema.scalars import Money


@strawberry.input(description="What a collateral is worth, by whom and how it was found (S17).")
class CollateralRecordValuationInput:
    """S17, recorded."""

    collateral_id: strawberry.ID = named("The collateral.")
    no: str = named("Number of the valuation.")
    value: Money = named("Value.")
    value_on: date = named("As of.")
    method: ValuationMethod = named("How it was found.", default=ValuationMethod.OTHER)
    kind: ValuationKind = named("Occasion.", default=ValuationKind.REVALUATION)
    appraiser: str | None = named("Number of the appraiser.", default=None)


@strawberry.input(description="A recorded valuation to approve (S17).")
class CollateralApproveValuationInput:
    """S17, approved."""

    valuation_id: strawberry.ID = named("The valuation.")


@strawberry.type(description="A valuation, or why not.")
class ValuationPayload:
    """Answer about a valuation."""

    valuation: Valuation | None = named("The valuation as it is now.")
    refusals: list[Refusal] = named("Every rule broken, all at once; empty means it was done.")
