"""Photographs and scans: opened to the last pixel, and what the camera wrote beside them."""

import contextlib
import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pillow_heif
from PIL import ExifTags, Image, ImageFile

from storage.contents import Unreadable

MAX_PIXELS = 110_000_000  # a page; the largest telephone cameras make 108 million
MAX_PAGES = 500
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "JPEG",
        "image/png": "PNG",
        "image/tiff": "TIFF",
        "image/heic": "HEIF",
        "image/heif": "HEIF",
    }
)
_LOCAL = ZoneInfo("Asia/Shanghai")
_CUT_SHORT = "(Possibly c|C)orrupt EXIF|Truncated File|Tag offset too large|Tag data larger"
_DAMAGED = "The picture is damaged or incomplete."
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_MICRODEGREE = Decimal("0.000001")  # about a hand's breadth


def look(path: Path, mime: str) -> dict[str, Any]:
    """Opens every page of the picture. Raises: Unreadable."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if mime == "image/tiff":
                # A scan may keep its description at its end; in a photo the same words are
                # about what some camera wrote, and the photo is good.
                warnings.filterwarnings("error", message=_CUT_SHORT)
            with Image.open(path, formats=[FORMATS[mime]]) as picture:
                return _seen(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unreadable(f"The picture has more than {MAX_PIXELS} pixels.") from None
    except (Unreadable, MemoryError):
        raise
    except Exception:
        # Decoders fail in every way there is; whichever it was, nobody will see the picture.
        raise Unreadable(_DAMAGED) from None


def _seen(picture: Image.Image) -> dict[str, Any]:
    width, height = picture.size
    facts = {"width": width, "height": height, **_camera(picture)}
    pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    if pages > MAX_PAGES:
        raise Unreadable(f"The scan has more than {MAX_PAGES} pages.")
    for page in range(pages):
        if page:
            picture.seek(page)
        if picture.width * picture.height > MAX_PIXELS:
            raise Unreadable(f"The picture has more than {MAX_PIXELS} pixels.")
        picture.load()
    return {"pages": pages, **facts}


def _camera(picture: Image.Image) -> dict[str, str | None]:
    """What the camera wrote. It may be nonsense, which is then nothing: the picture stays good."""
    exif = picture.getexif()
    facts: dict[str, str | None] = {}
    with contextlib.suppress(Exception):
        taken = _captured_at(exif.get_ifd(ExifTags.IFD.Exif))
        facts["captured_at"] = taken.isoformat() if taken else None
    with contextlib.suppress(Exception):
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "NS", 90)
        longitude = _degrees(
            gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "EW", 180
        )
        if latitude is not None and longitude is not None:
            facts |= {"latitude": str(latitude), "longitude": str(longitude)}
    return facts


def _captured_at(exif: Mapping[int, Any]) -> datetime | None:
    text = str(exif.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    if not text:
        return None
    offset = _OFFSET.fullmatch(str(exif.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 "))
    zone = _zone(*offset.groups()) if offset else _LOCAL
    return datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)


def _zone(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def _degrees(
    gps: Mapping[int, Any], value: int, reference: int, letters: str, most: int
) -> Decimal | None:
    """Degrees, minutes and seconds as one number; south and west are negative."""
    letter = str(gps.get(reference, "")).strip("\0 ").upper()
    parts: Sequence[Any] = gps.get(value, ())
    if letter not in tuple(letters) or len(parts) != 3:
        return None
    try:
        total = sum(
            Fraction(str(Decimal(str(part)))) / 60**power for power, part in enumerate(parts)
        )
    except (InvalidOperation, ValueError):
        return None
    exact = Fraction(total)
    degrees = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_MICRODEGREE)
    if not 0 <= degrees <= most:
        return None
    return -degrees if letter == letters[1] else degrees
