"""What the queue and the notices' page read, for one officer's posts only."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lienthong.casework.dossiers import Dossier, from_row
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

MOST = 100

# Two index scans of dossier_queue: dossiers of a commune, and those that no commune is competent for.
_MINE = """
SELECT d.* FROM unnest(%(roles)s::text[], %(units)s::text[]) AS post (role, unit)
JOIN dossier d ON d.role = post.role AND d.unit = post.unit WHERE d.waiting = 'open'
UNION ALL
SELECT d.* FROM dossier d WHERE d.waiting = 'open' AND d.unit IS NULL AND d.role = ANY (%(roles)s)
"""
_SCOPE = "(unit = ANY (%(units)s) OR unit IS NULL) AND service = ANY (%(services)s)"
_SHOWN = {
    "mine": f"SELECT * FROM ({_MINE}) mine",
    "pending": f"SELECT * FROM dossier WHERE waiting = 'pending' AND {_SCOPE}",
    "done": f"SELECT * FROM dossier WHERE waiting = '' AND since >= %(today)s AND {_SCOPE}",
    "all": f"SELECT * FROM dossier WHERE waiting <> '' AND {_SCOPE}",
}
_ORDER = {"done": "since DESC"}
_COUNTS = f"""
SELECT (SELECT count(*) FROM ({_MINE}) mine) AS mine,
    count(*) FILTER (WHERE waiting = 'pending') AS pending,
    count(*) FILTER (WHERE waiting = '') AS done,
    count(*) FILTER (WHERE waiting <> '') AS "all"
FROM dossier WHERE (waiting <> '' OR since >= %(today)s) AND {_SCOPE}
"""
_NOTICES = """
SELECT number, mother_name, born_at, gender, weight FROM birth_notices
WHERE facility = ANY (%s) ORDER BY recorded_at DESC, number DESC LIMIT %s
"""
FILTERS = tuple(_SHOWN)


def counts(tx: Tx, officer: Officer, services: Iterable[str], today: datetime) -> dict[str, int]:
    """How many dossiers each filter shows; `today` is the day's first moment."""
    row: Any = tx.one(_COUNTS, _parameters(officer, services, today))
    return dict(row._asdict())


def dossiers(tx: Tx, officer: Officer, services: Iterable[str], today: datetime, shown: str) -> list[Dossier]:
    """Dossiers of this officer's units under one filter of FILTERS, due first; of what is done, the latest first."""
    order = _ORDER.get(shown, "due NULLS LAST, since")
    rows = tx.all(f"{_SHOWN[shown]} ORDER BY {order} LIMIT {MOST}", _parameters(officer, services, today))
    return [from_row(row) for row in rows]


def birth_notices(tx: Tx, facilities: Iterable[str]) -> list[Any]:
    """The newest notices of these facilities: number, mother_name, born_at, gender, weight."""
    return tx.all(_NOTICES, (sorted(facilities), MOST))


def _parameters(officer: Officer, services: Iterable[str], today: datetime) -> dict[str, Any]:
    return {
        "roles": [post.role for post in officer.posts],
        "units": [post.unit for post in officer.posts],
        "services": list(services),
        "today": today,
    }
