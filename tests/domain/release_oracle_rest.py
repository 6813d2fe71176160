"""What stays behind a debt, a second time from the sentences alone (domain 4.6, DRG-L01 to L08)."""

from datetime import date
from fractions import Fraction

from domain.collaterals import Collateral
from domain.deregistration import DeregKind
from domain.dossiers import DocType
from domain.guarantees import GuaranteeContract, GuaranteeLink
from domain.release_question import Question
from tests.domain.release_oracle import (
    ALL,
    STAYS,
    TABLE,
    Broken,
    K,
    P,
    determined,
    link_on,
    loans_of,
    of_the_release,
)

GONE = ("RELEASED", "TRANSFERRED", "DISPOSED", "EXTINGUISHED")


def l01(q: Question) -> Broken:
    for loan in loans_of(of_the_release(q), q.facts):
        if loan.dpd != 0 or loan.classification.value != "NORMAL" or loan.breach_open:
            yield "LOAN_NOT_SOUND"
    for signal in q.facts.signals:
        if signal.eliminated_at is None and signal.severity.value in ("RED", "ORANGE"):
            yield "LOAN_NOT_SOUND"


def l04(q: Question) -> Broken:
    for number in q.facts.replacing:
        papers = [p for p in q.facts.rest.certificates if number in p.collateral_nos]
        rights = [p for p in papers if p.catalog.value == "RIGHT_CERT"]
        good = False
        for paper in rights:
            kept = paper.custody_state.value in ("IN_VAULT", "ELECTRONIC_ON_FILE")
            good = good or (kept and paper.legal_state.value == "REGISTERED")
        if not good:
            yield "CERT_NOT_IN_VAULT"
    if not q.facts.replacing:
        yield "DOC_MISSING"


def l05(q: Question) -> Broken:
    case = q.facts.case
    given = set()
    for document in () if case is None else case.documents:
        given.add((document.code, document.party))
    for party in () if case is None else case.affected_mortgagees:
        if (DocType.OTHER_MORTGAGEE_CONSENT, party) not in given:
            yield "DRG-P10", "CONSENT_MISSING"
    for party in others_who_stand_in(q):
        if (DocType.GUARANTOR_CONSENT, party) not in given:
            yield "CONSENT_MISSING"


def others_who_stand_in(q: Question) -> set[str]:
    loans = loans_of(of_the_release(q), q.facts)
    debtors = {loan.customer_no for loan in loans}
    if not any(owner.party in debtors for owner in q.facts.collateral.owners):
        return set()
    found = set()
    for contract in q.facts.rest.contracts:
        if not any(loan.loan_no in contract.secured_loans for loan in loans):
            continue
        if contract.status.value not in ("DRAFT", "EFFECTIVE"):
            continue
        for guarantor in contract.guarantors:
            if guarantor.third_party or contract.kind.value == "SURETY":
                found.add(guarantor.party)
        for number, collateral in q.facts.rest.collaterals.items():
            if link_on(contract, number) is None or collateral.pledge_state.value in GONE:
                continue
            parties = {owner.party for owner in collateral.owners}
            if not parties & debtors:
                found |= parties
    return found - debtors


def l06(q: Question) -> Broken:
    one = q.facts.collateral
    for other in q.facts.rest.collaterals.values():
        paired = other.no != one.no and (one.moves_with == other.no or other.moves_with == one.no)
        if one.unit_no is not None and one.unit_no == other.unit_no:
            lands = (one.kind.value == "LAND") + (other.kind.value == "LAND")
            paired = paired or lands == 1
        if paired and other.pledge_state.value not in GONE and other.open_case_id is None:
            yield "LAND_HOUSE_SPLIT"


def debt(q: Question) -> int:
    total = 0
    for contract in of_the_release(q):
        drawn = sum(loan.balance for loan in loans_of([contract], q.facts))
        credit = q.facts.credit_contracts.get(contract.credit_contract_no)
        open_line = contract.mode.value == "MAX_AMOUNT" and not determined(contract, q.today)
        if open_line and credit is not None and credit.terminated_at is None:
            limit = registered(contract, q.facts.collateral.no)
            drawn = max(drawn, min(drawn + credit.available, limit))
        total += drawn
    return total


def registered(contract: GuaranteeContract, collateral_no: str) -> int:
    if contract.registered_max_claim is not None:
        return contract.registered_max_claim
    if contract.max_claim is not None:
        return contract.max_claim
    link = link_on(contract, collateral_no)
    return 0 if link is None else link.secured_amount


def twelve_months_later(day: date, months: int) -> date:
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    last = day.day
    while True:
        try:
            return date(year, month, last)
        except ValueError:
            last -= 1


def what_stays(q: Question) -> list[tuple[Collateral, GuaranteeContract, GuaranteeLink]]:
    """S, each with its best-ranking link among the contracts that may count it."""
    mine = of_the_release(q)
    numbers = {loan.loan_no for loan in loans_of(mine, q.facts)}
    found = []
    for collateral in q.facts.rest.collaterals.values():
        if collateral.pledge_state.value in GONE or collateral.open_case_id is not None:
            continue
        if collateral.no == q.facts.collateral.no:
            continue
        best = None
        for contract in q.facts.rest.contracts:
            link = link_on(contract, collateral.no)
            counts = contract.no in {c.no for c in mine}
            if q.kind is K.SUBSTITUTION and collateral.no in q.facts.replacing:
                counts = counts or numbers <= set(contract.secured_loans)
            if link is not None and counts and (best is None or link.rank < best[1].rank):
                best = (contract, link)
        if best is not None:
            found.append((collateral, *best))
    return found


def counts_for_nothing(q: Question, collateral: Collateral) -> bool:
    if collateral.pledge_state.value == "PROPOSED" or collateral.right_lapsed_on is not None:
        return True
    if collateral.in_dispute:
        return True
    for signal in q.facts.rest.disputes:
        if signal.subject == collateral.no and signal.eliminated_at is None:
            return True
    latest = None
    for search in collateral.title_searches:
        if latest is None or search.searched_on >= latest.searched_on:
            latest = search
    if latest is not None and latest.result.value == "SEIZED":
        return True
    for seizure in collateral.seizures:
        lifted = seizure.lifted_on is not None and seizure.lifted_on <= q.today
        over = seizure.ends_on is not None and seizure.ends_on < q.today
        if seizure.starts_on <= q.today and not lifted and not over:
            return True
    states = []
    for paper in q.facts.rest.certificates:
        if collateral.no in paper.collateral_nos and paper.catalog.value == "RIGHT_CERT":
            states.append(paper.legal_state.value)
    return len(states) > 0 and "REGISTERED" not in states


def prior(q: Question, collateral: Collateral, link: GuaranteeLink) -> int:
    before = collateral.prior_claims
    for contract in q.facts.rest.contracts:
        other = link_on(contract, collateral.no)
        if other is not None and other.rank < link.rank:
            before += registered(contract, collateral.no)
    return max(link.prior_claims, before)


def cap(q: Question, collateral: Collateral) -> Fraction:
    name = collateral.kind.value
    if name == "DEPOSIT":
        currencies = {loan.currency for loan in loans_of(of_the_release(q), q.facts)}
        own = collateral.own_bank_deposit and currencies <= {collateral.currency}
        name = "DEPOSIT_OWN" if own else "DEPOSIT_OTHER"
    return Fraction(int(q.policy.values[f"ltv.cap.{name}"]), 100)


def counted(q: Question) -> tuple[Fraction, bool]:
    """The capped value of what stays, and whether any valuation is too old."""
    total, stale = Fraction(0), False
    for collateral, _contract, link in what_stays(q):
        if counts_for_nothing(q, collateral):
            continue
        months = int(q.policy.values["ltv.valuation_months"])
        valued = collateral.latest_value_on
        if collateral.latest_value is None or valued is None:
            stale = True
        elif q.today > twelve_months_later(valued, months):
            stale = True
        value = collateral.latest_value or 0
        total += cap(q, collateral) * max(0, value - prior(q, collateral, link))
    return total, stale


def ltv(q: Question) -> Broken:
    total, stale = counted(q)
    if stale:
        yield "VALUATION_STALE"
    if total < debt(q):
        yield "LTV_EXCEEDED"


WHOLE: P = TABLE | {
    "DRG-L01": (STAYS, l01),
    "DRG-L04": ({K.SUBSTITUTION}, l04),
    "DRG-L05": (STAYS | {K.WAIVER}, l05),
    "DRG-L06": (STAYS | {K.FULL_SETTLEMENT, K.WAIVER, K.NEVER_DISBURSED}, l06),
    "DRG-4.6": (STAYS, ltv),
}
KINDS = ALL | {DeregKind.CLAIM_TRANSFER}


def broken(q: Question) -> dict[str, set[tuple[str, str]]]:
    """For each rule that is asked of this kind: what fails, by rule and code; none is a pass."""
    found: dict[str, set[tuple[str, str]]] = {}
    for rule, (kinds, check) in WHOLE.items():
        if q.kind in kinds:
            answers = (b if isinstance(b, tuple) else (rule, b) for b in check(q))
            found[rule] = set(answers)
    return found
