"""Settling an entry that the core system refused: asked for anew, or taken back (重发、冲正).

Source: CUS-21.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from domain.book import EntryKind, Posting, PostingStatus, beyond, place_of, serial, stands
from domain.certificates import TitleCertificate
from domain.refusals import Refusal, invalid, state_conflict

MAX_ATTEMPTS = 20  # to enter one event


def retry_refusals(posting: Posting, certificate: TitleCertificate) -> Iterator[Refusal | None]:
    """What failed is asked for anew; what was reversed, while its paper is where it was put."""
    if posting.status is PostingStatus.REVERSED:
        yield None if _wanted(posting, certificate) else _not_from(posting, "RETRY")
    elif posting.status is not PostingStatus.POSTING_FAILED:
        yield _not_from(posting, "RETRY")
    if posting.attempt >= MAX_ATTEMPTS:
        yield beyond("attempts", posting.attempt + 1, MAX_ATTEMPTS)


def reversal_refusals(
    posting: Posting, others: Iterable[Posting], *, reason: str
) -> Iterator[Refusal | None]:
    """An entry that failed, or one that the core booked besides its retry, is taken back (冲正).

    others: entries of the same paper; those of later events that stand come first.
    """
    standing = [one for one in others if one.event_seq > posting.event_seq and stands(one)]
    later = max(standing, key=place_of, default=None)
    twice = posting.status is PostingStatus.RETRIED and posting.in_core
    if posting.status is not PostingStatus.POSTING_FAILED and not twice:
        yield _not_from(posting, "REVERSE")
    elif later is not None and not twice:
        yield state_conflict(
            "CUS-21", subject=later.serial, state=later.status, event="REVERSE an earlier entry"
        )
    if not reason.strip():
        yield invalid("reason", "say why", rule_id="CUS-21")


def retried(
    posting: Posting, *, id: str, by: str, now: datetime, today: date
) -> tuple[Posting, Posting]:
    """The entry given up, and the one that is asked for in its place."""
    anew = replace(
        posting,
        id=id,
        serial=serial(id, today),
        attempt=posting.attempt + 1,
        asked_on=today,
        asked_at=now,
        status=PostingStatus.PENDING,
        in_core=False,
        answers=(),
        settled_by=None,
        settled_at=None,
        settled_reason=None,
        version=0,
    )
    given_up = posting
    if posting.status is PostingStatus.POSTING_FAILED:
        given_up = replace(posting, status=PostingStatus.RETRIED, settled_by=by, settled_at=now)
    return given_up, anew


def reversed_(posting: Posting, *, by: str, now: datetime, reason: str) -> Posting:
    """The entry taken back; the book is as if it had never been asked for."""
    return replace(
        posting,
        status=PostingStatus.REVERSED,
        in_core=False,
        settled_by=by,
        settled_at=now,
        settled_reason=reason.strip(),
    )


def _wanted(posting: Posting, certificate: TitleCertificate) -> bool:
    """Whether the paper is where a reversed entry's event put it, and the book does not say so."""
    here = certificate.place is not None and certificate.place.vault == posting.vault
    match posting.kind:
        case EntryKind.IN:
            return here and certificate.booked_in is None
        case EntryKind.OUT:
            return not here and certificate.booked_in == posting.vault
        case EntryKind.PROCEEDS:
            return True


def _not_from(posting: Posting, event: str) -> Refusal:
    return state_conflict("CUS-21", subject=posting.serial, state=posting.status, event=event)
