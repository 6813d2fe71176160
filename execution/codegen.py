"""The one generated function of a level: rows and columns in, answers out.

For `{ loanNo balance files { … } }` it reads like this, each check inline and nothing called for
a value that is as it should be:

    def build(rows, today, column0):
        answers = []
        add = answers.append
        for row, files in zip(rows, column0):
            get = row.get
            if get("_id", "")[:5] != "loan_":
                raise Unexpected("type")
            add({
                "loanNo": v if type(v := get("loan_no")) is str else leaf0(v),
                "balance": v if type(v := get("balance")) … else leaf1(v),
                "files": files,
            })
        return answers

What is not as it should be goes to `leaf…`, which does what graphql-core does with it, or gives up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType
from graphql.pyutils import Undefined

from execution.levels import Build, Unexpected, Wrapping
from schema.fields import DerivedField
from storage.records import Long

_HEAD = """def build({parameters}):
    answers = []
    add = answers.append
    for {each}:
        get = row.get
{check}        add({{
{entries}
        }})
    return answers
"""


@dataclass(slots=True, kw_only=True)
class Leaf:
    """A field that is a value: the record's own, or computed from the record."""

    key: str  # in the answer
    name: str  # in the record
    type: GraphQLLeafType
    wrapping: Wrapping
    derived: DerivedField | None = None


@dataclass(slots=True, kw_only=True)
class Filled:
    """A field whose values a branch has put into a column."""

    key: str


@dataclass(slots=True, kw_only=True)
class Named:
    """`__typename`."""

    key: str
    type_name: str


Entry = Leaf | Filled | Named


@dataclass(slots=True)
class _Source:
    """Source text in the making, and the names it may use."""

    names: dict[str, Any] = field(
        default_factory=lambda: {
            "Unexpected": Unexpected,
            "Long": Long,
            "UTC": UTC,
            "datetime": datetime,
        }
    )

    def name(self, kind: str, value: Any) -> str:
        """A name for a value that the text uses."""
        name = f"{kind}{len(self.names)}"
        self.names[name] = value
        return name


def build_function(entries: Sequence[Entry], *, prefix: str | None) -> Build:
    """The function of a level.

    prefix: what the id of each row must begin with, where the type has ids of its own.
    """
    source = _Source()
    columns = [entry for entry in entries if isinstance(entry, Filled)]
    places = {id(entry): number for number, entry in enumerate(columns)}
    lines = [
        f"            {entry.key!r}: "
        + (f"value{places[id(entry)]}" if isinstance(entry, Filled) else _value(entry, source))
        + ","
        for entry in entries
    ]
    given = [f"column{number}" for number in range(len(columns))]
    each = [f"value{number}" for number in range(len(columns))]
    text = _HEAD.format(
        parameters=", ".join(["rows", "today", *given]),
        each=f"{', '.join(['row', *each])} in zip(rows, {', '.join(given)}, strict=True)"
        if given
        else "row in rows",
        check=_check(prefix),
        entries="\n".join(lines),
    )
    exec(compile(text, "<level>", "exec"), source.names)  # noqa: S102  our own text, see above
    build: Build = source.names["build"]
    return build


def _check(prefix: str | None) -> str:
    if prefix is None:
        return ""
    begins = f"{prefix}_"
    return (
        f'        if row["_id"][:{len(begins)}] != {begins!r}:\n'
        '            raise Unexpected("type")\n'
    )


def _value(entry: Leaf | Named, source: _Source) -> str:
    if isinstance(entry, Named):
        return repr(entry.type_name)
    raw = _raw(entry, source)
    wrapping = entry.wrapping
    if not wrapping.many:
        return _leaf("v", raw, entry.type, nullable=wrapping.nullable, source=source)
    item = _leaf("item", None, entry.type, nullable=wrapping.nullable_items, source=source)
    absent = "None if v is None else " if wrapping.nullable else ""
    no_list = source.name("no_list", _no_list)
    made = f"[{item} for item in v] if type(v := {raw}) is list else {absent}"
    several = f"[{item} for item in v] if type(v) is tuple else {no_list}(v)"
    return f"({made}{several})"


def _raw(entry: Leaf, source: _Source) -> str:
    if entry.derived is not None:
        return f"{source.name('compute', entry.derived.compute)}(row, today)"
    if entry.name == "id":
        return '(row["_id"] if "_id" in row else get("id"))'
    return f"get({entry.name!r})"


def _leaf(
    v: str, raw: str | None, kind: GraphQLLeafType, *, nullable: bool, source: _Source
) -> str:
    """An expression of the value as it goes out; `v` names it, `raw` says where it comes from."""
    first = v if raw is None else f"({v} := {raw})"
    or_null = f" or {v} is None" if nullable else ""
    slow = f"{source.name('leaf', _completer(kind, nullable=nullable))}({v})"
    if isinstance(kind, GraphQLEnumType):
        table = source.name("names", _enum_names(kind))
        text = f"{table}[{v}] if {first}.__class__ is str and {v} in {table}"
        return f"({text} else {slow})"
    null_out = f"None if {v} is None else " if nullable else ""
    match kind.name:
        case "String" | "ID" | "Decimal":
            return f"({v} if type({first}) is str{or_null} else {slow})"
        case "Date":
            return f"({v} if type({first}) is str{or_null} else {slow})"
        case "Boolean":
            return f"({v} if {first} is True or {v} is False{or_null} else {slow})"
        case "Int":
            fits = f"type({first}) is int and -2147483648 <= {v} <= 2147483647"
            return f"({v} if {fits}{or_null} else {slow})"
        case "Money":
            whole = f"type({first}) is int or type({v}) is Long"
            text = f'f"{{{v} // 100}}.{{{v} % 100:02d}}" if ({whole}) and {v} >= 0'
            return f"({text} else {null_out}{slow})"
        case "DateTime":
            utc = f"type({first}) is datetime and {v}.tzinfo is UTC"
            text = f'{v}.isoformat(timespec="milliseconds")[:-6] + "Z" if {utc}'
            return f"({text} else {null_out}{slow})"
    return f"{slow[: slow.index('(')]}({first})"


def _enum_names(kind: GraphQLEnumType) -> dict[Any, Any]:
    """The name of each kept value."""
    return {getattr(value.value, "value", value.value): name for name, value in kind.values.items()}


def _completer(kind: GraphQLLeafType, *, nullable: bool) -> Callable[[Any], Any]:
    """What graphql-core makes of a value of that type."""

    def complete(value: Any) -> Any:
        if value is None:
            if nullable:
                return None
            raise Unexpected("null")
        told = kind.coerce_output_value(value)
        if told is None or told is Undefined:
            raise Unexpected("value")
        return told

    return complete


def _no_list(value: Any) -> Any:
    raise Unexpected("null" if value is None else "list")
