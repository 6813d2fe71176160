"""Recording and approving what collateral is worth (押品信息监管). Source: S17; §9."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from domain.collaterals import Collateral, Valuation
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict


def recording_refusals(
    valuation: Valuation, *, is_known: bool, today: date
) -> Iterator[Refusal | None]:
    """Every rule that a valuation about to be recorded breaks."""
    if not valuation.no:
        yield invalid("no", "must not be empty", rule_id="S17")
    if is_known:
        yield invalid("no", "a valuation of this number exists", rule_id="S17")
    if valuation.value <= 0:
        yield invalid("value", "must be more than nothing", rule_id="S17")
    if valuation.value_on > today:
        yield invalid("valueOn", "lies in the future", rule_id="S17")


def approval_refusals(valuation: Valuation, *, approver: str) -> Iterator[Refusal | None]:
    """Approved once, and never by whoever recorded it."""
    if valuation.approved_by is not None:
        yield state_conflict(
            "S17", subject=f"Valuation {valuation.no}", state="APPROVED", event="APPROVE"
        )
    if valuation.recorded_by == approver:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="S17")


def counts(valuation: Valuation, *, today: date) -> bool:
    """Whether a valuation may be a collateral's value: approved, and not of a day to come (4.6).

    What the feed brings was approved where it comes from; what was recorded here is approved here.
    """
    approved = valuation.approved_by is not None or valuation.recorded_by is None
    return approved and valuation.value_on <= today


def corrected(
    collateral: Collateral, valuation: Valuation, known: Iterable[Valuation], *, today: date
) -> Collateral:
    """The collateral after one of its valuations was told otherwise: the newest that counts now.

    known: all its valuations; of one day the one told last is its value.
    """
    others = [one for one in known if one.no != valuation.no]
    counting = [one for one in (*others, valuation) if counts(one, today=today)]
    if not counting:
        return replace(collateral, latest_value=None, latest_value_on=None)
    newest = max(counting, key=lambda one: (one.value_on, one is valuation))
    return replace(collateral, latest_value=newest.value, latest_value_on=newest.value_on)


def revalued(collateral: Collateral, valuation: Valuation) -> Collateral:
    """The collateral after a valuation that counts: the newest one is its value."""
    newest = collateral.latest_value_on
    if newest is not None and valuation.value_on < newest:
        return collateral
    first = valuation.value if collateral.first_value is None else collateral.first_value
    return replace(
        collateral,
        first_value=first,
        latest_value=valuation.value,
        latest_value_on=valuation.value_on,
    )
