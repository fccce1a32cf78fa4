"""What a process table writes into a register, and the codes dossiers go by."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from lienthong.casework import codes, values
from lienthong.casework.rules import source_hashes
from lienthong.casework.values import fill, sixth_birthday
from lienthong.catalogue.catalogue import load, read_services
from lienthong.catalogue.references import KNOWN
from lienthong.config.state import HOME
from lienthong.kit.clock import ZONE
from lienthong.kit.series import Block
from lienthong.kit.storage import Database
from lienthong.territory.units import Territory

CATALOGUE = HOME / "catalogue"
TODAY = date(2026, 11, 20)
DOSSIER: Any = SimpleNamespace(identity=SimpleNamespace(unit="25000", code="H36.012-261120-0001"), fresh=[])
DECLARED = {
    "child_name": "K’ Brêm", "ethnicity": "mother", "mother_ethnicity": "16", "father_ethnicity": "01",
    "hometown": "father", "father_hometown": "25036",
}  # fmt: skip
RESULTS = {
    "birth": {"record": {"child_number": "068226000001", "birth_date": "2024-02-29", "notice": None}},
    "residence": {"record": {}},
    "handoff": {"record": {}},
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("child_name", "K’ Brêm"),
        ("father_name", None),
        ("ethnicity_of_choice", "16"),
        ("hometown_of_choice", "25036"),
        ("nationality_of_choice", None),
        ("birth.child_number", "068226000001"),
        ("birth.notice", None),
        ("birth.unknown", None),
        ("=VN", "VN"),
        ("=$unit", "$unit"),
        ("=", ""),
        ("$unit", "25000"),
        ("$code", "H36.012-261120-0001"),
        ("$grounds", None),
        ("$today", "2026-11-20"),
        ("$sixth_birthday", "2030-02-28"),
    ],
)
def test_every_name_of_the_vocabulary_has_its_value(name: str, value: str | None) -> None:
    assert fill({"field": name}, DOSSIER, DECLARED, RESULTS, TODAY) == {"field": value}


@pytest.mark.parametrize("name", ["$moon", "$", "death.number"])
def test_what_is_not_in_the_vocabulary_is_an_error_and_never_empty(name: str) -> None:
    with pytest.raises(LookupError):
        fill({"field": name}, DOSSIER, DECLARED, RESULTS, TODAY)


def test_the_vocabulary_that_the_catalogue_checks_is_the_one_known_here() -> None:
    for name in KNOWN - {"$grounds"}:  # most decisions need none
        assert fill({"field": name}, DOSSIER, DECLARED, RESULTS, TODAY)["field"]


def test_what_was_declared_is_a_value_and_never_a_name_of_one() -> None:
    declared = {"child_name": "$code", "ethnicity": "$unit"}
    names = {"a": "child_name", "b": "ethnicity_of_choice"}
    assert fill(names, DOSSIER, declared, RESULTS, TODAY) == {"a": "$code", "b": None}


def test_every_record_step_of_the_catalogue_can_be_filled() -> None:
    for service in read_services(CATALOGUE, source_hashes()).values():
        for step in service.process.steps:
            assert set(fill(step.fields, DOSSIER, DECLARED, RESULTS, TODAY)) == set(step.fields)


@pytest.mark.parametrize(
    ("born", "turns_six"),
    [("2020-11-20", "2026-11-20"), ("2024-02-29", "2030-02-28"), ("2020-02-28", "2026-02-28")],
)
def test_a_child_born_on_29_february_turns_six_on_the_28th(born: str, turns_six: str) -> None:
    assert sixth_birthday(date.fromisoformat(born)).isoformat() == turns_six
    assert values.OF_CHOICE == "_of_choice"


# codes


AT = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
VARIANT_B = re.compile(r"[A-Z0-9]{1,3}(\.[A-Z0-9]{2,3}){0,5}-\d{6}-\d{4,}")
VARIANT_C = re.compile(r"[A-Z]\d\d\.\d{3}\.\d{2}-\d{6}-\d{2}\d{4,}")


@pytest.fixture(scope="module")
def database(node_database: Callable[[str], Any]) -> Iterator[Database]:
    made = Database(node_database("H36").run, size=10)
    yield made
    made.close()


def test_a_code_of_the_nationwide_system_is_of_variant_c(database: Database) -> None:
    card = load(CATALOGUE, "portal", source_hashes()).card
    block = Block(database)
    found = [codes.central_code(card, block, AT) for _ in range(30)]
    assert found[0] == "G01.001.00-261120-010001"
    assert all(VARIANT_C.fullmatch(code) for code in found)
    assert len(set(found)) == 30
    assert codes.central_code(card, block, AT.replace(day=21)) == "G01.001.00-261121-010001"


def test_the_day_of_a_code_has_more_than_9999_dossiers_when_it_must(database: Database) -> None:
    with database.transaction() as tx:
        tx.run("INSERT INTO series (name, last) VALUES ('dossier/H36.001/261231', 9999)")
        assert codes.agency_code(tx, "H36.001", AT.replace(month=12, day=31)) == "H36.001-261231-10000"


def test_a_code_of_an_agencys_own_is_of_variant_b_counted_by_agency_and_day(database: Database) -> None:
    def take(turn: int) -> str:
        with database.transaction() as tx:
            return codes.agency_code(tx, f"H36.{turn % 2:03d}", AT)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(take, range(40)))
    assert all(VARIANT_B.fullmatch(code) for code in found)
    assert sorted(found) == sorted(f"H36.{n:03d}-261120-{k:04d}" for n in range(2) for k in range(1, 21))


def test_each_commune_is_an_agency_of_its_own_under_the_province() -> None:
    h36, territory = load(CATALOGUE, "H36", source_hashes()), Territory.load(CATALOGUE / "territory")
    node: Any = SimpleNamespace(catalogue=h36, territory=territory)
    agencies = [codes.agency_for(node, unit.code) for unit in territory.units()]
    assert agencies == [f"H36.{n:03d}" for n in range(1, 125)]
    assert codes.agency_for(node, None) == "H36"
    g01: Any = SimpleNamespace(catalogue=load(CATALOGUE, "G01", source_hashes()), territory=territory)
    assert codes.agency_for(g01, "25000") == "G01"
