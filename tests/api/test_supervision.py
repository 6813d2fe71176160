"""Supervising through HTTP: the processing board, unclaimed papers, handovers, the county."""

from dataclasses import replace

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, collected, guarantee, loan_line

MORNING = "T09:00:00+08:00"
FIGURES = (
    "orgCode due obtained overdue obtainedRate overdueRate averageDays"
    " vaultDue vaultLate vaultLateRate"
)


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    bank.clock(NOON)
    yield
    bank.clock(NOON)


@pytest.fixture(scope="module", autouse=True)
def supervisors(bank: Bank):
    people = {"batch-1": ("LC", "BATCH_SUPERVISOR"), "supervisor-1": ("LC", "VAULT_SUPERVISOR")}
    bank.load(
        *(
            ("User", {"login": login, "name": login, "org": org, "roles": [{"role": role}]})
            for login, (org, role) in people.items()
        )
    )


def board(bank: Bank, login: str, org: str | None = None, **period: str):
    """The board of the deadlines from 1 January to 1 March 2021, which no other test uses."""
    given = {"from": "2021-01-01", "to": "2021-03-01", "org": org} | period
    return bank.query(
        login,
        "query($from: Date!, $to: Date!, $org: String) {"
        " certificateProcessingBoard(from: $from, to: $to, org: $org) { asOf"
        f" total {{ {FIGURES} }} organisations {{ {FIGURES} }}"
        " overdue { id expectedBy expectedFrom collaterals { no } } } }",
        **given,
    )["certificateProcessingBoard"]


def test_the_board_counts_what_was_due_in_the_period(bank: Bank):
    bank.clock("2021-01-04" + MORNING)
    lent = {"disbursed_at": "2021-01-04"}  # 15 working days are the 25th
    obtained, late, waiting = (bank.mortgage(**lent) for _ in range(3))
    county = bank.mortgage(org="CB", **lent)
    for story in (obtained, late, waiting, county):
        story.certificate_id = bank.expect(story)
        story.cert_no = f"board-{story.n}"
    empty = board(bank, "batch-1")
    assert empty["asOf"] == "2021-01-04"
    assert (empty["total"]["due"], empty["total"]["obtainedRate"]) == (0, None)
    bank.clock("2021-01-14" + MORNING)
    bank.done("handler-1", "certificateCollect", collected(obtained, issueDate="2021-01-14"))
    bank.scan(obtained)
    obtained_vault = bank.certificate(obtained, "vaultDue")["vaultDue"]
    bank.hand_to_vault(obtained)
    bank.vault(obtained)
    bank.clock("2021-01-27" + MORNING)
    bank.done("handler-1", "certificateCollect", collected(late, issueDate="2021-01-14"))
    bank.clock("2021-02-03" + MORNING)
    assert (obtained_vault, bank.certificate(obtained, "vaultedOn")["vaultedOn"]) == (
        "2021-01-19",
        "2021-01-14",
    )
    told = board(bank, "batch-1")
    row = {
        "orgCode": "OB",
        "due": 3,
        "obtained": 2,
        "overdue": 1,
        "obtainedRate": "0.6667",
        "overdueRate": "0.3333",
        "averageDays": "16.50",
        "vaultDue": 2,
        "vaultLate": 1,
        "vaultLateRate": "0.5000",
    }
    assert told["organisations"] == [
        {
            "orgCode": "CB",
            "due": 1,
            "obtained": 0,
            "overdue": 1,
            "obtainedRate": "0.0000",
            "overdueRate": "1.0000",
            "averageDays": None,
            "vaultDue": 0,
            "vaultLate": 0,
            "vaultLateRate": None,
        },
        row,
    ]
    assert told["total"] == row | {
        "orgCode": None,
        "due": 4,
        "overdue": 2,
        "obtainedRate": "0.5000",
        "overdueRate": "0.5000",
    }
    assert {paper["id"] for paper in told["overdue"]} == {
        waiting.certificate_id,
        county.certificate_id,
    }
    assert told["overdue"][0]["expectedBy"] == "2021-01-25"
    assert told["overdue"][0]["expectedFrom"] == "2021-01-04"
    assert board(bank, "batch-1", "OB")["total"]["due"] == 3
    assert board(bank, "batch-1", "OBX") is None
    assert board(bank, "auditor", "T2X")["total"]["due"] == 0
    as_it_was = board(bank, "batch-1", "OB", to="2021-01-26")["total"]
    assert (as_it_was["obtained"], as_it_was["overdue"]) == (1, 2)
    assert board(bank, "registrar-1")["total"]["due"] == 1  # the own county alone
    for login in ("rm-1", "keeper-1", "archivist-1"):
        answer = bank.ask(
            login,
            '{ certificateProcessingBoard(from: "2021-01-01", to: "2021-03-01") { asOf } }',
        )
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    wrong = bank.ask(
        "batch-1", '{ certificateProcessingBoard(from: "2021-03-01", to: "2021-01-01") { asOf } }'
    )
    assert wrong["errors"][0]["extensions"]["code"] == "VALUE_INVALID"


def unclaimed(bank: Bank) -> list[dict]:
    found = bank.query(
        "supervisor-1",
        "{ unclaimedCertificates(first: 100) { totalCount nodes { id daysUnclaimed } } }",
    )["unclaimedCertificates"]
    assert found["totalCount"] == len(found["nodes"])
    return found["nodes"]


def filed_online(bank: Bank) -> tuple[Story, dict[str, str]]:
    """A release of which the owner's title lies in the vault too, and waits for the registry."""
    story = bank.vaulted()
    [title] = bank.load(
        (
            "Certificate",
            {
                "cert_type": "REAL_ESTATE_TITLE",
                "cert_no": f"title-{story.n}",
                "issuer": "registry",
                "issue_date": "2024-01-02",
                "right_holder": "owner",
                "collaterals": [story.collateral_no],
                "custody_state": "IN_VAULT",
                "place": {
                    "vault": "V1",
                    "cabinet": "B",
                    "slot": f"{story.n:03}",
                    "packet_no": f"PT{story.n}",
                    "seal_no": f"ST{story.n}",
                },
            },
        )
    )
    bank.settle(story)
    bank.open_case(story, "ONLINE")
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert bank.submit(story)["refusals"] == []
    assert bank.approve(story)["refusals"] == []
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    case = {"caseId": story.case_id}
    filed = {**case, "authority": "网上登记", "acceptanceNo": f"O-{story.n}"}
    bank.done("handler-1", "deregistrationCaseFile", filed)
    return story, title


def entered(bank: Bank, story: Story) -> None:
    """The registry has, and its result is on record."""
    done = {"caseId": story.case_id, "status": "DONE"}
    bank.done("handler-1", "deregistrationCaseRecordRegistry", done)
    bank.attach(story, "REGISTRY_RESULT")


def test_an_owners_paper_leaves_the_vault_against_his_receipt_once_he_is_known(bank: Bank):
    """X17, by two keepers."""
    story, title = filed_online(bank)
    entered(bank, story)
    asked = "deregistrationCaseVaultOutPropose"
    plan = {"caseId": story.case_id, "vault": "V1", "identityChecked": True}
    assert codes(bank.do("keeper-1", asked, plan)) == ["DOC_MISSING"]
    signed = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    plan |= {"receiptFileVersionId": signed, "identityChecked": False}
    assert codes(bank.do("keeper-1", asked, plan)) == ["VALUE_INVALID"]
    plan |= {"identityChecked": True}
    proposal = bank.done("keeper-1", asked, plan, f"proposal {{ id }} {REFUSALS}")["proposal"]
    confirm = {"proposalId": proposal["id"], "vaultOut": plan}
    bank.done("keeper-2", "deregistrationCaseVaultOutConfirm", confirm)
    story.certificate_id = title["id"]
    assert bank.certificate(story)["custodyState"] == "RETURNED_TO_OWNER"


def test_an_owners_paper_that_nobody_fetches_is_told_of_and_listed(bank: Bank):
    story, title = filed_online(bank)
    select = "certificate(id: $id) { unclaimed daysUnclaimed releasedOn custodyState }"
    ask = f"query($id: ID!) {{ {select} }}"
    before = bank.query("auditor", ask, id=title["id"])["certificate"]
    assert (before["unclaimed"], before["daysUnclaimed"]) == (False, None)
    entered(bank, story)
    assert bank.query("auditor", ask, id=title["id"])["certificate"] == {
        "unclaimed": True,
        "daysUnclaimed": 0,
        "releasedOn": "2025-06-20",
        "custodyState": "IN_VAULT",
    }
    raised = (
        "query($s: String) { alerts(filter: {subject: $s}, first: 100) {"
        " nodes { kind raisedOn } } }"
    )

    def told() -> list[str]:
        nodes = bank.query("supervisor-1", raised, s=title["id"])["alerts"]["nodes"]
        assert {node["kind"] for node in nodes} <= {"UNCLAIMED"}
        return sorted(node["raisedOn"] for node in nodes)

    steps = ["2025-07-20", "2025-08-20", "2025-09-18", "2025-09-20"]
    for number, day in enumerate(steps):
        bank.clock(day + MORNING)
        bank.run_jobs()
        bank.run_jobs()
        assert told() == steps[: number + 1]
        listed = {"id": title["id"], "daysUnclaimed": 90} in unclaimed(bank)
        assert listed is (day == "2025-09-18")
    bank.clock("2025-09-17" + MORNING)
    assert title["id"] not in {paper["id"] for paper in unclaimed(bank)}


def test_handovers_are_listed_by_whom_they_concern_and_by_state(bank: Bank):
    stories = [bank.mortgage() for _ in range(3)]
    for story in stories:
        bank.collect(story)
    given = [
        {"certificateIds": [stories[0].certificate_id], "desk": "V1"},
        {"certificateIds": [stories[1].certificate_id], "receiver": "handler-2"},
        {"certificateIds": [stories[2].certificate_id], "receiver": "handler-2"},
    ]
    select = f"handover {{ id }} {REFUSALS}"
    ids = [
        bank.done("handler-1", "handoverInitiate", one, select)["handover"]["id"] for one in given
    ]
    bank.done("handler-1", "handoverRecall", {"handoverId": ids[2], "reason": "mistake"})

    def listed(login: str, **more) -> list[str]:
        found = bank.query(
            login,
            "query($mine: Boolean!, $state: [HandoverState!], $first: Int, $after: String) {"
            " handovers(mine: $mine, state: $state, first: $first, after: $after) {"
            " nodes { id } } }",
            **{"mine": True, "first": 100} | more,
        )
        return [node["id"] for node in found["handovers"]["nodes"] if node["id"] in ids]

    assert listed("handler-1") == ids[::-1]
    assert listed("handler-1", state=["PENDING"]) == ids[1::-1]
    assert listed("handler-2") == ids[:0:-1]
    assert listed("keeper-1") == ids[:1]
    assert listed("keeper-1", mine=False) == ids[::-1]
    assert listed("rm-x", mine=False) == []
    assert listed("handler-1", state=["PENDING", "RECALLED"], first=1) == ids[2:]


def test_a_county_registrar_obtains_and_hands_over_for_the_own_county_alone(bank: Bank):
    own, other = bank.mortgage(org="CB"), bank.mortgage(org="OB")
    expected = {"certType": "PRE_NOTICE_MORTGAGE", "collateralIds": [own.collateral_id]}
    select = f"certificate {{ id }} {REFUSALS}"
    done = bank.done("registrar-1", "certificateRegisterExpected", expected, select)
    own.certificate_id, own.cert_no = done["certificate"]["id"], f"county-{own.n}"
    bank.done("registrar-1", "certificateCollect", collected(own))
    marked = {"certificateId": own.certificate_id, "convertibleFrom": "2025-06-20"}
    bank.done("registrar-1", "certificateMarkConvertible", marked)
    filed = {
        "certificateId": own.certificate_id,
        "filedOn": "2025-06-20",
        "acceptanceNo": "C-1",
    }
    bank.done("registrar-1", "certificateFileConversion", filed)
    handed = {"certificateIds": [own.certificate_id], "desk": "V1"}
    bank.done("registrar-1", "handoverInitiate", handed)
    opening = {"collateralId": own.collateral_id, "applicant": {"owners": [own.customer_no]}}
    bank.done("registrar-1", "deregistrationCaseOpen", opening)
    for name, given in (
        ("certificateRegisterExpected", {**expected, "collateralIds": [other.collateral_id]}),
        ("collateralRecordValuation", valued(own)),
        ("collateralApproveValuation", {"valuationId": "x"}),
        ("fileAccept", {"fileVersionId": "x"}),
    ):
        assert bank.error_code("registrar-1", name, given) == "FORBIDDEN"


def valued(story, **changes):
    return {
        "collateralId": story.collateral_id,
        "no": f"V-{story.n}",
        "value": "800000.00",
        "valueOn": "2025-06-19",
        "method": "MARKET",
    } | changes


def test_a_valuation_counts_once_another_person_has_approved_it(bank: Bank):
    story = bank.mortgage()
    select = f"valuation {{ id recordedBy approvedBy }} {REFUSALS}"
    recorded = bank.done("batch-1", "collateralRecordValuation", valued(story), select)
    valuation = recorded["valuation"]
    assert (valuation["recordedBy"], valuation["approvedBy"]) == ("batch-1", None)
    twice = bank.do("batch-1", "collateralRecordValuation", valued(story))
    assert [one["code"] for one in twice["refusals"]] == ["VALUE_INVALID"]
    ask = "query($no: String!) { collateral(no: $no) { latestValue latestValueOn eligibleValue } }"
    nothing = {"latestValue": None, "latestValueOn": None, "eligibleValue": None}
    assert bank.query("auditor", ask, no=story.collateral_no)["collateral"] == nothing
    given = {"valuationId": valuation["id"]}
    assert bank.error_code("batch-1", "collateralApproveValuation", given) == "FORBIDDEN"
    approved = bank.done("risk-t2", "collateralApproveValuation", given, select)["valuation"]
    assert approved["approvedBy"] == "risk-t2"
    again = bank.do("risk-t2", "collateralApproveValuation", given)
    assert [one["code"] for one in again["refusals"]] == ["STATE_CONFLICT"]
    worth = {"latestValue": "800000.00", "latestValueOn": "2025-06-19"}
    assert bank.query("auditor", ask, no=story.collateral_no)["collateral"] == worth | {
        "eligibleValue": "800000.00"
    }
    hidden = bank.query("keeper-1", ask, no=story.collateral_no)["collateral"]
    assert (hidden["latestValue"], hidden["eligibleValue"]) == (None, None)


def test_what_is_expected_is_due_by_when_the_money_goes_out(bank: Bank):
    story = bank.mortgage(product="HOUSING_RESALE", status="APPROVED", disbursed_at=None)
    story.certificate_id = bank.expect(story)
    days = "expectedFrom expectedBy"
    assert bank.certificate(story, days) == {"expectedFrom": None, "expectedBy": None}
    for drawn, due in (("2025-06-18", "2025-07-09"), ("2025-06-03", "2025-06-24")):
        facts = {"product": "HOUSING_RESALE", "disbursed_at": drawn}
        bank.load(("Loan", loan_line(story, **facts)))
        assert bank.certificate(story, days) == {"expectedFrom": drawn, "expectedBy": due}


def test_the_days_of_what_is_awaited_follow_all_loans_of_its_contracts_alone(bank: Bank):
    days, later = "expectedFrom expectedBy", {"disbursed_at": "2025-06-10"}
    story = bank.mortgage(product="HOUSING_RESALE", **later)
    second = replace(story, contract_no=f"{story.contract_no}B", loan_no=f"{story.loan_no}B")
    bank.load(("Loan", loan_line(second, **later)), ("GuaranteeContract", guarantee(second)))
    story.certificate_id = bank.expect(story)  # for both contracts
    one = {"guaranteeContractNos": [story.contract_no]}
    second.certificate_id = bank.expect(story, "PROPERTY_INSURANCE", **one)
    both = {"expectedFrom": "2025-06-10", "expectedBy": "2025-07-01"}
    alone = bank.certificate(second, days)
    assert (bank.certificate(story, days), alone["expectedFrom"]) == (both, "2025-06-10")
    bank.load(("Loan", loan_line(second, disbursed_at="2025-06-04")))
    both = {"expectedFrom": "2025-06-04", "expectedBy": "2025-06-25"}
    assert (bank.certificate(story, days), bank.certificate(second, days)) == (both, alone)
    bank.load(("Loan", loan_line(story, disbursed_at="2025-06-12")))  # the other's is earlier
    assert bank.certificate(story, days) == both
    assert bank.certificate(second, days)["expectedFrom"] == "2025-06-12"
