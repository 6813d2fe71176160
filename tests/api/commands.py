"""How many commands requests send MongoDB for something, by the database's own profile."""

from collections.abc import Callable
from typing import Any

from pymongo import MongoClient

ROOM = 64 * 1024 * 1024  # bytes
SENT = {"op": {"$in": ["query", "getmore"]}, "appName": "lienkeeper"}


def reads(client: MongoClient[dict[str, Any]], work: Callable[..., object]) -> int:
    """How many reads they sent meanwhile."""
    database = client["lienkeeper"]
    # Made by itself it holds one megabyte, and commands that name 500 loans push others out.
    database.create_collection("system.profile", capped=True, size=ROOM)
    database.command("profile", 2, filter=SENT)
    try:
        work()
    finally:
        database.command("profile", 0)
    seen = database["system.profile"].count_documents(SENT)  # the profile holds others too
    database["system.profile"].drop()
    return seen
