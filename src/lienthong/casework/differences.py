"""Settling a difference between two registers: the owner's value is taken over, or the owner is told that it is wrong.

A difference that was reported to its owner waits (`pending`) for the owner's word, one correction a field. Whatever is
answered, the next comparison says whether the two still differ.
"""

from collections.abc import Mapping
from typing import Any

from lienthong.casework import limits, tasks
from lienthong.casework.tasks import LONGEST_NOTE, Task
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import changing, reconcile_wire
from lienthong.registers import differences as found_differences
from lienthong.registers.differences import Difference

CORRECTION_DAYS = 5


class Gone(LookupError):
    """The two do not differ any more."""


def of_task(node: Node, tx: Tx, task: Task) -> Difference | None:
    """What a task is about; None when it is gone, or about very many at once."""
    return found_differences.find(node, tx, str(task.detail.get("difference", "")))


def take_over(node: Node, tx: Tx, task: str, officer: Officer, theirs: Mapping[str, Any], note: str) -> None:
    """Our record says from now on what the owner's says, as just heard from it.

    Raises LookupError, PermissionError, Ended; envelopes.Refused when the register does not take a value.
    """
    found = tasks.at_hand(tx, task, officer)
    about = _still(node, tx, found)
    if about.register.joined:
        raise PermissionError("a joined database is put right by its own officers")
    assert about.record is not None, "only a record that stands differs in fields"
    changes = {name: theirs[name] for name in about.fields if theirs.get(name) != about.record[name]}
    key = str(about.record[about.register.key])
    changing.change(node, tx, about.register, key, "amend", changes, by=task, reason=note or task, case=found.case)
    tasks.close(node, tx, found, officer.name, "done", {"note": note[:LONGEST_NOTE], "taken": sorted(changes)})


def tell_owner(node: Node, tx: Tx, task: str, officer: Officer, theirs: Mapping[str, Any], note: str) -> None:
    """The owner is asked to correct its record, a task there for each field. Raises as `take_over` does."""
    found = tasks.at_hand(tx, task, officer)
    about = _still(node, tx, found)
    owner = node.catalogue.registers[about.follow.register].owner
    for name in about.fields:
        column = about.follow.takes[name]
        detail = {
            "register": about.follow.register, "column": column, "key": about.key, "held": theirs.get(name),
            "says": about.record[name] if about.record else None, "note": note[:LONGEST_NOTE], "owner": owner,
        }  # fmt: skip
        due = limits.counted(node.catalogue.calendar.due, clock.now(), CORRECTION_DAYS)
        about_it: dict[str, Any] = {"id": f"{task}/{name}", "kind": "correction", "role": tasks.STEWARD}
        body = {**about_it, "title": found.title, "detail": detail, "due": due}
        outbox.send(node, tx, owner, tasks.OPEN, body, case=task, purpose=reconcile_wire.PURPOSE, key=task)
    told = {"note": note[:LONGEST_NOTE], "told": dict.fromkeys(about.fields, ""), "owner": owner}
    tasks.close(node, tx, found, officer.name, "pending", told)


def heard(node: Node, tx: Tx, body: Mapping[str, Any]) -> bool:
    """The owner has answered a correction; False when it was not about a difference that we reported to it."""
    task, _, name = str(body["id"]).rpartition("/")
    found = tasks.load(tx, task, lock=True)
    if found is None or found.kind != "difference" or found.outcome.get("owner") != body["from"]:
        return False
    told = dict(found.outcome.get("told", {}))
    if found.state == "pending" and name in told:
        told[name] = str(body["state"])
        note = str(dict(body["outcome"]).get("note") or found.outcome["note"])[:LONGEST_NOTE]
        said = {**found.outcome, "told": told, "note": note}
        state: Any = "pending" if "" in told.values() else "done" if "done" in told.values() else "declined"
        tasks.close(node, tx, found, found.closed_by, state, said)
    return True


def _still(node: Node, tx: Tx, task: Task) -> Difference:
    about = of_task(node, tx, task)
    if about is None or about.kind != "fields":
        raise Gone(task.id)
    return about
