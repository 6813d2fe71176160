"""Releases by a county's registrar, through HTTP (3.2, S04)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.client import CASE, Bank, Story, codes, collateral, collected, user_line


def test_a_registrar_outside_a_county_gets_nothing_by_his_role(bank: Bank):
    story = bank.mortgage()
    line = user_line("registrar-city", "LC", ["MORTGAGE_REGISTRAR"], [])
    [taken] = bank.load(("User", line))
    assert taken["status"] != "REJECTED"
    given = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    code = bank.error_code("registrar-city", "certificateRegisterExpected", given)
    assert code == "FORBIDDEN"


def test_a_citys_loan_stays_the_citys_wherever_its_collateral_is_booked(bank: Bank):
    city, county = bank.mortgage(), bank.mortgage(org="CB")
    bank.load(("Collateral", collateral(city, org="CB")))
    for story, refused in ((city, True), (county, False)):
        applicant = {"owners": [story.customer_no]}
        given = {"collateralId": story.collateral_id, "applicant": applicant}
        if refused:
            code = bank.error_code("registrar-1", "deregistrationCaseOpen", given)
            assert code == "FORBIDDEN"
        else:
            assert codes(bank.do("registrar-1", "deregistrationCaseOpen", given, CASE)) == []


def test_a_registrar_touches_no_paper_of_a_citys_loan(bank: Bank):
    """Where the collateral is booked does not make it the county's (S04)."""
    city, county = bank.mortgage(), bank.mortgage(org="CB")
    bank.load(("Collateral", collateral(city, org="CB")))
    for story, refused in ((city, True), (county, False)):
        for name, given in touched(bank, story):
            if refused:
                assert bank.error_code("registrar-1", name, given) == "FORBIDDEN"
            else:
                assert codes(bank.do("registrar-1", name, given)) == []


def touched(bank: Bank, story: Story) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a registrar does to papers: one he obtains, one he has, one that is electronic."""
    story.cert_no = f"county-{story.n}"
    awaited = bank.expect(story, "PRE_NOTICE_MORTGAGE")
    yield "certificateCollect", collected(replace(story, certificate_id=awaited))
    held = {
        "cert_type": "PRE_NOTICE_MORTGAGE",
        "cert_no": f"held-{story.n}",
        "issuer": "registry",
        "issue_date": "2025-06-01",
        "right_holder": "bank",
        "right_amount": "1.00",
        "collaterals": [story.collateral_no],
        "custody_state": "WITH_HANDLER",
        "holder": "registrar-1",
    }
    [told] = bank.load(("Certificate", held))
    named = {"certificateId": told["id"]}
    yield "certificateMarkConvertible", {**named, "convertibleFrom": "2025-06-20"}
    bank.load(("Collateral", collateral(story, org="CB", convertible_from="2025-06-20")))
    applied = {**named, "filedOn": "2025-06-20", "acceptanceNo": "C-1"}
    yield "certificateFileConversion", applied
    back = {**named, "returnedOn": "2025-06-20", "reason": "incomplete"}
    yield "certificateWithdrawConversion", back
    yield "handoverInitiate", {"certificateIds": [told["id"]], "desk": "V1"}
    story.certificate_id = bank.expect(story, carrier="ELECTRONIC")
    story.cert_no = f"electronic-{story.n}"
    scan = bank.accepted(story, "CERT_SCAN", certificateId=story.certificate_id)
    filing = {**collected(story), "fileVersionId": scan}
    yield "certificateFileElectronicPropose", filing
    unwanted = bank.expect(story, "PRE_NOTICE_TITLE")
    yield "certificateVoidExpected", {"certificateId": unwanted, "reason": "never issued"}
    place = {"vault": "V1", "cabinet": "B", "slot": f"{story.n:03}"}
    place |= {"packet_no": f"PC{story.n}", "seal_no": f"SC{story.n}"}
    inside = {"cert_no": f"inside-{story.n}", "custody_state": "IN_VAULT", "place": place}
    inside |= {"holder": None, "cert_type": "OTHER_RIGHT_LEGACY"}
    [told] = bank.load(("Certificate", held | inside))
    asked = {"certificateId": told["id"], "purpose": "NON_LITIGATION_USE", "reason": "to compare"}
    yield "checkOutRequest", asked | {"dueDate": "2025-06-30"}
