"""Alerts (提醒): what somebody is told once, by when he has to act, and whether he has seen it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.orgs import OrgLevel
from domain.people import Actor
from domain.refusals import Refusal, state_conflict
from domain.roles import Operation, Role
from domain.watch import SubjectKind


class AlertKind(StrEnum):
    """What an alert is about (提醒类别)."""

    PRE_NOTICE = "PRE_NOTICE"
    EXPIRY = "EXPIRY"
    UNCLAIMED = "UNCLAIMED"
    CHECK_OUT = "CHECK_OUT"
    RELEASE_AVAILABLE = "RELEASE_AVAILABLE"
    RELEASE_DEADLINE = "RELEASE_DEADLINE"
    BOOK = "BOOK"
    HANDOVER = "HANDOVER"
    DISPATCH = "DISPATCH"
    STOCKTAKE = "STOCKTAKE"
    RELEASE = "RELEASE"
    SIGNAL = "SIGNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert (提醒), open until somebody it is meant for has acknowledged it.

    no: names the matter and the step, so that nothing is told twice. logins, roles: whom it is
    meant for; roles count where they reach, at every level or at `level` alone.
    """

    id: str
    no: str
    kind: AlertKind
    subject_kind: SubjectKind
    subject: str  # number or id of what it is about
    reason: str
    due_on: date  # the deadline it is about
    raised_on: date
    logins: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    level: OrgLevel | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    org_code: str
    org_path: str
    version: int = 0


def is_meant_for(alert: Alert, actor: Actor) -> bool:
    """Whether it is the actor's to acknowledge: by name, or by a role that reaches there."""
    if actor.login in alert.logins:
        return True
    return any(
        grant.role in alert.roles and alert.level in {None, grant.org_level}
        for grant in actor.grants_for(Operation.ACKNOWLEDGE_ALERT, alert.org_path)
    )


def acknowledged(alert: Alert, *, by: str, now: datetime) -> Alert:
    """The alert once somebody it is meant for has seen it."""
    return replace(alert, acknowledged_at=now, acknowledged_by=by)


def acknowledgement_refusal(alert: Alert) -> Refusal | None:
    """An alert is acknowledged once."""
    if alert.acknowledged_at is None:
        return None
    return state_conflict(
        "ALERT", subject=f"Alert {alert.no}", state="ACKNOWLEDGED", event="ACKNOWLEDGE"
    )
