"""Straight-through decisions under guard.

A rule decides only where every one of its conditions is verified, it is not stopped, and it has not decided more in a
while than is plausible. A share of what it decides is drawn for review by a person; the error they find is measured,
and a wrong decision is annulled with its consequences.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lienthong.casework import limits, rules, tasks, values
from lienthong.casework.facts import Facts
from lienthong.casework.rules import Condition
from lienthong.casework.tasks import Task
from lienthong.catalogue.shapes import Step, Velocity, Words
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

SHARE = 0.05  # of decisions, drawn for review
REVIEW_DAYS = 2

_RUNS = Condition(True, Words("Quy tắc tự động đang bật", "The automatic rule is switched on"))
_STOPPED = Condition(False, Words("Quy tắc tự động đã tạm dừng", "The automatic rule is stopped"))
_REUSED = Condition(
    False,
    Words("Giấy tờ dùng lại phải hỏi nơi giữ trước khi quyết định", "Reused papers are asked after before a decision"),
)
_COUNT = "SELECT count(*) FROM automatic_mark WHERE rule = %s AND mark = %s AND decided_at > %s"
_MARK = "INSERT INTO automatic_mark (rule, mark, decided_at, dossier) VALUES (%s, %s, %s, %s)"
_DECISION = (
    "INSERT INTO automatic_decision (dossier, rule, decided_at, sampled) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
_STOP = """
INSERT INTO automation_stop (rule, stopped_at, stopped_by, reason) VALUES (%s, %s, %s, %s) ON CONFLICT (rule) DO NOTHING
"""
_FOUND = """
SELECT count(*) AS decided, count(*) FILTER (WHERE sampled) AS drawn, count(verdict) AS judged,
    count(*) FILTER (WHERE verdict = 'wrong') AS wrong
FROM automatic_decision WHERE rule = %s AND decided_at >= %s
"""


@dataclass(frozen=True)
class Measured:
    """What reviews found: decisions, drawn, judged, wrong; the share of wrong ones with its 95 % interval (Wilson)."""

    decided: int
    drawn: int
    judged: int
    wrong: int
    share: float
    low: float
    high: float


def conditions(facts: Facts, step: Step) -> list[Condition]:
    """Every condition of a straight-through step: its rule's, and those of the guard."""
    rule = step.straight_through
    found = rules.RULES[rule](facts)
    stopped = facts.tx.value("SELECT 1 FROM automation_stop WHERE rule = %s", (rule,))
    asked = [_REUSED] if any(paper.get("reused") for paper in facts.attachments) else []
    guard = [_STOPPED if stopped else _RUNS, *asked, *(_not_too_often(facts, rule, v) for v in step.velocity)]
    return [*found, *guard]


def _not_too_often(facts: Facts, rule: str, velocity: Velocity) -> Condition:
    since = clock.now() - timedelta(hours=velocity.hours)
    mark = _mark(facts, velocity)
    count = facts.tx.value(_COUNT, (rule, mark, since)) if mark else 0
    return Condition(count < velocity.most, velocity.says)


def _mark(facts: Facts, velocity: Velocity) -> str:
    value = values.value(velocity.by, facts.dossier, facts.declared, facts.results, facts.today)
    return f"{velocity.by}={value}" if value else ""


def remember(facts: Facts, step: Step) -> None:
    """Count a decision, and draw it for review by chance."""
    tx, dossier, at = facts.tx, facts.dossier, clock.now()
    code, rule = dossier.identity.code, step.straight_through
    sampled = _drawn(code, at)
    tx.run(_DECISION, (code, rule, at, sampled))
    for velocity in step.velocity:
        if mark := _mark(facts, velocity):
            tx.run(_MARK, (rule, mark, at, code))
    if sampled:
        tasks.open_task(tx, _review(facts, step, at))


def _drawn(code: str, at: datetime) -> bool:
    """By a hash over code and microsecond, which nobody chose."""
    return int.from_bytes(hashlib.sha256(f"{code} {at.isoformat()}".encode()).digest()[:4]) < SHARE * 2**32


def _review(facts: Facts, step: Step, at: datetime) -> Task:
    identity = facts.dossier.identity
    return Task(
        id=f"review/{identity.code}",
        kind="review",
        role=step.role,
        unit=identity.unit,
        case=identity.case,
        title=identity.subject,
        opened_at=at,
        asked_by=facts.node.name,
        detail={"dossier": identity.code, "rule": step.straight_through},
        due=limits.counted(facts.node.catalogue.calendar_of(identity.unit).due, at, REVIEW_DAYS),
    )


def judge(node: Node, tx: Tx, task: str, officer: Officer, right: bool, note: str) -> str:
    """A person's verdict on a drawn decision; the dossier's code. A wrong one is then annulled by its deciding role.

    Raises LookupError, PermissionError, tasks.Ended, ValueError when a wrong one has no reason.
    """
    found = tasks.at_hand(tx, task, officer)
    if found.kind != "review":
        raise ValueError(f"a {found.kind} is not judged")
    if not right and not note.strip():
        raise ValueError("required")
    verdict, code = "right" if right else "wrong", str(found.detail["dossier"])
    tx.run(
        "UPDATE automatic_decision SET verdict = %s, judged_at = %s WHERE dossier = %s", (verdict, clock.now(), code)
    )
    tasks.close(node, tx, found, officer.name, "done", {"verdict": verdict, "note": note[: tasks.LONGEST_NOTE]})
    return code


def stop(tx: Tx, rule: str, by: str, reason: str) -> None:
    """Switch a rule off: what it would decide waits for officers. Raises LookupError, ValueError without a reason."""
    _known(rule)
    if not reason.strip():
        raise ValueError("required")
    at = _written(tx, rule, "stop", by, reason)
    tx.run(_STOP, (rule, at, by, reason))


def start(tx: Tx, rule: str, by: str, reason: str) -> None:
    """Switch a rule on again. Raises as `stop`."""
    _known(rule)
    if not reason.strip():
        raise ValueError("required")
    _written(tx, rule, "start", by, reason)
    tx.run("DELETE FROM automation_stop WHERE rule = %s", (rule,))


def _written(tx: Tx, rule: str, verb: str, by: str, reason: str) -> datetime:
    at = clock.now()
    told = {"verb": verb, "rule": rule, "by": by, "reason": reason}
    entries.append(tx, f"automation/{rule}/{new_id()}", "act", told, at=at)
    return at


def stopped(tx: Tx) -> Mapping[str, Any]:
    """The rules that are switched off: when, by whom, why."""
    return {row.rule: row for row in tx.all("SELECT * FROM automation_stop")}


def measured(tx: Tx, rule: str, since: datetime) -> Measured:
    """What reviews of a rule's decisions found since a moment."""
    row = tx.one(_FOUND, (rule, since))
    assert row is not None, "an aggregate gives one row"
    low, high = _interval(row.wrong, row.judged)
    share = row.wrong / row.judged if row.judged else 0.0
    return Measured(row.decided, row.drawn, row.judged, row.wrong, share, low, high)


def _interval(wrong: int, judged: int, z: float = 1.96) -> tuple[float, float]:
    if not judged:
        return 0.0, 1.0
    share, spread = wrong / judged, z * z / judged
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / judged + spread / (4 * judged)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _known(rule: str) -> None:
    if rule not in rules.RULES:
        raise LookupError(rule)
