"""What may stand in the way of a release: risk signals, legal holds, legal cases."""

from datetime import date, datetime

import strawberry

from domain.watch import (
    HoldReason,
    HoldScope,
    IncidentKind,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)
from schema.fields import named
from schema.nodes import Node


@strawberry.type(description="A risk signal (风险信号), open until it is eliminated.")
class RiskSignal(Node):
    """A risk signal."""

    prefix: strawberry.Private[str] = "sign"

    no: str = named("Number.")
    category: SignalCategory = named("What it is about.")
    category_raw: str | None = named("As the core names it, where `category` is OTHER for that.")
    severity: SignalSeverity = named("How grave it is.")
    subject_kind: SubjectKind = named("Kind of what it is attached to.")
    subject: str = named("Business number of what it is attached to.")
    reason: str = named("Why it was raised.")
    published_at: datetime = named("When it was published.")
    eliminated_at: datetime | None = named("When it was eliminated; none while it is open.")
    outcome: str | None = named("What eliminated it, where that is told.")
    elimination_proposed_on: date | None = named(
        "When it was proposed for elimination, its loan being settled (建议消除)."
    )
    elimination_reason: str | None = named("Why it was proposed for elimination.")
    org_code: str = named("Responsible organisation.")


@strawberry.type(description="A freeze placed by the bank's own lawyers or auditors (法律冻结).")
class LegalHold(Node):
    """A legal hold."""

    prefix: strawberry.Private[str] = "hold"

    no: str = named("Number.")
    scope: HoldScope = named("What is frozen.")
    target: str = named("Business number of what is frozen.")
    reason: HoldReason = named("Why.")
    placed_at: datetime = named("When it was placed.")
    released_at: datetime | None = named("When it was released; none while it is open.")
    org_code: str = named("Responsible organisation.")


@strawberry.type(description="Litigation or execution by this bank (诉讼、执行).")
class LegalCase(Node):
    """A legal case."""

    prefix: strawberry.Private[str] = "lcas"

    no: str = named("Number.")
    subject_kind: SubjectKind = named("Kind of what it is about.")
    subject: str = named("Business number of what it is about.")
    opened_at: datetime = named("When it was opened.")
    closed_at: datetime | None = named("When it was closed; none while it is open.")
    org_code: str = named("Responsible organisation.")


@strawberry.type(description="Something that went wrong and is looked into (事件).")
class Incident(Node):
    """An incident."""

    prefix: strawberry.Private[str] = "incd"

    no: str = named("Number.")
    kind: IncidentKind = named("What went wrong.")
    severity: SignalSeverity = named("How grave it is.")
    subject_kind: SubjectKind = named("Kind of what it is about.")
    subject: str = named("Number or id of what it is about.")
    reason: str = named("What was found.")
    discovered_at: datetime = named("When it was discovered.")
    reported_at: datetime | None = named("When it was reported; none while it was not.")
    reported_by: str | None = named("Login of who reported it.")
    accountability: str | None = named("Who answers for a confirmed loss, and how (责任认定).")
    closed_at: datetime | None = named("When it was closed; none while it is open.")
    outcome: str | None = named("How it ended.")
    org_code: str = named("Responsible organisation.")
