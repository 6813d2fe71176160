"""Custody beside plain MongoDB: vault-ins beside bare transactions, pages of a large inventory."""

import copy
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pymongo import MongoClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from ulid import ULID

from resolvers.vault_lists import BY_PLACE
from storage.embedded import Endpoints, attach
from storage.mongo import CODEC
from tests.client import KEEPERS, REFUSALS, Bank, Story, vault_plan
from tests.serving import ready, serving

ROUNDS = 5
VAULT_INS = int(os.environ.get("BENCH_VAULT_INS", "20"))  # of a round
INVENTORY = int(os.environ.get("BENCH_INVENTORY", "100000"))
PAGES = 40
POLL_S = 0.002
SLOTS = 499  # of the vault that the papers go to
QUERY = (
    "query($v: String!, $a: String) { vaultInventory(vault: $v, first: 100, after: $a)"
    " { nodes { id certNo custodyState place { cabinet slot packetNo } }"
    " pageInfo { hasNextPage } } }"
)


@contextmanager
def bank() -> Iterator[tuple[Bank, Endpoints]]:
    """A bank served by a process of its own, on stores of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with serving(data) as (_, address):
            endpoints = attach(data)
            assert endpoints is not None  # it serves on this folder
            client = Bank(address)
            ready(client)
            client.open_branch()
            yield client, endpoints
            client.close()


def put_in(bank: Bank, story: Story) -> None:
    """One vault-in: proposed by one keeper, confirmed by another."""
    plan = vault_plan(story, slot=f"{story.n % SLOTS + 1:03}")
    proposed = bank.done(
        KEEPERS[0], "certificateVaultInPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    bank.done(KEEPERS[1], "certificateVaultInConfirm", confirm)


Writes = list[tuple[str, Any]]


def written(database: Any, story: Story) -> tuple[Writes, Writes]:
    """The documents that a vault-in's two transactions wrote: of the proposal, of both halves."""
    id = story.certificate_id
    certificate = database.certificates.find_one({"_id": id})
    packet = certificate["place"]["packet_no"]
    place = {"vault": "V1", "slot": certificate["place"]["slot"]}
    proposal = database.proposals.find_one({"certificate_ids": id})
    event = database.custody_events.find_one({"certificate_id": id, "type": "VAULT_IN"})
    first: Writes = [
        ("certificates", certificate),
        ("proposals", proposal),
        ("slots", database.slots.find_one(place)),
        ("audit_log", database.audit_log.find_one({"operation": "certificate_vault_in_propose"})),
    ]
    first += _told(database, "certificate_vault_in_propose", first)
    second: Writes = [
        ("certificates", certificate),
        ("proposals", proposal),
        ("slots", database.slots.find_one(place)),
        ("custody_events", event),
        ("packets", database.packets.find_one({"packet_no": packet})),
        ("seals", database.seals.find_one({"packet_no": packet})),
        ("dossiers", database.dossiers.find_one({"loan_no": story.loan_no})),
        ("audit_log", database.audit_log.find_one({"operation": "certificate_vault_in_confirm"})),
    ]
    receipt = database.receipts.find_one({"items.certificate_id": id, "kind": "VAULT_IN"})
    second.append(("receipts", receipt))
    files = {"$in": receipt["file_ids"]}
    for name, query in (
        ("postings", {"event_id": event["_id"]}),
        ("files", {"_id": files}),
        ("file_versions", {"file_id": files}),
    ):
        second += [(name, one) for one in database[name].find(query)]
    second += _told(database, "certificate_vault_in_confirm", second)
    return first, second


def _told(database: Any, cause: str, half: Writes) -> Writes:
    """The events that a half told about what it wrote."""
    ids = [record["_id"] for _, record in half]
    told = database.outbox.find({"cause": cause, "aggregate_id": {"$in": ids}})
    return [("outbox", one) for one in told]


def bare(client: MongoClient[Any], halves: Sequence[Writes]) -> None:
    """The same documents in as many transactions, and nothing else."""
    target = client.get_database(
        "bare", codec_options=CODEC, write_concern=WriteConcern(w="majority", j=True)
    )
    with client.start_session() as session:
        for half in halves:
            with session.start_transaction(
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern(w="majority", j=True),
            ):
                for name, record in half:
                    fresh = copy.copy(record) | {"_id": str(ULID())}
                    target[name].insert_one(fresh, session=session)


def rate(amount: int, work: Callable[[int], None], end: Callable[[], None]) -> float:
    """Done a second, the end of it all included."""
    began = time.perf_counter()
    for number in range(amount):
        work(number)
    end()
    return amount / (time.perf_counter() - began)


def all_filed(database: Any) -> None:
    """Waits for the last receipt: its document is stored beside the vault-ins that follow."""
    waiting = {"status": "PENDING", "source": "GENERATED"}
    while database.file_versions.find_one(waiting, {"_id": 1}) is not None:
        time.sleep(POLL_S)


def vault_ins(bank: Bank, client: MongoClient[Any]) -> dict[str, float]:
    """Rates of vault-ins and of bare transactions that write the same, rounds interleaved."""
    print("Preparing papers …", flush=True)
    stories = [bank.waiting() for _ in range((ROUNDS + 1) * VAULT_INS)]
    all_filed(client.get_database("lienkeeper"))  # of their handovers
    ours: list[float] = []
    plain: list[float] = []
    database = client.get_database("lienkeeper", codec_options=CODEC)
    for number in range(ROUNDS + 1):
        some = stories[number * VAULT_INS : (number + 1) * VAULT_INS]
        mine = rate(
            len(some),
            lambda at, some=some: put_in(bank, some[at]),  # type: ignore[misc]
            lambda: all_filed(database),
        )
        halves = [written(database, story) for story in some]
        theirs = rate(
            len(some),
            lambda at, halves=halves: bare(client, halves[at]),  # type: ignore[misc]
            lambda: None,
        )
        if number:  # the first warms up, and makes the collections
            ours.append(mine)
            plain.append(theirs)
    return {
        "vault_ins_a_second": round(statistics.median(ours), 1),
        "bare_a_second": round(statistics.median(plain), 1),
        "to_bare": round(statistics.median(a / b for a, b in zip(ours, plain, strict=True)), 3),
    }


def inventory(bank: Bank, client: MongoClient[Any]) -> dict[str, float]:
    """Time of the first and the last page of a large vault, interleaved."""
    print(f"Loading {INVENTORY:,} certificates …", flush=True)
    database = client.get_database("lienkeeper", codec_options=CODEC)
    template = database.certificates.find_one({"custody_state": "IN_VAULT"})
    vault = database.vaults.find_one({"code": "V1"})
    database.vaults.insert_one(vault | {"_id": f"vlt_{ULID()}", "code": "VBIG", "name": "Big"})
    records = []
    for n in range(INVENTORY):
        place = {
            "vault": "VBIG",
            "cabinet": f"C{n // 1000:03}",
            "slot": f"{n % 1000:04}",
            "packet_no": f"PB{n:07}",
        }
        named = {"_id": f"cert_{n:026}", "cert_no": f"B{n}", "cert_no_norm": f"B{n}"}
        records.append(template | named | {"place": place, "next_look_on": None})
    for start in range(0, INVENTORY, 5_000):
        database.certificates.insert_many(records[start : start + 5_000])
    before_last = records[-101]
    last = BY_PLACE.cursor(before_last)
    times: dict[str, list[float]] = {"first": [], "last": []}
    for number in range(PAGES + 5):
        for name, after in (("first", None), ("last", last)):
            began = time.perf_counter()
            page = bank.query("auditor", QUERY, v="VBIG", a=after)["vaultInventory"]
            took = time.perf_counter() - began
            if len(page["nodes"]) != 100 or page["pageInfo"]["hasNextPage"] is (name == "last"):
                raise SystemExit(f"The {name} page is not what it should be.")
            if number >= 5:
                times[name].append(took)
    first, end = (statistics.median(times[name]) * 1000 for name in ("first", "last"))
    return {
        "first_ms": round(first, 2),
        "last_ms": round(end, 2),
        "last_to_first": round(end / first, 3),
    }


def main() -> None:
    """Serves, measures, tells as JSON."""
    with bank() as (client, endpoints), MongoClient(endpoints.mongo_url) as mongo:
        told = {"vault_in": vault_ins(client, mongo), "inventory": inventory(client, mongo)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
