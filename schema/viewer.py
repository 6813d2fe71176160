"""What a person sees of the own sign-in, of the access log, and of the event feed."""

from datetime import date, datetime

import strawberry

from domain.roles import Role
from schema.fields import named
from schema.organisations import User


@strawberry.type(description="Who you are to this server, now.")
class Viewer:
    """The signed-in person."""

    login: str = named("Your login.")
    org_code: str = named("Your organisation.")
    roles: list[Role] = named("Roles in force today.")
    vaults: list[str] = named("Vaults you keep.")
    business_date: date = named("The business date (业务日期) in Asia/Shanghai.")
    now: datetime = named("The moment by the server's clock.")
    user: User | None = named("Your record.")


@strawberry.type(description="One access to a file (访问日志), chained by hash per day.")
class AccessLogEntry:
    """A line of the access log."""

    id: strawberry.ID = named("Id.")
    at: datetime = named("When.")
    user: str = named("Who.")
    action: str = named("What: URL_ISSUED, DOWNLOAD, EXPORT, DENIED or PRINT_LABEL.")
    object_id: strawberry.ID = named(
        "The file version; of an EXPORT the case; what a label was printed for."
    )
    loan_no: str | None = named("The loan.")
    purpose: str = named("What for.")
    request_id: str = named("The request.")


@strawberry.type(description="One change of a record (事件), in the order of commit.")
class Event:
    """An event of the outbox."""

    id: strawberry.ID = named("Id, the same on every channel.")
    cursor: str = named("Give it as `after` to go on behind it.")
    type: str = named("Type of record and what happened, like `TitleCertificate.changed`.")
    aggregate: str = named("Type of record.")
    aggregate_id: strawberry.ID = named("The record; ask `node` for it.")
    aggregate_seq: int = named("The record's version after it, strictly increasing.")
    cause: str = named("The mutation, import or job behind it.")
    by: str = named("Login of who caused it.")
    at: datetime = named("When.")


@strawberry.type(description="A stretch of the event feed.")
class EventPage:
    """Events and where to go on."""

    events: list[Event] = named("Events, oldest first.")
    end_cursor: str = named("Give it as `after` the next time; unchanged when nothing is new.")
    has_more: bool = named("Whether more is there already.")
