"""Releases that hang together: a house and its land, one certificate over two flats, no paper."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.releasing import cancel, file, people, say
from tests.client import (
    CASE,
    NOON,
    REFUSALS,
    Bank,
    Story,
    codes,
    collateral,
    collected,
    guarantee,
    pdf,
    search,
    user_line,
)


@pytest.fixture(autouse=True)
def everyone(bank: Bank):
    people(bank)
    yield
    bank.clock(NOON)


def beside(bank: Bank, story: Story, **facts: Any) -> Story:
    """Another collateral under the same contract and for the same loan, as a story of its own."""
    no = f"{story.collateral_no}B"
    links = [{"collateral": one, "secured_amount": "1.00"} for one in (story.collateral_no, no)]
    bank.load(
        ("Collateral", collateral(story, no=no, **facts)),
        ("GuaranteeContract", guarantee(story, links=links)),
    )
    found = bank.query("auditor", "query($n: String!) { collateral(no: $n) { id } }", n=no)
    other = replace(story, collateral_no=no, collateral_id=found["collateral"]["id"], files={})
    bank.load(("TitleSearch", search(other, "CLEAR", "2025-06-20", no=f"TSB{story.n}")))
    return other


def lay_in(bank: Bank, story: Story) -> None:
    """Its paper collected, scanned and in the vault."""
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)


def on_file(bank: Bank, story: Story, **paper: Any) -> None:
    """Its electronic certificate filed by two people."""
    scan = bank.upload(
        "handler-1", story, "CERT_SCAN", pdf(f"e{story.n}"), certificateId=story.certificate_id
    )
    given = {"certificateId": story.certificate_id, "fileVersionId": scan}
    given["paper"] = collected(story, **paper)["paper"]
    select = f"proposal {{ id }} {REFUSALS}"
    made = bank.done("handler-1", "certificateFileElectronicPropose", given, select)
    again = {"proposalId": made["proposal"]["id"], "filing": given}
    bank.done("handler-2", "certificateFileElectronicConfirm", again)


def two_flats(bank: Bank, carrier: str = "PAPER") -> tuple[Story, Story]:
    """One certificate over two flats whose loan is paid."""
    story = bank.mortgage()
    other = beside(bank, story)
    both = [story.collateral_id, other.collateral_id]
    story.certificate_id = bank.expect(story, collateralIds=both, carrier=carrier)
    story.cert_no = f"粤（2025）广州市不动产证明第{story.n:08}号"
    if carrier == "PAPER":
        lay_in(bank, story)
    else:
        on_file(bank, story)
    bank.settle(story)
    return story, replace(other, certificate_id=story.certificate_id, cert_no=story.cert_no)


def approve(bank: Bank, story: Story, mode: str = "BANK") -> None:
    bank.open_case(story, mode)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []


def ready(bank: Bank, story: Story) -> None:
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")


def entered(bank: Bank, story: Story) -> Any:
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    return say(bank, story, "DONE", resultFileVersionId=result)


def surrender(bank: Bank, story: Story) -> Any:
    return bank.do("handler-1", "deregistrationCaseSurrender", {"caseId": story.case_id}, CASE)


def pledge(bank: Bank, story: Story) -> str:
    document = "query($id: ID!) { collateral(id: $id) { pledgeState } }"
    told = bank.query("auditor", document, id=story.collateral_id)["collateral"]
    state: str = told["pledgeState"]
    return state


def test_the_registrys_form_is_asked_for_where_the_bank_goes_for_one_of_the_releases(bank: Bank):
    story = bank.mortgage()
    other = beside(bank, story)
    for flat in (story, other):
        flat.certificate_id = bank.expect(flat)
        flat.cert_no = f"粤（2025）广州市不动产证明第{flat.collateral_no}号"
        bank.done("handler-1", "certificateCollect", collected(flat))
    document = "query($l: String!) { dossier(loanNo: $l) { items { code status } } }"

    def form() -> str:
        items = bank.query("auditor", document, l=story.loan_no)["dossier"]["items"]
        [status] = [one["status"] for one in items if one["code"] == "REGISTRY_APPLICATION"]
        return str(status)

    assert form() == "MISSING"
    bank.open_case(other, "OWNER")
    assert form() == "NOT_APPLICABLE"
    bank.open_case(story, "OWNER")
    cancel(bank, other)
    assert form() == "NOT_APPLICABLE"  # the other owner still goes himself
    bank.open_case(other)
    assert form() == "MISSING"
    cancel(bank, other)
    assert form() == "NOT_APPLICABLE"
    cancel(bank, story)
    assert form() == "MISSING"


def test_a_house_is_filed_with_its_land_and_the_land_is_not_given_up_then(bank: Bank):
    story = bank.mortgage()
    land = beside(bank, story, kind="LAND", moves_with=story.collateral_no)
    story.certificate_id = bank.expect(story)
    story.cert_no = f"粤（2025）广州市不动产证明第{story.n:08}号"
    lay_in(bank, story)
    bank.settle(story)
    bank.open_case(land)
    approve(bank, story)
    assert codes(bank.vault_out(story)) == []
    ready(bank, story)
    assert codes(file(bank, story)) == ["LAND_HOUSE_SPLIT"]
    assert bank.case(story)["state"] == "VAULT_OUT"  # nothing is lost by having come too early
    bank.attach(land, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(land)) == codes(bank.approve(land)) == []
    ready(bank, land)
    assert codes(file(bank, story, f"HL{story.n}")) == []  # the land has no paper to wait for
    assert codes(cancel(bank, land)) == ["LAND_HOUSE_SPLIT"]
    assert codes(file(bank, land, f"HL{story.n}")) == []
    assert codes(entered(bank, story)) == codes(entered(bank, land)) == []
    assert pledge(bank, story) == pledge(bank, land) == "RELEASED"


def test_a_shared_certificate_waits_for_what_it_covers_besides(bank: Bank):
    story, other = two_flats(bank)
    approve(bank, story)
    approve(bank, other)
    assert codes(bank.vault_out(story)) == []
    ready(bank, story)
    assert codes(file(bank, story)) == codes(entered(bank, story)) == []
    assert bank.certificate(story, "legalState") == {"legalState": "SUPERSEDED"}
    assert codes(surrender(bank, story)) == ["VALUE_INVALID"]
    ready(bank, other)
    assert codes(file(bank, other, f"SB{story.n}")) == []  # its paper is out already
    assert entered(bank, other)["case"]["state"] == "REGISTRY_DONE"
    assert bank.certificate(story, "legalState") == {"legalState": "CANCELLED"}
    assert surrender(bank, story)["case"]["state"] == "RETURNED"
    assert bank.case(other)["state"] == "RETURNED"


def test_what_stays_after_all_keeps_its_certificate(bank: Bank):
    story, other = two_flats(bank)
    approve(bank, story)
    bank.open_case(other)
    assert codes(bank.vault_out(story)) == []
    ready(bank, story)
    assert codes(file(bank, story)) == codes(entered(bank, story)) == []
    assert codes(cancel(bank, other)) == []
    assert pledge(bank, other) == "EFFECTIVE"
    assert bank.certificate(story, "custodyState legalState lock { id }") == {
        "custodyState": "OUT_FOR_DEREG",
        "legalState": "SUPERSEDED",  # to be exchanged for one over what stays
        "lock": {"id": story.case_id},
    }


def test_an_electronic_certificate_over_two_flats_outlives_one_of_them(bank: Bank):
    story, other = two_flats(bank, "ELECTRONIC")
    approve(bank, story, "ONLINE")
    ready(bank, story)
    assert codes(file(bank, story)) == codes(say(bank, story, "DONE")) == []
    ended = {"certificateId": story.certificate_id}
    name = "certificateCancelElectronic"
    assert codes(bank.do("handler-1", name, ended)) == ["STATE_CONFLICT"]
    assert codes(entered(bank, story)) == []
    assert codes(bank.do("handler-1", name, ended)) == ["STATE_CONFLICT"]
    assert bank.certificate(story, "custodyState legalState") == {
        "custodyState": "ELECTRONIC_ON_FILE",
        "legalState": "SUPERSEDED",
    }
    approve(bank, other)  # by the bank: there is no paper to take out of a vault
    assert bank.case(other, "deadlines { nextStep }") == {"deadlines": {"nextStep": "FILE"}}
    ready(bank, other)
    assert codes(file(bank, other, f"EB{story.n}")) == codes(entered(bank, other)) == []
    assert bank.certificate(story, "custodyState legalState") == {
        "custodyState": "SURRENDERED",
        "legalState": "CANCELLED",
    }


def test_a_new_electronic_certificate_shows_what_stays_with_the_old_ones_rank(bank: Bank):
    story, other = two_flats(bank, "ELECTRONIC")
    rank = bank.certificate(story, "priorityDate")["priorityDate"]
    approve(bank, story, "ONLINE")
    ready(bank, story)
    assert codes(file(bank, story)) == codes(entered(bank, story)) == []
    assert bank.case(story)["state"] == "RETURNED"
    fresh = replace(other, cert_no=f"{story.cert_no}-2")
    fresh.certificate_id = bank.expect(other, carrier="ELECTRONIC")
    bank.open_case(other)
    on_file(bank, fresh, issueDate="2025-06-20", registeredOn="2025-06-20")
    assert bank.certificate(fresh, "legalState supersedes priorityDate") == {
        "legalState": "REGISTERED",
        "supersedes": story.certificate_id,
        "priorityDate": rank,
    }
    left = bank.certificate(story, "legalState supersededBy events { type }")
    assert (left["legalState"], left["supersededBy"]) == ("SUPERSEDED", fresh.certificate_id)
    assert left["events"][-1]["type"] == "CONVERT"
    assert rank < "2025-06-20"
    known = bank.case(other, "certificates { id }")["certificates"]
    assert known == [{"id": fresh.certificate_id}]
    bank.attach(other, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(other)) == codes(bank.approve(other)) == []
    ready(bank, other)
    assert codes(file(bank, other, f"EB{story.n}")) == codes(entered(bank, other)) == []
    assert bank.case(other)["state"] == "RETURNED"
    ended = {"custodyState": "SURRENDERED", "legalState": "CANCELLED"}
    assert bank.certificate(fresh, "custodyState legalState") == ended


def test_one_exchange_ends_every_release_that_left_the_same_certificate(bank: Bank):
    story = bank.mortgage()
    other = beside(bank, story)
    third = beside(bank, other)
    flats = (story, other, third)
    links = [{"collateral": one.collateral_no, "secured_amount": "1.00"} for one in flats]
    bank.load(("GuaranteeContract", guarantee(story, links=links)))
    story.certificate_id = bank.expect(story, collateralIds=[one.collateral_id for one in flats])
    story.cert_no = f"粤（2025）广州市不动产证明第{story.n:08}号"
    lay_in(bank, story)
    bank.settle(story)
    approve(bank, story)
    approve(bank, other)
    assert codes(bank.vault_out(story)) == []
    for one, number in ((story, f"T1{story.n}"), (other, f"T2{story.n}")):
        ready(bank, one)
        assert codes(file(bank, one, number)) == codes(entered(bank, one)) == []
    offer = {"caseId": story.case_id, "certificateId": story.certificate_id, "desk": "V1"}
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    offer["evidenceFileVersionId"] = result
    bank.done("handler-1", "deregistrationCaseOfferExchange", offer)
    paper = collected(story, certNo=f"{story.cert_no}-2", issueDate="2025-06-20")["paper"]
    given = {"caseId": story.case_id, "vault": "V1", "certType": "MORTGAGE_REG_PROOF"}
    select = f"certificate {{ id collaterals {{ no }} }} {REFUSALS}"
    receive = "deregistrationCaseReceiveExchanged"
    new = bank.done("keeper-3", receive, {**given, "paper": paper}, select)["certificate"]
    assert new["collaterals"] == [{"no": third.collateral_no}]
    for one in (story, other):
        case = bank.case(one, "state certificates { id }")
        assert case == {"state": "RETURNED", "certificates": [{"id": story.certificate_id}]}


def test_no_owner_takes_along_what_secures_something_else(bank: Bank):
    story, _ = two_flats(bank)
    given = {
        "collateralId": story.collateral_id,
        "handlingMode": "OWNER",
        "applicant": {"owners": [story.customer_no]},
    }
    refused = bank.do("handler-1", "deregistrationCaseOpen", given, CASE)
    assert [(one["code"], one["ruleId"]) for one in refused["refusals"]] == [
        ("STATE_CONFLICT", "DRG-L08")
    ]
    alone, _ = two_flats(bank, "ELECTRONIC")
    given |= {"collateralId": alone.collateral_id, "applicant": {"owners": [alone.customer_no]}}
    refused = bank.do("handler-1", "deregistrationCaseOpen", given, CASE)
    assert codes(refused) == ["VALUE_INVALID"]  # there is nothing to hand to him


def test_the_second_release_of_a_surrendered_certificate_is_filed_without_it(bank: Bank):
    story, other = two_flats(bank)
    approve(bank, story)
    approve(bank, other)
    assert codes(bank.vault_out(story)) == []
    for one, number in ((story, f"S1{story.n}"), (other, f"S2{story.n}")):
        ready(bank, one)
        assert codes(file(bank, one, number)) == []
    for one in (story, other):
        assert codes(entered(bank, one)) == []
    assert surrender(bank, other)["case"]["state"] == "RETURNED"
    assert bank.case(story)["state"] == "RETURNED"


def test_whoever_approved_a_release_does_not_execute_it(bank: Bank):
    bank.load(("User", user_line("two-hats", "LC", ["CERT_HANDLER", "APPROVER"], [])))
    story = bank.vaulted()
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story, "two-hats")) == []
    assert codes(bank.vault_out(story)) == []
    ready(bank, story)
    own = {"caseId": story.case_id}
    filing = own | {"authority": "登记中心", "acceptanceNo": f"TH{story.n}"}
    assert codes(bank.do("two-hats", "deregistrationCaseFile", filing)) == ["SOD_VIOLATION"]
    assert codes(file(bank, story)) == []
    told = own | {"status": "DONE"}
    heard = bank.do("two-hats", "deregistrationCaseRecordRegistry", told)
    assert codes(heard) == ["SOD_VIOLATION"]
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    shown = own | {"code": "REGISTRY_RESULT", "fileVersionId": result}
    attach = "deregistrationCaseAttachDocument"
    assert codes(bank.do("two-hats", attach, shown)) == ["SOD_VIOLATION"]
    assert bank.case(story)["state"] == "FILED"
