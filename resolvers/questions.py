"""The questions people live in: what waits, what a certificate went through, may it be released."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import strawberry
from graphql import GraphQLError

from domain.certificates import TERMINAL
from domain.collaterals import Collateral as Pledged
from domain.deregistration import CaseState, DeregKind, HandlingMode
from domain.deregistration import DeregistrationCase as Case
from domain.refusals import Refusal, Refused
from domain.release import Evaluation as Answer
from domain.release import evaluate
from domain.release_question import Stage
from domain.roles import Operation
from domain.strangers import places_of, strangers, veiled
from resolvers.case_work import kept_results
from resolvers.context import Info
from resolvers.lists import concerning
from resolvers.queries import NEWEST, several
from resolvers.release_facts import release_facts
from schema.certificates import CustodyHistory, Handover, Proposal
from schema.deregistration import Evaluation, ReleaseReadiness
from schema.fields import asked
from schema.mutations import told
from schema.viewer import AccessLogEntry
from storage.decisions import Decision
from storage.ledger import ledger
from storage.records import Record
from storage.scope import result_without_amounts, scope, under
from storage.transactions import consider

MAX_LEDGER = 2_000
_AWAY = frozenset({CaseState.VAULT_OUT, CaseState.FILED, CaseState.NEED_MORE_MATERIAL})


@strawberry.type
class QuestionQueries:
    """Questions that a rule answers."""

    @asked("Handovers given by you, or waiting for you or your vault.")
    def my_handovers(self, info: Info) -> list[Handover]:
        """Handovers that concern the viewer, newest first."""
        return several("handovers", concerning(info.context.actor), sort=NEWEST)

    @asked("Vault events that wait for a second person in your vaults.")
    def pending_proposals(self, info: Info) -> list[Proposal]:
        """Open proposals, oldest first."""
        actor = info.context.actor
        query = {"state": "PENDING", "expires_at": {"$gte": info.context.now}}
        mine = {"$or": [{"vault": {"$in": list(actor.vaults)}}, {"vault": None}]}
        return several("proposals", query | mine)

    @strawberry.field(description="A certificate's ledger, checked link by link (保管流水).")
    async def custody_history(
        self,
        info: Info,
        certificate_id: Annotated[strawberry.ID, strawberry.argument(description="Which.")],
    ) -> CustodyHistory | None:
        """The ledger; `verified` recomputes every hash and replays the state."""
        reader = info.context.reader
        certificate = await reader.one("certificates", {"_id": certificate_id})
        if certificate is None:
            return None
        records = await reader.find(
            "custody_events",
            {"certificate_id": certificate_id},
            sort=[("seq", 1)],
            limit=MAX_LEDGER,
        )
        checked = ledger(records)
        same = checked.leads_to(certificate) and checked.tells_right_of(certificate)
        return {  # type: ignore[return-value]
            "events": [record for record in records if record["_id"] not in checked.unread],
            "verified": checked.broken is None and same,
            "broken_event_id": checked.broken,
        }

    @strawberry.field(
        description="Whether a collateral may be released, precondition by precondition; the"
        " very function that the mutations obey (解押预检)."
    )
    async def deregistration_precheck(
        self,
        info: Info,
        collateral_id: Annotated[strawberry.ID, strawberry.argument(description="Which.")],
        kind: Annotated[
            DeregKind | None,
            strawberry.argument(
                description="Why the lien goes; none means as the open case, or a full settlement."
            ),
        ] = None,
        handling_mode: Annotated[
            HandlingMode | None,
            strawberry.argument(description="Who goes to the registry; none means as the case."),
        ] = None,
        replaced_by: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Numbers of what would replace it, within your reach; none means as the"
                " case."
            ),
        ] = None,
    ) -> Evaluation | None:
        """A dry run; an open case's applicant and documents count."""
        replacing = tuple(replaced_by or ())
        evaluations = await _evaluations(
            info, {"_id": collateral_id}, kind=kind, mode=handling_mode, replacing=replacing
        )
        return evaluations[0] if evaluations else None  # type: ignore[return-value]

    @strawberry.field(
        description="Whether a certificate may leave for release: the same precheck for each"
        " collateral it covers (解押就绪)."
    )
    async def release_readiness(
        self,
        info: Info,
        certificate_id: Annotated[strawberry.ID, strawberry.argument(description="Which.")],
    ) -> ReleaseReadiness | None:
        """Ready when every collateral it covers is."""
        certificate = await info.context.reader.one("certificates", {"_id": certificate_id})
        if certificate is None:
            return None
        query = {"no": {"$in": certificate["collateral_nos"]}}
        evaluations = await _evaluations(info, query)
        over = certificate["custody_state"] in TERMINAL
        ready = not over and all(evaluation["ready"] for evaluation in evaluations)
        return {  # type: ignore[return-value]
            "ready": ready and bool(evaluations),
            "evaluations": evaluations,
        }

    @asked("Accesses to files and labels printed, newest first; for auditors (访问日志).")
    def access_log(
        self,
        info: Info,
        file_version_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Of this file version, or of what a label names."),
        ] = None,
        user: Annotated[str | None, strawberry.argument(description="By this login.")] = None,
    ) -> list[AccessLogEntry]:
        """The access log within the auditor's reach."""
        paths = info.context.actor.paths(Operation.READ_ACCESS_LOG)
        if not paths:
            raise GraphQLError(
                "Only auditors read the access log.", extensions={"code": "FORBIDDEN"}
            )
        query: Record = under(paths)
        if file_version_id is not None:
            query |= {"object_id": file_version_id}
        if user is not None:
            query |= {"user": user}
        return several("access_logs", query, sort=NEWEST)


async def _evaluations(
    info: Info,
    query: Record,
    *,
    kind: DeregKind | None = None,
    mode: HandlingMode | None = None,
    replacing: Sequence[str] = (),
) -> list[Record]:
    """The answers for every collateral within reach, on one snapshot."""
    context = info.context

    async def work(decision: Decision) -> list[tuple[Answer, bool]]:
        rules = context.stores.rulebook.on(context.today)
        answers, reach, offered = [], scope(context.actor), None
        if replacing:
            named = {"no": {"$in": list(replacing)}}
            offered = [one.no for one in await decision.find(Pledged, named, within=reach)]
        for collateral in await decision.find(Pledged, query, within=reach):
            case = None
            if collateral.open_case_id is not None:
                case = await decision.get(Case, collateral.open_case_id)
            facts = await release_facts(decision, collateral, case, offered)
            answer = evaluate(
                facts,
                kind=kind or (case.kind if case else DeregKind.FULL_SETTLEMENT),
                stage=_stage(case),
                mode=mode or (case.handling_mode if case else HandlingMode.BANK),
                policy=rules.policy,
                calendar=rules.calendar,
                today=context.today,
            )
            seen = context.actor.may(Operation.SEE_AMOUNTS, collateral.org_path)
            hidden = strangers(places_of(facts), partial(context.actor.may, Operation.READ))
            answers.append((veiled(answer, hidden), seen))
        return answers

    try:
        answers = await consider(context.stores.mongo, work, at=context.now)
    except Refused as refused:
        first: Refusal = refused.refusals[0]
        raise GraphQLError(
            told([first], chinese=context.chinese)[0]["message"],
            extensions={"code": first.code.value},
        ) from None
    return [_evaluation(answer, chinese=context.chinese, amounts=seen) for answer, seen in answers]


def _stage(case: Case | None) -> Stage:
    """As what comes next asks: once papers may be out for it, they need not be in the vault."""
    away = case is not None and case.state in _AWAY
    return Stage.FILE if away else Stage.PRECHECK


def _evaluation(answer: Answer, *, chinese: bool, amounts: bool) -> Record:
    kept = list(kept_results(answer))
    results = [
        {**result, "refusals": told(result["refusals"], chinese=chinese)}  # type: ignore[arg-type]
        for result in (kept if amounts else map(result_without_amounts, kept))
    ]
    return {
        "kind": answer.kind.value,
        "stage": answer.stage.value,
        "on": answer.on,
        "ready": answer.ready,
        "policy_version": answer.policy_version,
        "results": results,
        "refusals": told(answer.refusals, chinese=chinese, amounts=amounts),
    }
