"""Who is on the exchange: nodes, where they answer, and the keys by which they are believed.

What a Directory holds comes from a signed document (`directory_document`) and is replaced, whole, by a newer version
while the node runs (`distribution`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from lienthong.kit.signatures import VerifyKey

TRANSPORT, SEAL, TLS = PURPOSES = ("transport", "seal", "tls")
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class UnknownNode(LookupError):
    """No such node in the directory."""


class PublishedKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """A public half and when it counts: from `since`, to `until`; a revoked one never again for what arrives.

    A `tls` key stands there with its certificate (base64 of the DER), which is pinned.
    """

    purpose: str
    public: str
    since: Instant | None = msgspec.field(name="from", default=None)
    until: Instant | None = None
    revoked: Instant | None = None
    certificate: str = ""

    def counts(self, at: datetime) -> bool:
        """Whether what is signed at a moment may be signed with it."""
        begun = self.since is None or self.since <= at
        return begun and all(end is None or at < end for end in (self.until, self.revoked))


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node as published: `address` for machines, `site` for people, and the wire version it speaks."""

    address: str
    site: str
    keys: list[PublishedKey]
    wire: int = 1


@dataclass(frozen=True)
class _Key:
    published: PublishedKey
    verify: VerifyKey


def _never(_sender: str) -> bool:
    """A directory that nothing renews."""
    return False


class Directory:
    """`renew` is asked when a sender or its key is unknown: it returns True once a newer version has been taken over.

    `document` is the signed text that this came from, for handing on.
    """

    def __init__(self, nodes: dict[str, Entry], demo: bool = False, version: int = 0, document: str = "") -> None:
        self.renew: Callable[[str], bool] = _never
        self.take(nodes, demo, version, document)

    def take(self, nodes: dict[str, Entry], demo: bool, version: int, document: str) -> None:
        """Hold this from now on. Raises ValueError when a key is no P-256 key."""
        keys: dict[tuple[str, str], list[_Key]] = {
            (name, purpose): [
                _Key(key, VerifyKey.parse(key.public)) for key in reversed(entry.keys) if key.purpose == purpose
            ]
            for name, entry in nodes.items()
            for purpose in PURPOSES
        }
        self.nodes, self.demo, self._keys = nodes, demo, keys
        self.version, self.document = version, document
        self.oldest = min((entry.wire for entry in nodes.values()), default=1)  # wire that everybody reads

    def entry(self, node: str) -> Entry:
        try:
            return self.nodes[node]
        except KeyError:
            raise UnknownNode(node) from None

    def keys(self, node: str, purpose: str, at: datetime | None = None) -> list[VerifyKey]:
        """Those that count at a moment; without one, all that were ever published. The newest first."""
        return [key.verify for key in self._of(node, purpose) if at is None or key.published.counts(at)]

    def signer(self, node: str, purpose: str, content: bytes, signature: str) -> PublishedKey | None:
        """Which key of a node made a signature, whether it counts today or not. Raises UnknownNode."""
        keys = self._of(node, purpose)
        for place, key in enumerate(keys):
            if key.verify.verify(content, signature):
                if place:  # the one that signs now is tried first next time
                    self._keys[node, purpose] = [key, *keys[:place], *keys[place + 1 :]]
                return key.published
        return None

    def _of(self, node: str, purpose: str) -> list[_Key]:
        try:
            return self._keys[node, purpose]
        except KeyError:
            raise UnknownNode(node) from None
