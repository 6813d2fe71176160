"""The feed: every line answered, none stopping another, memory bounded, rules kept."""

import json

import pytest
from pymongo import MongoClient

from tests.client import Bank, collateral, loan_line, settled


def post(bank: Bank, body: bytes, login: str = "core-feed"):
    return bank.http.post(
        "/import", content=body, headers={"authorization": f"Bearer {bank.token(login)}"}
    )


def answers(bank: Bank, body: bytes) -> list[dict]:
    return [json.loads(line) for line in post(bank, body).text.splitlines()]


def line(kind: str, data: dict) -> bytes:
    return json.dumps({"kind": kind, "data": data}).encode() + b"\n"


def test_created_updated_unchanged(bank: Bank):
    story = bank.mortgage()
    facts = collateral(story, no=f"CUU-{story.n}", prior_claims="1.00")
    told = [bank.load(("Collateral", facts))[0] for _ in range(2)]
    changed = bank.load(("Collateral", {**facts, "prior_claims": "2.00"}))[0]
    assert [one["status"] for one in (*told, changed)] == ["CREATED", "UNCHANGED", "UPDATED"]
    assert len({one["id"] for one in (*told, changed)}) == 1


def test_the_same_loan_told_again_without_a_moment_is_unchanged(bank: Bank):
    story = bank.mortgage()
    assert bank.load(("Loan", loan_line(story)))[0]["status"] == "UNCHANGED"


def test_loans_told_without_news_touch_nothing_around_them(bank: Bank, endpoints):
    story = bank.mortgage(**settled())
    with MongoClient(endpoints.mongo_url) as client:
        contracts = client["lienkeeper"]["guarantee_contracts"]

        def fence() -> int:
            kept: int = next(contracts.find({"no": story.contract_no}))["fence"]
            return kept

        before = fence()
        bank.load(("Loan", loan_line(story, **settled())))
        assert fence() == before
        bank.load(("Loan", loan_line(story, **settled(), fees_due="1.00")))
        assert fence() > before


def test_one_bad_line_stops_nobody(bank: Bank):
    story = bank.mortgage()
    good = [line("Collateral", collateral(story, no=f"OK{n}-{story.n}")) for n in range(3)]
    body = (
        good[0]
        + b"this is no JSON\n"
        + b'{"kind": "Nothing", "data": {}}\n'
        + b'{"kind": "Loan"}\n'
        + line("Collateral", {**collateral(story), "nmae": "typo"})
        + line("Collateral", collateral(story, no="X", org="NOWHERE"))
        + good[1]
        + b'{"kind": "Collateral", "data": {"no": "'
        + b"x" * 10_000_000
        + b'"}}\n'
        + b"\n"
        + good[2]
    )
    told = answers(bank, body)
    assert [(one["line"], one["status"]) for one in told] == [
        (1, "CREATED"),
        (2, "REJECTED"),
        (3, "REJECTED"),
        (4, "REJECTED"),
        (5, "REJECTED"),
        (6, "REJECTED"),
        (7, "CREATED"),
        (8, "REJECTED"),
        (10, "CREATED"),
    ]
    codes = [one["refusals"][0]["code"] for one in told if one["status"] == "REJECTED"]
    assert codes == ["VALUE_INVALID"] * 4 + ["NOT_FOUND", "LIMIT_EXCEEDED"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("balance", 1000),
        ("balance", "1e3"),
        ("balance", "1.005"),
        ("status", "PAID"),
        ("disbursed_at", "20.05.2025"),
        ("dpd", -1),
    ],
)
def test_wrong_values_name_their_field_and_repeat_nothing(bank: Bank, field, value):
    story = bank.mortgage()
    told = bank.load(("Loan", loan_line(story, **{field: value})), all_taken=False)[0]
    assert told["status"] == "REJECTED"
    assert [refusal["field"] for refusal in told["refusals"]] == [field]
    assert "1e3" not in json.dumps(told)


def test_only_the_core_feed_imports(bank: Bank):
    assert post(bank, b"", "auditor").status_code == 403
    assert bank.http.post("/import", content=b"").status_code == 401


def test_schemas_of_every_kind_are_served(bank: Bank):
    schemas = bank.http.get("/import/schema").json()
    wanted = (
        "Org User Customer Partner CreditContract Loan GuaranteeContract Collateral Valuation"
        " Seizure TitleSearch WorkCalendar PolicyValue"
    )
    assert set(wanted.split()) <= set(schemas)
    assert schemas["Loan"]["properties"]["data"]["properties"]["balance"]["type"] == "string"


def test_policy_and_calendar_lines_rule_what_follows(bank: Bank):
    story = bank.mortgage()
    bank.load(
        ("WorkCalendar", {"date": "2031-01-06", "is_working": False}),
        (
            "PolicyValue",
            {"key": "archive.due.AT_DISBURSEMENT", "value": "2", "effective_from": "2031-01-01"},
        ),
    )
    bank.clock("2031-01-03T10:00:00+08:00")
    try:
        late = loan_line(story, loan_no=f"POL{story.n}", disbursed_at="2031-01-03")
        bank.load(("Loan", late))
        query = "query($n: String!) { dossier(loanNo: $n) { items { code due } } }"
        items = bank.query("auditor", query, n=late["loan_no"])["dossier"]["items"]
    finally:
        bank.clock("2025-06-20T10:00:00+08:00")
    assert items[0]["due"] == "2031-01-08"
    wrong = {"key": "no.such.key", "value": "1", "effective_from": "2031-01-01"}
    assert bank.load(("PolicyValue", wrong), all_taken=False)[0]["status"] == "REJECTED"


def test_parents_and_opening_books_never_change(bank: Bank):
    moved = {"code": "OB", "name": "Branch", "level": "OPERATING_BRANCH", "parent": "T1"}
    told = bank.load(("Org", moved), all_taken=False)[0]
    assert told["refusals"][0]["code"] == "IMMUTABLE"
    story = bank.mortgage()
    paper = {
        "cert_type": "MORTGAGE_REG_PROOF",
        "cert_no": f"OPEN-{story.n}",
        "issuer": "registry",
        "issue_date": "2020-01-01",
        "right_holder": "bank",
        "right_amount": "1.00",
        "collaterals": [story.collateral_no],
        "custody_state": "IN_VAULT",
        "place": {
            "vault": "V1",
            "cabinet": "A",
            "slot": f"{story.n:03}",
            "packet_no": f"OP{story.n}",
            "seal_no": f"OS{story.n}",
        },
    }
    first, again = bank.load(("Certificate", paper), ("Certificate", paper))
    assert (first["status"], again["status"]) == ("CREATED", "UNCHANGED")
    story.certificate_id = first["id"]
    history = bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified events { type } } }",
        id=story.certificate_id,
    )["custodyHistory"]
    assert history == {"verified": True, "events": [{"type": "OPENING"}]}
    second = {**paper, "cert_no": f"OPEN2-{story.n}"}
    second["place"] = {**paper["place"], "packet_no": "ELSE", "seal_no": f"OS{story.n}"}
    told = bank.load(("Certificate", second), all_taken=False)[0]
    assert told["refusals"][0]["code"] == "SEAL_REUSED"


@pytest.mark.parametrize(
    ("others", "rules"),
    [
        (["BATCH_SUPERVISOR"], ["S04"]),
        (["POST_LOAN_OFFICER", "BATCH_SUPERVISOR"], ["S04"]),
        (["VAULT_KEEPER"], ["3.2"]),
        (["VAULT_KEEPER", "BATCH_SUPERVISOR"], ["S04", "3.2"]),
        (["CERT_HANDLER"], []),
    ],
)
def test_a_relationship_manager_supervises_nothing_and_keeps_no_vault(bank: Bank, others, rules):
    roles = [{"role": role} for role in ("RELATIONSHIP_MANAGER", *others)]
    person = {"login": "two-roles", "name": "two", "org": "OB", "roles": roles}
    [told] = bank.load(("User", person), all_taken=False)
    refusals = [(one["code"], one["rule_id"]) for one in told.get("refusals") or []]
    assert refusals == [("SOD_VIOLATION", rule) for rule in rules]


@pytest.mark.parametrize(
    ("dates", "refused"),
    [
        ({}, True),
        ({"valid_to": "2025-05-31"}, False),
        ({"valid_to": "2025-06-01"}, True),
    ],
)
def test_nobody_is_a_manager_and_supervises_at_the_same_time(bank: Bank, dates, refused):
    manages = {"role": "RELATIONSHIP_MANAGER", **dates}
    supervises = {"role": "BATCH_SUPERVISOR", "valid_from": "2025-06-01"}
    person = {"login": "moved-on", "name": "x", "org": "OB", "roles": [manages, supervises]}
    [told] = bank.load(("User", person), all_taken=False)
    assert (told["status"] == "REJECTED") is refused


@pytest.mark.parametrize("valid_to", [None, "2025-06-19", "2025-06-20"])
def test_who_is_dedicated_manages_no_loans(bank: Bank, valid_to):
    manages = {"role": "RELATIONSHIP_MANAGER", "valid_to": valid_to}
    person = {"login": f"dedicated-{valid_to}", "name": "x", "org": "OB", "roles": [manages]}
    [told] = bank.load(("User", {**person, "dedicated": True}), all_taken=False)
    assert (told["status"] == "REJECTED") is (valid_to != "2025-06-19")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, None),
        ({"carrier": "ELECTRONIC"}, "ELECTRONIC_CERT"),
        ({"carrier": "ELECTRONIC", "custody_state": "ELECTRONIC_ON_FILE"}, None),
        ({"custody_state": "ELECTRONIC_ON_FILE"}, "VALUE_INVALID"),
        ({"custody_state": "SURRENDERED"}, None),
        ({"custody_state": "SURRENDERED", "legal_state": "REGISTERED"}, "VALUE_INVALID"),
        ({"issue_date": "2025-06-21"}, "VALUE_INVALID"),
        ({"custody_state": "CHECKED_OUT", "due_date": "2025-07-01"}, None),
        (
            {"custody_state": "CHECKED_OUT", "due_date": "2025-07-01", "out_on": "2025-06-21"},
            "VALUE_INVALID",
        ),
    ],
)
def test_books_are_opened_with_what_belongs_together(bank: Bank, facts, code):
    story = bank.mortgage()
    [told] = bank.load(("Certificate", _held(story, **facts)), all_taken=False)
    assert [one["code"] for one in told["refusals"]] == ([] if code is None else [code])
    if facts == {"custody_state": "SURRENDERED"}:
        story.certificate_id = told["id"]
        assert bank.certificate(story, "legalState") == {"legalState": "CANCELLED"}


def test_a_packet_is_opened_with_papers_of_one_contract(bank: Bank):
    first, other = bank.mortgage(), bank.mortgage()
    place = {
        "vault": "V1",
        "cabinet": "A",
        "slot": f"{first.n:03}",
        "packet_no": f"OP{first.n}",
        "seal_no": f"OS{first.n}",
    }
    inside = {"custody_state": "IN_VAULT", "holder": None, "place": place}
    bank.load(("Certificate", _held(first, **inside)))
    void = _held(first, cert_no=f"VOID-{first.n}", legal_state="VOID", **inside)
    for line in (_held(other, **inside), void):
        [told] = bank.load(("Certificate", line), all_taken=False)
        assert [one["code"] for one in told["refusals"]] == ["VALUE_INVALID"]


def _held(story, **facts):
    return {
        "cert_type": "MORTGAGE_REG_PROOF",
        "cert_no": f"HELD-{story.n}",
        "issuer": "registry",
        "issue_date": "2020-01-01",
        "right_holder": "bank",
        "right_amount": "1.00",
        "collaterals": [story.collateral_no],
        "custody_state": "WITH_HANDLER",
        "holder": "handler-1",
        **facts,
    }


def test_a_vault_stays_with_its_organisation(bank: Bank):
    line = {"code": "V-STAYS", "name": "x", "org": "LC"}
    bank.load(("Vault", line))
    [told] = bank.load(("Vault", {**line, "org": "T2"}), all_taken=False)
    assert told["refusals"][0]["code"] == "IMMUTABLE"
