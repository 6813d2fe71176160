"""How operations are checked, executed and answered: limits, plans, one error policy."""

from collections.abc import Callable

from strawberry.extensions import SchemaExtension

from execution.documents import Checks, Documents


def extensions(documents: Documents, *, introspection: bool) -> list[Callable[[], SchemaExtension]]:
    """The checks of one schema, which keeps its documents.

    introspection: whether clients may ask for the schema itself.
    """
    return [lambda: Checks(documents, introspection=introspection)]
