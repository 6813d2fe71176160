"""What stays behind a debt, a second time from the sentences alone (domain 4.6, DRG-L01 to L08)."""

from datetime import date
from fractions import Fraction

from domain.collaterals import Collateral
from domain.dossiers import DocType
from domain.guarantees import GuaranteeContract, GuaranteeLink
from domain.release_question import Question
from tests.domain.release_oracle import (
    LEFT,
    OVER,
    Broken,
    attached,
    determined,
    is_bad,
    last_day,
    link_on,
    loans_of,
    of_the_release,
)

GONE = ("RELEASED", "TRANSFERRED", "DISPOSED", "EXTINGUISHED")


def l01(q: Question) -> Broken:
    for loan in loans_of(of_the_release(q), q.facts):
        if is_bad(loan, q.today) or loan.classification.value != "NORMAL" or loan.breach_open:
            yield "LOAN_NOT_SOUND"
    for signal in q.facts.signals:
        if signal.eliminated_at is None and signal.severity.value in ("RED", "ORANGE"):
            yield "DRG-L01", "RISK_SIGNAL_OPEN"


def l04(q: Question) -> Broken:
    if not q.facts.replacing:
        yield "CERT_NOT_IN_VAULT"
    for number in q.facts.replacing:
        seen = 0
        for paper in q.facts.rest.certificates:
            gone = paper.custody_state.value in LEFT or paper.legal_state.value in OVER
            if number not in paper.collateral_nos or paper.catalog.value != "RIGHT_CERT" or gone:
                continue
            seen += 1
            kept = paper.custody_state.value in ("IN_VAULT", "ELECTRONIC_ON_FILE")
            if not kept or paper.legal_state.value != "REGISTERED":
                yield "CERT_NOT_IN_VAULT"
        if seen == 0:
            yield "CERT_NOT_IN_VAULT"


def l05(q: Question) -> Broken:
    case = q.facts.case
    given = set()
    for document in attached(q):
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
    owners = [owner.party for owner in q.facts.collateral.owners]
    if owners and not any(party in debtors for party in owners):
        return set()
    givers = [g.third_party for contract in of_the_release(q) for g in contract.guarantors]
    if not owners and givers and all(givers):
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
            if number in q.facts.replacing:
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
        stays = other.pledge_state.value not in GONE and other.open_case_id is None
        tied = any(link_on(contract, other.no) for contract in q.facts.rest.contracts)
        if paired and stays and tied:
            yield "LAND_HOUSE_SPLIT"


def debt(q: Question, contract: GuaranteeContract) -> int:
    loans = loans_of([contract], q.facts)
    drawn = sum(loan.balance for loan in loans) + sum(loan.written_off_balance for loan in loans)
    credit = q.facts.credit_contracts.get(contract.credit_contract_no)
    if contract.mode.value != "MAX_AMOUNT" or determined(contract, credit, q.today):
        return drawn
    most = contract.registered_max_claim
    if most is None:
        most = contract.max_claim
    grown = drawn + (0 if credit is None else credit.available)
    return max(drawn, grown if most is None else min(grown, most))


def registered(contract: GuaranteeContract, link: GuaranteeLink) -> int:
    if contract.registered_max_claim is not None:
        return contract.registered_max_claim
    return link.secured_amount if contract.max_claim is None else contract.max_claim


def months_later(day: date, months: int) -> date:
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    last = day.day
    while True:
        try:
            return date(year, month, last)
        except ValueError:
            last -= 1


def tie_of(
    q: Question, contract: GuaranteeContract, number: str
) -> tuple[GuaranteeContract, GuaranteeLink] | None:
    """By what the contract may count a collateral: its own link, or that of a replacement."""
    own = link_on(contract, number)
    if own is not None:
        return contract, own
    best = None
    for other in q.facts.rest.contracts:
        link = link_on(other, number)
        serves = all(loan in other.secured_loans for loan in contract.secured_loans)
        if link is None or not serves or number not in q.facts.replacing:
            continue
        if best is None or (link.rank, other.no) < (best[1].rank, best[0].no):
            best = (other, link)
    return best


def counts_for_nothing(q: Question, collateral: Collateral) -> bool:
    if collateral.pledge_state.value == "PROPOSED" or collateral.right_lapsed_on is not None:
        return True
    if collateral.in_dispute:
        return True
    about = {collateral.no}
    for paper in q.facts.rest.certificates:
        if collateral.no in paper.collateral_nos:
            about |= {paper.id, paper.cert_no}
    for signal in q.facts.rest.disputes:
        if signal.subject in about and signal.eliminated_at is None:
            return True
    latest = None
    for search in collateral.title_searches:
        if latest is None or search.searched_on >= latest.searched_on:
            latest = search
    if latest is not None and latest.result.value in ("SEIZED", "CANCELLED"):
        return True
    for seizure in collateral.seizures:
        lifted = seizure.lifted_on is not None and seizure.lifted_on <= q.today
        over = last_day(seizure, collateral) < q.today
        if seizure.starts_on <= q.today and not lifted and not over:
            return True
    states = []
    for paper in q.facts.rest.certificates:
        if collateral.no in paper.collateral_nos and paper.catalog.value == "RIGHT_CERT":
            # 4.6 names LAPSED and PENDING; L08: once a part went, the rest awaits its exchange.
            state, here = paper.legal_state.value, paper.custody_state.value not in LEFT
            waits = state == "SUPERSEDED" and paper.superseded_by is None and here
            states.append("REGISTERED" if waits else state)
    return len(states) > 0 and "REGISTERED" not in states


def prior(q: Question, collateral: Collateral, link: GuaranteeLink) -> int:
    before = collateral.prior_claims
    for contract in q.facts.rest.contracts:
        other = link_on(contract, collateral.no)
        if other is not None and other.rank < link.rank:
            before += registered(contract, other)
    return max(link.prior_claims, before)


def cap(q: Question, contract: GuaranteeContract, collateral: Collateral) -> Fraction:
    name = collateral.kind.value
    if name == "DEPOSIT":
        name = "DEPOSIT_OWN" if collateral.own_bank_deposit else "DEPOSIT_OTHER"
        for loan in loans_of([contract], q.facts):
            if loan.currency != collateral.currency:
                name = "DEPOSIT_OTHER"
    return Fraction(int(q.policy.values[f"ltv.cap.{name}"]), 100)


def counted(q: Question, contract: GuaranteeContract) -> tuple[Fraction, bool]:
    """What a contract's collateral that stays may carry, and whether a valuation is too old."""
    total, stale = Fraction(0), False
    for collateral in q.facts.rest.collaterals.values():
        tie = tie_of(q, contract, collateral.no)
        if tie is None or collateral.no == q.facts.collateral.no:
            continue
        if collateral.pledge_state.value in GONE or collateral.open_case_id is not None:
            continue
        if counts_for_nothing(q, collateral):
            continue
        months = int(q.policy.values["valuation.max_age_months"])
        valued = collateral.latest_value_on
        if valued is None or q.today > months_later(valued, months):
            stale = True
        value = collateral.latest_value or 0
        total += cap(q, contract, collateral) * max(0, value - prior(q, collateral, tie[1]))
    return total, stale


def ltv(q: Question) -> Broken:
    for contract in of_the_release(q):
        total, stale = counted(q, contract)
        if stale:
            yield "VALUATION_STALE"
        if total < debt(q, contract):
            yield "LTV_EXCEEDED"


def meets_exactly(q: Question) -> bool:
    """Whether some contract's debt is just what its collateral may carry."""
    return any(counted(q, c)[0] == debt(q, c) != 0 for c in of_the_release(q))
