"""Signatures with ECDSA on P-256 and SHA-256. Keys are parsed once and kept; nothing else in the tree touches them.

A signature is the DER form in base64url without padding. The two classes are the seam at which a PKCS#11 device
would stand in for a key file.
"""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_ALGORITHM = ec.ECDSA(hashes.SHA256())


class VerifyKey:
    """The public half: checks what somebody else signed."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self.public = key

    @classmethod
    def parse(cls, text: str) -> "VerifyKey":
        """Read the text form: base64url of the DER SubjectPublicKeyInfo. Raises ValueError when it is no P-256 key."""
        key = serialization.load_der_public_key(_decode(text))
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("not a P-256 public key")
        return cls(key)

    @property
    def text(self) -> str:
        der = self.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return _encode(der)

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
        self.public = VerifyKey(key.public_key())

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


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
