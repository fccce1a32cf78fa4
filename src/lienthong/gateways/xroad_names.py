"""X-Road's names and hashes: identifiers with their forbidden characters, and the hash that ties answer to request."""

import base64
import hashlib
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote, unquote

LONGEST = 255
_FORBIDDEN = frozenset(":;/\\%")  # and what cannot be seen, by its category
# What a security server does not pass on, or writes itself (PR-REST §4.3): not part of the hashed request.
SKIPPED = frozenset(
    {"host", "user-agent", "server", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"}
    | {"trailer", "transfer-encoding", "upgrade", "expect", "content-length", "authorization", "x-road-request-hash"}
)


class BadName(ValueError):
    """Not an identifier; the text says why."""


def checked(part: str) -> str:
    """One part of an identifier. Raises BadName: empty, too long, a forbidden or invisible character, a dot path."""
    if not part or len(part) > LONGEST or part in (".", ".."):
        raise BadName("a part is empty, too long or a path")
    if any(letter in _FORBIDDEN or unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in part):
        raise BadName("a part holds a character that identifiers may not hold")
    return part


def parts(text: str, *sizes: int) -> tuple[str, ...]:
    """The parts of an identifier in a header, each percent-decoded by itself. Raises BadName."""
    try:
        found = tuple(checked(unquote(part, errors="strict")) for part in text.split("/"))
    except UnicodeDecodeError as error:
        raise BadName("a part is not UTF-8") from error
    if len(found) not in sizes:
        raise BadName(f"{' or '.join(map(str, sizes))} parts are needed")
    return found


def written(names: tuple[str, ...]) -> str:
    """An identifier as a header or a path has it: each part percent-encoded, slashes between."""
    return "/".join(quote(name, safe="") for name in names)


def request_hash(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    """Base64 of SHA-512 over the hash of the headers and, where there is a body, the hash of the body.

    The headers are hashed as this gateway passes them on: method, target, then `name:value` in the order of names, each
    ended by CRLF, with `x-road-request-id` among them.
    """
    kept = sorted((name.lower(), value) for name, value in headers.items() if name.lower() not in SKIPPED)
    lines = [method, target, *(f"{name}:{value}" for name, value in kept)]
    head = hashlib.sha512("".join(f"{line}\r\n" for line in lines).encode()).digest()
    if not body:
        return base64.b64encode(head).decode()
    return base64.b64encode(hashlib.sha512(head + hashlib.sha512(body).digest()).digest()).decode()
