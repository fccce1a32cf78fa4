"""The nodes whose keys this account holds, put together for one command: of the country in a box, or the one of the
environment (`LIENTHONG_NODE` and what `lienthong node` needs)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lienthong.config.state import HOME, State
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node

if TYPE_CHECKING:
    from lienthong.config.postgres import Cluster
    from lienthong.exchange.directory import Directory


@contextmanager
def local_nodes(only: str = "") -> Iterator[list[Node]]:
    """All of them, or the one named. Trouble when there is none, or none of that name."""
    nodes = [_of_environment()] if os.environ.get("LIENTHONG_NODE") else nodes_of(State.open(), only)
    found = [node for node in nodes if only in ("", node.name)]
    try:
        if not found:
            raise Trouble(f"no node {only} is here", "name one that `lienthong status` lists")
        yield found
    finally:
        for node in nodes:
            node.database.close()
            node.doorbell.close()


def _of_environment() -> Node:
    from lienthong.config import wiring

    return wiring.node(os.environ["LIENTHONG_NODE"])


def nodes_of(state: State, only: str = "") -> list[Node]:
    """The nodes of a country in a box; whoever asks closes them. Trouble when there is no country."""
    from lienthong.config import directories
    from lienthong.config.postgres import Cluster

    if not state.directory.exists():
        raise Trouble("there is no country here yet", "./lienthong up")
    os.environ.setdefault("LIENTHONG_CLOCK", str(state.clock))
    directory, cluster = directories.published(state), Cluster(state)
    return [_node(cluster, directory, name) for name in directory.nodes if only in ("", name)]


def _node(cluster: "Cluster", directory: "Directory", name: str) -> Node:
    """One of the country's, on the catalogue that is in force there."""
    from lienthong.casework.rules import source_hashes
    from lienthong.config import databases, wiring
    from lienthong.exchange.shelf import Shelf
    from lienthong.kit.signatures import SigningKey
    from lienthong.kit.storage import Database

    state = cluster.state
    database = Database(databases.credentials(state, name).conninfo(cluster, "run"), size=2, timeout=5.0)
    folder = Path(os.environ.get("LIENTHONG_CATALOGUE") or HOME / "catalogue")
    standing = Shelf(database, name, source_hashes(), folder).open()
    return wiring.assemble(
        standing.catalogue,
        standing.territory,
        directory,
        database,
        key=SigningKey.load(state.keys / name / "transport.pem"),
        seal=SigningKey.load(state.keys / name / "seal.pem"),
        run=state.run,
    )
