"""Releases through HTTP: the preconditions with their numbers, and the three handling modes."""

import pytest

from resolvers.release_facts import MAX_OTHER_DEBTS
from tests.client import (
    CASE,
    NOON,
    REFUSALS,
    Bank,
    codes,
    credit,
    guarantee,
    loan_line,
    search,
    settled,
)

PRECHECK = """
query($id: ID!) { deregistrationPrecheck(collateralId: $id) {
  ready refusals { code ruleId detail { name value } } results { id outcome } } }
"""


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def precheck(bank: Bank, story) -> dict:
    return bank.query("handler-1", PRECHECK, id=story.collateral_id)["deregistrationPrecheck"]


def ready_case(bank: Bank, mode: str = "BANK", **loan):
    story = bank.vaulted(**loan)
    bank.settle(story)
    bank.open_case(story, mode)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    return story


def test_a_ready_case_passes_every_precondition(bank: Bank):
    story = ready_case(bank)
    answer = precheck(bank, story)
    assert answer["ready"], answer
    outcomes = {result["id"]: result["outcome"] for result in answer["results"]}
    assert len(outcomes) == 21
    others = {id: outcome for id, outcome in outcomes.items() if outcome != "PASS"}
    asked = {id for id, outcome in others.items() if outcome != "NOT_APPLICABLE"}
    assert (asked, len(others)) == ({"DRG-P13"}, 5)


def test_interest_alone_is_not_settled(bank: Bank):
    story = ready_case(bank)
    bank.load(("Loan", loan_line(story, **settled(), interest_receivable="12.37")))
    submitted = bank.submit(story)
    assert codes(submitted) == ["NOT_SETTLED"]
    detail = {fact["name"]: fact["value"] for fact in submitted["refusals"][0]["detail"]}
    assert detail["interest"] == "12.37"
    assert submitted["case"]["state"] == "BLOCKED"


def test_a_maximum_amount_is_determined_before_it_goes(bank: Bank):
    story = ready_case(bank)
    maximum = {"mode": "MAX_AMOUNT", "max_claim": "3000000.00", "claim_period_to": "2026-12-31"}
    bank.load(
        ("CreditContract", credit(story, kind="FACILITY", available="3000000.00")),
        ("GuaranteeContract", guarantee(story, **maximum)),
    )
    assert codes(bank.submit(story)) == ["MAXAMOUNT_UNDETERMINED"]
    ended = {"terminated_at": "2025-06-19T10:00:00+08:00", "available": "0.00"}
    bank.load(("CreditContract", credit(story, kind="FACILITY", **ended)))
    assert bank.submit(story)["case"]["state"] == "PRECHECKED"


def test_what_was_drawn_under_a_facility_is_secured_though_nobody_listed_it(bank: Bank):
    story = ready_case(bank)
    cancelled = {"caseId": story.case_id, "reason": "it is a facility"}
    bank.done("handler-1", "deregistrationCaseCancel", cancelled)
    ended = {"terminated_at": "2025-06-19T10:00:00+08:00", "available": "0.00"}
    drawn = {"loan_no": f"{story.loan_no}-2", "disbursed_at": "2025-06-02"}
    bank.load(
        ("CreditContract", credit(story, kind="FACILITY", **ended)),
        ("GuaranteeContract", guarantee(story, mode="MAX_AMOUNT", max_claim="3000000.00")),
        ("Loan", loan_line(story, **drawn)),
    )

    def owed() -> bool:
        return "NOT_SETTLED" in codes(precheck(bank, story))

    assert owed()
    bank.load(("Loan", loan_line(story, **drawn | settled())))
    assert not owed()
    bank.load(("Loan", loan_line(story, **drawn)))
    own = {"no": f"{story.contract_no}-2", "secured_loans": [drawn["loan_no"]], "links": []}
    bank.load(("GuaranteeContract", guarantee(story, **own)))  # it is secured otherwise
    assert not owed()
    early = {"mode": "MAX_AMOUNT", "max_claim": "3000000.00", "claim_period_to": "2025-06-01"}
    bank.load(("GuaranteeContract", guarantee(story, **early | {"secured_loans": [story.loan_no]})))
    assert not owed()


def test_another_borrowers_loan_under_the_same_collateral_stands_in_the_way(bank: Bank):
    story, other = ready_case(bank), bank.mortgage()
    case = bank.case(story, "id")
    bank.do("handler-1", "deregistrationCaseCancel", {"caseId": case["id"], "reason": "test"})
    bank.load(
        (
            "GuaranteeContract",
            guarantee(
                other,
                no=f"X{other.n}",
                links=[{"collateral": story.collateral_no, "rank": 2}],
            ),
        )
    )
    named = bank.open_case(story, guaranteeContractNos=[story.contract_no])
    assert named
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == ["OTHER_OBLIGATION"]


def test_direct_debit_is_final_the_next_working_day(bank: Bank):
    story = ready_case(bank)
    debit = {"settlement_channel": "DIRECT_DEBIT", "settled_at": "2025-06-20"}
    bank.load(("Loan", loan_line(story, **{**settled(), **debit})))
    assert codes(bank.submit(story)) == ["SETTLEMENT_NOT_FINAL"]
    bank.clock("2025-06-23T10:00:00+08:00")
    assert bank.submit(story)["refusals"] == []


def test_seizures_and_old_searches(bank: Bank):
    story = ready_case(bank)
    seizure = {
        "collateral": story.collateral_no,
        "doc_no": f"粤0103执{story.n}号",
        "court": "越秀区法院",
        "starts_on": "2025-06-19",
    }
    bank.load(("Seizure", seizure))
    assert codes(bank.submit(story)) == ["SEIZED"]
    bank.load(("Seizure", {**seizure, "lifted_on": "2025-06-20"}))
    assert bank.submit(story)["refusals"] == []
    bank.clock("2025-06-30T10:00:00+08:00")
    assert codes(bank.approve(story)) == ["TITLE_SEARCH_STALE"]
    assert bank.case(story)["state"] == "BLOCKED"


def test_holds_signals_and_encumbrances_come_all_at_once(bank: Bank):
    story = ready_case(bank)
    about = {"subject_kind": "COLLATERAL", "subject": story.collateral_no, "org": "OB"}
    at = "2025-06-19T10:00:00+08:00"
    bank.load(
        (
            "LegalHold",
            {
                "no": f"H{story.n}",
                "scope": "COLLATERAL",
                "target": story.collateral_no,
                "reason": "AUDIT",
                "placed_at": at,
                "org": "OB",
            },
        ),
        (
            "RiskSignal",
            {
                "no": f"S{story.n}",
                "category": "REPAYMENT",
                "severity": "RED",
                "published_at": at,
                **about,
            },
        ),
        ("LegalCase", {"no": f"J{story.n}", "opened_at": at, **about}),
        ("Loan", loan_line(story, **settled(), encumbered_by="ABS-1", penalty="0.01")),
    )
    assert set(codes(bank.submit(story))) == {
        "NOT_SETTLED",
        "LEGAL_HOLD",
        "LITIGATION_OPEN",
        "RISK_SIGNAL_OPEN",
        "BANK_ENCUMBERED",
    }


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"status": "WRITTEN_OFF", "written_off_balance": "5.00"}, "WRITTEN_OFF_NOT_SETTLED"),
        ({"status": "ASSIGNED"}, "CLAIM_TRANSFERRED"),
    ],
)
def test_claims_that_are_not_paid_or_not_ours(bank: Bank, facts, code):
    story = ready_case(bank)
    bank.load(("Loan", loan_line(story, **{**settled(), **facts})))
    assert code in codes(bank.submit(story))


def test_papers_documents_and_applicants(bank: Bank):
    story = bank.mortgage()
    bank.collect(story)
    bank.settle(story)
    bank.done(
        "handler-1",
        "deregistrationCaseOpen",
        {"collateralId": story.collateral_id, "applicant": {"owners": ["somebody"]}},
    )
    answer = precheck(bank, story)
    assert {refusal["code"] for refusal in answer["refusals"]} == {
        "CERT_NOT_IN_VAULT",
        "DOC_MISSING",
        "APPLICANT_NOT_ENTITLED",
    }
    readiness = bank.query(
        "handler-1",
        "query($id: ID!) { releaseReadiness(certificateId: $id) { ready evaluations {"
        " refusals { code } } } }",
        id=story.certificate_id,
    )["releaseReadiness"]
    assert not readiness["ready"]
    assert len(readiness["evaluations"][0]["refusals"]) == 3


def test_approvals_by_level_and_by_distinct_people(bank: Bank):
    story = ready_case(bank, classification="SUBSTANDARD")
    bank.load(("Loan", loan_line(story, **settled(), classification="NORMAL")))
    assert bank.submit(story)["refusals"] == []
    assert codes(bank.approve(story, "risk-t2")) == ["APPROVAL_LEVEL"]
    assert codes(bank.approve(story, "approver-t2")) == ["APPROVAL_LEVEL"]
    first = bank.approve(story)
    assert first["case"]["state"] == "PRECHECKED"
    assert "SOD_VIOLATION" in codes(bank.approve(story))
    assert bank.approve(story, "risk-t2")["case"]["state"] == "APPROVED"


def test_a_county_release_is_approved_in_the_county(bank: Bank):
    story = bank.mortgage(org="CB")
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert bank.submit(story)["refusals"] == []
    assert codes(bank.approve(story)) == ["APPROVAL_LEVEL"]
    assert bank.approve(story, "approver-county")["case"]["state"] == "APPROVED"


def test_a_rejection_gives_the_pledge_back(bank: Bank):
    story = ready_case(bank)
    bank.submit(story)
    rejected = bank.do(
        "approver-lc",
        "deregistrationCaseDecide",
        {"caseId": story.case_id, "decision": "REJECTED", "note": "no"},
        f"case {{ state collateral {{ pledgeState openCaseId }} }} {REFUSALS}",
    )
    assert rejected["case"] == {
        "state": "REJECTED_INTERNAL",
        "collateral": {"pledgeState": "EFFECTIVE", "openCaseId": None},
    }
    assert bank.certificate(story, "lock { id }")["lock"] is None


def test_no_drawdown_while_releasing(bank: Bank):
    story = ready_case(bank)
    new = loan_line(story, loan_no=f"NEW{story.n}")
    (answer,) = bank.load(("Loan", new), all_taken=False)
    assert [refusal["code"] for refusal in answer["refusals"]] == ["RELEASE_IN_PROGRESS"]


def test_papers_come_back_when_the_registry_says_no(bank: Bank):
    story = bank.approved()
    bank.vault_out(story)
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    file = {"caseId": story.case_id, "authority": "登记中心", "acceptanceNo": "N-1"}
    bank.done("handler-1", "deregistrationCaseFile", file)
    record = {"caseId": story.case_id, "at": "2025-06-20T11:00:00+08:00"}
    for status, state in (("NEED_MORE_MATERIAL", "NEED_MORE_MATERIAL"), ("REJECTED", None)):
        payload = bank.done(
            "handler-1",
            "deregistrationCaseRecordRegistry",
            {**record, "status": status, "note": "the seal is unreadable"},
            CASE,
        )
        assert payload["case"]["state"] == (state or "REGISTRY_REJECTED")
    cancel = {"caseId": story.case_id, "reason": "given up"}
    assert codes(bank.do("handler-1", "deregistrationCaseCancel", cancel)) == ["CERT_NOT_IN_VAULT"]
    bank.hand_to_vault(story)
    assert bank.certificate(story)["custodyState"] == "RECEIVED_PENDING_VAULT"
    bank.vault(
        story,
        {
            "certificateIds": [story.certificate_id],
            "vault": "V1",
            "cabinet": "A",
            "slot": f"{story.n:03}",
            "packetNo": f"P{story.n:05}",
            "sealNo": f"S{story.n:05}-2",
        },
    )
    closed = bank.done("handler-1", "deregistrationCaseCancel", cancel, CASE)
    assert closed["case"]["state"] == "CLOSED_FAILED"


SHOWN = "The title search of 2025-07-21 shows the cancellation."


@pytest.mark.parametrize("named", [True, False])
def test_an_owner_who_deregisters_himself_is_released_by_a_title_search(bank: Bank, named):
    story = bank.approved("OWNER")
    search_of = {"caseId": story.case_id} if named else {}
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {
        "caseId": story.case_id,
        "receiptFileVersionId": receipt,
        "identityChecked": True,
    }
    returned = bank.done(
        "handler-1",
        "deregistrationCaseReturnToOwner",
        back,
        f"case {{ state proofPending deadlines {{ ownerProofDue }} collateral {{ pledgeState }} }}"
        f" {REFUSALS}",
    )["case"]
    assert returned == {
        "state": "RETURNED",
        "proofPending": True,
        "deadlines": {"ownerProofDue": "2025-07-20"},
        "collateral": {"pledgeState": "RELEASING"},
    }
    assert bank.certificate(story) | {"version": 0} == {
        "custodyState": "RETURNED_TO_OWNER",
        "legalState": "REGISTERED",
        "version": 0,
    }
    assert codes(bank.do("handler-1", "deregistrationCaseClose", {"caseId": story.case_id}))

    bank.clock("2025-07-21T10:00:00+08:00")
    assert bank.run_jobs()["chase_owner_proofs"] >= 1
    signals = bank.case(story, "collateral { riskSignals { category severity } }")["collateral"]
    assert signals["riskSignals"] == [{"category": "COLLATERAL", "severity": "YELLOW"}]
    assert bank.run_jobs()["chase_owner_proofs"] == 0
    bank.load(("TitleSearch", search(story, "CANCELLED", "2025-07-21")))
    after = bank.case(
        story, "state proofPending collateral { pledgeState riskSignals { outcome } }"
    )
    assert after == {
        "state": "RETURNED",
        "proofPending": False,
        "collateral": {"pledgeState": "RELEASED", "riskSignals": [{"outcome": SHOWN}]},
    }
    own = {"caseId": story.case_id}
    missing = bank.do("handler-1", "deregistrationCaseClose", own)
    assert codes(missing) == ["DOC_MISSING", "ARCHIVE_INCOMPLETE"]
    given_up = bank.mortgage()  # its loan is another's, so its search shows nothing of this
    bank.accepted(given_up, "REGISTRY_RESULT")
    assert codes(bank.do("handler-1", "deregistrationCaseClose", own)) == codes(missing)
    bank.accepted(story, "REGISTRY_RESULT", **search_of)
    assert codes(bank.do("handler-1", "deregistrationCaseClose", own)) == []
    assert bank.certificate(story)["legalState"] == "CANCELLED"


def test_an_online_cancellation_leaves_the_vault_afterwards(bank: Bank):
    story = bank.approved("ONLINE")
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    assert "STATE_CONFLICT" in codes(bank.vault_out_propose(story))
    file = {"caseId": story.case_id, "authority": "网上登记", "acceptanceNo": "O-1"}
    bank.done("handler-1", "deregistrationCaseFile", file)
    done = {"caseId": story.case_id, "status": "DONE"}
    undocumented = bank.done(
        "handler-1",
        "deregistrationCaseRecordRegistry",
        done,
        f"case {{ state collateral {{ pledgeState }} }} {REFUSALS}",
    )["case"]
    assert undocumented == {"state": "REGISTRY_DONE", "collateral": {"pledgeState": "RELEASING"}}
    cancel = {"caseId": story.case_id, "reason": "too late"}
    assert codes(bank.do("handler-1", "deregistrationCaseCancel", cancel)) == ["IRREVERSIBLE"]
    bank.attach(story, "REGISTRY_RESULT")
    assert bank.case(story, "collateral { pledgeState }")["collateral"] == {
        "pledgeState": "RELEASED"
    }
    out = bank.vault_out(story)
    assert codes(out) == []
    assert out["case"]["state"] == "RETURNED"
    assert bank.certificate(story)["custodyState"] == "SURRENDERED"


def test_products_that_are_not_handled_here(bank: Bank):
    story = bank.mortgage()
    opening = {
        "collateralId": story.collateral_id,
        "applicant": {"owners": [story.customer_no]},
    }
    bank.load(("Loan", loan_line(story, product="ENTRUSTED")))
    assert codes(bank.do("handler-1", "deregistrationCaseOpen", opening)) == [
        "OUT_OF_SCOPE_PRODUCT"
    ]
    expected = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    assert codes(bank.do("handler-1", "certificateRegisterExpected", expected)) == [
        "OUT_OF_SCOPE_PRODUCT"
    ]


def test_warnings_are_told_and_never_block(bank: Bank):
    story = ready_case(bank)
    bank.load(
        ("Loan", loan_line(story, **settled(), limitation_expires_on="2025-06-01")),
        (
            "CreditContract",
            credit(story, no=f"W{story.n}"),
        ),
        (
            "Loan",
            loan_line(story, loan_no=f"W{story.n}", contract=f"W{story.n}", status="OVERDUE"),
        ),
    )
    answer = precheck(bank, story)
    assert answer["ready"]
    warned = {one["id"] for one in answer["results"] if one["outcome"] == "WARNING"}
    assert warned == {"DRG-P13", "DRG-W1", "DRG-W2"}


def test_the_one_debt_that_is_overdue_is_found_among_many_that_are_served(bank: Bank):
    story = ready_case(bank)
    paid = {"paid_principal": "5.00", "paid_interest": "1.00", "paid_at": "2025-05-20"}
    terms = {"seq": 1, "due_date": "2025-05-20", "principal": "5.00", "interest": "1.00"}
    other = f"W{story.n}"

    def debt(n: int, **changes: str):
        due = [terms | paid | changes]
        facts = {"loan_no": f"{other}-{n:02}", "contract": other, "schedule": due}
        return "Loan", loan_line(story, **facts)

    served = [debt(n) for n in range(MAX_OTHER_DEBTS)]
    bank.load(("CreditContract", credit(story, no=other)), *served)
    told = {one["id"]: one["outcome"] for one in precheck(bank, story)["results"]}
    assert told["DRG-W1"] == "PASS"
    bank.load(debt(MAX_OTHER_DEBTS, paid_interest="0.99"))
    told = {one["id"]: one["outcome"] for one in precheck(bank, story)["results"]}
    assert told["DRG-W1"] == "WARNING"


def test_an_applicant_does_not_approve(bank: Bank):
    both = {"login": "two-hats", "name": "x", "org": "LC"}
    roles = [{"role": "CERT_HANDLER"}, {"role": "APPROVER"}]
    bank.load(("User", {**both, "roles": roles}))
    story = bank.mortgage()
    opened = bank.done(
        "two-hats",
        "deregistrationCaseOpen",
        {"collateralId": story.collateral_id, "applicant": {"owners": [story.customer_no]}},
        CASE,
    )
    story.case_id = opened["case"]["id"]
    assert "SELF_APPROVAL" in codes(bank.approve(story, "two-hats"))
    submitted = ready_case(bank)  # another person's, who only submits it
    bank.done("two-hats", "deregistrationCaseSubmit", {"caseId": submitted.case_id}, CASE)
    assert codes(bank.approve(submitted, "two-hats")) == ["SELF_APPROVAL"]
    assert bank.approve(submitted)["case"]["state"] == "APPROVED"


def test_a_suit_about_other_debts_of_the_owner_holds_no_collateral(bank: Bank):
    story = ready_case(bank)
    suit = {"no": f"J{story.n}", "opened_at": "2025-06-18T09:00:00Z", "org": "OB"}
    about = {"subject_kind": "CUSTOMER", "subject": story.customer_no}
    bank.load(("LegalCase", suit | about))
    assert codes(bank.submit(story)) == []
