"""Intakes: forms that a reception officer fills in for somebody. An intake is the case under which registers are asked.

open_for    begin one for a person or an organisation, by a channel
load, keep  what it holds; everything typed is kept, whatever is wrong with it
end         it became a dossier, or nothing; what it held about the person goes
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from lienthong.catalogue.shapes import Service
from lienthong.documents import attachments
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Database, Tx

CASE: Final = "intake/"
KEPT_FOR: Final = timedelta(days=7)
MOST: Final = 50
Ended = Literal["taken", "incomplete", "refused", "dropped"]
Channel = Literal["counter", "post"]
_NEW = """
INSERT INTO intake (id, unit, officer, officer_name, channel, service, revision, applicant, contact, typed, papers,
    came_at, slip, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_KEEP = """
UPDATE intake SET helper = %s, contact = %s, typed = %s, papers = %s, came_at = %s, updated_at = %s
WHERE id = %s AND ended = ''
"""
_END = """
UPDATE intake SET ended = %s, dossier = %s, updated_at = %s, applicant = '{}', helper = '{}', contact = '{}',
    typed = '{}', papers = '{}', answers = '[]'
WHERE id = %s
"""
_OPEN = "SELECT * FROM intake WHERE unit = ANY(%s) AND ended = '' AND slip = '' ORDER BY updated_at DESC LIMIT %s"
_UNFINISHED = "SELECT DISTINCT kind FROM upload WHERE case_code = %s"


class Applicant(msgspec.Struct, frozen=True):
    """Who applies: a person by personal number, or an organisation by tax code. `shown` is what they showed; not
    `verified` where the population register was silent and the officer went by the papers."""

    number: str = ""
    name: str = ""
    birth_date: str = ""
    gender: str = ""
    shown: str = "paper"
    kind: Literal["person", "organisation"] = "person"
    verified: bool = True


class Helper(msgspec.Struct, frozen=True):
    """Who hands it in for the applicant, and the number and date of the paper that lets them."""

    number: str = ""
    name: str = ""
    paper: str = ""
    verified: bool = True


class Contact(msgspec.Struct, frozen=True):
    """How to reach who applies, and at which counter they want the result: here, or there where it is decided."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    result: Literal["here", "there"] = "here"
    tracking: str = ""  # of the envelope, by post
    note: str = ""  # of who wrote a slip


class Intake(msgspec.Struct, frozen=True):
    """One intake as it stands. `papers` are pages of originals that stay here, by the field of the form."""

    id: str
    unit: str
    officer: str
    officer_name: str
    channel: Channel
    service: str
    revision: str
    applicant: Applicant
    helper: Helper
    contact: Contact
    typed: dict[str, Any]
    papers: dict[str, int]
    answers: list[str]
    asked_at: datetime | None
    came_at: datetime | None
    slip: str
    updated_at: datetime
    dossier: str
    ended: str

    @property
    def case(self) -> str:
        return f"{CASE}{self.id}"


_PARTS: Final[dict[str, Any]] = {
    "applicant": Applicant, "helper": Helper, "contact": Contact, "typed": dict[str, Any], "papers": dict[str, int],
    "answers": list[str],
}  # fmt: skip


def open_for(
    tx: Tx,
    officer: Officer,
    unit: str,
    service: Service,
    applicant: Applicant,
    channel: str,
    *,
    contact: Contact | None = None,
    typed: dict[str, Any] | None = None,
    papers: dict[str, int] | None = None,
    came_at: datetime | None = None,
    slip: str = "",
) -> str:
    """Begin an intake; its id."""
    intake, at = new_id(), clock.now()
    parts = (applicant, contact or Contact(name=applicant.name), typed or {}, papers or {})
    texts = (msgspec.json.encode(part).decode() for part in parts)
    about = (intake, unit, officer.number, officer.name, channel, service.slug, service.revision)
    tx.run(_NEW, (*about, *texts, came_at, slip, at, at))
    return intake


def load(tx: Tx, intake: str, units: Iterable[str]) -> Intake | None:
    """An intake of these counters; a stranger's is not there."""
    row = tx.one("SELECT * FROM intake WHERE id = %s AND unit = ANY(%s)", (intake, sorted(units)))
    return _from_row(row) if row else None


def under_way(tx: Tx, units: Iterable[str]) -> list[Intake]:
    """What was begun at these counters and not ended."""
    return [_from_row(row) for row in tx.all(_OPEN, (sorted(units), MOST))]


def of_dossier(tx: Tx, code: str) -> Intake | None:
    """The intake that became a dossier."""
    row = tx.one("SELECT * FROM intake WHERE dossier = %s", (code,))
    return _from_row(row) if row else None


def _from_row(row: Any) -> Intake:
    values = row._asdict()
    values |= {name: msgspec.json.decode(values[name], type=kind) for name, kind in _PARTS.items()}
    return Intake(**{name: values[name] for name in Intake.__struct_fields__})


def keep(tx: Tx, intake: Intake) -> None:
    """Nothing typed is lost."""
    parts = (intake.helper, intake.contact, intake.typed, intake.papers)
    texts = (msgspec.json.encode(part).decode() for part in parts)
    tx.run(_KEEP, (*texts, intake.came_at, clock.now(), intake.id))


def keep_answers(tx: Tx, intake: str, answers: list[str]) -> datetime:
    """What registers answered, and when that was."""
    at = clock.now()
    tx.run("UPDATE intake SET answers = %s, asked_at = %s WHERE id = %s", (_text(answers), at, intake))
    return at


def keep_applicant(tx: Tx, intake: str, applicant: Applicant) -> None:
    """Who it is, once it is known better. What registers said about somebody else goes."""
    told = (_text(applicant), clock.now(), intake)
    tx.run("UPDATE intake SET applicant = %s, answers = '[]', asked_at = NULL, updated_at = %s WHERE id = %s", told)


def end(tx: Tx, intake: str, how: Ended, dossier: str = "") -> None:
    """It became a dossier, or nothing."""
    tx.run(_END, (how, dossier, clock.now(), intake))


def unfinished(tx: Tx, case: str) -> list[str]:
    """Kinds of papers of which an upload was begun and has not arrived."""
    return [row.kind for row in tx.all(_UNFINISHED, (case,))]


def drop(tx: Tx, intake: Intake) -> None:
    """Nothing became of it."""
    for entry in attachments.of(tx, intake.case):
        attachments.remove(tx, entry.id, intake.case)
    end(tx, intake.id, "dropped")


def sweep(database: Database) -> None:
    """Forget what was begun and not touched for a week. A slip's intake stays until somebody says what became of it."""
    with database.transaction() as tx:
        tx.run("DELETE FROM intake WHERE ended = '' AND slip = '' AND updated_at < %s", (clock.now() - KEPT_FOR,))


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
