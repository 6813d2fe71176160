"""What every record shows: the Node interface, refusals, and pages of any type."""

from typing import Any, Generic, TypeVar

import strawberry

from domain.refusals import RefusalCode
from schema.fields import counted, named

T = TypeVar("T")


@strawberry.interface(description="Anything with an id of its own; the id tells its type.")
class Node:
    """A record with an id."""

    prefix: strawberry.Private[str] = ""

    id: strawberry.ID = named("The id, stable for ever.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Whether a record is of this type: the id begins with its prefix."""
        return str(value["_id"]).startswith(f"{cls.prefix}_")


@strawberry.type(description="One fact that decided a refusal or a precondition.")
class Fact:
    """A name and a value."""

    name: str = named("Name of the fact.")
    value: str = named("Its value; never personal data.")


@strawberry.type(description="One broken rule (拒绝原因). All are given at once.")
class Refusal:
    """A rule's no."""

    code: RefusalCode = named("Stable code to act on.")
    rule_id: str = named("The rule it comes from, as in docs/rules.md.")
    message: str = named("A sentence for a person, in the language of Accept-Language.")
    field: str | None = named("The input field it is about, if one.")
    detail: list[Fact] = named("The facts that decided.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = named("Whether more follows.")
    has_previous_page: bool = named("Whether something comes before.")
    start_cursor: str | None = named("Cursor of the first row.")
    end_cursor: str | None = named("Cursor of the last row; give it as `after` to go on.")


@strawberry.type(description="A row and its place in the list.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = named("The row's place.")
    node: T = named("The row.")


@strawberry.type(description="One page of a list, at most 100 rows.")
class Connection(Generic[T]):
    """Relay's connection."""

    nodes: list[T] = named("The rows.")
    edges: list[Edge[T]] = named("The rows with their cursors.")
    page_info: PageInfo = named("Where this page stands.")

    total_count: int = counted("How many rows the whole list has, counted up to 10,000.")
