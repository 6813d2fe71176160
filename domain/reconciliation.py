"""Daily reconciliation (表外账核对): book, vault, ledger and registry, side by side.

Source: CUS-21, INV-08. Differences are told paper by paper and never netted.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.certificates import LegalState
from domain.collaterals import TitleSearch, TitleSearchResult

MAX_DIFFERENCES = 1_000  # told one by one; beyond, they are counted


class DifferenceKind(StrEnum):
    """Who disagrees about a paper (差异类别)."""

    BOOK = "BOOK"
    LEDGER = "LEDGER"
    REGISTRY = "REGISTRY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What each side says of one paper in one vault, as numbers of papers.

    asked_today: what the book was asked for today and has not answered yet.
    """

    certificate_id: str
    in_vault: int
    in_book: int
    in_ledger: int
    asked_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the certificate and the latest title search say of one right.

    since: from when the certificate says so; a search before that day tells nothing of it.
    """

    certificate_id: str
    legal_state: LegalState
    since: date | None
    search: TitleSearch


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One paper on which two sides differ (核对差异), and what each of them says."""

    kind: DifferenceKind
    certificate_id: str
    in_vault: int | None = None
    in_book: int | None = None
    in_ledger: int | None = None
    legal_state: LegalState | None = None
    registry: TitleSearchResult | None = None
    searched_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One vault on one business date (核对记录), as it stood at that moment.

    outstanding: papers whose entry was asked for that day and not answered yet (未达账项).
    """

    id: str
    vault: str
    on: date
    vault_count: int
    book_count: int
    ledger_count: int
    outstanding: int
    difference_count: int
    differences: tuple[Difference, ...] = ()
    reconciled_at: datetime
    org_code: str
    org_path: str
    version: int = 0


def differs(standing: Standing) -> tuple[Difference, ...]:
    """Where book or ledger disagree with the vault; what was asked today is taken as answered."""
    kinds = []
    if standing.in_vault != standing.in_book + standing.asked_today:
        kinds.append(DifferenceKind.BOOK)
    if standing.in_vault != standing.in_ledger:
        kinds.append(DifferenceKind.LEDGER)
    return tuple(
        Difference(
            kind=kind,
            certificate_id=standing.certificate_id,
            in_vault=standing.in_vault,
            in_book=standing.in_book,
            in_ledger=standing.in_ledger,
        )
        for kind in kinds
    )


def registry_differs(right: Registered) -> Difference | None:
    """Where a later title search shows another state of the right than the certificate."""
    search = right.search
    if right.since is not None and search.searched_on < right.since:
        return None
    match right.legal_state, search.result:
        case LegalState.REGISTERED, TitleSearchResult.CANCELLED:
            pass
        case LegalState.CANCELLED, TitleSearchResult.CLEAR:
            if search.searched_on == right.since:
                return None  # the search may have come first that day
        case _:
            return None
    return Difference(
        kind=DifferenceKind.REGISTRY,
        certificate_id=right.certificate_id,
        legal_state=right.legal_state,
        registry=search.result,
        searched_on=search.searched_on,
    )


def reconciliation(
    standings: Iterable[Standing],
    rights: Iterable[Registered],
    *,
    id: str,
    vault: str,
    on: date,
    now: datetime,
    org_code: str,
    org_path: str,
) -> Reconciliation:
    """The record of one vault on one day; each side is gone through once."""
    counts: Counter[str] = Counter()
    told: list[Difference] = []
    for standing in standings:
        found = differs(standing)
        counts["vault"] += standing.in_vault
        counts["book"] += standing.in_book
        counts["ledger"] += standing.in_ledger
        counts["outstanding"] += standing.asked_today != 0
        counts["differences"] += len(found)
        told += found[: MAX_DIFFERENCES - len(told)]
    for right in rights:
        difference = registry_differs(right)
        if difference is not None:
            counts["differences"] += 1
            told += [difference][: MAX_DIFFERENCES - len(told)]
    return Reconciliation(
        id=id,
        vault=vault,
        on=on,
        vault_count=counts["vault"],
        book_count=counts["book"],
        ledger_count=counts["ledger"],
        outstanding=counts["outstanding"],
        difference_count=counts["differences"],
        differences=tuple(told),
        reconciled_at=now,
        org_code=org_code,
        org_path=org_path,
    )
