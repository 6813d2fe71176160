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
from domain.roles import SYSTEM
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
from storage.decisions import Decision
from storage.records import Record
from storage.sequence import sequence
from storage.transactions import decide
from storage.writes import Insert

_LOG = logging.getLogger(__name__)
BATCH = 200
MAX_FAILED = 3  # records of one job; more of them and the cause lies elsewhere
SEQUENCE_EVERY_S = 1.0
OTHERS_EVERY_S = 30.0


async def number_entries(stores: Stores) -> int:
    """Numbers what has been committed: the feed's positions and the links of the chains."""
    return await sequence(stores.mongo)


async def expire_proposals(stores: Stores) -> int:
    """Ends proposals that nobody confirmed in time; locks and slots are free again (CUS-04d)."""
    late = {"state": ProposalState.PENDING.value, "expires_at": {"$lt": stores.clock.now()}}
    return await _rounds(stores, "expire_proposals", "proposals", late, _expire_proposal)


async def _expire_proposal(this: Round, id: str) -> int:
    proposal = await this.decision.get(Proposal, id)
    if proposal.state is not ProposalState.PENDING or proposal.is_open(this.now):
        return 0
    await end_proposal_in(this.decision, proposal, ProposalState.EXPIRED)
    return 1


async def expire_check_outs(stores: Stores) -> int:
    """Ends approved check-outs that nobody took in time; the paper is free again (X09)."""
    late = {"state": CheckOutState.APPROVED.value, "take_by": {"$lt": _today(stores)}}
    return await _rounds(stores, "expire_check_outs", "check_outs", late, _expire_check_out)


async def _expire_check_out(this: Round, id: str) -> int:
    check_out = await this.decision.get(CheckOut, id)
    if not has_expired(check_out, this.today):
        return 0
    await let_go(this.decision, check_out)
    this.decision.save(replace(check_out, state=CheckOutState.EXPIRED))
    return 1


async def chase_owner_proofs(stores: Stores) -> int:
    """A YELLOW signal where an owner's own cancellation is not proven in time (4.2, 4.7)."""
    pending = {"proof_pending": True, "proof_chased_on": None}
    query = {**pending, "deadlines.owner_proof_due": {"$lt": _today(stores)}}
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
    query = {
        "state": StocktakeState.FINALISED.value,
        "resolve_due": {"$lt": _today(stores)},
        "results": {"$elemMatch": {"result": CountResult.MISSING.value, "resolved_at": None}},
    }
    return await _rounds(stores, "give_up_missing", "stocktakes", query, _give_up)


async def _give_up(this: Round, id: str) -> int:
    stocktake = await this.decision.get(Stocktake, id)
    counted_now = {"code": stocktake.vault, "status": VaultStatus.FROZEN_FOR_COUNT.value}
    if await this.decision.first(Vault, counted_now) is not None:
        return 0  # the count that goes on may still find them
    lines = overdue(stocktake, today=this.today)
    for line in lines:
        resolution = await give_up_line(
            this.decision, stocktake, line, now=this.now, today=this.today
        )
        stocktake = resolved(stocktake, line.no, by=SYSTEM, now=this.now, resolution=resolution)
    if lines:
        this.decision.save(stocktake)
    return len(lines)


async def reconcile_vaults(stores: Stores) -> int:
    """Reconciles each vault once a business date: book, vault, ledger, registry (CUS-21)."""
    kept = stores.mongo.database["reconciliations"]
    done = await kept.distinct("vault", {"on": _today(stores)})
    query = {"code": {"$nin": done}}
    return await _rounds(stores, "reconcile_vaults", "vaults", query, reconcile)


async def sweep_uploads(stores: Stores) -> int:
    """Removes what was announced and never completed: the record ends, then its bytes (ARC-21)."""
    now = stores.clock.now()
    rules = await stores.mongo.hop(lambda: stores.rulebook.on(business_date(now)))
    query = {
        "status": FileStatus.PENDING.value,
        "requested_at": {"$lt": now - timedelta(hours=rules.policy.number("archive.orphan_hours"))},
        "source": {"$ne": FileSource.GENERATED.value},  # a receipt will be filed yet
    }
    keys: list[str] = []

    async def drop(this: Round, id: str) -> int:
        version = await this.decision.get(FileVersion, id)
        if version.status is not FileStatus.PENDING:
            return 0
        this.decision.write("audit_log", Insert(_swept(this, version)))
        this.decision.save(replace(version, status=FileStatus.DESTROYED))
        this.decision.afterwards(lambda: keys.append(version.object_key))
        return 1

    try:
        return await _rounds(stores, "sweep_uploads", "file_versions", query, drop)
    finally:
        for key in keys:
            await stores.objects.remove(key, None)


def _swept(this: Round, version: FileVersion) -> Record:
    return {
        "_id": f"audit_{ULID()}",
        "biz_date": this.today.isoformat(),
        "at": this.now,
        "actor": SYSTEM,
        "org_path": version.org_path,
        "operation": "sweep_uploads",
        "outcome": "DONE",
        "codes": [],
        "subjects": [version.id],
        "request_id": "job",
        "seq": None,
    }


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
    """Runs every job once, by the clock as it stands; how much each did.

    Raises: why the first of those that failed did, once all have run.
    """
    done, failed = await _round(stores)
    if failed:
        raise failed[0]
    return done


async def run_forever(stores: Stores) -> None:
    """Numbers entries every second and runs all jobs every half minute, until cancelled."""
    others_at = datetime.now(UTC)
    while True:
        if datetime.now(UTC) >= others_at:
            others_at = datetime.now(UTC) + timedelta(seconds=OTHERS_EVERY_S)
            await _round(stores)
        else:
            await _tried(stores, "number_entries")
        await asyncio.sleep(SEQUENCE_EVERY_S)


async def _round(stores: Stores) -> tuple[dict[str, int], list[Exception]]:
    """Runs every job, whether or not those before it failed."""
    told = {name: await _tried(stores, name) for name in JOBS}
    done = {name: one for name, one in told.items() if isinstance(one, int)}
    return done, [one for one in told.values() if isinstance(one, Exception)]


async def _tried(stores: Stores, name: str) -> int | Exception:
    """What the job did, or why it failed; the next round tries again."""
    try:
        return await JOBS[name](stores)
    except Exception as problem:
        _LOG.exception("the job %s failed", name)
        return problem


async def _rounds(
    stores: Stores,
    cause: str,
    collection: str,
    query: Mapping[str, object],
    look: Callable[[Round, str], Awaitable[int]],
) -> int:
    """Looks at each record that answers, one decision a record; how much was done.

    A record that cannot be looked at keeps none of the others waiting. Raises: why the first such
    one failed; at once where `MAX_FAILED` did, since that is no matter of single records.
    """
    now = stores.clock.now()
    today = business_date(now)
    done, failed = 0, []
    for id in await _ids(stores, collection, query):

        async def act(decision: Decision, id: str = id) -> int:
            rules = stores.rulebook.on(today)
            return await look(Round(decision=decision, rules=rules, now=now, today=today), id)

        try:
            done += await decide(stores.mongo, act, by=SYSTEM, cause=cause, at=now)
        except Exception as problem:
            _LOG.warning("%s: %s failed", cause, id)
            failed.append(problem)
            if len(failed) == MAX_FAILED:
                break
    if failed:
        raise failed[0]
    return done


def _today(stores: Stores) -> str:
    return business_date(stores.clock.now()).isoformat()


async def _ids(stores: Stores, collection: str, query: Mapping[str, object]) -> list[str]:
    found = stores.mongo.database[collection].find(query, {"_id": 1}).limit(BATCH)
    return [record["_id"] for record in await found.to_list(BATCH)]
