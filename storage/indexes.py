"""Every index, by the question it answers. Source: domain 8.3."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pymongo import ASCENDING, DESCENDING, IndexModel

from domain.certificates import LegalState
from domain.deregistration import OPEN_STATES
from domain.stocktakes import StocktakeState
from storage.mongo import Mongo

_A, _D = ASCENDING, DESCENDING
_NOT_VOID = sorted(set(LegalState) - {LegalState.VOID})
_OPEN = sorted(OPEN_STATES)


def _unique(*fields: str, **options: object) -> IndexModel:
    return IndexModel([(field, _A) for field in fields], unique=True, **options)


def _plain(*fields: str | tuple[str, int]) -> IndexModel:
    return IndexModel([(field, _A) if isinstance(field, str) else field for field in fields])


INDEXES: Mapping[str, Sequence[IndexModel]] = MappingProxyType(
    {
        "orgs": [_unique("code"), _plain("org_path", "_id")],
        "users": [
            _unique("login"),
            _plain("org_path", "_id"),
            _plain("vaults"),
            _plain("substitutions.vault"),
            _plain("roles.role", "roles.jurisdiction_path"),
        ],
        "customers": [_unique("no"), _plain("id_hash"), _plain("org_path", "no", "_id")],
        "partners": [_unique("no"), _plain("org_path", "no", "_id")],
        "credit_contracts": [_unique("no"), _plain("customer_no"), _plain("org_path", "no", "_id")],
        "loans": [
            _unique("loan_no"),
            _plain("org_path", "loan_no", "_id"),
            _plain("loan_no", "_id"),
            _plain("org_path", "status", ("dpd", _D), "_id"),
            _plain(("dpd", _D), ("_id", _D)),
            _plain("status", "loan_no", "_id"),
            _plain("customer_no", "status"),
            _plain("contract_no"),
            _plain("partner_no", "classification"),
            _plain("maturity", "_id"),
            _plain("disbursed_on", "_id"),
            IndexModel(
                [("next_look_on", _A), ("_id", _A)],
                partialFilterExpression={"next_look_on": {"$type": "string"}},
            ),
        ],
        "guarantee_contracts": [
            _unique("no"),
            _plain("links.collateral_no", "links.active"),
            _plain("secured_loans"),
            _plain("credit_contract_no"),
            _plain("org_path", "no", "_id"),
        ],
        "collaterals": [
            _unique("no"),
            _plain("no", "_id"),
            _plain("unit_no"),
            _plain("moves_with"),
            _plain("org_path", "no", "_id"),
            _plain("pledge_state", "no", "_id"),
            _plain("latest_value_on", "_id"),
            IndexModel(
                [("org_path", _A), ("owed_since", _A)],
                partialFilterExpression={"owed_since": {"$type": "string"}},
            ),
        ],
        "valuations": [_unique("no"), _plain("collateral_no", ("value_on", _D))],
        "certificates": [
            _unique(
                "cert_type",
                "issuer_code",
                "cert_no_norm",
                partialFilterExpression={
                    "legal_state": {"$in": _NOT_VOID},
                    "cert_no_norm": {"$type": "string"},
                },
            ),
            _plain("cert_no_norm"),
            _plain("org_path", "custody_state", "_id"),
            _plain("custody_state", "place.vault", "place.slot"),
            _plain("custody_state", "due_date", "_id"),
            _plain("due_date", "_id"),
            IndexModel(
                [("next_look_on", _A), ("_id", _A)],
                partialFilterExpression={"next_look_on": {"$type": "string"}},
            ),
            IndexModel(
                [("released_on", _A), ("_id", _A)],
                partialFilterExpression={"released_on": {"$type": "string"}},
            ),
            _plain("expected_by", "_id"),
            _plain("vault_due", "_id"),
            _plain("collateral_nos", "_id"),
            _plain("holder.login", "custody_state"),
            _plain("place.vault", "place.slot", "_id"),
            _plain("place.vault", "custody_state", "_id"),
            _plain(
                "place.vault",
                "custody_state",
                "place.cabinet",
                "place.slot",
                "place.packet_no",
                "_id",
            ),
        ],
        "custody_events": [_unique("certificate_id", "seq"), _plain("recorded_at", "_id")],
        "postings": [
            _unique("serial"),
            _plain("event_id"),
            _plain("certificate_id", "event_seq"),
            _plain("vault", "status", "_id"),
            _plain("status", "_id"),
        ],
        "reconciliations": [_unique("vault", "on"), _plain("on", "_id")],
        "handovers": [
            _unique("no"),
            _plain("receiver", "state", "_id"),
            _plain("giver", "state", "_id"),
            _plain("desk", "state", "_id"),
            _plain("items.certificate_id"),
            _plain("due_on", "_id"),
            _plain("late_told_on", "state", "due_on"),
        ],
        "receipts": [_unique("no"), _plain("items.certificate_id"), _plain("file_ids")],
        "vaults": [_unique("code"), _plain("count_look_on")],
        "slots": [_unique("vault", "cabinet", "slot")],
        "packets": [_unique("packet_no"), _plain("vault", "cabinet", "slot"), _plain("seal_no")],
        "proposals": [
            _plain("state", "expires_at"),
            _plain("certificate_ids"),
            _plain("case_id"),
            _plain("check_out_id"),
        ],
        "check_outs": [
            _plain("certificate_id", "_id"),
            _plain("borrower", "state", "due_date"),
            _plain("state", "due_date", "_id"),
            _plain("state", "take_by"),
            _plain("escalate_on"),
        ],
        "stocktakes": [
            IndexModel(
                [("vault", _A)],
                unique=True,
                partialFilterExpression={"state": StocktakeState.OPEN.value},
            ),
            _unique("no"),
            _plain("vault", ("_id", _D)),
            _plain("state", "resolve_due"),
        ],
        "dispatches": [
            _unique("no"),
            _plain("from_vault", "state", "_id"),
            _plain("to_vault", "state", "_id"),
            _plain("state", "_id"),
            _plain("certificate_ids"),
            _plain("late_told_on", "state", "due_on"),
        ],
        "redemptions": [_unique("no"), _plain("certificate_id")],
        "claim_transfers": [_unique("no"), _plain("collateral_nos", "state")],
        "owner_returns": [_unique("no"), _plain("receipt.file_version_id")],
        "keeper_changes": [_unique("no"), _plain("vault", "state", "_id")],
        "dereg_cases": [
            IndexModel(
                [("collateral_id", _A)],
                unique=True,
                partialFilterExpression={"state": {"$in": _OPEN}},
            ),
            _unique("no"),
            _plain("collateral_no", ("_id", _D)),
            _plain("state", "org_path", "deadlines.next_due"),
            _plain("deadlines.sort_due", "_id"),
            _plain("proof_pending", "deadlines.owner_proof_due"),
            _plain("handler", "state"),
            IndexModel(
                [("escalate_on", _A), ("_id", _A)],
                partialFilterExpression={"escalate_on": {"$type": "string"}},
            ),
            _plain("registry.acceptance_no"),
            _plain("registry.keys"),
            _plain("certificate_ids"),
            _plain("loan_nos"),
        ],
        "settlement_proofs": [_unique("no"), _plain("loan_no"), _plain("case_id")],
        "dossiers": [
            _unique("dossier_no"),
            _unique("loan_no"),
            _plain("org_path", "status", "_id"),
            _plain("status", "_id"),
            _plain("items.code", "items.status"),
        ],
        "files": [
            _plain("dossier_id", "doc_type", "_id"),
            _plain("loan_no", "_id"),
            _plain("certificate_id", "doc_type", "_id"),
            _plain("case_id"),
            _plain("doc_type", "_id"),
            _plain("status", "_id"),
        ],
        "file_versions": [
            _unique("object_key"),
            _plain("file_id", ("n", _D)),
            _plain("sha256"),
            _plain("status", "requested_at"),
        ],
        "legal_holds": [_unique("no"), _plain("scope", "target", "released_at")],
        "risk_signals": [_unique("no"), _plain("subject_kind", "subject", "eliminated_at")],
        "legal_cases": [_unique("no"), _plain("subject_kind", "subject", "closed_at")],
        "incidents": [_unique("no"), _plain("subject_kind", "subject", "closed_at")],
        "alerts": [
            _unique("no"),
            _plain("due_on", "_id"),
            _plain("org_path", "acknowledged_at", "due_on", "_id"),
            _plain("logins", "acknowledged_at"),
            _plain("subject", "_id"),
        ],
        "policy_values": [_unique("key", "effective_from")],
        "work_calendar": [],
        "idempotency": [IndexModel([("expires_at", _A)], expireAfterSeconds=0)],
        "outbox": [
            IndexModel(
                [("position", _A)],
                unique=True,
                partialFilterExpression={"position": {"$type": "int"}},
            ),
            _plain("position", "_id"),
            _unique("aggregate_id", "aggregate_seq", "_id"),
        ],
        "audit_log": [
            IndexModel(
                [("biz_date", _A), ("seq", _A)],
                unique=True,
                partialFilterExpression={"seq": {"$type": "int"}},
            ),
            _plain("seq", "_id"),
            _plain("actor", ("_id", _D)),
        ],
        "access_logs": [
            IndexModel(
                [("biz_date", _A), ("seq", _A)],
                unique=True,
                partialFilterExpression={"seq": {"$type": "int"}},
            ),
            _plain("seq", "_id"),
            _plain("object_id", ("at", _D)),
            _plain("user", ("at", _D)),
        ],
        "seals": [],
        "meta": [],
    }
)


async def prepare(mongo: Mongo) -> None:
    """Creates every collection and index that is not there yet."""
    existing = set(await mongo.database.list_collection_names())
    for collection, indexes in INDEXES.items():
        if collection not in existing:
            await mongo.database.create_collection(collection)
        if indexes:
            await mongo.database[collection].create_indexes(list(indexes))
