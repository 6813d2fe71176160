"""The limit: the operations of the bench as hand-written endpoints, on the same driver.

What a good engineer would write who knows each screen beforehand: the same sign-in, the same
reads within the same scope, the same bytes, no GraphQL. `POST /Q1` takes the variables as JSON.
"""

import base64
import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import jwt
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import server
from domain.people import User, actor
from domain.roles import Operation
from storage.finds import find
from storage.mongo import Mongo
from storage.records import Record, from_record

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX_KNOWN = 1_000
PAGE = re.compile(r"^[A-Za-z0-9_-]*$")


def only(*names: str) -> dict[str, int]:
    """A projection."""
    return dict.fromkeys(names, 1)


def money(fen: int | None) -> str | None:
    """An amount as it is sent."""
    return None if fen is None else f"{fen // 100}.{fen % 100:02d}"


def moment(at: datetime | None) -> str | None:
    """A moment as it is sent."""
    return None if at is None else at.isoformat(timespec="milliseconds")[:-6] + "Z"


class Desk:
    """Who asks, and the reads within their reach; everything of one request in one hop."""

    def __init__(self, mongo: Mongo, key: str) -> None:
        self.mongo, self.key = mongo, key
        self.tokens: dict[str, tuple[str, float]] = {}
        self.scopes: dict[str, tuple[Record, date, Record, bool]] = {}

    def login(self, header: str) -> str:
        """The login of a bearer token."""
        token = header.removeprefix("Bearer ")
        known = self.tokens.get(token)
        if known is None or known[1] < time.time():
            claims = jwt.decode(
                token,
                self.key,
                algorithms=["HS256"],
                audience="lienkeeper-api",
                issuer="lienkeeper",
            )
            if len(self.tokens) >= MAX_KNOWN:
                self.tokens.clear()
            known = self.tokens[token] = claims["sub"], claims["exp"]
        return known[0]

    def scope(self, login: str) -> tuple[Record, bool]:
        """The filter of this person's reads, and whether amounts are shown."""
        user = find(self.mongo.direct, "users", {"login": login}, limit=1)[0]
        today = datetime.now(SHANGHAI).date()
        known = self.scopes.get(login)
        if known is None or known[0] != user or known[1] != today:
            viewer = actor(from_record(User, user), today=today)
            paths = viewer.paths(Operation.READ)
            below = [re.compile(f"^{re.escape(path)}/") for path in paths]
            within = {} if "" in paths else {"org_path": {"$in": [*paths, *below]}}
            sees = set(paths) <= set(viewer.paths(Operation.SEE_AMOUNTS))
            known = self.scopes[login] = user, today, within, sees
        assert known[3], "the bench asks as people who see amounts"
        return known[2], known[3]

    def reader(self, login: str) -> Callable[..., list[Record]]:
        """`find` within the scope."""
        within, _ = self.scope(login)
        direct = self.mongo.direct

        def read(
            collection: str, query: Record, fields: dict[str, int], order: str, limit: int
        ) -> list[Record]:
            wanted = {"$and": [query, within]} if within else query
            if limit > 101:  # all that belong to a page: sorted here, see storage/relations.py
                rows = find(direct, collection, wanted, fields=fields, sort=None, limit=limit)
                rows.sort(key=itemgetter(order, "_id"))
                return rows
            sort = [("_id", 1)] if order == "_id" else [(order, 1), ("_id", 1)]
            return find(direct, collection, wanted, fields=fields, sort=sort, limit=limit)

        return read


def grouped(rows: list[Record], field: str) -> dict[str, list[Record]]:
    """Rows by a field that may hold a list."""
    groups: dict[str, list[Record]] = {}
    for row in rows:
        value = row[field]
        for key in value if type(value) is list else (value,):
            groups.setdefault(key, []).append(row)
    return groups


def linked(contract: Record) -> list[str]:
    """Numbers of the collateral under a contract."""
    return [link["collateral_no"] for link in contract["links"]]


def place(row: Record) -> Record | None:
    """Where a certificate lies."""
    lies = row["place"]
    return lies and {
        "vault": lies["vault"],
        "cabinet": lies["cabinet"],
        "slot": lies["slot"],
        "packetNo": lies["packet_no"],
    }


def cursor(name: str, value: Any, id: str) -> str:
    """The place of a row in its list."""
    text = json.dumps([name, value, id]).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def behind(after: str | None, field: str) -> Record:
    """The filter for what follows a cursor of an ascending order without nulls."""
    if after is None:
        return {}
    _, value, id = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    if field == "_id":
        return {"_id": {"$gt": id}}
    return {"$or": [{field: {"$gt": value}}, {field: value, "_id": {"$gt": id}}]}


Q1_LOAN = only(
    *[
        "loan_no",
        "product",
        "status",
        "classification",
        "balance",
        "principal_amount",
        "interest_receivable",
    ],
    *["disbursed_on", "maturity", "dpd", "version"],
)
Q1_CONTRACT = only("no", "kind", "mode", "status", "links.collateral_no", "secured_loans")
Q1_COLLATERAL = only("no", "kind", "pledge_state", "latest_value", "latest_value_on")
Q1_CERTIFICATE = only(
    *[
        "cert_type",
        "legal_state",
        "custody_state",
        "expected_by",
        "due_date",
        "place",
        "collateral_nos",
    ]
)
Q1_FILE = only("doc_type", "title", "file_class", "status", "versions", "loan_no")


def q1(read: Callable[..., list[Record]], variables: Record) -> Record:
    """One loan with everything that hangs on it."""
    found = read("loans", {"loan_no": variables["no"]}, Q1_LOAN, "_id", 1)
    if not found:
        return {"loan": None}
    loan = found[0]
    no = loan["loan_no"]
    contracts = read("guarantee_contracts", {"secured_loans": no}, Q1_CONTRACT, "no", 100)
    numbers = [number for contract in contracts for number in linked(contract)]
    collaterals = read("collaterals", {"no": {"$in": numbers}}, Q1_COLLATERAL, "no", 1001)
    keys = {"collateral_nos": {"$in": [one["no"] for one in collaterals]}}
    certificates = grouped(
        read("certificates", keys, Q1_CERTIFICATE, "_id", 1001), "collateral_nos"
    )
    dossiers = read("dossiers", {"loan_no": no}, only("dossier_no", "status", "items"), "_id", 1)
    files = read("files", {"loan_no": no}, Q1_FILE, "_id", 20)
    today = datetime.now(SHANGHAI).date().isoformat()
    answers = {
        one["no"]: {
            "no": one["no"],
            "kind": one["kind"],
            "pledgeState": one["pledge_state"],
            "latestValue": money(one["latest_value"]),
            "latestValueOn": one["latest_value_on"],
            "certificates": [
                {
                    "id": row["_id"],
                    "certType": row["cert_type"],
                    "legalState": row["legal_state"],
                    "custodyState": row["custody_state"],
                    "expectedBy": row["expected_by"],
                    "isOverdueOut": row["custody_state"] == "CHECKED_OUT"
                    and row["due_date"] is not None
                    and row["due_date"] < today,
                    "place": place(row),
                }
                for row in certificates.get(one["no"], ())
            ],
        }
        for one in collaterals
    }
    return {
        "loan": {
            "id": loan["_id"],
            "loanNo": no,
            "product": loan["product"],
            "status": loan["status"],
            "classification": loan["classification"],
            "balance": money(loan["balance"]),
            "principalAmount": money(loan["principal_amount"]),
            "interestReceivable": money(loan["interest_receivable"]),
            "disbursedOn": loan["disbursed_on"],
            "maturity": loan["maturity"],
            "dpd": loan["dpd"],
            "version": loan["version"],
            "guaranteeContracts": [
                {
                    "no": one["no"],
                    "kind": one["kind"],
                    "mode": one["mode"],
                    "status": one["status"],
                    "collaterals": [answers[no] for no in linked(one) if no in answers],
                }
                for one in contracts
            ],
            "dossier": dossiers[0]
            and {
                "dossierNo": dossiers[0]["dossier_no"],
                "status": dossiers[0]["status"],
                "items": [
                    {
                        "code": item["code"],
                        "stage": item["stage"],
                        "due": item["due"],
                        "status": item["status"],
                    }
                    for item in dossiers[0]["items"]
                ],
            },
            "files": [
                {
                    "id": row["_id"],
                    "docType": row["doc_type"],
                    "title": row["title"],
                    "fileClass": row["file_class"],
                    "status": row["status"],
                    "versions": row["versions"],
                }
                for row in files
            ],
        }
    }


PAGE_LOAN = only(
    *["loan_no", "customer_no", "product", "status", "classification", "balance", "maturity", "dpd"]
)


def page_of_loans(read: Callable[..., list[Record]], variables: Record) -> list[Record]:
    """Fifty loans and one more."""
    return read("loans", behind(variables.get("after"), "loan_no"), PAGE_LOAN, "loan_no", 51)


def page_info(rows: list[Record], name: str, field: str) -> Record:
    """Where a page of fifty stands."""
    last = rows[:50][-1] if rows else None
    return {
        "hasNextPage": len(rows) > 50,
        "endCursor": last and cursor(name, last[field], last["_id"]),
    }


def q2(read: Callable[..., list[Record]], variables: Record) -> Record:
    """A page of loans."""
    rows = page_of_loans(read, variables)
    nodes = [
        {
            "loanNo": row["loan_no"],
            "customerNo": row["customer_no"],
            "product": row["product"],
            "status": row["status"],
            "classification": row["classification"],
            "balance": money(row["balance"]),
            "maturity": row["maturity"],
            "dpd": row["dpd"],
        }
        for row in rows[:50]
    ]
    return {"loans": {"nodes": nodes, "pageInfo": page_info(rows, "loan_no", "loan_no")}}


Q3_CONTRACT = only("no", "mode", "status", "links.collateral_no", "secured_loans")
Q3_COLLATERAL = only("no", "kind", "pledge_state", "latest_value")
Q3_CERTIFICATE = only(
    *["cert_type", "legal_state", "custody_state", "expected_by", "right_amount", "collateral_nos"]
)
Q3_FILE = only(
    *["doc_type", "title", "file_class", "status", "versions", "org_code", "version", "loan_no"],
)


def q3(read: Callable[..., list[Record]], variables: Record) -> Record:
    """A page of loans with collateral, certificates and files."""
    rows = page_of_loans(read, variables)
    nodes = with_relations(read, rows[:50])
    return {"loans": {"nodes": nodes, "pageInfo": page_info(rows, "loan_no", "loan_no")}}


def growth(read: Callable[..., list[Record]], variables: Record) -> Record:
    """Several pages of Q3's loans, of any size."""
    first = variables["first"]
    answers: Record = {}
    for name, after in variables.items():
        if name == "first":
            continue
        rows = read("loans", behind(after, "loan_no"), PAGE_LOAN, "loan_no", first + 1)
        answers[name] = {"nodes": with_relations(read, rows[:first])}
    return answers


def with_relations(read: Callable[..., list[Record]], page: list[Record]) -> list[Record]:
    """Loans with their collateral, certificates and files."""
    numbers = {"$in": [row["loan_no"] for row in page]}
    contracts = read("guarantee_contracts", {"secured_loans": numbers}, Q3_CONTRACT, "no", 5001)
    wanted = {"$in": list({no for contract in contracts for no in linked(contract)})}
    collaterals = read("collaterals", {"no": wanted}, Q3_COLLATERAL, "no", 5001)
    held = {"collateral_nos": {"$in": [one["no"] for one in collaterals]}}
    certificates = grouped(
        read("certificates", held, Q3_CERTIFICATE, "_id", 5001), "collateral_nos"
    )
    files = grouped(read("files", {"loan_no": numbers}, Q3_FILE, "_id", 1001), "loan_no")
    answers = {
        one["no"]: {
            "no": one["no"],
            "kind": one["kind"],
            "pledgeState": one["pledge_state"],
            "latestValue": money(one["latest_value"]),
            "certificates": [
                {
                    "id": row["_id"],
                    "certType": row["cert_type"],
                    "legalState": row["legal_state"],
                    "custodyState": row["custody_state"],
                    "expectedBy": row["expected_by"],
                    "rightAmount": money(row["right_amount"]),
                }
                for row in certificates.get(one["no"], ())
            ],
        }
        for one in collaterals
    }
    by_loan: dict[str, list[Record]] = {}
    for one in contracts:
        answer = {
            "no": one["no"],
            "mode": one["mode"],
            "status": one["status"],
            "collaterals": [answers[no] for no in linked(one) if no in answers],
        }
        for no in one["secured_loans"]:
            by_loan.setdefault(no, []).append(answer)
    return [
        {
            "loanNo": row["loan_no"],
            "customerNo": row["customer_no"],
            "product": row["product"],
            "status": row["status"],
            "classification": row["classification"],
            "balance": money(row["balance"]),
            "maturity": row["maturity"],
            "dpd": row["dpd"],
            "guaranteeContracts": by_loan.get(row["loan_no"], []),
            "files": [
                {
                    "id": file["_id"],
                    "docType": file["doc_type"],
                    "title": file["title"],
                    "fileClass": file["file_class"],
                    "status": file["status"],
                    "versions": file["versions"],
                    "orgCode": file["org_code"],
                    "version": file["version"],
                }
                for file in files.get(row["loan_no"], ())[:5]
            ],
        }
        for row in page
    ]


Q4_EVENT = only(
    *[
        "seq",
        "type",
        "from_state",
        "to_state",
        "recorded_at",
        "operators",
        "hash",
        "certificate_id",
    ],
)
Q4_VERSION = only("n", "sha256", "size", "mime", "pages", "status", "uploaded_at")


def q4(read: Callable[..., list[Record]], variables: Record) -> Record:
    """A dossier with the ledgers of its certificates and the versions of its files."""
    whole = only("dossier_no", "status", "filed_on", "items", "loan_no")
    found = read("dossiers", {"loan_no": variables["loanNo"]}, whole, "_id", 1)
    if not found:
        return {"dossier": None}
    dossier = found[0]
    no = dossier["loan_no"]
    loans = read("loans", {"loan_no": no}, only("loan_no", "status", "customer_no"), "_id", 1)
    fields = only("no", "links.collateral_no")
    contracts = read("guarantee_contracts", {"secured_loans": no}, fields, "no", 100)
    wanted = {"$in": [number for contract in contracts for number in linked(contract)]}
    collaterals = read("collaterals", {"no": wanted}, only("no"), "no", 1001)
    held = {"collateral_nos": {"$in": [one["no"] for one in collaterals]}}
    fields = only("cert_type", "custody_state", "collateral_nos")
    certificates = read("certificates", held, fields, "_id", 1001)
    ledger = {"certificate_id": {"$in": [one["_id"] for one in certificates]}}
    events = grouped(read("custody_events", ledger, Q4_EVENT, "seq", 1001), "certificate_id")
    fields = only("doc_type", "current_version_id")
    files = read("files", {"dossier_id": dossier["_id"]}, fields, "_id", 100)
    current = {"_id": {"$in": [one["current_version_id"] for one in files]}}
    versions = {row["_id"]: row for row in read("file_versions", current, Q4_VERSION, "_id", 1001)}
    papers = grouped(certificates, "collateral_nos")
    known = {one["no"]: one for one in collaterals}
    return {
        "dossier": {
            "dossierNo": dossier["dossier_no"],
            "status": dossier["status"],
            "filedOn": dossier["filed_on"],
            "items": [
                {
                    "code": item["code"],
                    "stage": item["stage"],
                    "required": item["required"],
                    "due": item["due"],
                    "status": item["status"],
                    "acceptedAt": moment(item["accepted_at"]),
                }
                for item in dossier["items"]
            ],
            "loan": loans[0]
            and {
                "loanNo": loans[0]["loan_no"],
                "status": loans[0]["status"],
                "customerNo": loans[0]["customer_no"],
                "guaranteeContracts": [
                    {
                        "no": one["no"],
                        "collaterals": [
                            {
                                "no": number,
                                "certificates": [
                                    {
                                        "id": row["_id"],
                                        "certType": row["cert_type"],
                                        "custodyState": row["custody_state"],
                                        "events": [
                                            event_of(event) for event in events.get(row["_id"], ())
                                        ],
                                    }
                                    for row in papers.get(number, ())
                                ],
                            }
                            for number in linked(one)
                            if number in known
                        ],
                    }
                    for one in contracts
                ],
            },
            "files": [
                {
                    "id": file["_id"],
                    "docType": file["doc_type"],
                    "currentVersion": version_of(versions.get(file["current_version_id"])),
                }
                for file in files
            ],
        }
    }


def event_of(row: Record) -> Record:
    """A line of a ledger."""
    return {
        "seq": row["seq"],
        "type": row["type"],
        "fromState": row["from_state"],
        "toState": row["to_state"],
        "recordedAt": moment(row["recorded_at"]),
        "operators": [
            {"login": one["login"], "role": one["role"], "at": moment(one["at"])}
            for one in row["operators"]
        ],
        "hash": row["hash"],
    }


def version_of(row: Record | None) -> Record | None:
    """A file version."""
    return row and {
        "n": row["n"],
        "sha256": row["sha256"],
        "size": row["size"],
        "mime": row["mime"],
        "pages": row["pages"],
        "status": row["status"],
        "uploadedAt": moment(row["uploaded_at"]),
    }


Q5_CERTIFICATE = only(
    *["cert_type", "legal_state", "custody_state", "collected_on", "place", "collateral_nos"],
    "guarantee_contract_nos",
)


def q5(read: Callable[..., list[Record]], variables: Record) -> Record:
    """A page of a vault's inventory."""
    query = {"custody_state": {"$in": ["IN_VAULT"]}, "place.vault": variables["vault"]}
    after = behind(variables.get("after"), "_id")
    wanted = {"$and": [query, after]} if after else query
    rows = read("certificates", wanted, Q5_CERTIFICATE, "_id", 101)
    page = rows[:100]
    numbers = {"$in": list({no for row in page for no in row["collateral_nos"]})}
    kinds = {
        one["no"]: {"no": one["no"], "kind": one["kind"]}
        for one in read("collaterals", {"no": numbers}, only("no", "kind"), "no", 10001)
    }
    numbers = {"$in": list({no for row in page for no in row["guarantee_contract_nos"]})}
    states = {
        one["no"]: {"no": one["no"], "status": one["status"]}
        for one in read("guarantee_contracts", {"no": numbers}, only("no", "status"), "no", 10001)
    }
    edges = [
        {
            "cursor": cursor("created", row["_id"], row["_id"]),
            "node": {
                "id": row["_id"],
                "certType": row["cert_type"],
                "legalState": row["legal_state"],
                "custodyState": row["custody_state"],
                "collectedOn": row["collected_on"],
                "place": place(row),
                "collaterals": [kinds[no] for no in row["collateral_nos"] if no in kinds],
                "guaranteeContracts": [
                    states[no] for no in row["guarantee_contract_nos"] if no in states
                ],
            },
        }
        for row in page
    ]
    end = edges[-1]["cursor"] if edges else None
    info = {"hasNextPage": len(rows) > 100, "endCursor": end}
    return {"certificates": {"edges": edges, "pageInfo": info}}


Q6_CASE = only(
    *[
        "no",
        "kind",
        "handling_mode",
        "state",
        "deadlines",
        "approvals",
        "collateral_id",
        "loan_nos",
        "certificate_ids",
    ]
)


def q6(read: Callable[..., list[Record]], variables: Record) -> Record:
    """A board of open releases."""
    query: Record = {"state": {"$in": variables["states"]}}
    after = variables.get("after")
    if after:
        query = {"$and": [query, behind(after, "deadlines.sort_due")]}
    rows = read("dereg_cases", query, Q6_CASE, "deadlines.sort_due", 51)
    page = rows[:50]
    wanted = {"_id": {"$in": list({row["collateral_id"] for row in page})}}
    collaterals = {
        one["_id"]: {"no": one["no"], "kind": one["kind"], "pledgeState": one["pledge_state"]}
        for one in read("collaterals", wanted, only("no", "kind", "pledge_state"), "_id", 1001)
    }
    wanted = {"loan_no": {"$in": list({no for row in page for no in row["loan_nos"]})}}
    fields = only("loan_no", "status", "balance")
    loans = {
        one["loan_no"]: {
            "loanNo": one["loan_no"],
            "status": one["status"],
            "balance": money(one["balance"]),
        }
        for one in read("loans", wanted, fields, "loan_no", 5001)
    }
    wanted = {"_id": {"$in": list({id for row in page for id in row["certificate_ids"]})}}
    certificates = {
        one["_id"]: {
            "id": one["_id"],
            "custodyState": one["custody_state"],
            "lock": one["lock"] and {"kind": one["lock"]["kind"], "id": one["lock"]["id"]},
        }
        for one in read("certificates", wanted, only("custody_state", "lock"), "_id", 5001)
    }
    nodes = [
        {
            "no": row["no"],
            "kind": row["kind"],
            "handlingMode": row["handling_mode"],
            "state": row["state"],
            "deadlines": {
                "nextDue": row["deadlines"]["next_due"],
                "totalDue": row["deadlines"]["total_due"],
            },
            "approvals": [
                {"level": one["level"], "decision": one["decision"], "at": moment(one["at"])}
                for one in row["approvals"]
            ],
            "collateral": collaterals.get(row["collateral_id"]),
            "loans": [loans[no] for no in row["loan_nos"] if no in loans],
            "certificates": [
                certificates[id] for id in row["certificate_ids"] if id in certificates
            ],
        }
        for row in page
    ]
    last = page[-1] if page else None
    end = last and cursor("next_due", last["deadlines"]["sort_due"], last["_id"])
    info = {"hasNextPage": len(rows) > 50, "endCursor": end}
    return {"deregistrationCases": {"nodes": nodes, "pageInfo": info}}


READS = {"Q1": q1, "Q2": q2, "Q3": q3, "Q4": q4, "Q5": q5, "Q6": q6, "growth": growth}


def application() -> Starlette:
    """One route an operation."""
    mongo = Mongo(os.environ["MONGO_URL"], os.environ["MONGO_DATABASE"])
    desk = Desk(mongo, os.environ["TOKEN_KEY"])

    def route(name: str, answer: Callable[..., Record]) -> Route:
        async def endpoint(request: Request) -> Response:
            login = desk.login(request.headers["authorization"])
            variables = orjson.loads(await request.body())["variables"]
            data = await mongo.hop(lambda: answer(desk.reader(login), variables))
            body = orjson.dumps({"data": data})
            return Response(body, media_type="application/json")

        return Route(f"/{name}", endpoint, methods=["POST"])

    async def alive(_request: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/healthz", alive), *(route(*item) for item in READS.items())])


def main() -> None:
    """Serves until it is ended."""
    config = uvicorn.Config(
        application(),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_config=None,
        access_log=False,
    )
    server.settle_memory()
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
