"""Random operations over the served schema: as odd as clients could write them, and valid."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

MAX_DEPTH = 6
MAX_SELECTED = 7
APART = {"events", "accessLog"}  # the feed moves meanwhile; the log grows by being read


@dataclass
class Asked:
    """One operation and its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class Writer:
    """Writes one random query.

    ids, numbers: what root fields may be asked for, by field; others are found by nobody.
    """

    schema: GraphQLSchema
    dice: random.Random
    ids: Sequence[str]
    numbers: dict[str, Sequence[str]]
    cursors: Sequence[str] = ()
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def query(self) -> Asked:
        root = self.schema.query_type
        assert root is not None
        names = [name for name in root.fields if name not in APART]
        parts = [
            self._root(name, root.fields[name])
            for name in self.dice.choices(names, k=self.dice.choice([1, 1, 1, 2, 3]))
        ]
        if self.dice.random() < 0.05:
            parts.append("__typename")
        given = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query Q({given})" if given else "query Q"
        text = "\n".join([f"{head} {{ {' '.join(parts)} }}", *self.fragments])
        values = {name: value for name, (_, value) in self.variables.items() if value is not ...}
        return Asked(text, values)

    def _root(self, name: str, declared: GraphQLField) -> str:
        alias = self._alias()
        return f"{alias}{name}{self._arguments(name, declared)}{self._below(declared, 1)}"

    def _arguments(self, name: str, declared: GraphQLField) -> str:
        given = []
        for argument, one in declared.args.items():
            value = self._value(name, argument, str(one.type))
            if value is not None:
                given.append(f"{argument}: {value}")
        return f"({', '.join(given)})" if given else ""

    def _value(self, name: str, argument: str, kind: str) -> str | None:
        match argument:
            case "id" | "certificateId" | "collateralId" | "fileVersionId":
                if kind.endswith("!") or self.dice.random() < 0.5:
                    return self._given(kind, self.dice.choice([*self.ids, "loan_x", "", "?_"]))
                return None
            case "no" | "loanNo" | "login" | "code" | "vault":
                known = self.numbers.get(name, ["nothing"])
                if kind.endswith("!") or self.dice.random() < 0.8:
                    return self._given(kind, self.dice.choice(known))
                return None
            case "first":
                sizes = [0, 1, 2, 5, 100, -1, 101, None]
                return self._given(kind, self.dice.choice(sizes), likely=0.8)
            case "limit":
                return self._given(
                    kind, self.dice.choice([0, 1, 2, 100, -3, 2**31 - 1]), likely=0.3
                )
            case "after":
                return self._given(kind, self.dice.choice([*self.cursors, "x", None]), likely=0.1)
        named = self.schema.type_map[kind.strip("![]")]
        if isinstance(named, GraphQLEnumType) and self.dice.random() < 0.5:
            return str(self.dice.choice(list(named.values)))
        if argument == "filter" and self.dice.random() < 0.4:
            return self._filter(named)
        if argument == "openOnly" and self.dice.random() < 0.5:
            return self._given(kind, self.dice.random() < 0.5)
        return None

    def _filter(self, named: Any) -> str:
        parts = []
        for name, declared in named.fields.items():
            if self.dice.random() > 0.15:
                continue
            inner = get_named_type(declared.type)
            if isinstance(inner, GraphQLEnumType):
                one_of = self.dice.choice(list(inner.values))
                parts.append(f"{name}: {one_of}")  # a list takes a single value too
            elif inner.name == "String":
                parts.append(f"{name}: {self._given('String', 'OB')}")
            elif inner.name == "Int":
                parts.append(f"{name}: {self._given('Int', self.dice.randrange(-2, 99))}")
            elif inner.name == "Boolean":
                parts.append(f"{name}: true")
            elif inner.name == "Date":
                parts.append(f"{name}: {self._given('Date', '2031-01-01')}")
        return f"{{{', '.join(parts)}}}"

    def _given(self, kind: str, value: Any, likely: float = 1.0) -> str | None:
        """The value, written out or as a variable, which may be left out where it can be."""
        if self.dice.random() > likely:
            return None
        if self.dice.random() < 0.5:
            if value is None:
                return "null" if not kind.endswith("!") else None
            return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'
        name = f"v{len(self.variables)}"
        left_out = not kind.endswith("!") and self.dice.random() < 0.1
        self.variables[name] = (kind, ... if left_out else value)
        return f"${name}"

    def _below(self, declared: GraphQLField, depth: int) -> str:
        named = get_named_type(declared.type)
        return "" if is_leaf_type(named) else f" {{ {self._selection(named, depth)} }}"

    def _selection(self, named: Any, depth: int) -> str:
        if isinstance(named, GraphQLInterfaceType):
            return self._of_interface(named, depth)
        assert isinstance(named, GraphQLObjectType)
        names = list(named.fields)
        deep = [n for n in names if not is_leaf_type(get_named_type(named.fields[n].type))]
        pool = names if depth < MAX_DEPTH else [n for n in names if n not in deep]
        chosen = self.dice.choices(pool or ["__typename"], k=self.dice.randint(1, MAX_SELECTED))
        return " ".join(self._selected(named, name, depth) for name in chosen)

    def _selected(self, named: GraphQLObjectType, name: str, depth: int) -> str:
        if name == "__typename" or self.dice.random() < 0.05:
            return f"{self._alias()}__typename"
        declared = named.fields[name]
        arguments = self._arguments(name, declared)
        alias = self._alias(needed=bool(arguments))
        text = f"{alias}{name}{arguments}{self._directive()}{self._below(declared, depth + 1)}"
        roll = self.dice.random()
        if roll < 0.05:
            return f"... on {named.name}{self._directive()} {{ {text} }}"
        if roll < 0.08 and len(self.fragments) < 5:
            fragment = f"F{len(self.fragments)}"
            self.fragments.append("")
            self.fragments[int(fragment[1:])] = f"fragment {fragment} on {named.name} {{ {text} }}"
            return f"...{fragment} ...{fragment}"
        return f"{text} {text}" if roll < 0.11 else text

    def _of_interface(self, named: GraphQLInterfaceType, depth: int) -> str:
        types = list(self.schema.get_possible_types(named))
        parts = ["id", "__typename"] if self.dice.random() < 0.8 else ["__typename"]
        for one in self.dice.choices(types, k=4):
            parts.append(f"... on {one.name} {{ {self._selection(one, depth + 1)} }}")
        return " ".join(parts)

    def _directive(self) -> str:
        if self.dice.random() > 0.06:
            return ""
        name = f"v{len(self.variables)}"
        self.variables[name] = ("Boolean!", self.dice.random() < 0.5)
        return f" @{self.dice.choice(['skip', 'include'])}(if: ${name})"

    def _alias(self, *, needed: bool = True) -> str:
        """Aliases keep fields with other arguments apart."""
        if not needed and self.dice.random() > 0.1:
            return ""
        self.aliases += 1
        return f"a{self.aliases}: "
