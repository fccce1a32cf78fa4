"""Who the demo's past dossiers are about: people and births that stand in its registers."""

from datetime import date
from typing import Final

import psycopg
from psycopg.rows import dict_row

from lienthong.catalogue.holdings import Register
from lienthong.demo.history import Post
from lienthong.demo.history_forms import Birth, Citizen
from lienthong.registers.changing import described

MOST: Final = 40_000  # people who are read; of a large population a part does

_CITIZENS: Final = """
SELECT p.number, p.full_name AS name, p.birth_date AS born, p.gender, h.unit, p.ethnicity, p.hometown, p.phone
FROM persons p JOIN residences r ON r.person = p.number JOIN households h ON h.code = r.household
WHERE p.died_on IS NULL ORDER BY p.number LIMIT %s
"""
_BIRTHS: Final = """
SELECT b.* FROM births b WHERE registered_on >= %s AND mother IS NOT NULL ORDER BY registered_on DESC, number LIMIT %s
"""
_POSTS: Final = "SELECT number, name, role, unit FROM officer WHERE ends IS NULL ORDER BY number, role, unit"


def citizens(persons: str) -> list[Citizen]:
    """People of the population, with where they live; `persons` connects to their register."""
    with psycopg.connect(persons, row_factory=dict_row) as link:
        rows = link.execute(_CITIZENS, (MOST,)).fetchall()
    return [Citizen(**{**row, "phone": row["phone"] or ""}) for row in rows]


def births(register: str, declared: Register, known: list[Citizen], since: date) -> list[Birth]:
    """Births registered since a day whose mothers are known; `register` connects to them, as `declared`."""
    by_number = {one.number: one for one in known}
    with psycopg.connect(register, row_factory=dict_row) as link:
        rows = [row for row in link.execute(_BIRTHS, (since, MOST)).fetchall() if row["mother"] in by_number]
    return [
        Birth(
            row["number"], row["child_name"], row["birth_date"], row["gender"],
            by_number[row["mother"]], by_number.get(row["father"]), described(declared, row)["record"],
        )
        for row in rows
    ]  # fmt: skip


def posts(desk: str) -> list[Post]:
    """Everybody who holds a post at a node now; `desk` connects to it."""
    with psycopg.connect(desk) as link:
        return [(number, name, role, unit) for number, name, role, unit in link.execute(_POSTS).fetchall()]
