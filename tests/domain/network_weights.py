"""Debts set beside what the collateral that stays may carry: to the fen, or near."""

from collections.abc import Sequence
from dataclasses import replace

from domain.guarantees import GuaranteeContract, GuaranteeMode
from domain.release_question import Question, ReleaseFacts
from tests.domain.network_parts import Chance
from tests.domain.release_oracle import determined, of_the_release
from tests.domain.release_oracle_rest import counted, debt


def weighed(chance: Chance, question: Question) -> Question:
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
