"""What a person says about a dossier of theirs: put to the agency that holds the part, and what becomes of it there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from lienthong.casework import feedback
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act, NotPossible
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.portal import notifying

MOST_OPEN: Final = 5  # about one dossier at a time
PUBLIC: Final = 50
_KINDS: Final[Mapping[str, str]] = {
    "supplement": "feedback_supplement",
    "transfer": "feedback_moved",
    "refuse": "feedback_refused",
    "answer": "feedback_answered",
}
_PUT = """
INSERT INTO my_feedback (id, asked_by, dossier, branch, node, service, about, text, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_OPEN = "SELECT count(*) FROM my_feedback WHERE dossier = %s AND state NOT IN ('answered', 'refused')"
_MOVE = "UPDATE my_feedback SET state = %s, first = %s, due = %s, unit = %s WHERE id = %s"
_NEWS = """
INSERT INTO my_feedback_news (feedback, at, verb, by_whom, unit, text, late) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_PUBLISH = """
INSERT INTO public_answer (id, service, node, unit, rule, question, answer, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING
"""
_JUDGE = "UPDATE my_feedback SET content = %s, judged_at = %s WHERE id = %s"


class TooMany(Exception):
    """So much about this dossier is still to be answered."""


@dataclass(frozen=True)
class Subject:
    """What one can speak about: an act of a branch as it was told, or (`told` empty) the branch as a whole."""

    key: str
    branch: str
    told: Mapping[str, Any]


def subjects(dossier: Dossier, acts: list[Act]) -> list[Subject]:
    """Every part that an agency holds, each with what was done there, in order."""
    found = []
    for name, branch in dossier.state.branches.items():
        if not branch.code:
            continue
        told = [one for act in acts if act.branch == name and act.verb == "progress" for one in act.detail["acts"]]
        found.append(Subject(f"{name}|", name, {}))
        found += [Subject(f"{name}|{one['at']}|{one['verb']}", name, one) for one in told]
    return found


def put(node: Node, tx: Tx, account: Account, dossier: Dossier, subject: Subject, text: str) -> str:
    """Send it to who holds the part. Raises TooMany."""
    code, branch = dossier.identity.code, dossier.state.branches[subject.branch]
    tx.one("SELECT 1 FROM dossier WHERE code = %s FOR UPDATE", (code,))
    if tx.value(_OPEN, (code,)) >= MOST_OPEN:
        raise TooMany(code)
    made, at = new_id(), clock.now()
    about = msgspec.json.encode(dict(subject.told)).decode()
    tx.run(_PUT, (made, account.number, code, subject.branch, branch.node, branch.service, about, text, at))
    body: dict[str, Any] = {"id": made, "dossier": branch.code, "text": text}
    if subject.told:
        body["about"] = {"verb": subject.told["verb"], "at": subject.told["at"]}
    outbox.send(node, tx, branch.node, feedback.OPEN, body, case=code, purpose=branch.service, key=made)
    return made


def supply(node: Node, tx: Tx, account: Account, feedback_id: str, text: str) -> None:
    """Say what more was asked. Raises LookupError, NotPossible."""
    found = own(tx, feedback_id, account, lock=True)
    if found.state != "supplement":
        raise NotPossible("nothing is asked for")
    tx.run(_NEWS, (found.id, clock.now(), "supply", "", "", text, False))
    tx.run("UPDATE my_feedback SET state = 'working' WHERE id = %s", (found.id,))
    _say(node, tx, found, {"verb": "supply", "text": text})


def judge(node: Node, tx: Tx, account: Account, feedback_id: str, content: bool) -> None:
    """Say whether the answer is a good one, once. Raises LookupError, NotPossible."""
    found = own(tx, feedback_id, account, lock=True)
    if found.state not in feedback.ENDED or found.content is not None:
        raise NotPossible("it is not answered, or was judged before")
    tx.run(_JUDGE, (content, clock.now(), found.id))
    _say(node, tx, found, {"verb": "judge", "content": content})


def own(tx: Tx, feedback_id: str, account: Account, *, lock: bool = False) -> Any:
    """One of this person's. Raises LookupError."""
    sql = f"SELECT * FROM my_feedback WHERE id = %s AND asked_by = %s{' FOR UPDATE' if lock else ''}"
    row = tx.one(sql, (feedback_id, account.number))
    if row is None:
        raise LookupError(feedback_id)
    return row


def of_dossier(tx: Tx, code: str, account: Account) -> list[Any]:
    """A person's about one dossier, the first first."""
    return tx.all("SELECT * FROM my_feedback WHERE dossier = %s AND asked_by = %s ORDER BY at", (code, account.number))


def news(tx: Tx, feedback_id: str) -> list[Any]:
    return tx.all("SELECT * FROM my_feedback_news WHERE feedback = %s ORDER BY at", (feedback_id,))


def published(tx: Tx) -> list[Any]:
    """Answers for everybody, the latest first."""
    return tx.all("SELECT * FROM public_answer ORDER BY at DESC LIMIT %s", (PUBLIC,))


def _say(node: Node, tx: Tx, found: Any, body: dict[str, Any]) -> None:
    body = {"id": found.id, **body}
    outbox.send(node, tx, found.node, feedback.SAY, body, case=found.dossier, purpose=found.service, key=found.id)


# from the agency


def told(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `feedback.told`: keep it, and tell the person what they must know. Raises Refused: unknown-feedback."""
    body, header = message.body, message.header
    found = tx.one("SELECT * FROM my_feedback WHERE id = %s FOR UPDATE", (str(body.get("id")),))
    if found is None or (found.node, found.dossier) != (header.sender, header.case):
        raise Refused("unknown-feedback", "nobody here said that")
    verb, at, unit = str(body["verb"]), datetime.fromisoformat(body["at"]), str(body.get("unit") or "")
    if verb == "publish":
        question, rule = str(body["question"]), str(body.get("rule") or "")
        tx.run(_PUBLISH, (found.id, found.service, found.node, unit, rule, question, str(body["text"]), at))
    first, due = (datetime.fromisoformat(body[name]) if body.get(name) else None for name in ("first", "due"))
    tx.run(_MOVE, (str(body["state"]), first, due, unit, found.id))
    by, text = (str(body.get(name) or "") for name in ("by", "text"))
    tx.touch(_NEWS, (found.id, at, verb, by, unit, text, bool(body.get("late"))))
    if kind := _KINDS.get(verb):
        about = {"node": found.node, "unit": unit, "service": found.service, "until": body.get("due")}
        notifying.tell(tx, found.asked_by, found.dossier, kind, about)
    return Done()


def settled(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """The agency has taken it, or it cannot be put to them: then it has ended, and says so."""
    if isinstance(outcome, Refusal):
        feedback_id, at = str(sent.body["id"]), clock.now()
        tx.touch("UPDATE my_feedback SET state = 'refused' WHERE id = %s AND state = 'sent'", (feedback_id,))
        tx.touch(_NEWS, (feedback_id, at, "undelivered", "", "", outcome.code, False))
