"""Two-sided handover (移交、签收): the giver answers for every paper until it is accepted.

Source: CUS-05; X03 to X05, X15.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.calendar import WorkCalendar
from domain.certificates import CustodyState, TitleCertificate, normalised
from domain.custody import Movement, illegal
from domain.orgs import covers
from domain.people import Actor
from domain.policy import Policy
from domain.refusals import Forbidden, Refusal, RefusalCode, invalid, state_conflict
from domain.roles import Operation, Role
from domain.vaulting import locked, paper_only

MAX_GIVERS = 100  # whom a certificate remembers


class HandoverItemState(StrEnum):
    """What the receiver said of one paper (签收结果)."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    RECALLED = "RECALLED"


class HandoverState(StrEnum):
    """State of a whole handover (移交单状态), derived from its items."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"
    RECALLED = "RECALLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverItem:
    """One paper of a handover, with its page count as the giver counted it."""

    certificate_id: str
    pages: int | None = None
    state: HandoverItemState = HandoverItemState.PENDING
    condition: str | None = None
    reason: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Papers on their way from a giver to a receiver or a vault's desk (移交单)."""

    id: str
    no: str
    giver: str
    receiver: str | None = None
    desk: str | None = None  # code of the vault that will keep them
    returning_case: str | None = None  # set when papers come back from a deregistration (X15)
    reassigned_case: str | None = None  # set when they go to the case's next handler (4.9)
    items: tuple[HandoverItem, ...]
    seal_no: str | None = None
    initiated_at: datetime
    due_on: date
    state: HandoverState = HandoverState.PENDING
    late_told_on: date | None = None  # when the supervisors heard that nobody accepted in time
    org_code: str
    org_path: str
    version: int = 0

    def item(self, certificate_id: str) -> HandoverItem | None:
        """The item of that certificate."""
        return next((item for item in self.items if item.certificate_id == certificate_id), None)

    def is_late(self, today: date) -> bool:
        """Whether papers wait beyond the day on which the receiver had to decide (CUS-05)."""
        return self.state is HandoverState.PENDING and today > self.due_on

    @property
    def movement(self) -> Movement:
        """What an acceptance is in the ledger."""
        if self.returning_case is not None:
            return Movement.DEREG_RETURN
        if self.reassigned_case is not None:
            return Movement.DEREG_HANDOVER
        return Movement.ACCEPT_HANDOVER

    @property
    def stays_out(self) -> bool:
        """Whether its papers are out for deregistration until each is accepted."""
        return self.movement is not Movement.ACCEPT_HANDOVER


def initiation_refusals(
    certificates: Sequence[TitleCertificate],
    *,
    giver: str,
    receiver: str | None,
    desk: str | None,
    returning_case: str | None,
) -> Iterator[Refusal | None]:
    """Every rule that a handover about to start breaks. Raises: Forbidden to anyone but holders."""
    if (receiver is None) == (desk is None):
        yield invalid("receiver", "name one receiver: a person or a vault's desk", rule_id="X03")
    if receiver == giver:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="X03",
            field="receiver",
            detail={"person": giver, "part": "giver"},
        )
    ids = [certificate.id for certificate in certificates]
    if len(set(ids)) != len(ids):
        yield invalid("certificateIds", "a certificate is listed twice", rule_id="X03")
    for certificate in certificates:
        yield paper_only(certificate)
        yield from _startable(certificate, giver=giver, returning_case=returning_case)


def _startable(
    certificate: TitleCertificate, *, giver: str, returning_case: str | None
) -> Iterator[Refusal | None]:
    movement = Movement.INITIATE_HANDOVER if returning_case is None else Movement.DEREG_RETURN
    stuck = illegal(certificate, movement)
    yield stuck
    if stuck is not None:
        return
    if certificate.holder is None or certificate.holder.login != giver:
        raise Forbidden("Only the person who holds the paper may hand it over.")
    if returning_case is None:
        yield locked(certificate, proposal_id="")
    elif certificate.lock is None or certificate.lock.id != returning_case:
        told = f"{certificate.label} is out for another release"
        yield invalid("certificateIds", told, rule_id="X15")


def receiver_refusals(
    certificates: Sequence[TitleCertificate],
    *,
    named: str | None,
    receiver: Actor | None,
    desk: str | None,
    areas: Mapping[str, str],
) -> Iterator[Refusal | None]:
    """Nobody is sent what he could never accept: it would hang between two people (X03).

    receiver: the person named, as of today; none where nobody signs in so. desk: where the papers
    are going. areas: vault to what its organisation looks after.
    """
    paths = [certificate.org_path for certificate in certificates]
    if named is not None and receiver is None:
        yield invalid("receiver", f"nobody signs in as {named}", rule_id="X03")
    elif receiver is not None and not all(receiver.may(Operation.HAND_OVER, p) for p in paths):
        yield invalid("receiver", f"{named} may not accept these papers", rule_id="X03")
    elif receiver is not None and desk is None and _keeps_only(receiver, paths):
        told = f"{named} keeps no vault today that looks after these papers"
        yield invalid("receiver", told, rule_id="X03")
    if desk is not None and desk not in areas:
        yield invalid("desk", f"there is no vault {desk}", rule_id="X03")
    elif desk is not None and not _looks_after(areas[desk], paths):
        yield invalid("desk", "that vault does not look after these papers", rule_id="X03")


def desk_of(
    receiver: Actor, certificates: Sequence[TitleCertificate], areas: Mapping[str, str]
) -> str | None:
    """The desk for which a keeper receives: of the vaults he keeps that day (X04, CUS-04f)."""
    paths = [certificate.org_path for certificate in certificates]
    fitting = (c for c in receiver.vaults if c in areas and _looks_after(areas[c], paths))
    return next(fitting, None)


def _looks_after(area: str, paths: Sequence[str]) -> bool:
    return all(covers(area, path) for path in paths)


def _keeps_only(receiver: Actor, paths: Sequence[str]) -> bool:
    """Whether a keeper's role alone lets the person accept there."""
    grants = [g for path in paths for g in receiver.grants_for(Operation.HAND_OVER, path)]
    return all(grant.role is Role.VAULT_KEEPER for grant in grants)


def receipt_refusals(
    handover: Handover,
    certificate: TitleCertificate,
    *,
    receiver: str,
    desks: Sequence[str],
    cert_no: str | None,
    pages: int | None,
) -> Iterator[Refusal | None]:
    """Every rule that an acceptance of one paper breaks. Raises: Forbidden to others (X04)."""
    yield from decision_refusals(handover, certificate, receiver=receiver, desks=desks)
    yield illegal(certificate, handover.movement)
    if cert_no is not None and normalised(cert_no) != certificate.cert_no_norm:
        yield _mismatch("certNo", cert_no, certificate.cert_no or "")
    item = handover.item(certificate.id)
    told = None if item is None else item.pages
    recorded = told if certificate.pages is None else certificate.pages
    if pages is not None and recorded is not None and pages != recorded:
        yield _mismatch("pages", str(pages), str(recorded))


def decision_refusals(
    handover: Handover, certificate: TitleCertificate, *, receiver: str, desks: Sequence[str]
) -> Iterator[Refusal | None]:
    """Who may decide about one paper, and while it waits. Raises: Forbidden (X04, X05)."""
    if receiver == handover.giver:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="CUS-05",
            detail={"person": receiver, "part": "giver"},
        )
    elif not _is_receiver(handover, receiver, desks):
        raise Forbidden("Only the named receiver may decide about this handover.")
    yield _waiting(handover, certificate)


def handed_over(handover: Handover | None) -> Refusal | None:
    """What a release's paper is no longer free for, while a handover of it waits for its answer."""
    if handover is None:
        return None
    return Refusal(
        code=RefusalCode.OPEN_REQUEST_EXISTS,
        rule_id="INV-02",
        field="certificateIds",
        detail={"subject": "A paper", "lock": f"HANDOVER {handover.no}"},
    )


def recall_refusals(
    handover: Handover, certificate: TitleCertificate, *, giver: str
) -> Iterator[Refusal | None]:
    """A giver takes back what nobody has accepted. Raises: Forbidden to others (X05)."""
    if giver != handover.giver:
        raise Forbidden("Only the giver may recall a handover.")
    yield _waiting(handover, certificate)


def decided(
    handover: Handover,
    certificate_id: str,
    *,
    state: HandoverItemState,
    now: datetime,
    reason: str | None = None,
    condition: str | None = None,
) -> Handover:
    """The handover after one item was decided; its own state follows from the items."""
    items = tuple(
        replace(item, state=state, reason=reason, condition=condition, decided_at=now)
        if item.certificate_id == certificate_id
        else item
        for item in handover.items
    )
    return replace(handover, items=items, state=_overall(items))


def acceptance_due(start: date, *, same_city: bool, policy: Policy, calendar: WorkCalendar) -> date:
    """When the receiver must have decided (CUS-05)."""
    distance = "same" if same_city else "other"
    return calendar.wd(start, policy.number(f"handover.accept_wd.{distance}"))


def given(certificate: TitleCertificate, by: str | None) -> dict[str, Any]:
    """What changes on a certificate that this person has handed over.

    None of those who have, since it was collected or left a vault, may put it into one (CUS-04b).
    """
    earlier = (giver for giver in certificate.givers if giver != by)
    givers = (*earlier, by) if by is not None else certificate.givers
    return {"given_by": by, "givers": tuple(givers)[-MAX_GIVERS:]}


def received_as(handover: Handover) -> CustodyState:
    """Where an accepted paper is: before the vault, or with another handler (X04, 4.9)."""
    if handover.desk is not None:
        return CustodyState.RECEIVED_PENDING_VAULT
    if handover.reassigned_case is not None:
        return CustodyState.OUT_FOR_DEREG
    return CustodyState.WITH_HANDLER


def _overall(items: Sequence[HandoverItem]) -> HandoverState:
    states = {item.state for item in items}
    if HandoverItemState.PENDING in states:
        return HandoverState.PENDING
    if len(states) == 1:
        return HandoverState(states.pop().value)
    if HandoverItemState.ACCEPTED in states:
        return HandoverState.PARTIAL
    return HandoverState.REJECTED


def _is_receiver(handover: Handover, login: str, desks: Sequence[str]) -> bool:
    """The named person alone, for a desk only while he keeps it; else any keeper of the desk."""
    named = handover.receiver in {None, login}
    return named and (handover.desk is None or handover.desk in desks)


def _waiting(handover: Handover, certificate: TitleCertificate) -> Refusal | None:
    item = handover.item(certificate.id)
    if item is not None and item.state is HandoverItemState.PENDING:
        return None
    return state_conflict(
        "CUS-05",
        subject=f"{certificate.label} in handover {handover.no}",
        state="not listed" if item is None else item.state,
        event="DECIDE",
    )


def _mismatch(what: str, actual: str, recorded: str) -> Refusal:
    return Refusal(
        code=RefusalCode.RETURN_MISMATCH,
        rule_id="CUS-05",
        field=what,
        detail={"what": what, "actual": actual, "recorded": recorded},
    )
