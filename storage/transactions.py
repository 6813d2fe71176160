"""A decision in one transaction, made anew from the start while others overtake it."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from storage.decisions import Decision
from storage.errors import Busy, Unavailable
from storage.finds import find
from storage.mongo import JOURNALED, QUERY_TIMEOUT_MS, Direct, Mongo
from storage.outside import Outside
from storage.writes import Overtaken

T = TypeVar("T")
MAX_ATTEMPTS = 40
MAX_PAUSE_S = 0.25


async def decide(
    mongo: Mongo, work: Callable[[Decision], Awaitable[T]], *, by: str, cause: str, at: datetime
) -> T:
    """Runs one decision in one transaction, again from the start while others overtake it.

    The work may await nothing but the decision's own reads and `Outside`. Raises: whatever `work`
    raises, with nothing written; Busy, Unavailable.
    """
    with mongo.session() as session:
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(random.uniform(0, min(MAX_PAUSE_S, 0.005 * 2**attempt)))  # noqa: S311
            try:
                return await _attempt(mongo, session, work, by=by, cause=cause, at=at)
            except Overtaken:
                continue
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise Unavailable("mongo") from error
    raise Busy


async def consider(mongo: Mongo, work: Callable[[Decision], Awaitable[T]], *, at: datetime) -> T:
    """Runs the reads and rules of a decision on one snapshot and keeps nothing."""
    with mongo.session() as session:
        session.start_transaction(read_concern=ReadConcern("snapshot"))
        decision = Decision(mongo, session, by="", cause="", at=at)
        try:
            return await _run(mongo, session, work(decision), end=lambda: _abort(session))
        except PyMongoError as error:
            raise Unavailable("mongo") from error


async def _attempt(
    mongo: Mongo,
    session: ClientSession,
    work: Callable[[Decision], Awaitable[T]],
    *,
    by: str,
    cause: str,
    at: datetime,
) -> T:
    session.start_transaction(
        read_concern=ReadConcern("snapshot"),
        write_concern=JOURNALED,
        max_commit_time_ms=QUERY_TIMEOUT_MS,
    )
    decision = Decision(mongo, session, by=by, cause=cause, at=at)
    end = partial(_keep, mongo.direct, session, decision)
    result = await _run(mongo, session, work(decision), end=end)
    decision.kept()
    return result


async def _run(
    mongo: Mongo, session: ClientSession, work: Awaitable[T], *, end: Callable[[], None]
) -> T:
    """Runs the work of a decision and its end in one hop; in several where it goes outside."""
    steps = work.__await__()
    resume: Callable[[], Any] = partial(next, steps)
    try:
        while True:
            outside, result = await _hop(mongo, partial(_step, session, resume, end))
            if outside is None:
                return result  # type: ignore[no-any-return]
            try:
                resume = partial(steps.send, await outside.work())
            except Exception as problem:  # the work may know what to do about it
                resume = partial(steps.throw, problem)
    except BaseException:
        if session.in_transaction:
            await _hop(mongo, lambda: _abort(session))
        raise


def _step(
    session: ClientSession, resume: Callable[[], Any], end: Callable[[], None]
) -> tuple[Outside[Any] | None, Any]:
    """Goes on with the work: to where it goes outside, or through its end with a result."""
    try:
        return resume(), None
    except StopIteration as done:
        end()
        return None, done.value
    except BaseException:
        _abort(session)
        raise


async def _hop(mongo: Mongo, work: Callable[[], T]) -> T:
    """A hop with a transaction in it: even who is cancelled waits for its end, then aborts."""
    hop = asyncio.ensure_future(mongo.hop(work, translate=False))
    try:
        return await asyncio.shield(hop)
    except asyncio.CancelledError:
        await asyncio.wait([hop])
        raise


def _keep(database: Direct, session: ClientSession, decision: Decision) -> None:
    """Writes and commits, in one hop."""
    try:
        decision.flush(database)
    except BaseException:
        _abort(session)
        raise
    try:
        _commit(session)
    except PyMongoError:
        _let_go(database, session)
        raise


def _commit(session: ClientSession) -> None:
    for attempt in range(MAX_ATTEMPTS):
        try:
            session.commit_transaction()
        except PyMongoError as error:
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            if not unknown or attempt == MAX_ATTEMPTS - 1:
                raise
            time.sleep(MAX_PAUSE_S)
        else:
            return


def _let_go(database: Direct, session: ClientSession) -> None:
    """Ends what a refused commit left open on the server, whose locks others would wait for.

    A driver sends no abort after a commit; a newer transaction of the same session ends the older.
    """
    with contextlib.suppress(PyMongoError):
        session.start_transaction()
        find(database, "meta", {}, limit=1, session=session)
        session.abort_transaction()


def _abort(session: ClientSession) -> None:
    if session.in_transaction:
        with contextlib.suppress(ConnectionFailure):  # the server forgets whose client is gone
            session.abort_transaction()
