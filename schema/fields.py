"""How fields are declared: plain ones read the record by name, relations and derived ones as data.

A plain field is `named("…")`. `related(…)` follows a relation; `derived(…)` computes a value from
the record alone and the business date, so any executor may inline it.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from storage.records import Record
from storage.relations import MAX_RELATED, Relation

F = TypeVar("F", bound=StrawberryField)
Compute = Callable[[Mapping[str, Any], date], Any]


def read_field(source: Any, name: str) -> Any:
    """The value of a plain field: records hold it under its own name, the id under `_id`."""
    if isinstance(source, Mapping):
        return source["_id"] if name == "id" and "_id" in source else source.get(name)
    return getattr(source, name)


def named(description: str, **options: Any) -> Any:
    """A plain field."""
    return strawberry.field(description=description, **options)


class RelatedField(StrawberryField):
    """A field that leads to other records along a declared relation."""

    def __init__(self, relation: Relation, description: str | None) -> None:
        super().__init__(description=description)
        self.relation = relation
        self._given: list[StrawberryArgument] = [_limit(relation)] if relation.many else []

    @property
    def arguments(self) -> list[StrawberryArgument]:
        """To-many relations take a limit."""
        return self._given

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        self._given = value

    def __copy__(self) -> "RelatedField":
        return _copied(self, RelatedField(self.relation, self.description))

    @property
    def is_basic_field(self) -> bool:
        """It has to be read."""
        return False

    @property
    def is_async(self) -> bool:
        """Reading waits."""
        return True

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The rows, through the viewer's scope and masking."""
        return self._read(source, info.context.reader, **kwargs)

    async def _read(self, source: Record, reader: Any, limit: int = MAX_RELATED) -> Any:
        rows = await reader.related(self.relation, source)
        if self.relation.many:
            return rows[: max(0, min(limit, self.relation.limit))]
        return rows[0] if rows else None


class DerivedField(StrawberryField):
    """A field computed from the record and the business date, never stored."""

    def __init__(self, compute: Compute, description: str | None) -> None:
        super().__init__(description=description)
        self.compute = compute

    def __copy__(self) -> "DerivedField":
        return _copied(self, DerivedField(self.compute, self.description))

    @property
    def is_basic_field(self) -> bool:
        """It has to be computed."""
        return False

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The value on the business date of this request."""
        return self.compute(source, info.context.today)


def related(relation: Relation, description: str) -> Any:
    """A field along a relation."""
    return RelatedField(relation, description)


def derived(compute: Compute, description: str) -> Any:
    """A field computed from the record."""
    return DerivedField(compute, description)


def _limit(relation: Relation) -> StrawberryArgument:
    return StrawberryArgument(
        python_name="limit",
        graphql_name="limit",
        type_annotation=StrawberryAnnotation(int),
        default=relation.limit,
        description=f"How many at most, up to {relation.limit}.",
    )


def _copied(old: StrawberryField, new: F) -> F:
    """Strawberry copies fields when types inherit; what it set afterwards goes along."""
    new.python_name, new.graphql_name = old.python_name, old.graphql_name
    new.type_annotation, new.origin = old.type_annotation, old.origin
    new.default_value = old.default_value
    return new
