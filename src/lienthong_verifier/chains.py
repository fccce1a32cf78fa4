"""What entries, seals and jumps of a journal must look like, wherever they are written down."""

from typing import Any

from lienthong_verifier.broken import Broken, differs
from lienthong_verifier.envelopes import open_envelope
from lienthong_verifier.hashing import first_link, next_link, next_seal, sha256
from lienthong_verifier.reading import bytes_of, from_hex, number_of, text_of
from lienthong_verifier.signing import Directory


class Streams:
    """The records' chains as far as they were read; `erased` counts entries whose content is lawfully gone."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, bytes]] = {}
        self.entries = self.erased = 0

    def add(self, entry: dict[str, Any], where: str, stream: str = "") -> bytes:
        """Check that an entry follows from the one before it in its record; its link. Raises Broken."""
        name = stream or text_of(entry, "stream", where)
        number, link = number_of(entry, "number", where), bytes_of(entry, "chain", where)
        digest = bytes_of(entry, "digest", where)
        self._check_payload(entry.get("payload"), digest, where)
        before = self._last.get(name)
        if before is not None and number != before[0] + 1:
            raise Broken(where, f"entry {before[0] + 1} of {name} is missing: this one has number {number}")
        expected = next_link(before[1] if before else first_link(name), digest)
        if expected != link:
            raise differs(where, "it does not follow from the entry before it: its link", expected.hex(), link.hex())
        self._last[name] = (number, link)
        self.entries += 1
        return link

    @property
    def streams(self) -> int:
        return len(self._last)

    def _check_payload(self, payload: Any, digest: bytes, where: str) -> None:
        if payload is None:
            self.erased += 1
        elif not isinstance(payload, str):
            raise Broken(where, "its content is no text")
        elif (found := sha256(payload.encode())) != digest:
            raise differs(where, "its content was altered: the hash", digest.hex(), found.hex())


class Seals:
    """A run of seals, each over the one before; a number may jump only where the node said so when it rejoined."""

    def __init__(self, before: bytes, number: int, jumps: "list[Jump]") -> None:
        self.chain, self.number, self._jumps = before, number, jumps
        self.roots: dict[int, bytes] = {}
        self.chains: dict[int, bytes] = {}

    def add(self, seal: dict[str, Any], where: str) -> bytes:
        """Check a seal against the one before; its root. A seal that does not state its own chain is believed by those
        after it. Raises Broken."""
        number, root = number_of(seal, "seal", where), bytes_of(seal, "root", where)
        if number != self.number + 1 and not any(jump.allows(self.number, self.chain, number) for jump in self._jumps):
            raise Broken(where, f"seal {self.number + 1} is missing: this one has number {number}")
        expected = next_seal(self.chain, root)
        chain = bytes_of(seal, "chain", where) if "chain" in seal else expected
        if chain != expected:
            raise differs(where, "it does not follow from the seal before it: its chain", expected.hex(), chain.hex())
        self.number, self.chain = number, chain
        self.roots[number], self.chains[number] = root, chain
        return root


class Jump:
    """A node's sealed word that it was restored from a backup, and with which seal its journal goes on."""

    def __init__(self, statement: Any, directory: Directory, node: str, where: str) -> None:
        """Raises Broken unless the node sealed it."""
        body = open_envelope(statement, directory, where, purpose="seal", sender=node).body or {}
        after = body.get("after")
        if body.get("node") != node or not isinstance(after, dict):
            raise Broken(where, f"not a statement of {node} about its journal")
        self.after = number_of(after, "number", where)
        self.first = number_of(body, "first", where)
        self._chain = from_hex(after.get("chain"), where)
        self.at = text_of(body, "at", where)

    def allows(self, number: int, chain: bytes, following: int) -> bool:
        """Whether the seal after this one may have that number: what was sealed between restoring and rejoining
        stands before the jump."""
        reached = number > self.after or (number == self.after and chain == self._chain)
        return reached and number < self.first <= following
