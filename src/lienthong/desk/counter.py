"""Helping at the counter: who came, and in whose name somebody may now apply.

identify    by the citizen card's QR text, or by number, name and birth date; checked against the population register
record      a mandate: for the officer today, or for a community helper for a month; entered by e-identity's node
log         who was helped by whom, when, and whether the mandate stands

Decree 118/2025/NĐ-CP: whoever cannot apply online by themselves is helped at the one-stop, in their own name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from lienthong.agreements import mandates
from lienthong.catalogue import forms
from lienthong.exchange import outbox
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node, Refusal
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.series import next_number
from lienthong.kit.storage import Tx
from lienthong.kit.text import fold
from lienthong.registers import reading, recording

PURPOSE: Final = "counter"
WITHIN: Final = 2.0
HELPER_FOR: Final = timedelta(days=30)
MOST: Final = 50
_GENDERS: Final = {"nam": "male", "nu": "female"}
_LOG = """
SELECT v.at, v.officer_name, v.person_name, v.kind, v.helper_name, v.mandate, o.state, o.receipt
FROM counter_visit v LEFT JOIN outbox o ON o.message = v.message
WHERE v.unit = ANY (%s) ORDER BY v.at DESC LIMIT %s
"""
_KEEP = """
INSERT INTO counter_visit
    (id, at, unit, officer, officer_name, person, person_name, kind, helper, helper_name, evidence, mandate, message)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_BEFORE = """
SELECT v.mandate FROM counter_visit v JOIN outbox o ON o.message = v.message
WHERE v.person = %s AND v.helper = %s AND v.kind = %s AND v.unit = %s AND v.at >= %s AND o.state <> 'refused'
"""


class Person(msgspec.Struct, frozen=True):
    """Who came, as the population register knows them, and by what they showed it."""

    number: str
    name: str
    birth_date: date
    gender: str
    shown: str


class Claim(msgspec.Struct, frozen=True):
    """Who somebody says they are: typed by the officer, or read from the card."""

    number: str
    name: str
    birth_date: str
    gender: str = ""
    shown: str = "paper"


@dataclass(frozen=True)
class Visit:
    """A line of the log; `state` is waiting, done, refused or parked, `problem` the code of a refusal."""

    at: Any
    officer: str
    person: str
    kind: str
    helper: str
    mandate: str
    state: str
    problem: str


# who came


def read_card(text: str) -> Claim | None:
    """The QR text of a citizen card, `number|old number|name|ddmmyyyy|gender|address|ddmmyyyy`; None when it is none.

    Nothing of it but number, name, birth date and gender is used or kept.
    """
    parts = [forms.clean(part) for part in text.split("|")]
    if len(parts) < 6 or not re.fullmatch("[0-9]{12}", parts[0]) or fold(parts[4]) not in _GENDERS:
        return None
    born = re.fullmatch("([0-9]{2})([0-9]{2})([0-9]{4})", parts[3])
    if born is None:
        return None
    return Claim(parts[0], parts[2], f"{born[3]}-{born[2]}-{born[1]}", _GENDERS[fold(parts[4])], "card")


def identify(node: Node, claim: Claim, officer: Officer) -> tuple[Person | None, str]:
    """The person, or what is wrong: not-answered, no-match. Unknown, dead and not quite the same are answered alike."""
    row, silent = _look_up(node, claim.number, officer, {"full_name": claim.name, "birth_date": claim.birth_date})
    if silent:
        return None, "not-answered"
    same = row is not None and row["birth_date"] == claim.birth_date and fold(row["full_name"]) == fold(claim.name)
    if row is None or not same or row["died_on"] or claim.gender not in ("", row["gender"]):
        return None, "no-match"
    born = date.fromisoformat(row["birth_date"])
    return Person(row["number"], row["full_name"], born, row["gender"], claim.shown), ""


def find_helper(node: Node, number: str, name: str, officer: Officer) -> tuple[str, str]:
    """A helper's name as registered, or what is wrong as a code."""
    row, silent = _look_up(node, number, officer, {"full_name": name})
    if silent:
        return "", "not-answered"
    if row is None or fold(row["full_name"]) != fold(name) or row["died_on"]:
        return "", "no-match"
    return str(row["full_name"]), ""


def _look_up(
    node: Node, number: str, officer: Officer, said: Mapping[str, str]
) -> tuple[Mapping[str, Any] | None, bool]:
    """The row of the person of this number of whom `said` is true, and whether nobody answered."""
    item = {"register": "persons", "by": "number", "value": {"is": number}, "match": dict(said)}
    owner = node.catalogue.registers["persons"].owner
    case = f"counter/{new_id()}"
    asked = reading.body(node, owner, {"person": item})
    answer = node.asker.ask(Question(owner, reading.SERVICE, asked, PURPOSE, case, officer.as_asker), within=WITHIN)
    return (None, True) if answer is None else (answer.body["items"]["person"], False)


# the mandate


def record(
    node: Node,
    tx: Tx,
    officer: Officer,
    unit: str,
    person: Person,
    *,
    kind: str,
    helper: tuple[str, str],
    evidence: str,
) -> str:
    """Ask e-identity to enter a mandate and write the visit down; the mandate's number. The same again is the same.

    `helper` is number and name of who acts: the officer today, somebody else for a month.
    """
    tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (person.number,))
    at = clock.now()
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    before = tx.value(_BEFORE, (person.number, helper[0], kind, unit, midnight))
    if before:
        return str(before)
    visit = new_id()
    number = f"UQ-{unit}-{at.year}-{next_number(tx, f'mandates/{unit}-{at.year}'):06d}"
    until = at.date() if kind == mandates.COUNTER else at.date() + HELPER_FOR
    fields = {
        "number": number,
        "grantor": person.number,
        "grantor_name": person.name,
        "grantor_birth_date": person.birth_date.isoformat(),
        "grantor_gender": person.gender,
        "grantee": helper[0],
        "grantee_name": helper[1],
        "kind": kind,
        "scope": mandates.EVERYTHING,
        "since": at.date().isoformat(),
        "until": until.isoformat(),
        "evidence": evidence,
        "unit": unit,
        "officer": officer.number,
    }
    owner = next(name for name, card in node.catalogue.nodes.items() if "eid" in card.faces)
    case = f"counter/{visit}"
    body = {"register": mandates.REGISTER, "fields": fields, "dossier": case}
    message = outbox.send(node, tx, owner, recording.SERVICE, body, case=case, purpose=PURPOSE)
    told = (visit, at, unit, officer.number, officer.name, person.number, person.name, kind, *helper, evidence)
    tx.run(_KEEP, (*told, number, message))
    act = {"verb": "help", "unit": unit, "officer": officer.number, "person": person.number, "kind": kind}
    entries.append(tx, case, "act", {**act, "helper": helper[0], "evidence": evidence, "mandate": number}, at=at)
    return number


def log(tx: Tx, units: Iterable[str]) -> list[Visit]:
    """The latest visits in these units."""
    rows = tx.all(_LOG, (sorted(units), MOST))
    return [
        Visit(
            row.at, row.officer_name, row.person_name, row.kind, row.helper_name, row.mandate, row.state or "done",
            _problem(row.receipt) if row.state == "refused" else "",
        )
        for row in rows
    ]  # fmt: skip


def _problem(receipt: str) -> str:
    """The code in a signed refusal of ours."""
    outcome = outbox.outcome_of(msgspec.json.decode(receipt)["body"])
    return outcome.code if isinstance(outcome, Refusal) else ""
