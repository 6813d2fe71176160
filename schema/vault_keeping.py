"""Who keeps a vault and what it is made of: records, inputs and answers of its supervisor."""

from datetime import date, datetime

import strawberry

from domain.vault_keeping import KeeperChangeState
from schema.certificates import Slot, Vault
from schema.custody import REFUSALS
from schema.fields import named
from schema.nodes import Node, Refusal
from schema.organisations import User


@strawberry.type(description="One person's signature, in the own request (签字).")
class Signature:
    """A signature."""

    login: str = named("Who signed.")
    signed_at: datetime = named("When.")
    request_id: str = named("The person's own request.")


@strawberry.type(description="A vault that passes to other keepers (库管交接).")
class KeeperChange(Node):
    """A change of keepers."""

    prefix: strawberry.Private[str] = "kchg"

    no: str = named("Number.")
    vault: str = named("Code of the vault.")
    leaving: list[str] = named("Logins of the keepers who leave.")
    joining: list[str] = named("Logins of the keepers who join.")
    opened_by: str = named("Login of the supervisor who began it.")
    opened_at: datetime = named("When it began.")
    signatures: list[Signature] = named("Who has signed.")
    overseen_by: str | None = named("Login of the supervisor who oversaw it (监交人).")
    ended_at: datetime | None = named("When it was completed or withdrawn.")
    state: KeeperChangeState = named("State.")
    org_code: str = named("Organisation of the vault.")
    version: int = named("Times changed; give it as `expectedVersion`.")


@strawberry.input(description="A substitute for a keeper on leave (CUS-04f).")
class VaultAppointSubstituteInput:
    """An appointment."""

    vault: str = named("Code of the vault.")
    keeper: str = named("Login of the keeper who goes on leave.")
    substitute: str = named("Login of who stands in; nobody with another part in custody.")
    valid_from: date = named("First day, today or later.")
    valid_to: date = named("Last day.")


@strawberry.input(description="A substitution that ends before its last day (CUS-04f).")
class VaultEndSubstitutionInput:
    """An early end."""

    vault: str = named("Code of the vault.")
    keeper: str = named("Login of the keeper who comes back.")
    valid_from: date = named("First day of the substitution.")
    last_day: date = named("Its last day now; yesterday ends it at once.")


@strawberry.input(description="Keepers of a vault to change (CUS-20).")
class VaultKeeperChangeOpenInput:
    """A change."""

    vault: str = named("Code of the vault.")
    leaving: list[str] = named("Logins of the keepers who leave.")
    joining: list[str] = named("Logins of the keepers who join; each holds VAULT_KEEPER.")


@strawberry.input(description="Names a change of keepers.")
class VaultKeeperChangeInput:
    """A change alone."""

    change_id: strawberry.ID = named("The change.")


@strawberry.input(description="Slots to add to a vault (CUS-08).")
class VaultAddSlotsInput:
    """New slots of one cabinet."""

    vault: str = named("Code of the vault.")
    cabinet: str = named("Cabinet, old or new.")
    slots: list[str] = named("Names of the slots, at most 100 at once.")
    capacity: int = named("Packets each holds.", default=1)


@strawberry.input(description="How many packets a slot holds (CUS-08).")
class SlotSetCapacityInput:
    """A capacity."""

    vault: str = named("Code of the vault.")
    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")
    capacity: int = named("Packets it holds.")


@strawberry.input(description="An empty slot to take out of use (CUS-08).")
class SlotCloseInput:
    """A closing."""

    vault: str = named("Code of the vault.")
    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")


@strawberry.type(description="A substitute, or why not.")
class SubstitutePayload:
    """Answer about a substitute."""

    substitute: User | None = named("Who stands in, with all such duties.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A change of keepers, or why not.")
class KeeperChangePayload:
    """Answer about a change of keepers."""

    change: KeeperChange | None = named("The change as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A vault, or why not.")
class VaultPayload:
    """Answer about a vault."""

    vault: Vault | None = named("The vault as it is now.")
    refusals: list[Refusal] = named(REFUSALS)


@strawberry.type(description="A slot, or why not.")
class SlotPayload:
    """Answer about a slot."""

    slot: Slot | None = named("The slot as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
