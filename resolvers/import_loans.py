"""Kinds of the feed about money (授信、借据): credit contracts and loans, with their dossiers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.certificates import CustodyState, TitleCertificate
from domain.collaterals import (
    Collateral,
    releasing,
)
from domain.custody import Operator
from domain.deregistration import CaseState, DeregistrationCase
from domain.dossiers import Dossier, DossierStatus, checklist, unsealed
from domain.expected_days import loan_dated
from domain.files import ArchiveFile, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import (
    OUT_OF_SCOPE,
    Classification,
    CreditContract,
    Instalment,
    Loan,
    LoanStatus,
    draws,
    is_paid,
)
from domain.orgs import Org
from domain.parties import Customer, Partner
from domain.refusals import Refused, invalid
from domain.registry import MAX_AHEAD
from domain.release_notices import with_notice
from domain.roles import Role
from domain.settlement_proofs import SettlementProof
from resolvers.import_parties import read_orgs
from resolvers.imports import (
    OPEN_STATE_VALUES,
    Kind,
    Known,
    LineStatus,
    upserted,
)
from resolvers.releasing import At
from resolvers.reversals import undo_settlement
from resolvers.settled_signals import (
    read_repayment_signals,
    settled_signals,
    unsettled_signals,
)
from resolvers.settlement_proofs import ProofPapers, keep_void
from schema.imports import (
    CreditContractLine,
    LoanLine,
)
from storage.records import new_id

_WORSE = list(Classification)


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
        approved_level=line.approved_level,
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
    await _read_around(known, _with_news(known, lines))


def _with_news(known: Known, lines: Sequence[LoanLine]) -> list[LoanLine]:
    """Those of loans of which any line tells something new; the others touch nothing."""
    news = {line.loan_no for line in lines if _is_news(known, line)}
    return [line for line in lines if line.loan_no in news]


def _is_news(known: Known, line: LoanLine) -> bool:
    old, org = known.get(Loan, line.loan_no), known.get(Org, line.operating_org)
    if old is None or org is None:
        return old is None
    new = _loan(known, line, old, org)
    return not _came_late(line, old) and replace(new, version=old.version) != old


async def _read_around(known: Known, lines: Sequence[LoanLine]) -> None:
    """What a change of those loans means something to."""
    numbers = [line.loan_no for line in lines]
    await known.read(Dossier, numbers, field_name="loan_no")
    # A release that is closed hears of it too when its settlement is undone.
    states = [*OPEN_STATE_VALUES, CaseState.CLOSED.value]
    await known.read_lists("cases", DeregistrationCase, "loan_nos", numbers, state={"$in": states})
    await _read_proofs(known, numbers)
    await read_repayment_signals(known, numbers)
    contracts = [line.contract for line in lines]
    await known.read_lists("guarantees", GuaranteeContract, "credit_contract_no", contracts)
    await known.read_lists("securing", GuaranteeContract, "secured_loans", numbers)
    tied = [
        link.collateral_no
        for line in lines
        for guarantee in _tying(known, line)
        for link in guarantee.links
    ]
    await known.read(Collateral, tied)
    await known.read_lists(
        "cases_on", DeregistrationCase, "collateral_no", tied, state={"$in": states}
    )
    await _read_awaited(known, lines, tied)


def _tying(known: Known, line: LoanLine) -> list[GuaranteeContract]:
    """The contracts under which a loan is drawn: its credit's, and those that name it."""
    named = known.listed("securing", line.loan_no)
    return [*known.listed("guarantees", line.contract), *named]


def _take_loan(known: Known, line: LoanLine) -> tuple[LineStatus, str]:
    old, org = known.get(Loan, line.loan_no), known.need(Org, line.operating_org, "operating_org")
    known.need(CreditContract, line.contract, "contract")
    known.need(Customer, line.customer, "customer")
    if line.partner is not None:
        known.need(Partner, line.partner, "partner")
    if line.as_of is not None and line.as_of > known.now + MAX_AHEAD:
        # It would silence every true line until then.
        raise Refused(invalid("as_of", "lies in the future"))
    if old is not None and _came_late(line, old):
        return LineStatus.UNCHANGED, old.id
    new = _loan(known, line, old, org)
    if draws(old, new):
        _no_drawdown_while_releasing(known, line)
    status, id = upserted(known, old, new)
    if status is not LineStatus.UNCHANGED:
        _dossier(known, new, old)
        _awaited(known, line)
    if status is LineStatus.UPDATED and is_paid(old) and not is_paid(new):
        _reopen(known, new)
        _undo_settlement(known, new)
        unsettled_signals(known, new)
    if old is not None and is_paid(new) and not is_paid(old):
        settled_signals(known, new)
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
        breach_open=line.breach_open,
        aml_flag=line.aml_flag,
        written_off_once=written_off or (old is not None and old.written_off_once),
        managers=tuple(line.managers),
        org_code=org.code,
        org_path=org.org_path,
        told_at=line.as_of or (old.told_at if old else None),
        as_of=line.as_of or known.now,
    )
    new = with_notice(new, old, policy=known.rules.policy, calendar=known.rules.calendar)
    if (
        old is not None
        and line.as_of is None
        and replace(new, as_of=old.as_of) == replace(old, version=new.version)
    ):
        return replace(new, as_of=old.as_of)  # told again without news
    return new


def _came_late(line: LoanLine, old: Loan) -> bool:
    """Whether the line is of an earlier moment than what the core has told of the loan since."""
    told = line.as_of is not None and old.told_at is not None
    return told and line.as_of < old.told_at  # type: ignore[operator]


def _no_drawdown_while_releasing(known: Known, line: LoanLine) -> None:
    """No new money under a contract whose collateral is being released (DRG-R03)."""
    for guarantee in _tying(known, line):
        for link in guarantee.links:
            collateral = known.get(Collateral, link.collateral_no)
            if collateral is None or collateral.open_case_id is None:
                continue
            if link.active or link.released_by_case == collateral.open_case_id:
                raise Refused(releasing(collateral))


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


async def _read_awaited(known: Known, lines: Sequence[LoanLine], tied: Sequence[str]) -> None:
    """The papers still to be obtained for those loans, with all that tells their days.

    tied: numbers of the collateral of the loans' contracts.
    """
    await known.read_lists(
        "awaited",
        TitleCertificate,
        "collateral_nos",
        tied,
        custody_state=CustodyState.NOT_RECEIVED.value,
    )
    papers = [paper for line in lines for paper in _papers_awaited(known, line)]
    contracts = [no for paper in papers for no in paper.guarantee_contract_nos]
    await known.read(GuaranteeContract, contracts)
    await known.read(Collateral, [no for paper in papers for no in paper.collateral_nos])
    await known.read(Loan, [no for paper in papers for no in _loans_of(known, paper)])


def _papers_awaited(known: Known, line: LoanLine) -> list[TitleCertificate]:
    """Of contracts that secure the loan; others on the same collateral have their own loans."""
    papers = {
        paper.id: paper
        for contract in known.listed("securing", line.loan_no)
        for link in contract.links
        for paper in known.listed("awaited", link.collateral_no)
        if contract.no in paper.guarantee_contract_nos
    }
    return list(papers.values())


def _loans_of(known: Known, paper: TitleCertificate) -> list[str]:
    """Numbers of the loans that a paper's contracts secure."""
    contracts = [known.get(GuaranteeContract, no) for no in paper.guarantee_contract_nos]
    return [no for one in contracts if one is not None for no in one.secured_loans]


def _awaited(known: Known, line: LoanLine) -> None:
    """What is still to be obtained for the loan is due by when its money went out (CUS-27)."""
    rules = known.rules
    for paper in _papers_awaited(known, line):
        loans = [known.get(Loan, no) for no in _loans_of(known, paper)]
        collaterals = [known.get(Collateral, no) for no in paper.collateral_nos]
        after = loan_dated(
            paper,
            [loan for loan in loans if loan is not None],
            [collateral for collateral in collaterals if collateral is not None],
            policy=rules.policy,
            calendar=rules.calendar,
            today=known.today,
        )
        if after != paper:
            known.keep(after)


def _reopen(known: Known, loan: Loan) -> None:
    """The dossier of a loan that owes again is closed no more (4.8)."""
    dossier = known.get(Dossier, loan.loan_no)
    if dossier is not None and dossier.status is DossierStatus.CLOSED:
        known.found[Dossier, loan.loan_no] = known.decision.save(unsealed(dossier))


def settled_after_closing(known: Known, lines: Sequence[Any]) -> list[str]:
    """Numbers of the loans of this batch that are paid and of which a release was closed (4.8)."""
    numbers = dict.fromkeys(line.loan_no for line in lines if isinstance(line, LoanLine))
    return [
        number
        for number in numbers
        if any(case.state is CaseState.CLOSED for case in known.listed("cases", number))
        if (loan := known.get(Loan, number)) is not None and is_paid(loan)
    ]


def _undo_settlement(known: Known, loan: Loan) -> None:
    """A settlement that is reversed stops its releases and voids its proofs (4.9)."""
    feed = Operator(
        login=known.by, role=Role.CORE_FEED, org_code="", at=known.now, request_id="import"
    )
    moment = At(by=feed, now=known.now, today=known.today, rules=known.rules)
    cases = _resting(known, loan)
    for changed in undo_settlement(known.decision, moment, loan, cases):
        known.found[DeregistrationCase, changed.id] = changed
    _void_proofs(known, loan)


def _resting(known: Known, loan: Loan) -> list[DeregistrationCase]:
    """The releases that rest on a loan's settlement, also by a contract they do not name (P03)."""
    cases = {case.id: case for case in known.listed("cases", loan.loan_no)}
    for contract in known.listed("securing", loan.loan_no):
        for link in contract.links:
            for case in known.listed("cases_on", link.collateral_no):
                if link.active or link.released_by_case == case.id:
                    cases[case.id] = case
    return list(cases.values())


async def _read_proofs(known: Known, numbers: Sequence[str]) -> None:
    """The valid proofs of those loans, with their files."""
    await known.read_lists("proofs", SettlementProof, "loan_no", numbers, voided_at=None)
    proofs = [proof for number in numbers for proof in known.listed("proofs", number)]
    file_ids = sorted({proof.file_id for proof in proofs if proof.file_id is not None})
    if file_ids:
        for file in await known.decision.find(ArchiveFile, {"_id": {"$in": file_ids}}):
            known.found[ArchiveFile, file.id] = file
        await known.read_lists("proof_versions", FileVersion, "file_id", file_ids)


def _void_proofs(known: Known, loan: Loan) -> None:
    """Whoever gave them, in a case or outside one (4.9)."""

    def save(entity: Any) -> Any:
        kept = known.keep(entity)
        if isinstance(kept, Dossier):
            known.found[Dossier, kept.loan_no] = kept  # as loans look for it
        return kept

    for proof in known.listed("proofs", loan.loan_no):
        if proof.voided_at is None:
            file = known.get(ArchiveFile, proof.file_id or "")
            versions = known.listed("proof_versions", proof.file_id or "")
            papers = ProofPapers(
                file=file,
                version=versions[0] if versions else None,
                dossier=known.get(Dossier, loan.loan_no),
            )
            keep_void(save, proof, papers, reason="SETTLEMENT_REVERSED", now=known.now)


LOAN_KINDS = {
    "CreditContract": Kind(read=_read_credit, take=_take_credit),
    "Loan": Kind(read=_read_loan, take=_take_loan),
}
