"""`register.compare`, answered: the owner of a register says where another's rows differ from its own.

Only granted columns are compared. The asker sends digests of what it holds, the owner says which buckets, rows and
fields differ; of its own rows nothing leaves but digests of the fields of rows that differ, which is logged as a read
of those persons: who can guess a birth date can recognise its digest. Sums are made by the worker
(`reconcile_runs.keep_up`); until they are, the answer is `wait`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.journal import feeds
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import buckets, records, shared_views
from lienthong.registers import reconcile_wire as wire
from lienthong.registers.buckets import SHORT, Row, Source
from lienthong.registers.reconcile_wire import DIGEST, Buckets, Fields, Half, Held, Open, Rows
from lienthong.registers.shared_views import KEYS, READY, SUMS, View

DIFFERING = "register.differing"
BETWEEN_COLD = timedelta(minutes=1)
SHOWN = timedelta(days=30)
_DIFFERING = """
INSERT INTO shared_differing (view, key, until) SELECT %s, unnest(%s::text[]), %s
ON CONFLICT (view, key) DO UPDATE SET until = excluded.until
"""
_IS_DIFFERING = """
SELECT 1 FROM shared_differing d JOIN shared_view v ON v.id = d.view
WHERE v.partner = %s AND v.register = %s AND v.theirs = %s AND d.key = %s AND d.until > %s
"""


@dataclass(frozen=True)
class _Run:
    """A comparison under way, seen from the owner."""

    node: Node
    tx: Tx
    view: View
    source: Source

    def opened(self, wanted: Sequence[int]) -> dict[int, dict[bytes, Row]]:
        """Our rows of some buckets, by what stands for their keys."""
        found: dict[int, dict[bytes, Row]] = {bucket: {} for bucket in wanted}
        for row in self.source.opened(self.tx, self.view.shape, wanted):
            found[row.bucket][buckets.short(self.view.shape, row.key)] = row
        return found

    def digest(self, row: Row) -> bytes:
        return wire.of_row(self.view.run_key, buckets.row_hash(self.view.shape, row.key, row.values))


def compare(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer one step. Raises Refused: malformed, too-many, unknown-register, no-right, unknown-run."""
    asked = wire.step(message.body)
    if isinstance(asked, Open):
        return Answer(_open(node, tx, message, asked))
    view = shared_views.by_run(tx, message.header.sender, asked.run)
    if view is None:
        raise Refused("unknown-run", "no such comparison is under way here")
    run = _Run(node, tx, view, shared_views.source(node, view.register, view.names))
    if isinstance(asked, Held):
        return Answer(_hold(run, asked))
    if view.state != READY:
        return Answer({"wait": True})
    match asked:
        case Buckets():
            return Answer({"differ": _differing(run, asked)})
        case Rows():
            return Answer(_rows(run, asked))
    return _fields(run, asked)


# ---------------------------------------------------------------------- beginning


def _open(node: Node, tx: Tx, message: Message, asked: Open) -> dict[str, Any]:
    sender, run = message.header.sender, message.header.id
    register = node.catalogue.owned.get(asked.register)
    if register is None:
        raise Refused("unknown-register", f"{node.name} keeps no register {asked.register!r}")
    _check_columns(node, message, register, asked.columns)
    half = Half()
    key, salt = half.agree(asked.public, run)
    view, rows = shared_views.find(tx, sender, asked.register, asked.of), _count(node, tx, asked)
    bits = buckets.bits_for(rows)
    is_new = view is None or not _still_fits(view, asked, bits)
    if view is None or is_new:
        partial = not asked.whole
        view = shared_views.put(tx, sender, asked.register, asked.of, asked.columns, salt, bits, partial)
    state = KEYS if view.partial and (is_new or view.state == KEYS) else SUMS
    is_due = view.built_at is None or clock.now() - view.built_at > BETWEEN_COLD
    shared_views.begin(tx, view, run, key, state=state, cold=asked.cold and is_due)
    return {"run": run, "public": half.public, "bits": view.bits, "new": is_new, "keys": state == KEYS, "rows": rows}


def _check_columns(node: Node, message: Message, register: Register, columns: Sequence[str]) -> None:
    header, name = message.header, register.register
    granted = node.catalogue.granted_fields(header.sender, header.service, header.purpose, name, clock.today())
    if not 2 <= len(columns) <= wire.MOST_COLUMNS or len(set(columns)) != len(columns) or columns[0] != register.key:
        raise Refused("malformed", f"columns begin with {register.key}, each stands once")
    if outside := sorted(set(map(buckets.plain, columns)) - granted):
        raise Refused("no-right", f"{header.sender} may not compare {', '.join(outside)} of {name}")


def _count(node: Node, tx: Tx, asked: Open) -> int:
    return shared_views.source(node, asked.register, asked.columns).count(tx)


def _still_fits(view: View, asked: Open, bits: int) -> bool:
    """Whether both ends keep the same: salt, columns, and buckets of a size that still does."""
    is_same = wire.name_of(view.salt) == asked.pair and view.bits == asked.bits
    return is_same and view.names == asked.columns and view.partial != asked.whole and abs(view.bits - bits) <= 1


def _hold(run: _Run, asked: Held) -> dict[str, Any]:
    """Which records the asker holds: said once, at first contact; later with the rows of buckets that differ."""
    if run.view.state != KEYS:
        raise Refused("malformed", "nobody asked for keys")
    found = wire.cut_all(asked.keys, SHORT, wire.MOST_KEYS, run.view.shape.count)
    shared_views.hold(run.tx, run.view, {bucket: b"".join(keys) for bucket, keys in found.items()})
    if asked.last:
        shared_views.moved(run.tx, run.view, SUMS)
    return {"heard": len(found)}


# ---------------------------------------------------------------------- finding


def _differing(run: _Run, asked: Buckets) -> list[int]:
    """Groups, or buckets of the groups named, whose digests are not ours."""
    view = run.view
    size = min(wire.GROUP, view.shape.count)
    groups = view.shape.count // size
    if not asked.groups:
        theirs = _exactly(wire.cut(asked.digests, DIGEST, groups), groups)
        return [group for group, ours in enumerate(_groups(run, size)) if ours != theirs[group]]
    if len(asked.groups) > wire.MOST_GROUPS or any(not 0 <= group < groups for group in asked.groups):
        raise Refused("malformed", f"at most {wire.MOST_GROUPS} groups that there are")
    count = len(asked.groups) * size
    theirs = _exactly(wire.cut(asked.digests, DIGEST, count), count)
    found = []
    for place, group in enumerate(asked.groups):
        ours = digests(view, shared_views.sums(run.tx, view, group * size, (group + 1) * size - 1), group * size)
        found += [group * size + n for n, one in enumerate(ours) if one != theirs[place * size + n]]
    return found


def _exactly(pieces: list[bytes], count: int) -> list[bytes]:
    if len(pieces) != count:
        raise Refused("malformed", f"{count} digests, not {len(pieces)}")
    return pieces


def _groups(run: _Run, size: int) -> list[bytes]:
    return group_digests(run.view, shared_views.sums(run.tx, run.view), size)


def digests(view: View, sums: Sequence[bytes], first: int = 0) -> list[bytes]:
    """What stands for buckets in this run; `sums` begin with bucket `first`."""
    return [wire.of_bucket(view.run_key, bucket, summed) for bucket, summed in enumerate(sums, start=first)]


def group_digests(view: View, sums: Sequence[bytes], size: int) -> list[bytes]:
    ours = digests(view, sums)
    return [wire.of_group(view.run_key, b"".join(ours[at : at + size])) for at in range(0, len(ours), size)]


def _rows(run: _Run, asked: Rows) -> dict[str, Any]:
    """Of some buckets: whose rows differ, whom we do not know, and where all must be held, who is absent there."""
    pieces = wire.cut_all(asked.rows, SHORT + DIGEST, wire.MOST_ROWS, run.view.shape.count)
    theirs = {bucket: {one[:SHORT]: one[SHORT:] for one in found} for bucket, found in pieces.items()}
    if run.view.partial:
        _learn(run, theirs)
    ours = run.opened(list(theirs))
    found: dict[str, dict[int, Any]] = {"differ": {}, "unknown": {}, "absent": {}}
    for bucket, rows in theirs.items():
        known = ours[bucket]
        differ = {k.hex(): known[k].version for k, one in rows.items() if k in known and run.digest(known[k]) != one}
        found["differ"][bucket] = differ
        found["unknown"][bucket] = [key.hex() for key in rows if key not in known]
        if not run.view.partial:
            found["absent"][bucket] = {key.hex(): row.version for key, row in known.items() if key not in rows}
    some = {what: {bucket: one for bucket, one in by.items() if one} for what, by in found.items()}
    return {**some, "at": feeds.last(run.tx, run.view.register)}


def _learn(run: _Run, theirs: Mapping[int, Mapping[bytes, bytes]]) -> None:
    """The asker holds others than it did: from now on those count."""
    said = {bucket: b"".join(sorted(rows)) for bucket, rows in theirs.items()}
    before = shared_views.held(run.tx, run.view, said)
    news = {bucket: keys for bucket, keys in said.items() if _sorted(before.get(bucket, b"")) != keys}
    if news:
        shared_views.hold(run.tx, run.view, news)
        shared_views.renew(run.tx, run.view, run.source, list(news))


def _sorted(keys: bytes) -> bytes:
    return b"".join(sorted(keys[at : at + SHORT] for at in range(0, len(keys), SHORT)))


# ---------------------------------------------------------------------- fields


def _fields(run: _Run, asked: Fields) -> Answer:
    """Digests of the fields of rows that differ; of rows that the asker must hold and does not, the keys."""
    wanted = wire.cut_all(asked.keys, SHORT, wire.MOST_FIELDS, run.view.shape.count)
    if asked.absent and run.view.partial:
        raise Refused("no-right", "only who must hold every record is told of those that it does not hold")
    ours = run.opened(list(wanted))
    chosen = [(b, key, ours[b][key]) for b, keys in wanted.items() for key in keys if key in ours[b]]
    found: dict[int, dict[str, Any]] = {bucket: {} for bucket, _, _ in chosen}
    for bucket, key, row in chosen:
        told = {"key": row.key} if asked.absent else {"fields": _digests(run, key, row)}
        found[bucket][key.hex()] = {"version": row.version, **told}
    _found(run, [row.key for _, _, row in chosen])
    register = run.node.catalogue.owned[run.view.register]
    names = tuple(map(buckets.plain, run.view.names[:1] if asked.absent else run.view.names))
    reads = tuple(Read(who, register.register, names) for who in _whom(run.tx, register, [row for _, _, row in chosen]))
    return Answer({"found": found}, reads)


def _found(run: _Run, keys: Sequence[str]) -> None:
    """The partner's officers may ask what these records say, for as long as such a task should take."""
    if keys:
        run.tx.run("DELETE FROM shared_differing WHERE view = %s AND until < %s", (run.view.id, clock.now()))
        run.tx.run(_DIFFERING, (run.view.id, sorted(set(keys)), clock.now() + SHOWN))


def _digests(run: _Run, key: bytes, row: Row) -> str:
    one = run.view.run_key
    return wire.written(b"".join(wire.of_field(one, key, n, value) for n, value in enumerate(row.values)))


# ---------------------------------------------------------------------- what a record says that differs


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which record of `register` differs from one of the asker's `of`, by our key."""

    register: str
    of: str
    key: str


def differing(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `register.differing`: a record that a comparison found to differ, as far as the right's fields go.

    Any other is answered as one that is not there. Raises Refused: malformed, no-right.
    """
    header = message.header
    try:
        asked = msgspec.convert(message.body, Asked)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    fields = node.catalogue.granted_fields(header.sender, DIFFERING, header.purpose, asked.register, clock.today())
    register = node.catalogue.owned.get(asked.register)
    if register is None or not fields:
        raise Refused("no-right", f"{header.sender} may not see {asked.register} for {header.purpose}")
    about = (header.sender, asked.register, asked.of, asked.key, clock.now())
    row = records.one(tx, register, asked.key) if tx.one(_IS_DIFFERING, about) else None
    if row is None:
        return Answer({"record": None})
    shown = {name: value for name, value in row.items() if name in fields}
    reads = tuple(Read(who, register.register, tuple(sorted(fields))) for who in register.whom([row]))
    return Answer({"record": shown}, reads)


def _whom(tx: Tx, register: Register, rows: Sequence[Row]) -> list[str]:
    """The persons of these rows."""
    if register.subject == register.key:
        return [row.key for row in rows]
    whole = [records.one(tx, register, row.key) for row in rows]
    return register.whom([row for row in whole if row])
