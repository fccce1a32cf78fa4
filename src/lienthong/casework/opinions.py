"""Opinions of other roles and units, asked side by side. Silence has the effect that was said when it was asked.

ask        an officer asks at a step (a `consult` step asks by itself: consulting.ask_all)
answer     who is asked answers, in a task of kind `opinion`
silent     time has run out: agreed, without, or the unit's head answers in their place
"""

from typing import Any

from lienthong.casework import dossiers, journey, tasks
from lienthong.casework.consulting import (
    HEAD,
    KIND,
    LONGEST,
    RULE,
    Question,
    asked,
    call_off,
    of_head,
    open_tasks,
    task_for,
)
from lienthong.casework.desks import act_of, at_desk, locked
from lienthong.casework.dossiers import Dossier
from lienthong.casework.onward import way
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx


def ask(node: Node, tx: Tx, code: str, officer: Officer, questions: list[Question]) -> Dossier:
    """The dossier waits until all have answered or their time is over; the clock runs on.

    Raises ValueError for no question or none in words; NotPossible, PermissionError, LookupError as every act.
    """
    if not questions or not all(one.text.strip() and one.days > 0 for one in questions):
        raise ValueError("required")
    dossier, service, step = at_desk(node, tx, code, officer)
    at = clock.now()
    asks = asked(node, questions, at)
    dossiers.add(service, dossier, act_of("consult", officer, dossier, step, at, asks=asks, rule=RULE))
    open_tasks(tx, dossier)
    save_and_tell(node, tx, service, dossier)
    return dossier


def answer(node: Node, tx: Tx, task: str, officer: Officer, text: str, *, agrees: bool | None) -> Dossier:
    """`agrees` None is an opinion with conditions. Raises LookupError, PermissionError, tasks.Ended, NotPossible (the
    dossier went on without it); ValueError without a text where it does not agree."""
    found = tasks.at_hand(tx, task, officer)
    if found.kind != KIND:
        raise LookupError(task)
    if not text.strip() and agrees is not True:
        raise ValueError("required")
    dossier, service = locked(node, tx, str(found.detail["dossier"]))
    said = {"state": "given", "agrees": agrees, "answer": text[:LONGEST], "by": officer.name}
    _hear(node, tx, service, dossier, found.detail["opinion"], said, officer)
    tasks.close(node, tx, found, officer.name, "done", {"agrees": agrees})
    call_off(node, tx, [found.detail["opinion"]], {"answered": True})
    save_and_tell(node, tx, service, dossier)
    return dossier


def silent(node: Node, tx: Tx, code: str) -> Dossier:
    """Give every opinion whose time is over the effect of silence. Raises LookupError."""
    dossier, service = locked(node, tx, code)
    at = clock.now()
    late = {n: one for n, one in dossier.state.opinions.items() if one.state == "asked" and one.due <= at}
    for name, one in late.items():
        _hear(node, tx, service, dossier, name, {"state": "silent"}, None)
        if one.silence == "escalate":
            tasks.open_task(tx, task_for(dossier, name, one, of_head(name), HEAD))
        else:
            call_off(node, tx, [name], {"silence": one.silence})
    if late:
        save_and_tell(node, tx, service, dossier)
    return dossier


def _hear(
    node: Node, tx: Tx, service: Service, dossier: Dossier, name: str, said: dict[str, Any], officer: Officer | None
) -> None:
    step, at = service.process.step(dossier.state.step), clock.now()
    onward = way(node, tx, service, dossier, step, at) if step.verb == "consult" else {"due": dossier.state.due}
    detail = {"opinion": name, **said, **({"officer": officer.number} if officer else {})}
    role = dossier.state.opinions[name].role if name in dossier.state.opinions else ""
    actor, agency = officer.name if officer else MACHINE, dossier.identity.agency
    act = Act("opinion", at, actor, role, agency, step.step, step.rule or RULE, detail=detail, **onward)
    dossiers.add(service, dossier, act)
    if dossier.state.waiting == "open":
        journey.go_on(node, tx, service, dossier, dossiers.content(tx, dossier.identity.code))
