"""What vault, book, ledger and registry say of a vault's papers, as aggregations (CUS-21)."""

from collections.abc import Sequence
from datetime import date

from domain.book import EntryKind, PostingStatus
from domain.certificates import Catalog, CustodyState, LegalState
from domain.collaterals import TitleSearchResult
from storage.records import Record

_INSIDE = CustodyState.IN_VAULT.value
_SIDES = ("in_book", "asked_today")


def inside_stages(vault: str, on: date) -> Sequence[Record]:
    """One row for each paper in the vault: how many of it each side says there are.

    To be run on `certificates`. on: what was asked for on that day and not answered counts apart.
    """
    return [
        {"$match": {"place.vault": vault, "custody_state": _INSIDE}},
        {
            "$lookup": {
                "from": "postings",
                "localField": "_id",
                "foreignField": "certificate_id",
                "pipeline": _entries(vault, on),
                "as": "entries",
            }
        },
        {
            "$project": {
                "in_vault": {"$literal": 1},
                **{side: {"$sum": f"$entries.{side}"} for side in _SIDES},
            }
        },
        *_ledger(vault),
    ]


def booked_stages(vault: str, on: date) -> Sequence[Record]:
    """The same for each paper that the book alone holds there. To be run on `postings`."""
    return [
        *_entries(vault, on),
        {"$group": {"_id": "$_id", **{side: {"$sum": f"${side}"} for side in _SIDES}}},
        {"$match": {"$or": [{side: {"$ne": 0}} for side in _SIDES]}},
        {
            "$lookup": {
                "from": "certificates",
                "localField": "_id",
                "foreignField": "_id",
                "pipeline": [{"$match": {"place.vault": vault, "custody_state": _INSIDE}}],
                "as": "inside",
            }
        },
        {"$match": {"inside": []}},
        {"$sort": {"_id": 1}},
        {"$project": {"in_vault": {"$literal": 0}, **dict.fromkeys(_SIDES, 1)}},
        *_ledger(vault),
    ]


def right_stages(
    vault: str, legal_state: LegalState, result: TitleSearchResult, *, limit: int
) -> Sequence[Record]:
    """Rights in the vault in that state on whose collateral a search once had that result.

    To be run on `certificates`; brings the searches along.
    """
    return [
        {
            "$match": {
                "place.vault": vault,
                "custody_state": _INSIDE,
                "catalog": Catalog.RIGHT_CERT.value,
                "legal_state": legal_state.value,
            }
        },
        {
            "$lookup": {
                "from": "collaterals",
                "localField": "collateral_nos",
                "foreignField": "no",
                "pipeline": [{"$match": {"title_searches.result": result.value}}],
                "as": "collaterals",
            }
        },
        {"$match": {"collaterals": {"$ne": []}}},
        {"$sort": {"_id": 1}},
        {"$limit": limit},
    ]


def _ledger(vault: str) -> Sequence[Record]:
    """Whether the last event of a paper leaves it in that vault."""
    there = {"$and": [{"$eq": ["$$this.to_state", _INSIDE]}, {"$eq": ["$$this.vault", vault]}]}
    return [
        {
            "$lookup": {
                "from": "custody_events",
                "localField": "_id",
                "foreignField": "certificate_id",
                "pipeline": [{"$sort": {"seq": -1}}, {"$limit": 1}],
                "as": "last",
            }
        },
        {"$set": {"in_ledger": {"$size": {"$filter": {"input": "$last", "cond": there}}}}},
        {"$unset": "last"},
    ]


def _entries(vault: str, on: date) -> Sequence[Record]:
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
            "$project": {
                "_id": "$certificate_id",
                "in_book": {"$cond": ["$in_core", sign, 0]},
                "asked_today": {"$cond": [{"$and": [pending, today]}, sign, 0]},
            }
        },
    ]
