"""Ways around a rule, each of them closed: by the feed, another paper, another mutation, a job."""

import pytest

from tests.api.releasing import HOUSE, at_home, cancel, done, file, filed, out, people, say
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
    loan_line,
    search,
    settled,
    user_line,
    vault_plan,
)

PROPOSED = f"proposal {{ id }} {REFUSALS}"
SUPERVISOR = "around-supervisor"
PARTLY = {"status": "ACTIVE", "balance": "5.00"}


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    people(bank)
    bank.load(("User", user_line(SUPERVISOR, "LC", ["VAULT_SUPERVISOR"], [])))
    bank.clock(NOON)
    yield
    bank.clock(NOON)


def test_an_older_line_about_a_loan_changes_nothing(bank: Bank):
    story = bank.mortgage()
    early, late = "2025-06-19T01:00:00Z", "2025-06-20T01:50:00Z"
    lines = [
        ("Loan", loan_line(story, balance="5.00", as_of=late)),
        ("Loan", loan_line(story, **settled(), as_of=early)),
        ("Loan", loan_line(story, balance="6.00", as_of=late)),  # a correction of that moment
        ("Loan", loan_line(story, balance="7.00")),  # which says no moment is of now
    ]
    told = [answer["status"] for line in lines for answer in bank.load(line)]
    assert told == ["UPDATED", "UNCHANGED", "UPDATED", "UPDATED"]


def test_a_line_of_a_moment_to_come_is_refused_and_silences_nothing(bank: Bank):
    story = bank.mortgage()
    ahead = ("Loan", loan_line(story, balance="5.00", as_of="2025-06-22T12:00:00Z"))
    (answer,) = bank.load(ahead, all_taken=False)
    assert (answer["status"], answer["refusals"][0]["field"]) == ("REJECTED", "as_of")
    (told,) = bank.load(("Loan", loan_line(story, **settled())))
    assert told["status"] == "UPDATED"


def opening(story: Story, **facts):
    return {
        "cert_type": "REAL_ESTATE_TITLE",
        "cert_no": f"AROUND-{story.n}",
        "issuer": "registry",
        "issue_date": "2020-01-01",
        "right_holder": "owner",
        "collaterals": [story.collateral_no],
        "custody_state": "IN_VAULT",
        "place": {
            "vault": "V1",
            "cabinet": "B",
            "slot": f"{story.n:03}",
            "packet_no": f"AR{story.n}",
            "seal_no": f"AR{story.n}",
        },
        **facts,
    }


def test_what_the_feed_brings_into_the_vault_during_a_release_is_held_by_it(bank: Bank):
    story = bank.approved()
    [told] = bank.load(("Certificate", opening(story)))
    query = "query($id: ID!) { certificate(id: $id) { lock { kind id } } }"
    lock = bank.query("auditor", query, id=told["id"])["certificate"]["lock"]
    assert lock == {"kind": "DEREGISTRATION", "id": story.case_id}
    assert cancel(bank, story)["case"]["state"] == "CANCELLED"
    assert bank.query("auditor", query, id=told["id"])["certificate"]["lock"] is None


def test_the_feed_opens_no_release_of_what_is_released_or_of_a_day_to_come(bank: Bank):
    over, later = done(bank), bank.mortgage()
    line = {"opened_by": "rm-1", "handler": "handler-1", "submitted_on": "2025-06-20"}
    cases = (
        (over, {}, "OPEN_REQUEST_EXISTS"),
        (later, {"submitted_on": "2025-06-21"}, "VALUE_INVALID"),
        (later, {}, None),
    )
    for story, facts, code in cases:
        case = {"no": f"OLD-{story.n}", "collateral": story.collateral_no, **line, **facts}
        [told] = bank.load(("DeregistrationCase", case), all_taken=False)
        assert [one["code"] for one in told["refusals"]] == ([code] if code else [])


def test_the_papers_of_two_releases_do_not_come_back_as_one(bank: Bank):
    back, still = filed(bank), filed(bank)
    say(bank, back, "REJECTED", note="a page is missing")
    both = {"certificateIds": [back.certificate_id, still.certificate_id], "desk": "V1"}
    assert codes(bank.do("handler-1", "handoverInitiate", both)) == ["VALUE_INVALID"]


def reissued(bank: Bank, story: Story) -> None:
    named = {"certificateId": story.certificate_id}
    report = {**named, "discoveredOn": "2025-06-20", "reason": "gone"}
    bank.done(SUPERVISOR, "incidentReport", report)
    bank.done("approver-t2", "certificateConfirmLost", {**named, "accountability": "handler-1"})
    given = {
        **named,
        "publicationFileVersionId": bank.accepted(story, "LOSS_STATEMENT", **named),
        "publishedOn": "2025-06-20",
        "acceptanceNo": "A1",
        "acceptanceFileVersionId": bank.accepted(story, "REGISTRY_ACCEPTANCE", **named),
        "paper": collected(story, certNo=f"补-{story.n}", issueDate="2025-06-20")["paper"],
    }
    fresh = bank.done("handler-1", "certificateReissue", given, f"certificate {{ id }} {REFUSALS}")
    story.certificate_id = fresh["certificate"]["id"]


def lost_between(bank: Bank, story: Story) -> None:
    """The supervisor reports it, the branch confirms it."""
    report = {
        "certificateId": story.certificate_id,
        "discoveredOn": "2025-06-20",
        "reason": "the messenger came without it",
    }
    bank.done(SUPERVISOR, "incidentReport", report)
    lost = {"certificateId": story.certificate_id, "accountability": "the messenger"}
    bank.done("approver-t2", "certificateConfirmLost", lost)


ARRIVALS = {
    "accepted": lambda bank, one: bank.done("keeper-3", "handoverAcceptItem", one),
    "rejected": lambda bank, one: bank.done(
        "keeper-3", "handoverRejectItem", {**one, "reason": "a page is torn"}
    ),
    "recalled": lambda bank, one: bank.done(
        "handler-1", "handoverRecall", {"handoverId": one["handoverId"], "reason": "wrong"}
    ),
}


@pytest.mark.parametrize("arrival", [*ARRIVALS, "lost"])
def test_nothing_is_released_while_a_paper_of_it_is_between_two_people(bank: Bank, arrival):
    story = filed(bank)
    reissued(bank, story)
    to = {"certificateIds": [story.certificate_id], "desk": "V1"}
    shown = f"handover {{ id }} {REFUSALS}"
    handover = bank.done("handler-1", "handoverInitiate", to, shown)["handover"]
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    entered = say(bank, story, "DONE", resultFileVersionId=result)["case"]
    assert (entered["state"], entered["collateral"]["pledgeState"]) == (
        "REGISTRY_DONE",
        "RELEASING",
    )
    item = {"handoverId": handover["id"], "certificateId": story.certificate_id}
    if arrival == "lost":
        lost_between(bank, story)
    else:
        ARRIVALS[arrival](bank, item)
    after = bank.case(story, "state collateral { pledgeState }")
    assert after["collateral"]["pledgeState"] == "RELEASED"
    assert after["state"] in {"REGISTRY_DONE", "RETURNED"}
    assert bank.certificate(story, "legalState") == {"legalState": "CANCELLED"}


def a_pre_notice(bank: Bank) -> Story:
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, "PRE_NOTICE_MORTGAGE")
    story.cert_no = f"预-{story.n}"
    bank.done("handler-1", "certificateCollect", collected(story, issueDate="2025-02-01"))
    return story


def convertible(bank: Bank, story: Story, since: str):
    given = {"certificateId": story.certificate_id, "convertibleFrom": since}
    return bank.do("handler-1", "certificateMarkConvertible", given)


def test_a_reissued_pre_notice_lapses_on_the_same_day(bank: Bank):
    story = a_pre_notice(bank)
    assert codes(convertible(bank, story, "2025-01-31")) == ["VALUE_INVALID"]  # before its issue
    assert codes(convertible(bank, story, "2025-06-20")) == []
    reissued(bank, story)
    assert bank.certificate(story, "lapsesOn") == {"lapsesOn": "2025-09-18"}
    bank.clock("2025-09-19T09:00:00+08:00")
    bank.run_jobs()
    assert bank.certificate(story, "legalState") == {"legalState": "LAPSED"}


@pytest.mark.parametrize("lapsed", [False, True])
def test_an_exchanged_pre_notice_keeps_its_clock_and_none_stands_up_again(bank: Bank, lapsed):
    story = a_pre_notice(bank)
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    convertible(bank, story, "2025-02-01" if lapsed else "2025-06-20")
    bank.run_jobs()
    asked = {
        "certificateId": story.certificate_id,
        "purpose": "CERT_RENEWAL",
        "dueDate": "2025-07-20",
        "reason": "a misprint",
    }
    id = bank.done("handler-1", "checkOutRequest", asked, f"checkOut {{ id }} {REFUSALS}")
    named = {"checkOutId": id["checkOut"]["id"]}
    bank.done("approver-lc", "checkOutDecide", {**named, "approve": True})
    bank.done("handler-1", "checkOutSign", named)
    take = {**named, "vault": "V1", "sealNo": f"S{story.n:05}"}
    going = bank.done("keeper-1", "checkOutVaultOutPropose", take, PROPOSED)["proposal"]["id"]
    bank.done("keeper-2", "checkOutVaultOutConfirm", {"proposalId": going, "vaultOut": take})
    proof = bank.accepted(story, "REGISTRY_ACCEPTANCE", certificateId=story.certificate_id)
    exchange = {"change": "SURFACE_INFO", "evidenceFileVersionId": proof}
    bank.done("handler-1", "checkOutReturn", {**named, "exchange": exchange})
    paper = collected(story, certNo=f"预N-{story.n}", issueDate="2025-06-20")["paper"]
    given = {**named, "vault": "V1", "certType": "PRE_NOTICE_MORTGAGE", "paper": paper}
    shown = f"checkOut {{ exchange {{ certificateId }} }} {REFUSALS}"
    answer = bank.do("keeper-3", "checkOutReceiveExchanged", given, shown)
    assert codes(answer) == (["STATE_CONFLICT"] if lapsed else [])
    if not lapsed:
        story.certificate_id = answer["checkOut"]["exchange"]["certificateId"]
        assert bank.certificate(story, "lapsesOn") == {"lapsesOn": "2025-09-18"}


def test_a_registration_for_a_time_is_over_the_day_after(bank: Bank):
    story = bank.mortgage()
    bank.load(("Collateral", collateral(story, kind="RECEIVABLE")))
    facts = {
        "cert_type": "RECEIVABLE_PLEDGE_REG",
        "carrier": "ELECTRONIC",
        "custody_state": "ELECTRONIC_ON_FILE",
        "place": None,
        "right_amount": "1.00",
        "registered_until": "2025-06-30",
    }
    [told] = bank.load(("Certificate", opening(story, **facts)))
    story.certificate_id = told["id"]
    for day, state in (("2025-06-30", "REGISTERED"), ("2025-07-01", "LAPSED")):
        bank.clock(f"{day}T09:00:00+08:00")
        bank.run_jobs()
        assert bank.certificate(story, "legalState") == {"legalState": state}
    query = "query($no: String!) { collateral(no: $no) { rightLapsedOn } }"
    lapsed = bank.query("auditor", query, no=story.collateral_no)["collateral"]
    assert lapsed == {"rightLapsedOn": "2025-07-01"}


def test_a_packet_that_is_not_here_is_not_sealed_anew(bank: Bank):
    bank.load(("Vault", {"code": "VAROUND", "name": "x", "org": "LC"}))
    story = bank.vaulted()
    packet = f"P{story.n:05}"
    given = {"packetNo": packet, "toVault": "VAROUND", "escorts": ["archivist-1", "handler-2"]}
    proposal = bank.done("keeper-1", "packetDispatchPropose", given, PROPOSED)["proposal"]["id"]
    bank.done("keeper-2", "packetDispatchConfirm", {"proposalId": proposal, "dispatch": given})
    seal = {"packetNo": packet, "sealNo": f"NEW{story.n}", "reason": "broken"}
    assert codes(bank.do("keeper-1", "packetResealPropose", seal)) == ["VALUE_INVALID"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_date_beyond_all_periods_gets_a_clear_answer(bank: Bank, day):
    story = bank.mortgage()
    story.certificate_id = bank.expect(story)
    given = collected(story, expiresOn=day)
    mutation = "mutation($i: CertificateCollectInput!) { certificateCollect(input: $i) {"
    answer = bank.ask("handler-1", f"{mutation} refusals {{ code }} }} }}", i=given)
    assert "from 1900 to 2999" in answer["errors"][0]["message"]
    [told] = bank.load(("Loan", loan_line(story, maturity=day)), all_taken=False)
    assert [one["code"] for one in told["refusals"]] == ["VALUE_INVALID"]


def test_a_form_that_is_missing_at_the_counter_undoes_nothing(bank: Bank):
    story = out(bank)
    assert codes(file(bank, story)) == ["DOC_MISSING"]
    kept = "state approvals { login } precheckRuns { stage ready }"
    case = bank.case(story, kept)
    assert (case["state"], len(case["approvals"])) == ("VAULT_OUT", 1)
    assert case["precheckRuns"][-1] == {"stage": "FILE", "ready": False}
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    ask = "query($id: ID!) { deregistrationPrecheck(collateralId: $id) { stage ready } }"
    told = bank.query("handler-1", ask, id=story.collateral_id)["deregistrationPrecheck"]
    assert told == {"stage": "FILE", "ready": True}  # its papers are out for this
    assert file(bank, story)["case"]["state"] == "FILED"


def test_approvals_outlast_a_search_that_grew_old_after_a_rejection(bank: Bank):
    """4.9: thirty days, whatever has to be brought meanwhile, but for the debt."""
    again = filed(bank)
    assert codes(say(bank, again, "REJECTED", note="a page is missing")) == []
    at_home(bank, again)
    bank.load(("Loan", loan_line(again, **PARTLY)))
    bank.load(("Loan", loan_line(again, **settled())))
    assert bank.submit(again)["case"]["state"] == "PRECHECKED"
    story = filed(bank)
    assert codes(say(bank, story, "REJECTED", note="a page is missing")) == []
    bank.clock("2025-07-01T10:00:00+08:00")
    assert set(codes(bank.submit(story))) == {"CERT_NOT_IN_VAULT", "TITLE_SEARCH_STALE"}
    at_home(bank, story)
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-07-01")))
    assert bank.submit(story)["case"]["state"] == "APPROVED"


def test_an_owner_gets_no_paper_where_there_is_none(bank: Bank):
    story = bank.mortgage()
    opening = {"collateralId": story.collateral_id, "handlingMode": "OWNER"}
    opening |= {"applicant": {"owners": [story.customer_no]}}
    assert codes(bank.do("handler-1", "deregistrationCaseOpen", opening)) == ["VALUE_INVALID"]


def test_a_contract_that_is_over_is_not_opened_by_the_feed(bank: Bank):
    story = done(bank)
    status = "query($n: String!) { guaranteeContract(no: $n) { status } }"
    over = {"guaranteeContract": {"status": "RELEASED"}}
    assert bank.query("auditor", status, n=story.contract_no) == over
    bank.load(("GuaranteeContract", guarantee(story)))
    assert bank.query("auditor", status, n=story.contract_no) == over


def test_who_is_owed_his_papers_is_owed_them_after_a_case_that_was_given_up(bank: Bank):
    story = bank.mortgage()
    bank.open_case(story)
    bank.settle(story)
    bank.run_jobs()
    cancel(bank, story)
    bank.run_jobs()
    about = {"subject": story.loan_no}
    query = "query($f: AlertFilter) { alerts(filter: $f) { nodes { kind } } }"
    alerts = bank.query("auditor", query, f=about)["alerts"]["nodes"]
    assert {"kind": "RELEASE_AVAILABLE"} in alerts


def test_who_may_not_file_shows_no_result_either(bank: Bank):
    story = filed(bank)
    say(bank, story, "DONE")
    result = bank.accepted(story, "REGISTRY_RESULT", caseId=story.case_id)
    given = {"caseId": story.case_id, "code": "REGISTRY_RESULT", "fileVersionId": result}
    assert bank.error_code("rm-1", "deregistrationCaseAttachDocument", given) == "FORBIDDEN"
    state = bank.case(story, "collateral { pledgeState }")["collateral"]["pledgeState"]
    assert state == "RELEASING"


def test_a_countys_registrar_touches_no_case_of_a_citys_loan(bank: Bank):
    story = bank.mortgage()
    bank.load(("Collateral", collateral(story, org="CB")))
    bank.open_case(story)
    named = {"caseId": story.case_id}
    for name, given in (
        ("deregistrationCaseCancel", {**named, "reason": "why"}),
        ("deregistrationCaseRecordRegistry", {**named, "status": "DONE"}),
        ("deregistrationCaseSurrender", named),
    ):
        assert bank.error_code("registrar-1", name, given) == "FORBIDDEN"
    expected = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    assert bank.error_code("registrar-1", "certificateRegisterExpected", expected) == "FORBIDDEN"


def test_no_money_goes_out_between_the_entry_and_the_end_of_a_release(bank: Bank):
    story = done(bank)
    more = loan_line(story, balance="1000.00") | {"loan_no": f"{story.loan_no}M"}
    [told] = bank.load(("Loan", more), all_taken=False)
    assert [one["code"] for one in told["refusals"]] == ["RELEASE_IN_PROGRESS"]


def test_a_reversal_after_the_return_does_not_keep_a_case_for_ever(bank: Bank):
    story = done(bank)
    bank.done("handler-1", "deregistrationCaseSurrender", {"caseId": story.case_id})
    bank.load(("Loan", loan_line(story, **PARTLY)))
    again = done(bank)
    bank.done("handler-1", "deregistrationCaseSurrender", {"caseId": again.case_id})
    for facts in (PARTLY, settled("2025-06-20")):
        bank.load(("Loan", loan_line(again, **facts)))
    unfiled = bank.do("handler-1", "deregistrationCaseClose", {"caseId": again.case_id})
    assert codes(unfiled) == ["ARCHIVE_INCOMPLETE"]  # it is paid again, and filed like any other
    closed = bank.do("handler-1", "deregistrationCaseClose", {"caseId": story.case_id}, HOUSE)
    assert codes(closed) == []
    assert (closed["case"]["state"], bool(closed["case"]["postCloseIncident"])) == ("CLOSED", True)


def test_a_suspended_case_lets_its_other_papers_come_back(bank: Bank):
    story = bank.vaulted()
    right = story.certificate_id, story.cert_no
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    story.cert_no = f"粤（2025）广州市不动产权第{story.n:07}号"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    numbers = {"packetNo": f"Q{story.n:05}", "sealNo": f"Q{story.n:05}"}
    bank.vault(story, vault_plan(story, cabinet="B", **numbers))
    title, (story.certificate_id, story.cert_no) = story.certificate_id, right
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    bank.vault_out(story)
    named = {"certificateId": story.certificate_id}
    report = {**named, "discoveredOn": "2025-06-20", "reason": "gone"}
    bank.done(SUPERVISOR, "incidentReport", report)
    bank.done("approver-t2", "certificateConfirmLost", {**named, "accountability": "handler-1"})
    bank.load(("Loan", loan_line(story, **PARTLY)))
    assert bank.case(story, "state suspendedFrom") == {
        "state": "SUSPENDED",
        "suspendedFrom": "BLOCKED",
    }
    to = {"certificateIds": [title], "desk": "V1"}
    assert codes(bank.do("handler-1", "handoverInitiate", to)) == []


def test_a_precheck_tells_nothing_of_another_branchs_collateral(bank: Bank):
    story, strange = bank.vaulted(), bank.mortgage(org="OBX")
    query = """query($id: ID!, $by: [String!]) {
      deregistrationPrecheck(collateralId: $id, kind: SUBSTITUTION, replacedBy: $by) {
        results { id refusals { message detail { value } } } } }"""

    def told(number: str) -> object:
        answer = bank.query("rm-1", query, id=story.collateral_id, by=[number])
        return answer["deregistrationPrecheck"]

    assert told(strange.collateral_no) == told("NOBODY-KNOWS-IT")


def test_a_pledge_that_is_over_is_not_tied_again(bank: Bank):
    story = done(bank)
    told = {"links": []}
    bank.load(("GuaranteeContract", guarantee(story, **told)))
    bank.load(("GuaranteeContract", guarantee(story)))
    query = "query($no: String!) { guaranteeContract(no: $no) { links { active } } }"
    links = bank.query("auditor", query, no=story.contract_no)["guaranteeContract"]["links"]
    assert links == [{"active": False}]


def test_owners_who_were_chased_once_keep_nobody_else_waiting(bank: Bank):
    story = out(bank, "OWNER")
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {"caseId": story.case_id, "receiptFileVersionId": receipt, "identityChecked": True}
    bank.done("handler-1", "deregistrationCaseReturnToOwner", back, CASE)
    bank.clock("2025-07-21T10:00:00+08:00")
    assert bank.run_jobs()["chase_owner_proofs"] >= 1
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-07-21")))
    assert bank.run_jobs()["chase_owner_proofs"] == 0
    assert file(bank, story)["refusals"] != []
