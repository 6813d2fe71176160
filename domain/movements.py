"""What may happen to a certificate next: every movement with "yes" or all that keeps it.

The movements' own mutations ask more (the slot, the seal, the second person); what is told here
is what the certificate itself, its vault and its holds say today.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from domain.calendar import WorkCalendar
from domain.case_steps import impossible
from domain.certificates import Catalog, CustodyState, LegalState, LockKind, TitleCertificate
from domain.checkout_requests import borrower_overdue, due_refusal, held_in, not_approved
from domain.checkout_returns import comes_back_itself, no_more_time, renewal_waits
from domain.checkouts import CheckOut, CheckOutState
from domain.custody import BEGINNINGS, LEGAL_ONLY, RULE_OF, Movement, illegal
from domain.deregistration import CaseState, CaseStep, DeregistrationCase, HandlingMode
from domain.handovers import Handover, handed_over
from domain.loans import Loan
from domain.losses import right_over
from domain.owner_returns import not_the_owners
from domain.policy import Policy
from domain.processing import cancellation_refusal, right_carrier
from domain.redemption import unredeemable
from domain.refusals import Refusal, invalid, state_conflict
from domain.releasing import awaits_exchange, goes_back
from domain.roles import Operation
from domain.vaulting import Scan, locked, paper_only, scan_missing
from domain.vaults import SealedPacket, Vault, frozen, seal_broken
from domain.watch import LegalHold, held

# Whose operation each movement is; those without one are the system's own.
OPERATIONS: Mapping[Movement, Operation] = MappingProxyType(
    {
        Movement.COLLECT: Operation.PROCESS_CERTIFICATE,
        Movement.INITIATE_HANDOVER: Operation.HAND_OVER,
        Movement.ACCEPT_HANDOVER: Operation.HAND_OVER,
        Movement.REJECT_HANDOVER: Operation.HAND_OVER,
        Movement.RECALL_HANDOVER: Operation.HAND_OVER,
        Movement.VAULT_IN: Operation.MOVE_VAULT,
        Movement.RELOCATE: Operation.MOVE_VAULT,
        Movement.CHECK_OUT: Operation.MOVE_VAULT,
        Movement.RENEW_CHECK_OUT: Operation.REQUEST_CHECK_OUT,
        Movement.RETURN_SAME: Operation.REQUEST_CHECK_OUT,
        Movement.RETURN_EXCHANGED: Operation.REQUEST_CHECK_OUT,
        Movement.VAULT_OUT_FOR_DEREG: Operation.MOVE_VAULT,
        Movement.DEREG_RETURN: Operation.HAND_OVER,
        Movement.DEREG_HANDOVER: Operation.REASSIGN_HANDLER,
        Movement.SURRENDER: Operation.FILE_WITH_REGISTRY,
        Movement.RETURN_TO_OWNER: Operation.FILE_WITH_REGISTRY,
        Movement.TRANSFER_OUT: Operation.MOVE_VAULT,
        Movement.DISPATCH: Operation.MOVE_VAULT,
        Movement.RECEIVE_DISPATCHED: Operation.MOVE_VAULT,
        Movement.FOUND: Operation.MOVE_VAULT,
        Movement.CONFIRM_LOST: Operation.CONFIRM_LOSS,
        Movement.REISSUE: Operation.REISSUE,
        Movement.FILE_ELECTRONIC: Operation.FILE_WITH_REGISTRY,
        Movement.CANCEL_ELECTRONIC: Operation.FILE_WITH_REGISTRY,
        Movement.REDEEM: Operation.MOVE_VAULT,
    }
)
OFFERED = tuple(
    movement for movement in Movement if movement not in BEGINNINGS and movement in OPERATIONS
)
_ELECTRONIC = frozenset({Movement.FILE_ELECTRONIC, Movement.CANCEL_ELECTRONIC}) | LEGAL_ONLY
_LEAVES_A_VAULT = frozenset(
    {
        Movement.CHECK_OUT,
        Movement.VAULT_OUT_FOR_DEREG,
        Movement.TRANSFER_OUT,
        Movement.DISPATCH,
        Movement.REDEEM,
    }
)
_IN_A_VAULT = _LEAVES_A_VAULT | {Movement.RELOCATE}
_HELD = _LEAVES_A_VAULT | {Movement.RETURN_TO_OWNER}  # CUS-24
_BY_KEEPERS = _IN_A_VAULT | {Movement.RETURN_TO_OWNER, Movement.SURRENDER}
_WHOLE_PACKET = frozenset({Movement.DISPATCH, Movement.RELOCATE})
_FREE = _IN_A_VAULT | {
    Movement.INITIATE_HANDOVER,
    Movement.VAULT_IN,
    Movement.FOUND,
    Movement.FILE_ELECTRONIC,
}
# The open request that a movement belongs to, and that so does not stand in its way.
_OF_HANDOVERS = frozenset(
    {Movement.ACCEPT_HANDOVER, Movement.REJECT_HANDOVER, Movement.RECALL_HANDOVER}
)
_OWN_LOCK: Mapping[Movement, LockKind] = MappingProxyType(
    {
        Movement.CHECK_OUT: LockKind.CHECK_OUT,
        Movement.VAULT_OUT_FOR_DEREG: LockKind.DEREGISTRATION,
        Movement.VAULT_IN: LockKind.DEREGISTRATION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFacts:
    """What storage knows of a certificate today."""

    certificate: TitleCertificate
    vault: Vault | None  # in which it lies
    desk: Vault | None  # at whose desk it waits
    packet: SealedPacket | None  # in which it lies
    handover: Handover | None  # of a release's paper, while nobody has decided it
    dispatched: bool  # whether it is on its way between vaults, not between people
    holds: Sequence[LegalHold]
    beside: Sequence[TitleCertificate]  # the others in its packet
    holds_beside: Sequence[LegalHold]
    check_out: CheckOut | None  # that holds it
    overdue: Sequence[tuple[CheckOut, str]]  # what its people keep beyond its time
    litigation_open: bool
    scans: Sequence[Scan]
    case: DeregistrationCase | None  # the open release that it belongs to
    proven: bool  # whether the registry's entry of that release is on record, with its result
    released: bool  # whether the collateral of that release is
    cancelled: bool  # whether any release of it, over or not, has the registry's entry
    stays: bool  # whether it covers something which that release leaves pledged
    loans: Sequence[Loan]  # that it secures
    today: date
    policy: Policy
    calendar: WorkCalendar


def movement_refusals(movement: Movement, facts: MovementFacts) -> Iterator[Refusal | None]:
    """Everything that keeps a certificate from a movement today."""
    certificate = facts.certificate
    yield illegal(certificate, movement) or _on_another_way(movement, facts)
    if movement not in _ELECTRONIC:
        yield paper_only(certificate)
    if movement in _FREE and not _is_own(certificate, movement):
        yield locked(certificate, proposal_id="")
    if movement in _WHOLE_PACKET:
        yield from (locked(other, proposal_id="") for other in facts.beside)
    yield from _hold_refusals(movement, facts)
    if movement in _BY_KEEPERS and facts.vault is not None:
        yield frozen(facts.vault)
    if movement in _BY_KEEPERS and movement is not Movement.RELOCATE:
        yield seal_broken(facts.packet, movement)
    asked = _OF_ITS_OWN.get(movement)
    if asked is not None:
        yield from asked(facts)


def _hold_refusals(movement: Movement, facts: MovementFacts) -> Iterator[Refusal | None]:
    """What a legal hold keeps in, but for a court (CUS-24); and what nobody agreed to yet (X10)."""
    if movement is Movement.CHECK_OUT and facts.check_out is not None:
        yield not_approved(facts.check_out, facts.today)
        yield held_in(facts.holds, facts.check_out.purpose)
    elif movement is Movement.DISPATCH:
        yield held([*facts.holds, *facts.holds_beside])
    elif movement in _HELD or (movement is Movement.SURRENDER and facts.vault is not None):
        yield held(facts.holds)  # what is out already goes to the registry all the same


def _on_another_way(movement: Movement, facts: MovementFacts) -> Refusal | None:
    """What is handed over is not received from another vault, and the other way round."""
    if movement in _OF_HANDOVERS:
        other = facts.dispatched
    else:
        other = movement is Movement.RECEIVE_DISPATCHED and not facts.dispatched
    return _too_early(facts, movement) if other else None


def _filing_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    yield right_carrier(facts.certificate, Movement.FILE_ELECTRONIC)


def _cancellation_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    if illegal(facts.certificate, Movement.CANCEL_ELECTRONIC) is None:
        yield cancellation_refusal(facts.certificate, done=facts.cancelled, stays=facts.stays)


def _reissue_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    yield right_over(facts.certificate)


def _check_out_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    """What was approved may have become too long meanwhile, or its people late (CUS-09, CUS-11)."""
    asked = facts.check_out
    if asked is not None:
        policy, calendar = facts.policy, facts.calendar
        yield due_refusal(
            asked.purpose, asked.due_date, out_on=facts.today, policy=policy, calendar=calendar
        )
        yield borrower_overdue(facts.overdue)


def _vault_in_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    if facts.desk is not None:
        yield frozen(facts.desk)
    yield from _found_refusals(facts)
    if facts.certificate.legal_state is LegalState.VOID:
        yield invalid("certificateId", "the certificate is void", rule_id="X06")


def _found_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    yield scan_missing(facts.certificate, facts.scans)


def _renewal_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    """How long a paper may be kept is limited, whatever the day that is asked for (X11)."""
    if facts.check_out is not None and facts.check_out.state is CheckOutState.OUT:
        open_case, policy = facts.litigation_open, facts.policy
        yield from no_more_time(
            facts.check_out, litigation_open=open_case, policy=policy, today=facts.today
        )
        yield renewal_waits(facts.check_out)


def _exchange_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    if facts.check_out is not None and facts.check_out.state is CheckOutState.OUT:
        yield comes_back_itself(facts.check_out, facts.certificate)


def _vault_out_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    """For the registry; after its entry only what is exchanged there still goes (DRG-L08)."""
    if facts.case is None:
        return
    if not (_is_entered(facts) and awaits_exchange(facts.certificate)):
        yield impossible(facts.case, CaseStep.VAULT_OUT)
    elif not facts.released:
        yield _too_early(facts, Movement.VAULT_OUT_FOR_DEREG)


def _redemption_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    yield unredeemable(facts.certificate, facts.loans, today=facts.today)


def _surrender_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    """The bank's own paper goes to the registry that has entered the cancellation (X16)."""
    certificate = facts.certificate
    if certificate.catalog is not Catalog.RIGHT_CERT:
        yield invalid("certificateId", "an owner's paper goes back to him", rule_id="X16")
    elif awaits_exchange(certificate):
        yield invalid("certificateId", "it is exchanged: a part of it stays", rule_id="X16")
    if not _is_entered(facts):
        yield _too_early(facts, Movement.SURRENDER)
    yield handed_over(facts.handover)


def _return_refusals(facts: MovementFacts) -> Iterator[Refusal | None]:
    """The owner's paper goes back once released; what he pledged or deregisters, once out (X17).

    Earlier where tier 2 has agreed.
    """
    certificate, case = facts.certificate, facts.case
    out = certificate.custody_state is CustodyState.OUT_FOR_DEREG
    his = case is not None and (case.handling_mode is HandlingMode.OWNER or case.by_delivery)
    himself = out and his
    if not himself:
        yield not_the_owners(certificate)
    entered = _is_entered(facts) and (out or facts.released)
    due = himself and case is not None and goes_back(case, proven=facts.proven)
    lock = certificate.lock
    agreed = lock is not None and lock.kind is LockKind.OWNER_RETURN
    if not (entered or due or agreed):
        yield _too_early(facts, Movement.RETURN_TO_OWNER)
    yield handed_over(facts.handover)


def _is_entered(facts: MovementFacts) -> bool:
    """Whether the paper's case has the registry's entry, with its evidence."""
    case = facts.case
    return case is not None and case.state is CaseState.REGISTRY_DONE and facts.proven


def _too_early(facts: MovementFacts, movement: Movement) -> Refusal:
    case, certificate = facts.case, facts.certificate
    subject = certificate.label if case is None else f"Case {case.no}"
    state = certificate.legal_state if case is None else case.state
    return state_conflict(RULE_OF[movement], subject=subject, state=state, event=movement)


def _is_own(certificate: TitleCertificate, movement: Movement) -> bool:
    lock = certificate.lock
    return lock is not None and lock.kind is _OWN_LOCK.get(movement)


_OF_ITS_OWN: Mapping[Movement, Callable[[MovementFacts], Iterator[Refusal | None]]] = (
    MappingProxyType(
        {
            Movement.FILE_ELECTRONIC: _filing_refusals,
            Movement.CANCEL_ELECTRONIC: _cancellation_refusals,
            Movement.REISSUE: _reissue_refusals,
            Movement.CHECK_OUT: _check_out_refusals,
            Movement.VAULT_IN: _vault_in_refusals,
            Movement.FOUND: _found_refusals,
            Movement.RENEW_CHECK_OUT: _renewal_refusals,
            Movement.RETURN_EXCHANGED: _exchange_refusals,
            Movement.VAULT_OUT_FOR_DEREG: _vault_out_refusals,
            Movement.REDEEM: _redemption_refusals,
            Movement.SURRENDER: _surrender_refusals,
            Movement.RETURN_TO_OWNER: _return_refusals,
        }
    )
)
