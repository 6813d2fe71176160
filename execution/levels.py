"""Levels: what a plan is made of, and how it turns rows into an answer.

A level is one selection on one object type. It is given rows (records), first fills a column for
each of its branches, one value a row, then one generated function makes the answers of all rows.
A branch leads to the next level: to what lies inside the record (`Inside`) or to other records
along a relation, read for all rows at once (`Along`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, Protocol, TypeAlias

from graphql.execution.values import VariableValues

from execution.values import Arguments
from schema.fields import RelatedField
from storage.reads import Reads
from storage.relations import dealt

Row: TypeAlias = Any  # a record; what else may stand in its place is found out by using it
Answer: TypeAlias = dict[str, Any]
Column: TypeAlias = list[Any]

ROWS_WORTH_A_THREAD = 101  # beyond a page, branches are read beside each other


class Unexpected(Exception):
    """A value that the compiled form does not take; graphql-core says what is wrong with it."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One execution of a plan: the viewer's reads, the variables, the day."""

    reads: Reads
    variables: VariableValues
    today: date
    threads: Executor


class Shapes(Protocol):
    """A level, or several of which the row's type picks one."""

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields of the record that it looks at; none means any."""

    @property
    def reading(self) -> bool:
        """Whether anything at or below it is read."""

    def shape(self, rows: Sequence[Row], run: Run) -> list[Answer]:
        """The answers of rows, in their order. Raises: Unexpected, and whatever reading raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """How a value is wrapped in its type: `[T!]!` is many, without nulls in it or for it."""

    nullable: bool
    many: bool
    nullable_items: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A branch to what lies inside the record."""

    name: str  # in the record
    wrapping: Wrapping
    level: Shapes

    @property
    def reading(self) -> bool:
        """Whether anything below it is read."""
        return self.level.reading

    def column(self, rows: Sequence[Row], run: Run) -> Column:
        """The values of all rows, each shaped."""
        return complete([row.get(self.name) for row in rows], self.wrapping, self.level, run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """A branch along a relation."""

    field: RelatedField
    arguments: Arguments
    wrapping: Wrapping
    level: Shapes
    fields: frozenset[str] | None  # to read of the rows; none means any
    reading: bool = True

    def column(self, rows: Sequence[Row], run: Run) -> Column:
        """One read for all rows; a row that several lead to is shaped once."""
        found, places = run.reads.related(
            self.field.relation,
            self.field.relation.keys(rows),
            limit=self.field.most(**self.arguments(run.variables)),
            fields=self.fields,
        )
        answers = self.level.shape(found, run)
        if self.wrapping.many:
            return [answers] if places is None else dealt(answers, places)
        ones: Column
        if places is None:
            ones = answers[:] or [None]
        else:
            ones = [answers[own[0]] if own else None for own in places]
        if not self.wrapping.nullable and None in ones:
            raise Unexpected("null")
        return ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A branch to the length of a connection's list."""

    reading: bool = True

    def column(self, rows: Sequence[Row], run: Run) -> Column:
        """One count a row; there is one row, the connection."""
        return [run.reads.count(row["collection"], row["query"]) for row in rows]


Branch: TypeAlias = Inside | Along | Counted
Build: TypeAlias = Callable[..., list[Answer]]


@dataclass(slots=True, kw_only=True)
class Level:
    """One selection on one object type; `build` makes the answers of rows from their columns."""

    branches: Sequence[Branch]
    fields: frozenset[str]
    build: Build
    reading: bool = field(init=False)  # whether anything at or below this level is read
    _beside: bool = field(init=False)  # whether several branches are

    def __post_init__(self) -> None:
        self.reading = any(branch.reading for branch in self.branches)
        self._beside = sum(branch.reading for branch in self.branches) > 1

    def shape(self, rows: Sequence[Row], run: Run) -> list[Answer]:
        """The answers of rows, in their order."""
        if not rows:
            return []
        if self._beside and len(rows) >= ROWS_WORTH_A_THREAD:
            return self.build(rows, run.today, *_beside_each_other(self.branches, rows, run))
        if not self.branches:
            return self.build(rows, run.today)
        return self.build(rows, run.today, *[one.column(rows, run) for one in self.branches])


@dataclass(slots=True, kw_only=True)
class ByType:
    """Levels of an interface: each row's id tells which one is its own; made when first met."""

    make: Callable[[str], Level | None]  # by prefix of the id
    known: dict[str, Level | None] = field(default_factory=dict)

    def of(self, id: str) -> Level:
        """The level of what has that id. Raises: Unexpected."""
        prefix = id.partition("_")[0]
        if prefix not in self.known:
            self.known[prefix] = self.make(prefix)
        level = self.known[prefix]
        if level is None:
            raise Unexpected("type")
        return level

    @property
    def reading(self) -> bool:
        """Some type's level may read."""
        return True

    @property
    def fields(self) -> frozenset[str] | None:
        """Before the rows are there nobody knows."""
        return None

    def shape(self, rows: Sequence[Row], run: Run) -> list[Answer]:
        """The answers of rows, in their order."""
        return [self.of(row["_id"]).shape([row], run)[0] for row in rows]


def complete(values: Sequence[Any], wrapping: Wrapping, level: Shapes, run: Run) -> Column:
    """Values of one field for several rows, all shaped at once. Raises: Unexpected."""
    if not wrapping.many:
        return _filled(values, wrapping.nullable, level, run)
    lists = [_listed(value, wrapping.nullable) for value in values]
    if len(lists) == 1 and lists[0] is not None:
        return [_filled(lists[0], wrapping.nullable_items, level, run)]
    items = [item for some in lists if some is not None for item in some]
    answers = iter(_filled(items, wrapping.nullable_items, level, run))
    return [None if some is None else list(islice(answers, len(some))) for some in lists]


def _filled(values: Sequence[Any], nullable: bool, level: Shapes, run: Run) -> Column:
    if None not in values:
        return level.shape(values, run)
    if not nullable:
        raise Unexpected("null")
    answers = iter(level.shape([value for value in values if value is not None], run))
    return [None if value is None else next(answers) for value in values]


def _listed(value: Any, nullable: bool) -> Sequence[Any] | None:
    if type(value) is list or type(value) is tuple:
        return value
    if value is None and nullable:
        return None
    raise Unexpected("list")


def _beside_each_other(branches: Sequence[Branch], rows: Sequence[Row], run: Run) -> list[Column]:
    """A column for each branch; those that read are read by several threads.

    A branch that no thread has begun is taken back and read here, so that no thread ever waits
    for another that waits for a thread.
    """
    lent: dict[int, Future[Column]] = {
        number: run.threads.submit(branch.column, rows, run)
        for number, branch in enumerate(branches[1:], start=1)
        if branch.reading
    }
    return [
        branch.column(rows, run)
        if number not in lent or lent[number].cancel()
        else lent[number].result()
        for number, branch in enumerate(branches)
    ]
