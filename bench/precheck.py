"""The precheck of a release whose collateral secures many loans, beside reading them plainly.

One client of MongoDB in one process, turn by turn: the whole dry run, and one command that reads
the same loans on the same kind of snapshot and makes entities of them.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from custody import bank

from domain.calendar import WorkCalendar
from domain.collaterals import Collateral
from domain.deregistration import DeregKind, HandlingMode
from domain.loans import Loan
from domain.policy import resolve
from domain.release import evaluate
from domain.release_question import Stage
from resolvers.release_facts import release_facts
from storage.decisions import Decision
from storage.mongo import Mongo
from storage.transactions import consider
from tests.api.securing import secured

LOANS = int(os.environ.get("BENCH_SECURED_LOANS", "500"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "60"))
WARM_UP = 5
AIM = 3.0
TODAY, NOW = date(2025, 6, 20), datetime(2025, 6, 20, 4, tzinfo=UTC)
CALENDAR = WorkCalendar(exceptions={}, published=frozenset())


async def prechecked(decision: Decision, collateral_id: str) -> int:
    """The dry run; how many loans it was about."""
    collateral = await decision.get(Collateral, collateral_id)
    facts = await release_facts(decision, collateral, None)
    answer = evaluate(
        facts,
        kind=DeregKind.FULL_SETTLEMENT,
        stage=Stage.PRECHECK,
        mode=HandlingMode.BANK,
        policy=resolve((), on=TODAY),
        calendar=CALENDAR,
        today=TODAY,
    )
    assert not answer.ready
    return len(facts.loans)


async def read(decision: Decision, numbers: list[str]) -> int:
    """The loans alone."""
    return len(await decision.find(Loan, {"loan_no": {"$in": numbers}}))


async def compared(url: str, collateral_id: str, numbers: list[str]) -> tuple[list[float], ...]:
    """Milliseconds of each round of both, side by side."""
    mongo = Mongo(url, "lienkeeper")
    works: tuple[Callable[[Decision], Awaitable[int]], ...] = (
        lambda decision: prechecked(decision, collateral_id),
        lambda decision: read(decision, numbers),
    )
    taken: tuple[list[float], ...] = ([], [])
    for _ in range(WARM_UP + ROUNDS):
        for times, work in zip(taken, works, strict=True):
            began = time.perf_counter()
            assert await consider(mongo, work, at=NOW) == len(numbers)
            times.append((time.perf_counter() - began) * 1_000)
    return tuple(times[WARM_UP:] for times in taken)


def main() -> None:
    """Prints both medians, their ratio, and whether the aim is met."""
    with bank() as (client, endpoints):
        story, numbers = secured(client, LOANS)
        both: Any = asyncio.run(compared(endpoints.mongo_url, story.collateral_id, numbers))
    whole, plain = (statistics.median(times) for times in both)
    ratio = statistics.median(a / b for a, b in zip(*both, strict=True))
    print(f"{LOANS} loans: precheck {whole:.1f} ms, the loans alone {plain:.1f} ms,", end=" ")
    print(f"{ratio:.2f} times (aim {AIM:.0f} at most, {'met' if ratio <= AIM else 'missed'})")


if __name__ == "__main__":
    main()
