"""Certificates for the store's inner doors, so that only its own parts may knock."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage.embedded.children import LOOPBACK
from storage.embedded.folder import Folder

_VALID = timedelta(days=3650)
_NAME = "lienkeeper-store"


def make_certificates(folder: Folder) -> tuple[Path, Path, Path]:
    """Certificate, its key and the authority's certificate; made once for a folder."""
    paths = tuple(folder.path / "tls" / name for name in ("store.crt", "store.key", "ca.crt"))
    certificate, key, authority = paths
    if not all(path.exists() for path in paths):
        ca_key, own_key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        ca = _signed("lienkeeper-ca", ca_key, issuer="lienkeeper-ca", issuer_key=ca_key, ca=True)
        own = _signed(_NAME, own_key, issuer="lienkeeper-ca", issuer_key=ca_key, ca=False)
        _write(folder, "tls/ca.crt", ca.public_bytes(serialization.Encoding.PEM))
        _write(folder, "tls/store.crt", own.public_bytes(serialization.Encoding.PEM))
        _write(
            folder,
            "tls/store.key",
            own_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    return certificate, key, authority


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.DNSName(_NAME), x509.IPAddress(ip_address(LOOPBACK))]
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write(folder: Folder, name: str, content: bytes) -> None:
    folder.write_private(name, content.decode())
