"""Labels through HTTP, and what a scanned code leads to."""

import httpx2
import pytest

from domain.codes import grouped
from papers.labels import MAX_LABELS
from tests.client import Bank, Story
from tests.papers.reading import codes, sizes, text

LOOKUP = """
query($code: String!) { lookup(code: $code) { __typename id
  ... on TitleCertificate { certNo place { slot } }
  ... on SealedPacket { packetNo certificates { id } }
  ... on Slot { slot } } }
"""


@pytest.fixture(scope="module")
def story(bank: Bank) -> Story:
    return bank.vaulted()


def printed(bank: Bank, login: str, path: str, **given) -> httpx2.Response:
    headers = {"authorization": f"Bearer {bank.token(login)}"}
    return bank.http.get(f"/labels/{path}", params=given, headers=headers)


def looked_up(bank: Bank, login: str, code: str):
    return bank.query(login, LOOKUP, code=code)["lookup"]


def test_a_certificates_label_scans_and_leads_back_to_it(bank: Bank, story):
    code = bank.certificate(story, "code")["code"]
    sheet = printed(bank, "keeper-1", "certificates", id=story.certificate_id)
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "application/pdf")
    assert sizes(sheet.content) == [(210.0, 297.0)]
    assert codes(sheet.content) == [code]
    told = text(sheet.content)
    for part in (story.cert_no, f"P{story.n:05}", f"V1/A/{story.n:03}", grouped(code)):
        assert part in told
    assert "某银行" not in told  # whose right it is concerns nobody who carries it
    assert looked_up(bank, "keeper-1", grouped(code).lower()) == {
        "__typename": "TitleCertificate",
        "id": story.certificate_id,
        "certNo": story.cert_no,
        "place": {"slot": f"{story.n:03}"},
    }


def test_a_packets_label_leads_to_what_is_inside(bank: Bank, story):
    sheet = printed(bank, "handler-1", "packets", no=f"P{story.n:05}")
    found = looked_up(bank, "handler-1", codes(sheet.content)[0])
    assert (found["__typename"], found["packetNo"]) == ("SealedPacket", f"P{story.n:05}")
    assert found["certificates"] == [{"id": story.certificate_id}]


def test_slots_of_a_cabinet_are_printed_in_their_order(bank: Bank):
    given = {"vault": "V1", "cabinet": "B", "from": "010", "to": "012"}
    sheet = printed(bank, "keeper-1", "slots", **given)
    found = [looked_up(bank, "keeper-1", code)["slot"] for code in codes(sheet.content)]
    assert found == ["010", "011", "012"]


def test_several_labels_come_in_the_order_asked_for(bank: Bank, story):
    other = bank.vaulted()
    numbers = [f"P{other.n:05}", f"P{story.n:05}"]
    sheet = printed(bank, "keeper-1", "packets", no=numbers, skip=22)
    assert len(sizes(sheet.content)) == 1
    told = text(sheet.content)
    assert told.index(numbers[0]) < told.index(numbers[1])


@pytest.mark.parametrize(
    ("login", "path", "given", "status"),
    [
        ("keeper-1", "certificates", {"id": "cert_01M893P7Z977ZCNJ0ARVKPX84D"}, 404),
        ("keeper-1", "packets", {"no": "P-NONE"}, 404),
        ("keeper-1", "slots", {"vault": "V-NONE"}, 404),
        ("keeper-1", "drawers", {"id": "x"}, 404),
        ("rm-1", "slots", {"vault": "V1", "cabinet": "A", "to": "010"}, 404),  # of the centre
        ("auditor", "slots", {"vault": "V1", "cabinet": "A", "to": "010"}, 403),
        ("keeper-1", "certificates", {}, 400),
        ("keeper-1", "certificates", {"id": "x" * 101}, 400),
        ("keeper-1", "certificates", {"id": [f"c{n}" for n in range(MAX_LABELS + 1)]}, 400),
        ("keeper-1", "slots", {"cabinet": "A"}, 400),
        ("keeper-1", "slots", {"vault": "V1"}, 400),  # more than ten sheets
        ("keeper-1", "slots", {"vault": "V1", "cabinet": "A", "to": "010", "skip": "24"}, 400),
        ("keeper-1", "slots", {"vault": "V1", "cabinet": "A", "to": "010", "skip": "x"}, 400),
    ],
)
def test_what_is_not_printed(bank: Bank, login, path, given, status):
    refused = printed(bank, login, path, **given)
    assert refused.status_code == status
    assert set(refused.json()["error"]) == {"code", "message"}


def test_out_of_reach_looks_as_absent_does(bank: Bank, story):
    ids = [story.certificate_id, "cert_01M893P7Z977ZCNJ0ARVKPX84D"]
    far = printed(bank, "rm-x", "certificates", id=ids[0])
    absent = printed(bank, "rm-x", "certificates", id=ids[1])
    assert (far.status_code, far.content) == (404, absent.content)
    assert printed(bank, "keeper-1", "certificates", id=ids).status_code == 404
    assert printed(bank, "rm-1", "certificates", id=ids[0]).status_code == 403
    nobody = bank.http.get("/labels/certificates", params={"id": ids[0]})
    assert nobody.status_code == 401
    code = bank.certificate(story, "code")["code"]
    assert looked_up(bank, "rm-x", code) is None
    assert looked_up(bank, "rm-x", story.cert_no) is None


def test_a_number_is_looked_up_however_it_is_written(bank: Bank, story):
    written = story.cert_no.replace("（", " (").replace("）", ") ")
    assert looked_up(bank, "auditor", written)["id"] == story.certificate_id
    assert looked_up(bank, "auditor", "粤（1999）第1号") is None
    assert looked_up(bank, "auditor", "9" * 10_000) is None


def test_a_number_of_two_issuers_picks_neither(bank: Bank):
    number = "DR-0001"
    for issuer in ("甲", "乙"):
        story = bank.mortgage()
        story.certificate_id = bank.expect(story)
        paper = {"certNo": number, "issuer": issuer, "issueDate": "2025-06-01"}
        facts = {"rightHolder": "某银行", "rightAmount": "1.00", "pages": 1}
        given = {"certificateId": story.certificate_id, "paper": paper | facts}
        bank.done("handler-1", "certificateCollect", given)
    answer = bank.ask("auditor", LOOKUP, code=number)
    assert answer["data"] == {"lookup": None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_every_label_that_is_printed_leaves_an_entry_in_the_access_log(bank: Bank, story):
    query = "query($id: ID!) { accessLog(fileVersionId: $id) { user action purpose objectId } }"

    def logged(id: str) -> list[dict[str, str]]:
        return bank.query("auditor", query, id=id)["accessLog"]

    before = logged(story.certificate_id)
    refused = printed(bank, "rm-1", "certificates", id=story.certificate_id)
    assert refused.status_code == 403
    assert logged(story.certificate_id) == before
    other = bank.vaulted().certificate_id
    sheet = printed(bank, "keeper-2", "certificates", id=[story.certificate_id, other])
    assert sheet.status_code == 200
    entry = {"user": "keeper-2", "action": "PRINT_LABEL", "purpose": "2 labels"}
    assert logged(other) == [{**entry, "objectId": other}]
    assert logged(story.certificate_id)[0] == {**entry, "objectId": story.certificate_id}
