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
    is_non_null_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.language import ValueNode, Visitor, visit
from graphql.pyutils import Undefined

MIN_INT, MAX_INT = -(2**31), 2**31 - 1
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
        read = get_variable_values(self._schema, self._definitions, dict(given))
        if isinstance(read, list):
            raise Unfit(read[0].message)
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


_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "String": lambda value: type(value) is str,
    "ID": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "Int": lambda value: type(value) is int and MIN_INT <= value <= MAX_INT,
}


def arguments(field: GraphQLField, node: FieldNode, convert: Convert) -> Arguments:
    """Reads the arguments of a field. Raises: GraphQLError now or later, as graphql-core does.

    convert: makes Python arguments of coerced ones, by their GraphQL names.
    """
    if not node.arguments and not field.args:
        return lambda _variables: {}
    if not any(_mentions_variables(argument.value) for argument in node.arguments or ()):
        known = convert(get_argument_values(field, node, NO_VARIABLES))
        return lambda _variables: known
    passed = _passed_through(field, node)
    if passed is None:
        return lambda variables: convert(get_argument_values(field, node, variables))
    fixed = convert(get_argument_values(field, _without(node, passed), NO_VARIABLES))
    taken = [(*convert(dict.fromkeys([name])), variable) for name, variable in passed.items()]

    def read(variables: VariableValues) -> dict[str, Any]:
        values, known = variables.coerced, fixed.copy()
        for name, variable in taken:
            if variable in values:
                known[name] = values[variable]
        return known

    return read


def _passed_through(field: GraphQLField, node: FieldNode) -> dict[str, str] | None:
    """Which arguments are plain scalars in a variable; None where one uses variables otherwise.

    One that may not be null stays with graphql-core, which tells when it is.
    """
    passed: dict[str, str] = {}
    for argument in node.arguments or ():
        if not _mentions_variables(argument.value):
            continue
        kind = field.args[argument.name.value].type
        if not isinstance(argument.value, VariableNode) or str(kind) not in _PLAIN:
            return None
        passed[argument.name.value] = argument.value.name.value
    return passed


def _without(node: FieldNode, names: Mapping[str, str]) -> FieldNode:
    kept = tuple(a for a in node.arguments or () if a.name.value not in names)
    return FieldNode(name=node.name, alias=node.alias, arguments=kept, loc=node.loc)


def _mentions_variables(value: ValueNode) -> bool:
    found = False

    class _Seek(Visitor):
        def enter_variable(self, *_args: Any) -> None:
            nonlocal found
            found = True

    visit(value, _Seek())
    return found
