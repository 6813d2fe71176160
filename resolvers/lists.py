"""Lists as connections: the filter of a screen, an order, a page (keyset cursors)."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from domain.certificates import CustodyState, LegalState, normalised
from domain.checkouts import CheckOutState
from domain.dossiers import FILED_STATUSES
from domain.handovers import HandoverState
from domain.people import Actor
from resolvers.context import Info
from schema.alerts import Alert
from schema.certificates import Handover, TitleCertificate
from schema.checkouts import CheckOut
from schema.collaterals import Collateral
from schema.deregistration import DeregistrationCase
from schema.dossiers import ArchiveFile, Dossier
from schema.fields import asked
from schema.filters import (
    AlertFilter,
    AlertOrder,
    CaseFilter,
    CaseOrder,
    CertificateFilter,
    CertificateOrder,
    CheckOutFilter,
    CheckOutOrder,
    CollateralFilter,
    CollateralOrder,
    DossierFilter,
    DossierOrder,
    FileFilter,
    FileOrder,
    LoanFilter,
    LoanOrder,
)
from schema.loans import Loan
from schema.nodes import Connection
from storage.pages import Order, page_size
from storage.questions import PageOf
from storage.records import Record

First = Annotated[
    int | None, strawberry.argument(description="How many rows, 0 to 100; 20 when not given.")
]
After = Annotated[
    str | None, strawberry.argument(description="The `endCursor` of the page before.")
]
MAX_FILTER_VALUES = 50
NEWEST_FIRST = Order(name="created_desc", field="_id", descending=True)

ORDERS: Mapping[Enum, Order] = MappingProxyType(
    {
        LoanOrder.LOAN_NO: Order(name="loan_no", field="loan_no"),
        LoanOrder.DPD_DESC: Order(name="dpd", field="dpd", descending=True),
        LoanOrder.MATURITY: Order(name="maturity", field="maturity"),
        LoanOrder.DISBURSED_ON: Order(name="disbursed", field="disbursed_on"),
        CollateralOrder.NO: Order(name="no", field="no"),
        CollateralOrder.VALUED_ON: Order(name="valued", field="latest_value_on"),
        CertificateOrder.CREATED: Order(name="created", field="_id"),
        CertificateOrder.EXPECTED_BY: Order(name="expected", field="expected_by"),
        CertificateOrder.VAULT_DUE: Order(name="vault_due", field="vault_due"),
        CertificateOrder.DUE_DATE: Order(name="due", field="due_date"),
        DossierOrder.CREATED: Order(name="created", field="_id"),
        DossierOrder.LOAN_NO: Order(name="loan_no", field="loan_no"),
        FileOrder.CREATED: Order(name="created", field="_id"),
        FileOrder.CREATED_DESC: Order(name="created_desc", field="_id", descending=True),
        CheckOutOrder.CREATED_DESC: Order(name="created_desc", field="_id", descending=True),
        CheckOutOrder.DUE_DATE: Order(name="due", field="due_date"),
        CaseOrder.CREATED_DESC: Order(name="created_desc", field="_id", descending=True),
        CaseOrder.NEXT_DUE: Order(name="next_due", field="deadlines.sort_due"),
        AlertOrder.DUE_ON: Order(name="due", field="due_on"),
        AlertOrder.CREATED_DESC: Order(name="created_desc", field="_id", descending=True),
    }
)


@strawberry.type
class ListQueries:
    """Every list of records."""

    @asked("Loans within your reach (贷款).")
    def loans(
        self,
        info: Info,
        filter: Annotated[LoanFilter | None, strawberry.argument(description="Which.")] = None,
        order: Annotated[
            LoanOrder, strawberry.argument(description="Sorted how.")
        ] = LoanOrder.LOAN_NO,
        first: First = None,
        after: After = None,
    ) -> Connection[Loan]:
        """Loans."""
        return _page("loans", _loans(filter or LoanFilter()), order, first, after)

    @asked("Collateral within your reach (押品).")
    def collaterals(
        self,
        info: Info,
        filter: Annotated[
            CollateralFilter | None, strawberry.argument(description="Which.")
        ] = None,
        order: Annotated[
            CollateralOrder, strawberry.argument(description="Sorted how.")
        ] = CollateralOrder.NO,
        first: First = None,
        after: After = None,
    ) -> Connection[Collateral]:
        """Collateral."""
        query = _collaterals(filter or CollateralFilter())
        return _page("collaterals", query, order, first, after)

    @asked("Certificates within your reach (权证).")
    def certificates(
        self,
        info: Info,
        filter: Annotated[
            CertificateFilter | None, strawberry.argument(description="Which.")
        ] = None,
        order: Annotated[
            CertificateOrder, strawberry.argument(description="Sorted how.")
        ] = CertificateOrder.CREATED,
        first: First = None,
        after: After = None,
    ) -> Connection[TitleCertificate]:
        """Certificates."""
        query = _certificates(filter or CertificateFilter(), info.context.today)
        return _page("certificates", query, order, first, after)

    @asked("Dossiers within your reach (档案).")
    def dossiers(
        self,
        info: Info,
        filter: Annotated[DossierFilter | None, strawberry.argument(description="Which.")] = None,
        order: Annotated[
            DossierOrder, strawberry.argument(description="Sorted how.")
        ] = DossierOrder.CREATED,
        first: First = None,
        after: After = None,
    ) -> Connection[Dossier]:
        """Dossiers."""
        query = _dossiers(filter or DossierFilter())
        return _page("dossiers", query, order, first, after)

    @asked("Archive files within your reach (档案文件).")
    def files(
        self,
        info: Info,
        filter: Annotated[FileFilter | None, strawberry.argument(description="Which.")] = None,
        order: Annotated[
            FileOrder, strawberry.argument(description="Sorted how.")
        ] = FileOrder.CREATED,
        first: First = None,
        after: After = None,
    ) -> Connection[ArchiveFile]:
        """Files."""
        return _page("files", _files(filter or FileFilter()), order, first, after)

    @asked("Check-outs within your reach (临时出库).")
    def check_outs(
        self,
        info: Info,
        filter: Annotated[CheckOutFilter | None, strawberry.argument(description="Which.")] = None,
        order: Annotated[
            CheckOutOrder, strawberry.argument(description="Sorted how.")
        ] = CheckOutOrder.CREATED_DESC,
        first: First = None,
        after: After = None,
    ) -> Connection[CheckOut]:
        """Check-outs."""
        query = _check_outs(filter or CheckOutFilter(), info.context.today)
        return _page("check_outs", query, order, first, after)

    @asked("Deregistration cases within your reach (押品注销业务).")
    def deregistration_cases(
        self,
        info: Info,
        filter: Annotated[CaseFilter | None, strawberry.argument(description="Which.")] = None,
        order: Annotated[
            CaseOrder, strawberry.argument(description="Sorted how.")
        ] = CaseOrder.CREATED_DESC,
        first: First = None,
        after: After = None,
    ) -> Connection[DeregistrationCase]:
        """Cases."""
        query = _cases(filter or CaseFilter())
        return _page("dereg_cases", query, order, first, after)

    @asked("Alerts within your reach (提醒).")
    def alerts(
        self,
        info: Info,
        filter: Annotated[AlertFilter | None, strawberry.argument(description="Which.")] = None,
        order: Annotated[
            AlertOrder, strawberry.argument(description="Sorted how.")
        ] = AlertOrder.DUE_ON,
        first: First = None,
        after: After = None,
    ) -> Connection[Alert]:
        """Alerts."""
        query = _alerts(filter or AlertFilter(), info.context.actor)
        return _page("alerts", query, order, first, after)

    @asked("Handovers within your reach, newest first (移交单).")
    def handovers(
        self,
        info: Info,
        mine: Annotated[
            bool,
            strawberry.argument(
                description="Only those given by you, or waiting for you or your vault."
            ),
        ] = False,
        state: Annotated[
            list[HandoverState] | None,
            strawberry.argument(description="In one of these states."),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Handover]:
        """Handovers."""
        query: Record = concerning(info.context.actor) if mine else {}
        if state is not None:
            query |= among("state", state)
        return PageOf(  # type: ignore[return-value]
            collection="handovers",
            query=query,
            order=NEWEST_FIRST,
            first=page_size(first),
            after=after,
        )


def concerning(actor: Actor) -> Record:
    """The handovers that a person has given, or that wait for him or his vault."""
    mine = [
        {"giver": actor.login},
        {"receiver": actor.login},
        {"desk": {"$in": list(actor.vaults)}},
    ]
    return {"$or": mine}


def _page(collection: str, query: Record, order: Enum, first: int | None, after: str | None) -> Any:
    return PageOf(
        collection=collection,
        query=query,
        order=ORDERS[order],
        first=page_size(first),
        after=after,
    )


def _loans(given: LoanFilter) -> Record:
    query = exactly(given, "loan_no", "customer_no", "org_code")
    query |= one_of(given, "status", "product", "classification")
    if given.min_dpd is not None:
        query["dpd"] = {"$gte": given.min_dpd}
    return query | _before("maturity", given.maturing_before)


def _collaterals(given: CollateralFilter) -> Record:
    query = exactly(given, "no", "unit_no", "org_code") | one_of(given, "kind", "pledge_state")
    return query | _before("latest_value_on", given.valued_before)


def _certificates(given: CertificateFilter, today: date) -> Record:
    query = exactly(given, "org_code") | one_of(given, "cert_type", "custody_state", "legal_state")
    for name, value in (
        ("place.vault", given.vault),
        ("holder.login", given.holder),
        ("collateral_nos", given.collateral_no),
        ("cert_no_norm", None if given.cert_no is None else normalised(given.cert_no)),
    ):
        if value is not None:
            query[name] = value
    parts = [query]
    if given.overdue_only:
        out = {"custody_state": CustodyState.CHECKED_OUT.value}
        parts.append(out | {"due_date": {"$lt": today.isoformat(), "$ne": None}})
    if given.expected_before is not None:
        waiting = {
            "custody_state": CustodyState.NOT_RECEIVED.value,
            "legal_state": {"$ne": LegalState.VOID.value},
        }
        parts.append(waiting | _before("expected_by", given.expected_before))
    return query if len(parts) == 1 else {"$and": parts}


def _dossiers(given: DossierFilter) -> Record:
    query = exactly(given, "loan_no", "org_code") | one_of(given, "status")
    if given.missing is not None:
        filed = [status.value for status in FILED_STATUSES]
        item = {"code": given.missing.value, "required": True, "status": {"$nin": filed}}
        query["items"] = {"$elemMatch": item}
    return query


def _files(given: FileFilter) -> Record:
    query = exactly(given, "dossier_id", "loan_no", "certificate_id")
    return query | one_of(given, "doc_type", "status")


def _check_outs(given: CheckOutFilter, today: date) -> Record:
    query = exactly(given, "certificate_id", "borrower", "requester", "vault", "org_code")
    query |= one_of(given, "state", "purpose")
    if not given.overdue_only:
        return query
    late = {"state": CheckOutState.OUT.value, "due_date": {"$lt": today.isoformat()}}
    return {"$and": [query, late]}


def _cases(given: CaseFilter) -> Record:
    query = exactly(given, "no", "collateral_no", "org_code")
    query |= one_of(given, "state", "kind", "handling_mode")
    return query | _before("deadlines.next_due", given.due_before)


def _alerts(given: AlertFilter, actor: Actor) -> Record:
    query = exactly(given, "subject", "org_code") | one_of(given, "kind")
    if given.open_only:
        query["acknowledged_at"] = None
    if given.mine:
        roles = [
            {"roles": grant.role.value, "level": {"$in": [None, grant.org_level.value]}}
            for grant in actor.grants
        ]
        query["$or"] = [{"logins": actor.login}, *roles]
    return query


def exactly(given: Any, *names: str) -> Record:
    """The part of a query in which those values of a filter, where given, are met exactly."""
    return {name: getattr(given, name) for name in names if getattr(given, name) is not None}


def one_of(given: Any, *names: str) -> Record:
    """The part of a query for lists of values of a filter, one of which has to be met."""
    query: Record = {}
    for name in names:
        values = getattr(given, name)
        if values is None:
            continue
        query |= among(name, values)
    return query


def among(name: str, values: Sequence[Enum]) -> Record:
    """A filter by any of these values, at most `MAX_FILTER_VALUES`."""
    if len(values) > MAX_FILTER_VALUES:
        raise GraphQLError(
            f"`{name}` may list at most {MAX_FILTER_VALUES} values.",
            extensions={"code": "BAD_USER_INPUT"},
        )
    return {name: {"$in": [value.value for value in values]}}


def _before(name: str, day: date | None) -> Record:
    return {} if day is None else {name: {"$lt": day.isoformat(), "$ne": None}}
