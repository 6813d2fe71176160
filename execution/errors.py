"""One policy for every GraphQL error: a code to act on, and nothing a client should not see."""

import logging
import re
from enum import StrEnum

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from ulid import ULID

from domain.refusals import Forbidden
from storage.pages import BadCursor, BadPage

_LOG = logging.getLogger(__name__)
_SUGGESTION = re.compile(r"\s*Did you mean .*\?$", re.DOTALL)


class Code(StrEnum):
    """What `extensions.code` may say; clients branch on it, so none is renamed or reused."""

    PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    TOO_COMPLEX = "DOCUMENT_TOO_COMPLEX"
    BAD_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    FAULT = "INTERNAL_SERVER_ERROR"


class Unauthenticated(Exception):
    """Nobody we know is asking; the message is for the caller."""


def coded(error: GraphQLError) -> GraphQLError:
    """The error as the client may see it; a fault is logged in full and masked."""
    if error.extensions and "code" in error.extensions:
        return error
    if isinstance(error, GraphQLSyntaxError):
        return _with_code(error, _parse_code(error))
    origin = _origin(error)
    match origin:
        case Forbidden():
            return _with_code(error, Code.FORBIDDEN)
        case Unauthenticated():
            return _with_code(error, Code.UNAUTHENTICATED)
        case BadPage() | CannotGetOperationTypeError() | InvalidOperationTypeError():
            return _with_code(error, Code.BAD_INPUT)
        case BadCursor():
            error.message = "This cursor was not given out by this list."
            return _with_code(error, Code.BAD_INPUT)
    if _is_about_input(error, origin):
        return _with_code(error, Code.BAD_INPUT)
    return _masked(error, origin)


def fault(cause: BaseException) -> GraphQLError:
    """A bug or an outage: told as a reference number, under which the log has everything."""
    reference = str(ULID())
    _LOG.error("fault %s", reference, exc_info=cause)
    return GraphQLError(
        f"Something went wrong on our side. Please quote {reference} when you report it.",
        extensions={"code": Code.FAULT, "reference": reference},
    )


def refused(sentence: str, code: Code) -> GraphQLError:
    """An error of our own making."""
    return GraphQLError(sentence, extensions={"code": code})


def _parse_code(error: GraphQLSyntaxError) -> Code:
    return Code.TOO_COMPLEX if "Parsing aborted" in error.message else Code.PARSE_FAILED


def _is_about_input(error: GraphQLError, origin: BaseException | None) -> bool:
    """Whether variables or arguments did not fit their types.

    Variables are read before any field, so their errors have no path; an exception of ours that
    ended the operation has neither a path nor a place in the document.
    """
    if error.path is None:
        return origin is None or bool(error.nodes)
    told_by_graphql = isinstance(error.original_error, GraphQLError)
    return told_by_graphql and error.message.startswith("Argument '")


def _origin(error: GraphQLError) -> BaseException | None:
    """The exception at the bottom, None where GraphQL itself complained."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _masked(error: GraphQLError, origin: BaseException | None) -> GraphQLError:
    masked = fault(origin or error.original_error or error)
    return GraphQLError(masked.message, error.nodes, path=error.path, extensions=masked.extensions)


def _with_code(error: GraphQLError, code: Code) -> GraphQLError:
    """The same error with a code, and without naming fields the caller did not know of."""
    error.message = _SUGGESTION.sub("", error.message)
    error.extensions = {**(error.extensions or {}), "code": code}
    return error


def invalid_document(error: GraphQLError) -> GraphQLError:
    """What validation says about a document."""
    return _with_code(error, Code.VALIDATION_FAILED)
