"""Dating a vault event back (倒签): what the rule has to know, and the supervisor's approval."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain.backdating import approval_refusals, backdate_refusals, is_back
from domain.calendar import SHANGHAI, business_date
from domain.certificates import TitleCertificate
from domain.custody import CustodyEvent, Operator
from domain.dual_control import Proposal, conflicting_part
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from domain.stocktakes import StocktakeState
from domain.vaults import Vault
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.vault_work import parts_of
from schema.custody import ProposalApproveBackdateInput, ProposalPayload

MAX_COUNTS = 100  # of one vault within the days that may be dated back


@mutation(
    Operation.APPROVE_BACKDATE,
    ProposalPayload,
    description="Approve that a proposal is dated back; the vault's supervisor (倒签, CUS-22).",
)
async def proposal_approve_backdate(
    deed: Deed, input: ProposalApproveBackdateInput
) -> dict[str, Any]:
    """CUS-22: an own request of a third person, before the second keeper confirms."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    papers = await deed.decision.find(
        TitleCertificate, {"_id": {"$in": list(proposal.certificate_ids)}}
    )
    refuse_if(
        [
            *approval_refusals(proposal, by=deed.actor.login, now=deed.now, today=deed.today),
            *backdate_refusals(
                proposal.business_date,
                today=deed.today,
                latest=None,
                policy=deed.policy,
                calendar=deed.calendar,
            ),
            conflicting_part(deed.actor.login, await parts_of(deed, papers)),
        ]
    )
    approved = replace(proposal, backdate_approval=deed.operator())
    return {"proposal": deed.decision.save(approved)}


async def misdated(
    deed: Deed,
    on: date | None,
    papers: Sequence[TitleCertificate],
    vault: Vault,
    *,
    after: date | None = None,
) -> list[Refusal]:
    """Every rule that the business date of a vault event breaks.

    It comes after all that happened to its papers, and after what a finished count of the vault
    has found. after: another day it cannot come before.
    """
    days, stood_still = [] if after is None else [after], False
    if is_back(on, deed.today):
        assert on is not None
        stood_still = await _stood_still(deed, on, vault)
        days += [await _last_moved(deed, paper) for paper in papers]
        days += await _counted(deed, on, vault)
    return list(
        backdate_refusals(
            on,
            today=deed.today,
            latest=max(days, default=None),
            stood_still=stood_still,
            policy=deed.policy,
            calendar=deed.calendar,
        )
    )


def agreed(keepers: Sequence[Operator], proposal: Proposal) -> list[Operator]:
    """Who acted in an event: its two keepers, and who approved that it is dated back."""
    approval = proposal.backdate_approval
    return [*keepers, *([] if approval is None else [approval])]


async def _last_moved(deed: Deed, paper: TitleCertificate) -> date:
    last = await deed.decision.first(
        CustodyEvent, {"certificate_id": paper.id, "seq": paper.event_seq}
    )
    assert last is not None  # a paper begins with an event
    return last.biz_date


async def _counted(deed: Deed, on: date, vault: Vault) -> list[date]:
    """Days on which counts of the vault began from then on; their outcome stays true."""
    since = _begin(on)
    counts = await deed.decision.records(
        "stocktakes",
        {
            "vault": vault.code,
            "state": StocktakeState.FINALISED.value,
            "opened_at": {"$gte": since},
        },
        limit=MAX_COUNTS,
    )
    return [business_date(count["opened_at"]) for count in counts]


async def _stood_still(deed: Deed, on: date, vault: Vault) -> bool:
    """Whether one count of the vault lasted all that day, however it ended."""
    begun, ended = {"$lt": _begin(on)}, {"$gte": _begin(on + timedelta(days=1))}
    query = {"vault": vault.code, "opened_at": begun, "ended_at": ended}
    return bool(await deed.decision.records("stocktakes", query, limit=1))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
