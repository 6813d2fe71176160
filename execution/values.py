"""Values that clients send: variables and arguments, read as graphql-core and Strawberry read them.

What does not depend on variables is read once, when the plan is made; a plain scalar that comes
as a variable is passed through; everything else goes through the libraries' own functions.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.language import ValueNode, Visitor, visit
from graphql.pyutils import Undefined

MIN_INT, MAX_INT = -(2**31), 2**31 - 1
MAX_REMEMBERED = 64  # readings of one field's arguments
MAX_REMEMBERED_LENGTH = 500  # of the variables they were read from
NO_VARIABLES = VariableValues({}, {})

Arguments: TypeAlias = Callable[[VariableValues], dict[str, Any]]
Convert: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


class Unfit(Exception):
    """A value that does not fit its type; graphql-core says so to the client."""


class Variables:
    """Reads the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        self._fits = [_fit(schema, definition) for definition in self._definitions]
        self._leaves = all(_is_leaf(schema, definition) for definition in self._definitions)
        self._memory: dict[str, VariableValues] = {}

    def read(self, given: Mapping[str, Any]) -> VariableValues:
        """The coerced values. Raises: Unfit."""
        coerced: dict[str, Any] = {}
        for definition, fits in zip(self._definitions, self._fits, strict=True):
            name = definition.variable.name.value
            value = given.get(name, Undefined)
            if value is Undefined and definition.default_value is None and fits is not None:
                if fits(None):
                    continue
                raise Unfit(name)
            if fits is None or not fits(value):
                return self._read_all(given)
            coerced[name] = value
        return VariableValues({}, coerced)

    def _read_all(self, given: Mapping[str, Any]) -> VariableValues:
        """Reads as graphql-core does; what is only enums and scalars is remembered."""
        key = repr(given) if self._leaves else ""
        known = self._memory.get(key)
        if known is not None:
            return known
        read = get_variable_values(self._schema, self._definitions, dict(given))
        if isinstance(read, list):
            raise Unfit(read[0].message)
        if self._leaves and len(key) <= MAX_REMEMBERED_LENGTH:
            if len(self._memory) >= MAX_REMEMBERED:
                self._memory.clear()
            self._memory[key] = read
        return read


def _fit(schema: GraphQLSchema, definition: Any) -> Callable[[Any], bool] | None:
    """Tells whether a value is already what its plain type makes of it; None for other types."""
    signature = get_variable_signature(schema, definition)
    kind = getattr(signature, "type", None)
    if kind is None:
        return None
    nullable = not is_non_null_type(kind)
    fits = _PLAIN.get(str(kind).removesuffix("!"))
    if fits is None:
        return None
    return lambda value: (value is None and nullable) or fits(value)


def _is_leaf(schema: GraphQLSchema, definition: Any) -> bool:
    signature = get_variable_signature(schema, definition)
    kind = getattr(signature, "type", None)
    return kind is not None and is_leaf_type(get_named_type(kind))


_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "String": lambda value: type(value) is str,
    "ID": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "Int": lambda value: type(value) is int and MIN_INT <= value <= MAX_INT,
}


def arguments(
    field: GraphQLField, node: FieldNode, convert: Convert, *, remember: bool = True
) -> Arguments:
    """Reads the arguments of a field. Raises: GraphQLError now or later, as graphql-core does.

    convert: makes Python arguments of coerced ones, by their GraphQL names.
    remember: whether readings may be kept; inputs of mutations hold what people wrote.
    """
    if not node.arguments and not field.args:
        return lambda _variables: {}
    passed = _passed_through(field, node)
    rest = _without(node, passed)
    taken = [(*convert(dict.fromkeys([name])), variable) for name, variable in passed.items()]
    fixed = _fixed(field, rest, convert, MAX_REMEMBERED if remember else 0)

    if not taken:
        return fixed

    def read(variables: VariableValues) -> dict[str, Any]:
        values, known = variables.coerced, fixed(variables).copy()
        for name, variable in taken:
            if variable in values:
                known[name] = values[variable]
        return known

    return read


def _fixed(field: GraphQLField, node: FieldNode, convert: Convert, most: int) -> Arguments:
    """Reads arguments that are not passed through; the same variables bring the same ones."""
    names = sorted({name for one in node.arguments or () for name in _variables_in(one.value)})
    if not names:
        known = convert(get_argument_values(field, node, NO_VARIABLES))
        return lambda _variables: known
    memory: dict[str, dict[str, Any]] = {}

    def read(variables: VariableValues) -> dict[str, Any]:
        key = repr([variables.coerced.get(name, Undefined) for name in names])
        known = memory.get(key)
        if known is None:
            known = convert(get_argument_values(field, node, variables))
            if len(memory) >= most:
                memory.clear()
            if most and len(key) <= MAX_REMEMBERED_LENGTH:
                memory[key] = known
        return known

    return read


def _passed_through(field: GraphQLField, node: FieldNode) -> dict[str, str]:
    """Which arguments are plain scalars in a variable, and in which.

    One that may not be null stays with graphql-core, which tells when it is.
    """
    return {
        argument.name.value: argument.value.name.value
        for argument in node.arguments or ()
        if isinstance(argument.value, VariableNode)
        and str(field.args[argument.name.value].type) in _PLAIN
    }


def _without(node: FieldNode, names: Mapping[str, str]) -> FieldNode:
    kept = tuple(a for a in node.arguments or () if a.name.value not in names)
    return FieldNode(name=node.name, alias=node.alias, arguments=kept, loc=node.loc)


def _variables_in(value: ValueNode) -> set[str]:
    found: set[str] = set()

    class _Seek(Visitor):
        def enter_variable(self, node: VariableNode, *_args: Any) -> None:
            found.add(node.name.value)

    visit(value, _Seek())
    return found
