"""The nodes' tables before and after a load: what has begun, what is done, which indexes were put aside.

All of it is kept in each node's own table `load`, so that a killed load can be told from a used register.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from lienthong.catalogue.catalogue import read_registers, read_terms
from lienthong.demo.rows import COLUMNS, recorded_at
from lienthong.kit.storage import Tx
from lienthong.registers import loading

STAFFED = frozenset({"G01", "G15", "G18", "BHXH", "H36"})  # nodes with officers
PROVIDER = "G01-eid"
_BEGUN, _DONE, _INDEX = "population begun", "population done: ", "index: "


class NotEmpty(Exception):
    """The registers hold something this load did not write, or a finished load of other figures."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What tells one load from another."""

    people: int
    seed: int
    today: date

    def __str__(self) -> str:
        return f"{self.people} people, seed {self.seed}, seen on {self.today}"

    @property
    def load(self) -> str:
        """What the registers and their feeds call it."""
        return str(self.seed)

    @classmethod
    def parse(cls, text: str) -> "Figures":
        found = re.fullmatch(r"(\d+) people, seed (-?\d+), seen on (\S+)", text)
        if found is None:
            raise NotEmpty(f"an unknown load is noted: {text}")
        return cls(int(found[1]), int(found[2]), date.fromisoformat(found[3]))


def populated(connections: dict[str, str]) -> bool:
    """Whether every node has finished a load."""
    return all(_finished(conninfo) is not None for node, conninfo in connections.items() if tables(node))


def begin(connections: dict[str, str], wanted: Figures) -> tuple[list[str], date]:
    """Make the unfinished nodes ready. Returns them and the day the population is seen on: that of a load cut short
    after some nodes had finished, else the one wanted.
    """
    known = {node: _finished(conninfo) for node, conninfo in connections.items()}
    for node, figures in known.items():
        if figures is not None and (figures.people, figures.seed) != (wanted.people, wanted.seed):
            raise NotEmpty(f"{node} already holds a demo population ({figures}); wanted are {wanted}")
    unfinished = [node for node, figures in known.items() if figures is None]
    if not unfinished:
        raise NotEmpty(f"the demo population ({wanted.people} people, seed {wanted.seed}) is already loaded")
    for node in unfinished:
        with psycopg.connect(connections[node]) as link:
            _make_ready(link, node)
    return unfinished, next((figures.today for figures in known.values() if figures), wanted.today)


def finish(targets: dict[str, str], figures: Figures, catalogue: Path) -> None:
    """Bring the indexes back, write the rows down in the journal as sets of this load (`catalogue` is the folder of the
    registers' declarations), refresh statistics, note that the load is done. Two nodes at a time.
    """
    declared, terms = {one.register: one for one in read_registers(catalogue)}, read_terms(catalogue)

    def work(node: str) -> None:
        with psycopg.connect(targets[node]) as link:
            _bring_indexes_back(link)
            for owner, register in COLUMNS:
                if owner == node:
                    at = recorded_at(figures.today)
                    loading.write_down(Tx(link), declared[register], terms, figures.load, at=at)
            _note(link, node, figures)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(work, targets))


def tables(node: str) -> list[str]:
    """The node's tables a load writes."""
    registers = [register for owner, register in COLUMNS if owner == node]
    return registers + ["officer"] * (node in STAFFED) + ["demo_person"] * (node == PROVIDER)


def _finished(conninfo: str) -> Figures | None:
    with psycopg.connect(conninfo) as link:
        row = link.execute("SELECT name FROM load WHERE starts_with(name, %s)", (_DONE,)).fetchone()
    return Figures.parse(row[0].removeprefix(_DONE)) if row else None


def _make_ready(link: psycopg.Connection[Any], node: str) -> None:
    if link.execute("SELECT 1 FROM load WHERE name = %s", (_BEGUN,)).fetchone():
        link.execute(f"TRUNCATE {', '.join(tables(node))}")
    for table in tables(node):
        if link.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise NotEmpty(f"{node} holds rows in {table} that no demo load wrote; use an empty country")
    link.execute("INSERT INTO load (name, at) VALUES (%s, now()) ON CONFLICT DO NOTHING", (_BEGUN,))
    for index, definition in _secondary_indexes(link, node):
        link.execute("INSERT INTO load (name, at) VALUES (%s, now()) ON CONFLICT DO NOTHING", (_INDEX + definition,))
        link.execute(f'DROP INDEX "{index}"')


def _secondary_indexes(link: psycopg.Connection[Any], node: str) -> list[tuple[str, str]]:
    """Indexes of the registers that enforce no key: name and definition."""
    return link.execute(
        """SELECT class.relname, pg_get_indexdef(class.oid)
             FROM pg_index AS held JOIN pg_class AS class ON class.oid = held.indexrelid
            WHERE held.indrelid = ANY (%s::regclass[]) AND NOT held.indisprimary
              AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = held.indexrelid)""",
        ([register for owner, register in COLUMNS if owner == node],),
    ).fetchall()


def _bring_indexes_back(link: psycopg.Connection[Any]) -> None:
    link.execute("SET LOCAL maintenance_work_mem = '128MB'")
    for (name,) in link.execute("SELECT name FROM load WHERE starts_with(name, %s)", (_INDEX,)).fetchall():
        link.execute(name.removeprefix(_INDEX))
        link.execute("DELETE FROM load WHERE name = %s", (name,))


def _note(link: psycopg.Connection[Any], node: str, figures: Figures) -> None:
    for table in tables(node):
        link.execute(f"ANALYZE {table}")
    link.execute("INSERT INTO load (name, at) VALUES (%s, now())", (f"{_DONE}{figures}",))
    link.execute("DELETE FROM load WHERE name = %s", (_BEGUN,))
