"""A release waits while one of its papers is lost (中止、恢复): suspended, and resumed (4.9)."""

from dataclasses import replace

from domain.case_steps import impossible
from domain.certificates import CustodyState, TitleCertificate
from domain.deregistration import OPEN_STATES, CaseStep, DeregistrationCase
from domain.undoing import waiting_for_reissue
from resolvers.case_work import advanced
from resolvers.deed import Deed
from resolvers.releasing import at, resumed_when_whole, returned_when_empty

_OPEN = sorted(OPEN_STATES)


async def suspend_case(deed: Deed, before: TitleCertificate, lost: TitleCertificate) -> None:
    """The case a paper was out for stops until the reissue is in (X22).

    before: the paper while its handler answered for it. A right that was cancelled already needs
    no new paper, and the case goes on.
    """
    if before.custody_state is not CustodyState.OUT_FOR_DEREG or before.lock is None:
        return
    case = await deed.decision.get(DeregistrationCase, before.lock.id)
    if not waiting_for_reissue([lost]):
        deed.decision.save(await returned_when_empty(deed.decision, case, at(deed)))
    elif impossible(case, CaseStep.SUSPEND) is None:
        deed.decision.save(advanced(deed, case, CaseStep.SUSPEND, note=lost.id))


async def take_place(deed: Deed, old: TitleCertificate, fresh: TitleCertificate) -> None:
    """Open cases go on with the paper that came in an old one's place (X13, X23).

    Those of what the fresh one covers: what was released keeps the old one (DRG-L08).
    """
    held = {"certificate_ids": old.id, "state": {"$in": _OPEN}}
    for case in await deed.decision.find(DeregistrationCase, held):
        if case.collateral_no not in fresh.collateral_nos:
            continue
        ids = tuple(fresh.id if id == old.id else id for id in case.certificate_ids)
        after = replace(case, certificate_ids=ids)
        if case.suspended_from is not None:
            after = await resumed_when_whole(deed.decision, after, at(deed))
        deed.decision.save(after)
