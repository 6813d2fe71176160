"""The root of the schema: every area's queries and mutations, added up."""

import strawberry
from strawberry.tools import merge_types

from resolvers import case_papers, custody, deregistration, files, handovers, registry, vaulting
from resolvers.events import EventQueries, Subscription
from resolvers.labels import LabelQueries
from resolvers.lists import ListQueries
from resolvers.queries import QuestionQueries, RecordQueries
from schema.certificates import (
    CustodyEvent,
    Handover,
    Proposal,
    SealedPacket,
    Slot,
    TitleCertificate,
    Vault,
)
from schema.collaterals import Collateral, GuaranteeContract, Valuation
from schema.deregistration import DeregistrationCase, SettlementProof
from schema.dossiers import ArchiveFile, Dossier, FileVersion
from schema.loans import CreditContract, Customer, Loan, Partner
from schema.organisations import Org, User
from schema.receipts import Receipt
from schema.watch import Incident, LegalCase, LegalHold, RiskSignal

NODES = [
    ArchiveFile,
    Collateral,
    CreditContract,
    CustodyEvent,
    Customer,
    DeregistrationCase,
    Dossier,
    FileVersion,
    GuaranteeContract,
    Handover,
    Incident,
    LegalCase,
    LegalHold,
    Loan,
    Org,
    Partner,
    Proposal,
    Receipt,
    RiskSignal,
    SealedPacket,
    SettlementProof,
    Slot,
    TitleCertificate,
    User,
    Valuation,
    Vault,
]

__all__ = ["NODES", "Mutation", "Query", "Subscription"]

Query = merge_types(
    "Query", (RecordQueries, QuestionQueries, ListQueries, EventQueries, LabelQueries)
)


@strawberry.type(description="Everything that changes something. Each is one transaction.")
class Mutation:
    """Every mutation; each was made by the one wrapper in `resolvers/mutation.py`."""

    certificate_register_expected = custody.certificate_register_expected
    certificate_collect = custody.certificate_collect
    certificate_file_electronic_propose = custody.certificate_file_electronic_propose
    certificate_file_electronic_confirm = custody.certificate_file_electronic_confirm
    certificate_cancel_electronic = custody.certificate_cancel_electronic
    handover_initiate = handovers.handover_initiate
    handover_accept_item = handovers.handover_accept_item
    handover_reject_item = handovers.handover_reject_item
    handover_recall = handovers.handover_recall
    certificate_vault_in_propose = vaulting.certificate_vault_in_propose
    certificate_vault_in_confirm = vaulting.certificate_vault_in_confirm
    packet_relocate_propose = vaulting.packet_relocate_propose
    packet_relocate_confirm = vaulting.packet_relocate_confirm
    proposal_withdraw = vaulting.proposal_withdraw
    deregistration_case_open = deregistration.deregistration_case_open
    deregistration_case_attach_document = deregistration.deregistration_case_attach_document
    deregistration_case_submit = deregistration.deregistration_case_submit
    deregistration_case_decide = deregistration.deregistration_case_decide
    deregistration_case_cancel = deregistration.deregistration_case_cancel
    deregistration_case_vault_out_propose = case_papers.deregistration_case_vault_out_propose
    deregistration_case_vault_out_confirm = case_papers.deregistration_case_vault_out_confirm
    deregistration_case_file = registry.deregistration_case_file
    deregistration_case_record_registry = registry.deregistration_case_record_registry
    deregistration_case_surrender = case_papers.deregistration_case_surrender
    deregistration_case_return_to_owner = case_papers.deregistration_case_return_to_owner
    deregistration_case_close = registry.deregistration_case_close
    file_request_upload = files.file_request_upload
    file_complete_upload = files.file_complete_upload
    file_accept = files.file_accept
    file_reject = files.file_reject
    file_request_download = files.file_request_download
