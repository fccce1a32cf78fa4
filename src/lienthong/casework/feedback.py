"""Feedback on a dossier (phản ánh, kiến nghị): said at the portal about a step and its rule, answered by who decides.

opened      the agency hears it: a task for the unit's head
accept      it is for us          transfer    another unit answers        refuse      it is not answered, and why
supplement  more is asked         answer      what was done about it      publish     for everybody, without names
said        the person adds what was asked, or says whether they are content

Limits are working days of the unit, from when it received it, as Index 766 counts them. An act after its limit can be
done, and counts as late: every act keeps the limit that it had.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lienthong.casework import dossiers, extending, limits, tasks
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import NotPossible
from lienthong.casework.tasks import Task
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

OPEN, SAY, TOLD = "feedback.open", "feedback.say", "feedback.told"
KIND: Final = "feedback"
DAYS: Final[Mapping[str, int]] = {"transfer": 2, "refuse": 2, "supplement": 5, "answer": 15, "publish": 2}
RULE: Final = "Nghị định 20/2008/NĐ-CP, sửa đổi bởi Nghị định 92/2017/NĐ-CP; Quyết định 766/QĐ-TTg"
LONGEST: Final = 2_000
ENDED: Final = ("answered", "refused")
_ANSWERING: Final = ("new", "working")
_NUMBERS = re.compile(r"\d[\d .]{7,}\d")

_FIELDS = """
id, dossier, case_code, portal, unit, service, step, rule, text, asked_at, received_at, state, due, left_hours, acts
"""
_PUT = f"INSERT INTO feedback ({_FIELDS}) VALUES ({', '.join(['%s'] * 15)}) ON CONFLICT (id) DO NOTHING"
_CHANGE = """
UPDATE feedback SET unit = %s, received_at = %s, state = %s, due = %s, left_hours = %s, acts = %s WHERE id = %s
"""
_ACT = """
INSERT INTO feedback_act (feedback, number, at, verb, by_whom, unit, text, until, due, content)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ACTS = """
SELECT at, verb, by_whom, unit, text, until, due, content FROM feedback_act WHERE feedback = %s ORDER BY number
"""
_UNITS = "SELECT DISTINCT unit FROM officer WHERE role = %s AND starts <= %s AND (ends IS NULL OR ends >= %s)"


@dataclass(frozen=True)
class Feedback:
    """One, as it stands. `step` and `rule` are empty where the dossier as a whole is meant."""

    id: str
    dossier: str
    case: str
    portal: str
    unit: str
    service: str
    step: str
    rule: str
    text: str
    asked_at: datetime
    received_at: datetime
    state: str
    due: datetime | None
    left_hours: float | None
    acts: int


@dataclass(frozen=True)
class Deed:
    """What is to be written down of one act."""

    verb: str
    by: str
    text: str = ""
    until: datetime | None = None
    content: bool | None = None


def load(tx: Tx, feedback: str, *, lock: bool = False) -> Feedback | None:
    row = tx.one(f"SELECT {_FIELDS} FROM feedback WHERE id = %s{' FOR UPDATE' if lock else ''}", (feedback,))
    return None if row is None else Feedback(*row)


def history(tx: Tx, feedback: str) -> list[Any]:
    """Its acts: at, verb, by_whom, unit, text, until, due, content."""
    return tx.all(_ACTS, (feedback,))


def until(node: Node, found: Feedback, verb: str, at: datetime | None = None) -> datetime | None:
    """By when an act is to be done; None for one without a limit, or while no calendar reaches so far."""
    if verb == "answer":
        return found.due
    if verb not in DAYS:
        return None
    start = at if verb == "publish" and at else found.received_at
    return limits.counted(node.catalogue.calendar_of(found.unit or None).due, start, DAYS[verb])


def units(tx: Tx, found: Feedback, role: str) -> list[str]:
    """Where else somebody answers."""
    today = clock.today()
    rows = tx.all(_UNITS, (role, today, today))
    return sorted({row.unit for row in rows} - {found.unit})


# from the portal


def opened(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `feedback.open`. Raises Refused: unknown-dossier, malformed."""
    body, header = message.body, message.header
    dossier = _theirs(tx, str(body.get("dossier")), header.sender, header.case)
    text, said = str(body.get("text") or "").strip(), body.get("about")
    if not text or len(text) > LONGEST:
        raise Refused("malformed", "feedback has a text that is not too long")
    step, rule = _about(tx, dossier, said) if isinstance(said, Mapping) else ("", "")
    at, unit = clock.now(), dossier.identity.unit or ""
    due = limits.counted(node.catalogue.calendar_of(unit or None).due, at, DAYS["answer"])
    found = Feedback(
        str(body["id"]), dossier.identity.code, header.case, header.sender, unit, dossier.identity.service, step, rule,
        text, at, at, "new", due, None, 0,
    )  # fmt: skip
    row = (*vars(found).values(),)
    if tx.touch(_PUT, row):
        kept = _add(node, tx, found, Deed("open", ""))
        _ask(node, tx, kept, "answer", until(node, kept, "refuse"))
    return Done()


def said(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `feedback.say`. What comes too late, or twice, changes nothing. Raises Refused: unknown-feedback."""
    body = message.body
    found = load(tx, str(body.get("id")), lock=True)
    if found is None or (found.portal, found.case) != (message.header.sender, message.header.case):
        raise Refused("unknown-feedback", "no such feedback of theirs")
    at, text = clock.now(), str(body.get("text") or "")[:LONGEST]
    if body.get("verb") == "supply" and found.state == "supplement":
        due = _again(node, found, at)
        kept = _add(node, tx, found, Deed("supply", "", text), state="working", due=due)
        _ask(node, tx, kept, "answer", due)
    elif body.get("verb") == "judge" and found.state in ENDED and not _is_judged(tx, found):
        _add(node, tx, found, Deed("judge", "", text, content=bool(body.get("content"))))
    return Done()


def _theirs(tx: Tx, code: str, sender: str, case: str) -> Dossier:
    dossier = dossiers.load(tx, code)
    if dossier is None or (dossier.identity.parent_node, dossier.identity.case) != (sender, case):
        raise Refused("unknown-dossier", "no such dossier of theirs")
    return dossier


def _about(tx: Tx, dossier: Dossier, said: Mapping[str, Any]) -> tuple[str, str]:
    """The step and the rule of the act that is meant, by our own acts: not by what was sent."""
    try:
        at = datetime.fromisoformat(str(said.get("at")))
    except ValueError as error:
        raise Refused("malformed", "an act is named by its time") from error
    for act in dossiers.acts(tx, dossier.identity.code):
        if (act.verb, act.at) == (said.get("verb"), at):
            return act.step, act.rule
    raise Refused("malformed", "no such act")


def _again(node: Node, found: Feedback, at: datetime) -> datetime | None:
    """The time that was left when the person was asked, from when they answered."""
    calendar = node.catalogue.calendar_of(found.unit or None)
    return limits.counted(calendar.after_hours, at, max(found.left_hours or 0.0, 0.0))


def _is_judged(tx: Tx, found: Feedback) -> bool:
    return tx.value("SELECT 1 FROM feedback_act WHERE feedback = %s AND verb = 'judge'", (found.id,)) is not None


# at the desk


def accept(node: Node, tx: Tx, task: str, officer: Officer) -> None:
    """It is for this unit. Raises LookupError, PermissionError, tasks.Ended, NotPossible."""
    found = _turn(node, tx, task, officer, "accept", "", ("new",))
    kept = _add(node, tx, found, Deed("accept", officer.name), state="working", due=found.due)
    _ask(node, tx, kept, "answer", kept.due)


def supplement(node: Node, tx: Tx, task: str, officer: Officer, text: str) -> None:
    """The person is to say more; the time to answer stands until they do. Raises as `accept`, and ValueError."""
    found = _turn(node, tx, task, officer, "supplement", _worded(text))
    at = clock.now()
    left = node.catalogue.calendar_of(found.unit or None).hours_between(at, found.due) if found.due else 0.0
    done = Deed("supplement", officer.name, text, until(node, found, "supplement"))
    _add(node, tx, found, done, state="supplement", left_hours=left)


def transfer(node: Node, tx: Tx, task: str, officer: Officer, unit: str, text: str) -> None:
    """Another unit answers, in its own time. Raises as `accept`, and ValueError for a unit where nobody does."""
    at_hand = tasks.at_hand(tx, task, officer)
    found = _turn(node, tx, task, officer, "transfer", _worded(text))
    if unit not in units(tx, found, at_hand.role):
        raise ValueError("not-in-list")
    at = clock.now()
    due = limits.counted(node.catalogue.calendar_of(unit).due, at, DAYS["answer"])
    done = Deed("transfer", officer.name, text, until(node, found, "transfer"))
    kept = _add(node, tx, found, done, state="new", unit=unit, received_at=at, due=due)
    _ask(node, tx, kept, "answer", until(node, kept, "refuse"))


def refuse(node: Node, tx: Tx, task: str, officer: Officer, text: str) -> None:
    """It is not dealt with, for this reason. Raises as `accept`, and ValueError without a reason."""
    found = _turn(node, tx, task, officer, "refuse", _worded(text))
    _add(node, tx, found, Deed("refuse", officer.name, text, until(node, found, "refuse")), state="refused")


def answer(node: Node, tx: Tx, task: str, officer: Officer, text: str, *, general: bool) -> None:
    """What was found and done. One of general interest is to be published. Raises as `refuse`."""
    found = _turn(node, tx, task, officer, "answer", _worded(text))
    kept = _add(node, tx, found, Deed("answer", officer.name, text, found.due), state="answered")
    if general:
        _ask(node, tx, kept, "publish", until(node, kept, "publish", clock.now()), proposed=text)


def publish(node: Node, tx: Tx, task: str, officer: Officer, question: str, text: str) -> None:
    """Question and answer for everybody. Raises as `refuse`, and ValueError('names-person') where one tells of whom."""
    if not question.strip() or not text.strip():
        raise ValueError("required")
    limit = tasks.at_hand(tx, task, officer).due
    found = _turn(node, tx, task, officer, "publish", text, ("answered",))
    dossier = dossiers.load(tx, found.dossier)
    if names_person(f"{question} {text}", dossier):
        raise ValueError("names-person")
    _add(node, tx, found, Deed("publish", officer.name, text, limit), question=question[:LONGEST])


def keep(node: Node, tx: Tx, task: str, officer: Officer, text: str) -> None:
    """It is not published after all, for this reason. Raises as `refuse`."""
    found = _turn(node, tx, task, officer, "keep", _worded(text), ("answered",))
    _add(node, tx, found, Deed("keep", officer.name, text), silent=True)


def names_person(text: str, dossier: Dossier | None) -> bool:
    """Whether words for everybody hold the dossier's name or code, or a number as long as a person's or a phone's."""
    identity = dossier.identity if dossier else None
    known = [one for one in (identity.subject, identity.code, identity.parent or "") if one] if identity else []
    return bool(_NUMBERS.search(text)) or any(one.casefold() in text.casefold() for one in known)


def _worded(text: str) -> str:
    if not text.strip():
        raise ValueError("required")
    return text


def _turn(
    node: Node, tx: Tx, task: str, officer: Officer, verb: str, text: str, states: tuple[str, ...] = _ANSWERING
) -> Feedback:
    """End the task by which an officer was asked, and give what it is about, locked."""
    at_hand = tasks.at_hand(tx, task, officer)
    if at_hand.kind != KIND:
        raise LookupError(task)
    found = load(tx, str(at_hand.detail["feedback"]), lock=True)
    if found is None or found.state not in states:
        raise NotPossible("it went on since")
    how: Any = "declined" if verb == "refuse" else "done"
    tasks.close(node, tx, at_hand, officer.name, how, {"verb": verb, "note": text})
    return found


def _ask(
    node: Node, tx: Tx, found: Feedback, turn: str, due: datetime | None, proposed: str = ""
) -> None:  # fmt: skip
    """Lay it before who decides in its unit."""
    dossier = dossiers.load(tx, found.dossier)
    assert dossier is not None, "dossiers stay"
    service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
    detail = {"feedback": found.id, "turn": turn, "dossier": found.dossier, "found_by": found.portal}
    tasks.open_task(tx, Task(
        id=f"{found.id}/{found.acts}", kind=KIND, role=extending.signer(service), unit=found.unit or None,
        case=found.case, title=dossier.identity.subject or dossier.identity.code, opened_at=clock.now(), due=due,
        detail={**detail, **({"proposed": proposed} if proposed else {})},
    ))  # fmt: skip


def _add(
    node: Node, tx: Tx, found: Feedback, done: Deed, *, silent: bool = False, question: str = "", **changed: Any
) -> Feedback:
    """Write down an act and what it changed, and tell the portal. Whoever is not waited for has no time running."""
    at, number = clock.now(), found.acts + 1
    state = str(changed.get("state", found.state))
    due = changed.get("due", found.due) if state in _ANSWERING else None
    kept = Feedback(**{**vars(found), **changed, "state": state, "due": due, "acts": number})
    tx.run(_CHANGE, (kept.unit, kept.received_at, state, due, kept.left_hours, number, found.id))
    act = (found.id, number, at, done.verb, done.by, kept.unit, done.text, done.until, due, done.content)
    tx.run(_ACT, act)
    if not silent and done.verb not in ("supply", "judge"):
        first = until(node, kept, "refuse") if state == "new" else None
        body = {
            "id": found.id, "verb": done.verb, "at": at, "by": done.by, "unit": kept.unit, "text": done.text,
            "state": state, "due": due, "first": first, "late": bool(done.until and at > done.until),
            "question": question, "rule": kept.rule,
        }  # fmt: skip
        outbox.send(node, tx, found.portal, TOLD, body, case=found.case, purpose=found.service, key=found.id)
    return kept
