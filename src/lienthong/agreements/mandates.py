"""Mandates: who may apply in whose name, for what, from–to (Civil Code 91/2015/QH13, Art. 138).

give, end    the person, on e-identity
held         `mandate.held`: whom a signed-in person may act for today, or who may act for them

An office enters one by `register.record` for somebody who comes to its counter (registers.mandating says what it must
be).

A mandate is looked up when a form is begun and again when it is submitted; nobody keeps a copy to decide by.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from lienthong.exchange import evidence
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.identity import accounts
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.series import next_number
from lienthong.kit.storage import Tx
from lienthong.registers import records
from lienthong.registers.mandating import ANY

HELD, PURPOSE, REGISTER = "mandate.held", "mandate", "mandates"
EVERYTHING = "*"
COUNTER, HELPER = "counter", "helper"
MOST = 200
_FIELDS = (
    "number", "grantor", "grantor_name", "grantor_birth_date", "grantor_gender", "grantee", "grantee_name", "kind",
    "scope", "since", "until", "unit", "ended_at",
)  # fmt: skip
_SHOWN = tuple(name for name in _FIELDS if name != "ended_at")


class Mandate(msgspec.Struct, frozen=True):
    """A mandate as others are told of it."""

    number: str
    grantor: str
    grantor_name: str
    grantor_birth_date: date
    grantor_gender: str
    grantee: str
    grantee_name: str
    kind: str
    scope: str
    since: date
    until: date
    unit: str | None = None
    ended_at: datetime | None = None
    proof: str = ""  # that it holds, under our seal, for those who are asked about the grantor (exchange.evidence)

    def covers(self, service: str) -> bool:
        return self.scope in (EVERYTHING, service)

    def holds(self, on: date) -> bool:
        return self.ended_at is None and self.since <= on <= self.until

    @property
    def principal(self) -> Account:
        """Who is acted for, as a register knows them. Level 0: they have not signed in."""
        return Account(self.grantor, self.grantor_name, self.grantor_birth_date, self.grantor_gender, 0)


def held(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `mandate.held`, body `{"by": "grantee" or "grantor", "person": number}`: those in force today.

    Raises Refused: malformed.
    """
    by, person = message.body.get("by"), message.body.get("person")
    if by not in ("grantee", "grantor") or not isinstance(person, str):
        raise Refused("malformed", "whose mandates, and on which side?")
    found = [mandate for mandate in _of(tx, by, person) if mandate.holds(clock.today())]
    reads = tuple(Read(subject, REGISTER, _SHOWN) for subject in sorted({mandate.grantor for mandate in found}))
    return Answer({"mandates": [_told(node, mandate) for mandate in found]}, reads)


def heard(body: Mapping[str, Any]) -> list[Mandate]:
    """The answer to `mandate.held`, on the asker's side. Raises Refused when it is none."""
    try:
        return msgspec.convert(body.get("mandates"), list[Mandate])
    except msgspec.ValidationError as error:
        raise Refused("malformed", "no list of mandates") from error


def _told(node: Node, mandate: Mandate) -> dict[str, Any]:
    told = {name: value for name, value in msgspec.to_builtins(mandate).items() if name in _SHOWN}
    return told | {"proof": evidence.of_mandate(node, mandate.number, mandate.grantor, mandate.grantee)}


def given(tx: Tx, grantor: str) -> list[Mandate]:
    """Every mandate a person ever gave, the latest first."""
    return _of(tx, "grantor", grantor)


def received(tx: Tx, grantee: str) -> list[Mandate]:
    """Whom a person may act for today."""
    return [mandate for mandate in _of(tx, "grantee", grantee) if mandate.holds(clock.today())]


def _of(tx: Tx, by: str, person: str) -> list[Mandate]:
    column = {"grantee": "grantee", "grantor": "grantor"}[by]
    order = "ended_at IS NULL AND until >= %s DESC, since DESC, number DESC"
    names = ", ".join(_FIELDS)
    rows = tx.all(
        f"SELECT {names} FROM mandates WHERE {column} = %s ORDER BY {order} LIMIT {MOST}", (person, clock.today())
    )
    return [Mandate(**row._asdict()) for row in rows]


def problems(tx: Tx, grantor: Account, typed: Mapping[str, str]) -> tuple[Account | None, dict[str, str]]:
    """The person named in a form of the grantor's, and what is wrong as codes by field.

    `typed`: grantee, grantee_name, kind, until. An unknown number and a wrong name are answered alike.
    """
    today = clock.today()
    errors = {name: "required" for name in ("grantee", "grantee_name", "kind") if not typed[name]}
    grantee = accounts.matching(tx, typed["grantee"], typed["grantee_name"])
    if grantee is None and not errors.keys() & {"grantee", "grantee_name"}:
        errors["grantee"] = "no-such-account"
    elif grantee is not None and grantee.number == grantor.number:
        errors["grantee"] = "yourself"
    if typed["kind"] not in ("", "helper", "parent", "relative"):
        errors["kind"] = "not-in-list"
    if problem := _until_problem(typed["until"], today):
        errors["until"] = problem
    return grantee, errors


def _until_problem(text: str, today: date) -> str:
    try:
        until = date.fromisoformat(text)
    except ValueError:
        return "not-a-date" if text else "required"
    if until < today:
        return "in-the-past"
    return "too-far" if until - today > ANY else ""


def give(node: Node, tx: Tx, grantor: Account, grantee: Account, kind: str, scope: str, until: date) -> str:
    """Enter a mandate that the person gives on e-identity; its number."""
    at = clock.now()
    row = {
        "number": f"UQ-{node.catalogue.card.slug}-{at.year}-{next_number(tx, f'{REGISTER}/{at.year}'):06d}",
        "grantor": grantor.number,
        "grantor_name": grantor.name,
        "grantor_birth_date": grantor.birth_date,
        "grantor_gender": grantor.gender,
        "grantee": grantee.number,
        "grantee_name": grantee.name,
        "kind": kind,
        "scope": scope,
        "since": at.date(),
        "until": until,
        "evidence": "e-id",
        "unit": None,
        "officer": None,
        "ended_at": None,
    }
    records.enter(tx, node.catalogue.owned[REGISTER], row, at=at, valid_from=at.date(), by="person")
    return str(row["number"])


def end(node: Node, tx: Tx, number: str, grantor: str) -> None:
    """The person takes a mandate back, from this moment; one that ended before stays as it is. Raises LookupError."""
    row = tx.one("SELECT ended_at FROM mandates WHERE number = %s AND grantor = %s FOR UPDATE", (number, grantor))
    if row is None:
        raise LookupError(number)
    if row.ended_at is None:
        at, register = clock.now(), node.catalogue.owned[REGISTER]
        records.amend(tx, register, number, {"ended_at": at}, at=at, valid_from=at.date(), by="person")
