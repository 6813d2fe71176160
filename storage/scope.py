"""What a viewer may see: which records (scope) and what of them (masking), for every read."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from domain.orgs import covers
from domain.parties import masked_name, masked_number
from domain.people import Actor, Operation
from storage.records import Record
from storage.sealing import Sealer

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
        "certificates": ("right_amount",),
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


def shown(collection: str, record: Record, *, viewer: Actor, sealer: Sealer) -> Record:
    """The record as this viewer may see it: amounts left out, personal data opened or masked."""
    path = record.get("org_path", "")
    amounts = AMOUNTS.get(collection)
    if amounts and not viewer.may(Operation.SEE_AMOUNTS, path):
        record = record | dict.fromkeys(amounts)
        if "links" in record:
            record["links"] = [link | _NO_LINK_AMOUNTS for link in record["links"]]
    personal = PERSONAL.get(collection)
    if personal:
        record = record | _persons(collection, record, personal, viewer=viewer, sealer=sealer)
    return record


_NO_LINK_AMOUNTS: Record = {"secured_amount": None, "prior_claims": None}


def sees_persons(viewer: Actor, record: Record) -> bool:
    """Whether personal data of this record are open to the viewer (PII_READ)."""
    assigned = viewer.login in record.get("managers", ())
    inside = covers(viewer.org_path, record["org_path"])
    return (assigned and inside) or viewer.may(Operation.SEE_PERSONS, record["org_path"])


def _persons(
    collection: str,
    record: Record,
    personal: Mapping[str, Mask],
    *,
    viewer: Actor,
    sealer: Sealer,
) -> Record:
    plain = sees_persons(viewer, record)
    bound = str(record.get("no") or record["_id"])

    def open_one(field: str, value: str) -> str:
        text = sealer.open(value, record=bound, field=field)
        if text is None:
            return "***"
        return text if plain else personal[field](text)

    opened: Record = {}
    for field in personal:
        value = record.get(field)
        if isinstance(value, list):
            opened[field] = [open_one(field, item) for item in value]
        elif value is not None:
            opened[field] = open_one(field, value)
    return opened
