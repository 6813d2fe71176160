"""Proposals (提议) as every mutation under dual control begins and ends them (CUS-04)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.certificates import TitleCertificate
from domain.custody import Movement
from domain.dual_control import Proposal, ProposalState, expiry, payload_hash
from domain.vaults import Vault
from resolvers.mutation import Deed
from storage.records import new_id


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


def confirmed(deed: Deed, proposal: Proposal) -> Proposal:
    """The proposal once its second person, the actor, has confirmed it."""
    return deed.decision.save(
        replace(proposal, state=ProposalState.CONFIRMED, confirmed_by=deed.actor.login)
    )
