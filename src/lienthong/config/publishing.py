"""From the folder of the catalogue's authors to publications: what changed, whose it is, sealed at its publisher's.

In the country in a box the folder is every publisher's; a node of its own publishes from it what is its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from lienthong.catalogue import parts
from lienthong.catalogue.catalogue import assembled
from lienthong.catalogue.files import CatalogueError, Files
from lienthong.config.trouble import Trouble
from lienthong.exchange import publications
from lienthong.exchange.envelopes import Refused
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database

NOTHING = parts.content_hash({})


class Publisher(Protocol):
    """What it takes to publish: a node, or these three of it."""

    name: str
    seal: SigningKey
    database: Database


@dataclass
class Seat:
    """A node's, before it runs."""

    name: str
    seal: SigningKey
    database: Database


@dataclass(frozen=True)
class Change:
    """A part that says something else in the folder than in its last publication. Without files it ends."""

    part: str
    publisher: str
    files: Files
    version: int

    @property
    def words(self) -> str:
        what = "ends" if not self.files else "is new" if self.version == 1 else f"version {self.version}"
        return f"{self.part} ({self.publisher}, {what})"


def changes(here: Sequence[Publisher], files: Files) -> list[Change]:
    """What the publishers here have to publish, the list of publishers first. Raises CatalogueError."""
    wanted = parts.divided(files)
    lines = parts.lines_of(wanted.get(parts.PUBLISHERS, {}))
    held = {node.name: _latest(node) for node in here}
    found = []
    for part in sorted(wanted, key=lambda part: (part != parts.PUBLISHERS, part)):
        owner = parts.publisher(lines, part, wanted[part])
        if owner in held and _content(held[owner].get(part)) != parts.content_hash(wanted[part]):
            found.append(Change(part, owner, wanted[part], _next(held[owner].get(part))))
    for owner, rows in held.items():
        gone = [row for part, row in rows.items() if part not in wanted and row.publisher == owner]
        found += [Change(row.part, owner, {}, row.version + 1) for row in gone if row.content != NOTHING]
    return found


def _latest(node: Publisher) -> dict[str, Any]:
    with node.database.transaction() as tx:
        return publications.latest(tx)


def _content(row: Any) -> str:
    return row.content if row else ""


def _next(row: Any) -> int:
    return row.version + 1 if row else 1


def demand_whole(here: Sequence[Publisher], changed: Iterable[Change], rules: Mapping[str, str], on: date) -> None:
    """Trouble when the catalogue would not hold together at a node once the changes have reached it."""
    new = {change.part: change.files for change in changed}
    for node in here:
        with node.database.transaction() as tx:
            held = {row.part: publications.body_of(row.envelope).files for row in publications.in_force(tx, on)}
        try:
            unfit = assembled(parts.joined({**held, **new}.values()), node.name, rules).unfit
            if wrong := next((unfit[part] for part in new if part in unfit), ""):
                raise CatalogueError(wrong)
        except CatalogueError as error:
            problem = f"the catalogue would not hold together at {node.name}: {error}"
            raise Trouble(problem, "put it right, then publish") from error


def publish(
    here: Sequence[Publisher], changed: Iterable[Change], *, since: date, at: datetime
) -> list[publications.Publication]:
    """Seal each change at its publisher's node, in one transaction of that node each. Trouble when a node refuses."""
    nodes = {node.name: node for node in here}
    made = []
    for change in changed:
        node = nodes[change.publisher]
        with _told(change), node.database.transaction() as tx:
            one = publications.publish(tx, node.name, node.seal, change.part, change.files, since=since, at=at)
        if one is not None:
            made.append(one)
    return made


@contextmanager
def _told(change: Change) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise Trouble(
            f"{change.publisher} cannot publish {change.part}: {refused.reason}",
            "if the list of publishers was changed just now, wait until it has reached that node, and publish again",
        ) from refused


def bring_up(here: Sequence[Publisher], files: Files, *, on: date, at: datetime) -> list[Change]:
    """Of a whole country that stands still: publish what changed in the folder, and give a node that holds nothing yet
    its installation set. What other nodes follow reaches them over the feed."""
    changed = changes(here, files)
    lists = [change for change in changed if change.part == parts.PUBLISHERS]
    for one in publish(here, lists, since=on, at=at):
        _hand_out(here, one, at)
    publish(here, [change for change in changed if change not in lists], since=on, at=at)
    _install(here, on, at)
    return changed


def _hand_out(here: Sequence[Publisher], one: publications.Publication, at: datetime) -> None:
    """To every node at once: who publishes is looked up there before what they publish can be."""
    for node in here:
        with node.database.transaction() as tx:
            publications.keep(tx, one, at=at)


def _install(here: Sequence[Publisher], on: date, at: datetime) -> None:
    new = [node for node in here if not _has_stood(node)]
    if not new:
        return
    rows: dict[str, Any] = {}
    for node in here:
        with node.database.transaction() as tx:
            rows |= {row.hash: row for row in publications.in_force(tx, on)}
    for node in new:
        with node.database.transaction() as tx:
            publications.install(tx, list(rows.values()), at)


def _has_stood(node: Publisher) -> bool:
    """Whether a set was ever in force there."""
    with node.database.transaction() as tx:
        return bool(tx.value("SELECT EXISTS (SELECT FROM catalogue_set)"))
