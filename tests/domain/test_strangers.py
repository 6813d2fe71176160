"""Loans of other branches: that they stand in the way is told, never which they are (INV-09)."""

from domain.loans import LoanStatus
from domain.messages import message
from domain.strangers import places_of, strangers, veiled
from tests.domain.builders import a_contract, a_loan
from tests.domain.release_builders import asked, some_facts

ELSEWHERE = "/HO/T1/T3/OB-9"
FACTS = {
    "contracts": (a_contract(), a_contract("L10", id="contract-2", no="GC2")),
    "loans": {
        "L1": a_loan(),
        "L10": a_loan(loan_no="L10", status=LoanStatus.ACTIVE, balance=777_00, org_path=ELSEWHERE),
    },
    "other_debts": (
        a_loan(loan_no="L77", status=LoanStatus.OVERDUE, balance=1, org_path=ELSEWHERE),
    ),
}


def heard(hidden):
    """Everything an evaluation says to somebody from whom those loans are hidden."""
    told = veiled(asked(**FACTS), hidden)
    said = [str(dict(result.facts)) for result in told.results]
    for result in told.results:
        said += [f"{message(one, chinese=False)} {one.detail}" for one in result.refusals]
    return told, " ".join(said)


def test_what_lies_elsewhere_is_hidden_from_whoever_does_not_read_there():
    places = places_of(some_facts(**FACTS))
    assert {place.loan_no for place in places} == {"L10", "L77"}
    assert strangers(places, lambda path: path == ELSEWHERE) == frozenset()
    assert strangers(places, lambda path: False) == {"L10", "L77"}


def test_the_outcome_stays_and_nothing_names_the_loan_or_tells_its_amounts():
    whole, _ = heard(frozenset())
    told, said = heard(frozenset({"L10", "L77"}))
    assert whole == asked(**FACTS)
    assert [(one.id, one.outcome, one.fixable_by) for one in told.results] == [
        (one.id, one.outcome, one.fixable_by) for one in whole.results
    ]
    assert [one.code for one in told.refusals] == [one.code for one in whole.refusals]
    for secret in ("L10", "L77", "777"):
        assert secret not in said
    assert "a loan of another branch" in said
    assert "L1" in said  # whose number another one begins with


def test_somebody_who_reads_both_branches_hears_everything():
    _, said = heard(frozenset())
    assert "L10" in said
    assert "777.00" in said
    assert "L77" in said
