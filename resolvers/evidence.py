"""The evidence of a case (证据包): everything that led to its decisions, as one signed bundle.

Read on one snapshot, through the reader's reach. Nothing personal is in it: people stand by login
or party number, and a certificate by its number, as the case itself shows them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import strawberry
from anyio import to_thread
from graphql import GraphQLError

from domain.calendar import business_date
from domain.certificates import TitleCertificate
from domain.deregistration import DeregistrationCase
from domain.files import ArchiveFile, FileVersion
from domain.refusals import Refusal, RefusalCode, Refused
from domain.roles import Operation
from domain.settlement_proofs import SettlementProof
from domain.strangers import STRANGER, strangers
from resolvers.context import Context, Info
from schema.evidence import CaseEvidence
from schema.mutations import told
from storage.bundles import CUSTODY, SETTINGS, bundle
from storage.decisions import Decision
from storage.ledger import ledger
from storage.records import Record, plain
from storage.scope import scope
from storage.transactions import consider

MAX_CERTIFICATES = 100
MAX_EVENTS = 10_000  # of all its certificates
MAX_FILES = 500
MAX_PROOFS = 200
_OWN_PARTS = ("precheck_runs", "approvals", "timeline", "documents")
_CERTIFICATE = (
    *("id", "cert_type", "cert_no", "catalog", "carrier", "legal_state", "custody_state"),
    *("event_seq", "event_hash", "org_path"),
)
_VERSION = (
    *("id", "file_id", "doc_type", "n", "sha256", "size", "mime", "pages", "source", "reason"),
    *("status", "uploaded_by", "uploaded_at", "decided_by"),
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A case's bundle and what is counted of it."""

    case: DeregistrationCase
    content: bytes
    counts: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """The digest of the whole bundle."""
        return hashlib.sha256(self.content).hexdigest()


@strawberry.type
class EvidenceQueries:
    """What do we have to show for it?"""

    @strawberry.field(
        description="What the evidence of a case consists of, and where its signed bundle is"
        " fetched (证据包); null where there is no such case within reach."
    )
    async def deregistration_case_evidence(
        self,
        info: Info,
        case_id: Annotated[strawberry.ID, strawberry.argument(description="The case.")],
    ) -> CaseEvidence | None:
        """The digest is that of the bundle as it would be fetched now."""
        try:
            found = await evidence(info.context, case_id)
        except Refused as refused:
            (first,) = told(refused.refusals[:1], chinese=info.context.chinese)
            code = refused.refusals[0].code.value
            raise GraphQLError(first["message"], extensions={"code": code}) from None
        if found is None:
            return None
        return {  # type: ignore[return-value]
            **found.counts,
            "size": len(found.content),
            "sha256": found.sha256,
            "public_key": info.context.stores.notary.public_key,
            "download_path": f"/evidence/cases/{found.case.id}",
        }


async def evidence(context: Context, case_id: str) -> Evidence | None:
    """The bundle of a case within reach, made now. Refuses: LIMIT_EXCEEDED."""
    mongo, notary = context.stores.mongo, context.stores.notary

    async def work(decision: Decision) -> _Facts | None:
        return await _facts(context, decision, case_id)

    facts = await consider(mongo, work, at=context.now)
    if facts is None:
        return None
    case = facts.case
    about = {"case": {"id": case.id, "no": case.no}, **facts.counts, "withheld": facts.withheld}
    parts = _parts(facts, context)
    content = await to_thread.run_sync(partial(bundle, about, parts, notary))
    counts = {**facts.counts, "withheld": len(facts.withheld)}
    return Evidence(case=case, content=content, counts=counts)


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What was read. withheld: ids and numbers the case names that lie out of reach."""

    case: DeregistrationCase
    ledgers: Sequence[Record]
    proofs: Sequence[SettlementProof]
    versions: Mapping[str, FileVersion]
    settings: Sequence[Record]
    withheld: Sequence[str]

    @property
    def counts(self) -> Record:
        """How much of everything there is, and whether every ledger holds."""
        return {
            "runs": len(self.case.precheck_runs),
            "approvals": len(self.case.approvals),
            "steps": len(self.case.timeline),
            "certificates": len(self.ledgers),
            "events": sum(len(one["events"]) for one in self.ledgers),
            "files": len(self.versions),
            "proofs": len(self.proofs),
            "verified": all(one["verified"] for one in self.ledgers),
        }


async def _facts(context: Context, decision: Decision, case_id: str) -> _Facts | None:
    within = scope(context.actor)
    case = await decision.first(DeregistrationCase, {"_id": case_id}, within=within)
    if case is None:
        return None
    ids = {"_id": {"$in": list(case.certificate_ids)}}
    papers = await decision.find(TitleCertificate, ids, within=within)
    _limited("certificates", len(papers), MAX_CERTIFICATES)
    numbers = list(case.settlement_proof_nos)
    own = {"$or": [{"no": {"$in": numbers}}, {"case_id": case.id}]}
    proofs = await decision.find(SettlementProof, own, within=within)
    _limited("settlementProofs", len(proofs), MAX_PROOFS)
    pinned = _pinned(case)
    files = await decision.find(ArchiveFile, {"case_id": case.id}, within=within)
    file_ids = [*(file.id for file in files), *(p.file_id for p in proofs if p.file_id)]
    of_case = {"$or": [{"_id": {"$in": pinned}}, {"file_id": {"$in": file_ids}}]}
    versions = await decision.find(FileVersion, of_case, within=within)
    _limited("files", len(versions), MAX_FILES)
    seen = {*(p.id for p in papers), *(v.id for v in versions), *(p.no for p in proofs)}
    named = (*case.certificate_ids, *pinned, *numbers)
    return _Facts(
        case=case,
        ledgers=await _ledgers(decision, papers),
        proofs=proofs,
        versions={version.id: version for version in versions},
        settings=_settings(context, case),
        withheld=sorted(set(named) - seen),
    )


def _pinned(case: DeregistrationCase) -> list[str]:
    """The file versions that the case rests on, the registry's result among them."""
    result = case.registry.result
    pinned = [document.file_version_id for document in case.documents]
    return [*pinned, *([] if result is None else [result.file_version_id])]


async def _ledgers(decision: Decision, papers: Sequence[TitleCertificate]) -> list[Record]:
    """Each certificate's events as they are kept, whatever they are worth; checked by link."""
    query = {"certificate_id": {"$in": [paper.id for paper in papers]}}
    found = await decision.records("custody_events", query, limit=MAX_EVENTS + 1)
    _limited("events", len(found), MAX_EVENTS)
    of: dict[str, list[Record]] = {paper.id: [] for paper in papers}
    for record in sorted(found, key=lambda record: record["seq"]):
        of[record["certificate_id"]].append(record)
    return [_ledger(paper, of[paper.id]) for paper in papers]


def _ledger(paper: TitleCertificate, records: Sequence[Record]) -> Record:
    checked, kept = ledger(records), plain(paper)
    sound = checked.leads_to(kept) and checked.tells_right_of(kept)
    return {
        "certificate": {name: kept[name] for name in _CERTIFICATE},
        "events": [_event(record) for record in records],
        "verified": checked.broken is None and sound,
        "broken": checked.broken,
    }


def _event(record: Record) -> Record:
    """What an event says, without what storage adds."""
    added = {"_id", "created_at", "created_by", "updated_at", "updated_by", "fence"}
    said = {name: value for name, value in record.items() if name not in added}
    return {"id": record["_id"], **said}


def _settings(context: Context, case: DeregistrationCase) -> list[Record]:
    """The policy of each evaluation, with its values where they still give the same version."""
    told_versions: dict[str, Record] = {}
    for run in case.precheck_runs:
        on = business_date(run.at)
        policy = context.stores.rulebook.on(on).policy
        same = policy.version == run.policy_version
        told_versions.setdefault(
            run.policy_version,
            {
                "version": run.policy_version,
                "on": on.isoformat(),
                "reproduced": same,
                "values": dict(policy.values) if same else None,
            },
        )
    return [told_versions[version] for version in sorted(told_versions)]


def _parts(facts: _Facts, context: Context) -> Record:
    """The bundle's parts, by the name of their file, as the viewer sees their records."""
    (case,) = context.sight.shown("dereg_cases", [plain(facts.case)])
    places = [place for run in facts.case.precheck_runs for place in run.places]
    hidden = strangers(places, lambda path: context.actor.may(Operation.READ, path))
    for name in ("loan_nos", "reversed_loans"):
        case |= {name: [STRANGER if no in hidden else no for no in case[name]]}
    proofs = [plain(proof) for proof in facts.proofs]
    parts: Record = {
        "case.json": {name: case[name] for name in case if name not in _OWN_PARTS},
        "evaluations.json": case["precheck_runs"],
        "approvals.json": case["approvals"],
        "timeline.json": case["timeline"],
        "documents.json": _documents(facts),
        "settlement-proofs.json": context.sight.shown("settlement_proofs", proofs),
        SETTINGS: facts.settings,
    }
    for one in facts.ledgers:
        parts[f"{CUSTODY}{one['certificate']['id']}.json"] = one
    return parts


def _documents(facts: _Facts) -> Record:
    """What the case pins, whether its hash is still that of the version, and every version."""
    pinned = [plain(document) for document in facts.case.documents]
    if facts.case.registry.result is not None:
        pinned.append({"code": "REGISTRY_RESULT", **plain(facts.case.registry.result)})
    for one in pinned:
        version = facts.versions.get(one["file_version_id"])
        one["unchanged"] = None if version is None else version.sha256 == one["sha256"]
    versions = [plain(facts.versions[id]) for id in sorted(facts.versions)]
    return {
        "pinned": pinned,
        "versions": [{name: one[name] for name in _VERSION} for one in versions],
    }


def _limited(field: str, actual: int, limit: int) -> None:
    if actual > limit:
        detail = {"field": field, "actual": f"more than {limit}", "limit": str(limit)}
        raise Refused(
            Refusal(code=RefusalCode.LIMIT_EXCEEDED, rule_id="INPUT", field=field, detail=detail)
        )
