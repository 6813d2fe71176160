"""What is signed into links, without a store to send them to."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from storage.objects import content_disposition
from storage.signing import Signer

SIGNER = Signer(
    access_key="AKIAIOSFODNN7EXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region="us-east-1",
    base_url="https://examplebucket.s3.amazonaws.com",
)
NOW = datetime(2013, 5, 24, tzinfo=UTC)


def a_link(signer=SIGNER, **how):
    return urlsplit(
        signer.sign("GET", "/test.txt", **{"now": NOW, "ttl": timedelta(minutes=5), **how})
    )


def signature(link):
    return parse_qs(link.query)["X-Amz-Signature"]


@pytest.mark.parametrize("seconds", [0, 301])
def test_no_link_lives_longer_than_five_minutes(seconds):
    with pytest.raises(AssertionError):
        a_link(ttl=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("public", "host"),
    [
        ("https://files.bank.example", "files.bank.example"),
        ("https://files.bank.example:443", "files.bank.example"),
        ("http://files.bank.example:9000/", "files.bank.example:9000"),
    ],
)
def test_links_name_the_host_that_clients_reach(public, host):
    assert a_link(replace(SIGNER, base_url=public)).netloc == host


def test_a_path_before_the_bucket_cannot_be_signed():
    with pytest.raises(AssertionError):
        a_link(replace(SIGNER, base_url="https://bank.example/files"))


def test_what_is_signed_is_named_in_the_link():
    digest = hashlib.sha256(b"x").hexdigest()
    said = parse_qs(a_link(headers={"content-length": "1"}, payload=digest).query)
    assert said["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert said["X-Amz-Content-Sha256"] == [digest]
    assert said["X-Amz-Expires"] == ["300"]


@pytest.mark.parametrize(
    "how",
    [
        {"now": NOW + timedelta(seconds=1)},
        {"ttl": timedelta(minutes=4)},
        {"query": {"versionId": "1"}},
        {"headers": {"content-length": "1"}},
        {"payload": "0" * 64},
    ],
)
def test_every_term_changes_the_signature(how):
    assert signature(a_link(**how)) != signature(a_link())


def test_a_secret_is_not_in_what_is_printed():
    assert SIGNER.secret_key not in repr(SIGNER)


@pytest.mark.parametrize(
    ("filename", "plain"),
    [
        ("a.pdf", "a.pdf"),
        ("合同.pdf", "__.pdf"),
        ('../../etc/"pass\r\nwd', "etcpasswd"),
        ("", "file"),
        ("…\x00", "_"),
    ],
)
def test_a_file_name_is_safe_in_a_header(filename, plain):
    header = content_disposition(filename)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
