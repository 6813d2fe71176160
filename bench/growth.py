"""How cost grows with the rows of an answer: ours, Strawberry's and the limit's, as a plot."""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from load import load as load_data
from reads import DATABASE, LOANS, install, mongodb, token_of
from servers import ARIADNE, BENCH, LOADED_BY, Load, Server, serving

NAMES = ("ours", "strawberry", "limit")
SIZES = ((1, 1), (10, 1), (100, 1), (100, 10))  # loans of a page, pages: 10 to 10,000 rows
MOST = {"guaranteeContracts": 2, "collaterals": 2, "certificates": 6}  # more than any has
ROUNDS = 5
MAX_REQUESTS = 200
ROWS_A_ROUND = 8_000
TEXT = (BENCH / "operations" / "Q3.graphql").read_text()
PLOT = """
import json, sys
import matplotlib
matplotlib.use("Agg")
from matplotlib import pyplot
lines, target = json.loads(sys.argv[1]), sys.argv[2]
figure, axes = pyplot.subplots(figsize=(7, 4.5), dpi=110)
for name, points in lines.items():
    axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", label=name)
axes.set(xscale="log", yscale="log", xlabel="rows in the answer", ylabel="server CPU, ms a request")
axes.grid(visible=True, which="both", alpha=0.25)
axes.legend()
figure.tight_layout()
figure.savefig(target)
"""


def document(pages: int) -> str:
    """Q3 without its page information, once a page."""
    selection = TEXT[TEXT.index("{", TEXT.index("loans(")) : TEXT.index("pageInfo")] + "}"
    for name, most in MOST.items():  # what no list says is guessed, and ten pages cost too much
        selection = selection.replace(f"{name} {{", f"{name}(limit: {most}) {{")
    given = ", ".join(f"$page{n}: String" for n in range(pages))
    asked = " ".join(
        f"page{n}: loans(first: $first, after: $page{n}) {selection}" for n in range(pages)
    )
    return f"query growth($first: Int!, {given}) {{ {asked} }}"


def cursors(server: Server, token: str, first: int, pages: int) -> list[str | None]:
    """Where each page begins."""
    text = "query($f: Int!, $a: String) { loans(first: $f, after: $a) { pageInfo { endCursor } } }"
    found: list[str | None] = [None]
    while len(found) < pages:
        variables = {"f": first, "a": found[-1]}
        body = json.dumps({"query": text, "variables": variables})
        answer = json.loads(server.ask("growth", body, token))
        found.append(answer["data"]["loans"]["pageInfo"]["endCursor"])
    return found


def rows_in(value: Any) -> int:
    """Objects in lists, at any depth."""
    if isinstance(value, list):
        return sum(1 + rows_in(item) for item in value if isinstance(item, dict))
    return sum(rows_in(item) for item in value.values()) if isinstance(value, dict) else 0


def measure(load: Load, servers: Mapping[str, Server], token: str) -> dict[str, list[list[float]]]:
    """Rows and CPU by server, rounds interleaved."""
    lines: dict[str, list[list[float]]] = {name: [] for name in servers}
    for first, pages in SIZES:
        begins = cursors(servers["ours"], token, first, pages)
        variables = {"first": first} | {f"page{n}": after for n, after in enumerate(begins)}
        query = {"query": document(pages), "variables": variables, "operationName": "growth"}
        body = json.dumps(query)
        answers = {name: server.ask("growth", body, token) for name, server in servers.items()}
        if len(set(answers.values())) != 1:
            raise SystemExit("The servers answer differently.")
        rows = rows_in(json.loads(answers["ours"]))
        print(f"{rows:,} rows …", flush=True)
        amount = max(2, min(MAX_REQUESTS, ROWS_A_ROUND // rows))
        figures: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(ROUNDS + 1):
            for name, server in servers.items():
                told = load.send(server, "growth", token, [body], amount=amount)
                if number:  # the first warms up
                    figures[name].append(told["cpu_ms"])
        for name, some in figures.items():
            lines[name].append([rows, round(statistics.median(some), 3)])
    return lines


def draw(lines: Mapping[str, Sequence[Sequence[float]]], target: Path) -> None:
    """Writes the plot, with the bench's own matplotlib."""
    python = str(ARIADNE / "bin" / "python")
    subprocess.run([python, "-c", PLOT, json.dumps(lines), str(target)], check=True)


def main() -> None:
    """Installs, loads, measures, draws, tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="where the PNG goes")
    target = parser.parse_args().target
    install()
    os.sched_setaffinity(0, {LOADED_BY})
    with mongodb() as url:
        load_data(url, DATABASE, loans=LOANS, say=print)
        key = secrets.token_hex(32)
        given = {"MONGO_URL": url, "MONGO_DATABASE": DATABASE, "TOKEN_KEY": key}
        with serving(NAMES, given) as servers:
            load = Load()
            try:
                lines = measure(load, servers, token_of("bench-officer", key))
            finally:
                load.close()
    draw(lines, target)
    print(json.dumps(lines))


if __name__ == "__main__":
    main()
