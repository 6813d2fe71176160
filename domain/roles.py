"""Roles (岗位角色), and what each may do how far from its organisation.

Source: domain chapter 9.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person may do (岗位); held at an organisation, for a time."""

    RELATIONSHIP_MANAGER = "RELATIONSHIP_MANAGER"
    CERT_HANDLER = "CERT_HANDLER"
    MORTGAGE_REGISTRAR = "MORTGAGE_REGISTRAR"
    VAULT_KEEPER = "VAULT_KEEPER"
    VAULT_SUPERVISOR = "VAULT_SUPERVISOR"
    ARCHIVIST = "ARCHIVIST"
    ARCHIVE_SUPERVISOR = "ARCHIVE_SUPERVISOR"
    BATCH_SUPERVISOR = "BATCH_SUPERVISOR"
    COLLECTOR = "COLLECTOR"
    FIELD_OFFICER = "FIELD_OFFICER"
    MARKETING_SUPERVISOR = "MARKETING_SUPERVISOR"
    VICE_PRESIDENT = "VICE_PRESIDENT"
    PRESIDENT = "PRESIDENT"
    RISK_MANAGER = "RISK_MANAGER"
    LEGAL_OFFICER = "LEGAL_OFFICER"
    APPROVER = "APPROVER"
    POST_LOAN_OFFICER = "POST_LOAN_OFFICER"
    HQ_PARAMETER = "HQ_PARAMETER"
    AUDITOR = "AUDITOR"
    INTEGRATION = "INTEGRATION"
    SYSTEM = "SYSTEM"
    CORE_FEED = "CORE_FEED"


SYSTEM = "SYSTEM"  # login of whoever acts where the clock or the server itself does
# Who takes papers to the registry (权证办理岗、抵押登记岗); who sees to them from the customer on.
HANDLERS = (Role.CERT_HANDLER, Role.MORTGAGE_REGISTRAR)
PROCESSING = (Role.RELATIONSHIP_MANAGER, *HANDLERS)


class Reach(StrEnum):
    """How far from the organisation of a role an operation extends."""

    OWN = "OWN"  # the organisation and what lies below it
    JURISDICTION = "JURISDICTION"  # 辖内
    ALL = "ALL"


class Operation(StrEnum):
    """What domain §9 grants, one row each."""

    READ = "READ"
    SEE_AMOUNTS = "SEE_AMOUNTS"
    SEE_PERSONS = "SEE_PERSONS"
    PROCESS_CERTIFICATE = "PROCESS_CERTIFICATE"
    HAND_OVER = "HAND_OVER"
    PRINT_LABELS = "PRINT_LABELS"
    MOVE_VAULT = "MOVE_VAULT"
    REVIEW_ELECTRONIC = "REVIEW_ELECTRONIC"
    SUBMIT_CASE = "SUBMIT_CASE"
    APPROVE_CASE = "APPROVE_CASE"
    FILE_WITH_REGISTRY = "FILE_WITH_REGISTRY"
    NOTIFY_BY_REGISTRY = "NOTIFY_BY_REGISTRY"
    REASSIGN_HANDLER = "REASSIGN_HANDLER"
    REQUEST_CHECK_OUT = "REQUEST_CHECK_OUT"
    APPROVE_CHECK_OUT = "APPROVE_CHECK_OUT"
    COUNT_VAULT = "COUNT_VAULT"
    MANAGE_VAULT = "MANAGE_VAULT"
    SETTLE_POSTING = "SETTLE_POSTING"
    APPROVE_BACKDATE = "APPROVE_BACKDATE"
    CONFIRM_LOSS = "CONFIRM_LOSS"
    REISSUE = "REISSUE"
    APPROVE_TRANSFER = "APPROVE_TRANSFER"
    APPROVE_OWNER_RETURN = "APPROVE_OWNER_RETURN"
    SUPERVISE_PROCESSING = "SUPERVISE_PROCESSING"
    ACKNOWLEDGE_ALERT = "ACKNOWLEDGE_ALERT"
    RECORD_VALUATION = "RECORD_VALUATION"
    APPROVE_VALUATION = "APPROVE_VALUATION"
    APPROVE_SUPPLEMENT = "APPROVE_SUPPLEMENT"
    UPLOAD_FILE = "UPLOAD_FILE"
    ACCEPT_FILE = "ACCEPT_FILE"
    DOWNLOAD_FILE = "DOWNLOAD_FILE"
    READ_ACCESS_LOG = "READ_ACCESS_LOG"
    IMPORT = "IMPORT"


_R = Role
_OWN, _J, _ALL = Reach.OWN, Reach.JURISDICTION, Reach.ALL
READERS: Mapping[Role, Reach] = MappingProxyType(
    {
        _R.RELATIONSHIP_MANAGER: _OWN,
        _R.CERT_HANDLER: _J,
        _R.MORTGAGE_REGISTRAR: _J,
        _R.VAULT_KEEPER: _J,
        _R.VAULT_SUPERVISOR: _J,
        _R.ARCHIVIST: _J,
        _R.ARCHIVE_SUPERVISOR: _J,
        _R.BATCH_SUPERVISOR: _J,
        _R.COLLECTOR: _J,
        _R.POST_LOAN_OFFICER: _J,
        _R.FIELD_OFFICER: _OWN,
        _R.MARKETING_SUPERVISOR: _OWN,
        _R.VICE_PRESIDENT: _OWN,
        _R.PRESIDENT: _OWN,
        _R.RISK_MANAGER: _J,
        _R.LEGAL_OFFICER: _J,
        _R.APPROVER: _J,
        _R.HQ_PARAMETER: _ALL,
        _R.AUDITOR: _J,
        _R.INTEGRATION: _OWN,
        _R.SYSTEM: _ALL,
    }
)
PERMISSIONS: Mapping[Operation, Mapping[Role, Reach]] = MappingProxyType(
    {
        Operation.READ: READERS,
        # A keeper sees where the paper is, never what it secures (库管员不看金额).
        Operation.SEE_AMOUNTS: {
            role: reach for role, reach in READERS.items() if role is not Role.VAULT_KEEPER
        },
        Operation.SEE_PERSONS: {
            _R.BATCH_SUPERVISOR: _J,
            _R.MARKETING_SUPERVISOR: _OWN,
            _R.VICE_PRESIDENT: _OWN,
            _R.PRESIDENT: _OWN,
        },
        Operation.PROCESS_CERTIFICATE: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
        },
        Operation.HAND_OVER: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.VAULT_KEEPER: _J,
            _R.VAULT_SUPERVISOR: _J,
            _R.ARCHIVIST: _J,
            _R.ARCHIVE_SUPERVISOR: _J,
        },
        # Whoever keeps or collects paper labels it; a label says where it lies.
        Operation.PRINT_LABELS: {
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.VAULT_KEEPER: _J,
            _R.VAULT_SUPERVISOR: _J,
            _R.ARCHIVIST: _J,
            _R.ARCHIVE_SUPERVISOR: _J,
        },
        Operation.MOVE_VAULT: {_R.VAULT_KEEPER: _J},
        Operation.REVIEW_ELECTRONIC: {
            _R.CERT_HANDLER: _J,
            _R.ARCHIVIST: _J,
            _R.ARCHIVE_SUPERVISOR: _J,
            _R.VAULT_SUPERVISOR: _J,
        },
        Operation.SUBMIT_CASE: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.LEGAL_OFFICER: _J,
        },
        Operation.APPROVE_CASE: {
            _R.APPROVER: _J,
            _R.RISK_MANAGER: _J,
            _R.LEGAL_OFFICER: _J,
        },
        Operation.FILE_WITH_REGISTRY: {_R.CERT_HANDLER: _J, _R.MORTGAGE_REGISTRAR: _J},
        # A registry's own system calls back, for online cancellations alone.
        Operation.NOTIFY_BY_REGISTRY: {_R.INTEGRATION: _OWN},
        # The handler himself; for one who is absent, the supervisor or the centre's head (4.9).
        Operation.REASSIGN_HANDLER: {
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.VAULT_SUPERVISOR: _J,
            _R.APPROVER: _J,
        },
        Operation.REQUEST_CHECK_OUT: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.LEGAL_OFFICER: _J,
        },
        # Who of them may decide a request is the purpose's matter (3.6).
        Operation.APPROVE_CHECK_OUT: {
            _R.VAULT_SUPERVISOR: _J,
            _R.LEGAL_OFFICER: _J,
            _R.APPROVER: _J,
        },
        # A count takes keepers for their own, supervisors, the branch and auditors (CUS-18).
        Operation.COUNT_VAULT: {
            _R.VAULT_KEEPER: _J,
            _R.VAULT_SUPERVISOR: _J,
            _R.APPROVER: _J,
            _R.AUDITOR: _J,
        },
        Operation.MANAGE_VAULT: {_R.VAULT_SUPERVISOR: _J},
        # What the core's book refused and what is dated back is the supervisor's matter.
        Operation.SETTLE_POSTING: {_R.VAULT_SUPERVISOR: _J},
        Operation.APPROVE_BACKDATE: {_R.VAULT_SUPERVISOR: _J},
        Operation.CONFIRM_LOSS: {_R.APPROVER: _J},
        Operation.REISSUE: {_R.CERT_HANDLER: _J, _R.MORTGAGE_REGISTRAR: _J},
        Operation.APPROVE_TRANSFER: {_R.APPROVER: _J},
        Operation.APPROVE_OWNER_RETURN: {_R.APPROVER: _J},
        Operation.SUPERVISE_PROCESSING: {
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.VAULT_SUPERVISOR: _J,
            _R.BATCH_SUPERVISOR: _J,
            _R.APPROVER: _J,
            _R.AUDITOR: _J,
        },
        # Whom of them an alert is meant for is the alert's matter.
        Operation.ACKNOWLEDGE_ALERT: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.VAULT_KEEPER: _J,
            _R.VAULT_SUPERVISOR: _J,
            _R.BATCH_SUPERVISOR: _J,
            _R.RISK_MANAGER: _J,
            _R.LEGAL_OFFICER: _J,
            _R.APPROVER: _J,
        },
        # Supervising what collateral is worth is not delegated to counties (3.2).
        Operation.RECORD_VALUATION: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.BATCH_SUPERVISOR: _J,
            _R.LEGAL_OFFICER: _J,
        },
        Operation.APPROVE_VALUATION: {_R.RISK_MANAGER: _J},
        Operation.APPROVE_SUPPLEMENT: {_R.APPROVER: _J},
        Operation.UPLOAD_FILE: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.ARCHIVIST: _J,
            _R.ARCHIVE_SUPERVISOR: _J,
            _R.BATCH_SUPERVISOR: _J,
            _R.COLLECTOR: _J,
            _R.FIELD_OFFICER: _OWN,
            _R.MARKETING_SUPERVISOR: _OWN,
            _R.RISK_MANAGER: _J,
            _R.LEGAL_OFFICER: _J,
            _R.INTEGRATION: _OWN,
        },
        Operation.ACCEPT_FILE: {_R.ARCHIVIST: _J, _R.ARCHIVE_SUPERVISOR: _J},
        Operation.DOWNLOAD_FILE: {
            _R.RELATIONSHIP_MANAGER: _OWN,
            _R.CERT_HANDLER: _J,
            _R.MORTGAGE_REGISTRAR: _J,
            _R.ARCHIVIST: _J,
            _R.ARCHIVE_SUPERVISOR: _J,
            _R.BATCH_SUPERVISOR: _J,
            _R.COLLECTOR: _J,
            _R.FIELD_OFFICER: _OWN,
            _R.MARKETING_SUPERVISOR: _OWN,
            _R.VICE_PRESIDENT: _OWN,
            _R.PRESIDENT: _OWN,
            _R.RISK_MANAGER: _J,
            _R.LEGAL_OFFICER: _J,
            _R.APPROVER: _J,
            _R.AUDITOR: _J,
            _R.INTEGRATION: _OWN,
        },
        Operation.READ_ACCESS_LOG: {_R.AUDITOR: _J},
        Operation.IMPORT: {_R.CORE_FEED: _ALL},
    }
)
