"""Lists, pages, nodes, events and the explorer's answers, as clients meet them."""

import asyncio
import json
from functools import partial

import pytest
import websockets
from pymongo import MongoClient

from tests.api.commands import reads
from tests.client import Bank

PAGE = """
query($after: String, $order: LoanOrder!, $first: Int) {
  loans(first: $first, after: $after, order: $order, filter: {orgCode: "OBX"}) {
    totalCount nodes { loanNo dpd maturity } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""


@pytest.fixture(scope="module")
def some_loans(bank: Bank) -> list[str]:
    """Loans with equal and missing sort keys."""
    facts = [
        {"dpd": 0, "maturity": "2030-01-01"},
        {"dpd": 5, "maturity": None},
        {"dpd": 5, "maturity": "2029-01-01"},
        {"dpd": 90, "maturity": None},
        {"dpd": 0, "maturity": "2030-01-01"},
    ]
    return [bank.mortgage(org="OBX", **one).loan_no for one in facts]


@pytest.mark.parametrize("order", ["LOAN_NO", "DPD_DESC", "MATURITY", "DISBURSED_ON"])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_give_every_row_once_in_order(bank: Bank, some_loans, order, size):
    seen, after = [], None
    while True:
        page = bank.query("rm-x", PAGE, order=order, first=size, after=after)["loans"]
        seen += page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert len(page["edges"]) == len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    numbers = [row["loanNo"] for row in seen]
    assert len(numbers) == len(set(numbers)) == page["totalCount"]
    assert set(some_loans) <= set(numbers)
    if order == "DPD_DESC":
        dpds = [row["dpd"] for row in seen]
        assert dpds == sorted(dpds, reverse=True)
    if order == "MATURITY":
        keys = [row["maturity"] or "" for row in seen]
        assert keys == sorted(keys)


@pytest.mark.parametrize(
    "given",
    [
        {"first": 101},
        {"first": -1},
        {"first": 1, "after": "nonsense"},
        {"first": 1, "after": "WyJkcGQiLDAsIngiXQ"},
    ],
)
def test_bad_pages_and_cursors_are_told(bank: Bank, given):
    answer = bank.ask("rm-x", PAGE, order="LOAN_NO", **given)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_nothing_is_a_page_too(bank: Bank):
    page = bank.query("rm-x", PAGE, order="LOAN_NO", first=0)["loans"]
    assert page["nodes"] == []
    assert page["pageInfo"]["endCursor"] is None


def test_node_finds_any_type_and_nothing_else(bank: Bank):
    story = bank.vaulted()
    query = "query($id: ID!) { node(id: $id) { __typename id } }"
    for id, name in (
        (story.collateral_id, "Collateral"),
        (story.certificate_id, "TitleCertificate"),
        (story.dossier_id, "Dossier"),
    ):
        assert bank.query("auditor", query, id=id)["node"] == {"__typename": name, "id": id}
    for id in ("", "loan_nothing", "no such thing", "idem_x"):
        assert bank.query("auditor", query, id=id)["node"] is None


def test_a_deep_read_is_one_read_a_relation(bank: Bank, endpoints):
    branch = {"code": "ODEEP", "name": "x", "level": "OPERATING_BRANCH", "parent": "T2"}
    bank.load(("Org", branch))
    for _ in range(3):
        bank.mortgage(org="ODEEP")
    query = """{ loans(first: %d, filter: {orgCode: "ODEEP"}) { nodes { loanNo customer { name }
      guaranteeContracts { collaterals { certificates { certNo } } }
      dossier { files { id } } } } }"""
    with MongoClient(endpoints.mongo_url) as client:
        counts = [reads(client, partial(bank.query, "auditor", query % n)) for n in (1, 3)]
    assert counts[0] == counts[1]
    assert counts[0] > 5


BOARD = """{ certificateProcessingBoard(from: "2025-01-01", to: "2025-12-31") {
  total { due } overdue { id } } }"""


RELEASES = """{
  open: deregistrationBoard(org: "HO", first: 5) { nodes { id } }
  late: deregistrationBoard(org: "T2", first: 5, filter: {overdueOnly: true}) { nodes { id } }
  own: deregistrationBoard(first: 5, filter: {handler: "handler-1"}) { nodes { id } }
  deregistrationBoardSummary { total { open } } }"""


def test_every_list_is_served_by_an_index(bank: Bank, endpoints):
    bank.mortgage()
    lists = {
        "loans": ["LOAN_NO", "DPD_DESC", "MATURITY", "DISBURSED_ON"],
        "collaterals": ["NO", "VALUED_ON"],
        "certificates": ["CREATED", "EXPECTED_BY", "VAULT_DUE", "DUE_DATE"],
        "dossiers": ["CREATED", "LOAN_NO"],
        "files": ["CREATED", "CREATED_DESC"],
        "deregistrationCases": ["CREATED_DESC", "NEXT_DUE"],
        "alerts": ["DUE_ON", "CREATED_DESC"],
    }
    with MongoClient(endpoints.mongo_url) as client:
        database = client["lienkeeper"]
        database.command("profile", 2, filter={"op": "query", "appName": "lienkeeper"})
        try:
            for name, orders in lists.items():
                for order in orders:
                    bank.query(
                        "auditor", f"{{ {name}(order: {order}, first: 5) {{ nodes {{ id }} }} }}"
                    )
            bank.query("auditor", "{ handovers(first: 5) { nodes { id } } }")
            bank.query("auditor", "{ unclaimedCertificates(first: 5) { nodes { id } } }")
            bank.query("auditor", BOARD)
            bank.query("auditor", RELEASES)
            bank.run_jobs()
        finally:
            database.command("profile", 0)
        plans = list(database["system.profile"].find({"op": "query"}))
        names = {"loans", "collaterals", "certificates", "dossiers", "files", "dereg_cases"}
        names |= {"alerts", "handovers"}
        listed = [plan for plan in plans if plan["ns"].partition(".")[2] in names]
        assert len(listed) >= sum(len(orders) for orders in lists.values())
        assert not [plan["command"] for plan in listed if plan["planSummary"] == "COLLSCAN"]
        database["system.profile"].drop()


def test_events_resume_from_any_cursor_in_one_order(bank: Bank):
    query = """query($after: String) { events(after: $after, first: 200) {
      endCursor hasMore events { id cursor aggregateId aggregateSeq type } } }"""
    start, page = None, {"hasMore": True}
    while page["hasMore"]:
        page = bank.query("system", query, after=start)["events"]
        start = page["endCursor"]
    story = bank.vaulted()
    events = bank.query("system", query, after=start)["events"]["events"]
    own = [e["aggregateSeq"] for e in events if e["aggregateId"] == story.certificate_id]
    assert own == sorted(set(own))
    assert own[-1] == bank.certificate(story)["version"]
    half = events[len(events) // 2]["cursor"]
    rest = bank.query("system", query, after=half)["events"]["events"]
    after = [e["id"] for e in events[len(events) // 2 + 1 :]]
    assert [e["id"] for e in rest[: len(after)]] == after  # a receipt may be filed meanwhile


def test_a_subscription_tells_the_same_events(bank: Bank, served):
    async def listen() -> list[dict]:
        address = served.replace("http", "ws") + "/graphql"
        async with websockets.connect(address, subprotocols=["graphql-transport-ws"]) as socket:
            token = {"authorization": f"Bearer {bank.token('rm-1')}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": token}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            document = "subscription { events { type aggregateId } }"
            await socket.send(
                json.dumps({"id": "1", "type": "subscribe", "payload": {"query": document}})
            )
            await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            await asyncio.sleep(0.5)  # "from now": the subscription has to stand first
            await loop.run_in_executor(None, lambda: bank.mortgage(org="OBX"))
            story = await loop.run_in_executor(None, bank.mortgage)
            told: list[dict] = []
            while not told or told[-1]["aggregateId"] != story.collateral_id:
                message = json.loads(await asyncio.wait_for(socket.recv(), 10))
                told.append(message["payload"]["data"]["events"])
            return told

    told = asyncio.run(listen())
    assert {"Collateral.created", "Loan.created"} <= {event["type"] for event in told}
    assert len([event for event in told if event["type"] == "Loan.created"]) == 1


def test_who_am_i(bank: Bank):
    me = bank.query("keeper-1", "{ me { login roles vaults businessDate user { name } } }")["me"]
    assert me == {
        "login": "keeper-1",
        "roles": ["VAULT_KEEPER"],
        "vaults": ["V1"],
        "businessDate": "2025-06-20",
        "user": {"name": "keeper-1"},
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic abc"},
        {
            "authorization": "Bearer eyJhbGciOiJub25lIn0."
            "eyJzdWIiOiJhdWRpdG9yIiwiZXhwIjo5OTk5OTk5OTk5fQ."
        },
    ],
)
def test_nobody_gets_in_without_a_good_token(bank: Bank, headers):
    answer = bank.http.post("/graphql", json={"query": "{ me { login } }"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_health_and_the_demonstration_doors(bank: Bank):
    assert bank.http.get("/healthz").json() == {"status": "ok"}
    ready = bank.http.get("/readyz").json()
    assert ready["checks"] == {"mongo": "ok", "objects": "ok"}
    assert bank.http.post("/demo/token", json={"user": "nobody"}).status_code == 404
    assert bank.http.post("/demo/token", content=b"[").status_code == 400
    assert bank.http.post("/demo/clock", json={"now": "yesterday"}).status_code == 400
    assert "keeper-1" in {user["login"] for user in bank.http.get("/demo/users").json()["users"]}


def test_a_list_is_read_whole_where_more_than_its_relation_asks_for_it(bank: Bank):
    story = bank.mortgage()
    both = """query($l: String!) { loan(no: $l) { guaranteeContracts {
      collaterals { no } links { collateralNo rank } } } }"""
    one = "query($l: String!) { loan(no: $l) { guaranteeContracts { collaterals { no } } } }"
    [whole] = bank.query("auditor", both, l=story.loan_no)["loan"]["guaranteeContracts"]
    [part] = bank.query("auditor", one, l=story.loan_no)["loan"]["guaranteeContracts"]
    assert whole["collaterals"] == part["collaterals"] == [{"no": story.collateral_no}]
    assert whole["links"] == [{"collateralNo": story.collateral_no, "rank": 1}]
