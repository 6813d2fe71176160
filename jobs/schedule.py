"""The schedule: each job, how often it runs, and one way to run them all now."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from ulid import ULID

from domain.calendar import business_date
from domain.checkout_requests import has_expired
from domain.checkouts import CheckOut, CheckOutState
from domain.dispatches import OVER
from domain.dual_control import Proposal, ProposalState
from domain.files import FileSource, FileStatus, FileVersion
from domain.handovers import HandoverState
from domain.people import SYSTEM
from domain.stocktake_results import overdue, resolved
from domain.stocktakes import CountResult, Stocktake, StocktakeState
from domain.vaults import Vault, VaultStatus
from jobs.counting import remind_of_counts
from jobs.lateness import tell_late_dispatch, tell_late_handover
from jobs.overdue import escalate
from jobs.receipts import file_receipts, sweep_receipts
from jobs.reconcile import reconcile
from jobs.releases import chase_proof, escalate_case, look_at_loan
from jobs.watch import Round, look_after
from resolvers.checkouts import let_go
from resolvers.context import Stores
from resolvers.stocktake_work import give_up_line
from resolvers.vault_work import end_proposal_in
from storage.decisions import Decision, decide
from storage.sequence import sequence
from storage.writes import Insert

_LOG = logging.getLogger(__name__)
BATCH = 200
SEQUENCE_EVERY_S = 1.0
OTHERS_EVERY_S = 30.0


async def number_entries(stores: Stores) -> int:
    """Numbers what has been committed: the feed's positions and the links of the chains."""
    return await sequence(stores.mongo)


async def expire_proposals(stores: Stores) -> int:
    """Ends proposals that nobody confirmed in time; locks and slots are free again (CUS-04d)."""
    now = stores.clock.now()
    late = await _ids(
        stores, "proposals", {"state": ProposalState.PENDING.value, "expires_at": {"$lt": now}}
    )
    for id in late:

        async def end(decision: Decision, id: str = id) -> None:
            proposal = await decision.get(Proposal, id)
            if proposal.state is ProposalState.PENDING and not proposal.is_open(now):
                await end_proposal_in(decision, proposal, ProposalState.EXPIRED)

        await decide(stores.mongo, end, by=SYSTEM, cause="expire_proposals", at=now)
    return len(late)


async def expire_check_outs(stores: Stores) -> int:
    """Ends approved check-outs that nobody took in time; the paper is free again (X09)."""
    now = stores.clock.now()
    today = business_date(now)
    query = {"state": CheckOutState.APPROVED.value, "take_by": {"$lt": today.isoformat()}}
    late = await _ids(stores, "check_outs", query)
    for id in late:

        async def end(decision: Decision, id: str = id) -> None:
            check_out = await decision.get(CheckOut, id)
            if has_expired(check_out, today):
                await let_go(decision, check_out)
                decision.save(replace(check_out, state=CheckOutState.EXPIRED))

        await decide(stores.mongo, end, by=SYSTEM, cause="expire_check_outs", at=now)
    return len(late)


async def chase_owner_proofs(stores: Stores) -> int:
    """A YELLOW signal where an owner's own cancellation is not proven in time (4.2, 4.7)."""
    query = {"proof_pending": True, "deadlines.owner_proof_due": {"$lt": _today(stores)}}
    return await _rounds(stores, "chase_owner_proofs", "dereg_cases", query, chase_proof)


async def watch_papers(stores: Stores) -> int:
    """Reminds of deadlines and ends what has lapsed (CUS-16, CUS-17, CUS-26)."""
    query = {"next_look_on": {"$lte": _today(stores), "$type": "string"}}
    return await _rounds(stores, "watch_papers", "certificates", query, look_after)


async def escalate_overdue(stores: Stores) -> int:
    """Tells whoever has to hear of a paper that does not come back (CUS-10)."""
    query = {"escalate_on": {"$lte": _today(stores)}}
    return await _rounds(stores, "escalate_overdue", "check_outs", query, escalate)


async def escalate_releases(stores: Stores) -> int:
    """Tells whoever has to hear of a deadline of a release (4.7)."""
    query = {"escalate_on": {"$lte": _today(stores), "$type": "string"}}
    return await _rounds(stores, "escalate_releases", "dereg_cases", query, escalate_case)


async def watch_settled_loans(stores: Stores) -> int:
    """Has owners told that deregistration is available, and chases proofs of settlement (4.7)."""
    query = {"next_look_on": {"$lte": _today(stores), "$type": "string"}}
    return await _rounds(stores, "watch_settled_loans", "loans", query, look_at_loan)


async def tell_late_handovers(stores: Stores) -> int:
    """Tells both supervisors of papers that nobody accepted in time (CUS-05)."""
    pending = {"state": HandoverState.PENDING.value, "late_told_on": None}
    query = {**pending, "due_on": {"$lt": _today(stores)}}
    return await _rounds(stores, "tell_late_handovers", "handovers", query, tell_late_handover)


async def tell_late_dispatches(stores: Stores) -> int:
    """Tells both supervisors of packets that did not arrive in time (X19)."""
    waiting = {"state": {"$nin": sorted(OVER)}, "late_told_on": None}
    query = {**waiting, "due_on": {"$lt": _today(stores)}}
    return await _rounds(stores, "tell_late_dispatches", "dispatches", query, tell_late_dispatch)


async def remind_of_due_counts(stores: Stores) -> int:
    """Tells of vaults that are due to be counted and were not (CUS-18)."""
    due = {"count_look_on": {"$lte": _today(stores)}}
    query = {"$or": [{"count_look_on": None}, due]}
    return await _rounds(stores, "remind_of_due_counts", "vaults", query, remind_of_counts)


async def give_up_missing(stores: Stores) -> int:
    """Marks papers missing whose difference nobody resolved in time (X20)."""
    now = stores.clock.now()
    today = business_date(now)
    query = {
        "state": StocktakeState.FINALISED.value,
        "resolve_due": {"$lt": today.isoformat()},
        "results": {"$elemMatch": {"result": CountResult.MISSING.value, "resolved_at": None}},
    }
    ended = 0
    for id in await _ids(stores, "stocktakes", query):

        async def give_up(decision: Decision, id: str = id) -> int:
            stocktake = await decision.get(Stocktake, id)
            counted_now = {"code": stocktake.vault, "status": VaultStatus.FROZEN_FOR_COUNT.value}
            if await decision.first(Vault, counted_now) is not None:
                return 0  # the count that goes on may still find them
            lines = overdue(stocktake, today=today)
            for line in lines:
                resolution = await give_up_line(decision, stocktake, line, now=now, today=today)
                stocktake = resolved(stocktake, line.no, by=SYSTEM, now=now, resolution=resolution)
            if lines:
                decision.save(stocktake)
            return len(lines)

        ended += await decide(stores.mongo, give_up, by=SYSTEM, cause="give_up_missing", at=now)
    return ended


async def reconcile_vaults(stores: Stores) -> int:
    """Reconciles each vault once a business date: book, vault, ledger, registry (CUS-21)."""
    kept = stores.mongo.database["reconciliations"]
    done = await kept.distinct("vault", {"on": _today(stores)})
    query = {"code": {"$nin": done}}
    return await _rounds(stores, "reconcile_vaults", "vaults", query, reconcile)


async def sweep_uploads(stores: Stores) -> int:
    """Removes what was announced and never completed, bytes first (ARC-21)."""
    now = stores.clock.now()
    rules = await stores.mongo.hop(lambda: stores.rulebook.on(business_date(now)))
    before = now - timedelta(hours=rules.policy.number("archive.orphan_hours"))
    query = {
        "status": FileStatus.PENDING.value,
        "requested_at": {"$lt": before},
        "source": {"$ne": FileSource.GENERATED.value},  # a receipt will be filed yet
    }
    ids = await _ids(stores, "file_versions", query)
    for id in ids:

        async def drop(decision: Decision, id: str = id) -> str | None:
            version = await decision.get(FileVersion, id)
            if version.status is not FileStatus.PENDING:
                return None
            decision.write(
                "audit_log",
                Insert(
                    {
                        "_id": f"audit_{ULID()}",
                        "biz_date": business_date(now).isoformat(),
                        "at": now,
                        "actor": SYSTEM,
                        "org_path": version.org_path,
                        "operation": "sweep_uploads",
                        "outcome": "DONE",
                        "codes": [],
                        "subjects": [version.id],
                        "request_id": "job",
                        "seq": None,
                    }
                ),
            )
            decision.save(_destroyed(version))
            return version.object_key

        key = await decide(stores.mongo, drop, by=SYSTEM, cause="sweep_uploads", at=now)
        if key is not None:
            await stores.objects.remove(key, None)
    return len(ids)


JOBS: Mapping[str, Callable[[Stores], Awaitable[int]]] = MappingProxyType(
    {
        "expire_proposals": expire_proposals,
        "expire_check_outs": expire_check_outs,
        "chase_owner_proofs": chase_owner_proofs,
        "watch_papers": watch_papers,
        "escalate_overdue": escalate_overdue,
        "escalate_releases": escalate_releases,
        "watch_settled_loans": watch_settled_loans,
        "tell_late_handovers": tell_late_handovers,
        "tell_late_dispatches": tell_late_dispatches,
        "remind_of_due_counts": remind_of_due_counts,
        "give_up_missing": give_up_missing,
        "reconcile_vaults": reconcile_vaults,
        "sweep_uploads": sweep_uploads,
        "file_receipts": file_receipts,
        "sweep_receipts": sweep_receipts,
        "number_entries": number_entries,
    }
)


async def run_all(stores: Stores) -> dict[str, int]:
    """Runs every job once, by the clock as it stands; how much each did."""
    return {name: await job(stores) for name, job in JOBS.items()}


async def run_forever(stores: Stores) -> None:
    """Numbers entries every second and runs the rest every half minute, until cancelled."""
    others_at = datetime.now(UTC)
    while True:
        try:
            await number_entries(stores)
            if datetime.now(UTC) >= others_at:
                others_at = datetime.now(UTC) + timedelta(seconds=OTHERS_EVERY_S)
                await run_all(stores)
        except Exception:  # the next round tries again; the reason is in the log
            _LOG.exception("a scheduled job failed")
        await asyncio.sleep(SEQUENCE_EVERY_S)


def _destroyed(version: FileVersion) -> FileVersion:
    return replace(version, status=FileStatus.DESTROYED)


async def _rounds(
    stores: Stores,
    cause: str,
    collection: str,
    query: Mapping[str, object],
    look: Callable[[Round, str], Awaitable[int]],
) -> int:
    """Looks at each record that answers, one decision a record; how much was done."""
    now = stores.clock.now()
    today = business_date(now)
    done = 0
    for id in await _ids(stores, collection, query):

        async def act(decision: Decision, id: str = id) -> int:
            rules = stores.rulebook.on(today)
            return await look(Round(decision=decision, rules=rules, now=now, today=today), id)

        done += await decide(stores.mongo, act, by=SYSTEM, cause=cause, at=now)
    return done


def _today(stores: Stores) -> str:
    return business_date(stores.clock.now()).isoformat()


async def _ids(stores: Stores, collection: str, query: Mapping[str, object]) -> list[str]:
    found = stores.mongo.database[collection].find(query, {"_id": 1}).limit(BATCH)
    return [record["_id"] for record in await found.to_list(BATCH)]
