"""Deregistration cases (押品注销、解押): their states, approvals and deadlines.

Source: domain 4.1, 4.2, 4.5, 4.7, DRG-R01 to R04.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from domain.collaterals import PledgeState
from domain.custody import Evidence
from domain.dossiers import DocType
from domain.orgs import OrgLevel, is_above
from domain.roles import Role


class DeregKind(StrEnum):
    """Why the lien goes (解押类型)."""

    FULL_SETTLEMENT = "FULL_SETTLEMENT"
    PARTIAL_RELEASE = "PARTIAL_RELEASE"
    SUBSTITUTION = "SUBSTITUTION"
    COURT_ORDERED = "COURT_ORDERED"
    ENFORCED = "ENFORCED"
    WAIVER = "WAIVER"
    CLAIM_TRANSFER = "CLAIM_TRANSFER"
    NEVER_DISBURSED = "NEVER_DISBURSED"
    PRE_NOTICE_CANCEL = "PRE_NOTICE_CANCEL"
    EXTINGUISHED = "EXTINGUISHED"


class HandlingMode(StrEnum):
    """Who goes to the registry (办理方式)."""

    BANK = "BANK"
    OWNER = "OWNER"
    ONLINE = "ONLINE"


class CaseState(StrEnum):
    """State of a deregistration case (注销业务状态)."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    PRECHECKED = "PRECHECKED"
    BLOCKED = "BLOCKED"
    APPROVED = "APPROVED"
    REJECTED_INTERNAL = "REJECTED_INTERNAL"
    CANCELLED = "CANCELLED"
    VAULT_OUT = "VAULT_OUT"
    SUSPENDED = "SUSPENDED"  # one of its papers was lost on the way (4.9)
    FILED = "FILED"
    NEED_MORE_MATERIAL = "NEED_MORE_MATERIAL"
    WITHDRAWN = "WITHDRAWN"
    REGISTRY_REJECTED = "REGISTRY_REJECTED"
    REGISTRY_DONE = "REGISTRY_DONE"
    RETURNED = "RETURNED"
    CLOSED = "CLOSED"
    CLOSED_FAILED = "CLOSED_FAILED"


CLOSED_STATES = frozenset(
    {
        CaseState.REJECTED_INTERNAL,
        CaseState.CANCELLED,
        CaseState.CLOSED,
        CaseState.CLOSED_FAILED,
    }
)
OPEN_STATES = frozenset(CaseState) - CLOSED_STATES
IRREVERSIBLE_STATES = frozenset({CaseState.REGISTRY_DONE, CaseState.CLOSED})
# Before the entry and with nothing filed that still waits: papers may go back to the vault (X15).
RETURNING_STATES = frozenset(
    {
        CaseState.VAULT_OUT,
        CaseState.BLOCKED,
        CaseState.WITHDRAWN,
        CaseState.REGISTRY_REJECTED,
    }
)


class CaseStep(StrEnum):
    """What is done to a case (业务动作)."""

    OPEN = "OPEN"
    SUBMIT = "SUBMIT"
    BLOCK = "BLOCK"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    CANCEL = "CANCEL"
    VAULT_OUT = "VAULT_OUT"
    FILE = "FILE"
    NEED_MORE_MATERIAL = "NEED_MORE_MATERIAL"
    WITHDRAW = "WITHDRAW"
    REGISTRY_REJECT = "REGISTRY_REJECT"
    REGISTRY_DONE = "REGISTRY_DONE"
    RETURN = "RETURN"
    CLOSE = "CLOSE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    REVERSE = "REVERSE"  # the settlement it rests on was undone, too late to block it
    REASSIGN = "REASSIGN"  # another handler
    CHANGE_APPLICANTS = "CHANGE_APPLICANTS"  # such as the heirs of an owner who has died


MAX_NOTICES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who asks for the release (申请人): party numbers of the owners, and of an agent if any.

    represented: owners for whom the agent applies, by a power of attorney (授权委托).
    """

    owners: tuple[str, ...] = ()
    agent: str | None = None
    represented: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDocument:
    """A document of a case, pinned to one file version."""

    code: DocType
    file_version_id: str
    sha256: str
    attached_by: str
    attached_at: datetime
    party: str | None = None  # whose consent it is; documents of the case itself have none


class ApprovalDecision(StrEnum):
    """What an approver decided (审批意见)."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStep:
    """One required approval: which role, at which level of the bank, if that matters (审批环节)."""

    role: Role
    level: OrgLevel | None = None
    or_above: bool = False

    def __str__(self) -> str:
        if self.level is None:
            return self.role
        return f"{self.role} at {self.level}" + (" or above" if self.or_above else "")

    def is_met_by(self, role: Role, level: OrgLevel) -> bool:
        """Whether an approval in that role and at that level is this one."""
        above = self.or_above and self.level is not None and is_above(level, self.level)
        return role is self.role and (above or self.level in {None, level})


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One approver's decision (审批记录)."""

    role: Role
    level: OrgLevel
    login: str
    decision: ApprovalDecision
    at: datetime
    note: str | None = None
    valid_until: date | None = None  # once the registry has sent the application back


class RegistryStatus(StrEnum):
    """What the registry says of the application (登记机构状态)."""

    PENDING = "PENDING"
    NEED_MORE_MATERIAL = "NEED_MORE_MATERIAL"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"  # the application was withdrawn (已撤回)
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryNotice:
    """One status the registry reported, by its own time."""

    status: RegistryStatus
    at: datetime
    note: str | None = None
    acceptance_no: str | None = None
    filing: int = 0  # of which filing of the case, counted from one
    by_bank: bool = False  # the bank's own filing, which the registry did not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The application at the registry (登记机构办理)."""

    authority: str | None = None
    acceptance_no: str | None = None
    keys: tuple[str, ...] = ()  # authority and number of every application, the newest last
    filed_at: datetime | None = None
    filings: int = 0  # how often it was filed, again after more material or a rejection
    status: RegistryStatus | None = None
    history: tuple[RegistryNotice, ...] = ()  # in the registry's own order of time
    done_at: datetime | None = None
    result: Evidence | None = None  # none after DONE: done but undocumented
    rejected_with: tuple[str, ...] = ()  # file versions that the last rejection had seen


class DeadlineStep(StrEnum):
    """What is due by a deadline of a release (时限环节)."""

    OWNER_NOTICE = "OWNER_NOTICE"  # of a settled loan, before there is a case
    SETTLEMENT_PROOF = "SETTLEMENT_PROOF"  # of a loan
    DECISION = "DECISION"
    VAULT_OUT = "VAULT_OUT"
    FILE = "FILE"
    REGISTRY_COMMITMENT = "REGISTRY_COMMITMENT"
    REGISTRY = "REGISTRY"
    VAULT_BACK = "VAULT_BACK"
    RETURN = "RETURN"
    OWNER_PROOF = "OWNER_PROOF"
    CLOSE = "CLOSE"
    TOTAL = "TOTAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """When each step of a case is due (时限). Source: 4.7."""

    decision_due: date | None = None
    vault_out_due: date | None = None
    file_due: date | None = None
    registry_committed_due: date | None = None  # what this registry promises
    registry_due: date | None = None  # what the law gives it
    vault_back_due: date | None = None
    return_due: date | None = None
    owner_proof_due: date | None = None
    close_due: date | None = None
    total_due: date | None = None
    next_step: DeadlineStep | None = None
    next_due: date | None = None
    sort_due: date = date.max  # as `next_due`, and after every date where nothing is due
    owed_since: date | None = None  # from when the owner may have his papers back
    free_until: date | None = None  # the last day that costs no compensation


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One step of a case as it happened (办理轨迹)."""

    at: datetime
    step: CaseStep
    by: str
    state: CaseState
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPlace:
    """Where a loan lies that an evaluation may name: not everybody may hear of it (INV-09)."""

    loan_no: str
    org_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecheckRun:
    """One evaluation of the preconditions, kept with what it saw (DRG-R02)."""

    at: datetime
    stage: str
    ready: bool
    policy_version: str
    results: tuple[Mapping[str, object], ...]
    places: tuple[LoanPlace, ...] = ()  # of the loans that lie elsewhere than the collateral


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOffer:
    """A new certificate that the handler brings in the place of an old one (换证), DRG-L08."""

    certificate_id: str
    desk: str
    evidence: Evidence
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregistrationCase:
    """A deregistration case (注销业务): one collateral's way out of the bank's hands."""

    id: str
    no: str
    collateral_id: str
    collateral_no: str
    kind: DeregKind
    handling_mode: HandlingMode
    contracts_named: bool = False  # the applicant named contracts; otherwise all of them
    guarantee_contract_nos: tuple[str, ...] = ()
    loan_nos: tuple[str, ...] = ()
    certificate_ids: tuple[str, ...] = ()
    applicant: Applicant = field(default_factory=Applicant)
    new_collateral_nos: tuple[str, ...] = ()  # what replaces the collateral (置换)
    affected_mortgagees: tuple[str, ...] = ()  # whom a change of rank or amount burdens (409)
    override_seizure: bool = False
    opened_by: str
    handler: str | None = None
    county: bool = False
    documents: tuple[CaseDocument, ...] = ()
    precheck_runs: tuple[PrecheckRun, ...] = ()
    approvals: tuple[Approval, ...] = ()
    settlement_proof_nos: tuple[str, ...] = ()
    registry: Registry = field(default_factory=Registry)
    previous_pledge_state: PledgeState
    deadlines: Deadlines = field(default_factory=Deadlines)
    compensation_per_day: int | None = None  # fen, as in force when the papers became owed
    escalate_on: date | None = None  # when somebody has to hear of a deadline next
    timeline: tuple[TimelineEntry, ...] = ()
    state: CaseState = CaseState.DRAFT
    suspended_from: CaseState | None = None  # where it goes on once the reissue is in
    reversed_loans: tuple[str, ...] = ()  # settlements undone after the filing
    exchange: ExchangeOffer | None = None
    by_delivery: bool = False  # its papers were the pledge; they go back, nothing is entered
    without_paper: bool = False  # nothing is left in a vault that would have to come out first
    proof_pending: bool = False  # papers are with the owner, no search shows the cancellation
    proof_chased_on: date | None = None  # when the signal about that was raised
    returned_on: date | None = None
    closed_on: date | None = None
    post_close_incident: str | None = None
    org_code: str
    org_path: str
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the case still holds its collateral."""
        return self.state in OPEN_STATES

    def document(self, code: DocType) -> CaseDocument | None:
        """The attached document of that code; the newest where it was replaced."""
        found = [document for document in self.documents if document.code is code]
        return found[-1] if found else None

    def consent(self, code: DocType, party: str) -> CaseDocument | None:
        """That party's consent of that kind; the newest where it was replaced."""
        found = [d for d in self.documents if d.code is code and d.party == party]
        return found[-1] if found else None

    @property
    def applicants(self) -> frozenset[str]:
        """Who brought the case: opened it, said who applies, or submitted it."""
        steps = {CaseStep.SUBMIT, CaseStep.CHANGE_APPLICANTS}
        return frozenset({self.opened_by, *(e.by for e in self.timeline if e.step in steps)})

    def parts(self) -> dict[str, str]:
        """Who already plays which part; none of them may be one of the two keepers (CUS-04b)."""
        parts = {approval.login: "approver" for approval in self.approvals}
        parts |= dict.fromkeys(self.applicants, "applicant")
        if self.handler is not None:
            parts[self.handler] = "deregistration handler"
        return parts
