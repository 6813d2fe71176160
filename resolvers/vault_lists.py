"""Queries about vaults: one of them, what lies in it place by place, what is on its way."""

from typing import Annotated, Any

import strawberry

from domain.certificates import CustodyState
from domain.claim_transfers import ClaimTransferState
from domain.dispatches import DispatchState
from domain.owner_returns import OwnerReturnState
from domain.vault_keeping import KeeperChangeState
from resolvers.context import Info
from resolvers.lists import After, First
from schema.certificates import TitleCertificate, Vault
from schema.dispatches import Dispatch
from schema.fields import asked
from schema.leaving import ClaimTransfer
from schema.nodes import Connection
from schema.owner_returns import OwnerReturn
from schema.vault_keeping import KeeperChange
from storage.pages import Order, page_size
from storage.questions import One, PageOf, Several
from storage.records import Record

MAX_LISTED = 100
BY_PLACE = Order(
    name="place",
    field="place.cabinet",
    then=("place.slot", "place.packet_no"),
    among=("place.vault", "custody_state"),
)
NEWEST = (("_id", -1),)
Code = Annotated[str, strawberry.argument(description="Code of the vault.")]
InVault = Annotated[str | None, strawberry.argument(description="Of this vault alone.")]
OpenOnly = Annotated[bool, strawberry.argument(description="Leave out what is over.")]


@strawberry.type
class VaultQueries:
    """What a keeper and a supervisor look at."""

    @asked("A vault by its code (库房).")
    def vault(self, info: Info, code: Code) -> Vault | None:
        """A vault."""
        return One(collection="vaults", query={"code": code})  # type: ignore[return-value]

    @asked(
        "Certificates in a vault by cabinet, slot and packet; none to who counts it now (库存清单)."
    )
    def vault_inventory(
        self, info: Info, vault: Code, first: First = None, after: After = None
    ) -> Connection[TitleCertificate]:
        """What lies in a vault, place by place."""
        page: Any = PageOf(
            collection="certificates",
            query={"place.vault": vault, "custody_state": CustodyState.IN_VAULT.value},
            order=BY_PLACE,
            first=page_size(first),
            after=after,
        )
        return page

    @asked("Transfers between vaults within your reach, newest first (调库单).")
    def dispatches(
        self, info: Info, vault: InVault = None, open_only: OpenOnly = True
    ) -> list[Dispatch]:
        """Transfers from or to a vault."""
        query: Record = {}
        if open_only:
            query["state"] = {
                "$in": [DispatchState.UNDER_WAY.value, DispatchState.INCOMPLETE.value]
            }
        if vault is not None:
            query["$or"] = [{"from_vault": vault}, {"to_vault": vault}]
        return _newest("dispatches", query)

    @asked("Changes of keepers within your reach, newest first (库管交接).")
    def keeper_changes(
        self, info: Info, vault: InVault = None, open_only: OpenOnly = True
    ) -> list[KeeperChange]:
        """Changes of keepers."""
        query: Record = {"state": KeeperChangeState.OPEN.value} if open_only else {}
        if vault is not None:
            query["vault"] = vault
        return _newest("keeper_changes", query)

    @asked("Assignments of claims within your reach, newest first (债权转让移交单).")
    def claim_transfers(self, info: Info, open_only: OpenOnly = True) -> list[ClaimTransfer]:
        """Assignments of claims."""
        query = {"state": ClaimTransferState.APPROVED.value} if open_only else {}
        return _newest("claim_transfers", query)

    @asked("Returns of owners' papers within your reach, newest first (代保管品退还单).")
    def owner_returns(self, info: Info, open_only: OpenOnly = True) -> list[OwnerReturn]:
        """Owners' papers that go back before the release."""
        query = {"state": OwnerReturnState.APPROVED.value} if open_only else {}
        return _newest("owner_returns", query)


def _newest(collection: str, query: Record) -> Any:
    return Several(collection=collection, query=query, sort=NEWEST, limit=MAX_LISTED)
