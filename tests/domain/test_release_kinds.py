"""Each kind of release asks what the table says, by its own sentence, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.certificates import CertType, CustodyState, LegalState
from domain.collaterals import CollateralKind, Owner, PledgeState
from domain.deregistration import DeregKind
from domain.dossiers import DocType
from domain.guarantees import GuaranteeKind, GuaranteeLink, Guarantor
from domain.loans import LoanStatus
from domain.preconditions import Remedy
from domain.release import Outcome
from domain.release_question import Rest
from domain.watch import SignalSeverity
from tests.domain.builders import (
    NOW,
    TODAY,
    a_case,
    a_certificate,
    a_collateral,
    a_contract,
    a_credit,
    a_document,
    a_loan,
)
from tests.domain.release_builders import (
    PARTIAL_PAPERS,
    a_hold,
    a_legal_case,
    a_seizure,
    a_signal,
    asked,
    failures,
)

K, D = DeregKind, DocType
LETTERS = {
    K.FULL_SETTLEMENT: "P01 P02 P03 P04 P05 P06 P07 P08 P09 P10 P11 P12 P13 L06",
    K.PARTIAL_RELEASE: "P03 P04 P05 P06 P07 P08 P09 P10 P11 L01 L05 L06 4.6",
    K.SUBSTITUTION: "P03 P04 P05 P06 P07 P08 P09 P10 P11 L01 L04 L05 L06 4.6",
    K.COURT_ORDERED: "P06 P09 P10",
    K.ENFORCED: "P06 P09 P10",
    K.WAIVER: "P03 P04 P05 P06 P07 P08 P09 P10 P11 L05 L06",
    K.NEVER_DISBURSED: "P01 P02 P03 P04 P05 P06 P07 P09 P10 P11 L06",
    K.PRE_NOTICE_CANCEL: "P01 P03 P04 P05 P06 P07 P08 P09 P10 P11 P12 P13",
    K.EXTINGUISHED: "P05 P06 P07 P09 P10",
}
PAPERS = {
    K.PARTIAL_RELEASE: PARTIAL_PAPERS,
    K.SUBSTITUTION: (*PARTIAL_PAPERS, D.NEW_COLLATERAL_REG),
    K.COURT_ORDERED: (D.DEREG_APPLICATION, D.OWNER_ID, D.COURT_DOC),
    K.ENFORCED: (D.SALE_CONFIRMATION, D.PROCEEDS_ENTRY),
    K.EXTINGUISHED: (D.LOSS_PROOF, D.COMPENSATION_CLAIM),
}


def of(kind: DeregKind, *more: DocType, **changes: Any):
    """A case of that kind with its documents."""
    given = PAPERS.get(kind, (D.DEREG_APPLICATION, D.OWNER_ID))
    return a_case(*given, *more, kind=kind, **changes)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_kind_asks_what_the_table_says(kind):
    evaluation = asked(case=of(kind))
    applied = [r.id for r in evaluation.results if r.outcome is not Outcome.NOT_APPLICABLE]
    asked_for = {f"DRG-{name}" for name in LETTERS[kind].split()}
    assert set(applied) == asked_for | {"DRG-4.1", "DRG-W1", "DRG-W2"}


def test_a_transfer_of_the_claim_is_no_release():
    assert failures(case=a_case(kind=K.CLAIM_TRANSFER)) == {"DRG-4.1": ["KIND_NOT_SUPPORTED"]}


@pytest.mark.parametrize("kind", PAPERS)
def test_a_kind_needs_its_own_documents(kind):
    for missing in PAPERS[kind]:
        given = [code for code in PAPERS[kind] if code is not missing]
        case = a_case(D.OTHER, *given, kind=kind)
        [answer] = [r for r in asked(case=case).results if r.id == "DRG-P10"]
        assert answer.refusals[0].detail["documents"] == missing


EVERYTHING_WRONG = {
    "loans": {"L1": a_loan(balance=1, settled_on=None, encumbered_by=None)},
    "collateral": a_collateral(seizures=(a_seizure(),), title_searches=()),
    "holds": (a_hold(),),
    "legal_cases": (a_legal_case(),),
    "signals": (a_signal(severity=SignalSeverity.RED),),
}


@pytest.mark.parametrize(
    ("kind", "failing"),
    [
        (K.COURT_ORDERED, set()),
        (K.ENFORCED, set()),
        (K.EXTINGUISHED, {"DRG-P05", "DRG-P07"}),
        (K.WAIVER, {"DRG-P04", "DRG-P05", "DRG-P07"}),
    ],
)
def test_debt_courts_and_signals_stop_only_the_kinds_they_concern(kind, failing):
    assert set(failures(case=of(kind), **EVERYTHING_WRONG)) == failing


UNDRAWN = {"disbursed_on": None, "settled_on": None, "settlement_channel": None}
CANCELLED = a_loan(status=LoanStatus.CANCELLED, **UNDRAWN)


@pytest.mark.parametrize(
    ("loan", "credit", "codes"),
    [
        (CANCELLED, {}, {}),
        (replace(CANCELLED, status=LoanStatus.APPROVED), {"terminated_at": NOW}, {}),
        (
            replace(CANCELLED, status=LoanStatus.APPROVED),
            {"terminated_at": NOW + timedelta(days=1)},
            {"DRG-P02": ["MAXAMOUNT_UNDETERMINED"]},
        ),
        (
            replace(CANCELLED, status=LoanStatus.APPROVED),
            {},
            {"DRG-P02": ["MAXAMOUNT_UNDETERMINED"]},
        ),
        (CANCELLED, {"available": 1}, {"DRG-P02": ["MAXAMOUNT_UNDETERMINED"]}),
        (CANCELLED, {"contingent": 1}, {"DRG-P02": ["MAXAMOUNT_UNDETERMINED"]}),
        (replace(CANCELLED, disbursed_on=TODAY), {}, {"DRG-P01": ["NOT_SETTLED"]}),
        (replace(CANCELLED, fees_due=1), {}, {"DRG-P01": ["NOT_SETTLED"]}),
        (replace(CANCELLED, settled_on=TODAY), {}, {"DRG-P01": ["NOT_SETTLED"]}),
    ],
)
def test_never_disbursed_means_nothing_ever_drawn_and_the_credit_cancelled(loan, credit, codes):
    found = failures(
        case=of(K.NEVER_DISBURSED),
        loans={"L1": loan},
        credit_contracts={"CC1": a_credit(**credit)},
    )
    assert found == codes


NOTICE = a_certificate(cert_type=CertType.PRE_NOTICE_MORTGAGE, custody_state=CustodyState.IN_VAULT)


@pytest.mark.parametrize(
    ("papers", "loan", "codes"),
    [
        ((NOTICE,), a_loan(), {}),
        ((NOTICE,), CANCELLED, {}),
        ((NOTICE,), replace(CANCELLED, status=LoanStatus.APPROVED), {}),
        (
            (NOTICE,),
            a_loan(balance=1, status=LoanStatus.ACTIVE),
            {"DRG-P01": ["NOT_SETTLED"]},
        ),
        ((replace(NOTICE, cert_type=CertType.MORTGAGE_REG_PROOF),), a_loan(), {"DRG-4.1": 1}),
        ((replace(NOTICE, legal_state=LegalState.LAPSED),), a_loan(), {"DRG-4.1": 1}),
        ((), a_loan(), {"DRG-4.1": 1}),
    ],
)
def test_a_pre_notice_is_cancelled_while_it_is_one(papers, loan, codes):
    found = failures(case=of(K.PRE_NOTICE_CANCEL), certificates=papers, loans={"L1": loan})
    assert set(found) == set(codes)


@pytest.mark.parametrize("kind", [K.PARTIAL_RELEASE, K.SUBSTITUTION])
def test_where_debt_stays_no_other_contract_may_tie_what_leaves(kind):
    tie = GuaranteeLink(collateral_no="COL1", rank=2)
    other = a_contract("L2", id="contract-2", no="GC2", links=(tie,))
    paid = a_loan(id="loan-2", loan_no="L2")
    facts = {"contracts": (a_contract(), other), "loans": {"L1": a_loan(), "L2": paid}}
    assert "DRG-P03" not in failures(case=of(K.WAIVER), **facts)
    assert failures(case=of(kind), **facts)["DRG-P03"] == ["OTHER_OBLIGATION"]


def _beside(kind: DeregKind, *items, owners=("C1",), contracts=(), papers=(), **case: Any):
    """The failures where those items and contracts stand beside what leaves."""
    links = tuple(GuaranteeLink(collateral_no=no) for no in ("COL1", *(i.no for i in items)))
    given = a_contract(links=links)
    rest = Rest(
        collaterals={item.no: item for item in items},
        contracts=(given, *contracts),
        certificates=papers,
    )
    return failures(
        case=of(kind, **case),
        collateral=a_collateral(owners=tuple(Owner(party=p) for p in owners)),
        contracts=(given,),
        rest=rest,
        replacing=case.get("new_collateral_nos", ()),
    )


def _item(no: str = "COL2", **changes: Any):
    facts = {"id": f"collateral-{no}", "no": no, "latest_value": 10**9, "latest_value_on": TODAY}
    return a_collateral(**facts | changes)


LAND = {"kind": CollateralKind.LAND, "moves_with": "COL1"}


@pytest.mark.parametrize("kind", [K.PARTIAL_RELEASE, K.SUBSTITUTION, K.WAIVER])
@pytest.mark.parametrize(
    ("facts", "split"),
    [
        (LAND, True),
        (LAND | {"open_case_id": "case-2"}, False),
        (LAND | {"pledge_state": PledgeState.RELEASED}, False),
        ({"kind": CollateralKind.LAND}, False),
    ],
)
def test_a_house_does_not_leave_its_land_behind(kind, facts, split):
    found = _beside(kind, _item(**facts))
    assert ("DRG-L06" in found) is split
    if split:
        assert found["DRG-L06"] == ["LAND_HOUSE_SPLIT"]


SURETY = a_contract(
    id="contract-3",
    no="GC3",
    kind=GuaranteeKind.SURETY,
    links=(),
    guarantors=(Guarantor(party="G1", third_party=True),),
)


@pytest.mark.parametrize("kind", [K.PARTIAL_RELEASE, K.SUBSTITUTION, K.WAIVER])
@pytest.mark.parametrize(
    ("owners", "items", "contracts", "missing"),
    [
        (("C1",), (), (), False),
        (("C1",), (), (SURETY,), True),
        (("THIRD",), (), (SURETY,), False),
        (("C1", "SPOUSE"), (), (SURETY,), True),
        (("C1",), (_item(owners=(Owner(party="THIRD"),)),), (), True),
        (("C1",), (_item(owners=(Owner(party="C1"), Owner(party="SPOUSE"))),), (), False),
    ],
)
def test_letting_go_the_debtors_own_needs_the_other_guarantors(
    kind, owners, items, contracts, missing
):
    found = _beside(kind, *items, owners=owners, contracts=contracts)
    assert found.get("DRG-L05") == (["CONSENT_MISSING"] if missing else None)


def test_each_guarantor_consents_for_himself():
    def consent(party: str):
        return replace(a_document(D.GUARANTOR_CONSENT), party=party)

    papers = tuple(a_document(code) for code in PARTIAL_PAPERS)
    for given, missing in ((("G1",), None), (("G2",), ["CONSENT_MISSING"])):
        documents = (*papers, *(consent(party) for party in given))
        found = _beside(K.PARTIAL_RELEASE, contracts=(SURETY,), documents=documents)
        assert found.get("DRG-L05") == missing


def test_another_mortgagee_who_is_affected_consents():
    found = _beside(K.PARTIAL_RELEASE, affected_mortgagees=("BANK-2",))
    assert found["DRG-L05"] == ["CONSENT_MISSING"]


KEPT = a_certificate(
    id="cert-2", cert_no="new", collateral_nos=("COL2",), custody_state=CustodyState.IN_VAULT
)


@pytest.mark.parametrize(
    ("papers", "kept"),
    [
        ((KEPT,), True),
        ((replace(KEPT, custody_state=CustodyState.ELECTRONIC_ON_FILE),), True),
        ((replace(KEPT, custody_state=CustodyState.WITH_HANDLER),), False),
        ((replace(KEPT, legal_state=LegalState.ACCEPTED),), False),
        ((), False),
    ],
)
def test_a_replacement_is_registered_and_in_custody_first(papers, kept):
    found = _beside(K.SUBSTITUTION, _item(), papers=papers, new_collateral_nos=("COL2",))
    assert found.get("DRG-L04") == (None if kept else ["CERT_NOT_IN_VAULT"])
    assert "DRG-L04" in _beside(K.SUBSTITUTION, _item(), papers=papers)


def test_a_seizure_is_overridden_on_a_legal_opinion_and_a_stale_search_never():
    seized = a_collateral(seizures=(a_seizure(),))
    override = of(K.FULL_SETTLEMENT, override_seizure=True)
    assert failures(collateral=seized, case=of(K.FULL_SETTLEMENT)) == {"DRG-P04": ["SEIZED"]}
    assert failures(collateral=seized, case=override) == {"DRG-P10": ["DOC_MISSING"]}
    ready = of(K.FULL_SETTLEMENT, D.LEGAL_OPINION, override_seizure=True)
    assert failures(collateral=seized, case=ready) == {}
    unsearched = replace(seized, title_searches=())
    assert failures(collateral=unsearched, case=ready) == {"DRG-P04": ["TITLE_SEARCH_STALE"]}


def test_an_answer_names_who_can_mend_it():
    evaluation = asked(
        loans={"L1": a_loan(balance=1)},
        collateral=a_collateral(title_searches=()),
        holds=(a_hold(),),
    )
    fixers = {result.id: result.fixable_by for result in evaluation.results if result.refusals}
    assert fixers == {
        "DRG-P01": (Remedy.BORROWER,),
        "DRG-P04": (Remedy.CERT_HANDLER,),
        "DRG-P05": (Remedy.LEGAL_OFFICER,),
    }
