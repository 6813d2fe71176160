"""Nobody sees past the own jurisdiction, by whatever path; nor what the role may not see."""

from pymongo import MongoClient

from tests.client import Bank

NESTED = """
query($id: ID!) {
  node(id: $id) {
    ... on Collateral {
      guaranteeContracts { no loans { loanNo customer { idNo } } collaterals { no } }
      certificates { id }
    }
  }
}
"""


def test_a_nested_path_ends_at_the_border(bank: Bank):
    own = bank.mortgage()
    other = bank.mortgage(org="OBX")
    bank.load(
        (
            "GuaranteeContract",
            {
                "no": f"CROSS-{own.n}",
                "credit_contract": own.credit_no,
                "kind": "MORTGAGE",
                "secured_loans": [own.loan_no, other.loan_no],
                "links": [{"collateral": own.collateral_no, "rank": 2}],
                "org": "OB",
            },
        )
    )
    seen = bank.query("rm-1", NESTED, id=own.collateral_id)["node"]["guaranteeContracts"]
    cross = next(contract for contract in seen if contract["no"] == f"CROSS-{own.n}")
    assert [loan["loanNo"] for loan in cross["loans"]] == [own.loan_no]
    assert bank.query("rm-1", NESTED, id=other.collateral_id)["node"] is None
    everything = bank.query("auditor", NESTED, id=own.collateral_id)["node"]
    assert (
        len(everything["guaranteeContracts"][1]["loans"])
        + len(everything["guaranteeContracts"][0]["loans"])
        == 3
    )


def test_lists_and_counts_end_at_the_border(bank: Bank):
    other = bank.mortgage(org="OBX")
    query = "query($n: String!) { loans(filter: {loanNo: $n}) { totalCount nodes { loanNo } } }"
    assert bank.query("rm-1", query, n=other.loan_no)["loans"] == {"totalCount": 0, "nodes": []}
    assert bank.query("rm-x", query, n=other.loan_no)["loans"]["totalCount"] == 1


def test_keepers_see_no_amounts(bank: Bank):
    story = bank.mortgage()
    query = "query($n: String!) { loan(no: $n) { balance principalAmount } }"
    assert bank.query("keeper-1", query, n=story.loan_no)["loan"] == {
        "balance": None,
        "principalAmount": None,
    }
    assert bank.query("rm-1", query, n=story.loan_no)["loan"]["balance"] == "1000000.00"


def test_personal_data_are_masked_but_for_the_own_manager(bank: Bank):
    story = bank.mortgage()
    query = "query($n: String!) { customer(no: $n) { name idNo phones } }"
    masked = bank.query("auditor", query, n=story.customer_no)["customer"]
    assert masked["name"] == "张**"
    assert masked["idNo"].startswith("440*")
    assert masked["phones"] == ["138****8000"]
    plain = bank.query("rm-1", query, n=story.customer_no)["customer"]
    assert plain["name"] == "张三丰"
    assert plain["phones"] == ["13800138000"]
    assert bank.query("president-1", query, n=story.customer_no)["customer"]["name"] == "张三丰"


def test_personal_data_are_sealed_at_rest(bank: Bank, endpoints):
    story = bank.mortgage()
    with MongoClient(endpoints.mongo_url) as client:
        kept = client["lienkeeper"]["customers"].find_one({"no": story.customer_no})
    assert "张三丰" not in str(kept)
    assert "13800138000" not in str(kept)


def test_a_county_registrar_acts_in_the_county_alone(bank: Bank):
    county, city = bank.mortgage(org="CB"), bank.mortgage()
    expected = {"certType": "MORTGAGE_REG_PROOF"}
    own = {**expected, "collateralIds": [county.collateral_id]}
    bank.done("registrar-1", "certificateRegisterExpected", own)
    for id in (city.collateral_id, "coll_of_nobody"):  # and no one learns which of them exists
        given = {**expected, "collateralIds": [id]}
        assert bank.error_code("registrar-1", "certificateRegisterExpected", given) == "FORBIDDEN"
