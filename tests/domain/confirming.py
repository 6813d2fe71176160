"""The second half of what two people do in random lives; each kind of life knows its own end."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from domain.custody import Movement
from domain.dual_control import Proposal, ProposalState
from tests.domain.invariants import Invariants

End = Callable[[Proposal, str, dict[str, Any]], bool]  # tells whether the rules let it happen


class Confirming(Invariants):
    """A second person answers."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: dict[Movement, End] = {}

    def _confirm(self, proposal: Proposal, by: str, payload: dict[str, Any]) -> None:
        bank, end = self.bank, self.ends[proposal.movement]
        if bank.confirming(proposal, by, payload) or not end(proposal, by, payload):
            return
        assert payload == proposal.payload
        assert bank.now <= proposal.expires_at
        bank.proposals[proposal.id] = replace(proposal, state=ProposalState.CONFIRMED)
