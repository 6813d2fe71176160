"""Lienkeeper: the application and its command line; the only file that knows every part."""

import argparse
import asyncio
import contextlib
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from jwt import PyJWKClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from strawberry.schema.config import StrawberryConfig
from ulid import ULID
from uvicorn.loops.auto import auto_loop_factory

from execution import extensions
from execution.documents import Documents
from execution.errors import Unauthenticated
from execution.schema import Schema
from jobs.schedule import run_all, run_forever
from resolvers.context import Stores
from resolvers.filing import Filer
from resolvers.root import NODES, Mutation, Query, Subscription
from routes.branch import admit_feed, load_branch
from routes.demonstration import demonstration_routes
from routes.evidence import evidence_routes
from routes.explorer import explorer_routes
from routes.files import file_routes
from routes.graphql import graphql_routes
from routes.health import Promise, health_routes
from routes.identity import Identity, Trust
from routes.imports import import_routes
from routes.labels import label_routes
from schema.fields import read_field
from schema.scalars import SCALARS
from settings import BadSettings, Settings, read_settings
from storage.bundles import MAX_BYTES, count, flaws
from storage.clock import Clock
from storage.embedded import CannotStart, Embedded, Endpoints, attach
from storage.errors import Busy, Unavailable
from storage.indexes import prepare
from storage.mongo import Mongo
from storage.notary import Notary, is_public_key
from storage.objects import Objects
from storage.rulebook import Rulebook
from storage.sealing import Sealer
from storage.verification import findings

_LOG = logging.getLogger("lienkeeper")
ROOT = Path(__file__).resolve().parent
SCHEMA_FILE = ROOT / "schema" / "schema.graphql"
MAX_WS_MESSAGE = 1024 * 1024
GRACE_S = 10
BACKLOG = 1024
CANARY_EVERY_S = 24 * 3600
BACKGROUND = "lienkeeper-background"  # to MongoDB, beside the name of requests
GARBAGE_THRESHOLD = 20_000  # new objects between two looks for cycles; a page of rows makes few


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The parts of one process.

    background: the same stores for what runs beside requests. Its connections and threads are its
    own: a long round of jobs keeps no request waiting, and MongoDB tells which of the two asks.
    """

    stores: Stores
    background: Stores
    trust: Trust

    def close(self) -> None:
        """Gives every connection back."""
        self.stores.objects.close()
        self.stores.mongo.close()
        self.background.mongo.close()


def graphql_schema(
    *, introspection: bool = True, compiled: bool = True, explain: bool = False
) -> Schema:
    """The schema that is served.

    compiled: whether operations run by compiled plans; the benches and tests compare both.
    """
    documents = Documents()
    return Schema(
        Query,
        Mutation,
        Subscription,
        documents=documents,
        compiled=compiled,
        explain=explain,
        types=NODES,
        extensions=extensions(documents, introspection=introspection),
        config=StrawberryConfig(
            default_resolver=read_field,
            scalar_map=SCALARS,
            disable_field_suggestions=True,
        ),
    )


def wire(settings: Settings, endpoints: Endpoints) -> Wiring:
    """Connects to the servers; nothing is asked of them yet."""
    mongo = Mongo(endpoints.mongo_url, settings.mongo_database)
    behind = Mongo(endpoints.mongo_url, settings.mongo_database, app_name=BACKGROUND)
    objects = Objects(
        endpoint=endpoints.s3_endpoint,
        access_key=endpoints.s3_access_key,
        secret_key=endpoints.s3_secret_key,
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        secure=settings.s3_secure,
        public_url=settings.s3_public_url,
    )
    clock = Clock()
    stores = Stores(
        mongo=mongo,
        objects=objects,
        sealer=Sealer(endpoints.pii_key),
        notary=Notary(endpoints.evidence_key),
        rulebook=Rulebook(mongo),
        clock=clock,
        filer=Filer(behind, objects, clock),
    )
    background = replace(stores, mongo=behind, rulebook=Rulebook(behind))
    return Wiring(stores=stores, background=background, trust=_trust(settings, endpoints))


def application(settings: Settings, wiring: Wiring) -> Starlette:
    """The ASGI application over parts that are prepared."""
    stores, trust = wiring.stores, wiring.trust
    identity, promise = Identity(stores, trust), Promise()
    routes = [
        *graphql_routes(
            graphql_schema(introspection=settings.introspection, explain=settings.explains),
            context_of=identity.context,
        ),
        *health_routes(stores, promise),
        *import_routes(identity.of),
        *file_routes(identity.of),
        *label_routes(identity.of),
        *evidence_routes(identity.of, stores),
    ]
    if settings.demonstration:
        routes += demonstration_routes(stores, trust, run_jobs=lambda: run_all(wiring.background))
    if settings.explorer:
        routes += explorer_routes(
            graphiql=ROOT / "node_modules", demonstration=settings.demonstration
        )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await stores.clock.load(stores.mongo)
        tasks = [
            asyncio.create_task(run_forever(wiring.background)),
            asyncio.create_task(_sing(stores, promise)),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, stores.filer.settled(), return_exceptions=True)

    return Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            Unauthenticated: _unauthenticated,
            Unavailable: _unavailable,
            Busy: _unavailable,
            Exception: _fault,
        },
    )


async def prepared(settings: Settings, wiring: Wiring) -> None:
    """Makes collections, indexes, the bucket and the feed's login. Raises: Unavailable."""
    await wiring.stores.mongo.ping()
    await prepare(wiring.stores.mongo)
    await wiring.stores.objects.prepare()
    await wiring.stores.clock.load(wiring.stores.mongo)
    await admit_feed(wiring.stores, settings.feed_login)


def settle_memory() -> None:
    """Takes what was made at start, and stays, out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)


def _trust(settings: Settings, endpoints: Endpoints) -> Trust:
    if settings.jwt_issuer is None:
        return Trust(key=endpoints.token_key)
    assert settings.jwt_audience is not None
    assert settings.jwt_jwks_url is not None
    return Trust(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        jwks=PyJWKClient(settings.jwt_jwks_url, cache_keys=True, lifespan=300, timeout=5),
    )


async def _sing(stores: Stores, promise: Promise) -> None:
    """Asks the canary at start and daily whether the store keeps what it promised."""
    while True:
        try:
            promise.kept = await stores.objects.canary()
        except Unavailable:
            promise.kept = None
        await asyncio.sleep(CANARY_EVERY_S)


async def _unauthenticated(_request: Request, error: Exception) -> Response:
    return JSONResponse(
        {"error": {"code": "UNAUTHENTICATED", "message": str(error)}},
        status_code=401,
        headers={"WWW-Authenticate": "Bearer"},
    )


async def _unavailable(_request: Request, error: Exception) -> Response:
    message = "A part of the server does not answer; please try again."
    _LOG.warning("unavailable: %s", error)
    return JSONResponse({"error": {"code": "UNAVAILABLE", "message": message}}, status_code=503)


async def _fault(_request: Request, error: Exception) -> Response:
    reference = str(ULID())
    _LOG.error("fault %s", reference, exc_info=error)
    message = f"Something went wrong on our side. Please quote {reference} when you report it."
    return JSONResponse(
        {"error": {"code": "INTERNAL_SERVER_ERROR", "message": message}}, status_code=500
    )


# The command line


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; gives the exit code."""
    given = _arguments().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    try:
        settings = read_settings()
        command: Callable[[Settings, argparse.Namespace], int] = given.command
        return command(settings, given)
    except (BadSettings, CannotStart) as problem:
        print(problem, file=sys.stderr)
        return 1
    except Unavailable as problem:
        print(f"Cannot go on: {problem}.", file=sys.stderr)
        return 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="server.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("serve", _serve, "serve GraphQL, with servers of its own unless told where others are"),
        ("seed", _seed, "load the demonstration branch through the import feed"),
        ("token", _token, "print a token for a demonstration user"),
        ("schema", _schema, "write schema/schema.graphql, or compare it with --check"),
        ("verify", _verify, "recompute every chain, replay every ledger, check every invariant"),
        ("verify-bundle", _verify_bundle, "check a bundle of evidence, without any server"),
    ):
        part = commands.add_parser(name, help=text, description=text)
        part.set_defaults(command=command)
        if name == "token":
            part.add_argument("login")
        if name == "schema":
            part.add_argument("--check", action="store_true", help="only compare")
        if name == "verify-bundle":
            part.add_argument("file", type=Path)
            part.add_argument("--key", required=True, help="the public key, from /evidence/key")
    return parser


def _serve(settings: Settings, _given: argparse.Namespace) -> int:
    listener = _listen(settings)
    with (
        contextlib.closing(listener),
        _servers(settings) as endpoints,
        asyncio.Runner(loop_factory=auto_loop_factory()) as runner,
    ):
        return runner.run(_run(settings, endpoints, listener))


async def _run(settings: Settings, endpoints: Endpoints, listener: socket.socket) -> int:
    wiring = wire(settings, endpoints)
    await prepared(settings, wiring)
    if settings.demonstration:
        await load_branch(wiring.stores, only_if_empty=True, say=print)
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    _welcome(settings, address)
    config = uvicorn.Config(
        application(settings, wiring),
        log_config=None,
        access_log=False,
        ws_max_size=MAX_WS_MESSAGE,
        timeout_graceful_shutdown=GRACE_S,
    )
    settle_memory()
    await uvicorn.Server(config).serve(sockets=[listener])
    wiring.close()
    return 0


def _welcome(settings: Settings, address: str) -> None:
    print()
    print(f"Lienkeeper serves at {address}")
    print(f"  GraphQL     {address}/graphql   (POST, and graphql-transport-ws)")
    if settings.explorer:
        print(f"  Explorer    {address}/")
    print(f"  Health      {address}/healthz   {address}/readyz")
    print(f"  Import      {address}/import    (schemas at /import/schema)")
    print(f"  Labels      {address}/labels/slots?vault=…   (also certificates, packets)")
    print(f"  Evidence    {address}/evidence/cases/…?purpose=…   {address}/evidence/key")
    print(f"  Counters    {address}/metrics")
    if settings.demonstration:
        print(f"  Users       {address}/demo/users")
        print("  A token     curl -s -X POST -H 'content-type: application/json' \\")
        print(f'                -d \'{{"user": "auditor"}}\' {address}/demo/token')
        print("              or: .venv/bin/python server.py token auditor")
    print("Stop with Ctrl-C.", flush=True)


def _seed(settings: Settings, _given: argparse.Namespace) -> int:
    async def run(endpoints: Endpoints) -> int:
        wiring = wire(settings, endpoints)
        await prepared(settings, wiring)
        rejected = await load_branch(wiring.stores, only_if_empty=False, say=print)
        wiring.close()
        return 1 if rejected else 0

    return _beside(settings, run)


def _token(settings: Settings, given: argparse.Namespace) -> int:
    if not settings.demonstration:
        raise BadSettings("Tokens come from your identity provider; none are made here.")
    endpoints = attach(settings.data_dir)
    if endpoints is None:
        raise CannotStart(f"No server runs on {settings.data_dir}; start one with `make serve`.")
    print(_trust(settings, endpoints).issue(given.login))
    return 0


def _schema(_settings: Settings, given: argparse.Namespace) -> int:
    text = graphql_schema().as_str() + "\n"
    if not given.check:
        SCHEMA_FILE.write_text(text)
        return 0
    if SCHEMA_FILE.exists() and SCHEMA_FILE.read_text() == text:
        return 0
    print("schema/schema.graphql is not the schema that is served; run `make schema`.")
    return 1


def _verify(settings: Settings, _given: argparse.Namespace) -> int:
    async def run(endpoints: Endpoints) -> int:
        wiring = wire(settings, endpoints)
        await wiring.stores.mongo.ping()
        found = 0
        stores = wiring.stores
        await stores.clock.load(stores.mongo)
        async for finding in findings(stores.mongo, stores.objects, now=stores.clock.now()):
            print(finding)
            found += 1
        print("Everything holds." if not found else f"{found} findings.")
        return 1 if found else 0

    return _beside(settings, run)


def _verify_bundle(_settings: Settings, given: argparse.Namespace) -> int:
    if not is_public_key(given.key):
        raise BadSettings("The key is 64 hexadecimal digits, as /evidence/key tells them.")
    try:
        if given.file.stat().st_size > MAX_BYTES:
            raise BadSettings(f"A bundle has {MAX_BYTES} bytes at most.")
        content = given.file.read_bytes()
    except OSError as error:
        raise BadSettings(f"{given.file} cannot be read: {error.strerror}.") from None
    found = list(flaws(content, given.key))
    for flaw in found:
        print(flaw)
    print(f"{len(found)} flaws." if found else f"Everything holds: {count(content)} parts, signed.")
    return 1 if found else 0


def _beside(settings: Settings, run: Callable[[Endpoints], "asyncio.Future[int] | object"]) -> int:
    """Runs beside a running server, or with servers of its own for the while."""
    endpoints = attach(settings.data_dir) if settings.embedded else None
    if endpoints is not None:
        return asyncio.run(run(endpoints))  # type: ignore[arg-type]
    with _servers(settings) as own:
        return asyncio.run(run(own))  # type: ignore[arg-type]


@contextlib.contextmanager
def _servers(settings: Settings):  # type: ignore[no-untyped-def]
    """The servers: our own, started now and ended after; or the outside ones."""
    if not settings.embedded:
        yield _outside(settings)
        return
    embedded = Embedded(settings.data_dir)
    try:
        yield embedded.start(print)
    finally:
        embedded.stop()


def _outside(settings: Settings) -> Endpoints:
    assert settings.mongo_url is not None
    assert settings.s3_endpoint is not None
    assert settings.s3_access_key is not None
    assert settings.s3_secret_key is not None
    assert settings.pii_key is not None
    assert settings.evidence_key is not None
    return Endpoints(
        mongo_url=settings.mongo_url.get_secret_value(),
        s3_endpoint=settings.s3_endpoint,
        s3_access_key=settings.s3_access_key,
        s3_secret_key=settings.s3_secret_key.get_secret_value(),
        pii_key=settings.pii_key.get_secret_value(),
        evidence_key=settings.evidence_key.get_secret_value(),
        token_key="",
    )


def _listen(settings: Settings) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)  # callers who come early wait instead of being turned away
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}."
            " Choose another with PORT."
        ) from None
    return listener


if __name__ == "__main__":
    sys.exit(main())
