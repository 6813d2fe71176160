"""Ending a pledge that delivery of the paper made: by its return or redemption (X17, X26)."""

from collections.abc import Sequence
from dataclasses import replace

from domain.certificates import TitleCertificate
from domain.collaterals import Collateral
from domain.custody import Evidence
from domain.delivery import REGISTRYS_PAPERS, ends_redeemed
from domain.deregistration import CaseStep, DeregistrationCase, DeregKind
from domain.dossiers import Dossier, ItemStatus, with_item
from domain.guarantees import GuaranteeContract
from domain.redemption import ProceedsUse, Redemption
from domain.release_kinds import SETTLES
from domain.releasing import released, untied
from resolvers.case_work import advanced
from resolvers.deed import Deed
from resolvers.releasing import at, end_right, owner_may_fetch, settlement_items_fall_due
from resolvers.secured import collaterals_query


async def ended_by_return(
    deed: Deed, case: DeregistrationCase, evidence: Sequence[Evidence]
) -> DeregistrationCase:
    """The pledgor has his papers again: the right is over, on the receipt alone (INV-05, 436)."""
    case = await end_right(deed.decision, case, at(deed), evidence=evidence)
    case = replace(case, returned_on=deed.today)
    case = advanced(deed, case, CaseStep.RETURN)
    await settlement_items_fall_due(deed.decision, case, at(deed))
    await _no_registry(deed, case)
    return case


async def ended_by_redemption(deed: Deed, paper: TitleCertificate, use: ProceedsUse) -> None:
    """What a redeemed receipt alone carried is released (X26, INV-05)."""
    for collateral in await deed.decision.find(Collateral, collaterals_query(paper)):
        query = {"collateral_nos": collateral.no}
        papers = await deed.decision.find(TitleCertificate, query)
        redeemed = {"certificate_id": {"$in": [one.id for one in papers]}}
        earlier = await deed.decision.find(Redemption, redeemed)
        if not ends_redeemed(collateral, papers, [use, *(one.use for one in earlier)]):
            continue
        deed.decision.save(released(collateral, DeregKind.FULL_SETTLEMENT))
        linked = {"links.collateral_no": collateral.no}
        for contract in await deed.decision.find(GuaranteeContract, linked):
            if contract.active_link(collateral.no) is not None:
                deed.decision.save(untied(contract, collateral.no, None))
        for other in papers:
            await owner_may_fetch(deed.decision, other, at(deed))


async def _no_registry(deed: Deed, case: DeregistrationCase) -> None:
    """The checklist asks for no paper of a registry that knew nothing of the pledge."""
    if case.kind not in SETTLES:
        return
    for dossier in await deed.decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}}):
        after = dossier
        for code in REGISTRYS_PAPERS:
            item = dossier.item(code)
            if item is not None and item.status is ItemStatus.MISSING:
                after = with_item(after, code, status=ItemStatus.NOT_APPLICABLE)
        deed.decision.save(after)
