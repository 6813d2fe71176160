"""Registrars of a county (抵押登记岗): their role gives something in a county alone (3.2)."""

import pytest

from domain.people import actor
from domain.roles import Operation, Role
from tests.domain.builders import TODAY, a_grant, a_user

OPERATIONS = (Operation.READ, Operation.SUBMIT_CASE, Operation.FILE_WITH_REGISTRY)


@pytest.mark.parametrize("county", [True, False])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_registrar_outside_a_county_may_do_nothing(operation, county):
    held = a_user(a_grant(Role.MORTGAGE_REGISTRAR, county=county))
    assert actor(held, today=TODAY).may(operation, "/HO/T1/T2/OB-1") is county


@pytest.mark.parametrize("county", [True, False])
def test_other_roles_count_wherever_they_are_held(county):
    held = a_user(a_grant(Role.CERT_HANDLER, county=county), a_grant(Role.MORTGAGE_REGISTRAR))
    handler = actor(held, today=TODAY)
    assert handler.holds(Role.CERT_HANDLER)
    assert handler.may(Operation.SUBMIT_CASE, "/HO/T1/T2/OB-1")
    assert not handler.acts_for_county(Operation.SUBMIT_CASE)
