"""What rooms below casework find, as tasks: one a cause, closed when it is gone, opened anew when it returns."""

from typing import Any, cast

import msgspec

from lienthong.casework import limits, tasks
from lienthong.casework.tasks import Kind, Task
from lienthong.catalogue.shapes import Words
from lienthong.exchange.node import Alert, Node
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.storage import Tx

_REOPEN = """
UPDATE task SET state = 'open', cause_gone = false, outcome = '{}', closed_at = NULL, closed_by = '', opened_at = %s,
    due = %s, detail = %s, acts = %s, chain = %s
WHERE id = %s
"""


def raised(node: Node, tx: Tx, alert: Alert) -> None:
    """Open the task of an alert. While its cause lasts the same id changes nothing, even after somebody answered it;
    what somebody set going again and failed again is open again."""
    task = _task(node, alert)
    known = tx.one("SELECT cause_gone, state FROM task WHERE id = %s FOR UPDATE", (alert.id,))
    if known is None:
        tasks.open_task(tx, task)
    elif known.cause_gone or known.state == "pending":
        _reopen(tx, task)


def over(node: Node, tx: Tx, alert: str, note: str) -> None:
    """The cause of an alert is gone: its task closes, if it is still open. An unknown id changes nothing."""
    found = tasks.load(tx, alert, lock=True)
    if found is None:
        return
    if found.state in ("open", "pending"):
        tasks.close(node, tx, found, "", "done", {"note": note})
    tx.touch("UPDATE task SET cause_gone = true WHERE id = %s", (alert,))


def _task(node: Node, alert: Alert) -> Task:
    at, calendar = clock.now(), node.catalogue.calendar
    words = {"title": msgspec.to_builtins(alert.title)} if isinstance(alert.title, Words) else {}
    return Task(
        id=alert.id,
        kind=cast(Kind, alert.kind),
        role=alert.role,
        unit=alert.unit,
        case=alert.case,
        title=alert.title.vi if isinstance(alert.title, Words) else alert.title,
        opened_at=at,
        asked_by=node.name,
        detail={**alert.detail, **words},
        due=limits.counted(calendar.due_hours, at, alert.due_hours)
        if alert.due_hours
        else limits.counted(calendar.due, at, 0),
    )


def _reopen(tx: Tx, task: Task) -> None:
    row: Any = tx.one("SELECT acts, chain FROM task WHERE id = %s", (task.id,))
    number, detail = row.acts + 1, msgspec.json.encode(task.detail).decode()
    told = {"verb": "reopen", "detail": task.detail}
    act = (task.opened_at, told)
    chain = entries.append_all(tx, tasks.stream_of(task.id), "act", [act], first=number, previous=bytes(row.chain))
    tx.run(_REOPEN, (task.opened_at, task.due, detail, number, chain, task.id))
