"""After the end: a result that proves wrong is corrected, or annulled with everything that rests on it.

disputed              another agency found an error in our result: a task for the officers who made it
accept, dismiss       they correct the record at its register, or say why it stands
annul                 a decision takes the result back: the record is withdrawn
settled               the register has spoken: a new sealed result, or none
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from lienthong.casework import dossiers, limits, results, tasks
from lienthong.casework.desks import act_of, demand_reason, locked, with_result
from lienthong.casework.dossiers import Dossier
from lienthong.casework.effects import BY_MACHINE
from lienthong.casework.states import ANNULLED, MACHINE, Act, NotPossible
from lienthong.casework.tasks import Task
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange import envelopes, outbox
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.registers import changing, recording

CHANGE = changing.SERVICE
ERROR_HOURS = 8
CORRECTED, DECLINED = "corrected", "correction-declined"


def disputed(node: Node, tx: Tx, service: Service, dossier: Dossier, body: Mapping[str, Any]) -> None:
    """Open a task for the officers whose result is in doubt."""
    at, asks = clock.now(), dict(body["asks"])
    step = next(step for step in service.process.steps if step.verb in ("check", "decide"))
    task = Task(
        id=new_id(),
        kind="error",
        role=step.role,
        unit=dossier.identity.unit,
        case=dossier.identity.case,
        title=dossier.identity.subject,
        opened_at=at,
        asked_by=node.name,
        detail={**asks, "dossier": dossier.identity.code, "found_by": body["by"]},
        due=limits.counted(limits.competent(node, dossier).after_hours, at, ERROR_HOURS),
    )
    tasks.open_task(tx, task)


def accept(node: Node, tx: Tx, task: str, officer: Officer, fields: Mapping[str, str], note: str) -> None:
    """The result was wrong: amend its record with these fields; its register's receipt brings the corrected result.

    Raises LookupError, PermissionError, tasks.Ended, ValueError for fields the record has not.
    """
    found = _error_at_hand(tx, task, officer)
    dossier, service = locked(node, tx, found.detail["dossier"])
    register = node.catalogue.registers[_record_step(service).register]
    if not fields or any(field not in register.fields for field in fields):
        raise ValueError("no such field")
    tasks.close(node, tx, found, officer.name, "pending", {"fields": dict(fields), "note": note})
    _change(node, tx, service, dossier, "amend", fields, reason=note, task=task)


def dismiss(node: Node, tx: Tx, task: str, officer: Officer, note: str) -> None:
    """The result stands; who doubted it goes on with it."""
    found = _error_at_hand(tx, task, officer)
    if not note.strip():
        raise ValueError("required")
    dossier, service = locked(node, tx, found.detail["dossier"])
    tasks.close(node, tx, found, officer.name, "declined", {"note": note})
    _upheld_result(node, tx, service, dossier, note)


def _upheld_result(node: Node, tx: Tx, service: Service, dossier: Dossier, note: str) -> None:
    agency, at = dossier.identity.agency, clock.now()
    dossiers.add(service, dossier, Act("correct", at, MACHINE, agency=agency, reason=f"{DECLINED}: {note}"))
    save_and_tell(node, tx, service, dossier, answer=f"{DECLINED}: {note}")


def _error_at_hand(tx: Tx, task: str, officer: Officer) -> Task:
    found = tasks.at_hand(tx, task, officer)
    if found.kind != "error":
        raise ValueError(f"a {found.kind} concerns no result")
    return found


def annul(node: Node, tx: Tx, code: str, officer: Officer, decision: str, reason: str) -> Dossier:
    """Take back a result by decision (its number and day): the record is withdrawn, and what rests on it follows.

    Raises ValueError without a decision or a reason; NotPossible, PermissionError, LookupError.
    """
    demand_reason(decision)
    demand_reason(reason)
    dossier, service, step = with_result(node, tx, code, officer)
    act = act_of("annul", officer, dossier, step, clock.now(), reason=reason, detail={"decision": decision})
    dossiers.add(service, dossier, act)
    _change(node, tx, service, dossier, "withdraw", {}, reason=f"{decision}: {reason}")
    save_and_tell(node, tx, service, dossier)
    return dossier


def withdraw_consequence(node: Node, tx: Tx, service: Service, dossier: Dossier, reason: str) -> None:
    """Withdraw the record of a result that rested on an annulled one, by an act of its own."""
    if dossier.state.reason == ANNULLED or dossier.state.waiting:
        return
    agency, step = dossier.identity.agency, _record_step(service)
    dossiers.add(service, dossier, Act("annul", clock.now(), MACHINE, "", agency, step.step, step.rule, reason))
    _change(node, tx, service, dossier, "withdraw", {}, reason=reason)
    save_and_tell(node, tx, service, dossier)


def _change(
    node: Node,
    tx: Tx,
    service: Service,
    dossier: Dossier,
    change: str,
    fields: Mapping[str, Any],
    *,
    reason: str,
    task: str = "",
) -> None:
    """Change the record behind a result: here when the register is ours, else by its owner."""
    code, step = dossier.identity.code, _record_step(service)
    if not step.register:
        _change_issued(node, tx, service, dossier, change)
        return
    key = _key(tx, code)
    body = {"register": step.register, "key": key, "change": change, "fields": dict(fields), "dossier": code}
    body |= {"reason": reason, "task": task}
    register = node.catalogue.owned.get(step.register)
    if register is None:
        owner, case = node.catalogue.registers[step.register].owner, dossier.identity.case
        outbox.send(node, tx, owner, CHANGE, body, case=case, purpose=service.slug, key=code)
        return
    outcome = _change_here(node, tx, register, body, dossier.identity.case)
    if not isinstance(outcome, Stored):
        _settle(node, tx, service, dossier, body, outcome)


def _change_issued(node: Node, tx: Tx, service: Service, dossier: Dossier, change: str) -> None:
    """What no register holds is taken back by the decision itself. Raises NotPossible for anything else: it is annulled
    and issued anew."""
    if change != "withdraw":
        raise NotPossible("no register holds this result: annul it and issue another")
    _settle(node, tx, service, dossier, {"change": change}, Done())


def _change_here(node: Node, tx: Tx, register: Register, body: Mapping[str, Any], case: str) -> Outcome:
    change, by, reason = body["change"], body["dossier"], body["reason"]
    try:
        return changing.change(
            node, tx, register, body["key"], change, dict(body["fields"]), by=by, reason=reason, case=case
        )
    except Refused as refused:
        return Refusal(refused.code, refused.reason)


def settled(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """The register's owner has changed a record, or would not."""
    if recording.completed(node, tx, sent, outcome) or isinstance(outcome, Stored):
        return
    if tasks.settled(node, tx, sent.body["dossier"], outcome):
        return
    dossier, service = locked(node, tx, sent.body["dossier"])
    _settle(node, tx, service, dossier, sent.body, outcome)
    save_and_tell(node, tx, service, dossier, **_answer(outcome))


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {"answer": f"{DECLINED}: {outcome.code}"} if isinstance(outcome, Refusal) else {}


def _settle(node: Node, tx: Tx, service: Service, dossier: Dossier, body: Mapping[str, Any], outcome: Outcome) -> None:
    at, step, agency = clock.now(), _record_step(service), dossier.identity.agency
    code, rule = dossier.identity.code, step.rule
    if body["change"] == "withdraw":
        reason = ANNULLED if isinstance(outcome, Done) else _why(outcome)
        verb: Any = "annulled" if isinstance(outcome, Done) else "upheld"
        dossiers.add(service, dossier, Act(verb, at, MACHINE, "", agency, step.step, rule, reason))
        return
    if isinstance(outcome, Done):
        dossier.result = results.issue(node, dossier, outcome.body, at)
        dossiers.keep_result(tx, code, results.OWN, dossier.result, corrected=True)
    reason = CORRECTED if isinstance(outcome, Done) else f"{DECLINED}: {_why(outcome)}"
    detail = {"fields": sorted(body["fields"]), "task": body.get("task", "")}
    dossiers.add(service, dossier, Act("correct", at, MACHINE, "", agency, step.step, rule, reason, detail=detail))
    _close(node, tx, str(body.get("task", "")), isinstance(outcome, Done), reason)


def _why(outcome: Outcome) -> str:
    if isinstance(outcome, Refusal):
        return outcome.code
    raise ValueError("a stored change is not settled yet")


def _close(node: Node, tx: Tx, task: str, accepted: bool, note: str) -> None:
    found = tasks.load(tx, task, lock=True)
    if found and found.state == "pending":
        tasks.close(
            node, tx, found, found.closed_by, "done" if accepted else "declined", {**found.outcome, "said": note}
        )


def _record_step(service: Service) -> Step:
    """The step whose result is changed: a register's record, or what was issued."""
    return next(step for step in service.process.steps if step.verb in BY_MACHINE)


def _key(tx: Tx, code: str) -> str:
    """The key of the record that a dossier's latest result describes. Raises NotPossible when it has none."""
    text = dossiers.kept_results(tx, code).get(results.OWN)
    if text is None:
        raise NotPossible("the dossier has no result")
    envelope = envelopes.decode(text.encode())
    return str(msgspec.json.decode(envelope.body)["key"])
