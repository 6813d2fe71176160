"""What a release says to whoever sees no amounts."""

import re
from dataclasses import replace

import pytest

from domain.deregistration import DeregKind
from domain.figures import TELLING_FACTS, hidden, without_figures
from domain.guarantees import GuaranteeLink, GuaranteeMode
from domain.loans import LoanStatus
from domain.messages import message
from domain.release_question import Rest
from tests.domain.builders import a_case, a_collateral, a_contract, a_credit, a_loan
from tests.domain.release_builders import asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interest 77.77", "interest ***"),
        (
            "ACTIVE, principal 1.00, fees 0.01, as of 2025-06-10T02:00:00+00:00",
            "ACTIVE, principal ***, fees ***, as of 2025-06-10T02:00:00+00:00",
        ),
        ("value 1000000.00, prior 0.00, cap 70 %", "value ***, prior ***, cap 70 %"),
        ("70.0000 %", "***"),
        ("1050000.0000", "***"),
        ("-3.00", "***"),
        ("0.00: seized", "***: seized"),
        ("L2025.01.02", "L2025.01.02"),
        ("2025-06-10", "2025-06-10"),
    ],
)
def test_amounts_go_and_everything_else_stays(text, expected):
    assert hidden({"x": text}) == {"x": expected}


def test_no_answer_of_a_release_tells_an_amount_without_them():
    owing = a_loan(
        status=LoanStatus.WRITTEN_OFF, balance=111_11, fees_due=2_22, written_off_balance=3_33
    )
    links = tuple(GuaranteeLink(collateral_no=no) for no in ("COL1", "COL2"))
    contract = a_contract(links=links, mode=GuaranteeMode.MAX_AMOUNT, max_claim=4_44)
    second = a_contract(no="GC2", id="c2", mode=GuaranteeMode.MAX_AMOUNT)
    facts = {
        "loans": {"L1": owing},
        "contracts": (contract, second),
        "credit_contracts": {"CC1": a_credit(available=555_55, contingent=6_66)},
        "rest": Rest(collaterals={"COL2": a_collateral(no="COL2", latest_value=7_77)}),
    }
    told = []
    for kind in (DeregKind.FULL_SETTLEMENT, DeregKind.PARTIAL_RELEASE):
        evaluation = asked(case=replace(a_case(), kind=kind), **facts)
        for refusal in evaluation.refusals:
            bare = without_figures(refusal)
            told += [message(bare, chinese=chinese) for chinese in (False, True)]
            told += bare.detail.values()
        for result in evaluation.results:
            seen = hidden(result.facts) if result.id in TELLING_FACTS else result.facts
            told += seen.values()
    amounts = [text for text in told if re.search(r"\d\.\d\d(?!\d*:)", text)]
    assert len(told) > 30
    assert amounts == []
