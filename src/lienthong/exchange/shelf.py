"""A node's catalogue out of the publications it holds: one set of parts that holds together, and never half of one.

A process loads the set in force at its start and looks once a second whether there is another: something arrived, a
day began from which something holds, tables were brought up to a declaration. The newest whole set counts. Where it
does not hold together (a part it needs is still on its way, a rule is not in this program) every part counts that fits
the set before; the others wait, an operator is told why, and they are tried again with whatever comes next.

What is at work keeps the catalogue it began with: `Node.at_hand` gives each request and each round a node of its own.
"""

import copy
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import msgspec

from lienthong.catalogue import files as catalogue_files
from lienthong.catalogue import parts
from lienthong.catalogue.catalogue import Catalogue, assembled
from lienthong.catalogue.files import CatalogueError, Files
from lienthong.catalogue.internal_process import part_of
from lienthong.catalogue.shapes import Words
from lienthong.exchange import publications
from lienthong.exchange.node import Alert, Node
from lienthong.exchange.revisions import Revisions, remember
from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx, is_away
from lienthong.territory.units import Territory

PAUSE = 1.0
MOST_SETS = 20
PATIENCE = 0.5  # a page must not wait for a look
_LOCK = 7_260_108
_log = logging.getLogger(__name__)

_SIGNS = """
SELECT (SELECT count(*) FROM publication) AS held, (SELECT count(*) FROM publication WHERE since <= %s) AS begun,
    (SELECT count(*) FROM migration) AS definitions
"""
_SETS = "SELECT parts FROM catalogue_set ORDER BY number DESC LIMIT %s"
_KEEP_SET = "INSERT INTO catalogue_set (at, parts) VALUES (%s, %s)"

Fits = Callable[[Tx, Catalogue], str]  # what a catalogue asks of this database and does not find; empty: nothing


def _fits(_tx: Tx, _catalogue: Catalogue) -> str:
    return ""


@dataclass(frozen=True)
class Standing:
    """A set that holds together: part → hash of its publication, and what it amounts to for the node."""

    parts: Mapping[str, str]
    catalogue: Catalogue
    territory: Territory


def territory_of(files: Files) -> Territory:
    """Raises CatalogueError."""
    try:
        names = ("lam-dong", "elsewhere", "facilities")
        return Territory.of(*(catalogue_files.raw(files, f"territory/{name}.yaml") for name in names))
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"territory: {error!r}") from error


class Shelf:
    """What one process of a node has of it. `folder` is used while nothing published has arrived; `fits` says whether
    the tables are ready for a catalogue."""

    def __init__(
        self, database: Database, name: str, rules: Mapping[str, str], folder: Path | None = None, fits: Fits = _fits
    ) -> None:
        self.revisions = Revisions(database, rules)
        self._database, self._name, self._rules, self._folder, self._fits = database, name, rules, folder, fits
        self._files: dict[str, Files] = {}
        self._standing: Standing | None = None
        self._node: Node | None = None
        self._waiting: dict[str, str] = {}
        self._moved: list[str] = []
        self._seen: tuple[int, ...] = ()
        self._next_look = 0.0
        self._lock = Lock()

    # at start

    def open(self) -> Standing:
        """The set in force. Raises CatalogueError when nothing here loads as a whole."""
        with self._database.transaction() as tx:
            self._seen = _signs(tx)
            if not self._seen[0]:
                self._standing = self._from_folder()
            else:
                before = _sets(tx, MOST_SETS)
                self._standing, self._waiting = self._chosen(tx, before)
                self._moved = _moved(before[0] if before else {}, self._standing)
        return self._standing

    def serve(self, node: Node) -> None:
        """From now on this node is renewed, and its copies are (`Node.at_hand`)."""
        self._node = node
        node.standing, node.prepare = self.stand, self.revisions.prepare
        if self._waiting or self._moved:
            with self._database.transaction() as tx:
                self._tell(tx, self._moved, self._waiting)

    def _from_folder(self) -> Standing:
        if self._folder is None:
            raise CatalogueError("no publication has arrived here yet")
        files = catalogue_files.of_folder(self._folder)
        return Standing({}, assembled(files, self._name, self._rules), territory_of(files))

    # at work

    def stand(self, node: Node) -> Node:
        """A copy of the node with the set in force."""
        self._look_now_and_then()
        standing, mine = self._standing, copy.copy(node)
        if standing is not None:
            _put(mine, standing)
        return mine

    def _look_now_and_then(self) -> None:
        if time.monotonic() < self._next_look or not self._lock.acquire(blocking=False):
            return
        try:
            self._next_look = time.monotonic() + PAUSE
            self.look()
        except Exception as error:
            if not is_away(error):
                _log.exception("looking for publications failed; trying again")
        finally:
            self._lock.release()

    def look(self) -> bool:
        """Whether another set is in force than at the last look; the node stands on it then."""
        with self._database.transaction(within=PATIENCE) as tx:
            signs = _signs(tx)
            if signs == self._seen or not signs[0]:
                return False
            before = dict(self._standing.parts) if self._standing else {}
            self._seen = signs  # what cannot be chosen from now is not tried again until more arrives
            standing, self._waiting = self._chosen(tx, [before] if before else [])
            self._tell(tx, _moved(before, standing), self._waiting)
        if standing.parts == before:
            return False
        self._standing = standing
        if self._node is not None:
            _put(self._node, standing)
        return True

    # choosing

    def _chosen(self, tx: Tx, before: Sequence[Mapping[str, str]]) -> tuple[Standing, dict[str, str]]:
        """The newest set that holds together, and why parts of the newest there is are not in it. `before`: sets that
        were in force, the last one first."""
        rows = publications.in_force(tx, clock.today())
        wanted = {row.part: row.hash for row in rows}
        for row in rows:
            if row.hash not in self._files:
                self._files[row.hash] = publications.body_of(row.envelope).files
        waiting: dict[str, str] = {}
        try:
            standing = self._loaded(tx, wanted)
        except Exception as problem:
            if not before or is_away(problem):
                raise
            standing, waiting = self._largest(tx, self._last_that_loads(tx, before), wanted)
        self._files = {hash_: self._files[hash_] for hash_ in {*standing.parts.values(), *wanted.values()}}
        _keep_set(tx, standing)
        return standing, {**waiting, **self._own_unfit(standing)}

    def _own_unfit(self, standing: Standing) -> dict[str, str]:
        """Our own processes that do not fit their service; others' are for others to put right."""
        own = part_of(self._name, "")
        return {part: problem for part, problem in standing.catalogue.unfit.items() if part.startswith(own)}

    def _last_that_loads(self, tx: Tx, before: Sequence[Mapping[str, str]]) -> Standing:
        """Not always the last: a program that was put back lacks rules that the newer one had."""
        for chosen in before:
            for hash_ in set(chosen.values()) - self._files.keys():
                self._files[hash_] = publications.body_of(publications.by_hash(tx, hash_).envelope).files
            try:
                return self._loaded(tx, chosen)
            except CatalogueError as problem:
                _log.warning("a set that was in force does not load any more: %s", problem)
        raise CatalogueError("no set that was in force here loads with this program")

    def _largest(self, tx: Tx, standing: Standing, wanted: Mapping[str, str]) -> tuple[Standing, dict[str, str]]:
        """Part by part what fits the set before, until nothing more does. Parts that need each other wait together."""
        waiting = {part: "" for part, hash_ in wanted.items() if standing.parts.get(part) != hash_}
        moved = True
        while moved:
            moved = False
            for part in list(waiting):
                try:
                    standing = self._loaded(tx, {**standing.parts, part: wanted[part]})
                except Exception as problem:
                    if is_away(problem):
                        raise
                    waiting[part] = str(problem)
                else:
                    moved = True
                    del waiting[part]
        return standing, waiting

    def _loaded(self, tx: Tx, chosen: Mapping[str, str]) -> Standing:
        """Raises CatalogueError, or whatever a text that is no catalogue makes of our code."""
        files = parts.joined(self._files[hash_] for hash_ in chosen.values())
        catalogue = assembled(files, self._name, self._rules)
        if problem := self._fits(tx, catalogue):
            raise CatalogueError(problem)
        catalogue.older = self.revisions.older
        return Standing(dict(chosen), catalogue, territory_of(files))

    def _tell(self, tx: Tx, moved: Sequence[str], waiting: Mapping[str, str]) -> None:
        """One alert for a part that waits; it is over when the part, or a later version of it, is in force."""
        node = self._node
        if node is None:
            return
        for part, problem in waiting.items():
            node.on_alert(node, tx, _alert(part, problem))
        for part in (part for part in moved if part not in waiting):
            node.on_alert_over(node, tx, _alert(part, "").id, "in force")


def _alert(part: str, problem: str) -> Alert:
    title = Words(f"Bản mới của {part} chưa áp dụng được", f"The new version of {part} is not in force yet")
    return Alert("alert", f"catalogue/{part}", title, publications.OPERATOR, {"problem": problem})


def _sets(tx: Tx, most: int) -> list[dict[str, str]]:
    """The sets that were in force here, the last one first."""
    return [msgspec.json.decode(row.parts, type=dict[str, str]) for row in tx.all(_SETS, (most,))]


def _moved(before: Mapping[str, str], standing: Standing) -> list[str]:
    """The parts that are in force in another version than before."""
    return [part for part, hash_ in standing.parts.items() if before.get(part) != hash_]


def _signs(tx: Tx) -> tuple[int, ...]:
    """What changes when there may be another set: publications held, those that have begun, definitions applied."""
    return tuple(tx.one(_SIGNS, (clock.today(),)))


def _put(node: Node, standing: Standing) -> None:
    """Both at once: a copy taken meanwhile has the old ones or the new."""
    vars(node).update(catalogue=standing.catalogue, territory=standing.territory)


def _keep_set(tx: Tx, standing: Standing) -> None:
    """Write down that this set came into force, and what its services' revisions are made of: one process does."""
    if _sets(tx, 1) == [standing.parts]:
        return
    tx.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    if _sets(tx, 1) != [standing.parts]:
        tx.touch(_KEEP_SET, (clock.now(), msgspec.json.encode(standing.parts, order="sorted").decode()))
        remember(tx, standing.catalogue.revisions, standing.parts, standing.catalogue.own_processes)
