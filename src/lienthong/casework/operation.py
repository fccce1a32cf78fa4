"""What operators ask of every node: the story of one case, and what waits. Both go through the exchange."""

from typing import Any

import msgspec

from lienthong.casework import dossiers
from lienthong.casework.states import BranchState
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit.storage import Tx

TRACE, STUCK = "dossier.trace", "dossier.stuck"
MOST = 200

_DOSSIERS = "SELECT code, service, branch, status, step, waiting, applicant FROM dossier WHERE code = %s OR parent = %s"
_SENT = """
SELECT message, recipient, service, created_at AS at, settled_at, state, attempts, problem
FROM outbox WHERE case_code = %s ORDER BY id
"""
# A result that lies ready to be handed over holds nobody up; it stands at the results desk.
_OPEN_STEPS = """
SELECT code, service, step, waiting, role, unit, since, due, reason, branches FROM dossier
WHERE waiting NOT IN ('', 'collect') ORDER BY since LIMIT %s
"""
_OPEN_MESSAGES = """
SELECT message, recipient, service, case_code, state, created_at AS since, attempts, next_at, problem
FROM outbox WHERE state IN ('waiting', 'stored', 'parked') ORDER BY id LIMIT %s
"""
_PENDING = "SELECT register, key, case_code, since FROM pending_record ORDER BY since LIMIT %s"
# A decision drawn for review holds nobody up either; it stands at the desk.
_TASKS = """
SELECT id, kind, role, unit, case_code, opened_at AS since, due FROM task
WHERE state IN ('open', 'pending') AND kind <> 'review' ORDER BY opened_at LIMIT %s
"""
NEXT = {
    "open": "waits for a person",
    "pending": "goes on by itself with the receipt",
    "applicant": "the applicant supplies what was asked, or it stops by itself when that runs out",
    "consent": "the person asked answers on e-identity, or it stops by itself when that runs out",
    "correction": "goes on by itself when the result in doubt is corrected or upheld",
    "payment": "an officer enters the receipt; until then the clock stands",
    "opinion": "goes on by itself when the opinions are in, or are taken as silent",
    "transit": "the unit that decides opens the courier's bag",
}


def trace(node: Node, tx: Tx, message: Message) -> Answer:
    """Everything this node did for a case: acts of its dossiers, messages it sent, records that still wait."""
    case = str(message.body.get("case"))
    found = tx.all(_DOSSIERS, (case, case))
    acts = [
        {"code": row.code, "branch": row.branch, "at": act.at, "verb": act.verb, "actor": act.actor, "role": act.role,
         "step": act.step, "rule": act.rule, "reason": act.reason, "about": act.branch}
        for row in found
        for act in dossiers.acts(tx, row.code)
    ]  # fmt: skip
    sent = [row._asdict() for row in tx.all(_SENT, (case,))]
    reads = tuple(Read(row.applicant, "dossier", ("acts",)) for row in found)
    return Answer({"node": node.name, "acts": acts, "messages": sent}, reads)


def stuck(node: Node, tx: Tx, message: Message) -> Answer:
    """Every open step, message and record: who has it, why, since when, and what happens next by itself."""
    waiting = [
        *(_step(row) for row in tx.all(_OPEN_STEPS, (MOST,))),
        *(_message(row) for row in tx.all(_OPEN_MESSAGES, (MOST,))),
        *(_record(row) for row in tx.all(_PENDING, (MOST,))),
        *(_task(row) for row in tx.all(_TASKS, (MOST,))),
    ]
    return Answer({"node": node.name, "waiting": waiting})


def _step(row: Any) -> dict[str, Any]:
    owner = f"{row.role} {row.unit or ''}".strip() if row.role else _branches(row.branches) or "the register's owner"
    following = NEXT[row.waiting]
    return {"what": f"{row.service}: {row.step}", "case": row.code, "owner": owner, "since": row.since,
            "due": row.due, "reason": row.reason or row.waiting, "next": following}  # fmt: skip


def _branches(text: str) -> str:
    """The branches of a parent that are under way, with the node that has each."""
    branches = msgspec.json.decode(text, type=dict[str, BranchState])
    return ", ".join(f"{name} at {b.node}" for name, b in branches.items() if b.state in {"filed", *NEXT})


def _message(row: Any) -> dict[str, Any]:
    following = {
        "waiting": f"sent again at {row.next_at:%H:%M:%S}",
        "stored": f"{row.recipient} gives its receipt",
        "parked": "an operator sends it again: lienthong resend",
    }[row.state]
    return {"what": f"{row.service} to {row.recipient}", "case": row.case_code, "owner": row.recipient,
            "since": row.since, "due": None, "reason": row.problem or row.state, "next": following}  # fmt: skip


def _record(row: Any) -> dict[str, Any]:
    return {"what": f"{row.register} {row.key}", "case": row.case_code, "owner": row.register, "since": row.since,
            "due": None, "reason": "pending", "next": "completed by the other register's receipt"}  # fmt: skip


def _task(row: Any) -> dict[str, Any]:
    return {"what": f"task: {row.kind}", "case": row.case_code, "owner": f"{row.role} {row.unit or ''}".strip(),
            "since": row.since, "due": row.due, "reason": row.kind, "next": "waits for a person"}  # fmt: skip
