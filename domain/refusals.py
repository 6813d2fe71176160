"""A rule's "no": a code clients can act on, the rule it comes from and the facts that decide."""

import dataclasses
from collections.abc import Iterable, Mapping
from enum import StrEnum


class RefusalCode(StrEnum):
    """Every reason a rule may give, in published order; codes are never renamed or reused."""

    NOT_FOUND = "NOT_FOUND"
    STATE_CONFLICT = "STATE_CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    VALUE_INVALID = "VALUE_INVALID"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    IN_PROGRESS = "IN_PROGRESS"
    PAYLOAD_CHANGED = "PAYLOAD_CHANGED"
    DUAL_CONTROL_SAME_PERSON = "DUAL_CONTROL_SAME_PERSON"
    PROPOSAL_EXPIRED = "PROPOSAL_EXPIRED"
    SOD_VIOLATION = "SOD_VIOLATION"
    SELF_APPROVAL = "SELF_APPROVAL"
    OPEN_REQUEST_EXISTS = "OPEN_REQUEST_EXISTS"
    SCAN_MISSING = "SCAN_MISSING"
    SLOT_OCCUPIED = "SLOT_OCCUPIED"
    SEAL_REUSED = "SEAL_REUSED"
    DUPLICATE_CERT = "DUPLICATE_CERT"
    TYPE_NOT_ALLOWED = "TYPE_NOT_ALLOWED"
    RETURN_MISMATCH = "RETURN_MISMATCH"
    ELECTRONIC_CERT = "ELECTRONIC_CERT"
    VAULT_FROZEN = "VAULT_FROZEN"
    NOT_SETTLED = "NOT_SETTLED"
    SETTLEMENT_NOT_FINAL = "SETTLEMENT_NOT_FINAL"
    MAXAMOUNT_UNDETERMINED = "MAXAMOUNT_UNDETERMINED"
    OTHER_OBLIGATION = "OTHER_OBLIGATION"
    SEIZED = "SEIZED"
    TITLE_SEARCH_STALE = "TITLE_SEARCH_STALE"
    LEGAL_HOLD = "LEGAL_HOLD"
    LITIGATION_OPEN = "LITIGATION_OPEN"
    CERT_NOT_IN_VAULT = "CERT_NOT_IN_VAULT"
    RISK_SIGNAL_OPEN = "RISK_SIGNAL_OPEN"
    WRITTEN_OFF_NOT_SETTLED = "WRITTEN_OFF_NOT_SETTLED"
    CLAIM_TRANSFERRED = "CLAIM_TRANSFERRED"
    BANK_ENCUMBERED = "BANK_ENCUMBERED"
    DOC_MISSING = "DOC_MISSING"
    APPLICANT_NOT_ENTITLED = "APPLICANT_NOT_ENTITLED"
    ARCHIVE_INCOMPLETE = "ARCHIVE_INCOMPLETE"
    APPROVAL_LEVEL = "APPROVAL_LEVEL"
    KIND_NOT_SUPPORTED = "KIND_NOT_SUPPORTED"
    IRREVERSIBLE = "IRREVERSIBLE"
    RELEASE_IN_PROGRESS = "RELEASE_IN_PROGRESS"
    OUT_OF_SCOPE_PRODUCT = "OUT_OF_SCOPE_PRODUCT"
    UPLOAD_MISSING = "UPLOAD_MISSING"
    SIZE_MISMATCH = "SIZE_MISMATCH"
    HASH_MISMATCH = "HASH_MISMATCH"
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    UNREADABLE_FILE = "UNREADABLE_FILE"
    IMMUTABLE = "IMMUTABLE"
    OTHER_DEBT = "OTHER_DEBT"
    LIMITATION = "LIMITATION"
    DUE_DATE_INVALID = "DUE_DATE_INVALID"
    PURPOSE_NOT_ALLOWED = "PURPOSE_NOT_ALLOWED"
    BORROWER_OVERDUE = "BORROWER_OVERDUE"
    RENEWAL_LIMIT = "RENEWAL_LIMIT"
    COUNT_DIFFERS = "COUNT_DIFFERS"
    LOAN_NOT_SOUND = "LOAN_NOT_SOUND"
    VALUATION_STALE = "VALUATION_STALE"
    LTV_EXCEEDED = "LTV_EXCEEDED"
    CONSENT_MISSING = "CONSENT_MISSING"
    LAND_HOUSE_SPLIT = "LAND_HOUSE_SPLIT"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One broken rule. `detail` holds the facts that decided, as strings, never personal data."""

    code: RefusalCode
    rule_id: str
    field: str | None = None
    detail: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """A decision that ended in refusals; nothing was changed."""

    def __init__(self, *refusals: Refusal) -> None:
        assert refusals
        super().__init__(", ".join(refusal.code for refusal in refusals))
        self.refusals = refusals


class Forbidden(Exception):
    """The person may see the record but not do this to it; the message says who may."""


def refuse_if(refusals: Iterable[Refusal | None]) -> None:
    """Ends the decision where any rule answered. Raises: Refused, with all of them."""
    broken = tuple(refusal for refusal in refusals if refusal is not None)
    if broken:
        raise Refused(*broken)


def invalid(field_name: str, reason: str, *, rule_id: str = "INPUT") -> Refusal:
    """A value that is well-formed for the API but means nothing to the business."""
    return Refusal(
        code=RefusalCode.VALUE_INVALID,
        rule_id=rule_id,
        field=field_name,
        detail={"field": field_name, "reason": reason},
    )


def state_conflict(rule_id: str, *, subject: str, state: str, event: str) -> Refusal:
    """An event that is not possible from where the thing is."""
    return Refusal(
        code=RefusalCode.STATE_CONFLICT,
        rule_id=rule_id,
        detail={"subject": subject, "state": state, "event": event},
    )
