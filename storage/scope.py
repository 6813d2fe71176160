"""What a viewer may see: which records (scope) and what of them (masking), for every read."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from domain.figures import TELLING, TELLING_FACTS, hidden
from domain.orgs import covers
from domain.parties import masked_name, masked_number
from domain.people import Actor
from domain.roles import Operation
from domain.strangers import veiled_detail, veiled_fact
from storage.records import Record
from storage.sealing import Sealer

MAX_PROJECTIONS = 1_000  # sets of fields remembered for one viewer
NOTHING: Mapping[str, Any] = MappingProxyType({"_id": {"$in": []}})

# Amounts that a vault keeper does not see (§9: "no amounts").
AMOUNTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "loans": (
            "principal_amount",
            "balance",
            "interest_receivable",
            "penalty",
            "compound_interest",
            "fees_due",
            "off_balance_interest",
            "written_off_balance",
            "suspense_amount",
            "schedule",
        ),
        "credit_contracts": ("limit", "available", "contingent"),
        "guarantee_contracts": ("max_claim", "registered_max_claim"),
        "collaterals": ("first_value", "latest_value", "prior_claims"),
        "valuations": ("value",),
        "certificates": ("right_amount", "booked_amount"),
        "redemptions": ("amount",),
        "dereg_cases": ("compensation_per_day",),
        "settlement_proofs": ("principal_amount",),
        "postings": ("amount",),
    }
)

Mask = Callable[[str], str]
PERSONAL: Mapping[str, Mapping[str, Mask]] = MappingProxyType(
    {
        "customers": {"name": masked_name, "id_no": masked_number, "phones": masked_number},
        "certificates": {"right_holder": masked_name},
    }
)


def under(paths: tuple[str, ...]) -> Record:
    """The filter that keeps records of those organisations and all below them."""
    if not paths:
        return dict(NOTHING)
    if "" in paths:
        return {}
    below = [re.compile(f"^{re.escape(path)}/") for path in paths]
    return {"org_path": {"$in": [*paths, *below]}}


def scope(viewer: Actor) -> Record:
    """The filter of every read of this viewer (INV-09)."""
    return under(viewer.paths(Operation.READ))


def unseen(viewer: Actor) -> Record:
    """By collection, the filter that keeps back what lies in a vault the viewer counts (CUS-18)."""
    if not viewer.counting:
        return {}
    elsewhere = {"$nin": list(viewer.counting)}
    return {
        "certificates": {"place.vault": elsewhere},
        "packets": {"vault": elsewhere},
        "postings": {"vault": elsewhere},
        "slots": {"vault": elsewhere},
    }


class Sight:
    """What one viewer sees of records; it remembers what it found out about organisations."""

    def __init__(self, viewer: Actor, sealer: Sealer) -> None:
        self.viewer, self.scope = viewer, scope(viewer)
        self._unseen = unseen(viewer)
        self._sealer = sealer
        seen = viewer.paths(Operation.SEE_AMOUNTS)
        self.all_amounts = all(
            any(root in ("", path) or covers(root, path) for root in seen)
            for path in viewer.paths(Operation.READ)
        )
        self._amounts: dict[str, bool] = {}  # by organisation
        self._persons: dict[str, bool] = {}
        masked = PERSONAL.keys() | (set() if self.all_amounts else _MASKED_AMOUNTS.keys())
        self._masked = frozenset({*masked, "dereg_cases"})  # collections
        self._projections: dict[tuple[str, frozenset[str]], Record] = {}

    def within(self, collection: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """A query for those of the records that answer which the viewer may see."""
        parts = [part for part in (self.scope, self._unseen.get(collection)) if part]
        return {"$and": [query, *parts]} if parts else query

    def projection(self, collection: str, fields: frozenset[str]) -> Record:
        """What to read so that these fields can be shown: some masks look at others."""
        known = self._projections.get((collection, fields))
        if known is None:
            if len(self._projections) >= MAX_PROJECTIONS:
                self._projections.clear()
            needed = self._needed(collection, fields)
            # No projection takes a field and what is inside of it.
            outer = [one for one in needed if one.partition(".")[0] not in needed - {one}]
            known = self._projections[collection, fields] = dict.fromkeys(outer, 1) or {"_id": 1}
        return known

    def _needed(self, collection: str, fields: frozenset[str]) -> frozenset[str]:
        if not self.all_amounts and fields & _MASKED_AMOUNTS.get(collection, _NONE):
            fields |= {"org_path"}
        if fields & PERSONAL.get(collection, {}).keys():
            fields |= {"org_path", "managers", "no"}
        return fields

    def shown(
        self, collection: str, records: list[Record], *, fields: frozenset[str] | None = None
    ) -> list[Record]:
        """Records as the viewer may see them: amounts left out, personal data opened or masked.

        fields: what was read of them; none means everything.
        """
        if collection not in self._masked:
            return records
        amounts = None if self.all_amounts else _MASKED_AMOUNTS.get(collection)
        if amounts and (fields is None or fields & amounts):
            records = [self._without_amounts(collection, record) for record in records]
        if collection == "dereg_cases" and (fields is None or "precheck_runs" in fields):
            records = [self._without_strangers(record) for record in records]
        personal = PERSONAL.get(collection)
        if personal and (fields is None or fields & personal.keys()):
            records = [record | self._opened(record, personal) for record in records]
        return records

    def _without_amounts(self, collection: str, record: Record) -> Record:
        path = _path(record)
        seen = self._amounts.get(path)
        if seen is None:
            seen = self._amounts[path] = self.viewer.may(Operation.SEE_AMOUNTS, path)
        if seen:
            return record
        record = record | dict.fromkeys(AMOUNTS[collection])
        if isinstance(record.get("links"), list):
            record["links"] = [
                link | _NO_LINK_AMOUNTS if isinstance(link, dict) else link
                for link in record["links"]
            ]
        if isinstance(record.get("precheck_runs"), list | tuple):
            record["precheck_runs"] = [_run_without_amounts(run) for run in record["precheck_runs"]]
        return record

    def _without_strangers(self, record: Record) -> Record:
        """Kept evaluations that name no loan beyond the viewer's reach (INV-09)."""
        runs = record.get("precheck_runs")
        if not isinstance(runs, list | tuple):
            return record
        return record | {"precheck_runs": [self._run(run) for run in runs]}

    def _run(self, run: Any) -> Any:
        places = run.get("places") if isinstance(run, dict) else None
        if not places or not isinstance(places, list | tuple):
            return run
        hidden = {
            place["loan_no"]
            for place in places
            if not self.viewer.may(Operation.READ, place["org_path"])
        }
        if not hidden:
            return run
        return run | {"places": [], "results": [_unnamed(one, hidden) for one in run["results"]]}

    def _opened(self, record: Record, personal: Mapping[str, Mask]) -> Record:
        plain = self._sees_persons(record)
        bound = str(record.get("no") or record["_id"])

        def open_one(field: str, value: Any) -> str | None:
            if not isinstance(value, str):
                return None  # what no mask fits is not shown
            text = self._sealer.open(value, record=bound, field=field)
            if text is None:
                return "***"
            return text if plain else personal[field](text)

        opened: Record = {}
        for field in personal.keys() & record.keys():
            value = record[field]
            many = isinstance(value, list)
            opened[field] = (
                [open_one(field, item) for item in value] if many else open_one(field, value)
            )
        return opened

    def _sees_persons(self, record: Record) -> bool:
        """Whether personal data of this record are open to the viewer (PII_READ)."""
        path, viewer = _path(record), self.viewer
        seen = self._persons.get(path)
        if seen is None:
            seen = self._persons[path] = viewer.may(Operation.SEE_PERSONS, path)
        assigned = viewer.login in (record.get("managers") or ())
        return seen or (assigned and covers(viewer.org_path, path))


_NONE: frozenset[str] = frozenset()
_NO_LINK_AMOUNTS: Record = {"secured_amount": None, "prior_claims": None}
# Fields with amounts somewhere inside them.
_WITHIN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "guarantee_contracts": frozenset({"links"}),
        "dereg_cases": frozenset({"precheck_runs"}),
    }
)
_MASKED_AMOUNTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(fields) | _WITHIN.get(name, _NONE) for name, fields in AMOUNTS.items()}
)


def _run_without_amounts(run: Any) -> Any:
    """A kept evaluation that says what stood in the way, and not how much (§9)."""
    if not isinstance(run, dict) or not isinstance(run.get("results"), list | tuple):
        return run
    return run | {"results": [result_without_amounts(result) for result in run["results"]]}


def result_without_amounts(result: Any) -> Any:
    """One kept answer of a precondition, without the amounts in it."""
    if not isinstance(result, dict):
        return result
    refusals, facts = result.get("refusals"), result.get("facts")
    if isinstance(refusals, list | tuple):
        refusals = [_refusal_without_amounts(refusal) for refusal in refusals]
    if isinstance(facts, list | tuple) and str(result.get("id")) in TELLING_FACTS:
        facts = [hidden(fact) if _is_plain(fact) else fact for fact in facts]
    return result | {"refusals": refusals, "facts": facts}


def _refusal_without_amounts(refusal: Any) -> Any:
    if not isinstance(refusal, dict) or str(refusal.get("code")) not in TELLING:
        return refusal
    detail: Any = refusal.get("detail")
    if not _is_plain(detail):
        return refusal
    return refusal | {"detail": hidden(detail)}


def _is_plain(facts: Any) -> bool:
    return isinstance(facts, dict) and all(isinstance(text, str) for text in facts.values())


def _unnamed(result: Record, hidden: set[str]) -> Record:
    """A kept answer of a precondition as somebody may hear it who does not reach those loans."""
    told = dict.fromkeys(veiled_fact(f["name"], f["value"], hidden) for f in result["facts"])
    return result | {
        "facts": [{"name": name, "value": value} for name, value in told],
        "refusals": [
            refusal | {"detail": veiled_detail(refusal["detail"], hidden)}
            for refusal in result["refusals"]
        ],
    }


def _path(record: Record) -> str:
    """Where a record belongs; one that does not say belongs nowhere and is masked."""
    path = record.get("org_path")
    return path if isinstance(path, str) and path else "-"
