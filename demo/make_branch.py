"""Writes demo/branch.ndjson, the demonstration branch (演示分行): the same bytes at every run.

Run by hand: `python -m demo.make_branch`. Everyone in it is invented. It is dated as if today were
2025-06-20; loading moves every date by the days that have passed since.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from demo.loans import (
    Row,
    certificates,
    collateral,
    credit,
    customer,
    guarantee,
    loan,
    valuation,
)
from demo.tables import (
    CABINETS,
    CO_OWNER,
    DEDICATED,
    FACILITY,
    GRAVE,
    HELD,
    LATE,
    LOANS,
    ONCE_SEIZED,
    ORGS,
    PARTNERS,
    READY,
    RELEASING,
    SEARCHES,
    SEIZED,
    SLOTS,
    SUED,
    THIRD_PARTY,
    USERS,
    Data,
)

FILE = Path(__file__).resolve().parent / "branch.ndjson"
BATCH = 400  # lines that the feed takes in at once
QUARTERS = (
    *("2023-09-15", "2023-12-15", "2024-03-15", "2024-06-14"),
    *("2024-09-13", "2024-12-13", "2025-03-14", "2025-06-13"),
)


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


def lines() -> Iterator[tuple[str, Data]]:
    """Every line in order: what a line refers to stands before it.

    The feed looks up ties between records at the start of a batch, so papers stand a batch behind
    their contracts and a case a batch behind its papers.
    """
    loans = _loans()
    secured = [row for row in loans if row.kind != "-"]
    contracted = [row for row in loans if row.n != FACILITY + 1]
    yield from _places()
    yield from _people(loans)
    yield from (("CreditContract", credit(row)) for row in contracted)
    yield from (("Loan", loan(row)) for row in loans)
    yield from (("Collateral", collateral(row)) for row in secured)
    yield from (("GuaranteeContract", guarantee(row)) for row in contracted)
    yield from (("Valuation", valuation(row, QUARTERS[0], 0)) for row in secured)
    yield from (("Certificate", paper) for paper in certificates(secured))
    for quarter, day in enumerate(QUARTERS[1:], start=1):
        yield from (("Valuation", valuation(row, day, quarter)) for row in secured)
    yield from _courts_and_searches()
    yield from _watched()


def _loans() -> list[Row]:
    alike = [what for count, *what in _table(LOANS) for _ in range(int(count))]
    return [Row(n, *what) for n, what in enumerate(alike, start=1)]


def _places() -> Iterator[tuple[str, Data]]:
    for code, name, level, parent, *marks in _table(ORGS):
        told: Data = {"code": code, "name": name, "level": level}
        if parent != "-":
            told["parent"] = parent
        yield "Org", told | {"county": "county" in marks, "has_vault": "vault" in marks}
    for code, name, org, cabinets in (
        ("V-4401", "广州个贷中心库房", "LC-4401", CABINETS["vault"]),
        ("V-440183", "增城县个贷分中心库房", "CS-440183", CABINETS["county"]),
    ):
        shelves = [{"cabinet": cabinet, "slots": SLOTS} for cabinet in cabinets]
        yield "Vault", {"code": code, "name": name, "org": org, "cabinets": shelves}


def _people(loans: list[Row]) -> Iterator[tuple[str, Data]]:
    for login, org, role, name, *vaults in _table(USERS):
        told: Data = {"login": login, "name": name, "org": org, "roles": [{"role": role}]}
        yield "User", told | {"vaults": vaults, "dedicated": login in DEDICATED}
    served = {int(row.customer.removeprefix("CU-")): row for row in reversed(loans)}
    served |= {CO_OWNER: served[ONCE_SEIZED], THIRD_PARTY: served[READY]}
    yield from (("Customer", customer(n, row)) for n, row in sorted(served.items()))
    for no, name, kind, org in _table(PARTNERS):
        active = not name.startswith("停业")
        yield "Partner", {"no": no, "name": name, "kind": kind, "org": org, "active": active}


def _courts_and_searches() -> Iterator[tuple[str, Data]]:
    for n, day in sorted(SEARCHES.items()):
        result = "SEIZED" if n == SEIZED else "CLEAR"
        number = {"no": f"TS-{n:04}", "collateral": f"CO-{n:04}"}
        yield "TitleSearch", number | {"searched_on": day, "result": result}
    court = {"court": "广州市示例区人民法院"}
    yield (
        "Seizure",
        {"collateral": f"CO-{SEIZED:04}", "doc_no": "（2025）示01执保12号", **court}
        | {"starts_on": "2025-05-12", "ends_on": "2028-05-11"},
    )
    yield (
        "Seizure",
        {"collateral": f"CO-{ONCE_SEIZED:04}", "doc_no": "（2022）示01执保88号", **court}
        | {"starts_on": "2022-04-11", "ends_on": "2025-04-10"},
    )


def _watched() -> Iterator[tuple[str, Data]]:
    """What stands in the way of releases, and a case whose total time runs out on 2025-06-23."""
    yield (
        "DeregistrationCase",
        {"no": "DC-0001", "collateral": f"CO-{RELEASING:04}", "opened_by": "rm-3"}
        | {"handler": "handler-1", "applicants": [f"CU-{RELEASING:04}"]}
        | {"submitted_on": "2025-06-06"},
    )
    yield (
        "LegalHold",
        {"no": "LH-0001", "scope": "COLLATERAL", "target": f"CO-{HELD:04}", "reason": "AUDIT"}
        | {"placed_at": "2025-06-09T10:00:00+08:00", "org": "OB-440103"},
    )
    yield (
        "RiskSignal",
        {"no": "RS-0001", "category": "COLLATERAL_DISPUTE", "severity": "RED"}
        | {"subject_kind": "COLLATERAL", "subject": f"CO-{GRAVE:04}", "reason": "邻地主张界址权利"}
        | {"published_at": "2025-06-11T15:20:00+08:00", "org": "OB-440104"},
    )
    yield (
        "RiskSignal",
        {"no": "RS-0002", "category": "REPAYMENT", "severity": "YELLOW"}
        | {"subject_kind": "LOAN", "subject": f"LN-{LATE:04}", "reason": "连续两期未足额还款"}
        | {"published_at": "2025-06-16T09:05:00+08:00", "org": "OB-440103"},
    )
    yield (
        "LegalCase",
        {"no": "LC-0001", "subject_kind": "LOAN", "subject": f"LN-{SUED:04}"}
        | {"opened_at": "2025-02-18T00:00:00+08:00", "org": "OB-440103"},
    )


def _table(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


if __name__ == "__main__":
    main()
