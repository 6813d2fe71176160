"""Releases by a county's registrar, through HTTP (3.2, S04)."""

from tests.client import CASE, Bank, codes, collateral, user_line


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
