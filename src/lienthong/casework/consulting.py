"""Asking for opinions: what a `consult` step asks by itself, and what every question to a role and unit carries."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from lienthong.casework import dossiers, tasks
from lienthong.casework.acts import Opinion
from lienthong.casework.dossiers import Dossier
from lienthong.casework.facts import Facts
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.tasks import Task
from lienthong.catalogue.shapes import OpinionAsked, Step
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

KIND: Final = "opinion"
HEAD: Final = "chair"
RULE = "Nghị định 61/2018/NĐ-CP, Điều 19"
LONGEST = 2_000


class Question(msgspec.Struct, frozen=True):
    """What is asked of a role in a unit (none: of any holder), for so many working days."""

    role: str
    text: str
    days: int
    unit: str = ""
    silence: Literal["agreed", "without", "escalate"] = "without"


def ask_all(facts: Facts, step: Step) -> None:
    """Ask what a `consult` step names. The dossier is at hand and is stored by whoever moves it."""
    dossier, declared = facts.dossier, facts.declared
    at = dossier.fresh[-1].at if dossier.fresh else clock.now()
    questions = [
        Question(one.role, one.says.vi, one.days, _unit(one, dossier, declared), one.silence) for one in step.asks
    ]
    asks, agency = asked(facts.node, questions, at), dossier.identity.agency
    act = Act("consult", at, MACHINE, "", agency, step.step, step.rule or RULE, asks=asks)
    dossiers.add(facts.service, dossier, act)
    open_tasks(facts.tx, dossier)


def _unit(one: OpinionAsked, dossier: Dossier, declared: Mapping[str, Any]) -> str:
    if one.unit.startswith("$"):
        return str(declared.get(one.unit[1:]) or "")
    return one.unit or dossier.desk


def asked(node: Node, questions: list[Question], at: datetime) -> dict[str, Any]:
    """The `asks` of an act that asks for opinions."""
    opinions = {}
    for one in questions:
        due = node.catalogue.calendar_of(one.unit or None).due(at, one.days)
        opinions[new_id()] = Opinion(one.role, at, due, one.unit, one.silence, one.text[:LONGEST])
    until = max(one.due for one in opinions.values())
    return {"kind": KIND, "opinions": msgspec.to_builtins(opinions), "until": until.isoformat()}


def open_tasks(tx: Tx, dossier: Dossier) -> None:
    """A task for each that was just asked."""
    opinions = msgspec.convert(dossier.fresh[-1].asks["opinions"], dict[str, Opinion])
    for name, one in opinions.items():
        tasks.open_task(tx, task_for(dossier, name, one, name, one.role))


def call_off(node: Node, tx: Tx, names: Iterable[str], outcome: Mapping[str, Any]) -> None:
    """Close the tasks of opinions that nobody waits for any more: of who was asked, and of the head in their place."""
    for task in (task for name in names for task in (name, of_head(name))):
        found = tasks.load(tx, task, lock=True)
        if found and found.state == "open":
            tasks.close(node, tx, found, MACHINE, "declined", outcome)


def of_head(name: str) -> str:
    """The task of the unit's head, who answers where silence is escalated."""
    return f"{name}/{HEAD}"


def task_for(dossier: Dossier, name: str, one: Opinion, task: str, role: str) -> Task:
    """The inside work of answering one."""
    detail = {"dossier": dossier.identity.code, "opinion": name, "question": one.question, "silence": one.silence}
    return Task(
        id=task,
        kind=KIND,
        role=role,
        case=dossier.identity.case,
        title=dossier.identity.subject or dossier.identity.code,
        opened_at=clock.now(),
        unit=one.unit or None,
        detail=detail,
        due=one.due,
    )
