"""Answers kept under the caller's key, so that a repeated request is answered, not repeated."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from domain.refusals import Refusal, RefusalCode, Refused
from storage.errors import Unavailable
from storage.mongo import Mongo
from storage.records import Record
from storage.writes import Update

MAX_KEY_LENGTH = 200
LEASE = timedelta(minutes=2)  # longer than any request may run
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right of one request to answer under a key; `answer` is set where it was answered."""

    id: str
    attempt: str
    answer: Record | None = None

    def kept(self, answer: Record) -> Update:
        """The write that keeps the answer, in the transaction of the decision itself."""
        return Update(
            {"_id": self.id, "attempt": self.attempt, "state": "RUNNING"},
            {"$set": {"state": "DONE", "answer": answer}},
        )


def input_hash(operation: str, given: Mapping[str, Any]) -> str:
    """What must be the same when a key comes again."""
    text = json.dumps([operation, given], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


async def claim(mongo: Mongo, *, actor: str, key: str, hash: str, attempt: str) -> Claim:
    """Claims a key for this request, or brings its earlier answer.

    Refuses: IDEMPOTENCY_MISMATCH, IN_PROGRESS. The lease runs by real time.
    """
    id, now = f"{actor}:{key}", datetime.now(UTC)
    fresh = {
        "actor": actor,
        "hash": hash,
        "attempt": attempt,
        "state": "RUNNING",
        "lease_until": now + LEASE,
        "expires_at": now + KEPT_FOR,
    }
    keys = mongo.database["idempotency"]
    try:
        known = await keys.find_one_and_update(
            {"_id": id}, {"$setOnInsert": fresh}, upsert=True, return_document=ReturnDocument.BEFORE
        )
        if known is None:
            return Claim(id=id, attempt=attempt)
        if known["hash"] != hash:
            raise Refused(Refusal(code=RefusalCode.IDEMPOTENCY_MISMATCH, rule_id="INPUT"))
        if known["state"] == "DONE":
            return Claim(id=id, attempt=known["attempt"], answer=known["answer"])
        taken = await keys.update_one(
            {"_id": id, "state": "RUNNING", "lease_until": {"$lt": now}}, {"$set": fresh}
        )
    except DuplicateKeyError:
        taken = None
    except PyMongoError as error:
        raise Unavailable("mongo") from error
    if taken is None or taken.matched_count == 0:
        raise Refused(Refusal(code=RefusalCode.IN_PROGRESS, rule_id="INPUT"))
    return Claim(id=id, attempt=attempt)


async def release(mongo: Mongo, held: Claim) -> None:
    """Gives a key back after a fault, so that the same request may be tried again."""
    await mongo.database["idempotency"].delete_one(
        {"_id": held.id, "attempt": held.attempt, "state": "RUNNING"}
    )
