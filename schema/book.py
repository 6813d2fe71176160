"""The book (表外账): its entries, and how it agrees with vaults, ledgers and the registry."""

from datetime import date, datetime

import strawberry

from domain.book import EntryKind, PostingOutcome, PostingStatus
from domain.certificates import LegalState
from domain.collaterals import TitleSearchResult
from domain.reconciliation import DifferenceKind
from schema.certificates import CustodyEvent, TitleCertificate
from schema.fields import named, related
from schema.nodes import Node, Refusal
from schema.scalars import Money
from storage.relations import Relation


@strawberry.type(description="One answer of the core system to an entry (记账回执).")
class PostingAnswer:
    """An answer."""

    outcome: PostingOutcome = named("Whether it stands in the core's book.")
    answered_at: datetime = named("When, by the core's own clock.")
    posted_on: date | None = named("Accounting date.")
    core_no: str | None = named("Number of the core's voucher.")
    reason: str | None = named("Why it was refused.")


@strawberry.type(description="An entry of the book, asked of the core system (表外记账).")
class Posting(Node):
    """An entry."""

    prefix: strawberry.Private[str] = "pstg"

    serial: str = named("Serial number (流水号), by which the core answers.")
    kind: EntryKind = named("What it books.")
    status: PostingStatus = named("What became of it.")
    vault: str = named("Code of the vault.")
    amount: Money | None = named("Amount; one yuan for a paper that has none (假定价格).")
    biz_date: date = named("Business date of the event it books.")
    asked_on: date = named("Business date on which it was asked for.")
    asked_at: datetime = named("When.")
    attempt: int = named("Which attempt to book the event this is.")
    in_core: bool = named("Whether the core's last word is that it stands.")
    answers: list[PostingAnswer] = named("What the core said, by its own clock.")
    settled_by: str | None = named("Who retried or reversed it.")
    settled_at: datetime | None = named("When.")
    settled_reason: str | None = named("Why it was reversed.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    event: CustodyEvent | None = related(
        Relation(collection="custody_events", local="event_id"), "The event it books."
    )
    certificate: TitleCertificate | None = related(
        Relation(collection="certificates", local="certificate_id"), "The paper it books."
    )


@strawberry.type(description="One paper on which two sides differ (核对差异).")
class Difference:
    """A difference, with what each side says."""

    kind: DifferenceKind = named("Who disagrees.")
    certificate_id: strawberry.ID = named("The paper.")
    in_vault: int | None = named("How many of it the vault has by its state.")
    in_book: int | None = named("How many of it the core's book holds there.")
    in_ledger: int | None = named("How many of it its ledger leaves there.")
    legal_state: LegalState | None = named("What the certificate says of the right.")
    registry: TitleSearchResult | None = named("What the latest title search showed.")
    searched_on: date | None = named("When that was.")


@strawberry.type(description="A vault's papers on one day, side by side (表外账核对).")
class Reconciliation(Node):
    """A reconciliation."""

    prefix: strawberry.Private[str] = "rcon"

    vault: str = named("Code of the vault.")
    on: date = named("Business date.")
    vault_count: int = named("Papers in the vault by their state (实物).")
    book_count: int = named("Papers there by the core's book (表外账).")
    ledger_count: int = named("Papers there by their ledgers (流水).")
    outstanding: int = named("Papers whose entry of that day was not answered yet (未达账项).")
    difference_count: int = named("How many differences there are.")
    differences: list[Difference] = named("Differences, the first 1,000.")
    reconciled_at: datetime = named("When.")
    org_code: str = named("Organisation of the vault.")
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="differences.certificate_id", many=True),
        "The papers that differ.",
    )


@strawberry.input(description="An entry to ask for anew, under another serial (重发记账, CUS-21).")
class PostingRetryInput:
    """CUS-21."""

    posting_id: strawberry.ID = named("The entry.")


@strawberry.input(description="An entry to take back (冲正, CUS-21).")
class PostingReverseInput:
    """CUS-21."""

    posting_id: strawberry.ID = named("The entry.")
    reason: str = named("Why.")


@strawberry.type(description="An entry of the book, or why not.")
class PostingPayload:
    """Answer about an entry."""

    posting: Posting | None = named("The entry as it is now; of a retry, the new one.")
    refusals: list[Refusal] = named("Every rule broken, all at once; empty means it was done.")
