"""From vault to vault (调库): a sealed packet on its way, and who answers for it meanwhile.

Source: X19; CUS-04, CUS-24; domain 3.2 (a county without a vault of its own).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.certificates import TitleCertificate
from domain.custody import Movement, illegal
from domain.orgs import Org, covers
from domain.policy import Policy
from domain.refusals import Refusal, invalid, state_conflict
from domain.vault_out import leaving_refusals
from domain.vaulting import locked
from domain.vaults import PacketStatus, SealedPacket, Vault, frozen, seal_broken
from domain.watch import LegalHold

ESCORTS = 2


class DispatchState(StrEnum):
    """State of a transfer between vaults (调库状态)."""

    UNDER_WAY = "UNDER_WAY"
    INCOMPLETE = "INCOMPLETE"
    RECEIVED = "RECEIVED"
    LOST = "LOST"


OVER = frozenset({DispatchState.RECEIVED, DispatchState.LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """A packet on its way to another vault (调库单); the sending vault answers until receipt."""

    id: str
    no: str
    from_vault: str
    to_vault: str
    packet_no: str
    seal_no: str
    certificate_ids: tuple[str, ...]
    escorts: tuple[str, ...]  # logins
    sent_by: tuple[str, ...]  # both keepers
    sent_at: datetime
    due_on: date
    received_ids: tuple[str, ...] = ()
    lost_ids: tuple[str, ...] = ()  # confirmed lost on the way (X22)
    received_by: tuple[str, ...] = ()
    received_at: datetime | None = None
    seal_intact: bool | None = None  # unknown until it arrives
    state: DispatchState = DispatchState.UNDER_WAY
    late_told_on: date | None = None  # when the supervisors heard that it did not arrive in time
    org_code: str
    org_path: str
    version: int = 0

    @property
    def awaited(self) -> tuple[str, ...]:
        """Papers that are still on their way."""
        over = {*self.received_ids, *self.lost_ids}
        return tuple(id for id in self.certificate_ids if id not in over)

    def is_late(self, today: date) -> bool:
        """Whether papers are on their way beyond the day on which they had to arrive (3.2)."""
        return self.state not in OVER and today > self.due_on

    def parts(self) -> dict[str, str]:
        """Who has a part in it already and may not receive it (CUS-04b)."""
        return dict.fromkeys(self.escorts, "escort") | dict.fromkeys(self.sent_by, "giver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What two keepers see when a packet arrives: its seal, and the papers that are not inside."""

    seal_no: str
    seal_intact: bool
    missing: tuple[str, ...] = ()

    def is_sound(self, dispatch: Dispatch) -> bool:
        """Whether it is the seal the packet left under, unbroken."""
        return self.seal_intact and self.seal_no == dispatch.seal_no


def dispatch_refusals(
    packet: SealedPacket,
    certificates: Sequence[TitleCertificate],
    *,
    vault: Vault,
    target: Vault | None,
    target_org: Org | None,
    escorts: Sequence[str],
    known_logins: Collection[str],
    holds: Sequence[LegalHold],
    proposal_id: str,
) -> Iterator[Refusal | None]:
    """Every rule that a packet about to leave for another vault breaks (X19).

    known_logins: the escorts who sign in here.
    """
    if packet.status is not PacketStatus.SEALED:
        yield invalid("packetNo", f"packet {packet.packet_no} is {packet.status}", rule_id="X19")
    yield seal_broken(packet, Movement.DISPATCH)
    if target is None or target_org is None:
        yield invalid("toVault", "there is no such vault", rule_id="X19")
    elif target.code == vault.code:
        yield invalid("toVault", "a packet goes to another vault", rule_id="X19")
    elif not all(covers(target_org.jurisdiction_path, c.org_path) for c in certificates):
        # Nobody there could see, receive or put in what it does not look after (INV-09).
        yield invalid("toVault", "that vault does not look after these papers", rule_id="X19")
    yield from _escort_refusals(escorts, known_logins)
    yield from leaving_refusals(
        certificates, Movement.DISPATCH, vault=vault, holds=holds, proposal_id=proposal_id
    )


def arrival_refusals(
    dispatch: Dispatch,
    certificates: Sequence[TitleCertificate],
    arrival: Arrival,
    *,
    vault: Vault,
    proposal_id: str,
) -> Iterator[Refusal | None]:
    """Every rule that a receipt breaks (X19).

    A broken seal does not stop it: the papers are safer inside, and an incident is opened.
    """
    yield frozen(vault)
    if dispatch.state in OVER:
        yield state_conflict(
            "X19", subject=f"Dispatch {dispatch.no}", state=dispatch.state, event="RECEIVE"
        )
        return
    if set(arrival.missing) - set(dispatch.awaited):
        yield invalid("missingCertificateIds", "only papers of this dispatch", rule_id="X19")
    arrived = [c for c in certificates if c.id not in arrival.missing]
    if not arrived:
        yield invalid("missingCertificateIds", "nothing has arrived", rule_id="X19")
    for certificate in arrived:
        yield illegal(certificate, Movement.RECEIVE_DISPATCHED)
        yield locked(certificate, proposal_id=proposal_id)


def received(
    dispatch: Dispatch, arrival: Arrival, *, by: tuple[str, ...], now: datetime
) -> Dispatch:
    """The dispatch once what lay in its packet was received; the seal tells once, at the first."""
    arrived = tuple(id for id in dispatch.awaited if id not in arrival.missing)
    first = dispatch.seal_intact is None
    return replace(
        dispatch,
        received_ids=(*dispatch.received_ids, *arrived),
        received_by=by,
        received_at=now,
        seal_intact=arrival.is_sound(dispatch) if first else dispatch.seal_intact,
        state=DispatchState.INCOMPLETE if arrival.missing else DispatchState.RECEIVED,
    )


def given_up(dispatch: Dispatch, certificate_id: str) -> Dispatch:
    """The dispatch that waits no more for a paper that was confirmed lost (X22).

    With nothing left to wait for it is over: received as far as anything was, else lost as a whole.
    """
    after = replace(dispatch, lost_ids=(*dispatch.lost_ids, certificate_id))
    if after.awaited:
        return after
    over = DispatchState.RECEIVED if after.received_ids else DispatchState.LOST
    return replace(after, state=over)


def dispatch_due(today: date, *, policy: Policy, calendar: WorkCalendar) -> date:
    """When the other vault should have received it (3.2)."""
    return calendar.wd(today, policy.number("vault.transfer_wd"))


def _escort_refusals(
    escorts: Sequence[str], known_logins: Collection[str]
) -> Iterator[Refusal | None]:
    if len(escorts) != ESCORTS or len(set(escorts)) != ESCORTS:
        yield invalid("escorts", "name two different people", rule_id="X19")
    for login in dict.fromkeys(escorts):
        if login not in known_logins:
            yield invalid("escorts", f"nobody signs in as {login}", rule_id="X19")
