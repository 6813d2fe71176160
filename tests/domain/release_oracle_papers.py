"""Kind, documents, applicant and archive of a release, from the sentences alone (4.1, 4.3, 4.4)."""

from domain.deregistration import HandlingMode
from domain.dossiers import DocType
from domain.release_question import Question, Stage
from tests.domain.release_oracle import OVER, Broken, D, K, documents, never_drawn

FORCED = ("COURT_ORDERED", "ENFORCED", "EXTINGUISHED")


def kind_fits(q: Question) -> Broken:
    if q.kind is K.CLAIM_TRANSFER:
        yield "KIND_NOT_SUPPORTED"
    elif q.facts.case is None:
        state, forced = q.facts.collateral.pledge_state.value, q.kind.value in FORCED
        relied_on = state in ("EFFECTIVE", "PARTIALLY_RELEASED", "PROPOSED")
        if q.facts.collateral.open_case_id is not None:
            yield "DRG-R03", "OPEN_REQUEST_EXISTS"
        elif not relied_on and not (forced and state == "IN_ENFORCEMENT"):
            yield "DRG-R03", "STATE_CONFLICT"
    if q.kind is K.PRE_NOTICE_CANCEL:
        rights = 0
        for paper in q.facts.certificates:
            came = paper.custody_state.value != "NOT_RECEIVED"
            mine = paper.catalog.value == "RIGHT_CERT" and came
            if mine and paper.legal_state.value not in OVER:
                rights += 1
                if paper.cert_type.value != "PRE_NOTICE_MORTGAGE":
                    yield "VALUE_INVALID"
        if rights == 0:
            yield "VALUE_INVALID"


def p10(q: Question) -> Broken:
    for code in asked_papers(q):
        if code not in documents(q):
            yield "DOC_MISSING"


def asked_papers(q: Question) -> list[DocType]:
    asked = []
    if q.kind not in {K.ENFORCED, K.EXTINGUISHED}:
        asked += [D.DEREG_APPLICATION, D.OWNER_ID]
    if q.facts.case is not None and q.facts.case.applicant.agent is not None:
        asked += [D.AGENT_POA, D.AGENT_ID]
    if q.facts.case is not None and q.facts.case.override_seizure:
        asked += [D.LEGAL_OPINION]
    for paper in q.facts.certificates:
        if paper.custody_state.value == "LOST":
            asked += [D.LEGAL_OPINION]
    asked += {
        K.PARTIAL_RELEASE: [D.VALUATION_REPORT, D.SUPPLEMENT_AGREEMENT],
        K.SUBSTITUTION: [D.VALUATION_REPORT, D.SUPPLEMENT_AGREEMENT, D.NEW_COLLATERAL_REG],
        K.COURT_ORDERED: [D.COURT_DOC],
        K.ENFORCED: [D.SALE_CONFIRMATION, D.PROCEEDS_ENTRY],
        K.EXTINGUISHED: [D.LOSS_PROOF, D.COMPENSATION_CLAIM],
    }.get(q.kind, [])
    if q.stage is Stage.CLOSE:
        for paper in q.facts.certificates:
            mine = q.facts.case is not None and paper.id in q.facts.case.certificate_ids
            if mine and paper.custody_state.value == "RETURNED_TO_OWNER":
                asked += [D.CERT_RECEIPT]
    if only_delivered(q):
        return asked
    owner_goes = q.mode is HandlingMode.OWNER
    if q.stage is Stage.CLOSE or q.stage is (Stage.VAULT_OUT if owner_goes else Stage.FILE):
        asked += [D.MORTGAGE_CANCEL_CONSENT]
    if q.stage in {Stage.FILE, Stage.CLOSE} and not owner_goes:
        asked += [D.REGISTRY_APPLICATION]
    if q.stage is Stage.CLOSE:
        asked += [D.REGISTRY_RESULT]
    return asked


def only_delivered(q: Question) -> bool:
    """Every right is a receipt, policy or warrant on paper: no registry has heard of it (3.1)."""
    delivered = 0
    for paper in q.facts.certificates:
        if paper.catalog.value != "RIGHT_CERT" or paper.custody_state.value == "REPLACED":
            continue
        kinds = {"DEPOSIT_RECEIPT", "TREASURY_BOND_RECEIPT", "INSURANCE_POLICY_PLEDGE"}
        if paper.cert_type.value not in kinds | {"WAREHOUSE_RECEIPT"}:
            return False
        if paper.carrier.value != "PAPER":
            return False
        delivered += 1
    return delivered > 0


def p11(q: Question) -> Broken:
    case = q.facts.case
    if case is None or (not case.applicant.owners and case.applicant.agent is None):
        yield "APPLICANT_NOT_ENTITLED"
        return
    if case.applicant.agent is not None and D.AGENT_POA not in documents(q):
        yield "APPLICANT_NOT_ENTITLED"
    dead = [owner.party for owner in q.facts.collateral.owners if owner.deceased]
    theirs = [*case.applicant.owners]
    if case.applicant.agent is not None and D.AGENT_POA in documents(q):
        theirs += case.applicant.represented
    if dead and all(party in dead for party in theirs):
        yield "APPLICANT_NOT_ENTITLED"  # the dead apply for nothing
    for owner in q.facts.collateral.owners:
        if owner.deceased and D.HEIR_PROOF not in documents(q):
            yield "APPLICANT_NOT_ENTITLED"
        if owner.minor and D.GUARDIAN_PROOF not in documents(q):
            yield "APPLICANT_NOT_ENTITLED"
        by_agent = D.AGENT_POA in documents(q) and owner.party in case.applicant.represented
        by_agent = by_agent and case.applicant.agent is not None
        if not owner.deceased and owner.party not in case.applicant.owners and not by_agent:
            yield "APPLICANT_NOT_ENTITLED"


def p13(q: Question) -> Broken:
    for dossier in q.facts.unfiled:
        loan = q.facts.loans.get(dossier.loan_no)
        if loan is not None and never_drawn(loan):
            continue  # what was never lent is never settled
        for _ in dossier.codes:
            yield "ARCHIVE_INCOMPLETE"
