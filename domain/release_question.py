"""What a release is judged by (解押事实): everything read, and under which rules it is asked.

Source: domain 4.3, 4.6.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from domain.calendar import WorkCalendar
from domain.certificates import CustodyState, TitleCertificate
from domain.collaterals import Collateral
from domain.deregistration import DeregistrationCase, DeregKind, HandlingMode
from domain.dossiers import Unfiled
from domain.files import FALLEN, FileStatus
from domain.guarantees import GuaranteeContract, GuaranteeLink
from domain.loans import CreditContract, Loan, in_default
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
class Rest:
    """What else secures the debt (其余担保): what stays, what is new, who else stands in.

    collaterals: every other collateral tied to the contracts of the release or to its loans, and
    what is paired with the released one, by number; certificates: theirs; disputes: signals about
    either; contracts: every standing contract that secures one of the loans or ties one of those
    collaterals, those of the release included.
    """

    collaterals: Mapping[str, Collateral] = field(default_factory=dict)
    certificates: Sequence[TitleCertificate] = ()
    disputes: Sequence[RiskSignal] = ()
    contracts: Sequence[GuaranteeContract] = ()

    def papers_of(self, collateral_no: str) -> list[TitleCertificate]:
        """The certificates of one of those collaterals."""
        return [paper for paper in self.certificates if collateral_no in paper.collateral_nos]

    def ties(self, collateral_no: str) -> list[tuple[GuaranteeContract, GuaranteeLink]]:
        """The standing contracts on a collateral, with their links."""
        return [
            (contract, link)
            for contract in self.contracts
            if (link := contract.active_link(collateral_no)) is not None
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """Everything a release depends on, read in one transaction.

    contracts: every contract with an active link on the collateral; loans: all they secure;
    replacing: numbers of the collateral that comes in its place; files: what became of the file
    versions that the case pins, by id.
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
    unfiled: Sequence[Unfiled] = ()  # of the dossiers of these loans
    rest: Rest = field(default_factory=Rest)
    replacing: Sequence[str] = ()
    case: DeregistrationCase | None = None
    files: Mapping[str, FileStatus] = field(default_factory=dict)

    @property
    def shown(self) -> DeregistrationCase | None:
        """The case with the documents that count."""
        return None if self.case is None else shown(self.case, self.files)

    @property
    def needs_opinion(self) -> bool:
        """Whether a seizure is to be overridden or a paper is lost: lawyers have a say (4.5)."""
        lost = any(paper.custody_state is CustodyState.LOST for paper in self.certificates)
        return lost or (self.case is not None and self.case.override_seizure)


def shown(case: DeregistrationCase, files: Mapping[str, FileStatus]) -> DeregistrationCase:
    """The case without the documents whose file was refused, voided or is gone (4.4, P10)."""
    documents = [d for d in case.documents if files.get(d.file_version_id) not in FALLEN]
    return replace(case, documents=tuple(documents))


@dataclass(frozen=True, kw_only=True)
class Question:
    """What an evaluation is asked under."""

    facts: ReleaseFacts
    kind: DeregKind
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

    @cached_property
    def debts(self) -> Sequence[Loan]:
        """The loans that the contracts of the release secure, in the order of their numbers."""
        return self.secured(self.scope)

    @property
    def overdue_elsewhere(self) -> list[Loan]:
        """What the borrowers fail to pay that this collateral does not secure (W1)."""
        return [loan for loan in self.facts.other_debts if in_default(loan, self.today)]

    def secured(self, contracts: Iterable[GuaranteeContract]) -> list[Loan]:
        """The loans those contracts secure, each once, in the order of their numbers."""
        numbers = sorted({no for contract in contracts for no in contract.secured_loans})
        return [self.facts.loans[no] for no in numbers if no in self.facts.loans]

    def _rank(self, contract: GuaranteeContract) -> tuple[int, str]:
        link = contract.active_link(self.facts.collateral.no)
        return (link.rank if link else 0, contract.no)
