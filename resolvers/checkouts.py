"""Mutations of check-outs: ask, decide, give up, prolong (临时出库)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.certificates import (
    CustodyState,
    TitleCertificate,
)
from domain.checkout_requests import (
    RequestFacts,
    decided,
    decision_refusals,
    request_refusals,
    role_of,
    stand_in_refusal,
)
from domain.checkout_returns import (
    next_escalation,
    renewal_refusals,
    renewal_waits,
    waiting_renewal,
)
from domain.checkouts import (
    CheckOut,
    CheckOutPurpose,
    CheckOutState,
    Renewal,
    RenewalState,
    Signature,
    check_out_lock,
    stuck,
)
from domain.custody import Movement
from domain.dual_control import (
    Proposal,
    ProposalState,
)
from domain.refusals import (
    Forbidden,
    Refusal,
    invalid,
    refuse_if,
)
from domain.roles import Operation
from resolvers.counties import county_papers
from resolvers.deed import Deed
from resolvers.holds import holds_on, litigation_open
from resolvers.mutation import mutation
from resolvers.vault_work import case_lock, freed
from schema.checkouts import (
    CheckOutCancelInput,
    CheckOutDecideInput,
    CheckOutDecideRenewalInput,
    CheckOutPayload,
    CheckOutRenewInput,
    CheckOutRequestInput,
)
from storage.decisions import Decision
from storage.records import new_id


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Ask to take a paper out of the vault for a time (申请临时出库, X08).",
)
async def check_out_request(deed: Deed, input: CheckOutRequestInput) -> dict[str, Any]:
    """X08: nothing moves, the paper is held for the request."""
    known = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [known])
    (certificate,) = await freed(deed.decision, [known], now=deed.now)
    facts = await facts_of(deed, certificate, deed.actor.login, input.substitute)
    substitute = await deed.person(input.substitute)
    companion = await deed.person(input.companion)
    refuse_if(
        [
            *request_refusals(
                facts,
                input.purpose,
                input.due_date,
                requester=deed.actor.login,
                substitute=input.substitute,
                companion=input.companion,
                policy=deed.policy,
                calendar=deed.calendar,
                today=deed.today,
            ),
            stand_in_refusal("substitute", input.substitute, substitute, certificate.org_path),
            stand_in_refusal("companion", input.companion, companion, certificate.org_path),
            _told("reason", input.reason),
        ]
    )
    check_out = CheckOut(
        id=new_id(CheckOut),
        certificate_id=certificate.id,
        purpose=input.purpose,
        reason=input.reason.strip(),
        requester=deed.actor.login,
        substitute=input.substitute,
        companion=input.companion,
        requested_at=deed.now,
        due_date=input.due_date,
        vault=certificate.place.vault if certificate.place else None,
        org_code=certificate.org_code,
        org_path=certificate.org_path,
    )
    deed.decision.save(replace(certificate, lock=check_out_lock(check_out)))
    return {"check_out": deed.decision.add(check_out)}


@mutation(
    Operation.APPROVE_CHECK_OUT,
    CheckOutPayload,
    description="Approve or reject a check-out; each approver another person (审批出库, X09).",
)
async def check_out_decide(deed: Deed, input: CheckOutDecideInput) -> dict[str, Any]:
    """X09, and the approvals of 3.6 in their order."""
    check_out = await deed.subject(CheckOut, input.check_out_id)
    refuse_if(
        [
            *decision_refusals(check_out, approver=deed.actor, policy=deed.policy),
            None if input.approve else _told("reason", input.reason or ""),
        ]
    )
    signature = Signature(
        role=role_of(check_out, deed.policy),
        login=deed.actor.login,
        approved=input.approve,
        at=deed.now,
        reason=input.reason,
    )
    after = decided(
        check_out, signature, today=deed.today, policy=deed.policy, calendar=deed.calendar
    )
    if after.state is CheckOutState.REJECTED:
        await let_go(deed.decision, after)
    return {"check_out": deed.decision.save(after)}


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Give up an own check-out before the paper leaves (撤销出库, X09).",
)
async def check_out_cancel(deed: Deed, input: CheckOutCancelInput) -> dict[str, Any]:
    """X09, by the requester."""
    check_out = await deed.subject(CheckOut, input.check_out_id)
    if deed.actor.login != check_out.requester:
        raise Forbidden("Only the requester may give up a check-out.")
    waiting = check_out.state in {CheckOutState.REQUESTED, CheckOutState.APPROVED}
    refuse_if([None if waiting else stuck(check_out, "CANCEL"), _told("reason", input.reason)])
    await let_go(deed.decision, check_out)
    given_up = replace(
        check_out, state=CheckOutState.CANCELLED, decided_reason=input.reason.strip()
    )
    return {"check_out": deed.decision.save(given_up)}


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Ask for more time before the due date has passed (申请续借, X11).",
)
async def check_out_renew(deed: Deed, input: CheckOutRenewInput) -> dict[str, Any]:
    """X11, asked by the borrower."""
    check_out = deed.as_expected(await deed.get(CheckOut, input.check_out_id))
    refuse_if(
        [
            *await _renewable(deed, check_out, input.new_due, deed.actor.login),
            renewal_waits(check_out),
            _told("reason", input.reason),
        ]
    )
    renewal = Renewal(new_due=input.new_due, reason=input.reason.strip(), requested_at=deed.now)
    return {
        "check_out": deed.decision.save(replace(check_out, renewals=(*check_out.renewals, renewal)))
    }


@mutation(
    Operation.APPROVE_CHECK_OUT,
    CheckOutPayload,
    description="Give or refuse more time (审批续借, X11).",
)
async def check_out_decide_renewal(deed: Deed, input: CheckOutDecideRenewalInput) -> dict[str, Any]:
    """X11, decided: every limit is asked again."""
    check_out = await deed.subject(CheckOut, input.check_out_id)
    renewal = waiting_renewal(check_out)
    if renewal is None:
        refuse_if([stuck(check_out, "DECIDE_RENEWAL")])
        raise AssertionError
    unfit = [
        *decision_refusals(
            check_out, approver=deed.actor, policy=deed.policy, state=CheckOutState.OUT
        )
    ]
    if input.approve:
        assert check_out.borrower is not None
        unfit += await _renewable(deed, check_out, renewal.new_due, check_out.borrower)
    refuse_if(unfit)
    answer = replace(
        renewal,
        state=RenewalState.APPROVED if input.approve else RenewalState.REJECTED,
        decided_by=deed.actor.login,
        decided_at=deed.now,
    )
    after = replace(check_out, renewals=(*check_out.renewals[:-1], answer))
    if input.approve:
        certificate = await deed.get(TitleCertificate, check_out.certificate_id)
        deed.move(
            certificate,
            Movement.RENEW_CHECK_OUT,
            CustodyState.CHECKED_OUT,
            request_ref=check_out.id,
            reason=renewal.reason,
            due_date=renewal.new_due,
        )
        after = replace(after, due_date=renewal.new_due)
        after = replace(after, escalate_on=next_escalation(after, deed.policy))
    return {"check_out": deed.decision.save(after)}


async def let_go(decision: Decision, check_out: CheckOut) -> None:
    """Frees the paper of a check-out that ends before it left, and its pending proposal (X09)."""
    certificate = await decision.get(TitleCertificate, check_out.certificate_id)
    if certificate.lock == check_out_lock(check_out):
        decision.save(replace(certificate, lock=await case_lock(decision, certificate)))
    for proposal in await waiting_proposals(decision, check_out):
        decision.save(replace(proposal, state=ProposalState.WITHDRAWN))


async def facts_of(deed: Deed, certificate: TitleCertificate, *people: str | None) -> RequestFacts:
    """What the rules ask about a paper, who asks for it and who takes it."""
    return RequestFacts(
        certificate=certificate,
        holds=await holds_on(deed.decision, [certificate]),
        overdue=await overdue_of(deed.decision, people, deed.today),
    )


async def overdue_of(
    decision: Decision, people: Sequence[str | None], today: date
) -> list[tuple[CheckOut, str]]:
    """What these people keep beyond its time, of whatever branch (CUS-11)."""
    late = await decision.find(
        CheckOut,
        {
            "borrower": {"$in": sorted({login for login in people if login is not None})},
            "state": CheckOutState.OUT.value,
            "due_date": {"$lt": today.isoformat()},
        },
    )
    return [(check_out, check_out.label) for check_out in late]


async def waiting_proposals(decision: Decision, check_out: CheckOut) -> list[Proposal]:
    """Vault-outs of it that wait for their second keeper."""
    return await decision.find(
        Proposal, {"check_out_id": check_out.id, "state": ProposalState.PENDING.value}
    )


async def _renewable(
    deed: Deed, check_out: CheckOut, new_due: date, borrower: str
) -> list[Refusal | None]:
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    return [
        *renewal_refusals(
            check_out,
            new_due,
            borrower=borrower,
            litigation_open=check_out.purpose is CheckOutPurpose.LITIGATION
            and await litigation_open(deed.decision, certificate),
            policy=deed.policy,
            calendar=deed.calendar,
            today=deed.today,
        )
    ]


def _told(field: str, text: str) -> Refusal | None:
    return None if text.strip() else invalid(field, "say why", rule_id="X08")
