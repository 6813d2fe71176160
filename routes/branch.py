"""Loading the demonstration branch (演示分行) through the same feed that everyone uses.

The file is dated as if today were `DATED`; every date in it is moved to the present.
"""

import re
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import orjson

from domain.calendar import business_date
from domain.orgs import OrgLevel
from domain.people import Actor, RoleGrant, User
from domain.roles import Role
from resolvers.context import Context, Stores
from resolvers.imports import LineStatus
from routes.imports import answers
from storage.records import new_id, to_record
from storage.scope import Sight

BRANCH_FILE = Path(__file__).resolve().parent.parent / "demo" / "branch.ndjson"
DATED = date(2025, 6, 20)
_DAY = re.compile(r'"(\d{4}-\d{2}-\d{2})(T[^"]*)?"')


async def load_branch(stores: Stores, *, only_if_empty: bool, say: Callable[[str], None]) -> int:
    """Loads the branch; how many lines were rejected."""
    if only_if_empty and await stores.mongo.database["orgs"].find_one({}) is not None:
        return 0
    say("Loading the demonstration branch …")
    context = _as_feed(stores)
    counts = dict.fromkeys(LineStatus, 0)
    async for answer in answers(context, _lines(business_date(stores.clock.now()))):
        for line in answer.splitlines():
            told = orjson.loads(line)
            counts[LineStatus(told["status"])] += 1
            if told["refusals"]:
                reasons = "; ".join(refusal["message"] for refusal in told["refusals"])
                say(f"  line {told['line']}: {reasons}")
    say("  " + ", ".join(f"{count} {status.lower()}" for status, count in counts.items()))
    return counts[LineStatus.REJECTED]


async def _lines(today: date) -> AsyncIterator[bytes]:
    """The file's lines, their dates moved to the present."""
    shift = today - DATED

    def moved(match: re.Match[str]) -> str:
        day = date.fromisoformat(match[1]) + shift
        return f'"{day.isoformat()}{match[2] or ""}"'

    for line in BRANCH_FILE.read_text(encoding="utf-8").splitlines(keepends=True):
        yield _DAY.sub(moved, line).encode()


async def admit_feed(stores: Stores, login: str) -> None:
    """Lets the core feed into an empty database, where nobody could import otherwise."""
    feed = User(
        id=new_id(User),
        login=login,
        name="Core feed",
        org_code="",
        org_path="",
        roles=(_GRANT,),
    )
    users = stores.mongo.database["users"]
    if await users.find_one({}) is None:
        await users.update_one({"login": login}, {"$setOnInsert": to_record(feed)}, upsert=True)


_GRANT = RoleGrant(
    role=Role.CORE_FEED,
    org_code="",
    org_path="",
    org_level=OrgLevel.HEAD_OFFICE,
    jurisdiction_path="",
)


def _as_feed(stores: Stores) -> Context:
    """The core feed's own sign-in."""
    feed = Actor(login="core-feed", user_id="", org_code="", org_path="", grants=(_GRANT,))
    return Context(
        stores=stores,
        look_up=lambda: Sight(feed, stores.sealer),
        given_id="seed",
        chinese=False,
        now=stores.clock.now(),
    )
