"""Comparing a register of ours with the one it follows: which buckets, rows, fields; and whether it lasts.

1. open      both ends agree a key for this run; sums are brought up to date, each side's by its own worker
2. buckets   digests of groups of buckets, then of the buckets of those that differ
3. rows      of the buckets that differ, digests of our rows
4. settle    what differs is compared again once our feed has reached what the owner had sealed: what was only on its
             way has arrived by then. A difference is real when neither record has changed between and both still differ
5. fields    of the rows that differ: which fields

A run that cannot go on ends as `not finished`, with why.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lienthong.catalogue.holdings import Follow, Register
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.registers import buckets, shared_views
from lienthong.registers import reconcile_wire as wire
from lienthong.registers.buckets import SHORT, Row, Source
from lienthong.registers.reconcile_wire import Buckets, Fields, Half, Held, Open, Rows, Step
from lienthong.registers.reconciled import digests, group_digests
from lienthong.registers.shared_views import View

WITHIN = 20.0  # seconds for one answer
AGAIN = (0.0, 1.0, 5.0)
LONGEST_WAIT = 900.0  # for the other's sums
MOST_OPENED = 4_096  # buckets a run opens; when more differ, something else is wrong
SEALED = 2.5  # seconds after which the owner has sealed what it had committed


class NotFinished(Exception):
    """The comparison cannot go on; the message says why."""


@dataclass(frozen=True)
class Found:
    """A row that differs: `fields` ours, in the declaration's words; `theirs` is the version of the owner's record."""

    key: str
    kind: str
    ours: int
    theirs: int
    fields: tuple[str, ...] = ()


@dataclass
class Result:
    """What a run found, and what it took."""

    rows: int = 0
    buckets: int = 0
    opened: int = 0
    bytes: int = 0
    seconds: float = 0.0
    unsettled: int = 0
    found: list[Found] = field(default_factory=list)


@dataclass(frozen=True)
class _Differing:
    """A row found to differ, before its fields are known."""

    bucket: int
    short: bytes
    kind: str
    row: Row | None
    theirs: int

    @property
    def state(self) -> tuple[int, int]:
        """Unchanged as long as neither record is written."""
        return self.row.version if self.row else 0, self.theirs


@dataclass
class Comparison:
    """One run. `reached` says how far our feed of the owner's register is (None: nobody follows it); `pause` sleeps."""

    node: Node
    register: Register
    follow: Follow
    cold: bool = False
    reached: Callable[[], int | None] = lambda: None
    pause: Callable[[float], None] = time.sleep
    result: Result = field(default_factory=Result)

    def __post_init__(self) -> None:
        node = self.node
        self._partner = node.catalogue.registers[self.follow.register].owner
        self._ours, self._theirs = shared_views.of_follow(node, self.follow)
        self._source: Source = shared_views.source(node, self.register.register, self._ours)
        self._waited = 0.0
        self._case = ""

    def run(self) -> Result:
        """Raises NotFinished."""
        began = time.monotonic()
        view, needs_keys = self._open()
        self._keep(view, needs_keys)
        suspects = self._rows(view, self._buckets(view))
        if suspects:
            suspects = self._settled(view, suspects)
        self.result.found = self._described(view, suspects)
        self.result.seconds = time.monotonic() - began - self._waited
        return self.result

    # ------------------------------------------------------------------ asking

    def _ask(self, step: Step) -> dict[str, Any]:
        body = wire.body(step)
        for pause in AGAIN:
            if pause:
                self.pause(pause)
            question = Question(self._partner, wire.SERVICE, body, wire.PURPOSE, self._case)
            answer = self.node.asker.ask(question, within=WITHIN)
            if answer is not None:
                envelope = answer.envelope  # our question's header and signature are about as long as the answer's
                self.result.bytes += len(msgspec.json.encode(body)) + len(bytes(envelope.body))
                self.result.bytes += 2 * (len(bytes(envelope.header)) + len(envelope.signature))
                return answer.body
        raise NotFinished(f"{self._partner} does not answer")

    def _ready(self, step: Step) -> dict[str, Any]:
        """The answer once the owner's sums are made."""
        deadline = time.monotonic() + LONGEST_WAIT
        while (told := self._ask(step)).get("wait"):
            if time.monotonic() > deadline:
                raise NotFinished(f"{self._partner} has not made its sums in time")
            self.pause(0.25)
        return told

    # ------------------------------------------------------------------ 1: both ends ready

    def _open(self) -> tuple[View, bool]:
        with self.node.database.transaction() as tx:
            view = shared_views.find(tx, self._partner, self.register.register, self.follow.register)
        usable = view if view and view.names == self._ours else None
        half = Half()
        asked = Open(
            self.follow.register, self._theirs, self.register.register, half.public,
            pair=wire.name_of(usable.salt) if usable else "", bits=usable.bits if usable else 0,
            whole=self.follow.whole, cold=self.cold,
        )  # fmt: skip
        told = self._ask(asked)
        with _Sense(self._partner):
            run, bits = str(told["run"]), int(told["bits"])
            key, salt = half.agree(str(told["public"]), run)
            if not buckets.FEWEST_BITS <= bits <= buckets.MOST_BITS:
                raise ValueError("so many buckets are not possible")
            is_new = bool(told["new"]) or usable is None
        with self.node.database.transaction() as tx:
            if usable is None or is_new:
                names = (self._partner, self.register.register, self.follow.register)
                usable = shared_views.put(tx, *names, self._ours, salt, bits, False)
            shared_views.begin(tx, usable, run, key, state=shared_views.READY, cold=False)
        self.result.buckets = usable.shape.count
        return msgspec.structs.replace(usable, run=run, run_key=key), bool(told["keys"])

    def _keep(self, view: View, needs_keys: bool) -> None:
        """Our own sums; at first contact the owner hears which of its records we hold."""
        if needs_keys:
            self._say_keys(view)
        shared_views.keep(self.node, view, self._source, cold=self.cold)
        with self.node.database.transaction() as tx:
            self._sums = shared_views.sums(tx, view)
        self.result.rows = sum(map(buckets.rows_in, self._sums))

    def _say_keys(self, view: View) -> None:
        """Some buckets at a time: a register of any size passes through."""
        for some in wire.parts(range(view.shape.count), wire.MOST_BUCKETS):
            rows = self._our_rows(view, some)
            sizes = {bucket: len(inside) for bucket, inside in rows.items()}
            for portion in wire.portions(sizes, wire.MOST_KEYS):
                is_last = portion[-1] == view.shape.count - 1
                self._ask(Held(view.run, wire.joined({bucket: rows[bucket] for bucket in portion}), last=is_last))

    # ------------------------------------------------------------------ 2, 3: buckets, rows

    def _buckets(self, view: View) -> list[int]:
        size = min(wire.GROUP, view.shape.count)
        ours = b"".join(group_digests(view, self._sums, size))
        groups = self._differ(Buckets(view.run, wire.written(ours)), range(view.shape.count // size))
        found: list[int] = []
        for some in wire.parts(groups, wire.MOST_GROUPS):
            parts = [digests(view, self._sums[group * size : (group + 1) * size], group * size) for group in some]
            ours = b"".join(b"".join(part) for part in parts)
            asked = Buckets(view.run, wire.written(ours), some)
            found += self._differ(asked, range(view.shape.count))
            if len(found) > MOST_OPENED:
                raise NotFinished(f"more than {MOST_OPENED} buckets differ: a load or a feed is missing")
        return found

    def _differ(self, asked: Buckets, known: range) -> list[int]:
        told = self._ready(asked)
        with _Sense(self._partner):
            found = [int(one) for one in told["differ"]]
            if any(one not in known for one in found):
                raise ValueError("no such bucket")
            return found

    def _rows(self, view: View, wanted: Sequence[int]) -> list[_Differing]:
        """Which rows of these buckets differ, as both stand now."""
        self.result.opened = max(self.result.opened, len(wanted))
        found: list[_Differing] = []
        for some in wire.parts(wanted, wire.MOST_GROUPS):
            rows = self._our_rows(view, some)
            sizes = {bucket: len(inside) for bucket, inside in rows.items()}
            for portion in wire.portions(sizes, wire.MOST_ROWS):
                found += self._rows_of(view, {bucket: rows[bucket] for bucket in portion})
        return found

    def _our_rows(self, view: View, wanted: Sequence[int]) -> dict[int, dict[bytes, list[Row]]]:
        found: dict[int, dict[bytes, list[Row]]] = {bucket: {} for bucket in wanted}
        with self.node.database.transaction() as tx:
            for row in self._source.opened(tx, view.shape, wanted):
                found[row.bucket].setdefault(buckets.short(view.shape, row.key), []).append(row)
        return found

    def _rows_of(self, view: View, rows: dict[int, dict[bytes, list[Row]]]) -> list[_Differing]:
        def digest(key: bytes, row: Row) -> bytes:
            return key + wire.of_row(view.run_key, buckets.row_hash(view.shape, row.key, row.values))

        said = {b: [digest(key, some[0]) for key, some in inside.items()] for b, inside in rows.items()}
        told = self._ready(Rows(view.run, wire.joined(said)))
        found: list[_Differing] = []
        for bucket, inside in rows.items():
            found += [_Differing(bucket, k, "double", some[0], 0) for k, some in inside.items() if len(some) > 1]
            with _Sense(self._partner):
                found += _told(told, bucket, inside)
        return found

    # ------------------------------------------------------------------ 4: does it last?

    def _settled(self, view: View, suspects: list[_Differing]) -> list[_Differing]:
        """What differs still, both records unchanged, after our feed has reached what the owner had then."""
        wanted = sorted({one.bucket for one in suspects})
        self._wait(SEALED)
        at = self._position(view)
        is_following = self.reached() is not None
        deadline = time.monotonic() + 2 * self.follow.fresh
        if not is_following:
            self._wait(self.follow.fresh)
        while is_following and (self.reached() or 0) < at:
            if time.monotonic() > deadline:
                self.result.unsettled = len(suspects)
                raise NotFinished(f"what differs may be on its way: the feed of {self.follow.register} is late")
            self._wait(0.25)
        again = {(one.bucket, one.short, one.kind): one for one in self._rows(view, wanted)}
        before = {(one.bucket, one.short, one.kind): one.state for one in suspects}
        lasting = [one for name, one in again.items() if before.get(name) == one.state]
        self.result.unsettled = len(again) - len(lasting)
        return lasting

    def _wait(self, seconds: float) -> None:
        began = time.monotonic()
        self.pause(seconds)
        self._waited += time.monotonic() - began

    def _position(self, view: View) -> int:
        """The number of the last change that the owner has sealed by now."""
        told = self._ready(Rows(view.run, {}))
        with _Sense(self._partner):
            return int(told["at"])

    # ------------------------------------------------------------------ 5: fields

    def _described(self, view: View, lasting: list[_Differing]) -> list[Found]:
        found = [Found(one.row.key, one.kind, *one.state) for one in lasting if one.row and one.kind != "fields"]
        for kind in ("fields", "missing"):
            some = [one for one in lasting if one.kind == kind]
            for place in range(0, len(some), wire.MOST_FIELDS):
                found += self._fields(view, some[place : place + wire.MOST_FIELDS], kind)
        return found

    def _fields(self, view: View, some: Sequence[_Differing], kind: str) -> list[Found]:
        keys: dict[int, list[bytes]] = {}
        for one in some:
            keys.setdefault(one.bucket, []).append(one.short)
        told = self._ready(Fields(view.run, wire.joined(keys), absent=kind == "missing"))
        found = []
        with _Sense(self._partner):
            for one in some:
                said = told["found"].get(str(one.bucket), {}).get(one.short.hex())
                if said is None:
                    continue  # withdrawn in this moment: the next run finds it as such
                if one.row is None:
                    found.append(Found(str(said["key"]), kind, *one.state))
                elif fields := self._differing_fields(view, one, str(said["fields"])):
                    found.append(Found(one.row.key, kind, *one.state, fields))
        return found

    def _differing_fields(self, view: View, one: _Differing, said: str) -> tuple[str, ...]:
        assert one.row is not None
        theirs = wire.unpacked(said)
        names = [buckets.plain(name) for name in self._ours[1:]]
        if len(theirs) != wire.DIGEST * len(names):
            raise ValueError("so many fields were not asked for")
        ours = [wire.of_field(view.run_key, one.short, n, value) for n, value in enumerate(one.row.values)]
        at = wire.DIGEST
        return tuple(name for n, name in enumerate(names) if ours[n] != theirs[n * at : (n + 1) * at])


def _told(told: dict[str, Any], bucket: int, inside: dict[bytes, list[Row]]) -> list[_Differing]:
    """What the owner says of one bucket. Raises ValueError, KeyError for rows that we did not ask about."""
    name = str(bucket)
    found = []
    for short, version in told.get("differ", {}).get(name, {}).items():
        key = bytes.fromhex(short)
        found.append(_Differing(bucket, key, "fields", inside[key][0], int(version)))
    for short in told.get("unknown", {}).get(name, []):
        key = bytes.fromhex(short)
        found.append(_Differing(bucket, key, "unknown", inside[key][0], 0))
    for short, version in told.get("absent", {}).get(name, {}).items():
        key = bytes.fromhex(short)
        if key in inside or len(key) != SHORT:
            raise ValueError("we do hold it")
        found.append(_Differing(bucket, key, "missing", None, int(version)))
    return found


class _Sense:
    """What makes no sense in an answer ends the run: a partner's rubbish is named as such, and nothing else happens."""

    def __init__(self, partner: str) -> None:
        self._partner = partner

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValueError | KeyError | TypeError | AttributeError | IndexError | Refused):
            raise NotFinished(f"{self._partner} answered what makes no sense") from error
