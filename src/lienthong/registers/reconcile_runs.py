"""When registers are compared, what came of it, and the work it makes.

A register of ours that follows another is compared with it every so often (`compared` of its declaration), and when the
operator says so. What differs for certain is kept in `difference` and opens a task of its owner's data steward; a later
run that does not find it again closes the task. Where very many rows differ it is one task: something larger is wrong.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from threading import Event
from typing import Any

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Words
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Alert, Answer, Node
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.registers import shared_views
from lienthong.registers.reconciling import Comparison, Found, NotFinished, Result
from lienthong.registers.shared_views import READY, SUMS

SERVICE = "reconcile.runs"
KIND, STEWARD = "difference", "data_steward"
PAUSE, UPKEEP = 0.5, 60.0  # seconds between looks, and between bringing sums up to date that nobody waits for
SETTLED = 120.0  # seconds after a start before runs begin by themselves
COLD_EVERY = timedelta(days=7)
MOST_TASKS = 200
DUE_HOURS = 72
ANEW = timedelta(hours=1)  # after a run that did not finish
_log = logging.getLogger(__name__)

_RUN = (
    "id, register, partner, theirs, cold, state, wanted_at, began_at, ended_at, rows, buckets, opened, bytes, "
    "differences, unsettled, fields, seconds, problem"
)
_WANT = """
INSERT INTO reconciliation (register, partner, theirs, cold, wanted_at) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
_END = """
UPDATE reconciliation SET state = %s, ended_at = %s, rows = %s, buckets = %s, opened = %s, bytes = %s, differences = %s,
    unsettled = %s, fields = %s, seconds = %s, problem = %s
WHERE id = %s
"""
_PUT = """
INSERT INTO difference (id, register, key, kind, fields, ours, theirs, since) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (register, key) DO UPDATE SET kind = excluded.kind, fields = excluded.fields, ours = excluded.ours,
    theirs = excluded.theirs
RETURNING id, xmax = 0 AS is_new
"""


# ---------------------------------------------------------------------- the worker's threads


def keep_up(node: Node, stop: Event) -> None:
    """Bring sums up to date: at once where a partner waits for them, else now and then."""
    next_upkeep = time.monotonic() + UPKEEP
    while not stop.wait(PAUSE):
        is_due = time.monotonic() >= next_upkeep
        try:
            bring_up_to_date(node, every=is_due)
        except Exception:
            _log.exception("sums could not be brought up to date; trying again")
        if is_due:
            next_upkeep = time.monotonic() + UPKEEP


def bring_up_to_date(node: Node, *, every: bool = False) -> None:
    """The sums that partners wait for; with `every`, all that are kept."""
    with node.database.transaction() as tx:
        awaited = shared_views.every(tx, awaited=True)
        others = [view for view in shared_views.every(tx) if view.kept_to and view.state != SUMS] if every else []
    for view in (*awaited, *others):
        if view.register not in node.catalogue.owned:
            continue
        source = shared_views.source(node, view.register, view.names)
        kept = shared_views.keep(node, view, source, cold=view.cold and view.state == SUMS)
        if kept and view.state == SUMS:
            with node.database.transaction() as tx:
                shared_views.moved(tx, view, READY)


def run(node: Node, stop: Event) -> None:
    """Compare what is due until told to stop; a run ends by itself, whatever its partner does."""
    with node.database.transaction() as tx:
        interrupted = "UPDATE reconciliation SET state = 'wanted' WHERE state = 'running'"
        tx.run(interrupted)
    began = time.monotonic()
    while not stop.wait(PAUSE):
        try:
            work(node, lambda seconds: _pause(stop, seconds), by_itself=time.monotonic() > began + SETTLED)
        except Exception:
            _log.exception("a comparison failed; trying again")


class Stopped(NotFinished):
    """The node stops; the run begins anew with it."""


def _pause(stop: Event, seconds: float) -> None:
    if stop.wait(seconds):
        raise Stopped("the node stops")


def work(node: Node, pause: Any = time.sleep, *, by_itself: bool = True) -> int:
    """Do the next run that is wanted, or due `by_itself`; its number, 0 where there is none."""
    with node.database.transaction() as tx:
        for register in following(node).values() if by_itself else ():
            if _is_due(tx, register):
                want(node, tx, register.register, cold=_is_cold_due(tx, register))
        row = tx.one(
            f"UPDATE reconciliation SET state = 'running', began_at = %s WHERE id = (SELECT id FROM reconciliation"
            f" WHERE state = 'wanted' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {_RUN}",
            (clock.now(),),
        )
    if row is None:
        return 0
    _compare(node, row, pause)
    return int(row.id)


def following(node: Node) -> dict[str, Register]:
    """The registers of this node that follow another's."""
    return {name: register for name, register in node.catalogue.owned.items() if register.follows}


def want(node: Node, tx: Tx, register: str, *, cold: bool = False) -> int:
    """Have a register compared; a run that waits already is the one. KeyError where it follows none."""
    follow = following(node)[register].follows
    assert follow is not None
    waiting = tx.value("SELECT id FROM reconciliation WHERE register = %s AND state = 'wanted'", (register,))
    if waiting is not None:
        return int(waiting)
    partner = node.catalogue.registers[follow.register].owner
    return int(tx.value(_WANT, (register, partner, follow.register, cold, clock.now())))


def _is_due(tx: Tx, register: Register) -> bool:
    assert register.follows is not None
    sql = f"SELECT {_RUN} FROM reconciliation WHERE register = %s ORDER BY id DESC LIMIT 1"
    last = tx.one(sql, (register.register,))
    if last is None:
        return True
    if last.ended_at is None:
        return False
    every = timedelta(seconds=register.follows.compared)
    return bool(last.ended_at + (every if last.state == "done" else min(every, ANEW)) <= clock.now())


def _is_cold_due(tx: Tx, register: Register) -> bool:
    sql = "SELECT max(ended_at) FROM reconciliation WHERE register = %s AND cold AND state = 'done'"
    last = tx.value(sql, (register.register,))
    return last is not None and last + COLD_EVERY <= clock.now()


# ---------------------------------------------------------------------- one run


def _compare(node: Node, row: Any, pause: Any) -> None:
    register = node.catalogue.owned[row.register]
    assert register.follows is not None
    comparison = Comparison(
        node, register, register.follows, row.cold, lambda: reached(node, register, row.partner), pause
    )
    problem = ""
    try:
        comparison.run()
    except Stopped:
        _ended(node, row, comparison.result, "wanted", "")
        return
    except NotFinished as error:
        problem = str(error)
    except Exception as error:
        _log.exception("the comparison of %s failed", row.register)
        problem = type(error).__name__
    _ended(node, row, comparison.result, "not finished" if problem else "done", problem)


def reached(node: Node, register: Register, partner: str) -> int | None:
    """The last change of the followed register that was taken in here; None where its feed is not followed."""
    assert register.follows is not None
    row = node.database.one(
        "SELECT position FROM subscription WHERE publisher = %s AND feed = %s AND purpose = %s AND state = 'following'",
        (partner, register.follows.register, register.register),
    )
    return None if row is None else int(row.position)


def _ended(node: Node, row: Any, result: Result, state: str, problem: str) -> None:
    counts = Counter(name for one in result.found for name in (one.fields or (one.kind,)))
    with node.database.transaction() as tx:
        if state == "done":
            _write_down(node, tx, node.catalogue.owned[row.register], result.found)
        figures = (result.rows, result.buckets, result.opened, result.bytes, len(result.found), result.unsettled)
        told = (state, None if state == "wanted" else clock.now(), *figures)
        tx.run(_END, (*told, msgspec.json.encode(counts).decode(), result.seconds, problem, row.id))


def _write_down(node: Node, tx: Tx, register: Register, found: Sequence[Found]) -> None:
    """Keep what differs, open a task for what is new, close those of what is gone."""
    name, many = register.register, f"difference/{register.register}/many"
    if len(found) > MOST_TASKS:
        node.on_alert(node, tx, _alert(register, many, {"count": len(found)}, name))
        return
    node.on_alert_over(node, tx, many, "no-longer-differs")
    rows = tx.all("SELECT id, key FROM difference WHERE register = %s FOR UPDATE", (name,))
    gone = {row.key: row.id for row in rows if row.key not in {one.key for one in found}}
    for key, about in gone.items():
        tx.run("DELETE FROM difference WHERE register = %s AND key = %s", (name, key))
        node.on_alert_over(node, tx, f"difference/{about}", "no-longer-differs")
    for one in found:
        fields = ",".join(one.fields)
        about = (new_id(), name, one.key, one.kind, fields, one.ours, one.theirs, clock.now())
        put = tx.one(_PUT, about)
        detail = {"difference": put.id, "fields": list(one.fields), "what": one.kind}
        node.on_alert(node, tx, _alert(register, f"difference/{put.id}", detail, masked(one.key)))


def _alert(register: Register, name: str, detail: dict[str, Any], about: str) -> Alert:
    assert register.follows is not None
    title = Words(vi=f"{register.name.vi}: {about}", en=f"{register.name.en}: {about}")
    whole = {**detail, "register": register.register, "theirs": register.follows.register}
    return Alert(KIND, name, title, STEWARD, whole, due_hours=DUE_HOURS)


def masked(key: str) -> str:
    """A key as lists show it."""
    return key if len(key) <= 6 else f"{key[:3]}{'•' * (len(key) - 6)}{key[-3:]}"


# ---------------------------------------------------------------------- told to others


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`start`: have these registers compared now ("*": all that follow another)."""

    start: list[str] = []
    cold: bool = False


def runs(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `reconcile.runs`: each register's last comparison. Raises Refused: malformed, unknown-register."""
    try:
        question = msgspec.convert(message.body, Question)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    known = list(following(node))
    wanted = known if question.start == ["*"] else question.start
    if unknown := sorted(set(wanted) - set(known)):
        raise Refused("unknown-register", f"{', '.join(unknown)} follows none here")
    started = {name: want(node, tx, name, cold=question.cold) for name in wanted}
    return Answer({"follow": known, "started": started, "runs": last_runs(tx)})


def last_runs(tx: Tx) -> list[dict[str, Any]]:
    """The last comparison of each register of this node, as the board of databases shows it.

    register, partner, theirs, state, began_at, ended_at, rows, buckets, opened, bytes, differences (by `fields`),
    unsettled, seconds, problem.
    """
    rows = tx.all(f"SELECT DISTINCT ON (register) {_RUN} FROM reconciliation ORDER BY register, id DESC")
    return [{**msgspec.to_builtins(row._asdict()), "fields": msgspec.json.decode(row.fields)} for row in rows]
