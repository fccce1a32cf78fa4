"""How far a question opens a register's records: what its rights give to the way by which it came to each.

`own` is who stands behind the question and whom their records lead to; `named` is a person told by two attributes. A
right that demands evidence opens its fields only with it; a person who is merely named in such a case counts against
the low rate of `without`, and some of these reads are drawn for the owner's reviewers. Without evidence a named person
is opened as far as `without` says. A right that demands none opens its fields on either way. What came by no way is not
opened at all.
"""

import hashlib
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lienthong.catalogue.holdings import Register, Right, Without
from lienthong.catalogue.shapes import Words
from lienthong.exchange.envelopes import Header, Refused
from lienthong.exchange.evidence import Proof, Reached
from lienthong.exchange.node import Alert, Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

REVIEWER = "data_steward"
DRAWN = 20  # one in so many reads without evidence, beside the first of a day
_NARROW = Without()

Path = Reached | None


@dataclass
class Rights:
    """The rights of one question to one register, and how often each was used."""

    asker: str
    rights: list[Right]
    proof: Proof
    uses: "Counter[tuple[Hashable, int]]" = field(default_factory=Counter)
    narrow: bool = False

    def fields(self, way: Path) -> frozenset[str]:
        """The fields that are opened to who came by this way."""
        if way is None:
            return frozenset()
        return frozenset(name for right in self.rights for name in self._opened(right, way))

    def _opened(self, right: Right, way: Reached) -> list[str]:
        if way.hops > right.reach:
            return []
        if not right.evidence or right.evidence in self.proof.kinds:
            return right.fields
        return right.without.fields if right.without else []

    def used(self, way: Path) -> None:
        """Count a look-up that came by this way, whether it found anything or not."""
        for right in self.rights:
            name = (self.asker, right.service, right.purpose, right.register)
            self.uses[name, right.per_minute] += 1
            if right.evidence and not (way and way.way == "own" and right.evidence in self.proof.kinds):
                narrow = right.without or _NARROW
                self.uses[(*name, "narrow"), narrow.per_minute] += 1
                self.narrow = self.narrow or (way is not None and narrow.review)


class Opening:
    """One question's rights, and the people it has been led to so far."""

    def __init__(self, node: Node, header: Header, proof: Proof) -> None:
        self._node, self._header, self._proof = node, header, proof
        self._rights: dict[str, Rights] = {}
        self._reached: dict[str, Reached] = {}
        self._granted = node.catalogue.granted(header.sender, header.service, header.purpose, clock.today())

    def rights(self, register: str) -> Rights:
        """Raises Refused (no-right) when there is none to this register."""
        if register not in self._rights:
            found = [right for right in self._granted if right.register == register]
            if not any(right.fields for right in found):
                raise Refused("no-right", f"{self._header.sender} may not read {register} for {self._header.purpose}")
            self._rights[register] = Rights(self._header.sender, found, self._proof)
        return self._rights[register]

    def known(self, person: str) -> Path:
        """The way to a person whom evidence or an earlier item led to."""
        return _better(self._reached.get(person), self._proof.reaches(person))

    def best(self, path: Path, register: Register, row: Mapping[str, Any], *, matched: bool) -> Path:
        """The best way to a record: the question's own, its people's, or two attributes."""
        way = path
        for person in register.whom([row]):
            way = _better(way, self.known(person))
        return _better(way, Reached("named")) if matched else way

    def leads_on(self, register: Register, shown: Mapping[str, Any], row: Mapping[str, Any], way: Path) -> None:
        """From an opened record the question may go on to whom it is about, and to whom it shows."""
        assert way is not None, "only opened records lead on"
        about = register.whom([row])
        for person in about:
            self._reached[person] = _better(self._reached.get(person), way) or way
        for name, value in shown.items():
            term = self._node.catalogue.terms[register.fields[name].term]
            if value and term.type == "person" and value not in about:
                further = Reached(way.way, way.hops + 1)
                self._reached[value] = _better(self._reached.get(value), further) or further

    def others(self) -> dict[str, Reached]:
        """Whom the evidence led to beside those it names; nobody where there was none, or where no right leads on."""
        if not self._proof.kinds or not any(right.reach for right in self._granted):
            return {}
        return {person: way for person, way in self._reached.items() if person not in self._proof.people}

    def settle(self, tx: Tx, registers: tuple[str, ...]) -> None:
        """Count what was used, and have a reviewer look at some of what was opened without evidence. Raises TooMany."""
        uses: Counter[tuple[Hashable, int]] = Counter()
        for rights in self._rights.values():
            uses.update(rights.uses)
        self._node.quotas.take(uses)
        if registers and any(rights.narrow for rights in self._rights.values()):
            self._draw(tx, registers)

    def _draw(self, tx: Tx, registers: tuple[str, ...]) -> None:
        """The first such read of a day, and then one in twenty, at most one an hour: by asker and purpose."""
        header, now = self._header, clock.now()
        about = f"review/{header.sender}/{header.purpose}/{now:%Y-%m-%d}"
        drawn = int(hashlib.sha256(header.id.encode()).hexdigest(), 16) % DRAWN == 0
        detail = {
            "asker": header.sender,
            "purpose": header.purpose,
            "case": header.case,
            "request": header.id,
            "registers": sorted(set(registers)),
            "roles": header.officer.split()[1:],
        }
        title = Words("Tra cứu không kèm căn cứ của vụ việc", "A look-up without evidence of its case")
        for cause in {about, f"{about}/{now:%H}" if drawn else about} - self._node.quotas.seen:
            self._node.on_alert(self._node, tx, Alert("review_read", cause, title, REVIEWER, detail, due_hours=24))
            tx.after_commit(partial(self._node.quotas.seen.add, cause))


def _better(one: Path, other: Path) -> Path:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda way: way.rank)
