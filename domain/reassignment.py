"""Another handler for a release (变更解押经办人): who may say so, and who may become it.

Source: domain 4.9, 3.2, chapter 9 (separation of duties).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from domain.case_steps import impossible
from domain.certificates import CustodyState, TitleCertificate
from domain.deregistration import CaseStep, DeregistrationCase
from domain.orgs import OrgLevel
from domain.people import Actor
from domain.refusals import Forbidden, Refusal, RefusalCode, invalid
from domain.roles import Operation, Role

KEEPER = "vault keeper"
_HEADS = frozenset({OrgLevel.LOAN_CENTER, OrgLevel.COUNTY_SUBCENTER})


def standing_in(case: DeregistrationCase, by: Actor, successor: str) -> bool:
    """Whether somebody acts for a handler who cannot. Raises: Forbidden to whoever may not.

    The vault's supervisor and the head of the centre may; a handler only gives away his own, and
    takes what nobody handles.
    """
    if by.login == case.handler or (case.handler is None and by.login == successor):
        return False
    for grant in by.grants_for(Operation.REASSIGN_HANDLER, case.org_path):
        head = grant.role is Role.APPROVER and grant.org_level in _HEADS
        if head or grant.role is Role.VAULT_SUPERVISOR:
            return True
    raise Forbidden("Only the handler, the vault supervisor or the centre's head may do this.")


def reassignment_refusals(
    case: DeregistrationCase,
    successor: Actor | None,
    *,
    keepers: Collection[str],
    reason: str,
    needs_reason: bool,
) -> Iterator[Refusal | None]:
    """Every rule that a change of the handler breaks (4.9).

    successor: as of today, none where nobody signs in by that name; keepers: who let the papers
    out of the vault.
    """
    yield impossible(case, CaseStep.REASSIGN)
    if needs_reason and not reason.strip():
        yield invalid("reason", "say why the handler cannot do it", rule_id="DRG-4.9")
    if successor is not None and successor.login == case.handler:
        yield invalid("handler", "handles the case already", rule_id="DRG-4.9")
        return
    parts = case.parts() | dict.fromkeys(keepers, KEEPER)
    yield unfit_handler(successor, case.org_path, parts=parts, rule_id="DRG-4.9")


def unfit_handler(
    person: Actor | None, org_path: str, *, parts: Mapping[str, str], rule_id: str
) -> Refusal | None:
    """Why somebody may not handle a release there (3.2): his role, or another part in it.

    person: as of today, none where nobody signs in by that name; parts: who plays which.
    """
    if person is None or not person.may(Operation.FILE_WITH_REGISTRY, org_path):
        return invalid("handler", "is not a certificate handler there", rule_id=rule_id)
    keeps = bool(person.vaults) or person.holds(Role.VAULT_KEEPER)
    part = KEEPER if keeps else parts.get(person.login)
    if part is None:
        return None
    return Refusal(
        code=RefusalCode.SOD_VIOLATION,
        rule_id=rule_id,
        field="handler",
        detail={"person": person.login, "part": part},
    )


def carried(case: DeregistrationCase, papers: Sequence[TitleCertificate]) -> list[TitleCertificate]:
    """The papers that are out for the case, and so have to be handed over."""
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.OUT_FOR_DEREG
        and paper.lock is not None
        and paper.lock.id == case.id
    ]


def holds_all(login: str, papers: Sequence[TitleCertificate]) -> bool:
    """Whether one person has every paper that is out."""
    return all(paper.holder is not None and paper.holder.login == login for paper in papers)
