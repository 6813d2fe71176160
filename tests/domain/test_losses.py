"""Lost paper: reported in time, found and matched, given up by the branch, reissued on proof."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.certificates import (
    ENDED_RIGHTS,
    CertType,
    CustodyState,
    Holder,
    LegalState,
    Lock,
    LockKind,
)
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileClass, FileStatus
from domain.losses import (
    found_refusals,
    loss_refusals,
    proof_refusals,
    reissue_refusals,
    report_due,
    report_refusals,
)
from domain.orgs import OrgLevel
from domain.policy import PolicyValue, resolve
from domain.roles import Role
from domain.vaults import PacketStatus, SealUse, VaultStatus, reseal_refusals, without
from domain.watch import Incident, IncidentKind, SignalSeverity, SubjectKind
from tests.domain.builders import (
    CALENDAR,
    NOW,
    PLACE,
    POLICY,
    TODAY,
    a_case_lock,
    a_certificate,
    a_grant,
    a_version,
    codes,
    local,
)
from tests.domain.vault_builders import a_packet, a_scan, a_vault

S = CustodyState
DAY = timedelta(days=1)
LOSABLE = {S.MISSING, S.CHECKED_OUT, S.IN_TRANSIT, S.WITH_HANDLER, S.OUT_FOR_DEREG}


def an_incident(**changes: Any) -> Incident:
    """A paper missed today and reported today by the supervisor."""
    facts: dict[str, Any] = {
        "id": "incident-1",
        "no": "IN1",
        "kind": IncidentKind.MISSING,
        "severity": SignalSeverity.RED,
        "subject_kind": SubjectKind.CERTIFICATE,
        "subject": "cert-1",
        "discovered_at": NOW,
        "reported_at": NOW,
        "reported_by": "supervisor",
    }
    return Incident(**PLACE | facts | changes)


def report(certificate, incident=None, **changes: Any) -> list[str]:
    facts = {"discovered_on": TODAY, "reason": "not in the drawer", "today": TODAY} | changes
    return codes(report_refusals(certificate, incident, **facts))


@pytest.mark.parametrize("state", S)
def test_a_loss_is_reported_where_paper_can_be_lost(state):
    found = report(a_certificate(custody_state=state))
    assert found == ([] if state in LOSABLE else ["STATE_CONFLICT"])


def test_a_report_says_what_happened_and_when_and_is_made_once():
    missing = a_certificate(custody_state=S.MISSING)
    assert report(missing, an_incident(reported_at=None)) == []
    assert report(missing, an_incident()) == ["STATE_CONFLICT"]
    assert report(missing, reason=" ") == ["VALUE_INVALID"]
    assert report(missing, discovered_on=date(2025, 6, 11)) == ["VALUE_INVALID"]
    assert report(missing, discovered_on=date(2025, 5, 1)) == []


@pytest.mark.parametrize(
    ("discovered", "due"),
    [
        ("2025-06-10T10:00", date(2025, 6, 11)),
        ("2025-06-13T23:59", date(2025, 6, 16)),
        ("2025-09-30T09:00", date(2025, 10, 9)),
    ],
)
def test_a_report_is_due_on_the_next_working_day(discovered, due):
    assert report_due(local(discovered), policy=POLICY, calendar=CALENDAR) == due


def found(certificate, *, vault=None, scans=None, **changes: Any) -> list[str]:
    facts = {"cert_no": certificate.cert_no, "pages": 2, "proposal_id": "p1"} | changes
    scans = [a_scan()] if scans is None else scans
    return codes(found_refusals(certificate, vault or a_vault(), scans, **facts))


@pytest.mark.parametrize("state", S)
def test_only_a_missing_paper_is_found(state):
    codes_ = found(a_certificate(custody_state=state))
    assert codes_ == ([] if state is S.MISSING else ["STATE_CONFLICT"])


def test_what_is_found_is_the_paper_that_was_missed():
    missing = a_certificate(custody_state=S.MISSING)
    assert found(missing, cert_no="粤（2024）广州市不动产证明第0000001号") == []
    assert found(missing, cert_no="another") == ["RETURN_MISMATCH"]
    assert found(missing, pages=1) == ["RETURN_MISMATCH"]
    assert found(missing, scans=[]) == ["SCAN_MISSING"]
    assert found(missing, scans=[a_scan(intact=False)]) == ["SCAN_MISSING"]
    frozen = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)
    assert found(missing, vault=frozen) == ["VAULT_FROZEN"]


@pytest.mark.parametrize(("proposal_id", "refused"), [("p1", []), ("p2", ["OPEN_REQUEST_EXISTS"])])
def test_one_proposal_at_a_time_says_that_it_was_found(proposal_id, refused):
    lock = Lock(kind=LockKind.VAULT_PROPOSAL, id="p1")
    missing = a_certificate(custody_state=S.MISSING, lock=lock)
    assert found(missing, proposal_id=proposal_id) == refused


def test_a_deregistration_that_waits_for_a_missing_paper_does_not_keep_it_from_being_found():
    held = a_certificate(custody_state=S.MISSING, lock=a_case_lock())
    assert found(held) == []
    asked_for = Lock(kind=LockKind.CHECK_OUT, id="chko-1")
    assert found(a_certificate(custody_state=S.MISSING, lock=asked_for)) == ["OPEN_REQUEST_EXISTS"]


def lost(certificate=None, incident=None, **changes: Any) -> list[str]:
    facts: dict[str, Any] = {
        "approver": "approver",
        "grants": [a_grant(Role.APPROVER, org_level=OrgLevel.TIER2_BRANCH)],
        "accountability": "keeper-1, warned",
        "late_reason": None,
        "report_due": date(2025, 6, 11),
    }
    given = a_certificate(custody_state=S.MISSING) if certificate is None else certificate
    return codes(loss_refusals(given, incident or an_incident(), **facts | changes))


@pytest.mark.parametrize("state", S)
def test_a_loss_is_confirmed_from_where_paper_can_be_lost(state):
    codes_ = lost(a_certificate(custody_state=state))
    assert codes_ == ([] if state in LOSABLE else ["STATE_CONFLICT"])


@pytest.mark.parametrize("level", OrgLevel)
def test_a_loss_is_confirmed_from_the_second_tier_upwards(level):
    above = level in {OrgLevel.TIER2_BRANCH, OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE}
    grants = [a_grant(Role.APPROVER, org_level=level)]
    assert lost(grants=grants) == ([] if above else ["APPROVAL_LEVEL"])


def test_a_loss_is_reported_by_one_and_confirmed_by_another_who_did_not_hold_it():
    assert lost(incident=an_incident(reported_at=None)) == ["VALUE_INVALID"]
    assert lost(incident=an_incident(reported_by="approver")) == ["SELF_APPROVAL"]
    holder = Holder(login="approver", since=NOW)
    assert lost(a_certificate(custody_state=S.CHECKED_OUT, holder=holder)) == ["SOD_VIOLATION"]
    assert lost(accountability=" ") == ["VALUE_INVALID"]
    given = a_certificate(custody_state=S.MISSING)
    nothing = loss_refusals(
        given, None, approver="a", grants=[], accountability="", late_reason=None, report_due=None
    )
    assert codes(nothing) == ["APPROVAL_LEVEL", "VALUE_INVALID", "VALUE_INVALID"]


@pytest.mark.parametrize(
    ("reported", "late"),
    [("2025-06-11T23:59", False), ("2025-06-12T00:00", True)],
)
def test_a_late_report_counts_once_someone_says_why(reported, late):
    incident = an_incident(reported_at=local(reported))
    assert lost(incident=incident) == (["VALUE_INVALID"] if late else [])
    assert lost(incident=incident, late_reason="the supervisor was on leave") == []


def reissue(state=S.LOST, *, wait: str = "0", paper=(), **changes: Any) -> list[str]:
    key = "reissue.publication_wait_wd"
    value = PolicyValue(key=key, value=wait, effective_from=date(2025, 1, 1))
    facts: dict[str, Any] = {"published_on": TODAY, "acceptance_no": "A1", "discovered_on": None}
    facts |= {"new_no": "粤新"} | changes
    policy = resolve([value], on=TODAY)
    certificate = a_certificate(custody_state=state, **dict(paper))
    return codes(
        reissue_refusals(certificate, policy=policy, calendar=CALENDAR, today=TODAY, **facts)
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"new_no": "粤（1）"}, ["VALUE_INVALID"]),  # the old one's, written otherwise
        ({"discovered_on": TODAY}, []),
        ({"discovered_on": TODAY, "published_on": TODAY - DAY}, ["VALUE_INVALID"]),
    ],
)
def test_a_loss_is_published_once_known_and_the_new_paper_has_its_own_number(changes, expected):
    assert reissue(paper={"cert_no_norm": "粤(1)"}, **changes) == expected


@pytest.mark.parametrize("state", S)
def test_only_a_lost_certificate_is_reissued(state):
    assert reissue(state) == ([] if state is S.LOST else ["STATE_CONFLICT"])


@pytest.mark.parametrize(
    ("wait", "published_on", "allowed"),
    [
        ("0", date(2025, 6, 10), True),
        ("0", date(2025, 6, 11), False),
        ("15", date(2025, 5, 20), True),
        ("15", date(2025, 5, 21), False),
    ],
)
def test_the_publication_waits_as_long_as_the_policy_says(wait, published_on, allowed):
    found_ = reissue(wait=wait, published_on=published_on)
    assert found_ == ([] if allowed else ["VALUE_INVALID"])


@pytest.mark.parametrize("legal_state", LegalState)
def test_the_registry_issues_nothing_anew_of_a_right_that_has_ended(legal_state):
    refused = ["STATE_CONFLICT"] if legal_state in ENDED_RIGHTS else []
    assert reissue(paper={"legal_state": legal_state}) == refused
    title = {"legal_state": legal_state, "cert_type": CertType.REAL_ESTATE_TITLE}
    assert reissue(paper=title) == []


def test_there_is_no_waiting_period_since_2024_and_always_an_acceptance():
    assert POLICY.number("reissue.publication_wait_wd") == 0
    assert reissue(acceptance_no=" ") == ["VALUE_INVALID"]


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"status": FileStatus.READY}, False),
        ({"status": FileStatus.REJECTED}, False),
        ({"doc_type": DocType.OTHER}, False),
        ({"certificate_id": "cert-2"}, False),
        ({"certificate_id": None}, False),
    ],
)
def test_a_step_is_proven_by_an_accepted_file_of_this_certificate(changes, allowed):
    needed = DocType.LOSS_STATEMENT
    named = changes.get("certificate_id", "cert-1")
    given = {"doc_type": needed, "status": FileStatus.ACCEPTED} | changes
    version = a_version(**{k: v for k, v in given.items() if k != "certificate_id"})
    file = ArchiveFile(
        id="file-1",
        dossier_id="dossier-1",
        loan_no="L1",
        doc_type=version.doc_type,
        title="statement",
        file_class=FileClass.B,
        certificate_id=named,
        **PLACE,
    )
    refusals = proof_refusals(
        a_certificate(), version, file, needed=[needed], field="f", rule_id="X23"
    )
    assert codes(refusals) == ([] if allowed else ["DOC_MISSING"])


def test_a_packet_without_a_missing_paper_keeps_its_seal_or_ends_empty():
    two = a_packet(certificate_ids=("cert-1", "cert-2"))
    one = without(two, "cert-1", by=("a", "b"), reason="missing", now=NOW)
    assert (one.certificate_ids, one.seal_no, one.status) == (("cert-2",), "S1", "SEALED")
    assert one.seal_history == two.seal_history
    none = without(one, "cert-2", by=("a", "b"), reason="missing", now=NOW)
    assert (none.certificate_ids, none.seal_no, none.status) == ((), None, PacketStatus.EMPTY)
    assert none.seal_history == (
        SealUse(seal_no="S1", sealed_at=NOW, opened_at=NOW, opened_by=("a", "b"), reason="missing"),
    )


def test_a_new_seal_is_new_for_a_packet_that_holds_paper_and_says_why():
    def asked(packet, vault=None, **changes):
        facts = {"seal_no": "S2", "seal_known": False, "reason": "broken"} | changes
        return codes(reseal_refusals(packet, vault or a_vault(), **facts))

    assert asked(a_packet()) == []
    assert asked(a_packet(), seal_known=True) == ["SEAL_REUSED"]
    assert asked(a_packet(), seal_no="") == ["VALUE_INVALID"]
    assert asked(a_packet(), reason=" ") == ["VALUE_INVALID"]
    assert asked(a_packet(status=PacketStatus.EMPTY)) == ["VALUE_INVALID"]
    frozen = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)
    assert asked(a_packet(), vault=frozen) == ["VAULT_FROZEN"]
