"""Mutations of the stock-take (盘库): open, count, finalise, or give it up."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from domain.certificates import TERMINAL, CustodyState, TitleCertificate, normalised
from domain.count_coverage import cabinet_refusals, outside, seen_elsewhere
from domain.dual_control import Proposal, ProposalState
from domain.people import User, actor
from domain.refusals import Forbidden, Refused, invalid, refuse_if
from domain.roles import Operation
from domain.stocktake_results import (
    MAX_RECOUNTS_TOLD,
    compared,
    disputes,
    finalised,
    finalising_refusals,
    found_again,
    home_of,
    resolve_due,
    surplus_ids,
    to_recount,
)
from domain.stocktakes import (
    CountedPaper,
    Counter,
    CountPlace,
    CountSheet,
    Stocktake,
    StocktakeKind,
    StocktakeState,
    counted,
    counting_refusals,
    may_lead,
    opening_refusals,
    snapshot,
    still_open,
)
from domain.vaults import PacketStatus, SealedPacket, Vault, VaultStatus
from resolvers.count_coverage import cabinets_of
from resolvers.deed import Deed
from resolvers.differences import note_broken_seals
from resolvers.mutation import mutation
from resolvers.vault_work import end_proposal, vault_called
from schema.stocktakes import (
    CountedPaperInput,
    StocktakeCancelInput,
    StocktakeCountInput,
    StocktakeFinaliseInput,
    StocktakeOpenInput,
    StocktakePayload,
)
from storage.decisions import not_found
from storage.records import new_id
from storage.scope import under


@mutation(
    Operation.COUNT_VAULT,
    StocktakePayload,
    description="Begin to count a vault; nothing moves in it until the end (开始盘库, CUS-18).",
)
async def stocktake_open(deed: Deed, input: StocktakeOpenInput) -> dict[str, Any]:
    """CUS-18. Proposals that wait in the vault end: a keeper cannot put a surprise off with one."""
    vault = await vault_called(deed, input.vault, rule_id="CUS-18")
    _lead(deed, vault, input.kind)
    known = await cabinets_of(deed.decision, vault.code) if input.cabinets else ()
    refuse_if(
        [
            *opening_refusals(vault, input.kind, await _counters(deed, vault, input.counters)),
            *cabinet_refusals(input.cabinets, known),
        ]
    )
    await _end_proposals(deed, vault)
    part = {"$in": input.cabinets}
    inside = await deed.decision.find(
        TitleCertificate,
        {"place.vault": vault.code, "custody_state": CustodyState.IN_VAULT.value}
        | ({"place.cabinet": part} if input.cabinets else {}),
    )
    packets = await deed.decision.find(
        SealedPacket,
        {"vault": vault.code, "status": PacketStatus.SEALED.value}
        | ({"cabinet": part} if input.cabinets else {}),
    )
    id = new_id(Stocktake)
    stocktake = Stocktake(
        id=id,
        no=f"ST{deed.today:%Y%m%d}-{id[-10:]}",
        vault=vault.code,
        kind=input.kind,
        cabinets=tuple(input.cabinets),
        opened_by=deed.actor.login,
        opened_at=deed.now,
        expected=snapshot(inside, packets),
        sheets=tuple(CountSheet(counter=login) for login in input.counters),
        org_code=vault.org_code,
        org_path=vault.org_path,
    )
    await _blinded(deed, stocktake, counting=True)
    deed.decision.save(replace(vault, status=VaultStatus.FROZEN_FOR_COUNT))
    return {"stocktake": deed.decision.add(stocktake)}


@mutation(
    Operation.COUNT_VAULT,
    StocktakePayload,
    description="Tell what you have counted; by each counter in the own request (盘点, CUS-18).",
)
async def stocktake_count(deed: Deed, input: StocktakeCountInput) -> dict[str, Any]:
    """CUS-18. The answer tells nothing of what is expected or of the other's count."""
    stocktake = await deed.subject(Stocktake, input.stocktake_id)
    papers = await _read_papers(deed, input.items)
    login = deed.actor.login
    keeps = stocktake.vault in deed.actor.vaults
    refuse_if(
        [
            *counting_refusals(stocktake, papers, counter=login, keeps=keeps),
            *outside(stocktake, papers),
        ]
    )
    after = counted(stocktake, papers, counter=login, complete=input.complete)
    return {"stocktake": deed.decision.save(after)}


@mutation(
    Operation.COUNT_VAULT,
    StocktakePayload,
    description="Compare the count with the books and open the vault again; where the counters"
    " differ they count again (盘库定结果, CUS-18).",
)
async def stocktake_finalise(deed: Deed, input: StocktakeFinaliseInput) -> dict[str, Any]:
    """CUS-18."""
    stocktake = await deed.subject(Stocktake, input.stocktake_id)
    vault = await vault_called(deed, stocktake.vault, rule_id="CUS-18")
    _lead(deed, vault, stocktake.kind)
    refuse_if(finalising_refusals(stocktake))
    differing = disputes(stocktake)
    if differing:
        again = deed.decision.save(to_recount(stocktake))
        return {"stocktake": again, "refusals": differing[:MAX_RECOUNTS_TOLD]}
    surplus = await deed.decision.find(TitleCertificate, {"_id": {"$in": surplus_ids(stocktake)}})
    waiting = {"vault": vault.code, "open_difference_count": {"$gt": 0}}
    earlier = await deed.decision.find(Stocktake, waiting)
    homes = {paper.id: home_of(paper) for paper in surplus}
    after = finalised(
        stocktake,
        tuple(compared(stocktake, homes, seen_elsewhere(earlier) if stocktake.cabinets else {})),
        by=deed.actor.login,
        now=deed.now,
        resolve_due=resolve_due(deed.today, policy=deed.policy, calendar=deed.calendar),
    )
    await note_broken_seals(deed, after)
    _end_earlier(deed, earlier, after)
    await _blinded(deed, after, counting=False)
    deed.decision.save(replace(vault, status=VaultStatus.OPEN, count_look_on=None))
    return {"stocktake": deed.decision.save(after)}


@mutation(
    Operation.COUNT_VAULT,
    StocktakePayload,
    description="Give a count up without a result; the vault is open again (取消盘库).",
)
async def stocktake_cancel(deed: Deed, input: StocktakeCancelInput) -> dict[str, Any]:
    """A counter who cannot go on must not keep a vault frozen."""
    stocktake = await deed.subject(Stocktake, input.stocktake_id)
    vault = await vault_called(deed, stocktake.vault, rule_id="CUS-18")
    _lead(deed, vault, stocktake.kind)
    said = bool(input.reason.strip())
    refuse_if(
        [
            still_open(stocktake, "CANCEL"),
            None if said else invalid("reason", "say why", rule_id="CUS-18"),
        ]
    )
    await _blinded(deed, stocktake, counting=False)
    deed.decision.save(replace(vault, status=VaultStatus.OPEN))
    after = replace(
        stocktake,
        state=StocktakeState.CANCELLED,
        ended_by=deed.actor.login,
        ended_at=deed.now,
        reason=input.reason,
    )
    return {"stocktake": deed.decision.save(after)}


def _lead(deed: Deed, vault: Vault, kind: StocktakeKind) -> None:
    grants = deed.actor.grants_for(Operation.COUNT_VAULT, vault.org_path)
    if not may_lead(kind, grants, keeps=vault.code in deed.actor.vaults):
        raise Forbidden(f"Your role does not lead a {kind} count of this vault.")


async def _counters(deed: Deed, vault: Vault, logins: Sequence[str]) -> list[Counter]:
    users = await deed.decision.find(User, {"login": {"$in": list(logins)}, "active": True})
    known = {user.login: user for user in users}
    acting = {user.login: actor(user, today=deed.today) for user in users}
    return [
        Counter(
            login=login,
            reaches=login in acting and acting[login].may(Operation.COUNT_VAULT, vault.org_path),
            keeps=login in acting and vault.code in acting[login].vaults,
            away=login in known
            and vault.code in known[login].vaults
            and vault.code not in acting[login].vaults,
        )
        for login in logins
    ]


async def _blinded(deed: Deed, stocktake: Stocktake, *, counting: bool) -> None:
    """The counters see nothing of what the vault should hold until the count is over."""
    counters = {"login": {"$in": list(stocktake.counters)}}
    for user in await deed.decision.find(User, counters):
        others = [code for code in user.counting if code != stocktake.vault]
        now = (*others, stocktake.vault) if counting else tuple(others)
        deed.decision.save(replace(user, counting=now))


async def _end_proposals(deed: Deed, vault: Vault) -> None:
    """Nothing waits for its second keeper in a vault that is counted (CUS-04d)."""
    waiting = {"state": ProposalState.PENDING.value, "vault": vault.code}
    for proposal in await deed.decision.find(Proposal, waiting):
        is_open = proposal.is_open(deed.now)
        state = ProposalState.WITHDRAWN if is_open else ProposalState.EXPIRED
        await end_proposal(deed, proposal, state)


def _end_earlier(deed: Deed, earlier: Sequence[Stocktake], stocktake: Stocktake) -> None:
    """What an earlier count missed and this one found is not given up any more (X20)."""
    for one in earlier:
        after = found_again(one, stocktake)
        if after != one:
            deed.decision.save(after)


async def _read_papers(deed: Deed, items: Sequence[CountedPaperInput]) -> list[CountedPaper]:
    """What was counted, each paper with the certificate it is, where the bank knows it."""
    refuse_if(
        invalid("items", "name a paper by certificateId or by certNo", rule_id="CUS-18")
        for item in items
        if (item.certificate_id is None) == (item.cert_no is None)
    )
    ids = [str(item.certificate_id) for item in items if item.certificate_id is not None]
    numbers = [normalised(item.cert_no) for item in items if item.cert_no is not None]
    within = under(deed.actor.paths(Operation.READ))
    by_id = await deed.decision.find(TitleCertificate, {"_id": {"$in": ids}}, within=within)
    by_no = await deed.decision.find(TitleCertificate, {"cert_no_norm": {"$in": numbers}})
    known = {certificate.id: certificate for certificate in by_id}
    refuse_if(not_found(TitleCertificate, id) for id in ids if id not in known)
    papers = []
    for item in items:
        if item.certificate_id is not None:
            certificate: TitleCertificate | None = known[str(item.certificate_id)]
        else:
            assert item.cert_no is not None
            number = normalised(item.cert_no)
            certificate = _identified(c for c in by_no if c.cert_no_norm == number)
        papers.append(_paper(item, certificate))
    return papers


def _identified(candidates: Iterable[TitleCertificate]) -> TitleCertificate | None:
    """The certificate of a number; one that is not at its end goes before those that are."""
    all_ = list(candidates)
    live = [paper for paper in all_ if paper.custody_state not in TERMINAL] or all_
    if len(live) > 1:
        raise Refused(
            invalid(
                "certNo",
                f"several certificates have the number {live[0].label}; name it by certificateId",
                rule_id="CUS-18",
            )
        )
    return live[0] if live else None


def _paper(item: CountedPaperInput, certificate: TitleCertificate | None) -> CountedPaper:
    label = "" if certificate is None else certificate.label
    return CountedPaper(
        certificate_id=None if certificate is None else certificate.id,
        cert_no=label if item.cert_no is None else item.cert_no.strip(),
        place=CountPlace(
            cabinet=item.cabinet.strip(),
            slot=item.slot.strip(),
            packet_no=(item.packet_no or "").strip() or None,
            seal_no=(item.seal_no or "").strip() or None,
        ),
        seal_intact=item.seal_intact,
        pages=item.pages,
    )
