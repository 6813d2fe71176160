"""A full right that is obtained by itself, and the pre-notices that it follows (期转现)."""

from collections.abc import Sequence
from dataclasses import replace

from domain.certificates import LegalState, TitleCertificate
from domain.collaterals import Collateral
from domain.custody import Movement
from domain.pre_notices import converted_priority, followed_by, units_of
from domain.processing import FULL_RIGHTS, PRE_NOTICES
from resolvers.deed import Deed


async def converted(
    deed: Deed, right: TitleCertificate, covered: Sequence[Collateral]
) -> TitleCertificate:
    """The right with the rank of the pre-notice whose place it takes; that one ends (CUS-16).

    What was brought back in exchange has both already (X13). covered: the collateral of the right.
    """
    if right.cert_type not in FULL_RIGHTS or right.supersedes is not None:
        return right
    kinds = {"$in": sorted(kind.value for kind in PRE_NOTICES)}
    query = {"collateral_nos": {"$in": list(right.collateral_nos)}, "cert_type": kinds}
    followed = followed_by(right, await deed.decision.find(TitleCertificate, query))
    for pre_notice in followed:
        deed.move(
            pre_notice,
            Movement.CONVERT,
            pre_notice.custody_state,
            reason=f"{right.label} is registered in its place.",
            legal_state=LegalState.SUPERSEDED,
            superseded_by=right.id,
            next_look_on=None,
        )
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
