"""The authors of a test's catalogue: they change its files, publish, and nodes stand on what reached them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import yaml

from lienthong.casework.rules import source_hashes
from lienthong.casework.tests.country import CATALOGUE, Country
from lienthong.catalogue.files import of_folder
from lienthong.config import publishing
from lienthong.config.schema import unready
from lienthong.exchange import following
from lienthong.exchange.publications import Publication
from lienthong.exchange.shelf import Shelf
from lienthong.journal import sealer
from lienthong.journal.feeds import PUBLICATIONS
from lienthong.kit import clock

Edit = Callable[[Any], None]


class Authors:
    """Publishes for a country, whose nodes start from the installation set."""

    def __init__(self, country: Country) -> None:
        self.country, self.files = country, of_folder(CATALOGUE)
        self.seats = list(country.nodes.values())
        publishing.bring_up(self.seats, self.files, on=date(2026, 1, 1), at=clock.now())
        self.shelves: dict[str, Shelf] = {}
        for name in country.nodes:
            self.start(name)

    def start(self, name: str, rules: Mapping[str, str] | None = None) -> Shelf:
        """A node's process starts, perhaps with another program than before."""
        node = self.country.nodes[name]
        shelf = self.shelves[name] = Shelf(node.database, name, rules or source_hashes(), fits=unready)
        standing = shelf.open()
        node.catalogue, node.territory = standing.catalogue, standing.territory
        shelf.serve(node)
        return shelf

    def edit(self, path: str, edit: Edit) -> None:
        content = yaml.safe_load(self.files[path])
        edit(content)
        self.files[path] = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)

    def changes(self) -> list[publishing.Change]:
        return publishing.changes(self.seats, self.files)

    def publish(self, since: date | None = None) -> list[Publication]:
        at = clock.now()
        return publishing.publish(self.seats, self.changes(), since=since or at.date(), at=at)

    def reach(self, *names: str) -> None:
        """What was published reaches these nodes over the feed, all of them when none is named, and their processes."""
        for node in self.country.nodes.values():
            with node.database.transaction() as tx:
                sealer.seal_ready(tx)
        for name in names or self.country.nodes:
            node = self.country.nodes[name]
            for subscription in following.wanted(node):
                while subscription.feed == PUBLICATIONS and following.advance(node, subscription):
                    pass
            self.shelves[name].look()
