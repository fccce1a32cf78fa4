"""Signatures with ECDSA on P-256 and SHA-256. Keys are parsed once and kept; nothing else in the tree touches them.

A signature is the DER form in base64url without padding. The two classes are the seam at which a PKCS#11 device
would stand in for a key file.
"""

import base64
import hashlib
import logging
import os
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOOK_AGAIN = 0.5  # seconds for which a key's file is believed unchanged
_ALGORITHM = ec.ECDSA(hashes.SHA256())
_log = logging.getLogger(__name__)


class VerifyKey:
    """The public half: checks what somebody else signed."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self.public = key

    @classmethod
    def parse(cls, text: str) -> "VerifyKey":
        """Read the text form: base64url of the DER SubjectPublicKeyInfo. Raises ValueError when it is no P-256 key."""
        try:
            key = serialization.load_der_public_key(_decode(text))
        except UnsupportedAlgorithm as error:
            raise ValueError("not a P-256 public key") from error
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("not a P-256 public key")
        return cls(key)

    @classmethod
    def of_certificate(cls, text: str) -> "VerifyKey":
        """The key that a certificate (base64url of its DER) is about. Raises ValueError when it is no P-256 key."""
        key = x509.load_der_x509_certificate(_decode(text)).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("not a certificate of a P-256 key")
        return cls(key)

    @cached_property
    def der(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        return self.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def text(self) -> str:
        return _encode(self.der)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits by which people and rows name the key."""
        return hashlib.sha256(self.der).hexdigest()[:16]

    def verify(self, content: bytes, signature: str) -> bool:
        try:
            self.public.verify(_decode(signature), content, _ALGORITHM)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """The private half. Never printed, never logged, written only with mode 0600."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._public = VerifyKey(key.public_key())

    @property
    def public(self) -> VerifyKey:
        return self._public

    def current(self) -> "SigningKey":
        """The key that signs now: itself, unless it follows a file."""
        return self

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read a PEM file. Raises ValueError when it holds another kind of key, OSError when it cannot be read."""
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError(f"{path} holds no P-256 private key")
        return cls(key)

    def save(self, path: Path) -> None:
        pem = self.pem()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)

    def pem(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, content: bytes) -> str:
        return _encode(self._key.sign(content, _ALGORITHM))


class KeyFile(SigningKey):
    """The private half in a file, which may be replaced while we run: who holds this signs with the new one at once.

    `on_change` is called before a new key is used. A file that does not read leaves the key that was.
    """

    def __init__(self, path: Path, on_change: Callable[[], None] = lambda: None) -> None:
        """Raises what SigningKey.load does."""
        self._path, self.on_change = path, on_change
        self._read, self._looked = _stamp(path), time.monotonic()
        self._inside = SigningKey.load(path)

    @property
    def public(self) -> VerifyKey:
        return self.current().public

    def current(self) -> SigningKey:
        if time.monotonic() - self._looked > LOOK_AGAIN:
            self._looked = time.monotonic()
            self._look()
        return self._inside

    def _look(self) -> None:
        try:
            found = _stamp(self._path)
            if found != self._read:
                replaced = SigningKey.load(self._path)
                self.on_change()
                self._inside, self._read = replaced, found
        except (OSError, ValueError) as error:
            _log.error("the key's file does not read, the key before stays in use: %s", error)

    def pem(self) -> bytes:
        return self.current().pem()

    def sign(self, content: bytes) -> str:
        return self.current().sign(content)


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
