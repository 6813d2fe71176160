"""Root queries on single records, and on short lists of them."""

from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from resolvers.context import Info
from schema.certificates import Handover, TitleCertificate, Vault
from schema.checkouts import CheckOut
from schema.collaterals import Collateral, GuaranteeContract
from schema.deregistration import DeregistrationCase
from schema.dossiers import Dossier
from schema.fields import asked
from schema.loans import Customer, Loan
from schema.nodes import Node
from schema.organisations import Org, User
from schema.stocktakes import Stocktake
from schema.viewer import Viewer
from schema.watch import Incident, LegalCase, LegalHold, RiskSignal
from storage.finds import BY_ID, Sort
from storage.questions import One, Several, by_id
from storage.records import Record

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
        return several("orgs", {}, sort=[("org_path", 1), ("_id", 1)], limit=MAX_ORGS)

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
        return several("stocktakes", {"vault": vault}, sort=NEWEST)

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
        return several("risk_signals", query, sort=NEWEST)

    @asked("Incidents within your reach, newest first (事件).")
    def incidents(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out closed ones.")
        ] = True,
    ) -> list[Incident]:
        """Incidents."""
        return several("incidents", {"closed_at": None} if open_only else {}, sort=NEWEST)

    @asked("Legal holds within your reach, newest first (法律冻结).")
    def legal_holds(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out released ones.")
        ] = True,
    ) -> list[LegalHold]:
        """Legal holds."""
        return several("legal_holds", {"released_at": None} if open_only else {}, sort=NEWEST)

    @asked("Legal cases within your reach, newest first (诉讼、执行).")
    def legal_cases(
        self,
        info: Info,
        open_only: Annotated[
            bool, strawberry.argument(description="Leave out closed ones.")
        ] = True,
    ) -> list[LegalCase]:
        """Legal cases."""
        return several("legal_cases", {"closed_at": None} if open_only else {}, sort=NEWEST)

    @asked("Vaults within your reach (库房).")
    def vaults(self, info: Info) -> list[Vault]:
        """Vaults."""
        return several("vaults", {})


def _one(collection: str, field: str, id: str | None, no: str | None) -> Any:
    if (id is None) == (no is None):
        raise GraphQLError(
            "Name one record: by id, or by number.", extensions={"code": "BAD_USER_INPUT"}
        )
    return One(collection=collection, query={"_id": id} if id is not None else {field: no})


def several(collection: str, query: Record, *, sort: Sort = BY_ID, limit: int = MAX_MINE) -> Any:
    """A question for the records of a collection that answer, within the viewer's reach."""
    return Several(collection=collection, query=query, sort=sort, limit=limit)
