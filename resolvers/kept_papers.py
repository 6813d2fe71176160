"""Papers that are owed back and for which nobody has opened a case (退证超期赔偿)."""

from graphql import GraphQLError

from domain.collaterals import RELYING, Collateral
from domain.compensation import is_waiting
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.refusals import RefusalCode
from domain.release_board import Kept
from domain.release_notices import secured_by
from resolvers.context import Info
from storage.decisions import Decision
from storage.records import Record
from storage.transactions import consider

MAX_KEPT = 2_000  # pieces of collateral that one summary looks at


async def kept_papers(info: Info, reach: Record) -> list[Kept]:
    """Settled collateral within a reach; its loans are asked wherever they are (LIMIT_EXCEEDED)."""

    async def work(decision: Decision) -> list[Kept]:
        noted = {"owed_since": {"$type": "string"}, "open_case_id": None}
        query = reach | noted | {"pledge_state": {"$in": sorted(RELYING)}}
        found = await decision.find(Collateral, query, limit=MAX_KEPT + 1)
        if len(found) > MAX_KEPT:
            raise GraphQLError(
                f"More than {MAX_KEPT:,} papers wait for a case: choose one organisation.",
                extensions={"code": RefusalCode.LIMIT_EXCEEDED.value},
            )
        return await _waiting(decision, found) if found else []

    context = info.context
    return await consider(context.stores.mongo, work, at=context.now)


async def _waiting(decision: Decision, found: list[Collateral]) -> list[Kept]:
    numbers = [one.no for one in found]
    tied = await decision.find(GuaranteeContract, {"links.collateral_no": {"$in": numbers}})
    secured = sorted({no for one in tied for no in one.secured_loans})
    loans = await decision.find(Loan, {"loan_no": {"$in": secured}})
    known = {loan.loan_no: loan for loan in loans}
    by_collateral: dict[str, list[GuaranteeContract]] = {no: [] for no in numbers}
    for contract in tied:
        for no in {link.collateral_no for link in contract.links} & by_collateral.keys():
            by_collateral[no].append(contract)
    return [
        Kept(org_code=one.org_code, free_until=one.free_until, per_day=one.compensation_per_day)
        for one in found
        if is_waiting(one, secured_by(one, by_collateral[one.no], known))
    ]
