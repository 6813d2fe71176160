"""Queries about the book: its entries, and how it agreed with each vault day by day (CUS-21)."""

from datetime import date
from typing import Annotated, Any

import strawberry

from domain.book import PostingStatus
from resolvers.context import Info
from resolvers.lists import NEWEST_FIRST, After, First, among
from resolvers.vault_lists import InVault
from schema.book import Posting, Reconciliation
from schema.fields import asked
from schema.nodes import Connection
from storage.pages import page_size
from storage.questions import One, PageOf
from storage.records import Record


@strawberry.type
class BookQueries:
    """What a supervisor and whoever keeps the core's book look at."""

    @asked("An entry of the book by its serial number (表外记账).")
    def posting(
        self,
        info: Info,
        serial: Annotated[str, strawberry.argument(description="Serial number.")],
    ) -> Posting | None:
        """An entry."""
        return One(collection="postings", query={"serial": serial})  # type: ignore[return-value]

    @asked("Entries of the book within your reach, newest first (表外记账).")
    def postings(
        self,
        info: Info,
        vault: InVault = None,
        status: Annotated[
            list[PostingStatus] | None, strawberry.argument(description="In one of these.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Posting]:
        """Entries."""
        query: Record = {} if vault is None else {"vault": vault}
        if status is not None:
            query |= among("status", status)
        return _page("postings", query, first, after)

    @asked("Reconciliations of vaults within your reach, newest first (表外账核对).")
    def reconciliations(
        self,
        info: Info,
        vault: InVault = None,
        on: Annotated[date | None, strawberry.argument(description="Of this day alone.")] = None,
        differing_only: Annotated[
            bool, strawberry.argument(description="Leave out those that agree.")
        ] = False,
        first: First = None,
        after: After = None,
    ) -> Connection[Reconciliation]:
        """Reconciliations."""
        query: Record = {} if vault is None else {"vault": vault}
        if on is not None:
            query["on"] = on.isoformat()
        if differing_only:
            query["difference_count"] = {"$gt": 0}
        return _page("reconciliations", query, first, after)


def _page(collection: str, query: Record, first: int | None, after: str | None) -> Any:
    return PageOf(
        collection=collection,
        query=query,
        order=NEWEST_FIRST,
        first=page_size(first),
        after=after,
    )
