"""JSON Web Tokens of this room: ES256 and nothing else (RFC 7515, RFC 7518 §3.4, RFC 8725 §3.1)."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from lienthong.identity import validity
from lienthong.kit.signatures import SigningKey, VerifyKey

ALGORITHM = "ES256"
LONGEST = 8192


class TokenRefused(Exception):
    """Not signed by whom it should be, not for us, or not now."""


@lru_cache(maxsize=64)
def private_jwk(key: SigningKey) -> ECKey:
    """A signing key for tokens; its `kid` is the RFC 7638 thumbprint."""
    return _named(ECKey.import_key(key.pem()))


@lru_cache(maxsize=512)
def public_jwk(key: VerifyKey) -> ECKey:
    return _named(ECKey(key.public, key.public))


def key_set(keys: list[VerifyKey]) -> KeySet:
    return KeySet([public_jwk(key) for key in keys])


def _named(key: ECKey) -> ECKey:
    return ECKey.import_key(
        {**key.as_dict(private=key.is_private), "use": "sig", "alg": ALGORITHM, "kid": key.thumbprint()}
    )


def sign(claims: dict[str, Any], key: SigningKey) -> str:
    jwk = private_jwk(key.current())
    return jwt.encode({"alg": ALGORITHM, "kid": jwk.kid}, claims, jwk, algorithms=[ALGORITHM])


def read(token: str, keys: KeySet, *, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a token signed by one of the keys. Raises TokenRefused.

    The audience is one name, not a list that has ours in it: a token for two is a token another may replay.
    """
    if len(token) > LONGEST:
        raise TokenRefused("too long")
    registry = jwt.JWTClaimsRegistry(
        now=validity.seconds,
        leeway=validity.LEEWAY,
        iss={"essential": True, "value": issuer},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
        registry.validate(claims)
    except (JoseError, ValueError) as error:
        raise TokenRefused(str(error)) from error
    if claims.get("aud") != audience:
        raise TokenRefused("for another audience")
    return claims


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636 §4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def random_text() -> str:
    """256 random bits, fit for a code, a state, a nonce or a PKCE verifier."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """The form in which a bearer secret is kept."""
    return hashlib.sha256(secret.encode()).digest()


def same(one: str, other: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


@lru_cache(maxsize=4)
def provider_key(path: str) -> SigningKey:
    """The key of ID tokens, made at first use."""
    with suppress(FileExistsError):
        SigningKey.generate().save(Path(path))
    return SigningKey.load(Path(path))


@lru_cache(maxsize=4)
def _pairwise_secret(path: str) -> bytes:
    # apart from the token key: that one rotates, a person's name at an agency must not
    file = Path(path).with_suffix(".pairwise")
    with suppress(FileExistsError):
        file.touch(mode=0o600, exist_ok=False)
        file.write_bytes(secrets.token_bytes(32))
    return file.read_bytes()


def pairwise(path: str, client: str, number: str) -> str:
    """The subject identifier of a person towards one client (OpenID Connect Core §8.1): clients cannot join on it."""
    content = f"{client}\0{number}".encode()
    return urlsafe_b64encode(hmac.digest(_pairwise_secret(path), content, "sha256")).rstrip(b"=").decode()
