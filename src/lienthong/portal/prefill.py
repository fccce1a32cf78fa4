"""Filling a form from registers: one question to each register's owner, all at once, within one deadline.

The form's `look_ups` say what is wanted. Those whose value is known go out together; those that hang on an answer
from another node follow in a second wave. A look-up that hangs on one at the same node is resolved there. Answers are
kept signed, as they came; what they say is read from them again each time.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lienthong.catalogue.shapes import Form, LookUp
from lienthong.exchange import envelopes
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.registers import reading

WITHIN = 2.0


@dataclass(frozen=True)
class Found:
    """Rows by look-up, and where each came from. A look-up that is not in `sources` was not answered."""

    rows: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Message] = field(default_factory=dict)


def ask_registers(node: Node, form: Form, account: Account, *, purpose: str, case: str) -> list[str]:
    """Ask every register the form draws on; the signed answers, verbatim. Silent ones are simply not among them."""
    deadline = time.monotonic() + WITHIN
    answers: list[str] = []
    asked: set[str] = set()
    while (left := deadline - time.monotonic()) > 0:
        found = read_answers(node, form, account, answers, trust=True)
        wave = _wave(node, form, account, found, asked)
        if not wave:
            break
        asked |= {name for items in wave.values() for name in items}
        questions = [Question(owner, reading.SERVICE, {"items": items}, purpose, case) for owner, items in wave.items()]
        replies = node.asker.ask_all(questions, within=left)
        answers += [msgspec.json.encode(reply.envelope).decode() for reply in replies if reply is not None]
    return answers


def read_answers(node: Node, form: Form, account: Account, answers: Iterable[str], *, trust: bool = False) -> Found:
    """What the answers say. Signatures are checked unless `trust`: the caller has just received them.

    Raises envelopes.Refused when an answer was tampered with.
    """
    found = Found()
    for text in answers:
        envelope = envelopes.decode(text.encode())
        if trust:
            header = msgspec.json.decode(envelope.header, type=envelopes.Header)
            message = Message(header, msgspec.json.decode(envelope.body), envelope)
        else:
            message = envelopes.open_envelope(envelope, node.directory, recipient=node.name, at=None)
        for name, row in message.body["items"].items():
            found.rows[name] = row
            found.sources[name] = message
    for name, look_up in form.look_ups.items():
        if look_up.either:
            _choose_by_gender(form, account, found, name, look_up)
    return found


def silent_nodes(node: Node, form: Form, found: Found) -> list[str]:
    """Owners of registers that were needed and did not answer."""
    silent = {
        node.catalogue.registers[look_up.register].owner
        for name, look_up in form.look_ups.items()
        if look_up.register and name not in found.sources and _was_needed(form, found, look_up)
    }
    return sorted(silent)


def is_silent(form: Form, found: Found, name: str) -> bool:
    """Whether nothing is known about a look-up because somebody did not answer."""
    if name in found.sources:
        return False
    look_up = form.look_ups[name]
    if look_up.either:
        return any(is_silent(form, found, other) for other in look_up.either)
    return _was_needed(form, found, look_up)


def _was_needed(form: Form, found: Found, look_up: LookUp) -> bool:
    """False where the look-up had nothing to go by: a spouse of somebody unmarried."""
    name, _, column = look_up.value.partition(".")
    if name == "applicant" or name not in form.look_ups:
        return True
    if name in found.sources:
        row = found.rows.get(name)
        return isinstance(row, dict) and bool(row.get(column))
    return is_silent(form, found, name)


def _wave(
    node: Node, form: Form, account: Account, found: Found, asked: set[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Look-ups that can go out now, by the node that owns their register."""
    wave: dict[str, dict[str, dict[str, Any]]] = {}
    for name, look_up in form.look_ups.items():
        if look_up.either or name in asked:
            continue
        owner = node.catalogue.registers[look_up.register].owner
        value = _value(form, account, found, look_up, wave.get(owner, {}))
        if value is not None:
            item = {"register": look_up.register, "by": look_up.by, "value": value, "many": look_up.many}
            wave.setdefault(owner, {})[name] = item
    return wave


def _value(
    form: Form, account: Account, found: Found, look_up: LookUp, together: Mapping[str, Any]
) -> dict[str, str] | None:
    """A known value, a reference to a look-up that goes to the same node, or None: not yet, or never."""
    name, _, column = look_up.value.partition(".")
    known = _known(form, account, found, name).get(column)
    if known:
        return {"is": str(known)}
    if name in together:
        return {"of": look_up.value}
    return None


def _known(form: Form, account: Account, found: Found, name: str) -> Mapping[str, Any]:
    """A row, or what the sign-in already says about the applicant."""
    claims = {
        "number": account.number,
        "full_name": account.name,
        "birth_date": account.birth_date.isoformat(),
        "gender": account.gender,
    }
    if name == "applicant":
        return claims
    row = found.rows.get(name)
    if isinstance(row, dict):
        return row
    look_up = form.look_ups.get(name)
    if look_up is not None and look_up.value == "applicant.number" and look_up.register == "persons":
        return claims
    if look_up is not None and look_up.either:
        for other in look_up.either:
            known = _known(form, account, found, other)
            if known.get("gender") == look_up.gender:
                return known
    return {}


def _choose_by_gender(form: Form, account: Account, found: Found, name: str, look_up: LookUp) -> None:
    for other in look_up.either:
        row = found.rows.get(other)
        if isinstance(row, dict) and row.get("gender") == look_up.gender:
            found.rows[name], found.sources[name] = row, found.sources[other]
            return
    if all(other in found.sources or not is_silent(form, found, other) for other in look_up.either):
        found.rows[name] = None
        answered = [other for other in look_up.either if other in found.sources]
        if answered:
            found.sources[name] = found.sources[answered[0]]
