"""Demonstration doors (演示): tokens for anyone, a clock to move, jobs on demand.

They exist only with the embedded servers and without a real identity provider; otherwise 404.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.calendar import SHANGHAI, business_date
from resolvers.context import Stores
from routes.identity import Trust

MAX_BODY = 10_000
MAX_USERS = 1_000


def demonstration_routes(
    stores: Stores, trust: Trust, *, run_jobs: Callable[[], Awaitable[dict[str, int]]]
) -> list[Route]:
    """The doors of the demonstration."""

    async def token(request: Request) -> Response:
        login = (await _body(request)).get("user")
        known = await stores.mongo.database["users"].find_one({"login": str(login)})
        if known is None:
            return _wrong("There is nobody with this login; GET /demo/users lists them.", 404)
        return JSONResponse({"token": trust.issue(str(login))})

    async def users(_request: Request) -> Response:
        found = stores.mongo.database["users"].find({}).sort("login", 1)
        people = [
            {
                "login": user["login"],
                "name": user["name"],
                "org": user["org_code"],
                "roles": [
                    {"role": grant["role"], "org": grant["org_code"]} for grant in user["roles"]
                ],
                "vaults": user["vaults"],
            }
            for user in await found.to_list(MAX_USERS)
        ]
        return JSONResponse({"users": people})

    async def clock(request: Request) -> Response:
        body = await _body(request)
        if "now" not in body:
            return _wrong('Send {"now": "2025-06-20T10:00:00+08:00"}, or null to free it.')
        moment = None
        if body["now"] is not None:
            try:
                moment = datetime.fromisoformat(str(body["now"]))
            except ValueError:
                return _wrong("`now` is an RFC 3339 moment, like 2025-06-20T10:00:00+08:00.")
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=SHANGHAI)
        await stores.clock.hold(stores.mongo, moment)
        now = stores.clock.now()
        return JSONResponse(
            {
                "now": now.isoformat(timespec="milliseconds"),
                "businessDate": business_date(now).isoformat(),
                "held": moment is not None,
            }
        )

    async def jobs(_request: Request) -> Response:
        return JSONResponse({"jobs": await run_jobs()})

    return [
        Route("/demo/token", _guarded(token), methods=["POST"]),
        Route("/demo/users", _guarded(users), methods=["GET"]),
        Route("/demo/clock", _guarded(clock), methods=["POST"]),
        Route("/demo/run-jobs", _guarded(jobs), methods=["POST"]),
    ]


class _BadBody(Exception):
    """A body that is no JSON object."""


def _guarded(handler: Callable[[Request], Awaitable[Response]]) -> Any:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except _BadBody:
            return _wrong("Send a JSON object.")

    return guarded


async def _body(request: Request) -> dict[str, Any]:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise _BadBody
    try:
        content = orjson.loads(bytes(raw))
    except orjson.JSONDecodeError:
        raise _BadBody from None
    if not isinstance(content, dict):
        raise _BadBody
    return content


def _wrong(sentence: str, status: int = 400) -> Response:
    code = "NOT_FOUND" if status == 404 else "BAD_USER_INPUT"
    return JSONResponse({"error": {"code": code, "message": sentence}}, status_code=status)
