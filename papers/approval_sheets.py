"""Approval sheets (审批表) as documents: the question, its answers, who approved what and when."""

from collections.abc import Iterator
from datetime import datetime

from domain.approval_sheets import ApprovalSheet
from domain.calendar import SHANGHAI
from domain.deregistration import Approval
from papers.lines import SMALL, TITLE, Line, drawn, fact, fitted, several
from schema.enums import chinese

_A_LINE = 5  # preconditions on one line


def approval_sheet_pdf(sheet: ApprovalSheet) -> tuple[bytes, int]:
    """The document of a sheet, and how many pages it has; nobody signs it by hand."""
    return drawn(sheet.case_no, _blocks(sheet))


def _blocks(sheet: ApprovalSheet) -> Iterator[list[Line]]:
    yield list(_head(sheet))
    yield list(_evaluation(sheet))
    for number, approval in enumerate(sheet.approvals, start=1):
        yield list(_approval(number, approval))
    source = "本表由系统在审批完成时生成。　Drawn by the system when the last approval was given."
    yield [Line(text=source, size=SMALL, above=8.0)]


def _head(sheet: ApprovalSheet) -> Iterator[Line]:
    yield Line(text="押品注销审批表　Approval sheet", size=TITLE)
    yield from fact("业务编号 Case", sheet.case_no, above=4.0)
    yield from fact("解押类型 Kind", f"{chinese(sheet.kind)} ({sheet.kind})")
    mode = f"{chinese(sheet.handling_mode)} ({sheet.handling_mode})"
    yield from fact("办理方式 Handled", mode)
    yield from fact("押品 Collateral", sheet.collateral_no)
    yield from fact("担保合同 Contracts", several(sheet.contract_nos))
    yield from fact("借据 Loans", several(sheet.loan_nos))
    yield from fact("申请人 Opened by", sheet.opened_by)
    yield from fact("审批完成 Approved at", _moment(sheet.approved_at))


def _evaluation(sheet: ApprovalSheet) -> Iterator[Line]:
    title = f"条件评估 Evaluation　{_moment(sheet.evaluated_at)}"
    yield from fact(title, f"参数版本 policy {sheet.policy_version}", above=6.0)
    told = [f"{id} {outcome}" for id, outcome in sheet.outcomes.items()]
    for start in range(0, len(told), _A_LINE):
        text = "　".join(told[start : start + _A_LINE])
        yield Line(text=text, size=8.0, indent=6.0, above=1.0)


def _approval(number: int, approval: Approval) -> Iterator[Line]:
    who = f"{approval.login} ({chinese(approval.role)}, {chinese(approval.level)})"
    heading = f"{number}. {chinese(approval.decision)} {approval.decision}　{who}"
    for place, line in enumerate(fitted(heading)):
        yield Line(text=line, above=0.0 if place else 4.0)
    yield Line(text=_moment(approval.at), indent=6.0)
    for line in fitted(f"意见 Note　{approval.note}", indent=6.0) if approval.note else ():
        yield Line(text=line, indent=6.0)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} (Asia/Shanghai)"
