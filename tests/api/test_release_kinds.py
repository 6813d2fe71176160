"""Releases of every kind through HTTP: part of the security, a replacement, a court, nothing."""

from typing import Any

import pytest

from tests.client import (
    CASE,
    NOON,
    Bank,
    Story,
    codes,
    collateral,
    credit,
    guarantee,
    loan_line,
    search,
    user_line,
)

MORE = {
    "approver-t1": ("T1", ["APPROVER"], []),
    "lawyer-1": ("T2", ["LEGAL_OFFICER"], []),
    "lawyer-2": ("T2", ["LEGAL_OFFICER"], []),
}
PRECHECK = """
query($id: ID!, $kind: DeregKind, $by: [String!]) {
  deregistrationPrecheck(collateralId: $id, kind: $kind, replacedBy: $by) {
    kind ready results { id outcome fixableBy refusals { code } facts { name value } } } }
"""


@pytest.fixture(autouse=True)
def people(bank: Bank):
    bank.load(*(("User", user_line(login, *facts)) for login, facts in MORE.items()))
    yield
    bank.clock(NOON)


def valued(no: str, yuan: str, on: str = "2025-06-01", **facts: Any) -> tuple[str, Any]:
    """A valuation of a collateral."""
    line = {"no": f"VA-{no}-{yuan}-{on}", "collateral": no, "value": yuan, "value_date": on}
    return "Valuation", line | facts


def beside(bank: Bank, story: Story, yuan: str, letter: str = "B", **link: Any) -> str:
    """Another flat under the same contract; its number."""
    no = f"{story.collateral_no}{letter}"
    bank.load(("Collateral", collateral(story, no=no)), valued(no, yuan))
    links = [{"collateral": story.collateral_no, "secured_amount": "1000000.00"}]
    bank.load(("GuaranteeContract", guarantee(story, links=[*links, {"collateral": no, **link}])))
    return no


def answer(bank: Bank, id: str, kind: str, by: list[str] | None = None) -> dict[str, Any]:
    """The dry run, its answers by rule."""
    told = bank.query("handler-1", PRECHECK, id=id, kind=kind, by=by)["deregistrationPrecheck"]
    return {result["id"]: result for result in told["results"]}


def ltv(bank: Bank, id: str) -> tuple[list[str], dict[str, str]]:
    """The codes and figures of the loan to value once that collateral has left."""
    told = answer(bank, id, "PARTIAL_RELEASE")["DRG-4.6"]
    figures = {fact["name"].partition(" ")[2]: fact["value"] for fact in told["facts"]}
    return [refusal["code"] for refusal in told["refusals"]], figures


def id_of(bank: Bank, no: str) -> str:
    document = "query($no: String!) { collateral(no: $no) { id } }"
    return bank.query("auditor", document, no=no)["collateral"]["id"]


def test_what_stays_carries_the_debt_at_contract_level_and_equality_passes(bank: Bank):
    story = bank.mortgage(balance="1400000.00", principal_amount="1400000.00")
    first, second = story.collateral_id, id_of(bank, beside(bank, story, "900000.00"))
    bank.load(valued(story.collateral_no, "1500000.00"))
    found, figures = ltv(bank, second)
    assert (found, figures["capped"]) == (["LTV_EXCEEDED"], "1050000.0000")
    found, figures = ltv(bank, first)
    assert (found, figures["capped"]) == (["LTV_EXCEEDED"], "630000.0000")
    bank.load(("Loan", loan_line(story, balance="1050000.00", principal_amount="1400000.00")))
    assert ltv(bank, second) == (
        [],
        {
            "contract": story.contract_no,
            "exposure": "1050000.00",
            "capped": "1050000.0000",
            "net": "1500000.00",
            "ltv": "70.0000 %",
            story.collateral_no: "value 1500000.00, prior 0.00, cap 70 %",
        },
    )
    bank.load(("Loan", loan_line(story, balance="1050000.01", principal_amount="1400000.00")))
    assert ltv(bank, second)[0] == ["LTV_EXCEEDED"]


def test_an_undrawn_line_counts_until_it_is_cancelled(bank: Bank):
    story = bank.mortgage(balance="800000.00")
    beside(bank, story, "2000000.00")
    links = [{"collateral": no} for no in (story.collateral_no, f"{story.collateral_no}B")]
    maximum = {"mode": "MAX_AMOUNT", "registered_max_claim": "3000000.00", "links": links}
    bank.load(
        ("CreditContract", credit(story, kind="FACILITY", available="2200000.00")),
        ("GuaranteeContract", guarantee(story, **maximum)),
    )
    found, figures = ltv(bank, story.collateral_id)
    assert (found, figures["exposure"]) == (["LTV_EXCEEDED"], "3000000.00")
    bank.load(("CreditContract", credit(story, kind="FACILITY", available="0.00")))
    found, figures = ltv(bank, story.collateral_id)
    assert (found, figures["exposure"]) == ([], "800000.00")


def test_a_stale_valuation_and_a_prior_claim_are_told(bank: Bank):
    story = bank.mortgage(balance="700000.00")
    number = beside(bank, story, "1000000.00", prior_claims="0.01")
    found, figures = ltv(bank, story.collateral_id)
    assert (found, figures["net"]) == (["LTV_EXCEEDED"], "999999.99")
    other = bank.mortgage(balance="1.00")
    bank.load(("Collateral", collateral(other, no=f"{other.collateral_no}B")))
    links = [{"collateral": no} for no in (other.collateral_no, f"{other.collateral_no}B")]
    bank.load(
        ("GuaranteeContract", guarantee(other, links=links)),
        valued(f"{other.collateral_no}B", "1000000.00", "2024-06-19"),
    )
    assert ltv(bank, other.collateral_id)[0] == ["VALUATION_STALE"]
    bank.load(valued(f"{other.collateral_no}B", "1000000.00", "2024-06-20"))
    assert ltv(bank, other.collateral_id)[0] == []
    assert number


def partial(bank: Bank, value: str = "5000000.00", **more: Any) -> Story:
    """One of two flats leaves: opened, its papers attached; the other one carries the debt."""
    story = bank.vaulted(balance="700000.00")
    beside(bank, story, "1000000.00")
    bank.load(
        valued(story.collateral_no, value),
        ("TitleSearch", search(story, "CLEAR", "2025-06-20")),
    )
    bank.open_case(story, kind="PARTIAL_RELEASE", **more)
    papers = ("DEREG_APPLICATION", "OWNER_ID", "VALUATION_REPORT", "SUPPLEMENT_AGREEMENT")
    bank.attach(story, *papers)
    return story


def test_part_of_the_security_leaves_while_the_rest_stays(bank: Bank):
    story = partial(bank)
    assert codes(bank.submit(story)) == []
    assert codes(bank.approve(story, "approver-t2")) == ["APPROVAL_LEVEL"]
    assert bank.approve(story)["case"]["state"] == "PRECHECKED"
    assert bank.approve(story, "approver-t2")["case"]["state"] == "APPROVED"
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    filed = {"caseId": story.case_id, "authority": "R", "acceptanceNo": f"A-{story.n}"}
    assert codes(bank.do("handler-1", "deregistrationCaseFile", filed)) == []
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    done = {"caseId": story.case_id, "status": "DONE", "resultFileVersionId": result}
    bank.done("handler-1", "deregistrationCaseRecordRegistry", done)
    states = bank.query(
        "auditor",
        "query($a: String!, $b: String!) { a: collateral(no: $a) { pledgeState }"
        " b: collateral(no: $b) { pledgeState } }",
        a=story.collateral_no,
        b=f"{story.collateral_no}B",
    )
    assert states["a"]["pledgeState"] == "RELEASED"
    assert states["b"]["pledgeState"] in {"EFFECTIVE", "PARTIALLY_RELEASED"}
    contract = bank.query(
        "auditor",
        "query($no: String!) { guaranteeContract(no: $no) { status links {"
        " collateralNo active } } }",
        no=story.contract_no,
    )["guaranteeContract"]
    assert contract["status"] == "EFFECTIVE"
    assert [link["active"] for link in contract["links"]] == [False, True]


def test_a_higher_value_after_the_approvals_takes_one_more(bank: Bank):
    story = partial(bank)
    assert codes(bank.submit(story)) == []
    for login in ("approver-lc", "approver-t2"):
        assert codes(bank.approve(story, login)) == []
    assert codes(bank.approve(story, "approver-t1")) == ["STATE_CONFLICT"]
    bank.load(valued(story.collateral_no, "5000000.01", "2025-06-19"))
    assert codes(bank.vault_out_propose(story)) == ["APPROVAL_LEVEL"]
    assert bank.approve(story, "approver-t1")["case"]["state"] == "APPROVED"
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"


def test_two_halves_of_the_security_do_not_leave_on_each_others_strength(bank: Bank):
    story = bank.vaulted(balance="700000.00")
    other = id_of(bank, beside(bank, story, "1000000.00"))
    bank.load(valued(story.collateral_no, "1000000.00"))
    assert ltv(bank, story.collateral_id)[0] == ltv(bank, other)[0] == []
    bank.open_case(story, kind="PARTIAL_RELEASE")
    assert ltv(bank, other)[0] == ["LTV_EXCEEDED"]


def test_a_replacement_comes_first_and_carries(bank: Bank):
    story, new = bank.vaulted(balance="700000.00"), bank.mortgage()
    bank.load(
        valued(new.collateral_no, "1000000.00"),
        ("TitleSearch", search(story, "CLEAR", "2025-06-20")),
        (
            "GuaranteeContract",
            guarantee(
                new,
                no=f"{new.contract_no}N",
                credit_contract=story.credit_no,
                secured_loans=[story.loan_no],
            ),
        ),
    )
    by = [new.collateral_no]
    early = answer(bank, story.collateral_id, "SUBSTITUTION", by)
    assert early["DRG-L04"]["refusals"] == [{"code": "CERT_NOT_IN_VAULT"}]
    bank.collect(new)
    early = answer(bank, story.collateral_id, "SUBSTITUTION", by)
    assert early["DRG-L04"]["refusals"] == [{"code": "CERT_NOT_IN_VAULT"}]
    bank.scan(new)
    bank.hand_to_vault(new)
    bank.vault(new)
    ready = answer(bank, story.collateral_id, "SUBSTITUTION", by)
    assert (ready["DRG-L04"]["outcome"], ready["DRG-4.6"]["outcome"]) == ("PASS", "PASS")
    refused = bank.do(
        "handler-1",
        "deregistrationCaseOpen",
        {
            "collateralId": story.collateral_id,
            "kind": "SUBSTITUTION",
            "applicant": {"owners": [story.customer_no]},
        },
    )
    assert codes(refused) == ["VALUE_INVALID"]
    bank.load(("CreditContract", credit(story, no=f"G{story.n}", approved_level="TIER1_BRANCH")))
    bank.load(("Loan", loan_line(story, contract=f"G{story.n}", balance="700000.00")))
    bank.open_case(story, kind="SUBSTITUTION", newCollateralIds=[new.collateral_id])
    papers = ("DEREG_APPLICATION", "OWNER_ID", "VALUATION_REPORT", "SUPPLEMENT_AGREEMENT")
    bank.attach(story, *papers, "NEW_COLLATERAL_REG")
    assert codes(bank.submit(story)) == []
    assert codes(bank.approve(story, "approver-t2")) == ["APPROVAL_LEVEL"]  # as the loan's credit
    bank.load(("CreditContract", credit(story, no=f"G{story.n}", approved_level="TIER2_BRANCH")))
    assert bank.approve(story, "approver-t2")["case"]["state"] == "APPROVED"


def test_a_court_orders_in_spite_of_seizure_and_debt(bank: Bank):
    story = bank.vaulted()
    seizure = {
        "collateral": story.collateral_no,
        "doc_no": f"SZ{story.n}",
        "court": "court",
        "starts_on": "2025-06-01",
    }
    bank.load(("Seizure", seizure))
    assert "SEIZED" in str(answer(bank, story.collateral_id, "FULL_SETTLEMENT")["DRG-P04"])
    bank.open_case(story, kind="COURT_ORDERED")
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == ["DOC_MISSING"]
    bank.attach(story, "COURT_DOC")
    assert codes(bank.submit(story)) == []
    assert bank.approve(story, "lawyer-1")["case"]["state"] == "PRECHECKED"
    assert codes(bank.approve(story, "lawyer-2")) == ["APPROVAL_LEVEL"]
    assert bank.approve(story, "approver-t2")["case"]["state"] == "APPROVED"


def test_nothing_was_ever_drawn(bank: Bank):
    undrawn = {"disbursed_at": None, "balance": "0.00"}
    story = bank.mortgage(status="APPROVED", **undrawn)
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-06-20")))
    told = answer(bank, story.collateral_id, "NEVER_DISBURSED")
    assert told["DRG-P01"]["outcome"] == "PASS"
    assert told["DRG-P02"]["refusals"] == [{"code": "MAXAMOUNT_UNDETERMINED"}]
    assert told["DRG-P02"]["fixableBy"] == ["RELATIONSHIP_MANAGER"]
    bank.load(("Loan", loan_line(story, status="CANCELLED", **undrawn)))
    told = answer(bank, story.collateral_id, "NEVER_DISBURSED")
    assert (told["DRG-P01"]["outcome"], told["DRG-P02"]["outcome"]) == ("PASS", "PASS")
    assert told["DRG-P12"]["outcome"] == "NOT_APPLICABLE"


def stood_surety(bank: Bank, story: Story, party: str) -> None:
    """A third party stands surety for the loan."""
    surety = guarantee(
        story,
        no=f"{story.contract_no}S",
        kind="SURETY",
        links=[],
        guarantors=[{"party": party, "own_or_third": "THIRD"}],
    )
    bank.load(("GuaranteeContract", surety))


def test_a_guarantor_consents_or_the_debtors_own_stays(bank: Bank):
    story = partial(bank)
    stood_surety(bank, story, "GUARANTOR-1")
    assert codes(bank.submit(story)) == ["CONSENT_MISSING"]
    version = bank.accepted(story, "GUARANTOR_CONSENT", caseId=story.case_id)
    consent = {
        "caseId": story.case_id,
        "code": "GUARANTOR_CONSENT",
        "fileVersionId": version,
    }
    nobody = bank.do("handler-1", "deregistrationCaseAttachDocument", consent)
    assert codes(nobody) == ["VALUE_INVALID"]
    consent["party"] = "GUARANTOR-1"
    bank.done("handler-1", "deregistrationCaseAttachDocument", consent)
    assert codes(bank.submit(story)) == []


def test_a_claim_transfer_is_no_release(bank: Bank):
    story = bank.mortgage()
    told = answer(bank, story.collateral_id, "CLAIM_TRANSFER")
    assert told["DRG-4.1"]["refusals"] == [{"code": "KIND_NOT_SUPPORTED"}]
    opening = {
        "collateralId": story.collateral_id,
        "kind": "CLAIM_TRANSFER",
        "applicant": {"owners": [story.customer_no]},
    }
    refused = bank.do("handler-1", "deregistrationCaseOpen", opening, CASE)
    assert (codes(refused), refused["case"]) == (["KIND_NOT_SUPPORTED"], None)


def test_lawyers_open_what_a_court_orders_and_nothing_else(bank: Bank):
    story = bank.vaulted()
    opening = {
        "collateralId": story.collateral_id,
        "applicant": {"owners": [story.customer_no]},
        "handler": "handler-1",
    }
    assert bank.error_code("lawyer-1", "deregistrationCaseOpen", opening) == "FORBIDDEN"
    court = opening | {"kind": "COURT_ORDERED"}
    assert codes(bank.do("lawyer-1", "deregistrationCaseOpen", court, CASE)) == []


def test_a_loan_of_another_credit_that_the_contract_names_is_not_drawn_either(bank: Bank):
    story, other = bank.vaulted(), bank.mortgage(status="APPROVED", balance="0.00")
    shared = guarantee(story, secured_loans=[story.loan_no, other.loan_no])
    bank.load(("GuaranteeContract", shared))
    bank.open_case(story)
    [answer] = bank.load(("Loan", loan_line(other)), all_taken=False)
    assert [refusal["code"] for refusal in answer["refusals"]] == ["RELEASE_IN_PROGRESS"]


def test_the_papers_of_a_partial_release_are_no_settlements(bank: Bank):
    story = partial(bank)
    lines = bank.query(
        "auditor",
        "query($l: String!) { dossier(loanNo: $l) { items { code stage status } } }",
        l=story.loan_no,
    )["dossier"]["items"]
    settlement = {line["status"] for line in lines if line["stage"] == "AT_SETTLEMENT"}
    assert settlement == {"MISSING"}


@pytest.mark.parametrize(("reason", "kept_in"), [("AUDIT", True), ("LITIGATION", False)])
def test_a_court_is_not_held_up_by_its_own_suit(bank: Bank, reason: str, kept_in: bool):
    story = bank.vaulted()
    bank.open_case(story, kind="COURT_ORDERED")
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID", "COURT_DOC")
    assert codes(bank.submit(story)) == []
    for login in ("lawyer-1", "approver-t2"):
        assert codes(bank.approve(story, login)) == []
    hold = {
        "no": f"LH-{story.n}",
        "scope": "COLLATERAL",
        "target": story.collateral_no,
        "reason": reason,
        "placed_at": "2025-06-19T10:00:00+08:00",
        "org": "OB",
    }
    bank.load(("LegalHold", hold))
    assert codes(bank.vault_out_propose(story)) == (["LEGAL_HOLD"] if kept_in else [])


def test_the_bank_is_struck_off_the_policies_of_what_it_released(bank: Bank):
    story = bank.approved()
    insured = [{"policy_no": f"PI-{story.n}", "bank_is_beneficiary": True}]
    bank.load(("Collateral", collateral(story, insurance=insured)))
    bank.vault_out(story)
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    filed = {"caseId": story.case_id, "authority": "R", "acceptanceNo": f"I-{story.n}"}
    assert codes(bank.do("handler-1", "deregistrationCaseFile", filed)) == []
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    done = {"caseId": story.case_id, "status": "DONE", "resultFileVersionId": result}
    bank.done("handler-1", "deregistrationCaseRecordRegistry", done)
    bank.load(("Collateral", collateral(story, insurance=insured)))
    document = "query($no: String!) { collateral(no: $no) { insurance { bankIsBeneficiary } } }"
    told = bank.query("auditor", document, no=story.collateral_no)["collateral"]
    assert told == {"insurance": [{"bankIsBeneficiary": False}]}
    document = "query($f: AlertFilter) { alerts(filter: $f) { nodes { reason } } }"
    alerts = bank.query("handler-1", document, f={"subject": story.collateral_no})["alerts"]
    reasons = [alert["reason"] for alert in alerts["nodes"]]
    assert f"Have the bank struck off as beneficiary of PI-{story.n}." in reasons


@pytest.mark.parametrize("facts", [{"status": "OVERDUE"}, {"maturity": "2025-06-19"}, {"dpd": 1}])
def test_no_part_leaves_while_a_loan_is_not_served(bank: Bank, facts):
    story = partial(bank)
    bank.load(("Loan", loan_line(story, balance="700000.00", **facts)))
    assert codes(bank.submit(story)) == ["LOAN_NOT_SOUND"]
