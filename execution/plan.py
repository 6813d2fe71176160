"""Plans: what an operation asks for, worked out once and run for every request.

graphql-core's own functions collect the fields; each field's declaration (`schema/fields.py`) says
how it is planned. What no declaration covers raises `Unplanned`, and graphql-core executes the
operation instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from graphql.language import OperationType as LanguageOperation
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from execution.codegen import Entry, Filled, Leaf, Named, build_function
from execution.levels import Along, Branch, ByType, Counted, Inside, Level, Shapes, Wrapping
from execution.metrics import COMPILED
from execution.values import Arguments, arguments
from schema.fields import AskedField, CountedField, DerivedField, RelatedField
from schema.nodes import Connection

_BACK = GraphQLCoreConverter.DEFINITION_BACKREF


class Unplanned(Exception):
    """No plan can be made of this operation; the reason is a word for the metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A root field that says what to read."""

    field: AskedField
    arguments: Arguments
    level: Shapes
    fields: frozenset[str]  # where the level knows; see `fields_of`
    edges: bool  # whether a page's are asked for

    def fields_of(self, question: Any) -> frozenset[str]:
        """The fields to read for a question."""
        if isinstance(self.level, ByType):
            return self.level.of(question.query["_id"]).fields
        return self.fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A root field with a resolver of its own, which is awaited as it stands."""

    field: GraphQLField
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A root level over one row, whose values the root fields have brought, by response key."""

    asked: Mapping[str, Asked]
    resolved: Mapping[str, Resolved]
    root: Level
    name: str  # of its first root field, for the metrics
    runs: Any  # counts what ran by it

    reading: bool  # whether anything is read along the way


class Planner:
    """Makes the plans of one schema."""

    def __init__(self, schema: GraphQLSchema, convert: Any) -> None:
        self._schema, self._convert = schema, convert

    def plan(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: VariableValues
    ) -> Plan:
        """The plan of an operation. Raises: Unplanned.

        variables: those that @skip and @include look at decide what the plan holds.
        """
        try:
            return _Planning(self._schema, self._convert, document, operation, variables).plan()
        except GraphQLError as error:
            raise Unplanned("arguments") from error


class _Planning:
    def __init__(
        self,
        schema: GraphQLSchema,
        convert: Any,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> None:
        self._schema, self._convert = schema, convert
        self._operation, self._variables = operation, variables
        self._fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def plan(self) -> Plan:
        root = self._schema.get_root_type(self._operation.operation)
        assert root is not None
        collected = collect_fields(
            self._schema, self._fragments, self._variables, root, self._operation
        )
        asked: dict[str, Asked] = {}
        resolved: dict[str, Resolved] = {}
        entries: list[Entry] = []
        branches: list[Branch] = []
        for key, details in collected.grouped_field_set.items():
            name = details[0].node.name.value
            if name == "__typename":
                entries.append(Named(key=key, type_name=root.name))
                continue
            field = self._field(root, details)
            declared = field.extensions[_BACK]
            entry, branch = self._value(key, key, field.type, details)
            entries.append(entry)
            if branch is not None:
                branches.append(branch)
            if isinstance(declared, AskedField):
                assert isinstance(branch, Inside)
                asked[key] = self._asked(declared, field, details, branch.level)
            else:
                resolved[key] = Resolved(
                    field=field,
                    arguments=arguments(field, details[0].node, dict, remember=False),
                )
        level = Level(
            branches=branches, fields=frozenset(), build=build_function(entries, prefix=None)
        )
        first = next(iter(collected.grouped_field_set.values()))[0].node.name.value
        if self._operation.operation is not LanguageOperation.QUERY and len(resolved) != 1:
            raise Unplanned("several-mutations")  # one after the other, each with its own reads
        return Plan(
            asked=asked,
            resolved=resolved,
            root=level,
            name=first,
            runs=COMPILED.labels(first),
            reading=bool(asked) or level.reading,
        )

    def _asked(
        self, declared: AskedField, field: GraphQLField, details: FieldDetailsList, level: Shapes
    ) -> Asked:
        convert = partial(self._convert, declared)
        fields, edges = level.fields or frozenset(), True
        if isinstance(level, Level) and _is_connection(get_named_type(field.type)):
            fields, edges = _of_page(level)
        return Asked(
            field=declared,
            arguments=arguments(field, details[0].node, convert),
            level=level,
            fields=fields,
            edges=edges,
        )

    def _level(self, kind: GraphQLObjectType, selected: GroupedFieldSet) -> Level:
        entries: list[Entry] = []
        branches: list[Branch] = []
        fields: set[str] = set()
        for key, details in selected.items():
            if details[0].node.name.value == "__typename":
                entries.append(Named(key=key, type_name=kind.name))
                continue
            entry, branch, looked_at = self._entry(key, kind, details)
            entries.append(entry)
            fields |= looked_at
            if branch is not None:
                branches.append(branch)
        prefix = _prefix(kind)
        return Level(
            branches=branches,
            fields=frozenset("_id" if name == "id" else name for name in fields),
            build=build_function(entries, prefix=prefix),
        )

    def _entry(
        self, key: str, parent: GraphQLObjectType, details: FieldDetailsList
    ) -> tuple[Entry, Branch | None, frozenset[str]]:
        """How a field below the root is answered, and which fields of the record that takes."""
        field = self._field(parent, details)
        match field.extensions[_BACK]:
            case RelatedField() as declared:
                relation = declared.relation
                wrapping, _ = _unwrapped(field.type)
                level = self._below(field.type, details)
                branch = Along(
                    field=declared,
                    arguments=arguments(field, details[0].node, dict),
                    wrapping=wrapping,
                    level=level,
                    fields=None if level.fields is None else level.fields | relation.looks_at,
                )
                return Filled(key=key), branch, frozenset({relation.local})
            case DerivedField() as declared:
                entry, inside = self._value(key, "", field.type, details)
                if inside is not None or not isinstance(entry, Leaf):
                    raise Unplanned("derived-object")
                entry.derived = declared
                return entry, None, declared.reads
            case CountedField():
                return Filled(key=key), Counted(), frozenset()
            case StrawberryField(is_basic_field=True, python_name=str(name)):
                return *self._value(key, name, field.type, details), frozenset({name})
        raise Unplanned("resolver")

    def _value(
        self, key: str, name: str, kind: GraphQLOutputType, details: FieldDetailsList
    ) -> tuple[Entry, Branch | None]:
        """A value that stands in the record under that name: a leaf, or a branch inside."""
        wrapping, named = _unwrapped(kind)
        if is_leaf_type(named):
            return Leaf(key=key, name=name, type=named, wrapping=wrapping), None
        return Filled(key=key), Inside(
            name=name, wrapping=wrapping, level=self._below(kind, details)
        )

    def _below(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Shapes:
        _, named = _unwrapped(kind)
        if isinstance(named, GraphQLObjectType):
            return self._level(named, self._selected(named, details))
        if not isinstance(named, GraphQLInterfaceType):
            raise Unplanned("union")
        types = {_prefix(one): one for one in self._schema.get_possible_types(named)}

        def make(prefix: str) -> Level | None:
            one = types.get(prefix)
            return None if one is None else self._level(one, self._selected(one, details))

        return ByType(make=make)

    def _selected(self, kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        collected = collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, kind, details
        )
        return collected.grouped_field_set

    def _field(self, parent: GraphQLObjectType, details: FieldDetailsList) -> GraphQLField:
        field = self._schema.get_field(parent, details[0].node.name.value)
        assert field is not None
        if _BACK not in field.extensions:
            raise Unplanned("introspection")
        return field


def converter(schema: Any) -> Any:
    """Makes Python arguments as Strawberry does, for a field and its coerced values."""

    def convert(field: StrawberryField, coerced: dict[str, Any]) -> dict[str, Any]:
        registry = schema.schema_converter.scalar_registry
        return convert_arguments(coerced, field.arguments, registry, schema.config)

    return convert


def _unwrapped(kind: Any) -> tuple[Wrapping, Any]:
    nullable = not is_non_null_type(kind)
    kind = kind if nullable else kind.of_type
    if not is_list_type(kind):
        return Wrapping(nullable=nullable, many=False), kind
    item = kind.of_type
    items = not is_non_null_type(item)
    item = item if items else item.of_type
    if is_list_type(item):
        raise Unplanned("nested-list")
    return Wrapping(nullable=nullable, many=True, nullable_items=items), item


def _prefix(kind: GraphQLObjectType) -> str | None:
    """What ids of this type begin with; none where it has no ids of its own."""
    if kind.is_type_of is None:
        return None
    prefix = getattr(kind.extensions[_BACK].origin, "prefix", None)
    if not prefix:
        raise Unplanned("type")
    return str(prefix)


def _is_connection(kind: Any) -> bool:
    general = getattr(kind.extensions[_BACK], "concrete_of", None)
    return general is not None and general.origin is Connection


def _of_page(connection: Level) -> tuple[frozenset[str], bool]:
    """The fields that a connection's rows are asked for, and whether its edges are."""
    fields: frozenset[str] = frozenset()
    asked = False
    for branch in _named(connection, "nodes"):
        fields |= branch.level.fields or frozenset()
    for edges in _named(connection, "edges"):
        asked = True
        assert isinstance(edges.level, Level)
        for node in _named(edges.level, "node"):
            fields |= node.level.fields or frozenset()
    return fields, asked


def _named(level: Level, name: str) -> Iterable[Inside]:
    for branch in level.branches:
        if isinstance(branch, Inside) and branch.name == name:
            yield branch
