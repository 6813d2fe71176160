"""Documents of a case that the archive refused after they were attached (4.4, L05)."""

import functools

from pymongo import MongoClient

from tests.api.commands import reads
from tests.api.releasing import file, out
from tests.api.test_release_kinds import partial, stood_surety
from tests.client import Bank, Story, codes, pdf


def attached(bank: Bank, story: Story, code: str, **more: str) -> str:
    """A document of the case that nobody in the archive has looked at yet."""
    content = pdf(f"unseen {code} {story.n}")
    version = bank.upload("handler-1", story, code, content, caseId=story.case_id)
    given = {"caseId": story.case_id, "code": code, "fileVersionId": version, **more}
    bank.done("handler-1", "deregistrationCaseAttachDocument", given)
    return version


def refuse(bank: Bank, version: str) -> None:
    bank.done("archivist-1", "fileReject", {"fileVersionId": version, "reason": "unreadable"})


def test_papers_that_the_archive_refused_count_at_no_step(bank: Bank):
    story = bank.vaulted()
    bank.settle(story)
    bank.open_case(story)
    versions = [attached(bank, story, code) for code in ("DEREG_APPLICATION", "OWNER_ID")]
    refuse(bank, versions[0])
    assert codes(bank.submit(story)) == ["DOC_MISSING"]
    attached(bank, story, "DEREG_APPLICATION")
    assert codes(bank.submit(story)) == []
    refuse(bank, versions[1])
    assert codes(bank.approve(story)) == ["DOC_MISSING"]


def test_the_banks_consent_is_asked_for_again_at_the_filing(bank: Bank):
    story = out(bank)
    bank.attach(story, "REGISTRY_APPLICATION")
    refuse(bank, attached(bank, story, "MORTGAGE_CANCEL_CONSENT"))
    assert codes(file(bank, story)) == ["DOC_MISSING"]


def test_a_guarantors_refused_consent_is_none(bank: Bank):
    story = partial(bank)
    stood_surety(bank, story, "G1")
    refuse(bank, attached(bank, story, "GUARANTOR_CONSENT", party="G1"))
    assert codes(bank.submit(story)) == ["CONSENT_MISSING"]


def test_what_became_of_many_documents_is_read_at_once(bank: Bank, endpoints):
    few, many = bank.vaulted(), bank.vaulted()
    for story, count in ((few, 1), (many, 12)):
        bank.settle(story)
        bank.open_case(story)
        for _ in range(count):
            attached(bank, story, "OWNER_ID")
    document = "query($id: ID!) { deregistrationPrecheck(collateralId: $id) { ready } }"
    with MongoClient(endpoints.mongo_url) as client:
        counted = [
            reads(
                client, functools.partial(bank.query, "handler-1", document, id=story.collateral_id)
            )
            for story in (few, many)
        ]
    assert counted[0] == counted[1]
