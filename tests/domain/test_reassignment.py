"""Another handler for a release: who may give it away, who may take it, and when he has it."""

import pytest

from domain.certificates import CustodyState, Holder
from domain.deregistration import Approval, ApprovalDecision, CaseState
from domain.orgs import OrgLevel
from domain.people import Actor
from domain.reassignment import carried, holds_all, reassignment_refusals, standing_in
from domain.refusals import Forbidden
from domain.roles import Role
from tests.domain.builders import NOW, a_case, a_case_lock, a_certificate, a_grant, an_actor, codes

HANDLER = a_grant(Role.CERT_HANDLER)


def test_a_handler_gives_away_his_own():
    assert standing_in(a_case(), an_actor("handler", HANDLER), "next") is False


def test_a_handler_takes_what_nobody_handles_and_only_that_for_himself():
    new = an_actor("new", HANDLER)
    assert standing_in(a_case(handler=None), new, "new") is False
    for case, successor in ((a_case(handler=None), "other"), (a_case(), "new")):
        with pytest.raises(Forbidden):
            standing_in(case, new, successor)
    assert _refused("new", case=a_case(handler=None), reason="", needs_reason=False) == []
    rm = a_grant(Role.RELATIONSHIP_MANAGER)
    taken = _refused("rm-2", rm, case=a_case(handler=None), needs_reason=False)
    assert taken == ["VALUE_INVALID"]
    opener = _refused("rm", HANDLER, case=a_case(handler=None), needs_reason=False)
    assert opener == ["SOD_VIOLATION"]


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (a_grant(Role.VAULT_SUPERVISOR), True),
        (a_grant(Role.APPROVER), True),
        (a_grant(Role.APPROVER, org_level=OrgLevel.COUNTY_SUBCENTER), True),
        (a_grant(Role.APPROVER, org_level=OrgLevel.TIER2_BRANCH), False),
        (a_grant(Role.VAULT_SUPERVISOR, jurisdiction_path="/HO/T1/T3"), False),
        (HANDLER, False),
        (a_grant(Role.VAULT_KEEPER), False),
    ],
)
def test_for_one_who_is_absent_the_supervisor_or_the_head_does_it(grant, allowed):
    if allowed:
        assert standing_in(a_case(), an_actor("other", grant), "next") is True
        return
    with pytest.raises(Forbidden):
        standing_in(a_case(), an_actor("other", grant), "next")


def _refused(
    login="next", *grants, case=None, keepers=(), reason="left", vaults=(), needs_reason=True
):
    held = grants or (HANDLER,)
    successor = Actor(
        login=login,
        user_id=login,
        org_code="LC-1",
        org_path="/HO/T1/T2/LC-1",
        grants=held,
        vaults=vaults,
    )
    found = reassignment_refusals(
        case or a_case(state=CaseState.VAULT_OUT),
        successor,
        keepers=keepers,
        reason=reason,
        needs_reason=needs_reason,
    )
    return codes(found)


def test_another_handler_of_the_place_takes_it():
    assert _refused() == []
    assert _refused("next", a_grant(Role.MORTGAGE_REGISTRAR)) == []


def test_whoever_acts_for_another_says_why():
    assert _refused(reason=" ") == ["VALUE_INVALID"]


APPROVED = Approval(
    role=Role.APPROVER,
    level=OrgLevel.LOAN_CENTER,
    login="head",
    decision=ApprovalDecision.APPROVED,
    at=NOW,
)


@pytest.mark.parametrize(
    ("login", "facts", "refused"),
    [
        ("handler", {}, ["VALUE_INVALID"]),
        ("rm", {}, ["SOD_VIOLATION"]),
        ("head", {}, ["SOD_VIOLATION"]),
        ("next", {"keepers": {"next"}}, ["SOD_VIOLATION"]),
        ("next", {"vaults": ("V1",)}, ["SOD_VIOLATION"]),
    ],
)
def test_a_next_handler_plays_no_other_part(login, facts, refused):
    case = a_case(state=CaseState.VAULT_OUT, approvals=(APPROVED,))
    assert _refused(login, case=case, **facts) == refused


def test_a_keeper_is_no_handler_and_neither_is_one_of_elsewhere():
    assert _refused("next", HANDLER, a_grant(Role.VAULT_KEEPER)) == ["SOD_VIOLATION"]
    assert _refused("next", a_grant(Role.RELATIONSHIP_MANAGER)) == ["VALUE_INVALID"]
    elsewhere = a_grant(Role.CERT_HANDLER, jurisdiction_path="/HO/T1/T3")
    assert _refused("next", elsewhere) == ["VALUE_INVALID"]
    unknown = reassignment_refusals(a_case(), None, keepers=(), reason="left", needs_reason=False)
    assert codes(unknown) == ["VALUE_INVALID"]


def test_of_a_case_that_is_over_there_is_nothing_to_handle():
    assert _refused(case=a_case(state=CaseState.CLOSED)) == ["STATE_CONFLICT"]


def test_only_papers_that_are_out_for_the_case_change_hands():
    out = a_certificate(custody_state=CustodyState.OUT_FOR_DEREG, lock=a_case_lock())
    other = a_certificate(custody_state=CustodyState.OUT_FOR_DEREG, lock=a_case_lock("case-2"))
    inside = a_certificate(custody_state=CustodyState.IN_VAULT, lock=a_case_lock())
    assert carried(a_case(), [out, other, inside]) == [out]


@pytest.mark.parametrize(("holders", "all_of_them"), [("nn", True), ("nh", False), ("", True)])
def test_a_handler_is_whoever_has_every_paper(holders, all_of_them):
    papers = [a_certificate(holder=Holder(login=login, since=NOW)) for login in holders]
    assert holds_all("n", papers) is all_of_them
