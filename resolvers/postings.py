"""Mutations that settle an entry which the core system refused: ask anew, or take back (CUS-21)."""

from typing import Any

from domain.book import Posting, as_booked
from domain.book_failures import retried, retry_refusals, reversal_refusals, reversed_
from domain.certificates import TitleCertificate
from domain.custody import CustodyEvent
from domain.dual_control import conflicting_part
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.book import PostingPayload, PostingRetryInput, PostingReverseInput
from storage.records import new_id


@mutation(
    Operation.SETTLE_POSTING,
    PostingPayload,
    description="Ask for an entry anew, under a serial of its own (重发记账, CUS-21).",
)
async def posting_retry(deed: Deed, input: PostingRetryInput) -> dict[str, Any]:
    """CUS-21: the paper is free again, until the core refuses the new one too."""
    posting = await deed.subject(Posting, input.posting_id)
    certificate = await deed.decision.get(TitleCertificate, posting.certificate_id)
    refuse_if([*retry_refusals(posting, certificate), await _own_event(deed, posting)])
    given_up, anew = retried(
        posting, id=new_id(Posting), by=deed.actor.login, now=deed.now, today=deed.today
    )
    if given_up != posting:
        given_up = deed.decision.save(given_up)
    deed.decision.add(anew)
    others = await _others(deed, posting)
    deed.decision.save(as_booked(certificate, [*others, given_up, anew]))
    return {"posting": anew}


@mutation(
    Operation.SETTLE_POSTING,
    PostingPayload,
    description="Take back an entry that failed or was booked twice (冲正, CUS-21).",
)
async def posting_reverse(deed: Deed, input: PostingReverseInput) -> dict[str, Any]:
    """CUS-21: the book is as it was before the event, and says so at each reconciliation."""
    posting = await deed.subject(Posting, input.posting_id)
    certificate = await deed.decision.get(TitleCertificate, posting.certificate_id)
    others = await _others(deed, posting)
    refuse_if(
        [
            *reversal_refusals(posting, others, reason=input.reason),
            await _own_event(deed, posting),
        ]
    )
    after = deed.decision.save(
        reversed_(posting, by=deed.actor.login, now=deed.now, reason=input.reason)
    )
    deed.decision.save(as_booked(certificate, [*others, after]))
    return {"posting": after}


async def _others(deed: Deed, posting: Posting) -> list[Posting]:
    """The other entries of the same paper."""
    known = await deed.decision.find(Posting, {"certificate_id": posting.certificate_id})
    return [one for one in known if one.id != posting.id]


async def _own_event(deed: Deed, posting: Posting) -> Refusal | None:
    """Whoever moved the paper does not settle its entry as well."""
    event = await deed.decision.get(CustodyEvent, posting.event_id)
    return conflicting_part(
        deed.actor.login, {operator.login: "operator" for operator in event.operators}
    )
