"""Six kinds of gaming planted among honest dossiers: each found, and next to nobody else asked about."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lienthong.casework import dossiers
from lienthong.casework.acts import Act
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.tests.country import Country, in_node
from lienthong.demo import history, history_load, history_rows
from lienthong.demo.history import Archive
from lienthong.demo.history_forms import People
from lienthong.demo.history_pace import Figures
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE
from lienthong.steering import index_full, index_gaming

SINCE, UNTIL = date(2026, 7, 6), datetime(2026, 11, 16, 17, tzinfo=ZONE)
SERVICE = "civil-status/marital-status"
MONDAY = datetime(2026, 9, 7, 8, tzinfo=ZONE)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TIMES = 8  # how often each planted officer does it


@pytest.fixture(scope="module")
def node(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    country = Country(node_database, Path(tmp_path_factory.mktemp("run")), ["H36"])
    yield country.nodes["H36"]
    country.close()


def archive(node: Node) -> Archive:
    units = node.territory.units()[:20]
    steps = [step for one in node.catalogue.services.values() for step in one.process.steps]
    roles = sorted({role for step in steps for role in (step.role, *(one.role for one in step.asks)) if role})
    posts = [
        (f"068{place:04d}{number:05d}", f"Cán bộ {number}", role, unit.code)
        for place, unit in enumerate(units)
        for number, role in enumerate([*roles, *roles])
    ]
    return Archive(node.catalogue, node.territory, posts, People(node.territory, node.catalogue.terms), units=units)


@dataclass
class Planter:
    """Makes the dossiers of officers who game, in units of their own kind's number."""

    node: Node
    made: list[Dossier]
    by_kind: dict[str, set[str]]

    def dossier(self, kind: str, came: datetime, channel: str = "counter", **more: str) -> Dossier:
        service = self.node.catalogue.service(SERVICE)
        unit = self.node.territory.units()[index_gaming.KINDS.index(kind)].code
        number = len(self.made) + 1
        applicant = more.pop("applicant", f"0991{number:08d}")
        identity = Identity(
            f"H36.GAME-{came:%y%m%d}-{number:04d}", SERVICE, service.revision, "H36", applicant, came, unit,
            channel=channel, **more,
        )  # fmt: skip
        first = Act("acknowledge", came, "máy", step=service.process.steps[0].step, deadline=came + 3 * DAY)
        self.made.append(dossiers.begin(service, identity, Content({}), first))
        self.by_kind.setdefault(kind, set()).add(identity.code)
        return self.made[-1]

    def do(self, dossier: Dossier, verb: Any, at: datetime, officer: str, **more: Any) -> None:
        service, step = self.node.catalogue.service(SERVICE), dossier.state.step
        detail = {"officer": officer} if officer else {}
        if verb == "receive":
            more.setdefault("deadline", dossier.state.deadline)
        dossiers.add(service, dossier, Act(verb, at, "Ai đó", "chair", "H36", step, detail=detail, **more))

    def finish(self, dossier: Dossier, at: datetime, officer: str) -> None:
        """Through every step that is left, at one moment."""
        while dossier.state.waiting in ("open", "pending"):
            verb = dossier.state.waiting == "pending" and "issue"
            service = self.node.catalogue.service(SERVICE)
            self.do(dossier, verb or service.process.step(dossier.state.step).verb, at, officer if not verb else "")


def plant(node: Node, posts: Sequence[history.Post]) -> Planter:
    planter = Planter(node, [], {})
    for number in range(TIMES):
        when = MONDAY + number * DAY + (number // 5) * 2 * DAY
        ended_and_filed_again(planter, when)
        one = planter.dossier("received_when_done", when)
        planter.do(one, "receive", when + 3 * HOUR + number * MINUTE, "game-b")
        planter.finish(one, when + 3 * HOUR + (number + 9) * MINUTE, "game-b")
        one = planter.dossier("bursts", MONDAY + 13 * HOUR + number * MINUTE)  # nine in the evening
        planter.do(one, "receive", MONDAY + 13 * HOUR + (number + 1) * MINUTE, "game-c")
        planter.finish(one, MONDAY + 13 * HOUR + (number + 2) * MINUTE, "game-c")
        one = planter.dossier("clock_stopped", when)
        planter.do(one, "receive", when + HOUR, "honest", deadline=when + 3 * DAY)
        planter.do(one, "supplement", when + 3 * DAY - HOUR, "game-d", reason="Hồ sơ chưa rõ",
                   asks={"items": [{"field": "x"}]})  # fmt: skip
        one = planter.dossier("promise_moved", when)
        planter.do(one, "receive", when + HOUR, "honest", deadline=when + 3 * DAY)
        planter.do(one, "extend", when + 4 * DAY, "game-e", deadline=when + 9 * DAY)
        planter.finish(one, when + 5 * DAY, "game-e")
        one = planter.dossier("filed_for", when, "online", filed_by=posts[0][0])
        planter.do(one, "receive", when + HOUR, "honest")
        planter.finish(one, when + 2 * DAY, "honest-too")
    return planter


def ended_and_filed_again(planter: Planter, when: datetime) -> None:
    one = planter.dossier("ended_and_filed_again", when)
    planter.do(one, "receive", when + HOUR, "honest", deadline=when + 3 * DAY)
    planter.do(one, "stop", when + 3 * DAY - 2 * HOUR, "game-a", reason="Theo yêu cầu")
    again = planter.dossier("ended_and_filed_again", when + 4 * DAY, applicant=one.identity.applicant)
    planter.by_kind["ended_and_filed_again"].remove(again.identity.code)  # the second is dealt with as it should be
    planter.do(again, "receive", when + 4 * DAY + HOUR, "honest", deadline=when + 7 * DAY)
    planter.finish(again, when + 6 * DAY, "honest-too")


def store(node_database: Callable[[str], Any], node: Node, made: Sequence[Dossier], *, lived: bool) -> None:
    with psycopg.connect(node_database("H36").owner) as link:
        if lived:
            link.execute(history_load._LIVED)
        history_rows.copy(link, history_rows.rows(node.catalogue, made))


def counted(node: Node, node_database: Callable[[str], Any], honest: int) -> tuple[Planter, set[str]]:
    """Honest and planted dossiers in the index; the planter, and the codes of the honest."""
    past = archive(node)
    with psycopg.connect(node_database("H36").owner) as link:
        link.cursor().executemany(
            "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, '2025-07-01')", past.posts
        )
    codes = set[str]()
    for day in history.made(past, Figures(honest, SINCE, UNTIL)):
        codes |= {one.identity.code for one in day}
        store(node_database, node, day, lived=True)
    planter = plant(node, past.posts)
    store(node_database, node, planter.made, lived=True)
    store(node_database, node, [late_stored(planter)], lived=False)
    history_load.seal(node_database("H36").run)
    in_node(
        node,
        lambda tx: tx.touch("UPDATE index_state SET position = (SELECT max(first_position + count - 1) FROM seal)"),
    )
    index_full.recompute(node, processes=2)
    return planter, codes


def late_stored(planter: Planter) -> Dossier:
    """Said to be finished in time, stored after the promised day."""
    one = planter.dossier("promise_moved", MONDAY)
    planter.do(one, "receive", MONDAY + HOUR, "honest")
    planter.finish(one, MONDAY + 2 * DAY, "game-e")
    return planter.made.pop()


def judge(node: Node, planter: Planter, honest: set[str]) -> tuple[dict[str, float], float]:
    """The share of each kind that is found as that kind, and of the honest that anybody is asked about."""
    signs = in_node(node, lambda tx: index_gaming.signs(tx, SINCE, UNTIL.date()))
    found = {kind: {code for one in signs if one.kind == kind for code in one.codes} for kind in index_gaming.KINDS}
    shares = {kind: len(codes & found[kind]) / len(codes) for kind, codes in planter.by_kind.items()}
    return shares, len(set().union(*found.values()) & honest) / len(honest)


def test_planted_gaming_is_found(node: Node, node_database: Callable[[str], Any]) -> None:
    planter, honest = counted(node, node_database, 1_000)
    shares, false = judge(node, planter, honest)
    assert set(shares) == set(index_gaming.KINDS)
    assert min(shares.values()) >= 0.9, shares
    assert false <= 0.01


@pytest.mark.long
def test_at_most_one_honest_dossier_in_a_hundred_is_asked_about(
    node_database: Callable[[str], Any], tmp_path: Path
) -> None:
    """Twenty thousand and more."""
    country = Country(node_database, tmp_path, ["H36"])
    planter, honest = counted(country.nodes["H36"], node_database, 24_000)
    shares, false = judge(country.nodes["H36"], planter, honest)
    country.close()
    assert len(honest) >= 20_000
    assert min(shares.values()) >= 0.9, shares
    assert false <= 0.01, false
