"""When a store does not answer: the health door says which, and nothing else breaks."""

import socket

import httpx2
import pytest

import server
from settings import Settings
from storage.embedded import Endpoints
from tests.client import REFUSALS

pytestmark = pytest.mark.anyio


@pytest.fixture
def dead(endpoints):
    """Endpoints where MongoDB answers and the object store does not."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    return Endpoints(
        mongo_url=endpoints.mongo_url,
        s3_endpoint=f"127.0.0.1:{port}",
        s3_access_key="nobody",
        s3_secret_key="nothing",
        pii_key=endpoints.pii_key,
        evidence_key=endpoints.evidence_key,
        token_key=endpoints.token_key,
    )


async def test_no_paper_moves_while_its_receipt_cannot_be_kept(bank, dead):
    story = bank.mortgage()
    bank.collect(story)
    given = {"certificateIds": [story.certificate_id], "desk": "V1"}
    handed = bank.done("handler-1", "handoverInitiate", given, f"handover {{ id }} {REFUSALS}")
    settings = Settings()
    wiring = server.wire(settings, dead)
    transport = httpx2.ASGITransport(app=server.application(settings, wiring))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post(
            "/graphql",
            json={
                "query": "mutation($i: HandoverAcceptItemInput!) {"
                f" handoverAcceptItem(input: $i) {{ {REFUSALS} }} }}",
                "variables": {
                    "i": {
                        "handoverId": handed["handover"]["id"],
                        "certificateId": story.certificate_id,
                    }
                },
            },
            headers={"authorization": f"Bearer {bank.token('keeper-1')}"},
        )
    wiring.stores.objects.close()
    wiring.stores.mongo.close()
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert bank.certificate(story, "custodyState receipts { id }") == {
        "custodyState": "IN_TRANSIT",
        "receipts": [],
    }


async def test_readiness_names_what_does_not_answer(dead):
    settings = Settings()
    wiring = server.wire(settings, dead)
    transport = httpx2.ASGITransport(app=server.application(settings, wiring))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")
    wiring.stores.objects.close()
    wiring.stores.mongo.close()
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"mongo": "ok", "objects": "does not answer"}
    assert alive.status_code == 200
