"""Dossiers that live at random, by whatever `apply` lets happen, with the index following them."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lienthong.casework import dossiers
from lienthong.casework.acts import Act, NotPossible
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.tests.country import Country, in_node
from lienthong.exchange.node import Node
from lienthong.journal import sealer
from lienthong.kit import clock
from lienthong.kit.clock import ZONE
from lienthong.steering import index_follow, index_sums
from lienthong.steering.index_sums import Period

SERVICE = "civil-status/birth-registration"
UNITS = ("25000", "24781", "24846")
FIRST = datetime(2026, 3, 2, 8, tzinfo=ZONE)
VERBS = (
    "receive", "check", "decide", "supplement", "supply", "ask_payment", "paid", "issue", "refuse", "stop", "withdraw",
    "extend", "return", "deliver", "take", "ask_consent", "consent",
)  # fmt: skip


@pytest.fixture(scope="module")
def node(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    country = Country(node_database, Path(tmp_path_factory.mktemp("run")), ["H36"])
    yield country.nodes["H36"]
    country.close()


class Walk:
    """Dossiers that live at random, by whatever `apply` lets happen."""

    def __init__(self, node: Node, seed: int) -> None:
        self.node, self.random, self.open = node, Random(seed), list[Dossier]()
        self.service = node.catalogue.service(SERVICE)
        self.number = 0

    def file(self, tx: Any, at: datetime) -> None:
        self.number += 1
        unit, channel = self.random.choice(UNITS), self.random.choice(("online", "counter", "post"))
        code = f"H36.{unit}-{at:%y%m%d}-{self.number:04d}"
        identity = Identity(code, SERVICE, self.service.revision, "H36", "0680", at, unit, channel=channel)
        first = self.service.process.steps[0].step
        act = Act("acknowledge", at, "máy", step=first, deadline=at + timedelta(days=self.random.randint(1, 9)))
        dossier = dossiers.begin(self.service, identity, Content({}), act)
        dossiers.save(tx, dossier)
        dossier.fresh.clear()
        self.open.append(dossier)

    def move(self, tx: Any, at: datetime) -> None:
        dossier = self.random.choice(self.open)
        forward = {"pending": "issue", "collect": "deliver", "open": self.service.process.step(dossier.state.step).verb
                   if dossier.state.step else ""}.get(dossier.state.waiting, "")  # fmt: skip
        verb = forward if forward and self.random.random() < 0.5 else self.random.choice(VERBS)
        act = self._act(dossier, verb, at)
        try:
            dossiers.add(self.service, dossier, act)
        except (NotPossible, KeyError):
            return
        dossiers.save(tx, dossier)
        dossier.fresh.clear()

    def _act(self, dossier: Dossier, verb: Any, at: datetime) -> Act:
        later = at + timedelta(days=self.random.randint(-1, 6))
        deadline = later if verb in ("receive", "extend", "supply", "paid") else None
        detail: dict[str, Any] = {"officer": "068080000001", "until": at.isoformat(), "paused_hours": 1.0}
        asks: dict[str, Any] = {"items": [{"field": "x"}]} if verb == "supplement" else {}
        if verb == "ask_consent":
            asks = {"ids": ["a", "b"]}
        if verb == "consent":
            detail["consent"] = self.random.choice(("a", "b"))
        if verb == "issue" and self.random.random() < 0.5:
            detail["collect"] = True
        return Act(
            verb, at, "Ai đó", "chair", "H36", dossier.state.step, deadline=deadline, asks=asks, detail=detail,
            reason="vì thế",
        )  # fmt: skip


def seal(node: Node, at: datetime) -> None:
    with clock.at(at):
        in_node(node, sealer.seal_ready)


def follow(node: Node, entries: int = 2_000) -> None:
    while index_follow.advance(node, entries):
        pass


@pytest.fixture(scope="module")
def lived(node: Node) -> tuple[Walk, dict[date, Any]]:
    """Fifty days of dossiers; every day the sums as they were that evening. Acts of some days are stored later."""
    walk, told, kept_back = Walk(node, 7), dict[date, Any](), list[datetime]()
    for day in range(50):
        morning = FIRST + timedelta(days=day)
        with node.database.transaction() as tx:
            for minute in range(0, 300, 20):
                at = morning + timedelta(minutes=minute)
                if day < 40 and minute % 60 == 0:
                    walk.file(tx, at)
                walk.move(tx, at)
            for late in kept_back:  # slips of an offline counter: done on another day
                walk.move(tx, late)
                walk.file(tx, late)
            kept_back = [morning + timedelta(hours=6)] if day % 5 == 0 else []
        seal(node, morning + timedelta(hours=9))
        follow(node, walk.random.choice((1, 40, 2_000)))
        told[morning.date()] = grids(node, morning.date())
    return walk, told


def grids(node: Node, day: date) -> Any:
    """The month up to a day, and all the time up to it, as known that day."""
    periods = Period.of(day.replace(day=1), day), Period.of(min(day, date(2026, 3, 5)), day)
    with node.database.transaction() as tx:
        return [index_sums.grid(tx, period).cells for period in periods]
