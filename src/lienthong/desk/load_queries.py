"""What the unit's load is made of: open dossiers, tasks, and the acts of the last month, of an officer's units only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from lienthong.casework.dossiers import Dossier, from_row
from lienthong.casework.states import Act
from lienthong.kit.storage import Tx

MONTH: Final = timedelta(days=30)
MOST_OPEN, MOST_ENDED = 1000, 500

# Where dossiers lie; at an agency without units in none.
_SCOPE = "desk = ANY (%(units)s) AND service = ANY (%(services)s)"
_OPEN = f"SELECT * FROM dossier WHERE waiting <> '' AND {_SCOPE} ORDER BY due NULLS LAST LIMIT %(most)s"
_ACTS = f"""
SELECT j.stream, j.payload FROM (
    SELECT code FROM (
        SELECT code, since FROM dossier WHERE waiting <> '' AND {_SCOPE}
        UNION ALL SELECT code, since FROM dossier WHERE waiting = '' AND since >= %(since)s AND {_SCOPE}
    ) moved WHERE since >= %(since)s ORDER BY since DESC LIMIT %(most)s
) d JOIN journal_entry j ON j.stream = 'dossier/' || d.code
WHERE j.payload IS NOT NULL ORDER BY j.stream, j.number
"""
_COLLEAGUES = """
SELECT DISTINCT number, name, role FROM officer
WHERE unit = ANY (%s) AND starts <= %s AND (ends IS NULL OR ends >= %s) ORDER BY role, name
"""
_TASKS = "SELECT role, count(*) AS open FROM task WHERE state = 'open' AND unit = ANY (%s) GROUP BY role"


def open_dossiers(tx: Tx, units: Iterable[str], services: Iterable[str]) -> list[Dossier]:
    values = {"units": _desks(units), "services": list(services), "most": MOST_OPEN}
    return [from_row(row) for row in tx.all(_OPEN, values)]


def histories(tx: Tx, units: Iterable[str], services: Iterable[str], at: datetime) -> dict[str, list[Act]]:
    """Acts by dossier, of those that moved in the last month; the newest MOST_ENDED."""
    values = {"units": _desks(units), "services": list(services), "since": at - MONTH, "most": MOST_ENDED}
    rows = tx.all(_ACTS, values)
    found: dict[str, list[Act]] = {}
    for row in rows:
        found.setdefault(row.stream, []).append(msgspec.json.decode(row.payload, type=Act))
    return found


def _desks(units: Iterable[str]) -> list[str]:
    return [*sorted(units), ""]


def colleagues(tx: Tx, units: Iterable[str], at: datetime) -> list[Any]:
    """Who holds a post in these units today: number, name, role."""
    return tx.all(_COLLEAGUES, (sorted(units), at.date(), at.date()))


def tasks_by_role(tx: Tx, units: Iterable[str]) -> dict[str, int]:
    return {row.role: row.open for row in tx.all(_TASKS, (sorted(units),))}
