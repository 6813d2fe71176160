"""The executable schema: Strawberry's, with our error policy on every way out."""

import strawberry
from graphql import GraphQLError
from strawberry.types import ExecutionContext

from execution.errors import coded


class Schema(strawberry.Schema):
    """A schema whose errors all carry a code; its extensions come from `execution.extensions`."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Replaces every error of a result in place, before any transport sees it."""
        errors[:] = [coded(error) for error in errors]
