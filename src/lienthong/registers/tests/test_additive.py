"""A register in use grows with its declaration: by optional fields and look-ups; anything else is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import yaml

from lienthong.catalogue.holdings import Column, Register
from lienthong.config import schema
from lienthong.config.state import HOME
from lienthong.config.trouble import Trouble
from lienthong.kit import clock
from lienthong.kit.migrations import apply
from lienthong.kit.storage import Database
from lienthong.registers import records
from lienthong.registers.growing import NotAdditive, missing
from lienthong.registers.tests.test_tables import DOGS, TERMS


@pytest.fixture(scope="module")
def owner(node_database: Callable[[str], Any]) -> str:
    return str(node_database("G18").owner)


def declared(**changes: Any) -> Register:
    return msgspec.structs.replace(DOGS, **changes)


def bring(owner: str, register: Register) -> list[str]:
    return apply(owner, [], lambda connection: missing(connection, register, TERMS))


DOG = {"name": "Mực", "born": "2024-02-03", "owner": "068195001234"}
GROWN = {
    "fields": {
        **DOGS.fields,
        "tail": Column("weight", optional=True),
        "mark": Column("tag", optional=True, unique=True),
    },
    "lookups": {**DOGS.lookups, "name": ["name"], "tail": ["tail"]},
}


def test_new_optional_fields_and_look_ups_come_into_tables_with_rows_and_their_past(owner: str) -> None:
    assert bring(owner, DOGS) == ["registers/toy_dogs"]
    database, at = Database(owner), clock.now()
    row = {**dict.fromkeys(DOGS.fields), **DOG, "tag": "T-1"}
    with database.transaction() as tx:
        records.enter(tx, DOGS, row, at=at, valid_from=at.date(), by="test")
        records.amend(tx, DOGS, "T-1", {"name": "Vện"}, at=at, valid_from=at.date(), by="test")

    grown = declared(**GROWN)
    assert bring(owner, grown) == ["registers/toy_dogs/0002"]
    assert bring(owner, grown) == []
    more = declared(**{**GROWN, "lookups": {**grown.lookups, "order": ["order"]}})
    assert bring(owner, more) == ["registers/toy_dogs/0003"]

    with database.transaction() as tx:
        records.amend(tx, more, "T-1", {"tail": 30, "mark": "M"}, at=at, valid_from=at.date(), by="test")
        records.amend(tx, more, "T-1", {"tail": 31}, at=at, valid_from=at.date(), by="test")
        assert records.find(tx, more, "tail", "31")[0]["name"] == "Vện"
        past = tx.all("SELECT version, name, tail, superseded_at FROM toy_dogs_past ORDER BY version")
        assert [(r.version, r.name, r.tail) for r in past] == [(1, "Mực", None), (2, "Vện", None), (3, "Vện", 30)]
        assert all(r.superseded_at == at for r in past)
    other = {**dict.fromkeys(more.fields), **DOG, "tag": "T-2", "mark": "M"}
    with database.transaction() as tx, pytest.raises(records.Taken) as taken:
        records.enter(tx, more, other, at=at, valid_from=at.date(), by="test")
    assert taken.value.field == "mark"
    database.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": {**DOGS.fields, "tail": Column("weight")}}, "toy_dogs.tail is new and must be filled"),
        ({"fields": {n: c for n, c in DOGS.fields.items() if n != "good"}}, "toy_dogs.good is no longer declared"),
        ({"fields": {**DOGS.fields, "weight": Column("name", optional=True)}}, "is declared text instead of integer"),
        ({"fields": {**DOGS.fields, "name": Column("name", optional=True)}}, "toy_dogs.name may be empty now"),
        ({"fields": {**DOGS.fields, "weight": Column("weight")}}, "toy_dogs.weight must be filled now"),
        ({"fields": {**DOGS.fields, "order": Column("name", optional=True, unique=True)}}, "is declared unique now"),
        ({"key": "chip"}, "the key chip instead of tag"),
    ],
)
def test_any_other_change_is_refused_and_changes_nothing(
    node_database: Callable[[str], Any], change: dict[str, Any], said: str
) -> None:
    owner = str(node_database("BHXH").owner)
    bring(owner, DOGS)
    with pytest.raises(NotAdditive, match=said):
        bring(owner, declared(**change))
    assert bring(owner, DOGS) == []


def test_a_node_follows_its_catalogue_at_the_next_migrate_or_says_what_to_do(
    node_database: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(HOME / "catalogue", folder)
    monkeypatch.setenv("LIENTHONG_CATALOGUE", str(folder))
    owner = str(node_database("G15").owner)
    assert schema.migrate("G15", owner) == []
    file = folder / "registers" / "marriages.yaml"
    register = yaml.safe_load(file.read_text())
    register["legal_basis"] += " (a better citation)"
    register["fields"]["place"] = {"term": "place", "optional": True}
    file.write_text(yaml.safe_dump(register, allow_unicode=True))
    assert schema.migrate("G15", owner) == ["registers/marriages/0002"]
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT place FROM marriages_past").fetchall() == []
    register["fields"]["place"]["optional"] = False
    file.write_text(yaml.safe_dump(register, allow_unicode=True))
    with pytest.raises(Trouble, match=r"marriages.place must be filled now") as trouble:
        schema.migrate("G15", owner)
    assert "optional fields" in trouble.value.remedy
