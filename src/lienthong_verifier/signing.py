"""Signatures and the directory of keys: ECDSA on P-256 with SHA-256, DER in base64url without padding."""

import base64
import hashlib
import re
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong_verifier.broken import Broken, Unreadable
from lienthong_verifier.reading import parse

CLOCK_SKEW = timedelta(minutes=2)
_ALGORITHM = ec.ECDSA(hashes.SHA256())
_DOCUMENT = re.compile(r'\{"signed": (?P<signed>\{.*\}),\n "signature": "(?P<signature>[\w-]+)"\}\n', re.DOTALL)


def unpack(text: str, where: str) -> bytes:
    """base64url without padding, in its one spelling."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, TypeError) as error:
        raise Broken(where, "not base64url") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Broken(where, "not base64url in its one spelling")
    return raw


def moment(text: Any, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise Broken(where, f"no moment in time: {text!r}") from error
    if found.tzinfo is None:
        raise Broken(where, f"a moment without its zone: {text!r}")
    return found


def public_key(text: str, where: str) -> ec.EllipticCurvePublicKey:
    """Read a public key: base64url of its DER. Raises Broken."""
    try:
        key = serialization.load_der_public_key(unpack(text, where))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Broken(where, "a key that does not read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Broken(where, "not a P-256 key")
    return key


def made(key: ec.EllipticCurvePublicKey, content: bytes, signature: bytes) -> bool:
    """Whether the key made the signature over the content."""
    try:
        key.verify(signature, content, _ALGORITHM)
    except InvalidSignature:
        return False
    return True


class Key:
    """A published key: whose, for what, and when it holds."""

    def __init__(self, node: str, published: dict[str, Any]) -> None:
        where = f"directory, {node}"
        self.purpose = str(published.get("purpose"))
        self.since, self.until, self.revoked = (
            moment(published[name], where) if published.get(name) else None for name in ("from", "until", "revoked")
        )
        self._key = public_key(str(published.get("public")), where)

    def signed(self, content: bytes, signature: bytes) -> bool:
        return made(self._key, content, signature)

    def why_not(self, at: datetime) -> str:
        """Why a signature of this moment does not hold; empty when it does."""
        if self.since and at < self.since - CLOCK_SKEW:
            return f"the key holds only from {self.since.isoformat()}"
        if self.until and at > self.until + CLOCK_SKEW:
            return f"the key held only until {self.until.isoformat()}"
        if self.revoked and at >= self.revoked:
            return f"the key was revoked at {self.revoked.isoformat()}"
        return ""


class Directory:
    """Who signs with which key, as an authority signed it; `revoked` notes what later revoked keys signed."""

    def __init__(self, text: str, authority: str = "") -> None:
        """With `authority` (its public key) the document's signature is checked. Raises Unreadable, Broken."""
        self.fingerprint, self.is_checked = hashlib.sha256(text.encode()).hexdigest(), bool(authority)
        document = _DOCUMENT.fullmatch(text)
        if document is None:
            raise Unreadable("not a signed directory")
        self._check_authority(document, authority)
        nodes = parse(document["signed"]).get("nodes")
        if not isinstance(nodes, dict) or not nodes:
            raise Unreadable("the directory names no nodes")
        self._keys = {
            name: [Key(name, published) for published in entry.get("keys", []) if isinstance(published, dict)]
            for name, entry in nodes.items()
            if isinstance(entry, dict)
        }
        self.revoked: list[str] = []

    def _check_authority(self, document: re.Match[str], authority: str) -> None:
        signature = unpack(document["signature"], "the directory, signature")
        keys = [public_key(text, "the authority's key") for text in authority.split()]
        if keys and not any(made(key, document["signed"].encode(), signature) for key in keys):
            raise Broken("the directory", "the authority did not sign it, or not in these words")

    def check(self, node: str, purpose: str, content: bytes, signature: str, at: datetime, where: str) -> None:
        """Raises Broken unless a key of the node, for this purpose, that held at the moment made the signature."""
        raw = unpack(signature, f"{where}, signature")
        keys = [key for key in self._keys.get(node, []) if key.purpose == purpose]
        if not keys:
            raise Broken(where, f"the directory has no {purpose} key of {node!r}")
        found = [key for key in keys if key.signed(content, raw)]
        if not found:
            raise Broken(where, f"no {purpose} key of {node} made this signature over what stands here")
        reasons = [key.why_not(at) for key in found]
        if all(reasons):
            raise Broken(where, f"signed at {at.isoformat()}, but {reasons[0]}")
        if found[0].revoked:
            self.revoked.append(
                f"{where}: signed at {at.isoformat()} with a key revoked later; the time is its own word"
            )
