"""Signatures under what leaves the house (电子签名): Ed25519, with a key outside the database."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)


class Notary:
    """Signs with the key that a secret gives; the public half is for everybody."""

    def __init__(self, secret: str) -> None:
        seed = hashlib.sha256(b"evidence" + secret.encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> str:
        """The key to check by, 64 hexadecimal digits."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, content: bytes) -> str:
        """The signature, 128 hexadecimal digits; the same content gives the same."""
        return self._key.sign(content).hex()


def is_public_key(text: str) -> bool:
    """Whether a text is a key to check by."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        return False
    return True


def is_signed(content: bytes, signature: str, public_key: str) -> bool:
    """Whether the owner of that key signed exactly this content, told in the one way it is told."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    try:
        signed = bytes.fromhex(signature)
        key.verify(signed, content)
    except (InvalidSignature, ValueError):
        return False
    return signed.hex() == signature
