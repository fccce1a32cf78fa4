"""Filling a form from registers: one question to each register's owner, all at once, within one deadline.

The form's `look_ups` say what is wanted. Those whose value is known go out together; those that hang on an answer
from another node follow in a second wave. A look-up that hangs on one at the same node is resolved there. Answers are
kept signed, as they came; what they say is read from them again each time.

A look-up may go by what the person typed: a parent no register connects with them. Its answer is kept under its name
and that value (`named_father:068…`), so that what is typed later is asked anew and never taken for the earlier one.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from lienthong.catalogue import forms
from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Form, LookUp
from lienthong.exchange import envelopes
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.registers import comparing, reading

WITHIN = 2.0
MOST_REACHED = 4
_DECLARED = "declared."
_OF_GENDER = {"male": ("husband", "father"), "female": ("wife", "mother")}


@dataclass(frozen=True)
class Found:
    """Rows by look-up, and where each came from. A look-up that is not in `sources` was not answered; one in `later`
    hangs on an answer that the person has not given yet."""

    rows: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Message] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)  # a look-up that is another one: that one's name
    tags: dict[str, str] = field(default_factory=dict)  # by look-up, the typed value that it goes back to


Typed = Mapping[str, Any]


def ask_registers(
    node: Node,
    form: Form,
    account: Account,
    *,
    purpose: str,
    case: str,
    typed: Typed,
    answers: Iterable[str] = (),
    only: set[str] | None = None,
    officer: str = "",
) -> list[str]:
    """The signed answers, verbatim: those given, and those of every register that the form draws on beside them, or of
    the look-ups `only` and what hangs on them. Silent ones are simply not among them.

    With `officer` (as other nodes' logs keep who asks) it is asked about somebody who stands at a counter: no session
    of theirs proves that they are here, so owners are told their name and birth date beside the number.
    """
    deadline = time.monotonic() + WITHIN
    answers = list(answers)
    asked: set[str] = set()
    while (left := deadline - time.monotonic()) > 0:
        found = read_answers(node, form, account, answers, typed, trust=True)
        left_out = set() if only is None else {n for n in form.look_ups if n not in only and n not in found.tags}
        wave = _wave(node, form, account, found, typed, asked | left_out)
        if not wave:
            break
        if officer:
            _name_them(node, form, account, wave)
        asked |= {item.partition(":")[0] for items in wave.values() for item in items}
        proofs = _proofs(account, found)
        questions = [
            Question(owner, reading.SERVICE, reading.body(node, owner, items), purpose, case, officer, evidence=proofs)
            for owner, items in wave.items()
        ]
        replies = node.asker.ask_all(questions, within=left)
        answers += [msgspec.json.encode(reply.envelope).decode() for reply in replies if reply is not None]
    return answers


def _proofs(account: Account, found: Found) -> tuple[str, ...]:
    """That the person is here, and whom the answers so far led to: no owner takes our word for a marriage."""
    said = {message.header.id: message.body.get("reached") for message in found.sources.values()}
    latest = [text for text in said.values() if text][-MOST_REACHED:]
    return (*account.proofs, *latest) if account.proofs else ()


def read_answers(
    node: Node, form: Form, account: Account, answers: Iterable[str], typed: Typed, *, trust: bool = False,
    received: datetime | None = None,
) -> Found:  # fmt: skip
    """What the answers say about what was typed. Signatures are checked unless `trust`: the caller has just received
    them. Raises envelopes.Refused when an answer was tampered with.
    """
    kept: dict[str, tuple[Any, Message]] = {}
    for text in answers:
        envelope = envelopes.decode(text.encode())
        if trust:
            header = msgspec.json.decode(envelope.header, type=envelopes.Header)
            message = Message(header, msgspec.json.decode(envelope.body), envelope)
        else:
            message = envelopes.open_envelope(envelope, node.directory, recipient=node.name, at=None, received=received)
        kept |= {name: (row, message) for name, row in message.body["items"].items()}
    return resolve(form, account, kept, typed)


def resolve(form: Form, account: Account, kept: Mapping[str, tuple[Any, Message]], typed: Typed) -> Found:
    """Each look-up in the form's order, from what was answered under its name and what it goes by."""
    found = Found()
    for name, look_up in form.look_ups.items():
        if look_up.among:
            _stand_for(form, account, found, name, look_up, typed)
            continue
        _look_back(form, found, name, look_up, typed)
        item = tagged(name, found.tags.get(name, ""))
        if item in kept and name not in found.later:
            row, found.sources[name] = kept[item]
            agrees = all(comparing.same(typed.get(f) or "", (row or {}).get(c)) for c, f in look_up.match.items())
            found.rows[name] = row if agrees else None
    return found


def tagged(name: str, tag: str) -> str:
    """The name under which a look-up is asked and its answer kept."""
    return f"{name}:{tag}" if tag else name


def silent_nodes(node: Node, form: Form, found: Found) -> list[str]:
    """Owners of registers that were needed and did not answer."""
    silent = {
        node.catalogue.registers[look_up.register].owner
        for name, look_up in form.look_ups.items()
        if look_up.register and name not in found.sources and _was_needed(form, found, name)
    }
    return sorted(silent)


def named(form: Form, found: Found) -> set[str]:
    """Look-ups about people whom the person has named and nobody has answered for yet."""
    return {
        name
        for name in found.tags
        if form.look_ups[name].register and name not in found.sources and _was_needed(form, found, name)
    }


def is_silent(form: Form, found: Found, name: str) -> bool:
    """Whether nothing is known about a look-up because somebody did not answer."""
    if name in found.sources or name in found.later:
        return False
    look_up = form.look_ups[name]
    if look_up.either:
        return any(is_silent(form, found, other) for other in look_up.either)
    if look_up.among:
        return name in found.same and is_silent(form, found, found.same[name])
    return _was_needed(form, found, name)


def register_of(form: Form, found: Found, name: str) -> tuple[str, str]:
    """The look-up that another one stands for, and the register that it reads."""
    while form.look_ups[name].among:
        name = found.same.get(name) or form.look_ups[name].among[0]
    return name, form.look_ups[name].register


def hangs_on(form: Form, found: Found, name: str) -> set[str]:
    """The fields whose answers say what a look-up is about."""
    look_up = form.look_ups[name]
    if look_up.among:
        picked = {look_up.pick.removeprefix(_DECLARED)} if look_up.pick.startswith(_DECLARED) else set()
        others = look_up.either or ([found.same[name]] if name in found.same else [])
        return picked | {field for other in others for field in hangs_on(form, found, other)}
    root, _, column = look_up.value.partition(".")
    if root == "declared":
        return {column}
    return hangs_on(form, found, root) if root in form.look_ups else set()


def _look_back(form: Form, found: Found, name: str, look_up: LookUp, typed: Typed) -> None:
    """The typed value that a look-up goes back to, if it does; `later` when that was not typed yet."""
    root, _, column = look_up.value.partition(".")
    if root == "declared":
        value = forms.clean(str(typed.get(column) or ""))
        if value and all(typed.get(field) for field in look_up.match.values()):
            found.tags[name] = value
        else:
            found.later.add(name)
    elif root in form.look_ups:
        if tag := found.tags.get(root):
            found.tags[name] = tag
        if root in found.later:
            found.later.add(name)


def _was_needed(form: Form, found: Found, name: str) -> bool:
    """False where the look-up had nothing to go by: a spouse of somebody unmarried, a person not named yet."""
    if name in found.later:
        return False
    root, _, column = form.look_ups[name].value.partition(".")
    if root not in form.look_ups:
        return True
    if root in found.sources:
        row = found.rows.get(root)
        return isinstance(row, dict) and bool(row.get(column))
    return is_silent(form, found, root)


def _wave(
    node: Node, form: Form, account: Account, found: Found, typed: Typed, asked: set[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Look-ups without an answer that can go out now, by the node that owns their register."""
    wave: dict[str, dict[str, dict[str, Any]]] = {}
    for name, look_up in form.look_ups.items():
        if look_up.among or name in asked or name in found.sources or name in found.later:
            continue
        owner = node.catalogue.registers[look_up.register].owner
        value = _value(form, account, found, look_up, typed, wave.get(owner, {}))
        if value is not None:
            item = {"register": look_up.register, "by": look_up.by, "value": value, "many": look_up.many}
            if look_up.match:
                item["match"] = {column: str(typed[field]) for column, field in look_up.match.items()}
            wave.setdefault(owner, {})[tagged(name, found.tags.get(name, ""))] = item
    return wave


def _name_them(node: Node, form: Form, account: Account, wave: Mapping[str, dict[str, dict[str, Any]]]) -> None:
    """Add a second attribute to each item that goes by the applicant's own number, as far as the register has one."""
    for items in wave.values():
        for name, item in items.items():
            if form.look_ups[name.partition(":")[0]].value == "applicant.number":
                item["match"] = _known_by(node.catalogue.registers[item["register"]], item["by"], account)


def _known_by(register: Register, by: str, account: Account) -> dict[str, str]:
    """Name and birth date where the record is theirs; the name beside their number where it is of several people."""
    columns = register.lookups[by]
    if len(columns) == 1:
        said = {"full_name": account.name, "birth_date": account.birth_date.isoformat()}
        return {column: value for column, value in said.items() if column in register.fields}
    theirs = next((column for column in columns if column in _OF_GENDER.get(account.gender, ())), "")
    return {f"{theirs}_name": account.name} if f"{theirs}_name" in register.fields else {}


def _value(
    form: Form, account: Account, found: Found, look_up: LookUp, typed: Typed, together: Mapping[str, Any]
) -> dict[str, str] | None:
    """A known value, a reference to a look-up that goes to the same node, or None: not yet, or never."""
    name, _, column = look_up.value.partition(".")
    if name == "declared":
        return {"is": forms.clean(str(typed[column]))}
    known = _known(form, account, found, name).get(column)
    if known:
        return {"is": str(known)}
    item = tagged(name, found.tags.get(name, ""))
    if item not in together or form.look_ups[name].match:
        return None  # nothing more of a person is read before number and name are known to agree
    return {"of": f"{item}.{column}"}


def _known(form: Form, account: Account, found: Found, name: str) -> Mapping[str, Any]:
    """A row, or what the sign-in already says about the applicant."""
    if name == "applicant":
        return claims_of(account)
    row = found.rows.get(name)
    if isinstance(row, dict):
        return row
    look_up = form.look_ups.get(name)
    if look_up is None:
        return {}
    if look_up.value == "applicant.number" and look_up.register == "persons":
        return claims_of(account)
    for other in look_up.either:
        known = _known(form, account, found, other)
        if known and look_up.gender in ("", known.get("gender")):
            return known
    return _known(form, account, found, found.same[name]) if name in found.same else {}


def claims_of(account: Account) -> dict[str, str]:
    """What the sign-in says about a person."""
    return {
        "number": account.number,
        "full_name": account.name,
        "birth_date": account.birth_date.isoformat(),
        "gender": account.gender,
    }


def _stand_for(form: Form, account: Account, found: Found, name: str, look_up: LookUp, typed: Typed) -> None:
    """Which of earlier look-ups this one is: the first with a fitting row, or the one that an answer names."""
    if look_up.either:
        fitting = [other for other in look_up.either if _fits(found.rows.get(other), look_up.gender)]
        if fitting:
            _is(found, name, fitting[0])
        elif all(other in found.sources or not is_silent(form, found, other) for other in look_up.either):
            if any(other in found.later for other in look_up.either):
                found.later.add(name)
            _nobody(found, name, look_up.either)
        return
    root, _, column = look_up.pick.partition(".")
    answer = claims_of(account)[column] if root == "applicant" else str(typed.get(column) or "")
    meant = look_up.cases.get(answer) or look_up.otherwise
    if meant:
        _is(found, name, meant)
    elif not answer:
        found.later.add(name)
    else:
        _nobody(found, name, list(look_up.cases.values()))


def _fits(row: Any, gender: str) -> bool:
    return isinstance(row, dict) and gender in ("", row.get("gender"))


def _is(found: Found, name: str, other: str) -> None:
    found.same[name] = other
    if other in found.sources:
        found.rows[name], found.sources[name] = found.rows.get(other), found.sources[other]
    if tag := found.tags.get(other):
        found.tags[name] = tag
    if other in found.later:
        found.later.add(name)


def _nobody(found: Found, name: str, among: list[str]) -> None:
    """Everybody answered, and it is none of them."""
    found.rows[name] = None
    answered = [other for other in among if other in found.sources]
    if answered:
        found.sources[name] = found.sources[answered[0]]
