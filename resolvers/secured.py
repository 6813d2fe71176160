"""From papers to what they cover and secure: collateral; contracts, then loans."""

from collections.abc import Iterable, Sequence

from domain.certificates import TitleCertificate
from domain.guarantees import GuaranteeContract
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
    numbers = sorted({no for contract in contracts for no in contract.secured_loans})
    return await decision.find(Loan, loans_query(numbers)) if numbers else []
