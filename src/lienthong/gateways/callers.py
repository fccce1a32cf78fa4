"""From a call outside to a question or a message inside: who asks, for whom, under which right.

The gateway adds no right. What a system may ask is a right of the register's owner, by purpose; who asked for what goes
along with the question, so that the owner's log, and the citizen, have it.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

from psycopg.errors import UniqueViolation

from lienthong.catalogue.outside import OutsideSystem
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node
from lienthong.gateways import registered
from lienthong.gateways.calls import Gate, Problem
from lienthong.gateways.registered import Quota
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.registers import reading

PATIENCE = 2.0
MARK = re.compile(r"[0-9A-Za-z._-]{1,64}")
_NOTE = """
INSERT INTO outside_call (system, nonce, operation, purpose, officer, unit, request, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Caller:
    """Who asks: a system, its officer and unit, its own number of the request, and what it may ask for."""

    system: str
    officer: str
    unit: str
    request: str
    purpose: str

    @property
    def as_asker(self) -> str:
        """As other nodes' logs keep it: the officer, then who is told to the citizen (`system/unit`)."""
        return f"{self.officer or '-'} {self.system}/{self.unit}"


def admit(gate: Gate, system: str, language: str, now: float | None = None) -> tuple[OutsideSystem, Quota]:
    """A system whose secret was proven. Raises Problem: unknown-caller, too-many."""
    found = registered.find(gate.node.catalogue.outside, system, language, clock.today())
    if found is None:
        raise Problem("unknown-caller")
    quota = gate.systems.count(system, found.per_minute, time.monotonic() if now is None else now)
    if quota.left < 0:
        raise Problem("too-many", "the minute's calls are used up", after=quota.after)
    return found, quota


def purpose_of(system: OutsideSystem, word: str) -> str:
    """The purpose behind a system's own word for a service. Raises Problem (wrong-purpose)."""
    if word not in system.purposes:
        raise Problem("wrong-purpose", "not registered for this service")
    return system.purposes[word]


def check_unit(system: OutsideSystem, unit: str) -> None:
    """Raises Problem (wrong-unit) for a unit that the system does not speak for."""
    if system.units and not any(unit == own or unit.startswith(own + ".") for own in system.units):
        raise Problem("wrong-unit", "not registered for this unit")


def note(node: Node, caller: Caller, operation: str, nonce: str = "") -> None:
    """Keep that the call was let through, before anything is asked. Raises Problem (unknown-caller) for one that was
    made before: a signature holds once."""
    row = (caller.system, nonce or new_id(), operation, caller.purpose)
    try:
        with node.database.transaction() as tx:
            tx.run(_NOTE, (*row, caller.officer, caller.unit, caller.request, clock.now()))
    except UniqueViolation as error:
        raise Problem("unknown-caller", "sent before") from error


def note_refusal(node: Node, system: str, language: str, problem: Problem) -> None:
    """Keep what a known system was refused: its id and the kind, nothing of what it sent."""
    content = {"outside": system, "language": language, "code": problem.kind}
    with node.database.transaction() as tx:
        entries.append(tx, f"refusal/{new_id()}", "refusal", content, at=clock.now())


def ask(node: Node, caller: Caller, register: str, items: dict[str, Any]) -> Message:
    """One question to a register's owner in the caller's name. Raises Problem: wrong-purpose, silent."""
    declared = node.catalogue.registers.get(register)
    if declared is None:
        raise Problem("wrong-purpose", "the gateway has no right to this register")
    body = reading.body(node, declared.owner, items)
    question = Question(declared.owner, reading.SERVICE, body, caller.purpose, caller.request, caller.as_asker)
    answer = node.asker.ask(question, within=PATIENCE)
    if answer is None:
        raise Problem("silent", "the source does not answer just now", after=5)
    return answer
