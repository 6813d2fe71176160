"""Who may be named the handler of a new case: nobody whom a change of the handler would refuse."""

import pytest

from tests.client import CASE, Bank, codes, user_line

ENDED = {"role": "CERT_HANDLER", "valid_from": "2025-01-01", "valid_to": "2025-06-19"}
PEOPLE = (
    user_line("handler-elsewhere", "T2X", ["CERT_HANDLER"], []),
    {**user_line("handler-ended", "LC", [], []), "roles": [ENDED]},
    user_line("handler-keeper", "LC", ["CERT_HANDLER", "VAULT_KEEPER"], ["V1"]),
)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("handler-2", []),
        ("handler-1", []),
        ("handler-elsewhere", ["VALUE_INVALID"]),
        ("handler-ended", ["VALUE_INVALID"]),
        ("nobody", ["VALUE_INVALID"]),
        ("rm-1", ["VALUE_INVALID"]),
        ("handler-keeper", ["SOD_VIOLATION"]),
    ],
)
def test_the_handler_of_a_new_case_handles_certificates_there_today(
    bank: Bank, handler: str, expected: list[str]
):
    bank.load(*(("User", line) for line in PEOPLE))
    story = bank.vaulted()
    given = {
        "collateralId": story.collateral_id,
        "applicant": {"owners": [story.customer_no]},
        "handler": handler,
    }
    answer = bank.do("handler-1", "deregistrationCaseOpen", given, CASE)
    assert codes(answer) == expected
    if not expected:
        story.case_id = answer["case"]["id"]
        assert bank.case(story, "handler") == {"handler": handler}
