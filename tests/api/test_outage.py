"""When a store does not answer: the health door says which, and nothing else breaks."""

import hashlib
import socket

import httpx2
import pytest

import server
from settings import Settings
from storage.embedded import Endpoints
from tests.client import REFUSALS

pytestmark = pytest.mark.anyio
RECEIPTS = "receipts { sha256 files { currentVersion { id status sha256 } } }"


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


async def test_a_receipt_is_announced_while_the_store_is_away_and_filed_when_it_is_back(bank, dead):
    story = bank.mortgage()
    bank.collect(story)
    given = {"certificateIds": [story.certificate_id], "desk": "V1"}
    handed = bank.done("handler-1", "handoverInitiate", given, f"handover {{ id }} {REFUSALS}")
    keeper = bank.token("keeper-1")
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
            headers={"authorization": f"Bearer {keeper}"},
        )
        assert answer.json()["data"]["handoverAcceptItem"] == {"refusals": []}
        (announced,) = bank.certificate(story, RECEIPTS)["receipts"]
        version = announced["files"][0]["currentVersion"]
        assert version == {
            "id": version["id"],
            "status": "PENDING",
            "sha256": announced["sha256"],
        }
        path, headers = f"/files/{version['id']}", {"authorization": f"Bearer {keeper}"}
        early = await client.get(path, headers=headers)
    wiring.close()
    assert (early.status_code, early.json()["error"]["code"]) == (503, "NOT_READY")
    assert early.headers["retry-after"] == "5"
    bank.run_jobs()
    content = bank.http.get(path, headers=headers).content
    assert hashlib.sha256(content).hexdigest() == announced["sha256"]
    (filed,) = bank.certificate(story, RECEIPTS)["receipts"]
    assert filed["files"][0]["currentVersion"] == version | {"status": "ACCEPTED"}


async def test_readiness_names_what_does_not_answer(dead):
    settings = Settings()
    wiring = server.wire(settings, dead)
    transport = httpx2.ASGITransport(app=server.application(settings, wiring))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")
    wiring.close()
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"mongo": "ok", "objects": "does not answer"}
    assert alive.status_code == 200
