"""Notes that officers keep for each other beside a dossier. They are no acts and go to nobody outside; the journal has
them under a stream of their own, so that a dossier's history stays what it tells the citizen."""

from datetime import datetime
from typing import Any, Final

import msgspec

from lienthong.casework.dossiers import Dossier
from lienthong.catalogue import forms
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

LONGEST: Final = 1000
_ADD = "INSERT INTO dossier_note (id, code, at, officer, name, role, text) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_OF = "SELECT at, name, role, text FROM dossier_note WHERE code = %s ORDER BY at DESC LIMIT 100"


class Note(msgspec.Struct, frozen=True):
    at: datetime
    name: str
    role: str
    text: str


def add(tx: Tx, dossier: Dossier, officer: Officer, role: str, text: str) -> None:
    """Write a note down. Who may is asked where the dossier is shown. Raises ValueError for an empty one."""
    said = forms.clean(text)[:LONGEST]
    if not said:
        raise ValueError("required")
    at, note, code = clock.now(), new_id(), dossier.identity.code
    told = {"verb": "note", "dossier": code, "officer": officer.number, "text": said}
    entries.begin(tx, f"note/{note}", "act", told, at=at)
    tx.run(_ADD, (note, code, at, officer.number, officer.name, role, said))


def of_dossier(tx: Tx, code: str) -> list[Note]:
    """A dossier's notes, the latest first."""
    rows: list[Any] = tx.all(_OF, (code,))
    return [Note(row.at, row.name, row.role, row.text) for row in rows]
