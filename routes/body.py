"""What a request asks: its headers, its bounded body, and the one operation in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from execution.errors import Code
from execution.limits import MAX_DOCUMENT_BYTES

MAX_BODY_BYTES = 1_048_576
MAX_QUERY_STRING_BYTES = 16_384
MAX_PARAMETERS = 10
MAX_ACCEPTS = 100  # headers whose meaning is remembered
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"
# A browser sends these to another site only after that site allowed it.
PREFLIGHT_HEADERS = ("authorization", "x-requested-with", "apollo-require-preflight")
_MEANT = {
    "*/*": JSON,
    "application/*": JSON,
    JSON: JSON,
    GRAPHQL_JSON: GRAPHQL_JSON,
    EVENTS: EVENTS,
}


class BadRequest(Exception):
    """A request that is answered without being executed."""

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        code: Code = Code.BAD_INPUT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as a client sent it."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the client wants the answer."""

    media: str  # what it likes best
    events: bool  # whether it takes a stream of events at all


@lru_cache(maxsize=MAX_ACCEPTS)
def wanted(accept: str | None) -> Answer:
    """What the Accept header asks for; no header means JSON. Raises: BadRequest."""
    if not accept:
        return Answer(media=JSON, events=False)
    offers = [_offer(part) for part in accept.split(",")]
    liked = sorted((offer for offer in offers if offer[0] > 0), key=lambda offer: -offer[0])
    media = [_MEANT[name] for _, name in liked if name in _MEANT]
    if not media:
        raise BadRequest(406, f"Answers are given as {GRAPHQL_JSON}, {JSON} or {EVENTS}.")
    return Answer(media=media[0], events=EVENTS in media)


def _offer(part: str) -> tuple[float, str]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:]), name
            except ValueError:
                return 0.0, name
    return 1.0, name


def refuse_unlikely(method: str, headers: Mapping[str, str]) -> None:
    """Refuses by the headers alone, before anything is read. Raises: BadRequest."""
    if method not in {"GET", "POST"}:
        raise BadRequest(405, "Operations come by GET or POST.", headers={"Allow": "GET, POST"})
    if method == "GET":
        if not any(name in headers for name in PREFLIGHT_HEADERS):
            raise BadRequest(400, f"A GET needs one of the headers {', '.join(PREFLIGHT_HEADERS)}.")
        return
    kind, _, parameters = headers.get("content-type", "").lower().partition(";")
    if kind.strip() == "multipart/form-data":
        raise BadRequest(
            415, "Files do not travel in GraphQL; ask for an upload and send it there."
        )
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if kind.strip() != JSON or (charset and charset not in {"utf-8", "utf8"}):
        raise BadRequest(415, f"A POST needs Content-Type: {JSON}, in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        taken = {"Accept-Encoding": "identity"}
        raise BadRequest(415, "The body has to come uncompressed.", headers=taken)


def headers_of(request: Request) -> dict[str, str]:
    """The headers, looked up often; of a repeated one the first counts."""
    given = reversed(request.scope["headers"])
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in given}


async def read_operation(request: Request, headers: Mapping[str, str]) -> Operation:
    """The operation of a request. Raises: BadRequest."""
    if request.method == "GET":
        return operation_of(_parameters(request.scope["query_string"]))
    return operation_of(decoded(await _body(request, headers.get("content-length", "0"))))


async def _body(request: Request, promised: str) -> bytes:
    """The whole body, counted while it comes in: a length may be left out or lied about."""
    body = bytearray()
    if not promised.isdecimal() or len(promised) > 9 or int(promised) > MAX_BODY_BYTES:
        raise _too_large()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> BadRequest:
    return BadRequest(413, f"The body may be {MAX_BODY_BYTES:,} bytes at most.")


def _parameters(query_string: bytes) -> dict[str, Any]:
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        limit = f"{MAX_QUERY_STRING_BYTES:,}"
        raise BadRequest(414, f"The query string may be {limit} bytes at most; send a POST.")
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise BadRequest(400, "The query string is not well formed UTF-8.") from error
    given: dict[str, Any] = dict(pairs)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = decoded(given[name])
    return given


def decoded(text: bytes | str) -> Any:
    """The value of a JSON text. Raises: BadRequest for bad UTF-8, depth or numbers too."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, f"This is not JSON that can be read: {error.msg}.") from error


def operation_of(given: object) -> Operation:
    """The operation in a JSON value, its shape checked. Raises: BadRequest."""
    if isinstance(given, list):
        raise BadRequest(400, "Several operations at once are not taken; send one a request.")
    if not isinstance(given, dict):
        raise BadRequest(400, "The request has to be a JSON object.")
    query, variables, name = (given.get(key) for key in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise BadRequest(400, "`query` has to be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest(400, "`variables` has to be an object.")
    if not isinstance(name, str | None):
        raise BadRequest(400, "`operationName` has to be a string.")
    if not isinstance(given.get("extensions"), dict | None):
        raise BadRequest(400, "`extensions` has to be an object.")
    if len(query.encode()) > MAX_DOCUMENT_BYTES:
        sentence = f"The document may be {MAX_DOCUMENT_BYTES:,} bytes at most."
        raise BadRequest(413, sentence, code=Code.TOO_COMPLEX)
    return Operation(query=query, variables=variables, name=name or None)
