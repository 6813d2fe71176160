"""Scannable codes (标签码): what a label says of a certificate, a packet or a slot.

A code is `LK`, a letter for the kind, the ULID of the record's id, and a check symbol: letters and
digits only. Hand scanners type like a keyboard, and where the computer expects another layout or a
Chinese input method, a colon or dash would arrive as something else. A scan is safe by the QR
code's own error correction; the check symbol is for whoever types the code from beneath a scratched
one.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

MAX_CODE_LENGTH = 200  # characters of what is looked up; a certificate's number may be long
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, those of a ULID
_KINDS: Mapping[str, str] = MappingProxyType({"cert": "C", "pack": "P", "slot": "S"})
_PREFIXES: Mapping[str, str] = MappingProxyType(
    {letter: prefix for prefix, letter in _KINDS.items()}
)
_CODE = re.compile(f"LK([{''.join(_PREFIXES)}])([{_SYMBOLS}]{{26}})([{_SYMBOLS}])")
_MISREAD = str.maketrans("OIL", "011")  # a ULID has none of these, so a hand that wrote one erred


def code_of(id: str) -> str:
    """The code of a record's id: as stable as the id, and nothing personal in it."""
    prefix, _, body = id.partition("_")
    text = _KINDS[prefix] + body.upper()
    return f"LK{text}{_check(text)}"


def id_of(code: str) -> str | None:
    """The id that a code stands for, however it was scanned or typed; None when it is no code."""
    folded = unicodedata.normalize("NFKC", code[:MAX_CODE_LENGTH]).upper()
    text = "".join(letter for letter in folded if letter.isalnum())
    match = _CODE.fullmatch(text[:2] + text[2:].translate(_MISREAD))
    if match is None or _check(match[1] + match[2]) != match[3]:
        return None
    return f"{_PREFIXES[match[1]]}_{match[2]}"


def grouped(code: str) -> str:
    """The code for eyes: in groups of five, which `id_of` reads as well."""
    return " ".join(code[start : start + 5] for start in range(0, len(code), 5))


def _check(text: str) -> str:
    """The check symbol, by ISO 7064's hybrid system over 32 symbols.

    It tells every single wrong symbol and nearly every pair that changed places.
    """
    size = len(_SYMBOLS)
    product = size
    for letter in text:
        total = (product + max(0, _SYMBOLS.find(letter))) % size or size
        product = total * 2 % (size + 1)
    return _SYMBOLS[(size + 1 - product) % size]
