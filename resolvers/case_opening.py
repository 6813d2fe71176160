"""Opening a case, and who applies: the collateral is held, its papers locked, drawdowns stop."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from domain.case_approvals import own_approval
from domain.case_steps import impossible, stepped
from domain.certificates import TitleCertificate
from domain.collaterals import Collateral, PledgeState
from domain.delivery import by_delivery
from domain.deregistration import (
    Applicant,
    CaseState,
    CaseStep,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
)
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.orgs import Org
from domain.processing import out_of_scope
from domain.reassignment import unfit_handler
from domain.refusals import (
    Refusal,
    Refused,
    invalid,
    refuse_if,
)
from domain.release_papers import no_release, not_free
from domain.releasing import handling_refusal, kept_from_owner
from domain.roles import Operation
from resolvers.case_locks import lock_papers
from resolvers.case_work import (
    case_of,
    lawyers_only_for_courts,
    on_the_clock,
    registry_form,
)
from resolvers.counties import county_alone
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.secured import with_drawn
from resolvers.vault_work import freed
from schema.cases import (
    ApplicantInput,
    DeregistrationCaseChangeApplicantsInput,
    DeregistrationCaseOpenInput,
    DeregistrationCasePayload,
)
from storage.records import new_id


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Open a case: the collateral is held, drawdowns stop (新建解押, DRG-R03).",
)
async def deregistration_case_open(
    deed: Deed, input: DeregistrationCaseOpenInput
) -> dict[str, Any]:
    """DRG-R03."""
    collateral = await deed.subject(Collateral, input.collateral_id)
    lawyers_only_for_courts(deed, input.kind, collateral.org_path)
    linked = await deed.decision.find(GuaranteeContract, {"links.collateral_no": collateral.no})
    active = [contract for contract in linked if contract.active_link(collateral.no)]
    named = input.guarantee_contract_nos
    chosen = [c for c in active if named is None or c.no in named]
    drawn = await with_drawn(deed.decision, chosen)
    secured = sorted({no for c in drawn for no in c.secured_loans})
    loans = await deed.decision.find(Loan, {"loan_no": {"$in": secured}})
    county_alone(deed, loans)
    refuse_if(
        [
            *out_of_scope(loans),
            not_free(collateral, input.kind),
            no_release(input.kind),
            *_replacing(input),
            _misnamed(named, chosen),
            _spoken_for(input.applicant),
        ]
    )
    certificates = await deed.decision.find(TitleCertificate, {"collateral_nos": collateral.no})
    left = [c for c in certificates if not c.is_over]
    papers = await freed(deed.decision, left, now=deed.now)
    delivered = by_delivery(certificates)
    refuse_if([handling_refusal(input.handling_mode, papers, delivered=delivered)])
    org = await deed.decision.first(Org, {"code": collateral.org_code})
    case_id = new_id(DeregistrationCase)
    case = DeregistrationCase(
        id=case_id,
        no=f"DR{deed.today:%Y%m%d}-{case_id[-10:]}",
        collateral_id=collateral.id,
        collateral_no=collateral.no,
        kind=input.kind,
        handling_mode=input.handling_mode,
        contracts_named=named is not None,
        guarantee_contract_nos=tuple(c.no for c in chosen),
        loan_nos=tuple(secured),
        certificate_ids=tuple(c.id for c in papers),
        applicant=_applicant(input.applicant),
        new_collateral_nos=await _replacements(deed, input),
        affected_mortgagees=tuple(dict.fromkeys(input.affected_mortgagees)),
        override_seizure=input.override_seizure,
        opened_by=deed.actor.login,
        handler=await _handler(deed, collateral, input.handler),
        county=org is not None and org.county,
        previous_pledge_state=collateral.pledge_state,
        org_code=collateral.org_code,
        org_path=collateral.org_path,
    )
    if input.handling_mode is HandlingMode.OWNER:
        covers = sorted({no for paper in papers for no in paper.collateral_nos})
        covered = await deed.decision.find(Collateral, {"no": {"$in": covers}})
        refuse_if(kept_from_owner(case, papers, covered))
    case = stepped(case, CaseStep.OPEN, by=deed.actor.login, now=deed.now, to=CaseState.DRAFT)
    lock_papers(deed.decision, case, papers)
    deed.decision.save(
        replace(collateral, pledge_state=PledgeState.RELEASING, open_case_id=case.id)
    )
    await registry_form(deed, case, goes_on=True)
    case = on_the_clock(deed, case, {loan.loan_no: loan for loan in loans})
    return {"case": deed.decision.add(case)}


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Say anew who applies, such as the heirs of an owner who has died (变更申请人).",
)
async def deregistration_case_change_applicants(
    deed: Deed, input: DeregistrationCaseChangeApplicantsInput
) -> dict[str, Any]:
    """4.9. Whether they are entitled is asked with their proof, at the next step (P11)."""
    case = await case_of(deed, input.case_id)
    lawyers_only_for_courts(deed, case.kind, case.org_path)
    refuse_if(
        [
            impossible(case, CaseStep.CHANGE_APPLICANTS),
            own_approval(case, deed.actor.login),
            _spoken_for(input.applicant),
            None if input.reason.strip() else invalid("reason", "say why", rule_id="DRG-4.9"),
        ]
    )
    before = ", ".join((*case.applicant.owners, *case.applicant.represented)) or "nobody"
    said, by, now = f"instead of {before}: {input.reason}", deed.actor.login, deed.now
    case = stepped(case, CaseStep.CHANGE_APPLICANTS, by=by, now=now, to=case.state, note=said)
    return {"case": deed.decision.save(replace(case, applicant=_applicant(input.applicant)))}


def _misnamed(named: Sequence[str] | None, chosen: Sequence[GuaranteeContract]) -> Refusal | None:
    """A case that names contracts names some, and each of them ties the collateral (P01)."""
    if named is None or (named and len(chosen) == len(set(named))):
        return None
    reason = "not active on this collateral" if named else "name at least one, or none at all"
    return invalid("guaranteeContractNos", reason, rule_id="DRG-P01")


def _replacing(input: DeregistrationCaseOpenInput) -> Iterator[Refusal]:
    """Something new belongs to a substitution and to nothing else (L04)."""
    named = bool(input.new_collateral_ids)
    if named is not (input.kind is DeregKind.SUBSTITUTION):
        reason = "only a substitution has one" if named else "name what replaces the collateral"
        yield invalid("newCollateralIds", reason, rule_id="DRG-L04")
    if input.collateral_id in input.new_collateral_ids:
        yield invalid("newCollateralIds", "does not replace itself", rule_id="DRG-L04")


def _spoken_for(applicant: ApplicantInput) -> Refusal | None:
    """Whoever is represented has an agent (P11)."""
    if applicant.agent is not None or not applicant.represented:
        return None
    return invalid("applicant", "name the agent who represents them", rule_id="DRG-P11")


def _applicant(given: ApplicantInput) -> Applicant:
    return Applicant(
        owners=tuple(given.owners),
        agent=given.agent,
        represented=tuple(dict.fromkeys(given.represented)),
    )


async def _replacements(deed: Deed, input: DeregistrationCaseOpenInput) -> tuple[str, ...]:
    """Numbers of what replaces the collateral; reading each fences it."""
    found = [await deed.get(Collateral, id) for id in dict.fromkeys(input.new_collateral_ids)]
    return tuple(collateral.no for collateral in found)


async def _handler(deed: Deed, collateral: Collateral, login: str | None) -> str | None:
    """Who will carry the papers: the named handler, or the opener where he is fit for it (3.2)."""
    person = deed.actor if login is None else await deed.person(login)
    unfit = unfit_handler(person, collateral.org_path, parts={}, rule_id="X14")
    if unfit is None:
        return None if person is None else person.login
    if login is not None:
        raise Refused(unfit)
    return None
