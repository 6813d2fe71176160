"""Dossiers (档案): one a loan, with the checklist of what must be filed and by when.

Source: ARC-01 to ARC-03, ARC-10; domain 5.2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import WorkCalendar, nd
from domain.loans import Loan, Product
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode

CHECKLIST_VERSION = "2025-01"
MAX_SUPPLEMENTS = 100  # approvals of one dossier


class DocType(StrEnum):
    """Type of a document (资料类型)."""

    LOAN_APPLICATION = "LOAN_APPLICATION"
    ID_DOCS = "ID_DOCS"
    INCOME_PROOF = "INCOME_PROOF"
    CREDIT_REPORT_AUTH = "CREDIT_REPORT_AUTH"
    INVESTIGATION_REPORT = "INVESTIGATION_REPORT"
    REVIEW_REPORT = "REVIEW_REPORT"
    APPROVAL_NOTE = "APPROVAL_NOTE"
    LOAN_CONTRACT = "LOAN_CONTRACT"
    GUARANTEE_CONTRACT = "GUARANTEE_CONTRACT"
    LOAN_NOTE = "LOAN_NOTE"
    PURCHASE_CONTRACT = "PURCHASE_CONTRACT"
    DOWN_PAYMENT_PROOF = "DOWN_PAYMENT_PROOF"
    VALUATION_REPORT = "VALUATION_REPORT"
    BUSINESS_LICENSE = "BUSINESS_LICENSE"
    USE_CONTRACT = "USE_CONTRACT"
    USE_PROOF = "USE_PROOF"
    PRE_NOTICE_CERT_SCAN = "PRE_NOTICE_CERT_SCAN"
    MORTGAGE_CERT_SCAN = "MORTGAGE_CERT_SCAN"
    PLEDGE_CERT_SCAN = "PLEDGE_CERT_SCAN"
    FREEZE_CONFIRM = "FREEZE_CONFIRM"
    INSURANCE = "INSURANCE"
    FIRST_INSPECTION = "FIRST_INSPECTION"
    INSPECTION_REPORT = "INSPECTION_REPORT"
    REPAYMENT_RECORD = "REPAYMENT_RECORD"
    SETTLEMENT_PROOF = "SETTLEMENT_PROOF"
    DEREG_APPLICATION = "DEREG_APPLICATION"
    OWNER_ID = "OWNER_ID"
    AGENT_POA = "AGENT_POA"
    AGENT_ID = "AGENT_ID"
    HEIR_PROOF = "HEIR_PROOF"
    GUARDIAN_PROOF = "GUARDIAN_PROOF"
    MORTGAGE_CANCEL_CONSENT = "MORTGAGE_CANCEL_CONSENT"
    REGISTRY_APPLICATION = "REGISTRY_APPLICATION"
    CERT_RECEIPT = "CERT_RECEIPT"
    REGISTRY_RESULT = "REGISTRY_RESULT"
    APPROVAL_SHEET = "APPROVAL_SHEET"
    CERT_SCAN = "CERT_SCAN"
    CUSTODY_RECEIPT = "CUSTODY_RECEIPT"
    INSPECTION_PHOTO = "INSPECTION_PHOTO"
    EVIDENCE = "EVIDENCE"
    LOSS_STATEMENT = "LOSS_STATEMENT"
    REGISTRY_ACCEPTANCE = "REGISTRY_ACCEPTANCE"
    SUPPLEMENT_AGREEMENT = "SUPPLEMENT_AGREEMENT"
    NEW_COLLATERAL_REG = "NEW_COLLATERAL_REG"
    GUARANTOR_CONSENT = "GUARANTOR_CONSENT"
    OTHER_MORTGAGEE_CONSENT = "OTHER_MORTGAGEE_CONSENT"
    COURT_DOC = "COURT_DOC"
    SALE_CONFIRMATION = "SALE_CONFIRMATION"
    PROCEEDS_ENTRY = "PROCEEDS_ENTRY"
    LOSS_PROOF = "LOSS_PROOF"
    COMPENSATION_CLAIM = "COMPENSATION_CLAIM"
    LEGAL_OPINION = "LEGAL_OPINION"
    CLAIM_ASSIGNMENT = "CLAIM_ASSIGNMENT"
    ASSIGNEE_RECEIPT = "ASSIGNEE_RECEIPT"
    REDEMPTION_AUTHORITY = "REDEMPTION_AUTHORITY"
    OTHER = "OTHER"


class ItemStage(StrEnum):
    """When an item falls due (归档阶段)."""

    AT_DISBURSEMENT = "AT_DISBURSEMENT"
    AFTER_REGISTRATION = "AFTER_REGISTRATION"
    PERIODIC = "PERIODIC"
    AT_SETTLEMENT = "AT_SETTLEMENT"
    CONDITIONAL = "CONDITIONAL"


class ItemStatus(StrEnum):
    """State of a checklist item (资料状态)."""

    MISSING = "MISSING"
    UPLOADED = "UPLOADED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    WAIVED = "WAIVED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


FILED_STATUSES = frozenset({ItemStatus.ACCEPTED, ItemStatus.WAIVED, ItemStatus.NOT_APPLICABLE})


class DossierStatus(StrEnum):
    """State of a dossier (档案状态)."""

    OPEN = "OPEN"
    FILED = "FILED"
    SUPPLEMENTING = "SUPPLEMENTING"
    CLOSED = "CLOSED"
    TRANSFERRED = "TRANSFERRED"
    DESTROYED = "DESTROYED"


_STAGE_MARKS: Mapping[str, ItemStage] = MappingProxyType(
    {
        "●": ItemStage.AT_DISBURSEMENT,
        "○": ItemStage.AFTER_REGISTRATION,
        "▲": ItemStage.PERIODIC,
        "■": ItemStage.AT_SETTLEMENT,
        "c": ItemStage.CONDITIONAL,
    }
)
_PRODUCTS = (
    Product.HOUSING_NEW,
    Product.HOUSING_RESALE,
    Product.COMMERCIAL_PROPERTY,
    Product.HOME_EQUITY,
    Product.CONSUMER,
    Product.BUSINESS,
    Product.AUTO,
    Product.PLEDGE,
)
_D = DocType
# One column a product, in the order above; "–" is not asked for.
_CHECKLIST: tuple[tuple[DocType, str], ...] = (
    (_D.LOAN_APPLICATION, "● ● ● ● ● ● ● ●"),
    (_D.ID_DOCS, "● ● ● ● ● ● ● ●"),
    (_D.INCOME_PROOF, "● ● ● ● ● ● ● –"),
    (_D.CREDIT_REPORT_AUTH, "● ● ● ● ● ● ● ●"),
    (_D.INVESTIGATION_REPORT, "● ● ● ● ● ● ● ●"),
    (_D.REVIEW_REPORT, "● ● ● ● ● ● ● ●"),
    (_D.APPROVAL_NOTE, "● ● ● ● ● ● ● ●"),
    (_D.LOAN_CONTRACT, "● ● ● ● ● ● ● ●"),
    (_D.GUARANTEE_CONTRACT, "● ● ● ● c c ● ●"),
    (_D.LOAN_NOTE, "● ● ● ● ● ● ● ●"),
    (_D.PURCHASE_CONTRACT, "● ● ● – – – ● –"),
    (_D.DOWN_PAYMENT_PROOF, "● ● ● – – – ● –"),
    (_D.VALUATION_REPORT, "c ● ● ● – c c –"),
    (_D.BUSINESS_LICENSE, "– – – c – ● – –"),
    (_D.USE_CONTRACT, "– – – c – ● – –"),
    (_D.USE_PROOF, "● ● ● ○ ○ ○ ● c"),
    (_D.PRE_NOTICE_CERT_SCAN, "○ – c – – – – –"),
    (_D.MORTGAGE_CERT_SCAN, "○ ○ ○ ○ – c ○ –"),
    (_D.PLEDGE_CERT_SCAN, "– – – – – – – ●"),
    (_D.FREEZE_CONFIRM, "– – – – – – – ●"),
    (_D.INSURANCE, "c c c c – – ● –"),
    (_D.FIRST_INSPECTION, "▲ ▲ ▲ ▲ ▲ ▲ ▲ –"),
    (_D.INSPECTION_REPORT, "c c ▲ ▲ c ▲ c –"),
    (_D.REPAYMENT_RECORD, "▲ ▲ ▲ ▲ ▲ ▲ ▲ ▲"),
    (_D.SETTLEMENT_PROOF, "■ ■ ■ ■ ■ ■ ■ ■"),
    (_D.DEREG_APPLICATION, "■ ■ ■ ■ – ■ ■ ■"),
    (_D.OWNER_ID, "■ ■ ■ ■ – ■ ■ ■"),
    (_D.MORTGAGE_CANCEL_CONSENT, "■ ■ ■ ■ – ■ ■ ■"),
    (_D.REGISTRY_APPLICATION, "■ ■ ■ ■ – ■ ■ ■"),
    (_D.CERT_RECEIPT, "■ ■ ■ ■ – ■ ■ ■"),
    (_D.REGISTRY_RESULT, "■ ■ ■ ■ – ■ ■ ■"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """From when to when a line was accepted, before a recheck rejected it (ARC-15)."""

    at: datetime
    by: str | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierItem:
    """One line of a dossier's checklist (资料清单)."""

    code: DocType
    stage: ItemStage
    required: bool
    due: date | None = None
    status: ItemStatus = ItemStatus.MISSING
    current_version_id: str | None = None
    accepted_at: datetime | None = None
    accepted_by: str | None = None
    reason: str | None = None
    locked: bool = False  # its release is closed; nothing changes it any more (4.8)
    earlier: tuple[Acceptance, ...] = ()  # that a recheck ended, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """One document that may still be added to a closed dossier (补充归档), and its approval."""

    doc_type: DocType
    reason: str
    approved_by: str
    approved_at: datetime
    file_version_id: str | None = None  # what was added on it; none while nothing was


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The archive file of one loan (一贷一档)."""

    id: str
    dossier_no: str
    loan_no: str
    product: Product
    checklist_version: str = CHECKLIST_VERSION
    status: DossierStatus = DossierStatus.OPEN
    items: tuple[DossierItem, ...] = ()
    filed_on: date | None = None
    closed_on: date | None = None
    retention_start: date | None = None
    supplements: tuple[Supplement, ...] = ()
    org_code: str
    org_path: str
    version: int = 0

    def item(self, code: DocType) -> DossierItem | None:
        """The checklist line of that document."""
        return next((item for item in self.items if item.code is code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfiled:
    """What a dossier still lacks of the papers of its settlement (DRG-P13)."""

    dossier_no: str
    loan_no: str
    status: DossierStatus
    codes: tuple[DocType, ...]


def checklist(loan: Loan, *, policy: Policy, calendar: WorkCalendar) -> tuple[DossierItem, ...]:
    """The checklist of a loan's product, with the dates known at disbursement (5.2, ARC-10)."""
    if loan.product not in _PRODUCTS:
        return ()
    column = _PRODUCTS.index(loan.product)
    items = []
    for code, row in _CHECKLIST:
        stage = _STAGE_MARKS.get(row.split()[column])
        if stage is not None:
            items.append(_item(code, stage, loan, policy=policy, calendar=calendar))
    return tuple(items)


def with_item(dossier: Dossier, code: DocType, **changes: object) -> Dossier:
    """The dossier after one checklist line changed, unless that is locked (ARC-03, 4.8)."""
    items = tuple(
        replace(item, **changes)  # type: ignore[arg-type]
        if item.code is code and not item.locked
        else item
        for item in dossier.items
    )
    return replace(dossier, items=items)


def settlement_locked(dossier: Dossier) -> Dossier:
    """The dossier once a release of its loan is closed: its settlement's lines stay (4.8)."""
    items = tuple(
        replace(item, locked=True) if item.stage is ItemStage.AT_SETTLEMENT else item
        for item in dossier.items
    )
    return replace(dossier, items=items)


def with_stage_due(dossier: Dossier, stage: ItemStage, due: date) -> Dossier:
    """The dossier once every line of a stage that had no date yet falls due."""
    items = tuple(
        replace(item, due=due) if item.stage is stage and item.due is None else item
        for item in dossier.items
    )
    return replace(dossier, items=items)


def without_receipt(dossier: Dossier) -> Dossier:
    """The dossier of a release that gave no paper back: nobody signs for one (X17, 4.4)."""
    item = dossier.item(DocType.CERT_RECEIPT)
    if item is None or item.status in FILED_STATUSES:
        return dossier
    return with_item(dossier, DocType.CERT_RECEIPT, status=ItemStatus.NOT_APPLICABLE)


def open_supplement(dossier: Dossier, doc_type: DocType) -> Supplement | None:
    """An approval on which a document of that type may still be added (ARC-25)."""
    for supplement in dossier.supplements:
        if supplement.doc_type is doc_type and supplement.file_version_id is None:
            return supplement
    return None


def supplemented(dossier: Dossier, doc_type: DocType, version_id: str) -> Dossier:
    """The dossier once a document was announced on its approval, which is used up by it."""
    used = open_supplement(dossier, doc_type)
    return replace(
        dossier,
        supplements=tuple(
            replace(one, file_version_id=version_id) if one is used else one
            for one in dossier.supplements
        ),
    )


def filed_if_complete(dossier: Dossier, *, today: date) -> Dossier:
    """FILED (已归档) once every item due by now is accepted; never un-filed by later items."""
    due = [item for item in dossier.items if item.due is not None and item.due <= today]
    at_disbursement = [i for i in dossier.items if i.stage is ItemStage.AT_DISBURSEMENT]
    open_items = [i for i in (*due, *at_disbursement) if i.status not in FILED_STATUSES]
    if dossier.status is not DossierStatus.OPEN or open_items or not dossier.items:
        return dossier
    return replace(dossier, status=DossierStatus.FILED, filed_on=today)


def unfiled(dossier: Dossier) -> Unfiled:
    """What is required at settlement and not filed yet (DRG-P13)."""
    return Unfiled(
        dossier_no=dossier.dossier_no,
        loan_no=dossier.loan_no,
        status=dossier.status,
        codes=tuple(
            item.code
            for item in dossier.items
            if item.stage is ItemStage.AT_SETTLEMENT
            and item.required
            and item.status not in FILED_STATUSES
        ),
    )


def archive_incomplete(lacking: Unfiled) -> Refusal | None:
    """What keeps a release from being closed (DRG-P13)."""
    if not lacking.codes:
        return None
    return Refusal(
        code=RefusalCode.ARCHIVE_INCOMPLETE,
        rule_id="DRG-P13",
        detail={"dossier": lacking.dossier_no, "items": ", ".join(lacking.codes)},
    )


def sealed(dossier: Dossier, *, closed_on: date, starts: Sequence[date]) -> Dossier:
    """The dossier closed after its last release; retention runs from the latest end (4.8).

    starts: when the loan was settled, its releases and its litigation were closed, and the last
    money came in. closed_on: today, which may be later than all of them.
    """
    return replace(
        dossier,
        status=DossierStatus.CLOSED,
        closed_on=closed_on,
        retention_start=max(starts),
    )


def unsealed(dossier: Dossier) -> Dossier:
    """A closed dossier whose loan owes again (4.9): it is not finished, and nothing runs yet."""
    status = DossierStatus.OPEN if dossier.filed_on is None else DossierStatus.FILED
    return replace(dossier, status=status, closed_on=None, retention_start=None)


def kept_longer(dossier: Dossier, ended_on: date) -> Dossier:
    """A closed dossier once something more about it has ended; never kept for less (ARC-26)."""
    start = dossier.retention_start
    return replace(dossier, retention_start=ended_on if start is None else max(start, ended_on))


def _item(
    code: DocType, stage: ItemStage, loan: Loan, *, policy: Policy, calendar: WorkCalendar
) -> DossierItem:
    conditional = stage is ItemStage.CONDITIONAL
    return DossierItem(
        code=code,
        stage=stage,
        required=not conditional,
        due=_due(code, stage, loan, policy=policy, calendar=calendar),
        status=ItemStatus.NOT_APPLICABLE if conditional else ItemStatus.MISSING,
    )


def _due(
    code: DocType, stage: ItemStage, loan: Loan, *, policy: Policy, calendar: WorkCalendar
) -> date | None:
    if loan.disbursed_on is None:
        return None
    if stage is ItemStage.AT_DISBURSEMENT:
        return calendar.wd(loan.disbursed_on, policy.number("archive.due.AT_DISBURSEMENT"))
    if code is DocType.USE_PROOF:
        return nd(loan.disbursed_on, policy.number("archive.use_proof_nd"))
    return None
