"""The whole story of one mortgage, through HTTP on the real servers."""

import hashlib

import httpx2

from tests.client import REFUSALS, Bank, pdf


def test_one_mortgage_from_first_fact_to_closed_case(bank: Bank):
    story = bank.mortgage()
    bank.collect(story)
    scan = bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    inside = bank.certificate(story, "custodyState legalState place { vault slot packetNo }")
    assert inside["custodyState"] == "IN_VAULT"
    assert inside["place"]["vault"] == "V1"

    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    submitted = bank.submit(story)
    assert submitted["refusals"] == []
    assert submitted["case"]["state"] == "PRECHECKED"
    assert bank.approve(story)["case"]["state"] == "APPROVED"
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"

    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    filed = bank.done(
        "handler-1",
        "deregistrationCaseFile",
        {"caseId": story.case_id, "authority": "广州不动产登记中心", "acceptanceNo": "A-1"},
        f"case {{ state }} {REFUSALS}",
    )
    assert filed["case"]["state"] == "FILED"
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    done = bank.done(
        "handler-1",
        "deregistrationCaseRecordRegistry",
        {"caseId": story.case_id, "status": "DONE", "resultFileVersionId": result},
        f"case {{ state collateral {{ pledgeState }} }} {REFUSALS}",
    )
    assert done["case"] == {"state": "REGISTRY_DONE", "collateral": {"pledgeState": "RELEASED"}}
    surrendered = bank.done(
        "handler-1",
        "deregistrationCaseSurrender",
        {"caseId": story.case_id},
        f"case {{ state }} {REFUSALS}",
    )
    assert surrendered["case"]["state"] == "RETURNED"
    assert bank.certificate(story, "custodyState legalState") == {
        "custodyState": "SURRENDERED",
        "legalState": "CANCELLED",
    }

    closed = bank.done(
        "handler-1",
        "deregistrationCaseClose",
        {"caseId": story.case_id},
        f"case {{ state }} {REFUSALS}",
    )
    assert closed["case"]["state"] == "CLOSED"

    fetched = bank.done(
        "auditor",
        "fileRequestDownload",
        {"fileVersionId": scan, "purpose": "audit"},
        f"download {{ url sha256 size }} {REFUSALS}",
    )["download"]
    content = httpx2.get(fetched["url"]).content
    assert hashlib.sha256(content).hexdigest() == fetched["sha256"]
    assert content == pdf(f"CERT_SCAN {story.n}")
    history = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified events { type } } }",
        id=story.certificate_id,
    )["custodyHistory"]
    assert history["verified"]
    assert [event["type"] for event in history["events"]] == [
        "REGISTER_EXPECTED",
        "COLLECT",
        "INITIATE_HANDOVER",
        "ACCEPT_HANDOVER",
        "VAULT_IN",
        "VAULT_OUT_FOR_DEREG",
        "REGISTRY_CANCELLED",
        "SURRENDER",
    ]
