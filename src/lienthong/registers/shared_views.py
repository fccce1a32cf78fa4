"""Sums of buckets, kept up to date for each pair of registers that is compared, at both ends.

Changes are taken from the journal: buckets in which a record changed are summed anew, a few rows each; after a large
bulk load or at first, all are, in one pass. A register's own writes cost nothing for it. What changed a table past the
journal is seen only when all sums are made anew (`cold`; the timer does that once a week).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from lienthong.catalogue.holdings import Follow
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import buckets, joined
from lienthong.registers.buckets import Shape, Source
from lienthong.registers.tables import PLACES

LONGEST_RUN = timedelta(hours=1)
KEYS, SUMS, READY = "keys", "sums", "ready"  # what a comparison waits for: the partner's keys, our sums, nothing
MOST_RENEWED = 8  # of so many buckets one may be summed by itself: beyond, one pass over all is quicker

_FIELDS = "id, partner, register, theirs, columns, salt, bits, partial, kept_to, built_at, run, run_key, state, cold"
_PUT = f"""
INSERT INTO shared_view (partner, register, theirs, columns, salt, bits, partial)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (partner, register, theirs) DO UPDATE SET columns = excluded.columns, salt = excluded.salt,
    bits = excluded.bits, partial = excluded.partial, kept_to = NULL, built_at = NULL, run = '', state = ''
RETURNING {_FIELDS}
"""
_KEPT = """
UPDATE shared_view SET kept_to = %s, built_at = coalesce(%s, built_at) WHERE id = %s AND kept_to IS NOT DISTINCT FROM %s
    AND salt = %s AND bits = %s
"""
_RENEW = """
INSERT INTO shared_bucket (view, bucket, sums) SELECT %s, * FROM unnest(%s::integer[], %s::bytea[])
ON CONFLICT (view, bucket) DO UPDATE SET sums = excluded.sums
"""
_HOLD = """
INSERT INTO shared_held (view, bucket, keys) SELECT %s, * FROM unnest(%s::integer[], %s::bytea[])
ON CONFLICT (view, bucket) DO UPDATE SET keys = excluded.keys
"""


class View(msgspec.Struct, frozen=True):
    """One end of a pair of registers that is compared."""

    id: int
    partner: str
    register: str
    theirs: str
    columns: str
    salt: bytes
    bits: int
    partial: bool
    kept_to: str | None
    built_at: datetime | None
    run: str
    run_key: bytes
    state: str
    cold: bool

    @property
    def shape(self) -> Shape:
        return Shape(self.salt, self.bits, self.id if self.partial else None)

    @property
    def names(self) -> list[str]:
        """Our columns; the first is the key."""
        return self.columns.split(",")


def find(tx: Tx, partner: str, register: str, theirs: str) -> View | None:
    where = "partner = %s AND register = %s AND theirs = %s"
    return _view(tx.one(f"SELECT {_FIELDS} FROM shared_view WHERE {where} FOR UPDATE", (partner, register, theirs)))


def by_run(tx: Tx, partner: str, run: str) -> View | None:
    """The view whose comparison is under way."""
    where = "partner = %s AND run = %s AND run <> '' AND run_until > %s"
    return _view(tx.one(f"SELECT {_FIELDS} FROM shared_view WHERE {where}", (partner, run, clock.now())))


def put(
    tx: Tx, partner: str, register: str, theirs: str, columns: Sequence[str], salt: bytes, bits: int, partial: bool
) -> View:
    """Begin anew: under another salt, or cut into other buckets, nothing kept so far holds."""
    row = tx.one(_PUT, (partner, register, theirs, ",".join(columns), salt, bits, partial))
    view = _view(row)
    assert view is not None
    for table in ("shared_bucket", "shared_held"):
        tx.run(f"DELETE FROM {table} WHERE view = %s", (view.id,))
    return view


def every(tx: Tx, *, awaited: bool = False) -> list[View]:
    """All of this node; or those whose partner waits for the sums."""
    where = f"WHERE state = '{SUMS}' AND run_until > %s" if awaited else "WHERE %s IS NOT NULL"
    rows = tx.all(f"SELECT {_FIELDS} FROM shared_view {where} ORDER BY id", (clock.now(),))
    return [view for row in rows if (view := _view(row))]


def begin(tx: Tx, view: View, run: str, key: bytes, *, state: str, cold: bool) -> None:
    """A comparison begins: `state` says what it waits for first."""
    sql = "UPDATE shared_view SET run = %s, run_key = %s, run_until = %s, state = %s, cold = %s WHERE id = %s"
    tx.run(sql, (run, key, clock.now() + LONGEST_RUN, state, cold, view.id))


def moved(tx: Tx, view: View, state: str) -> None:
    """The comparison goes on; a later one is left as it is."""
    tx.run("UPDATE shared_view SET state = %s WHERE id = %s AND run = %s", (state, view.id, view.run))


def sums(tx: Tx, view: View, first: int = 0, last: int | None = None) -> list[bytes]:
    """The sums of a run of buckets, in order; those without rows have nothing."""
    last = view.shape.count - 1 if last is None else last
    found = [buckets.NOTHING] * (last - first + 1)
    sql = "SELECT bucket, sums FROM shared_bucket WHERE view = %s AND bucket BETWEEN %s AND %s"
    for row in tx.all(sql, (view.id, first, last)):
        found[row.bucket - first] = bytes(row.sums)
    return found


def hold(tx: Tx, view: View, keys: Mapping[int, bytes]) -> None:
    """Which records the partner holds in some buckets."""
    if keys:
        tx.run(_HOLD, (view.id, list(keys), list(keys.values())))


def held(tx: Tx, view: View, wanted: Iterable[int]) -> dict[int, bytes]:
    sql = "SELECT bucket, keys FROM shared_held WHERE view = %s AND bucket = ANY(%s)"
    return {row.bucket: bytes(row.keys) for row in tx.all(sql, (view.id, list(wanted)))}


def renew(tx: Tx, view: View, source: Source, wanted: Sequence[int]) -> dict[int, bytes]:
    """Sum some buckets anew, and keep the sums."""
    found = dict.fromkeys(wanted, buckets.NOTHING) | dict(source.sums(tx, view.shape, wanted))
    if found:
        tx.run(_RENEW, (view.id, list(found), list(found.values())))
    return found


def keep(node: Node, view: View, source: Source, *, cold: bool = False) -> bool:
    """Bring the sums up to date; False when somebody else did meanwhile.

    The long reading writes nothing, so that the sealer does not wait for it; what it found is written in a moment.
    """
    with node.database.transaction() as tx:
        changes = source.changed(tx, None if cold else view.kept_to)
        stale = _stale(view, changes.places)
        if stale is not None:
            found = dict.fromkeys(stale, buckets.NOTHING) | dict(source.sums(tx, view.shape, stale) if stale else ())
        else:
            found = dict(source.sums(tx, view.shape))
    with node.database.transaction() as tx:
        at = clock.now() if stale is None else None
        if not tx.touch(_KEPT, (changes.upto, at, view.id, view.kept_to, view.salt, view.bits)):
            return False
        if stale is None:
            _replace(tx, view, found)
        elif found:
            tx.run(_RENEW, (view.id, list(found), list(found.values())))
    return True


def _stale(view: View, places: frozenset[int] | None) -> list[int] | None:
    """The buckets to sum anew; None: all."""
    if places is None:
        return None
    stale = sorted({place >> (PLACES - view.bits) for place in places})
    return None if len(stale) * MOST_RENEWED > view.shape.count else stale


def _replace(tx: Tx, view: View, found: Mapping[int, bytes]) -> None:
    tx.touch("DELETE FROM shared_bucket WHERE view = %s", (view.id,))
    with tx.connection.cursor().copy("COPY shared_bucket (view, bucket, sums) FROM STDIN") as copy:
        for bucket, summed in found.items():
            copy.write_row((view.id, bucket, summed))


def source(node: Node, register: str, columns: Sequence[str]) -> Source:
    """The rows of a register of this node; the first column is what they go by. KeyError for one that is not ours."""
    if made := node.row_sources.get(register):
        rows: Source = made(node, columns)
        return rows
    declared = node.catalogue.owned[register]
    if declared.joined:
        return joined.rows(declared, node.catalogue.terms, columns)
    return buckets.of_register(declared, node.catalogue.terms, columns[0], columns[1:])


def of_follow(node: Node, follow: Follow) -> tuple[list[str], list[str]]:
    """Our columns and theirs, in one order: what the rows go by, then what is shared."""
    shared = sorted(follow.takes)
    theirs = node.catalogue.registers[follow.register].key
    bare = {name: buckets.UNACCENTED if name in follow.unaccented else "" for name in shared}
    ours = [name + bare[name] for name in shared]
    return [follow.by, *ours], [theirs, *(follow.takes[name] + bare[name] for name in shared)]


def _view(row: Any) -> View | None:
    if row is None:
        return None
    values = row._asdict()
    values |= {"salt": bytes(values["salt"]), "run_key": bytes(values["run_key"])}
    return View(**values)
