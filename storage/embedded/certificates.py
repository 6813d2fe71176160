"""Certificates for the store's inner doors, so that only its own parts may knock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage.embedded.folder import Folder
from storage.embedded.ports import LOOPBACK

_VALID = timedelta(days=3650)
_STORE = "lienkeeper-store"
_AUTHORITY = "lienkeeper-store-authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Where the files lie."""

    certificate: Path
    key: Path
    authority: Path


def make_certificates(folder: Folder) -> Certificates:
    """A fresh pair with its own authority, whose key nobody keeps.

    Made at every start: it takes milliseconds, and no certificate can run out unnoticed.
    """
    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed(_AUTHORITY, authority_key, by=authority_key, is_authority=True)
    certificate = _signed(_STORE, key, by=authority_key, is_authority=False)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Certificates(
        certificate=folder.write_private("tls/store.crt", _pem(certificate)),
        key=folder.write_private("tls/store.key", private.decode()),
        authority=folder.write_private("tls/authority.crt", _pem(authority)),
    )


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    by: ec.EllipticCurvePrivateKey,
    is_authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.DNSName(_STORE), x509.IPAddress(ip_address(LOOPBACK))]
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(_AUTHORITY))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(by, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
