"""Taking a paper out for a time: asked for, approved, signed for, let out (X08 to X10).

Source: domain 3.6; CUS-09, CUS-11, CUS-14, CUS-24.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.calendar import WorkCalendar, business_date
from domain.certificates import (
    CERT_TYPES,
    Catalog,
    TitleCertificate,
)
from domain.checkouts import (
    PURPOSES,
    ApproverStep,
    CheckOut,
    CheckOutPurpose,
    CheckOutState,
    Signature,
    approvers,
    check_out_lock,
    due_invalid,
    not_for,
    period_end,
)
from domain.custody import Movement, illegal
from domain.orgs import OrgLevel, is_above
from domain.people import Actor
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.roles import Operation, Role
from domain.vaulting import locked, paper_only
from domain.watch import LegalHold, held


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What storage knows when a check-out is asked for."""

    certificate: TitleCertificate
    holds: Sequence[LegalHold]
    overdue: Sequence[tuple[CheckOut, str]]  # the people's, with the names of their papers


def latest_due(
    purpose: CheckOutPurpose, out_on: date, *, policy: Policy, calendar: WorkCalendar
) -> date:
    """The last due date of a paper taken out that day, which itself is day 0 (CUS-09)."""
    return period_end(f"checkout.{purpose}.max_days", out_on, policy, calendar)


def request_refusals(
    facts: RequestFacts,
    purpose: CheckOutPurpose,
    due: date,
    *,
    requester: str,
    substitute: str | None,
    companion: str | None,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a request breaks (X08)."""
    certificate = facts.certificate
    yield paper_only(certificate)
    yield illegal(certificate, Movement.CHECK_OUT)
    yield locked(certificate, proposal_id="")
    yield purpose_refusal(certificate, purpose)
    yield due_refusal(purpose, due, out_on=today, policy=policy, calendar=calendar)
    yield borrower_overdue(facts.overdue)
    yield held_in(facts.holds, purpose)
    if substitute == requester:
        yield invalid("substitute", "the requester needs no substitute", rule_id="X08")
    if purpose is CheckOutPurpose.REDEMPTION and companion is None:
        yield invalid("companion", "two members of staff take it to the counter", rule_id="3.6")
    if companion is not None and companion in {requester, substitute}:
        yield invalid("companion", "another person than who takes the paper", rule_id="3.6")


def purpose_refusal(certificate: TitleCertificate, purpose: CheckOutPurpose) -> Refusal | None:
    """A purpose that this type of certificate is never taken out for (3.6, CUS-14)."""
    facts = PURPOSES[purpose]
    if purpose is CheckOutPurpose.PARTIAL_CHANGE:
        return not_for(certificate, purpose, "this belongs to a partial release")
    fits = (
        certificate.cert_type in facts.types
        if facts.types is not None
        else CERT_TYPES[certificate.cert_type].perfection in facts.perfections
        or (facts.safekeeping and certificate.catalog is Catalog.SAFEKEEPING)
    )
    if fits:
        return None
    return not_for(certificate, purpose, f"not for a {certificate.cert_type}")


def due_refusal(
    purpose: CheckOutPurpose,
    due: date,
    *,
    out_on: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> Refusal | None:
    """After the day it goes out, and within what the purpose allows (CUS-09)."""
    if purpose is CheckOutPurpose.PARTIAL_CHANGE:
        return None
    if due <= out_on:
        return due_invalid(due, f"later than {out_on}")
    last = latest_due(purpose, out_on, policy=policy, calendar=calendar)
    return due_invalid(due, f"at the latest {last}") if due > last else None


def stand_in_refusal(
    field: str, login: str | None, person: Actor | None, org_path: str
) -> Refusal | None:
    """Whoever is named beside the requester signs himself: he has to be able to (X08, X10).

    person: who signs in by that login, as of today.
    """
    if login is None:
        return None
    if person is None:
        return invalid(field, "nobody signs in with this name", rule_id="X08")
    if not person.may(Operation.REQUEST_CHECK_OUT, org_path):
        return invalid(field, f"{login} may not take papers out there", rule_id="X08")
    return None


def borrower_overdue(overdue: Sequence[tuple[CheckOut, str]]) -> Refusal | None:
    """Who keeps one paper beyond its time gets no other, wherever that one belongs (CUS-11).

    Nor does who asks for a paper that his substitute would take.
    """
    if not overdue:
        return None
    check_out, certificate = overdue[0]
    return Refusal(
        code=RefusalCode.BORROWER_OVERDUE,
        rule_id="CUS-11",
        detail={
            "person": check_out.borrower or check_out.requester,
            "certificate": certificate,
            "due": check_out.due_date.isoformat(),
        },
    )


def held_in(holds: Sequence[LegalHold], purpose: CheckOutPurpose) -> Refusal | None:
    """What is held leaves the vault for a court alone (X08, CUS-24)."""
    return None if purpose is CheckOutPurpose.LITIGATION else held(holds)


def next_step(check_out: CheckOut, policy: Policy) -> ApproverStep | None:
    """The first approval of the purpose that nobody has given yet."""
    given = sum(signature.approved for signature in check_out.approvals)
    steps = approvers(check_out.purpose, policy)
    return steps[given] if given < len(steps) else None


def decision_refusals(
    check_out: CheckOut,
    *,
    approver: Actor,
    policy: Policy,
    state: CheckOutState = CheckOutState.REQUESTED,
) -> Iterator[Refusal | None]:
    """Who may decide: the purpose's role and level, never one of its own people (X09, 3.6)."""
    if check_out.state is not state:
        yield state_conflict("X09", subject=check_out.label, state=check_out.state, event="DECIDE")
        return
    yield from _distinct(check_out, approver.login)
    step = _step(check_out, policy)
    if not _able(approver, step, check_out.org_path):
        yield Refusal(
            code=RefusalCode.APPROVAL_LEVEL, rule_id="3.6", detail={"required": str(step)}
        )


def role_of(check_out: CheckOut, policy: Policy) -> Role:
    """The role in which the next decision is given."""
    return _step(check_out, policy).role


def decided(
    check_out: CheckOut,
    signature: Signature,
    *,
    today: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> CheckOut:
    """The check-out after one approver has decided; with the last approval it may be taken."""
    after = replace(check_out, approvals=(*check_out.approvals, signature))
    if not signature.approved:
        return replace(after, state=CheckOutState.REJECTED, decided_reason=signature.reason)
    if next_step(after, policy) is not None:
        return after
    take_by = calendar.wd(today, policy.number("checkout.take_wd"))
    return replace(after, state=CheckOutState.APPROVED, take_by=take_by)


def has_expired(check_out: CheckOut, today: date) -> bool:
    """Approved and not taken in time (X09)."""
    waiting = check_out.state is CheckOutState.APPROVED and check_out.take_by is not None
    return waiting and check_out.take_by is not None and today > check_out.take_by


def signing_refusals(
    check_out: CheckOut, *, borrower: str, today: date
) -> Iterator[Refusal | None]:
    """What keeps this person from signing for the paper (X10)."""
    yield not_approved(check_out, today)
    if borrower not in {check_out.requester, check_out.substitute, check_out.companion}:
        yield invalid("borrower", "neither the requester nor the named substitute", rule_id="X10")


def vault_out_refusals(
    check_out: CheckOut,
    facts: RequestFacts,
    *,
    today: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> Iterator[Refusal | None]:
    """Every rule a temporary vault-out breaks; asked at both halves (X10, CUS-04e)."""
    certificate = facts.certificate
    yield illegal(certificate, Movement.CHECK_OUT)
    yield not_approved(check_out, today)
    yield _held_by_other(certificate, check_out)
    yield due_refusal(
        check_out.purpose, check_out.due_date, out_on=today, policy=policy, calendar=calendar
    )
    yield borrower_overdue(facts.overdue)
    yield held_in(facts.holds, check_out.purpose)


def last_step(check_out: CheckOut) -> date:
    """The day of the last approval, before which the paper cannot have gone (CUS-22)."""
    last = max((one.at for one in check_out.approvals), default=check_out.requested_at)
    return business_date(last)


def signed(check_out: CheckOut, login: str, now: datetime) -> CheckOut:
    """The check-out once its borrower, or who goes along, has signed for the paper (X10)."""
    if login == check_out.companion:
        return replace(check_out, companion_signed_at=now)
    return replace(check_out, signed_by=login)


def unsigned(check_out: CheckOut) -> Refusal | None:
    """The borrower signs in an own request before the second keeper lets the paper go (X10).

    So does who goes along with him, where one does.
    """
    alone = check_out.companion is None or check_out.companion_signed_at is not None
    if check_out.signed_by is not None and alone:
        return None
    return state_conflict("X10", subject=check_out.label, state="UNSIGNED", event="CHECK_OUT")


def seal_broken(found: str, expected: str | None) -> Refusal | None:
    """The seal that the keepers read on the packet is the one it was closed with (X10)."""
    if found == expected:
        return None
    return invalid("sealNo", f"the packet was closed with {expected or 'no seal'}", rule_id="X10")


def _distinct(check_out: CheckOut, approver: str) -> Iterator[Refusal]:
    taking = {check_out.requester, check_out.substitute, check_out.companion, check_out.borrower}
    if approver in taking:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="3.6")
    elif any(s.login == approver for s in check_out.approvals if s.approved):
        waiting = check_out.state is CheckOutState.REQUESTED
        if waiting:
            yield Refusal(
                code=RefusalCode.SOD_VIOLATION,
                rule_id="3.6",
                detail={"person": approver, "part": "approver"},
            )


def _step(check_out: CheckOut, policy: Policy) -> ApproverStep:
    """The approval that is due; where all are given, whoever gives the last decides on the rest."""
    return next_step(check_out, policy) or approvers(check_out.purpose, policy)[-1]


def _able(approver: Actor, step: ApproverStep, org_path: str) -> bool:
    """Whether the person holds the step's role there, at its level or above.

    A supervisor's decision may also be taken by whoever stands above, from the centre's head up.
    """
    for grant in approver.grants_for(Operation.APPROVE_CHECK_OUT, org_path):
        level = step.level
        if step.role is Role.VAULT_SUPERVISOR and grant.role is Role.APPROVER:
            level = OrgLevel.LOAN_CENTER
        elif grant.role is not step.role:
            continue
        if level is None or not is_above(level, grant.org_level):
            return True
    return False


def not_approved(check_out: CheckOut, today: date) -> Refusal | None:
    """A paper is taken on an approval that stands that day (X10)."""
    state = CheckOutState.EXPIRED if has_expired(check_out, today) else check_out.state
    if state is CheckOutState.APPROVED:
        return None
    return state_conflict("X10", subject=check_out.label, state=state, event="CHECK_OUT")


def _held_by_other(certificate: TitleCertificate, check_out: CheckOut) -> Refusal | None:
    if certificate.lock == check_out_lock(check_out):
        return None
    return locked(certificate, proposal_id="")
