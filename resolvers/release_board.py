"""The board of deregistration (押品注销看板): the most urgent open cases, and its figures."""

from datetime import date
from typing import Annotated

import strawberry
from graphql import GraphQLError

from domain.case_deadlines import TOTAL_RUNS
from domain.deregistration import OPEN_STATES, CaseState, DeadlineStep
from domain.refusals import RefusalCode
from domain.release_board import BoardFigures, Standing, figures
from resolvers.context import Info
from resolvers.kept_papers import kept_papers
from resolvers.lists import ORDERS, After, First, among, exactly, one_of
from resolvers.supervision import day, supervised
from schema.deregistration import DeregistrationCase
from schema.fields import asked
from schema.filters import CaseOrder
from schema.nodes import Connection
from schema.release_board import BoardFilter, BoardSummary
from storage.pages import page_size
from storage.questions import PageOf
from storage.records import Record

MAX_BOARD = 20_000  # cases that one summary counts
_READ = frozenset({"org_code", "state", "deadlines", "compensation_per_day", "returned_on"})
_OPEN = sorted(OPEN_STATES)
Org = Annotated[
    str | None,
    strawberry.argument(description="Code of the organisation; none means your own."),
]


@strawberry.type
class BoardQueries:
    """What is open, by whom it is waited for, and what is late."""

    @asked(
        "Open releases of an organisation and all it looks after, due soonest first (押品注销看板);"
        " last what waits for nothing. Null where the organisation is out of reach."
    )
    def deregistration_board(
        self,
        info: Info,
        org: Org = None,
        filter: Annotated[BoardFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[DeregistrationCase] | None:
        """The rows of the board."""
        return PageOf(  # type: ignore[return-value]
            collection="dereg_cases",
            query=_query(filter or BoardFilter(), info.context.today),
            order=ORDERS[CaseOrder.NEXT_DUE],
            first=page_size(first),
            after=after,
            org=org or info.context.actor.org_code,
        )

    @strawberry.field(
        description="Figures of the board for an organisation and all it looks after: by state,"
        " by missed deadline, and what lateness costs. For those who supervise. Null where the"
        " organisation is out of reach."
    )
    async def deregistration_board_summary(
        self, info: Info, org: Org = None
    ) -> BoardSummary | None:
        """The figures, as far as the viewer supervises."""
        context = info.context
        reach = await supervised(info, org)
        if reach is None:
            return None
        cases, kept = await _standings(info, reach), await kept_papers(info, reach)
        total, *organisations = figures(cases, kept=kept, today=context.today)
        return {  # type: ignore[return-value]
            "as_of": context.today,
            "total": _told(total),
            "organisations": [_told(one) for one in organisations],
        }


def _query(given: BoardFilter, today: date) -> Record:
    query = exactly(given, "handler") | one_of(given, "kind")
    query["state"] = {"$in": _OPEN}
    parts = [query]
    if given.state is not None:
        parts.append(among("state", given.state))
    if given.step is not None:
        parts.append(among("deadlines.next_step", given.step))
    if given.overdue_only:
        before = {"$lt": today.isoformat(), "$type": "string"}
        whole = {"state": {"$in": sorted(TOTAL_RUNS)}, "deadlines.total_due": before}
        parts.append({"$or": [{"deadlines.next_due": before}, whole]})
    return query if len(parts) == 1 else {"$and": parts}


async def _standings(info: Info, reach: Record) -> list[Standing]:
    """Every open case there. Refuses: LIMIT_EXCEEDED."""
    reads = info.context.reader.reads
    query = reach | {"state": {"$in": _OPEN}}
    records = await info.context.stores.mongo.hop(
        lambda: reads.find("dereg_cases", query, limit=MAX_BOARD + 1, fields=_READ)
    )
    if len(records) > MAX_BOARD:
        raise GraphQLError(
            f"More than {MAX_BOARD:,} open cases: choose one organisation.",
            extensions={"code": RefusalCode.LIMIT_EXCEEDED.value},
        )
    return [_standing(record) for record in records]


def _standing(record: Record) -> Standing:
    own = record["deadlines"]
    step = own.get("next_step")
    return Standing(
        org_code=record["org_code"],
        state=CaseState(record["state"]),
        next_step=None if step is None else DeadlineStep(step),
        next_due=day(own.get("next_due")),
        total_due=day(own.get("total_due")),
        free_until=day(own.get("free_until")),
        per_day=record.get("compensation_per_day"),
        returned_on=day(record.get("returned_on")),
    )


def _told(one: BoardFigures) -> Record:
    return {
        "org_code": one.org_code,
        "open": one.open,
        "overdue": one.overdue,
        "waiting": one.waiting,
        "exposure": one.exposure,
        "by_state": [
            {"state": state.value, "count": one.by_state[state]}
            for state in CaseState
            if state in one.by_state
        ],
        "overdue_by_step": [
            {"step": step.value, "count": one.overdue_by_step[step]}
            for step in DeadlineStep
            if step in one.overdue_by_step
        ],
    }
