"""Loans of other branches in what a release says: that they stand in the way, never which (INV-09).

A loan beyond the viewer's reach is not named, and nothing is told of it but that it is there.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from domain.deregistration import DeregistrationCase, LoanPlace
from domain.loans import Loan
from domain.refusals import Refusal
from domain.release import Evaluation, PreconditionResult
from domain.release_question import ReleaseFacts

STRANGER = "a loan of another branch"
UNTOLD = "not told"


def places_of(facts: ReleaseFacts) -> tuple[LoanPlace, ...]:
    """Where the loans lie that an evaluation may name, but for those booked with the collateral."""
    loans = {loan.loan_no: loan for loan in (*facts.loans.values(), *facts.other_debts)}
    return tuple(
        LoanPlace(loan_no=loan.loan_no, org_path=loan.org_path)
        for loan in loans.values()
        if loan.org_path != facts.collateral.org_path
    )


def strangers(places: Sequence[LoanPlace], sees: Callable[[str], bool]) -> frozenset[str]:
    """Numbers of the loans that a viewer does not reach. sees: whether he reads an organisation."""
    return frozenset(place.loan_no for place in places if not sees(place.org_path))


def name_of(loan: Loan, case: DeregistrationCase) -> str:
    """How a loan is named in what everybody hears who reads the case."""
    return loan.loan_no if loan.org_path == case.org_path else STRANGER


def veiled(evaluation: Evaluation, hidden: Collection[str]) -> Evaluation:
    """An evaluation as its viewer may hear it; its outcome is the same."""
    if not hidden:
        return evaluation
    results = tuple(_veiled(result, hidden) for result in evaluation.results)
    return replace(evaluation, results=results)


def veiled_detail(detail: Mapping[str, str], hidden: Collection[str]) -> dict[str, str]:
    """What a refusal tells; of a stranger itself only that it is one."""
    if detail.get("loan") in hidden:
        return {name: STRANGER if name == "loan" else UNTOLD for name in detail}
    return {name: _unnamed(text, hidden) for name, text in detail.items()}


def veiled_fact(name: str, value: str, hidden: Collection[str]) -> tuple[str, str]:
    """One fact an answer rests on, its name and its value."""
    if name in hidden:
        return STRANGER, UNTOLD
    return name, _unnamed(value, hidden)


def _veiled(result: PreconditionResult, hidden: Collection[str]) -> PreconditionResult:
    told: dict[str, str] = {}
    for name, value in result.facts.items():
        said, text = veiled_fact(name, value, hidden)
        told.setdefault(said, text)
    refusals = tuple(_unnaming(refusal, hidden) for refusal in result.refusals)
    return replace(result, refusals=refusals, facts=told)


def _unnaming(refusal: Refusal, hidden: Collection[str]) -> Refusal:
    return replace(refusal, detail=veiled_detail(refusal.detail, hidden))


def _unnamed(text: str, hidden: Collection[str]) -> str:
    names = "|".join(re.escape(name) for name in sorted(hidden, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{names})(?![\w-])", STRANGER, text) if names else text
