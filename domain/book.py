"""The book (表外账): an entry for every paper that enters or leaves a vault, answered by the core.

Source: CUS-21, INV-08; X06, X10, X26. An entry is a record of its own beside the event it books, so
that an answer that comes later leaves the ledger's chain as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import business_date
from domain.certificates import CustodyState, TitleCertificate
from domain.custody import CustodyEvent
from domain.refusals import Refusal, RefusalCode, invalid

NOMINAL = 100  # fen: a paper without an amount is entered at one yuan (假定价格)
MAX_ANSWERS = 20  # of one entry


class EntryKind(StrEnum):
    """What an entry books (记账类别)."""

    IN = "IN"
    OUT = "OUT"
    PROCEEDS = "PROCEEDS"


class PostingStatus(StrEnum):
    """What became of an entry (记账状态)."""

    PENDING = "PENDING"
    POSTED = "POSTED"
    POSTING_FAILED = "POSTING_FAILED"
    RETRIED = "RETRIED"
    REVERSED = "REVERSED"


class PostingOutcome(StrEnum):
    """The core system's answer to an entry (记账结果)."""

    FAILED = "FAILED"
    POSTED = "POSTED"


# Given up here; what the core still says of such an entry is kept and changes nothing.
GIVEN_UP = frozenset({PostingStatus.RETRIED, PostingStatus.REVERSED})
_STATUS_OF: Mapping[PostingOutcome, PostingStatus] = MappingProxyType(
    {
        PostingOutcome.FAILED: PostingStatus.POSTING_FAILED,
        PostingOutcome.POSTED: PostingStatus.POSTED,
    }
)
_COUNTS: Mapping[EntryKind, int] = MappingProxyType(
    {EntryKind.IN: 1, EntryKind.OUT: -1, EntryKind.PROCEEDS: 0}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingAnswer:
    """One answer of the core system (记账回执). answered_at: by the core's own clock."""

    outcome: PostingOutcome
    answered_at: datetime
    posted_on: date | None = None
    core_no: str | None = None  # of the core's voucher
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An entry of the book (记账), asked of the core system under its own serial number (流水号).

    in_core: whether the core's last word is that the entry stands in its book. Amount in fen.
    """

    id: str
    serial: str
    kind: EntryKind
    certificate_id: str
    event_id: str
    event_seq: int
    attempt: int = 1
    vault: str
    amount: int
    biz_date: date
    asked_on: date
    asked_at: datetime
    status: PostingStatus = PostingStatus.PENDING
    in_core: bool = False
    answers: tuple[PostingAnswer, ...] = ()  # by the core's clock
    settled_by: str | None = None  # who retried or reversed it
    settled_at: datetime | None = None
    settled_reason: str | None = None
    org_code: str
    org_path: str
    version: int = 0


def entry_kind(event: CustodyEvent) -> EntryKind | None:
    """Which way an event books its paper; none where it neither enters nor leaves a vault."""
    inside = CustodyState.IN_VAULT
    if event.from_state is not inside and event.to_state is inside:
        return EntryKind.IN
    if event.from_state is inside and event.to_state is not inside:
        return EntryKind.OUT
    return None


def due_entries(
    certificate: TitleCertificate, event: CustodyEvent
) -> tuple[tuple[EntryKind, str], ...]:
    """The entries that an event asks for, each with its vault: what the book does not say yet.

    After a reversal (冲正) the book may say already what the way back would enter, or still hold
    the paper in the vault that it has left for another.
    """
    kind, held = entry_kind(event), certificate.booked_in
    if kind is None or (kind is EntryKind.IN and held == event.vault):
        return ()
    left = () if held is None else ((EntryKind.OUT, held),)
    if kind is EntryKind.OUT:
        return left
    assert event.vault is not None
    return (*left, (EntryKind.IN, event.vault))


def entry(
    certificate: TitleCertificate,
    event: CustodyEvent,
    kind: EntryKind,
    vault: str,
    *,
    id: str,
    amount: int | None = None,
) -> Posting:
    """The entry of an event, before the core system has answered.

    amount: of proceeds; a paper's own is its right's, or one yuan.
    """
    today = business_date(event.recorded_at)
    if amount is None:
        amount = certificate.booked_amount if kind is EntryKind.OUT else certificate.right_amount
    return Posting(
        id=id,
        serial=serial(id, today),
        kind=kind,
        certificate_id=certificate.id,
        event_id=event.id,
        event_seq=event.seq,
        vault=vault,
        amount=NOMINAL if amount is None else amount,
        biz_date=event.biz_date,
        asked_on=today,
        asked_at=event.recorded_at,
        org_code=certificate.org_code,
        org_path=event.org_path,
    )


def serial(id: str, today: date) -> str:
    """The serial number of an entry; a retry has one of its own."""
    return f"BK{today:%Y%m%d}-{id[-10:]}"


def opened(posting: Posting) -> Posting:
    """The entry of a paper taken over from an older system, whose book holds it (期初余额)."""
    return replace(posting, status=PostingStatus.POSTED, in_core=True)


def booked(certificate: TitleCertificate, posting: Posting) -> TitleCertificate:
    """The certificate once that entry was asked for."""
    if posting.kind is EntryKind.PROCEEDS:
        return certificate
    inside = posting.kind is EntryKind.IN
    return replace(
        certificate,
        booked_in=posting.vault if inside else None,
        booked_amount=posting.amount if inside else None,
    )


def answered(posting: Posting, answer: PostingAnswer) -> Posting:
    """The entry once the core has answered: its latest word counts, in whatever order words come.

    The same answer again changes nothing.
    """
    if any(_moment(known) == _moment(answer) for known in posting.answers):
        return posting
    answers = tuple(sorted((*posting.answers, answer), key=_moment))
    last = answers[-1].outcome
    status = posting.status if posting.status in GIVEN_UP else _STATUS_OF[last]
    in_core = last is PostingOutcome.POSTED and posting.status is not PostingStatus.REVERSED
    return replace(posting, answers=answers, status=status, in_core=in_core)


def answer_refusals(posting: Posting, answer: PostingAnswer) -> Iterator[Refusal]:
    """What is wrong with an answer."""
    if answer.outcome is PostingOutcome.POSTED and answer.posted_on is None:
        yield invalid("posted_on", "an entry that stands has a date", rule_id="CUS-21")
    if answered(posting, answer) != posting and len(posting.answers) >= MAX_ANSWERS:
        yield beyond("answers", len(posting.answers) + 1, MAX_ANSWERS)


def as_booked(certificate: TitleCertificate, postings: Iterable[Posting]) -> TitleCertificate:
    """The certificate as all its entries tell: in which vault it is booked, and which failed."""
    known = sorted(postings, key=place_of)
    last = holding(known)
    failed = [one.id for one in known if one.status is PostingStatus.POSTING_FAILED]
    return replace(
        certificate,
        booked_in=last.vault if last else None,
        booked_amount=last.amount if last else None,
        posting_failed=failed[0] if failed else None,
    )


def holding(postings: Iterable[Posting]) -> Posting | None:
    """The entry by which the book holds a paper; none where it does not. postings: of one paper."""
    standing = [one for one in postings if _COUNTS[one.kind] and stands(one)]
    last = max(standing, key=place_of, default=None)
    return last if last is not None and last.kind is EntryKind.IN else None


def count(postings: Iterable[Posting]) -> int:
    """How many papers the book holds by entries that stand, each event's counted once (INV-08)."""
    return sum(_COUNTS[kind] for _, kind in {(p.event_id, p.kind) for p in postings if stands(p)})


def core_count(postings: Iterable[Posting]) -> int:
    """How many papers the core system's book holds, as far as it has answered."""
    return sum(_COUNTS[one.kind] for one in postings if one.in_core)


def stands(posting: Posting) -> bool:
    """Whether an entry counts: not given up, or in the core's book all the same."""
    return posting.in_core or posting.status not in GIVEN_UP


def place_of(posting: Posting) -> tuple[int, bool, int]:
    """Where an entry stands among those of its paper; of one event's, the one out comes first."""
    return posting.event_seq, posting.kind is EntryKind.IN, posting.attempt


def beyond(field: str, actual: int, limit: int) -> Refusal:
    """More of something than an entry may have."""
    return Refusal(
        code=RefusalCode.LIMIT_EXCEEDED,
        rule_id="CUS-21",
        field=field,
        detail={"field": field, "actual": str(actual), "limit": str(limit)},
    )


def _moment(answer: PostingAnswer) -> tuple[datetime, PostingOutcome]:
    return answer.answered_at, answer.outcome
