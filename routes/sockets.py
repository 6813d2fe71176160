"""graphql-transport-ws: every message checked, every error told to the operation it belongs to."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessagePayload

from execution.errors import Code, Unauthenticated, fault, refused
from routes.body import MAX_BODY_BYTES, BadRequest, Operation, decoded, operation_of


class Asking(Protocol):
    """The context of an operation."""

    async def identified(self) -> None:
        """Looks up who asks. Raises: Unauthenticated."""


ContextOf: TypeAlias = Callable[[Mapping[str, str], str | None], Awaitable[Asking]]

MAX_REASON_BYTES = 123  # what a close frame can carry
MAX_ID_LENGTH = 200
TOO_BIG = 1009
UNAUTHORIZED = 4401
OUR_FAULT = 4500
WITH_ID = frozenset({"subscribe", "complete"})
TYPES = WITH_ID | {"connection_init", "ping", "pong"}


class Socket(ASGIWebSocketAdapter):
    """A WebSocket that ends quietly, whichever side ends it."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """The messages, until either side closes."""
        while self.ws.application_state is not WebSocketState.DISCONNECTED:
            message = await self.ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            if len(text) > MAX_BODY_BYTES:
                await self.close(TOO_BIG, f"A message may be {MAX_BODY_BYTES:,} bytes at most")
                return
            try:
                value = decoded(text)
            except BadRequest as error:
                raise NonJsonMessageReceived from error
            yield value

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Sends a message. Raises: WebSocketDisconnected."""
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Closes, if it is not closed yet."""
        short = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        with suppress(WebSocketDisconnect, RuntimeError):
            await self.ws.close(code, short)


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """The protocol's server side; no operation can close the socket for the others."""

    view: Any
    websocket: Socket
    _bearer: str | None = None

    async def handle_message(self, message: Any) -> None:
        """Checks the message's shape first; what is malformed closes the socket, as agreed."""
        problem = _problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        """Learns who is there before anything else; a token may stand in the payload."""
        payload = message.get("payload") or {}
        if not self.connection_init_received:
            given = payload.get("authorization", payload.get("Authorization"))
            header = self.websocket.ws.headers.get("authorization")
            self._bearer = given if isinstance(given, str) else header
            try:
                await self._know_caller()
            except Unauthenticated as unknown:
                await self.websocket.close(UNAUTHORIZED, str(unknown))
                return
            except Exception as cause:
                await self.websocket.close(OUR_FAULT, fault(cause).message)
                return
        await super().handle_connection_init({"type": "connection_init", "payload": payload})

    async def handle_subscribe(self, message: Any) -> None:
        """Starts an operation, or says why not to its id alone."""
        id, payload = message["id"], message["payload"]
        if not self.connection_acknowledged or id in self.operations:
            await super().handle_subscribe(message)
            return
        limit = self.max_subscriptions_per_connection
        try:
            operation = operation_of(payload)
        except BadRequest as bad:
            if bad.code is not Code.TOO_COMPLEX:
                await self.handle_invalid_message(str(bad))
                return
            await self._refuse(id, refused(str(bad), bad.code))
            return
        if limit is not None and len(self.operations) >= limit:
            sentence = f"A connection runs {limit} operations at once at most."
            await self._refuse(id, refused(sentence, Code.BAD_INPUT))
            return
        try:
            await self._know_caller()
        except Unauthenticated as unknown:
            await self._refuse(id, refused(str(unknown), Code.UNAUTHENTICATED))
            return
        await super().handle_subscribe(
            {"id": id, "type": "subscribe", "payload": _payload(operation)}
        )

    async def _know_caller(self) -> None:
        """A fresh context for each operation: its own moment, its own reads, today's roles."""
        context = await self.view.context_of(self.websocket.ws.headers, self._bearer)
        await context.identified()
        self.context = context

    async def handle_task_exception(self, error: Exception) -> None:
        """A client that went away is no fault of ours."""
        if not isinstance(error, WebSocketDisconnected):
            fault(error)

    async def _refuse(self, id: str, error: GraphQLError) -> None:
        await self.send_message({"id": id, "type": "error", "payload": [error.formatted]})

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """Errors of one operation are told to it; the socket stays open for the others."""
        return None


def _payload(operation: Operation) -> SubscribeMessagePayload:
    return {
        "query": operation.query,
        "variables": operation.variables,
        "operationName": operation.name,
    }


def _problem(message: Any) -> str | None:
    """What is wrong with a message's shape."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    kind, id, payload = message["type"], message.get("id"), message.get("payload")
    if kind not in TYPES:
        return "Unknown message type"
    if kind in WITH_ID and not (isinstance(id, str) and 0 < len(id) <= MAX_ID_LENGTH):
        return f"{kind} needs an id of 1 to {MAX_ID_LENGTH} characters"
    if kind == "subscribe" and not isinstance(payload, dict):
        return "subscribe needs a payload"
    if kind != "complete" and not isinstance(payload, dict | None):
        return f"The payload of {kind} is an object"
    return None
