"""The directory as a document: versioned, and signed by the authority that says who is on the exchange.

    {"signed": {"version": 7, "issued": "…", "nodes": {…}}, "signature": "…"}

The signature covers the bytes of `signed` as they stand. A node takes over a document only when one of the authority's
keys that it was told made the signature, and only a higher version than the one it has.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from lienthong.exchange.directory import PURPOSES, TLS, Directory, Entry, Instant, PublishedKey
from lienthong.kit.signatures import SigningKey, VerifyKey

LARGEST = 32 * 1024 * 1024


class BadDirectory(ValueError):
    """A document that is not taken over: a code for machines and a sentence for people.

    Codes: malformed, unsigned, wrong-signature, wrong, older.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    version: Annotated[int, msgspec.Meta(ge=1)]
    issued: Instant
    nodes: dict[str, Entry]
    demo: bool = False


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signed: msgspec.Raw
    signature: str = ""


def load(path: Path, authority: Sequence[VerifyKey]) -> Directory:
    """The directory of a file. Raises OSError when it cannot be read, BadDirectory when it is not to be believed."""
    raw = path.read_bytes()
    content = read(raw, authority)
    return Directory(content.nodes, content.demo, content.version, raw.decode())


def read(raw: bytes, authority: Sequence[VerifyKey], above: int = 0) -> Content:
    """What a document says, once it is certain that the authority said it. Raises BadDirectory."""
    if len(raw) > LARGEST:
        raise BadDirectory("malformed", f"a directory holds at most {LARGEST} bytes")
    try:
        document = msgspec.json.decode(raw, type=_Document)
    except (ValueError, RecursionError) as error:
        code = "unsigned" if b'"nodes"' in raw and b'"signed"' not in raw else "malformed"
        raise BadDirectory(code, "not a signed directory") from error
    if not document.signature:
        raise BadDirectory("unsigned", "nobody signed this directory")
    signed = bytes(document.signed)
    if not any(key.verify(signed, document.signature) for key in authority):
        raise BadDirectory("wrong-signature", "the directory's authority did not sign this, or not in these words")
    content = parse(signed)
    if content.version <= above:
        raise BadDirectory("older", f"version {content.version} does not come after {above}")
    return content


def parse(signed: bytes) -> Content:
    """The content of a document, checked for sense but not for its signature. Raises BadDirectory."""
    try:
        json.loads(signed, object_pairs_hook=_once)
        content = msgspec.json.decode(signed, type=Content)
    except (ValueError, RecursionError) as error:
        raise BadDirectory("malformed", str(error)) from error
    if problem := next(_problems(content.nodes), None):
        raise BadDirectory("wrong", problem)
    return content


def sign(content: Content, key: SigningKey) -> bytes:
    """The document of a content. Raises BadDirectory when no node would take it over."""
    purposes = {key.purpose for entry in content.nodes.values() for key in entry.keys}
    if strange := purposes - set(PURPOSES):  # what reads it passes over what it does not know yet
        raise BadDirectory("wrong", f"no such purpose of a key: {', '.join(sorted(strange))}")
    signed = msgspec.json.format(msgspec.json.encode(content), indent=1)
    parse(signed)
    return b'{"signed": %s,\n "signature": "%s"}\n' % (signed, key.sign(signed).encode())


def authority(text: str) -> list[VerifyKey]:
    """The authority's public keys from a setting: one, or while it changes two, spaced. Raises ValueError."""
    return [VerifyKey.parse(part) for part in text.split()]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose names stands twice: a second entry of a node would silently win."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = sorted({name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1})
        raise ValueError(f"{', '.join(twice)} stands twice")
    return found


def _problems(nodes: dict[str, Entry]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, entry in nodes.items():
        for key in entry.keys:
            if key.public in owners:
                yield f"{name}: its {key.purpose} key stands twice (it is {owners[key.public]})"
            owners[key.public] = f"the {key.purpose} key of {name}"
            yield from (f"{name}: its {key.purpose} key {problem}" for problem in _wrong(key))
        if entry.address.startswith("https:") and not any(key.purpose == TLS for key in entry.keys):
            yield f"{name}: an https address needs a published tls key"


def _wrong(key: PublishedKey) -> Iterator[str]:
    try:
        public = VerifyKey.parse(key.public)
        certified = VerifyKey.of_certificate(key.certificate) if key.certificate else None
    except ValueError as error:
        yield f"is of no use: {error}"
        return
    if key.until is not None and key.since is not None and key.until < key.since:
        yield "ends before it begins"
    if key.purpose == TLS and (certified is None or certified.der != public.der):
        yield "has no certificate of its own beside it"
