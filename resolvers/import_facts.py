"""Kinds of the feed about money and security: contracts, loans, guarantees, collateral, courts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.certificates import TitleCertificate
from domain.collaterals import (
    Collateral,
    Location,
    Owner,
    PledgeState,
    Seizure,
    TitleSearch,
    TitleSearchResult,
    Valuation,
)
from domain.deregistration import (
    BEFORE_REGISTRY,
    CASE_TRANSITIONS,
    CaseStep,
    DeregistrationCase,
    SettlementProof,
    stepped,
)
from domain.dossiers import Dossier, checklist
from domain.guarantees import GuaranteeContract, GuaranteeLink, Guarantor
from domain.loans import (
    OUT_OF_SCOPE,
    Classification,
    CreditContract,
    Instalment,
    Loan,
    LoanStatus,
    is_extinguished,
)
from domain.orgs import Org
from domain.parties import Customer, Partner
from domain.refusals import Refusal, RefusalCode, Refused, invalid
from domain.watch import LegalCase, LegalHold, RiskSignal, SubjectKind
from resolvers.import_parties import read_orgs
from resolvers.imports import (
    OPEN_STATE_VALUES,
    Kind,
    Known,
    LineStatus,
    open_cases,
    upserted,
)
from schema.imports import (
    CollateralLine,
    CreditContractLine,
    GuaranteeContractLine,
    LegalCaseLine,
    LegalHoldLine,
    LoanLine,
    RiskSignalLine,
    SeizureLine,
    TitleSearchLine,
    ValuationLine,
)
from storage.records import new_id

_WORSE = list(Classification)
_ENDED = {PledgeState.RELEASED, PledgeState.DISPOSED, PledgeState.EXTINGUISHED}
MAX_SEARCHES = 200


async def _read_credit(known: Known, lines: Sequence[CreditContractLine]) -> None:
    await known.read(CreditContract, [line.no for line in lines])
    await known.read(Customer, [line.customer for line in lines])
    await read_orgs(known, [line.org for line in lines])


def _take_credit(known: Known, line: CreditContractLine) -> tuple[LineStatus, str]:
    old, org = known.get(CreditContract, line.no), known.need(Org, line.org, "org")
    known.need(Customer, line.customer, "customer")
    new = CreditContract(
        id=old.id if old else new_id(CreditContract),
        no=line.no,
        customer_no=line.customer,
        kind=line.kind,
        limit=line.limit,
        available=line.available,
        contingent=line.contingent,
        period_from=line.period_from,
        period_to=line.period_to,
        terminated_at=line.terminated_at,
        org_code=org.code,
        org_path=org.org_path,
    )
    return upserted(known, old, new)


async def _read_loan(known: Known, lines: Sequence[LoanLine]) -> None:
    numbers = [line.loan_no for line in lines]
    await known.read(Loan, numbers)
    await known.read(CreditContract, [line.contract for line in lines])
    await known.read(Customer, [line.customer for line in lines])
    await known.read(Partner, [line.partner for line in lines if line.partner])
    await read_orgs(known, [line.operating_org for line in lines])
    await known.read(Dossier, numbers, field_name="loan_no")
    await known.read_lists(
        "cases", DeregistrationCase, "loan_nos", numbers, state={"$in": OPEN_STATE_VALUES}
    )
    case_ids = [case.id for number in numbers for case in known.listed("cases", number)]
    await known.read_lists("proofs", SettlementProof, "case_id", case_ids, voided_at=None)
    contracts = [line.contract for line in lines]
    await known.read_lists("guarantees", GuaranteeContract, "credit_contract_no", contracts)
    tied = [
        link.collateral_no
        for contract_no in contracts
        for guarantee in known.listed("guarantees", contract_no)
        for link in guarantee.links
    ]
    await known.read(Collateral, tied)


def _take_loan(known: Known, line: LoanLine) -> tuple[LineStatus, str]:
    old, org = known.get(Loan, line.loan_no), known.need(Org, line.operating_org, "operating_org")
    known.need(CreditContract, line.contract, "contract")
    known.need(Customer, line.customer, "customer")
    if line.partner is not None:
        known.need(Partner, line.partner, "partner")
    _no_drawdown_while_releasing(known, line, old)
    new = _loan(known, line, old, org)
    status, id = upserted(known, old, new)
    if status is not LineStatus.UNCHANGED:
        _dossier(known, new, old)
    if status is LineStatus.UPDATED and not is_extinguished(new) and is_extinguished(old):
        _undo_settlement(known, new)
    return status, id


def _loan(known: Known, line: LoanLine, old: Loan | None, org: Org) -> Loan:
    before = old.worst_classification if old else Classification.NORMAL
    worst = max(before, line.classification, key=_WORSE.index)
    written_off = line.status is LoanStatus.WRITTEN_OFF or bool(line.written_off_balance)
    new = Loan(
        id=old.id if old else new_id(Loan),
        loan_no=line.loan_no,
        contract_no=line.contract,
        customer_no=line.customer,
        partner_no=line.partner,
        product=line.product,
        in_scope=line.product not in OUT_OF_SCOPE,
        status=line.status,
        classification=line.classification,
        worst_classification=worst,
        principal_amount=line.principal_amount,
        balance=line.balance,
        interest_receivable=line.interest_receivable,
        penalty=line.penalty,
        compound_interest=line.compound_interest,
        fees_due=line.fees_due,
        off_balance_interest=line.off_balance_interest,
        written_off_balance=line.written_off_balance,
        suspense_amount=line.suspense_amount,
        currency=line.currency,
        disbursed_on=line.disbursed_at,
        maturity=line.maturity,
        term_months=line.term_months,
        repayment_kind=line.repayment_kind,
        schedule=tuple(Instalment(**instalment.model_dump()) for instalment in line.schedule),
        dpd=line.dpd,
        dpd_as_of=line.dpd_as_of,
        settled_on=line.settled_at,
        settlement_channel=line.settlement_channel,
        settlement_final_on=line.settlement_finality_at,
        disbursement_basis=line.disbursement_basis,
        acceptance_on=line.acceptance_date,
        limitation_expires_on=line.limitation_expires_on,
        encumbered_by=line.encumbered_by,
        aml_flag=line.aml_flag,
        written_off_once=written_off or (old is not None and old.written_off_once),
        managers=tuple(line.managers),
        org_code=org.code,
        org_path=org.org_path,
        as_of=line.as_of or known.now,
    )
    if (
        old is not None
        and line.as_of is None
        and replace(new, as_of=old.as_of) == replace(old, version=new.version)
    ):
        return replace(new, as_of=old.as_of)  # told again without news
    return new


def _no_drawdown_while_releasing(known: Known, line: LoanLine, old: Loan | None) -> None:
    """No new money under a contract whose collateral is being released (DRG-R03)."""
    if old is not None and line.principal_amount <= old.principal_amount and not old.undrawn:
        return
    if line.status in {LoanStatus.SETTLED, LoanStatus.CANCELLED}:
        return
    for guarantee in known.listed("guarantees", line.contract):
        for link in guarantee.links:
            collateral = known.get(Collateral, link.collateral_no)
            if link.active and collateral and collateral.open_case_id is not None:
                raise Refused(_releasing(collateral))


def _dossier(known: Known, loan: Loan, old: Loan | None) -> None:
    """One dossier a loan, made with it; due dates follow the disbursement (ARC-01, ARC-10)."""
    policy, calendar = known.rules.policy, known.rules.calendar
    items = checklist(loan, policy=policy, calendar=calendar)
    dossier = known.get(Dossier, loan.loan_no)
    if dossier is None:
        id = new_id(Dossier)
        known.found[Dossier, loan.loan_no] = known.decision.add(
            Dossier(
                id=id,
                dossier_no=f"DA{id[-16:]}",
                loan_no=loan.loan_no,
                product=loan.product,
                items=items,
                org_code=loan.org_code,
                org_path=loan.org_path,
            )
        )
    elif old is not None and old.disbursed_on != loan.disbursed_on:
        due = {item.code: item.due for item in items}
        moved = tuple(replace(item, due=item.due or due.get(item.code)) for item in dossier.items)
        known.found[Dossier, loan.loan_no] = known.decision.save(replace(dossier, items=moved))


def _undo_settlement(known: Known, loan: Loan) -> None:
    """A settlement that is reversed stops its releases and voids its proofs (4.9)."""
    for case in known.listed("cases", loan.loan_no):
        note = f"settlement of {loan.loan_no} reversed"
        if case.state in BEFORE_REGISTRY and (case.state, CaseStep.BLOCK) in CASE_TRANSITIONS:
            after = stepped(case, CaseStep.BLOCK, by=known.by, now=known.now, note=note)
            after = replace(after, approvals=())
        else:
            after = replace(case, post_close_incident=note)
        known.found[DeregistrationCase, case.id] = known.decision.save(after)
        for proof in known.listed("proofs", case.id):
            known.decision.save(
                replace(proof, voided_at=known.now, void_reason="SETTLEMENT_REVERSED")
            )


async def _read_guarantee(known: Known, lines: Sequence[GuaranteeContractLine]) -> None:
    await known.read(GuaranteeContract, [line.no for line in lines])
    await known.read(CreditContract, [line.credit_contract for line in lines])
    await known.read(Loan, [no for line in lines for no in line.secured_loans])
    await known.read(Collateral, [link.collateral for line in lines for link in line.links])
    await read_orgs(known, [line.org for line in lines])


def _take_guarantee(known: Known, line: GuaranteeContractLine) -> tuple[LineStatus, str]:
    old, org = known.get(GuaranteeContract, line.no), known.need(Org, line.org, "org")
    known.need(CreditContract, line.credit_contract, "credit_contract")
    for number in line.secured_loans:
        known.need(Loan, number, "secured_loans")
    collaterals = [known.need(Collateral, link.collateral, "links") for link in line.links]
    added = set(line.secured_loans) - set(old.secured_loans if old else ())
    for collateral in collaterals:
        if collateral.open_case_id is not None and (old is None or added):
            raise Refused(_releasing(collateral))
    new = GuaranteeContract(
        id=old.id if old else new_id(GuaranteeContract),
        no=line.no,
        credit_contract_no=line.credit_contract,
        kind=line.kind,
        mode=line.mode,
        status=line.status,
        guarantors=tuple(
            Guarantor(party=g.party, third_party=g.own_or_third == "THIRD", joint=g.joint)
            for g in line.guarantors
        ),
        max_claim=line.max_claim,
        registered_max_claim=line.registered_max_claim,
        claim_period_from=line.claim_period_from,
        claim_period_to=line.claim_period_to,
        determined_on=line.determined_at,
        determined_reason=line.determined_reason,
        secured_loans=tuple(dict.fromkeys(line.secured_loans)),
        links=tuple(_link(link, old) for link in line.links),
        org_code=org.code,
        org_path=org.org_path,
    )
    return upserted(known, old, new)


def _link(link: Any, old: GuaranteeContract | None) -> GuaranteeLink:
    """A link; what a release here has untied, the feed does not tie again."""
    known = [k for k in old.links if k.collateral_no == link.collateral] if old else []
    released = known[0].released_by_case if known else None
    return GuaranteeLink(
        collateral_no=link.collateral,
        secured_amount=link.secured_amount,
        rank=link.rank,
        prior_claims=link.prior_claims,
        active=link.active and released is None,
        released_by_case=released,
    )


async def _read_collateral(known: Known, lines: Sequence[CollateralLine]) -> None:
    await known.read(Collateral, [line.no for line in lines])
    await read_orgs(known, [line.org for line in lines])


def _take_collateral(known: Known, line: CollateralLine) -> tuple[LineStatus, str]:
    old, org = known.get(Collateral, line.no), known.need(Org, line.org, "org")
    facts: dict[str, Any] = {
        "kind": line.kind,
        "name": line.name,
        "location": Location(**line.location.model_dump()),
        "owners": tuple(Owner(**owner.model_dump()) for owner in line.owners),
        "area_m2": line.area_m2,
        "unit_no": line.unit_no,
        "convertible_from": line.convertible_from,
        "prior_claims": line.prior_claims,
        "in_dispute": line.in_dispute,
        "encumbered_by": line.encumbered_by,
        "org_code": org.code,
        "org_path": org.org_path,
    }
    if old is not None:
        return upserted(known, old, replace(old, **facts))
    return upserted(known, None, Collateral(id=new_id(Collateral), no=line.no, **facts))


async def _read_of_collateral(known: Known, lines: Sequence[Any]) -> None:
    await known.read(Collateral, [line.collateral for line in lines])


async def _read_valuation(known: Known, lines: Sequence[ValuationLine]) -> None:
    await _read_of_collateral(known, lines)
    await known.read(Valuation, [line.no for line in lines], field_name="no")


def _take_valuation(known: Known, line: ValuationLine) -> tuple[LineStatus, str]:
    collateral = known.need(Collateral, line.collateral, "collateral")
    old = known.get(Valuation, line.no)
    new = Valuation(
        id=old.id if old else new_id(Valuation),
        no=line.no,
        collateral_no=line.collateral,
        value=line.value,
        value_on=line.value_date,
        method=line.method,
        kind=line.kind,
        appraiser=line.appraiser,
        approved_by=line.approved_by,
        org_code=collateral.org_code,
        org_path=collateral.org_path,
    )
    status, id = upserted(known, old, new)
    known.found[Valuation, line.no] = new if old is None else known.get(Valuation, line.no) or new
    newest = collateral.latest_value_on is None or line.value_date >= collateral.latest_value_on
    if status is not LineStatus.UNCHANGED and newest:
        first = line.value if collateral.first_value is None else collateral.first_value
        known.keep(
            replace(
                collateral,
                first_value=first,
                latest_value=line.value,
                latest_value_on=line.value_date,
            )
        )
    return status, id


def _take_seizure(known: Known, line: SeizureLine) -> tuple[LineStatus, str]:
    collateral = known.need(Collateral, line.collateral, "collateral")
    seizure = Seizure(**line.model_dump(exclude={"collateral"}))
    others = tuple(s for s in collateral.seizures if s.doc_no != line.doc_no)
    return _of_collateral(
        known,
        collateral,
        replace(collateral, seizures=(*others, seizure)),
        was_known=len(others) < len(collateral.seizures),
        same=seizure in collateral.seizures,
    )


async def _read_search(known: Known, lines: Sequence[TitleSearchLine]) -> None:
    await _read_of_collateral(known, lines)
    await open_cases(known, [known.get(Collateral, line.collateral) for line in lines])


def _take_search(known: Known, line: TitleSearchLine) -> tuple[LineStatus, str]:
    collateral = known.need(Collateral, line.collateral, "collateral")
    if line.searched_on > known.today:
        raise Refused(invalid("searched_on", "lies in the future", rule_id="DRG-P04"))
    old = next((s for s in collateral.title_searches if s.no == line.no), None)
    search = TitleSearch(
        no=line.no,
        searched_on=line.searched_on,
        result=line.result,
        recorded_at=old.recorded_at if old else known.now,
    )
    others = tuple(s for s in collateral.title_searches if s.no != line.no)
    return _of_collateral(
        known,
        collateral,
        replace(collateral, title_searches=(*others, search)[-MAX_SEARCHES:]),
        was_known=old is not None,
        same=search == old,
    )


def _of_collateral(
    known: Known, old: Collateral, new: Collateral, *, was_known: bool, same: bool
) -> tuple[LineStatus, str]:
    if same:
        return LineStatus.UNCHANGED, old.id
    known.keep(new)
    return LineStatus.UPDATED if was_known else LineStatus.CREATED, old.id


def owner_proofs(known: Known, lines: Sequence[Any]) -> list[tuple[DeregistrationCase, date]]:
    """Owner-handled cases whose cancellation a search of this batch has proven (4.2)."""
    proven = []
    for line in lines:
        if not isinstance(line, TitleSearchLine):
            continue
        collateral = known.get(Collateral, line.collateral)
        case = None
        if collateral is not None and collateral.open_case_id is not None:
            case = known.get(DeregistrationCase, collateral.open_case_id)
        if case is None or not case.proof_pending or case.returned_on is None:
            continue
        if collateral.pledge_state in _ENDED or line.searched_on < case.returned_on:
            continue
        if line.result is TitleSearchResult.CANCELLED:
            proven.append((case, line.searched_on))
    return proven


_SUBJECTS: dict[SubjectKind, tuple[type, str]] = {
    SubjectKind.LOAN: (Loan, "loan_no"),
    SubjectKind.CUSTOMER: (Customer, "no"),
    SubjectKind.COLLATERAL: (Collateral, "no"),
    SubjectKind.DOSSIER: (Dossier, "dossier_no"),
}


async def _read_subjects(known: Known, named: Sequence[tuple[SubjectKind, str]]) -> None:
    """Reads what lines are about, which also fences it against decisions under way."""
    for kind, (cls, name) in _SUBJECTS.items():
        await known.read(cls, [target for k, target in named if k is kind], field_name=name)
    papers = sorted({target for k, target in named if k is SubjectKind.CERTIFICATE})
    if papers:
        query = {"$or": [{"_id": {"$in": papers}}, {"cert_no": {"$in": papers}}]}
        for certificate in await known.decision.find(TitleCertificate, query):
            known.found[TitleCertificate, certificate.id] = certificate
            known.found[TitleCertificate, certificate.cert_no or ""] = certificate


def _subject(known: Known, kind: SubjectKind, target: str, field: str) -> None:
    if kind is SubjectKind.CERTIFICATE:
        known.need(TitleCertificate, target, field)
    elif kind in _SUBJECTS:
        known.need(_SUBJECTS[kind][0], target, field)


async def _read_hold(known: Known, lines: Sequence[LegalHoldLine]) -> None:
    await known.read(LegalHold, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(SubjectKind(line.scope.value), line.target) for line in lines])


def _take_hold(known: Known, line: LegalHoldLine) -> tuple[LineStatus, str]:
    _subject(known, SubjectKind(line.scope.value), line.target, "target")
    return _watched(known, LegalHold, line)


async def _read_signal(known: Known, lines: Sequence[RiskSignalLine]) -> None:
    await known.read(RiskSignal, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(line.subject_kind, line.subject) for line in lines])


async def _read_case(known: Known, lines: Sequence[LegalCaseLine]) -> None:
    await known.read(LegalCase, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(line.subject_kind, line.subject) for line in lines])


def _take_signal(known: Known, line: RiskSignalLine) -> tuple[LineStatus, str]:
    _subject(known, line.subject_kind, line.subject, "subject")
    return _watched(known, RiskSignal, line)


def _take_legal_case(known: Known, line: LegalCaseLine) -> tuple[LineStatus, str]:
    _subject(known, line.subject_kind, line.subject, "subject")
    return _watched(known, LegalCase, line)


def _watched(known: Known, cls: Any, line: Any) -> tuple[LineStatus, str]:
    old, org = known.get(cls, line.no), known.need(Org, line.org, "org")
    new = cls(
        id=old.id if old else new_id(cls),
        org_code=org.code,
        org_path=org.org_path,
        **line.model_dump(exclude={"org"}),
    )
    status, id = upserted(known, old, new)
    known.found[cls, line.no] = new
    return status, id


def _releasing(collateral: Collateral) -> Refusal:
    return Refusal(
        code=RefusalCode.RELEASE_IN_PROGRESS,
        rule_id="DRG-R03",
        detail={"collateral": collateral.no},
    )


FACT_KINDS = {
    "CreditContract": Kind(read=_read_credit, take=_take_credit),
    "Loan": Kind(read=_read_loan, take=_take_loan),
    "GuaranteeContract": Kind(read=_read_guarantee, take=_take_guarantee),
    "Collateral": Kind(read=_read_collateral, take=_take_collateral),
    "Valuation": Kind(read=_read_valuation, take=_take_valuation),
    "Seizure": Kind(read=_read_of_collateral, take=_take_seizure),
    "TitleSearch": Kind(read=_read_search, take=_take_search),
    "LegalHold": Kind(read=_read_hold, take=_take_hold),
    "RiskSignal": Kind(read=_read_signal, take=_take_signal),
    "LegalCase": Kind(read=_read_case, take=_take_legal_case),
}
