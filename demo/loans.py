"""What the feed is told of one loan of the demonstration branch and of what secures it."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

from demo.tables import (
    BAD,
    BANKS_OWN,
    CABINETS,
    CERTIFICATES,
    CO_OWNER,
    CROSSED,
    FACILITY,
    KIND_NAMES,
    MANAGERS,
    NOTHING_OWED,
    ONCE_SEIZED,
    PAPERS,
    PLEDGES,
    SETTLED,
    SLOTS,
    THIRD_PARTY,
    VAULTS,
    Data,
)

TODAY = date(2025, 6, 20)
DUE_DAYS = ("2025-03-14", "2025-04-15", "2025-05-15", "2025-06-13", "2025-07-15", "2025-08-15")
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "示演样范例拟虚构试验"
# Fictional forms: no place has the code 990000, and no mobile number begins with 100.
ID_CARD, LICENSE, PHONE = "99000019800101{:03}X", "99990000MA00{:05}X", "1000000{:04}"


class Row(NamedTuple):
    """One loan of the table and what secures it."""

    n: int
    status: str
    product: str
    org: str
    kind: str
    paper: str

    @property
    def amount(self) -> int:
        """Principal in yuan, plausible for the product."""
        small = {"AUTO": 120_000, "CONSUMER": 80_000, "PLEDGE": 200_000, "RURAL_SPECIAL": 60_000}
        return small.get(self.product, 900_000) + self.n * 7 % 11 * 10_000

    @property
    def customer(self) -> str:
        """The borrower; the second loans of a facility and of a shared collateral have the same."""
        return f"CU-{self.n - 1 if self.n - 1 in {FACILITY, CROSSED} else self.n:04}"

    @property
    def credit(self) -> str:
        """The credit contract; both drawings of the facility have the same."""
        return f"CC-{FACILITY if self.n == FACILITY + 1 else self.n:04}"

    @property
    def collateral(self) -> str:
        """The number of what secures it."""
        return f"CO-{self.n:04}"

    @property
    def guarantee(self) -> str:
        """The number of the guarantee contract."""
        return f"GC-{self.n:04}"

    @property
    def disbursed(self) -> date:
        """A day well before the present."""
        return TODAY - timedelta(days=150 + self.n * 53 % 1_400)

    @property
    def manager(self) -> str:
        """Login of the relationship manager."""
        return MANAGERS.get(self.org, f"rm-{1 + self.n % 2}")


def customer(n: int, row: Row) -> Data:
    """The customer of that number, served where the loan is."""
    name = SURNAMES[n % 16] + GIVEN[n % 10] + GIVEN[n // 10]
    company = row.kind in {"UNDER_CONSTRUCTION", "RECEIVABLE"}
    micro = row.kind in {"EQUITY", "WAREHOUSE_RECEIPT", "EQUIPMENT"}
    told: Data = {"type": "INDIVIDUAL", "name": name, "id_no": ID_CARD.format(n)}
    if company or micro:
        told = {
            "type": "CORPORATE" if company else "MICRO",
            "name": f"示例{name}商贸有限公司",
            "id_type": "BUSINESS_LICENSE",
            "id_no": LICENSE.format(n),
        }
    return {"no": f"CU-{n:04}", **told} | {
        "phones": [PHONE.format(n)],
        "rating": ("AA", "A", "BBB")[n % 3],
        "managing_org": row.org,
        "managers": [row.manager],
    }


def credit(row: Row) -> Data:
    """The credit contract; the facility may still be drawn and has a guarantee outstanding."""
    told: Data = {"limit": _yuan(row.amount)}
    if row.n == FACILITY:
        told = {"kind": "FACILITY", "limit": "3000000.00"}
        told |= {"available": "800000.00", "contingent": "150000.00"}
    return {"no": row.credit, "customer": row.customer, **told} | {
        "period_from": row.disbursed.isoformat(),
        "period_to": _years_after(row.disbursed, 10).isoformat(),
        "org": row.org,
    }


def loan(row: Row) -> Data:
    """The loan with balances that fit its status."""
    told: Data = {
        "loan_no": f"LN-{row.n:04}",
        "contract": row.credit,
        "customer": row.customer,
        "product": row.product,
        "status": row.status,
        "principal_amount": _yuan(row.amount),
        "balance": "0.00",
        "term_months": 120,
        "operating_org": row.org,
        "managers": [row.manager],
        **BAD.get(row.status, {}),
    }
    if row.status not in {"APPROVED", "CANCELLED"}:
        told |= {
            "disbursed_at": row.disbursed.isoformat(),
            "maturity": _years_after(row.disbursed, 10).isoformat(),
            "disbursement_basis": "ACCEPTANCE_RECEIPT" if row.n % 3 else "OTHER_RIGHT_CERT",
        }
    if row.status not in NOTHING_OWED:
        left = row.amount * (40 + row.n % 50) // 100
        told |= {"balance": _yuan(left), "interest_receivable": _yuan(left // 1000)}
        told |= {"repayment_kind": "EQUAL_PRINCIPAL", "schedule": _schedule(row)}
    if row.status == "SETTLED":
        settled, final = SETTLED.get(row.n, ("2025-05-20", "2025-05-21"))
        told |= {"settled_at": settled, "settlement_channel": "DIRECT_DEBIT"}
        told |= {"settlement_finality_at": final}
    if row.product == "AUTO":
        told["partner"] = "PA-03"
    if row.kind == "PRESALE_UNIT":
        told["partner"] = "PA-02" if row.org == "OB-440305" else "PA-01"
    return told


def collateral(row: Row) -> Data:
    """What secures the loan, with its owners by number."""
    built = row.kind in {"RESIDENTIAL", "COMMERCIAL_PROPERTY", "PRESALE_UNIT"}
    told: Data = {"owners": [{"party": row.customer, "share": "1"}]}
    if row.n == ONCE_SEIZED:
        both = (row.customer, f"CU-{CO_OWNER:04}")
        told = {"owners": [{"party": party, "share": "0.5"} for party in both]}
    if row.kind == "EQUITY":
        told = {"owners": [{"party": f"CU-{THIRD_PARTY:04}", "share": "1"}]}
    if built or row.kind in {"LAND", "UNDER_CONSTRUCTION"}:
        city = "深圳市" if row.org == "OB-440305" else "广州市"
        told |= {
            "location": {
                "province": "广东省",
                "city": city,
                "address": f"示例路{row.n}号{row.n % 9 + 1}栋{row.n % 30 + 1}01",
            },
            "area_m2": str(70 + row.n % 60),
            "unit_no": f"440199001001GB{row.n:05}F0001{row.n:04}",
        }
    if row.kind == "PRESALE_UNIT":
        told["convertible_from"] = "2025-04-30"
    name = f"{KIND_NAMES[row.kind]}{row.n}号"
    return {"no": row.collateral, "kind": row.kind, "name": name, **told, "org": row.org}


def guarantee(row: Row) -> Data:
    """The guarantee contract: a lien where there is a collateral, else a surety."""
    secured, rank, told = [f"LN-{row.n:04}"], 1, Data()
    shared = f"CO-{CROSSED:04}" if row.n == CROSSED + 1 else None
    tied = shared or (row.collateral if row.kind != "-" else None)
    kind = "PLEDGE" if row.kind in PLEDGES else "MORTGAGE"
    if row.n == FACILITY:
        secured.append(f"LN-{FACILITY + 1:04}")
        told = {
            "mode": "MAX_AMOUNT",
            "max_claim": "3000000.00",
            "registered_max_claim": "3000000.00",
            "claim_period_from": "2023-07-03",
            "claim_period_to": "2028-06-30",
        }
    if shared:
        rank = 2
    third = row.kind == "EQUITY" or tied is None
    party = f"CU-{THIRD_PARTY:04}" if third else row.customer
    links = [{"collateral": tied, "secured_amount": _yuan(row.amount), "rank": rank}]
    return {
        "no": row.guarantee,
        "credit_contract": row.credit,
        "kind": kind if tied else "SURETY",
        "status": "VOID" if row.status == "CANCELLED" else "EFFECTIVE",
        "guarantors": [{"party": party, "own_or_third": "THIRD" if third else "OWN"}],
        "secured_loans": secured,
        "links": links if tied else [],
        "org": row.org,
        **told,
    }


def valuation(row: Row, day: str, quarter: int) -> Data:
    """What the collateral was worth that quarter; it loses a little each time."""
    first = row.amount * 3 // 2
    return {
        "no": f"VA-{row.n:04}-{quarter + 1}",
        "collateral": row.collateral,
        "value": _yuan(first - first * quarter * (row.n % 3) // 100),
        "value_date": day,
        "method": "ONLINE" if quarter else "MARKET",
        "kind": "REVALUATION" if quarter else "INITIAL",
        "appraiser": "PA-07",
    }


def certificates(secured: list[Row]) -> Iterator[Data]:
    """The papers of every collateral; those of one contract share a packet, a seal and a slot."""
    free = {where: product(CABINETS[where], SLOTS) for where in CABINETS}
    for row in secured:
        state = dict(PAPERS[row.paper])
        if row.paper in free:
            cabinet, slot = next(free[row.paper])
            state["place"] = {
                "vault": VAULTS[row.paper],
                "cabinet": cabinet,
                "slot": slot,
                "packet_no": f"PK-{row.n:04}",
                "seal_no": f"SEAL-{row.n:04}",
            }
        for place, (cert_type, issuer) in enumerate(CERTIFICATES[row.kind]):
            if place == 0 or row.n % 2 or row.paper != "electronic":
                yield _certificate(row, cert_type, issuer) | state


def _certificate(row: Row, cert_type: str, issuer: tuple[str, str]) -> Data:
    issued = row.disbursed - timedelta(days=7)
    told: Data = {"right_holder": SURNAMES[row.n % 16] + "某"}
    if cert_type in BANKS_OWN:
        told = {"right_holder": "示范银行股份有限公司", "right_amount": _yuan(row.amount)}
        told |= {"registered_on": issued.isoformat()}
    if row.paper == "expected":
        told |= {"legal_state": "ACCEPTED" if cert_type in BANKS_OWN else "PENDING"}
    if row.status == "CANCELLED":
        told |= {"legal_state": "VOID"}
    return {
        "cert_type": cert_type,
        "cert_no": f"示（{row.disbursed.year}）{cert_type[:3]}第{row.n:07}号",
        "issuer": issuer[0],
        "issuer_code": issuer[1],
        "issue_date": issued.isoformat(),
        "pages": 1 + row.n % 4,
        "collaterals": [row.collateral],
        **told,
    }


def _schedule(row: Row) -> list[Data]:
    """Six instalments around the present; one who is late has not paid the last one or two."""
    principal, interest = _yuan(row.amount // 120), _yuan(row.amount // 400)
    told = []
    for seq, day in enumerate(DUE_DAYS, start=1):
        late = "dpd" in BAD.get(row.status, {}) and day >= "2025-05-01"
        paid: Data = {"paid_principal": principal, "paid_interest": interest}
        paid["paid_at"] = f"{day}T09:30:00+08:00"
        due = {"seq": seq, "due_date": day, "principal": principal, "interest": interest}
        told.append(due if late or day > TODAY.isoformat() else due | paid)
    return told


def _years_after(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))


def _yuan(amount: int) -> str:
    return f"{amount}.00"
