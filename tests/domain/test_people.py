"""Who may do what where: jurisdiction, county, grants in force, duties kept apart."""

from datetime import date, timedelta

import pytest

from domain.orgs import OrgLevel, covers, jurisdiction
from domain.people import actor, reduced
from domain.roles import PERMISSIONS as GRANTED
from domain.roles import Operation, Reach, Role
from tests.domain.builders import TODAY, a_grant, a_user, an_actor

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("path", "other", "inside"),
    [
        ("/HO/T1", "/HO/T1", True),
        ("/HO/T1", "/HO/T1/T2", True),
        ("/HO/T1", "/HO/T10", False),
        ("/HO/T1/T2", "/HO/T1", False),
        ("", "/HO", True),
    ],
)
def test_an_organisation_covers_itself_and_what_lies_below(path, other, inside):
    assert covers(path, other) is inside


@pytest.mark.parametrize(
    ("level", "path", "county", "parent_is_county", "reach"),
    [
        (OrgLevel.TIER2_BRANCH, "/HO/T1/T2", False, False, "/HO/T1/T2"),
        (OrgLevel.LOAN_CENTER, "/HO/T1/T2/LC", False, False, "/HO/T1/T2"),
        (OrgLevel.COUNTY_SUBCENTER, "/HO/T1/T2/K/SC", True, True, "/HO/T1/T2/K"),
        (OrgLevel.COUNTY_SUBCENTER, "/HO/T1/T2/SC", True, False, "/HO/T1/T2/SC"),
        (OrgLevel.OPERATING_BRANCH, "/HO/T1/T2/OB", False, False, "/HO/T1/T2/OB"),
        (OrgLevel.HEAD_OFFICE, "/HO", False, False, "/HO"),
    ],
)
def test_a_centre_looks_after_more_than_itself(level, path, county, parent_is_county, reach):
    found = jurisdiction(path, level, county=county, parent_is_county=parent_is_county)
    assert found == reach


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/HO/T1/T2/K/OB", True), ("/HO/T1/T2/M/OB", False), ("/HO/T1/T2/LC", False)],
)
@pytest.mark.parametrize("operation", [Operation.PROCESS_CERTIFICATE, Operation.SUBMIT_CASE])
def test_a_county_registrar_acts_for_the_own_county_only(operation, path, allowed):
    county = jurisdiction(
        "/HO/T1/T2/K/SC", OrgLevel.COUNTY_SUBCENTER, county=True, parent_is_county=True
    )
    registrar = an_actor(
        "r",
        a_grant(
            Role.MORTGAGE_REGISTRAR,
            org_path="/HO/T1/T2/K/SC",
            org_level=OrgLevel.COUNTY_SUBCENTER,
            jurisdiction_path=county,
        ),
    )
    assert registrar.may(operation, path) is allowed


@pytest.mark.parametrize("level", OrgLevel)
@pytest.mark.parametrize(
    ("role", "levels"),
    [
        (Role.RELATIONSHIP_MANAGER, ["OPERATING_BRANCH"]),
        (Role.CERT_HANDLER, ["LOAN_CENTER"]),
        (Role.VAULT_KEEPER, ["LOAN_CENTER", "TIER2_BRANCH", "COUNTY_SUBCENTER"]),
        (Role.VAULT_SUPERVISOR, ["LOAN_CENTER", "TIER2_BRANCH"]),
        (Role.LEGAL_OFFICER, list(OrgLevel)),
        (Role.APPROVER, list(OrgLevel)),
        (Role.AUDITOR, list(OrgLevel)),
    ],
)
def test_a_role_gives_something_at_the_levels_where_it_acts(role, levels, level):
    held = actor(a_user(a_grant(role, org_level=level)), today=TODAY)
    assert held.holds(role) is (level in levels)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "counts"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (TODAY + DAY, None, False),
        (None, TODAY - DAY, False),
        (TODAY - DAY, TODAY + DAY, True),
    ],
)
def test_a_grant_counts_on_both_of_its_days(valid_from, valid_to, counts):
    grant = a_grant(Role.VAULT_KEEPER, valid_from=valid_from, valid_to=valid_to)
    keeper = actor(a_user(grant), today=TODAY)
    assert keeper.holds(Role.VAULT_KEEPER) is counts
    assert keeper.may(Operation.MOVE_VAULT, "/HO/T1/T2/LC-1") is counts


def test_own_and_jurisdiction_reach_differ():
    manager = an_actor("rm", a_grant(Role.RELATIONSHIP_MANAGER))
    handler = an_actor("ch", a_grant(Role.CERT_HANDLER))
    assert not manager.may(Operation.READ, "/HO/T1/T2/OB-1")
    assert handler.may(Operation.READ, "/HO/T1/T2/OB-1")
    assert not handler.may(Operation.READ, "/HO/T1/T3/OB-9")
    assert an_actor("hq", a_grant(Role.HQ_PARAMETER)).paths(Operation.READ) == ("",)


def test_the_grants_that_allow_are_those_whose_role_and_place_fit():
    here = a_grant(Role.APPROVER)
    elsewhere = a_grant(Role.APPROVER, jurisdiction_path="/HO/T1/T3")
    other = a_grant(Role.AUDITOR)
    approver = an_actor("a", here, elsewhere, other)
    assert approver.grants_for(Operation.APPROVE_CASE, "/HO/T1/T2/OB-1") == (here,)


def test_subtrees_inside_others_are_dropped():
    assert reduced(["/HO/T1/T2", "/HO/T1", None, "/HO/T10"]) == ("/HO/T1", "/HO/T10")
    assert reduced(["/HO", ""]) == ("",)


O, J, A = Reach.OWN, Reach.JURISDICTION, Reach.ALL  # noqa: E741 - as the matrix writes them
R = Role
MATRIX = {
    Operation.PROCESS_CERTIFICATE: {R.RELATIONSHIP_MANAGER: O, R.CERT_HANDLER: J},
    Operation.HAND_OVER: {
        R.RELATIONSHIP_MANAGER: O,
        R.CERT_HANDLER: J,
        R.VAULT_KEEPER: J,
        R.VAULT_SUPERVISOR: J,
        R.ARCHIVIST: J,
        R.ARCHIVE_SUPERVISOR: J,
    },
    Operation.PRINT_LABELS: {
        R.CERT_HANDLER: J,
        R.VAULT_KEEPER: J,
        R.VAULT_SUPERVISOR: J,
        R.ARCHIVIST: J,
        R.ARCHIVE_SUPERVISOR: J,
    },
    Operation.MOVE_VAULT: {R.VAULT_KEEPER: J},
    Operation.SUBMIT_CASE: {
        R.RELATIONSHIP_MANAGER: O,
        R.CERT_HANDLER: J,
        R.LEGAL_OFFICER: J,
    },
    Operation.APPROVE_CASE: {R.APPROVER: J, R.RISK_MANAGER: J, R.LEGAL_OFFICER: J},
    Operation.FILE_WITH_REGISTRY: {R.CERT_HANDLER: J},
    Operation.NOTIFY_BY_REGISTRY: {R.INTEGRATION: O},
    Operation.REASSIGN_HANDLER: {R.CERT_HANDLER: J, R.VAULT_SUPERVISOR: J, R.APPROVER: J},
    Operation.REQUEST_CHECK_OUT: {
        R.RELATIONSHIP_MANAGER: O,
        R.CERT_HANDLER: J,
        R.LEGAL_OFFICER: J,
    },
    Operation.APPROVE_CHECK_OUT: {R.VAULT_SUPERVISOR: J, R.LEGAL_OFFICER: J, R.APPROVER: J},
    Operation.COUNT_VAULT: {
        R.VAULT_KEEPER: J,
        R.VAULT_SUPERVISOR: J,
        R.APPROVER: J,
        R.AUDITOR: J,
    },
    Operation.MANAGE_VAULT: {R.VAULT_SUPERVISOR: J},
    Operation.SETTLE_POSTING: {R.VAULT_SUPERVISOR: J},
    Operation.APPROVE_BACKDATE: {R.VAULT_SUPERVISOR: J},
    Operation.CONFIRM_LOSS: {R.APPROVER: J},
    Operation.REISSUE: {R.CERT_HANDLER: J},
    Operation.APPROVE_TRANSFER: {R.APPROVER: J},
    Operation.APPROVE_OWNER_RETURN: {R.APPROVER: J},
    Operation.ACKNOWLEDGE_ALERT: {
        R.RELATIONSHIP_MANAGER: O,
        R.CERT_HANDLER: J,
        R.VAULT_KEEPER: J,
        R.VAULT_SUPERVISOR: J,
        R.BATCH_SUPERVISOR: J,
        R.RISK_MANAGER: J,
        R.LEGAL_OFFICER: J,
        R.APPROVER: J,
    },
    Operation.SUPERVISE_PROCESSING: {
        R.CERT_HANDLER: J,
        R.VAULT_SUPERVISOR: J,
        R.BATCH_SUPERVISOR: J,
        R.APPROVER: J,
        R.AUDITOR: J,
    },
    Operation.RECORD_VALUATION: {
        R.RELATIONSHIP_MANAGER: O,
        R.CERT_HANDLER: J,
        R.BATCH_SUPERVISOR: J,
        R.LEGAL_OFFICER: J,
    },
    Operation.APPROVE_VALUATION: {R.RISK_MANAGER: J},
    Operation.APPROVE_SUPPLEMENT: {R.APPROVER: J},
    Operation.ACCEPT_FILE: {R.ARCHIVIST: J, R.ARCHIVE_SUPERVISOR: J},
    Operation.READ_ACCESS_LOG: {R.AUDITOR: J},
    Operation.IMPORT: {R.CORE_FEED: A},
}


@pytest.mark.parametrize("operation", MATRIX)
def test_the_matrix_grants_an_operation_to_these_roles_alone(operation):
    without_registrar = {
        role: reach
        for role, reach in GRANTED[operation].items()
        if role is not Role.MORTGAGE_REGISTRAR  # as far as the county, tested above
    }
    assert without_registrar == MATRIX[operation]


def test_a_county_is_delegated_three_duties_and_no_more():
    """Obtaining, handing over, deregistering; supervising and valuing stay above (3.2)."""
    duties = {
        Operation.PROCESS_CERTIFICATE,
        Operation.HAND_OVER,
        Operation.SUBMIT_CASE,
        Operation.FILE_WITH_REGISTRY,
        Operation.REASSIGN_HANDLER,
    }
    belonging_to_them = {
        Operation.READ,
        Operation.SEE_AMOUNTS,
        Operation.UPLOAD_FILE,
        Operation.DOWNLOAD_FILE,
        Operation.REQUEST_CHECK_OUT,
        Operation.REISSUE,
        Operation.ACKNOWLEDGE_ALERT,
        Operation.PRINT_LABELS,
        Operation.SUPERVISE_PROCESSING,  # the own county's figures, to look at
    }
    granted = {one for one in Operation if Role.MORTGAGE_REGISTRAR in GRANTED[one]}
    assert granted == duties | belonging_to_them
    assert {GRANTED[one][Role.MORTGAGE_REGISTRAR] for one in granted} == {Reach.JURISDICTION}


def test_an_auditor_changes_nothing():
    seeing = {
        Operation.READ,
        Operation.SEE_AMOUNTS,
        Operation.SEE_PERSONS,
        Operation.DOWNLOAD_FILE,
        Operation.READ_ACCESS_LOG,
        Operation.COUNT_VAULT,  # a surprise count is a finding
        Operation.SUPERVISE_PROCESSING,  # a board to look at
    }
    assert {operation for operation in Operation if Role.AUDITOR in GRANTED[operation]} <= seeing


def test_a_keeper_sees_no_amounts_and_uploads_nothing():
    keeper = an_actor("k", a_grant(Role.VAULT_KEEPER))
    assert keeper.may(Operation.READ, "/HO/T1/T2/OB-1")
    for operation in (Operation.SEE_AMOUNTS, Operation.UPLOAD_FILE, Operation.DOWNLOAD_FILE):
        assert not keeper.may(operation, "/HO/T1/T2/OB-1")


def test_whoever_may_download_sees_amounts_as_far():
    """So a paper or a bundle that tells amounts needs no mask."""
    seeing = GRANTED[Operation.SEE_AMOUNTS]
    assert all(
        seeing.get(role) is reach for role, reach in GRANTED[Operation.DOWNLOAD_FILE].items()
    )


def test_every_operation_has_its_row():
    assert set(GRANTED) == set(Operation)
    assert actor(a_user(), today=date(2025, 1, 1)).paths(Operation.READ) == ()
