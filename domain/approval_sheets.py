"""Approval sheets (审批表): what the system draws once the last approval of a case is in.

Source: domain 4.4 (APPROVAL_SHEET), DRG-R02.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.deregistration import (
    Approval,
    CaseDocument,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
)
from domain.dossiers import DocType
from domain.files import FileVersion
from domain.roles import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSheet:
    """Everything printed on an approval sheet (审批表)."""

    case_no: str
    kind: DeregKind
    handling_mode: HandlingMode
    collateral_no: str
    contract_nos: tuple[str, ...]
    loan_nos: tuple[str, ...]
    opened_by: str
    evaluated_at: datetime
    policy_version: str
    outcomes: Mapping[str, str]  # of each precondition, by its id
    approvals: tuple[Approval, ...]
    approved_at: datetime


def approval_sheet(case: DeregistrationCase, *, now: datetime) -> ApprovalSheet:
    """The sheet of a case whose last approval has just been given."""
    run = case.precheck_runs[-1]
    return ApprovalSheet(
        case_no=case.no,
        kind=case.kind,
        handling_mode=case.handling_mode,
        collateral_no=case.collateral_no,
        contract_nos=case.guarantee_contract_nos,
        loan_nos=case.loan_nos,
        opened_by=case.opened_by,
        evaluated_at=run.at,
        policy_version=run.policy_version,
        outcomes={str(result["id"]): str(result["outcome"]) for result in run.results},
        approvals=case.approvals,
        approved_at=now,
    )


def with_sheet(
    case: DeregistrationCase, version: FileVersion, *, now: datetime
) -> DeregistrationCase:
    """The case with the sheet that stands; earlier ones stay as versions of the same file."""
    document = CaseDocument(
        code=DocType.APPROVAL_SHEET,
        file_version_id=version.id,
        sha256=version.sha256,
        attached_by=SYSTEM,
        attached_at=now,
    )
    others = (one for one in case.documents if one.code is not DocType.APPROVAL_SHEET)
    return replace(case, documents=(*others, document))
