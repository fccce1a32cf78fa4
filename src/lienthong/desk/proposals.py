"""Four eyes before something of the agency's is published: one proposes a part of the catalogue, another approves it.

For any part that this node publishes itself: process tables, calendars, lists. Whoever wrote on it never approves it.
An approval seals and publishes it in the same transaction; the part is in force everywhere from its day.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec
import psycopg

from lienthong.casework.rules import source_hashes
from lienthong.catalogue import parts
from lienthong.catalogue.catalogue import assembled
from lienthong.catalogue.files import CatalogueError, Files
from lienthong.exchange import publications
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

State = Literal["open", "approved", "sent_back", "withdrawn"]
ROLES: Final[Mapping[str, str]] = {"processes": "process_admin"}  # by a part's first step: who proposes and approves it
LONGEST_NOTE: Final = 1_000
_FIELDS = (
    "id, part, files, base, author, author_name, authors, at, since, transition, note, state, decided_at, decided_by, "
    "decided_name, reason, published, acts, chain"
)
_OPEN = """
INSERT INTO proposal (id, part, files, base, author, author_name, authors, at, since, transition, note, chain)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_DECIDE = """
UPDATE proposal SET state = %s, decided_at = %s, decided_by = %s, decided_name = %s, reason = %s, published = %s,
    acts = %s, chain = %s WHERE id = %s
"""
_ORDER = "ORDER BY (state = 'open') DESC, at DESC LIMIT %s"
_LISTED = f"SELECT {_FIELDS} FROM proposal WHERE split_part(part, '/', 1) = ANY (%s) {_ORDER}"
_OF_PART = f"SELECT {_FIELDS} FROM proposal WHERE part = %s {_ORDER}"
_LATEST = "SELECT hash FROM publication WHERE part = %s ORDER BY version DESC LIMIT 1"
MOST = 100


class Proposal(msgspec.Struct, frozen=True):
    """What is proposed, by whom, and how it ended. `base` names the publication that it replaces."""

    id: str
    part: str
    files: dict[str, str]
    base: str
    author: str
    author_name: str
    authors: list[str]
    at: datetime
    since: date
    transition: str
    note: str
    state: State
    decided_at: datetime | None
    decided_by: str
    decided_name: str
    reason: str
    published: str
    acts: int
    chain: bytes


class NotAllowed(Exception):
    """What was wished cannot be done; `code` says why, the message what of it: own-proposal, open-already, day-passed,
    nothing-changed, overtaken (another version of the part was published meanwhile), ended, does-not-hold."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(about or code)
        self.code, self.about = code, about


def may_see(officer: Officer, part: str) -> bool:
    return ROLES.get(part.partition("/")[0]) in officer.roles


def propose(
    node: Node,
    tx: Tx,
    officer: Officer,
    part: str,
    files: Files,
    *,
    since: date,
    transition: str = "stay",
    note: str = "",
    authors: Collection[str] = (),
) -> Proposal:
    """Lay a part's next version before another pair of eyes. `authors` wrote on it too.

    Raises PermissionError, NotAllowed: open-already, day-passed, nothing-changed, does-not-hold.
    """
    _demand(officer, part)
    _check(node, tx, part, files, since)
    base, at = str(tx.value(_LATEST, (part,)) or ""), clock.now()
    proposal = Proposal(
        new_id(), part, dict(files), base, officer.number, officer.name, sorted({*authors, officer.number}), at, since,
        transition, note[:LONGEST_NOTE], "open", None, "", "", "", "", 1, b"",
    )  # fmt: skip
    told = {"part": part, "since": since, "transition": transition, "content": parts.content_hash(files)}
    chain = entries.append(tx, _stream(proposal), "act", _act("propose", officer, proposal.note, told), at=at)
    texts = [msgspec.json.encode(value).decode() for value in (proposal.files, proposal.authors)]
    try:
        with tx.savepoint():
            tx.touch(_OPEN, (proposal.id, part, texts[0], base, officer.number, officer.name, texts[1], at, since,
                             transition, proposal.note, chain))  # fmt: skip
    except psycopg.errors.UniqueViolation as taken:
        raise NotAllowed("open-already", part) from taken
    return msgspec.structs.replace(proposal, chain=chain)


def approve(node: Node, tx: Tx, id_: str, officer: Officer) -> Proposal:
    """Publish what was proposed, under the node's seal, in force from its day.

    Raises LookupError, PermissionError, NotAllowed: own-proposal, ended, overtaken, day-passed, does-not-hold.
    """
    found = _at_hand(tx, id_, officer)
    if officer.number in found.authors:
        raise NotAllowed("own-proposal", found.author_name)
    if str(tx.value(_LATEST, (found.part,)) or "") != found.base:
        raise NotAllowed("overtaken", found.part)
    _check(node, tx, found.part, found.files, found.since)
    try:
        made = publications.publish(
            tx, node.name, node.seal, found.part, found.files, since=found.since, at=clock.now()
        )
    except Refused as refused:
        raise NotAllowed("does-not-hold", refused.reason) from refused
    if made is None:
        raise NotAllowed("nothing-changed", found.part)
    return _decide(tx, found, "approved", officer, "", made.hash)


def send_back(tx: Tx, id_: str, officer: Officer, reason: str) -> Proposal:
    """Not so, and why. Raises LookupError, PermissionError, ValueError (no reason), NotAllowed: own-proposal, ended."""
    found = _at_hand(tx, id_, officer)
    if officer.number == found.author:
        raise NotAllowed("own-proposal", found.author_name)
    if not reason.strip():
        raise ValueError("required")
    return _decide(tx, found, "sent_back", officer, reason.strip()[:LONGEST_NOTE])


def withdraw(tx: Tx, id_: str, officer: Officer) -> Proposal:
    """The author takes it back. Raises LookupError, PermissionError, NotAllowed: ended."""
    found = _at_hand(tx, id_, officer)
    if officer.number not in found.authors:
        raise PermissionError("only an author takes a proposal back")
    return _decide(tx, found, "withdrawn", officer, "")


# looking


def load(tx: Tx, id_: str, *, lock: bool = False) -> Proposal | None:
    row = tx.one(f"SELECT {_FIELDS} FROM proposal WHERE id = %s{' FOR UPDATE' if lock else ''}", (id_,))
    return None if row is None else _from_row(row)


def of_part(tx: Tx, part: str) -> list[Proposal]:
    """Of one part: the open one first, then the newest."""
    return [_from_row(row) for row in tx.all(_OF_PART, (part, MOST))]


def listed(tx: Tx, officer: Officer) -> list[Proposal]:
    """Those that concern the officer's roles: open ones first, then the newest."""
    kinds = [kind for kind, role in ROLES.items() if role in officer.roles]
    return [_from_row(row) for row in tx.all(_LISTED, (kinds, MOST))]


# inside


def _demand(officer: Officer, part: str) -> None:
    if not may_see(officer, part):
        raise PermissionError(f"{part} is not this officer's")


def _at_hand(tx: Tx, id_: str, officer: Officer) -> Proposal:
    found = load(tx, id_, lock=True)
    if found is None:
        raise LookupError(id_)
    _demand(officer, found.part)
    if found.state != "open":
        raise NotAllowed("ended", found.decided_name)
    return found


def _check(node: Node, tx: Tx, part: str, files: Files, since: date) -> None:
    """It can still come into force on its day, is ours, says something new, and the whole holds with it."""
    if since < clock.today():
        raise NotAllowed("day-passed", since.isoformat())
    try:
        owner = parts.publisher(publications.publishers(tx, since), part, files)
        if owner != node.name or {parts.part_of(path) for path in files} != {part}:
            raise NotAllowed("does-not-hold", f"{part} is published by {owner}")
        held = {row.part: publications.body_of(row.envelope).files for row in publications.in_force(tx, since)}
        if held.get(part) == dict(files):
            raise NotAllowed("nothing-changed", part)
        whole = assembled(parts.joined({**held, part: files}.values()), node.name, source_hashes())
    except CatalogueError as error:
        raise NotAllowed("does-not-hold", str(error)) from error
    if part in whole.unfit:
        raise NotAllowed("does-not-hold", whole.unfit[part])


def _decide(tx: Tx, found: Proposal, state: State, officer: Officer, reason: str, published: str = "") -> Proposal:
    at, number = clock.now(), found.acts + 1
    told = {"part": found.part, **({"published": published} if published else {})}
    act = _act(state, officer, reason, told)
    chain = entries.append_all(tx, _stream(found), "act", [(at, act)], first=number, previous=found.chain)
    tx.touch(_DECIDE, (state, at, officer.number, officer.name, reason, published, number, chain, found.id))
    return msgspec.structs.replace(
        found, state=state, decided_at=at, decided_by=officer.number, decided_name=officer.name, reason=reason,
        published=published, acts=number, chain=chain,
    )  # fmt: skip


def _act(verb: str, officer: Officer, note: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {"verb": verb, "by": officer.name, "officer": officer.number, "note": note, **told}


def _stream(proposal: Proposal) -> str:
    return f"proposal/{proposal.id}"


def _from_row(row: Any) -> Proposal:
    values = row._asdict() | {"chain": bytes(row.chain)}
    values |= {name: msgspec.json.decode(values[name]) for name in ("files", "authors")}
    return Proposal(**values)
