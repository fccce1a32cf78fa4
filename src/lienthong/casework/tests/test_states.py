"""What acts amount to: whatever is tried in whatever order, the stored state is what the history says."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.casework import dossiers, operation
from lienthong.casework.dossiers import Content, Identity
from lienthong.casework.rules import source_hashes
from lienthong.casework.states import (
    FINAL,
    RETURNED,
    Act,
    NotPossible,
    State,
    Verb,
    Waiting,
    apply,
    derive,
    held_by_another,
)
from lienthong.casework.words import STATES
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.shapes import Service
from lienthong.config.state import HOME
from lienthong.journal.entries import verify_stream
from lienthong.kit.clock import ZONE
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Database

PORTAL = load(HOME / "catalogue", "portal", source_hashes())
LINKED = PORTAL.service("interlinked/birth-residence-card")
BIRTH = PORTAL.service("civil-status/birth-registration")
RESIDENCE = PORTAL.service("residence/newborn-residence")
NODES = {"nodes": {"birth": "H36", "residence": "G01", "card": "BHXH"}}
START = datetime(2026, 11, 20, 9, tzinfo=ZONE)
LATER = (START + timedelta(days=30)).isoformat()
ASKED = {"role": "police", "asked_at": START.isoformat(), "due": LATER}
OUTLOOKS = st.fixed_dictionaries(
    {"state": st.sampled_from(["open", "pending", "applicant", "consent", "correction", "done", "refused", "stopped"])},
    optional={"code": st.just("H36.001-261120-0001"), "status": st.sampled_from([1, 2, 4, 5])},
)
VERBS = [verb for verb in get_args(Verb) if verb not in ("submit", "acknowledge")]


def first(service: Service) -> Act:
    verb: Verb = "submit" if service is LINKED else "acknowledge"
    return Act(verb, START, "068195001234", deadline=START + timedelta(days=1), detail=NODES)


def acts(service: Service) -> st.SearchStrategy[list[Act]]:
    """Acts that may fit or not: real verbs, steps and branches, and some that are not there."""
    steps = [step.step for step in service.process.steps] + ["", "elsewhere"]
    branches = [branch.branch for branch in service.branches] + ["", "death"]
    built = st.builds(
        lambda verb, step, branch, outlook, minutes: Act(
            verb,
            START + timedelta(minutes=minutes),
            "x",
            step=step,
            branch=branch,
            outlook=outlook,
            asks={"ids": ["father"], "opinions": {"police": ASKED}},
            detail={
                "consent": "father",
                "officer": branch or "a",
                "until": LATER,
                "opinion": "police",
                "state": "given",
                "collect": minutes % 2,
                "to_revision": service.revision,
            },
        ),
        st.sampled_from(VERBS),
        st.sampled_from(steps),
        st.sampled_from(branches),
        OUTLOOKS,
        st.integers(1, 10_000),
    )
    return st.lists(built, max_size=12)


def live(service: Service, tried: list[Act]) -> tuple[State, list[Act]]:
    """Try acts one after the other; the state in the end, and those that were possible."""
    opening = first(service)
    state, done = apply(service, None, opening), [opening]
    for act in tried:
        try:
            state = apply(service, state, act)
        except NotPossible:
            continue
        done.append(act)
    return state, done


@pytest.mark.parametrize("service", [LINKED, BIRTH, RESIDENCE], ids=lambda service: service.slug)
def test_no_sequence_of_acts_leaves_the_ways_of_the_process(service: Service) -> None:
    @settings(deadline=None, max_examples=60, database=None)
    @given(acts(service))
    def holds(tried: list[Act]) -> None:
        state, done = live(service, tried)
        assert derive(service, done) == state
        assert state.status in STATES
        assert (state.waiting in ("", "collect")) == (state.step == "")
        if not state.waiting:
            assert state.status in FINAL
        elif state.waiting == "open":
            step = service.process.step(state.step)
            assert step.verb in ("receive", "check", "consult", "decide")
            assert state.role == step.role
        assert (state.paused_at is not None) == (state.waiting in ("applicant", "consent", "correction", "payment"))
        assert state.supplements <= 2
        assert not (state.holder and state.waiting in ("", "collect", "transit"))
        assert set(state.branches) == (set(NODES["nodes"]) if service is LINKED else set())

    holds()


@pytest.mark.parametrize("service", [BIRTH, RESIDENCE], ids=lambda service: service.slug)
def test_a_dossier_that_has_ended_moves_no_more_but_for_what_revises_its_result(service: Service) -> None:
    @settings(deadline=None, max_examples=40, database=None)
    @given(acts(service), acts(service))
    def holds(tried: list[Act], later: list[Act]) -> None:
        state, _ = live(service, tried)
        if state.status in FINAL and not state.waiting:
            revising = {"correct", "annul"} if state.status == RETURNED else set()
            for act in later:
                if act.verb not in revising:
                    with pytest.raises(NotPossible):
                        apply(service, state, act)

    holds()


def test_the_straight_way_of_a_birth() -> None:
    state, done = live(
        BIRTH,
        [
            Act("receive", START, "Trần Thị Nhận", step="receive"),
            Act("check", START, "Lê Thị Kiểm", step="check"),
            Act("decide", START, "K’ Brèo", step="sign"),
            Act("reopen", START, "máy", reason="taken-notice"),
            Act("check", START, "Lê Thị Kiểm", step="check"),
            Act("return", START, "K’ Brèo", step="sign", reason="look-again"),
            Act("check", START, "Lê Thị Kiểm", step="check"),
            Act("decide", START, "K’ Brèo", step="sign"),
            Act("issue", START, "máy"),
        ],
    )
    assert (state.status, state.step, state.waiting) == (10, "", "")
    assert len(done) == 10


def test_a_refusal_ends_the_dossier_with_its_reason() -> None:
    state, _ = live(BIRTH, [Act("refuse", START, "K’ Brèo", step="receive", reason="not-competent")])
    assert (state.status, state.reason) == (3, "not-competent")


def test_an_officer_who_comes_second_is_told() -> None:
    state, _ = live(BIRTH, [Act("receive", START, "zero"), Act("check", START, "one", step="check")])
    with pytest.raises(NotPossible):
        apply(BIRTH, state, Act("check", START, "two", step="check"))


def test_what_is_asked_for_stops_the_clock_and_is_not_asked_a_third_time() -> None:
    acts = [
        Act("receive", START, "x", deadline=START + timedelta(days=1)),
        Act("supplement", START + timedelta(hours=1), "x", step="check", asks={"kind": "supplement"}),
    ]
    state, _ = live(BIRTH, acts)
    assert (state.status, state.waiting, state.paused_at) == (5, "applicant", START + timedelta(hours=1))
    later = START + timedelta(days=2)
    state = apply(BIRTH, state, Act("supply", later, "máy", deadline=later, detail={"paused_hours": 9.5}))
    assert (state.status, state.step, state.paused_hours, state.deadline) == (4, "check", 9.5, later)
    state = apply(BIRTH, state, Act("supplement", later, "x", step="check"))
    state = apply(BIRTH, state, Act("supply", later, "máy"))
    assert state.supplements == 2
    with pytest.raises(NotPossible, match="once"):
        apply(BIRTH, state, Act("supplement", later, "x", step="check"))


def on_desk(*acts: Act) -> State:
    """A birth at its check, and what was done then."""
    return live(BIRTH, [Act("receive", START, "x"), *acts])[0]


def test_who_takes_it_has_it_for_a_time_and_not_after_it_moved() -> None:
    take = {"officer": "068195001234", "until": (START + timedelta(hours=8)).isoformat()}
    state = on_desk(Act("take", START, "Lê Thị Kiểm", step="check", detail=take))
    assert held_by_another(state, "068195009999", START + timedelta(hours=7))
    assert not held_by_another(state, "068195009999", START + timedelta(hours=8))
    assert not held_by_another(state, "068195001234", START)
    with pytest.raises(NotPossible, match="Lê Thị Kiểm"):
        apply(BIRTH, state, Act("take", START, "y", step="check", detail={**take, "officer": "068195009999"}))
    assert apply(BIRTH, state, Act("check", START, "x", step="check")).holder == ""


def test_it_goes_on_when_every_opinion_came_and_silence_has_its_effect() -> None:
    asked = {"opinions": {"a": ASKED, "b": {**ASKED, "silence": "escalate"}}}
    state = on_desk(Act("consult", START, "x", step="check", asks=asked))
    assert (state.waiting, state.paused_at) == ("opinion", None)
    state = apply(BIRTH, state, Act("opinion", START, "máy", detail={"opinion": "a", "state": "silent"}))
    state = apply(BIRTH, state, Act("opinion", START, "máy", detail={"opinion": "b", "state": "silent"}))
    assert state.waiting == "opinion", "whose silence is escalated must still answer"
    heard = Act("opinion", START, "y", detail={"opinion": "b", "state": "given", "agrees": True, "answer": "được"})
    state = apply(BIRTH, state, heard)
    assert (state.waiting, state.step, state.opinions["b"].answer) == ("open", "check", "được")
    with pytest.raises(NotPossible):
        apply(BIRTH, state, heard)


def test_a_promised_time_is_moved_once() -> None:
    later = START + timedelta(days=3)
    state = on_desk(Act("extend", START, "x", step="check", deadline=later))
    assert (state.deadline, state.extended) == (later, True)
    with pytest.raises(NotPossible, match="once"):
        apply(BIRTH, state, Act("extend", START, "x", step="check", deadline=later))


def test_a_result_to_be_collected_is_processed_and_then_returned() -> None:
    signed = [Act("check", START, "x", step="check"), Act("decide", START, "x", step="sign")]
    state = on_desk(*signed, Act("issue", START, "máy", detail={"collect": "counter"}))
    assert (state.status, state.waiting, state.step) == (9, "collect", "")
    with pytest.raises(NotPossible):
        apply(BIRTH, state, Act("withdraw", START, "x"))
    assert apply(BIRTH, state, Act("deliver", START, "x")).status == 10


def test_an_annulled_result_ends_stopped_and_one_the_register_would_not_withdraw_stands() -> None:
    way = [Act("receive", START, "x"), Act("check", START, "x", step="check"), Act("decide", START, "x", step="sign")]
    state, _ = live(BIRTH, [*way, Act("issue", START, "máy"), Act("annul", START, "x", reason="false-statement")])
    assert (state.status, state.waiting, state.step) == (10, "pending", "record")
    assert apply(BIRTH, state, Act("annulled", START, "máy", reason="annulled")).status == 8
    assert apply(BIRTH, state, Act("upheld", START, "máy", reason="waiting")).status == 10


def test_a_refused_birth_stops_what_was_to_follow_and_ends_the_parent() -> None:
    state, _ = live(LINKED, [Act("progress", START, "H36", branch="birth", outlook={"state": "refused"})])
    assert {name: branch.state for name, branch in state.branches.items()} == {
        "birth": "refused", "residence": "stopped", "card": "stopped",
    }  # fmt: skip
    assert state.branches["card"].reason == "before-refused"
    assert state.status == 3


def test_a_parent_with_one_result_in_the_end_has_a_result() -> None:
    told = [("birth", "done"), ("residence", "refused"), ("card", "done")]
    state, _ = live(LINKED, [Act("progress", START, "x", branch=b, outlook={"state": s}) for b, s in told])
    assert state.status == 10


def test_history_begins_once_and_with_something() -> None:
    with pytest.raises(ValueError, match="at least one"):
        derive(BIRTH, [])
    with pytest.raises(NotPossible):
        apply(BIRTH, None, Act("check", START, "x", step="check"))


# as stored


@pytest.fixture(scope="module")
def database(node_database: Callable[[str], Any]) -> Iterator[Database]:
    made = Database(node_database("portal").run)
    yield made
    made.close()


STORED = {service.slug: service for service in (LINKED, BIRTH)}


@settings(deadline=None, max_examples=15, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tried=st.sampled_from(sorted(STORED)).flatmap(lambda slug: st.tuples(st.just(slug), acts(STORED[slug]))))
def test_what_is_stored_is_what_the_acts_amount_to_and_its_chain_verifies(
    database: Database, tried: tuple[str, list[Act]]
) -> None:
    service, wanted = STORED[tried[0]], tried[1]
    code = new_id()
    identity = Identity(code, service.slug, service.revision, "H36", "068195001234", START, about=new_id())
    with database.transaction() as tx:
        dossier = dossiers.begin(service, identity, Content({"a": "b"}), first(service))
        for act in wanted:
            with suppress(NotPossible):
                dossiers.add(service, dossier, act)
        dossiers.save(tx, dossier)
    with database.transaction() as tx:
        stored = dossiers.load(tx, code)
        assert stored is not None
        assert (stored.identity, stored.state, stored.acts) == (identity, dossier.state, dossier.acts)
        assert derive(service, dossiers.acts(tx, code)) == stored.state
        assert verify_stream(tx, f"dossier/{code}", stored.chain) == stored.acts


def test_an_operator_is_told_what_happens_next_however_a_dossier_waits() -> None:
    assert set(operation.NEXT) == set(get_args(Waiting)) - {"", "collect"}
