"""Keeping records in step with the register they take fields from, as `follows:` in their declaration says.

An event of the followed register amends our record where a field differs, with the event as what it follows from:
`recorded_by` and the journal say `G01/persons/42`. Where the person has died, or was taken out of that register, our
record ends as declared. A record that we do not hold is not made: whom we insure is ours to say.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lienthong.catalogue.holdings import Follow, Register
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Event, Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import records
from lienthong.registers.tables import quoted

DAY = "$day"  # in `ends.sets`: the day that the other register says


def take_in(node: Node, tx: Tx, event: Event) -> None:
    """One event, or a set of rows, of the register that `event.purpose` follows. Raises Refused: unknown-register."""
    register = node.catalogue.owned.get(event.purpose)
    follow = register.follows if register else None
    if register is None or follow is None or follow.register != event.feed:
        raise Refused("unknown-register", f"{event.purpose} follows no {event.feed}")
    if event.rows:
        key = node.catalogue.registers[event.feed].key
        _apply(tx, register, follow, {str(row[key]): row for row in event.rows}, event)
    elif event.data is not None:
        told = event.data.get("fields") or _gone(follow, event)
        _apply(tx, register, follow, {event.subject: told}, event)


def _gone(follow: Follow, event: Event) -> dict[str, Any]:
    """What a withdrawal says to who follows: the record ends on the day it was taken out."""
    return {follow.ends.by: event.time[:10]} if follow.ends else {}


def _apply(tx: Tx, register: Register, follow: Follow, theirs: Mapping[str, Mapping[str, Any]], event: Event) -> None:
    for ours in _held(tx, register, follow, theirs):
        row = theirs[str(ours[follow.by])]
        changes = {name: value for name, value in _wanted(follow, row).items() if ours[name] != value}
        if changes:
            at, key = clock.now(), str(ours[register.key])
            records.amend(tx, register, key, changes, at=at, valid_from=at.date(), by=event.id)


def _held(tx: Tx, register: Register, follow: Follow, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Our records of these, locked until the amendment is committed."""
    table, by = quoted(register.register), quoted(follow.by)
    held = tx.all(f"SELECT {quoted(register.key)} AS key FROM {table} WHERE {by} = ANY(%s) FOR UPDATE", (list(keys),))
    return records.several(tx, register, [str(row.key) for row in held]) if held else []


def _wanted(follow: Follow, row: Mapping[str, Any]) -> dict[str, Any]:
    """What our columns should say, as far as this row tells."""
    wanted = {ours: row[name] for ours, name in follow.takes.items() if row.get(name) not in (None, "")}
    if follow.ends and row.get(follow.ends.by):
        day = str(row[follow.ends.by])
        wanted |= {name: day if value == DAY else value for name, value in follow.ends.sets.items()}
    return wanted
