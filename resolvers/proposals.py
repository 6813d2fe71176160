"""Proposals (提议) as every mutation under dual control begins and ends them (CUS-04)."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from domain.certificates import TitleCertificate
from domain.custody import Movement
from domain.dual_control import (
    Proposal,
    ProposalState,
    confirmation_refusals,
    expiry,
    payload_hash,
)
from domain.refusals import Forbidden, RefusalCode, Refused, state_conflict
from domain.roles import Operation
from domain.vaults import Vault
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.vault_work import end_proposal
from schema.custody import ProposalPayload, ProposalWithdrawInput
from storage.records import new_id

T = TypeVar("T")


def proposed(
    deed: Deed,
    movement: Movement,
    payload: Mapping[str, Any],
    certificate_ids: Sequence[str],
    at: Vault | TitleCertificate,
    *,
    id: str | None = None,
    **more: Any,
) -> Proposal:
    """A proposal by the actor that waits for its second person.

    at: the vault where it happens, or the certificate of one that happens in none. id: one that
    was taken before. more: what else it is about, such as a case or a slot.
    """
    return deed.decision.add(
        Proposal(
            id=id or new_id(Proposal),
            movement=movement,
            payload=payload,
            payload_hash=payload_hash(payload),
            proposer=deed.operator(),
            certificate_ids=tuple(certificate_ids),
            vault=at.code if isinstance(at, Vault) else None,
            expires_at=expiry(deed.now, deed.policy),
            org_code=at.org_code,
            org_path=at.org_path,
            **more,
        )
    )


async def compared(
    deed: Deed, proposal: Proposal, given: Mapping[str, Any], reading: Awaitable[T]
) -> T:
    """What a confirmation names, once read.

    That it differs from the proposal is told also where it names what is not there (CUS-04c).
    given: the part of the payload that needs no reading.
    """
    deed.proposers.add(proposal.proposer.login)
    try:
        return await reading
    except (Refused, Forbidden) as stopped:
        wrong = confirmation_refusals(
            proposal,
            payload={**proposal.payload, **given},
            checker=deed.actor.login,
            now=deed.now,
        )
        told = list(wrong)
        if isinstance(stopped, Refused):
            raise Refused(*told, *stopped.refusals) from None
        if any(refusal.code is RefusalCode.PAYLOAD_CHANGED for refusal in told):
            raise Refused(*told) from None
        raise


def confirmed(deed: Deed, proposal: Proposal) -> Proposal:
    """The proposal once its second person, the actor, has confirmed it."""
    return deed.decision.save(
        replace(proposal, state=ProposalState.CONFIRMED, confirmed_by=deed.actor.login)
    )


@mutation(
    Operation.HAND_OVER,
    ProposalPayload,
    description="Take back an own proposal; nothing has moved (撤回提议, CUS-04d).",
)
async def proposal_withdraw(deed: Deed, input: ProposalWithdrawInput) -> dict[str, Any]:
    """CUS-04d."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    if proposal.proposer.login != deed.actor.login:
        raise Forbidden("Only the proposer may withdraw a proposal.")
    if proposal.state is not ProposalState.PENDING:
        raise Refused(
            state_conflict(
                "CUS-04d",
                subject=f"Proposal {proposal.id}",
                state=proposal.state,
                event="WITHDRAW",
            )
        )
    return {"proposal": await end_proposal(deed, proposal, ProposalState.WITHDRAWN)}
