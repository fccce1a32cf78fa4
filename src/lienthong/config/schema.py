"""A node's schema: the rooms' numbered files, then the registers it owns, as declared now."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue, assembled
from lienthong.catalogue.files import CatalogueError, Files, of_folder
from lienthong.catalogue.holdings import Register
from lienthong.catalogue.parts import joined as joined_files
from lienthong.config.state import HOME
from lienthong.config.trouble import Trouble
from lienthong.exchange.publications import body_of
from lienthong.kit.migrations import Migration, MigrationChanged, apply, read
from lienthong.kit.storage import Tx
from lienthong.registers import joined
from lienthong.registers.growing import NotAdditive, missing
from lienthong.registers.joined import NotJoined

ROOMS = (
    "kit", "journal", "identity", "exchange", "documents", "registers", "casework", "portal", "desk", "gateways",
    "steering",
)  # fmt: skip


def migrate(name: str, owner_conninfo: str, declared: Files | None = None) -> list[str]:
    """Bring a node's database up to date through its owner role; the names of what was applied.

    The registers' tables follow the declarations in `declared`; without it those of the node's newest publications, and
    where it holds none those of the folder.
    """
    rooms = Path(__file__).parents[1]
    files = [found for room in ROOMS for found in read(rooms / room / "schema", room)]

    def registers(connection: psycopg.Connection) -> Iterator[Migration]:
        catalogue = assembled(declared or _published(connection) or of_folder(_folder()), name, source_hashes())
        for register in catalogue.owned.values():
            yield from _missing(connection, register, catalogue)

    try:
        return apply(owner_conninfo, files, registers)
    except MigrationChanged as changed:
        remedy = "write a new migration instead of editing one; a demo country begins anew with: rm -r var"
        raise Trouble(f"{changed} was applied to {name} with other text", remedy) from changed
    except CatalogueError as error:
        raise Trouble(f"the catalogue does not hold together for {name}: {error}", "put it right first") from error
    except NotJoined as problem:
        remedy = "put the mapping right; what it names must stand in the joined database"
        raise Trouble(str(problem), remedy) from problem
    except NotAdditive as change:
        remedy = (
            "a register in use grows by new optional fields and new look-ups only: put the old declaration back and"
            " add a field beside it; a demo country begins anew with: rm -r var"
        )
        raise Trouble(f"{change}, which the tables at {name} cannot follow", remedy) from change


def _missing(connection: psycopg.Connection, register: Register, catalogue: Catalogue) -> Iterator[Migration]:
    """What a register needs: its tables, or the view over a database that is joined. Raises NotAdditive, NotJoined."""
    if register.joined:
        return joined.missing(connection, register, catalogue.joinings[register.register], catalogue.terms)
    return missing(connection, register, catalogue.terms)


def _folder() -> Path:
    return Path(os.environ.get("LIENTHONG_CATALOGUE") or HOME / "catalogue")


def _published(connection: psycopg.Connection) -> Files:
    """The newest version of every part that the node holds, in force or waiting for its tables."""
    newest = "SELECT DISTINCT ON (part) envelope FROM publication ORDER BY part, version DESC"
    return joined_files(body_of(str(envelope)).files for (envelope,) in connection.execute(newest).fetchall())


def unready(tx: Tx, catalogue: Catalogue) -> str:
    """What a catalogue's registers need of this database and do not find, in words; empty when nothing."""
    try:
        needed = [
            migration.name
            for register in catalogue.owned.values()
            for migration in _missing(tx.connection, register, catalogue)
        ]
    except NotAdditive as change:
        return f"{change}, which the tables here cannot follow"
    except NotJoined as problem:
        return str(problem)
    return f"the tables are not ready for {', '.join(needed)}: lienthong migrate {catalogue.node}" if needed else ""
