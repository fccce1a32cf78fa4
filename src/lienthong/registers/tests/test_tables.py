"""From a declaration to tables: text a person can read, and nothing smuggled through a name."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.holdings import Column, Register
from lienthong.catalogue.shapes import Term, Words
from lienthong.config.state import HOME
from lienthong.kit.migrations import apply
from lienthong.registers.tables import migration, quoted

ANY = Words("Chó", "Dogs")
TERMS = {
    "tag": Term("key", "Thẻ", "Tag"),
    "name": Term("text", "Tên", "Name"),
    "born": Term("date", "Sinh", "Born"),
    "seen": Term("moment", "Gặp", "Seen"),
    "weight": Term("number", "Nặng", "Weight"),
    "good": Term("flag", "Ngoan", "Good"),
    "owner": Term("person", "Chủ", "Owner"),
}
DOGS = Register(
    "toy_dogs",
    "G01",
    ANY,
    "Toy Law, Art. 1",
    "tag",
    {
        "tag": Column("tag"),
        "name": Column("name"),
        "born": Column("born"),
        "seen": Column("seen", optional=True),
        "weight": Column("weight", optional=True),
        "good": Column("good", optional=True),
        "chip": Column("tag", optional=True, unique=True),
        "owner": Column("owner"),
        "minder": Column("owner", optional=True),
        "order": Column("name", optional=True),
    },
    {"tag": ["tag"], "people": ["owner", "minder"], "chip": ["chip"]},
)
READABLE = """\
-- Dogs: Toy Law, Art. 1
CREATE TABLE "toy_dogs" (
    "tag" text NOT NULL,
    "name" text NOT NULL,
    "born" date NOT NULL,
    "seen" timestamptz,
    "weight" integer,
    "good" boolean,
    "chip" text,
    "owner" text NOT NULL,
    "minder" text,
    "order" text,
    version integer NOT NULL DEFAULT 1,
    valid_from date NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    chain bytea NOT NULL DEFAULT '',
    PRIMARY KEY ("tag")
);
CREATE TABLE "toy_dogs_past" (
    LIKE "toy_dogs",
    superseded_at timestamptz NOT NULL,
    PRIMARY KEY ("tag", version)
);
CREATE UNIQUE INDEX "toy_dogs_chip_once" ON "toy_dogs" ("chip");
CREATE INDEX "toy_dogs_minder" ON "toy_dogs" ("minder");
CREATE INDEX "toy_dogs_owner" ON "toy_dogs" ("owner");
"""


def test_a_declaration_compiles_to_readable_tables_with_history_and_an_index_for_each_look_up() -> None:
    made = migration(DOGS, TERMS)
    assert made.name == "registers/toy_dogs"
    assert made.sql == READABLE


def test_what_it_compiles_to_is_what_postgresql_takes(node_database: Callable[[str], Any]) -> None:
    owner = node_database("G18").owner
    assert apply(owner, [migration(DOGS, TERMS)]) == ["registers/toy_dogs"]
    with psycopg.connect(owner) as connection:
        columns = connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'toy_dogs_past'"
        ).fetchone()
    assert columns == (len(DOGS.fields) + 5 + 1,)


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "Dogs",
        "toy dogs",
        'toy"dogs',
        "toy;drop",
        "toy-dogs",
        "chó",
        "_dogs",
        "1dogs",
        "toy\x00",
        "dogs\n",
        "d" * 64,
    ],
)
def test_an_odd_identifier_is_refused(identifier: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        quoted(identifier)


@settings(deadline=None, max_examples=200, database=None)
@given(st.text(max_size=12))
def test_an_identifier_is_quoted_as_it_is_or_refused(identifier: str) -> None:
    try:
        assert quoted(identifier) == f'"{identifier}"'
    except ValueError:
        return
    assert set(identifier) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def test_every_register_of_the_country_compiles() -> None:
    for node in ("G01", "G01-eid", "G15", "G18", "BHXH"):
        catalogue = load(HOME / "catalogue", node, source_hashes())
        for register in catalogue.owned.values():
            assert migration(register, catalogue.terms).sql.startswith(f"-- {register.name.en}: ")
