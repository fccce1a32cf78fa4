"""Puts a node together: the only place that knows every room."""

from functools import cache
from pathlib import Path

from lienthong.casework import journey, operation
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue, load
from lienthong.config.environment import value
from lienthong.exchange.asking import Asker
from lienthong.exchange.directory import Directory
from lienthong.exchange.node import Node
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database
from lienthong.registers import reading, recording
from lienthong.territory.units import Territory

CONNECTIONS = 12

HANDLERS = {
    journey.FILE: journey.receive,
    journey.PROGRESS: journey.hear_progress,
    recording.SERVICE: recording.record,
}
ANSWERERS = {
    reading.SERVICE: reading.read,
    operation.TRACE: operation.trace,
    operation.STUCK: operation.stuck,
}
SETTLERS = {
    journey.FILE: journey.branch_opened,
    recording.SERVICE: journey.effect_settled,
}


@cache
def current() -> Node:
    """The node of this process."""
    from lienthong.config import settings

    return node(settings.NODE)


def node(name: str) -> Node:
    """A node from this process's settings, which are read only now: a supervisor imports this room before it forks."""
    from lienthong.config import settings

    return assemble(
        load(settings.CATALOGUE, name, source_hashes()),
        Territory.load(settings.CATALOGUE / "territory"),
        settings.DIRECTORY,
        Database(value("DATABASE_URL"), size=CONNECTIONS),
        key=SigningKey.load(Path(value("LIENTHONG_KEY"))),
        seal=SigningKey.load(Path(value("LIENTHONG_SEAL_KEY"))),
        run=Path(value("LIENTHONG_RUN")),
    )


def assemble(
    catalogue: Catalogue,
    territory: Territory,
    directory: Directory,
    database: Database,
    *,
    key: SigningKey,
    seal: SigningKey,
    run: Path,
) -> Node:
    """A node from its parts; `run` is the folder of its doorbell."""
    name = catalogue.node
    return Node(
        name=name,
        database=database,
        key=key,
        seal=seal,
        directory=directory,
        catalogue=catalogue,
        territory=territory,
        doorbell=Doorbell(run / f"{name}.bell"),
        asker=Asker(name, key, directory),
        handlers=HANDLERS,
        answerers=ANSWERERS,
        settlers=SETTLERS,
    )
