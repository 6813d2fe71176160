"""Alerts: whom one is meant for, and that it is acknowledged once."""

import pytest

from domain.alerts import Alert, AlertKind, acknowledged, acknowledgement_refusal, is_meant_for
from domain.orgs import OrgLevel
from domain.roles import Role
from domain.watch import SubjectKind
from tests.domain.builders import NOW, PLACE, TODAY, a_grant, an_actor, codes


def an_alert(**changes):
    """An alert for handlers, at every level."""
    facts = {
        "id": "alert-1",
        "no": "A1",
        "kind": AlertKind.EXPIRY,
        "subject_kind": SubjectKind.CERTIFICATE,
        "subject": "cert-1",
        "reason": "It ends.",
        "due_on": TODAY,
        "raised_on": TODAY,
        "roles": (Role.CERT_HANDLER,),
    }
    return Alert(**PLACE | facts | changes)


@pytest.mark.parametrize(
    ("alert", "meant"),
    [
        ({}, True),
        ({"roles": (Role.APPROVER,)}, False),
        ({"roles": (), "logins": ("u1",)}, True),
        ({"roles": (), "logins": ("u2",)}, False),
        ({"level": OrgLevel.LOAN_CENTER}, True),
        ({"level": OrgLevel.TIER2_BRANCH}, False),
        ({"org_path": "/HO/T1/T9/OB-1"}, False),
    ],
)
def test_an_alert_is_meant_for_names_and_for_roles_where_they_reach(alert, meant):
    handler = an_actor("u1", a_grant(Role.CERT_HANDLER))
    assert is_meant_for(an_alert(**alert), handler) is meant


def test_an_alert_is_acknowledged_once():
    seen = acknowledged(an_alert(), by="u1", now=NOW)
    assert (seen.acknowledged_by, seen.acknowledged_at) == ("u1", NOW)
    assert codes([acknowledgement_refusal(an_alert())]) == []
    assert codes([acknowledgement_refusal(seen)]) == ["STATE_CONFLICT"]
