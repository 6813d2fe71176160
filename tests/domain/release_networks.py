"""Random security networks (担保网络) around a release: who secures what, with what, in what rank.

What stays often carries the debt to the very fen.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.collaterals import Collateral, CollateralKind, Owner
from domain.deregistration import (
    Applicant,
    CaseState,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
)
from domain.dossiers import DocType
from domain.guarantees import (
    GuaranteeContract,
    GuaranteeKind,
    GuaranteeLink,
    GuaranteeMode,
    GuaranteeStatus,
    Guarantor,
)
from domain.release_question import Question, ReleaseFacts, Rest, Stage
from domain.watch import SignalCategory
from tests.domain.builders import (
    CALENDAR,
    POLICY,
    a_case,
    a_contract,
    a_document,
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
from tests.domain.network_surroundings import (
    some_debt_elsewhere,
    some_files,
    some_holds,
    some_signal,
    some_suits,
    some_unfiled,
)
from tests.domain.network_weights import weighed
from tests.domain.release_builders import a_signal
from tests.domain.release_oracle import STAYS
from tests.domain.release_oracle_papers import asked_papers
from tests.domain.release_oracle_rest import others_who_stand_in

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
    kind, stage = chance.one(sorted(KINDS)), chance.one(list(Stage))
    today = chance.one(DAYS)
    question = Question(
        facts=_around(chance, _secured(chance, kind, today), kind, stage, today),
        kind=kind,
        stage=stage,
        mode=chance.one(list(HandlingMode)),
        policy=POLICY,
        calendar=CALENDAR,
        today=today,
    )
    if not chance.wrong(0.3):
        question = _with_case(chance, question)
    return weighed(chance, question) if kind in STAYS else question


def _secured(chance: Chance, kind: DeregKind, today: date) -> ReleaseFacts:
    """Loans, contracts and collateral, tied to each other in every way."""
    numbers = ("L1", "L2", "L3")[: chance.one([1, 2, 3])]
    loans = {no: a_debt(chance, no, kind, today) for no in numbers}
    count = chance.one([1, 1, 2, 3])
    replacing = [f"NEW{n}" for n in range(chance.one([1, 1, 2]) - chance.wrong())]
    if kind is not DeregKind.SUBSTITUTION:
        replacing = []
    staying = [f"COL{n}" for n in range(2, 2 + chance.one([0, 1, 2, 4]))]
    released = a_thing(chance, "COL1", today, *_owners(chance))
    released, others = _paired(
        chance,
        released,
        {
            no: a_thing(chance, no, today, Owner(party=chance.one(PARTIES)))
            for no in [*staying, *replacing]
        },
    )
    contracts = [_contract(chance, n, kind, today, numbers, sorted(others)) for n in range(count)]
    beside = [
        _beside(chance, f"GB{n}", today, numbers, sorted(others))
        for n in range(chance.one([0, 1, 2]))
    ]
    tied = {no for contract in contracts for no in contract.secured_loans}
    return ReleaseFacts(
        collateral=released,
        contracts=contracts,
        loans={no: loan for no, loan in loans.items() if no in tied},
        credit_contracts={
            f"CC{n}": a_facility(chance, f"CC{n}", kind, today) for n in range(count)
        },
        certificates=(),
        rest=Rest(collaterals=others, contracts=[*contracts, *beside]),
        replacing=replacing,
    )


def _around(
    chance: Chance, facts: ReleaseFacts, kind: DeregKind, stage: Stage, today: date
) -> ReleaseFacts:
    """What else is known: papers, holds, signals, suits, other debts, dossiers."""
    others = facts.rest.collaterals.values()
    papers = [
        a_paper(chance, other, n, stage=Stage.SUBMIT, kind=DeregKind.FULL_SETTLEMENT)
        for other in others
        for n in range(1, chance.one([1, 2, 3]) + (other.no in facts.replacing))
    ]
    about = SignalCategory.COLLATERAL_DISPUTE
    disputed = [other.no for other in others] + [paper.id for paper in papers]
    disputes = [a_signal(subject=one, category=about) for one in disputed if chance.wrong(0.5)]
    return replace(
        facts,
        certificates=[
            a_paper(chance, facts.collateral, n, stage=stage, kind=kind)
            for n in range(1, chance.one([2, 3, 4]))
        ],
        holds=some_holds(chance),
        signals=[some_signal(chance) for _ in range(chance.one([0, 0, 1, 3]))],
        legal_cases=some_suits(chance),
        other_debts=[some_debt_elsewhere(chance, today)] if chance.likely(0.2) else [],
        unfiled=[some_unfiled(chance)] if chance.likely(0.5) else [],
        rest=replace(facts.rest, certificates=papers, disputes=disputes),
    )


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
    n: int,
    kind: DeregKind,
    today: date,
    loans: Sequence[str],
    others: Sequence[str],
) -> GuaranteeContract:
    told: dict[str, Any] = {
        "no": f"GC{n}",
        "credit_contract_no": f"CC{n}",
        "kind": chance.one([GuaranteeKind.MORTGAGE, GuaranteeKind.PLEDGE]),
        "guarantors": _guarantors(chance),
        "links": (
            _link(chance, "COL1", active=True),
            *(_link(chance, to, active=chance.likely(0.85)) for to in others),
        ),
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
        state=chance.one([CaseState.PRECHECKED, CaseState.VAULT_OUT]),
    )
    question = replace(question, facts=replace(facts, case=case))
    case = _documented(chance, question, case)
    return replace(question, facts=replace(facts, case=case, files=some_files(chance, case)))


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
    named = [replace(one, file_version_id=f"fv-{n}") for n, one in enumerate(given)]
    return replace(case, documents=tuple(named))
