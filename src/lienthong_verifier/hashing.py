"""The hashes of a journal: an entry's link, a seal's tree (RFC 6962 §2.1) and the chain over the seals."""

import hashlib
from collections.abc import Sequence

JOURNAL = hashlib.sha256(b"journal").digest()  # what the first seal chains to


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def first_link(stream: str) -> bytes:
    """What the first entry of a stream chains to."""
    return sha256(stream.encode())


def next_link(previous: bytes, digest: bytes) -> bytes:
    return sha256(previous + digest)


def leaf(link: bytes) -> bytes:
    return sha256(b"\x00" + link)


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def tree_root(links: Sequence[bytes]) -> bytes:
    """Root over the entries of a seal, at least one."""
    level = [leaf(link) for link in links]
    while len(level) > 1:
        pairs = [_node(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + (level[-1:] if len(level) % 2 else [])
    return level[0]


def root_from(link: bytes, place: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an entry at `place` (from 0) of `count` leads to by its path; None when the path does not fit."""
    value, rest = leaf(link), list(path)
    if not 0 <= place < count:
        return None
    while count > 1:
        if place % 2 or place + 1 < count:
            if not rest:
                return None
            sibling = rest.pop(0)
            value = _node(sibling, value) if place % 2 else _node(value, sibling)
        place, count = place // 2, (count + 1) // 2
    return None if rest else value


def next_seal(previous: bytes, root: bytes) -> bytes:
    return sha256(previous + root)
