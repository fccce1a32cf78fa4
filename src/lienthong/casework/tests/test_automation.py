"""Straight-through decisions under guard: switch, velocity, review; and alerts that no person asked for."""

from datetime import timedelta
from typing import Any

import pytest

from lienthong.casework import automation, dossiers, journey, pauses, revisions, tasks, timers
from lienthong.casework.pauses import Item
from lienthong.casework.tests.case import POLICE, RECEIVER, Case, only_task
from lienthong.casework.tests.country import Country, in_node
from lienthong.catalogue.holdings import Register
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import recording

pytestmark = pytest.mark.usefixtures("own_clock")


def test_a_stopped_rule_and_a_rule_that_decided_too_often_leave_the_case_to_officers(country: Country) -> None:
    g01 = country.nodes["G01"]
    in_node(g01, lambda tx: automation.stop(tx, "newborn-residence@2026-09", "Trưởng công an", "diễn tập"))
    case = Case(country, 109)
    case.decide()
    assert case.states()["residence"] == "open"
    in_node(g01, lambda tx: automation.start(tx, "newborn-residence@2026-09", "Trưởng công an", "xong"))
    case.at("G01", journey.decide, POLICE, branch="residence")
    assert case.states()["residence"] == "done"
    acts = in_node(g01, lambda tx: dossiers.acts(tx, case.branch("G01", "residence").identity.code))
    unmet = [line["en"] for line in acts[2].detail["verified"] if not line["met"]]
    assert unmet == ["The automatic rule is stopped"]
    case.verify()


def test_a_wrong_decision_of_a_rule_is_drawn_found_measured_and_reversed(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "SHARE", 1.0)
    g01, rule, since = country.nodes["G01"], "newborn-residence@2026-09", clock.now()
    right, planted = Case(country, 130), Case(country, 131)
    for case in (right, planted):
        case.decide()
        assert case.states()["residence"] == "done"
    for case, verdict in ((right, True), (planted, False)):
        task = only_task(country, "G01", POLICE, "review", case.code)
        code = in_node(g01, lambda tx, t=task, v=verdict: automation.judge(g01, tx, t.id, POLICE, v, "không ở đó"))
    found = in_node(g01, lambda tx: automation.measured(tx, rule, since))
    assert (found.drawn, found.judged, found.wrong, found.share) == (2, 2, 1, 0.5)
    assert 0.09 < found.low < 0.5 < found.high < 0.91
    in_node(g01, lambda tx: revisions.annul(g01, tx, code, POLICE, "Biên bản kiểm tra 3", "false-statement"))
    country.deliver()
    assert planted.states() == {"birth": "done", "residence": "annulled", "card": "done"}
    assert right.states()["residence"] == "done"
    sql = "SELECT count(*) FROM residences WHERE household = %s AND relation = 'child'"
    assert planted.count("G01", sql, f"HK68{131:08d}") == 0
    planted.verify()


def test_a_rule_that_decides_too_often_about_one_mother_leaves_the_next_to_officers(country: Country) -> None:
    g01, number = country.nodes["G01"], 132
    mark, rule = f"birth.mother=0681950{number:05d}", "newborn-residence@2026-09"
    sql = "INSERT INTO automatic_mark (rule, mark, decided_at, dossier) VALUES (%s, %s, %s, %s)"
    for earlier in range(3):
        in_node(g01, lambda tx, e=earlier: tx.run(sql, (rule, mark, clock.now(), f"earlier-{e}")))
    case = Case(country, number)
    case.decide()
    assert case.states()["residence"] == "open"
    acts = in_node(g01, lambda tx: dossiers.acts(tx, case.branch("G01", "residence").identity.code))
    unmet = [line["en"] for line in acts[2].detail["verified"] if not line["met"]]
    assert unmet == ["No more than three children of one mother within seven months"]


def test_what_is_not_delivered_in_its_time_raises_one_alert_which_ends_with_it(country: Country) -> None:
    case = Case(country, 133)
    h36, operator = country.nodes["H36"], Officer("1", "Vận hành", (Post("operator", "68"),))
    code = case.branch().identity.code
    in_node(h36, lambda tx: pauses.supplement(h36, tx, code, RECEIVER, [Item(paper="giấy")], "missing"))
    timers.tick(h36)
    clock.shift(timedelta(minutes=11))
    timers.tick(h36)
    timers.tick(h36)

    def late() -> list[tuple[str, str]]:
        return [(t.kind, t.title) for t in in_node(h36, lambda tx: tasks.mine(tx, operator)) if t.kind == "alert"]

    assert late() == [("alert", "dossier.progress")]  # one for the kind, however many wait
    country.deliver()
    timers.tick(h36)
    assert late() == []  # it closed by itself
    assert case.parent.state.status == 5


def test_what_the_register_refuses_to_a_rule_waits_for_an_officer(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = recording.enter

    def refusing(node: Node, tx: Tx, register: Register, fields: dict[str, Any], *, by: str) -> dict[str, Any]:
        if register.register == "residences":
            raise Refused("taken-person", "another record has this person")
        return enter(node, tx, register, fields, by=by)

    monkeypatch.setattr(recording, "enter", refusing)
    case = Case(country, 134)
    case.decide()
    residence = case.branch("G01", "residence")
    assert (residence.state.waiting, residence.state.reason) == ("open", "taken-person")
    monkeypatch.setattr(recording, "enter", enter)
    case.at("G01", journey.decide, POLICE, branch="residence")
    assert case.states()["residence"] == "done"
    case.verify()
