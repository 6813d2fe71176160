"""The import feed over HTTP (数据接入): lines in, answers out, both streamed, memory bounded.

Answers wait in a file while a caller still sends, so that one who reads only at the end does not
stand still with us.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import IO, Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from ulid import ULID

from domain.case_deadlines import with_deadlines
from domain.custody import Evidence, Operator
from domain.refusals import Refusal, RefusalCode, Refused, invalid
from domain.roles import Operation, Role
from resolvers.context import Context
from resolvers.dossier_ends import litigation_over, settled_since
from resolvers.import_facts import FACT_KINDS, owner_proofs
from resolvers.import_loans import LOAN_KINDS, settled_after_closing
from resolvers.import_opening import OPENING_KINDS
from resolvers.import_parties import PARTY_KINDS
from resolvers.import_postings import POSTING_KINDS
from resolvers.import_watch import WATCH_KINDS, litigation_ended
from resolvers.imports import Given, Known, LineStatus, Outcome, parsed, take_in
from resolvers.incidents import eliminated, unproven_no
from resolvers.releasing import At, end_right
from resolvers.reversals import entered_too_soon
from schema.imports import json_schemas
from schema.mutations import told
from storage.decisions import Decision
from storage.errors import Busy, Unavailable
from storage.rulebook import Rules
from storage.transactions import decide
from storage.writes import Insert

_LOG = logging.getLogger(__name__)
MAX_LINE_BYTES = 1024 * 1024
BATCH_LINES = 400
BATCH_BYTES = 4 * 1024 * 1024
SPOOL_BYTES = 8 * 1024 * 1024
SEND_BYTES = 64 * 1024
KINDS = {**PARTY_KINDS, **LOAN_KINDS, **FACT_KINDS, **WATCH_KINDS, **OPENING_KINDS, **POSTING_KINDS}

ContextOf = Callable[[Request], Awaitable[Context]]


def import_routes(context_of: ContextOf) -> list[Route]:
    """`POST /import` and `GET /import/schema`."""

    async def schema(_request: Request) -> Response:
        return JSONResponse(json_schemas(), headers={"Cache-Control": "no-cache"})

    async def feed(request: Request) -> Response:
        context = await context_of(request)
        if not context.actor.paths(Operation.IMPORT):
            return JSONResponse(
                {"error": {"code": "FORBIDDEN", "message": "Only the core feed imports."}},
                status_code=403,
            )
        return _Answers(context, request)

    return [
        Route("/import", feed, methods=["POST"]),
        Route("/import/schema", schema, methods=["GET"]),
    ]


class _Answers(Response):
    """The answers, sent while lines are still coming in."""

    media_type = "application/x-ndjson"

    def __init__(self, context: Context, request: Request) -> None:
        super().__init__()
        self._context, self._request = context, request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starts the answer at once; reading and sending wait for nobody but the disk."""
        del self.headers["content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            written = asyncio.Condition()
            state = {"size": 0, "sent": 0, "done": False}
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take(spool, state, written))
                tasks.create_task(_send(spool, state, written, send))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _take(self, spool: IO[bytes], state: dict[str, Any], written: Any) -> None:
        try:
            async for answer in answers(self._context, self._request.stream()):
                async with written:
                    spool.seek(state["size"])
                    spool.write(answer)
                    state["size"] += len(answer)
                    written.notify()
        finally:
            async with written:
                state["done"] = True
                written.notify()


async def answers(context: Context, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The answers to a stream of lines, batch by batch."""
    async for batch in _batches(stream):
        yield await _answered(context, batch)


async def _send(spool: IO[bytes], state: dict[str, Any], written: Any, send: Send) -> None:
    while True:
        async with written:
            while state["size"] <= state["sent"] and not state["done"]:
                await written.wait()
            spool.seek(state["sent"])
            chunk = spool.read(SEND_BYTES)
        if not chunk:
            return
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        state["sent"] += len(chunk)


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[list[tuple[int, bytes | None]]]:
    """Numbered lines in batches; None stands for a line that was too long to keep."""
    batch: list[tuple[int, bytes | None]] = []
    size = 0
    async for number, line in _lines(stream):
        if line is not None and not line.strip():
            continue
        batch.append((number, line))
        size += len(line or b"")
        if len(batch) >= BATCH_LINES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _lines(stream: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes | None]]:
    number, rest, skipping = 1, b"", False
    async for chunk in stream:
        *ended, tail = chunk.split(b"\n")
        for piece in ended:
            line = rest + piece
            yield number, None if skipping or len(line) > MAX_LINE_BYTES else line
            number, rest, skipping = number + 1, b"", False
        rest = b"" if skipping else rest + tail
        if len(rest) > MAX_LINE_BYTES:
            rest, skipping = b"", True
    if rest or skipping:
        yield number, None if skipping else rest


async def _answered(context: Context, batch: Sequence[tuple[int, bytes | None]]) -> bytes:
    """The answers to a batch, as lines; a batch that fails as a whole is taken line by line."""
    rejected, given = [], []
    for number, raw in batch:
        try:
            given.append(_read(number, raw))
        except Refused as refused:
            rejected.append(
                Outcome(number=number, status=LineStatus.REJECTED, refusals=refused.refusals)
            )
    outcomes = [*rejected, *await _taken(context, given)]
    outcomes.sort(key=_number)
    return b"".join(_line(context, outcome) for outcome in outcomes)


def _number(outcome: Outcome) -> int:
    return outcome.number


def _read(number: int, raw: bytes | None) -> Given:
    if raw is None:
        detail = {"field": "line", "actual": "longer", "limit": f"{MAX_LINE_BYTES} bytes"}
        raise Refused(
            Refusal(code=RefusalCode.LIMIT_EXCEEDED, rule_id="INPUT", field="line", detail=detail)
        )
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(invalid("line", "is not JSON")) from None
    if not isinstance(content, dict) or set(content) != {"kind", "data"}:
        raise Refused(invalid("line", 'is not {"kind": …, "data": {…}}'))
    return parsed(number, content["kind"], content["data"])


async def _taken(context: Context, given: Sequence[Given]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for group in _by_rules(given):
        try:
            outcomes += await _decided(context, group)
        except (Busy, Unavailable):
            raise
        except Exception:
            _LOG.exception("an import batch of %d lines failed as a whole", len(group))
            for item in group:
                outcomes.append(await _alone(context, item))
    return outcomes


def _by_rules(given: Sequence[Given]) -> list[list[Given]]:
    """Cuts behind policy and calendar lines, so that later lines are judged by them."""
    groups: list[list[Given]] = [[]] if given else []
    for item in given:
        ruling = item.kind in {"PolicyValue", "WorkCalendar"}
        if groups[-1] and (groups[-1][-1].kind in {"PolicyValue", "WorkCalendar"}) != ruling:
            groups.append([])
        groups[-1].append(item)
    return groups


async def _alone(context: Context, item: Given) -> Outcome:
    try:
        return (await _decided(context, [item]))[0]
    except (Busy, Unavailable):
        raise
    except Exception:
        reference = str(ULID())
        _LOG.exception("import line %d failed: %s", item.number, reference)
        why = invalid("line", f"could not be taken; quote {reference}", rule_id="FAULT")
        return Outcome(number=item.number, status=LineStatus.REJECTED, refusals=(why,))


async def _decided(context: Context, given: Sequence[Given]) -> list[Outcome]:
    stores = context.stores

    async def work(decision: Decision) -> list[Outcome]:
        rules = stores.rulebook.on(context.today)
        known = Known(
            decision=decision,
            sealer=stores.sealer,
            rules=rules,
            by=context.actor.login,
            now=context.now,
            today=context.today,
        )
        outcomes = await take_in(known, given, KINDS)
        await _end_proven(known, given, rules, context)
        for case in litigation_ended(known, [item.line for item in given]):
            await litigation_over(decision, case, today=context.today)
        for number in settled_after_closing(known, [item.line for item in given]):
            await settled_since(decision, number, today=context.today)
        decision.write("audit_log", Insert(_entry(context, outcomes)))
        return outcomes

    return await decide(stores.mongo, work, by=context.actor.login, cause="import", at=context.now)


async def _end_proven(known: Known, given: Sequence[Given], rules: Rules, context: Context) -> None:
    """A search that shows an owner's own cancellation ends the right (4.2, OWNER)."""
    by = Operator(
        login=context.actor.login,
        role=Role.CORE_FEED,
        org_code=context.actor.org_code,
        at=context.now,
        request_id=context.request_id,
    )
    moment = At(by=by, now=context.now, today=context.today, rules=rules)
    for case, searched_on in owner_proofs(known, [item.line for item in given]):
        evidence: list[Evidence] = []
        ended = await end_right(known.decision, case, moment, evidence=evidence)
        ended = await entered_too_soon(known.decision, ended, moment)
        # The register shows it: from here on nothing is undone.
        registry = replace(ended.registry, done_at=context.now)
        proven = replace(ended, proof_pending=False, registry=registry)
        policy, calendar = rules.policy, rules.calendar
        known.decision.save(
            with_deadlines(proven, today=context.today, policy=policy, calendar=calendar)
        )
        outcome = f"The title search of {searched_on} shows the cancellation."
        await eliminated(known.decision, unproven_no(case), outcome=outcome, now=context.now)


def _entry(context: Context, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    counts = {
        status.value: sum(outcome.status is status for outcome in outcomes) for status in LineStatus
    }
    return {
        "_id": f"audit_{ULID()}",
        "biz_date": context.today.isoformat(),
        "at": context.now,
        "actor": context.actor.login,
        "org_path": context.actor.org_path,
        "operation": "import",
        "outcome": "DONE",
        "codes": [],
        "subjects": [o.id for o in outcomes if o.id and o.status is not LineStatus.UNCHANGED],
        "counts": counts,
        "request_id": context.request_id,
        "seq": None,
    }


def _line(context: Context, outcome: Outcome) -> bytes:
    answer = {
        "line": outcome.number,
        "status": outcome.status,
        "id": outcome.id,
        "refusals": [
            {**refusal, "detail": {fact["name"]: fact["value"] for fact in refusal["detail"]}}
            for refusal in told(outcome.refusals, chinese=context.chinese)
        ],
    }
    return orjson.dumps(answer) + b"\n"
