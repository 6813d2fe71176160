"""Each precondition of a full settlement (解押条件), one question a function.

Source: domain 4.3 (DRG-P01 to P13, W1, W2), 4.4.
"""

from collections.abc import Callable, Iterator
from datetime import date

from domain.certificates import TERMINAL, CustodyState, LockKind, TitleCertificate
from domain.collaterals import Collateral, TitleSearchResult
from domain.deregistration import DeregistrationCase, HandlingMode
from domain.dossiers import DocType, archive_incomplete
from domain.guarantees import GuaranteeContract, GuaranteeMode
from domain.loans import CreditContract, LoanStatus, final_on, is_extinguished, not_settled
from domain.money import yuan
from domain.refusals import Refusal, RefusalCode
from domain.release_question import Question, Stage
from domain.watch import SignalCategory, SignalSeverity

ALWAYS_BLOCKING = frozenset(
    {SignalCategory.FRAUD, SignalCategory.AML, SignalCategory.COLLATERAL_DISPUTE}
)


def documents_needed(stage: Stage, mode: HandlingMode, *, agent: bool) -> tuple[DocType, ...]:
    """Documents a full settlement needs by that stage (4.4).

    What only a later step can bring forth is asked for when that step is taken: the bank's
    consent and the registry's form before filing, the receipt and the result before closing.
    """
    needed = [DocType.DEREG_APPLICATION, DocType.OWNER_ID]
    if agent:
        needed += [DocType.AGENT_POA, DocType.AGENT_ID]
    leaving = Stage.VAULT_OUT if mode is HandlingMode.OWNER else Stage.FILE
    if stage in {leaving, Stage.CLOSE}:
        needed.append(DocType.MORTGAGE_CANCEL_CONSENT)
    if stage in {Stage.FILE, Stage.CLOSE} and mode is not HandlingMode.OWNER:
        needed.append(DocType.REGISTRY_APPLICATION)
    if stage is Stage.CLOSE:
        needed += [DocType.CERT_RECEIPT, DocType.REGISTRY_RESULT]
    return tuple(needed)


def contract_undetermined(
    contract: GuaranteeContract, credit: CreditContract | None, *, today: date
) -> str | None:
    """Why a maximum-amount claim may still grow; None when it cannot (DRG-P02).

    A zero balance alone is not enough. Source: Civil Code art. 423.
    """
    if contract.mode is not GuaranteeMode.MAX_AMOUNT:
        return None
    determined = contract.determined_on is not None and contract.determined_on <= today
    ended = contract.claim_period_to is not None and contract.claim_period_to < today
    terminated = credit is not None and credit.terminated_at is not None
    reasons = []
    if not (determined or ended or terminated):
        reasons.append("the claim is neither determined nor the facility terminated")
    if credit is not None and credit.available:
        reasons.append(f"undrawn {yuan(credit.available)}")
    if credit is not None and credit.contingent:
        reasons.append(f"contingent {yuan(credit.contingent)}")
    return "; ".join(reasons) or None


def _settled(question: Question) -> Iterator[Refusal]:
    for loan in question.secured(question.scope):
        refusal = not_settled(loan)
        if refusal is not None:
            yield refusal


def _determined(question: Question) -> Iterator[Refusal]:
    for contract in question.scope:
        credit = question.facts.credit_contracts.get(contract.credit_contract_no)
        reason = contract_undetermined(contract, credit, today=question.today)
        if reason is not None:
            yield Refusal(
                code=RefusalCode.MAXAMOUNT_UNDETERMINED,
                rule_id="DRG-P02",
                detail={"contract": contract.no, "reason": reason},
            )


def _no_other_obligation(question: Question) -> Iterator[Refusal]:
    for contract in question.others:
        credit = question.facts.credit_contracts.get(contract.credit_contract_no)
        standing = [
            loan.loan_no for loan in question.secured([contract]) if not is_extinguished(loan)
        ]
        growing = contract_undetermined(contract, credit, today=question.today)
        if standing or growing is not None:
            yield Refusal(
                code=RefusalCode.OTHER_OBLIGATION,
                rule_id="DRG-P03",
                detail={"contract": contract.no, "loans": ", ".join(standing) or str(growing)},
            )


def _not_seized(question: Question) -> Iterator[Refusal]:
    collateral, today = question.facts.collateral, question.today
    for seizure in collateral.seizures:
        if seizure.in_force(today):
            yield Refusal(
                code=RefusalCode.SEIZED,
                rule_id="DRG-P04",
                detail={"document": seizure.doc_no, "court": seizure.court},
            )
    search, limit = collateral.latest_search, question.policy.number("dereg.title_search_wd")
    if search is not None and search.result is TitleSearchResult.SEIZED:
        yield Refusal(
            code=RefusalCode.SEIZED,
            rule_id="DRG-P04",
            detail={"document": search.no, "searchedOn": search.searched_on.isoformat()},
        )
    if search is None or question.calendar.wd(search.searched_on, limit) < today:
        yield Refusal(
            code=RefusalCode.TITLE_SEARCH_STALE,
            rule_id="DRG-P04",
            detail={
                "searched_on": "none" if search is None else search.searched_on.isoformat(),
                "limit": str(limit),
            },
        )


def _not_held(question: Question) -> Iterator[Refusal]:
    if question.facts.holds:
        yield Refusal(
            code=RefusalCode.LEGAL_HOLD,
            rule_id="DRG-P05",
            detail={"holds": ", ".join(hold.no for hold in question.facts.holds)},
        )
    pending = [case.no for case in question.facts.legal_cases]
    pending += [
        loan.loan_no
        for loan in question.secured(question.facts.contracts)
        if loan.status is LoanStatus.IN_LITIGATION
    ]
    if pending:
        yield Refusal(
            code=RefusalCode.LITIGATION_OPEN,
            rule_id="DRG-P05",
            detail={"cases": ", ".join(pending)},
        )


def _papers_in_hand(question: Question) -> Iterator[Refusal]:
    case = question.facts.case
    for certificate in question.facts.certificates:
        state = certificate.custody_state
        if state in TERMINAL or _in_hand(certificate, case, question.stage):
            continue
        held = "" if certificate.lock is None else f" (held by {certificate.lock.kind})"
        yield Refusal(
            code=RefusalCode.CERT_NOT_IN_VAULT,
            rule_id="DRG-P06",
            detail={"certificate": certificate.label, "state": f"{state}{held}"},
        )


def _in_hand(certificate: TitleCertificate, case: DeregistrationCase | None, stage: Stage) -> bool:
    lock = certificate.lock
    own = (
        case is not None
        and lock is not None
        and lock.kind is LockKind.DEREGISTRATION
        and lock.id == case.id
    )
    match certificate.custody_state:
        case CustodyState.IN_VAULT:
            return lock is None or own
        case CustodyState.ELECTRONIC_ON_FILE:
            return True
        case CustodyState.OUT_FOR_DEREG:
            return own and stage in {Stage.VAULT_OUT, Stage.FILE, Stage.CLOSE}
        case _:
            return False


def _no_grave_signal(question: Question) -> Iterator[Refusal]:
    grave = [
        signal
        for signal in question.facts.signals
        if signal.severity is SignalSeverity.RED or signal.category in ALWAYS_BLOCKING
    ]
    if grave:
        yield Refusal(
            code=RefusalCode.RISK_SIGNAL_OPEN,
            rule_id="DRG-P07",
            detail={
                "signals": ", ".join(f"{s.no} {s.severity} {s.category}" for s in grave),
            },
        )


def _claim_is_ours(question: Question) -> Iterator[Refusal]:
    for loan in question.secured(question.scope):
        balance = loan.balance + loan.written_off_balance
        if loan.status is LoanStatus.WRITTEN_OFF and balance:
            yield Refusal(
                code=RefusalCode.WRITTEN_OFF_NOT_SETTLED,
                rule_id="DRG-P08",
                detail={"loan": loan.loan_no, "balance": yuan(balance)},
            )
        if loan.status is LoanStatus.ASSIGNED:
            yield Refusal(
                code=RefusalCode.CLAIM_TRANSFERRED,
                rule_id="DRG-P08",
                detail={"loan": loan.loan_no},
            )


def _unencumbered(question: Question) -> Iterator[Refusal]:
    collateral = question.facts.collateral
    encumbered = [(f"Collateral {collateral.no}", collateral.encumbered_by)]
    encumbered += [
        (f"Loan {loan.loan_no}", loan.encumbered_by) for loan in question.secured(question.scope)
    ]
    for subject, by in encumbered:
        if by is not None:
            yield Refusal(
                code=RefusalCode.BANK_ENCUMBERED,
                rule_id="DRG-P09",
                detail={"subject": subject, "by": by},
            )


def _documents_complete(question: Question) -> Iterator[Refusal]:
    case = question.facts.case
    agent = case is not None and case.applicant.agent is not None
    needed = documents_needed(question.stage, question.mode, agent=agent)
    missing = [code for code in needed if case is None or case.document(code) is None]
    if missing:
        yield Refusal(
            code=RefusalCode.DOC_MISSING,
            rule_id="DRG-P10",
            detail={"documents": ", ".join(missing)},
        )


def _applicant_entitled(question: Question) -> Iterator[Refusal]:
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


def _entitlement_gaps(collateral: Collateral, case: DeregistrationCase | None) -> Iterator[str]:
    if case is None:
        yield "nobody has applied yet"
        return
    absent = [
        owner.party for owner in collateral.owners if owner.party not in case.applicant.owners
    ]
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


def _settlement_final(question: Question) -> Iterator[Refusal]:
    for loan in question.secured(question.scope):
        if loan.status is LoanStatus.CANCELLED:
            continue
        day = final_on(loan, policy=question.policy, calendar=question.calendar)
        if day is None or question.today < day:
            yield Refusal(
                code=RefusalCode.SETTLEMENT_NOT_FINAL,
                rule_id="DRG-P12",
                detail={
                    "loan": loan.loan_no,
                    "final_on": "the day it is settled (none is recorded)"
                    if day is None
                    else day.isoformat(),
                },
            )


def _archive_complete(question: Question) -> Iterator[Refusal]:
    for dossier in question.facts.dossiers:
        refusal = archive_incomplete(dossier)
        if refusal is not None:
            yield refusal


def _other_debt(question: Question) -> Iterator[Refusal]:
    if question.facts.other_debts:
        yield Refusal(
            code=RefusalCode.OTHER_DEBT,
            rule_id="DRG-W1",
            detail={"loans": ", ".join(loan.loan_no for loan in question.facts.other_debts)},
        )


def _limitation(question: Question) -> Iterator[Refusal]:
    for loan in question.secured(question.scope):
        expires = loan.limitation_expires_on
        if expires is not None and expires < question.today:
            yield Refusal(
                code=RefusalCode.LIMITATION,
                rule_id="DRG-W2",
                detail={"loan": loan.loan_no, "expired_on": expires.isoformat()},
            )


PRECONDITIONS: tuple[tuple[str, Callable[[Question], Iterator[Refusal]]], ...] = (
    ("DRG-P01", _settled),
    ("DRG-P02", _determined),
    ("DRG-P03", _no_other_obligation),
    ("DRG-P04", _not_seized),
    ("DRG-P05", _not_held),
    ("DRG-P06", _papers_in_hand),
    ("DRG-P07", _no_grave_signal),
    ("DRG-P08", _claim_is_ours),
    ("DRG-P09", _unencumbered),
    ("DRG-P10", _documents_complete),
    ("DRG-P11", _applicant_entitled),
    ("DRG-P12", _settlement_final),
    ("DRG-P13", _archive_complete),
    ("DRG-W1", _other_debt),
    ("DRG-W2", _limitation),
)
