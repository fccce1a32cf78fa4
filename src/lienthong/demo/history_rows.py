"""Dossiers as rows for COPY: exactly what `dossiers.save` writes, kept back instead of being sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import psycopg

from lienthong.casework import consulting, digitisation, dossiers, results, tasks
from lienthong.casework.dossiers import Dossier
from lienthong.casework.effects import outstanding
from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.shapes import Service
from lienthong.demo import history_results
from lienthong.kit import clock
from lienthong.kit.storage import Parameters, Tx

Rows = Mapping[tuple[str, str], list[Sequence[Any]]]
_INSERT: Final = re.compile(r"\s*INSERT INTO (\w+) \(([^)]*)\)\s*VALUES \((?:%s[,\s]*)+\)\s*", re.ASCII)


class Kept(Tx):
    """A transaction that keeps what is inserted; it reads nothing and knows no database."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], list[Sequence[Any]]] = {}

    def run(self, sql: str, params: Parameters = None) -> None:
        assert isinstance(params, Sequence), "an insert has its values in order"
        self.rows.setdefault(_into(sql), []).append(params)

    def flush(self) -> None:
        """Nothing is sent."""


@cache
def _into(sql: str) -> tuple[str, str]:
    """Table and columns of an insert. Raises ValueError for any other statement: a new dossier needs none."""
    found = _INSERT.fullmatch(sql)
    if found is None:
        raise ValueError(f"no plain insert: {sql}")
    return found[1], " ".join(found[2].split())


def rows(catalogue: Catalogue, made: Iterable[Dossier]) -> Rows:
    """The rows of new dossiers by table and columns: what they came with, what was done, results that were sealed."""
    kept = Kept()
    for dossier in made:
        identity, content = dossier.identity, dossier.begun
        assert content is not None, "these are not stored yet"
        service = catalogue.service(identity.service, identity.revision)
        if any(spec.term in _papers(service) for spec in service.form.fields.values()):
            with clock.at(identity.received_at):
                digitisation.begin(kept, service, identity, content)
        if dossier.result:
            dossiers.keep_result(kept, identity.code, results.OWN, dossier.result)
        dossiers.save(kept, dossier)
    return kept.rows


def _papers(service: Service) -> set[str]:
    return {name for name, term in service.terms.items() if term.type == "paper"}


def copy(link: psycopg.Connection[Any], found: Rows) -> None:
    """Bring rows in, within the caller's transaction."""
    for (table, columns), values in found.items():
        with link.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as target:
            for row in values:
                target.write_row(row)


def open_tasks(tx: Tx, made: Iterable[Dossier]) -> int:
    """The inside work that is still waited for: opinions asked and not given. How many."""
    count = 0
    for dossier in made:
        if dossier.state.waiting == "opinion":
            for name in outstanding(dossier.state):
                one = dossier.state.opinions[name]
                with clock.at(one.asked_at):
                    tasks.open_task(tx, consulting.task_for(dossier, name, one, name, one.role))
                count += 1
    return count


def numbers(made: Iterable[Dossier]) -> dict[str, int]:
    """The furthest number of each series that the codes and results of these dossiers came from."""
    reached: dict[str, int] = {}
    for dossier in made:
        rest, _, number = dossier.identity.code.rpartition("-")
        agency, _, day = rest.rpartition("-")
        given = [(f"dossier/{agency}/{day}", int(number))]
        given += [history_results.series(act.detail["key"]) for act in dossier.fresh if act.detail.get("result")]
        for series, last in given:
            reached[series] = max(reached.get(series, 0), last)
    return reached
