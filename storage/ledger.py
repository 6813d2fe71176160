"""A certificate's ledger as it is kept (保管流水): read back, and checked link by link (INV-03)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.custody import CustodyEvent, broken_link
from storage.errors import Unreadable
from storage.records import Record, from_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What a certificate's events say.

    broken: the id of the first that does not follow. unread: of those that are no events any more.
    """

    events: tuple[CustodyEvent, ...]
    broken: str | None
    unread: frozenset[str]

    def leads_to(self, certificate: Mapping[str, Any]) -> bool:
        """Whether the last event is where the certificate is, by its state and its hash."""
        last = self.events[-1] if self.events else None
        if last is None:
            return False
        return (last.to_state, last.hash, last.seq) == (
            certificate["custody_state"],
            certificate["event_hash"],
            certificate["event_seq"],
        )

    def tells_place_of(self, certificate: Mapping[str, Any]) -> bool:
        """Whether the last event of a paper in a vault says where in it the paper lies."""
        place = certificate["place"]
        if place is None or not self.events:
            return place is None
        last = self.events[-1]
        told = {"vault": last.vault, "cabinet": last.cabinet, "slot": last.slot}
        return bool({**told, "packet_no": last.packet_no} == place)

    def tells_right_of(self, certificate: Mapping[str, Any]) -> bool:
        """Whether the last event says of the right what the certificate says."""
        return bool(self.events) and self.events[-1].legal_state == certificate["legal_state"]


def ledger(records: Sequence[Record]) -> Ledger:
    """The ledger of those records, oldest first; a record no event can be made of is broken."""
    events: list[CustodyEvent] = []
    unread: list[str] = []
    for record in records:
        try:
            event = from_record(CustodyEvent, record)
        except Unreadable:
            unread.append(record["_id"])
        else:
            if not unread:
                events.append(event)
    broken = broken_link(events)
    first = broken.id if broken is not None else next(iter(unread), None)
    return Ledger(events=tuple(events), broken=first, unread=frozenset(unread))
