"""What the queue reads, for one officer's posts only: work under a filter, how much there is, and what is looked for.

Each post, and each service in a unit, gives its first lines by an index; the first of those are the page. So the cost
follows the page and the number of rights, not the number of dossiers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from lienthong.casework import finding, tasks
from lienthong.casework.dossiers import Dossier, from_row
from lienthong.casework.effects import FREE
from lienthong.casework.tasks import Task
from lienthong.desk.filters import OUTSIDE, Filter, Item, Place
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.kit.text import fold

MOST: Final = 25
MOST_SEARCHED: Final = 1_000  # of one name in a stretch of time, the latest, from which an officer's are picked

# Who has taken it holds it until then, and only while their post lasts.
_HELD = "(d.holder <> '' AND d.held_until > %(now)s AND in_post(d.holder, d.role, d.desk, %(day)s))"
# A post: a role in a unit; at an agency without units the role alone.
_POSTS = """
(SELECT role, unit FROM unnest(%(roles)s::text[], %(units)s::text[]) AS held (role, unit)
UNION SELECT role, '' FROM unnest(%(roles)s::text[]) AS held (role)) AS post
"""
# What an officer may know of: the services in whose process a post has a step, where that post is held.
_SCOPE = "unnest(%(at)s::text[], %(services)s::text[]) AS mine (unit, service)"
_TURN = f"""
SELECT found.*, {_HELD.replace("d.", "found.")} AS lies FROM {_POSTS} CROSS JOIN LATERAL (
    SELECT d.* FROM dossier d WHERE d.waiting = 'open' AND d.role = post.role AND d.desk = post.unit {{more}}
    ORDER BY d.due NULLS LAST, d.code LIMIT %(most)s
) found ORDER BY found.due NULLS LAST, found.code LIMIT %(most)s
"""
_KNOWN = f"""
SELECT found.*, {_HELD.replace("d.", "found.")} AS lies FROM {_SCOPE} CROSS JOIN LATERAL (
    SELECT d.* FROM dossier d WHERE d.desk = mine.unit AND d.service = mine.service {{more}}
    ORDER BY {{order}} LIMIT %(most)s
) found ORDER BY {{outer}} LIMIT %(most)s
"""
_OWN = {
    "mine": f"AND NOT ({_HELD} AND d.holder <> %(me)s)",
    "taken": f"AND d.holder = %(me)s AND {_HELD}",
    "free": f"AND NOT {_HELD}",
    "held": f"AND d.holder <> %(me)s AND {_HELD}",
}
_REST = {
    **{waiting: f"AND d.waiting = '{waiting}'" for waiting in OUTSIDE},
    "done": "AND d.waiting = '' AND d.since >= %(today)s",
    "all": "AND d.waiting <> ''",
}
_NARROWED = {
    "service": "AND d.service = %(service)s",
    "step": "AND d.step = %(step)s",
    "unit": "AND d.desk = %(unit)s",
}
_AT_STEPS = "AND (d.service, d.step) IN (SELECT * FROM unnest(%(of)s::text[], %(steps)s::text[]))"
_DUE = {
    "late": "AND d.due < %(now)s",
    "today": "AND d.due >= %(now)s AND d.due < %(tomorrow)s",
    "week": "AND d.due >= %(now)s AND d.due < %(in_a_week)s",
}
_PAST = """
AND (d.due >= %(past_due)s OR d.due IS NULL) AND (coalesce(d.due, '9999-12-31'), d.code) > (%(past_due)s, %(past_key)s)
"""
_PAST_UNLIMITED = "AND d.due IS NULL AND d.code > %(past_key)s"
_COUNTS = f"""
SELECT
    (SELECT count(*) FROM {_POSTS} JOIN dossier d ON d.waiting = 'open' AND d.role = post.role AND d.desk = post.unit)
        AS open,
    (SELECT count(*) FROM {_POSTS} JOIN dossier d ON d.waiting = 'open' AND d.role = post.role AND d.desk = post.unit
        WHERE d.holder = %(me)s AND {_HELD}) AS taken,
    (SELECT count(*) FROM {_POSTS} JOIN dossier d ON d.waiting = 'open' AND d.role = post.role AND d.desk = post.unit
        WHERE d.holder NOT IN ('', %(me)s) AND {_HELD}) AS held,
    (SELECT count(*) FROM {_SCOPE} JOIN dossier d ON d.desk = mine.unit AND d.service = mine.service
        WHERE d.waiting = '' AND d.since >= %(today)s) AS done
"""
_COUNTS_BY_WAITING = f"""
SELECT d.waiting, count(*) AS n FROM {_SCOPE} JOIN dossier d ON d.desk = mine.unit AND d.service = mine.service
WHERE d.waiting <> '' GROUP BY d.waiting
"""
_CODED = f"SELECT d.* FROM dossier d JOIN {_SCOPE} ON d.desk = mine.unit AND d.service = mine.service"
_BY_CODE = f"""
{_CODED} WHERE d.code = %(code)s UNION {_CODED} WHERE d.parent = %(code)s
"""
_NAMED = f"{_CODED} WHERE d.code = ANY (%(codes)s) ORDER BY d.received_at DESC LIMIT {MOST}"
_MOVED = f"""
{_CODED} WHERE d.moved_to = ANY (%(at)s) AND d.moved_to <> '' AND d.waiting <> '' LIMIT {MOST}
"""
_NOTICES = """
SELECT number, mother_name, born_at, gender, weight FROM birth_notices
WHERE facility = ANY (%s) ORDER BY recorded_at DESC, number DESC LIMIT %s
"""
_TASKS = "SELECT id, kind, state FROM task WHERE case_code = %s AND state IN ('open', 'pending') ORDER BY opened_at"


@dataclass(frozen=True)
class Looking:
    """Who looks, at which moment, and the services each of their units lets them know of: (unit, service)."""

    officer: Officer
    scope: frozenset[tuple[str, str]]
    now: datetime

    @property
    def values(self) -> dict[str, Any]:
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        scope = sorted(self.scope)
        return {
            "me": self.officer.number,
            "roles": [post.role for post in self.officer.posts],
            "units": [post.unit for post in self.officer.posts],
            "at": [unit for unit, _service in scope],
            "services": [service for _unit, service in scope],
            "now": self.now,
            "day": self.now.date(),
            "today": midnight,
            "tomorrow": midnight + timedelta(days=1),
            "in_a_week": midnight + timedelta(days=7),
        }


def work(tx: Tx, looking: Looking, chosen: Filter, past: Place | None = None, most: int = MOST) -> list[Item]:
    """The first lines of the list, or those past a place: dossiers and inside work together, due first; of what is
    done, the latest first."""
    found: list[Item] = list(_dossiers(tx, looking, chosen, past, most)) if chosen.wants_dossiers else []
    if chosen.show == "done":
        return found
    if chosen.wants_tasks:
        inside = [task for task in _inside(tx, looking, chosen) if past is None or Place.of(task) > past]
        found = sorted([*found, *inside], key=Place.of)
    return found[:most]


def at_steps(tx: Tx, looking: Looking, steps: Iterable[tuple[str, str]], most: int) -> list[Dossier]:
    """What waits for this officer at some steps, each (service, step), due first."""
    pairs = list(steps)
    values = {**looking.values, "most": most, "of": [service for service, _ in pairs], "steps": [s for _, s in pairs]}
    sql = _TURN.format(more=f"{_OWN['mine']} {_AT_STEPS}")
    return [_lying(row) for row in tx.all(sql, values)]


def counts(tx: Tx, looking: Looking) -> dict[str, int]:
    """How much each filter shows; inside work counts where it is shown."""
    row: Any = tx.one(_COUNTS, looking.values)
    waiting = {one.waiting: one.n for one in tx.all(_COUNTS_BY_WAITING, looking.values)}
    inside = len(tasks.mine(tx, looking.officer))
    return {
        "mine": row.open - row.held + inside,
        "taken": row.taken,
        "free": row.open - row.held - row.taken,
        "held": row.held,
        **{name: waiting.get(name, 0) for name in OUTSIDE},
        "done": row.done,
        "all": sum(waiting.values()) + inside,
    }


def _dossiers(tx: Tx, looking: Looking, chosen: Filter, past: Place | None, most: int) -> list[Dossier]:
    more = [_OWN.get(chosen.show) or _REST[chosen.show]]
    more += [sql for name, sql in _NARROWED.items() if getattr(chosen, name)]
    more += [_DUE[chosen.due]] if chosen.due else []
    values = {**looking.values, **chosen.narrowing, "most": most}
    if past is not None and chosen.show != "done":
        more.append(_PAST if past.limited else _PAST_UNLIMITED)
        values |= {"past_due": past.due, "past_key": past.key}
    if chosen.show in _OWN:
        sql = _TURN.format(more=" ".join(more))
    else:
        order = "since DESC" if chosen.show == "done" else "due NULLS LAST, code"
        sql = _KNOWN.format(more=" ".join(more), order=f"d.{order}", outer=f"found.{order}")
    return [_lying(row) for row in tx.all(sql, values)]


def _lying(row: Any) -> Dossier:
    """A dossier; what a colleague took who has left the post since is anybody's."""
    dossier = from_row(row)
    return dossier if row.lies else freed(dossier)


def freed(dossier: Dossier) -> Dossier:
    """The dossier as nobody's in particular."""
    dossier.state = msgspec.structs.replace(dossier.state, **FREE)
    return dossier


def _inside(tx: Tx, looking: Looking, chosen: Filter) -> list[Task]:
    """Inside work of the officer's posts under a filter."""
    ends = {"late": looking.now, "today": looking.values["tomorrow"], "week": looking.values["in_a_week"]}
    return [
        task
        for task in tasks.mine(tx, looking.officer)
        if chosen.kind in ("", "task", task.kind)
        and chosen.unit in ("", task.unit)
        and (not chosen.due or (task.due is not None and task.due < ends[chosen.due]))
    ]


def found(tx: Tx, looking: Looking, words: str) -> list[Item]:
    """Dossiers of this officer's units with this code, or about somebody of this name, accents or not; the latest
    first. What was moved to a unit of theirs is looked through one by one: it is little."""
    values, rows = {**looking.values, "code": words.strip().upper()}, dict[str, Any]()
    for row in tx.all(_BY_CODE, values):
        rows[row.code] = row
    if len(name := fold(words)) > 1 and not rows:
        units = {unit for unit, _service in looking.scope}
        for codes in finding.named(tx, name, () if "" in units else units, looking.now, MOST_SEARCHED):
            rows |= {row.code: row for row in tx.all(_NAMED, {**values, "codes": codes})} if codes else {}
            if len(rows) >= MOST:
                break
        moved = (row for row in tx.all(_MOVED, values) if set(name.split()) <= set(fold(row.subject).split()))
        rows |= {row.code: row for row in moved}
    return [from_row(row) for row in list(rows.values())[:MOST]]


def open_tasks(tx: Tx, case: str) -> list[Any]:
    """Inside work here about a case: id, kind, state."""
    return tx.all(_TASKS, (case,))


def birth_notices(tx: Tx, facilities: Iterable[str]) -> list[Any]:
    """The newest notices of these facilities: number, mother_name, born_at, gender, weight."""
    return tx.all(_NOTICES, (sorted(facilities), MOST))
