"""The load over real databases: whole, once, and redone after a cut."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lienthong.demo import destination, rows
from lienthong.demo.populate import populate
from lienthong.kit.canonical import canonical
from lienthong.kit.signatures import SigningKey
from lienthong.territory.units import Territory

NODES = ("portal", "G01", "G01-eid", "G15", "G18", "BHXH", "H36")
TODAY = date(2026, 11, 21)
PEOPLE = 3_000
CATALOGUE = Path(__file__).parents[4] / "catalogue"
TERRITORY = Territory.load(CATALOGUE / "territory")


@pytest.fixture(scope="module")
def seal() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture(scope="module")
def owners(node_database: Callable[[str], Any], seal: SigningKey) -> dict[str, str]:
    """Every node's owner, after a first load."""
    made = {node: node_database(node).owner for node in NODES}
    told: list[int] = []
    summary = populate(
        made,
        territory=TERRITORY,
        catalogue=CATALOGUE,
        today=TODAY,
        people=PEOPLE,
        sign=seal.sign,
        progress=lambda done, _: told.append(done),
    )
    assert set(summary.nodes) == set(NODES) - {"portal"}
    assert told[-1] == PEOPLE
    return made


def value(conninfo: str, query: str) -> Any:
    with psycopg.connect(conninfo) as link:
        row = link.execute(query).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


def test_every_register_and_post_is_filled(owners: dict[str, str]) -> None:
    assert destination.populated(owners)
    assert value(owners["G01"], "SELECT count(*) FROM residences") == PEOPLE
    assert value(owners["G01"], "SELECT count(*) FROM persons WHERE died_on IS NULL") == PEOPLE
    assert value(owners["G01-eid"], "SELECT count(*) FROM demo_person WHERE role = 'parent'") > 8
    roles = value(owners["H36"], "SELECT string_agg(DISTINCT role, ' ' ORDER BY role) FROM officer")
    told = "chair civil_status_officer data_steward fire_officer land_officer operator planning_officer process_admin"
    assert roles == f"{told} reception_officer steering_office"
    assert value(owners["G18"], "SELECT count(*) FROM birth_notices") > 50


def test_running_numbers_go_on_after_the_load(owners: dict[str, str]) -> None:
    query = "SELECT max(substr(number, 6)::int) <= (SELECT last FROM series WHERE name = 'insurance_cards') FROM {}"
    assert value(owners["BHXH"], query.format("insurance_cards"))
    missing = """SELECT count(*) FROM births LEFT JOIN series
                     ON series.name = 'births/' || unit || '-' || extract(year FROM registered_on)
                  WHERE extract(year FROM registered_on) = 2026 AND (last IS NULL OR last < right(number, 6)::int)"""
    assert value(owners["G15"], missing) == 0


def test_a_notice_read_back_carries_a_valid_seal(owners: dict[str, str], seal: SigningKey) -> None:
    with psycopg.connect(owners["G18"], row_factory=psycopg.rows.dict_row) as link:
        row = link.execute("SELECT * FROM birth_notices LIMIT 1").fetchone()
    assert row is not None
    signature = row.pop("seal")
    for kept in ("version", "valid_from", "recorded_at", "recorded_by", "chain"):
        del row[kept]
    assert seal.public.verify(canonical(row), signature)
    assert not seal.public.verify(canonical({**row, "weight": row["weight"] + 10}), signature)


def test_every_row_is_in_its_feed_as_part_of_a_set(owners: dict[str, str]) -> None:
    sets = """SELECT sum((payload::jsonb ->> 'count')::int) FROM journal_entry
              WHERE kind = 'load' AND stream = 'load/{0}/6' HAVING max(number) = count(*)"""
    for node, register in rows.COLUMNS:
        loaded = value(owners[node], f"SELECT nullif(count(*), 0) FROM {register}")
        assert value(owners[node], sets.format(register)) == loaded


def test_a_second_load_is_refused(owners: dict[str, str]) -> None:
    with pytest.raises(destination.NotEmpty, match="already loaded"):
        populate(owners, territory=TERRITORY, catalogue=CATALOGUE, today=TODAY, people=PEOPLE)
    with pytest.raises(destination.NotEmpty, match="wanted are 500 people"):
        populate(owners, territory=TERRITORY, catalogue=CATALOGUE, today=TODAY, people=500)


def test_a_node_cut_short_is_emptied_and_filled_again(owners: dict[str, str]) -> None:
    indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"
    numbers = "SELECT md5(string_agg(number || full_name, ',' ORDER BY number)) FROM persons"
    before = value(owners["G01"], indexes), value(owners["G01"], numbers)
    with psycopg.connect(owners["G01"]) as link:
        link.execute("UPDATE load SET name = 'population begun'")
        link.execute("DELETE FROM journal_entry")
        link.execute("DELETE FROM persons WHERE number > '068'")
        link.execute("INSERT INTO load (name, at) SELECT 'index: ' || indexdef, now() FROM pg_indexes "
                     "WHERE indexname = 'residences_household'")  # fmt: skip
        link.execute("DROP INDEX residences_household")
    summary = populate(owners, territory=TERRITORY, catalogue=CATALOGUE, today=date(2026, 11, 22), people=PEOPLE)
    assert summary.nodes == ["G01"]
    assert (value(owners["G01"], indexes), value(owners["G01"], numbers)) == before


def test_a_register_in_use_is_not_touched(owners: dict[str, str]) -> None:
    with psycopg.connect(owners["G15"]) as link:
        link.execute("DELETE FROM load")
    with pytest.raises(destination.NotEmpty, match="G15 holds rows in marriages"):
        populate(owners, territory=TERRITORY, catalogue=CATALOGUE, today=TODAY, people=PEOPLE)
