"""What becomes of the differences of a stock-take (盘点差异): resolved, or given up as missing."""

from dataclasses import replace
from typing import Any

from domain.certificates import TitleCertificate
from domain.refusals import refuse_if
from domain.roles import Operation
from domain.stocktake_results import (
    line_of,
    missing_refusals,
    not_resealed,
    resolution_refusals,
    resolved,
)
from domain.stocktakes import CountLine, CountResult, Stocktake
from domain.vaults import SealedPacket, Vault
from domain.watch import Incident, IncidentKind, SignalSeverity
from resolvers.deed import Deed
from resolvers.incidents import incident_of, paper
from resolvers.mutation import mutation
from resolvers.stocktake_work import mark_missing
from schema.stocktakes import StocktakeDifferenceInput, StocktakePayload


@mutation(
    Operation.MANAGE_VAULT,
    StocktakePayload,
    description="Say what became of a difference (盘点差异处理, CUS-18).",
)
async def stocktake_resolve_difference(
    deed: Deed, input: StocktakeDifferenceInput
) -> dict[str, Any]:
    """CUS-18. A broken seal is resolved once its packet is sealed anew."""
    stocktake, line = await _difference(deed, input)
    packet_no = line.expected.packet_no if line.expected is not None else None
    packet = await deed.decision.first(SealedPacket, {"packet_no": packet_no})
    refuse_if([not_resealed(line, packet)])
    after = _resolved(deed, stocktake, line, input.reason)
    if line.result is CountResult.SEAL_BROKEN:
        await _close_seal_incident(deed, after, line, input.reason)
    return {"stocktake": deed.decision.save(after)}


@mutation(
    Operation.MANAGE_VAULT,
    StocktakePayload,
    description="Mark a paper that the count did not find as missing, before its time (盘亏, X20).",
)
async def stocktake_mark_missing(deed: Deed, input: StocktakeDifferenceInput) -> dict[str, Any]:
    """X20. While the vault is counted again, that count may still find the paper."""
    stocktake, line = await _difference(deed, input)
    certificate = await deed.decision.first(TitleCertificate, {"_id": line.certificate_id})
    vault = await deed.decision.first(Vault, {"code": stocktake.vault})
    assert vault is not None
    refuse_if(missing_refusals(line, certificate, vault=vault))
    await mark_missing(
        deed.decision,
        stocktake,
        line,
        operators=[deed.operator()],
        now=deed.now,
        today=deed.today,
    )
    after = _resolved(deed, stocktake, line, f"Marked missing: {input.reason}")
    return {"stocktake": deed.decision.save(after)}


async def note_broken_seals(deed: Deed, stocktake: Stocktake) -> None:
    """One incident for each packet whose seal is broken, on the first paper in it (CUS-18).

    Nothing leaves such a packet until it is sealed anew.
    """
    seen: set[str | None] = set()
    for line in stocktake.results:
        packet_no = _sealed_in(line)
        if line.result is not CountResult.SEAL_BROKEN or packet_no in seen:
            continue
        seen.add(packet_no)
        assert line.certificate_id is not None
        certificate = await deed.decision.get(TitleCertificate, line.certificate_id)
        deed.decision.add(
            incident_of(
                paper(certificate),
                IncidentKind.SEAL_BROKEN,
                no=_seal_incident_no(stocktake, line),
                reason=f"Packet {packet_no}: the seal is broken or another one.",
                discovered_at=deed.now,
                severity=SignalSeverity.ORANGE,
            )
        )
    named = {"packet_no": {"$in": sorted(no for no in seen if no is not None)}}
    for packet in await deed.decision.find(SealedPacket, named):
        deed.decision.save(replace(packet, seal_broken_at=deed.now))


async def _difference(deed: Deed, input: StocktakeDifferenceInput) -> tuple[Stocktake, CountLine]:
    stocktake = await deed.subject(Stocktake, input.stocktake_id)
    line = line_of(stocktake, input.no)
    refuse_if(
        resolution_refusals(
            stocktake,
            line,
            reason=input.reason,
            by=deed.actor.login,
            keeps=stocktake.vault in deed.actor.vaults,
        )
    )
    assert line is not None
    return stocktake, line


def _resolved(deed: Deed, stocktake: Stocktake, line: CountLine, resolution: str) -> Stocktake:
    return resolved(stocktake, line.no, by=deed.actor.login, now=deed.now, resolution=resolution)


async def _close_seal_incident(
    deed: Deed, stocktake: Stocktake, line: CountLine, outcome: str
) -> None:
    """The incident of a packet ends with the last of its papers' differences."""
    same = [
        other
        for other in stocktake.results
        if other.result is CountResult.SEAL_BROKEN and _sealed_in(other) == _sealed_in(line)
    ]
    if any(other.is_open for other in same):
        return
    number = _seal_incident_no(stocktake, same[0])
    incident = await deed.decision.first(Incident, {"no": number, "closed_at": None})
    if incident is not None:
        deed.decision.save(replace(incident, closed_at=deed.now, outcome=outcome))


def _sealed_in(line: CountLine) -> str | None:
    return line.expected.packet_no if line.expected is not None else None


def _seal_incident_no(stocktake: Stocktake, line: CountLine) -> str:
    return f"IN-{stocktake.no}-{line.no}"
