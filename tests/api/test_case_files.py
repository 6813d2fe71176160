"""What a release rests on is its own: the registry's answer, the documents, the owner's receipt."""

import pytest

from tests.api.releasing import at_home, file, filed, out, people, say
from tests.client import NOON, Bank, codes, pdf

ATTACH = "deregistrationCaseAttachDocument"


@pytest.fixture(autouse=True)
def everyone(bank: Bank):
    people(bank)
    yield
    bank.clock(NOON)


def test_the_letter_of_a_rejection_is_no_result_of_the_next_application(bank: Bank):
    story = filed(bank)
    say(bank, story, "REJECTED", note="a page is missing")
    bank.attach(story, "REGISTRY_RESULT")
    at_home(bank, story)
    assert codes(bank.submit(story)) == codes(bank.vault_out(story)) == []
    assert codes(file(bank, story, f"U2-{story.n}")) == []
    case = say(bank, story, "DONE")["case"]
    assert (case["state"], case["collateral"]["pledgeState"]) == ("REGISTRY_DONE", "RELEASING")
    assert "DONE_UNDOCUMENTED" in case["timeline"][-1]["note"]
    own = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    released = say(bank, story, "DONE", resultFileVersionId=own)["case"]
    assert released["collateral"] == {"pledgeState": "RELEASED"}


def test_a_result_that_was_rejected_proves_nothing(bank: Bank):
    story = filed(bank)
    result = bank.upload(
        "handler-1", story, "REGISTRY_RESULT", pdf(f"r{story.n}"), caseId=story.case_id
    )
    shown = {"caseId": story.case_id, "code": "REGISTRY_RESULT", "fileVersionId": result}
    bank.done("handler-1", ATTACH, shown)
    bank.done("archivist-1", "fileReject", {"fileVersionId": result, "reason": "unreadable"})
    case = say(bank, story, "DONE")["case"]
    assert case["collateral"] == {"pledgeState": "RELEASING"}
    again = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    released = say(bank, story, "DONE", resultFileVersionId=again)["case"]
    assert released["collateral"] == {"pledgeState": "RELEASED"}


def test_files_of_another_type_or_loan_are_refused(bank: Bank):
    story, other = filed(bank), bank.mortgage()
    wrong = bank.accepted(story, "OTHER")
    strange = bank.accepted(other, "DEREG_APPLICATION")
    for version in (wrong, strange):
        shown = {"caseId": story.case_id, "code": "DEREG_APPLICATION", "fileVersionId": version}
        assert codes(bank.do("handler-1", ATTACH, shown)) == ["VALUE_INVALID"]
    for version in (wrong, bank.accepted(other, "REGISTRY_RESULT")):
        answer = say(bank, story, "DONE", resultFileVersionId=version)
        assert codes(answer) == ["VALUE_INVALID"]
    assert bank.case(story)["state"] == "FILED"


def test_an_owner_signs_for_his_own_papers(bank: Bank):
    story, other = out(bank, "OWNER"), out(bank, "OWNER")
    name = "deregistrationCaseReturnToOwner"
    given = {"caseId": story.case_id, "identityChecked": True}
    theirs = bank.accepted(other, "CERT_RECEIPT", caseId=other.case_id)
    assert codes(bank.do("handler-1", name, given | {"receiptFileVersionId": theirs})) == [
        "VALUE_INVALID"
    ]
    own = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    assert codes(bank.do("handler-1", name, given | {"receiptFileVersionId": own})) == []
