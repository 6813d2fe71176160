"""The preconditions of a release (解押条件), in the order they are told, and who can mend them.

Source: domain 4.3, 4.6.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from domain import loan_to_value, release_object, release_obligations, release_papers
from domain.certificates import CustodyState
from domain.dossiers import DocType
from domain.loans import NEVER_SETTLED
from domain.refusals import Refusal, RefusalCode
from domain.release_question import Question

PRECONDITIONS: tuple[tuple[str, Callable[[Question], Iterator[Refusal]]], ...] = (
    ("DRG-4.1", release_papers.kind_fits),
    ("DRG-P01", release_obligations.settled),
    ("DRG-P02", release_obligations.determined),
    ("DRG-P03", release_obligations.no_other_obligation),
    ("DRG-P04", release_object.not_seized),
    ("DRG-P05", release_object.not_held),
    ("DRG-P06", release_object.papers_in_hand),
    ("DRG-P07", release_object.no_grave_signal),
    ("DRG-P08", release_obligations.claim_is_ours),
    ("DRG-P09", release_obligations.unencumbered),
    ("DRG-P10", release_papers.documents_complete),
    ("DRG-P11", release_papers.applicant_entitled),
    ("DRG-P12", release_obligations.settlement_final),
    ("DRG-P13", release_papers.archive_complete),
    ("DRG-L01", loan_to_value.sound_refusals),
    ("DRG-L04", release_object.replacement_in_custody),
    ("DRG-L05", release_papers.consents_given),
    ("DRG-L06", release_object.house_and_land),
    ("DRG-4.6", loan_to_value.ltv_refusals),
    ("DRG-W1", release_obligations.other_debt),
    ("DRG-W2", release_obligations.limitation),
)


class Remedy(StrEnum):
    """Who can mend what stands in the way (由谁解决)."""

    BORROWER = "BORROWER"
    OWNER = "OWNER"
    GUARANTOR = "GUARANTOR"
    COURT = "COURT"
    PAPER_BORROWER = "PAPER_BORROWER"  # who has a paper checked out
    TIME = "TIME"
    RELATIONSHIP_MANAGER = "RELATIONSHIP_MANAGER"
    CERT_HANDLER = "CERT_HANDLER"
    VAULT_KEEPER = "VAULT_KEEPER"
    ARCHIVIST = "ARCHIVIST"
    RISK_MANAGER = "RISK_MANAGER"
    LEGAL_OFFICER = "LEGAL_OFFICER"
    HEAD_OFFICE = "HEAD_OFFICE"


_C, _R = RefusalCode, Remedy
REMEDIES: Mapping[RefusalCode, Remedy] = MappingProxyType(
    {
        _C.NOT_SETTLED: _R.BORROWER,
        _C.SETTLEMENT_NOT_FINAL: _R.TIME,
        _C.MAXAMOUNT_UNDETERMINED: _R.RELATIONSHIP_MANAGER,
        _C.OTHER_OBLIGATION: _R.BORROWER,
        _C.SEIZED: _R.COURT,
        _C.TITLE_SEARCH_STALE: _R.CERT_HANDLER,
        _C.LEGAL_HOLD: _R.LEGAL_OFFICER,
        _C.LITIGATION_OPEN: _R.LEGAL_OFFICER,
        _C.CERT_NOT_IN_VAULT: _R.VAULT_KEEPER,
        _C.RISK_SIGNAL_OPEN: _R.RISK_MANAGER,
        _C.WRITTEN_OFF_NOT_SETTLED: _R.BORROWER,
        _C.CLAIM_TRANSFERRED: _R.HEAD_OFFICE,
        _C.BANK_ENCUMBERED: _R.HEAD_OFFICE,
        _C.DOC_MISSING: _R.CERT_HANDLER,
        _C.APPLICANT_NOT_ENTITLED: _R.OWNER,
        _C.ARCHIVE_INCOMPLETE: _R.ARCHIVIST,
        _C.LOAN_NOT_SOUND: _R.BORROWER,
        _C.CONSENT_MISSING: _R.GUARANTOR,
        _C.LAND_HOUSE_SPLIT: _R.CERT_HANDLER,
        _C.VALUATION_STALE: _R.RELATIONSHIP_MANAGER,
        _C.LTV_EXCEEDED: _R.BORROWER,
        _C.KIND_NOT_SUPPORTED: _R.CERT_HANDLER,
        _C.VALUE_INVALID: _R.CERT_HANDLER,
        _C.STATE_CONFLICT: _R.CERT_HANDLER,
        _C.OPEN_REQUEST_EXISTS: _R.CERT_HANDLER,
        _C.OTHER_DEBT: _R.BORROWER,
        _C.LIMITATION: _R.LEGAL_OFFICER,
    }
)
# What the owner brings himself (4.4).
_OWNERS = frozenset(
    {DocType.DEREG_APPLICATION, DocType.OWNER_ID, DocType.AGENT_POA, DocType.AGENT_ID}
)
# Who answers for a paper that is not in the vault (3.3).
_HOLDERS: Mapping[str, Remedy] = MappingProxyType(
    {
        CustodyState.NOT_RECEIVED: _R.CERT_HANDLER,
        CustodyState.WITH_HANDLER: _R.CERT_HANDLER,
        CustodyState.OUT_FOR_DEREG: _R.CERT_HANDLER,
        CustodyState.LOST: _R.CERT_HANDLER,
        CustodyState.CHECKED_OUT: _R.PAPER_BORROWER,
    }
)


def remedy_of(refusal: Refusal) -> Remedy:
    """Who can mend what a refusal tells: by its code, and by what it tells where that decides."""
    detail = refusal.detail
    match refusal.code:
        case RefusalCode.DOC_MISSING:
            missing = set(detail.get("documents", "").split(", "))
            return Remedy.OWNER if missing <= _OWNERS else REMEDIES[refusal.code]
        case RefusalCode.CERT_NOT_IN_VAULT:
            state = detail.get("state", "").partition(" ")[0].rstrip(",")
            return _HOLDERS.get(state, REMEDIES[refusal.code])
        case RefusalCode.SETTLEMENT_NOT_FINAL if detail.get("final_on") == NEVER_SETTLED:
            return Remedy.BORROWER
        case _:
            return REMEDIES[refusal.code]
