"""Expectations that are dropped, through HTTP (INV-10)."""

from tests.client import REFUSALS, Bank, codes, collected

CERTIFICATE = f"certificate {{ custodyState legalState }} {REFUSALS}"


def test_what_never_came_is_void_with_its_reason_and_holds_no_release(bank: Bank):
    story = bank.vaulted()
    here, number = story.certificate_id, story.cert_no
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    given = {"certificateId": story.certificate_id, "reason": "the owner keeps it himself"}
    assert bank.error_code("keeper-1", "certificateVoidExpected", given) == "FORBIDDEN"
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == ["CERT_NOT_IN_VAULT"]
    voided = bank.do("handler-1", "certificateVoidExpected", given, CERTIFICATE)
    assert voided["certificate"] == {"custodyState": "NOT_RECEIVED", "legalState": "VOID"}
    assert codes(bank.do("handler-1", "certificateVoidExpected", given)) == ["STATE_CONFLICT"]
    assert codes(bank.do("handler-1", "certificateCollect", collected(story))) == ["STATE_CONFLICT"]
    told = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified events { type reason"
        " ruleId } } }",
        id=story.certificate_id,
    )["custodyHistory"]
    last = {"type": "VOID_EXPECTED", "reason": given["reason"], "ruleId": "INV-10"}
    assert (told["verified"], told["events"][-1]) == (True, last)
    story.certificate_id, story.cert_no = here, number
    assert codes(bank.submit(story)) == []
