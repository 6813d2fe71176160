"""How many commands the application sends MongoDB for something, by the database's own profile."""

from collections.abc import Callable
from typing import Any

from pymongo import MongoClient

ROOM = 64 * 1024 * 1024  # bytes
SENT = {"op": {"$in": ["query", "getmore"]}, "appName": "lienkeeper"}


def reads(client: MongoClient[dict[str, Any]], work: Callable[..., object]) -> int:
    """How many reads it sent meanwhile, its own housekeeping apart."""
    database = client["lienkeeper"]
    # Made by itself it holds one megabyte, and commands that name 500 loans push others out.
    database.create_collection("system.profile", capped=True, size=ROOM)
    database.command("profile", 2, filter=SENT)
    try:
        work()
    finally:
        database.command("profile", 0)
    entries = list(database["system.profile"].find({}))
    seen = [entry for entry in entries if not _is_housekeeping(entry)]
    database["system.profile"].drop()
    return len(seen)


def _is_housekeeping(entry: dict[str, Any]) -> bool:
    """Whether a scheduled job sent it; they run beside the tests."""
    asked = entry["command"].get("filter", {})
    own = {"outbox", "audit_log", "access_logs", "proposals", "file_versions", "dereg_cases"}
    return entry["ns"].partition(".")[2] in own or "next_look_on" in asked
