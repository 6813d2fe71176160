"""The wrapper that every mutation goes through: keys, versions, roles, the record of it."""

import server
from resolvers.mutation import MUTATIONS
from tests.client import REFUSALS, Bank, codes, user_line

RECEIVED = {"certNo": "x", "pages": 1, "likeScan": True}
ESCORTS = {"escorts": ["keeper-2", "keeper-3"]}


def test_every_mutation_of_the_schema_was_made_by_the_wrapper():
    schema = server.graphql_schema()._schema
    assert schema.mutation_type is not None
    names = {_snake(name) for name in schema.mutation_type.fields}
    assert names == set(MUTATIONS)
    for field in schema.mutation_type.fields.values():
        assert list(field.args) == ["input", "idempotencyKey", "expectedVersion"]
        assert "refusals" in field.type.of_type.fields


def test_a_key_brings_the_stored_answer_again(bank: Bank):
    story = bank.mortgage()
    given = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    select = f"certificate {{ id version }} {REFUSALS}"
    first, second = (
        bank.do("handler-1", "certificateRegisterExpected", given, select, key=f"k{story.n}")
        for _ in range(2)
    )
    assert first == second
    assert first["certificate"]["id"]
    other = dict(given, certType="REAL_ESTATE_TITLE")
    again = bank.do("handler-1", "certificateRegisterExpected", other, select, key=f"k{story.n}")
    assert codes(again) == ["IDEMPOTENCY_MISMATCH"]
    someone = bank.do("handler-2", "certificateRegisterExpected", given, select, key=f"k{story.n}")
    assert someone["certificate"]["id"] != first["certificate"]["id"]


def test_a_key_brings_a_refusal_again(bank: Bank):
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, "REAL_ESTATE_TITLE")
    given = {"certType": "VEHICLE_REG", "collateralIds": [story.collateral_id]}
    for _ in range(2):
        payload = bank.do("handler-1", "certificateRegisterExpected", given, key=f"r{story.n}")
        assert codes(payload) == ["TYPE_NOT_ALLOWED"]


def test_an_expected_version_that_has_passed_is_refused(bank: Bank):
    story = bank.vaulted()
    bank.settle(story)
    bank.open_case(story)
    given = {"caseId": story.case_id, "reason": "not needed"}
    refused = bank.do("handler-1", "deregistrationCaseCancel", given, version=99)
    assert codes(refused) == ["VERSION_CONFLICT"]
    assert {fact["name"]: fact["value"] for fact in refused["refusals"][0]["detail"]} == {
        "subject": story.case_id,
        "actual": "0",
        "expected": "99",
    }
    assert codes(bank.do("handler-1", "deregistrationCaseCancel", given, version=0)) == []


def test_a_version_is_compared_with_the_one_thing_acted_on(bank: Bank):
    story = bank.vaulted()
    packet, free = f"P{story.n:05}", f"{story.n + 200:03}"
    slot = {"vault": "V1", "cabinet": "B", "slot": free}
    lent = {
        "certificateId": story.certificate_id,
        "purpose": "NON_LITIGATION_USE",
        "dueDate": "2025-07-01",
        "reason": "The registry wants to see it.",
    }
    bank.load(("User", user_line("supervisor-1", "LC", ["VAULT_SUPERVISOR"], [])))
    loan = bank.done("handler-1", "checkOutRequest", lent, f"checkOut {{ id }} {REFUSALS}")
    out = {"checkOutId": loan["checkOut"]["id"]}
    papers = {"certificateIds": [bank.waiting().certificate_id]}
    seal = {"sealNo": "S-next", "packetNo": packet}
    found = {"certificateId": story.certificate_id, "certNo": "x", "pages": 1}
    for login, name, given in (
        ("handler-1", "checkOutSign", out),
        ("handler-1", "checkOutRenew", {**out, "newDue": "2025-07-20", "reason": "more"}),
        ("handler-1", "checkOutReturn", out),
        ("keeper-1", "checkOutReceive", {**out, "vault": "V1", **RECEIVED}),
        ("keeper-1", "checkOutVaultOutPropose", {**out, "vault": "V1", "sealNo": "S"}),
        ("keeper-1", "certificateVaultInPropose", {**slot, **papers, **seal}),
        ("keeper-1", "packetRelocatePropose", {"packetNo": packet, "cabinet": "B", "slot": free}),
        ("keeper-1", "packetResealPropose", {**seal, "reason": "torn"}),
        ("keeper-1", "packetDispatchPropose", {"packetNo": packet, "toVault": "V2", **ESCORTS}),
        ("keeper-1", "certificateFoundPropose", {"vault": "V1", **found}),
        ("supervisor-1", "slotSetCapacity", {**slot, "capacity": 2}),
        ("supervisor-1", "slotClose", slot),
        ("supervisor-1", "vaultAddSlots", {"vault": "V1", "cabinet": "B", "slots": ["new"]}),
    ):
        told = bank.do(login, name, given, version=99)
        assert codes(told) == ["VERSION_CONFLICT"], (name, told)
    assert codes(bank.do("supervisor-1", "slotClose", slot, version=0)) == []


def test_a_version_that_nothing_is_compared_with_is_refused(bank: Bank):
    several = [bank.mortgage(), bank.mortgage()]
    for story in several:
        bank.collect(story)
    bank.load(("User", user_line("supervisor-1", "LC", ["VAULT_SUPERVISOR"], [])))
    handed = {"certificateIds": [story.certificate_id for story in several], "desk": "V1"}
    leave = {
        "vault": "V1",
        "keeper": "keeper-1",
        "substitute": "standing-in",
        "validFrom": "2025-06-23",
        "validTo": "2025-06-24",
    }
    bank.load(("User", user_line("standing-in", "LC", [], [])))
    for login, name, given in (
        ("handler-1", "handoverInitiate", handed),
        ("supervisor-1", "vaultAppointSubstitute", leave),
    ):
        told = bank.do(login, name, given, version=1)
        assert codes(told) == ["VALUE_INVALID"], told
        assert told["refusals"][0]["field"] == "expectedVersion"
    assert bank.certificate(several[0])["custodyState"] == "WITH_HANDLER"
    alone = {**handed, "certificateIds": [several[0].certificate_id]}
    version = bank.certificate(several[0], "version")["version"]
    assert codes(bank.do("handler-1", "handoverInitiate", alone, version=version)) == []


def test_a_role_that_may_not_is_forbidden(bank: Bank):
    story = bank.mortgage()
    given = {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [story.collateral_id]}
    assert bank.error_code("auditor", "certificateRegisterExpected", given) == "FORBIDDEN"
    assert bank.error_code("keeper-1", "certificateRegisterExpected", given) == "FORBIDDEN"


def test_out_of_reach_looks_like_absent(bank: Bank):
    story = bank.mortgage()
    for login, id in (("rm-x", story.collateral_id), ("handler-1", "coll_nothing")):
        payload = bank.do(
            login,
            "certificateRegisterExpected",
            {"certType": "MORTGAGE_REG_PROOF", "collateralIds": [id]},
        )
        assert codes(payload) == ["NOT_FOUND"]


def test_too_long_texts_and_lists_are_refused(bank: Bank):
    story = bank.mortgage()
    long = bank.do(
        "handler-1",
        "deregistrationCaseCancel",
        {"caseId": story.collateral_id, "reason": "x" * 1001},
    )
    assert codes(long) == ["LIMIT_EXCEEDED"]
    many = bank.do(
        "handler-1",
        "handoverInitiate",
        {"certificateIds": ["cert_x"] * 101, "receiver": "handler-2"},
    )
    assert codes(many) == ["LIMIT_EXCEEDED"]


def test_refusals_speak_chinese_when_asked(bank: Bank):
    story = bank.mortgage()
    answer = bank.http.post(
        "/graphql",
        json={
            "query": "mutation($i: DeregistrationCaseInput!) {"
            " deregistrationCaseSubmit(input: $i) { refusals { message } } }",
            "variables": {"i": {"caseId": story.collateral_id}},
        },
        headers={
            "authorization": f"Bearer {bank.token('handler-1')}",
            "accept-language": "zh-CN",
        },
    ).json()
    assert (
        "您的权限范围内没有" in answer["data"]["deregistrationCaseSubmit"]["refusals"][0]["message"]
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
