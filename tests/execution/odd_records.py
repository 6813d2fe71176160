"""A copy of the records of a bank in which much is not as it should be."""

import random
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from storage.records import KEPT

COLLECTIONS = tuple(kept.collection for kept in KEPT.values())
SPOILED = 0.12  # of the records of a collection
LOST = 0.03
KEPT_AS_IT_IS = {"_id"}
ODD: tuple[Any, ...] = (
    None,
    "",
    "NO_SUCH_VALUE",
    "not a date",
    7,
    -1,
    2**31,
    2**40,
    1.5,
    float("nan"),
    True,
    [],
    ["text", None, 3],
    [{}],
    {},
    {"login": 5},
)


def copy_spoiled(client: MongoClient, source: str, target: str, *, seed: int) -> Database:
    """Copies the collections and spoils some records: nulls, other types, lost parents."""
    dice = random.Random(seed)
    client.drop_database(target)
    for name in COLLECTIONS:
        records = list(client[source][name].find({}).sort("_id", 1))
        kept = [_spoiled(one, dice) for one in records if dice.random() > LOST]
        if kept:
            client[target][name].insert_many(kept)
    return client[target]


def _spoiled(record: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    if dice.random() > SPOILED:
        return record
    names = [name for name in record if name not in KEPT_AS_IT_IS]
    for name in dice.sample(names, k=min(len(names), dice.choice([1, 1, 2]))):
        inner = record[name]
        if isinstance(inner, dict) and inner and dice.random() < 0.5:
            inner[dice.choice(list(inner))] = dice.choice(ODD)
        elif isinstance(inner, list) and inner and dice.random() < 0.5:
            inner[dice.randrange(len(inner))] = dice.choice(ODD)
        elif dice.random() < 0.15:
            del record[name]
        else:
            record[name] = dice.choice(ODD)
    return record
