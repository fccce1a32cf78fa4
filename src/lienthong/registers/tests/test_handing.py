"""A register in a package: records, their past and their changes, taken in by another database of its owner."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lienthong.exchange import package_taking, packages
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import handing, records

PERSON = {"birth_date": date(1995, 4, 2), "gender": "female", "ethnicity": "16", "nationality": "VN",
          "hometown": "25000", "birth_unit": "25000"}  # fmt: skip


def in_node(node: Node, act: Callable[[Tx], Any]) -> Any:
    with node.database.transaction() as tx:
        return act(tx)


def test_a_register_is_taken_in_with_its_past_and_its_chains(
    office: Callable[[str], Node], node_database: Callable[[str], Any], tmp_path: Path
) -> None:
    g01 = office("G01")
    register = g01.catalogue.owned["persons"]
    stays, changed, gone = (f"06819500{number:04d}" for number in (1, 2, 3))
    told: dict[str, Any] = {"at": clock.now(), "by": "test"}
    since = date(2026, 1, 1)
    with g01.database.transaction() as tx:
        for number in (stays, changed, gone):
            row = dict.fromkeys(register.fields) | {"number": number, "full_name": "Ka Wẽn \\ \t “ổn”"} | PERSON
            records.enter(tx, register, row, valid_from=since, **told)
        records.amend(tx, register, changed, {"full_name": "Ka Wẽn Hai"}, valid_from=since, reason="-", **told)
        records.withdraw(tx, register, gone, reason="-", **told)
    about = {"register": "persons"}
    kind = handing.kind(g01, about)
    query = "SELECT persons::text AS row FROM persons ORDER BY number"
    before = in_node(g01, lambda tx: tx.all(query))
    packages.export(g01, "G01", handing.NAME, kind, about, tmp_path / "p")
    with psycopg.connect(node_database("G01").owner, autocommit=True) as link:
        link.execute("TRUNCATE persons, persons_past, journal_entry")
    report = package_taking.take_in(g01, tmp_path / "p", {handing.NAME: handing.kind})
    assert (report.outcome, report.rows["persons_past"]) == ("taken", 2)
    assert in_node(g01, lambda tx: tx.all(query)) == before
    for number, count in ((stays, 1), (changed, 2), (gone, 2)):
        assert in_node(g01, lambda tx, n=number: entries.verify_stream(tx, records.stream(register, n))) == count


def test_a_register_that_is_not_kept_here_cannot_be_packed(office: Callable[[str], Node]) -> None:
    with pytest.raises(Refused, match="keeps no"):
        handing.kind(office("G15"), {"register": "persons"})
