"""The object store seam, spoken to a real store."""

import hashlib
import os
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import anyio
import httpx2
import pytest
from minio import Minio

from storage.errors import Locked, Missing, Unavailable
from storage.objects import Objects
from storage.signing import Signer

pytestmark = pytest.mark.anyio

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
TTL = timedelta(minutes=5)
LIMIT = 20 * 1024 * 1024
CONTENT = b"%PDF-1.4\n% the same bytes every time\n"
TYPES = {
    "certificate-scan.pdf": "application/pdf",
    "contract-1.pdf": "application/pdf",
    "contract-4-pages.pdf": "application/pdf",
    "contract-pdfa.pdf": "application/pdf",
    "photo-gps-1.jpg": "image/jpeg",
    "photo-gps-2.jpg": "image/jpeg",
    "photo-iphone.heic": "image/heic",
    "scan-1.tiff": "image/tiff",
    "scan-2.tiff": "image/tiff",
    "bad-truncated.heic": "image/heic",
}


@pytest.fixture(scope="module")
def bucket():
    return f"test-{secrets.token_hex(8)}"


@pytest.fixture
async def objects(object_server, bucket):
    store = objects_of(object_server, bucket=bucket)
    await store.prepare()
    yield store
    store.close()


@pytest.fixture
async def web():
    async with httpx2.AsyncClient() as client:
        yield client


@pytest.fixture
def key():
    return f"u/{secrets.token_hex(16)}"


def objects_of(server, *, bucket, **changes):
    known = {"endpoint": server.endpoint, "access_key": server.access_key}
    known |= {"secret_key": server.secret_key, "region": "us-east-1", "secure": False}
    return Objects(**{"bucket": bucket, "public_url": None, **known, **changes})


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def a_ticket(objects, key, content=CONTENT):
    return objects.upload_ticket(key, size=len(content), sha256=sha256(content), ttl=TTL)


async def send(web, ticket, content=CONTENT, headers=None):
    sent = {**ticket.headers, **(headers or {})}
    return await web.request(ticket.method, ticket.url, content=content, headers=sent)


async def upload(objects, web, key, content=CONTENT, headers=None):
    answer = await send(web, a_ticket(objects, key, content), content, headers)
    assert answer.status_code == 200, answer.text
    measured = await objects.measure(key, limit=LIMIT)
    assert measured is not None
    return measured


async def whole(objects, key, version_id, *, offset=0, length):
    chunks = objects.read(key, version_id, offset=offset, length=length)
    return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize("name", TYPES)
async def test_a_real_file_is_measured_and_comes_back_byte_for_byte(objects, web, key, name):
    if not SAMPLES.is_dir():
        pytest.skip(f"The sample files are not at {SAMPLES}.")
    content = (SAMPLES / name).read_bytes()
    measured = await upload(objects, web, key, content)

    assert (measured.size, measured.sha256) == (len(content), sha256(content))
    assert measured.mime == TYPES[name]
    assert (measured.unreadable is None) == (not name.startswith("bad-"))
    version = measured.version_id
    assert await objects.digest(key, version) == sha256(content)
    assert await whole(objects, key, version, length=len(content)) == content
    assert await whole(objects, key, version, offset=100, length=1000) == content[100:1100]

    url = objects.download_url(key, version, mime=TYPES[name], filename=f"权证 {name}", ttl=TTL)
    answer = await web.get(url)
    assert answer.content == content
    assert answer.headers["content-type"] == TYPES[name]
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert quote(f"权证 {name}") in answer.headers["content-disposition"]
    part = await web.get(url, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])


@pytest.mark.parametrize(
    "other", [CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"x"], ids=["short", "long", "other"]
)
async def test_a_ticket_takes_exactly_the_announced_bytes(objects, web, key, other):
    ticket = a_ticket(objects, key)
    assert (await send(web, ticket, other)).status_code in {400, 403}
    assert await objects.measure(key, limit=LIMIT) is None
    assert (await send(web, ticket, CONTENT)).status_code == 200


async def test_a_ticket_is_for_one_key(objects, web, key):
    ticket = a_ticket(objects, key)
    moved = replace(ticket, url=ticket.url.replace(key, key + "x"))
    assert (await send(web, moved)).status_code == 403


@pytest.mark.parametrize(("age", "status"), [(-1, 200), (1, 403)])
async def test_a_ticket_ends(object_server, objects, bucket, web, key, age, status):
    server = object_server
    signer = Signer(
        access_key=server.access_key,
        secret_key=server.secret_key,
        region="us-east-1",
        base_url=f"http://{server.endpoint}",
    )
    signed_at = datetime.now(UTC) - TTL - timedelta(minutes=age)
    url = signer.sign("PUT", f"/{bucket}/{key}", now=signed_at, ttl=TTL)
    assert (await web.put(url, content=CONTENT)).status_code == status


async def test_a_second_upload_leaves_the_measured_version_alone(objects, web, key):
    first = await upload(objects, web, key)
    second = await upload(objects, web, key, CONTENT + b"more")
    assert first.version_id != second.version_id
    assert await objects.digest(key, first.version_id) == sha256(CONTENT)
    assert await objects.digest(key, second.version_id) == sha256(CONTENT + b"more")


async def test_what_the_client_says_beside_the_bytes_changes_nothing(objects, web, key):
    lies = {"content-encoding": "gzip", "content-type": "text/html", "cache-control": "public"}
    measured = await upload(objects, web, key, headers=lies)
    assert measured.sha256 == sha256(CONTENT)
    version = measured.version_id
    assert await whole(objects, key, version, length=len(CONTENT)) == CONTENT
    url = objects.download_url(key, version, mime="application/pdf", filename="a.pdf", ttl=TTL)
    answer = await web.get(url)
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_nothing_uploaded_is_nothing_measured(objects, key):
    assert await objects.measure(key, limit=LIMIT) is None


@pytest.mark.parametrize(("spare", "read"), [(-1, False), (0, True)])
async def test_an_object_over_the_limit_is_not_read(objects, web, key, spare, read):
    await upload(objects, web, key)
    measured = await objects.measure(key, limit=len(CONTENT) + spare)
    assert measured.size == len(CONTENT)
    assert (measured.sha256 is not None) == read


async def test_an_absent_version_is_missing(objects, web, key):
    gone = (await upload(objects, web, key)).version_id
    await objects.remove(key, gone)
    assert await objects.digest(key, gone) is None
    with pytest.raises(Missing):
        await whole(objects, key, gone, length=5)
    with pytest.raises(Missing):
        await objects.lock(key, gone)
    await objects.remove(key, gone)


async def test_a_part_beyond_the_end_is_not_silently_shorter(objects, web, key):
    version = (await upload(objects, web, key)).version_id
    assert await whole(objects, key, version, length=0) == b""
    with pytest.raises(Unavailable):
        await whole(objects, key, version, length=len(CONTENT) + 1)


async def test_a_reader_may_leave_early(objects, key, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(content := os.urandom(1024 * 1024))
    version = await objects.put(key, path, mime="application/octet-stream")
    chunks = objects.read(key, version, offset=0, length=len(content))
    first = await anext(chunks)
    await chunks.aclose()
    assert content.startswith(first)


async def test_a_large_file_goes_up_in_parts(objects, key, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(content := os.urandom(20 * 1024 * 1024))
    version = await objects.put(key, path, mime="video/mp4")
    measured = await objects.measure(key, limit=len(content))
    assert (measured.version_id, measured.sha256) == (version, sha256(content))


async def test_retention_is_extended_and_never_shortened(objects, web, key):
    version = (await upload(objects, web, key)).version_id
    soon = datetime.now(UTC) + timedelta(minutes=1)
    later = soon + timedelta(seconds=30)
    for until in (soon, later, soon):
        await objects.retain(key, version, until=until)
    lock = await objects.lock(key, version)
    assert timedelta(0) <= lock.retain_until - later < timedelta(seconds=1)
    for what in (version, None):
        with pytest.raises(Locked):
            await objects.remove(key, what)
    assert await objects.digest(key, version) == sha256(CONTENT)


async def test_a_hold_keeps_until_it_is_lifted(objects, web, key):
    version = (await upload(objects, web, key)).version_id
    assert not (await objects.lock(key, version)).held
    await objects.hold(key, version, on=True)
    assert (await objects.lock(key, version)).held
    with pytest.raises(Locked):
        await objects.remove(key, version)
    await objects.hold(key, version, on=False)
    await objects.remove(key, version)
    assert await objects.digest(key, version) is None


async def test_removing_all_versions_leaves_the_neighbours(objects, web, key):
    first = await upload(objects, web, key)
    second = await upload(objects, web, key)
    neighbour = await upload(objects, web, key + "0")
    await objects.remove(key, None)
    assert await objects.digest(key, first.version_id) is None
    assert await objects.digest(key, second.version_id) is None
    assert await objects.digest(key + "0", neighbour.version_id) == sha256(CONTENT)


async def test_the_sweeper_sees_every_version_of_a_time(objects, web, key):
    versions = {(await upload(objects, web, key)).version_id for _ in range(2)}
    now = datetime.now(UTC)
    before, after = now - timedelta(minutes=5), now + timedelta(minutes=5)
    found = {stored.version_id async for stored in objects.unfinished(prefix=key, before=after)}
    assert found == versions
    assert [stored async for stored in objects.unfinished(prefix=key, before=before)] == []


async def test_the_canary_sings_in_a_locked_bucket_only(object_server, objects):
    server = object_server
    assert await objects.canary()
    assert await objects.canary()
    plain = f"plain-{secrets.token_hex(8)}"
    client = Minio(server.endpoint, server.access_key, server.secret_key, secure=False)
    client.make_bucket(plain)
    unlocked = objects_of(server, bucket=plain)
    await unlocked.prepare()
    assert not await unlocked.canary()
    unlocked.close()


async def test_preparing_is_idempotent_even_at_once(object_server):
    store = objects_of(object_server, bucket=f"test-{secrets.token_hex(8)}")
    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(store.prepare)
    await store.prepare()
    await store.ping()
    store.close()


@pytest.mark.parametrize(
    "change",
    [{"endpoint": "127.0.0.1:9"}, {"secret_key": "not-the-secret-at-all"}, {"bucket": "no-such"}],
    ids=["closed", "secret", "bucket"],
)
async def test_a_store_that_does_not_serve_is_unavailable(object_server, bucket, objects, change):
    away = objects_of(object_server, **{"bucket": bucket, **change})
    with pytest.raises(Unavailable) as raised:
        await away.ping()
    assert raised.value.what == "objects"
    away.close()
