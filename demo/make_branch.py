"""Writes demo/branch.ndjson, the demonstration branch (演示分行): the same bytes at every run.

Run by hand: `python -m demo.make_branch`. Everyone in it is invented. It is dated as if today were
Friday 2025-06-20; loading moves it by whole weeks to the Friday nearest to the present, which may
lie three days ahead, so what has happened already is dated 2025-06-17 at the latest.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from demo.tables import (
    BAD,
    BANKS_OWN,
    CABINETS,
    CERTIFICATES,
    CO_OWNER,
    COUNTY_READY,
    CROSSED,
    DEDICATED,
    FACILITY,
    GRAVE,
    HELD,
    LATE,
    LOANS,
    MANAGERS,
    NOTHING_OWED,
    ONCE_SEIZED,
    ORGS,
    PAPERS,
    PARTNERS,
    PLEDGES,
    READY,
    RELEASING,
    SEARCHES,
    SEIZED,
    SETTLED_ON,
    SLOTS,
    SUED,
    THIRD_PARTY,
    USERS,
    VAULTS,
    Data,
)

FILE = Path(__file__).resolve().parent / "branch.ndjson"
TODAY = date(2025, 6, 20)
BATCH = 400  # lines that the feed takes in at once
QUARTERS = ("2024-03-15", "2024-06-14", "2024-09-13", "2024-12-13", "2025-03-14", "2025-06-13")
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "示演样范例拟虚构试验"
# Fictional forms: no place has the code 990000, and no telephone number begins with 100.
ID_CARD, LICENSE, PHONE = "99000019{:02}0101{:03}X", "99990000MA00{:05}X", "1000000{:04}"


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
    def disbursed(self) -> date:
        """A weekday well before the present."""
        day = TODAY - timedelta(days=150 + self.n * 53 % 1_400)
        return day - timedelta(days=max(0, day.weekday() - 4))


def rows() -> list[Row]:
    """The loans, numbered."""
    told = [line.split() for line in LOANS.strip().splitlines()]
    alike = [what for count, *what in told for _ in range(int(count))]
    return [Row(n, *what) for n, what in enumerate(alike, start=1)]


def lines() -> Iterator[tuple[str, Data]]:
    """Every line in order: what a line refers to stands before it.

    The feed looks up ties between records at the start of a batch, so papers stand a batch behind
    their contracts and a case a batch behind its papers.
    """
    loans = rows()
    secured = [row for row in loans if row.kind != "-"]
    yield from _places_and_people(loans)
    yield from (("CreditContract", _credit(row)) for row in loans if row.n != FACILITY + 1)
    yield from (("Loan", _loan(row)) for row in loans)
    yield from (("Collateral", _collateral(row)) for row in secured)
    yield from (("GuaranteeContract", _guarantee(row)) for row in loans if row.n != FACILITY + 1)
    first, *later = QUARTERS
    yield from (("Valuation", _valuation(row, first, 0)) for row in secured)
    yield from (("Certificate", paper) for paper in _certificates(secured))
    for quarter, day in enumerate(later, start=1):
        yield from (("Valuation", _valuation(row, day, quarter)) for row in secured)
    yield from _courts_and_searches()
    yield from _watched(loans)


def main() -> None:
    """Writes the file."""
    told = list(lines())
    batches: dict[str, set[int]] = {}
    for place, (kind, _) in enumerate(told):
        batches.setdefault(kind, set()).add(place // BATCH)
    assert max(batches["GuaranteeContract"]) < min(batches["Certificate"])
    assert max(batches["Certificate"]) < min(batches["DeregistrationCase"])
    with FILE.open("w", encoding="utf-8", newline="\n") as file:
        for kind, data in told:
            file.write(json.dumps({"kind": kind, "data": data}, ensure_ascii=False) + "\n")


def _table(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def _places_and_people(loans: list[Row]) -> Iterator[tuple[str, Data]]:
    for code, name, level, parent, *marks in _table(ORGS):
        above = {} if parent == "-" else {"parent": parent}
        yield (
            "Org",
            {"code": code, "name": name, "level": level, **above}
            | {"county": "county" in marks, "has_vault": "vault" in marks},
        )
    for code, name, org, cabinets in (
        ("V-4401", "广州个贷中心库房", "LC-4401", CABINETS["vault"]),
        ("V-440183", "增城县个贷分中心库房", "CS-440183", CABINETS["county"]),
    ):
        shelves = [{"cabinet": cabinet, "slots": SLOTS} for cabinet in cabinets]
        yield "Vault", {"code": code, "name": name, "org": org, "cabinets": shelves}
    for login, org, role, name, *vaults in _table(USERS):
        yield (
            "User",
            {"login": login, "name": name, "org": org, "roles": [{"role": role}]}
            | {"vaults": vaults, "dedicated": login in DEDICATED},
        )
    orgs = {int(row.customer[3:]): row for row in reversed(loans)}
    orgs |= {CO_OWNER: orgs[ONCE_SEIZED], THIRD_PARTY: orgs[READY]}
    yield from (("Customer", _customer(n, row)) for n, row in sorted(orgs.items()))
    for no, name, kind, org in _table(PARTNERS):
        active = not name.startswith("停业")
        yield "Partner", {"no": no, "name": name, "kind": kind, "org": org, "active": active}


def _manager(row: Row) -> str:
    return MANAGERS.get(row.org, f"rm-{1 + row.n % 2}")


def _name(n: int) -> str:
    return SURNAMES[n % 16] + GIVEN[n % 10] + GIVEN[n // 10]


def _customer(n: int, row: Row) -> Data:
    company = row.kind in {"UNDER_CONSTRUCTION", "RECEIVABLE"}
    micro = row.kind in {"EQUITY", "WAREHOUSE_RECEIPT", "EQUIPMENT"}
    return {
        "no": f"CU-{n:04}",
        "type": "CORPORATE" if company else "MICRO" if micro else "INDIVIDUAL",
        "name": f"示例{_name(n)}商贸有限公司" if company or micro else _name(n),
        "id_type": "BUSINESS_LICENSE" if company or micro else "ID_CARD",
        "id_no": (LICENSE if company or micro else ID_CARD).format(60 + n % 40, n)
        if not (company or micro)
        else LICENSE.format(n),
        "phones": [PHONE.format(n)],
        "rating": ("AA", "A", "BBB")[n % 3],
        "managing_org": row.org,
        "managers": [_manager(row)],
    }


def _credit(row: Row) -> Data:
    limit = row.amount
    facility: Data = {}
    if row.n == FACILITY:
        limit = 3_000_000
        facility = {"kind": "FACILITY", "available": "800000.00", "contingent": "150000.00"}
    return {
        "no": row.credit,
        "customer": row.customer,
        "limit": f"{limit}.00",
        "period_from": row.disbursed.isoformat(),
        "period_to": _later(row.disbursed, years=20).isoformat(),
        "org": row.org,
        **facility,
    }
