"""A unit's own phrases (câu mẫu): kept by its officers, chosen where a deed asks for words."""

from typing import Any, Final

from lienthong.catalogue import forms
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

LONGEST, MOST = 300, 40  # characters; phrases of a unit for one deed

_OF_UNIT = "SELECT deed, text FROM phrase WHERE unit = %s ORDER BY deed, at, text"
_LISTED = "SELECT id, unit, deed, text, by_name, at FROM phrase WHERE unit = ANY (%s) ORDER BY unit, deed, at, text"
_ADD = """
INSERT INTO phrase (id, unit, deed, text, by_name, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (unit, deed, text) DO NOTHING
"""
_COUNT = "SELECT count(*) FROM phrase WHERE unit = %s AND deed = %s"
_DROP = "DELETE FROM phrase WHERE id = %s AND unit = ANY (%s)"
ASKED: Final = "phrase"  # the control's name


def of_unit(tx: Tx, unit: str) -> dict[str, list[str]]:
    """What a unit says, by deed."""
    found: dict[str, list[str]] = {}
    for row in tx.all(_OF_UNIT, (unit,)):
        found.setdefault(row.deed, []).append(row.text)
    return found


def listed(tx: Tx, officer: Officer) -> list[Any]:
    """The phrases of an officer's units: id, unit, deed, text, by_name, at."""
    return tx.all(_LISTED, (sorted(officer.units),))


def add(tx: Tx, officer: Officer, unit: str, deed: str, text: str) -> str:
    """Keep one for the unit; the code of what is wrong with it: required, too-many. Raises PermissionError."""
    if unit not in officer.units:
        raise PermissionError(unit)
    said = forms.clean(text)[:LONGEST]
    if not said:
        return "required"
    if tx.value(_COUNT, (unit, deed)) >= MOST:
        return "too-many"
    tx.run(_ADD, (new_id(), unit, deed, said, officer.name, clock.now()))
    return ""


def drop(tx: Tx, officer: Officer, phrase: str) -> None:
    """Strike one of the officer's units; another unit's stays."""
    tx.touch(_DROP, (phrase, sorted(officer.units)))
