"""The facts that an answer rests on, kept with it as evidence (解押依据).

Source: DRG-R02.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from domain.collaterals import moves_together
from domain.loan_to_value import facts_of_test, loan_to_value
from domain.loans import days_past_due, final_on, never_drawn, owed
from domain.money import yuan
from domain.release_obligations import to_be_final
from domain.release_papers import consenting_guarantors
from domain.release_question import Question

Facts = dict[str, str]


def seen(rule_id: str, question: Question) -> Facts:
    """What one precondition looked at, by name: numbers, amounts in yuan, dates, states."""
    tell = _TOLD.get(rule_id)
    return {} if tell is None else tell(question)


def _debts(question: Question) -> Facts:
    told = {}
    for loan in question.debts:
        parts = ", ".join(f"{part} {yuan(amount)}" for part, amount in owed(loan).items())
        as_of = loan.as_of.isoformat(timespec="seconds")
        told[loan.loan_no] = f"{loan.status}, {parts or 'nothing owed'}, as of {as_of}"
    return told


def _lines(question: Question) -> Facts:
    told = {}
    for contract in question.scope:
        credit = question.facts.credit_contracts.get(contract.credit_contract_no)
        parts = [contract.mode.value]
        if contract.determined_on is not None:
            parts.append(f"determined on {contract.determined_on.isoformat()}")
        if contract.claim_period_to is not None:
            parts.append(f"period to {contract.claim_period_to.isoformat()}")
        if credit is not None:
            parts.append(f"undrawn {yuan(credit.available)}")
            parts.append(f"contingent {yuan(credit.contingent)}")
            if credit.terminated_at is not None:
                parts.append(f"terminated {credit.terminated_at.isoformat(timespec='seconds')}")
        told[contract.no] = ", ".join(parts)
    return told


def _others(question: Question) -> Facts:
    return {contract.no: ", ".join(contract.secured_loans) for contract in question.others}


def _book(question: Question) -> Facts:
    collateral = question.facts.collateral
    search = collateral.latest_search
    told = (
        {} if search is None else {search.no: f"{search.searched_on.isoformat()} {search.result}"}
    )
    for seizure in collateral.seizures:
        standing = seizure.in_force(collateral.kind, question.today)
        force = "in force" if standing else "without effect"
        told[seizure.doc_no] = f"{seizure.court}, {force}"
    return told


def _holds(question: Question) -> Facts:
    holds = {hold.no: f"{hold.scope} {hold.target}" for hold in question.facts.holds}
    return holds | {case.no: "litigation" for case in question.facts.legal_cases}


def _papers(question: Question) -> Facts:
    return {paper.label: paper.custody_state for paper in question.facts.certificates}


def _signals(question: Question) -> Facts:
    return {s.no: f"{s.severity} {s.category}" for s in question.facts.signals}


def _claims(question: Question) -> Facts:
    return {loan.loan_no: loan.status for loan in question.debts}


def _documents(question: Question) -> Facts:
    case = question.facts.shown
    return {} if case is None else {d.code: d.file_version_id for d in case.documents}


def _applicants(question: Question) -> Facts:
    case = question.facts.case
    owners = ", ".join(owner.party for owner in question.facts.collateral.owners)
    told = {"owners": owners}
    dead = [owner.party for owner in question.facts.collateral.owners if owner.deceased]
    if dead:
        told["deceased"] = ", ".join(dead)
    if case is not None:
        told["applicants"] = ", ".join(case.applicant.owners)
        if case.applicant.agent is not None:
            told["agent"] = case.applicant.agent
            told["represented"] = ", ".join(case.applicant.represented)
    return told


def _finality(question: Question) -> Facts:
    told = {}
    for loan in to_be_final(question):
        day = final_on(loan, policy=question.policy, calendar=question.calendar)
        settled = "not settled" if loan.settled_on is None else loan.settled_on.isoformat()
        told[loan.loan_no] = f"{settled}, final {'never' if day is None else day.isoformat()}"
    return told


def _archives(question: Question) -> Facts:
    told = {}
    for lacking in question.facts.unfiled:
        loan = question.facts.loans.get(lacking.loan_no)
        missing = ", ".join(lacking.codes)
        if loan is not None and never_drawn(loan):
            missing = "nothing: its loan was never drawn"
        told[lacking.dossier_no] = f"{lacking.status}, to file {missing or 'nothing'}"
    return told


def _encumbrances(question: Question) -> Facts:
    collateral = question.facts.collateral
    told = {collateral.no: collateral.encumbered_by or "free"}
    return told | {loan.loan_no: loan.encumbered_by or "free" for loan in question.debts}


def _pairs(question: Question) -> Facts:
    told = {}
    for other in question.facts.rest.collaterals.values():
        if moves_together(question.facts.collateral, other):
            going = other.open_case_id or "no open release"
            ties = ", ".join(contract.no for contract, _ in question.facts.rest.ties(other.no))
            told[other.no] = f"{other.pledge_state}, {going}, under {ties or 'no contract'}"
    return told or {question.facts.collateral.no: "goes with nothing else"}


def _elsewhere(question: Question) -> Facts:
    told = {}
    for loan in question.overdue_elsewhere:
        days = days_past_due(loan, question.today)
        told[loan.loan_no] = f"{loan.status}, {days} days past due"
    return told or {"overdue": "none"}


def _limits(question: Question) -> Facts:
    days = {loan.loan_no: loan.limitation_expires_on for loan in question.debts}
    return {no: "none recorded" if day is None else day.isoformat() for no, day in days.items()}


def _service(question: Question) -> Facts:
    return {
        loan.loan_no: f"{days_past_due(loan, question.today)} days past due, {loan.classification}"
        for loan in question.debts
    }


def _consents(question: Question) -> Facts:
    return {"guarantors": ", ".join(consenting_guarantors(question))}


def _replacement(question: Question) -> Facts:
    papers = question.facts.rest
    return {
        number: ", ".join(f"{p.label} {p.custody_state}" for p in papers.papers_of(number))
        for number in question.facts.replacing
    }


def _test(question: Question) -> Facts:
    told: Facts = {}
    for contract in question.scope:
        test = facts_of_test(loan_to_value(question, contract))
        told |= {f"{contract.no} {name}": value for name, value in test.items()}
    return told


_TOLD: Mapping[str, Callable[[Question], Facts]] = MappingProxyType(
    {
        "DRG-P01": _debts,
        "DRG-P02": _lines,
        "DRG-P03": _others,
        "DRG-P04": _book,
        "DRG-P05": _holds,
        "DRG-P06": _papers,
        "DRG-P07": _signals,
        "DRG-P08": _claims,
        "DRG-P09": _encumbrances,
        "DRG-P10": _documents,
        "DRG-P11": _applicants,
        "DRG-P12": _finality,
        "DRG-P13": _archives,
        "DRG-L01": _service,
        "DRG-L04": _replacement,
        "DRG-L05": _consents,
        "DRG-L06": _pairs,
        "DRG-4.6": _test,
        "DRG-W1": _elsewhere,
        "DRG-W2": _limits,
    }
)
