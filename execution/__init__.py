"""How operations are checked, executed and answered: limits, known documents, one error policy."""

from collections.abc import Callable

from strawberry.extensions import SchemaExtension

from execution.documents import Checks, Documents


def extensions(*, introspection: bool) -> list[Callable[[], SchemaExtension]]:
    """The checks of one schema; ask for a list of its own for each schema.

    introspection: whether clients may ask for the schema itself.
    """
    documents = Documents()
    return [lambda: Checks(documents, introspection=introspection)]
