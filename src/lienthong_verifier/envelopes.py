"""Signed envelopes: the signature covers the header as it travelled, the header holds the body's hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lienthong_verifier.broken import Broken, Unreadable, differs
from lienthong_verifier.hashing import sha256
from lienthong_verifier.reading import parse, text_of
from lienthong_verifier.signing import Directory, moment


@dataclass(frozen=True)
class Opened:
    """A header that its sender signed; `body` None where only its hash is at hand."""

    header: dict[str, Any]
    issued: datetime
    hash: str
    body: dict[str, Any] | None

    def says(self, name: str) -> str:
        return str(self.header.get(name, ""))


def open_envelope(
    envelope: Any, directory: Directory, where: str, *, purpose: str = "transport", sender: str = ""
) -> Opened:
    """Check signature, key and, where the body is there, its hash. Raises Broken naming `where`."""
    text, signature = text_of(envelope, "header", where), text_of(envelope, "signature", where)
    header = _object(text, f"{where}, header")
    issued, by = moment(header.get("issued"), f"{where}, issued"), text_of(header, "sender", where)
    if sender and by != sender:
        raise differs(where, "its sender", sender, by)
    directory.check(by, purpose, text.encode(), signature, issued, where)
    body = None
    if "body" in envelope:
        content = text_of(envelope, "body", where)
        if (found := sha256(content.encode()).hex()) != header.get("body_hash"):
            raise differs(where, "the body was altered: its hash", str(header.get("body_hash")), found)
        body = _object(content, f"{where}, body")
    return Opened(header, issued, sha256(text.encode()).hex(), body)


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        return parse(text)
    except Unreadable as error:
        raise Broken(where, str(error)) from error
