"""Papers made once: typeset, sealed and kept in one transaction, then always the same bytes.

    issue      the paper that says these facts: the one there is, or a new version
    revoke     what the papers say no longer holds
    by_code    what anybody who holds the code may ask

Who is killed between the seal and the commit leaves nothing; the next request makes the paper, once.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.errors import LockNotAvailable

from lienthong.catalogue.papers import Template
from lienthong.documents import sealing
from lienthong.documents.typesetting import qr_code, typeset
from lienthong.documents.wording import masked
from lienthong.exchange.node import Node
from lienthong.kit import clock, failpoints
from lienthong.kit.canonical import canonical
from lienthong.kit.storage import Tx

LARGEST: Final = 180 * 1024  # in base64 it must fit an envelope
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1
CODE_LENGTH: Final = 27  # 133 bits
VALID, SUPERSEDED, REVOKED = "valid", "superseded", "revoked"
VERIFY_PATH = "/xac-minh"
_LOCK, _WAIT = 7_260_104, "1500ms"

_COLUMNS = "code, dossier, name, version, facts, issuer, holder, pdf, sha256, level, made_at, state, ended_at"
_LATEST = f"SELECT {_COLUMNS} FROM document WHERE dossier = %s AND name = %s ORDER BY version DESC LIMIT 1"
_BY_CODE = f"SELECT {_COLUMNS} FROM document WHERE code = %s"
_KEEP = """
INSERT INTO document (code, dossier, name, version, facts, issuer, holder, pdf, sha256, level, made_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_END = "UPDATE document SET state = %s, ended_at = %s WHERE dossier = %s AND name = ANY(%s) AND state = 'valid'"


class BeingMade(Exception):
    """Somebody else has been making this very paper for a while; it will be there soon."""


class TooLarge(Exception):
    """The paper would not fit an answer to another node."""


@dataclass(frozen=True)
class Wanted:
    """A paper to be had: what it says, and who says it to whom. `place` is where it is sealed."""

    dossier: str
    template: Template
    facts: Mapping[str, Any]
    issuer: str
    place: str
    holder: str


@dataclass(frozen=True)
class Paper:
    """A paper as kept; `ended_at` is since when it is superseded or revoked."""

    code: str
    dossier: str
    name: str
    version: int
    facts: str
    issuer: str
    holder: str
    pdf: bytes
    sha256: str
    level: str
    made_at: datetime
    state: str = VALID
    ended_at: datetime | None = None


def issue(node: Node, tx: Tx, wanted: Wanted, *, stamped: bool = False) -> Paper:
    """The valid paper with these facts; made now where there is none, in place of one with other facts.

    Raises BeingMade, TooLarge, sealing.NoCertificate, typesetting.BadFacts; where `stamped`, stamping.NoStamp.
    """
    name, dossier = wanted.template.name, wanted.dossier
    _alone(tx, f"{dossier}/{name}")
    latest = _read(tx.one(_LATEST, (dossier, name)))
    digest = hashlib.sha256(canonical(wanted.facts)).hexdigest()
    if latest and latest.state == VALID and latest.facts == digest:
        return latest
    made = _make(node, wanted, digest, version=latest.version + 1 if latest else 1, stamped=stamped)
    failpoints.here(failpoints.SIGNING)
    tx.touch(_END, (SUPERSEDED, made.made_at, dossier, [name]))
    values = (made.code, dossier, name, made.version, digest, made.issuer, made.holder)
    tx.run(_KEEP, (*values, made.pdf, made.sha256, made.level, made.made_at))
    return made


def _alone(tx: Tx, paper: str) -> None:
    """Nobody else makes this paper until the transaction ends. Raises BeingMade after waiting for `_WAIT`."""
    try:
        with tx.savepoint():
            tx.one("SELECT set_config('lock_timeout', %s, true)", (_WAIT,))
            tx.one("SELECT pg_advisory_xact_lock(%s::int, hashtext(%s))", (_LOCK, paper))
    except LockNotAvailable as taken:
        raise BeingMade(paper) from taken


def _make(node: Node, wanted: Wanted, digest: str, version: int, *, stamped: bool) -> Paper:
    at, code = clock.now(), new_code()
    here = {
        "demo": node.directory.demo,
        "signed": f"{at.astimezone(clock.ZONE):%H:%M ngày %d/%m/%Y}",
        "verify": _how_to_verify(node, code),
    }
    pdf = typeset(node.catalogue.papers, wanted.template, {**wanted.facts, **here}, at)
    sealed = sealing.seal(node, pdf, at, reason=wanted.template.title.vi, place=wanted.place, stamped=stamped)
    if len(sealed.pdf) > LARGEST:
        raise TooLarge(f"{wanted.template.name}: {len(sealed.pdf)} bytes")
    return Paper(
        code, wanted.dossier, wanted.template.name, version, digest, wanted.issuer, masked(wanted.holder), sealed.pdf,
        hashlib.sha256(sealed.pdf).hexdigest(), sealed.level, at,
    )  # fmt: skip


def latest(tx: Tx, dossier: str, name: str) -> Paper | None:
    """The newest version of a paper, whatever became of it."""
    return _read(tx.one(_LATEST, (dossier, name)))


def by_code(tx: Tx, code: str) -> Paper | None:
    return _read(tx.one(_BY_CODE, (code,)))


def revoke(tx: Tx, dossier: str, names: Sequence[str], at: datetime) -> None:
    """The papers of these names are void from now on; those already replaced stay so."""
    tx.touch(_END, (REVOKED, at, dossier, list(names)))


def new_code() -> str:
    """A code nobody guesses, in letters and digits that are not taken for one another."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def is_code(text: str) -> bool:
    return len(text) == CODE_LENGTH and set(text) <= set(ALPHABET)


def _how_to_verify(node: Node, code: str) -> dict[str, str]:
    """Where anybody asks whether a paper is valid: the portal's public page."""
    cards = node.catalogue.nodes
    portal = next(name for name, card in cards.items() if "portal" in card.faces)
    site, slug = node.directory.entry(portal).site, node.catalogue.card.slug
    url = f"{site}{VERIFY_PATH}/{slug}/{code}"
    shown = f"{site.partition('://')[2]}{VERIFY_PATH}"
    return {"code": f"{slug}/{code}", "url": url, "shown": shown, "qr": qr_code(url)}


def _read(row: Any) -> Paper | None:
    return None if row is None else Paper(**{**row._asdict(), "pdf": bytes(row.pdf)})
