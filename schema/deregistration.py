"""Deregistration cases, and the answers of their preconditions."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry

from domain.collaterals import PledgeState
from domain.compensation import exposure
from domain.deregistration import (
    ApprovalDecision,
    CaseState,
    CaseStep,
    DeadlineStep,
    DeregKind,
    HandlingMode,
    RegistryStatus,
)
from domain.dossiers import DocType
from domain.orgs import OrgLevel
from domain.preconditions import Remedy
from domain.release import Outcome
from domain.release_board import is_total_late
from domain.release_question import Stage
from domain.roles import Role
from schema.certificates import Evidence, TitleCertificate
from schema.collaterals import Collateral, GuaranteeContract
from schema.dossiers import ArchiveFile
from schema.fields import derived, named, related
from schema.loans import Loan
from schema.nodes import Fact, Node, Refusal
from schema.scalars import Money
from storage.relations import Relation


@strawberry.type(description="One precondition's answer (解押条件).")
class PreconditionResult:
    """A precondition's answer."""

    id: str = named("Rule id: DRG-4.1, DRG-P01 to P13, L01, L04 to L06, 4.6 (LTV), W1, W2.")
    outcome: Outcome = named("Whether it holds.")
    refusals: list[Refusal] = named("What is wrong.")
    fixable_by: list[Remedy] = named("Who can mend what is wrong.")
    facts: list[Fact] = named("What the answer rests on.")


@strawberry.type(description="Every precondition's answer at one moment (预检结果).")
class Evaluation:
    """An evaluation."""

    kind: DeregKind = named("Kind of release it was asked for.")
    stage: Stage = named("When it was asked.")
    on: date = named("Business date.")
    ready: bool = named("Whether nothing stands in the way.")
    policy_version: str = named("The policy in force.")
    results: list[PreconditionResult] = named("Each precondition.")
    refusals: list[Refusal] = named("Everything that stands in the way.")


@strawberry.type(description="Whether a certificate may leave: each of its collateral's answer.")
class ReleaseReadiness:
    """A certificate's readiness."""

    ready: bool = named("Whether it may leave for every collateral it covers.")
    evaluations: list[Evaluation] = named("One for each collateral.")


@strawberry.type(description="Who applies for the release (申请人), by party number.")
class Applicant:
    """An applicant."""

    owners: list[str] = named("Owners who apply.")
    agent: str | None = named("Their agent.")
    represented: list[str] | None = named("Owners for whom the agent applies (被代理人).")


@strawberry.type(description="A document of a case, pinned to one file version.")
class CaseDocument:
    """A case document."""

    code: DocType = named("Document.")
    file_version_id: strawberry.ID = named("File version.")
    sha256: str = named("SHA-256 of its content.")
    party: str | None = named("Party number of who gives this consent.")
    attached_by: str = named("Who attached it.")
    attached_at: datetime = named("When.")


@strawberry.type(description="One approver's decision (审批记录).")
class Approval:
    """An approval."""

    role: Role = named("Role acted in.")
    level: OrgLevel = named("Level acted at.")
    login: str = named("Who.")
    decision: ApprovalDecision = named("Decision.")
    at: datetime = named("When.")
    note: str | None = named("Note.")
    valid_until: date | None = named(
        "Last day on which it counts, once the registry has sent the application back."
    )


@strawberry.type(description="One status the registry reported.")
class RegistryNotice:
    """A registry's notice."""

    status: RegistryStatus = named("Status.")
    at: datetime = named("When, by the registry.")
    note: str | None = named("Note.")
    acceptance_no: str | None = named("Under which acceptance number.")
    by_bank: bool | None = named("Whether it is the bank's own filing.")


@strawberry.type(description="The application at the registry (登记机构办理).")
class Registry:
    """The registry's side."""

    authority: str | None = named("Registry.")
    acceptance_no: str | None = named("Acceptance number (受理号).")
    filed_at: datetime | None = named("When it was filed.")
    status: RegistryStatus | None = named("Latest status.")
    filings: int | None = named("How often it was filed.")
    history: list[RegistryNotice] = named("Every status, by the registry's own time.")
    done_at: datetime | None = named("When it was entered.")
    result: Evidence | None = named("The registry's result; none means done but undocumented.")


@strawberry.type(description="When each step is due (时限).")
class Deadlines:
    """Deadlines."""

    decision_due: date | None = named("Decision.")
    vault_out_due: date | None = named("Vault-out.")
    file_due: date | None = named("Filing with the registry.")
    registry_committed_due: date | None = named(
        "The registry's answer, as it promises (承诺时限); none where it promises nothing."
    )
    registry_due: date | None = named("The registry's answer, as the law demands.")
    vault_back_due: date | None = named("Papers back in the vault after a release was stopped.")
    return_due: date | None = named("Papers to the owner.")
    owner_proof_due: date | None = named("Title search that proves an owner's own cancellation.")
    close_due: date | None = named("Archiving.")
    total_due: date | None = named(
        "The whole release, from the application that is complete; none while it is blocked."
    )
    next_step: DeadlineStep | None = named("What the case waits for.")
    next_due: date | None = named("When that is due; the whole may be due before.")
    owed_since: date | None = named(
        "From when the owner may have his papers back: all was paid, or the right has ended."
    )
    free_until: date | None = named("The last day that costs no compensation (退证时限).")


def _day_of(record: Mapping[str, Any], name: str) -> date | None:
    told = (record.get("deadlines") or {}).get(name)
    return None if told is None else date.fromisoformat(told)


def _days_left(case: Mapping[str, Any], today: date) -> int | None:
    due = _day_of(case, "next_due")
    return None if due is None else (due - today).days


def _is_overdue(case: Mapping[str, Any], today: date) -> bool:
    left = _days_left(case, today)
    late = left is not None and left < 0
    return late or is_total_late(case["state"], _day_of(case, "total_due"), today)


def _exposure(case: Mapping[str, Any], today: date) -> int | None:
    returned = case.get("returned_on")
    return exposure(
        state=case["state"],
        free_until=_day_of(case, "free_until"),
        per_day=case.get("compensation_per_day"),
        returned_on=None if returned is None else date.fromisoformat(returned),
        today=today,
    )


@strawberry.type(description="One step as it happened (办理轨迹).")
class TimelineEntry:
    """A step."""

    at: datetime = named("When.")
    step: CaseStep = named("What was done.")
    by: str = named("Who.")
    state: CaseState = named("State after.")
    note: str | None = named("Note.")


@strawberry.type(description="A kept evaluation with what it saw (DRG-R02).")
class PrecheckRun:
    """A kept evaluation."""

    at: datetime = named("When.")
    stage: Stage = named("Stage.")
    ready: bool = named("Whether nothing stood in the way.")
    policy_version: str = named("The policy in force.")
    results: list[PreconditionResult] = named("Each precondition.")


@strawberry.type(description="A numbered proof that a loan is settled (贷款结清证明).")
class SettlementProof(Node):
    """A settlement proof."""

    prefix: strawberry.Private[str] = "proof"

    no: str = named("Number; a voided one is never used again.")
    loan_no: str = named("Number of the loan.")
    contract_no: str = named("Number of its credit contract.")
    principal_amount: Money | None = named("What was lent.")
    settled_on: date | None = named("When the loan was settled.")
    issued_at: datetime = named("When it was issued.")
    issued_on: date | None = named("Business date of that.")
    issued_by: str = named("Who had it issued.")
    sha256: str = named("SHA-256 of the document; empty in records older than it.")
    voided_at: datetime | None = named("When it was voided.")
    void_reason: str | None = named("Why it was voided.")
    org_code: str = named("Issuing organisation.")
    file: ArchiveFile | None = related(
        Relation(collection="files", local="file_id"), "The document in the loan's dossier."
    )


@strawberry.type(description="A new certificate that the handler brings for an old one (换证).")
class ExchangeOffer:
    """An offered exchange."""

    certificate_id: strawberry.ID = named("The old certificate.")
    desk: str = named("Code of the vault it was brought to.")
    evidence: Evidence = named("The registry's receipt.")
    by: str = named("Who brought it.")
    at: datetime = named("When.")


@strawberry.type(description="A deregistration case (押品注销业务).")
class DeregistrationCase(Node):
    """A deregistration case."""

    prefix: strawberry.Private[str] = "case"

    no: str = named("Number.")
    collateral_no: str = named("Number of the collateral.")
    kind: DeregKind = named("Why the lien goes.")
    handling_mode: HandlingMode = named("Who goes to the registry.")
    guarantee_contract_nos: list[str] = named("Contracts it releases.")
    applicant: Applicant = named("Who applies.")
    new_collateral_nos: list[str] = named("Numbers of what replaces the collateral.")
    affected_mortgagees: list[str] = named("Other mortgagees who have to consent.")
    override_seizure: bool = named("Whether it goes on in spite of a seizure.")
    opened_by: str = named("Login of who opened it.")
    handler: str | None = named("Login of who takes the papers out (解押经办).")
    documents: list[CaseDocument] = named("Documents.")
    precheck_runs: list[PrecheckRun] = named("Evaluations, oldest first.")
    approvals: list[Approval] = named("Approvals.")
    settlement_proof_nos: list[str] = named("Numbers of the settlement proofs.")
    registry: Registry = named("The registry's side.")
    previous_pledge_state: PledgeState = named("What cancelling restores.")
    deadlines: Deadlines = named("When each step is due.")
    days_left: int | None = derived(
        _days_left,
        "Days left for the step it waits for, below zero when late; null where nothing runs.",
        reads=("deadlines",),
    )
    overdue: bool = derived(
        _is_overdue,
        "Whether a step or the whole is late today.",
        reads=("deadlines", "state"),
    )
    compensation_per_day: Money | None = named(
        "What each day after `freeUntil` costs; null for vault keepers."
    )
    exposure: Money | None = derived(
        _exposure,
        "What keeping the papers too long has cost, up to today or the return (退证超期赔偿);"
        " null where no clock runs, and for vault keepers.",
        reads=("deadlines", "state", "compensation_per_day", "returned_on"),
    )
    timeline: list[TimelineEntry] = named("What was done.")
    state: CaseState = named("State.")
    suspended_from: CaseState | None = named("Where a suspended case goes on.")
    exchange: ExchangeOffer | None = named("A new certificate that waits for a keeper.")
    proof_pending: bool = named(
        "Papers are with the owner and no search shows the cancellation (待查册证明)."
    )
    returned_on: date | None = named("When the papers were back.")
    closed_on: date | None = named("When it was closed.")
    post_close_incident: str | None = named("What went wrong after the entry.")
    org_code: str = named("Operating organisation.")
    org_path: str = named("Its path.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    collateral: Collateral | None = related(
        Relation(collection="collaterals", local="collateral_id"), "The collateral."
    )
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="certificate_ids", many=True),
        "Its certificates.",
    )
    loans: list[Loan] = related(
        Relation(
            collection="loans", local="loan_nos", foreign="loan_no", many=True, order="loan_no"
        ),
        "The loans.",
    )
    reversed_loans: list[Loan] = related(
        Relation(
            collection="loans",
            local="reversed_loans",
            foreign="loan_no",
            many=True,
            order="loan_no",
        ),
        "Loans within your reach whose settlement was undone after the filing.",
    )
    guarantee_contracts: list[GuaranteeContract] = related(
        Relation(
            collection="guarantee_contracts",
            local="guarantee_contract_nos",
            foreign="no",
            many=True,
            order="no",
        ),
        "The contracts.",
    )
    settlement_proofs: list[SettlementProof] = related(
        Relation(
            collection="settlement_proofs",
            local="settlement_proof_nos",
            foreign="no",
            many=True,
            order="no",
        ),
        "Settlement proofs.",
    )
