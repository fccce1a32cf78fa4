"""`lienthong publish`: what changed in the catalogue's folder, sealed by whose it is.

In the country in a box the folder is every publisher's; at a node of its own that node's parts are published.
Other nodes follow within seconds; running dossiers keep the revision they were received under.
"""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.files import CatalogueError, Files, of_folder
from lienthong.config import publishing
from lienthong.config.local_nodes import local_nodes
from lienthong.config.publishing import Change
from lienthong.config.state import HOME, State, running
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node
from lienthong.kit import clock


def main(arguments: list[str]) -> int:
    told = _parser().parse_args(arguments)
    if not os.environ.get("LIENTHONG_NODE") and running(State.open()) is None:
        raise Trouble("no country runs here", "./lienthong up: it publishes what changed in the folder by itself")
    folder = Path(os.environ.get("LIENTHONG_CATALOGUE") or HOME / "catalogue")
    try:
        with local_nodes() as nodes:
            return _publish(nodes, of_folder(folder), told.since or clock.today(), dry=told.dry_run)
    except CatalogueError as error:
        raise Trouble(f"the folder does not hold together: {error}", "put it right, then publish") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lienthong publish", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be published")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="in force from this day (today)")
    return parser


def _publish(nodes: Sequence[Node], files: Files, since: date, *, dry: bool) -> int:
    changed = publishing.changes(nodes, files)
    publishing.demand_whole(nodes, changed, source_hashes(), max(since, clock.today()))
    for change in changed:
        print(f"{'would publish' if dry else 'publishes'} {change.words}")
    if not changed:
        print("nothing changed")
    elif not dry:
        _grow(nodes, changed, files)
        made = publishing.publish(nodes, changed, since=since, at=clock.now())
        print(f"{len(made)} published, in force from {since:%d/%m/%Y}; see lienthong publications")
    return 0


def _grow(nodes: Sequence[Node], changed: Sequence[Change], files: Files) -> None:
    """Bring the tables of registers up to their new declarations first, where this account owns them."""
    from lienthong.config import databases, schema
    from lienthong.config.postgres import Cluster

    if os.environ.get("LIENTHONG_NODE"):
        return  # `lienthong migrate` is the database owner's there; the new declaration waits for it
    cluster = Cluster(State.open())
    for name in {change.publisher for change in changed if change.part.startswith("registers/")}:
        if any(node.name == name for node in nodes):
            schema.migrate(name, databases.credentials(cluster.state, name).conninfo(cluster, "owner"), files)
