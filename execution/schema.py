"""The executable schema: Strawberry's, with compiled plans in front and one error policy behind."""

from collections.abc import Callable, Iterable
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, GraphQLField, GraphQLSchema, execute
from graphql import ExecutionResult as CoreResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.utils.await_maybe import await_maybe

from execution.documents import Documents, Operation
from execution.engine import Engine, Outcome, Outcomes
from execution.errors import coded
from execution.plan import Planner, converter
from schema.fields import AskedField

_ALL = frozenset(OperationType)


class Told(dict[str, Any]):
    """Carries an outcome through Strawberry's execution, as the extensions of its operation."""

    outcome: Outcome | None = None


class Schema(strawberry.Schema):
    """A schema whose operations run compiled where they can, and whose errors all carry a code.

    documents: kept between requests; the extensions of `execution.extensions` share them.
    compiled: whether plans are used at all. explain: whether `extensions.plan` of each answer says
    how it was executed, and why graphql-core had to.
    """

    def __init__(
        self,
        *roots: type | None,
        documents: Documents,
        compiled: bool = True,
        explain: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*roots, **options)  # type: ignore[arg-type]
        self._documents, self._explain = documents, explain
        self._engine = Engine(Planner(self._schema, converter(self))) if compiled else None
        for root in (self._schema.query_type, self._schema.mutation_type):
            for field in root.fields.values() if root else ():
                _brings_once(field)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Executes a query or mutation.

        A known document goes straight to its plan: Strawberry's own way there costs as much as
        the reads. A new one goes Strawberry's way, is checked there, and meets `_run` at its end.
        Who asks is looked up in the plan's own hop, or else before anything happens.
        Raises: Unauthenticated.
        """
        told = Told()
        allowed = _ALL if allowed_operation_types is None else allowed_operation_types
        operation = self._known(query, variable_values, operation_name, allowed)
        if operation is not None and self._engine is not None:
            told.outcome = await self._engine.run(operation, variable_values or {}, context_value)
            if told.outcome.reason is None:
                plan = self._explained(told.outcome)
                return ExecutionResult(data=told.outcome.data, errors=None, extensions=plan)
            root_value = told.outcome.brought
        if context_value is not None:
            await context_value.identified()
        result = await super().execute(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            told,
        )
        if told.outcome is not None and (plan := self._explained(told.outcome)):
            result.extensions = {**(result.extensions or {}), **plan}
        return result

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Replaces every error of a result in place, before any transport sees it."""
        errors[:] = [coded(error) for error in errors]

    def _known(
        self,
        query: str | None,
        variables: dict[str, Any] | None,
        name: str | None,
        allowed: Iterable[OperationType],
    ) -> Operation | None:
        """The operation, where its document was checked before and passes as it is asked now."""
        known = self._documents.find(query) if query else None
        if known is None or not known.passed(variables or {}):
            return None
        operation = known.operation(self._schema, name)
        return operation if operation is not None and operation.type in allowed else None

    def _get_execute_function(self) -> Callable[..., Any]:
        """Strawberry asks here for the function that executes a document it has checked."""
        return self._run

    async def _run(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        *,
        root_value: Any,
        variable_values: dict[str, Any] | None,
        operation_name: str | None,
        context_value: Any,
        operation_extensions: dict[str, Any] | None,
        **options: Any,
    ) -> CoreResult:
        """Runs a document compiled, or has graphql-core execute it."""
        if self._engine is not None and not isinstance(root_value, Outcomes):
            assert document.loc is not None
            known = self._documents.find(document.loc.source.body)
            operation = None if known is None else known.operation(schema, operation_name)
            if operation is not None:
                outcome = await self._engine.run(operation, variable_values or {}, context_value)
                if isinstance(operation_extensions, Told):
                    operation_extensions.outcome = outcome
                if outcome.reason is None:
                    return CoreResult(outcome.data, None)
                root_value = outcome.brought
        result: CoreResult = await await_maybe(
            execute(
                schema,
                document,
                root_value=root_value,
                variable_values=variable_values,
                operation_name=operation_name,
                context_value=context_value,
                operation_extensions=operation_extensions,
                **options,
            )
        )
        return result

    def _explained(self, outcome: Outcome) -> dict[str, Any] | None:
        if not self._explain:
            return None
        if outcome.reason is None:
            return {"plan": {"compiled": True, "reads": outcome.reads}}
        return {"plan": {"compiled": False, "reason": outcome.reason}}


def _brings_once(field: GraphQLField) -> None:
    """Where a plan has had a root resolver's outcome and failed later, graphql-core is given it."""
    resolve = field.resolve
    if resolve is None or isinstance(field.extensions.get("strawberry-definition"), AskedField):
        return

    def once(source: Any, info: Any, **arguments: Any) -> Any:
        if not isinstance(source, Outcomes) or info.path.key not in source:
            return resolve(source, info, **arguments)
        outcome = source[info.path.key]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    field.resolve = once
