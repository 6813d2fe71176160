"""Reconciling each vault once a business date: book, vault, ledger and registry (CUS-21)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain

from domain.alerts import Alert, AlertKind
from domain.certificates import LegalState
from domain.collaterals import Collateral, TitleSearchResult
from domain.custody import Movement
from domain.people import Role
from domain.reconciliation import (
    MAX_DIFFERENCES,
    Reconciliation,
    Registered,
    Standing,
    reconciliation,
)
from domain.vaults import Vault
from domain.watch import Incident, IncidentKind, SignalSeverity, SubjectKind
from jobs.watch import Round
from resolvers.incidents import incident_of, room
from storage.books import booked_stages, inside_stages, right_stages
from storage.records import Record, from_record, new_id

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
    inside = this.decision.tallied("certificates", inside_stages(vault, this.today))
    booked = this.decision.tallied("postings", booked_stages(vault, this.today))
    for row in chain(inside, booked):
        yield Standing(
            certificate_id=row["_id"],
            in_vault=row["in_vault"],
            in_book=row["in_book"],
            in_ledger=row["in_ledger"],
            asked_today=row["asked_today"],
        )


async def _rights(this: Round, vault: str) -> list[Registered]:
    """Rights of which some title search says the opposite; the latest one decides."""
    rights = []
    for legal_state, result in _OPPOSITE:
        stages = right_stages(vault, legal_state, result, limit=MAX_DIFFERENCES)
        rows = list(this.decision.tallied("certificates", stages))
        ended = await _ended(this, rows) if legal_state is LegalState.CANCELLED else {}
        for row in rows:
            since = ended.get(row["_id"]) or row.get("registered_on") or row.get("issue_date")
            for told in row["collaterals"]:
                search = from_record(Collateral, told).latest_search
                assert search is not None
                rights.append(
                    Registered(
                        certificate_id=row["_id"],
                        legal_state=legal_state,
                        since=None if since is None else date.fromisoformat(since),
                        search=search,
                    )
                )
    return rights


async def _ended(this: Round, rows: list[Record]) -> dict[str, str]:
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
