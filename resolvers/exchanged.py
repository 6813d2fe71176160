"""A new certificate that comes in place of an old one (换证, X13): received at a vault's desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.certificates import CustodyState, Holder, TitleCertificate
from domain.custody import CustodyEvent, Evidence, Movement, moved
from domain.handovers import given
from domain.processing import PaperFacts
from resolvers.deed import Deed
from resolvers.expectations import dropped
from resolvers.papers import printed, scan_falls_due
from resolvers.reminders import obtained
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What was brought to a vault's desk, by whom, on what it rests; and its rank's date."""

    paper: PaperFacts
    request_ref: str | None
    evidence: Sequence[Evidence]
    priority_date: date | None
    desk: str
    by: str | None


async def received_instead(
    deed: Deed, old: TitleCertificate, new: TitleCertificate, brought: Brought
) -> TitleCertificate:
    """The new certificate, waiting for its vault-in and its own scan; it supersedes the old.

    Where such a one was expected it is this one, obtained by that day (CUS-27).
    """
    reads = printed(deed, new, brought.paper)
    awaited = await _awaited(deed, new)
    if awaited is not None:
        ended = f"Obtained as {brought.paper.cert_no}, in place of {old.label}."
        dropped(deed, awaited, reason=ended)
        reads |= {"expected_from": awaited.expected_from, "expected_by": awaited.expected_by}
    received, event = moved(
        new,
        Movement.RECEIVE_EXCHANGED,
        to=CustodyState.RECEIVED_PENDING_VAULT,
        event_id=new_id(CustodyEvent),
        operators=[deed.operator()],
        now=deed.now,
        today=deed.today,
        request_ref=brought.request_ref,
        evidence=brought.evidence,
        **(reads | {"priority_date": brought.priority_date}),
        supersedes=old.id,
        collected_on=deed.today,
        vault_due=deed.calendar.wd(deed.today, deed.policy.number("vault.in_due_wd")),
        holder=Holder(desk=brought.desk, since=deed.now),
        **given(new, brought.by),
    )
    deed.decision.add(event)
    deed.decision.add(received)
    received = await obtained(deed, received)
    await scan_falls_due(deed, received)
    return received


async def _awaited(deed: Deed, new: TitleCertificate) -> TitleCertificate | None:
    """The expectation that a new certificate fulfils: of its type, on the same collateral."""
    query = {
        "collateral_nos": {"$in": list(new.collateral_nos)},
        "custody_state": CustodyState.NOT_RECEIVED.value,
        "cert_type": new.cert_type.value,
    }
    for one in await deed.decision.find(TitleCertificate, query):
        if not one.is_dropped and set(one.collateral_nos) == set(new.collateral_nos):
            return one
    return None
