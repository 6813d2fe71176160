"""The one generated function of a level: rows and columns in, answers out.

For `{ id loanNo balance files { … } }` it reads like this. Values are picked and checked a column
at a time, by loops that run in C; a loop in Python is left for what has to be rewritten:

    def build(rows, today, column0):
        if set(map(beginning, map(id_of, rows))) != {"loan_"}:
            raise Unexpected("type")
        v0, v1, v2 = picked(rows)
        if not texts.issuperset(map(type, v0)):
            v0 = [leaf0(v) for v in v0]
        …
        v2 = [f"{v // 100}.{v % 100:02d}" if type(v) is int and v >= 0 else leaf2(v) for v in v2]
        return [
            {"id": v0, "loanNo": v1, "balance": v2, "files": v3}
            for v0, v1, v2, v3 in zip(v0, v1, v2, column0, strict=True)
        ]

What is not as it should be goes to `leaf…`, which does what graphql-core does with it, or gives up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from types import NoneType
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType
from graphql.pyutils import Undefined

from execution.levels import Build, Row, Unexpected, Wrapping
from schema.fields import DerivedField
from storage.records import Long

_NATIVE: dict[str, type] = {"String": str, "ID": str, "Date": str, "Decimal": str, "Boolean": bool}


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

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(
        default_factory=lambda: {
            "Unexpected": Unexpected,
            "Long": Long,
            "UTC": UTC,
            "datetime": datetime,
            "id_of": itemgetter("_id"),
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
    if prefix is not None:
        begins = f"{prefix}_"
        beginning = source.name("beginning", itemgetter(slice(len(begins))))
        source.lines += [
            f"if set(map({beginning}, map(id_of, rows))) != {{{begins!r}}}:",
            '    raise Unexpected("type")',
        ]
    varying = [entry for entry in entries if not isinstance(entry, Named)]
    v = {id(entry): f"v{number}" for number, entry in enumerate(varying)}
    leaves = [entry for entry in entries if isinstance(entry, Leaf)]
    _pick(leaves, v, source, has_ids=prefix is not None)
    for leaf in leaves:
        _check(v[id(leaf)], leaf, source)
    given = [f"column{number}" for number in range(len(varying) - len(leaves))]
    columns = iter(given)
    zipped = [v[id(e)] if isinstance(e, Leaf) else next(columns) for e in varying]
    answer = ", ".join(
        f"{e.key!r}: {e.type_name!r}" if isinstance(e, Named) else f"{e.key!r}: {v[id(e)]}"
        for e in entries
    )
    each = f"{''.join(f'{name}, ' for name in v.values())} in zip({', '.join(zipped)}, strict=True)"
    source.lines.append(f"return [{{{answer}}} for {each if varying else '_ in rows'}]")
    body = "\n".join(f"    {line}" for line in source.lines)
    text = f"def build({', '.join(['rows', 'today', *given])}):\n{body}\n"
    exec(compile(text, "<level>", "exec"), source.names)  # noqa: S102  our own text, see above
    build: Build = source.names["build"]
    return build


def _pick(leaves: Sequence[Leaf], v: dict[int, str], source: _Source, *, has_ids: bool) -> None:
    """Lines that put the values of each leaf into a column."""
    plain = []
    for leaf in leaves:
        if leaf.derived is not None:
            compute = source.name("compute", leaf.derived.compute)
            source.lines.append(f"{v[id(leaf)]} = [{compute}(row, today) for row in rows]")
        elif leaf.name == "id" and not has_ids:
            value = 'row["_id"] if "_id" in row else row.get("id")'
            source.lines.append(f"{v[id(leaf)]} = [{value} for row in rows]")
        else:
            plain.append(leaf)
    if plain:
        names = ["_id" if leaf.name == "id" else leaf.name for leaf in plain]
        picked = source.name("picked", _picker(names))
        source.lines.append(f"{''.join(f'{v[id(leaf)]}, ' for leaf in plain)}= {picked}(rows)")


def _picker(names: Sequence[str]) -> Callable[[Sequence[Row]], Iterable[Sequence[Any]]]:
    """Picks columns of rows. A record from before a field was added has none of it."""
    pick = itemgetter(*names)

    def picked(rows: Sequence[Row]) -> Iterable[Sequence[Any]]:
        try:
            values = list(map(pick, rows))
        except KeyError:
            values = [tuple(row.get(name) for name in names) for row in rows]
            return zip(*values, strict=True)
        return zip(*values, strict=True) if len(names) > 1 else (values,)

    return picked


def _check(v: str, leaf: Leaf, source: _Source) -> None:
    """Lines that make of a column of values what goes out."""
    kind, wrapping = leaf.type, leaf.wrapping
    if wrapping.many:
        item = _one("item", kind, nullable=wrapping.nullable_items, source=source)
        no_list = source.name("no_list", _no_list)
        absent = "None if v is None else " if wrapping.nullable else ""
        listed = f"[{item} for item in v] if type(v) is list or type(v) is tuple else "
        source.lines.append(f"{v} = [{listed}{absent}{no_list}(v) for v in {v}]")
        return
    each = f"{v} = [{_one('v', kind, nullable=wrapping.nullable, source=source)} for v in {v}]"
    none = {NoneType} if wrapping.nullable else set()
    if kind.name in _NATIVE:
        types = source.name("types", frozenset({_NATIVE[kind.name]} | none))
        source.lines += [f"if not {types}.issuperset(map(type, {v})):", f"    {each}"]
    elif kind.name == "Int" and not wrapping.nullable:
        types = source.name("types", frozenset({int}))
        fits = f"{types}.issuperset(map(type, {v}))"
        within = f"-2147483648 <= min({v}) and max({v}) <= 2147483647"
        source.lines += [f"if not ({fits} and {within}):", f"    {each}"]
    elif isinstance(kind, GraphQLEnumType) and all(n == k for k, n in _enum_names(kind).items()):
        known = frozenset(_enum_names(kind)) | ({None} if wrapping.nullable else set())
        source.lines += [f"if not {source.name('known', known)}.issuperset({v}):", f"    {each}"]
    else:
        source.lines.append(each)


def _one(v: str, kind: GraphQLLeafType, *, nullable: bool, source: _Source) -> str:
    """An expression of one value as it goes out."""
    slow = f"{source.name('leaf', _completer(kind, nullable=nullable))}({v})"
    if isinstance(kind, GraphQLEnumType):
        table = source.name("names", _enum_names(kind))
        return f"{table}[{v}] if {v}.__class__ is str and {v} in {table} else {slow}"
    match kind.name:
        case "String" | "ID" | "Date" | "Decimal":
            return f"{v} if type({v}) is str else {slow}"
        case "Int":
            return f"{v} if type({v}) is int and -2147483648 <= {v} <= 2147483647 else {slow}"
        case "Money":
            whole = f"(type({v}) is int or type({v}) is Long) and {v} >= 0"
            return f'f"{{{v} // 100}}.{{{v} % 100:02d}}" if {whole} else {slow}'
        case "DateTime":
            utc = f"type({v}) is datetime and {v}.tzinfo is UTC"
            return f'{v}.isoformat(timespec="milliseconds")[:-6] + "Z" if {utc} else {slow}'
    return slow


def _enum_names(kind: GraphQLEnumType) -> dict[Any, str]:
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
