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
