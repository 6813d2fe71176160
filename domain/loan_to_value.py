"""Whether what stays carries the debt (抵质押率): the test of a partial release or a substitution.

Exact: whole fen and whole percents, no rounding before the answer. Source: domain 4.6, DRG-L01 to
L04.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from domain.calendar import md
from domain.certificates import ENDED_RIGHTS, Catalog, LegalState, TitleCertificate, names_of
from domain.collaterals import (
    GONE,
    Collateral,
    CollateralKind,
    PledgeState,
    TitleSearchResult,
)
from domain.guarantees import GuaranteeContract, GuaranteeLink, GuaranteeMode
from domain.loans import IN_DEFAULT, days_past_due, principal_owed
from domain.money import yuan
from domain.policy import Policy
from domain.pre_notices import has_lapsed
from domain.refusals import Refusal, RefusalCode
from domain.release_object import seizures_on
from domain.release_obligations import is_determined
from domain.release_question import Question
from domain.releasing import awaits_exchange
from domain.reminders import has_run_out

RULE = "DRG-4.6"
_HUNDRED = 100
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One collateral that stays: its value, what ranks before us, its cap; amounts in fen.

    worthless: why it counts for nothing; stale: it has no valuation young enough.
    """

    no: str
    value: int
    prior: int
    cap: int  # percent
    worthless: str | None = None
    stale: bool = False

    @property
    def net(self) -> int:
        """What is left of its value for us (净值): N."""
        return max(0, self.value - self.prior)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanToValue:
    """The test of one contract over all its collateral that stays, in fen (抵质押率测算)."""

    contract: str
    exposure: int
    carriers: tuple[Carrier, ...]

    @property
    def capped_hundredfold(self) -> int:
        """A hundred times what the collateral may carry: whole fen times whole percents."""
        return sum(carrier.cap * carrier.net for carrier in self.carriers)

    @property
    def passes(self) -> bool:
        """Whether the collateral carries the debt; equality passes."""
        return self.capped_hundredfold >= _HUNDRED * self.exposure

    @property
    def ratio(self) -> str:
        """Debt over net value, to four places of a percent, half-up; it decides nothing (0.4)."""
        net = sum(carrier.net for carrier in self.carriers)
        if not net:
            return "none: nothing of value stays" if self.exposure else "0.0000 %"
        return f"{(Decimal(self.exposure) * _HUNDRED / net).quantize(_PLACES, ROUND_HALF_UP)} %"


def exposure(question: Question, contract: GuaranteeContract) -> int:
    """What the contract secures now or may yet secure, in fen: E of 4.6.

    A maximum-amount claim that may still grow counts with its undrawn commitment, as far as the
    registered maximum reaches; the registered amount prevails over the agreed one (DRG-L03).
    """
    drawn = sum(principal_owed(loan) for loan in question.secured([contract]))
    credit = question.facts.credit_contracts.get(contract.credit_contract_no)
    if contract.mode is not GuaranteeMode.MAX_AMOUNT or credit is None:
        return drawn
    if is_determined(contract, credit, today=question.today):
        return drawn
    maximum = registered_maximum(contract)
    undrawn = credit.available
    if maximum is not None:
        undrawn = max(0, min(undrawn, maximum - drawn))
    return drawn + undrawn


def registered_maximum(contract: GuaranteeContract) -> int | None:
    """The registered maximum of a claim; the agreed one where none is told (DRG-L03)."""
    if contract.registered_max_claim is not None:
        return contract.registered_max_claim
    return contract.max_claim


def cap_of(collateral: Collateral, *, currencies: Set[str], policy: Policy) -> int:
    """The share of its value that a collateral may carry, in percent (`ltv.cap.*`).

    currencies: of the loans; a deposit of this bank has to be in the one of all of them.
    """
    key = collateral.kind.value
    if collateral.kind is CollateralKind.DEPOSIT:
        own = collateral.own_bank_deposit and currencies <= {collateral.currency}
        key = "DEPOSIT_OWN" if own else "DEPOSIT_OTHER"
    return policy.number(f"ltv.cap.{key}")


def loan_to_value(question: Question, contract: GuaranteeContract) -> LoanToValue:
    """The test of a contract once the collateral has left and its replacement has come."""
    rest, leaving = question.facts.rest, question.facts.collateral.no
    currencies = {loan.currency for loan in question.secured([contract])}
    ties = {link.collateral_no: (contract, link) for link in contract.links if link.active}
    for number in question.facts.replacing:
        if number not in ties:
            ties |= _serving(question, contract, number)
    staying = [
        _carrier(question, collateral, *ties[number], currencies=currencies)
        for number, collateral in sorted(rest.collaterals.items())
        if number in ties and number != leaving
        # What is being released as well cannot carry what this release leaves behind.
        if collateral.pledge_state not in GONE and collateral.open_case_id is None
    ]
    return LoanToValue(
        contract=contract.no, exposure=exposure(question, contract), carriers=tuple(staying)
    )


def ltv_refusals(question: Question) -> Iterator[Refusal]:
    """What stays must carry the debt, by valuations that are young enough."""
    for contract in question.scope:
        test = loan_to_value(question, contract)
        for carrier in test.carriers:
            if carrier.stale:
                yield _stale(question, carrier.no)
        if not test.passes:
            yield Refusal(code=RefusalCode.LTV_EXCEEDED, rule_id=RULE, detail=facts_of_test(test))


def facts_of_test(test: LoanToValue) -> dict[str, str]:
    """The figures of a test, in yuan and percent, as evidence."""
    told = {
        "contract": test.contract,
        "exposure": yuan(test.exposure),
        "capped": _capped(test),
        "net": yuan(sum(carrier.net for carrier in test.carriers)),
        "ltv": test.ratio,
    }
    for carrier in test.carriers:
        worth = f"value {yuan(carrier.value)}, prior {yuan(carrier.prior)}, cap {carrier.cap} %"
        told[carrier.no] = worth if carrier.worthless is None else f"0.00: {carrier.worthless}"
    return told


def sound_refusals(question: Question) -> Iterator[Refusal]:
    """Part of the collateral leaves only while the loans are served without fault (DRG-L01)."""
    for loan in question.debts:
        faults = []
        late = days_past_due(loan, question.today)
        if late:
            faults.append(f"{late} days past due")
        elif loan.status in IN_DEFAULT:
            faults.append(f"its status is {loan.status}")
        if loan.classification != "NORMAL":
            faults.append(f"classified {loan.classification}")
        if loan.breach_open:
            faults.append("a breach is not determined yet")
        if faults:
            yield Refusal(
                code=RefusalCode.LOAN_NOT_SOUND,
                rule_id="DRG-L01",
                detail={"loan": loan.loan_no, "reason": "; ".join(faults)},
            )
    grave = [s for s in question.facts.signals if s.severity in {"RED", "ORANGE"}]
    if grave:
        named = ", ".join(f"{s.no} {s.severity} {s.category}" for s in grave)
        yield Refusal(
            code=RefusalCode.RISK_SIGNAL_OPEN, rule_id="DRG-L01", detail={"signals": named}
        )


def _serving(
    question: Question, contract: GuaranteeContract, number: str
) -> dict[str, tuple[GuaranteeContract, GuaranteeLink]]:
    """The tie of a replacement given under another contract that secures the same loans.

    The one of the best rank: what the bank's own better rank secures is no claim before it.
    """
    loans = set(contract.secured_loans)
    serving = [
        (other, link)
        for other, link in question.facts.rest.ties(number)
        if loans <= set(other.secured_loans)
    ]
    if not serving:
        return {}
    return {number: min(serving, key=lambda tie: (tie[1].rank, tie[0].no))}


def _carrier(
    question: Question,
    collateral: Collateral,
    contract: GuaranteeContract,
    link: GuaranteeLink,
    *,
    currencies: Set[str],
) -> Carrier:
    worthless = _worthless(question, collateral)
    value_on = collateral.latest_value_on
    months = question.policy.number("valuation.max_age_months")
    fresh = value_on is not None and question.today <= md(value_on, months)
    value = 0 if worthless is not None else collateral.latest_value or 0
    return Carrier(
        no=collateral.no,
        value=value,
        prior=_prior_claims(question, collateral, contract, link),
        cap=cap_of(collateral, currencies=currencies, policy=question.policy),
        worthless=worthless,
        stale=worthless is None and not fresh,
    )


def _worthless(question: Question, collateral: Collateral) -> str | None:
    """Why a collateral counts for nothing: no right registered, seized, or disputed (4.6)."""
    papers = question.facts.rest.papers_of(collateral.no)
    rights = [_state_of(question, one) for one in papers if one.catalog is Catalog.RIGHT_CERT]
    search = collateral.latest_search
    if search is not None and search.result is TitleSearchResult.CANCELLED:
        return "its right has ended"
    if collateral.right_lapsed_on is not None or collateral.pledge_state is PledgeState.PROPOSED:
        return "no right stands on it"
    if rights and LegalState.REGISTERED not in rights:
        ended = all(state in ENDED_RIGHTS for state in rights)
        return "its right has ended" if ended else "its right is not registered yet"
    if any(seizures_on(collateral, question.today)):
        return "seized"
    named = {collateral.no, *names_of(papers)}
    disputed = any(signal.subject in named for signal in question.facts.rest.disputes)
    return "in dispute" if disputed or collateral.in_dispute else None


def _state_of(question: Question, paper: TitleCertificate) -> LegalState:
    """How its right stands today, whether or not a lapse is booked yet (CUS-16, CUS-17)."""
    policy, calendar, today = question.policy, question.calendar, question.today
    lapsed = has_lapsed(paper, policy=policy, calendar=calendar, today=today)
    if lapsed or has_run_out(paper, today=today):
        return LegalState.LAPSED
    if awaits_exchange(paper) and not paper.is_over:  # the right in what stays goes on (DRG-L08)
        return LegalState.REGISTERED
    return paper.legal_state


def _prior_claims(
    question: Question,
    collateral: Collateral,
    contract: GuaranteeContract,
    link: GuaranteeLink,
) -> int:
    """Registered claims that rank before ours, in fen; the link's own figure where it is larger.

    The collateral tells what others have before the bank; the bank's own contracts of a better
    rank are counted from their registered amounts (DRG-L03).
    """
    own = sum(
        registered_maximum(other) or tie.secured_amount
        for other, tie in question.facts.rest.ties(collateral.no)
        if other.no != contract.no and tie.rank < link.rank
    )
    return max(link.prior_claims, collateral.prior_claims + own)


def _capped(test: LoanToValue) -> str:
    """What the collateral may carry, in yuan, with the parts of a fen that a cap leaves."""
    return f"{Decimal(test.capped_hundredfold) / (_HUNDRED * _HUNDRED):.4f}"


def _stale(question: Question, number: str) -> Refusal:
    valued: date | None = question.facts.rest.collaterals[number].latest_value_on
    return Refusal(
        code=RefusalCode.VALUATION_STALE,
        rule_id=RULE,
        detail={
            "collateral": number,
            "valued_on": "never" if valued is None else valued.isoformat(),
            "limit": str(question.policy.number("valuation.max_age_months")),
        },
    )
