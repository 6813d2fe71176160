"""A home that secures many loans of several borrowers, as the feed tells it."""

from dataclasses import replace
from typing import Any

from tests.client import Bank, Story, credit, customer, guarantee, loan_line, settled

LOANS_OF_A_CONTRACT = 100
LINES = 200  # of one delivery


def secured(bank: Bank, loans: int, **last: Any) -> tuple[Story, list[str]]:
    """That many settled loans under one home, a hundred a contract; `last` changes the last one."""
    story = bank.mortgage(**settled(), **({} if loans > 1 else last))
    numbers = [story.loan_no] + [f"{story.loan_no}-{n}" for n in range(1, loans)]
    lines: list[tuple[str, Any]] = []
    for n in range(0, loans, LOANS_OF_A_CONTRACT):
        group = numbers[n : n + LOANS_OF_A_CONTRACT]
        one = replace(
            story, customer_no=f"{story.customer_no}-{n}", credit_no=f"{story.credit_no}-{n}"
        )
        lines += [("Customer", customer(one)), ("CreditContract", credit(one))]
        lines += [
            ("Loan", loan_line(one, loan_no=no, **settled(), **(last if no == numbers[-1] else {})))
            for no in group
            if no != story.loan_no
        ]
        given = guarantee(one, secured_loans=group, no=f"{story.contract_no}-{n}")
        lines.append(("GuaranteeContract", given))
    if loans > 1:
        for n in range(0, len(lines), LINES):
            bank.load(*lines[n : n + LINES])
    return story, numbers
