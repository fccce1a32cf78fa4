"""Dossiers handed over in a package: whole, believed, once; or not at all, and why."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lienthong.casework import dossiers, handing
from lienthong.casework.tests.case import Case
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.exchange import package_taking, packages
from lienthong.exchange.envelopes import Refused, sealed
from lienthong.exchange.node import Node
from lienthong.exchange.package_taking import Report
from lienthong.journal import entries
from lienthong.kit import clock

KINDS = {handing.NAME: handing.kind}
ABOUT = {"unit": DI_LINH}


@pytest.fixture(scope="module")
def cases(country: Country) -> list[str]:
    """Three dossiers at H36: codes."""
    return [Case(country, number).branch().identity.code for number in (401, 402, 403)]


def export(node: Node, to: str, folder: Path, about: Mapping[str, str] = ABOUT) -> packages.Manifest:
    return packages.export(node, to, handing.NAME, handing.kind(node, about), about, folder)


def take_in(node: Node, folder: Path) -> Report:
    return package_taking.take_in(node, folder, KINDS)


def there(node: Node, codes: list[str]) -> int:
    return int(in_node(node, lambda tx: tx.value("SELECT count(*) FROM dossier WHERE code = ANY(%s)", (codes,))))


def left(node: Node) -> int:
    query = "SELECT (SELECT count(*) FROM package_row) + (SELECT count(*) FROM package_chunk)"
    return int(in_node(node, lambda tx: tx.value(query)))


def test_dossiers_arrive_whole_with_chains_that_verify_once_and_are_countersigned(
    country: Country, cases: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "ROWS_A_CHUNK", 2)
    h36, g15 = country.nodes["H36"], country.nodes["G15"]
    manifest = export(h36, "G15", tmp_path / "p")
    report = take_in(g15, tmp_path / "p")
    assert (report.outcome, report.rows["dossier"], there(g15, cases)) == ("taken", 3, 3)
    for code in cases:
        ours, theirs = (in_node(n, lambda tx, code=code: dossiers.load(tx, code)) for n in (h36, g15))
        assert theirs == ours
        assert in_node(h36, lambda tx, code=code: dossiers.content(tx, code)) == in_node(
            g15, lambda tx, code=code: dossiers.content(tx, code)
        )
        stream, head = dossiers.stream_of(code), theirs.chain
        assert in_node(g15, lambda tx, stream=stream, head=head: entries.verify_stream(tx, stream, head)) == ours.acts
    assert left(g15) == 0
    again = take_in(g15, tmp_path / "p")
    assert (again.again, again.receipt, there(g15, cases)) == (True, report.receipt, 3)
    assert packages.countersign(h36, tmp_path / "p")[0] == "taken"
    stream = f"package/{manifest.id}"
    assert in_node(h36, lambda tx: entries.verify_stream(tx, stream)) == 2
    refused = take_in(g15, _made(h36, "G15", tmp_path / "q"))
    assert (refused.outcome, there(g15, cases), left(g15)) == ("refused", 3, 0)
    listed = [json.loads(line) for line in (tmp_path / "q" / package_taking.REFUSED).read_text().splitlines()]
    assert {(row["table"], row["key"]) for row in listed if row["table"] == "dossier"} == {
        ("dossier", code) for code in cases
    }
    assert {row["code"] for row in listed} == {"already-there"}
    assert packages.countersign(h36, tmp_path / "q")[0] == "refused"


def _made(node: Node, to: str, folder: Path) -> Path:
    export(node, to, folder)
    return folder


def test_an_interrupted_import_goes_on_where_it_was(
    country: Country, cases: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "ROWS_A_CHUNK", 2)
    folder, g18 = _made(country.nodes["H36"], "G18", tmp_path / "p"), country.nodes["G18"]
    hidden = folder / "dossier_content-00002.jsonl"
    hidden.rename(tmp_path / "away")
    with pytest.raises(Refused, match="missing"):
        take_in(g18, folder)
    assert (there(g18, cases), left(g18) > 0) == (0, True)
    (tmp_path / "away").rename(hidden)
    (folder / "dossier-00001.jsonl").unlink()  # staged before: it is not read again
    assert take_in(g18, folder).outcome == "taken"
    assert (there(g18, cases), left(g18)) == (3, 0)


def _change(folder: Path, file: str, old: bytes, new: bytes) -> None:
    found = (folder / file).read_bytes()
    assert old in found
    (folder / file).write_bytes(found.replace(old, new, 1))


def test_what_was_altered_or_is_for_another_or_by_another_is_not_believed(
    country: Country, cases: list[str], tmp_path: Path
) -> None:
    h36, bhxh = country.nodes["H36"], country.nodes["BHXH"]
    altered = _made(h36, "BHXH", tmp_path / "altered")
    _change(altered, "dossier-00001.jsonl", b'"status":', b'"status" :')
    changed = _made(h36, "BHXH", tmp_path / "changed")
    _change(changed, packages.MANIFEST, b'"rows":3', b'"rows":2')
    other = _made(h36, "G01", tmp_path / "other")
    for folder, code in ((altered, "altered"), (changed, "altered"), (other, "misdirected")):
        with pytest.raises(Refused) as refused:
            take_in(bhxh, folder)
        assert refused.value.code == code
    assert there(bhxh, cases) == 0
    wrong = _made(h36, "BHXH", tmp_path / "wrong")
    by_another = country.nodes["G15"].seal
    (wrong / packages.MANIFEST).write_text(sealed("H36", packages.SERVICE, "x", "", {}, by_another, clock.now()))
    with pytest.raises(Refused) as refused:
        take_in(bhxh, wrong)
    assert refused.value.code == "bad-signature"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE dossier SET chain = '\\x00' WHERE code = %s", "head-differs"),
        ("UPDATE dossier SET waiting = 'perhaps' WHERE code = %s", "not-writable: dossier_waiting_check"),
    ],
)
def test_one_bad_row_refuses_the_package_and_is_named(
    country: Country, cases: list[str], tmp_path: Path, statement: str, code: str, node_database: Any
) -> None:
    """What H36 has is damaged behind its back, with its owner's rights, and mended again."""
    h36, bhxh = country.nodes["H36"], country.nodes["BHXH"]
    owner = node_database("H36").owner
    with psycopg.connect(owner, autocommit=True) as link:
        link.execute("ALTER TABLE dossier DROP CONSTRAINT IF EXISTS dossier_waiting_check")
        kept = link.execute("SELECT waiting, chain FROM dossier WHERE code = %s", (cases[1],)).fetchone()
        link.execute(statement, (cases[1],))
        try:
            folder = _made(h36, "BHXH", tmp_path / "p")
        finally:
            link.execute("UPDATE dossier SET waiting = %s, chain = %s WHERE code = %s", (*(kept or ()), cases[1]))
    report = take_in(bhxh, folder)
    assert (report.outcome, report.refused, there(bhxh, cases)) == ("refused", 1, 0)
    (row,) = [json.loads(line) for line in (folder / package_taking.REFUSED).read_text().splitlines()]
    assert (row["table"], row["key"], row["code"]) == ("dossier", cases[1], code)
