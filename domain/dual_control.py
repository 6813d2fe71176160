"""Dual control (双人): one person proposes, another confirms the same, each in the own request.

Source: domain 3.5 (CUS-04a to CUS-04f).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.custody import Movement, Operator
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, state_conflict


class ProposalState(StrEnum):
    """Life of a proposal (提议状态)."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A vault event that waits for its second person (待复核). Nothing has moved yet."""

    id: str
    movement: Movement
    payload: Mapping[str, Any]
    payload_hash: str
    proposer: Operator
    certificate_ids: tuple[str, ...]
    case_id: str | None = None
    check_out_id: str | None = None
    vault: str | None = None
    slot_id: str | None = None
    business_date: date | None = None  # of the event, where the proposer named one
    backdate_approval: Operator | None = None  # who agreed that it lies back (倒签)
    expires_at: datetime
    state: ProposalState = ProposalState.PENDING
    confirmed_by: str | None = None
    org_code: str
    org_path: str
    version: int = 0

    def is_open(self, now: datetime) -> bool:
        """Whether a second person may still confirm; the last moment has passed at expiry."""
        return self.state is ProposalState.PENDING and now <= self.expires_at


def expiry(now: datetime, policy: Policy) -> datetime:
    """The last moment for the second person (CUS-04a)."""
    return now + timedelta(minutes=policy.number("vault.proposal_ttl_min"))


def payload_hash(payload: Mapping[str, Any]) -> str:
    """What the second person must match exactly (CUS-04c)."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def confirmation_refusals(
    proposal: Proposal, *, payload: Mapping[str, Any], checker: str, now: datetime
) -> Iterator[Refusal]:
    """Everything that keeps this person from confirming this proposal with this content."""
    yield from over(proposal, now=now, event="CONFIRM")
    if checker == proposal.proposer.login:
        yield Refusal(code=RefusalCode.DUAL_CONTROL_SAME_PERSON, rule_id="CUS-04b")
    if payload_hash(payload) != proposal.payload_hash:
        changed = sorted(
            name
            for name in payload.keys() | proposal.payload.keys()
            if payload.get(name) != proposal.payload.get(name)
        )
        yield Refusal(
            code=RefusalCode.PAYLOAD_CHANGED,
            rule_id="CUS-04c",
            detail={"fields": ", ".join(changed)},
        )


def over(proposal: Proposal, *, now: datetime, event: str) -> Iterator[Refusal]:
    """A proposal that waits no more: ended, or not answered in time (CUS-04d)."""
    expired = proposal.state is ProposalState.EXPIRED
    if proposal.state is not ProposalState.PENDING and not expired:
        yield state_conflict(
            "CUS-04a", subject=f"Proposal {proposal.id}", state=proposal.state, event=event
        )
    elif expired or now > proposal.expires_at:
        yield Refusal(
            code=RefusalCode.PROPOSAL_EXPIRED,
            rule_id="CUS-04d",
            detail={"expired_at": proposal.expires_at.isoformat(timespec="seconds")},
        )


def conflicting_part(login: str, parts: Mapping[str, str]) -> Refusal | None:
    """A keeper who already plays another part in the same matter (CUS-04b, §9 SoD).

    parts: login to the part it already plays.
    """
    part = parts.get(login)
    if part is None:
        return None
    return Refusal(
        code=RefusalCode.SOD_VIOLATION,
        rule_id="CUS-04b",
        detail={"person": login, "part": part},
    )
