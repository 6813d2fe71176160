"""Compiled plans answer as graphql-core does, errors included, whatever is asked or stored.

`make fuzz` runs it longer; FUZZ_SEED repeats a run.
"""

import asyncio
import logging
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pymongo import MongoClient

import server
from domain.orgs import OrgLevel
from domain.people import Actor, RoleGrant
from domain.roles import Role
from execution.schema import Schema
from resolvers.context import Context, Stores
from storage.clock import Clock
from storage.mongo import Mongo
from storage.notary import Notary
from storage.rulebook import Rulebook
from storage.scope import Sight
from storage.sealing import Sealer
from tests.client import Bank
from tests.execution.documents import Asked, Writer
from tests.execution.odd_records import copy_spoiled

OPERATIONS = 3_000
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("FUZZ_SEED", "2025"))
NOW = datetime(2025, 6, 20, 2, tzinfo=UTC)
ODD = "lienkeeper_odd"
PLACES = [
    ("HO", "/HO", "/HO", OrgLevel.HEAD_OFFICE),
    ("T2", "/HO/T1/T2", "/HO/T1/T2", OrgLevel.TIER2_BRANCH),
    ("LC", "/HO/T1/T2/LC", "/HO/T1/T2", OrgLevel.LOAN_CENTER),
    ("OBX", "/HO/T1/T2X/OBX", "/HO/T1/T2X/OBX", OrgLevel.OPERATING_BRANCH),
]
_REFERENCE = re.compile(r"quote \w+ when")


@dataclass
class Engines:
    """Both ways to execute, over the same records."""

    compiled: Schema
    plain: Schema
    stores: Stores
    records: Any

    async def both(self, asked: Asked, viewer: Actor) -> tuple[Any, Any, str | None]:
        """The two answers, and why the first was not compiled, if it was not."""
        ours = await self._execute(self.compiled, asked, viewer)
        theirs = await self._execute(self.plain, asked, viewer)
        plan = (ours.extensions or {}).get("plan", {"reason": "refused"})
        return _told(ours), _told(theirs), plan.get("reason")

    async def _execute(self, schema: Schema, asked: Asked, viewer: Actor) -> Any:
        context = Context(
            stores=self.stores,
            look_up=lambda: Sight(viewer, self.stores.sealer),
            given_id="fuzz",
            chinese=False,
            now=NOW,
        )
        return await schema.execute(
            asked.text, variable_values=asked.variables, context_value=context
        )


@pytest.fixture(scope="module")
def engines(bank: Bank, endpoints) -> Iterator[Engines]:
    """Stories of a bank, copied and spoiled."""
    bank.vaulted()
    bank.vault_out(bank.approved())
    bank.mortgage(org="OBX")
    for _ in range(6):
        bank.mortgage()
    client: MongoClient = MongoClient(endpoints.mongo_url)
    records = copy_spoiled(client, "lienkeeper", ODD, seed=SEED)
    mongo = Mongo(endpoints.mongo_url, ODD)
    stores = Stores(
        mongo=mongo,
        objects=None,
        sealer=Sealer(endpoints.pii_key),
        notary=Notary(endpoints.evidence_key),
        rulebook=Rulebook(mongo),
        clock=Clock(),
        filer=None,
    )
    yield Engines(
        compiled=server.graphql_schema(explain=True),
        plain=server.graphql_schema(compiled=False),
        stores=stores,
        records=records,
    )
    mongo.close()
    client.drop_database(ODD)
    client.close()


# Where a field fails, graphql-core drops the others' coroutines.
@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_compiled_plans_answer_as_graphql_core_does(engines: Engines, caplog):
    caplog.set_level(logging.CRITICAL)  # what is wrong on purpose need not be logged
    reasons: Counter[str | None] = Counter()
    asyncio.run(_compare(engines, reasons))
    total = sum(reasons.values())
    tally = f"{total:,} operations, {reasons[None]:,} compiled; others: {dict(reasons)}"
    sys.stdout.write(f"{tally}\n")
    assert total >= OPERATIONS
    assert reasons[None] > total / 4  # else nothing would be compared


async def _compare(engines: Engines, reasons: Counter[str | None]) -> None:
    viewers = [_viewer(role, *place) for role in Role for place in PLACES]
    ids, numbers = _known(engines.records)
    until = time.monotonic() + SECONDS
    number = 0
    while number < OPERATIONS or time.monotonic() < until:
        dice = random.Random(f"{SEED}-{number}")
        asked = Writer(engines.compiled._schema, dice, ids, numbers).query()
        viewer = viewers[number % len(viewers)]
        ours, theirs, reason = await engines.both(asked, viewer)
        reasons[reason] += 1
        by_core = reason is not None
        assert _same(ours, theirs, by_core=by_core), f"number {number} by {viewer.grants}:\n{asked}"
        number += 1


def _told(result: Any) -> Any:
    """An answer as JSON, its errors in no order and without references to the log."""
    errors = [_REFERENCE.sub("", str(error.formatted)) for error in result.errors or ()]
    errors = [re.sub(r"'reference': '\w+'", "", error) for error in errors]
    return orjson.dumps(result.data), sorted(errors)


def _same(ours: Any, theirs: Any, *, by_core: bool) -> bool:
    """Equal; but of fields that failed at once under one that is null, any may say why.

    They race in graphql-core, which told both where no plan did. by_core: whether it did.
    """
    if by_core and ours[0] == theirs[0] and ours[1] and theirs[1]:
        return True
    return bool(ours == theirs)


def _viewer(role: Role, code: str, path: str, reach: str, level: OrgLevel) -> Actor:
    grant = RoleGrant(
        role=role, org_code=code, org_path=path, org_level=level, jurisdiction_path=reach
    )
    return Actor(
        login="rm-1", user_id="u", org_code=code, org_path=path, grants=(grant,), vaults=("V1",)
    )


def _known(records: Any) -> tuple[list[str], dict[str, list[str]]]:
    """What root fields may be asked for."""
    ids: list[str] = []
    for name in records.list_collection_names():
        ids += [one["_id"] for one in records[name].find({}, {"_id": 1}).limit(15)]

    def numbers(collection: str, name: str) -> list[str]:
        found = [one.get(name) for one in records[collection].find({}).limit(12)]
        return [text for text in found if isinstance(text, str)] or ["nothing"]

    by_field = {
        "loan": numbers("loans", "loan_no"),
        "dossier": numbers("dossiers", "loan_no"),
        "customer": numbers("customers", "no"),
        "collateral": numbers("collaterals", "no"),
        "guaranteeContract": numbers("guarantee_contracts", "no"),
        "deregistrationCase": numbers("dereg_cases", "no"),
        "handover": numbers("handovers", "no"),
        "user": numbers("users", "login"),
    }
    return sorted(ids), by_field
