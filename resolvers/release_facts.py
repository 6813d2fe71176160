"""Reading everything a release depends on, in a few batched reads of one snapshot."""

from collections.abc import Sequence
from typing import Any

from domain.calendar import business_date
from domain.certificates import TitleCertificate, names_of
from domain.collaterals import Collateral
from domain.deregistration import DeregistrationCase
from domain.dossiers import FILED_STATUSES, DocType, DossierStatus, ItemStage, Unfiled
from domain.files import FileStatus, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import IN_DEFAULT, CreditContract, Loan, LoanStatus
from domain.parties import Customer
from domain.release_question import ReleaseFacts, Rest, shown
from domain.watch import (
    LegalCase,
    RiskSignal,
    SignalCategory,
    SubjectKind,
)
from resolvers.holds import concerning, open_holds
from resolvers.secured import with_drawn
from resolvers.vault_work import freed
from storage.decisions import MAX_FOUND, Decision
from storage.records import Record

MAX_OTHER_DEBTS = 50
# `domain.dossiers.unfiled`, as the server answers it.
_LACKING: dict[str, Any] = {
    "dossier_no": 1,
    "loan_no": 1,
    "status": 1,
    "lacking": {
        "$map": {
            "input": {
                "$filter": {
                    "input": "$items",
                    "cond": {
                        "$and": [
                            {"$eq": ["$$this.stage", ItemStage.AT_SETTLEMENT.value]},
                            "$$this.required",
                            {"$not": {"$in": ["$$this.status", sorted(FILED_STATUSES)]}},
                        ]
                    },
                }
            },
            "in": "$$this.code",
        }
    },
}


async def release_facts(
    decision: Decision,
    collateral: Collateral,
    case: DeregistrationCase | None,
    replacing: Sequence[str] | None = None,
) -> ReleaseFacts:
    """The facts of a release. What is read here is fenced when the decision is kept.

    replacing: numbers of what would come in its place, where the case does not tell them.
    """
    if replacing is None:
        replacing = () if case is None else case.new_collateral_nos
    linked = await decision.find(GuaranteeContract, {"links.collateral_no": collateral.no})
    tied = [contract for contract in linked if contract.active_link(collateral.no)]
    contracts = await with_drawn(decision, tied)
    numbers = sorted({no for contract in contracts for no in contract.secured_loans})
    loans = await decision.find(Loan, {"loan_no": {"$in": numbers}})
    lent = {c.credit_contract_no for c in contracts} | {loan.contract_no for loan in loans}
    credits = await decision.find(CreditContract, {"no": {"$in": sorted(lent)}})
    papers = await decision.find(TitleCertificate, {"collateral_nos": collateral.no})
    certificates = await freed(decision, papers, now=decision.at)
    customers = sorted({loan.customer_no for loan in loans})
    await decision.find(Customer, {"no": {"$in": customers}})  # fences what hangs on them
    about = {
        SubjectKind.COLLATERAL: [collateral.no],
        SubjectKind.CERTIFICATE: names_of(certificates),
        SubjectKind.LOAN: numbers,
    }
    whose = about | {SubjectKind.CUSTOMER: customers}
    running = {"closed_at": None}  # a suit about other debts of its owner holds no collateral
    return ReleaseFacts(
        collateral=collateral,
        contracts=contracts,
        loans={loan.loan_no: loan for loan in loans},
        credit_contracts={credit.no: credit for credit in credits},
        certificates=certificates,
        holds=await open_holds(decision, [collateral.no], certificates),
        signals=await decision.find(RiskSignal, concerning(whose) | {"eliminated_at": None}),
        legal_cases=await decision.find(LegalCase, concerning(about) | running),
        other_debts=await _other_debts(decision, customers, numbers),
        unfiled=await _unfiled(decision, numbers),
        rest=await _rest(decision, collateral, contracts, replacing),
        replacing=replacing,
        case=case,
        files={} if case is None else await _files(decision, case),
    )


async def shown_case(decision: Decision, case: DeregistrationCase) -> DeregistrationCase:
    """The case with the documents that count."""
    return shown(case, await _files(decision, case))


async def _files(decision: Decision, case: DeregistrationCase) -> dict[str, FileStatus]:
    """What became of the file versions that a case pins."""
    ids = sorted({document.file_version_id for document in case.documents})
    found = await decision.find(FileVersion, {"_id": {"$in": ids}}) if ids else ()
    return {version.id: version.status for version in found}


async def _rest(
    decision: Decision,
    collateral: Collateral,
    contracts: Sequence[GuaranteeContract],
    replacing: Sequence[str],
) -> Rest:
    """What else secures the loans of those contracts, what replaces it, what goes with it.

    By contracts that do not touch the collateral, too: whoever mortgaged his own for the same
    loans by another contract has a say (DRG-L05).
    """
    loans = sorted({no for contract in contracts for no in contract.secured_loans})
    securing = await decision.find(GuaranteeContract, {"secured_loans": {"$in": loans}})
    links = (link for contract in (*contracts, *securing) for link in contract.links)
    tied = {link.collateral_no for link in links if link.active} | set(replacing)
    same_unit = [] if collateral.unit_no is None else [{"unit_no": collateral.unit_no}]
    pair = [] if collateral.moves_with is None else [collateral.moves_with]
    others = [
        other
        for other in await decision.find(
            Collateral,
            {
                "$or": [
                    {"no": {"$in": sorted(tied.union(pair) - {collateral.no})}},
                    {"moves_with": collateral.no},
                    *same_unit,
                ]
            },
        )
        if other.no != collateral.no
    ]
    numbers = [other.no for other in others]
    papers = await decision.find(TitleCertificate, {"collateral_nos": {"$in": numbers}})
    about = {SubjectKind.COLLATERAL: numbers, SubjectKind.CERTIFICATE: names_of(papers)}
    tying = await decision.find(GuaranteeContract, {"links.collateral_no": {"$in": numbers}})
    return Rest(
        collaterals={other.no: other for other in others},
        certificates=papers,
        disputes=await decision.find(
            RiskSignal,
            concerning(about)
            | {"category": SignalCategory.COLLATERAL_DISPUTE.value, "eliminated_at": None},
        ),
        contracts=list({contract.no: contract for contract in (*securing, *tying)}.values()),
    )


async def _unfiled(decision: Decision, loans: Sequence[str]) -> list[Unfiled]:
    """What the dossiers lack, told by the server: five hundred whole ones are a megabyte.

    They are not fenced: P13 only warns of them, and the closing, which they may stop, reads them.
    """
    query = {"loan_no": {"$in": list(loans)}}
    records = await decision.records("dossiers", query, limit=MAX_FOUND, fields=_LACKING)
    return [
        Unfiled(
            dossier_no=record["dossier_no"],
            loan_no=record["loan_no"],
            status=DossierStatus(record["status"]),
            codes=tuple(map(DocType, record["lacking"] or ())),
        )
        for record in records
    ]


def _unpaid_by(today: str) -> Record:
    """Of each instalment of a loan, whether it was due before that day and is not paid."""
    paid = {"$add": ["$$one.paid_principal", "$$one.paid_interest"]}
    due = {"$add": ["$$one.principal", "$$one.interest"]}
    late = {"$and": [{"$lt": ["$$one.due_date", today]}, {"$lt": [paid, due]}]}
    return {"$map": {"input": "$schedule", "as": "one", "in": late}}


async def _other_debts(
    decision: Decision, customers: Sequence[str], secured: Sequence[str]
) -> list[Loan]:
    """Loans of the borrowers that this collateral does not secure, and that may be overdue (W1).

    The server passes over instalments that are paid: many loans are served, few are listed.
    """
    today = business_date(decision.at).isoformat()
    return await decision.find(
        Loan,
        {
            "customer_no": {"$in": list(customers)},
            "status": {"$nin": [LoanStatus.SETTLED.value, LoanStatus.CANCELLED.value]},
            "$or": [
                {"status": {"$in": sorted(IN_DEFAULT)}},
                {"dpd": {"$gt": 0}},
                {"maturity": {"$lt": today}},
                {"$expr": {"$anyElementTrue": [_unpaid_by(today)]}},
            ],
            "loan_no": {"$nin": list(secured)},
        },
        limit=MAX_OTHER_DEBTS,
    )
