"""What goes wrong with a release, through HTTP: reversals, losses, deaths, changes of hands."""

import pytest

from tests.api.releasing import (
    at_home,
    cancel,
    done,
    file,
    filed,
    out,
    people,
    say,
    watched,
)
from tests.client import (
    CASE,
    NOON,
    REFUSALS,
    Bank,
    codes,
    collateral,
    collected,
    guarantee,
    loan_line,
    pdf,
    search,
    settled,
    upload_input,
)

SUPERVISOR = "undo-supervisor"
TWO_ROLES = "undo-two-roles"
STATE = "state suspendedFrom postCloseIncident collateral { pledgeState }"
NOTHING: dict[str, list[str]] = {"signals": [], "incidents": [], "alerts": []}
RED = {"signals": ["RED COLLATERAL"], "incidents": ["REVERSED_SETTLEMENT"], "alerts": []}


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    people(bank)
    yield
    bank.clock(NOON)


def reverse(bank: Bank, story) -> None:
    bank.load(("Loan", loan_line(story, balance="500.00", status="OVERDUE")))


def settle(bank: Bank, story, on: str = "2025-06-18") -> None:
    bank.load(("Loan", loan_line(story, **settled(on))))


def test_a_direct_debit_that_bounces_keeps_the_paper_in(bank: Bank):
    """AC-56."""
    bank.clock("2025-06-06T10:00:00+08:00")
    story = bank.vaulted(disbursed_at="2025-05-06")
    debit = {**settled("2025-06-06"), "settlement_channel": "DIRECT_DEBIT"}
    bank.load(
        ("Loan", loan_line(story, **debit)), ("TitleSearch", search(story, "CLEAR", "2025-06-06"))
    )
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == ["SETTLEMENT_NOT_FINAL"]
    bank.clock("2025-06-09T10:00:00+08:00")
    assert codes(bank.submit(story)) == []
    assert bank.approve(story)["case"]["state"] == "APPROVED"
    bank.clock("2025-06-09T15:00:00+08:00")
    reverse(bank, story)
    bank.clock("2025-06-09T15:05:00+08:00")
    assert "NOT_SETTLED" in codes(bank.vault_out_propose(story))
    assert bank.certificate(story)["custodyState"] == "IN_VAULT"
    case = bank.case(story, f"{STATE} settlementProofs {{ no voidedAt voidReason }}")
    assert case["state"] == "BLOCKED"
    [proof] = case["settlementProofs"]
    assert (proof["voidReason"], watched(bank, story)) == ("SETTLEMENT_REVERSED", NOTHING)
    settle(bank, story, "2025-06-09")
    assert codes(bank.submit(story)) == []
    after = bank.case(story, "settlementProofs { no voidedAt }")["settlementProofs"]
    assert [one["voidedAt"] is None for one in after] == [False, True]
    assert after[0]["no"] != after[1]["no"]


def test_papers_that_are_out_and_not_filed_come_back(bank: Bank):
    story = out(bank, "OWNER")
    reverse(bank, story)
    case = bank.case(story, "state deadlines { vaultBackDue }")
    assert case == {"state": "BLOCKED", "deadlines": {"vaultBackDue": "2025-06-24"}}
    assert "bring the papers" in watched(bank, story)["alerts"][0]
    at_home(bank, story)
    assert cancel(bank, story)["case"]["state"] == "CANCELLED"
    assert bank.certificate(story, "custodyState lock { id }") == {
        "custodyState": "IN_VAULT",
        "lock": None,
    }


def test_nothing_is_filed_while_its_papers_are_on_their_way_back(bank: Bank):
    story = out(bank)
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    given = {"certificateIds": [story.certificate_id], "desk": "V1"}
    select = f"handover {{ id }} {REFUSALS}"
    handover = bank.done("handler-1", "handoverInitiate", given, select)["handover"]
    assert codes(file(bank, story)) == ["OPEN_REQUEST_EXISTS"]
    recall = {"handoverId": handover["id"], "reason": "it is wanted at the registry"}
    bank.done("handler-1", "handoverRecall", recall)
    assert file(bank, story)["case"]["state"] == "FILED"


def test_money_that_came_in_and_is_not_posted_reverses_nothing(bank: Bank):
    story = done(bank)
    suspense = {**settled("2025-06-18"), "suspense_amount": "10.00"}
    bank.load(("Loan", loan_line(story, **suspense)))
    assert watched(bank, story) == NOTHING
    assert bank.case(story, STATE)["postCloseIncident"] is None
    [proof] = bank.case(story, "settlementProofs { voidedAt }")["settlementProofs"]
    assert proof["voidedAt"] is None


def test_approvals_of_a_settlement_that_was_undone_are_asked_again(bank: Bank):
    story = filed(bank)
    reverse(bank, story)
    assert say(bank, story, "CANCELLED")["case"]["state"] == "WITHDRAWN"
    at_home(bank, story)
    settle(bank, story)
    assert codes(bank.submit(story)) == []
    assert bank.case(story)["state"] == "PRECHECKED"
    assert bank.approve(story)["case"]["state"] == "APPROVED"


def test_what_is_filed_has_to_be_withdrawn(bank: Bank):
    story = filed(bank)
    reverse(bank, story)
    assert bank.case(story)["state"] == "FILED"
    assert f"withdraw application U-{story.n}" in watched(bank, story)["alerts"][0]
    say(bank, story, "NEED_MORE_MATERIAL", note="a form")
    assert "NOT_SETTLED" in codes(file(bank, story))
    last = bank.case(story, "precheckRuns { stage ready }")["precheckRuns"][-1]
    assert last == {"stage": "FILE", "ready": False}  # the answer is evidence, too (DRG-R02)
    assert say(bank, story, "CANCELLED")["case"]["state"] == "WITHDRAWN"
    at_home(bank, story)
    assert cancel(bank, story)["case"]["state"] == "CLOSED_FAILED"
    assert bank.case(story, STATE)["collateral"] == {"pledgeState": "EFFECTIVE"}


def test_an_entry_that_overtakes_the_withdrawal_stands_and_is_told(bank: Bank):
    story = filed(bank)
    reverse(bank, story)
    entered = say(bank, story, "DONE")["case"]
    assert (entered["state"], entered["reversedLoans"]) == (
        "REGISTRY_DONE",
        [{"loanNo": story.loan_no}],
    )
    assert "demand a new registration" in entered["postCloseIncident"]
    assert watched(bank, story)["signals"] == ["RED COLLATERAL"]


def test_what_was_paid_again_before_the_entry_needs_nobodys_attention(bank: Bank):
    story = filed(bank)
    reverse(bank, story)
    settle(bank, story)
    assert say(bank, story, "DONE")["case"]["postCloseIncident"] is None
    assert watched(bank, story)["signals"] == []


def test_an_entry_is_never_undone_and_a_new_mortgage_ranks_anew(bank: Bank):
    """AC-72."""
    story = done(bank)
    old = bank.certificate(story, "priorityDate")["priorityDate"]
    bank.clock("2025-06-21T10:00:00+08:00")
    reverse(bank, story)
    assert codes(cancel(bank, story)) == ["IRREVERSIBLE"]
    case = bank.case(story, STATE)
    assert (case["state"], case["collateral"]) == ("REGISTRY_DONE", {"pledgeState": "RELEASED"})
    assert "demand a new registration" in case["postCloseIncident"]
    assert watched(bank, story) == RED
    again = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    refused = bank.do("handler-1", "certificateRegisterExpected", again)
    assert codes(refused) == ["STATE_CONFLICT"]
    number = f"N{story.collateral_no}"
    links = [{"collateral": number, "secured_amount": "1000000.00"}]
    bank.load(
        ("Collateral", collateral(story, no=number)),
        ("GuaranteeContract", guarantee(story, no=f"N{story.contract_no}", links=links)),
    )
    found = bank.query(
        "auditor", "query($no: String!) { collateral(no: $no) { id pledgeState } }", no=number
    )["collateral"]
    story.collateral_id = found["id"]
    story.certificate_id = bank.expect(story)
    story.cert_no = f"粤（2025）广州市不动产证明第9{story.n:07}号"
    fresh = collected(story, issueDate="2025-06-21", registeredOn="2025-06-21")
    bank.done("handler-1", "certificateCollect", fresh)
    assert bank.certificate(story, "priorityDate")["priorityDate"] == "2025-06-21" > old
    assert found["pledgeState"] == "EFFECTIVE"


def test_a_closed_case_stays_closed(bank: Bank):
    story = done(bank)
    own = {"caseId": story.case_id}
    bank.done("handler-1", "deregistrationCaseSurrender", own)
    bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    bank.done("handler-1", "deregistrationCaseClose", own)
    items = bank.query(
        "auditor",
        "query($l: String!) { dossier(loanNo: $l) { status retentionStart"
        " items { stage locked } } }",
        l=story.loan_no,
    )["dossier"]
    assert (items["status"], items["retentionStart"]) == ("CLOSED", "2025-06-20")
    assert all(one["locked"] is (one["stage"] == "AT_SETTLEMENT") for one in items["items"])
    late = upload_input(story, "EVIDENCE", pdf("late"), "application/pdf")
    assert codes(bank.do("handler-1", "fileRequestUpload", late)) == ["IMMUTABLE"]
    more = {"dossierId": story.dossier_id, "docType": "EVIDENCE", "reason": "found later"}
    approve = "dossierApproveSupplement"
    assert codes(bank.do("approver-lc", approve, more)) == ["APPROVAL_LEVEL"]
    assert codes(bank.do("approver-t2", approve, more)) == []
    bank.accepted(story, "EVIDENCE")
    assert codes(bank.do("handler-1", "fileRequestUpload", late)) == ["IMMUTABLE"]
    reverse(bank, story)
    case = bank.case(story, STATE)
    assert (case["state"], watched(bank, story)) == ("CLOSED", RED)
    assert "demand a new registration" in case["postCloseIncident"]
    assert codes(cancel(bank, story)) == ["IRREVERSIBLE"]


def returned_to_owner(bank: Bank):
    story = out(bank, "OWNER")
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {
        "caseId": story.case_id,
        "receiptFileVersionId": receipt,
        "identityChecked": True,
    }
    return story, back


def test_papers_with_the_owner_release_nothing_and_a_search_proves_it(bank: Bank):
    """AC-70, and the settlement reversed meanwhile."""
    bank.clock("2025-06-30T10:00:00+08:00")
    bank_story = bank.vaulted()
    bank.load(
        ("Loan", loan_line(bank_story, **settled())),
        ("TitleSearch", search(bank_story, "CLEAR", "2025-06-30")),
    )
    bank.open_case(bank_story, "OWNER")
    bank.attach(bank_story, "DEREG_APPLICATION", "OWNER_ID", "MORTGAGE_CANCEL_CONSENT")
    assert codes(bank.submit(bank_story)) == codes(bank.approve(bank_story)) == []
    assert codes(bank.vault_out(bank_story)) == []
    receipt = bank.accepted(bank_story, "CERT_RECEIPT", caseId=bank_story.case_id)
    given = {"receiptFileVersionId": receipt, "identityChecked": True}
    own = {"caseId": bank_story.case_id}
    bank.done("handler-1", "deregistrationCaseReturnToOwner", own | given)
    select = "state proofPending deadlines { ownerProofDue } collateral { pledgeState }"
    assert bank.case(bank_story, select) == {
        "state": "RETURNED",
        "proofPending": True,
        "deadlines": {"ownerProofDue": "2025-07-30"},
        "collateral": {"pledgeState": "RELEASING"},
    }
    assert bank.certificate(bank_story)["legalState"] == "REGISTERED"
    for day, raised in (("2025-07-30", []), ("2025-07-31", ["YELLOW COLLATERAL"])):
        bank.clock(f"{day}T10:00:00+08:00")
        bank.run_jobs()
        assert watched(bank, bank_story)["signals"] == raised
    reverse(bank, bank_story)
    assert sorted(watched(bank, bank_story)["signals"]) == ["RED COLLATERAL", "YELLOW COLLATERAL"]
    assert "the owner has the papers" in bank.case(bank_story, STATE)["postCloseIncident"]
    bank.load(("TitleSearch", search(bank_story, "CANCELLED", "2025-07-31")))
    case = bank.case(bank_story, STATE)
    assert (case["state"], case["collateral"]) == ("RETURNED", {"pledgeState": "RELEASED"})
    assert "demand a new registration" in case["postCloseIncident"]
    assert codes(cancel(bank, bank_story)) == ["IRREVERSIBLE"]


def lose(bank: Bank, story) -> None:
    paper = {"certificateId": story.certificate_id}
    loss = {**paper, "discoveredOn": "2025-06-20", "reason": "left in a taxi"}
    bank.done(SUPERVISOR, "incidentReport", loss)
    bank.done("approver-t2", "certificateConfirmLost", {**paper, "accountability": "handler-1"})


def reissue(bank: Bank, story) -> None:
    paper = {"certificateId": story.certificate_id}
    proofs = {
        field: bank.accepted(story, doc_type, certificateId=story.certificate_id)
        for field, doc_type in (
            ("publicationFileVersionId", "LOSS_STATEMENT"),
            ("acceptanceFileVersionId", "REGISTRY_ACCEPTANCE"),
        )
    }
    story.cert_no = f"粤（2025）广州市不动产证明第8{story.n:07}号"
    given = {
        **paper,
        **proofs,
        "publishedOn": "2025-06-20",
        "acceptanceNo": "X-1",
        "paper": collected(story)["paper"],
    }
    select = f"certificate {{ id }} {REFUSALS}"
    story.certificate_id = bank.done("handler-1", "certificateReissue", given, select)[
        "certificate"
    ]["id"]


def test_a_paper_lost_on_the_way_suspends_the_case_until_its_reissue(bank: Bank):
    story = out(bank)
    lose(bank, story)
    suspended = bank.case(story, STATE)
    assert (suspended["state"], suspended["suspendedFrom"]) == ("SUSPENDED", "VAULT_OUT")
    assert "STATE_CONFLICT" in codes(file(bank, story))
    assert codes(cancel(bank, story)) == ["STATE_CONFLICT"]
    assert "STATE_CONFLICT" in codes(bank.submit(story))
    reissue(bank, story)
    resumed = bank.case(story, f"{STATE} certificates {{ id }}")
    assert (resumed["state"], resumed["suspendedFrom"]) == ("VAULT_OUT", None)
    assert resumed["certificates"] == [{"id": story.certificate_id}]
    bank.scan(story)
    at_home(bank, story)
    assert bank.vault_out(story)["case"]["state"] == "VAULT_OUT"  # the new paper follows
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION", "REGISTRY_RESULT")
    assert file(bank, story)["case"]["state"] == "FILED"
    result = story.files["REGISTRY_RESULT"]
    assert codes(say(bank, story, "DONE", resultFileVersionId=result)) == []
    own = {"caseId": story.case_id}
    surrendered = bank.done("handler-1", "deregistrationCaseSurrender", own, CASE)
    assert surrendered["case"]["state"] == "RETURNED"


def test_a_case_is_given_up_after_the_reissue(bank: Bank):
    story = out(bank)
    lose(bank, story)
    reissue(bank, story)
    assert cancel(bank, story)["case"]["state"] == "CANCELLED"
    assert bank.case(story, STATE)["collateral"] == {"pledgeState": "EFFECTIVE"}


def test_an_entry_that_comes_meanwhile_ends_the_right_of_the_lost_paper(bank: Bank):
    story = filed(bank)
    lose(bank, story)
    undocumented = say(bank, story, "DONE")["case"]
    assert (undocumented["state"], undocumented["suspendedFrom"]) == ("SUSPENDED", "REGISTRY_DONE")
    assert codes(cancel(bank, story)) == ["IRREVERSIBLE"]
    bank.attach(story, "REGISTRY_RESULT")
    case = bank.case(story, STATE)
    assert (case["state"], case["collateral"]) == ("RETURNED", {"pledgeState": "RELEASED"})
    assert bank.certificate(story) | {"version": 0} == {
        "custodyState": "LOST",
        "legalState": "CANCELLED",
        "version": 0,
    }


def test_papers_of_an_owner_who_died_wait_for_proven_heirs(bank: Bank):
    story, back = returned_to_owner(bank)
    dead = {"party": story.customer_no, "share": "1", "deceased": True}
    bank.load(("Collateral", collateral(story, owners=[dead])))
    name = "deregistrationCaseReturnToOwner"
    assert codes(bank.do("handler-1", name, back)) == ["APPLICANT_NOT_ENTITLED"]
    assert bank.certificate(story)["custodyState"] == "OUT_FOR_DEREG"
    bank.attach(story, "HEIR_PROOF")
    (refusal,) = bank.do("handler-1", name, back)["refusals"]
    assert refusal["detail"] == [
        {"name": "reason", "value": f"no heir applies for {story.customer_no}, who has died"}
    ]
    assert codes(others_apply(bank, story)) == []
    assert codes(bank.do("handler-1", name, back)) == []
    assert bank.certificate(story)["custodyState"] == "RETURNED_TO_OWNER"
    assert codes(others_apply(bank, story)) == ["STATE_CONFLICT"]


def submitted(bank: Bank):
    """A release that waits for its approval; and somebody who could both ask and approve."""
    roles = [{"role": "APPROVER"}, {"role": "CERT_HANDLER"}]
    bank.load(("User", {"login": TWO_ROLES, "name": "x", "org": "LC", "roles": roles}))
    story = bank.vaulted()
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == []
    return story


def others_apply(bank: Bank, story, login: str = "handler-1", **more):
    applicant = {"owners": ["H1", "H2"], **more.pop("applicant", {})}
    given = {"caseId": story.case_id, "applicant": applicant, "reason": "inherited", **more}
    fields = "case { state applicant { owners agent represented } approvals { login } "
    fields += f"timeline {{ step by note }} }} {REFUSALS}"
    return bank.do(login, "deregistrationCaseChangeApplicants", given, fields)


def test_heirs_apply_instead_of_who_died_after_the_opening(bank: Bank):
    story = submitted(bank)
    assert bank.approve(story, TWO_ROLES)["case"]["state"] == "APPROVED"
    dead = {"party": story.customer_no, "share": "1", "deceased": True}
    bank.load(("Collateral", collateral(story, owners=[dead])))
    assert codes(others_apply(bank, story, TWO_ROLES)) == ["SOD_VIOLATION"]
    assert codes(others_apply(bank, story, reason=" ")) == ["VALUE_INVALID"]
    represented = {"applicant": {"represented": ["H1"]}}
    assert codes(others_apply(bank, story, **represented)) == ["VALUE_INVALID"]
    assert bank.case(story, "applicant { owners }") == {
        "applicant": {"owners": [story.customer_no]}
    }
    case = others_apply(bank, story)["case"]
    assert (case["state"], len(case["approvals"])) == ("APPROVED", 1)
    assert case["applicant"] == {"owners": ["H1", "H2"], "agent": None, "represented": []}
    assert case["timeline"][-1] == {
        "step": "CHANGE_APPLICANTS",
        "by": "handler-1",
        "note": f"instead of {story.customer_no}: inherited",
    }
    unproven = codes(bank.vault_out_propose(story))
    assert unproven == ["APPLICANT_NOT_ENTITLED"]


def test_whoever_says_who_applies_does_not_approve_it(bank: Bank):
    story = submitted(bank)
    mine = {"applicant": {"owners": [story.customer_no]}}
    assert codes(others_apply(bank, story, TWO_ROLES, **mine)) == []
    assert codes(bank.approve(story, TWO_ROLES)) == ["SELF_APPROVAL"]


REASSIGN = f"handover {{ id giver receiver }} case {{ handler }} {REFUSALS}"


def reassign(bank: Bank, story, login: str = "handler-1", to: str = "handler-2", **more):
    given = {"caseId": story.case_id, "handler": to, **more}
    return bank.do(login, "deregistrationCaseReassignHandler", given, REASSIGN)


def test_the_next_handler_takes_the_papers_over_himself(bank: Bank):
    story = out(bank)
    for other in ("rm-1", "keeper-1", "approver-lc"):
        assert codes(reassign(bank, story, to=other)) in (["VALUE_INVALID"], ["SOD_VIOLATION"])
    answer = reassign(bank, story)
    assert (answer["case"], answer["handover"]["receiver"]) == (
        {"handler": "handler-1"},
        "handler-2",
    )
    assert codes(reassign(bank, story)) == ["OPEN_REQUEST_EXISTS"]
    accept = {"handoverId": answer["handover"]["id"], "certificateId": story.certificate_id}
    assert bank.error_code("keeper-1", "handoverAcceptItem", accept) == "FORBIDDEN"
    assert codes(bank.do("handler-1", "handoverAcceptItem", accept)) == ["SOD_VIOLATION"]
    assert codes(bank.do("handler-2", "handoverAcceptItem", accept)) == []
    assert bank.case(story, "handler state") == {"handler": "handler-2", "state": "VAULT_OUT"}
    after = bank.certificate(story, "custodyState holder { login } events { type }")
    assert (after["custodyState"], after["holder"]) == ("OUT_FOR_DEREG", {"login": "handler-2"})
    assert after["events"][-1]["type"] == "DEREG_HANDOVER"


def test_papers_that_go_to_another_handler_go_to_no_owner_meanwhile(bank: Bank):
    story, back = returned_to_owner(bank)
    reassign(bank, story)
    early = bank.do("handler-1", "deregistrationCaseReturnToOwner", back)
    assert codes(early) == ["OPEN_REQUEST_EXISTS"]


def test_for_a_handler_who_is_absent_the_supervisor_does_it_with_a_reason(bank: Bank):
    story = out(bank)
    given = {"caseId": story.case_id, "handler": "handler-2"}
    assert bank.error_code("handler-2", "deregistrationCaseReassignHandler", given) == "FORBIDDEN"
    assert codes(reassign(bank, story, SUPERVISOR)) == ["VALUE_INVALID"]
    answer = reassign(bank, story, SUPERVISOR, reason="ill")
    assert answer["handover"]["giver"] == "handler-1"
    reject = {
        "handoverId": answer["handover"]["id"],
        "certificateId": story.certificate_id,
        "reason": "a page is missing",
    }
    assert codes(bank.do("handler-2", "handoverRejectItem", reject)) == []
    assert bank.case(story, "handler")["handler"] == "handler-1"
    assert codes(reassign(bank, story, "approver-lc", reason="ill")) == []


def test_before_papers_are_out_another_handler_is_named_at_once(bank: Bank):
    story = bank.approved()
    answer = reassign(bank, story, SUPERVISOR, reason="ill")
    assert (answer["case"], answer["handover"]) == ({"handler": "handler-2"}, None)


def two_homes(bank: Bank):
    """One certificate over two homes under one contract; the first is on its way out."""
    story = bank.mortgage()
    other = f"B{story.collateral_no}"
    links = [{"collateral": no} for no in (story.collateral_no, other)]
    bank.load(
        ("Collateral", collateral(story, no=other)),
        ("GuaranteeContract", guarantee(story, links=links)),
    )
    second = bank.query("auditor", "query($n: String!) { collateral(no: $n) { id } }", n=other)
    story.certificate_id = bank.expect(
        story, collateralIds=[story.collateral_id, second["collateral"]["id"]]
    )
    story.cert_no = f"粤（2025）广州市不动产证明第{story.n:08}号"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    bank.settle(story)
    bank.open_case(story)
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert codes(bank.submit(story)) == codes(bank.approve(story)) == []
    assert codes(bank.vault_out(story)) == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION", "REGISTRY_RESULT")
    assert codes(file(bank, story)) == []
    result = story.files["REGISTRY_RESULT"]
    assert codes(say(bank, story, "DONE", resultFileVersionId=result)) == []
    return story, other


def test_a_certificate_that_covers_what_stays_is_exchanged(bank: Bank):
    story, other = two_homes(bank)
    old = bank.certificate(story, "legalState priorityDate")
    assert old["legalState"] == "SUPERSEDED"
    own = {"caseId": story.case_id}
    assert codes(bank.do("handler-1", "deregistrationCaseSurrender", own)) == ["VALUE_INVALID"]
    brought = {
        **own,
        "certificateId": story.certificate_id,
        "desk": "V1",
        "evidenceFileVersionId": story.files["REGISTRY_RESULT"],
    }
    offer = "deregistrationCaseOfferExchange"
    assert bank.error_code("handler-2", offer, brought) == "FORBIDDEN"
    number = f"粤（2025）广州市不动产证明第7{story.n:07}号"
    paper = collected(story, certNo=number, issueDate="2025-06-20")["paper"]
    given = {**own, "vault": "V1", "certType": "MORTGAGE_REG_PROOF", "paper": paper}
    receive = "deregistrationCaseReceiveExchanged"
    assert codes(bank.do("keeper-3", receive, given)) == ["VALUE_INVALID"]
    elsewhere = bank.accepted(bank.mortgage(), "REGISTRY_RESULT")
    for other_file in (story.files["DEREG_APPLICATION"], elsewhere):
        wrong = {**brought, "evidenceFileVersionId": other_file}
        assert codes(bank.do("handler-1", offer, wrong)) == ["VALUE_INVALID"]
    assert codes(bank.do("handler-1", offer, brought)) == []
    same = {**given, "paper": collected(story)["paper"]}
    assert "VALUE_INVALID" in codes(bank.do("keeper-3", receive, same))
    select = (
        "certificate { id custodyState legalState priorityDate supersedes collaterals { no }"
        " guaranteeContracts { no } } replaced { custodyState legalState supersededBy }"
        f" case {{ state }} {REFUSALS}"
    )
    answer = bank.done("keeper-3", receive, given, select)
    assert answer["certificate"] == {
        "id": answer["replaced"]["supersededBy"],
        "custodyState": "RECEIVED_PENDING_VAULT",
        "legalState": "REGISTERED",
        "priorityDate": old["priorityDate"],
        "supersedes": story.certificate_id,
        "collaterals": [{"no": other}],
        "guaranteeContracts": [{"no": story.contract_no}],
    }
    assert answer["replaced"]["custodyState"] == "REPLACED"
    assert answer["case"] == {"state": "RETURNED"}
    bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    bank.done("handler-1", "deregistrationCaseClose", own)
    dossier = bank.query(
        "auditor", "query($l: String!) { dossier(loanNo: $l) { status } }", l=story.loan_no
    )["dossier"]
    assert dossier["status"] != "CLOSED"  # the other home is still pledged
