"""Our server as the bench runs it: the application on a MongoDB that is there, without explaining.

With `--plain` Strawberry executes everything and no plan is used.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import uvicorn
from starlette.applications import Starlette

import server
from routes.graphql import graphql_routes
from routes.identity import Identity
from settings import Settings
from storage.embedded import Endpoints


def endpoints() -> Endpoints:
    """The MongoDB of the bench; no object store takes part in it."""
    return Endpoints(
        mongo_url=os.environ.pop("MONGO_URL"),  # else the settings want an object store too
        s3_endpoint="127.0.0.1:9",
        s3_access_key="nobody",
        s3_secret_key="nothing-is-stored-here",
        pii_key="the-bench-seals-with-this",
        evidence_key="the-bench-signs-nothing",
        token_key=os.environ["TOKEN_KEY"],
    )


def application(*, compiled: bool) -> Starlette:
    """The served application; its GraphQL with or without plans."""
    there = endpoints()
    settings = Settings(explain_plans=False, mongo_database=os.environ["MONGO_DATABASE"])
    wiring = server.wire(settings, there)
    whole = server.application(settings, wiring)
    # Without its lifespan: what is scheduled would be counted as the cost of requests.
    routes = whole.routes
    if not compiled:
        context_of = Identity(wiring.stores, wiring.trust).context
        plain = graphql_routes(server.graphql_schema(compiled=False), context_of=context_of)
        routes = [*plain, *routes]
    return Starlette(routes=routes, exception_handlers=whole.exception_handlers)


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", action="store_true", help="without compiled plans")
    plain = parser.parse_args().plain
    app = application(compiled=not plain)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_config=None,
        access_log=False,
        ws_max_size=server.MAX_WS_MESSAGE,
    )
    server.settle_memory()
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
