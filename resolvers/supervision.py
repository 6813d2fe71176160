"""Questions of those who supervise: how certificates are obtained, and who fetches his paper."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import strawberry
from graphql import GraphQLError

from domain.calendar import nd
from domain.certificates import WAITING_FOR_OWNER, Catalog, LegalState
from domain.refusals import RefusalCode
from domain.roles import Operation
from domain.supervision import (
    Figures,
    Period,
    Processed,
    by_organisation,
    period,
    period_refusals,
    together,
)
from resolvers.context import Info
from resolvers.lists import After, First
from schema.certificates import TitleCertificate
from schema.mutations import told
from schema.nodes import Connection
from schema.supervision import ProcessingBoard
from storage.pages import Order, page_size
from storage.questions import PageOf
from storage.records import Record
from storage.scope import under

MAX_BOARD = 20_000  # certificates that one board counts
MAX_OVERDUE = 100
_READ = ("org_code", "expected_from", "expected_by", "collected_on", "vault_due", "vaulted_on")
_RATES = ("obtained_rate", "overdue_rate", "average_days", "vault_late_rate")
LONGEST_FIRST = Order(name="released", field="released_on")


@strawberry.type
class SupervisionQueries:
    """Boards and lists of those who supervise."""

    @strawberry.field(
        description="How certificates are obtained, by organisation, whose deadlines lie in a"
        " period (权证办理监管, CUS-27). Null where the organisation is out of reach."
    )
    async def certificate_processing_board(
        self,
        info: Info,
        first_day: Annotated[
            date, strawberry.argument(name="from", description="First deadline counted.")
        ],
        last_day: Annotated[
            date, strawberry.argument(name="to", description="Last deadline counted.")
        ],
        org: Annotated[
            str | None,
            strawberry.argument(description="Code of the organisation; none means your own."),
        ] = None,
    ) -> ProcessingBoard | None:
        """The organisation and all it looks after, as far as the viewer supervises."""
        context = info.context
        reach = await supervised(info, org)
        _refuse(info, first_day, last_day)
        if reach is None:
            return None
        within = period(first_day, last_day, today=context.today)
        figures = by_organisation(await _processed(info, reach, within), within)
        return {  # type: ignore[return-value]
            "as_of": within.as_of,
            "total": _told(together(figures)),
            "organisations": [_told(one) for one in figures],
            "overdue": await context.reader.find(
                "certificates",
                {"$and": [reach, _once_real(), _overdue(within)]},
                sort=[("expected_by", 1), ("_id", 1)],
                limit=MAX_OVERDUE,
            ),
        }

    @strawberry.field(
        description="Owners' papers that were not fetched for 90 days after the release, longest"
        " first (客户未领, CUS-26)."
    )
    async def unclaimed_certificates(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[TitleCertificate]:
        """The list of unclaimed papers within the viewer's reach."""
        context = info.context
        rules = await context.stores.mongo.hop(lambda: context.stores.rulebook.on(context.today))
        last = nd(context.today, -rules.policy.number("unclaimed.list_nd"))
        query = {
            "catalog": Catalog.SAFEKEEPING.value,
            "custody_state": {"$in": sorted(WAITING_FOR_OWNER)},
            "released_on": {"$lte": last.isoformat(), "$type": "string"},
        }
        page = PageOf(
            collection="certificates",
            query=query,
            order=LONGEST_FIRST,
            first=page_size(first),
            after=after,
        )
        return await context.reader.answer(page)  # type: ignore[no-any-return]


async def supervised(info: Info, org: str | None) -> Record | None:
    """The filter for an organisation and all it looks after, as far as the viewer supervises.

    org: its code; none means the viewer's own. None where it is out of reach. Raises: GraphQLError
    where the viewer supervises nothing.
    """
    actor = info.context.actor
    paths = actor.paths(Operation.SUPERVISE_PROCESSING)
    if not paths:
        raise GraphQLError("Your role does not supervise.", extensions={"code": "FORBIDDEN"})
    found = await info.context.reader.one("orgs", {"code": org or actor.org_code})
    if found is None:
        return None
    return {"$and": [under((found["jurisdiction_path"],)), under(paths)]}


def day(text: str | None) -> date | None:
    """A business date as it is kept."""
    return None if text is None else date.fromisoformat(text)


def _refuse(info: Info, first_day: date, last_day: date) -> None:
    refusals = list(period_refusals(first_day, last_day))
    if refusals:
        said = told(refusals, chinese=info.context.chinese)
        raise GraphQLError(said[0]["message"], extensions={"code": refusals[0].code.value})


async def _processed(info: Info, reach: Record, within: Period) -> list[Processed]:
    """Every certificate with a deadline in the period. Refuses: LIMIT_EXCEEDED."""
    days = {"$gte": within.first.isoformat(), "$lte": within.as_of.isoformat()}
    due: Record = {"$or": [{"expected_by": days}, {"vault_due": days}]}
    query = {"$and": [reach, _once_real(), due]}
    reads = info.context.reader.reads
    records = await info.context.stores.mongo.hop(
        lambda: reads.find("certificates", query, limit=MAX_BOARD + 1, fields=frozenset(_READ))
    )
    if len(records) > MAX_BOARD:
        raise GraphQLError(
            f"More than {MAX_BOARD:,} certificates: choose a shorter period or one organisation.",
            extensions={"code": RefusalCode.LIMIT_EXCEEDED.value},
        )
    return [_paper(record) for record in records]


def _overdue(within: Period) -> Record:
    as_of = within.as_of.isoformat()
    return {
        "expected_by": {"$gte": within.first.isoformat(), "$lt": as_of},
        "$or": [{"collected_on": None}, {"collected_on": {"$gt": as_of}}],
    }


def _once_real() -> Record:
    """What was obtained counts in its month, though it was lost and issued anew since (X23)."""
    return {
        "$or": [{"legal_state": {"$ne": LegalState.VOID.value}}, {"collected_on": {"$ne": None}}]
    }


def _paper(record: Record) -> Processed:
    days = {name: day(record.get(name)) for name in _READ if name != "org_code"}
    return Processed(org_code=record["org_code"], **days)


def _told(figures: Figures) -> Record:
    return asdict(figures) | {name: getattr(figures, name) for name in _RATES}
