"""The demo country's certification authority: one root made at the first start, and the certificates it issues.

    keys/root.pem            the root's key, mode 0600; no node ever sees it
    demo-root.pem            its certificate: who trusts it believes the seals of this country, and only of this one
    keys/<node>/seal.crt     the certificate of a node's seal, followed by the root
    keys/<eid>/time-stamps.pem   key (RSA) and certificate of the time-stamp authority, followed by the root

They stand in for an accredited authority (Law on Electronic Transactions 20/2023/QH15, Art. 22), say MẪU in every
name, and hold for thirty years, because the demo's clock moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lienthong.config.state import State, write_bytes
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
TIME_STAMPS, SEAL_CERTIFICATE = "time-stamps.pem", "seal.crt"
_PEM = serialization.Encoding.PEM
_KEY_FORM = (_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
Keep = Callable[[Path, bytes], None]
_Keys = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Root:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(_PEM)


def ensure_root(state: State, keep: Keep) -> Root:
    """The country's root, made where there is none. `keep` writes a secret file whole or not at all."""
    file = state.keys / "root.pem"
    if not file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        keep(file, key.private_bytes(*_KEY_FORM))
    loaded = serialization.load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey), "made above"
    if not state.root_certificate.exists():
        keep(state.root_certificate, _issue_root(loaded).public_bytes(_PEM))
        state.root_certificate.chmod(0o644)
    return Root(loaded, x509.load_pem_x509_certificate(state.root_certificate.read_bytes()))


def ensure_seal(root: Root, folder: Path, name: str, agency: str, keep: Keep) -> None:
    """The certificate of the seal key in `folder`, made where there is none for that key."""
    file = folder / SEAL_CERTIFICATE
    public = serialization.load_pem_private_key((folder / "seal.pem").read_bytes(), password=None).public_key()
    if file.exists() and _is_for(root, x509.load_pem_x509_certificate(file.read_bytes()), public):
        return
    certificate = _issue_seal(root, _name(f"{name} (MẪU)", agency), public)
    keep(file, certificate.public_bytes(_PEM) + root.pem)


def add_seal(state: State, folder: Path, key: SigningKey) -> None:
    """A certificate for a node's next seal key, before those of its earlier ones: who seals takes the one that fits."""
    file, root = folder / SEAL_CERTIFICATE, ensure_root(state, write_bytes)
    before = x509.load_pem_x509_certificates(file.read_bytes())
    issued = _issue_seal(root, before[0].subject, key.public.public)
    write_bytes(file, b"".join(certificate.public_bytes(_PEM) for certificate in (issued, *before)))


def self_signed(key: SigningKey, node: str, host: str, days: int) -> x509.Certificate:
    """A certificate that a node makes for its own TLS key: partners believe it because the directory publishes it."""
    subject, since = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)]), clock.now().replace(microsecond=0)
    private = serialization.load_pem_private_key(key.pem(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey), "a signing key is P-256"
    builder = x509.CertificateBuilder(
        subject, subject, key.public.public, x509.random_serial_number(), since, since + timedelta(days=days)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    return builder.add_extension(names, critical=False).sign(private, hashes.SHA256())


def ensure_time_stamps(root: Root, folder: Path, keep: Keep) -> None:
    """The time-stamp authority's key and certificate in `folder`, made where there is none."""
    file = folder / TIME_STAMPS
    if file.exists() and root.pem in file.read_bytes():
        return
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = _build(root, _name("Dấu thời gian (MẪU)", ""), key.public_key())
    certificate = builder.add_extension(stamping, critical=True).sign(root.key, hashes.SHA256())
    keep(file, key.private_bytes(*_KEY_FORM) + certificate.public_bytes(_PEM) + root.pem)


def _issue_seal(root: Root, subject: x509.Name, public: object) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return _build(root, subject, public).add_extension(usage, critical=True).sign(root.key, hashes.SHA256())


def _is_for(root: Root, certificate: x509.Certificate, public: object) -> bool:
    try:
        certificate.verify_directly_issued_by(root.certificate)
    except (ValueError, InvalidSignature):
        return False
    return certificate.public_key() == public


def _issue_root(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("Gốc chứng thực của đất nước MẪU", "")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), FROM, UNTIL)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _build(root: Root, subject: x509.Name, public: object) -> x509.CertificateBuilder:
    issuer = root.certificate.subject
    builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), FROM, UNTIL)  # type: ignore[arg-type]
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.add_extension(identifier, critical=False)


def _name(common: str, agency: str) -> x509.Name:
    parts = [(NameOID.COUNTRY_NAME, "VN"), (NameOID.ORGANIZATION_NAME, "lienthong MẪU"), (NameOID.COMMON_NAME, common)]
    parts += [(NameOID.ORGANIZATION_IDENTIFIER, agency)] if agency else []
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
