"""How fields are declared: plain ones read the record by name, relations and derived ones as data.

A plain field is `named("…")`. `related(…)` follows a relation; `derived(…)` computes a value from
the record alone and the business date; `asked(…)` makes a root field of a function that says what
to read; `counted(…)` counts a list. All of these the compiled executor takes. A field with a
resolver of its own is awaited as it stands, at the root only; below the root it is left to
graphql-core, and so is the operation that asks for it.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from storage.questions import Question
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

    def most(self, limit: int = MAX_RELATED) -> int:
        """How many rows a parent gets, whatever limit was asked for."""
        return max(0, min(limit, self.relation.limit)) if self.relation.many else 1

    async def _read(self, source: Record, reader: Any, **asked: int) -> Any:
        rows = await reader.related(self.relation, source, limit=self.most(**asked))
        if self.relation.many:
            return rows
        return rows[0] if rows else None


class DerivedField(StrawberryField):
    """A field computed from the record and the business date, never stored.

    reads: the fields of the record that the computation looks at.
    """

    def __init__(self, compute: Compute, reads: frozenset[str], description: str | None) -> None:
        super().__init__(description=description)
        self.compute, self.reads = compute, reads

    def __copy__(self) -> "DerivedField":
        return _copied(self, DerivedField(self.compute, self.reads, self.description))

    @property
    def is_basic_field(self) -> bool:
        """It has to be computed."""
        return False

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The value on the business date of this request."""
        return self.compute(source, info.context.today)


class CountedField(StrawberryField):
    """How many rows the list has whose page this is; counted only when asked for."""

    def __copy__(self) -> "CountedField":
        return _copied(self, CountedField(description=self.description))

    @property
    def is_basic_field(self) -> bool:
        """It has to be counted."""
        return False

    @property
    def is_async(self) -> bool:
        """Counting waits."""
        return True

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The count, within the viewer's scope."""
        return info.context.reader.count(source["collection"], source["query"])


class AskedField(StrawberryField):
    """A root field whose function says what to read, as a `Question`, and reads nothing itself."""

    @property
    def is_async(self) -> bool:
        """Reading waits."""
        return True

    def ask(self, info: Any, arguments: dict[str, Any]) -> Question | None:
        """The question, from arguments as Python values; none where nothing can answer."""
        assert self.base_resolver is not None
        resolver: Any = self.base_resolver
        question: Question | None = resolver(None, info, **arguments)
        return question

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The answer, through the viewer's scope and masking."""
        assert self.base_resolver is not None
        return info.context.reader.answer(self.base_resolver(*args, **kwargs))


def asked(description: str) -> Any:
    """Makes a root field of a function from arguments to a `Question`."""
    return AskedField(description=description)


def counted(description: str) -> Any:
    """The number of rows of a connection's list."""
    return CountedField(description=description)


def related(relation: Relation, description: str) -> Any:
    """A field along a relation."""
    return RelatedField(relation, description)


def derived(compute: Compute, description: str, *, reads: tuple[str, ...]) -> Any:
    """A field computed from these fields of the record."""
    return DerivedField(compute, frozenset(reads), description)


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
