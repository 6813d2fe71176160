"""The same operations over the same database in Ariadne, to compare with.

Needs, beside what the Node peers share (peers/schema.graphql):
ariadne==1.1.1 graphql-core==3.3.2 motor==3.7.1 pymongo==4.20.0 pyjwt==2.15.1 python-ulid==4.1.0
uvicorn==0.54.0 uvloop==0.23.0 httptools==0.9.0 orjson==3.13.0

MONGO_URL, MONGO_DATABASE, TOKEN_KEY, PORT and, to fix the clock, NOW come from the environment;
DRIVER too: `motor`, or `pymongo` for the asyncio client of PyMongo itself.
"""

import asyncio
import base64
import hashlib
import inspect
import json
import os
import random
import re
import time
import unicodedata
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import jwt
import orjson
import uvicorn
import uvloop
from ariadne import MutationType, ObjectType, QueryType, ScalarType, make_executable_schema
from ariadne.asgi import GraphQL
from ariadne.asgi.handlers import GraphQLHTTPHandler
from ariadne.exceptions import HttpBadRequestError
from bson import Int64
from bson.raw_bson import RawBSONDocument
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
)
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, InsertOne, ReadPreference, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from starlette.requests import Request
from starlette.responses import Response
from ulid import ULID

Record = dict[str, Any]

HOST = "127.0.0.1"
SDL = Path(__file__).resolve().parent / "peers" / "schema.graphql"
JOURNALED = WriteConcern(w="majority", j=True, wtimeout=10_000)
TIMEOUT_MS = 10_000
MAX_PAGE, DEFAULT_PAGE = 100, 20
MAX_RELATED, MAX_BATCH = 100, 20_000
MAX_KNOWN = 10_000
LEEWAY_S = 30
DRIVERS = {"motor": AsyncIOMotorClient, "pymongo": AsyncMongoClient}
EIGHT_HOURS = timedelta(hours=8)  # Shanghai has had no summer time since 1991

# ---------------------------------------------------------------- what the records are

COLLECTIONS = {
    "Loan": "loans",
    "GuaranteeContract": "guarantee_contracts",
    "Collateral": "collaterals",
    "TitleCertificate": "certificates",
    "CustodyEvent": "custody_events",
    "Dossier": "dossiers",
    "ArchiveFile": "files",
    "FileVersion": "file_versions",
    "DeregistrationCase": "dereg_cases",
}
AMOUNTS = {
    "Loan": {"principalAmount", "balance", "interestReceivable"},
    "Collateral": {"latestValue"},
    "TitleCertificate": {"rightAmount"},
}


@dataclass(frozen=True, slots=True)
class Relation:
    """How rows lead to other rows; `local` and `foreign` may each hold a list."""

    local: str = "_id"
    foreign: str = "_id"
    many: bool = True
    order: str = "_id"

    @property
    def sort(self) -> list[tuple[str, int]]:
        return [("_id", 1)] if self.order == "_id" else [(self.order, 1), ("_id", 1)]


RELATIONS: dict[str, dict[str, Relation]] = {
    "Loan": {
        "guaranteeContracts": Relation("loan_no", "secured_loans", order="no"),
        "dossier": Relation("loan_no", "loan_no", many=False),
        "files": Relation("loan_no", "loan_no"),
    },
    "GuaranteeContract": {"collaterals": Relation("links.collateral_no", "no", order="no")},
    "Collateral": {"certificates": Relation("no", "collateral_nos")},
    "TitleCertificate": {
        "collaterals": Relation("collateral_nos", "no", order="no"),
        "guaranteeContracts": Relation("guarantee_contract_nos", "no", order="no"),
        "events": Relation("_id", "certificate_id", order="seq"),
    },
    "Dossier": {
        "loan": Relation("loan_no", "loan_no", many=False),
        "files": Relation("_id", "dossier_id"),
    },
    "ArchiveFile": {"currentVersion": Relation("current_version_id", many=False)},
    "DeregistrationCase": {
        "collateral": Relation("collateral_id", many=False),
        "certificates": Relation("certificate_ids"),
        "loans": Relation("loan_nos", "loan_no", order="loan_no"),
    },
}


def is_overdue_out(row: Record, today: str) -> bool:
    """Whether a check-out is overdue; ISO dates sort by time."""
    due = row.get("due_date")
    return row["custody_state"] == "CHECKED_OUT" and due is not None and due < today


DERIVED = {"TitleCertificate": {"isOverdueOut": (("due_date", "custody_state"), is_overdue_out)}}

# ---------------------------------------------------------------- what a selection needs


@dataclass(slots=True)
class Plan:
    """The projection of a find, and a function from a record to a dict with GraphQL's names."""

    collection: str
    projection: Record
    made: Callable[[Record, Any], Record]
    relation: Relation | None
    edges: bool = False
    cursors: bool = False
    node: Any = None  # keeps the syntax tree alive whose id the plan is known by


_PLANS: dict[int, Plan] = {}


def plan_of(info: Any) -> Plan:
    """The plan of a field, made once a document: documents are kept, and with them their nodes."""
    node = info.field_nodes[0]
    plan = _PLANS.get(id(node))
    if plan is None:
        if len(_PLANS) >= MAX_KNOWN:
            _PLANS.clear()
        plan = _PLANS[id(node)] = _planned(info)
        plan.node = node
    return plan


def _planned(info: Any) -> Plan:
    named = get_named_type(info.return_type)
    chosen = _selected(info.field_nodes, info.fragments)
    if not named.name.endswith("Connection"):
        relation = RELATIONS.get(info.parent_type.name, {}).get(info.field_name)
        return _row_plan(named, chosen, info.fragments, relation)
    edges = _selected(chosen.get("edges", ()), info.fragments)
    nodes = [*chosen.get("nodes", ()), *edges.get("node", ())]
    rows = get_named_type(named.fields["nodes"].type)
    plan = _row_plan(rows, _selected(nodes, info.fragments), info.fragments, None)
    return replace(plan, edges="edges" in chosen, cursors="cursor" in edges)


def _row_plan(
    named: GraphQLObjectType, chosen: Mapping[str, list[Any]], fragments: Any, relation: Any
) -> Plan:
    projection: Record = {}
    made = _literal(named, chosen, fragments, projection, "", "row")
    if relation:
        projection[relation.foreign] = 1
    if any(name in AMOUNTS.get(named.name, ()) for name in chosen):
        projection["org_path"] = 1
    projection.setdefault("_id", 0)
    # Generated, because one dict display per row is the cheapest there is; the names are the
    # schema's own.
    function = eval(f"lambda row, context: {made}", {"is_overdue_out": is_overdue_out})
    return Plan(COLLECTIONS[named.name], projection, function, relation)


def _literal(
    named: GraphQLObjectType,
    chosen: Mapping[str, list[Any]],
    fragments: Any,
    projection: Record,
    prefix: str,
    row: str,
) -> str:
    parts = []
    for name, nodes in chosen.items():
        if name == "__typename":
            continue
        relation = RELATIONS.get(named.name, {}).get(name)
        derived = DERIVED.get(named.name, {}).get(name)
        if relation:
            projection[relation.local] = 1
            parts.append(f"'${name}': {_keys(row, relation.local)}")
        elif derived:
            projection |= dict.fromkeys(derived[0], 1)
            parts.append(f"'{name}': {derived[1].__name__}({row}, context.today)")
        else:
            value = _value(named, name, nodes, fragments, projection, prefix, row)
            parts.append(f"'{name}': {value}")
    return "{" + ", ".join(parts) + "}"


def _value(
    named: GraphQLObjectType,
    name: str,
    nodes: list[Any],
    fragments: Any,
    projection: Record,
    prefix: str,
    row: str,
) -> str:
    key = "_id" if name == "id" and not prefix else _snake(name)
    value = f"{row}.get('{key}')"
    kind = named.fields[name].type
    below = get_named_type(kind)
    if is_leaf_type(below):
        projection[prefix + key] = 1
        if name in AMOUNTS.get(named.name, ()):
            return f"{value} if context.viewer.sees_amounts(row) else None"
        return value
    many = is_list_type(kind.of_type if is_non_null_type(kind) else kind)
    item = f"{row}_"
    chosen = _selected(nodes, fragments)
    made = _literal(below, chosen, fragments, projection, f"{prefix}{key}.", item)
    if many:
        return f"[{made} for {item} in {value} or ()]"
    return f"None if ({item} := {value}) is None else {made}"


def _keys(row: str, local: str) -> str:
    first, _, second = local.partition(".")
    if second:
        return f"[item.get('{second}') for item in {row}.get('{first}') or ()]"
    return f"{row}.get('{first}')"


def _selected(nodes: Iterable[Any], fragments: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for node in nodes:
        for selection in node.selection_set.selections if node.selection_set else ():
            if isinstance(selection, FieldNode):
                found.setdefault(selection.name.value, []).append(selection)
                continue
            spread = isinstance(selection, FragmentSpreadNode)
            inner = fragments[selection.name.value] if spread else selection
            inner = getattr(inner, "definition", inner)
            for name, more in _selected([inner], fragments).items():
                found.setdefault(name, []).extend(more)
    return found


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


# ---------------------------------------------------------------- who asks

OWN, JURISDICTION, ALL = "org_path", "jurisdiction_path", ""
READERS = {
    "RELATIONSHIP_MANAGER": OWN,
    "CERT_HANDLER": JURISDICTION,
    "MORTGAGE_REGISTRAR": JURISDICTION,
    "VAULT_KEEPER": JURISDICTION,
    "VAULT_SUPERVISOR": JURISDICTION,
    "ARCHIVIST": JURISDICTION,
    "ARCHIVE_SUPERVISOR": JURISDICTION,
    "BATCH_SUPERVISOR": JURISDICTION,
    "COLLECTOR": JURISDICTION,
    "POST_LOAN_OFFICER": JURISDICTION,
    "FIELD_OFFICER": OWN,
    "MARKETING_SUPERVISOR": OWN,
    "VICE_PRESIDENT": OWN,
    "PRESIDENT": OWN,
    "RISK_MANAGER": JURISDICTION,
    "LEGAL_OFFICER": JURISDICTION,
    "APPROVER": JURISDICTION,
    "HQ_PARAMETER": ALL,
    "AUDITOR": JURISDICTION,
    "INTEGRATION": OWN,
    "SYSTEM": ALL,
}
SEE_AMOUNTS = {role: reach for role, reach in READERS.items() if role != "VAULT_KEEPER"}
PROCESS = {
    "RELATIONSHIP_MANAGER": OWN,
    "CERT_HANDLER": JURISDICTION,
    "MORTGAGE_REGISTRAR": JURISDICTION,
}


def covers(root: str, path: str) -> bool:
    """Whether the path is the root or lies below it."""
    return root in ("", path) or path.startswith(f"{root}/")


def _paths(grants: Sequence[Record], reaches: Mapping[str, str]) -> list[str]:
    wanted = {
        grant[reach] if reach else ""
        for grant in grants
        if (reach := reaches.get(grant["role"])) is not None
    }
    kept: list[str] = []
    for path in sorted(wanted, key=len):
        if not any(covers(root, path) for root in kept):
            kept.append(path)
    return kept


class Viewer:
    """A person as of today: what may be read, shown and done."""

    def __init__(self, user: Record, today: str) -> None:
        self.login, self.org_path = user["login"], user["org_path"]
        self.grants = [
            grant
            for grant in user["roles"]
            if (grant.get("valid_from") or today) <= today <= (grant.get("valid_to") or today)
        ]
        reading = _paths(self.grants, READERS)
        self.amounts = _paths(self.grants, SEE_AMOUNTS)
        self.sees_all = all(any(covers(root, path) for root in self.amounts) for path in reading)
        self.processing = _paths(self.grants, PROCESS)
        below = [re.compile(f"^{re.escape(path)}/") for path in reading]
        self.scope: Record | None = {"org_path": {"$in": [*reading, *below]}}
        if not reading:
            self.scope = {"_id": {"$in": []}}
        elif "" in reading:
            self.scope = None

    def sees_amounts(self, row: Record) -> bool:
        """Whether amounts of this record are shown."""
        if self.sees_all:
            return True
        path = row.get("org_path") or "-"
        return any(covers(root, path) for root in self.amounts)

    def may_process(self, path: str) -> bool:
        """Whether the person handles certificates there."""
        return any(covers(root, path) for root in self.processing)

    def acting(self) -> Record:
        """The grant in which the person handles certificates."""
        able = (g for g in self.grants if g["role"] in PROCESS and self.may_process(g["org_path"]))
        return next(able, self.grants[0])

    def within(self, query: Record) -> Record:
        """A query held to what the person may read."""
        return query if self.scope is None else {"$and": [query, self.scope]}


class Doorkeeper:
    """Checks tokens and reads the person behind one on every request."""

    def __init__(self, database: Any, key: str) -> None:
        raw = database.codec_options.with_options(document_class=RawBSONDocument)
        self._users = database.get_collection("users", codec_options=raw)
        self._key = key
        self._claims: dict[str, Record] = {}
        self._known: dict[str, tuple[bytes, str, Viewer]] = {}

    async def viewer(self, authorization: str | None, today: str) -> Viewer:
        """Who asks; what follows from the person's document is kept while its bytes are."""
        login = self._subject(authorization)
        raw = await self._users.find_one({"login": login})
        if raw is None:
            raise _unauthenticated("Nobody here signs in with this token.")
        known = self._known.get(login)
        if known is not None and known[0] == raw.raw and known[1] == today:
            return known[2]
        user = bson.decode(raw.raw)
        if not user["active"]:
            raise _unauthenticated("Nobody here signs in with this token.")
        viewer = Viewer(user, today)
        _remember(self._known, login, (raw.raw, today, viewer))
        return viewer

    def _subject(self, authorization: str | None) -> str:
        scheme, _, token = (authorization or "").partition(" ")
        claims = self._claims.get(token) if scheme.lower() == "bearer" else None
        if claims is None:
            try:
                claims = jwt.decode(
                    token,
                    self._key,
                    algorithms=["HS256"],
                    audience="lienkeeper-api",
                    issuer="lienkeeper",
                    leeway=LEEWAY_S,
                    options={"require": ["exp", "iss", "aud", "sub"]},
                )
            except jwt.PyJWTError:
                raise _unauthenticated("The token is not valid here.") from None
            _remember(self._claims, token, claims)
        if claims["exp"] + LEEWAY_S < time.time():
            raise _unauthenticated("The token has expired.")
        return str(claims["sub"])


def _remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    if len(known) >= MAX_KNOWN:
        del known[next(iter(known))]
    known[key] = value


def _unauthenticated(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "UNAUTHENTICATED"})


# ---------------------------------------------------------------- reads


@dataclass(slots=True)
class Context:
    """One request."""

    client: Any
    database: Any
    viewer: Viewer
    now: datetime
    today: str
    loaders: dict[int, "Loader"] = field(default_factory=dict)

    async def find(
        self, plan: Plan, query: Record, sort: Any, limit: int, projection: Record | None = None
    ) -> list[Record]:
        """Records within the viewer's scope, in one command: a cursor costs more."""
        query = self.viewer.within(query)
        command = {
            "find": plan.collection,
            "filter": query,
            "projection": projection or plan.projection,
            "sort": dict(sort),
            "limit": limit,
            "batchSize": limit + 1,  # a batch that is exactly full leaves the cursor open
            "maxTimeMS": TIMEOUT_MS,
            "readConcern": {"level": "majority"},
        }
        reply = (await self.database.command(command))["cursor"]
        rows: list[Record] = reply["firstBatch"]
        if reply["id"]:  # it grew to the size of one message; a cursor goes on behind it
            cursor = self.database[plan.collection].find(query, command["projection"])
            rows = await cursor.sort(sort).limit(limit).to_list(limit)
        return rows


class Loader:
    """Rows along one relation for all parents of one field, in one read."""

    def __init__(self, context: Context, plan: Plan, limit: int) -> None:
        self._context, self._plan, self._limit = context, plan, limit
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []

    def load(self, keys: Any) -> "asyncio.Future[Any]":
        """The rows those keys lead to, once all parents of this turn have asked."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.append((keys, future))
        if len(self._waiting) == 1:
            # Two turns on: by then every parent that came with the same read has asked.
            loop.call_soon(loop.call_soon, self._start)
        return future

    def _start(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.ensure_future(self._answer(waiting))
        task.add_done_callback(_TASKS.discard)
        _TASKS.add(task)

    async def _answer(self, waiting: list[tuple[Any, "asyncio.Future[Any]"]]) -> None:
        try:
            places = await self._read([keys for keys, _ in waiting])
        except Exception as error:
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        many = self._plan.relation is not None and self._plan.relation.many
        for keys, future in waiting:
            rows = _joined(places, keys, self._limit)
            if not future.done():
                future.set_result(rows if many else rows[0] if rows else None)

    async def _read(self, parents: list[Any]) -> dict[str, list[Record]]:
        plan, relation = self._plan, self._plan.relation
        assert relation is not None
        places: dict[str, list[Record]] = {}
        for keys in parents:
            for key in (keys,) if type(keys) is str else keys:
                places.setdefault(key, [])
        if not places or self._limit <= 0:
            return places
        query = {relation.foreign: {"$in": list(places)}}
        most = self._limit if len(places) == 1 else MAX_BATCH
        first, _, second = relation.foreign.partition(".")
        for row in await self._context.find(plan, query, relation.sort, most):
            made = plan.made(row, self._context)
            value = [item[second] for item in row[first]] if second else row[first]
            for key in (value,) if type(value) is str else value:
                own = places.get(key)
                if own is not None and (not own or own[-1] is not made):
                    own.append(made)
        return places


_TASKS: set[Any] = set()  # the loop itself keeps only weak references


def _joined(places: Mapping[str, list[Record]], keys: Any, limit: int) -> list[Record]:
    """The rows of several keys without repeats, in the order of the keys."""
    if type(keys) is str:
        return places[keys][:limit]
    if len(keys) == 1:
        return places[keys[0]][:limit]
    seen: dict[int, Record] = {}
    for key in keys:
        for row in places[key]:
            seen.setdefault(id(row), row)
    return list(seen.values())[:limit]


def relation_resolver(name: str, *, many: bool) -> Callable[..., Any]:
    """Resolver of a field along a relation; the plan of the parent left the keys beside."""
    kept = f"${name}"

    def resolve(parent: Record, info: Any, limit: int = MAX_RELATED) -> Any:
        keys = parent[kept]
        if keys is None:
            return [] if many else None
        context: Context = info.context
        loader = context.loaders.get(id(info.field_nodes[0]))
        if loader is None:
            most = max(0, min(limit, MAX_RELATED)) if many else 1
            loader = Loader(context, plan_of(info), most)
            context.loaders[id(info.field_nodes[0])] = loader
        return loader.load(keys)

    return resolve


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list; `_id` decides between equals."""

    name: str
    field: str
    step: int = 1

    @property
    def sort(self) -> list[tuple[str, int]]:
        tie = [("_id", self.step)]
        return tie if self.field == "_id" else [(self.field, self.step), *tie]

    def cursor(self, row: Record) -> str:
        value: Any = row
        for part in self.field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        text = json.dumps([self.name, value, row["_id"]])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def behind(self, after: str) -> Record:
        try:
            name, value, id = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        except ValueError:
            name, value, id = None, None, None
        if name != self.name or not isinstance(id, str) or not isinstance(value, str | int | None):
            raise _bad_input("`after` is no cursor of this list.")
        step = "$lt" if self.step < 0 else "$gt"
        if self.field == "_id":
            return {"_id": {step: id}}
        beyond: list[Record] = []
        if value is not None:
            beyond.append({self.field: {step: value}})
            if self.step < 0:
                beyond.append({self.field: None})
        elif self.step > 0:
            beyond.append({self.field: {"$ne": None}})
        return {"$or": [*beyond, {self.field: value, "_id": {step: id}}]}


ORDERS = {
    "LOAN_NO": Order("loan_no", "loan_no"),
    "DPD_DESC": Order("dpd", "dpd", -1),
    "MATURITY": Order("maturity", "maturity"),
    "DISBURSED_ON": Order("disbursed", "disbursed_on"),
    "CREATED": Order("created", "_id"),
    "CREATED_DESC": Order("created_desc", "_id", -1),
    "EXPECTED_BY": Order("expected", "expected_by"),
    "VAULT_DUE": Order("vault_due", "vault_due"),
    "DUE_DATE": Order("due", "due_date"),
    "NEXT_DUE": Order("next_due", "deadlines.sort_due"),
}

query_type = QueryType()


@query_type.field("loan")
async def resolve_loan(_: Any, info: Any, id: str | None = None, no: str | None = None) -> Any:
    """A loan."""
    return await _one(info, id, no)


@query_type.field("dossier")
async def resolve_dossier(
    _: Any,
    info: Any,
    id: str | None = None,
    loanNo: str | None = None,  # noqa: N803  as GraphQL names it
) -> Any:
    """The dossier of a loan."""
    return await _one(info, id, loanNo)


@query_type.field("loans")
async def resolve_loans(_: Any, info: Any, **given: Any) -> Any:
    """Loans."""
    return await _page(info, {}, **given)


@query_type.field("certificates")
async def resolve_certificates(_: Any, info: Any, filter: Any = None, **given: Any) -> Any:
    """Certificates."""
    query: Record = {}
    if filter and filter.get("custodyState") is not None:
        query["custody_state"] = {"$in": filter["custodyState"]}
    if filter and filter.get("vault") is not None:
        query["place.vault"] = filter["vault"]
    return await _page(info, query, **given)


@query_type.field("deregistrationCases")
async def resolve_cases(_: Any, info: Any, filter: Any = None, **given: Any) -> Any:
    """Deregistration cases."""
    states = filter.get("state") if filter else None
    return await _page(info, {} if states is None else {"state": {"$in": states}}, **given)


async def _one(info: Any, id: str | None, no: str | None) -> Record | None:
    if (id is None) == (no is None):
        raise _bad_input("Name one record: by id, or by number.")
    plan, context = plan_of(info), info.context
    query = {"_id": id} if id is not None else {"loan_no": no}
    rows = await context.find(plan, query, [("_id", 1)], 1)
    return plan.made(rows[0], context) if rows else None


async def _page(
    info: Any, query: Record, order: str, first: int | None = None, after: str | None = None
) -> Record:
    plan, context, sorted_by = plan_of(info), info.context, ORDERS[order]
    size = DEFAULT_PAGE if first is None else first
    if not 0 <= size <= MAX_PAGE:
        raise _bad_input(f"`first` is {size}; it may be 0 to {MAX_PAGE}.")
    wanted = query if after is None else {"$and": [query, sorted_by.behind(after)]}
    projection = {**plan.projection, sorted_by.field: 1, "_id": 1}
    rows = await context.find(plan, wanted, sorted_by.sort, size + 1, projection)
    page = rows[:size]
    nodes = [plan.made(row, context) for row in page]
    edges = None
    if plan.edges:
        cursors = [sorted_by.cursor(row) if plan.cursors else None for row in page]
        pairs = zip(cursors, nodes, strict=True)
        edges = [{"cursor": cursor, "node": node} for cursor, node in pairs]
    return {
        "nodes": nodes,
        "edges": edges,
        "pageInfo": {
            "hasNextPage": len(rows) > size,
            "hasPreviousPage": after is not None,
            "startCursor": sorted_by.cursor(page[0]) if page else None,
            "endCursor": sorted_by.cursor(page[-1]) if page else None,
        },
    }


def _bad_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


# ---------------------------------------------------------------- writes

RIGHTS = {
    "MORTGAGE_REG_PROOF",
    "OTHER_RIGHT_LEGACY",
    "PRE_NOTICE_MORTGAGE",
    "CONSTRUCTION_MORTGAGE",
    "DEPOSIT_RECEIPT",
    "TREASURY_BOND_RECEIPT",
    "INSURANCE_POLICY_PLEDGE",
    "WEALTH_PRODUCT_PLEDGE",
    "WAREHOUSE_RECEIPT",
    "EQUITY_PLEDGE_NOTICE",
    "RECEIVABLE_PLEDGE_REG",
    "MOVABLE_MORTGAGE_REG",
}
SCAN_ITEM = {
    "PRE_NOTICE_MORTGAGE": "PRE_NOTICE_CERT_SCAN",
    "PRE_NOTICE_TITLE": "PRE_NOTICE_CERT_SCAN",
    "MORTGAGE_REG_PROOF": "MORTGAGE_CERT_SCAN",
    "OTHER_RIGHT_LEGACY": "MORTGAGE_CERT_SCAN",
    "DEPOSIT_RECEIPT": "PLEDGE_CERT_SCAN",
    "TREASURY_BOND_RECEIPT": "PLEDGE_CERT_SCAN",
}
EMPTY_CERTIFICATE = dict.fromkeys(
    [
        "cert_no",
        "cert_no_norm",
        "issuer",
        "issuer_code",
        "issue_date",
        "registered_on",
        "registered_until",
        "right_holder",
        "right_amount",
        "pages",
        "holder",
        "place",
        "lock",
        "due_date",
        "collected_on",
        "vault_due",
        "priority_date",
        "supersedes",
        "superseded_by",
        "given_by",
    ]
)
EXPECTED_DAYS, VAULT_DAYS, SCAN_DAYS = 90, 3, 10
MAX_DUPLICATES, MAX_FOUND = 10, 5_000
MAX_ATTEMPTS, MAX_PAUSE_S = 40, 0.25

mutation_type = MutationType()


class Refused(Exception):
    """A decision that ended in a refusal; nothing was changed."""

    def __init__(self, code: str, rule_id: str, message: str) -> None:
        super().__init__(message)
        self.told = {"code": code, "ruleId": rule_id, "message": message}


class Overtaken(Exception):
    """Another decision changed what this one read."""


class Deed:
    """One decision's reads and writes, all in one transaction."""

    def __init__(self, context: Context, session: Any, name: str, given: Any) -> None:
        self.context, self._session, self._name, self._given = context, session, name, given

    async def find(
        self, collection: str, query: Record, fields: Any = None, limit: int = MAX_FOUND
    ) -> list[Record]:
        """Records by id."""
        cursor = self.context.database[collection].find(
            query,
            fields,
            sort=[("_id", 1)],
            limit=limit,
            batch_size=limit + 1,
            session=self._session,
        )
        rows: list[Record] = await cursor.to_list(limit)
        return rows

    async def of_loans(
        self, contracts: list[Record], collection: str, fields: Record
    ) -> list[Record]:
        """Records of the loans that these contracts secure."""
        numbers = sorted({no for row in contracts for no in row["secured_loans"]})
        return await self.find(collection, {"loan_no": {"$in": numbers}}, fields) if numbers else []

    async def write(self, collection: str, *operations: InsertOne[Record] | UpdateOne) -> None:
        """Writes into one collection. Raises: Overtaken."""
        if not operations:
            return
        target = self.context.database[collection]
        done = await target.bulk_write(list(operations), session=self._session)
        if done.matched_count != sum(isinstance(each, UpdateOne) for each in operations):
            raise Overtaken

    async def fence(self, collection: str, rows: Sequence[Record]) -> None:
        """So that two decisions cannot both rest on the old state of what they only read."""
        if rows:
            ids = {"_id": {"$in": [row["_id"] for row in rows]}}
            raised = {"$inc": {"fence": 1}}
            target = self.context.database[collection]
            await target.update_many(ids, raised, session=self._session)

    async def tell(self, *changed: tuple[str, Record]) -> None:
        """Writes the events that others wait for."""
        events = [
            {
                "_id": f"out_{ULID()}",
                "aggregate": aggregate,
                "aggregate_id": row["_id"],
                "aggregate_seq": row["version"],
                "type": f"{aggregate}.{'changed' if row['version'] else 'created'}",
                "cause": self._name,
                "by": self.context.viewer.login,
                "at": self.context.now,
                "org_path": row["org_path"],
                "position": None,
            }
            for aggregate, row in changed
        ]
        await self.write("outbox", *map(InsertOne, events))

    async def log(self, outcome: str, codes: list[str], subjects: list[str]) -> None:
        """Writes the line of the audit log."""
        context = self.context
        text = json.dumps([self._name, self._given], sort_keys=True, default=str)
        entry = {
            "_id": f"audit_{ULID()}",
            "biz_date": context.today,
            "at": context.now,
            "actor": context.viewer.login,
            "org_path": context.viewer.org_path,
            "operation": self._name,
            "outcome": outcome,
            "codes": codes,
            "subjects": subjects,
            "input_hash": hashlib.sha256(text.encode()).hexdigest(),
            "policy_version": None,
            "request_id": f"req_{uuid.uuid4()}",
            "seq": None,
        }
        await self.write("audit_log", InsertOne(entry))


@mutation_type.field("certificateRegisterExpected")
async def register_expected(_: Any, info: Any, input: Record) -> Record:
    """Expects a certificate (X01)."""

    async def work(deed: Deed) -> Record:
        context, ids = deed.context, input["collateralIds"]
        within = context.viewer.within({"_id": {"$in": ids}})
        fields = {"no": 1, "org_code": 1, "org_path": 1}
        found = {row["_id"]: row for row in await deed.find("collaterals", within, fields)}
        collaterals = [found.get(id) or _missing("Collateral", id) for id in ids]
        for row in collaterals:
            _permit(context, row)
        numbers = [row["no"] for row in collaterals]
        fields = {"no", "status", "secured_loans", "links.collateral_no", "links.active"}
        contracts = await deed.find(
            "guarantee_contracts",
            {"links.collateral_no": {"$in": numbers}},
            dict.fromkeys(fields, 1),
        )
        loans = await deed.of_loans(contracts, "loans", {"disbursed_on": 1, "in_scope": 1})
        certificate = _expected(context, input, collaterals, contracts, loans)
        event = _moved(context, certificate, "REGISTER_EXPECTED", "X01", None)
        stamps = _stamps(context)
        await deed.write("certificates", InsertOne(certificate | stamps))
        await deed.write("custody_events", InsertOne(event | stamps))
        await deed.tell(("TitleCertificate", certificate))
        await deed.log("DONE", [], [f"{event['_id']}@0", f"{certificate['_id']}@0"])
        await deed.fence("collaterals", collaterals)
        await deed.fence("guarantee_contracts", contracts)
        await deed.fence("loans", loans)
        return certificate

    return await _decide(info.context, "certificate_register_expected", input, work)


@mutation_type.field("certificateCollect")
async def collect(_: Any, info: Any, input: Record) -> Record:
    """Collects a certificate from the registry or owner (X02)."""

    async def work(deed: Deed) -> Record:
        context, id = deed.context, input["certificateId"]
        found = await deed.find("certificates", context.viewer.within({"_id": id}), limit=1)
        before = found[0] if found else _missing("TitleCertificate", id)
        _permit(context, before)
        if before["custody_state"] != "NOT_RECEIVED":
            _conflict(before)
        printed = _printed(before, input["paper"])
        same = {name: (before | printed)[name] for name in _IDENTITY}
        twins = await deed.find("certificates", same, {"legal_state": 1}, MAX_DUPLICATES)
        others = [row for row in twins if row["_id"] != id]
        for row in others:
            if row["legal_state"] != "VOID":
                message = f"A certificate with this type, issuer and number exists: {row['_id']}."
                raise Refused("DUPLICATE_CERT", "CUS-02", message)
        numbers = {"no": {"$in": before["guarantee_contract_nos"]}}
        contracts = await deed.find("guarantee_contracts", numbers, {"secured_loans": 1})
        code, dossiers = SCAN_ITEM.get(before["cert_type"]), []
        if code is not None:
            fields = {"version": 1, "org_path": 1, "items.code": 1, "items.due": 1}
            dossiers = await deed.of_loans(contracts, "dossiers", fields)
        after = before | printed | _collected(context, before)
        event = _moved(context, after, "COLLECT", "X02", before["custody_state"])
        late = [(row, at) for row in dossiers if (at := _open_item(row, code)) is not None]
        await deed.write("certificates", _change(context, before, after))
        await deed.write("custody_events", InsertOne(event | _stamps(context)))
        due = _later(context.today, SCAN_DAYS)
        await deed.write(
            "dossiers",
            *(
                _change(context, row, {f"items.{at}.due": due, "version": row["version"] + 1})
                for row, at in late
            ),
        )
        changed = [row | {"version": row["version"] + 1} for row, _ in late]
        await deed.tell(("TitleCertificate", after), *(("Dossier", row) for row in changed))
        subjects = [f"{row['_id']}@{row['version']}" for row in (after, *changed)]
        await deed.log("DONE", [], [f"{event['_id']}@0", *subjects])
        await deed.fence("certificates", others)
        await deed.fence("dossiers", [row for row in dossiers if _open_item(row, code) is None])
        await deed.fence("guarantee_contracts", contracts)
        return after

    return await _decide(info.context, "certificate_collect", input, work)


_IDENTITY = ("cert_type", "issuer_code", "cert_no_norm")


async def _decide(
    context: Context, name: str, given: Any, work: Callable[[Deed], Awaitable[Record]]
) -> Record:
    if not context.viewer.processing:
        raise _forbidden("Your role does not allow this.")
    await context.database["meta"].find_one({"_id": "rulebook"})
    try:
        async with await _awaited(context.client.start_session()) as session:
            certificate = await _retried(session, lambda: work(Deed(context, session, name, given)))
    except Refused as refused:
        await Deed(context, None, name, given).log("REFUSED", [refused.told["code"]], [])
        return {"certificate": None, "refusals": [refused.told]}
    return {"certificate": _shown(certificate, context), "refusals": []}


async def _retried(session: Any, work: Callable[[], Awaitable[Record]]) -> Record:
    attempt = 0
    while True:
        begun = session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=JOURNALED,
            max_commit_time_ms=TIMEOUT_MS,
        )
        await _awaited(begun)
        try:
            done = await work()
            await session.commit_transaction()
        except BaseException as error:
            if session.in_transaction:
                await session.abort_transaction()
            if not _may_retry(error) or attempt >= MAX_ATTEMPTS:
                raise
        else:
            return done
        await asyncio.sleep(random.uniform(0, min(MAX_PAUSE_S, 0.005 * 2**attempt)))
        attempt += 1


async def _awaited(value: Any) -> Any:
    """What one driver gives at once and the other promises."""
    return await value if inspect.isawaitable(value) else value


def _may_retry(error: BaseException) -> bool:
    if isinstance(error, BulkWriteError):
        failed = (error.details or {}).get("writeErrors", [])
        if any(problem.get("code") == 11_000 for problem in failed):
            return True
    if isinstance(error, Overtaken | DuplicateKeyError):
        return True
    return isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")


def _expected(
    context: Context,
    given: Record,
    collaterals: list[Record],
    contracts: list[Record],
    loans: list[Record],
) -> Record:
    numbers = [row["no"] for row in collaterals]
    standing = [
        row["no"]
        for row in contracts
        if row["status"] in ("DRAFT", "EFFECTIVE")
        and any(link["active"] and link["collateral_no"] in numbers for link in row["links"])
    ]
    named = given.get("guaranteeContractNos")
    if named is not None and not set(named) <= set(standing):
        message = "guaranteeContractNos: not active on this collateral."
        raise Refused("VALUE_INVALID", "INPUT", message)
    kind = given["certType"]
    catalog = given.get("catalog") if kind == "OTHER" else None
    drawn = sorted(row["disbursed_on"] for row in loans if row.get("disbursed_on"))
    return {
        "_id": f"cert_{ULID()}",
        "catalog": catalog or ("RIGHT_CERT" if kind in RIGHTS else "SAFEKEEPING"),
        "cert_type": kind,
        "carrier": given.get("carrier") or "PAPER",
        **EMPTY_CERTIFICATE,
        "rank": 1,
        "collateral_nos": numbers,
        "guarantee_contract_nos": standing if named is None else named,
        "legal_state": "PENDING",
        "custody_state": "NOT_RECEIVED",
        "expected_by": _later(drawn[0] if drawn else context.today, EXPECTED_DAYS),
        "event_seq": 0,
        "event_hash": "",
        "org_code": collaterals[0]["org_code"],
        "org_path": collaterals[0]["org_path"],
        "version": 0,
    }


def _printed(certificate: Record, paper: Record) -> Record:
    right, amount = certificate["catalog"] == "RIGHT_CERT", paper.get("rightAmount")
    holder = base64.b64encode(paper["rightHolder"].strip().encode()).decode()
    return {
        "cert_no": paper["certNo"].strip(),
        "cert_no_norm": _normalised(paper["certNo"]),
        "issuer": paper["issuer"].strip(),
        "issuer_code": _normalised(paper.get("issuerCode") or paper["issuer"]),
        "issue_date": paper["issueDate"],
        "registered_on": paper.get("registeredOn"),
        "registered_until": paper.get("registeredUntil"),
        "right_holder": f"s1:{holder}",
        "right_amount": None if amount is None else Int64(amount),
        "rank": paper.get("rank") or 1,
        "pages": paper["pages"],
        "priority_date": paper.get("registeredOn") or paper["issueDate"],
        "legal_state": "REGISTERED" if right else certificate["legal_state"],
    }


def _collected(context: Context, before: Record) -> Record:
    holder = {"login": context.viewer.login, "desk": None, "external": None, "since": context.now}
    return {
        "custody_state": "WITH_HANDLER",
        "holder": holder,
        "collected_on": context.today,
        "vault_due": _later(context.today, VAULT_DAYS),
        "version": before["version"] + 1,
    }


def _moved(
    context: Context, certificate: Record, movement: str, rule: str, before: str | None
) -> Record:
    """The event of a movement; the certificate is chained to it by its hash."""
    grant = context.viewer.acting()
    event = {
        "id": f"evnt_{ULID()}",
        "certificate_id": certificate["_id"],
        "seq": certificate["event_seq"] + 1,
        "type": movement,
        "rule_id": rule,
        "from_state": before,
        "to_state": certificate["custody_state"],
        "legal_state": certificate["legal_state"],
        "operators": [
            {
                "login": context.viewer.login,
                "role": grant["role"],
                "org_code": grant["org_code"],
                "at": context.now,
                "request_id": f"req_{uuid.uuid4()}",
            }
        ],
        **dict.fromkeys(("request_ref", "vault", "cabinet", "slot", "packet_no", "seal_no")),
        "evidence": [],
        "reason": None,
        "biz_date": context.today,
        "recorded_at": context.now,
        "prev_hash": certificate["event_hash"],
        "org_path": certificate["org_path"],
    }
    text = json.dumps(event, sort_keys=True, ensure_ascii=False, default=_utc_text)
    event["hash"] = hashlib.sha256(text.encode()).hexdigest()
    event["_id"] = event.pop("id")
    certificate |= {"event_seq": event["seq"], "event_hash": event["hash"]}
    return event


def _utc_text(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}+00:00"


def _open_item(dossier: Record, code: str | None) -> int | None:
    return next(
        (
            at
            for at, item in enumerate(dossier["items"])
            if item["code"] == code and item.get("due") is None
        ),
        None,
    )


def _change(context: Context, row: Record, values: Record) -> UpdateOne:
    kept = {"_id", "created_at", "created_by", "fence"}
    stamp = {"updated_at": context.now, "updated_by": context.viewer.login}
    given = {name: value for name, value in values.items() if name not in kept} | stamp
    return UpdateOne({"_id": row["_id"], "version": row["version"]}, {"$set": given})


def _stamps(context: Context) -> Record:
    now, login = context.now, context.viewer.login
    return {
        "updated_at": now,
        "updated_by": login,
        "created_at": now,
        "created_by": login,
        "fence": 0,
    }


def _shown(row: Record, context: Context) -> Record:
    """The one record of an answer under GraphQL's names; neither mutation checks paper out."""
    place = row["place"]
    return {
        "id": row["_id"],
        "certType": row["cert_type"],
        "certNo": row["cert_no"],
        "rightAmount": row["right_amount"] if context.viewer.sees_amounts(row) else None,
        "legalState": row["legal_state"],
        "custodyState": row["custody_state"],
        "place": place and {**place, "packetNo": place["packet_no"]},
        "lock": row["lock"],
        "expectedBy": row["expected_by"],
        "collectedOn": row["collected_on"],
        "vaultDue": row["vault_due"],
        "version": row["version"],
        "isOverdueOut": False,
        "$collaterals": row["collateral_nos"],
        "$guaranteeContracts": row["guarantee_contract_nos"],
        "$events": row["_id"],
    }


def _normalised(number: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", number)).upper()


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _permit(context: Context, row: Record) -> None:
    if not context.viewer.may_process(row["org_path"]):
        raise _forbidden("Your role does not reach this organisation.")


def _forbidden(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "FORBIDDEN"})


def _missing(kind: str, id: str) -> Record:
    raise Refused("NOT_FOUND", "INV-09", f"There is no {kind} {id} within your reach.")


def _conflict(row: Record) -> None:
    subject, state = row["cert_no"] or row["_id"], row["custody_state"]
    message = f"{subject} is {state}; COLLECT is not possible from there."
    raise Refused("STATE_CONFLICT", "X02", message)


# ---------------------------------------------------------------- the server

_YUAN = re.compile(r"-?(0|[1-9]\d{0,13})(\.\d{1,2})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _yuan(amount: int) -> str:
    whole, part = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole}.{part:02d}"


def _fen(value: Any) -> int:
    if not isinstance(value, str) or not _YUAN.fullmatch(value):
        raise ValueError('Money is a decimal string of yuan, like "1234.50".')
    whole, _, part = value.lstrip("-").partition(".")
    amount = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    return -amount if value.startswith("-") else amount


def _day(value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError('A Date is a calendar date, like "2025-06-20".')
    return value


def _same(value: Any) -> Any:
    return value


def _moment(value: datetime) -> str:
    return f"{value.isoformat(timespec='milliseconds')}Z"  # read without a zone, in UTC


def _schema() -> GraphQLSchema:
    objects = []
    for kind, relations in RELATIONS.items():
        bound = ObjectType(kind)
        for name, relation in relations.items():
            bound.set_field(name, relation_resolver(name, many=relation.many))
        objects.append(bound)
    scalars = [
        ScalarType("Money", serializer=_yuan, value_parser=_fen),
        ScalarType("Date", serializer=_same, value_parser=_day),
        ScalarType("DateTime", serializer=_moment),
    ]
    sdl = SDL.read_text()
    schema = make_executable_schema(sdl, query_type, mutation_type, *objects, *scalars)
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if isinstance(kind, GraphQLEnumType) or kind in (GraphQLString, GraphQLID, GraphQLInt):
            kind.serialize = _same  # what the database holds of these needs no check per value
        elif isinstance(kind, GraphQLObjectType):
            for name, fields in kind.fields.items():
                # Every plain field is in the dict: asking for it is less than the default does.
                fields.resolve = fields.resolve or _taken(name)
    return schema


def _taken(name: str) -> Callable[..., Any]:
    def take(row: Record, _info: Any) -> Any:
        return row[name]

    return take


_DOCUMENTS: dict[str, Any] = {}
_VALID: dict[int, Any] = {}  # the documents found valid, by id; kept, so that ids stay theirs


def _parsed(_context: Any, data: Record) -> Any:
    text = data["query"]
    document = _DOCUMENTS.get(text)
    if document is None:
        document = parse(text)
        _remember(_DOCUMENTS, text, document)
    return document


def _validated(schema: GraphQLSchema, document: Any, *more: Any, **options: Any) -> list[Any]:
    if id(document) in _VALID:
        return []
    errors = validate(schema, document, *more, **options)
    if not errors:
        _remember(_VALID, id(document), document)
    return errors


class Handler(GraphQLHTTPHandler):
    """Ariadne's handler with a faster JSON, and 401 for whom we do not know."""

    async def handle_request_override(self, request: Request) -> Response | None:
        if request.scope["path"] == "/healthz":
            return Response(b"ok")
        return None

    async def graphql_http_server(self, request: Request) -> Response:
        try:
            return await super().graphql_http_server(request)
        except GraphQLError as error:  # of the context; those of an operation are answered
            return _json({"errors": [error.formatted]}, 401)

    async def extract_data_from_json_request(self, request: Request) -> Any:
        try:
            return orjson.loads(await request.body())
        except ValueError as error:
            raise HttpBadRequestError("Request body is not a valid JSON") from error

    async def create_json_response(self, request: Request, result: dict, success: bool) -> Response:
        return _json(result, 200 if success or result.get("data") is not None else 400)


def _json(body: Any, status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


class Server(uvicorn.Server):
    """Says when it is ready."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(f"Ariadne answers on http://{HOST}:{self.config.port}/graphql", flush=True)


async def main() -> None:
    """Serves until it is told to stop."""
    client_class = DRIVERS[os.environ.get("DRIVER", "motor")]
    client = client_class(
        os.environ["MONGO_URL"], appname="lienkeeper-bench", maxPoolSize=50, minPoolSize=10
    )
    database = client.get_database(
        os.environ["MONGO_DATABASE"],
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=JOURNALED,
    )
    doorkeeper = Doorkeeper(database, os.environ["TOKEN_KEY"])
    fixed = os.environ.get("NOW")
    still = datetime.fromisoformat(fixed).astimezone(UTC).replace(tzinfo=None) if fixed else None

    async def context_of(request: Request, _data: Any) -> Context:
        now = still or datetime.now(UTC).replace(tzinfo=None)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as the database keeps it
        today = (now + EIGHT_HOURS).date().isoformat()
        viewer = await doorkeeper.viewer(request.headers.get("authorization"), today)
        return Context(client, database, viewer, now, today)

    app = GraphQL(
        _schema(),
        context_value=context_of,
        query_parser=_parsed,
        query_validator=_validated,
        introspection=False,
        explorer=None,
        debug=False,
        http_handler=Handler(),
    )
    config = uvicorn.Config(
        app,
        host=HOST,
        port=int(os.environ["PORT"]),
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
    )
    await Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main())
