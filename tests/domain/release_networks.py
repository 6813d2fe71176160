"""Random security networks (担保网络) around a release: who secures what, with what, in what rank.

What stays often carries the debt to the very fen.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.collaterals import Collateral, CollateralKind, Owner
from domain.deregistration import Applicant, DeregistrationCase, DeregKind, HandlingMode
from domain.dossiers import DocType, Dossier, DossierItem, ItemStage, ItemStatus
from domain.guarantees import (
    GuaranteeContract,
    GuaranteeKind,
    GuaranteeLink,
    GuaranteeMode,
    GuaranteeStatus,
    Guarantor,
)
from domain.loans import Loan, LoanStatus
from domain.release_question import Question, ReleaseFacts, Rest, Stage
from domain.watch import HoldScope, LegalHold, RiskSignal, SignalCategory, SignalSeverity
from tests.domain.builders import (
    CALENDAR,
    NOW,
    POLICY,
    a_case,
    a_contract,
    a_document,
    a_dossier,
    a_loan,
)
from tests.domain.network_parts import (
    BORROWERS,
    DAY,
    GUARANTORS,
    NOTHING_OWED,
    PARTIES,
    Chance,
    a_debt,
    a_facility,
    a_paper,
    a_thing,
)
from tests.domain.release_builders import a_hold, a_legal_case, a_signal
from tests.domain.release_oracle import STAYS, asked_papers, of_the_release
from tests.domain.release_oracle_rest import counted, debt, determined, others_who_stand_in

# A Tuesday, a Monday, a worked Sunday, a free one, the first day after holidays, ends of February.
DAYS = (
    date(2025, 6, 10),
    date(2025, 6, 16),
    date(2025, 9, 28),
    date(2025, 6, 22),
    date(2025, 10, 9),
    date(2024, 2, 29),
    date(2025, 2, 28),
)
KINDS = (
    [k for k in DeregKind if k is not DeregKind.CLAIM_TRANSFER] * 3
    + list(DeregKind)
    + list(STAYS) * 6
)
CHECKED = (DocType.HEIR_PROOF, DocType.GUARDIAN_PROOF, DocType.AGENT_POA, DocType.LEGAL_OPINION)


def a_network(dice: random.Random) -> Question:
    """A release of some collateral, asked with everything that is known, also what is over."""
    chance = Chance(dice)
    kind, today = chance.one(sorted(KINDS)), chance.one(DAYS)
    stage, mode = chance.one(list(Stage)), chance.one(list(HandlingMode))
    loans = {
        no: a_debt(chance, no, kind, today) for no in ("L1", "L2", "L3")[: chance.one([1, 2, 3])]
    }
    count = chance.one([1, 1, 2, 3])
    numbers = [f"COL{n}" for n in range(2, 2 + chance.one([0, 1, 2, 4]))]
    replacing = [f"NEW{n}" for n in range(chance.one([1, 1, 2]) - chance.wrong())]
    if kind is not DeregKind.SUBSTITUTION:
        replacing = []
    released = a_thing(chance, "COL1", today, *_owners(chance))
    others = {
        no: a_thing(chance, no, today, Owner(party=chance.one(PARTIES)))
        for no in [*numbers, *replacing]
    }
    released, others = _paired(chance, released, others)
    credits = {f"CC{n}": a_facility(chance, f"CC{n}", kind) for n in range(count)}
    contracts = [
        _contract(chance, f"GC{n}", kind, today, sorted(loans), sorted(others))
        for n in range(count)
    ]
    contracts = [
        replace(
            c, credit_contract_no=f"CC{n}", links=(_link(chance, "COL1", active=True), *c.links)
        )
        for n, c in enumerate(contracts)
    ]
    beside = [
        _beside(chance, f"GB{n}", today, sorted(loans), sorted(others))
        for n in range(chance.one([0, 1, 2]))
    ]
    tied = {no for contract in contracts for no in contract.secured_loans}
    facts = ReleaseFacts(
        collateral=released,
        contracts=contracts,
        loans={no: loan for no, loan in loans.items() if no in tied},
        credit_contracts=credits,
        certificates=[
            a_paper(chance, released, n, stage=stage, kind=kind)
            for n in range(1, chance.one([2, 3, 4]))
        ],
        holds=_holds(chance),
        signals=[_signal(chance) for _ in range(chance.one([0, 0, 1, 3]))],
        legal_cases=_suits(chance),
        other_debts=[_elsewhere(chance)] if chance.likely(0.2) else [],
        dossiers=[_dossier(chance)] if chance.likely(0.5) else [],
        rest=Rest(
            collaterals=others,
            certificates=[
                a_paper(chance, other, n, stage=Stage.SUBMIT, kind=DeregKind.FULL_SETTLEMENT)
                for other in others.values()
                for n in range(1, chance.one([1, 2, 3]) + (other.no in replacing))
            ],
            disputes=[
                a_signal(subject=no, category=SignalCategory.COLLATERAL_DISPUTE)
                for no in others
                if chance.wrong()
            ],
            contracts=[*contracts, *beside],
        ),
        replacing=replacing,
    )
    question = Question(
        facts=facts,
        kind=kind,
        stage=stage,
        mode=mode,
        policy=POLICY,
        calendar=CALENDAR,
        today=today,
    )
    if not chance.wrong(0.3):
        question = _with_case(chance, question)
    return _weighed(chance, question) if kind in STAYS else question


def as_read(question: Question) -> Question:
    """The question as it is asked of what the product reads: what is open and concerns it."""
    facts = question.facts
    scopes = {HoldScope.COLLATERAL, HoldScope.CERTIFICATE}
    read = replace(
        facts,
        holds=[h for h in facts.holds if h.released_at is None and h.scope in scopes],
        signals=[s for s in facts.signals if s.eliminated_at is None],
        legal_cases=[c for c in facts.legal_cases if c.closed_at is None],
        other_debts=[loan for loan in facts.other_debts if loan.status is LoanStatus.OVERDUE],
    )
    return replace(question, facts=read)


def _owners(chance: Chance) -> list[Owner]:
    whose = PARTIES if chance.likely(0.4) else BORROWERS
    parties = chance.some(whose, 2, least=0 if chance.likely(0.1) else 1)
    return [
        Owner(party=party, deceased=chance.likely(0.1), minor=chance.likely(0.1))
        for party in parties
    ]


def _paired(
    chance: Chance, released: Collateral, others: dict[str, Collateral]
) -> tuple[Collateral, dict[str, Collateral]]:
    """Now and then a house and its land."""
    if not others or not chance.likely(0.15):
        return released, others
    other = others[chance.one(sorted(others))]
    match chance.one(["told", "told back", "unit", "two of a unit"]):
        case "told":
            released = replace(released, moves_with=other.no)
        case "told back":
            other = replace(other, moves_with=released.no)
        case "unit":
            released = replace(released, unit_no="U1", kind=CollateralKind.LAND)
            other = replace(other, unit_no="U1", kind=CollateralKind.RESIDENTIAL)
        case _:
            released = replace(released, unit_no="U1", kind=CollateralKind.RESIDENTIAL)
            other = replace(other, unit_no="U1", kind=CollateralKind.RESIDENTIAL)
    if chance.likely(0.5):
        other = replace(other, open_case_id="case-9")
    return released, others | {other.no: other}


def _link(chance: Chance, no: str, *, active: bool) -> GuaranteeLink:
    return GuaranteeLink(
        collateral_no=no,
        secured_amount=chance.round(10**5),
        rank=chance.one([1, 1, 2, 3]),
        prior_claims=chance.round(10**6) if chance.likely(0.3) else 0,
        active=active,
    )


def _contract(
    chance: Chance,
    no: str,
    kind: DeregKind,
    today: date,
    loans: Sequence[str],
    others: Sequence[str],
) -> GuaranteeContract:
    told: dict[str, Any] = {
        "no": no,
        "kind": chance.one([GuaranteeKind.MORTGAGE, GuaranteeKind.PLEDGE]),
        "guarantors": _guarantors(chance),
        "links": tuple(_link(chance, to, active=chance.likely(0.85)) for to in others),
    }
    if chance.likely(0.5):
        told |= _maximum(chance, kind, today)
    return a_contract(*chance.some(loans, 3), **told)


def _maximum(chance: Chance, kind: DeregKind, today: date) -> dict[str, Any]:
    """A maximum amount: determined where the debt is over, mostly open where it goes on."""
    over = kind in NOTHING_OWED or chance.likely(0.3)
    told: dict[str, Any] = {
        "mode": GuaranteeMode.MAX_AMOUNT,
        "max_claim": chance.one([None, chance.round(10**6)]),
        "registered_max_claim": chance.one([None, chance.round(10**6)]),
        "claim_period_to": chance.one([None, today, today + DAY]),
    }
    if over and not chance.wrong(2):
        told |= chance.one([{"determined_on": today}, {"claim_period_to": today - DAY}])
    elif chance.likely(0.3):
        told["determined_on"] = today + DAY
    return told


def _guarantors(chance: Chance) -> tuple[Guarantor, ...]:
    return tuple(
        Guarantor(party=party, third_party=party in GUARANTORS)
        for party in chance.some(PARTIES, 2, least=0)
    )


def _beside(
    chance: Chance, no: str, today: date, loans: Sequence[str], others: Sequence[str]
) -> GuaranteeContract:
    """A contract that does not touch what is released: a surety, or on other collateral."""
    secured = list(loans) if chance.likely(0.6) else [*chance.some(loans, 1, least=0), "L9"]
    told: dict[str, Any] = {
        "no": no,
        "kind": chance.one(list(GuaranteeKind)),
        "guarantors": _guarantors(chance),
        "links": tuple(_link(chance, to, active=chance.likely(0.6)) for to in others),
    }
    if chance.likely(0.15):
        told["status"] = chance.one(list(GuaranteeStatus))
    if chance.likely(0.5):
        told |= _maximum(chance, DeregKind.WAIVER, today)
    return a_contract(*secured, **told)


def _holds(chance: Chance) -> list[LegalHold]:
    blocking = [HoldScope.COLLATERAL, HoldScope.CERTIFICATE]
    found = [a_hold(scope=chance.one(list(HoldScope)), released_at=NOW)]
    found += [a_hold(scope=chance.one([s for s in HoldScope if s not in blocking]))]
    found = chance.dice.sample(found, chance.one([0, 0, 1, 2]))
    return [*found, a_hold(scope=chance.one(blocking))] if chance.wrong() else found


def _suits(chance: Chance) -> list[Any]:
    over = [a_legal_case(closed_at=NOW)] if chance.likely(0.2) else []
    return [*over, a_legal_case()] if chance.wrong() else over


def _signal(chance: Chance) -> RiskSignal:
    any_kind = {
        "severity": chance.one(list(SignalSeverity)),
        "category": chance.one(list(SignalCategory)),
    }
    if chance.wrong(2):
        return a_signal(**any_kind)
    if chance.likely(0.5):
        return a_signal(**any_kind, eliminated_at=NOW)
    return a_signal(severity=chance.one([SignalSeverity.BLUE, SignalSeverity.YELLOW]))


def _elsewhere(chance: Chance) -> Loan:
    return a_loan(loan_no="L8", status=chance.one([LoanStatus.OVERDUE, LoanStatus.ACTIVE]))


def _dossier(chance: Chance) -> Dossier:
    items = [
        DossierItem(
            code=code,
            stage=chance.one([ItemStage.AT_SETTLEMENT, *ItemStage]),
            required=chance.likely(0.7),
            status=chance.one([ItemStatus.ACCEPTED, *ItemStatus]),
        )
        for code in (DocType.SETTLEMENT_PROOF, DocType.CERT_RECEIPT)
    ]
    return a_dossier(items=tuple(items))


def _with_case(chance: Chance, question: Question) -> Question:
    """The case: whom and what it names, and mostly every document and consent it needs."""
    facts = question.facts
    living = [o.party for o in facts.collateral.owners if not o.deceased or chance.likely(0.5)]
    named = [c.no for c in facts.contracts if not chance.wrong(3)]
    applicants = [party for party in living if not chance.wrong()]
    case = replace(
        a_case(DocType.OTHER),
        kind=question.kind,
        handling_mode=question.mode,
        contracts_named=bool(named) and chance.likely(0.7),
        guarantee_contract_nos=tuple(named),
        applicant=Applicant(
            owners=tuple(applicants or ([] if chance.wrong() else ["H1"])),
            agent="A1" if chance.likely(0.2) else None,
        ),
        override_seizure=chance.likely(0.15),
        affected_mortgagees=("M1", "M2")[: chance.one([0, 0, 1, 2])],
    )
    question = replace(question, facts=replace(facts, case=case))
    return replace(question, facts=replace(facts, case=_documented(chance, question, case)))


def _documented(chance: Chance, question: Question, case: DeregistrationCase) -> DeregistrationCase:
    needed = {
        *asked_papers(question),
        *CHECKED,
        DocType.LOSS_STATEMENT,
        DocType.REGISTRY_ACCEPTANCE,
    }
    given = [
        a_document(code)
        for code in DocType
        if (code in needed and not chance.wrong(0.5)) or chance.likely(0.2)
    ]
    for code, parties in (
        (DocType.GUARANTOR_CONSENT, sorted(others_who_stand_in(question))),
        (DocType.OTHER_MORTGAGEE_CONSENT, case.affected_mortgagees),
    ):
        given += [replace(a_document(code), party=party) for party in parties if not chance.wrong()]
    return replace(case, documents=tuple(given))


def _weighed(chance: Chance, question: Question) -> Question:
    """The debt of each contract set beside what its collateral may carry: to the fen, or near."""
    for contract in of_the_release(question):
        carried = int(counted(question, contract)[0])
        aim = max(0, chance.one([carried, carried, carried - 1, carried // 2, carried + 1]))
        if not chance.likely(0.9):
            continue
        question = _with_debt(chance, question, contract, aim)
    return question


def _with_debt(
    chance: Chance, question: Question, contract: GuaranteeContract, aim: int
) -> Question:
    """The question with what that contract secures set to that many fen, as far as it can be."""
    facts, first = question.facts, contract.secured_loans[0]
    credit = facts.credit_contracts[contract.credit_contract_no]
    grows = contract.mode is GuaranteeMode.MAX_AMOUNT
    if grows and not determined(contract, credit, question.today) and chance.likely(0.4):
        capped = replace(contract, registered_max_claim=aim)
        credit = replace(credit, available=aim + chance.round(10**4))
        facts = _with_contract(facts, capped)
        facts = replace(facts, credit_contracts={**facts.credit_contracts, credit.no: credit})
        aim //= 2
        question = replace(question, facts=facts)
        contract = capped
    without = facts.loans[first].balance
    rest = debt(replace(question, facts=_with_balance(facts, first, 0)), contract)
    balance = aim - rest if aim >= rest else without
    return replace(question, facts=_with_balance(facts, first, balance))


def _with_balance(facts: ReleaseFacts, no: str, balance: int) -> ReleaseFacts:
    loan = replace(facts.loans[no], balance=balance)
    return replace(facts, loans={**facts.loans, no: loan})


def _with_contract(facts: ReleaseFacts, contract: GuaranteeContract) -> ReleaseFacts:
    def swapped(contracts: Sequence[GuaranteeContract]) -> list[GuaranteeContract]:
        return [contract if c.no == contract.no else c for c in contracts]

    rest = replace(facts.rest, contracts=swapped(facts.rest.contracts))
    return replace(facts, contracts=swapped(facts.contracts), rest=rest)
