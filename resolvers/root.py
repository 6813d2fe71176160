"""The root of the schema: every area's queries and mutations, added up."""

import strawberry
from strawberry.tools import merge_types

from resolvers import (
    alerts,
    backdating,
    case_exchanges,
    case_opening,
    case_papers,
    case_vault_out,
    checkout_papers,
    checkout_returns,
    checkouts,
    claim_transfers,
    closing,
    custody,
    deregistration,
    differences,
    dispatches,
    downloads,
    expectations,
    file_decisions,
    files,
    handovers,
    losses,
    owner_returns,
    postings,
    pre_notices,
    proof_requests,
    proposals,
    reassignment,
    redemption,
    registry,
    reinstatement,
    reissues,
    relocations,
    reminders,
    reseals,
    settlement_proofs,
    stocktakes,
    supplements,
    valuations,
    vault_keeping,
    vaulting,
)
from resolvers.book_lists import BookQueries
from resolvers.events import EventQueries, Subscription
from resolvers.evidence import EvidenceQueries
from resolvers.labels import LabelQueries
from resolvers.lists import ListQueries
from resolvers.movements import MovementQueries
from resolvers.queries import RecordQueries
from resolvers.questions import QuestionQueries
from resolvers.release_board import BoardQueries
from resolvers.settlement_proofs import ProofQueries
from resolvers.supervision import SupervisionQueries
from resolvers.vault_lists import VaultQueries
from schema.alerts import Alert
from schema.book import Posting, Reconciliation
from schema.certificates import (
    CustodyEvent,
    Handover,
    Proposal,
    SealedPacket,
    Slot,
    TitleCertificate,
    Vault,
)
from schema.checkouts import CheckOut
from schema.collaterals import Collateral, GuaranteeContract, Valuation
from schema.deregistration import DeregistrationCase, SettlementProof
from schema.dispatches import Dispatch
from schema.dossiers import ArchiveFile, Dossier, FileVersion
from schema.leaving import ClaimTransfer, Redemption
from schema.loans import CreditContract, Customer, Loan, Partner
from schema.organisations import Org, User
from schema.owner_returns import OwnerReturn
from schema.receipts import Receipt
from schema.stocktakes import Stocktake
from schema.vault_keeping import KeeperChange
from schema.watch import Incident, LegalCase, LegalHold, RiskSignal

NODES = [
    Alert,
    ArchiveFile,
    CheckOut,
    ClaimTransfer,
    Collateral,
    CreditContract,
    CustodyEvent,
    Customer,
    DeregistrationCase,
    Dispatch,
    Dossier,
    FileVersion,
    GuaranteeContract,
    Handover,
    Incident,
    KeeperChange,
    LegalCase,
    LegalHold,
    Loan,
    Org,
    OwnerReturn,
    Partner,
    Posting,
    Proposal,
    Receipt,
    Reconciliation,
    Redemption,
    RiskSignal,
    SealedPacket,
    SettlementProof,
    Slot,
    Stocktake,
    TitleCertificate,
    User,
    Valuation,
    Vault,
]

__all__ = ["NODES", "Mutation", "Query", "Subscription"]

Query = merge_types(
    "Query",
    (
        RecordQueries,
        QuestionQueries,
        ListQueries,
        MovementQueries,
        SupervisionQueries,
        BoardQueries,
        VaultQueries,
        BookQueries,
        EventQueries,
        LabelQueries,
        ProofQueries,
        EvidenceQueries,
    ),
)


@strawberry.type(description="Everything that changes something. Each is one transaction.")
class Mutation:
    """Every mutation; each was made by the one wrapper in `resolvers/mutation.py`."""

    certificate_register_expected = custody.certificate_register_expected
    certificate_collect = custody.certificate_collect
    certificate_file_electronic_propose = custody.certificate_file_electronic_propose
    certificate_file_electronic_confirm = custody.certificate_file_electronic_confirm
    certificate_void_expected = expectations.certificate_void_expected
    certificate_cancel_electronic = custody.certificate_cancel_electronic
    certificate_mark_convertible = pre_notices.certificate_mark_convertible
    certificate_file_conversion = pre_notices.certificate_file_conversion
    certificate_withdraw_conversion = pre_notices.certificate_withdraw_conversion
    certificate_reinstate_propose = reinstatement.certificate_reinstate_propose
    certificate_reinstate_confirm = reinstatement.certificate_reinstate_confirm
    certificate_record_expiry = reminders.certificate_record_expiry
    handover_initiate = handovers.handover_initiate
    handover_accept_item = handovers.handover_accept_item
    handover_reject_item = handovers.handover_reject_item
    handover_recall = handovers.handover_recall
    certificate_vault_in_propose = vaulting.certificate_vault_in_propose
    certificate_vault_in_confirm = vaulting.certificate_vault_in_confirm
    packet_relocate_propose = relocations.packet_relocate_propose
    packet_relocate_confirm = relocations.packet_relocate_confirm
    proposal_withdraw = proposals.proposal_withdraw
    proposal_approve_backdate = backdating.proposal_approve_backdate
    check_out_request = checkouts.check_out_request
    check_out_decide = checkouts.check_out_decide
    check_out_cancel = checkouts.check_out_cancel
    check_out_sign = checkout_papers.check_out_sign
    check_out_vault_out_propose = checkout_papers.check_out_vault_out_propose
    check_out_vault_out_confirm = checkout_papers.check_out_vault_out_confirm
    check_out_renew = checkouts.check_out_renew
    check_out_decide_renewal = checkouts.check_out_decide_renewal
    check_out_return = checkout_returns.check_out_return
    check_out_receive = checkout_returns.check_out_receive
    check_out_receive_exchanged = checkout_returns.check_out_receive_exchanged
    packet_reseal_propose = reseals.packet_reseal_propose
    packet_reseal_confirm = reseals.packet_reseal_confirm
    stocktake_open = stocktakes.stocktake_open
    stocktake_count = stocktakes.stocktake_count
    stocktake_finalise = stocktakes.stocktake_finalise
    stocktake_cancel = stocktakes.stocktake_cancel
    stocktake_resolve_difference = differences.stocktake_resolve_difference
    stocktake_mark_missing = differences.stocktake_mark_missing
    incident_report = losses.incident_report
    certificate_found_propose = losses.certificate_found_propose
    certificate_found_confirm = losses.certificate_found_confirm
    certificate_confirm_lost = losses.certificate_confirm_lost
    certificate_reissue = reissues.certificate_reissue
    packet_dispatch_propose = dispatches.packet_dispatch_propose
    packet_dispatch_confirm = dispatches.packet_dispatch_confirm
    dispatch_receive_propose = dispatches.dispatch_receive_propose
    dispatch_receive_confirm = dispatches.dispatch_receive_confirm
    certificate_redeem_propose = redemption.certificate_redeem_propose
    certificate_redeem_confirm = redemption.certificate_redeem_confirm
    claim_transfer_approve = claim_transfers.claim_transfer_approve
    claim_transfer_withdraw = claim_transfers.claim_transfer_withdraw
    claim_transfer_vault_out_propose = claim_transfers.claim_transfer_vault_out_propose
    claim_transfer_vault_out_confirm = claim_transfers.claim_transfer_vault_out_confirm
    owner_return_approve = owner_returns.owner_return_approve
    owner_return_withdraw = owner_returns.owner_return_withdraw
    owner_return_vault_out_propose = owner_returns.owner_return_vault_out_propose
    owner_return_vault_out_confirm = owner_returns.owner_return_vault_out_confirm
    vault_appoint_substitute = vault_keeping.vault_appoint_substitute
    vault_end_substitution = vault_keeping.vault_end_substitution
    vault_keeper_change_open = vault_keeping.vault_keeper_change_open
    vault_keeper_change_sign = vault_keeping.vault_keeper_change_sign
    vault_keeper_change_complete = vault_keeping.vault_keeper_change_complete
    vault_keeper_change_withdraw = vault_keeping.vault_keeper_change_withdraw
    vault_add_slots = vault_keeping.vault_add_slots
    slot_set_capacity = vault_keeping.slot_set_capacity
    slot_close = vault_keeping.slot_close
    deregistration_case_open = case_opening.deregistration_case_open
    deregistration_case_change_applicants = case_opening.deregistration_case_change_applicants
    deregistration_case_attach_document = deregistration.deregistration_case_attach_document
    deregistration_case_submit = deregistration.deregistration_case_submit
    deregistration_case_decide = deregistration.deregistration_case_decide
    deregistration_case_cancel = deregistration.deregistration_case_cancel
    deregistration_case_vault_out_propose = case_vault_out.deregistration_case_vault_out_propose
    deregistration_case_vault_out_confirm = case_vault_out.deregistration_case_vault_out_confirm
    deregistration_case_file = registry.deregistration_case_file
    deregistration_case_record_registry = registry.deregistration_case_record_registry
    deregistration_case_surrender = case_papers.deregistration_case_surrender
    deregistration_case_return_to_owner = case_papers.deregistration_case_return_to_owner
    settlement_proof_request = proof_requests.settlement_proof_request
    settlement_proof_issue = settlement_proofs.settlement_proof_issue
    registry_notify = registry.registry_notify
    deregistration_case_close = closing.deregistration_case_close
    deregistration_case_reassign_handler = reassignment.deregistration_case_reassign_handler
    deregistration_case_offer_exchange = case_exchanges.deregistration_case_offer_exchange
    deregistration_case_receive_exchanged = case_exchanges.deregistration_case_receive_exchanged
    collateral_record_valuation = valuations.collateral_record_valuation
    collateral_approve_valuation = valuations.collateral_approve_valuation
    posting_retry = postings.posting_retry
    posting_reverse = postings.posting_reverse
    alert_acknowledge = alerts.alert_acknowledge
    dossier_approve_supplement = supplements.dossier_approve_supplement
    file_request_upload = files.file_request_upload
    file_complete_upload = files.file_complete_upload
    file_accept = file_decisions.file_accept
    file_reject = file_decisions.file_reject
    file_request_download = downloads.file_request_download
