"""From papers to what they cover and secure: collateral; contracts, then loans."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.certificates import TitleCertificate
from domain.guarantees import GuaranteeContract, GuaranteeMode
from domain.loans import Loan
from storage.decisions import Decision
from storage.records import Record


def contracts_query(certificates: Iterable[TitleCertificate]) -> Record:
    """Which contracts these papers belong to."""
    return {"no": {"$in": sorted({no for c in certificates for no in c.guarantee_contract_nos})}}


def collaterals_query(certificate: TitleCertificate) -> Record:
    """Which collateral this paper covers."""
    return {"no": {"$in": list(certificate.collateral_nos)}}


def loans_query(loan_nos: Sequence[str]) -> Record:
    """Which loans have these numbers."""
    return {"loan_no": {"$in": loan_nos}}


async def loan_nos_of(decision: Decision, certificates: Iterable[TitleCertificate]) -> list[str]:
    """Numbers of the loans that these papers secure, sorted."""
    found = await decision.find(GuaranteeContract, contracts_query(certificates))
    return sorted({no for contract in found for no in contract.secured_loans})


async def loans_of(decision: Decision, certificates: Iterable[TitleCertificate]) -> list[Loan]:
    """The loans that these papers secure."""
    numbers = await loan_nos_of(decision, certificates)
    return await decision.find(Loan, loans_query(numbers)) if numbers else []


async def loans_secured_by(decision: Decision, collateral_nos: Sequence[str]) -> list[Loan]:
    """The loans that active links of these collaterals secure today."""
    query = {"links.collateral_no": {"$in": list(collateral_nos)}}
    contracts = [
        contract
        for contract in await decision.find(GuaranteeContract, query)
        if any(contract.active_link(no) for no in collateral_nos)
    ]
    contracts = await with_drawn(decision, contracts)
    numbers = sorted({no for contract in contracts for no in contract.secured_loans})
    return await decision.find(Loan, loans_query(numbers)) if numbers else []


async def securing(decision: Decision, loan: Loan) -> list[GuaranteeContract]:
    """The contracts that secure a loan, also one under whose facility it was drawn."""
    facility = {
        "credit_contract_no": loan.contract_no,
        "mode": GuaranteeMode.MAX_AMOUNT.value,
    }
    query = {"$or": [{"secured_loans": loan.loan_no}, facility]}
    found = await with_drawn(decision, await decision.find(GuaranteeContract, query))
    return [contract for contract in found if loan.loan_no in contract.secured_loans]


async def with_drawn(
    decision: Decision, contracts: Sequence[GuaranteeContract]
) -> list[GuaranteeContract]:
    """The contracts with what was drawn under their facility and no guarantee tells of (P01).

    A maximum-amount contract (最高额) secures what is lent under its facility while its claims
    arise, whether or not the core has listed it yet. They are for reading, not to be saved.
    """
    lent = {c.credit_contract_no for c in contracts if c.mode is GuaranteeMode.MAX_AMOUNT}
    drawn = await decision.find(Loan, {"contract_no": {"$in": sorted(lent)}}) if lent else []
    listed = {no for contract in contracts for no in contract.secured_loans}
    if unlisted := [loan.loan_no for loan in drawn if loan.loan_no not in listed]:
        others = await decision.find(GuaranteeContract, {"secured_loans": {"$in": unlisted}})
        listed |= {no for contract in others for no in contract.secured_loans}
    missing = [loan for loan in drawn if loan.loan_no not in listed]
    return [_completed(contract, missing) for contract in contracts]


def _completed(contract: GuaranteeContract, drawn: Sequence[Loan]) -> GuaranteeContract:
    more = [
        loan.loan_no
        for loan in drawn
        if loan.contract_no == contract.credit_contract_no
        and contract.secures_drawn(loan.disbursed_on)
    ]
    return replace(contract, secured_loans=(*contract.secured_loans, *more))
