"""What the queue and the notices' page read, for one officer's posts only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from lienthong.casework.dossiers import Dossier, from_row
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.kit.text import fold

MOST = 100
SEARCHED = timedelta(days=400)  # how far back a name is looked for
MOST_SEARCHED = 20_000  # and in how many dossiers, the latest: an agency without communes has all of them in one heap

# Two index scans of dossier_queue: dossiers of a commune, and those that no commune is competent for.
_MINE = """
SELECT d.* FROM unnest(%(roles)s::text[], %(units)s::text[]) AS post (role, unit)
JOIN dossier d ON d.role = post.role AND d.unit = post.unit WHERE d.waiting = 'open'
UNION ALL
SELECT d.* FROM dossier d WHERE d.waiting = 'open' AND d.unit IS NULL AND d.role = ANY (%(roles)s)
"""
_SCOPE = "(unit = ANY (%(units)s) OR unit IS NULL) AND service = ANY (%(services)s)"
_SHOWN = {
    "mine": f"SELECT * FROM ({_MINE}) mine WHERE true",
    **{
        waiting: f"SELECT * FROM dossier WHERE waiting = '{waiting}' AND {_SCOPE}"
        for waiting in ("applicant", "consent", "correction", "pending")
    },
    "done": f"SELECT * FROM dossier WHERE waiting = '' AND since >= %(today)s AND {_SCOPE}",
    "all": f"SELECT * FROM dossier WHERE waiting <> '' AND {_SCOPE}",
}
_ORDER = {"done": "since DESC"}
_DUE = {"": "", "late": " AND due < %(now)s", "today": " AND due >= %(now)s AND due < %(tomorrow)s"}
# What is open is few and has an index of its own; what is done is counted for today only.
_COUNTS = f"""
WITH open AS (SELECT waiting, count(*) AS n FROM dossier WHERE waiting <> '' AND {_SCOPE} GROUP BY waiting)
SELECT (SELECT count(*) FROM ({_MINE}) mine) AS mine,
    coalesce(sum(n) FILTER (WHERE waiting = 'applicant'), 0)::integer AS applicant,
    coalesce(sum(n) FILTER (WHERE waiting = 'consent'), 0)::integer AS consent,
    coalesce(sum(n) FILTER (WHERE waiting = 'correction'), 0)::integer AS correction,
    coalesce(sum(n) FILTER (WHERE waiting = 'pending'), 0)::integer AS pending,
    (SELECT count(*) FROM dossier WHERE waiting = '' AND since >= %(today)s AND {_SCOPE}) AS done,
    coalesce(sum(n), 0)::integer AS "all"
FROM open
"""
# Names without accents, as `kit.text.fold` makes them.
_FOLDED = r"""
regexp_replace(regexp_replace(normalize(replace(lower(subject), 'đ', 'd'), NFD), '[\u0300-\u036f''’‘ʼ`]', '', 'g'),
    '[^0-9a-z]+', ' ', 'g')
"""
_FOUND = f"""
SELECT * FROM dossier WHERE (code = %(code)s OR parent = %(code)s) AND {_SCOPE}
UNION
SELECT * FROM (
    SELECT * FROM dossier WHERE %(name)s <> '' AND since >= %(since)s AND {_SCOPE}
    ORDER BY since DESC LIMIT {MOST_SEARCHED}
) recent WHERE position(%(name)s IN {_FOLDED}) > 0
ORDER BY since DESC LIMIT {MOST}
"""
_NOTICES = """
SELECT number, mother_name, born_at, gender, weight FROM birth_notices
WHERE facility = ANY (%s) ORDER BY recorded_at DESC, number DESC LIMIT %s
"""
_TASKS = "SELECT id, kind, state FROM task WHERE case_code = %s AND state IN ('open', 'pending') ORDER BY opened_at"
FILTERS: Final = tuple(_SHOWN)


@dataclass(frozen=True)
class Filter:
    """What of the queue is shown: one of FILTERS, of one step, late or due today."""

    show: str = "mine"
    step: str = ""
    due: str = ""

    @classmethod
    def read(cls, show: str, step: str, due: str) -> "Filter":
        """From an address; what makes no sense there is left out."""
        return cls(show if show in FILTERS else "mine", step, due if due in _DUE else "")


def counts(tx: Tx, officer: Officer, services: Iterable[str], now: datetime) -> dict[str, int]:
    """How many dossiers each filter shows."""
    row: Any = tx.one(_COUNTS, _parameters(officer, services, now))
    return dict(row._asdict())


def dossiers(tx: Tx, officer: Officer, services: Iterable[str], now: datetime, chosen: Filter) -> list[Dossier]:
    """Dossiers of this officer's units under a filter, due first; of what is done, the latest first."""
    order = _ORDER.get(chosen.show, "due NULLS LAST, since")
    narrowed = _DUE[chosen.due] + (" AND step = %(step)s" if chosen.step else "")
    parameters = {**_parameters(officer, services, now), "step": chosen.step}
    rows = tx.all(f"{_SHOWN[chosen.show]}{narrowed} ORDER BY {order} LIMIT {MOST}", parameters)
    return [from_row(row) for row in rows]


def found(tx: Tx, officer: Officer, services: Iterable[str], now: datetime, words: str) -> list[Dossier]:
    """Dossiers of this officer's units with this code, or about somebody of this name, accents or not."""
    name = fold(words)
    parameters = {
        **_parameters(officer, services, now),
        "code": words.strip().upper(),
        "name": name if len(name) > 1 else "",
        "since": now - SEARCHED,
    }
    return [from_row(row) for row in tx.all(_FOUND, parameters)]


def open_tasks(tx: Tx, case: str) -> list[Any]:
    """Inside work here about a case: id, kind, state."""
    return tx.all(_TASKS, (case,))


def birth_notices(tx: Tx, facilities: Iterable[str]) -> list[Any]:
    """The newest notices of these facilities: number, mother_name, born_at, gender, weight."""
    return tx.all(_NOTICES, (sorted(facilities), MOST))


def _parameters(officer: Officer, services: Iterable[str], now: datetime) -> dict[str, Any]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "roles": [post.role for post in officer.posts],
        "units": [post.unit for post in officer.posts],
        "services": list(services),
        "now": now,
        "today": midnight,
        "tomorrow": midnight + timedelta(days=1),
    }
