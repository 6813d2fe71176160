"""What random networks of security brought to light: one small case for each."""

from dataclasses import replace
from typing import Any

import pytest

from domain.certificates import CertType, CustodyState, LegalState
from domain.collaterals import CollateralKind
from domain.deregistration import DeregKind
from domain.guarantees import GuaranteeLink
from domain.loans import LoanStatus
from domain.release import Outcome
from domain.release_question import Rest
from tests.domain.builders import TODAY, a_case, a_certificate, a_collateral, a_contract, a_loan
from tests.domain.release_builders import asked, failures

DEBT = a_loan(status=LoanStatus.ACTIVE, settled_on=None, balance=95_00)


def _answer(rule: str, kind: DeregKind, **changes: Any) -> list[str]:
    [found] = [r for r in asked(case=a_case(kind=kind), **changes).results if r.id == rule]
    assert (found.outcome is Outcome.PASS) == (not found.refusals)
    return [refusal.code.value for refusal in found.refusals]


def _on(*numbers: str, ranks: tuple[int, ...] = (), **changes: Any):
    ranks = ranks or (1,) * len(numbers)
    links = [GuaranteeLink(collateral_no=no, rank=r) for no, r in zip(numbers, ranks, strict=True)]
    return a_contract(**{"links": tuple(links)} | changes)


@pytest.mark.parametrize(("settled_on", "codes"), [(None, []), (TODAY, ["SETTLEMENT_NOT_FINAL"])])
def test_p12_a_cancelled_loan_that_was_repaid_is_final_like_any_other(settled_on, codes):
    loan = a_loan(status=LoanStatus.CANCELLED, settled_on=settled_on)
    found = failures(loans={"L1": loan})
    assert found == ({"DRG-P12": codes} if codes else {})


def _replacement(**changes: Any):
    return a_certificate(**{"collateral_nos": ("NEW",)} | changes)


IN_VAULT = {"custody_state": CustodyState.IN_VAULT}
OLD_NOTICE = _replacement(
    id="cert-2",
    cert_type=CertType.PRE_NOTICE_MORTGAGE,
    legal_state=LegalState.SUPERSEDED,
    **IN_VAULT,
)


@pytest.mark.parametrize(
    ("papers", "codes"),
    [
        ((_replacement(**IN_VAULT),), []),
        ((_replacement(**IN_VAULT), OLD_NOTICE), []),
        ((OLD_NOTICE,), ["CERT_NOT_IN_VAULT"]),
        ((_replacement(),), ["CERT_NOT_IN_VAULT"]),
        (
            (_replacement(**IN_VAULT, legal_state=LegalState.PENDING), OLD_NOTICE),
            ["CERT_NOT_IN_VAULT"],
        ),
    ],
)
def test_l04_a_paper_whose_right_has_ended_does_not_speak_for_a_replacement(papers, codes):
    facts = {"replacing": ("NEW",), "rest": Rest(certificates=papers)}
    assert _answer("DRG-L04", DeregKind.SUBSTITUTION, **facts) == codes


@pytest.mark.parametrize(("currency", "codes"), [("CNY", []), ("USD", ["LTV_EXCEEDED"])])
def test_our_own_deposit_carries_more_only_in_the_currency_of_every_loan(currency, codes):
    deposit = a_collateral(
        no="COL2",
        kind=CollateralKind.DEPOSIT,
        own_bank_deposit=True,
        latest_value=100_00,
        latest_value_on=TODAY,
    )
    contract = _on("COL1", "COL2", secured_loans=("L1", "L2"))
    loans = {"L1": replace(DEBT, balance=94_00), "L2": replace(DEBT, balance=1_00)}
    loans["L2"] = replace(loans["L2"], loan_no="L2", currency=currency)
    rest = Rest(collaterals={"COL2": deposit}, contracts=(contract,))
    facts = {"contracts": (contract,), "loans": loans, "rest": rest}
    assert _answer("DRG-4.6", DeregKind.PARTIAL_RELEASE, **facts) == codes


@pytest.mark.parametrize("order", [1, -1])
def test_a_replacement_counts_by_its_best_tie_whichever_is_read_first(order):
    new = a_collateral(no="NEW", kind=CollateralKind.LAND, latest_value=200_00)
    new = replace(new, latest_value_on=TODAY)
    released = _on("COL1")
    better = _on("NEW", no="GC2", max_claim=95_00)
    worse = _on("NEW", no="GC3", ranks=(2,))
    ties = [released, *[better, worse][::order]]
    rest = Rest(collaterals={"NEW": new}, contracts=ties)
    facts = {"contracts": (released,), "loans": {"L1": DEBT}, "rest": rest, "replacing": ("NEW",)}
    assert _answer("DRG-4.6", DeregKind.SUBSTITUTION, **facts) == []
