"""GraphQL at one path: JSON over HTTP, a stream of events, and graphql-transport-ws."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http.streaming import SSETransport, merge_stream_with_heartbeat
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from execution.errors import Code, Unauthenticated, fault, refused
from routes.body import (
    EVENTS,
    GRAPHQL_JSON,
    JSON,
    Answer,
    BadRequest,
    Operation,
    headers_of,
    read_operation,
    refuse_unlikely,
    wanted,
)
from routes.sockets import Asking, ContextOf, Socket, SocketHandler

MAX_OPERATIONS_PER_SOCKET = 50
INIT_TIMEOUT = timedelta(seconds=10)
HEARTBEAT_SECONDS = 15.0
STATUS_OF = {Code.FAULT: 500, Code.UNAUTHENTICATED: 401}  # of a request that was not executed


def graphql_routes(
    schema: strawberry.Schema,
    *,
    context_of: ContextOf,
    path: str = "/graphql",
    init_timeout: timedelta = INIT_TIMEOUT,
) -> list[BaseRoute]:
    """The doors of a schema.

    context_of: makes the context from the headers and the raw value of Authorization, once a
    request or once a WebSocket; raises Unauthenticated.
    init_timeout: how long a WebSocket may stay silent before it says who it is.
    """
    view = GraphQLView(schema, context_of, init_timeout)
    return [Route(path, view), WebSocketRoute(path, view)]


class GraphQLView(GraphQL[Any, None]):
    """Strawberry's view with its own way in and out for HTTP."""

    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = Socket

    def __init__(
        self, schema: strawberry.Schema, context_of: ContextOf, init_timeout: timedelta
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=init_timeout,
            max_subscriptions_per_connection=MAX_OPERATIONS_PER_SOCKET,
            # Who asks is told by a token in the first message, which no foreign page has.
            allowed_origins=("*",),
        )
        self.context_of = context_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request or serves a WebSocket."""
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive=receive, send=send))
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def get_context(self, request: object, response: object) -> Any:
        """A WebSocket gets its context with its first message."""
        return None

    async def _answer(self, request: Request) -> Response:
        media = JSON
        try:
            headers = headers_of(request)
            answer = wanted(headers.get("accept"))
            media = GRAPHQL_JSON if answer.media == GRAPHQL_JSON else JSON
            refuse_unlikely(request.method, headers)
            context = await self.context_of(headers, headers.get("authorization"))
            operation = await read_operation(request, headers)
            return await self._executed(request.method, answer, operation, context)
        except BadRequest as bad:
            error = refused(str(bad), bad.code)
            return _refusal(error, media=media, status=bad.status, headers=bad.headers)
        except Unauthenticated as unknown:
            error = refused(str(unknown), Code.UNAUTHENTICATED)
            return _refusal(error, media=media, status=401)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as cause:
            return _refusal(fault(cause), media=media, status=500)

    async def _executed(
        self, method: str, answer: Answer, operation: Operation, context: Asking
    ) -> Response:
        allowed = {OperationType.QUERY}
        if method == "POST":
            allowed.add(OperationType.MUTATION)
        if answer.media == EVENTS:
            return await self._events(allowed, operation, context)
        try:
            result = await self.schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.name,
                allowed_operation_types=allowed,
            )
        except CannotGetOperationTypeError as error:
            unknown = refused(error.as_http_error_reason(), Code.BAD_INPUT)
            return _refusal(unknown, media=answer.media)
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                allow = {"Allow": "POST"}
                raise BadRequest(405, "Mutations come by POST.", headers=allow) from error
            if answer.events:
                return await self._events(allowed, operation, context)
            sentence = f"Subscriptions come over a WebSocket or with Accept: {EVENTS}."
            raise BadRequest(406, sentence) from error
        return _response(result, answer.media)

    async def _events(
        self, allowed: set[OperationType], operation: Operation, context: Asking
    ) -> Response:
        """Every result as an event, errors included: a stream has no other place for them."""
        await context.identified()
        results = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.name,
            allowed_operation_types={*allowed, OperationType.SUBSCRIPTION},
        )
        transport = SSETransport()

        async def events() -> AsyncGenerator[str, None]:
            async for result in results:
                assert isinstance(result, ExecutionResult)
                yield transport.encode_next(_told(result), self.encode_json)
            yield transport.encode_complete()

        stream = merge_stream_with_heartbeat(
            events,
            lambda: transport.heartbeat_message(self.encode_json),
            interval=HEARTBEAT_SECONDS,
            send_initial_heartbeat=False,
        )
        return StreamingResponse(stream(), headers=transport.headers)

    def encode_json(self, data: object) -> str:
        """JSON as text, which is what WebSockets and events carry."""
        return encoded(data).decode()


def encoded(data: object) -> bytes:
    """JSON of an answer; stored text that is no valid Unicode is escaped rather than lost."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()


def _told(result: ExecutionResult) -> Any:
    told: dict[str, object] = {"data": result.data}
    if result.errors:
        told["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        told["extensions"] = result.extensions
    return told


def _response(result: ExecutionResult, media: str) -> Response:
    errors = result.errors or []
    never_ran = result.data is None and bool(errors) and all(e.path is None for e in errors)
    if never_ran:
        return _refusal(*errors, media=media)
    return _json(_told(result), media, status=200)


def _refusal(
    *errors: GraphQLError,
    media: str,
    status: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An answer without data.

    A well formed request that GraphQL itself refuses is 200 for clients that asked for plain JSON
    and 400 for those that asked for GraphQL's own media type.
    """
    if status is None:
        code = (errors[0].extensions or {}).get("code")
        status = STATUS_OF.get(code, 400 if media == GRAPHQL_JSON else 200)  # type: ignore[arg-type]
    body = {"errors": [error.formatted for error in errors]}
    return _json(body, media, status=status, headers=headers)


def _json(
    body: object, media: str, *, status: int, headers: dict[str, str] | None = None
) -> Response:
    extra = {"Cache-Control": "no-store", **(headers or {})}
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    return Response(encoded(body), status, extra, media_type=media)
