"""Mutations on valuations (估值): recorded by one, approved by another, and only then counted."""

from dataclasses import replace
from typing import Any

from domain.collaterals import Collateral, Valuation
from domain.refusals import refuse_if
from domain.roles import Operation
from domain.valuations import approval_refusals, recording_refusals, revalued
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.valuations import (
    CollateralApproveValuationInput,
    CollateralRecordValuationInput,
    ValuationPayload,
)
from storage.records import new_id


@mutation(
    Operation.RECORD_VALUATION,
    ValuationPayload,
    description="Record what a collateral is worth; it counts once approved (登记估值, S17).",
)
async def collateral_record_valuation(
    deed: Deed, input: CollateralRecordValuationInput
) -> dict[str, Any]:
    """S17."""
    collateral = await deed.subject(Collateral, input.collateral_id)
    valuation = Valuation(
        id=new_id(Valuation),
        no=input.no.strip(),
        collateral_no=collateral.no,
        value=input.value,
        value_on=input.value_on,
        method=input.method,
        kind=input.kind,
        appraiser=input.appraiser,
        recorded_by=deed.actor.login,
        org_code=collateral.org_code,
        org_path=collateral.org_path,
    )
    known = await deed.decision.first(Valuation, {"no": valuation.no})
    refuse_if(recording_refusals(valuation, is_known=known is not None, today=deed.today))
    return {"valuation": deed.decision.add(valuation)}


@mutation(
    Operation.APPROVE_VALUATION,
    ValuationPayload,
    description="Approve a recorded valuation; another person (估值审批, S17).",
)
async def collateral_approve_valuation(
    deed: Deed, input: CollateralApproveValuationInput
) -> dict[str, Any]:
    """S17: the newest approved one is the collateral's value."""
    valuation = await deed.subject(Valuation, input.valuation_id)
    collateral = await deed.decision.first(Collateral, {"no": valuation.collateral_no})
    assert collateral is not None  # nothing of a collateral is ever removed
    refuse_if(approval_refusals(valuation, approver=deed.actor.login))
    deed.decision.save(revalued(collateral, valuation))
    return {"valuation": deed.decision.save(replace(valuation, approved_by=deed.actor.login))}
