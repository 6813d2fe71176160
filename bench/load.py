"""Loads deterministic benchmark data into MongoDB: a bank with as many loans as asked.

Each kind of record is made once by its own class for each of some hundred profiles, with marks of
fixed width where loans differ. The encoded bytes then serve every loan of that profile.
"""

import argparse
import asyncio
import hashlib
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.calendar import WorkCalendar, md
from domain.case_deadlines import with_deadlines
from domain.case_steps import stepped
from domain.certificates import (
    CERT_TYPES,
    TERMINAL,
    Carrier,
    Catalog,
    CertType,
    CustodyState,
    Holder,
    LegalState,
    Lock,
    LockKind,
    TitleCertificate,
    VaultPlace,
    normalised,
)
from domain.collaterals import (
    Collateral,
    CollateralKind,
    Location,
    Owner,
    PledgeState,
    TitleSearch,
    TitleSearchResult,
)
from domain.custody import (
    CustodyEvent,
    Evidence,
    Movement,
    Operator,
    broken_link,
    moved,
    said,
)
from domain.deregistration import (
    OPEN_STATES,
    Applicant,
    Approval,
    ApprovalDecision,
    CaseState,
    CaseStep,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
    PrecheckRun,
    Registry,
    RegistryNotice,
    RegistryStatus,
)
from domain.dossiers import (
    DocType,
    Dossier,
    DossierItem,
    DossierStatus,
    ItemStage,
    ItemStatus,
    checklist,
)
from domain.files import ArchiveFile, FileStatus, FileVersion, file_class
from domain.guarantees import (
    GuaranteeContract,
    GuaranteeKind,
    GuaranteeLink,
    GuaranteeMode,
    GuaranteeStatus,
    Guarantor,
)
from domain.loans import (
    Classification,
    CreditContract,
    CreditContractKind,
    DisbursementBasis,
    Loan,
    LoanStatus,
    Product,
    RepaymentKind,
    SettlementChannel,
)
from domain.orgs import Org, OrgLevel, jurisdiction
from domain.parties import Customer, CustomerType, IdType
from domain.people import RoleGrant, User
from domain.policy import resolve
from domain.preconditions import PRECONDITIONS
from domain.roles import Role
from domain.settlement_proofs import SettlementProof
from domain.vaults import SealedPacket, SealUse, Slot, Vault
from storage.indexes import INDEXES, prepare
from storage.mongo import CODEC, JOURNALED, Mongo
from storage.records import KEPT, Record, from_record, is_versioned, to_record

EDITION = 1
LOANS = 200_000
SEED = 20_250_620
PROFILES, CASE_PROFILES = 307, 145  # no common factor with the branches or each other
CASE_EVERY, SECOND_EVERY, LEDGER_EVERY = 20, 10, 5
POOL_SHARE = 5  # one expected certificate for so many loans
SAMPLE_LOANS = 1_000
CHECKED = 50
BATCH = 5_000
MAX_BATCH_BYTES = 8_000_000
SENDERS = 2
MAX_SENDING = 6

TODAY = date(2025, 6, 20)
NOW = datetime(2025, 6, 20, 2, tzinfo=UTC)
FEED = "core-feed"
POLICY = resolve([], on=TODAY)
CALENDAR = WorkCalendar(exceptions={}, published=frozenset())
TIERS1, TIERS2, BRANCHES = 3, 4, 6
CITIES = (
    *("广州", "深圳", "佛山", "东莞"),
    *("南京", "苏州", "无锡", "常州"),
    *("杭州", "宁波", "温州", "嘉兴"),
)
PROVINCES = ("粤", "苏", "浙")
Values = dict[bytes, bytes]
Say = Callable[[str], None]


# What differs between two loans of one profile, by its width in bytes.
WIDTHS: Mapping[str, int] = {
    "n26": 26,
    "n25": 25,
    "n24": 24,
    "n7": 7,
    "p26": 26,
    "p7": 7,
    "org": 6,
    "path": 21,
    "center": 5,
    "center_path": 20,
    "vault": 4,
    "city": 6,
    "province": 3,
    "manager": 6,
    "handler": 10,
    "approver": 11,
    "archivist": 12,
    "keeper1": 11,
    "keeper2": 11,
    "keeper3": 11,
    "cabinet": 4,
    "slot": 4,
    "prev": 64,
    "hash": 64,
    "sha": 64,
    "sha3": 64,
    "sha4": 64,
    "key": 43,
    "id_hash": 64,
}
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARKS: Mapping[str, str] = {
    name: (f"~{letter}" * width)[:width]
    for (name, width), letter in zip(WIDTHS.items(), _LETTERS, strict=False)
}
# An identifier of a loan's own record: a number of 26 digits that ends in the record's place.
ID, NO = MARKS["n26"], MARKS["n7"]
ORG = {"org_code": MARKS["org"], "org_path": MARKS["path"]}
CENTER = {"org_code": MARKS["center"], "org_path": MARKS["center_path"]}


_NAMES = {mark.encode(): b"%%(%b)b" % name.encode() for name, mark in MARKS.items()}
_ANY_MARK = re.compile(b"~(?:%b)" % b"|".join(mark[1:] for mark in _NAMES))


def _marked(data: bytes) -> bytes:
    """A template for the `%` operator: every mark takes the value of its name."""
    return _ANY_MARK.sub(lambda found: _NAMES[found[0]], data.replace(b"%", b"%%"))


def _kept(entity: object, **facts: object) -> Record:
    """The record of an entity as a decision keeps it."""
    stamp = {"created_at": NOW, "created_by": FEED, "updated_at": NOW, "updated_by": FEED}
    return {**to_record(entity), **facts, **stamp, "fence": 0}


def _shape(entity: object, **facts: object) -> bytes:
    return _marked(bson.encode(_kept(entity, **facts)))


def _own(prefix: str, place: int) -> str:
    return f"{prefix}_{MARKS['n25']}{place}"


def _at(day: date, hour: int = 2) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What some hundred loans have in common."""

    index: int
    product: Product
    status: LoanStatus
    classification: Classification = Classification.NORMAL
    dpd: int = 0
    principal: int
    owed: int  # thousandths of the principal
    disbursed: date
    months: int
    paper: CustodyState = CustodyState.IN_VAULT
    maximum: bool = False
    case: CaseState | None = None
    opened: date = TODAY
    mode: HandlingMode = HandlingMode.BANK

    @property
    def settled(self) -> date | None:
        """The day of the last repayment."""
        return self.opened - timedelta(days=3) if self.status is LoanStatus.SETTLED else None

    @property
    def case_open(self) -> bool:
        """Whether a release holds the collateral."""
        return self.case in OPEN_STATES

    @property
    def released(self) -> bool:
        """Whether the lien is gone."""
        return self.case is CaseState.CLOSED

    @property
    def collateral_kind(self) -> CollateralKind:
        """What secures the loan."""
        commercial = self.product is Product.COMMERCIAL_PROPERTY or (
            self.product is Product.BUSINESS and self.index % 2 == 0
        )
        return CollateralKind.COMMERCIAL_PROPERTY if commercial else CollateralKind.RESIDENTIAL


_PRODUCTS = {
    Product.HOUSING_NEW: 30,
    Product.HOUSING_RESALE: 35,
    Product.COMMERCIAL_PROPERTY: 8,
    Product.HOME_EQUITY: 15,
    Product.BUSINESS: 12,
}
_STATUSES = {
    LoanStatus.ACTIVE: 800,
    LoanStatus.OVERDUE: 70,
    LoanStatus.EXTENDED: 10,
    LoanStatus.IN_LITIGATION: 12,
    LoanStatus.WRITTEN_OFF: 8,
    LoanStatus.SETTLED: 100,
}
_PAPERS = {
    CustodyState.IN_VAULT: 950,
    CustodyState.NOT_RECEIVED: 15,
    CustodyState.WITH_HANDLER: 15,
    CustodyState.RECEIVED_PENDING_VAULT: 10,
    CustodyState.CHECKED_OUT: 10,
}
_CASE_STATES: Mapping[CaseState, int] = {
    CaseState.DRAFT: 2,
    CaseState.PRECHECKED: 4,
    CaseState.BLOCKED: 2,
    CaseState.APPROVED: 3,
    CaseState.VAULT_OUT: 2,
    CaseState.FILED: 3,
    CaseState.NEED_MORE_MATERIAL: 1,
    CaseState.WITHDRAWN: 1,
    CaseState.REGISTRY_REJECTED: 1,
    CaseState.REGISTRY_DONE: 1,
    CaseState.RETURNED: 2,
    CaseState.CLOSED: 4,
    CaseState.CANCELLED: 1,
    CaseState.REJECTED_INTERNAL: 1,
    CaseState.CLOSED_FAILED: 1,
}
_E = CaseStep
_TO_REGISTRY = (_E.SUBMIT, _E.APPROVE, _E.VAULT_OUT, _E.FILE)
_TO_RETURN = (*_TO_REGISTRY, _E.REGISTRY_DONE, _E.RETURN)
STEPS_TO: Mapping[CaseState, tuple[CaseStep, ...]] = {
    CaseState.DRAFT: (),
    CaseState.PRECHECKED: (_E.SUBMIT,),
    CaseState.BLOCKED: (_E.SUBMIT, _E.BLOCK),
    CaseState.APPROVED: (_E.SUBMIT, _E.APPROVE),
    CaseState.VAULT_OUT: (_E.SUBMIT, _E.APPROVE, _E.VAULT_OUT),
    CaseState.FILED: _TO_REGISTRY,
    CaseState.NEED_MORE_MATERIAL: (*_TO_REGISTRY, _E.NEED_MORE_MATERIAL),
    CaseState.WITHDRAWN: (*_TO_REGISTRY, _E.WITHDRAW),
    CaseState.REGISTRY_REJECTED: (*_TO_REGISTRY, _E.REGISTRY_REJECT),
    CaseState.REGISTRY_DONE: (*_TO_REGISTRY, _E.REGISTRY_DONE),
    CaseState.RETURNED: _TO_RETURN,
    CaseState.CLOSED: (*_TO_RETURN, _E.CLOSE),
    CaseState.CANCELLED: (_E.CANCEL,),
    CaseState.REJECTED_INTERNAL: (_E.SUBMIT, _E.REJECT),
    CaseState.CLOSED_FAILED: (*_TO_REGISTRY, _E.WITHDRAW, _E.CANCEL),
}
_ENDED = frozenset({CaseState.RETURNED, CaseState.CLOSED})
_BACK = frozenset({CaseState.CANCELLED, CaseState.REJECTED_INTERNAL, CaseState.CLOSED_FAILED})


def _pick(dice: random.Random, weights: Mapping[Any, int]) -> Any:
    return dice.choices(list(weights), list(weights.values()))[0]


@cache
def profiles() -> tuple[Profile, ...]:
    """First those of ordinary loans, then those of loans whose release is asked for."""
    dice = random.Random(SEED)
    ordinary = [_ordinary(dice, index) for index in range(PROFILES)]
    states = [state for state, times in _CASE_STATES.items() for _ in range(times)]
    return (*ordinary, *(_releasing(dice, place, states) for place in range(CASE_PROFILES)))


def _ordinary(dice: random.Random, index: int) -> Profile:
    status = _pick(dice, _STATUSES)
    months = dice.choice((36, 60, 120, 180, 240, 300, 360))
    age = dice.randint(60, min(months * 30 - 40, 3_600))
    dpd = _days_past_due(dice, status)
    settled = status in {LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF}
    return Profile(
        index=index,
        product=_pick(dice, _PRODUCTS),
        status=status,
        classification=_classification(status, dpd),
        dpd=dpd,
        principal=dice.randint(15, 900) * 1_000_000,
        owed=0 if settled else dice.randint(50, 990),
        disbursed=TODAY - timedelta(days=age),
        months=months,
        paper=_pick(dice, _PAPERS),
        maximum=dice.random() < 0.1,
    )


def _releasing(dice: random.Random, place: int, states: Sequence[CaseState]) -> Profile:
    """A settled loan; the state of its release goes round with the loans."""
    state = states[place % len(states)]
    ago = dice.randint(0, 12) + 3 * len(STEPS_TO[state])
    owner_may = state in {CaseState.PRECHECKED, CaseState.APPROVED, CaseState.VAULT_OUT}
    return Profile(
        index=PROFILES + place,
        product=_pick(dice, _PRODUCTS),
        status=LoanStatus.SETTLED,
        principal=dice.randint(15, 900) * 1_000_000,
        owed=0,
        disbursed=TODAY - timedelta(days=dice.randint(400, 3_600)),
        months=dice.choice((120, 180, 240, 360)),
        paper=_paper_of(state),
        case=state,
        opened=TODAY - timedelta(days=ago),
        mode=HandlingMode.OWNER if owner_may and place % 4 == 0 else HandlingMode.BANK,
    )


def _paper_of(state: CaseState) -> CustodyState:
    if state in _ENDED:
        return CustodyState.SURRENDERED
    out = CaseStep.VAULT_OUT in STEPS_TO[state] and state not in _BACK
    return CustodyState.OUT_FOR_DEREG if out else CustodyState.IN_VAULT


def _days_past_due(dice: random.Random, status: LoanStatus) -> int:
    match status:
        case LoanStatus.OVERDUE:
            return dice.choice((dice.randint(1, 30), dice.randint(31, 90), dice.randint(91, 270)))
        case LoanStatus.IN_LITIGATION:
            return dice.randint(181, 540)
        case LoanStatus.WRITTEN_OFF:
            return dice.randint(541, 1_500)
        case _:
            return 0


def _classification(status: LoanStatus, dpd: int) -> Classification:
    if status is LoanStatus.WRITTEN_OFF or dpd > 360:
        return Classification.LOSS
    if dpd > 180:
        return Classification.DOUBTFUL
    if dpd > 90:
        return Classification.SUBSTANDARD
    watched = dpd > 30 or status is LoanStatus.EXTENDED
    return Classification.SPECIAL_MENTION if watched else Classification.NORMAL


def profile_of(n: int) -> Profile:
    """The profile of the n-th loan, the first being 1."""
    if n % CASE_EVERY == 0:
        return profiles()[PROFILES + n // CASE_EVERY % CASE_PROFILES]
    return profiles()[n % PROFILES]


def branch_of(n: int) -> int:
    """The place of the operating branch of the n-th loan; both loans of a customer share it."""
    pair = (n - 1) // 2
    return (pair // 10 * 7 + pair % 10) % (TIERS1 * TIERS2 * BRANCHES)


def _tier1_of(branch: int) -> int:
    return branch // (TIERS2 * BRANCHES)


@cache
def expecting(loans: int) -> tuple[int, ...]:
    """The loans whose collateral has one more certificate that nobody has collected."""
    wanted = loans // POOL_SHARE
    owed = (n for n in range(1, loans + 1) if profile_of(n).status is not LoanStatus.SETTLED)
    return tuple(n for n, _ in zip(owed, range(wanted), strict=False))


def samples(loans: int) -> dict[str, list[str]]:
    """What the measured operations ask for, by what each asks."""
    reach = [n for n in range(1, loans + 1) if _tier1_of(branch_of(n)) == 0]
    asked = random.Random(SEED + 1).sample(reach, min(SAMPLE_LOANS, len(reach)))
    pool = expecting(loans)
    rest = (n for n in range(loans, 0, -1) if n % CASE_EVERY)
    ours = [n for n, _ in zip(rest, range(len(pool)), strict=False)]
    return {
        "loan_nos": [f"L{n:07d}" for n in asked],
        "vaults": [f"V{place + 1:03d}" for place in range(TIERS2)],
        "states": [state.value for state in _CASE_STATES if state in OPEN_STATES],
        "collateral_ids": [f"coll_{n:025d}0" for n in ours],
        "expected_ids": [f"cert_{n:025d}9" for n in pool],
    }


def organisations() -> list[Org]:
    """Head office, tier-1 and tier-2 branches, each tier-2 with a centre and its branches."""
    orgs = [_org("HO", OrgLevel.HEAD_OFFICE, None)]
    for one in range(1, TIERS1 + 1):
        orgs.append(tier1 := _org(f"T1-{one}", OrgLevel.TIER1_BRANCH, orgs[0]))
        for two in range(1, TIERS2 + 1):
            orgs.append(tier2 := _org(f"T2-{one}{two}", OrgLevel.TIER2_BRANCH, tier1))
            orgs.append(_org(f"LC-{one}{two}", OrgLevel.LOAN_CENTER, tier2))
            for three in range(1, BRANCHES + 1):
                code = f"OB-{one}{two}{three}"
                orgs.append(_org(code, OrgLevel.OPERATING_BRANCH, tier2))
    return orgs


def _org(code: str, level: OrgLevel, parent: Org | None) -> Org:
    path = f"{parent.org_path if parent else ''}/{code}"
    return Org(
        id=f"org_{code.replace('-', ''):0>26}",
        code=code,
        name=f"机构 {code}",
        level=level,
        parent_code=parent.code if parent else None,
        org_path=path,
        has_vault=level is OrgLevel.LOAN_CENTER,
        is_operating=level is OrgLevel.OPERATING_BRANCH,
        jurisdiction_path=jurisdiction(path, level, county=False, parent_is_county=False),
    )


def users(orgs: Sequence[Org]) -> Iterator[User]:
    """Three people who measure, and those whose names the records bear."""
    by_code = {org.code: org for org in orgs}
    head, centers = by_code["HO"], [org for org in orgs if org.has_vault]
    yield _user("bench-officer", by_code["T1-1"], Role.POST_LOAN_OFFICER, dedicated=True)
    yield _user("bench-handler", centers[0], Role.CERT_HANDLER, at=centers)
    yield _user("bench-auditor", head, Role.AUDITOR)
    yield _user(FEED, head, Role.CORE_FEED)
    for place, center in enumerate(centers, start=1):
        own = center.code[-2:]
        yield _user(f"handler-{own}", center, Role.CERT_HANDLER)
        yield _user(f"approver-{own}", center, Role.APPROVER)
        yield _user(f"archivist-{own}", center, Role.ARCHIVIST)
        for keeper in (1, 2, 3):
            login = f"keeper-{own}-{keeper}"
            yield _user(login, center, Role.VAULT_KEEPER, vaults=(f"V{place:03d}",))
    for org in orgs:
        if org.is_operating:
            yield _user(f"rm-{org.code[-3:]}", org, Role.RELATIONSHIP_MANAGER)


def _user(
    login: str,
    org: Org,
    role: Role,
    *,
    at: Sequence[Org] = (),
    vaults: tuple[str, ...] = (),
    dedicated: bool = False,
) -> User:
    grants = tuple(
        RoleGrant(
            role=role,
            org_code=place.code,
            org_path=place.org_path,
            org_level=place.level,
            jurisdiction_path=place.jurisdiction_path,
        )
        for place in at or (org,)
    )
    return User(
        id=f"user_{login.replace('-', ''):0>26}",
        login=login,
        name=login,
        org_code=org.code,
        org_path=org.org_path,
        roles=grants,
        vaults=vaults,
        dedicated=dedicated,
    )


def vaults(orgs: Sequence[Org]) -> Iterator[Vault]:
    """One for each loan centre."""
    for place, org in enumerate((org for org in orgs if org.has_vault), start=1):
        yield Vault(
            id=f"vlt_{place:026d}",
            code=f"V{place:03d}",
            name=f"库房 {place}",
            org_code=org.code,
            org_path=org.org_path,
        )


def branch_values() -> list[Values]:
    """What the records of one operating branch have in common, branch by branch."""
    values = []
    for branch in range(TIERS1 * TIERS2 * BRANCHES):
        center, three = divmod(branch, BRANCHES)
        one, two = divmod(center, TIERS2)
        own = f"{one + 1}{two + 1}"
        above = f"/HO/T1-{one + 1}/T2-{own}"
        told = {
            "org": f"OB-{own}{three + 1}",
            "path": f"{above}/OB-{own}{three + 1}",
            "center": f"LC-{own}",
            "center_path": f"{above}/LC-{own}",
            "vault": f"V{center + 1:03d}",
            "city": CITIES[center],
            "province": PROVINCES[one],
            "manager": f"rm-{own}{three + 1}",
            "handler": f"handler-{own}",
            "approver": f"approver-{own}",
            "archivist": f"archivist-{own}",
            **{f"keeper{keeper}": f"keeper-{own}-{keeper}" for keeper in (1, 2, 3)},
        }
        assert all(len(value.encode()) == WIDTHS[name] for name, value in told.items())
        values.append({name.encode(): value.encode() for name, value in told.items()})
    return values


# Shapes: what a profile's records look like.


def customer(profile: Profile) -> bytes:
    return _shape(
        Customer(
            id=f"cust_{MARKS['p26']}",
            no=f"K{MARKS['p7']}",
            type=CustomerType.INDIVIDUAL,
            name=f"客户{MARKS['p7']}",
            id_type=IdType.ID_CARD,
            id_no=f"44010019800{MARKS['p7']}",
            id_hash=MARKS["id_hash"],
            phones=(f"1380{MARKS['p7']}",),
            rating="ABC"[profile.index % 3],
            managers=(MARKS["manager"],),
            **ORG,
        )
    )


def credit(profile: Profile) -> bytes:
    return _shape(
        CreditContract(
            id=f"cred_{ID}",
            no=f"R{NO}",
            customer_no=f"K{MARKS['p7']}",
            kind=CreditContractKind.FACILITY if profile.maximum else CreditContractKind.ORDINARY,
            limit=profile.principal,
            period_from=profile.disbursed,
            period_to=md(profile.disbursed, profile.months),
            **ORG,
        )
    )


def the_loan(profile: Profile) -> Loan:
    balance = profile.principal // 1_000 * profile.owed
    settled = profile.settled
    written_off = profile.status is LoanStatus.WRITTEN_OFF
    return Loan(
        id=f"loan_{ID}",
        loan_no=f"L{NO}",
        contract_no=f"R{NO}",
        customer_no=f"K{MARKS['p7']}",
        product=profile.product,
        in_scope=True,
        status=profile.status,
        classification=profile.classification,
        worst_classification=profile.classification,
        principal_amount=profile.principal,
        balance=balance,
        interest_receivable=balance // 400,
        penalty=balance * profile.dpd // 100_000,
        written_off_balance=profile.principal // 2 if written_off else 0,
        disbursed_on=profile.disbursed,
        maturity=md(profile.disbursed, profile.months),
        term_months=profile.months,
        repayment_kind=RepaymentKind.EQUAL_INSTALMENT,
        dpd=profile.dpd,
        dpd_as_of=TODAY,
        settled_on=settled,
        settlement_channel=None if settled is None else SettlementChannel.OWN_ACCOUNT,
        settlement_final_on=settled,
        disbursement_basis=DisbursementBasis.OTHER_RIGHT_CERT,
        written_off_once=written_off,
        managers=(MARKS["manager"],),
        **ORG,
        as_of=NOW,
    )


def loan(profile: Profile) -> bytes:
    return _shape(the_loan(profile))


def guarantee(profile: Profile, numbers: Sequence[str]) -> bytes:
    links = tuple(
        GuaranteeLink(
            collateral_no=no,
            secured_amount=profile.principal // len(numbers),
            active=not profile.released,
            released_by_case=f"case_{ID}" if profile.released else None,
        )
        for no in numbers
    )
    highest = profile.principal if profile.maximum else None
    return _shape(
        GuaranteeContract(
            id=f"guar_{ID}",
            no=f"G{NO}",
            credit_contract_no=f"R{NO}",
            kind=GuaranteeKind.MORTGAGE,
            mode=GuaranteeMode.MAX_AMOUNT if profile.maximum else GuaranteeMode.ORDINARY,
            status=GuaranteeStatus.RELEASED if profile.released else GuaranteeStatus.EFFECTIVE,
            guarantors=(Guarantor(party=f"K{MARKS['p7']}"),),
            max_claim=highest,
            registered_max_claim=highest,
            claim_period_from=profile.disbursed if profile.maximum else None,
            claim_period_to=md(profile.disbursed, profile.months) if profile.maximum else None,
            secured_loans=(f"L{NO}",),
            links=links,
            **ORG,
        )
    )


def guarantee_of_one(profile: Profile) -> bytes:
    return guarantee(profile, [f"C{NO}"])


def guarantee_of_two(profile: Profile) -> bytes:
    return guarantee(profile, [f"C{NO}", f"D{NO}"])


def _searches(profile: Profile) -> tuple[TitleSearch, ...]:
    """The registry's book before the release, and after it where it is through."""
    if profile.case is None or not STEPS_TO[profile.case]:
        return ()
    results = [TitleSearchResult.CLEAR]
    if CaseStep.REGISTRY_DONE in STEPS_TO[profile.case]:
        results.append(TitleSearchResult.CANCELLED)
    return tuple(
        TitleSearch(
            no=f"TS{NO}-{place}",
            searched_on=min(TODAY, profile.opened + timedelta(days=10 * place)),
            result=result,
            recorded_at=NOW,
        )
        for place, result in enumerate(results)
    )


def collateral(profile: Profile, place: int = 0) -> bytes:
    state = PledgeState.RELEASING if profile.case_open else PledgeState.EFFECTIVE
    area = 60 + profile.index % 140
    value = profile.principal // 65 * 100
    return _shape(
        Collateral(
            id=_own("coll", place),
            no=f"{'CD'[place]}{NO}",
            kind=profile.collateral_kind,
            name=f"{area} 平方米",
            location=Location(
                province=MARKS["province"],
                city=MARKS["city"],
                district="中心区",
                address=f"人民路 {NO} 号",
            ),
            owners=(Owner(party=f"K{MARKS['p7']}", share=Decimal(1)),),
            area_m2=Decimal(area),
            unit_no=f"4401060010{NO}F0001000{place}",
            pledge_state=PledgeState.RELEASED if profile.released else state,
            first_value=value,
            latest_value=value // 10 * 11,
            latest_value_on=TODAY - timedelta(days=1 + profile.index),
            title_searches=_searches(profile),
            open_case_id=f"case_{ID}" if profile.case_open else None,
            **ORG,
            version=1 if profile.case else 0,
        )
    )


def second_collateral(profile: Profile) -> bytes:
    return collateral(profile, 1)


@dataclass(frozen=True, slots=True)
class Papers:
    """A certificate and its ledger: each event, and the text that its hash is taken of."""

    certificate: bytes
    events: tuple[tuple[bytes, bytes], ...]


def _expected(profile: Profile, place: int) -> TitleCertificate:
    """A certificate before anything has happened to it."""
    title = place in {1, 3}
    cert_type = CertType.REAL_ESTATE_TITLE if title else CertType.MORTGAGE_REG_PROOF
    return TitleCertificate(
        id=_own("cert", place),
        catalog=CERT_TYPES[cert_type].catalog,
        cert_type=cert_type,
        carrier=Carrier.PAPER,
        collateral_nos=(f"D{NO}" if place in {2, 3} else f"C{NO}",),
        guarantee_contract_nos=(f"G{NO}",),
        expected_by=CALENDAR.wd(profile.disbursed, 15),
        **ORG,
    )


def _printed(profile: Profile, certificate: TitleCertificate) -> dict[str, Any]:
    own_right = certificate.catalog is Catalog.RIGHT_CERT
    kind = "不动产证明" if own_right else "不动产权"
    issued = profile.disbursed + timedelta(days=5)
    city = MARKS["city"]
    number = f"{MARKS['province']}（{issued.year}）{city}市{kind}第{NO}{certificate.id[-1]}号"
    issuer = f"{city}市规划和自然资源局"
    return {
        "cert_no": number,
        "cert_no_norm": number.replace("（", "(").replace("）", ")"),
        "issuer": issuer,
        "issuer_code": issuer,
        "issue_date": issued,
        "registered_on": issued,
        "right_holder": f"某银行{city}分行" if own_right else f"客户{MARKS['p7']}",
        "right_amount": profile.principal if own_right else None,
        "pages": 1 if own_right else 4,
        "priority_date": issued,
        "legal_state": LegalState.REGISTERED if own_right else LegalState.PENDING,
    }


def _operator(role: Role, name: str, at: datetime, request: str) -> Operator:
    return Operator(
        login=MARKS[name], role=role, org_code=MARKS["center"], at=at, request_id=request
    )


PLACE = VaultPlace(
    vault=MARKS["vault"],
    cabinet=MARKS["cabinet"],
    slot=MARKS["slot"],
    packet_no=f"P{NO}",
)


Step = tuple[Movement, CustodyState, dict[str, Any]]


def _movements(profile: Profile, place: int) -> list[Step]:
    """X01 to X06 of a certificate, as far as its state has come, with what each sets."""
    days = [profile.disbursed + timedelta(days=after) for after in (1, 7, 8, 9, 10)]
    parts = (("handler",), ("handler",), ("handler",), ("keeper3",), ("keeper1", "keeper2"))
    steps: list[Step] = []
    for day, names, (movement, to, facts) in zip(
        days, parts, _way_in(profile, place, days), strict=True
    ):
        role = Role.CERT_HANDLER if names == ("handler",) else Role.VAULT_KEEPER
        operators = [_operator(role, name, _at(day), f"bench-{NO}-{place}") for name in names]
        known = {"operators": operators, "now": _at(day), "today": day}
        steps.append((movement, to, known | facts))
        if to is profile.paper:
            break
    return steps


def _way_in(profile: Profile, place: int, days: Sequence[date]) -> tuple[Step, ...]:
    """The five movements, one on each day, and what each sets beside the state."""
    handed = {"request_ref": f"hand_{ID}"}
    collected = {
        "holder": Holder(login=MARKS["handler"], since=_at(days[1])),
        "collected_on": days[1],
        "vault_due": CALENDAR.wd(days[1], 3),
        **_printed(profile, _expected(profile, place)),
    }
    received = {
        "holder": Holder(desk=MARKS["vault"], since=_at(days[3])),
        "given_by": MARKS["handler"],
    }
    stored = {
        "request_ref": f"prop_{ID}",
        "seal_no": f"S{NO}",
        "place": PLACE,
        "holder": None,
        "evidence": _scan_evidence(place),
    }
    return (
        (Movement.REGISTER_EXPECTED, CustodyState.NOT_RECEIVED, {}),
        (Movement.COLLECT, CustodyState.WITH_HANDLER, collected),
        (Movement.INITIATE_HANDOVER, CustodyState.IN_TRANSIT, handed),
        (Movement.ACCEPT_HANDOVER, CustodyState.RECEIVED_PENDING_VAULT, handed | received),
        (Movement.VAULT_IN, CustodyState.IN_VAULT, stored),
    )


def _scan_evidence(place: int) -> tuple[Evidence, ...]:
    """The scan in the archive; the second collateral's papers were not scanned."""
    if place > 1:
        return ()
    return (Evidence(file_version_id=_own("fver", 3 + place), sha256=MARKS[f"sha{3 + place}"]),)


def _ledger(certificate: TitleCertificate, steps: Sequence[Step]) -> Papers:
    """The certificate after these movements, with marks where each event's hash goes."""
    events = []
    for movement, to, facts in steps:
        seq = certificate.event_seq + 1
        certificate, event = moved(
            certificate,
            movement,
            to=to,
            event_id=f"evnt_{MARKS['n24']}{certificate.id[-1]}{seq}",
            **facts,
        )
        event = replace(event, prev_hash=MARKS["prev"] if seq > 1 else "", hash=MARKS["hash"])
        events.append((_shape(event), _marked(said(event).encode())))
    version = len(events) - 1
    shape = _shape(replace(certificate, event_hash=MARKS["hash"], version=version))
    return Papers(shape, tuple(events))


def lived(profile: Profile, place: int) -> Papers:
    """A certificate that came the whole way here."""
    return _ledger(_expected(profile, place), _movements(profile, place))


def opened(profile: Profile, place: int) -> Papers:
    """A certificate taken over from older books with one event."""
    blank = replace(_expected(profile, place), expected_by=None)
    blank = replace(blank, **_printed(profile, blank))
    inside = profile.paper is CustodyState.IN_VAULT
    state = profile.paper
    if state in TERMINAL and blank.catalog is Catalog.SAFEKEEPING:
        state = CustodyState.RETURNED_TO_OWNER
    cancelled = profile.case and CaseStep.REGISTRY_DONE in STEPS_TO[profile.case]
    if cancelled and blank.catalog is Catalog.RIGHT_CERT:
        blank = replace(blank, legal_state=LegalState.CANCELLED)
    held = state not in TERMINAL and not inside
    locked = profile.case_open and state not in TERMINAL
    facts = {
        "operators": [
            Operator(login=FEED, role=Role.CORE_FEED, org_code="", at=NOW, request_id="import")
        ],
        "now": NOW,
        "today": TODAY,
        "opening": True,
        "seal_no": f"S{NO}" if inside else None,
        "place": PLACE if inside else None,
        "holder": Holder(login=MARKS["handler"], since=NOW) if held else None,
        "lock": Lock(kind=LockKind.DEREGISTRATION, id=f"case_{ID}") if locked else None,
        "due_date": TODAY + timedelta(days=profile.index % 30 - 10)
        if state is CustodyState.CHECKED_OUT
        else None,
        "collected_on": blank.issue_date,
    }
    return _ledger(blank, [(Movement.OPENING, state, facts)])


def papers(profile: Profile, place: int, whole: bool) -> Papers:
    """A certificate in the profile's state; some states are only known from older books."""
    known = profile.paper in {
        CustodyState.WITH_HANDLER,
        CustodyState.RECEIVED_PENDING_VAULT,
        CustodyState.IN_VAULT,
    }
    if profile.paper is CustodyState.NOT_RECEIVED or (whole and known and profile.case is None):
        return lived(profile, place)
    return opened(profile, place)


def awaited(profile: Profile) -> Papers:
    """A certificate that a handler expects and has yet to collect."""
    blank = replace(_expected(profile, 9), expected_by=TODAY + timedelta(days=10))
    handler = _operator(Role.CERT_HANDLER, "handler", NOW, f"bench-{NO}-9")
    facts = {"operators": [handler], "now": NOW, "today": TODAY}
    return _ledger(blank, [(Movement.REGISTER_EXPECTED, CustodyState.NOT_RECEIVED, facts)])


def packet(profile: Profile, second: bool) -> bytes:
    sealed = _at(profile.disbursed + timedelta(days=10))
    places = range(4 if second else 2)
    return _shape(
        SealedPacket(
            id=f"pack_{ID}",
            packet_no=f"P{NO}",
            guarantee_contract_no=f"G{NO}",
            seal_no=f"S{NO}",
            seal_history=(SealUse(seal_no=f"S{NO}", sealed_at=sealed),),
            vault=MARKS["vault"],
            cabinet=MARKS["cabinet"],
            slot=MARKS["slot"],
            certificate_ids=tuple(_own("cert", place) for place in places),
            **CENTER,
        )
    )


def slot(_: Profile) -> bytes:
    return _shape(
        Slot(
            id=f"slot_{ID}",
            vault=MARKS["vault"],
            cabinet=MARKS["cabinet"],
            slot=MARKS["slot"],
            packet_nos=(f"P{NO}",),
            **CENTER,
            version=1,
        )
    )


def seal(_: Profile) -> bytes:
    return _marked(bson.encode({"_id": f"S{NO}", "packet_no": f"P{NO}", "used_at": NOW}))


def filed_types(profile: Profile) -> tuple[DocType, ...]:
    """The five documents of a loan, scans of its certificates among them once they came."""
    contracts = (DocType.LOAN_CONTRACT, DocType.GUARANTEE_CONTRACT, DocType.ID_DOCS)
    if profile.paper is CustodyState.NOT_RECEIVED:
        return (*contracts, DocType.APPROVAL_NOTE, DocType.INVESTIGATION_REPORT)
    return (*contracts, DocType.CERT_SCAN, DocType.CERT_SCAN)


def archive_file(profile: Profile, place: int) -> bytes:
    doc_type = filed_types(profile)[place]
    scan = doc_type is DocType.CERT_SCAN
    blank = _expected(profile, place - 3 if scan else 0)
    norm = _printed(profile, blank)["cert_no_norm"] if scan else None
    return _shape(
        ArchiveFile(
            id=_own("file", place),
            dossier_id=f"doss_{ID}",
            loan_no=f"L{NO}",
            doc_type=doc_type,
            title=f"{doc_type} L{NO}",
            file_class=file_class(doc_type),
            certificate_id=blank.id if scan else None,
            cert_no_norm=norm,
            status=FileStatus.ACCEPTED,
            current_version_id=_own("fver", place),
            **ORG,
            version=2,
        )
    )


def file_version(profile: Profile, place: int) -> bytes:
    doc_type = filed_types(profile)[place]
    uploaded = _at(profile.disbursed + timedelta(days=8), 3)
    return _shape(
        FileVersion(
            id=_own("fver", place),
            file_id=_own("file", place),
            dossier_id=f"doss_{ID}",
            doc_type=doc_type,
            n=1,
            object_key=f"a/{MARKS['key']}",
            object_version_id=MARKS["key"],
            sha256=MARKS["sha"],
            size=40_000 + 977 * profile.index + place,
            mime="application/pdf",
            pages=1 + (profile.index + place) % 20,
            status=FileStatus.ACCEPTED,
            uploaded_by=MARKS["handler"],
            requested_at=uploaded,
            uploaded_at=uploaded,
            expires_at=uploaded + timedelta(hours=24),
            decided_by=MARKS["archivist"],
            **ORG,
            version=2,
        )
    )


def dossier(profile: Profile, scan_open: bool) -> bytes:
    """scan_open: a certificate is still awaited, and the scan of it not yet due."""
    items = checklist(the_loan(profile), policy=POLICY, calendar=CALENDAR)
    complete = profile.index % 5 < 3
    versions = {code: place for place, code in reversed(list(enumerate(filed_types(profile))))}
    if DocType.CERT_SCAN in versions and not scan_open:
        versions[DocType.MORTGAGE_CERT_SCAN] = versions[DocType.CERT_SCAN]
    day = profile.disbursed + timedelta(days=12)
    items = tuple(_item(profile, item, versions.get(item.code), complete) for item in items)
    status = DossierStatus.FILED if complete else DossierStatus.OPEN
    return _shape(
        Dossier(
            id=f"doss_{ID}",
            dossier_no=f"DA000000000{NO}",
            loan_no=f"L{NO}",
            product=profile.product,
            status=DossierStatus.CLOSED if profile.released else status,
            items=items,
            filed_on=day if complete or profile.released else None,
            closed_on=TODAY if profile.released else None,
            retention_start=TODAY if profile.released else None,
            **ORG,
            version=len(versions),
        )
    )


def _item(profile: Profile, item: DossierItem, place: int | None, complete: bool) -> DossierItem:
    """Accepted where a file is there; waived where an older archive has the paper."""
    day = profile.disbursed + timedelta(days=12)
    if place is not None:
        scan = item.code is DocType.MORTGAGE_CERT_SCAN
        return replace(
            item,
            due=CALENDAR.wd(day, 5) if scan else item.due,
            status=ItemStatus.ACCEPTED,
            current_version_id=_own("fver", place),
            accepted_at=_at(day),
            accepted_by=MARKS["archivist"],
        )
    due = item.stage is ItemStage.AT_DISBURSEMENT or item.code is DocType.USE_PROOF
    if item.required and (profile.released or (complete and due)):
        return replace(item, status=ItemStatus.WAIVED, reason="kept on paper")
    return item


def case(profile: Profile) -> bytes:
    """A release on its way, each step some days after the one before."""
    assert profile.case is not None
    handler = MARKS["handler"]
    begun = DeregistrationCase(
        id=f"case_{ID}",
        no=f"B{NO}",
        collateral_id=_own("coll", 0),
        collateral_no=f"C{NO}",
        kind=DeregKind.FULL_SETTLEMENT,
        handling_mode=profile.mode,
        guarantee_contract_nos=(f"G{NO}",),
        loan_nos=(f"L{NO}",),
        certificate_ids=(_own("cert", 0), _own("cert", 1)),
        applicant=Applicant(owners=(f"K{MARKS['p7']}",)),
        opened_by=MARKS["manager"],
        handler=handler,
        previous_pledge_state=PledgeState.EFFECTIVE,
        **ORG,
    )
    day = profile.opened
    now = stepped(begun, CaseStep.OPEN, by=handler, now=_at(day), to=CaseState.DRAFT)
    for step in STEPS_TO[profile.case]:
        day = min(TODAY, day + timedelta(days=2))
        now = stepped(now, step, by=handler, now=_at(day))
        now = with_deadlines(
            replace(now, **_done(now, step, _at(day)), version=now.version + 1),
            today=day,
            policy=POLICY,
            calendar=CALENDAR,
        )
    assert now.state is profile.case
    return _shape(now)


_TOLD = {
    CaseStep.FILE: RegistryStatus.PENDING,
    CaseStep.NEED_MORE_MATERIAL: RegistryStatus.NEED_MORE_MATERIAL,
    CaseStep.WITHDRAW: RegistryStatus.CANCELLED,
    CaseStep.REGISTRY_REJECT: RegistryStatus.REJECTED,
    CaseStep.REGISTRY_DONE: RegistryStatus.DONE,
}


def _done(case: DeregistrationCase, step: CaseStep, at: datetime) -> dict[str, Any]:
    """What a step leaves in the case beside its state."""
    told = _TOLD.get(step)
    if told is not None:
        done_at = at if told is RegistryStatus.DONE else None
        history = (*case.registry.history, RegistryNotice(status=told, at=at))
        registry = Registry(
            authority=f"{MARKS['city']}市不动产登记中心",
            acceptance_no=f"A{NO}",
            filed_at=case.registry.filed_at or at,
            status=told,
            history=history,
            done_at=done_at,
        )
        return {"registry": registry}
    match step:
        case CaseStep.SUBMIT:
            return {"settlement_proof_nos": (f"SP{NO}",), "precheck_runs": (_run(at),)}
        case CaseStep.APPROVE | CaseStep.REJECT:
            return {"approvals": (_approval(step, at),)}
        case CaseStep.BLOCK:
            return {"approvals": ()}
        case CaseStep.RETURN:
            return {"returned_on": at.date()}
        case CaseStep.CLOSE:
            return {"closed_on": at.date()}
        case _:
            return {}


def _approval(step: CaseStep, at: datetime) -> Approval:
    approved = step is CaseStep.APPROVE
    return Approval(
        role=Role.APPROVER,
        level=OrgLevel.LOAN_CENTER,
        login=MARKS["approver"],
        decision=ApprovalDecision.APPROVED if approved else ApprovalDecision.REJECTED,
        at=at,
    )


def _run(at: datetime) -> PrecheckRun:
    results = tuple(
        {"id": rule, "outcome": "PASS", "fixable_by": [], "refusals": [], "facts": []}
        for rule, _ in PRECONDITIONS
    )
    return PrecheckRun(
        at=at, stage="SUBMIT", ready=True, policy_version=POLICY.version, results=results
    )


def proof(profile: Profile) -> bytes:
    return _shape(
        SettlementProof(
            id=f"proof_{ID}",
            no=f"SP{NO}",
            loan_no=f"L{NO}",
            case_id=f"case_{ID}",
            issued_at=_at(min(TODAY, profile.opened + timedelta(days=2))),
            issued_by=MARKS["handler"],
            **ORG,
        )
    )


class Sender:
    """Collects records by collection and sends them in batches, a bounded number at a time."""

    def __init__(self, database: Database[Any]) -> None:
        self.database = database
        self.counts: dict[str, int] = {}
        self._waiting: dict[str, list[RawBSONDocument]] = {}
        self._bytes: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(SENDERS)
        self._sent: list[Future[None]] = []

    def put(self, collection: str, record: bytes) -> None:
        """Keeps a record until its batch is full."""
        batch = self._waiting.setdefault(collection, [])
        batch.append(RawBSONDocument(record))
        size = self._bytes[collection] = self._bytes.get(collection, 0) + len(record)
        if len(batch) >= BATCH or size >= MAX_BATCH_BYTES:
            self._send(collection)

    def finish(self) -> None:
        """Sends what is left and waits for everything. Raises: RuntimeError, PyMongoError."""
        for collection in list(self._waiting):
            self._send(collection)
        for future in self._sent:
            future.result()
        self._pool.shutdown()

    def _send(self, collection: str) -> None:
        batch = self._waiting.pop(collection)
        self._bytes[collection] = 0
        self.counts[collection] = self.counts.get(collection, 0) + len(batch)
        while len(self._sent) >= MAX_SENDING:
            self._sent.pop(0).result()
        self._sent.append(self._pool.submit(self._insert, collection, batch))

    def _insert(self, collection: str, batch: Sequence[RawBSONDocument]) -> None:
        # The command itself: insert_many spends more on each record than encoding one costs.
        answer = self.database.command(
            {
                "insert": collection,
                "documents": batch,
                "ordered": False,
                "writeConcern": {"w": 1, "j": False},
            }
        )
        if answer["n"] != len(batch):
            raise RuntimeError(f"{collection}: {answer.get('writeErrors', ['?'])[0]}")


class Loader:
    """Writes the loans one after the other, with everything that belongs to each."""

    def __init__(self, sender: Sender, loans: int) -> None:
        self._put = sender.put
        self._branches = branch_values()
        self._expecting = frozenset(expecting(loans))
        self._shapes: dict[Any, Any] = {}
        self._packets = [0] * (TIERS1 * TIERS2)

    def loan(self, n: int) -> None:
        """The n-th loan."""
        profile, second = profile_of(n), n % SECOND_EVERY == SECOND_EVERY // 2
        values = self._values(n)
        if n % 2:
            self._one("customers", customer, profile, values)
        self._one("credit_contracts", credit, profile, values)
        self._one("loans", loan, profile, values)
        tied = guarantee_of_two if second else guarantee_of_one
        self._one("guarantee_contracts", tied, profile, values)
        self._one("collaterals", collateral, profile, values)
        if second:
            self._one("collaterals", second_collateral, profile, values)
        self._archive(n, profile, values)
        self._papers(n, profile, values, second=second)
        if profile.case is not None:
            self._one("dereg_cases", case, profile, values)
            if CaseStep.SUBMIT in STEPS_TO[profile.case]:
                self._one("settlement_proofs", proof, profile, values)

    def _values(self, n: int) -> Values:
        pair = (n + 1) // 2
        branch = branch_of(n)
        values = self._branches[branch] | {
            b"n26": b"%026d" % n,
            b"n25": b"%025d" % n,
            b"n24": b"%024d" % n,
            b"n7": b"%07d" % n,
            b"p7": b"%07d" % pair,
        }
        if n % 2:
            values[b"p26"] = b"%026d" % pair
            values[b"id_hash"] = hashlib.sha256(b"K%d" % pair).hexdigest().encode()
        return values

    def _shape_of(self, make: Callable[..., Any], profile: Profile, *facts: object) -> Any:
        key = make, profile.index, *facts
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = make(profile, *facts)
        return shape

    def _one(
        self,
        collection: str,
        make: Callable[..., bytes],
        profile: Profile,
        values: Values,
        *facts: object,
    ) -> None:
        self._put(collection, self._shape_of(make, profile, *facts) % values)

    def _archive(self, n: int, profile: Profile, values: Values) -> None:
        self._one("dossiers", dossier, profile, values, n in self._expecting)
        for place in range(5):
            sha = hashlib.sha256(b"file %d of %d" % (place, n)).hexdigest().encode()
            values[b"sha"] = values[b"sha%d" % place] = sha
            values[b"key"] = sha[:-44:-1]
            self._one("files", archive_file, profile, values, place)
            self._one("file_versions", file_version, profile, values, place)

    def _papers(self, n: int, profile: Profile, values: Values, *, second: bool) -> None:
        if profile.paper is CustodyState.IN_VAULT:
            center = branch_of(n) // BRANCHES
            cabinet, number = divmod(self._packets[center], 500)
            self._packets[center] += 1
            values[b"cabinet"], values[b"slot"] = b"C%03d" % (cabinet + 1), b"%04d" % (number + 1)
            self._one("packets", packet, profile, values, second)
            self._one("slots", slot, profile, values)
            self._one("seals", seal, profile, values)
        whole = n % LEDGER_EVERY == 3
        for place in range(4 if second else 2):
            self._ledger(self._shape_of(papers, profile, place, whole), values)
        if n in self._expecting:
            self._ledger(self._shape_of(awaited, profile), values)

    def _ledger(self, shape: Papers, values: Values) -> None:
        for event, text in shape.events:
            values[b"prev"] = values.get(b"hash", b"")
            values[b"hash"] = hashlib.sha256(text % values).hexdigest().encode()
            self._put("custody_events", event % values)
        self._put("certificates", shape.certificate % values)


def load(url: str, database: str, *, loans: int, say: Say) -> None:
    """Leaves exactly these loans in that database; returns at once where they are there.

    Raises: RuntimeError where the database holds loans that are not of a benchmark.
    """
    client: MongoClient[Any] = MongoClient(url)
    wanted = {"_id": "bench", "edition": EDITION, "loans": loans}
    held = client[database]["meta"].find_one({"_id": "bench"})
    if held == wanted:
        say(f"{loans:,} loans are there already")
        return
    if held is None and client[database]["loans"].find_one() is not None:
        raise RuntimeError(f"database {database} holds loans that are not of a benchmark")
    started = time.perf_counter()
    client.drop_database(database)
    target = client.get_database(database, write_concern=WriteConcern(w=1, j=False))
    target["meta"].insert_one(wanted | {"loans": None})
    counts = _fill(target, loans, say)
    say(f"{sum(counts.values()):,} records in {time.perf_counter() - started:.1f} s")
    _index(target, url, say)
    check(client, database, say)
    durable = client.get_database(database, write_concern=JOURNALED)
    durable["meta"].replace_one({"_id": "bench"}, wanted, upsert=True)
    say(f"{loans:,} loans loaded in {time.perf_counter() - started:.1f} s")
    client.close()


def _fill(target: Database[Any], loans: int, say: Say) -> dict[str, int]:
    started, sender = time.perf_counter(), Sender(target)
    orgs = organisations()
    for entity in (*orgs, *users(orgs), *vaults(orgs)):
        sender.put(KEPT[type(entity)].collection, bson.encode(_kept(entity)))
    loader = Loader(sender, loans)
    for n in range(1, loans + 1):
        loader.loan(n)
        if n % max(loans // 10, 1) == 0:
            say(f"{n:,} loans in {time.perf_counter() - started:.1f} s")
    sender.finish()
    for collection, count in sorted(sender.counts.items()):
        say(f"  {collection}: {count:,}")
    return sender.counts


def _index(target: Database[Any], url: str, say: Say) -> None:
    """Builds the indexes without the application's time limit, then lets it add what is left."""
    started = time.perf_counter()

    def build(collection: str) -> None:
        target[collection].create_indexes(list(INDEXES[collection]))

    largest_first = ("files", "file_versions", "certificates", "custody_events", "loans")
    rest = [name for name, indexes in INDEXES.items() if indexes and name not in largest_first]
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(build, (*largest_first, *rest)))
    asyncio.run(_prepare(url, target.name))
    say(f"indexes in {time.perf_counter() - started:.1f} s")


async def _prepare(url: str, database: str) -> None:
    mongo = Mongo(url, database)
    await prepare(mongo)
    mongo.close()


def check(client: MongoClient[Any], database: str, say: Say) -> None:
    """Opens some records of every collection. Raises: AssertionError, Unreadable."""
    source = client.get_database(database, codec_options=CODEC)
    extra = {"created_at", "created_by", "updated_at", "updated_by", "fence"}
    for cls, kept in KEPT.items():
        for record in source[kept.collection].aggregate([{"$sample": {"size": CHECKED}}]):
            again = to_record(from_record(cls, record))
            told = {name: value for name, value in record.items() if name not in extra}
            assert again == told, (kept.collection, record["_id"], again, told)
            assert is_versioned(cls) == ("version" in record), record["_id"]
    for record in source["certificates"].aggregate([{"$sample": {"size": CHECKED}}]):
        certificate = from_record(TitleCertificate, record)
        events = source["custody_events"].find({"certificate_id": certificate.id}).sort("seq", 1)
        ledger = [from_record(CustodyEvent, event) for event in events]
        assert broken_link(ledger) is None, certificate.id
        last = ledger[-1]
        assert (last.seq, last.hash) == (certificate.event_seq, certificate.event_hash)
        assert last.to_state is certificate.custody_state, certificate.id
        number = certificate.cert_no
        assert number is None or normalised(number) == certificate.cert_no_norm, number
    say(f"{CHECKED} records of every collection open as they should")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=LOANS)
    loans = parser.parse_args().loans
    url, database = os.environ["MONGO_URL"], os.environ["MONGO_DATABASE"]
    load(url, database, loans=loans, say=lambda text: print(text, flush=True))


if __name__ == "__main__":
    main()
