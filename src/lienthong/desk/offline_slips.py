"""Slips written while the line was away: numbers reserved beforehand, slips as they came, what became of each.

A slip is sealed on the machine that wrote it, to a key whose private half is only here: whoever takes that machine away
reads nobody's data. ECDH on P-256, HKDF-SHA256, AES-256-GCM; the number is bound in (NIST SP 800-56A, RFC 5869).
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.series import next_number
from lienthong.kit.storage import Tx

RESERVED: Final = 200  # numbers a machine gets; more when it asks again
LARGEST: Final = 64 * 1024
MOST: Final = 200
_NEW_SERIES = """
INSERT INTO offline_series (name, unit, device, last, private_key, officer, reserved_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_NEW_SLIP = """
INSERT INTO offline_slip (number, digest, series, unit, written_by, said_at, other_at, came_at, state, problems, intake)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_END = """
UPDATE offline_slip SET state = %s, dossier = %s, ended_by = %s, reason = %s, problems = %s
WHERE number = %s AND digest = %s AND state IN ('waiting', 'conflict')
"""
_LISTED = """
SELECT * FROM offline_slip WHERE unit = ANY(%s)
ORDER BY state NOT IN ('conflict', 'waiting'), came_at DESC, number LIMIT %s
"""
_KNOWN = "SELECT * FROM offline_slip WHERE number = %s ORDER BY came_at LIMIT 1"


class Unreadable(ValueError):
    """A slip that does not open with its series' key, or is no slip."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A slip as it was kept on the machine: a key made for it alone, and what was sealed with it (base64)."""

    number: str
    key: str
    iv: str
    data: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.key}.{self.iv}.{self.data}".encode()).hexdigest()


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was written on a slip. `at` is by the machine's clock; `void` is why it does not count."""

    service: str
    at: datetime
    officer: str = ""
    person: dict[str, str] = {}
    contact: dict[str, str] = {}
    values: dict[str, str] = {}
    papers: dict[str, int] = {}
    note: str = ""
    void: str = ""


class Slip(msgspec.Struct, frozen=True):
    """A slip that came, and what became of it."""

    number: str
    digest: str
    series: str
    unit: str
    written_by: str
    said_at: datetime
    other_at: datetime | None
    came_at: datetime
    state: str
    problems: list[str]
    intake: str
    dossier: str
    ended_by: str
    reason: str


# numbers


def reserve(tx: Tx, officer: Officer, unit: str, device: str) -> dict[str, Any]:
    """Numbers for a machine, and the key its slips are sealed to."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    name = f"T-{unit}-{next_number(tx, f'machines/{unit}'):02d}"
    tx.run(_NEW_SERIES, (name, unit, device, RESERVED, secret, officer.number, clock.now()))
    told = {"verb": "reserve", "unit": unit, "officer": officer.number, "last": RESERVED}
    entries.append(tx, f"series/{name}", "act", told, at=clock.now())
    return {"series": name, "last": RESERVED, "key": _public(key)}


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.b64encode(point).decode()


def series(tx: Tx, name: str, units: Iterable[str]) -> Any:
    """A series of these units, locked: its slips come one after another. None for a stranger's."""
    found = "SELECT * FROM offline_series WHERE name = %s AND unit = ANY(%s) AND closed_at IS NULL FOR UPDATE"
    return tx.one(found, (name, sorted(units)))


# slips


def place(number: str) -> tuple[str, int]:
    """The series and the place in it that a number names. Raises Unreadable."""
    name, _, place_in_it = number.rpartition("-")
    if not name or not place_in_it.isdecimal() or len(place_in_it) > 6:
        raise Unreadable(number)
    return name, int(place_in_it)


def open_sealed(private_key: str, sealed: Sealed) -> Written:
    """What a slip says. Raises Unreadable."""
    try:
        key = load_pem_private_key(private_key.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(sealed.key))
        secret = key.exchange(ec.ECDH(), theirs)
        bound = sealed.number.encode()
        with_key = AESGCM(HKDF(SHA256(), 32, salt=b"", info=bound).derive(secret))
        text = with_key.decrypt(base64.b64decode(sealed.iv), base64.b64decode(sealed.data), bound)
        return msgspec.json.decode(text, type=Written)
    except (ValueError, InvalidTag, msgspec.DecodeError) as error:
        raise Unreadable(sealed.number) from error


def known(tx: Tx, number: str, digest: str = "") -> Slip | None:
    """The slip that came under a number: with `digest` just that one, else the first."""
    one = "SELECT * FROM offline_slip WHERE number = %s AND digest = %s FOR UPDATE"
    return of_row(tx.one(one, (number, digest)) if digest else tx.one(_KNOWN, (number,)))


def of_row(row: Any) -> Slip | None:
    if row is None:
        return None
    values = {**row._asdict(), "problems": msgspec.json.decode(row.problems)}
    return Slip(**{name: values[name] for name in Slip.__struct_fields__})


def keep(tx: Tx, slip: Slip) -> None:
    """A slip has come; it is never changed after, only what became of it."""
    told = (
        slip.number,
        slip.digest,
        slip.series,
        slip.unit,
        slip.written_by,
        slip.said_at,
        slip.other_at,
        slip.came_at,
    )
    tx.run(_NEW_SLIP, (*told, slip.state, _text(slip.problems), slip.intake))
    tx.run(
        "UPDATE offline_series SET taken = greatest(taken, %s) WHERE name = %s", (place(slip.number)[1], slip.series)
    )
    _write_down(tx, slip, "came", {"said_at": slip.said_at, "digest": slip.digest})


def end(
    tx: Tx,
    slip: Slip,
    state: str,
    officer: Officer,
    *,
    dossier: str = "",
    reason: str = "",
    problems: Iterable[str] = (),
) -> None:
    """What became of a slip: opened, in conflict with something, or dropped for a reason."""
    told = (state, dossier, officer.name, reason, _text(list(problems)))
    if tx.touch(_END, (*told, slip.number, slip.digest)):
        said = {"officer": officer.number, "dossier": dossier, "reason": reason, "problems": list(problems)}
        _write_down(tx, slip, state, {name: value for name, value in said.items() if value})


def of_intake(tx: Tx, intake: str) -> Slip | None:
    """The slip that an intake came from."""
    return of_row(tx.one("SELECT * FROM offline_slip WHERE intake = %s", (intake,)))


def listed(tx: Tx, units: Iterable[str]) -> list[Slip]:
    """Slips of these units, what must be looked at first."""
    found = (of_row(row) for row in tx.all(_LISTED, (sorted(units), MOST)))
    return [slip for slip in found if slip]


def _write_down(tx: Tx, slip: Slip, verb: str, told: dict[str, Any]) -> None:
    told = {"verb": verb, "unit": slip.unit, **told}
    entries.append(tx, f"slip/{slip.number}/{new_id()}", "act", told, at=clock.now())


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
