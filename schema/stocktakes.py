"""Stock-takes, and the inputs and answers of their mutations."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry

from domain.stocktakes import CountResult, StocktakeKind, StocktakeState
from schema.certificates import TitleCertificate
from schema.custody import REFUSALS
from schema.fields import derived, named, related
from schema.nodes import Node, Refusal
from storage.relations import Relation


@strawberry.type(description="Where a paper lies and under which seal; or loose, without a packet.")
class CountPlace:
    """A place as it is counted."""

    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")
    packet_no: str | None = named("Packet.")
    seal_no: str | None = named("Seal on the packet.")


def _cabinets(stocktake: Mapping[str, Any], _today: date) -> list[str]:
    return list(stocktake.get("cabinets", ()))


@strawberry.type(description="One counter of a stock-take (盘点人). What was counted is not shown.")
class CountSheet:
    """A sheet, without its papers."""

    counter: str = named("Login of the counter.")
    complete: bool = named("Whether the counter is done.")


@strawberry.type(description="One line of the outcome (盘点明细).")
class CountLine:
    """A line."""

    no: int = named("Number of the line.")
    result: CountResult = named("What the count says.")
    certificate_id: strawberry.ID | None = named(
        "The certificate; none where the bank knows no such number."
    )
    cert_no: str = named("Number, as recorded or as read from a surplus paper.")
    expected: CountPlace | None = named("Where the books have it.")
    found: CountPlace | None = named("Where it was found.")
    expected_pages: int | None = named("Pages recorded.")
    counted_pages: int | None = named("Pages counted.")
    home_vault: str | None = named("Of a surplus: the vault it goes to, where it has one.")
    resolved_at: datetime | None = named("When the difference was resolved; none while it is open.")
    resolved_by: str | None = named("By whom.")
    resolution: str | None = named("How.")


@strawberry.type(
    description="A count of a vault or of cabinets in it (盘库单). What the books expect is shown"
    " to nobody before the end; then it stands in the results."
)
class Stocktake(Node):
    """A stock-take."""

    prefix: strawberry.Private[str] = "stoc"

    no: str = named("Number.")
    vault: str = named("Code of the vault.")
    kind: StocktakeKind = named("Why it is counted.")
    cabinets: list[str] = derived(
        _cabinets, "The cabinets it counts; empty for the whole vault.", reads=("cabinets",)
    )
    state: StocktakeState = named("State.")
    opened_by: str = named("Login of who opened it.")
    opened_at: datetime = named("When; what was in the vault then is expected.")
    sheets: list[CountSheet] = named("The two counters.")
    recounts: int = named("Times the counters differed and counted again.")
    ended_by: str | None = named("Login of who ended it.")
    ended_at: datetime | None = named("When it ended.")
    reason: str | None = named("Why it was given up.")
    resolve_due: date | None = named("The last day to resolve differences.")
    results: list[CountLine] = named("The outcome, line by line; empty before the end.")
    expected_count: int | None = named("Papers expected; none before the end.")
    counted_count: int | None = named("Papers counted; none before the end.")
    difference_count: int | None = named("Differences, gross: none makes up for another.")
    open_difference_count: int | None = named("Differences not resolved yet.")
    org_code: str = named("Organisation of the vault.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="results.certificate_id", many=True),
        "The certificates in the outcome.",
    )


@strawberry.input(description="A count to begin (CUS-18).")
class StocktakeOpenInput:
    """An opening."""

    vault: str = named("Code of the vault.")
    kind: StocktakeKind = named("Why it is counted.")
    counters: list[str] = named(
        "Logins of two different people; both its keepers for SELF, otherwise none of them."
    )
    cabinets: list[str] = named(
        "Count these cabinets alone, for a vault too large for one count; empty means the whole."
        " The whole vault stands still all the same, and is counted once every cabinet was.",
        default_factory=list,
    )


@strawberry.input(description="One paper as a counter saw it.")
class CountedPaperInput:
    """A counted paper."""

    certificate_id: strawberry.ID | None = named(
        "The certificate, where its label was read.", default=None
    )
    cert_no: str | None = named("Or the number printed on the paper.", default=None)
    cabinet: str = named("Cabinet it lies in.")
    slot: str = named("Slot it lies in.")
    packet_no: str | None = named("Packet it lies in; none where it lies loose.", default=None)
    seal_no: str | None = named("Seal on the packet.", default=None)
    seal_intact: bool = named("Whether the seal is unbroken.", default=True)
    pages: int | None = named("Pages; none where the packet stayed closed.", default=None)


@strawberry.input(description="Papers counted by one counter (CUS-18).")
class StocktakeCountInput:
    """A batch of a count."""

    stocktake_id: strawberry.ID = named("The stock-take.")
    items: list[CountedPaperInput] = named(
        "The papers, at most 100 a time; one told again replaces what you told before."
    )
    complete: bool = named("Whether that was all.", default=False)


@strawberry.input(description="A count to compare with the books (CUS-18).")
class StocktakeFinaliseInput:
    """A finalisation."""

    stocktake_id: strawberry.ID = named("The stock-take.")


@strawberry.input(description="A count to give up.")
class StocktakeCancelInput:
    """A cancellation."""

    stocktake_id: strawberry.ID = named("The stock-take.")
    reason: str = named("Why.")


@strawberry.input(description="A difference of a count and what became of it (CUS-18, X20).")
class StocktakeDifferenceInput:
    """A difference."""

    stocktake_id: strawberry.ID = named("The stock-take.")
    no: int = named("Number of the line.")
    reason: str = named("How it was resolved, or why it is given up as missing.")


@strawberry.input(description="A packet to seal anew (CUS-07).")
class PacketResealInput:
    """A new seal, proposed."""

    packet_no: str = named("The packet.")
    seal_no: str = named("New seal, never used before.")
    reason: str = named("Why.")


@strawberry.input(description="The second keeper's repetition of a new seal (CUS-07).")
class PacketResealConfirmInput:
    """A new seal, confirmed."""

    proposal_id: strawberry.ID = named("The proposal.")
    reseal: PacketResealInput = named("Exactly what was proposed.")


@strawberry.type(description="A stock-take, or why not.")
class StocktakePayload:
    """Answer about a stock-take."""

    stocktake: Stocktake | None = named("The stock-take as it is now.")
    refusals: list[Refusal] = named(REFUSALS)
