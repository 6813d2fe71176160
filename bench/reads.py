"""Server CPU a request: ours beside a hand-written limit and other GraphQL servers, one MongoDB."""

import argparse
import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import jwt
from load import load as load_data
from load import samples
from pymongo import MongoClient
from servers import ARIADNE, BENCH, LOADED_BY, PEER_NAMES, PEERS, ROOT, Load, Server, serving

from storage.embedded import Embedded
from storage.indexes import prepare
from storage.mongo import Mongo

DATABASE = "lienkeeper_bench"
LOANS = int(os.environ.get("BENCH_LOANS", "200000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "0.8"))
ROUNDS = 5
FIRST, MIN_AMOUNT, MUTATIONS = 32, 48, 80  # requests
READS = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6")
CACHE = "cache_size=2G"
_numbers = count(1)


def install() -> list[str]:
    """Brings what the peers need; the servers that can be compared."""
    names = ["ours", "limit", "strawberry"]
    print("Installing the peers …", flush=True)
    quiet = ("--no-audit", "--no-fund", "--silent")
    subprocess.run(["npm", "ci", "--ignore-scripts", *quiet], cwd=PEERS, check=True)
    if not ARIADNE.exists():
        venv.create(ARIADNE, with_pip=True)
    pip = [str(ARIADNE / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    locked = ["--require-hashes", "-r", str(BENCH / "requirements.txt")]
    subprocess.run([*pip, "--disable-pip-version-check", *locked], check=True)
    return [*names, *PEER_NAMES]


@contextmanager
def mongodb() -> Iterator[str]:
    """The MongoDB of the bench, on the core of the load; BENCH_MONGO_URL names another."""
    given = os.environ.get("BENCH_MONGO_URL")
    if given is not None:
        yield given
        return
    embedded = Embedded(ROOT / ".cache" / "bench" / "data")
    try:
        url = embedded.start(print).mongo_url
        with MongoClient(url) as client:
            client.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=CACHE)
        yield url
    finally:
        embedded.stop()


def stay_on(core: int) -> None:
    """Leaves the other core to the server under test: this process and its children, MongoDB."""
    running = [f"/proc/{os.getpid()}/task"]
    while running:
        for task in Path(running.pop()).iterdir():
            with suppress(ProcessLookupError, FileNotFoundError):  # a thread that has ended since
                os.sched_setaffinity(int(task.name), {core})
                children = (task / "children").read_text().split()
                running += [f"/proc/{child}/task" for child in children]


def bodies(operation: str, given: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is sent for an operation."""
    text = (BENCH / "operations" / f"{operation}.graphql").read_text()
    return [
        json.dumps({"query": text, "variables": variables, "operationName": operation})
        for variables in given
    ]


def read_bodies(known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The reads with their variables."""
    return {
        "Q1": bodies("Q1", [{"no": no} for no in known["loan_nos"]]),
        "Q2": bodies("Q2", [{"after": None}]),
        "Q3": bodies("Q3", [{"after": None}]),
        "Q4": bodies("Q4", [{"loanNo": no} for no in known["loan_nos"]]),
        "Q5": bodies("Q5", [{"vault": vault, "after": None} for vault in known["vaults"]]),
        "Q6": bodies("Q6", [{"states": known["states"], "after": None}]),
    }


def expectations(known: Mapping[str, Sequence[str]], amount: int) -> list[str]:
    """M1, each on the next collateral."""
    ids = known["collateral_ids"]
    given = [
        {
            "input": {
                "certType": "REAL_ESTATE_TITLE",
                "collateralIds": [ids[next(_numbers) % len(ids)]],
            }
        }
        for _ in range(amount)
    ]
    return bodies("M1", given)


def collections(url: str, known: Mapping[str, Sequence[str]], amount: int) -> list[str]:
    """M2, each on a certificate that nobody has collected; what is used up is remembered."""
    with MongoClient(url) as client:
        used = client[DATABASE]["meta"].find_one_and_update(
            {"_id": "bench_used"}, {"$inc": {"count": amount}}, upsert=True
        )
    start = used["count"] if used else 0
    ids = known["expected_ids"][start : start + amount]
    if len(ids) < amount:
        raise SystemExit("Every expected certificate is collected; remove .cache/bench/data.")
    paper = {
        "issuer": "广州市不动产登记中心",
        "issueDate": "2025-06-01",
        "rightHolder": "某银行",
        "rightAmount": "1000000.00",
        "registeredOn": "2025-06-01",
        "pages": 2,
    }
    mark = secrets.token_hex(6)
    return bodies(
        "M2",
        [
            {"input": {"certificateId": id, "paper": {**paper, "certNo": f"{mark}-{n}"}}}
            for n, id in enumerate(ids)
        ],
    )


def same_answers(
    servers: Mapping[str, Server], asked: Mapping[str, Sequence[str]], token: str
) -> None:
    """Every server has to give the same data, ours and the limit the same bytes."""
    for operation, some in asked.items():
        for body in some[:3]:
            told = {n: s.ask(operation, body, token) for n, s in servers.items()}
            data = {name: json.loads(text).get("data") for name, text in told.items()}
            differing = [name for name in data if data[name] != data["ours"]]
            if differing or told["ours"] != told["limit"]:
                raise SystemExit(f"{operation}: {differing or ['limit']} answer otherwise.")


def token_of(login: str, key: str) -> str:
    """A token of the bench's own issuer."""
    until = datetime.now(UTC) + timedelta(hours=2)
    claims = {"sub": login, "iss": "lienkeeper", "aud": "lienkeeper-api", "exp": until}
    return jwt.encode(claims, key, algorithm="HS256")


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The figures of a server over its rounds."""
    failed = sum(one["failed"] for one in rounds)
    if failed:
        raise SystemExit(f"{failed:.0f} requests failed.")
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def measure_reads(load, servers, asked, token):  # type: ignore[no-untyped-def]
    """Figures by operation and server, rounds interleaved."""
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for operation, some in asked.items():
        print(f"Measuring {operation} …", flush=True)
        amounts = dict.fromkeys(servers, FIRST)
        for _ in range(2):  # the second is the warm-up, as long as a round
            for n, s in servers.items():
                told = load.send(s, operation, token, some, amount=amounts[n])
                # A count, not a time: what is cut off would be charged to what was answered.
                amounts[n] = max(MIN_AMOUNT, int(SECONDS * told["perSecond"]))
        rounds = [
            {n: load.send(s, operation, token, some, amount=amounts[n]) for n, s in servers.items()}
            for _ in range(ROUNDS)
        ]
        figures[operation] = {n: medians([one[n] for one in rounds]) for n in servers}
    return figures


def measure_mutations(load, servers, url, known, token):  # type: ignore[no-untyped-def]
    """The same for mutations; no two requests act on the same record."""
    makers = {
        "M1": lambda amount: expectations(known, amount),
        "M2": lambda amount: collections(url, known, amount),
    }
    rivals = {name: server for name, server in servers.items() if name != "limit"}
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for operation, make in makers.items():
        print(f"Measuring {operation} …", flush=True)
        for server in rivals.values():
            told = json.loads(server.ask(operation, make(1)[0], token))
            if next(iter(told["data"].values()))["refusals"]:
                raise SystemExit(f"{server.name} refuses {operation}: {told}")
            load.send(server, operation, token, make(MUTATIONS // 2), amount=MUTATIONS // 2)
        rounds = [
            {
                n: load.send(s, operation, token, make(MUTATIONS), amount=MUTATIONS)
                for n, s in rivals.items()
            }
            for _ in range(ROUNDS)
        ]
        figures[operation] = {n: medians([one[n] for one in rounds]) for n in rivals}
    return figures


def table(figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The figures as Markdown."""
    lines = ["| | server | CPU ms | a second | p50 ms | p99 ms |", "|---|---|---|---|---|---|"]
    for operation, servers in figures.items():
        for name, one in servers.items():
            lines.append(
                f"| {operation} | {name} | {one['cpu_ms']:.2f} | {one['perSecond']:.0f}"
                f" | {one['p50']:.0f} | {one['p99']:.0f} |"
            )
    return "\n".join(lines)


def ratios(figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """Others' CPU over ours: above 1, ours is cheaper."""
    told: dict[str, Any] = {"ratios": {}, "p99_to_p50": {}}
    for operation, servers in figures.items():
        own = servers["ours"]
        peers = [servers[name]["cpu_ms"] for name in PEER_NAMES if name in servers]
        limit = servers.get("limit")
        told["ratios"][operation] = {
            "to_limit": None if limit is None else round(limit["cpu_ms"] / own["cpu_ms"], 3),
            "to_best_peer": round(min(peers) / own["cpu_ms"], 3) if peers else None,
        }
        told["p99_to_p50"][operation] = round(own["p99"] / max(own["p50"], 1), 2)
    return told


def main() -> None:
    """Installs, loads, checks, measures, tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="write the table there as Markdown")
    save = parser.parse_args().save
    names = install()
    with mongodb() as url:
        load_data(url, DATABASE, loans=LOANS, say=print)
        stay_on(LOADED_BY)
        asyncio.run(prepare(Mongo(url, DATABASE)))
        known, key = samples(LOANS), secrets.token_hex(32)
        given = {"MONGO_URL": url, "MONGO_DATABASE": DATABASE, "TOKEN_KEY": key}
        with serving(names, given) as servers:
            asked, reader = read_bodies(known), token_of("bench-officer", key)
            same_answers(servers, asked, reader)
            load = Load()
            try:
                figures = measure_reads(load, servers, asked, reader)
                writer = token_of("bench-handler", key)
                figures |= measure_mutations(load, servers, url, known, writer)
            finally:
                load.close()
    if save is not None:
        save.write_text(table(figures) + "\n")
    print(table(figures))
    print(json.dumps(ratios(figures)))


if __name__ == "__main__":
    main()
