"""The preconditions of a release a second time, from their sentences alone (domain 4.3).

Plain loops over plain fields: no rule of the product is imported, no helper of its entities is
called. What it says of a network is compared with what the product says of it.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.calendar import WorkCalendar
from domain.collaterals import Collateral, Seizure
from domain.deregistration import CaseDocument, DeregKind
from domain.dossiers import DocType
from domain.guarantees import GuaranteeContract, GuaranteeLink
from domain.loans import CreditContract, Loan
from domain.release_question import Question, ReleaseFacts, Stage

Broken = Iterator[str | tuple[str, str]]  # a code, or a rule and a code

PARTS = (
    "balance",
    "interest_receivable",
    "penalty",
    "compound_interest",
    "fees_due",
    "off_balance_interest",
    "written_off_balance",
    "suspense_amount",
)
OVER = ("LAPSED", "SUPERSEDED", "CANCELLED", "VOID")
LEFT = ("SURRENDERED", "RETURNED_TO_OWNER", "REDEEMED", "TRANSFERRED_OUT", "REPLACED")
K = DeregKind
D = DocType
STAYS = {K.PARTIAL_RELEASE, K.SUBSTITUTION}


def working_days_after(calendar: WorkCalendar, start: date, count: int) -> date:
    day = start
    while count > 0:
        day = day + timedelta(days=1)
        worked = calendar.exceptions.get(day, day.weekday() not in (5, 6))
        if worked:
            count = count - 1
    return day


def link_on(contract: GuaranteeContract, collateral_no: str) -> GuaranteeLink | None:
    for link in contract.links:
        standing = contract.status.value in ("DRAFT", "EFFECTIVE")
        if standing and link.active and link.collateral_no == collateral_no:
            return link
    return None


def of_the_release(q: Question) -> list[GuaranteeContract]:
    case = q.facts.case
    found = []
    for contract in q.facts.contracts:
        if case is not None and case.contracts_named:
            if contract.no in case.guarantee_contract_nos:
                found.append(contract)
        else:
            found.append(contract)
    return found


def other_contracts(q: Question) -> list[GuaranteeContract]:
    case = q.facts.case
    if case is not None and case.contracts_named:
        return [c for c in q.facts.contracts if c.no not in case.guarantee_contract_nos]
    first = None
    for contract in q.facts.contracts:
        link = link_on(contract, q.facts.collateral.no)
        place = (link.rank if link else 0, contract.no)
        if first is None or place < first:
            first = place
    return [c for c in q.facts.contracts if first is not None and c.no != first[1]]


def loans_of(contracts: list[GuaranteeContract], facts: ReleaseFacts) -> list[Loan]:
    found: dict[str, Loan] = {}
    for contract in contracts:
        for number in contract.secured_loans:
            if number in facts.loans:
                found[number] = facts.loans[number]
    return list(found.values())


def owes(loan: Loan) -> bool:
    return any(getattr(loan, part) != 0 for part in PARTS)


def unpaid(loan: Loan) -> bool:
    return owes(loan) or loan.status.value == "APPROVED"


def never_drawn(loan: Loan) -> bool:
    return loan.disbursed_on is None and loan.settled_on is None and not owes(loan)


def documents(q: Question) -> set[DocType]:
    return {document.code for document in attached(q)}


def attached(q: Question) -> list[CaseDocument]:
    """Papers that were refused, voided, found foul or destroyed since count no more."""
    found = []
    for document in () if q.facts.case is None else q.facts.case.documents:
        status = q.facts.files.get(document.file_version_id)
        if status is None or status.value in ("READY", "ACCEPTED", "SUPERSEDED", "PENDING"):
            found.append(document)
    return found


def p01(q: Question) -> Broken:
    for loan in loans_of(of_the_release(q), q.facts):
        if q.kind is K.NEVER_DISBURSED:
            if not never_drawn(loan):
                yield "NOT_SETTLED"
        elif q.kind is K.PRE_NOTICE_CANCEL and never_drawn(loan):
            continue
        elif unpaid(loan):
            yield "NOT_SETTLED"


def p02(q: Question) -> Broken:
    for contract in of_the_release(q):
        credit = q.facts.credit_contracts.get(contract.credit_contract_no)
        if q.kind is K.NEVER_DISBURSED:
            loans = loans_of([contract], q.facts)
            over = bool(loans)
            for loan in loans:
                over = over and loan.status.value == "CANCELLED"
            over = over or terminated(credit, q.today)
            if not over or has_lines(credit):
                yield "MAXAMOUNT_UNDETERMINED"
        elif contract.mode.value == "MAX_AMOUNT" and may_grow(contract, credit, q.today):
            yield "MAXAMOUNT_UNDETERMINED"


def determined(contract: GuaranteeContract, credit: CreditContract | None, today: date) -> bool:
    if contract.determined_on is not None and contract.determined_on <= today:
        return True
    if contract.claim_period_to is not None and contract.claim_period_to < today:
        return True
    return terminated(credit, today)


def terminated(credit: CreditContract | None, today: date) -> bool:
    if credit is None or credit.terminated_at is None:
        return False
    return (credit.terminated_at + timedelta(hours=8)).date() <= today  # told in UTC


def has_lines(credit: CreditContract | None) -> bool:
    return credit is not None and (credit.available != 0 or credit.contingent != 0)


def may_grow(contract: GuaranteeContract, credit: CreditContract | None, today: date) -> bool:
    return not determined(contract, credit, today) or has_lines(credit)


def p03(q: Question) -> Broken:
    for contract in other_contracts(q):
        if q.kind in STAYS:
            yield "OTHER_OBLIGATION"
        for loan in loans_of([contract], q.facts):
            if unpaid(loan):
                yield "OTHER_OBLIGATION"
        credit = q.facts.credit_contracts.get(contract.credit_contract_no)
        if contract.mode.value == "MAX_AMOUNT" and may_grow(contract, credit, q.today):
            yield "OTHER_OBLIGATION"


def p04(q: Question) -> Broken:
    collateral = q.facts.collateral
    overridden = q.facts.case is not None and q.facts.case.override_seizure
    latest = None
    for search in collateral.title_searches:
        if latest is None or search.searched_on >= latest.searched_on:
            latest = search
    for seizure in collateral.seizures:
        begun = seizure.starts_on <= q.today
        lifted = seizure.lifted_on is not None and seizure.lifted_on <= q.today
        over = q.today > last_day(seizure, collateral)
        if begun and not lifted and not over and not overridden:
            yield "SEIZED"
    if latest is not None and latest.result.value == "SEIZED" and not overridden:
        yield "SEIZED"
    limit = int(q.policy.values["dereg.title_search_wd"])
    case = q.facts.case
    given_out = case is not None and case.state.value == "VAULT_OUT" and q.mode.value == "OWNER"
    if any(paper.custody_state.value == "IN_VAULT" for paper in q.facts.certificates):
        given_out = False  # one of them still has to leave
    old = latest is None or working_days_after(q.calendar, latest.searched_on, limit) < q.today
    if old and not given_out:  # a search is looked at as the papers leave, not as he gets them
        yield "TITLE_SEARCH_STALE"


def last_day(seizure: Seizure, of: Collateral) -> date:
    """The told one; else three years on, two for movables, one for deposits."""
    if seizure.ends_on is not None:
        return seizure.ends_on
    years = {"VEHICLE": 2, "EQUIPMENT": 2, "DEPOSIT": 1}.get(of.kind.value, 3)
    begun = seizure.starts_on
    leap = (begun.month, begun.day) == (2, 29)
    return date(begun.year + years, begun.month, 28 if leap else begun.day)


def p05(q: Question) -> Broken:
    for hold in q.facts.holds:
        if hold.released_at is None and hold.scope.value in ("COLLATERAL", "CERTIFICATE"):
            yield "LEGAL_HOLD"
    for suit in q.facts.legal_cases:
        if suit.closed_at is None:
            yield "LITIGATION_OPEN"
    for loan in loans_of(list(q.facts.contracts), q.facts):
        if loan.status.value == "IN_LITIGATION":
            yield "LITIGATION_OPEN"


def p06(q: Question) -> Broken:
    for paper in q.facts.certificates:
        state = paper.custody_state.value
        if state == "NOT_RECEIVED" and paper.legal_state.value == "VOID":
            continue  # it was never there, and nobody expects it any more
        mine = paper.lock is None
        if paper.lock is not None and q.facts.case is not None:
            mine = paper.lock.kind.value == "DEREGISTRATION" and paper.lock.id == q.facts.case.id
        if state in LEFT or state == "ELECTRONIC_ON_FILE" or (state == "IN_VAULT" and mine):
            continue
        held = paper.lock is not None and paper.lock.kind.value == "DEREGISTRATION"
        shared = held and not mine and len(paper.collateral_nos) > 1
        if shared and state in ("IN_VAULT", "OUT_FOR_DEREG"):  # by the release of something else
            continue
        accepted = {D.LOSS_STATEMENT, D.REGISTRY_ACCEPTANCE} <= documents(q)
        if state == "LOST" and accepted:
            continue
        late = q.stage in {Stage.VAULT_OUT, Stage.FILE, Stage.CLOSE}
        if q.stage is Stage.APPROVE and q.facts.case is not None:
            late = q.facts.case.state.value == "VAULT_OUT"
        if state == "OUT_FOR_DEREG" and mine and paper.lock is not None and late:
            continue
        yield "CERT_NOT_IN_VAULT"


def p07(q: Question) -> Broken:
    for signal in q.facts.signals:
        if signal.eliminated_at is not None:
            continue
        if signal.severity.value == "RED":
            yield "RISK_SIGNAL_OPEN"
        if signal.category.value in ("FRAUD", "AML", "COLLATERAL_DISPUTE"):
            yield "RISK_SIGNAL_OPEN"


def p08(q: Question) -> Broken:
    for loan in loans_of(of_the_release(q), q.facts):
        if (loan.status.value == "WRITTEN_OFF" and owes(loan)) or loan.written_off_balance != 0:
            yield "WRITTEN_OFF_NOT_SETTLED"
        if loan.status.value == "ASSIGNED":
            yield "CLAIM_TRANSFERRED"


def p09(q: Question) -> Broken:
    if q.facts.collateral.encumbered_by is not None:
        yield "BANK_ENCUMBERED"
    for loan in loans_of(of_the_release(q), q.facts):
        if loan.encumbered_by is not None:
            yield "BANK_ENCUMBERED"


def p12(q: Question) -> Broken:
    elsewhere = [loan for loan in loans_of(other_contracts(q), q.facts) if not unpaid(loan)]
    for loan in [*loans_of(of_the_release(q), q.facts), *elsewhere]:
        if q.kind is K.PRE_NOTICE_CANCEL and never_drawn(loan):
            continue
        unsettled = loan.settled_on is None and loan.settlement_final_on is None
        if loan.status.value == "CANCELLED" and unsettled:
            continue
        final = loan.settlement_final_on
        if final is None and loan.settled_on is not None:
            channel = "OTHER" if loan.settlement_channel is None else loan.settlement_channel.value
            days = int(q.policy.values[f"dereg.finality.{channel}"])
            final = working_days_after(q.calendar, loan.settled_on, days)
        if final is None or final > q.today:
            yield "SETTLEMENT_NOT_FINAL"


def w1(q: Question) -> Broken:
    for loan in q.facts.other_debts:
        if is_bad(loan, q.today):
            yield "OTHER_DEBT"


def is_bad(loan: Loan, today: date) -> bool:
    """Not paid as agreed: by what the core calls it, by a line of its schedule, by its end."""
    if loan.status.value in (
        "OVERDUE",
        "IN_LITIGATION",
        "TRANSFERRED_TO_PRESERVATION",
        "WRITTEN_OFF",
    ):
        return True
    if loan.dpd != 0:
        return True
    for one in loan.schedule:
        short = one.principal + one.interest > one.paid_principal + one.paid_interest
        if short and one.due_date < today and unpaid(loan):
            return True
    return loan.maturity is not None and loan.maturity < today and owes(loan)


def w2(q: Question) -> Broken:
    for loan in loans_of(of_the_release(q), q.facts):
        if loan.limitation_expires_on is not None and loan.limitation_expires_on < q.today:
            yield "LIMITATION"
