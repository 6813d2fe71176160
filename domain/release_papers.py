"""What of the application stands in the way of a release (申请资料): documents, owners, consents.

Source: domain 4.3 (DRG-P10, P11, P13), 4.4, DRG-L05.
"""

from collections.abc import Iterator

from domain.certificates import ENDED_RIGHTS, Catalog
from domain.collaterals import GONE, Collateral
from domain.delivery import by_delivery
from domain.deregistration import DeregistrationCase, DeregKind
from domain.dossiers import DocType, archive_incomplete
from domain.guarantees import GuaranteeKind
from domain.loans import never_drawn
from domain.processing import PRE_NOTICES
from domain.refusals import Refusal, RefusalCode, invalid
from domain.release_kinds import documents_needed
from domain.release_question import Question


def kind_fits(question: Question) -> Iterator[Refusal]:
    """A transfer of the claim is no release; a pre-notice is cancelled while it is one (4.1)."""
    transfer = no_release(question.kind)
    if transfer is not None:
        yield transfer
    if question.kind is DeregKind.PRE_NOTICE_CANCEL:
        rights = [
            paper
            for paper in question.facts.certificates
            if paper.catalog is Catalog.RIGHT_CERT and paper.legal_state not in ENDED_RIGHTS
        ]
        if not rights or any(paper.cert_type not in PRE_NOTICES for paper in rights):
            yield invalid("kind", "no pre-notice alone stands on it", rule_id="DRG-4.1")


def no_release(kind: DeregKind) -> Refusal | None:
    """A claim that is transferred takes its papers along another way (X18)."""
    if kind is not DeregKind.CLAIM_TRANSFER:
        return None
    return Refusal(
        code=RefusalCode.KIND_NOT_SUPPORTED,
        rule_id="DRG-4.1",
        field="kind",
        detail={"kind": kind},
    )


def documents_complete(question: Question) -> Iterator[Refusal]:
    """The documents that the kind needs by this stage are attached (P10)."""
    case = question.facts.case
    needed = documents_needed(
        question.kind,
        question.stage,
        question.mode,
        agent=case is not None and case.applicant.agent is not None,
        opinion=question.facts.needs_opinion,
        delivered=by_delivery(question.facts.certificates),
    )
    missing = [code for code in needed if case is None or case.document(code) is None]
    if missing:
        yield Refusal(
            code=RefusalCode.DOC_MISSING,
            rule_id="DRG-P10",
            detail={"documents": ", ".join(missing)},
        )


def applicant_entitled(question: Question) -> Iterator[Refusal]:
    """Every registered owner applies, himself or by whoever may speak for him (P11).

    For one who has died his heirs do, under their own numbers and with their proof.
    """
    refusal = not_entitled(question.facts.collateral, question.facts.case)
    if refusal is not None:
        yield refusal


def not_entitled(collateral: Collateral, case: DeregistrationCase | None) -> Refusal | None:
    """Whoever applies stands for every owner; asked again before papers go to him (P11, 4.9)."""
    reasons = list(_entitlement_gaps(collateral, case))
    if not reasons:
        return None
    return Refusal(
        code=RefusalCode.APPLICANT_NOT_ENTITLED,
        rule_id="DRG-P11",
        detail={"reason": "; ".join(reasons)},
    )


def archive_complete(question: Question) -> Iterator[Refusal]:
    """The settlement's papers are filed; a loan never drawn has none (P13)."""
    for dossier in question.facts.dossiers:
        loan = question.facts.loans.get(dossier.loan_no)
        if loan is not None and never_drawn(loan):
            continue
        refusal = archive_incomplete(dossier)
        if refusal is not None:
            yield refusal


def consents_given(question: Question) -> Iterator[Refusal]:
    """Whoever a change burdens agrees in writing: guarantors, other mortgagees (L05, 409, 435)."""
    case = question.facts.case
    affected = () if case is None else case.affected_mortgagees
    for code, parties, rule_id in (
        (DocType.GUARANTOR_CONSENT, consenting_guarantors(question), "DRG-L05"),
        (DocType.OTHER_MORTGAGEE_CONSENT, affected, "DRG-P10"),
    ):
        missing = [party for party in parties if case is None or case.consent(code, party) is None]
        if missing:
            yield Refusal(
                code=RefusalCode.CONSENT_MISSING,
                rule_id=rule_id,
                detail={"consent": code, "parties": ", ".join(missing)},
            )


def consenting_guarantors(question: Question) -> list[str]:
    """Party numbers of those who would be freed as far as the debtor's own collateral goes (L05).

    Nobody, where what leaves belongs to somebody else. Source: Civil Code art. 409 para. 2, 435.
    """
    facts = question.facts
    debtors = {loan.customer_no for loan in question.debts}
    if not _is_debtors_own(question, debtors):
        return []
    debts = {no for contract in question.scope for no in contract.secured_loans}
    parties: set[str] = set()
    for contract in facts.rest.contracts:
        if not contract.stands or not debts & set(contract.secured_loans):
            continue
        parties |= {
            guarantor.party
            for guarantor in contract.guarantors
            if guarantor.third_party or contract.kind is GuaranteeKind.SURETY
        }
        for link in contract.links:
            other = facts.rest.collaterals.get(link.collateral_no)
            if link.active and other is not None and _is_given(other, question):
                owners = {owner.party for owner in other.owners}
                parties |= set() if owners & debtors else owners
    return sorted(parties - debtors)


def _is_given(collateral: Collateral, question: Question) -> bool:
    """Whether it was given before this release, and still stands."""
    return collateral.pledge_state not in GONE and collateral.no not in question.facts.replacing


def _is_debtors_own(question: Question, debtors: set[str]) -> bool:
    """By its registered owners; where none is told, by who gave the security."""
    owners = {owner.party for owner in question.facts.collateral.owners}
    if owners:
        return bool(owners & debtors)
    givers = [guarantor for contract in question.scope for guarantor in contract.guarantors]
    return not givers or any(not guarantor.third_party for guarantor in givers)


def _entitlement_gaps(collateral: Collateral, case: DeregistrationCase | None) -> Iterator[str]:
    if case is None:
        yield "nobody has applied yet"
        return
    absent = [
        owner.party
        for owner in collateral.owners
        if not owner.deceased and owner.party not in case.applicant.owners
    ]
    if not case.applicant.owners and case.applicant.agent is None:
        yield "nobody has applied yet"
    if absent:
        yield f"not every registered owner applies: {', '.join(absent)}"
    if case.applicant.agent is not None and case.document(DocType.AGENT_POA) is None:
        yield "the agent shows no notarised power of attorney"
    if any(owner.deceased for owner in collateral.owners) and not case.document(DocType.HEIR_PROOF):
        yield "an owner has died and no heir is proven"
    if any(owner.minor for owner in collateral.owners) and not case.document(
        DocType.GUARDIAN_PROOF
    ):
        yield "an owner is a minor and no guardian is proven"
