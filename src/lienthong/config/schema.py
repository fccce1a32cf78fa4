"""A node's schema: the rooms' numbered files, then the registers it owns, as declared now."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config.state import HOME
from lienthong.config.trouble import Trouble
from lienthong.kit.migrations import Migration, MigrationChanged, apply, read
from lienthong.registers.growing import NotAdditive, missing

ROOMS = ("kit", "journal", "identity", "exchange", "documents", "registers", "casework", "portal", "desk")


def migrate(name: str, owner_conninfo: str) -> list[str]:
    """Bring a node's database up to date through its owner role; the names of what was applied."""
    folder = Path(os.environ.get("LIENTHONG_CATALOGUE") or HOME / "catalogue")
    catalogue = load(folder, name, source_hashes())
    rooms = Path(__file__).parents[1]
    files = [found for room in ROOMS for found in read(rooms / room / "schema", room)]

    def registers(connection: psycopg.Connection) -> Iterator[Migration]:
        for register in catalogue.owned.values():
            yield from missing(connection, register, catalogue.terms)

    try:
        return apply(owner_conninfo, files, registers)
    except MigrationChanged as changed:
        remedy = "write a new migration instead of editing one; a demo country begins anew with: rm -r var"
        raise Trouble(f"{changed} was applied to {name} with other text", remedy) from changed
    except NotAdditive as change:
        remedy = (
            "a register in use grows by new optional fields and new look-ups only: put the old declaration back and"
            " add a field beside it; a demo country begins anew with: rm -r var"
        )
        raise Trouble(f"{change}, which the tables at {name} cannot follow", remedy) from change
