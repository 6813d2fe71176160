"""What of the application stands in the way of a release (申请资料): documents, owners, consents.

Source: domain 4.3 (DRG-P10, P11, P13), 4.4, DRG-L05.
"""

from collections.abc import Iterator, Sequence

from domain.certificates import ENDED_RIGHTS, Catalog, CustodyState, TitleCertificate
from domain.collaterals import GONE, RELYING, Collateral, PledgeState
from domain.delivery import by_delivery
from domain.deregistration import DeregistrationCase, DeregKind
from domain.dossiers import DocType, archive_incomplete
from domain.guarantees import GuaranteeKind
from domain.loans import never_drawn
from domain.processing import PRE_NOTICES
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.release_kinds import FORCED, documents_needed
from domain.release_question import Question, Stage


def kind_fits(question: Question) -> Iterator[Refusal]:
    """A transfer of the claim is no release; a pre-notice is cancelled while it is one (4.1).

    While there is no case yet, what keeps one from being opened is told first (DRG-R03).
    """
    transfer = no_release(question.kind)
    if transfer is not None:
        yield transfer
    elif question.facts.case is None:
        unfree = not_free(question.facts.collateral, question.kind)
        if unfree is not None:
            yield unfree
    if question.kind is DeregKind.PRE_NOTICE_CANCEL:
        rights = [
            paper
            for paper in question.facts.certificates
            if paper.catalog is Catalog.RIGHT_CERT
            and paper.legal_state not in ENDED_RIGHTS
            and paper.custody_state is not CustodyState.NOT_RECEIVED
        ]
        if not rights or any(paper.cert_type not in PRE_NOTICES for paper in rights):
            yield invalid("kind", "no pre-notice alone stands on it", rule_id="DRG-4.1")


def not_free(collateral: Collateral, kind: DeregKind) -> Refusal | None:
    """One open case a collateral, and only while the bank relies on it (DRG-R03).

    What is being enforced is let go only as its sale, a court or its end demands.
    """
    if collateral.open_case_id is not None:
        return Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="DRG-R03",
            detail={
                "subject": f"Collateral {collateral.no}",
                "lock": f"DEREGISTRATION {collateral.open_case_id}",
            },
        )
    enforced = kind in FORCED and collateral.pledge_state is PledgeState.IN_ENFORCEMENT
    if collateral.pledge_state in RELYING or enforced:
        return None
    return state_conflict(
        "DRG-R03",
        subject=f"Collateral {collateral.no}",
        state=collateral.pledge_state,
        event="OPEN",
    )


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
    """The documents that the kind needs by this stage are attached, and count (P10)."""
    case = question.facts.shown
    facts = question.facts
    needed = documents_needed(
        question.kind,
        question.stage,
        question.mode,
        agent=case is not None and case.applicant.agent is not None,
        opinion=facts.needs_opinion,
        returned=case is not None and any(given_to_owner(case, p) for p in facts.certificates),
        delivered=by_delivery(facts.certificates),
    )
    refusal = _missing(needed, case)
    if refusal is not None:
        yield refusal


def unfit_to_close(case: DeregistrationCase, papers: Sequence[TitleCertificate]) -> Refusal | None:
    """A case ends with every document of its kind; of its result another rule decides (P10, 4.9).

    papers: its certificates, those at their end included.
    """
    needed = documents_needed(
        case.kind,
        Stage.CLOSE,
        case.handling_mode,
        agent=case.applicant.agent is not None,
        opinion=case.override_seizure,
        returned=any(given_to_owner(case, paper) for paper in papers),
        delivered=case.by_delivery,
    )
    return _missing([code for code in needed if code is not DocType.REGISTRY_RESULT], case)


def given_to_owner(case: DeregistrationCase, paper: TitleCertificate) -> bool:
    """Whether a paper of the case went to its owner, who signed for it (X17)."""
    return (
        paper.id in case.certificate_ids and paper.custody_state is CustodyState.RETURNED_TO_OWNER
    )


def applicant_entitled(question: Question) -> Iterator[Refusal]:
    """Every registered owner applies, himself or by whoever may speak for him (P11).

    An agent speaks for those whom he is said to represent, once their power of attorney is here.
    For one who has died his heirs do, under their own numbers and with their proof; he applies no
    more, nor does his agent for him.
    """
    refusal = not_entitled(question.facts.collateral, question.facts.shown)
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
    for lacking in question.facts.unfiled:
        loan = question.facts.loans.get(lacking.loan_no)
        if loan is not None and never_drawn(loan):
            continue
        refusal = archive_incomplete(lacking)
        if refusal is not None:
            yield refusal


def consents_given(question: Question) -> Iterator[Refusal]:
    """Whoever a change burdens agrees in writing: guarantors, other mortgagees (L05, 409, 435)."""
    case = question.facts.shown
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


def _missing(needed: Sequence[DocType], case: DeregistrationCase | None) -> Refusal | None:
    missing = [code for code in needed if case is None or case.document(code) is None]
    if not missing:
        return None
    return Refusal(
        code=RefusalCode.DOC_MISSING,
        rule_id="DRG-P10",
        detail={"documents": ", ".join(missing)},
    )


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
    power = case.applicant.agent is not None and case.document(DocType.AGENT_POA) is not None
    named = set(case.applicant.owners).union(case.applicant.represented if power else ())
    dead = {owner.party for owner in collateral.owners if owner.deceased}
    absent = [
        owner.party
        for owner in collateral.owners
        if not owner.deceased and owner.party not in named
    ]
    if not case.applicant.owners and case.applicant.agent is None:
        yield "nobody has applied yet"
    elif dead and not named - dead:
        yield f"no heir applies for {', '.join(sorted(dead))}, who has died"
    if absent:
        yield f"not every registered owner applies: {', '.join(absent)}"
    if case.applicant.agent is not None and case.document(DocType.AGENT_POA) is None:
        yield "the agent shows no notarised power of attorney"
    if dead and not case.document(DocType.HEIR_PROOF):
        yield "an owner has died and no heir is proven"
    if any(owner.minor for owner in collateral.owners) and not case.document(
        DocType.GUARDIAN_PROOF
    ):
        yield "an owner is a minor and no guardian is proven"
