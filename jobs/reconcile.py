"""Reconciling each vault once a business date: book, vault, ledger and registry (CUS-21)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import TypeVar

from domain.alerts import Alert, AlertKind
from domain.certificates import CustodyState, LegalState
from domain.collaterals import Collateral, TitleSearchResult
from domain.custody import Movement
from domain.reconciliation import (
    MAX_DIFFERENCES,
    Reconciliation,
    Registered,
    Standing,
    reconciliation,
)
from domain.roles import Role
from domain.vaults import Vault
from domain.watch import Incident, IncidentKind, SignalSeverity, SubjectKind
from jobs.watch import Round
from resolvers.incidents import incident_of, room
from storage.books import booked_stages, inside_stages, last_stages, right_stages, searched_query
from storage.decisions import MAX_FOUND
from storage.records import Record, from_record, new_id

T = TypeVar("T")
PAPERS_AT_ONCE = 1_000  # whose ledgers or collateral are asked for together
_BY_ID = itemgetter("_id")
_OPPOSITE = (
    (LegalState.REGISTERED, TitleSearchResult.CANCELLED),
    (LegalState.CANCELLED, TitleSearchResult.CLEAR),
)


async def reconcile(this: Round, id: str) -> int:
    """Keeps the record of one vault on this day, unless it is there; how many papers differ."""
    vault = await this.decision.get(Vault, id)
    kept = {"vault": vault.code, "on": this.today.isoformat()}
    if await this.decision.first(Reconciliation, kept) is not None:
        return 0
    record = this.decision.add(
        reconciliation(
            _standings(this, vault.code),
            await _rights(this, vault.code),
            id=new_id(Reconciliation),
            vault=vault.code,
            on=this.today,
            now=this.now,
            org_code=vault.org_code,
            org_path=vault.org_path,
        )
    )
    await _tell(this, vault, record)
    return record.difference_count


def _standings(this: Round, vault: str) -> Iterator[Standing]:
    inside = this.decision.tallied("certificates", inside_stages(vault))
    booked = this.decision.tallied("postings", booked_stages(vault, this.today))
    sides = groupby(merge(inside, booked, key=_BY_ID), key=_BY_ID)
    for papers in _batches((id, list(rows)) for id, rows in sides):
        stages = last_stages([id for id, _ in papers])
        last = {row["_id"]: row for row in this.decision.tallied("custody_events", stages)}
        for id, rows in papers:
            said = {side: number for row in rows for side, number in row.items()}
            event = last.get(id, {})
            there = event.get("to_state") == CustodyState.IN_VAULT and event["vault"] == vault
            yield Standing(
                certificate_id=id,
                in_vault=said.get("in_vault", 0),
                in_book=said.get("in_book", 0),
                in_ledger=int(there),
                asked_today=said.get("asked_today", 0),
            )


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, PAPERS_AT_ONCE)):
        yield some


async def _rights(this: Round, vault: str) -> list[Registered]:
    """Rights of which some title search says the opposite; the latest one decides."""
    found: list[Registered] = []
    for legal_state, result in _OPPOSITE:
        rights = this.decision.tallied("certificates", right_stages(vault, legal_state))
        for some in _batches(rights):
            if len(found) < MAX_DIFFERENCES:
                found += await _searched(this, some, legal_state, result)
    return found[:MAX_DIFFERENCES]


async def _searched(
    this: Round, rights: Sequence[Record], legal_state: LegalState, result: TitleSearchResult
) -> list[Registered]:
    """Those of the rights of whose collateral a search once had that result."""
    query = searched_query(rights, result)
    records = await this.decision.records("collaterals", query, limit=MAX_FOUND)
    latest = {record["no"]: from_record(Collateral, record).latest_search for record in records}
    told = [right for right in rights if latest.keys() & right["collateral_nos"]]
    ended = await _ended(this, told) if legal_state is LegalState.CANCELLED else {}
    found: list[Registered] = []
    for right in told:
        day = ended.get(right["_id"]) or right.get("registered_on") or right.get("issue_date")
        since = None if day is None else date.fromisoformat(day)
        searches = filter(None, map(latest.get, right["collateral_nos"]))
        found += (
            Registered(
                certificate_id=right["_id"], legal_state=legal_state, since=since, search=search
            )
            for search in searches
        )
    return found


async def _ended(this: Round, rows: Sequence[Record]) -> dict[str, str]:
    """On which day each of these rights was cancelled, by its ledger."""
    query = {
        "certificate_id": {"$in": [row["_id"] for row in rows]},
        "type": Movement.REGISTRY_CANCELLED.value,
    }
    events = await this.decision.records("custody_events", query, limit=MAX_DIFFERENCES)
    return {event["certificate_id"]: event["biz_date"] for event in events}


async def _tell(this: Round, vault: Vault, record: Reconciliation) -> None:
    """An alert each day that differs, and one incident until the first day that agrees."""
    query = {
        "kind": IncidentKind.BOOK_DIFFERENCE.value,
        "subject_kind": SubjectKind.VAULT.value,
        "subject": vault.code,
        "closed_at": None,
    }
    known = await this.decision.first(Incident, query)
    if record.difference_count:
        reason = (
            f"Vault {vault.code}: {record.vault_count} papers, {record.book_count} in the book,"
            f" {record.ledger_count} by the ledger; {record.difference_count} differ."
        )
        _alert(this, vault, reason)
        if known is None:
            incident = incident_of(
                room(vault),
                IncidentKind.BOOK_DIFFERENCE,
                no=_number(this, vault),
                severity=SignalSeverity.YELLOW,
                reason=reason,
                discovered_at=this.now,
            )
            this.decision.add(incident)
    elif known is not None:
        agreed = replace(known, closed_at=this.now, outcome=f"All agree on {this.today}.")
        this.decision.save(agreed)


def _alert(this: Round, vault: Vault, reason: str) -> None:
    """The vault's supervisor has to look into it."""
    days = this.rules.policy.number("book.settle_wd")
    this.decision.add(
        Alert(
            id=new_id(Alert),
            no=_number(this, vault),
            kind=AlertKind.BOOK,
            reason=reason,
            due_on=this.rules.calendar.wd(this.today, days),
            raised_on=this.today,
            roles=(Role.VAULT_SUPERVISOR,),
            **room(vault).facts,
        )
    )


def _number(this: Round, vault: Vault) -> str:
    return f"RC-{vault.code}-{this.today}"
