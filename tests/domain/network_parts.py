"""Parts of a random security network: loans, credits, collateral and papers (担保网络).

Each is in order unless the dice say otherwise; days lie about the boundaries either way.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from domain.certificates import (
    CertType,
    CustodyState,
    LegalState,
    Lock,
    LockKind,
    TitleCertificate,
)
from domain.collaterals import (
    Collateral,
    CollateralKind,
    Owner,
    PledgeState,
    Seizure,
    TitleSearch,
    TitleSearchResult,
)
from domain.deregistration import DeregKind
from domain.loans import (
    Classification,
    CreditContract,
    Instalment,
    Loan,
    LoanStatus,
    SettlementChannel,
)
from domain.release_question import Stage
from tests.domain.builders import (
    a_case_lock,
    a_certificate,
    a_collateral,
    a_credit,
    a_loan,
    a_search,
)
from tests.domain.release_oracle import PARTS, STAYS
from tests.domain.release_oracle_rest import months_later

T = TypeVar("T")
DAY = timedelta(days=1)
BORROWERS, GUARANTORS = ("C1", "C2", "C3"), ("G1", "G2", "G3")
PARTIES = BORROWERS + GUARANTORS
UNPAID = (LoanStatus.ACTIVE, LoanStatus.ACTIVE, LoanStatus.EXTENDED)
K, S, C = DeregKind, LoanStatus, CertType
RIGHTS = {
    CollateralKind.VEHICLE: C.MOVABLE_MORTGAGE_REG,
    CollateralKind.DEPOSIT: C.DEPOSIT_RECEIPT,
    CollateralKind.WEALTH: C.WEALTH_PRODUCT_PLEDGE,
}
# Kinds at whose end the debt is paid, or never was.
NOTHING_OWED = {K.FULL_SETTLEMENT, K.PRE_NOTICE_CANCEL, K.NEVER_DISBURSED}


class Chance:
    """The dice of one network, and how often something in it is out of order."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.rate = dice.choice([0.0, 0.0, 0.01, 0.03, 0.1])

    def wrong(self, times: float = 1.0) -> bool:
        return self.dice.random() < self.rate * times

    def likely(self, share: float) -> bool:
        return self.dice.random() < share

    def one(self, items: Sequence[T]) -> T:
        return self.dice.choice(items)

    def some(self, items: Sequence[T], most: int, least: int = 1) -> list[T]:
        count = self.dice.randint(least, max(least, min(most, len(items))))
        return sorted(self.dice.sample(list(items), min(count, len(items))))  # type: ignore[type-var]

    def fen(self) -> int:
        """An amount out of order: often the smallest there is."""
        return self.one([1, self.dice.randint(2, 99), self.dice.randrange(100, 10**9)])

    def round(self, most: int = 10**7) -> int:
        """Whole yuan, so that a whole percent of it is whole fen."""
        return 100 * self.dice.randint(0, most)


def a_debt(chance: Chance, no: str, kind: DeregKind, today: date) -> Loan:
    """A loan as that kind of release finds it."""
    undrawn = kind is K.NEVER_DISBURSED or (kind is K.PRE_NOTICE_CANCEL and chance.likely(0.5))
    stays = kind in STAYS or (kind not in NOTHING_OWED and chance.likely(0.7))
    told: dict[str, Any] = {"loan_no": no, "customer_no": chance.one(BORROWERS)}
    if undrawn:
        told |= {"status": S.CANCELLED, "disbursed_on": None, "settled_on": None}
        if kind is K.PRE_NOTICE_CANCEL and chance.likely(0.3):
            told["status"] = S.APPROVED
    elif stays:
        told |= {"status": chance.one(UNPAID), "settled_on": None, "balance": chance.round()}
    else:
        ago = chance.one([0, 1, 2, 3, 4]) if chance.likely(0.15) else chance.one([11, 30, 400])
        told["settled_on"] = today - ago * DAY
        told["settlement_channel"] = chance.one([*SettlementChannel, None])
    return a_loan(**told | _faults_of_a_loan(chance, today))


def _faults_of_a_loan(chance: Chance, today: date) -> dict[str, Any]:
    told: dict[str, Any] = {part: chance.fen() for part in PARTS if chance.wrong(0.3)}
    near = [today - DAY, today, today + DAY]
    faults: tuple[tuple[str, Sequence[Any]], ...] = (
        ("status", list(S)),
        ("status", [S.WRITTEN_OFF, S.ASSIGNED]),
        ("dpd", [1, 30]),
        ("schedule", [_one_due(day, paid) for day in near for paid in (0, 99, 100)]),
        ("maturity", near),
        ("classification", list(Classification)[1:]),
        ("breach_open", [True]),
        ("encumbered_by", ["ABS-1"]),
        ("settlement_final_on", near),
        ("settled_on", [None, *near]),
        ("disbursed_on", [None, date(2020, 5, 6)]),
        ("limitation_expires_on", near),
        ("currency", ["USD"]),
    )
    return told | {name: chance.one(values) for name, values in faults if chance.wrong(0.5)}


def _one_due(day: date, paid: int) -> tuple[Instalment, ...]:
    return (Instalment(seq=1, due_date=day, principal=60, interest=40, paid_principal=paid),)


def a_facility(chance: Chance, no: str, kind: DeregKind, today: date) -> CreditContract:
    """A credit contract with nothing left to draw, where nothing may be left."""
    told: dict[str, Any] = {"no": no}
    if kind in STAYS and chance.likely(0.5):
        told |= {"available": chance.round(10**6), "contingent": chance.round(10**3)}
    if chance.likely(0.3):
        last_minute = datetime.combine(today, time(15, 59), UTC)
        told["terminated_at"] = last_minute + timedelta(minutes=chance.one([-60, 0, 0, 1]))
    told |= {name: chance.fen() for name in ("available", "contingent") if chance.wrong()}
    return a_credit(**told)


def a_thing(chance: Chance, no: str, today: date, *owners: Owner) -> Collateral:
    """A collateral: valued, searched, mostly free of courts."""
    fresh = next(day for day in _a_year_before(today) if months_later(day, 12) >= today)
    valued = fresh if chance.likely(0.3) else today - chance.dice.randint(0, 300) * DAY
    kind = chance.one(list(CollateralKind))
    told: dict[str, Any] = {
        "id": f"id-{no}",
        "no": no,
        "kind": kind,
        "owners": owners,
        "title_searches": _searches(chance, today),
        "seizures": _seizures(chance, kind, today),
        "latest_value": chance.round(10**8),
        "latest_value_on": fresh - DAY if chance.wrong() else valued,
        "prior_claims": chance.round(10**6) if chance.likely(0.4) else 0,
        "own_bank_deposit": chance.likely(0.7),
    }
    if chance.likely(0.3):
        told["kind"] = CollateralKind.DEPOSIT
    if chance.wrong():
        told |= {"latest_value": None, "latest_value_on": None}
    faults: tuple[tuple[str, Sequence[Any]], ...] = (
        ("pledge_state", list(PledgeState)),
        ("in_dispute", [True]),
        ("right_lapsed_on", [today - DAY]),
        ("currency", ["USD"]),
        ("encumbered_by", ["ABS-2"]),
        ("open_case_id", ["case-9"]),
    )
    return a_collateral(**told | {f: chance.one(v) for f, v in faults if chance.wrong(0.7)})


def _a_year_before(today: date) -> list[date]:
    near = today.replace(year=today.year - 1, day=min(today.day, 28))
    return [near + n * DAY for n in range(-3, 7)]


def _searches(chance: Chance, today: date) -> tuple[TitleSearch, ...]:
    ago = chance.dice.randint(5, 11) if chance.likely(0.2) else chance.dice.randint(0, 4)
    result = TitleSearchResult.SEIZED if chance.wrong() else TitleSearchResult.CLEAR
    newest = a_search(today - ago * DAY, no="TS9", result=result)
    older = a_search(
        newest.searched_on - chance.one([0, 1]) * DAY, result=chance.one(list(TitleSearchResult))
    )
    seen = (older, newest) if chance.likely(0.4) else (newest,)
    if older.searched_on < newest.searched_on and chance.likely(0.5):
        seen = seen[::-1]
    return () if chance.wrong(0.3) else seen


def _seizures(chance: Chance, kind: CollateralKind, today: date) -> tuple[Seizure, ...]:
    before, after = today - DAY, today + DAY
    years = {CollateralKind.DEPOSIT: 1, CollateralKind.VEHICLE: 2, CollateralKind.EQUIPMENT: 2}
    longest = date(today.year - years.get(kind, 3), today.month, min(today.day, 28))
    without_effect = (
        {"starts_on": date(2020, 1, 1), "ends_on": before},
        {"starts_on": date(2020, 1, 1), "lifted_on": today},
        {"starts_on": date(2020, 1, 1), "ends_on": after, "lifted_on": before},
        {"starts_on": after},
        {"starts_on": longest - DAY},
    )
    in_force = (
        {"starts_on": today},
        {"starts_on": longest},
        {"starts_on": before, "ends_on": today},
        {"starts_on": before, "ends_on": after, "lifted_on": after},
    )
    told = [chance.one(without_effect)] if chance.likely(0.3) else []
    told += [chance.one(in_force)] if chance.wrong() else []
    return tuple(Seizure(doc_no=f"S{n}", court="court", **when) for n, when in enumerate(told))


def a_paper(
    chance: Chance, of: Collateral, n: int, *, stage: Stage, kind: DeregKind
) -> TitleCertificate:
    """A certificate of a collateral, in the vault or on file; now and then an owner's paper."""
    cert_type = RIGHTS.get(of.kind, C.MORTGAGE_REG_PROOF)
    if kind is K.PRE_NOTICE_CANCEL and not chance.wrong():
        cert_type = C.PRE_NOTICE_MORTGAGE
    if n > 1 and chance.likely(0.5):
        cert_type = chance.one([C.REAL_ESTATE_TITLE, C.PROPERTY_INSURANCE])
    told: dict[str, Any] = {
        "id": f"paper-{of.no}-{n}",
        "cert_type": cert_type,
        "collateral_nos": (of.no,),
        "custody_state": CustodyState.IN_VAULT,
        "lock": chance.one([None, a_case_lock()]),
    }
    if chance.likely(0.2):
        told |= {"custody_state": CustodyState.ELECTRONIC_ON_FILE}
    if stage in {Stage.APPROVE, Stage.FILE, Stage.CLOSE} and chance.likely(0.4):
        told |= {"custody_state": CustodyState.OUT_FOR_DEREG, "lock": a_case_lock()}
    if n > 1 and chance.likely(0.2):
        told |= {
            "custody_state": chance.one([CustodyState.SURRENDERED, CustodyState.REPLACED]),
            "legal_state": LegalState.SUPERSEDED,
        }
    if chance.wrong():
        told["custody_state"] = chance.one(list(CustodyState))
    if chance.wrong():
        told["legal_state"] = chance.one(list(LegalState))
    if chance.wrong():
        told["lock"] = Lock(kind=chance.one(list(LockKind)), id=chance.one(["case-1", "other"]))
    return a_certificate(**told)
