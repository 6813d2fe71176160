"""From papers to what they secure: contracts, then loans."""

from collections.abc import Iterable

from domain.certificates import TitleCertificate
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from storage.decisions import Decision


async def loan_nos_of(decision: Decision, certificates: Iterable[TitleCertificate]) -> list[str]:
    """Numbers of the loans that these papers secure, sorted."""
    contracts = sorted({no for c in certificates for no in c.guarantee_contract_nos})
    found = await decision.find(GuaranteeContract, {"no": {"$in": contracts}})
    return sorted({no for contract in found for no in contract.secured_loans})


async def loans_of(decision: Decision, certificates: Iterable[TitleCertificate]) -> list[Loan]:
    """The loans that these papers secure."""
    numbers = await loan_nos_of(decision, certificates)
    return await decision.find(Loan, {"loan_no": {"$in": numbers}}) if numbers else []
