"""What keeps paper out of the vault or in its place; one fact decides each time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.certificates import Carrier, CustodyState, LegalState, Lock, LockKind
from domain.vaulting import (
    VaultInFacts,
    VaultInPlan,
    contract_of,
    evidence_of,
    relocate_refusals,
    vault_in_refusals,
)
from domain.vaults import (
    MAX_NAME_LENGTH,
    PacketStatus,
    VaultStatus,
    occupied,
    resealed,
    reserved,
    unreserved,
    vacated,
)
from tests.domain.builders import NOW, a_case_lock, a_certificate, codes
from tests.domain.vault_builders import a_packet, a_proposal, a_scan, a_slot, a_vault

OWN = Lock(kind=LockKind.VAULT_PROPOSAL, id="proposal-1")
OTHER = Lock(kind=LockKind.VAULT_PROPOSAL, id="proposal-2")
INSIDE = a_certificate(custody_state=CustodyState.IN_VAULT)


def _vault_in(*, certificates=None, scans=None, ids=None, now=NOW, names=None, **facts):
    """Answers to a vault-in of one scanned paper into an empty slot, changed by keyword."""
    papers = (a_certificate(),) if certificates is None else certificates
    plan = VaultInPlan(
        certificate_ids=ids or tuple(paper.id for paper in papers),
        vault="V1",
        cabinet="A-01",
        slot="03",
        **{"packet_no": "P1", "seal_no": "S1"} | (names or {}),
    )
    defaults = {"vault": a_vault(), "slot": a_slot(), "packet": None, "seal_known": False}
    kept = {paper.id: (a_scan(),) for paper in papers} if scans is None else scans
    known = VaultInFacts(certificates=papers, scans=kept, **(defaults | facts))
    return [r for r in vault_in_refusals(plan, known, proposal_id="proposal-1", now=now) if r]


def test_a_scanned_paper_goes_into_a_free_slot():
    assert _vault_in() == []


LONGEST = "x" * MAX_NAME_LENGTH


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ({"packet_no": LONGEST, "seal_no": LONGEST}, None),
        ({"packet_no": LONGEST + "x"}, "packetNo"),
        ({"seal_no": LONGEST + "x"}, "sealNo"),
        ({"packet_no": ""}, "packetNo"),
        ({"seal_no": ""}, "sealNo"),
    ],
)
def test_a_packet_and_its_seal_have_names_that_can_be_counted(names, field):
    found = _vault_in(names=names)
    assert [(r.code, r.field) for r in found] == (
        [] if field is None else [("VALUE_INVALID", field)]
    )


@pytest.mark.parametrize("state", CustodyState)
def test_only_a_received_paper_goes_in(state):
    expected = {
        CustodyState.RECEIVED_PENDING_VAULT: [],
        CustodyState.ELECTRONIC_ON_FILE: ["ELECTRONIC_CERT", "STATE_CONFLICT"],
    }.get(state, ["STATE_CONFLICT"])
    assert codes(_vault_in(certificates=[a_certificate(custody_state=state)])) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"carrier": Carrier.ELECTRONIC}, ["ELECTRONIC_CERT"]),
        ({"legal_state": LegalState.VOID}, ["VALUE_INVALID"]),
        ({"legal_state": LegalState.LAPSED}, []),
        ({"lock": OWN}, []),
        ({"lock": OTHER}, ["OPEN_REQUEST_EXISTS"]),
        ({"lock": Lock(kind=LockKind.CHECK_OUT, id="proposal-1")}, ["OPEN_REQUEST_EXISTS"]),
        ({"lock": a_case_lock()}, []),
    ],
)
def test_the_paper_itself_may_stand_in_the_way(changes, expected):
    assert codes(_vault_in(certificates=[a_certificate(**changes)])) == expected


@pytest.mark.parametrize(
    ("scans", "reason"),
    [
        ((), "no scan has been accepted"),
        ((a_scan(cert_no_norm="OTHER"),), "the accepted scans show another number"),
        ((a_scan(cert_no_norm=None),), "the accepted scans show another number"),
        ((a_scan(intact=False),), "a stored scan is gone or altered"),
        ((a_scan(pages=1),), "1 of 2 pages are scanned"),
        ((a_scan(pages=None),), "0 of 2 pages are scanned"),
        ((a_scan(pages=1), a_scan(pages=1, sha256="1" * 64)), None),
        ((a_scan(pages=1), a_scan(pages=1)), "1 of 2 pages are scanned"),  # the same page twice
        ((a_scan(), a_scan(cert_no_norm="OTHER", intact=False)), None),
        ((a_scan(pages=3),), None),
    ],
)
def test_the_scan_shows_this_number_and_every_page(scans, reason):
    refusals = _vault_in(scans={"cert-1": scans})
    assert codes(refusals) == ([] if reason is None else ["SCAN_MISSING"])
    assert [refusal.detail["reason"] for refusal in refusals] == ([reason] if reason else [])


def test_a_scan_of_another_certificate_does_not_count():
    assert codes(_vault_in(scans={"cert-2": (a_scan(),)})) == ["SCAN_MISSING"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"vault": a_vault(status=VaultStatus.FROZEN_FOR_COUNT)}, ["VAULT_FROZEN"]),
        ({"slot": a_slot(packet_nos=("P2",))}, ["SLOT_OCCUPIED"]),
        ({"slot": a_slot(packet_nos=("P1",))}, []),
        ({"slot": a_slot(closed=True)}, ["VALUE_INVALID"]),
        ({"slot": a_slot(packet_nos=("P2",), capacity=2)}, []),
        ({"slot": a_slot(packet_nos=("P2", "P3"), capacity=2)}, ["SLOT_OCCUPIED"]),
        ({"seal_known": True}, ["SEAL_REUSED"]),
        ({"packet": a_packet()}, []),
        ({"packet": a_packet(guarantee_contract_no="GC2")}, ["VALUE_INVALID"]),
        ({"packet": a_packet(slot="04")}, ["VALUE_INVALID"]),
        ({"packet": a_packet(slot="04", status=PacketStatus.EMPTY, certificate_ids=())}, []),
    ],
)
def test_the_vault_slot_packet_or_seal_may_stand_in_the_way(facts, expected):
    assert codes(_vault_in(**facts)) == expected


def test_a_paper_is_listed_once():
    twice = _vault_in(ids=("cert-1", "cert-1"))
    assert [(r.code, r.rule_id) for r in twice] == [("VALUE_INVALID", "X06")]


@pytest.mark.parametrize(("second", "expected"), [("GC1", []), ("GC2", ["VALUE_INVALID"])])
def test_one_packet_holds_one_guarantee_contract(second, expected):
    papers = [a_certificate(), a_certificate(id="cert-2", guarantee_contract_nos=(second,))]
    assert codes(_vault_in(certificates=papers)) == expected


def test_every_reason_is_told_at_once():
    refusals = _vault_in(
        certificates=[a_certificate(custody_state=CustodyState.LOST, lock=OTHER)],
        scans={},
        vault=a_vault(status=VaultStatus.FROZEN_FOR_COUNT),
        slot=a_slot(packet_nos=("P2",)),
        seal_known=True,
    )
    assert codes(refusals) == [
        "STATE_CONFLICT",
        "OPEN_REQUEST_EXISTS",
        "SCAN_MISSING",
        "VAULT_FROZEN",
        "SLOT_OCCUPIED",
        "SEAL_REUSED",
    ]


MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(("later", "free"), [(-MOMENT, False), (0 * MOMENT, False), (MOMENT, True)])
def test_a_slot_is_kept_as_long_as_its_proposal_may_be_confirmed(later, free):
    proposal = a_proposal(id="proposal-2")
    slot = reserved(a_slot(), proposal_id=proposal.id, until=proposal.expires_at)
    at = proposal.expires_at + later
    assert proposal.is_open(at) is not free
    assert codes(_vault_in(slot=slot, now=at)) == ([] if free else ["SLOT_OCCUPIED"])


def test_a_slot_is_free_for_the_proposal_that_reserved_it_and_again_once_withdrawn():
    until = NOW + timedelta(minutes=30)
    own = reserved(a_slot(), proposal_id="proposal-1", until=until)
    other = reserved(a_slot(), proposal_id="proposal-2", until=until)
    assert _vault_in(slot=own) == []
    assert codes(_vault_in(slot=other)) == ["SLOT_OCCUPIED"]
    assert _vault_in(slot=unreserved(other, "proposal-2")) == []
    assert unreserved(other, "proposal-1") == other


def _relocate(*, certificates=(INSIDE,), vault=None, target=None, **packet):
    return codes(
        relocate_refusals(
            a_packet(**packet),
            certificates,
            vault=vault or a_vault(),
            target=target or a_slot(id="slot-2", slot="04"),
            proposal_id="proposal-1",
            now=NOW,
        )
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"certificates": ()}, ["VALUE_INVALID"]),
        ({"target": a_slot(slot="04", vault="V2")}, ["VALUE_INVALID"]),
        ({"target": a_slot()}, ["VALUE_INVALID"]),
        ({"target": a_slot(slot="04", packet_nos=("P2",))}, ["SLOT_OCCUPIED"]),
        ({"vault": a_vault(status=VaultStatus.FROZEN_FOR_COUNT)}, ["VAULT_FROZEN"]),
        ({"certificates": (replace(INSIDE, lock=OWN),)}, []),
        ({"certificates": (replace(INSIDE, lock=OTHER),)}, ["OPEN_REQUEST_EXISTS"]),
        ({"certificates": (replace(INSIDE, lock=a_case_lock()),)}, ["OPEN_REQUEST_EXISTS"]),
        ({"certificates": (a_certificate(),)}, ["STATE_CONFLICT"]),
    ],
)
def test_a_packet_moves_to_a_free_slot_of_its_vault(changes, expected):
    assert _relocate(**changes) == expected


def test_opening_a_packet_closes_it_under_a_new_seal():
    packet = a_packet(certificate_ids=("cert-1", "cert-2"))
    opened = resealed(
        packet, contents=["cert-2"], seal_no="S2", keepers=("u1", "u2"), reason="X14", now=NOW
    )
    first, second = opened.seal_history
    assert (first.seal_no, first.opened_at, first.opened_by, first.reason) == (
        "S1",
        NOW,
        ("u1", "u2"),
        "X14",
    )
    assert (second.seal_no, second.opened_at) == ("S2", None)
    assert (opened.seal_no, opened.certificate_ids) == ("S2", ("cert-2",))
    assert opened.status is PacketStatus.SEALED


@pytest.mark.parametrize(("contents", "seal_no"), [(["cert-1"], None), ([], "S2")])
def test_a_packet_is_sealed_exactly_while_it_holds_paper(contents, seal_no):
    with pytest.raises(AssertionError):
        resealed(
            a_packet(), contents=contents, seal_no=seal_no, keepers=("u1",), reason="", now=NOW
        )
    emptied = resealed(
        a_packet(), contents=[], seal_no=None, keepers=("u1", "u2"), reason="X14", now=NOW
    )
    assert (emptied.status, emptied.seal_no) == (PacketStatus.EMPTY, None)


def test_a_slot_frees_with_its_packet():
    slot = occupied(reserved(a_slot(), proposal_id="proposal-1", until=NOW), "P1")
    assert (slot.packet_nos, slot.reserved_by, slot.reserved_until) == (("P1",), None, None)
    assert occupied(slot, "P1") == slot
    assert vacated(slot, "P1").packet_nos == ()
    assert vacated(slot, "P2") == slot


def test_a_vault_in_rests_on_the_scans_of_this_number():
    scans = (a_scan(), a_scan(file_version_id="fv-2", cert_no_norm="OTHER"))
    assert [e.file_version_id for e in evidence_of(scans, a_certificate())] == ["fv-1"]
    assert contract_of(a_certificate(guarantee_contract_nos=())) == ""
