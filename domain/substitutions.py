"""A keeper who is back before his time (提前结束顶岗): his substitute keeps the vault no longer.

Source: CUS-04f.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from domain.people import Leave, User
from domain.refusals import Refusal, invalid


def ending_refusals(
    keeper: User | None, *, vault: str, valid_from: date, last_day: date, today: date
) -> Iterator[Refusal | None]:
    """Every rule that ending a substitution early breaks: what has passed stays as it was.

    valid_from: the first day, which tells it from others. last_day: the last one it shall count;
    yesterday ends it now.
    """
    leave = None if keeper is None else leave_of(keeper, vault, valid_from)
    if leave is None:
        told = f"nobody stands in for him in {vault} from {valid_from}"
        yield invalid("keeper", told, rule_id="CUS-04f")
        return
    yesterday = today - timedelta(days=1)
    if leave.valid_to < today:
        told = f"that substitution ended on {leave.valid_to}"
        yield invalid("validFrom", told, rule_id="CUS-04f")
    elif not yesterday <= last_day < leave.valid_to:
        told = f"from {yesterday}, and before {leave.valid_to}"
        yield invalid("lastDay", told, rule_id="CUS-04f")


def leave_of(keeper: User, vault: str, valid_from: date) -> Leave | None:
    """The keeper's time away from that vault which begins that day."""
    return next(
        (one for one in keeper.leaves if (one.vault, one.valid_from) == (vault, valid_from)), None
    )


def ended_early(
    keeper: User, substitute: User, *, vault: str, valid_from: date, last_day: date
) -> tuple[User, User]:
    """Both people once the substitution ends on that day; one that never begins is no more."""
    leaves = [
        replace(one, valid_to=last_day)
        if (one.vault, one.valid_from) == (vault, valid_from)
        else one
        for one in keeper.leaves
    ]
    term = (vault, keeper.login, valid_from)
    duties = [
        replace(one, valid_to=last_day, grant=replace(one.grant, valid_to=last_day))
        if (one.vault, one.keeper, one.valid_from) == term
        else one
        for one in substitute.substitutions
    ]
    return (
        replace(keeper, leaves=tuple(one for one in leaves if one.valid_from <= one.valid_to)),
        replace(
            substitute,
            substitutions=tuple(one for one in duties if one.valid_from <= one.valid_to),
        ),
    )
