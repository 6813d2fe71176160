"""Deadlines of releases through HTTP: notices, escalation, the cost of lateness, the board."""

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, guarantee, loan_line, search, settled

MORNING = "T09:00:00+08:00"
ROW = "no state daysLeft overdue exposure deadlines { nextStep nextDue totalDue freeUntil }"
BOARD = f"""
query($org: String, $filter: BoardFilter, $first: Int, $after: String) {{
  deregistrationBoard(org: $org, filter: $filter, first: $first, after: $after) {{
    totalCount nodes {{ {ROW} compensationPerDay handler }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
FIGURES = (
    "orgCode open overdue waiting exposure byState { state count } overdueByStep { step count }"
)
SUMMARY = f"""
query($org: String) {{
  deregistrationBoardSummary(org: $org) {{
    asOf total {{ {FIGURES} }} organisations {{ {FIGURES} }}
  }}
}}
"""


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    bank.clock(NOON)
    yield
    bank.clock(NOON)


@pytest.fixture(scope="module", autouse=True)
def branches(bank: Bank):
    """Branches whose boards no other test fills."""
    below = {"level": "OPERATING_BRANCH", "parent": "T2"}
    bank.load(
        *(("Org", {"code": code, "name": code, **below}) for code in ("B1", "B2", "B3", "B4"))
    )
    roles = [{"role": "RELATIONSHIP_MANAGER"}]
    bank.load(("User", {"login": "rm-b1", "name": "x", "org": "B1", "roles": roles}))


def on(bank: Bank, day: str) -> None:
    """The jobs as they run on the morning of that day, twice."""
    bank.clock(day + MORNING)
    bank.run_jobs()
    bank.run_jobs()


def alerts(bank: Bank, subject: str, login: str = "auditor", **more) -> list[str]:
    """The open alerts about a number, each by its kind, deadline and day."""
    found = bank.query(
        login,
        "query($f: AlertFilter) { alerts(filter: $f, first: 100) { nodes {"
        " kind dueOn raisedOn roles level logins } } }",
        f={"subject": subject, **more},
    )["alerts"]["nodes"]
    return sorted(f"{one['kind']} {one['dueOn']} {one['raisedOn']}" for one in found)


def summary(bank: Bank, login: str = "approver-lc", org: str | None = None):
    return bank.query(login, SUMMARY, org=org)["deregistrationBoardSummary"]


def board(bank: Bank, login: str = "handler-1", **given):
    answer = bank.ask(login, BOARD, **given)
    assert "errors" not in answer, answer
    assert answer["extensions"]["plan"]["compiled"], answer["extensions"]
    return answer["data"]["deregistrationBoard"]


def test_the_owner_of_what_secured_a_settled_loan_is_told_once(bank: Bank):
    told, late = bank.vaulted(), bank.vaulted()
    for story in (told, late):
        bank.load(("Loan", loan_line(story, **settled("2025-06-20"))))
    loan = "query($n: String!) { loan(no: $n) { releaseNoticeDue } }"
    assert bank.query("rm-1", loan, n=told.loan_no)["loan"] == {"releaseNoticeDue": "2025-06-23"}
    on(bank, "2025-06-20")
    first = "RELEASE_AVAILABLE 2025-06-23 2025-06-20"
    assert alerts(bank, told.loan_no) == [first]
    for login, seen in {"rm-1": [first], "handler-1": [first], "keeper-1": []}.items():
        assert alerts(bank, told.loan_no, login, mine=True) == seen
    assert alerts(bank, told.loan_no, "rm-x") == []
    mine = "query($f: AlertFilter) { alerts(filter: $f) { nodes { id reason } } }"
    [alert] = bank.query("rm-1", mine, f={"subject": told.loan_no})["alerts"]["nodes"]
    assert "deregistration is available" in alert["reason"]
    bank.done("rm-1", "alertAcknowledge", {"alertId": alert["id"]})
    on(bank, "2025-06-23")
    assert alerts(bank, late.loan_no) == [first]
    on(bank, "2025-06-24")
    on(bank, "2025-06-25")
    on(bank, "2025-07-25")
    assert alerts(bank, told.loan_no) == []
    assert alerts(bank, late.loan_no) == [
        first,
        "RELEASE_DEADLINE 2025-06-23 2025-06-24",
        "RELEASE_DEADLINE 2025-06-23 2025-06-25",
    ]
    assert len(alerts(bank, late.loan_no, "approver-lc", mine=True)) == 1
    assert len(alerts(bank, late.loan_no, "approver-t2", mine=True)) == 1


def test_nobody_is_told_while_another_loan_stands_or_a_case_is_open(bank: Bank):
    shared, asked_for = bank.mortgage(), bank.vaulted()
    other = f"{shared.loan_no}-2"
    both = [shared.loan_no, other]
    bank.load(
        ("Loan", loan_line(shared, loan_no=other)),
        ("GuaranteeContract", guarantee(shared, secured_loans=both)),
        ("Loan", loan_line(shared, **settled("2025-06-20"))),
    )
    bank.settle(asked_for, "2025-06-20")
    bank.open_case(asked_for)
    for day in ("2025-06-20", "2025-06-23", "2025-06-26"):
        on(bank, day)
    assert alerts(bank, shared.loan_no) == alerts(bank, asked_for.loan_no) == []
    bank.load(("Loan", loan_line(shared, loan_no=other, **settled("2025-06-26"))))
    on(bank, "2025-06-26")
    assert alerts(bank, other) == ["RELEASE_AVAILABLE 2025-06-27 2025-06-26"]


def test_a_proof_that_was_asked_for_is_due_in_three_working_days(bank: Bank):
    story, owed = bank.vaulted(), bank.mortgage()
    request = "settlementProofRequest"
    select = f"loan {{ proofRequestedOn proofDue }} {REFUSALS}"
    assert codes(bank.do("rm-1", request, {"loanId": _loan_id(bank, owed)})) == ["NOT_SETTLED"]
    bank.settle(story)
    given = {"loanId": _loan_id(bank, story)}
    assert codes(bank.do("rm-x", request, given)) == ["NOT_FOUND"]
    assert bank.error_code("keeper-1", request, given) == "FORBIDDEN"
    asked = bank.done("rm-1", request, given, select)["loan"]
    assert asked == {"proofRequestedOn": "2025-06-20", "proofDue": "2025-06-25"}
    assert codes(bank.do("rm-1", request, given)) == ["OPEN_REQUEST_EXISTS"]
    bank.open_case(story)  # so that the notice to the owner falls away
    on(bank, "2025-06-24")
    assert alerts(bank, story.loan_no) == []
    for day in ("2025-06-25", "2025-06-26"):
        on(bank, day)
    assert alerts(bank, story.loan_no) == [
        "RELEASE_DEADLINE 2025-06-25 2025-06-25",
        "RELEASE_DEADLINE 2025-06-25 2025-06-26",
    ]
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-06-26")))
    bank.attach(story, "DEREG_APPLICATION", "OWNER_ID")
    assert bank.submit(story)["refusals"] == []
    on(bank, "2025-06-27")
    assert len(alerts(bank, story.loan_no)) == 2
    assert codes(bank.do("rm-1", request, given)) == ["STATE_CONFLICT"]


def test_unfiled_papers_are_told_of_at_three_and_at_five_working_days(bank: Bank):
    story = bank.approved()
    assert bank.vault_out(story)["refusals"] == []
    due = bank.case(story, ROW)
    assert due["deadlines"] == {
        "nextStep": "FILE",
        "nextDue": "2025-06-25",
        "totalDue": "2025-07-07",  # the fifteenth day is a Saturday
        "freeUntil": "2025-07-18",
    }
    assert (due["daysLeft"], due["overdue"], due["exposure"]) == (5, False, "0.00")
    told = [f"RELEASE_DEADLINE 2025-06-25 2025-06-2{day}" for day in (5, 6, 7)]
    for number, day in enumerate(("24", "25", "26", "27", "28")):
        on(bank, f"2025-06-{day}")
        assert alerts(bank, story.collateral_no) == told[:number]
    for login in ("handler-1", "approver-lc", "approver-t2"):
        assert len(alerts(bank, story.collateral_no, login, mine=True)) == 1
    assert alerts(bank, story.collateral_no, "handler-2", mine=True) == []
    late = bank.case(story, ROW)
    assert (late["daysLeft"], late["overdue"]) == (-3, True)
    on(bank, "2025-07-09")
    assert alerts(bank, story.collateral_no)[3:] == [
        "RELEASE_DEADLINE 2025-07-07 2025-07-09" for _ in range(3)
    ]


def test_a_registry_has_its_own_days_and_papers_come_back_in_two(bank: Bank):
    promise = {"key": "registry.快办中心.sla_wd", "value": "1", "effective_from": "2025-06-01"}
    bank.load(("PolicyValue", promise))
    story = bank.approved()
    bank.vault_out(story)
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
    file = {"caseId": story.case_id, "authority": "快办中心", "acceptanceNo": "N-1"}
    bank.clock("2025-06-23" + MORNING)
    filed_at = "2025-06-20T16:00:00+08:00"  # put down a working day later
    bank.done("handler-1", "deregistrationCaseFile", file | {"filedAt": filed_at})
    dates = "daysLeft deadlines { nextStep registryCommittedDue registryDue vaultBackDue }"
    assert bank.case(story, dates) == {
        "daysLeft": 0,
        "deadlines": {
            "nextStep": "REGISTRY_COMMITMENT",
            "registryCommittedDue": "2025-06-23",
            "registryDue": "2025-08-01",
            "vaultBackDue": None,
        },
    }
    bank.clock(NOON)
    said = {"caseId": story.case_id, "status": "REJECTED", "at": NOON, "note": "a page is missing"}
    bank.done("handler-1", "deregistrationCaseRecordRegistry", said)
    assert bank.case(story, dates) == {
        "daysLeft": 4,
        "deadlines": {
            "nextStep": "VAULT_BACK",
            "registryCommittedDue": None,
            "registryDue": None,
            "vaultBackDue": "2025-06-24",
        },
    }
    bank.hand_to_vault(story)
    back = bank.case(story, "daysLeft deadlines { nextStep nextDue vaultBackDue totalDue }")
    assert back == {
        "daysLeft": None,
        "deadlines": {
            "nextStep": None,
            "nextDue": None,
            "vaultBackDue": None,
            "totalDue": "2025-07-07",
        },
    }


def test_an_owner_who_proves_nothing_is_followed_up_until_he_does(bank: Bank):
    story = bank.approved("OWNER")
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    bank.vault_out(story)
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {
        "caseId": story.case_id,
        "receiptFileVersionId": receipt,
        "identityChecked": True,
    }
    bank.done("handler-1", "deregistrationCaseReturnToOwner", back)
    on(bank, "2025-07-19")
    assert alerts(bank, story.collateral_no) == []
    for day in ("2025-07-20", "2025-08-19", "2025-08-20", "2025-09-20"):
        on(bank, day)
    assert sorted(alerts(bank, story.collateral_no)) == [
        "RELEASE_DEADLINE 2025-07-20 2025-07-20",
        "RELEASE_DEADLINE 2025-07-20 2025-08-19",
        "RELEASE_DEADLINE 2025-07-20 2025-08-19",
        "RELEASE_DEADLINE 2025-07-20 2025-08-20",
        "RELEASE_DEADLINE 2025-07-20 2025-09-20",
    ]
    assert bank.case(story, "exposure")["exposure"] == "0.00"  # returned in time
    bank.load(("TitleSearch", search(story, "CANCELLED", "2025-09-20")))
    proven = bank.case(story, "daysLeft deadlines { nextStep nextDue }")
    assert proven["deadlines"] == {"nextStep": "CLOSE", "nextDue": "2025-09-26"}
    on(bank, "2025-10-20")
    assert len([one for one in alerts(bank, story.collateral_no) if "2025-07-20" in one]) == 5


def test_keeping_papers_too_long_costs_by_the_day_until_the_return(bank: Bank):
    story = bank.approved("OWNER", org="B1")  # settled on 18 June
    bank.attach(story, "MORTGAGE_CANCEL_CONSENT")
    bank.clock("2025-07-18" + MORNING)
    assert bank.case(story, "exposure") == {"exposure": "0.00"}
    bank.clock("2025-07-19" + MORNING)
    cost = "exposure compensationPerDay deadlines { owedSince freeUntil }"
    assert bank.case(story, cost) == {
        "exposure": "100.00",
        "compensationPerDay": "100.00",
        "deadlines": {"owedSince": "2025-06-18", "freeUntil": "2025-07-18"},
    }
    hidden = bank.query(
        "keeper-1",
        f"query($n: String!) {{ deregistrationCase(no: $n) {{ {cost} }} }}",
        n=bank.case(story, "no")["no"],
    )["deregistrationCase"]
    assert (hidden["exposure"], hidden["compensationPerDay"]) == (None, None)
    bank.clock("2025-07-21" + MORNING)
    assert summary(bank, org="B1")["total"]["exposure"] == "300.00"
    bank.load(("TitleSearch", search(story, "CLEAR", "2025-07-21")))
    assert bank.vault_out(story)["refusals"] == []
    receipt = bank.accepted(story, "CERT_RECEIPT", caseId=story.case_id)
    back = {
        "caseId": story.case_id,
        "receiptFileVersionId": receipt,
        "identityChecked": True,
    }
    bank.done("handler-1", "deregistrationCaseReturnToOwner", back)
    bank.clock("2025-08-30" + MORNING)
    assert bank.case(story, "exposure") == {"exposure": "300.00"}


def test_a_reversed_settlement_stops_the_clock(bank: Bank):
    story = bank.approved(org="B3")
    bank.load(("Loan", loan_line(story)))
    bank.clock("2025-09-01" + MORNING)
    blocked = bank.case(story, "state daysLeft overdue exposure")
    assert blocked == {"state": "BLOCKED", "daysLeft": None, "overdue": False, "exposure": None}


def test_the_board_of_a_branch(bank: Bank):
    waiting, draft, out = bank.approved(org="B2"), bank.mortgage(org="B2"), bank.approved(org="B2")
    bank.settle(draft)
    bank.open_case(draft)
    bank.vault_out(out)
    blocked = bank.approved(org="B2")
    bank.load(("Loan", loan_line(blocked)))
    no = {story.n: bank.case(story, "no")["no"] for story in (waiting, draft, out, blocked)}
    rows = board(bank, org="B2")
    assert [one["no"] for one in rows["nodes"]] == [
        no[story.n] for story in (waiting, out, draft, blocked)
    ]
    assert rows["totalCount"] == 4
    assert [one["daysLeft"] for one in rows["nodes"]] == [3, 5, None, None]
    pages, after = [], None
    for more in (True, True, True, False):
        page = board(bank, org="B2", first=1, after=after)
        assert page["pageInfo"]["hasNextPage"] is more
        pages, after = pages + page["nodes"], page["pageInfo"]["endCursor"]
    assert pages == rows["nodes"]

    def found(**filter):
        return [one["no"] for one in board(bank, org="B2", filter=filter)["nodes"]]

    assert found(step=["FILE"]) == found(state=["VAULT_OUT"]) == [no[out.n]]
    assert found(step=["VAULT_OUT", "FILE"], kind=["FULL_SETTLEMENT"]) == [no[waiting.n], no[out.n]]
    assert found(handler="handler-2") == found(kind=["WAIVER"]) == found(overdueOnly=True) == []
    assert found(state=["CLOSED"]) == []
    bank.clock("2025-06-24" + MORNING)
    assert found(overdueOnly=True) == [no[waiting.n]]
    bank.clock("2025-07-08" + MORNING)
    assert found(overdueOnly=True) == [no[waiting.n], no[out.n]]
    bank.clock("2025-07-20" + MORNING)
    assert summary(bank, org="B2") == {
        "asOf": "2025-07-20",
        "total": _figures(None),
        "organisations": [_figures("B2")],
    }
    assert "B2" in {one["orgCode"] for one in summary(bank)["organisations"]}


def test_papers_that_nobody_opens_a_case_for_cost_as_well(bank: Bank):
    story = bank.mortgage(org="B4")
    told = settled("2025-06-18")

    def costs() -> tuple[int, int, str]:
        total = summary(bank, org="B4")["total"]
        return total["open"], total["waiting"], total["exposure"]

    bank.load(("Loan", loan_line(story, **told)))
    on(bank, "2025-06-20")
    assert costs() == (0, 1, "0.00")
    bank.clock("2025-07-18" + MORNING)
    assert costs() == (0, 1, "0.00")
    bank.clock("2025-07-21" + MORNING)
    assert costs() == (0, 1, "300.00")
    bank.load(("Loan", loan_line(story)))  # the settlement is undone
    assert costs() == (0, 0, "0.00")
    bank.load(("Loan", loan_line(story, **told)))
    on(bank, "2025-07-21")
    assert costs() == (0, 1, "300.00")
    bank.open_case(story)
    assert costs() == (1, 0, "300.00")
    given_up = {"caseId": story.case_id, "reason": "not now"}
    bank.done("handler-1", "deregistrationCaseCancel", given_up)
    assert costs() == (0, 1, "300.00")
    other = bank.mortgage(org="B4")
    more = guarantee(story, secured_loans=[story.loan_no, other.loan_no])
    bank.load(("GuaranteeContract", more))
    assert costs() == (0, 0, "0.00")


def test_a_board_ends_where_its_reader_does(bank: Bank):
    bank.open_case(_settled(bank, "B1"))
    assert board(bank, "rm-b1")["totalCount"] >= 1
    assert board(bank, "rm-b1", org="B1")["totalCount"] >= 1
    assert board(bank, "rm-x", org="B1") is None
    assert board(bank, "rm-b1", org="B2") is None
    assert board(bank, "rm-b1", org="T2") is None
    assert board(bank, org="no-such") is None
    own = {one["no"] for one in board(bank, "rm-b1", org="B1", first=100)["nodes"]}
    county = {one["no"] for one in board(bank, "registrar-1", org="CS", first=100)["nodes"]}
    assert own
    assert not own & county
    assert board(bank, "auditor", org="T2X")["nodes"] == []
    assert board(bank, "auditor", org="B1")["totalCount"] >= 1
    assert [one["exposure"] for one in board(bank, "keeper-1", org="B1", first=1)["nodes"]] == [
        None
    ]
    for login in ("rm-b1", "keeper-1", "archivist-1"):
        answer = bank.ask(login, SUMMARY, org="B1")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert summary(bank, "handler-1", "OBX") is None
    county = summary(bank, "registrar-1", "CS")
    assert {one["orgCode"] for one in county["organisations"]} <= {"CS", "CB"}
    assert county["total"]["open"] == sum(one["open"] for one in county["organisations"])
    assert summary(bank, "auditor", "T2X")["organisations"] == []
    answer = bank.ask("handler-1", BOARD, org="B1", first=101)
    assert "0 to 100" in answer["errors"][0]["message"]


def _figures(org: str | None) -> dict:
    """Of four cases, two days after the last day that costs nothing."""
    return {
        "orgCode": org,
        "open": 4,
        "overdue": 2,
        "waiting": 0,
        "exposure": "600.00",
        "byState": [
            {"state": "DRAFT", "count": 1},
            {"state": "BLOCKED", "count": 1},
            {"state": "APPROVED", "count": 1},
            {"state": "VAULT_OUT", "count": 1},
        ],
        "overdueByStep": [
            {"step": "VAULT_OUT", "count": 1},
            {"step": "FILE", "count": 1},
            {"step": "TOTAL", "count": 2},
        ],
    }


def _settled(bank: Bank, org: str) -> Story:
    story = bank.mortgage(org=org)
    bank.settle(story)
    return story


def _loan_id(bank: Bank, story: Story) -> str:
    found = bank.query("auditor", "query($n: String!) { loan(no: $n) { id } }", n=story.loan_no)
    return found["loan"]["id"]
