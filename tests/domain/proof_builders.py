"""Settlement proofs and approval sheets as tests need them: sound by default."""

from datetime import date
from typing import Any

from domain.approval_sheets import ApprovalSheet
from domain.deregistration import Approval, ApprovalDecision, DeregKind, HandlingMode
from domain.orgs import OrgLevel
from domain.roles import Role
from domain.settlement_proofs import SettlementProof
from tests.domain.builders import NOW, PLACE, TODAY


def a_proof(**changes: Any) -> SettlementProof:
    """A valid proof of a loan of a million."""
    facts: dict[str, Any] = {
        "id": "proof-1",
        "no": "SP20250610-0000000001",
        "loan_no": "L1",
        "contract_no": "CC1",
        "customer_no": "C1",
        "principal_amount": 100_000_000,
        "settled_on": date(2025, 5, 6),
        "org_name": "广州分行",
        "issued_at": NOW,
        "issued_on": TODAY,
        "issued_by": "handler",
    }
    return SettlementProof(**PLACE | facts | changes)


def an_approval(login: str, **changes: Any) -> Approval:
    """Given by the head of the loan centre."""
    facts: dict[str, Any] = {
        "role": Role.APPROVER,
        "level": OrgLevel.LOAN_CENTER,
        "login": login,
        "decision": ApprovalDecision.APPROVED,
        "at": NOW,
    }
    return Approval(**facts | changes)


def a_sheet(**changes: Any) -> ApprovalSheet:
    """The sheet of a full settlement that two have approved."""
    facts: dict[str, Any] = {
        "case_no": "DR20250610-0000000001",
        "kind": DeregKind.FULL_SETTLEMENT,
        "handling_mode": HandlingMode.BANK,
        "collateral_no": "COL1",
        "contract_nos": ("GC1",),
        "loan_nos": ("L1",),
        "opened_by": "rm",
        "evaluated_at": NOW,
        "policy_version": "abcdef012345",
        "outcomes": {f"DRG-P{n:02}": "PASS" for n in range(1, 14)},
        "approvals": (
            an_approval("head"),
            an_approval("risk", role=Role.RISK_MANAGER, level=OrgLevel.TIER2_BRANCH, note="同意"),
        ),
        "approved_at": NOW,
    }
    return ApprovalSheet(**facts | changes)
