"""Bundles of evidence: the same bytes again, and not one of them can change unseen."""

import json
import random
import zipfile
from io import BytesIO

import pytest

from domain.certificates import CustodyState
from domain.custody import Movement, moved
from domain.policy import DEFAULTS, version_of
from storage.bundles import MANIFEST, SIGNATURE, bundle, count, flaws
from storage.notary import Notary, is_public_key
from storage.records import plain
from tests.domain.builders import NOW, TODAY, a_certificate
from tests.domain.vault_builders import an_operator

NOTARY = Notary("sixteen-characters-and-more")
KEY = NOTARY.public_key
VALUES = dict(sorted(DEFAULTS.items())[:3])
FLIPS = 1_500


def a_ledger() -> dict:
    """A certificate that was expected and collected, with the events as they are kept."""
    certificate, events = a_certificate(custody_state=CustodyState.NOT_RECEIVED), []
    for movement, to in (
        (Movement.REGISTER_EXPECTED, CustodyState.NOT_RECEIVED),
        (Movement.COLLECT, CustodyState.WITH_HANDLER),
    ):
        certificate, event = moved(
            certificate,
            movement,
            to=to,
            event_id=f"evnt-{len(events)}",
            operators=[an_operator("u1")],
            now=NOW,
            today=TODAY,
        )
        events.append(plain(event))
    state = plain(certificate)
    names = ("id", "custody_state", "legal_state", "event_seq", "event_hash")
    return {"certificate": {name: state[name] for name in names}, "events": events}


def parts(**changes) -> dict:
    settings = [
        {"version": version_of(VALUES), "reproduced": True, "values": VALUES},
        {"version": "000000000000", "reproduced": False, "values": None},
    ]
    told = {
        "case.json": {"id": "case-1", "no": "DR1", "at": NOW},
        "settings.json": settings,
        "custody/cert-1.json": a_ledger(),
    }
    return told | changes


def made(**changes) -> bytes:
    return bundle({"case": {"no": "DR1"}}, parts(**changes), NOTARY)


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(texts: dict[str, bytes]) -> bytes:
    """As anybody would pack it."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return target.getvalue()


def test_a_bundle_is_sound_and_the_same_bytes_again():
    content = made()
    assert list(flaws(content, KEY)) == []
    assert content == made()
    assert count(content) == 3
    manifest = json.loads(opened(content)[MANIFEST])
    assert manifest["case"] == {"no": "DR1"}
    assert [part["name"] for part in manifest["parts"]] == sorted(parts())
    assert manifest["public_key"] == KEY


def test_one_changed_byte_anywhere_is_found():
    content, chance = made(), random.Random(7)
    places = range(len(content))
    for place in sorted(chance.sample(places, min(FLIPS, len(content)))):
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        assert list(flaws(bytes(changed), KEY)), place


@pytest.mark.parametrize("name", [*parts(), MANIFEST, SIGNATURE])
def test_the_part_that_was_changed_is_named(name):
    content = bytearray(made())
    place = content.index(opened(bytes(content))[name]) + 5
    content[place] ^= 1
    assert any(flaw.startswith(name) for flaw in flaws(bytes(content), KEY))


@pytest.mark.parametrize("name", [*parts(), SIGNATURE, MANIFEST])
def test_a_part_that_is_missing_is_named(name):
    texts = opened(made())
    del texts[name]
    assert any(name in flaw for flaw in flaws(packed(texts), KEY))


def test_a_part_that_was_added_is_named():
    texts = opened(made()) | {"extra.json": b"{}"}
    found = list(flaws(packed(texts), KEY))
    assert "extra.json was added." in found
    assert "The container is not as it was made." in found


def test_parts_repacked_with_right_checksums_are_told_by_their_hashes():
    texts = opened(made())
    texts["case.json"] = texts["case.json"].replace(b"DR1", b"DR2")
    assert "case.json was changed." in list(flaws(packed(texts), KEY))


def test_a_bundle_signed_anew_by_another_key_is_told():
    forged = bundle({}, parts(), Notary("another-key-of-some-length"))
    (found,) = flaws(forged, KEY)
    assert "another key signed it" in found


def test_a_signature_is_told_in_one_way_alone():
    texts = opened(made())
    upper = texts | {SIGNATURE: texts[SIGNATURE].upper()}
    assert any(flaw.startswith(MANIFEST) for flaw in flaws(packed(upper), KEY))


def test_what_was_wrong_already_when_it_was_signed_is_told_too():
    told = a_ledger()
    told["events"][1]["reason"] = "x"
    (found,) = flaws(made(**{"custody/cert-1.json": told}), KEY)
    assert found == "custody/cert-1.json: event evnt-1 does not follow."
    short = a_ledger()
    short["events"].pop()
    (found,) = flaws(made(**{"custody/cert-1.json": short}), KEY)
    assert "does not end where the certificate is" in found
    other = [{"version": version_of(VALUES), "reproduced": True, "values": VALUES | {"a": "1"}}]
    (found,) = flaws(made(**{"settings.json": other}), KEY)
    assert "the values of" in found


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.4", b"\0" * 1000])
def test_what_is_no_bundle_is_told_in_one_sentence(content):
    assert list(flaws(content, KEY)) == ["The file is no bundle, or its directory was changed."]


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "ab" * 33, "key"])
def test_a_key_is_64_hexadecimal_digits(text):
    assert not is_public_key(text)
    assert is_public_key(KEY)
