"""A house and its land on their way out (房地一体): neither half goes where the other stays behind.

Source: DRG-L06; Civil Code art. 397.
"""

from domain.case_steps import beneath, impossible
from domain.collaterals import GONE, Collateral
from domain.deregistration import CaseState, CaseStep, DeregistrationCase, HandlingMode
from domain.refusals import Refusal, RefusalCode

# From its filing on a half goes, unless the registry sends it back.
GOING = frozenset(
    {
        CaseState.FILED,
        CaseState.NEED_MORE_MATERIAL,
        CaseState.REGISTRY_DONE,
        CaseState.RETURNED,
        CaseState.CLOSED,
    }
)


def goes_along(case: DeregistrationCase) -> bool:
    """Whether a half is as far as its filing: filed already, or nothing is left to do before it.

    So both go in one application, one after the other. An owner files what he has in his hands.
    """
    if beneath(case).state in GOING or impossible(case, CaseStep.FILE) is None:
        return True
    return case.handling_mode is HandlingMode.OWNER and case.state is CaseState.VAULT_OUT


def left_alone(
    collateral: Collateral, partner: Collateral, case: DeregistrationCase | None
) -> Refusal | None:
    """A half is not filed while the other is not as far (L06). case: the partner's open one."""
    if partner.pledge_state in GONE or (case is not None and goes_along(case)):
        return None
    return split(collateral, partner)


def split(collateral: Collateral, partner: Collateral) -> Refusal:
    """One half would go without the other."""
    return Refusal(
        code=RefusalCode.LAND_HOUSE_SPLIT,
        rule_id="DRG-L06",
        detail={"collateral": collateral.no, "other": partner.no},
    )
