"""Dropping the expectation of a certificate that never came (应取权证作废).

Source: INV-10: nothing is deleted, it becomes void with a reason.
"""

from collections.abc import Iterator

from domain.certificates import CustodyState, TitleCertificate
from domain.custody import RULE_OF, Movement
from domain.refusals import Refusal, invalid, state_conflict
from domain.vaulting import locked


def voiding_refusals(certificate: TitleCertificate, reason: str) -> Iterator[Refusal | None]:
    """Every rule that dropping an expectation breaks: only of a paper that was never received.

    What was obtained ends by the events of its own life.
    """
    movement = Movement.VOID_EXPECTED
    dropped = certificate.is_dropped
    if dropped or certificate.custody_state is not CustodyState.NOT_RECEIVED:
        state = certificate.legal_state if dropped else certificate.custody_state
        yield state_conflict(
            RULE_OF[movement], subject=certificate.label, state=state, event=movement
        )
    yield locked(certificate, proposal_id="")
    if not reason.strip():
        yield invalid("reason", "say why it is expected no more", rule_id=RULE_OF[movement])
