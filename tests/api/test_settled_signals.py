"""What a settlement means to signals about repayment, through HTTP (P07)."""

from typing import Any

from tests.client import Bank, Story, loan_line

PROPOSED = """
query($no: String!) { loan(no: $no) { riskSignals { no eliminatedAt eliminationProposedOn
  eliminationReason } } alerts(filter: { subject: $no }) { nodes { kind roles reason } } }
"""


def signal(story: Story, **facts: Any) -> tuple[str, Any]:
    return "RiskSignal", {
        "no": f"RP-{story.n}",
        "category": "REPAYMENT",
        "severity": "ORANGE",
        "subject_kind": "LOAN",
        "subject": story.loan_no,
        "published_at": "2025-06-10T10:00:00+08:00",
        "org": "OB",
        **facts,
    }


def test_a_settlement_proposes_and_a_reversal_withdraws(bank: Bank):
    story = bank.mortgage()
    bank.load(signal(story))
    bank.settle(story)
    bank.load(signal(story, reason="told again"))
    told = bank.query("risk-t2", PROPOSED, no=story.loan_no)
    [found] = told["loan"]["riskSignals"]
    assert found == {
        "no": f"RP-{story.n}",
        "eliminatedAt": None,
        "eliminationProposedOn": "2025-06-20",
        "eliminationReason": f"Loan {story.loan_no} was settled.",
    }
    [alert] = told["alerts"]["nodes"]
    assert (alert["kind"], alert["roles"]) == ("SIGNAL", ["BATCH_SUPERVISOR", "RISK_MANAGER"])
    bank.load(("Loan", loan_line(story)))
    told = bank.query("risk-t2", PROPOSED, no=story.loan_no)
    assert told["loan"]["riskSignals"][0]["eliminationProposedOn"] is None
