"""Telling whom it concerns that a settlement was undone under a release (结清冲正, 4.9)."""

from collections.abc import Sequence
from dataclasses import replace

from domain.alerts import Alert
from domain.case_deadlines import papers_due_back
from domain.compensation import owed_from
from domain.deregistration import DeregistrationCase
from domain.loans import Loan, is_paid
from domain.strangers import name_of
from domain.undoing import (
    Demand,
    demand_text,
    overtaken_by_entry,
    reversed_settlement,
)
from domain.watch import (
    Incident,
    IncidentKind,
    SignalCategory,
    SignalSeverity,
)
from resolvers.incidents import incident_of, released_by, signal_of
from resolvers.releasing import At, tell_handlers
from storage.decisions import Decision
from storage.records import new_id

ACT_WITHIN_WD = 1


def undo_settlement(
    decision: Decision,
    moment: At,
    loan: Loan,
    cases: Sequence[DeregistrationCase],
) -> list[DeregistrationCase]:
    """Stops the releases that rest on a settlement. cases: those of this loan.

    Nothing is owed to the owner while the debt stands again. Gives what was changed.
    """
    changed, rules = [], moment.rules
    for case in cases:
        told = name_of(loan, case)
        reversal = reversed_settlement(
            case, loan.loan_no, told=told, by=moment.by.login, now=moment.now
        )
        if reversal is not None:
            after = announced(decision, moment, reversal.case, reversal.demand, [told])
            if not reversal.demand.is_too_late:
                after = owed_from(after, None, policy=rules.policy, calendar=rules.calendar)
            changed.append(decision.save(after))
    return changed


async def entered_too_soon(
    decision: Decision, case: DeregistrationCase, moment: At
) -> DeregistrationCase:
    """The entry came though a settlement had been undone meanwhile: it stands, and is told."""
    numbers = sorted({*case.loan_nos, *case.reversed_loans})
    loans = await decision.find(Loan, {"loan_no": {"$in": numbers}})
    owing = [loan.loan_no for loan in loans if not is_paid(loan)]
    overtaken = overtaken_by_entry(case, owing)
    if not overtaken:
        return case
    told = dict.fromkeys(name_of(loan, case) for loan in loans if loan.loan_no in overtaken)
    return announced(decision, moment, case, Demand.REGISTER_ANEW, list(told))


def announced(
    decision: Decision,
    moment: At,
    case: DeregistrationCase,
    demand: Demand,
    loans: Sequence[str],
) -> DeregistrationCase:
    """The case with what it is due to; an alert, or a red signal and an incident, is raised.

    loans: as everybody may hear of them who reads the case.
    """
    text = demand_text(demand, case, loans)
    if demand.is_too_late:
        return replace(case, post_close_incident=_raised(decision, moment, case, text))
    if demand is Demand.BRING_BACK:
        policy, calendar = moment.rules.policy, moment.rules.calendar
        case = papers_due_back(case, today=moment.today, policy=policy, calendar=calendar)
    if demand is not Demand.SETTLE_AGAIN:
        _alert(decision, moment, case, text)
    return case


def _raised(decision: Decision, moment: At, case: DeregistrationCase, text: str) -> str:
    """Opens the incident and its signal; names the incident and says what to do."""
    incident_id = new_id(Incident)
    number = f"IN{moment.today:%Y%m%d}-{incident_id[-10:]}"
    about = released_by(case)
    decision.add(
        incident_of(
            about,
            IncidentKind.REVERSED_SETTLEMENT,
            id=incident_id,
            no=number,
            reason=text,
            discovered_at=moment.now,
        )
    )
    decision.add(
        signal_of(
            about,
            SignalSeverity.RED,
            no=f"RS-{number}",
            category=SignalCategory.COLLATERAL,
            reason=text,
            published_at=moment.now,
        )
    )
    return f"{number}: {text}"


def _alert(decision: Decision, moment: At, case: DeregistrationCase, text: str) -> None:
    due = case.deadlines.vault_back_due or moment.rules.calendar.wd(moment.today, ACT_WITHIN_WD)
    no = f"{case.id}-REVERSED-{new_id(Alert)[-10:]}"
    tell_handlers(decision, case, moment, no=no, reason=text, due_on=due)
