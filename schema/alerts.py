"""Alerts: what somebody is told once, and has to act on by a day."""

from datetime import date, datetime

import strawberry

from domain.alerts import AlertKind
from domain.orgs import OrgLevel
from domain.roles import Role
from domain.watch import SubjectKind
from schema.fields import named
from schema.nodes import Node, Refusal


@strawberry.type(description="Something to act on by a day (提醒), told once.")
class Alert(Node):
    """An alert."""

    prefix: strawberry.Private[str] = "alrt"

    no: str = named("Number: the matter and the step.")
    kind: AlertKind = named("What it is about.")
    subject_kind: SubjectKind = named("Kind of what it is attached to.")
    subject: str = named("Number or id of what it is attached to.")
    reason: str = named("What to do, and why.")
    due_on: date = named("The deadline it is about.")
    raised_on: date = named("The business date it was raised on.")
    logins: list[str] = named("Whom it is meant for, by login.")
    roles: list[Role] = named("Whom it is meant for, by role.")
    level: OrgLevel | None = named("The one level whose roles are meant; none means every level.")
    acknowledged_at: datetime | None = named("When it was acknowledged; none while it is open.")
    acknowledged_by: str | None = named("Who acknowledged it.")
    org_code: str = named("Responsible organisation.")
    version: int = named("Times changed; give it as `expectedVersion`.")


@strawberry.input(description="An alert that was seen.")
class AlertAcknowledgeInput:
    """An acknowledgement."""

    alert_id: strawberry.ID = named("The alert.")


@strawberry.type(description="An alert, or why not.")
class AlertPayload:
    """Answer about an alert."""

    alert: Alert | None = named("The alert as it is now.")
    refusals: list[Refusal] = named("Every rule broken, all at once; empty means it was done.")
