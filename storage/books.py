"""What vault, book, ledger and registry say of a vault's papers, as aggregations (CUS-21)."""

from collections.abc import Sequence
from datetime import date

from domain.book import EntryKind, PostingStatus
from domain.certificates import Catalog, CustodyState, LegalState
from domain.collaterals import TitleSearchResult
from storage.records import Record

_INSIDE = CustodyState.IN_VAULT.value


def inside_stages(vault: str) -> Sequence[Record]:
    """One row for each paper in the vault, by its id. To be run on `certificates`."""
    return [
        {"$match": {"place.vault": vault, "custody_state": _INSIDE}},
        {"$project": {"in_vault": {"$literal": 1}}},
        {"$sort": {"_id": 1}},
    ]


def booked_stages(vault: str, on: date) -> Sequence[Record]:
    """How many the book holds there of each paper, by the paper's id. To be run on `postings`.

    on: what was asked for on that day and not answered counts apart.
    """
    pending = {"$eq": ["$status", PostingStatus.PENDING.value]}
    today = {"$eq": ["$asked_on", on.isoformat()]}
    sign = {"$cond": [{"$eq": ["$kind", EntryKind.IN.value]}, 1, -1]}
    return [
        {
            "$match": {
                "vault": vault,
                "kind": {"$in": [EntryKind.IN.value, EntryKind.OUT.value]},
                "$or": [{"in_core": True}, {"status": PostingStatus.PENDING.value}],
            }
        },
        {
            "$group": {
                "_id": "$certificate_id",
                "in_book": {"$sum": {"$cond": ["$in_core", sign, 0]}},
                "asked_today": {"$sum": {"$cond": [{"$and": [pending, today]}, sign, 0]}},
            }
        },
        {"$match": {"$or": [{"in_book": {"$ne": 0}}, {"asked_today": {"$ne": 0}}]}},
        {"$sort": {"_id": 1}},
    ]


def last_stages(certificate_ids: Sequence[str]) -> Sequence[Record]:
    """Where the last event of each of these papers leaves it. To be run on `custody_events`."""
    return [
        {"$match": {"certificate_id": {"$in": list(certificate_ids)}}},
        {"$sort": {"certificate_id": 1, "seq": 1}},
        {
            "$group": {
                "_id": "$certificate_id",
                "to_state": {"$last": "$to_state"},
                "vault": {"$last": "$vault"},
            }
        },
    ]


def right_stages(vault: str, legal_state: LegalState) -> Sequence[Record]:
    """Rights in the vault in that state, by their id. To be run on `certificates`."""
    return [
        {
            "$match": {
                "place.vault": vault,
                "custody_state": _INSIDE,
                "catalog": Catalog.RIGHT_CERT.value,
                "legal_state": legal_state.value,
            }
        },
        {"$project": {"registered_on": 1, "issue_date": 1, "collateral_nos": 1}},
        {"$sort": {"_id": 1}},
    ]


def searched_query(rights: Sequence[Record], result: TitleSearchResult) -> Record:
    """Which collateral of these rights a search once found so. To be asked of `collaterals`."""
    numbers = sorted({no for right in rights for no in right["collateral_nos"]})
    return {"no": {"$in": numbers}, "title_searches.result": result.value}
