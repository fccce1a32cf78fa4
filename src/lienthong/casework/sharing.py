"""Work that one unit's head offers to another's. When that one accepts, each dossier moves by an act of its own; who is
competent, the code and the promised time stay (moving.transfer)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from lienthong.casework import dossiers, moving
from lienthong.casework.desks import demand_reason
from lienthong.casework.moving import HEAD
from lienthong.casework.states import NotPossible
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

MOST: Final = 50  # dossiers offered together
SHOWN: Final = 20
MOVED = "moved"

_OFFER: Final = """
INSERT INTO work_offer (id, from_unit, to_unit, codes, reason, offered_at, offered_by, name)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_ANSWER: Final = """
UPDATE work_offer SET state = %s, answered_at = %s, answered_by = %s, answer = %s WHERE id = %s
"""
_OF: Final = """
SELECT * FROM work_offer WHERE from_unit = ANY (%(units)s) OR to_unit = ANY (%(units)s)
ORDER BY state = 'open' DESC, offered_at DESC LIMIT %(most)s
"""


class Offer(msgspec.Struct, frozen=True):
    """An offer as it stands; `results` says of each dossier that it moved, or why not."""

    id: str
    from_unit: str
    to_unit: str
    codes: list[str]
    reason: str
    offered_at: datetime
    offered_by: str
    name: str
    state: Literal["open", "accepted", "declined"]
    answered_at: datetime | None
    answered_by: str
    answer: str
    results: dict[str, str]


def offer(tx: Tx, officer: Officer, unit: str, to: str, codes: Sequence[str], reason: str) -> str:
    """Offer dossiers that lie in a unit to another. Raises ValueError: required, too-many, same-unit, no-such-head;
    PermissionError unless the officer is the unit's head; NotPossible for a dossier that does not wait there."""
    demand_reason(reason)
    if not codes:
        raise ValueError("required")
    if len(codes) > MOST or to == unit:
        raise ValueError("same-unit" if to == unit else "too-many")
    if not officer.holds(HEAD, unit):
        raise PermissionError(f"the head of {unit} offers its work")
    if not officers.colleagues(tx, HEAD, to, clock.today()):
        raise ValueError("no-such-head")
    for code in codes:
        found = dossiers.load(tx, code)
        if found is None or found.desk != unit or found.state.waiting != "open":
            raise NotPossible(f"{code} does not wait in {unit}")
    at, name = clock.now(), new_id()
    told = {"verb": "offer", "from": unit, "to": to, "codes": list(codes), "officer": officer.number}
    entries.append(tx, _stream(name), "act", told, at=at)
    listed = msgspec.json.encode(codes).decode()
    tx.run(_OFFER, (name, unit, to, listed, reason, at, officer.number, officer.name))
    return name


def answer(node: Node, name: str, officer: Officer, *, accepts: bool, why: str = "") -> Offer:
    """The receiving head's word; on yes every dossier moves, each in a transaction of its own. Raises LookupError,
    PermissionError, NotPossible (answered before), ValueError for a no without a reason."""
    if not accepts:
        demand_reason(why)
    with node.database.transaction() as tx:
        found = _at_hand(tx, name, officer)
        state, at = ("accepted", clock.now()) if accepts else ("declined", clock.now())
        tx.touch(_ANSWER, (state, at, officer.number, why, name))
        _note(tx, name, {"verb": state, "officer": officer.number, "reason": why}, at)
        giver = officers.find(tx, found.offered_by, clock.today())
    if accepts:
        results = {code: _moved(node, found, code, giver, officer) for code in found.codes}
        with node.database.transaction() as tx:
            told = msgspec.json.encode(results).decode()
            tx.touch("UPDATE work_offer SET results = %s WHERE id = %s", (told, name))
    with node.database.transaction() as tx:
        return _read(tx.one("SELECT * FROM work_offer WHERE id = %s", (name,)))


def _at_hand(tx: Tx, name: str, officer: Officer) -> Offer:
    row = tx.one("SELECT * FROM work_offer WHERE id = %s FOR UPDATE", (name,))
    if row is None:
        raise LookupError(name)
    if not officer.holds(HEAD, row.to_unit):
        raise PermissionError(f"the head of {row.to_unit} answers this")
    if row.state != "open":
        raise NotPossible("it was answered before")
    return _read(row)


def _moved(node: Node, found: Offer, code: str, giver: Officer | None, taker: Officer) -> str:
    """MOVED, or why it could not be moved any more."""
    if giver is None:
        return "no-such-head"
    try:
        with node.database.transaction() as tx:
            moving.transfer(node, tx, code, giver, found.to_unit, f"{found.reason} ({taker.name})")
    except PermissionError:
        return "no-such-head"
    except (NotPossible, LookupError, ValueError):
        return "not-there"
    return MOVED


def of(tx: Tx, units: Collection[str]) -> list[Offer]:
    """Offers from or to some units, those that wait first."""
    return [_read(row) for row in tx.all(_OF, {"units": list(units), "most": SHOWN})]


def _note(tx: Tx, name: str, told: dict[str, Any], at: datetime) -> None:
    last = tx.one("SELECT number, chain FROM journal_entry WHERE stream = %s ORDER BY number DESC", (_stream(name),))
    entries.append(tx, _stream(name), "act", told, at=at, number=last.number + 1, previous=bytes(last.chain))


def _stream(name: str) -> str:
    return f"work_offer/{name}"


def _read(row: Any) -> Offer:
    values = row._asdict()
    return Offer(**{**values, "codes": msgspec.json.decode(row.codes), "results": msgspec.json.decode(row.results)})
