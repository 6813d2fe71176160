"""Check-outs through HTTP: asked for, approved, signed for, let out, renewed, brought back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.client import NOON, REFUSALS, Bank, Story, codes, collected, pdf, user_line

SUPERVISOR = ("supervisor-1", "LC", ["VAULT_SUPERVISOR"], [])
LAWYER = ("legal-1", "T2", ["LEGAL_OFFICER"], [])
OUT = f"checkOut {{ id state dueDate takeBy overdueDays version }} {REFUSALS}"


@pytest.fixture(scope="module", autouse=True)
def people(bank: Bank):
    """Who decides about check-outs."""
    bank.load(("User", user_line(*SUPERVISOR)), ("User", user_line(*LAWYER)))


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def asked(bank: Bank, story: Story, login: str = "handler-1", **changes):
    """A request as the answer tells it."""
    given = {
        "certificateId": story.certificate_id,
        "purpose": "NON_LITIGATION_USE",
        "dueDate": "2025-07-05",
        "reason": "The registry wants to see it.",
        **changes,
    }
    return bank.do(login, "checkOutRequest", given, OUT)


def approved(bank: Bank, story: Story, *approvers: str, **changes) -> str:
    answer = asked(bank, story, **changes)
    assert codes(answer) == []
    id = answer["checkOut"]["id"]
    for login in approvers or ("supervisor-1",):
        bank.done(login, "checkOutDecide", {"checkOutId": id, "approve": True})
    return id


def leaving(story: Story, id: str, **changes):
    return {"checkOutId": id, "vault": "V1", "sealNo": f"S{story.n:05}", **changes}


def let_out(bank: Bank, story: Story, id: str, borrower: str = "handler-1") -> None:
    plan = leaving(story, id)
    bank.done(borrower, "checkOutSign", {"checkOutId": id})
    proposed = bank.done(
        "keeper-1", "checkOutVaultOutPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": plan}
    bank.done("keeper-2", "checkOutVaultOutConfirm", confirm)


def out(bank: Bank, *approvers: str, **changes) -> tuple[Story, str]:
    """A paper that is with its borrower."""
    story = bank.vaulted()
    id = approved(bank, story, *approvers, **changes)
    let_out(bank, story, id)
    return story, id


def exchanged(bank: Bank, story: Story, id: str, cert_no: str) -> None:
    """Brought back as a new certificate; the story is about that one from now on."""
    proof = bank.accepted(story, "REGISTRY_ACCEPTANCE", certificateId=story.certificate_id)
    brought = {"change": "SURFACE_INFO", "evidenceFileVersionId": proof}
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id, "exchange": brought})
    story.cert_no = cert_no
    paper = {"certType": "MORTGAGE_REG_PROOF", "paper": collected(story)["paper"]}
    answer = bank.done(
        "keeper-3",
        "checkOutReceiveExchanged",
        {"checkOutId": id, "vault": "V1", **paper},
        f"checkOut {{ exchange {{ certificateId }} }} {REFUSALS}",
    )
    story.certificate_id = answer["checkOut"]["exchange"]["certificateId"]


def check_out(bank: Bank, id: str, select: str = "state overdueDays dueDate returnedOn"):
    text = f"query($id: ID!) {{ checkOut(id: $id) {{ {select} }} }}"
    return bank.query("auditor", text, id=id)["checkOut"]


def test_a_paper_goes_out_and_comes_back(bank: Bank):
    story, id = out(bank)
    assert bank.certificate(
        story, "custodyState dueDate holder { login } place { vault } lock { kind }"
    ) == {
        "custodyState": "CHECKED_OUT",
        "dueDate": "2025-07-05",
        "holder": {"login": "handler-1"},
        "place": None,
        "lock": {"kind": "CHECK_OUT"},
    }
    received = {
        "checkOutId": id,
        "vault": "V1",
        "certNo": story.cert_no,
        "pages": 1,
        "likeScan": True,
    }
    assert codes(bank.do("keeper-3", "checkOutReceive", received)) == ["STATE_CONFLICT"]
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id})
    bank.done("keeper-3", "checkOutReceive", received)
    assert bank.certificate(story, "custodyState dueDate lock { kind } holder { desk }") == {
        "custodyState": "RECEIVED_PENDING_VAULT",
        "dueDate": None,
        "lock": None,
        "holder": {"desk": "V1"},
    }
    bank.vault(story, _again(story))
    assert bank.certificate(story)["custodyState"] == "IN_VAULT"


def _again(story: Story):
    return {
        "certificateIds": [story.certificate_id],
        "vault": "V1",
        "cabinet": "A",
        "slot": f"{story.n:03}",
        "packetNo": f"P{story.n:05}",
        "sealNo": f"S{story.n:05}-2",
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dueDate": "2025-06-20"}, ["DUE_DATE_INVALID"]),
        ({"dueDate": "2025-07-06"}, ["DUE_DATE_INVALID"]),
        (
            {"purpose": "REDEMPTION", "dueDate": "2025-06-25"},  # two go, besides
            ["PURPOSE_NOT_ALLOWED", "VALUE_INVALID"],
        ),
        ({"purpose": "PARTIAL_CHANGE"}, ["PURPOSE_NOT_ALLOWED"]),
        ({"purpose": "PRE_NOTICE_CONVERSION"}, ["PURPOSE_NOT_ALLOWED"]),
        ({"reason": " "}, ["VALUE_INVALID"]),
        ({"substitute": "nobody"}, ["VALUE_INVALID"]),
    ],
)
def test_what_cannot_be_asked_for(bank: Bank, changes, expected):
    story = bank.vaulted()
    assert codes(asked(bank, story, **changes)) == expected
    assert bank.certificate(story, "lock { kind } custodyState") == {
        "lock": None,
        "custodyState": "IN_VAULT",
    }


def test_one_request_a_paper(bank: Bank):
    story = bank.vaulted()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: asked(bank, story), range(10)))
    told = sorted(codes(answer) for answer in answers)
    assert told == [[], *[["OPEN_REQUEST_EXISTS"]] * 9]


def test_approvers_are_those_of_the_purpose_and_never_the_requester(bank: Bank):
    story = bank.vaulted()
    answer = asked(bank, story, purpose="LITIGATION", dueDate="2025-12-17")
    id = answer["checkOut"]["id"]
    given = {"checkOutId": id, "approve": True}
    assert codes(bank.do("approver-t2", "checkOutDecide", given)) == ["APPROVAL_LEVEL"]
    assert bank.done("legal-1", "checkOutDecide", given, OUT)["checkOut"]["state"] == "REQUESTED"
    assert codes(bank.do("approver-lc", "checkOutDecide", given)) == ["APPROVAL_LEVEL"]
    done = bank.done("approver-t2", "checkOutDecide", given, OUT)
    assert (done["checkOut"]["state"], done["checkOut"]["takeBy"]) == ("APPROVED", "2025-06-25")
    assert bank.error_code("handler-1", "checkOutDecide", given) == "FORBIDDEN"


def test_a_rejection_frees_the_paper_and_says_why(bank: Bank):
    story = bank.vaulted()
    id = asked(bank, story)["checkOut"]["id"]
    no = {"checkOutId": id, "approve": False}
    assert codes(bank.do("supervisor-1", "checkOutDecide", no)) == ["VALUE_INVALID"]
    bank.done("supervisor-1", "checkOutDecide", no | {"reason": "Not needed."})
    assert bank.certificate(story, "lock { kind }") == {"lock": None}
    assert check_out(bank, id, "state decidedReason") == {
        "state": "REJECTED",
        "decidedReason": "Not needed.",
    }


def test_nobody_takes_what_was_approved_too_long_ago(bank: Bank):
    story = bank.vaulted()
    id = approved(bank, story)
    bank.clock("2025-06-26T04:00:00Z")  # take by the 25th
    plan = leaving(story, id)
    assert "STATE_CONFLICT" in codes(bank.do("keeper-1", "checkOutVaultOutPropose", plan))
    bank.run_jobs()
    assert check_out(bank, id, "state") == {"state": "EXPIRED"}
    assert bank.certificate(story, "lock { kind }") == {"lock": None}


def test_no_second_keeper_without_the_borrowers_signature(bank: Bank):
    story = bank.vaulted()
    id = approved(bank, story)
    plan = leaving(story, id)
    proposed = bank.done(
        "keeper-1", "checkOutVaultOutPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultOut": plan}
    assert codes(bank.do("keeper-2", "checkOutVaultOutConfirm", confirm)) == ["STATE_CONFLICT"]
    assert codes(bank.do("handler-2", "checkOutSign", {"checkOutId": id})) == ["VALUE_INVALID"]
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    changed = confirm | {"vaultOut": plan | {"newSealNo": "S-other"}}
    assert codes(bank.do("keeper-2", "checkOutVaultOutConfirm", changed)) == ["PAYLOAD_CHANGED"]
    same = bank.do("keeper-1", "checkOutVaultOutConfirm", confirm)
    assert codes(same) == ["DUAL_CONTROL_SAME_PERSON"]
    with ThreadPoolExecutor(10) as pool:
        told = list(
            pool.map(
                lambda _: codes(bank.do("keeper-2", "checkOutVaultOutConfirm", confirm)), range(10)
            )
        )
    assert told.count([]) == 1
    assert bank.certificate(story)["custodyState"] == "CHECKED_OUT"


def test_what_stays_in_the_packet_gets_a_new_seal(bank: Bank):
    """AC-39."""
    story = bank.vaulted()
    other = bank.expect(story, "REAL_ESTATE_TITLE")
    first, story.certificate_id = story.certificate_id, other
    number, story.cert_no = story.cert_no, f"粤（2025）广州市不动产权第{story.n:08}号"
    bank.done("handler-1", "certificateCollect", collected(story))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story, _again(story))
    story.certificate_id, story.cert_no = first, number
    id = approved(bank, story)
    plan = leaving(story, id, sealNo=f"S{story.n:05}-2")
    refused = bank.do("keeper-1", "checkOutVaultOutPropose", plan)
    assert codes(refused) == ["VALUE_INVALID"]
    assert refused["refusals"][0]["ruleId"] == "CUS-07"
    reused = plan | {"newSealNo": f"S{story.n:05}"}
    assert codes(bank.do("keeper-1", "checkOutVaultOutPropose", reused)) == ["SEAL_REUSED"]
    plan |= {"newSealNo": f"S{story.n:05}-3"}
    proposed = bank.done(
        "keeper-1", "checkOutVaultOutPropose", plan, f"proposal {{ id }} {REFUSALS}"
    )
    bank.done("handler-1", "checkOutSign", {"checkOutId": id})
    bank.done(
        "keeper-2",
        "checkOutVaultOutConfirm",
        {"proposalId": proposed["proposal"]["id"], "vaultOut": plan},
    )
    vaults = bank.query("auditor", "{ vaults { code slots(limit: 100) { slot packetNos } } }")
    slots = {slot["slot"]: slot["packetNos"] for slot in vaults["vaults"][0]["slots"]}
    assert slots[f"{story.n:03}"] == [f"P{story.n:05}"]


def test_overdue_is_derived_and_frozen_at_the_return(bank: Bank):
    """AC-27: day 0 is the day it goes out; what was late stays as late as it was."""
    story, id = out(bank, "approver-lc", purpose="REGISTRATION_CHANGE", dueDate="2025-07-20")
    bank.clock("2025-07-20T04:00:00Z")
    assert check_out(bank, id)["overdueDays"] == 0
    bank.clock("2025-07-25T04:00:00Z")
    assert bank.certificate(story, "isOverdueOut overdueDays") == {
        "isOverdueOut": True,
        "overdueDays": 5,
    }
    late = "{ checkOuts(filter: { overdueOnly: true }) { nodes { id } } }"
    found = [node["id"] for node in bank.query("auditor", late)["checkOuts"]["nodes"]]
    assert id in found
    given = {"checkOutId": id}
    assert codes(bank.do("handler-1", "checkOutReturn", given)) == ["VALUE_INVALID"]
    bank.done("handler-1", "checkOutReturn", given | {"reason": "The registry refused."})
    bank.done(
        "keeper-3",
        "checkOutReceive",
        {
            "checkOutId": id,
            "vault": "V1",
            "certNo": story.cert_no,
            "pages": 1,
            "likeScan": True,
        },
    )
    bank.clock("2025-08-04T04:00:00Z")
    assert check_out(bank, id) == {
        "state": "RETURNED",
        "overdueDays": 5,
        "dueDate": "2025-07-20",
        "returnedOn": "2025-07-25",
    }
    assert bank.certificate(story, "daysUnvaulted") == {"daysUnvaulted": 10}  # since the return
    events = bank.certificate(story, "events { type overdueDays }")["events"]
    assert events[-1] == {"type": "RETURN_SAME", "overdueDays": 5}


def test_who_is_late_gets_nothing_else(bank: Bank):
    """CUS-11, for another branch's paper too."""
    story, id = out(bank)
    other = bank.vaulted()
    bank.clock("2025-07-06T04:00:00Z")
    refused = asked(bank, other, dueDate="2025-07-10")
    assert codes(refused) == ["BORROWER_OVERDUE"]
    assert codes(asked(bank, other, "handler-2", dueDate="2025-07-10")) == []
    renewal = {"checkOutId": id, "newDue": "2025-07-12", "reason": "Not ready."}
    assert "DUE_DATE_INVALID" in codes(bank.do("handler-1", "checkOutRenew", renewal))
    bank.clock(NOON)
    _bring_back(bank, story, id)


def _bring_back(bank: Bank, story: Story, id: str) -> None:
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id})
    bank.done(
        "keeper-3",
        "checkOutReceive",
        {"checkOutId": id, "vault": "V1", "certNo": story.cert_no, "pages": 1, "likeScan": True},
    )


def test_more_time_within_its_limits(bank: Bank):
    story, id = out(bank)
    asked_for = {"checkOutId": id, "newDue": "2025-07-21", "reason": "Not ready."}
    assert codes(bank.do("handler-1", "checkOutRenew", asked_for)) == ["DUE_DATE_INVALID"]
    earlier = asked_for | {"newDue": "2025-07-05"}
    assert codes(bank.do("handler-1", "checkOutRenew", earlier)) == ["DUE_DATE_INVALID"]
    bank.done("handler-1", "checkOutRenew", asked_for | {"newDue": "2025-07-20"})
    yes = {"checkOutId": id, "approve": True}
    assert bank.error_code("handler-1", "checkOutDecideRenewal", yes) == "FORBIDDEN"
    bank.done("supervisor-1", "checkOutDecideRenewal", yes)
    assert bank.certificate(story, "dueDate custodyState") == {
        "dueDate": "2025-07-20",
        "custodyState": "CHECKED_OUT",
    }
    again = asked_for | {"newDue": "2025-07-25"}
    assert codes(bank.do("handler-1", "checkOutRenew", again)) == ["RENEWAL_LIMIT"]
    _bring_back(bank, story, id)


def test_litigation_is_prolonged_while_a_case_is_open(bank: Bank):
    story, id = out(bank, "legal-1", "approver-t2", purpose="LITIGATION", dueDate="2025-07-01")
    more = {"checkOutId": id, "newDue": "2025-09-29", "reason": "The hearing was moved."}
    assert codes(bank.do("handler-1", "checkOutRenew", more)) == ["RENEWAL_LIMIT"]
    case = {
        "no": f"LC{story.n:05}",
        "subject_kind": "LOAN",
        "subject": story.loan_no,
        "opened_at": "2025-06-01T00:00:00Z",
        "org": "OB",
    }
    bank.load(("LegalCase", case))
    bank.done("handler-1", "checkOutRenew", more)
    bank.load(("LegalCase", case | {"closed_at": "2025-06-20T03:00:00Z"}))
    yes = {"checkOutId": id, "approve": True}
    assert codes(bank.do("approver-t2", "checkOutDecideRenewal", yes)) == ["RENEWAL_LIMIT"]
    bank.load(("LegalCase", case))
    bank.done("approver-t2", "checkOutDecideRenewal", yes)
    assert bank.certificate(story, "dueDate")["dueDate"] == "2025-09-29"
    _bring_back(bank, story, id)


def test_a_hold_keeps_the_paper_in_except_for_a_court(bank: Bank):
    story = bank.vaulted()
    id = approved(bank, story)
    hold = {
        "no": f"HO{story.n:05}",
        "scope": "CERTIFICATE",
        "target": story.certificate_id,
        "reason": "AUDIT",
        "placed_at": "2025-06-20T03:00:00Z",
        "org": "OB",
    }
    bank.load(("LegalHold", hold))
    refused = bank.do("keeper-1", "checkOutVaultOutPropose", leaving(story, id))
    assert codes(refused) == ["LEGAL_HOLD"]
    bank.done("handler-1", "checkOutCancel", {"checkOutId": id, "reason": "Held."})
    assert codes(asked(bank, story)) == ["LEGAL_HOLD"]
    assert codes(asked(bank, story, purpose="LITIGATION")) == []


def test_what_differs_stays_out_as_an_incident(bank: Bank):
    """CUS-15."""
    story, id = out(bank)
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id})
    wrong = {"checkOutId": id, "vault": "V1", "certNo": "X", "pages": 2, "likeScan": False}
    answer = bank.do("keeper-3", "checkOutReceive", wrong)
    assert codes(answer) == ["RETURN_MISMATCH"] * 3
    assert bank.certificate(story)["custodyState"] == "CHECKED_OUT"
    found = bank.query("auditor", "{ incidents { kind subject closedAt } }")["incidents"]
    mine = [one for one in found if one["subject"] == story.certificate_id]
    assert mine == [{"kind": "RETURN_MISMATCH", "subject": story.certificate_id, "closedAt": None}]
    _bring_back(bank, story, id)
    found = bank.query("auditor", "{ incidents { subject } }")["incidents"]
    assert {"subject": story.certificate_id} not in found  # what came back is as it went


def of_it(story: Story) -> dict[str, str]:
    return {"certificateId": story.certificate_id}


def test_a_new_certificate_takes_the_old_ones_place(bank: Bank):
    """AC-32 in kind: the old one ends superseded, the new one carries its rank."""
    story, id = out(bank, "approver-lc", purpose="CERT_RENEWAL", dueDate="2025-07-20")
    awaited = replace(story, certificate_id=bank.expect(story))
    due = bank.certificate(awaited, "expectedBy")["expectedBy"]
    for unfit in (
        bank.accepted(story, "REGISTRY_RESULT"),  # of no certificate
        bank.accepted(bank.mortgage(), "REGISTRY_RESULT"),  # of another loan
        bank.accepted(story, "CERT_RECEIPT", certificateId=story.certificate_id),
        bank.upload("handler-1", story, "REGISTRY_RESULT", pdf(f"new {story.n}"), **of_it(story)),
    ):
        exchange = {"change": "SURFACE_INFO", "evidenceFileVersionId": unfit}
        refused = bank.do("handler-1", "checkOutReturn", {"checkOutId": id, "exchange": exchange})
        assert codes(refused) == ["DOC_MISSING"]
    evidence = bank.accepted(story, "REGISTRY_RESULT", **of_it(story))
    exchange = {"change": "SURFACE_INFO", "evidenceFileVersionId": evidence}
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id, "exchange": exchange})
    new_no = f"粤（2025）广州市不动产证明第9{story.n:07}号"
    paper = collected(story)["paper"] | {"certNo": new_no}
    given = {"checkOutId": id, "vault": "V1", "certType": "MORTGAGE_REG_PROOF", "paper": paper}
    bank.load(("User", user_line("archivist-again", "LC", ["ARCHIVIST"], [])))
    rejected = {"fileVersionId": evidence, "reason": "it is of another paper"}
    bank.done("archivist-again", "fileReject", rejected)
    assert codes(bank.do("keeper-3", "checkOutReceiveExchanged", given)) == ["DOC_MISSING"]
    exchange |= {"evidenceFileVersionId": bank.accepted(story, "REGISTRY_RESULT", **of_it(story))}
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id, "exchange": exchange})
    same = given | {"paper": paper | {"certNo": story.cert_no}}
    refused = bank.do("keeper-3", "checkOutReceiveExchanged", same)
    assert "VALUE_INVALID" in codes(refused)
    done = bank.done(
        "keeper-3",
        "checkOutReceiveExchanged",
        given,
        f"checkOut {{ state exchange {{ certificateId }} }} {REFUSALS}",
    )["checkOut"]
    new_id = done["exchange"]["certificateId"]
    old = bank.certificate(story, "custodyState legalState supersededBy priorityDate")
    assert (old["custodyState"], old["legalState"]) == ("REPLACED", "SUPERSEDED")
    assert old["supersededBy"] == new_id
    first = story.certificate_id
    story.certificate_id = new_id
    new = bank.certificate(
        story, "custodyState legalState supersedes priorityDate certNo expectedBy"
    )
    assert new == {
        "expectedBy": due,  # it is the one that was expected
        "custodyState": "RECEIVED_PENDING_VAULT",
        "legalState": "REGISTERED",
        "supersedes": first,
        "priorityDate": old["priorityDate"],
        "certNo": new_no,
    }
    assert bank.certificate(awaited)["legalState"] == "VOID"
    plan = _again(story)
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", plan)) == ["SCAN_MISSING"]
    story.certificate_id = first
    refused = bank.do("keeper-1", "certificateVaultInPropose", _again(story))
    assert "STATE_CONFLICT" in codes(refused)


def test_each_level_hears_once_of_what_does_not_come_back(bank: Bank):
    """CUS-10."""
    story, id = out(bank)
    seen = []
    for day in ("07-06", "07-06", "07-08", "07-12", "07-20", "08-04", "08-05"):
        bank.clock(f"2025-{day}T04:00:00Z")
        bank.run_jobs()
        found = bank.query(
            "auditor",
            "query($s: String!) { alerts(filter: { subject: $s, openOnly: false }) { nodes { no } }"
            " riskSignals { subject severity } incidents { subject kind } }",
            s=story.certificate_id,
        )
        mine = story.certificate_id
        seen.append(
            (
                len(found["alerts"]["nodes"]),
                [s["severity"] for s in found["riskSignals"] if s["subject"] == mine],
                [i["kind"] for i in found["incidents"] if i["subject"] == mine],
            )
        )
    assert seen == [
        (1, [], []),
        (1, [], []),
        (2, [], []),
        (3, ["YELLOW"], []),
        (3, ["ORANGE", "YELLOW"], []),
        (3, ["RED", "ORANGE", "YELLOW"], ["SUSPECTED_LOSS"]),
        (3, ["RED", "ORANGE", "YELLOW"], ["SUSPECTED_LOSS"]),
    ]
    _bring_back(bank, story, id)
    suspected = "{ incidents(openOnly: false) { subject kind closedAt outcome } }"
    found = bank.query("auditor", suspected)["incidents"]
    [ended] = [one for one in found if one["subject"] == story.certificate_id]
    assert (ended["kind"], ended["outcome"]) == ("SUSPECTED_LOSS", "RETURNED")
    assert ended["closedAt"] is not None


def allowed(bank: Bank, story: Story, login: str = "keeper-1"):
    """Each movement: whether it is possible, and else the codes in its way."""
    text = (
        "query($id: ID!) { allowedMovements(certificateId: $id)"
        " { movement allowed permitted refusals { code } } }"
    )
    told = bank.query(login, text, id=story.certificate_id)["allowedMovements"]
    return {
        one["movement"]: one["allowed"] or sorted({r["code"] for r in one["refusals"]})
        for one in told
    }


def test_every_movement_is_answered_with_yes_or_all_that_keeps_it(bank: Bank):
    story = bank.vaulted()
    now = allowed(bank, story)
    yes = {movement for movement, answer in now.items() if answer is True}
    assert yes == {"RELOCATE", "CHECK_OUT", "VAULT_OUT_FOR_DEREG", "TRANSFER_OUT", "DISPATCH"}
    assert now["SURRENDER"] == ["STATE_CONFLICT"]
    assert now["RETURN_TO_OWNER"] == ["STATE_CONFLICT", "VALUE_INVALID"]
    assert now["COLLECT"] == now["VAULT_IN"] == ["STATE_CONFLICT"]
    assert now["REDEEM"] == ["PURPOSE_NOT_ALLOWED"]
    id = asked(bank, story)["checkOut"]["id"]
    assert allowed(bank, story)["CHECK_OUT"] == ["STATE_CONFLICT"]  # nobody has approved it yet
    bank.done("supervisor-1", "checkOutDecide", {"checkOutId": id, "approve": True})
    held = allowed(bank, story)
    assert held["CHECK_OUT"] is True
    assert held["RELOCATE"] == held["DISPATCH"] == ["OPEN_REQUEST_EXISTS"]
    hold = {
        "no": f"HM{story.n:05}",
        "scope": "COLLATERAL",
        "target": story.collateral_no,
        "reason": "AUDIT",
        "placed_at": "2025-06-20T03:00:00Z",
        "org": "OB",
    }
    bank.load(("LegalHold", hold))
    assert allowed(bank, story)["DISPATCH"] == ["LEGAL_HOLD", "OPEN_REQUEST_EXISTS"]


def test_movements_of_what_is_out_of_reach_are_not_told(bank: Bank):
    story = bank.vaulted()
    text = "query($id: ID!) { allowedMovements(certificateId: $id) { movement } }"
    assert bank.query("rm-x", text, id=story.certificate_id) == {"allowedMovements": None}


@pytest.mark.parametrize(
    ("possible_from", "rank"), [("2025-06-01", "2023-06-01"), ("2025-02-01", "2025-06-20")]
)
def test_a_converted_pre_notice_passes_its_rank_on(bank: Bank, possible_from: str, rank: str):
    """AC-32; one that lapsed has none to pass on."""
    story = bank.mortgage()
    story.certificate_id = bank.expect(story, "PRE_NOTICE_MORTGAGE")
    story.cert_no = f"粤（2023）广州市不动产证明第7{story.n:07}号"
    bank.done("handler-1", "certificateCollect", collected(story, registeredOn="2023-06-01"))
    bank.scan(story)
    bank.hand_to_vault(story)
    bank.vault(story)
    possible = {"certificateId": story.certificate_id, "convertibleFrom": possible_from}
    bank.done("handler-1", "certificateMarkConvertible", possible)
    bank.run_jobs()
    lapsed = bank.certificate(story, "legalState")["legalState"] == "LAPSED"
    assert lapsed is (rank == "2025-06-20")
    changes = {"purpose": "PRE_NOTICE_CONVERSION", "dueDate": "2025-08-19"}
    id = approved(bank, story, "approver-lc", **changes)
    let_out(bank, story, id)
    exchange = {
        "change": "TYPE_CHANGE",
        "evidenceFileVersionId": bank.accepted(story, "REGISTRY_ACCEPTANCE", **of_it(story)),
    }
    bank.done("handler-1", "checkOutReturn", {"checkOutId": id, "exchange": exchange})
    paper = collected(story)["paper"] | {"certNo": f"新{story.n}", "registeredOn": "2025-06-20"}
    given = {"checkOutId": id, "vault": "V1", "certType": "MORTGAGE_REG_PROOF", "paper": paper}
    same_type = given | {"certType": "PRE_NOTICE_MORTGAGE"}
    refused = bank.do("keeper-3", "checkOutReceiveExchanged", same_type)
    assert "VALUE_INVALID" in codes(refused)
    done = bank.done(
        "keeper-3",
        "checkOutReceiveExchanged",
        given,
        f"checkOut {{ exchange {{ certificateId }} }} {REFUSALS}",
    )
    old = bank.certificate(story, "custodyState legalState supersededBy")
    story.certificate_id = done["checkOut"]["exchange"]["certificateId"]
    assert old == {
        "custodyState": "REPLACED",
        "legalState": "SUPERSEDED",
        "supersededBy": story.certificate_id,
    }
    assert bank.certificate(story, "certType custodyState priorityDate") == {
        "certType": "MORTGAGE_REG_PROOF",
        "custodyState": "RECEIVED_PENDING_VAULT",
        "priorityDate": rank,
    }


def test_a_paper_lost_while_it_is_out_ends_its_check_out(bank: Bank):
    """X22."""
    story, id = out(bank)
    report = {
        "certificateId": story.certificate_id,
        "discoveredOn": "2025-06-20",
        "reason": "The bag was stolen.",
    }
    bank.done("supervisor-1", "incidentReport", report)
    given = {"certificateId": story.certificate_id, "accountability": "handler-1"}
    bank.done("approver-t2", "certificateConfirmLost", given)
    assert check_out(bank, id, "state") == {"state": "LOST"}
    assert bank.certificate(story, "custodyState lock { kind } dueDate") == {
        "custodyState": "LOST",
        "lock": None,
        "dueDate": None,
    }
