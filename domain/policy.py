"""Policy (参数): every adjustable number, effective-dated, resolved for one business date."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from domain.refusals import Refusal, invalid

MAX_KEY_LENGTH = 100
MAX_DAYS = 1_000
MAX_PERCENT = 100
# Above the first, in yuan, the first-tier branch decides as well; above the second, head office.
BANDS = "dereg.approval.bands"
# Days overdue: borrower and supervisor, centre, then a yellow, an orange and a red signal (CUS-10).
ESCALATION = "checkout.escalation"
# Lists that rise and have as many entries as their default, and what they are.
_RISING: Mapping[str, str] = MappingProxyType(
    {BANDS: "two amounts in yuan, the smaller first", ESCALATION: "five days, the fewest first"}
)
# Who may be asked to approve a check-out: a role, or who approves at that level or above.
APPROVERS = (
    "VAULT_SUPERVISOR",
    "LEGAL_OFFICER",
    "LOAN_CENTER",
    "TIER2_BRANCH",
    "TIER1_BRANCH",
    "HEAD_OFFICE",
)
_APPROVER = ".approver"
# Keys of which there is one for each registry, named as cases are filed with it (§12).
_REGISTRY, _SLA = "registry.", ".sla_wd"
# Keys that count days, though they do not end in _wd or _nd.
_IN_DAYS = ("archive.due.", "handover.", "dereg.finality.", "prenotice.legal_days")
# What a value may be at most, by the end or the whole of its key; others by the last entry.
_HIGHEST: Mapping[str, int] = MappingProxyType(
    {
        "archive.url_ttl_s": 300,
        "valuation.max_age_months": 120,
        "vault.proposal_ttl_min": 7 * 24 * 60,
        "archive.orphan_hours": 24 * MAX_DAYS,
        "_wd": MAX_DAYS,
        "_nd": MAX_DAYS,
        "": 10**12,
    }
)

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "vault.proposal_ttl_min": "30",
        "vault.in_due_wd": "3",
        "vault.transfer_wd": "5",
        "custody.backdate_wd": "1",
        "book.settle_wd": "1",
        "handover.accept_wd.same": "1",
        "handover.accept_wd.other": "3",
        "checkout.take_wd": "3",
        "checkout.LITIGATION.max_days": "nd:180",
        "checkout.LITIGATION.approver": "LEGAL_OFFICER,TIER2_BRANCH",
        "checkout.LITIGATION.renewal": "nd:90",
        "checkout.NON_LITIGATION_USE.max_days": "nd:15",
        "checkout.NON_LITIGATION_USE.approver": "VAULT_SUPERVISOR",
        "checkout.NON_LITIGATION_USE.renewals": "1",
        "checkout.NON_LITIGATION_USE.renewal": "nd:15",
        "checkout.REGISTRATION_CHANGE.max_days": "nd:30",
        "checkout.REGISTRATION_CHANGE.approver": "LOAN_CENTER",
        "checkout.REGISTRATION_CHANGE.renewals": "1",
        "checkout.REGISTRATION_CHANGE.renewal": "nd:30",
        "checkout.PRE_NOTICE_CONVERSION.max_days": "nd:60",
        "checkout.PRE_NOTICE_CONVERSION.approver": "LOAN_CENTER",
        "checkout.PRE_NOTICE_CONVERSION.renewals": "1",
        "checkout.PRE_NOTICE_CONVERSION.renewal": "nd:30",
        "checkout.CERT_RENEWAL.max_days": "nd:30",
        "checkout.CERT_RENEWAL.approver": "LOAN_CENTER",
        "checkout.CERT_RENEWAL.renewals": "1",
        "checkout.CERT_RENEWAL.renewal": "nd:30",
        "checkout.LOAN_ROLLOVER.max_days": "nd:15",
        "checkout.LOAN_ROLLOVER.approver": "TIER2_BRANCH",
        "checkout.LOAN_ROLLOVER.renewals": "0",
        "checkout.LOAN_ROLLOVER.renewal": "nd:15",
        "checkout.APPRAISAL_AUDIT.max_days": "nd:5",
        "checkout.APPRAISAL_AUDIT.approver": "VAULT_SUPERVISOR",
        "checkout.APPRAISAL_AUDIT.renewals": "0",
        "checkout.APPRAISAL_AUDIT.renewal": "nd:5",
        "checkout.REDEMPTION.max_days": "wd:3",
        "checkout.REDEMPTION.approver": "TIER2_BRANCH",
        "checkout.REDEMPTION.renewals": "0",
        "checkout.REDEMPTION.renewal": "wd:3",
        ESCALATION: "1,3,7,15,30",
        "cert.expected.HOUSING_NEW": "nd:30",
        "cert.expected.HOUSING_RESALE": "wd:15",
        "cert.expected.COMMERCIAL_PROPERTY": "wd:15",
        "cert.expected.HOME_EQUITY": "wd:15",
        "cert.expected.BUSINESS": "wd:15",
        "cert.expected.CONSUMER": "wd:15",
        "cert.expected.AUTO": "nd:30",
        "cert.expected.PLEDGE": "wd:0",
        "cert.expected.CONVERSION": "nd:60",
        "prenotice.legal_days": "90",
        "prenotice.alerts": "30,60,75",
        "expiry.alerts": "30,15,5",
        "unclaimed.list_nd": "90",
        "stocktake.resolve_wd": "3",
        "stocktake.months.SELF": "1",
        "stocktake.months.SUPERVISOR": "3",
        "stocktake.months.ANNUAL": "12",
        "incident.report_wd": "1",
        "reissue.publication_wait_wd": "0",
        "ltv.cap.RESIDENTIAL": "70",
        "ltv.cap.COMMERCIAL_PROPERTY": "60",
        "ltv.cap.LAND": "60",
        "ltv.cap.UNDER_CONSTRUCTION": "50",
        "ltv.cap.PRESALE_UNIT": "50",
        "ltv.cap.VEHICLE": "60",
        "ltv.cap.DEPOSIT_OWN": "95",
        "ltv.cap.DEPOSIT_OTHER": "90",
        "ltv.cap.TREASURY": "90",
        "ltv.cap.POLICY": "90",
        "ltv.cap.WEALTH": "50",
        "ltv.cap.EQUITY": "50",
        "ltv.cap.RECEIVABLE": "60",
        "ltv.cap.WAREHOUSE_RECEIPT": "50",
        "ltv.cap.EQUIPMENT": "50",
        "ltv.cap.OTHER": "0",
        "valuation.max_age_months": "12",
        BANDS: "5000000,50000000",
        "dereg.title_search_wd": "5",
        "dereg.finality.CASH": "0",
        "dereg.finality.OWN_ACCOUNT": "0",
        "dereg.finality.DIRECT_DEBIT": "1",
        "dereg.finality.CHEQUE": "1",
        "dereg.finality.OTHER": "1",
        "dereg.notify_wd": "1",
        "dereg.decision_wd": "3",
        "dereg.proof_wd": "3",
        "dereg.vault_out_wd": "1",
        "dereg.file_wd": "3",
        "dereg.registry_wd": "30",
        "dereg.vault_back_wd": "2",
        "dereg.return_wd": "3",
        "dereg.close_wd": "5",
        "dereg.total_nd": "15",
        "dereg.owner_proof_nd": "30",
        "dereg.escalate.handler_wd": "0",
        "dereg.escalate.center_wd": "1",
        "dereg.escalate.tier2_wd": "2",
        "dereg.compensation_after_nd": "30",
        "dereg.compensation_per_day": "10000",
        "archive.due.AT_DISBURSEMENT": "10",
        "archive.due.AFTER_REGISTRATION": "5",
        "archive.due.AT_SETTLEMENT": "5",
        "archive.use_proof_nd": "90",
        "archive.url_ttl_s": "300",
        "archive.size.photo": "20971520",
        "archive.size.scan": "104857600",
        "archive.size.media": "524288000",
        "archive.orphan_hours": "24",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValue:
    """One published value of one key, in force from a day until it is replaced."""

    key: str
    value: str
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All values in force on one business date; `version` names exactly this set."""

    values: Mapping[str, str]
    version: str = field(default="default")

    def number(self, key: str) -> int:
        """A whole number, such as days, minutes or bytes."""
        return int(self.values[key])

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers, such as the days on which to remind."""
        return tuple(int(part) for part in self.values[key].split(","))

    def registry_days(self, authority: str | None) -> int | None:
        """The working days in which that registry promises to answer; None where it does not."""
        promised = self.values.get(f"{_REGISTRY}{authority}{_SLA}")
        return None if promised is None else int(promised)

    def period(self, key: str) -> tuple[str, int]:
        """A period such as "wd:15": its unit (nd, wd; else that of the default) and its length."""
        unit, _, length = self.values[key].rpartition(":")
        return unit or DEFAULTS[key].partition(":")[0], int(length)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, such as who approves, in their order."""
        return tuple(self.values[key].split(","))


def resolve(published: Iterable[PolicyValue], *, on: date) -> Policy:
    """The policy in force on that day: the latest effective value of each key, else its default."""
    values = dict(DEFAULTS)
    latest: dict[str, date] = {}
    for item in published:
        if item.effective_from > on or (item.effective_to is not None and item.effective_to < on):
            continue
        if item.key not in latest or item.effective_from >= latest[item.key]:
            latest[item.key] = item.effective_from
            values[item.key] = item.value
    return Policy(values=MappingProxyType(values), version=version_of(values))


def version_of(values: Mapping[str, str]) -> str:
    """The name of exactly this set of values."""
    text = json.dumps(dict(values), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def unfit(key: str, value: str) -> Refusal | None:
    """Why a value may not be published: the key is unknown, or the value has another form."""
    default = "1" if _is_registrys(key) else DEFAULTS.get(key)
    if default is None:
        return invalid("key", f"{key[:MAX_KEY_LENGTH]} is not a policy key")
    if key.endswith(_APPROVER):
        return _unfit_approvers(key, value)
    if "," in default:
        return _unfit_list(key, value)
    colon = ":" in default
    given_unit, given_colon, given = value.rpartition(":")
    fits = given_unit in {"nd", "wd"} if given_colon else given == value
    if (given_colon and not colon) or not fits or not _is_number(given):
        return invalid("value", f"{key} is written like {default}")
    days = ":" in default or key.startswith(_IN_DAYS)
    highest = MAX_DAYS if days else next(n for end, n in _HIGHEST.items() if key.endswith(end))
    if key.startswith("stocktake.months."):
        highest = _HIGHEST["valuation.max_age_months"]
    if key.startswith("ltv.cap."):
        highest = MAX_PERCENT
    if int(given) > highest:
        return invalid("value", f"{key} is at most {highest}")
    return None


def _unfit_list(key: str, value: str) -> Refusal | None:
    """Why a value is no list of days, or no list that rises as its default does."""
    parts = value.split(",")
    if not all(_is_number(part) for part in parts):
        return invalid("value", f"{key} is written like {DEFAULTS[key]}")
    numbers, highest = [int(part) for part in parts], MAX_DAYS
    if key == BANDS:
        highest = _HIGHEST[""]
    entries = len(DEFAULTS[key].split(","))
    if key in _RISING and (len(numbers) != entries or numbers != sorted(numbers)):
        return invalid("value", f"{key} is {_RISING[key]}")
    if max(numbers) > highest:
        return invalid("value", f"{key} is at most {highest}")
    return None


def _unfit_approvers(key: str, value: str) -> Refusal | None:
    """Why a value names nobody who approves, or somebody twice."""
    names = value.split(",")
    if set(names) <= set(APPROVERS) and len(set(names)) == len(names):
        return None
    return invalid("value", f"{key} is one or several of {', '.join(APPROVERS)}, each once")


def _is_registrys(key: str) -> bool:
    """Whether it is the key of some registry's promise."""
    named = key.removeprefix(_REGISTRY).removesuffix(_SLA)
    return bool(named.strip()) and key == f"{_REGISTRY}{named}{_SLA}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
