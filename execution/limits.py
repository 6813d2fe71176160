"""How much one document may ask for, told by a single walk before validation.

The walk is linear in the size of the document however its fragments spread, since each fragment is
weighed once for a kind of parent; unknown names and cycles weigh nothing and are left to
validation.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
)
from graphql.pyutils import Undefined
from graphql.type import get_nullable_type

from execution.errors import Code

MAX_DOCUMENT_BYTES = 100_000
MAX_TOKENS = 5_000
MAX_COMMENTS = 1_000
MAX_FRAGMENTS = 100
MAX_FIELDS = 500  # as written
MAX_SELECTED = 2_000  # with every fragment in its places
MAX_ALIASES = 100
MAX_DIRECTIVES = 100
MAX_ROOT_FIELDS = 20
MAX_DEPTH = 15  # fields inside each other; the usual introspection query has exactly this many
MAX_NESTING = 60  # selection sets and fragments inside each other
MAX_COST = 500_000  # fields of an answer whose lists are as long as asked for
LIST_SIZE = 5  # a list whose length is not asked for; most have one to three rows
INTROSPECTION_LIST_SIZE = 10
MAX_PAGE_DIGITS = 9
PAGE_ARGUMENTS = ("first", "last", "limit")
REPORTED = {
    "fragments": MAX_FRAGMENTS,
    "fields": MAX_FIELDS,
    "aliases": MAX_ALIASES,
    "directives": MAX_DIRECTIVES,
    "levels of selections": MAX_NESTING,
    "levels of fields": MAX_DEPTH,
    "root fields": MAX_ROOT_FIELDS,
    "selected fields": MAX_SELECTED,
    "estimated values": MAX_COST,
}

Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType | None
Variables: TypeAlias = Mapping[str, Any]


class _Over(Exception):
    """The document goes over the named limit."""


def too_complex(
    document: DocumentNode, schema: GraphQLSchema, variables: Variables
) -> GraphQLError | None:
    """The first limit that the document goes over, or None.

    variables: as the client sent them, unchecked; page sizes may be among them.
    """
    try:
        _written(document)
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                _Walk(document, schema, variables, definition).judge()
    except _Over as over:
        what = str(over)
        return GraphQLError(
            f"The document has more than {REPORTED[what]:,} {what}; please ask for less at once.",
            extensions={"code": Code.TOO_COMPLEX, "limit": what, "maximum": REPORTED[what]},
        )
    return None


def page_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables on which the weight of a document depends."""
    names = {
        argument.value.name.value
        for node in nodes(document)
        for argument in getattr(node, "arguments", None) or ()
        if argument.name.value in PAGE_ARGUMENTS and isinstance(argument.value, VariableNode)
    }
    return tuple(sorted(names))


def _within(what: str, actual: int) -> None:
    if actual > REPORTED[what]:
        raise _Over(what)


def _written(document: DocumentNode) -> None:
    """Counts what stands in the text; validation looks at all of it, used or not."""
    fields = aliases = directives = fragments = 0
    for node in nodes(document):
        directives += len(node.directives or ())
        if isinstance(node, FieldNode):
            fields += 1
            aliases += node.alias is not None
        fragments += isinstance(node, FragmentDefinitionNode)
    _within("fragments", fragments)
    _within("fields", fields)
    _within("aliases", aliases)
    _within("directives", directives)


def nodes(document: DocumentNode) -> Iterator[Any]:
    """Every definition and selection, without recursion."""
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        if not hasattr(node, "directives"):
            continue
        yield node
        waiting.extend(getattr(node, "variable_definitions", None) or ())
        selections = getattr(node, "selection_set", None)
        if selections is not None:
            waiting.extend(selections.selections)


@dataclass(frozen=True, slots=True)
class _Weight:
    """What a set of selections comes to."""

    width: int = 0  # fields of its first level
    depth: int = 0
    nesting: int = 0
    selected: int = 0
    cost: int = 0

    def beside(self, other: "_Weight") -> "_Weight":
        """Two in the same set."""
        return _Weight(
            self.width + other.width,
            max(self.depth, other.depth),
            max(self.nesting, other.nesting),
            self.selected + other.selected,
            self.cost + other.cost,
        )

    def inside(self) -> "_Weight":
        """The same one level further in, as a fragment puts it."""
        return _Weight(self.width, self.depth, self.nesting + 1, self.selected, self.cost)


_NOTHING = _Weight()


class _Walk:
    """Weighs one operation; `paged` says that the parent's page size was already counted."""

    def __init__(
        self,
        document: DocumentNode,
        schema: GraphQLSchema,
        variables: Variables,
        operation: OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._weighed: dict[tuple[str, bool], _Weight] = {}
        self._sizes = _page_sizes(operation, variables)

    def judge(self) -> None:
        """Raises: _Over."""
        root = self._schema.get_root_type(self._operation.operation)
        total = self._set(self._operation.selection_set, root, paged=False, level=1)
        _within("levels of selections", total.nesting)
        _within("levels of fields", total.depth)
        _within("root fields", total.width)
        _within("selected fields", total.selected)
        _within("estimated values", total.cost)

    def _set(
        self, selections: SelectionSetNode, parent: Composite, *, paged: bool, level: int
    ) -> _Weight:
        _within("levels of selections", level)
        total = _NOTHING
        for node in selections.selections:
            if isinstance(node, FieldNode):
                weight = self._field(node, parent, paged=paged, level=level)
            elif isinstance(node, FragmentSpreadNode):
                weight = self._spread(node.name.value, paged=paged, level=level)
            else:
                assert isinstance(node, InlineFragmentNode)
                kind = self._type(node, parent)
                weight = self._set(node.selection_set, kind, paged=paged, level=level + 1).inside()
            total = total.beside(weight)
        return total

    def _field(self, node: FieldNode, parent: Composite, *, paged: bool, level: int) -> _Weight:
        if node.selection_set is None:
            return _Weight(width=1, depth=1, nesting=1, selected=1, cost=1)
        field = _definition(self._schema, parent, node.name.value)
        kind = None if field is None else _composite(get_named_type(field.type))
        size, counted = self._size(node, field, paged=paged)
        below = self._set(node.selection_set, kind, paged=counted, level=level + 1)
        return _Weight(
            width=1,
            depth=below.depth + 1,
            nesting=below.nesting + 1,
            selected=below.selected + 1,
            cost=below.cost * size + 1,
        )

    def _spread(self, name: str, *, paged: bool, level: int) -> _Weight:
        key = (name, paged)
        known = self._weighed.get(key)
        if known is not None:
            return known
        fragment = self._fragments.get(name)
        if fragment is None:
            return _NOTHING
        self._weighed[key] = _NOTHING  # a cycle meets itself here
        kind = self._type(fragment, None)
        weight = self._set(fragment.selection_set, kind, paged=paged, level=level + 1).inside()
        self._weighed[key] = weight
        return weight

    def _type(
        self, node: InlineFragmentNode | FragmentDefinitionNode, parent: Composite
    ) -> Composite:
        if node.type_condition is None:
            return parent
        return _composite(self._schema.get_type(node.type_condition.name.value))

    def _size(
        self, node: FieldNode, field: GraphQLField | None, *, paged: bool
    ) -> tuple[int, bool]:
        """How often the selections below count, and whether that covers the lists among them."""
        if field is None:
            return 1, False
        is_list = is_list_type(get_nullable_type(field.type))
        if any(name in field.args for name in PAGE_ARGUMENTS):
            asked = [
                self._sizes(a.value) for a in node.arguments or () if a.name.value in PAGE_ARGUMENTS
            ]
            return max((size for size in asked if size is not None), default=LIST_SIZE), not is_list
        if not is_list or paged:
            return 1, False
        of_schema = get_named_type(field.type).name.startswith("__")
        return (INTROSPECTION_LIST_SIZE if of_schema else LIST_SIZE), False


def _page_sizes(
    operation: OperationDefinitionNode, variables: Variables
) -> Callable[[ValueNode], int | None]:
    """Reads a page size from an argument; None where it is not a whole number."""
    defaults = {
        definition.variable.name.value: definition.default_value
        for definition in operation.variable_definitions or ()
    }

    def size(value: ValueNode | None) -> int | None:
        if isinstance(value, IntValueNode):
            long = len(value.value) > MAX_PAGE_DIGITS
            return MAX_COST if long else max(1, int(value.value))
        if isinstance(value, VariableNode):
            name = value.name.value
            given = variables.get(name, Undefined)
            if given is Undefined:
                default = defaults.get(name)
                return None if isinstance(default, VariableNode) else size(default)
            whole = isinstance(given, int) and not isinstance(given, bool)
            return max(1, given) if whole else None
        return None

    return size


def _definition(schema: GraphQLSchema, parent: Composite, name: str) -> GraphQLField | None:
    if parent is None:
        return None
    return schema.get_field(parent, name)


def _composite(kind: object) -> Composite:
    return kind if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else None
