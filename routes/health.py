"""Whether the server lives, whether it can do its work, and what it counts."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resolvers.context import Stores
from storage.errors import Unavailable

PATIENCE_S = 8.0


class Promise:
    """Whether this store keeps what it promised (WORM): the canary's latest answer."""

    kept: bool | None = None  # none: not yet asked


def health_routes(stores: Stores, promise: Promise) -> list[Route]:
    """`/healthz`, `/readyz` and `/metrics`."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        checks = {
            "mongo": await _answer(stores.mongo.ping()),
            "objects": await _answer(stores.objects.ping()),
        }
        well = all(answer == "ok" for answer in checks.values())
        body = {
            "status": "ready" if well else "unready",
            "checks": checks,
            "objectLockKept": promise.kept,
        }
        return JSONResponse(body, status_code=200 if well else 503)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", metrics)]


async def _answer(question: object) -> str:
    try:
        await asyncio.wait_for(question, PATIENCE_S)  # type: ignore[arg-type]
    except (Unavailable, TimeoutError):
        return "does not answer"
    return "ok"
