"""Transfers between vaults: the record, its inputs and answers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry

from domain.dispatches import OVER, DispatchState
from schema.certificates import TitleCertificate
from schema.custody import REFUSALS
from schema.fields import derived, named, related
from schema.nodes import Node, Refusal
from storage.relations import Relation


def _late(dispatch: Mapping[str, Any], today: date) -> bool:
    waiting = dispatch["state"] not in OVER
    return waiting and today > date.fromisoformat(dispatch["due_on"])


def _lost(dispatch: Mapping[str, Any], _today: date) -> list[str]:
    return list(dispatch.get("lost_ids", ()))


@strawberry.type(description="A packet on its way to another vault (调库单).")
class Dispatch(Node):
    """A transfer between vaults."""

    prefix: strawberry.Private[str] = "disp"

    no: str = named("Number.")
    from_vault: str = named("Code of the sending vault, which answers until receipt.")
    to_vault: str = named("Code of the receiving vault.")
    packet_no: str = named("The packet.")
    seal_no: str = named("The seal it left under.")
    escorts: list[str] = named("Logins of the two escorts.")
    sent_by: list[str] = named("Logins of the two keepers who sent it.")
    sent_at: datetime = named("When it left.")
    due_on: date = named("When the other vault should have received it.")
    received_ids: list[strawberry.ID] = named("Papers received so far.")
    lost_ids: list[strawberry.ID] = derived(
        _lost, "Papers that were confirmed lost on the way.", reads=("lost_ids",)
    )
    received_by: list[str] = named("Logins of the two keepers who received it last.")
    received_at: datetime | None = named("When it was received last.")
    seal_intact: bool | None = named("Whether it arrived under its own, unbroken seal.")
    state: DispatchState = named("State.")
    org_code: str = named("Operating organisation of its papers.")
    version: int = named("Times changed.")
    is_late: bool = derived(
        _late, "Whether the other vault is late today.", reads=("state", "due_on")
    )
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="certificate_ids", many=True),
        "The papers it holds.",
    )


@strawberry.input(description="A whole packet to send to another vault (X19).")
class PacketDispatchInput:
    """X19, proposed."""

    packet_no: str = named("The packet, under its seal.")
    to_vault: str = named("Code of the vault it goes to.")
    escorts: list[str] = named("Logins of two escorts, neither of them a keeper of this.")


@strawberry.input(description="The second keeper's repetition of a dispatch (X19).")
class PacketDispatchConfirmInput:
    """X19, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    dispatch: PacketDispatchInput = named("Exactly what was proposed.")


@strawberry.input(description="A packet that has arrived from another vault (X19).")
class DispatchReceiveInput:
    """X19, receipt proposed."""

    dispatch_id: strawberry.ID = named("The dispatch.")
    seal_no: str = named("Number read from the seal.")
    seal_intact: bool = named("Whether the seal is unbroken; a broken one opens an incident.")
    missing_certificate_ids: list[strawberry.ID] = named(
        "Papers that are not inside; they stay on their way, and the sender answers for them.",
        default_factory=list,
    )


@strawberry.input(description="The second keeper's repetition of a receipt (X19).")
class DispatchReceiveConfirmInput:
    """X19, receipt confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    receipt: DispatchReceiveInput = named("Exactly what was proposed.")


@strawberry.type(description="A transfer between vaults, or why not.")
class DispatchPayload:
    """Answer about a dispatch."""

    dispatch: Dispatch | None = named("The dispatch as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
