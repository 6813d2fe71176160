"""Root queries on single records, and the questions people live in."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from domain.certificates import TERMINAL
from domain.collaterals import Collateral as Pledged
from domain.deregistration import DeregistrationCase as Case
from domain.deregistration import DeregKind, HandlingMode
from domain.people import Operation
from domain.refusals import Refusal, Refused
from domain.release import Evaluation as Answer
from domain.release import evaluate
from domain.release_question import Stage
from domain.strangers import places_of, strangers, veiled
from resolvers.case_work import kept_results
from resolvers.context import Info
from resolvers.lists import concerning
from resolvers.release_facts import release_facts
from schema.certificates import CustodyHistory, Handover, Proposal, TitleCertificate, Vault
from schema.checkouts import CheckOut
from schema.collaterals import Collateral, GuaranteeContract
from schema.deregistration import DeregistrationCase, Evaluation, ReleaseReadiness
from schema.dossiers import Dossier
from schema.fields import asked
from schema.loans import Customer, Loan
from schema.mutations import told
from schema.nodes import Node
from schema.organisations import Org, User
from schema.stocktakes import Stocktake
from schema.viewer import AccessLogEntry, Viewer
from schema.watch import Incident, LegalCase, LegalHold, RiskSignal
from storage.decisions import Decision, consider
from storage.finds import BY_ID, Sort
from storage.ledger import ledger
from storage.questions import One, Several, by_id
from storage.records import Record
from storage.scope import result_without_amounts, scope, under

MAX_LEDGER = 2_000
MAX_ORGS = 1_000
MAX_MINE = 100
NEWEST: Sort = (("_id", -1),)
Id = Annotated[strawberry.ID | None, strawberry.argument(description="By id.")]
No = Annotated[str | None, strawberry.argument(description="Or by business number.")]


@strawberry.type
class RecordQueries:
    """Single records; null where there is none within reach."""

    @strawberry.field(description="The signed-in person.")
    async def me(self, info: Info) -> Viewer:
        """Who asks."""
        actor = info.context.actor
        own = await info.context.reader.find(
            "users", {"login": actor.login}, limit=1, unscoped=True
        )
        return {  # type: ignore[return-value]
            "login": actor.login,
            "org_code": actor.org_code,
            "roles": sorted({grant.role for grant in actor.grants}),
            "vaults": list(actor.vaults),
            "business_date": info.context.today,
            "now": info.context.now,
            "user": own[0] if own else None,
        }

    @asked("Any record by its id; null where there is none within reach.")
    def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id.")],
    ) -> Node | None:
        """A record of any type."""
        return by_id(id)  # type: ignore[return-value]

    @asked("Organisations within your reach (机构).")
    def orgs(self, info: Info) -> list[Org]:
        """Organisations."""
        return _several("orgs", {}, sort=[("org_path", 1), ("_id", 1)], limit=MAX_ORGS)

    @asked("A person by login (用户).")
    def user(
        self,
        info: Info,
        login: Annotated[str, strawberry.argument(description="Login.")],
    ) -> User | None:
        """A user."""
        return _one("users", "login", None, login)

    @asked("A customer (客户).")
    def customer(self, info: Info, id: Id = None, no: No = None) -> Customer | None:
        """A customer."""
        return _one("customers", "no", id, no)

    @asked("A loan (贷款、借据).")
    def loan(self, info: Info, id: Id = None, no: No = None) -> Loan | None:
        """A loan."""
        return _one("loans", "loan_no", id, no)

    @asked("A collateral (押品).")
    def collateral(self, info: Info, id: Id = None, no: No = None) -> Collateral | None:
        """A collateral."""
        return _one("collaterals", "no", id, no)

    @asked("A guarantee contract (担保合同).")
    def guarantee_contract(
        self, info: Info, id: Id = None, no: No = None
    ) -> GuaranteeContract | None:
        """A guarantee contract."""
        return _one("guarantee_contracts", "no", id, no)

    @asked("A certificate (权证).")
    def certificate(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="By id.")],
    ) -> TitleCertificate | None:
        """A certificate."""
        return _one("certificates", "_id", id, None)

    @asked("The dossier of a loan (档案).")
    def dossier(
        self,
        info: Info,
        id: Id = None,
        loan_no: Annotated[
            str | None, strawberry.argument(description="Or by number of the loan.")
        ] = None,
    ) -> Dossier | None:
        """A dossier."""
        return _one("dossiers", "loan_no", id, loan_no)

    @asked("A deregistration case (押品注销业务).")
    def deregistration_case(
        self, info: Info, id: Id = None, no: No = None
    ) -> DeregistrationCase | None:
        """A case."""
        return _one("dereg_cases", "no", id, no)

    @asked("A handover (移交单).")
    def handover(self, info: Info, id: Id = None, no: No = None) -> Handover | None:
        """A handover."""
        return _one("handovers", "no", id, no)

    @asked("A check-out (临时出库单).")
    def check_out(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="By id.")],
    ) -> CheckOut | None:
        """A check-out."""
        return _one("check_outs", "_id", id, None)

    @asked("A stock-take (盘库单).")
    def stocktake(self, info: Info, id: Id = None, no: No = None) -> Stocktake | None:
        """A stock-take."""
        return _one("stocktakes", "no", id, no)

    @asked("Stock-takes of a vault, newest first (盘库单).")
    def stocktakes(
        self,
        info: Info,
        vault: Annotated[str, strawberry.argument(description="Code of the vault.")],
    ) -> list[Stocktake]:
        """Stock-takes."""
        return _several("stocktakes", {"vault": vault}, sort=NEWEST)

    @asked("Risk signals within your reach, newest first (风险信号).")
    def risk_signals(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out eliminated ones.")
        ] = True,
    ) -> list[RiskSignal]:
        """Risk signals."""
        query: Record = {"eliminated_at": None} if open_only else {}
        return _several("risk_signals", query, sort=NEWEST)

    @asked("Incidents within your reach, newest first (事件).")
    def incidents(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out closed ones.")
        ] = True,
    ) -> list[Incident]:
        """Incidents."""
        return _several("incidents", {"closed_at": None} if open_only else {}, sort=NEWEST)

    @asked("Legal holds within your reach, newest first (法律冻结).")
    def legal_holds(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out released ones.")
        ] = True,
    ) -> list[LegalHold]:
        """Legal holds."""
        return _several("legal_holds", {"released_at": None} if open_only else {}, sort=NEWEST)

    @asked("Legal cases within your reach, newest first (诉讼、执行).")
    def legal_cases(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out closed ones.")
        ] = True,
    ) -> list[LegalCase]:
        """Legal cases."""
        return _several("legal_cases", {"closed_at": None} if open_only else {}, sort=NEWEST)

    @asked("Vaults within your reach (库房).")
    def vaults(self, info: Info) -> list[Vault]:
        """Vaults."""
        return _several("vaults", {})


@strawberry.type
class QuestionQueries:
    """Questions that a rule answers."""

    @asked("Handovers given by you, or waiting for you or your vault.")
    def my_handovers(self, info: Info) -> list[Handover]:
        """Handovers that concern the viewer, newest first."""
        return _several("handovers", concerning(info.context.actor), sort=NEWEST)

    @asked("Vault events that wait for a second person in your vaults.")
    def pending_proposals(self, info: Info) -> list[Proposal]:
        """Open proposals, oldest first."""
        actor = info.context.actor
        query = {"state": "PENDING", "expires_at": {"$gte": info.context.now}}
        mine = {"$or": [{"vault": {"$in": list(actor.vaults)}}, {"vault": None}]}
        return _several("proposals", query | mine)

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
                description="Numbers of what would replace it; none means as the case."
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
        return _several("access_logs", query, sort=NEWEST)


def _one(collection: str, field: str, id: str | None, no: str | None) -> Any:
    if (id is None) == (no is None):
        raise GraphQLError(
            "Name one record: by id, or by number.", extensions={"code": "BAD_USER_INPUT"}
        )
    return One(collection=collection, query={"_id": id} if id is not None else {field: no})


def _several(collection: str, query: Record, *, sort: Sort = BY_ID, limit: int = MAX_MINE) -> Any:
    return Several(collection=collection, query=query, sort=sort, limit=limit)


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
        answers = []
        for collateral in await decision.find(Pledged, query, within=scope(context.actor)):
            case = None
            if collateral.open_case_id is not None:
                case = await decision.get(Case, collateral.open_case_id)
            facts = await release_facts(decision, collateral, case, replacing)
            answer = evaluate(
                facts,
                kind=kind or (case.kind if case else DeregKind.FULL_SETTLEMENT),
                stage=Stage.PRECHECK,
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
