"""Running dossiers under an older revision, moved to the one in force, and back: a verdict each, an act each."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from lienthong.casework import dossiers, journey, moving_revisions, pauses, telling
from lienthong.casework.moving_revisions import Plan, Run
from lienthong.casework.pauses import Item
from lienthong.casework.states import NotPossible, derive
from lienthong.casework.tests.authors import Authors
from lienthong.casework.tests.case import RECEIVER, Case
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.identity.types import Officer, Post
from lienthong.journal import entries

BIRTH = "civil-status/birth-registration"
PROCESS = f"services/{BIRTH}/process.yaml"
ADMIN = Officer("068080000010", "Nguyễn Thị Trình", (Post("process_admin", "68"),))
DECISION = "Quyết định 45/QĐ-UBND ngày 20/11/2026"


def another_table(content: Any) -> None:
    """The check is called otherwise and a land officer's; the rest is as it was."""
    check = next(step for step in content["steps"] if step["step"] == "check")
    check |= {"step": "look_through", "name": {"vi": "Xem hồ sơ", "en": "Look through"}}
    next(step for step in content["steps"] if step["step"] == "record")["refused_to"] = "look_through"


def waiting_for_a_chair(country: Country, number: int) -> Case:
    case = at_check(country, number)
    case.at("H36", journey.check, CHECKER)
    return case


def at_check(country: Country, number: int) -> Case:
    """A birth that was received and waits to be checked."""
    case = Case(country, number)
    if case.branch().state.step == "receive":
        case.at("H36", journey.receive_dossier, RECEIVER)
    return case


@pytest.fixture(scope="module", autouse=True)
def news_waits_for_nothing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(telling, "NEWS_WAITS", 0.0)
        yield


@pytest.fixture(scope="module")
def moved(country: Country) -> tuple[Country, dict[str, Case], str]:
    """Four births under the older revision, and the new one in force."""
    authors = Authors(country)
    cases = {"check": at_check(country, 31), "sign": waiting_for_a_chair(country, 32),
             "asked": at_check(country, 33), "late": at_check(country, 34)}  # fmt: skip
    cases["asked"].at("H36", pauses.supplement, CHECKER, [Item(field="child_name", text="rõ hơn")], "incomplete")
    old = country.nodes["H36"].catalogue.service(BIRTH).revision
    authors.edit(PROCESS, another_table)
    authors.publish()
    authors.reach()
    assert country.nodes["H36"].at_hand().catalogue.service(BIRTH).revision != old
    return country, cases, old


def plan(country: Country, old: str, **more: Any) -> Plan:
    return Plan(BIRTH, old, country.nodes["H36"].catalogue.service(BIRTH).revision, **more)


def verdicts(country: Country, made: Plan) -> dict[str, str]:
    node = country.nodes["H36"]
    return in_node(node, lambda tx: {one.code: one.verdict for one in moving_revisions.dry_run(node, tx, made)})


def everything(country: Country) -> Any:
    """What a dry run may not touch."""
    tables = ("journal_entry", "revision_run", "revision_run_dossier", "outbox", "task")
    node = country.nodes["H36"]
    rows = in_node(node, lambda tx: tx.all("SELECT code, revision, acts, chain FROM dossier ORDER BY code"))
    return [in_node(node, lambda tx, t=table: tx.value(f"SELECT count(*) FROM {t}")) for table in tables], rows


def run_through(country: Country) -> None:
    node = country.nodes["H36"]
    while moving_revisions.work(node, 2):
        pass
    country.deliver()


def results(country: Country, run: Run) -> dict[str, str]:
    node = country.nodes["H36"]
    return {row.code: row.result for row in in_node(node, lambda tx: moving_revisions.lines(tx, run.id))}


def holds(country: Country, case: Case) -> None:
    """The row is what the acts amount to, under the revisions in which they were done; the chain verifies."""
    node, found = country.nodes["H36"], case.branch()
    with node.database.transaction() as tx:
        acts = dossiers.acts(tx, found.identity.code)
        service = node.catalogue.service(BIRTH, found.identity.revision)
        assert derive(service, acts, partial(node.catalogue.service, BIRTH)) == found.state
        entries.verify_stream(tx, found.identity.stream, found.chain)


def test_a_dry_run_says_for_each_what_would_become_of_it_and_writes_nothing(moved: Any) -> None:
    country, cases, old = moved
    before = everything(country)
    code = {name: case.branch().identity.code for name, case in cases.items()}
    found = verdicts(country, plan(country, old))
    assert found == {
        code["check"]: "step-gone",
        code["sign"]: "as-is",
        code["asked"]: "step-gone",
        code["late"]: "step-gone",
    }
    mapped = verdicts(country, plan(country, old, steps={"check": "look_through"}))
    assert mapped == {
        code["check"]: "elsewhere",
        code["sign"]: "as-is",
        code["asked"]: "elsewhere",
        code["late"]: "elsewhere",
    }
    assert set(verdicts(country, plan(country, old, steps={"check": "receive"})).values()) == {"reception", "as-is"}
    assert verdicts(country, plan(country, old, steps={"check": "record"}))[code["check"]] == "not-by-people"
    assert verdicts(country, Plan(BIRTH, "0" * 64, plan(country, old).to_revision)) == {}
    assert everything(country) == before


def test_a_run_moves_each_by_its_own_act_and_tells_apart_what_changed_meanwhile(moved: Any) -> None:
    country, cases, old = moved
    node = country.nodes["H36"]
    made = plan(country, old, steps={"check": "look_through"})
    with pytest.raises(PermissionError):
        in_node(node, lambda tx: moving_revisions.keep(node, tx, CHAIR, made, DECISION))
    with pytest.raises(ValueError, match="required"):
        in_node(node, lambda tx: moving_revisions.keep(node, tx, ADMIN, made, " "))
    run = in_node(node, lambda tx: moving_revisions.keep(node, tx, ADMIN, made, DECISION))
    cases["late"].at("H36", journey.check, CHECKER)  # between the dry run and the run
    in_node(node, lambda tx: moving_revisions.begin(tx, run.id, ADMIN))
    with pytest.raises(NotPossible):
        in_node(node, lambda tx: moving_revisions.begin(tx, run.id, ADMIN))
    before = {name: case.branch() for name, case in cases.items()}
    run_through(country)
    found = results(country, run)
    assert {name: found[case.branch().identity.code] for name, case in cases.items()} == {
        "check": "moved", "sign": "moved", "asked": "moved", "late": "changed",
    }  # fmt: skip
    check, sign, asked = (cases[name].branch() for name in ("check", "sign", "asked"))
    assert (check.state.step, sign.state.step, asked.state.step) == ("look_through", "sign", "look_through")
    assert asked.state.waiting == "applicant"
    assert asked.state.due == before["asked"].state.due
    assert check.state.deadline == before["check"].state.deadline
    assert cases["late"].branch().identity.revision == old
    assert cases["check"].parent.state.branches["birth"].revision == made.to_revision
    told = [act for act in _acts(country, check.identity.code) if act.verb == "move"]
    assert [(act.rule, act.actor, act.step, act.to) for act in told] == [
        (DECISION, ADMIN.name, "check", "look_through")
    ]
    for case in cases.values():
        holds(country, case)


def test_who_waits_answers_under_the_new_revision_and_officers_go_on(moved: Any) -> None:
    country, cases, _old = moved
    cases["sign"].at("H36", journey.decide, CHAIR)
    assert cases["sign"].states()["birth"] == "done"
    holds(country, cases["sign"])
    cases["sign"].verify()


def test_a_run_is_taken_back_where_nobody_acted_since(moved: Any) -> None:
    country, cases, old = moved
    node = country.nodes["H36"]
    (run,) = in_node(node, moving_revisions.runs)
    in_node(node, lambda tx: moving_revisions.take_back(tx, run.id, ADMIN))
    run_through(country)
    found = results(country, run)
    assert {name: found[case.branch().identity.code] for name, case in cases.items()} == {
        "check": "back", "sign": "acted-since", "asked": "back", "late": "changed",
    }  # fmt: skip
    for name in ("check", "asked"):
        again = cases[name].branch()
        assert (again.identity.revision, again.state.step) == (old, "check")
        holds(country, cases[name])
    assert cases["check"].parent.state.branches["birth"].revision == old
    assert in_node(node, lambda tx: moving_revisions.load(tx, run.id)).state == "taken_back"
    cases["check"].at("H36", journey.check, CHECKER)
    holds(country, cases["check"])


def test_only_the_promised_time_moves_and_never_later(moved: Any) -> None:
    country, cases, old = moved
    node = country.nodes["H36"]
    same = verdicts(country, plan(country, old, kind="deadline"))
    assert set(same.values()) <= {"not-earlier", "pending"}, "the limit is the same, so no time moves"
    found = cases["asked"].branch()
    shorter = moving_revisions.Judge(
        node, None, plan(country, old, kind="deadline"), None, node.catalogue.service(BIRTH)
    )  # type: ignore[arg-type]
    assert shorter.of(found, {}).verdict == "rule-missing"


def _acts(country: Country, code: str) -> list[Any]:
    return in_node(country.nodes["H36"], lambda tx: dossiers.acts(tx, code))
