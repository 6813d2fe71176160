"""Personal data at rest: sealed with a key outside the database, found again only by a hash.

The seal is deterministic for one record and field (AES-SIV bound to both), so an unchanged value
stays unchanged, and equal values of two people look different.
"""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_MARK = "s1:"


class Sealer:
    """Seals and opens personal data (个人信息)."""

    def __init__(self, secret: str) -> None:
        self._siv = AESSIV(hashlib.sha512(b"seal" + secret.encode()).digest())
        self._hash_key = hashlib.sha256(b"hash" + secret.encode()).digest()

    def seal(self, text: str, *, record: str, field: str) -> str:
        """The value as it is kept. An empty value stays empty."""
        if not text:
            return text
        sealed = self._siv.encrypt(text.encode(), [record.encode(), field.encode()])
        return _MARK + base64.b64encode(sealed).decode()

    def open(self, kept: str, *, record: str, field: str) -> str | None:
        """The value again; None where it was sealed with another key or altered."""
        if not kept.startswith(_MARK):
            return kept
        try:
            sealed = base64.b64decode(kept.removeprefix(_MARK))
            return self._siv.decrypt(sealed, [record.encode(), field.encode()]).decode()
        except (InvalidTag, ValueError):
            return None

    def fingerprint(self, text: str) -> str:
        """A keyed hash under which an identity number is found without being kept."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()
