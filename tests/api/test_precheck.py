"""The dry run of a release over HTTP: what it reads of a wide network, and at what cost."""

from functools import partial
from itertools import product

from pymongo import MongoClient

from domain.dossiers import DocType, Dossier, DossierItem, ItemStage, ItemStatus, unfiled
from storage.records import from_record, plain
from tests.api.commands import reads
from tests.api.securing import secured
from tests.client import NOON, Bank, guarantee

PRECHECK = """
query($id: ID!, $kind: DeregKind) { deregistrationPrecheck(collateralId: $id, kind: $kind) {
  results { id outcome refusals { code detail { name value } } } } }
"""
MANY = 500


def answers(bank: Bank, id: str, kind: str = "FULL_SETTLEMENT"):
    told = bank.query("handler-1", PRECHECK, id=id, kind=kind)["deregistrationPrecheck"]
    return {result["id"]: result for result in told["results"]}


def test_a_collateral_of_many_loans_is_judged_by_as_many_reads_as_one_of_one(bank: Bank, endpoints):
    few, _ = secured(bank, 1)
    many, numbers = secured(bank, MANY, fees_due="0.01")
    settled = answers(bank, many.collateral_id)["DRG-P01"]
    assert [refusal["detail"][0]["value"] for refusal in settled["refusals"]] == [numbers[-1]]
    assert answers(bank, few.collateral_id)["DRG-P01"]["outcome"] == "PASS"
    with MongoClient(endpoints.mongo_url) as client:
        of_one, of_many = (
            reads(client, partial(answers, bank, id))
            for id in (few.collateral_id, many.collateral_id)
        )
    assert of_one == of_many > 5


def test_whoever_mortgaged_his_own_for_the_same_loan_by_another_contract_has_to_agree(bank: Bank):
    story, helper = bank.mortgage(), bank.mortgage()
    assert answers(bank, story.collateral_id, "WAIVER")["DRG-L05"]["outcome"] == "PASS"
    other = guarantee(helper, no=f"{helper.contract_no}X", secured_loans=[story.loan_no])
    bank.load(("GuaranteeContract", other))
    [refusal] = answers(bank, story.collateral_id, "WAIVER")["DRG-L05"]["refusals"]
    assert refusal["code"] == "CONSENT_MISSING"
    assert {"name": "parties", "value": helper.customer_no} in refusal["detail"]


def test_it_tells_what_each_dossier_lacks_as_the_rule_does(bank: Bank, endpoints):
    story = bank.mortgage()
    lines = [
        plain(DossierItem(code=code, stage=stage, required=required, status=status))
        for code, (stage, required, status) in zip(
            DocType, product(ItemStage, (True, False), ItemStatus), strict=False
        )
    ]
    with MongoClient(endpoints.mongo_url) as client:
        dossiers = client["lienkeeper"]["dossiers"]
        dossiers.update_one({"loan_no": story.loan_no}, {"$set": {"items": lines}})
        dossier = from_record(Dossier, dossiers.find_one({"loan_no": story.loan_no}))
    [refusal] = answers(bank, story.collateral_id)["DRG-P13"]["refusals"]
    told = {one["name"]: one["value"] for one in refusal["detail"]}
    assert told == {"dossier": dossier.dossier_no, "items": ", ".join(unfiled(dossier).codes)}
    assert len(unfiled(dossier).codes) == 3


def test_a_proposal_that_nobody_confirmed_in_time_holds_no_paper(bank: Bank):
    story = bank.vaulted()
    packet = bank.certificate(story, "place { packetNo }")["place"]["packetNo"]
    to = {"packetNo": packet, "cabinet": "B", "slot": f"{story.n + 200:03}"}
    bank.done("keeper-1", "packetRelocatePropose", to)

    def in_hand() -> str:
        return answers(bank, story.collateral_id)["DRG-P06"]["outcome"]

    assert in_hand() == "FAIL"
    try:
        bank.clock("2025-06-20T10:30:00+08:00")
        assert in_hand() == "FAIL"
        bank.clock("2025-06-20T10:30:01+08:00")
        assert in_hand() == "PASS"
    finally:
        bank.clock(NOON)
