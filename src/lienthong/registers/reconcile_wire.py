"""What two nodes say to each other while they compare: the steps of `register.compare`, and what stands for rows there.

Bucket sums, rows and fields travel as HMACs under a key that only this run's two ends know: each side's half of an
X25519 agreement lies in a message it signed, so that whoever kept the messages can test no guess against them. Keys
travel as six bytes under the salt of the pair, agreed in the same way at first contact.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lienthong.exchange.envelopes import Refused

SERVICE, PURPOSE = "register.compare", "reconciliation"
DIGEST = 8
GROUP = 256  # buckets compared as one at first
MOST_GROUPS, MOST_BUCKETS, MOST_KEYS, MOST_ROWS, MOST_FIELDS = 64, 256, 20_000, 8_000, 100
MOST_COLUMNS = 30


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="step"):
    pass


class Open(_Step, frozen=True, tag="open"):
    """Begin: by `columns` of `register`, whose first is its key, with `of`, a register of the asker's. `pair` names the
    salt that the asker keeps; `whole`: it must hold every record; `cold`: make the sums from the rows themselves."""

    register: str
    columns: list[str]
    of: str
    public: str
    pair: str = ""
    bits: int = 0
    whole: bool = False
    cold: bool = False


class Buckets(_Step, frozen=True, tag="buckets"):
    """Digests of all groups in order, or of all buckets of the `groups` named."""

    run: str
    digests: str
    groups: list[int] = []


class Held(_Step, frozen=True, tag="held"):
    """The keys that the asker holds, by bucket; after the last of them the owner makes its sums."""

    run: str
    keys: dict[int, str]
    last: bool = False


class Rows(_Step, frozen=True, tag="rows"):
    """All rows of some buckets: key and digest, one after the other."""

    run: str
    rows: dict[int, str]


class Fields(_Step, frozen=True, tag="fields"):
    """Keys, by bucket, whose rows differ: which fields do? `absent`: the owner holds them and the asker does not, so
    the keys themselves are asked for."""

    run: str
    keys: dict[int, str]
    absent: bool = False


Step = Open | Buckets | Held | Rows | Fields


def step(body: Mapping[str, Any]) -> Step:
    """Raises Refused: malformed."""
    try:
        return msgspec.convert(body, Step, str_keys=True)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error


def body(of: Step) -> dict[str, Any]:
    return dict(msgspec.to_builtins(of, str_keys=True))


# ---------------------------------------------------------------------- keys


class Half:
    """One side's half of an agreement."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = base64.b64encode(self._private.public_key().public_bytes_raw()).decode()

    def agree(self, public: str, run: str) -> tuple[bytes, bytes]:
        """The run's key, and a salt for the pair if it has none. Raises Refused when the other half is none."""
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(unpacked(public)))
        except (ValueError, InvalidKey) as error:
            raise Refused("malformed", "not a half of a key") from error
        both = HKDF(SHA256(), 64, None, b"register.compare/" + run.encode()).derive(shared)
        return both[:32], both[32:]


def name_of(salt: bytes) -> str:
    """Tells whether both ends keep the same salt."""
    return hashlib.sha256(b"pair" + salt).hexdigest()[:16] if salt else ""


# ---------------------------------------------------------------------- what stands for rows


def of_bucket(key: bytes, bucket: int, sums: bytes) -> bytes:
    return _mac(key, b"bucket", bucket.to_bytes(4), sums)


def of_group(key: bytes, digests: bytes) -> bytes:
    return _mac(key, b"group", digests)


def of_row(key: bytes, row_hash: bytes) -> bytes:
    return _mac(key, b"row", row_hash)


def of_field(key: bytes, short: bytes, place: int, value: str) -> bytes:
    return _mac(key, b"field", short, place.to_bytes(2), value.encode())


def _mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), "sha256")[:DIGEST]


# ---------------------------------------------------------------------- bytes in JSON


def written(content: bytes) -> str:
    return base64.b64encode(content).decode()


def unpacked(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def cut(text: str, size: int, most: int) -> list[bytes]:
    """Pieces of `size` bytes. Raises Refused: malformed, too-many."""
    try:
        content = unpacked(text)
    except ValueError as error:
        raise Refused("malformed", str(error)) from error
    if len(content) % size:
        raise Refused("malformed", f"not pieces of {size} bytes")
    if len(content) > size * most:
        raise Refused("too-many", f"at most {most} at once")
    return [content[begin : begin + size] for begin in range(0, len(content), size)]


def cut_all(
    texts: Mapping[int, str], size: int, most: int, buckets: int, at_once: int = MOST_BUCKETS
) -> dict[int, list[bytes]]:
    """Pieces by bucket; at most so many in all. Raises Refused: malformed, too-many."""
    if len(texts) > at_once:
        raise Refused("too-many", f"at most {at_once} buckets at once")
    if any(not 0 <= bucket < buckets for bucket in texts):
        raise Refused("malformed", "no such bucket")
    found = {bucket: cut(text, size, most) for bucket, text in texts.items()}
    if sum(map(len, found.values())) > most:
        raise Refused("too-many", f"at most {most} at once")
    return found


def joined(pieces: Mapping[int, Iterable[bytes]]) -> dict[int, str]:
    return {bucket: written(b"".join(found)) for bucket, found in pieces.items()}


def portions(sizes: Mapping[int, int], most: int, at_once: int = MOST_BUCKETS) -> Iterator[list[int]]:
    """Buckets in turns that keep within what one message may hold."""
    portion: list[int] = []
    size = 0
    for bucket, count in sizes.items():
        if portion and (size + count > most or len(portion) == at_once):
            yield portion
            portion, size = [], 0
        portion.append(bucket)
        size += count
    if portion:
        yield portion


def parts(items: Sequence[int], most: int) -> Iterator[list[int]]:
    for begin in range(0, len(items), most):
        yield list(items[begin : begin + most])
