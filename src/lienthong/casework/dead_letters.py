"""What operators do about messages that were parked: the deed, and the tasks that were open about them."""

from collections.abc import Sequence
from typing import Literal

from lienthong.casework import tasks
from lienthong.casework.states import NotPossible
from lienthong.casework.tasks import Task
from lienthong.exchange import deadletters
from lienthong.exchange.deadletters import Which
from lienthong.exchange.node import Node
from lienthong.exchange.outbox import dead
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

RESENT = "resent"


def resend(node: Node, tx: Tx, which: Which, by: str) -> list[str]:
    """Send parked messages again, at most deadletters.AT_ONCE; their tasks wait for what becomes of them."""
    messages = deadletters.resend(node, tx, which, by)
    _move_on(node, tx, messages, by, "pending", RESENT)
    return messages


def give_up(node: Node, tx: Tx, message: str, by: str, reason: str) -> bool:
    """End a parked message with a reason; False when it is not parked any more. Raises ValueError without a reason."""
    if not deadletters.parked(tx, Which(messages=[message])):
        return False
    _move_on(node, tx, [message], by, "declined", reason[: deadletters.LONGEST_REASON])
    return deadletters.give_up(node, tx, message, by, reason)


def answer_resend(node: Node, tx: Tx, task: str, officer: Officer, *, alike: bool = False) -> None:
    """An operator sends a task's message again, or all of its service to its recipient.

    Raises LookupError, PermissionError, Ended; NotPossible when the message is not parked any more.
    """
    found = _at_hand(tx, task, officer)
    alone = Which(messages=[found.detail["message"]])
    which = Which(to=found.detail["recipient"], service=found.detail["service"]) if alike else alone
    if not resend(node, tx, which, officer.name):
        raise NotPossible("the message is not parked any more")


def answer_give_up(node: Node, tx: Tx, task: str, officer: Officer, reason: str) -> None:
    """Raises as answer_resend, and ValueError without a reason."""
    found = _at_hand(tx, task, officer)
    if not give_up(node, tx, found.detail["message"], officer.name, reason):
        raise NotPossible("the message is not parked any more")


def alike(tx: Tx, task: Task) -> int:
    """How many messages of the same service to the same recipient are parked, counted up to deadletters.AT_ONCE."""
    return len(deadletters.parked(tx, Which(to=task.detail["recipient"], service=task.detail["service"])))


def _at_hand(tx: Tx, task: str, officer: Officer) -> Task:
    found = tasks.at_hand(tx, task, officer)
    if found.kind != "dead_letter":
        raise ValueError(f"a {found.kind} is about no message")
    return found


def _move_on(
    node: Node, tx: Tx, messages: Sequence[str], by: str, state: Literal["pending", "declined"], note: str
) -> None:
    for message in messages:
        task = tasks.load(tx, dead(message), lock=True)
        if task is not None and task.state == "open":
            tasks.close(node, tx, task, by, state, {"note": note})
