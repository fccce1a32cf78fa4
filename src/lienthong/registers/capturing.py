"""What changed in a joined database, as sealed entries of our journal: feeds, copies and comparisons go on from there.

Every look compares digests of the fields with those of the last entry, so that only real changes are written down, each
with the fields that changed; nobody is told twice. Where to look is found in one of two ways.

By triggers (the owner allows them): each transaction notes which records it touched, in itself. Nothing is missed:
insertions, changes, deletions, however late they commit. Changes of one record between two looks are one entry.

By a watermark (a column that grows with each change): rows above the highest seen, and those up to `overlap` below it,
for who commits late or whose clock is slow. Its limits:
- what is deleted is found only when all rows are looked at, every `sweep` seconds
- so are changes of joined tables, and rows that are written without touching the column
- a row that commits more than `overlap` after its time is found with them too
- a time that lies ahead of ours is not taken as reached: the rows behind it are looked at until it has passed

The first look writes no entry for each record: one says how many there were, and a copy gives them to who follows.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.mappings import Joining, Watermark
from lienthong.catalogue.shapes import Term
from lienthong.exchange.node import Node
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import joined
from lienthong.registers.joined import Sql, foreign
from lienthong.registers.records import stream
from lienthong.registers.tables import quoted

EVERY = 1.0
MOST = 1_000  # records written down in one transaction
BYTES = 6  # of a field's digest
GONE = "no longer in the joined database"
_log = logging.getLogger(__name__)

_BEGUN = "INSERT INTO joined_register (register, reached, swept_at, looked_at) VALUES (%s, %s, %s, %s)"
_BASE = """
INSERT INTO joined_row (register, key, version, digests, at)
SELECT DISTINCT ON (key) %(register)s, key, 1, digests, %(at)s::timestamptz FROM ({rows}) found ORDER BY key, digests
"""
_ALL = "COPY (SELECT key, digests FROM joined_row WHERE register = %s ORDER BY key) TO STDOUT"
_LAST = "SELECT number, chain FROM journal_entry WHERE stream = %s ORDER BY number DESC LIMIT 1"
_DIFFERING = """
SELECT coalesce(v.key, j.key) AS key
FROM (SELECT DISTINCT ON (key) key, digests FROM ({rows}) found WHERE {where} ORDER BY key, digests) v
FULL JOIN (SELECT key, digests FROM joined_row WHERE register = %(register)s AND NOT gone AND {where}) j
    ON j.key = v.key
WHERE v.digests IS DISTINCT FROM j.digests ORDER BY 1 LIMIT %(most)s
"""
_NOTED = """
DELETE FROM joined_change WHERE id IN (
    SELECT id FROM joined_change WHERE register = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING key
"""
_KNOWN = "SELECT key, version, digests, chain, gone FROM joined_row WHERE register = %s AND key = ANY(%s)"
_KEEP = """
INSERT INTO joined_row (register, key, version, digests, chain, at, gone) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (register, key) DO UPDATE SET version = excluded.version, digests = excluded.digests,
    chain = excluded.chain, at = excluded.at, gone = excluded.gone
"""
_LOOKED = """
UPDATE joined_register SET looked_at = %(at)s, reached = coalesce(%(reached)s, reached),
    changes = changes + %(changes)s, unswept = %(unswept)s,
    swept_at = CASE WHEN %(swept)s THEN %(at)s ELSE swept_at END WHERE register = %(register)s
"""


def run(node: Node, stop: Event) -> None:
    """Look again and again until told to stop. A database that is away is tried again."""
    while not stop.wait(EVERY):
        try:
            here = node.at_hand()
            for name in here.catalogue.joinings:
                while look(here, name) == MOST and not stop.is_set():
                    pass
        except Exception as error:  # a database's message may quote a value
            _log.warning("a joined database could not be looked at: %s", type(error).__name__)


def look(node: Node, name: str, *, sweep: bool = False) -> int:
    """Write down what changed in a joined register since the last look; how many records that were. `sweep` looks at
    all rows. MOST: there may be more.
    """
    register, mapping = node.catalogue.owned[name], node.catalogue.joinings[name]
    with node.database.transaction() as tx:
        looking = _Looking(tx, register, mapping, node.catalogue.terms)
        state = tx.one("SELECT reached, unswept, swept_at FROM joined_register WHERE register = %s FOR UPDATE", (name,))
        if state is None:
            looking.begin()
            return 0
        return looking.go_on(state, sweep=sweep)


class _Looking:
    """One look at one register."""

    def __init__(self, tx: Tx, register: Register, mapping: Joining, terms: Mapping[str, Term]) -> None:
        self._tx, self._register, self._mapping = tx, register, mapping
        self._sql = Sql(register, mapping, terms, {})
        self._name, self._now = register.register, clock.now()
        self._digests = joined.digests(register, terms)
        self._rows = f"SELECT {quoted(register.key)} AS key, {self._digests} AS digests FROM {quoted(self._name)}"

    def begin(self) -> None:
        """What stands when the database joins: in copies, not in the feed. One entry says how many and their digest."""
        mark = self._mapping.watermark
        self._tx.run(_BEGUN, (self._name, self._highest(mark) if mark else None, self._now, self._now))
        count = self._tx.touch(_BASE.format(rows=self._rows), {"register": self._name, "at": self._now})
        digest = hashlib.sha256()
        with self._tx.connection.cursor().copy(_ALL, (self._name,)) as copy:
            for block in copy:
                digest.update(block)
        content = {"register": self._name, "count": count, "digest": digest.hexdigest()}
        place = f"joined/{self._name}"
        last = self._tx.one(_LAST, (place,))  # one that left and joins again
        number, previous = (last.number + 1, bytes(last.chain)) if last else (1, b"")
        entries.append(self._tx, place, "joined", content, at=self._now, number=number, previous=previous)

    def go_on(self, state: Any, *, sweep: bool) -> int:
        """The keys that may have changed, then those that have."""
        mark = self._mapping.watermark
        sweep = sweep or state.unswept or bool(mark and (self._now - state.swept_at).total_seconds() >= mark.sweep)
        reached = self._highest(mark) if mark else None
        noted: list[str | None] = []
        if "triggers" in self._mapping.allows:
            noted = [row.key for row in self._tx.all(_NOTED, (self._name, MOST))]
            sweep = sweep or None in noted
        if sweep:
            keys = self._differing("true")
        elif mark:
            keys = self._differing(f"key IN ({self._above(mark)})", reached=state.reached, overlap=mark.overlap)
        else:
            keys = self._differing("key = ANY(%(noted)s)", noted=sorted({key for key in noted if key})) if noted else []
        self._write_down(keys)
        is_whole = len(keys) < MOST
        told = {"at": self._now, "register": self._name, "changes": len(keys), "swept": sweep and is_whole}
        self._tx.touch(_LOOKED, {**told, "reached": reached if is_whole else None, "unswept": sweep and not is_whole})
        return MOST if len(noted) == MOST else len(keys)

    def _differing(self, where: str, **more: Any) -> list[str]:
        query = _DIFFERING.format(rows=self._rows, where=where)
        rows = self._tx.all(query, {"register": self._name, "most": MOST, **more})
        return [row.key for row in rows]

    def _highest(self, mark: Watermark) -> str | None:
        """How far the watermark has come, by our clock at most; times without a zone are those of Vietnam."""
        highest = self._tx.value(f"SELECT max({foreign(mark.column)}) FROM {self._of_main()}")
        if isinstance(highest, datetime):
            local = self._now.astimezone(clock.ZONE).replace(tzinfo=None)
            return str(min(highest, self._now if highest.tzinfo else local))
        return None if highest is None else str(highest)

    def _above(self, mark: Watermark) -> str:
        """The keys of rows at the watermark and a little below it; all, where there was nothing yet."""
        column = f"{foreign('main')}.{foreign(mark.column)}"
        kind = str(self._tx.value(f"SELECT pg_typeof({column})::text FROM {self._of_main()} LIMIT 1") or "integer")
        less = "%(overlap)s" if kind in joined.WHOLE else "make_interval(secs => %(overlap)s)"
        key = self._sql.value(self._mapping.fields[self._register.key])
        below = f"%(reached)s::text IS NULL OR {column} >= %(reached)s::text::{kind} - {less}"
        return f"SELECT {key} FROM {self._of_main()} WHERE {below}"

    def _of_main(self) -> str:
        return f"{self._sql.table(self._mapping.table)} AS {foreign('main')}"

    # ------------------------------------------------------------------ writing down

    def _write_down(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        fields = ", ".join(map(quoted, self._register.fields))
        own = f"SELECT {quoted(self._register.key)} AS joined_key, {self._digests} AS joined_digests, {fields}"
        found = self._tx.all(
            f"SELECT DISTINCT ON (joined_key) * FROM ({own} FROM {quoted(self._name)}) found"
            f" WHERE joined_key = ANY(%s) ORDER BY joined_key, joined_digests",
            (list(keys),),
        )
        stands = {row.joined_key: row for row in found}
        known = {row.key: row for row in self._tx.all(_KNOWN, (self._name, list(keys)))}
        for key in keys:
            self._enter(key, known.get(key), stands.get(key))

    def _enter(self, key: str, known: Any, row: Any) -> None:
        """One entry: what was there (None: nothing) and what is."""
        change = self._change(known if known and not known.gone else None, row)
        if change is None:
            return
        number = known.version + 1 if known else 1
        content = {"register": self._name, "key": key, "version": number, **change, "by": joined.by(self._register)}
        chain = entries.append(
            self._tx, stream(self._register, key), "change", content, at=self._now, number=number,
            previous=bytes(known.chain) if known else b"",
        )  # fmt: skip
        digests = bytes(row.joined_digests) if row else bytes(known.digests)
        self._tx.run(_KEEP, (self._name, key, number, digests, chain, self._now, row is None))

    def _change(self, before: Any, row: Any) -> dict[str, Any] | None:
        """What an entry says; None where both are the same."""
        if row is None:
            return {"withdrawn": GONE} if before else None
        values = row._asdict()
        names = [
            name
            for place, name in enumerate(self._register.fields)
            if before is None or _piece(before.digests, place) != _piece(row.joined_digests, place)
        ]
        if before is not None and len(bytes(before.digests)) != len(bytes(row.joined_digests)):
            names = [name for name in self._register.fields if name != self._register.key]  # the declaration grew
        return {"fields": msgspec.to_builtins({name: values[name] for name in names})} if names else None


def _piece(digests: bytes, place: int) -> bytes:
    return bytes(digests)[place * BYTES : (place + 1) * BYTES]
