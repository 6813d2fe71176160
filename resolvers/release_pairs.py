"""The other half of a house and its land, as the decisions on one of them ask for it (L06)."""

from domain.case_steps import beneath
from domain.collaterals import Collateral, moves_together
from domain.deregistration import DeregistrationCase
from domain.guarantees import GuaranteeContract
from domain.refusals import Refusal
from domain.release_kinds import RULES
from domain.release_pairs import GOING, left_alone, split
from resolvers.deed import Deed
from storage.records import Record


async def halves_behind(deed: Deed, case: DeregistrationCase) -> list[Refusal | None]:
    """What keeps a half from its filing, or from an owner who files it himself."""
    if "DRG-L06" not in RULES[case.kind]:
        return []
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    found: list[Refusal | None] = []
    for partner in await _partners(deed, collateral):
        linked = {"links.collateral_no": partner.no}
        contracts = await deed.decision.find(GuaranteeContract, linked)
        if any(contract.active_link(partner.no) is not None for contract in contracts):
            other = None
            if partner.open_case_id is not None:
                other = await deed.decision.get(DeregistrationCase, partner.open_case_id)
            found.append(left_alone(collateral, partner, other))
    return found


async def half_gone(deed: Deed, case: DeregistrationCase) -> list[Refusal]:
    """A half is not given up once the other is filed or entered."""
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    found = []
    for partner in await _partners(deed, collateral):
        cases = await deed.decision.find(DeregistrationCase, {"collateral_id": partner.id})
        if any("DRG-L06" in RULES[one.kind] and beneath(one).state in GOING for one in cases):
            found.append(split(collateral, partner))
    return found


async def _partners(deed: Deed, collateral: Collateral) -> list[Collateral]:
    """What moves together with a collateral."""
    either: list[Record] = [{"moves_with": collateral.no}]
    if collateral.moves_with is not None:
        either.append({"no": collateral.moves_with})
    if collateral.unit_no is not None:
        either.append({"unit_no": collateral.unit_no})
    found = await deed.decision.find(Collateral, {"$or": either})
    return [other for other in found if moves_together(collateral, other)]
