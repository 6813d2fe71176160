"""A substitution that ends early: from which day on, for whom, and what stays as it was."""

from datetime import date, timedelta

import pytest

from domain.people import actor
from domain.roles import Role
from domain.substitutions import ended_early, ending_refusals
from domain.vault_keeping import appointed
from tests.domain.builders import NOW, TODAY, a_grant, a_user, codes

DAY = timedelta(days=1)
KEEPER = a_user(a_grant(Role.VAULT_KEEPER), login="keeper", vaults=("V1",))
CLERK = a_user(id="user-2", login="clerk")


def standing_in(first: date, last: date):
    grant = a_grant(Role.VAULT_KEEPER, valid_from=first, valid_to=last)
    return appointed(KEEPER, CLERK, vault="V1", grant=grant, by="boss", now=NOW)


@pytest.mark.parametrize(
    ("first", "last", "last_day", "expected"),
    [
        (TODAY - 5 * DAY, TODAY + 5 * DAY, TODAY - DAY, []),
        (TODAY - 5 * DAY, TODAY + 5 * DAY, TODAY + 4 * DAY, []),
        (TODAY - 5 * DAY, TODAY + 5 * DAY, TODAY + 5 * DAY, ["VALUE_INVALID"]),
        (TODAY - 5 * DAY, TODAY + 5 * DAY, TODAY - 2 * DAY, ["VALUE_INVALID"]),
        (TODAY - 5 * DAY, TODAY, TODAY - DAY, []),
        (TODAY - 5 * DAY, TODAY - DAY, TODAY - DAY, ["VALUE_INVALID"]),  # over already
        (TODAY + DAY, TODAY + 5 * DAY, TODAY, []),  # not begun yet
    ],
)
def test_a_substitution_ends_from_yesterday_on_and_before_its_last_day(
    first, last, last_day, expected
):
    away, _ = standing_in(first, last)
    facts = {"vault": "V1", "valid_from": first, "last_day": last_day, "today": TODAY}
    assert codes(ending_refusals(away, **facts)) == expected
    assert codes(ending_refusals(None, **facts)) == ["VALUE_INVALID"]
    assert codes(ending_refusals(away, **facts | {"vault": "V2"})) == ["VALUE_INVALID"]
    other = {"valid_from": first - DAY}
    assert codes(ending_refusals(away, **facts | other)) == ["VALUE_INVALID"]


def test_the_keeper_keeps_again_the_day_after_and_the_days_before_stay():
    first, last = TODAY - 5 * DAY, TODAY + 5 * DAY
    term = {"vault": "V1", "valid_from": first, "last_day": TODAY}
    back, relieved = ended_early(*standing_in(first, last), **term)
    for day, keeps in ((TODAY, False), (TODAY + DAY, True)):
        assert (actor(back, today=day).vaults == ("V1",)) is keeps
        assert (actor(relieved, today=day).vaults == ()) is keeps
        assert (actor(relieved, today=day).grants == ()) is keeps
    assert actor(relieved, today=first).vaults == ("V1",)


def test_a_substitution_that_never_began_is_no_more():
    first, last = TODAY + DAY, TODAY + 5 * DAY
    term = {"vault": "V1", "valid_from": first, "last_day": TODAY}
    back, relieved = ended_early(*standing_in(first, last), **term)
    assert (back.leaves, relieved.substitutions) == ((), ())
