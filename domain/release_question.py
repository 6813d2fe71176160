"""What a release is judged by (解押事实): everything read, and under which rules it is asked.

Source: domain 4.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.certificates import TitleCertificate
from domain.collaterals import Collateral
from domain.deregistration import DeregistrationCase, HandlingMode
from domain.dossiers import Dossier
from domain.guarantees import GuaranteeContract
from domain.loans import CreditContract, Loan
from domain.policy import Policy
from domain.watch import LegalCase, LegalHold, RiskSignal


class Stage(StrEnum):
    """When the preconditions are asked (环节)."""

    PRECHECK = "PRECHECK"
    SUBMIT = "SUBMIT"
    APPROVE = "APPROVE"
    VAULT_OUT = "VAULT_OUT"
    FILE = "FILE"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """Everything a release depends on, read in one transaction.

    contracts: every contract with an active link on the collateral; loans: all they secure.
    """

    collateral: Collateral
    contracts: Sequence[GuaranteeContract]
    loans: Mapping[str, Loan]
    credit_contracts: Mapping[str, CreditContract]
    certificates: Sequence[TitleCertificate]
    holds: Sequence[LegalHold] = ()
    signals: Sequence[RiskSignal] = ()
    legal_cases: Sequence[LegalCase] = ()
    other_debts: Sequence[Loan] = ()
    dossiers: Sequence[Dossier] = ()
    case: DeregistrationCase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an evaluation is asked under."""

    facts: ReleaseFacts
    stage: Stage
    mode: HandlingMode
    policy: Policy
    calendar: WorkCalendar
    today: date

    @property
    def scope(self) -> Sequence[GuaranteeContract]:
        """Contracts whose obligations must be extinguished: the named ones, else all (P01)."""
        case = self.facts.case
        if case is None or not case.contracts_named:
            return self.facts.contracts
        return [c for c in self.facts.contracts if c.no in case.guarantee_contract_nos]

    @property
    def others(self) -> Sequence[GuaranteeContract]:
        """Contracts besides those the release is about: besides the first-ranking one (P03)."""
        case = self.facts.case
        if case is not None and case.contracts_named:
            return [c for c in self.facts.contracts if c.no not in case.guarantee_contract_nos]
        return sorted(self.facts.contracts, key=self._rank)[1:]

    def secured(self, contracts: Sequence[GuaranteeContract]) -> list[Loan]:
        """The loans those contracts secure, each once, in the order of their numbers."""
        numbers = sorted({no for contract in contracts for no in contract.secured_loans})
        return [self.facts.loans[no] for no in numbers if no in self.facts.loans]

    def _rank(self, contract: GuaranteeContract) -> tuple[int, str]:
        link = contract.active_link(self.facts.collateral.no)
        return (link.rank if link else 0, contract.no)
