"""What files from outside really are, and what is refused before anyone opens it."""

import io
import zipfile
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from storage.contents import Contents, Unreadable, examine
from storage.pdf import count_pages

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
SHANGHAI = ZoneInfo("Asia/Shanghai")
WHOLE = [
    Contents(mime="application/pdf", pages=1),
    Contents(mime="application/pdf", pages=1),
    Contents(mime="application/pdf", pages=4),
    Contents(mime="application/pdf", pages=1),
    Contents(
        mime="image/jpeg",
        pages=1,
        width=640,
        height=480,
        captured_at=datetime(2008, 10, 22, 16, 28, 39, tzinfo=SHANGHAI),
        latitude=Decimal("43.467448"),
        longitude=Decimal("11.885127"),
    ),
    Contents(
        mime="image/heic",
        pages=1,
        width=2566,
        height=3313,
        captured_at=datetime(2021, 4, 11, 15, 47, 53, tzinfo=timezone(timedelta(hours=-5))),
        latitude=Decimal("39.051344"),
        longitude=Decimal("-94.288772"),
    ),
    Contents(mime="image/tiff", pages=1, width=264, height=84),
    Contents(mime="image/tiff", pages=1, width=635, height=348),
]
NAMES = [
    "certificate-scan.pdf",
    "contract-1.pdf",
    "contract-4-pages.pdf",
    "contract-pdfa.pdf",
    "photo-gps-1.jpg",
    "photo-iphone.heic",
    "scan-1.tiff",
    "scan-2.tiff",
]
MP3 = (b"\xff\xfb\x90\x64" + bytes(413)) * 5
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0\0\0\x10mdat12345678"


@pytest.fixture
def seen(tmp_path):
    def look(content):
        path = tmp_path / "upload"
        path.write_bytes(content)
        return examine(path)

    return look


def sample(name):
    if not SAMPLES.is_dir():
        pytest.skip(f"The sample files are not at {SAMPLES}.")
    return (SAMPLES / name).read_bytes()


def a_picture(format="JPEG", *, size=(64, 48), mode="RGB", **how):
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(file, format, **how)
    return file.getvalue()


def a_photo(taken=None, gps=None):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(taken or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    return a_picture(exif=exif)


def a_zip(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def an_ofd(pages=2):
    body = "".join(f'<ofd:Page ID="{n}"/>' for n in range(pages))
    root = "<ofd:OFD><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
    return a_zip({"OFD.xml": root, "Doc_0/Document.xml": f"<ofd:Pages>{body}</ofd:Pages>"})


def a_pdf(*objects, trailer=b"", base=b"%PDF-1.4\n", previous=None):
    """A PDF of these objects, written after `base` as a later save is."""
    text, rows = base, []
    for number, dictionary in objects:
        rows.append(b"%d 1\n%010d 00000 n \n" % (number, len(text)))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, dictionary)
    link = b" /Prev %d" % previous if previous is not None else b""
    start = len(text)
    text += b"xref\n" + b"".join(rows) + b"trailer << /Root 1 0 R%s%s >>\n" % (link, trailer)
    return text + b"startxref\n%d\n%%%%EOF\n" % start, start


CATALOG = (1, b"<< /Type /Catalog /Pages 2 0 R >>")


def a_tree(count):
    return (2, b"<< /Type /Pages /Kids [] /Count %s >>" % count)


@pytest.mark.parametrize(("name", "contents"), list(zip(NAMES, WHOLE, strict=True)), ids=NAMES)
def test_real_files_are_known_for_what_they_are(seen, name, contents):
    assert seen(sample(name)) == contents


def test_a_real_truncated_photo_is_unreadable(seen):
    with pytest.raises(Unreadable) as raised:
        seen(sample("bad-truncated.heic"))
    assert raised.value.mime == "image/heic"


@pytest.mark.parametrize("share", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("name", NAMES)
def test_a_real_file_cut_short_is_unreadable(seen, name, share):
    content = sample(name)
    with pytest.raises(Unreadable):
        seen(content[: int(len(content) * share)])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("cut", [10, 1000])
def test_a_picture_cut_short_is_unreadable(seen, format, cut):
    content = a_picture(format)
    assert seen(content).width == 64
    with pytest.raises(Unreadable):
        seen(content[:-cut])


@pytest.mark.parametrize(
    ("mime", "content"),
    [
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("text/html", b"<!DOCTYPE html><html><script>alert(1)</script></html>"),
        ("text/plain", b"just words"),
        ("application/zip", a_zip({"photo.jpg": "x"})),
        ("application/zip", a_zip({"OFD.xml": "not one"})),
        ("application/zip", a_zip({"folder/OFD.xml": "<ofd:OFD/>"})),
        ("audio/mpeg", MP3),
        ("audio/mpeg", b"ID3\x03" + bytes(6) + MP3),
        ("video/mp4", MP4),
    ],
)
def test_the_type_is_told_by_the_bytes(seen, mime, content):
    assert seen(content) == Contents(mime=mime)


@pytest.mark.parametrize("content", [b"", MP4[:-1], MP4 + b"\0\0\0\x10mdat"])
def test_an_empty_file_and_a_cut_film_are_unreadable(seen, content):
    with pytest.raises(Unreadable):
        seen(content)


def test_an_ofd_is_known_by_its_root_part(seen):
    assert seen(an_ofd(pages=3)) == Contents(mime="application/ofd", pages=3)


def test_an_ofd_part_that_swells_is_unreadable(seen):
    swollen = b"<ofd:OFD/>" + bytes(16 * 1024 * 1024)
    with pytest.raises(Unreadable):
        seen(a_zip({"OFD.xml": swollen}))


def test_the_newest_save_of_a_pdf_counts(seen):
    first, start = a_pdf(CATALOG, a_tree(b"3"))
    second, _ = a_pdf(a_tree(b"2"), base=first, previous=start)
    assert seen(first).pages == 3
    assert seen(second).pages == 2


@pytest.mark.parametrize("count", [b"0", b"7 0 R", b"-1", b"123456789", b"x"])
def test_a_pdf_that_does_not_say_plainly_has_unknown_pages(seen, count):
    content, _ = a_pdf(CATALOG, a_tree(count))
    assert seen(content) == Contents(mime="application/pdf", pages=None)


@given(place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=40))
@settings(max_examples=300, deadline=1000)
def test_no_damage_to_a_pdf_is_more_than_unreadable(place, junk):
    first, start = a_pdf(CATALOG, a_tree(b"3"))
    content, _ = a_pdf(a_tree(b"2"), base=first, previous=start)
    at = int(place * (len(content) - len(junk)))
    with suppress(Unreadable):
        pages = count_pages(content[:at] + junk + content[at + len(junk) :])
        assert pages is None or pages > 0


def test_cross_references_in_a_circle_end(seen):
    first, start = a_pdf(CATALOG, a_tree(b"1"), previous=9)
    loop, _ = a_pdf(CATALOG, a_tree(b"1"), previous=start)
    assert seen(first).pages is None
    assert seen(loop).pages == 1


def test_more_pixels_than_a_camera_has_are_not_decoded(seen):
    with pytest.raises(Unreadable, match="pixels"):
        seen(a_bomb())


def a_bomb():
    file = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(file, "PNG")  # 169 million pixels in few bytes
    return file.getvalue()


def test_every_page_of_a_scan_is_opened(seen):
    page = Image.effect_noise((200, 100), 90).convert("1")
    file = io.BytesIO()
    page.save(file, "TIFF", compression="group4", save_all=True, append_images=[page, page])
    content = file.getvalue()
    assert seen(content) == Contents(mime="image/tiff", pages=3, width=200, height=100)
    with pytest.raises(Unreadable):
        seen(content[:-1000])


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        ("+09:30", timezone(timedelta(hours=9, minutes=30))),
        ("-05:00", timezone(timedelta(hours=-5))),
        ("", SHANGHAI),
        ("later", SHANGHAI),
    ],
)
def test_a_time_without_an_offset_is_local(seen, offset, zone):
    exif = {
        ExifTags.Base.DateTimeOriginal: "2026:02:28 23:59:59",
        ExifTags.Base.OffsetTimeOriginal: offset,
    }
    assert seen(a_photo(exif)).captured_at == datetime(2026, 2, 28, 23, 59, 59, tzinfo=zone)


@pytest.mark.parametrize("text", ["", "    :  :     :  :  ", "0000:00:00 00:00:00", "yesterday"])
def test_a_time_that_is_none_is_unknown(seen, text):
    assert seen(a_photo({ExifTags.Base.DateTimeOriginal: text})).captured_at is None


@pytest.mark.parametrize(
    ("latitude", "north", "longitude", "east", "place"),
    [
        ((31.0, 13.0, 49.5), "N", (121.0, 28.0, 25.0), "E", ("31.230417", "121.473611")),
        ((33.0, 51.5, 0.0), "S", (70.0, 0.0, 0.0), "W", ("-33.858333", "-70.000000")),
        ((91.0, 0.0, 0.0), "N", (121.0, 0.0, 0.0), "E", None),
        ((31.0, 0.0, 0.0), "X", (121.0, 0.0, 0.0), "E", None),
        ((31.0, 0.0, 0.0), "N", (181.0, 0.0, 0.0), "E", None),
    ],
)
def test_where_the_camera_stood(seen, latitude, north, longitude, east, place):
    gps = {
        ExifTags.GPS.GPSLatitude: latitude,
        ExifTags.GPS.GPSLatitudeRef: north,
        ExifTags.GPS.GPSLongitude: longitude,
        ExifTags.GPS.GPSLongitudeRef: east,
    }
    found = seen(a_photo(gps=gps))
    expected = tuple(Decimal(part) for part in place) if place else (None, None)
    assert (found.latitude, found.longitude) == expected
