"""One read for many parents: what happens to it where some of them no longer wait."""

import asyncio

from domain.orgs import OrgLevel
from domain.people import Actor, RoleGrant
from domain.roles import Role
from storage.mongo import Mongo
from storage.reads import Reader
from storage.relations import Relation
from storage.scope import Sight
from storage.sealing import Sealer

HEAD_OFFICE = RoleGrant(
    role=Role.AUDITOR,
    org_code="HO",
    org_path="/HO",
    org_level=OrgLevel.HEAD_OFFICE,
    jurisdiction_path="/HO",
)
VIEWER = Actor(
    login="aud-1", user_id="u", org_code="HO", org_path="/HO", grants=(HEAD_OFFICE,), vaults=()
)
TO_ORG = Relation(collection="orgs", local="org_id")


def test_a_parent_that_stops_waiting_takes_nothing_from_the_others(endpoints):
    async def go() -> list[str]:
        mongo = Mongo(endpoints.mongo_url, "lienkeeper_reads")
        try:
            await mongo.database.orgs.insert_one({"_id": "org_1", "org_path": "/HO"})
            reader = Reader(mongo, Sight(VIEWER, Sealer(endpoints.pii_key)))
            parent = {"org_id": "org_1"}
            leaves, stays = (
                asyncio.create_task(reader.related(TO_ORG, parent, limit=1)) for _ in range(2)
            )
            await asyncio.sleep(0)
            leaves.cancel()
            return [row["_id"] for row in await stays]
        finally:
            await mongo.client.drop_database("lienkeeper_reads")
            mongo.close()

    assert asyncio.run(go()) == ["org_1"]
