"""What was counted of a vault so far (盘库覆盖), read for rules and for reminders."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from domain.calendar import SHANGHAI
from domain.certificates import CustodyState
from domain.count_coverage import CountDone
from domain.stocktakes import StocktakeKind, StocktakeState
from domain.vaults import MAX_SLOTS_PER_VAULT
from storage.decisions import Decision

MAX_COUNTS = 5_000  # of one kind and vault that are looked at
_TOLD = {"cabinets": 1, "ended_at": 1, "difference_count": 1}


async def cabinets_of(decision: Decision, vault: str) -> set[str]:
    """The cabinets of a vault that are in use."""
    slots = await decision.records(
        "slots",
        {"vault": vault, "closed": {"$ne": True}},
        limit=MAX_SLOTS_PER_VAULT,
        fields={"cabinet": 1},
    )
    return {slot["cabinet"] for slot in slots}


async def counts_done(
    decision: Decision, vault: str, kind: StocktakeKind, *, opened_from: datetime | date
) -> list[CountDone]:
    """Finalised counts of that kind; what is finalised never covers more or less, so unfenced."""
    if not isinstance(opened_from, datetime):
        opened_from = datetime.combine(opened_from, time(), SHANGHAI)
    query: dict[str, Any] = {
        "vault": vault,
        "kind": kind.value,
        "state": StocktakeState.FINALISED.value,
        "opened_at": {"$gte": opened_from},
    }
    records = await decision.records("stocktakes", query, limit=MAX_COUNTS, fields=_TOLD)
    return [
        CountDone(
            id=record["_id"],
            cabinets=tuple(record.get("cabinets", ())),
            ended_at=record["ended_at"],
            differences=record["difference_count"],
        )
        for record in records
    ]


async def uncounted(decision: Decision, vault: str, counts: Sequence[str]) -> int:
    """How many papers that lie in a vault are on none of these counts (CUS-20)."""
    named = {"_id": {"$in": list(counts)}}
    lines = await decision.records(
        "stocktakes", named, limit=MAX_COUNTS, fields={"results.certificate_id": 1}
    )
    counted = {line["certificate_id"] for record in lines for line in record["results"]}
    inside = {"place.vault": vault, "custody_state": CustodyState.IN_VAULT.value}
    papers = decision.tallied("certificates", [{"$match": inside}, {"$project": {"_id": 1}}])
    return sum(paper["_id"] not in counted for paper in papers)
