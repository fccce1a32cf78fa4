"""A node's schema: the rooms' numbered files, then the registers it owns."""

import os
from pathlib import Path

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config.state import HOME
from lienthong.config.trouble import Trouble
from lienthong.kit.migrations import MigrationChanged, apply, read
from lienthong.registers.tables import migration

ROOMS = ("kit", "journal", "identity", "exchange", "registers", "casework")


def migrate(name: str, owner_conninfo: str) -> list[str]:
    """Bring a node's database up to date through its owner role; the names of what was applied."""
    folder = Path(os.environ.get("LIENTHONG_CATALOGUE") or HOME / "catalogue")
    catalogue = load(folder, name, source_hashes())
    rooms = Path(__file__).parents[1]
    files = [found for room in ROOMS for found in read(rooms / room / "schema", room)]
    registers = [migration(register, catalogue.terms) for register in catalogue.owned.values()]
    try:
        return apply(owner_conninfo, [*files, *registers])
    except MigrationChanged as changed:
        remedy = "write a new migration instead of editing one; a demo country begins anew with: rm -r var"
        raise Trouble(f"{changed} was applied to {name} with other text", remedy) from changed
