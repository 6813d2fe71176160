"""Parsed and validated documents, kept by their text so that each is checked once."""

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
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from execution.errors import Code, invalid_document, refused
from execution.limits import MAX_COMMENTS, MAX_TOKENS, page_variables, too_complex

MAX_DOCUMENTS = 500
MAX_TOTAL_LENGTH = 1_000_000  # of their texts; the parsed trees take about fifty times as much
MAX_SIZES = 20  # combinations of page sizes remembered for a document
MAX_SIZES_LENGTH = 100


class Known:
    """A valid document, and the page sizes with which it was within limits."""

    def __init__(self, document: DocumentNode, length: int) -> None:
        self.document = document
        self.length = length
        self._variables = page_variables(document)
        self._passed: set[str] = set()

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
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keeps a valid document, and forgets those not used for longest."""
        key = _key(text)
        if key in self._kept:
            return
        self._kept[key] = Known(document, len(text))
        self._total_length += len(text)
        while len(self._kept) > self._max_documents or self._total_length > self._max_total_length:
            _, forgotten = self._kept.popitem(last=False)
            self._total_length -= forgotten.length


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


def _operations(document: DocumentNode) -> int:
    return sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
