"""The engine: runs an operation by its plan, or leaves it to graphql-core and says why."""

import asyncio
import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues

from execution.documents import Operation
from execution.errors import Unauthenticated
from execution.levels import Run
from execution.metrics import FALLBACKS
from execution.plan import Plan, Planner, Resolved, Unplanned
from execution.values import Unfit
from resolvers.context import Context
from storage.mongo import Mongo
from storage.records import Record

_LOG = logging.getLogger(__name__)


class Outcomes(dict[str, Any]):
    """What root resolvers brought or raised, by response key.

    It is the root value when graphql-core takes over, so that nothing is done twice.
    """


@dataclass(frozen=True, slots=True)
class Info:
    """As much of GraphQL's info as a root resolver looks at."""

    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The data of an operation that ran compiled, or why graphql-core has to execute it."""

    data: Record | None = None
    reads: int = 0
    reason: str | None = None
    brought: Outcomes


class Engine:
    """Runs plans. Whatever does not go as planned is left to graphql-core, which words it."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    async def run(self, operation: Operation, given: Mapping[str, Any], context: Any) -> Outcome:
        """Runs an operation once.

        given: variables as the client sent them.
        """
        root, brought = "", Outcomes()
        try:
            variables = operation.variables.read(given)
            plan = operation.plan(variables, self._planner)
            root = plan.name
            data, reads = await _executed(plan, variables, context, brought)
        except Unplanned as unplanned:
            reason = str(unplanned)
        except Unfit:
            reason = "variables"
        except Unauthenticated:
            raise
        except Exception as problem:  # whatever it is, graphql-core meets it again and tells it
            reason = type(problem).__name__
            _LOG.debug("left to graphql-core: %s", reason, exc_info=problem)
        else:
            plan.runs.inc()
            return Outcome(data=data, reads=reads, brought=brought)
        FALLBACKS.labels(root, reason).inc()
        return Outcome(reason=reason, brought=brought)


async def _executed(
    plan: Plan, variables: VariableValues, context: Any, brought: Outcomes
) -> tuple[Record, int]:
    info = Info(context)
    if plan.resolved:
        await context.identified()
        bring = (_bring(key, root, variables, info, brought) for key, root in plan.resolved.items())
        await asyncio.gather(*bring)
    row: Record = dict(brought)
    mongo: Mongo = context.stores.mongo

    def work() -> tuple[Record, int]:
        reads = context.reader.reads
        run = Run(reads=reads, variables=variables, today=context.today, threads=mongo.threads)
        before = reads.asked
        for key, asked in plan.asked.items():
            question = asked.field.ask(info, asked.arguments(variables))
            if question is not None:
                fields = asked.fields_of(question)
                row[key] = reads.answer(question, fields=fields, edges=asked.edges)
        data = plan.root.shape([row], run)[0]
        return data, reads.asked - before

    if plan.reading:
        return await mongo.hop(work)
    await context.identified()
    return work()


async def _bring(
    key: str, root: Resolved, variables: VariableValues, info: Info, brought: Outcomes
) -> None:
    arguments = root.arguments(variables)
    assert root.field.resolve is not None
    try:
        value = root.field.resolve(None, info, **arguments)
        brought[key] = await value if inspect.isawaitable(value) else value
    except Exception as problem:
        brought[key] = problem
        raise
