"""A full right that is obtained by itself, and what it follows (期转现、换证).

Pre-notices that it covers (CUS-16), or an electronic one of which a part was released (DRG-L08).
"""

from collections.abc import Sequence
from dataclasses import replace

from domain.certificates import LegalState, TitleCertificate
from domain.checkout_returns import priority_carried
from domain.collaterals import Collateral
from domain.custody import Movement
from domain.partial_exchange import left_for
from domain.pre_notices import converted_priority, followed_by, units_of
from domain.processing import FULL_RIGHTS, PRE_NOTICES
from resolvers.deed import Deed
from resolvers.suspensions import take_place


async def converted(
    deed: Deed, right: TitleCertificate, covered: Sequence[Collateral]
) -> TitleCertificate:
    """The right with the rank of what it takes the place of; that one ends (CUS-16, DRG-L08).

    What was brought back in exchange has both already (X13). covered: the collateral of the right.
    """
    if right.cert_type not in FULL_RIGHTS or right.supersedes is not None:
        return right
    kinds = {"$in": sorted(kind.value for kind in (*PRE_NOTICES, right.cert_type))}
    query = {"collateral_nos": {"$in": list(right.collateral_nos)}, "cert_type": kinds}
    papers = await deed.decision.find(TitleCertificate, query)
    numbers = sorted({no for paper in papers for no in paper.collateral_nos})
    old = left_for(right, papers, await deed.decision.find(Collateral, {"no": {"$in": numbers}}))
    if old is not None:
        _follow(deed, right, old)
        rank = priority_carried(old, right.priority_date)
        right = replace(right, supersedes=old.id, priority_date=rank)
        await take_place(deed, old, right)
        return right
    followed = followed_by(right, papers)
    for pre_notice in followed:
        _follow(deed, right, pre_notice)
    if not followed or right.priority_date is None:
        return right
    first = followed[0]
    rank = converted_priority(
        first,
        units=units_of([one for one in covered if one.no in first.collateral_nos]),
        converted_units=units_of(covered),
        registered_on=right.priority_date,
        policy=deed.policy,
        calendar=deed.calendar,
    )
    return replace(right, supersedes=first.id, priority_date=rank)


def _follow(deed: Deed, right: TitleCertificate, old: TitleCertificate) -> None:
    """Ends what the right takes the place of."""
    deed.move(
        old,
        Movement.CONVERT,
        old.custody_state,
        reason=f"{right.label} is registered in its place.",
        legal_state=LegalState.SUPERSEDED,
        superseded_by=right.id,
        next_look_on=None,
    )
