"""Parsed and validated documents with their plans, kept by their text: each is checked once."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    VariableNode,
    specified_rules,
)
from graphql.execution.values import VariableValues
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.graphql import OperationType

from execution.errors import Code, invalid_document, refused
from execution.limits import MAX_COMMENTS, MAX_TOKENS, nodes, page_variables, too_complex
from execution.metrics import DOCUMENTS, PLANS
from execution.plan import Plan, Planner, Unplanned
from execution.values import Variables

MAX_DOCUMENTS = 500
MAX_TOTAL_LENGTH = 1_000_000  # of their texts; the parsed trees take about fifty times as much
MAX_SIZES = 20  # combinations of page sizes remembered for a document
MAX_SIZES_LENGTH = 100
MAX_PLANS = 16  # of one operation: combinations of what @skip and @include are told


class Operation:
    """One operation of a valid document, and its plans."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
    ) -> None:
        self.type = OperationType(node.operation.value)
        self.variables = Variables(schema, node)
        self._document, self._node = document, node
        self._deciding = _deciding(document)
        self._plans: OrderedDict[tuple[Any, ...], Plan | Unplanned] = OrderedDict()

    def plan(self, variables: VariableValues, planner: Planner) -> Plan:
        """The plan for what these variables leave in. Raises: Unplanned."""
        key = tuple(variables.coerced.get(name) for name in self._deciding)
        plan = self._plans.get(key)
        PLANS[plan is not None].inc()
        if plan is None:
            plan = self._plans[key] = self._made(variables, planner)
            if len(self._plans) > MAX_PLANS:
                self._plans.popitem(last=False)
        if isinstance(plan, Unplanned):
            raise plan
        return plan

    def _made(self, variables: VariableValues, planner: Planner) -> Plan | Unplanned:
        try:
            return planner.plan(self._document, self._node, variables)
        except Unplanned as unplanned:
            return unplanned


class Known:
    """A valid document, its operations, and the page sizes with which it was within limits."""

    def __init__(self, document: DocumentNode, length: int) -> None:
        self.document = document
        self.length = length
        self._variables = page_variables(document)
        self._passed: set[str] = set()
        self._operations: dict[str | None, Operation] = {}

    def operation(self, schema: GraphQLSchema, name: str | None) -> Operation | None:
        """The operation of that name, or the only one; None where that names none."""
        if name not in self._operations:
            fitting = [
                node
                for node in self.document.definitions
                if isinstance(node, OperationDefinitionNode)
                and (name is None or (node.name is not None and node.name.value == name))
            ]
            if len(fitting) != 1:
                return None
            self._operations[name] = Operation(schema, self.document, fitting[0])
        return self._operations[name]

    def passed(self, variables: Mapping[str, Any]) -> bool:
        """Whether it passed with these page sizes before."""
        return self._sizes(variables) in self._passed

    def passes(self, variables: Mapping[str, Any]) -> None:
        """Remembers that it passed."""
        sizes = self._sizes(variables)
        if len(self._passed) < MAX_SIZES and len(sizes) <= MAX_SIZES_LENGTH:
            self._passed.add(sizes)

    def _sizes(self, variables: Mapping[str, Any]) -> str:
        return repr([variables.get(name, ...) for name in self._variables])


class Documents:
    """The valid documents used last; those that failed are not kept, so none push others out."""

    def __init__(
        self, *, max_documents: int = MAX_DOCUMENTS, max_total_length: int = MAX_TOTAL_LENGTH
    ) -> None:
        self._kept: OrderedDict[bytes, Known] = OrderedDict()
        self._max_documents = max_documents
        self._max_total_length = max_total_length
        self._total_length = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, text: str) -> Known | None:
        """The document of exactly this text, if it is kept."""
        key = _key(text)
        found = self._kept.get(key)
        DOCUMENTS[found is not None].inc()
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, text: str, document: DocumentNode) -> Known:
        """Keeps a valid document, and forgets those not used for longest."""
        key = _key(text)
        if key in self._kept:
            return self._kept[key]
        known = self._kept[key] = Known(document, len(text))
        self._total_length += len(text)
        while len(self._kept) > self._max_documents or self._total_length > self._max_total_length:
            _, forgotten = self._kept.popitem(last=False)
            self._total_length -= forgotten.length
        return known


class Checks(SchemaExtension):
    """What stands between a text and its execution: limits first, then validation.

    It raises nothing: an exception in a hook would be lost on the streaming transports.
    """

    def __init__(self, documents: Documents, *, introspection: bool) -> None:
        self._documents = documents
        self._rules = (
            specified_rules
            if introspection
            else (*specified_rules, NoSchemaIntrospectionCustomRule)
        )
        self._known: Known | None = None

    def on_parse(self) -> Iterator[None]:
        """Takes the document from the kept ones; otherwise it is parsed within limits."""
        context = self.execution_context
        options: dict[str, int] = {"max_lexical_tokens": MAX_TOKENS, "max_comments": MAX_COMMENTS}
        context.parse_options = options  # type: ignore[assignment]
        self._known = self._documents.find(context.query) if context.query else None
        context.graphql_document = self._known.document if self._known else None
        yield

    def on_validate(self) -> Iterator[None]:
        """Answers for validation: an empty list says that the document may run."""
        context = self.execution_context
        document = context.graphql_document
        assert document is not None
        errors = self._errors(document)
        if not errors and self._known is None and context.query:
            self._documents.keep(context.query, document)
        context.pre_execution_errors = errors
        yield

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        context = self.execution_context
        schema = context.schema._schema
        over = self._over(document, schema)
        if over is not None:
            return [over]
        if context._provided_operation_name is None and _operations(document) > 1:
            sentence = "The document has several operations; operationName says which one to run."
            return [refused(sentence, Code.BAD_INPUT)]
        if self._known is not None:
            return []
        try:
            errors = validate_document(schema, document, self._rules)
        except RecursionError:
            return [refused("The document is nested too deeply.", Code.TOO_COMPLEX)]
        return [invalid_document(error) for error in errors]

    def _over(self, document: DocumentNode, schema: GraphQLSchema) -> GraphQLError | None:
        variables = self.execution_context.variables or {}
        if self._known is not None and self._known.passed(variables):
            return None
        over = too_complex(document, schema, variables)
        if over is None and self._known is not None:
            self._known.passes(variables)
        return over


def _deciding(document: DocumentNode) -> tuple[str, ...]:
    """The variables that @skip and @include look at: what they are told shapes the plan."""
    names = {
        argument.value.name.value
        for node in nodes(document)
        for directive in node.directives or ()
        for argument in directive.arguments or ()
        if isinstance(argument.value, VariableNode)
    }
    return tuple(sorted(names))


def _operations(document: DocumentNode) -> int:
    return sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
