"""Comparing without copying: exactly what differs is found, whatever else happens, and every run ends."""

import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from lienthong.registers import reconcile_runs, reconcile_wire, reconciled
from lienthong.registers.reconciling import NotFinished, Result
from lienthong.registers.tests.neighbours import FOLLOWER, OWNER, Neighbours

Found = dict[str, tuple[str, tuple[str, ...]]]
NAMES = ("Ka Wẽn", "K’ Brèo", "Nguyễn Thị Hồng", "Trần Văn A", "Y Brêô̆")


@pytest.fixture(scope="module")
def whole(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    made = Neighbours(node_database, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.close()


@pytest.fixture
def two(whole: Neighbours, monkeypatch: pytest.MonkeyPatch) -> Iterator[Neighbours]:
    """Both registers empty, nothing kept; sums may be made anew at any time."""
    monkeypatch.setattr(reconciled, "BETWEEN_COLD", timedelta(0))
    whole.reset()
    whole.empty()
    yield whole
    whole.reset()


def differing(result: Result) -> Found:
    return {one.key: (one.kind, one.fields) for one in result.found}


# ---------------------------------------------------------------------- exactly what differs


@pytest.mark.parametrize("seed", range(4))
def test_random_differences_are_found_exactly(two: Neighbours, seed: int) -> None:
    """Whatever differs, at either end, over several runs: no more and no less is found. Rows that the follower does
    not hold do not count; a form of Unicode is no difference."""
    random = Random(seed)
    some = two.fresh(random.choice((1, 40, 300)))
    facts = {n: {"full_name": random.choice(NAMES), "birth_date": f"19{random.randrange(50, 99)}-04-02"} for n in some}
    for number in some:
        two.person(number, **facts[number])
    cards = [number for number in some if random.random() < 0.8]
    for number in random.sample(cards, len(cards)):
        decomposed = {"full_name": unicodedata.normalize("NFD", facts[number]["full_name"])}
        two.card(number, **(facts[number] | (decomposed if random.random() < 0.2 else {})))
    wanted: Found = {}
    for _ in range(3):
        assert differing(two.compare()) == wanted
        for number in [n for n in cards if n not in wanted][: random.randrange(6)]:
            wanted[number] = _change(two, random, number)
    assert differing(two.compare(cold=True)) == wanted
    for number, (kind, _) in list(wanted.items()):
        if kind == "fields":
            two.amend(OWNER, number, full_name="Ka", birth_date="1990-01-01", gender="male")
            two.amend(FOLLOWER, number, full_name="Ka", birth_date="1990-01-01", gender="male")
            del wanted[number]
    assert differing(two.compare()) == wanted


def _change(two: Neighbours, random: Random, number: str) -> tuple[str, tuple[str, ...]]:
    match random.randrange(4):
        case 0:
            two.withdraw(OWNER, number)
            return "unknown", ()
        case 1:
            two.amend(FOLLOWER, number, full_name="Ai Khác")
            return "fields", ("full_name",)
        case 2:
            two.amend(OWNER, number, birth_date="2001-01-01", gender="male")
            return "fields", ("birth_date", "gender")
    two.amend(OWNER, number, full_name="Ai Khác nữa")
    return "fields", ("full_name",)


def test_whoever_is_entered_or_withdrawn_at_the_follower_counts_from_then_on(two: Neighbours) -> None:
    some = two.fresh(200)
    for number in some:
        two.person(number)
    for number in some[:50]:
        two.card(number)
    two.compare()
    for number in some[50:60]:
        two.card(number, gender="male")
    for number in some[:5]:
        two.withdraw(FOLLOWER, number)
    assert differing(two.compare()) == dict.fromkeys(some[50:60], ("fields", ("gender",)))


def test_empty_registers_do_not_differ_and_a_card_of_nobody_does(two: Neighbours) -> None:
    assert differing(two.compare()) == {}
    (nobody,) = two.fresh(1)
    two.card(nobody)
    assert differing(two.compare()) == {nobody: ("unknown", ())}


def test_where_all_must_be_held_who_is_missing_is_found(two: Neighbours) -> None:
    here, missing = two.fresh(2)
    two.both(here)
    two.person(missing)
    assert differing(two.compare()) == {}
    all_held = msgspec.structs.replace(two.follow, whole=True)
    assert differing(two.compare(follow=all_held)) == {missing: ("missing", ())}


def test_what_changed_past_the_journal_is_found_by_a_cold_run(two: Neighbours) -> None:
    some = two.fresh(20)
    for number in some:
        two.both(number)
    two.compare()
    two.run(OWNER, f"UPDATE persons SET gender = 'male' WHERE number = '{some[4]}'")
    assert differing(two.compare()) == {}
    assert differing(two.compare(cold=True)) == {some[4]: ("fields", ("gender",))}


def test_ten_differences_cost_no_more_than_their_buckets(two: Neighbours) -> None:
    some = two.fresh(400)
    for number in some:
        two.both(number)
    two.compare()
    quiet = two.compare()
    two.amend(OWNER, some[7], full_name="Ai Khác")
    one = two.compare()
    assert quiet.opened == 0
    assert quiet.bytes < 4_000
    assert one.opened == 1
    assert one.bytes < 30_000


# ---------------------------------------------------------------------- what crosses, and who may


def test_nothing_readable_crosses(two: Neighbours) -> None:
    some = two.fresh(30)
    for number in some:
        two.both(number, full_name="Tên Rất Lạ")
    two.amend(OWNER, some[0], full_name="Tên Khác")
    two.compare()
    crossed = repr(two.said)
    assert "Tên" not in crossed
    assert not any(number in crossed for number in some)


def test_the_fields_of_who_differs_are_logged_as_read(two: Neighbours) -> None:
    some = two.fresh(10)
    for number in some:
        two.both(number)
    two.amend(OWNER, some[2], full_name="Ai Khác")
    two.compare()
    sql = "SELECT subject FROM journal_entry WHERE kind = 'read' AND payload::jsonb ->> 'purpose' = 'reconciliation'"
    with two.nodes[OWNER].database.transaction() as tx:
        read = {row.subject for row in tx.all(f"{sql} AND subject = ANY(%s)", (some,))}
    assert read == {some[2]}


def test_columns_outside_the_right_are_refused(two: Neighbours) -> None:
    place = two.nodes[OWNER].catalogue
    kept = place.rights
    place.rights = [r for r in kept if r.service != reconcile_wire.SERVICE]
    try:
        with pytest.raises(NotFinished):
            two.compare()
    finally:
        place.rights = kept
    assert set(two.refusals) == {"no-right"}


def test_what_a_record_says_is_told_only_of_who_differs(two: Neighbours) -> None:
    differs, alike = two.fresh(2)
    two.both(differs)
    two.both(alike)
    two.amend(OWNER, differs, full_name="Ai Khác")
    two.work()
    assert two.told(differs) == {
        "number": differs, "full_name": "Ai Khác", "birth_date": "1995-04-02", "gender": "female",
    }  # fmt: skip
    assert two.told(alike) is None


# ---------------------------------------------------------------------- data that moves


def test_what_was_only_on_its_way_is_no_difference(two: Neighbours) -> None:
    some = two.fresh(10)
    for number in some:
        two.both(number)
    two.compare()
    two.amend(OWNER, some[1], full_name="Ka Wẽm")
    two.amend(OWNER, some[2], full_name="Ka Wẽm")
    two.sleeping = _once(lambda: two.amend(FOLLOWER, some[1], full_name="Ka Wẽm"))
    found = two.compare()
    assert differing(found) == {some[2]: ("fields", ("full_name",))}


def test_what_changes_while_it_is_compared_is_left_for_the_next_run(two: Neighbours) -> None:
    (number,) = two.fresh(1)
    two.both(number)
    two.compare()
    two.amend(OWNER, number, full_name="Một")
    two.sleeping = _once(lambda: two.amend(OWNER, number, full_name="Hai"))
    found = two.compare()
    assert differing(found) == {}
    assert found.unsettled == 1
    assert differing(two.compare()) == {number: ("fields", ("full_name",))}


def test_a_late_feed_is_waited_for_and_then_named(two: Neighbours) -> None:
    (number,) = two.fresh(1)
    two.both(number)
    two.compare()
    two.amend(OWNER, number, full_name="Một")
    two.seal()
    reached = iter([0] * 3)
    found = two.compare(reached=lambda: next(reached, 10_000))
    assert differing(found) == {number: ("fields", ("full_name",))}
    with pytest.raises(NotFinished, match="late"):
        two.compare(reached=lambda: 0, follow=msgspec.structs.replace(two.follow, fresh=0))


def _once(act: Callable[[], None]) -> Callable[[float], None]:
    acts = [act]
    return lambda seconds: acts.pop()() if acts else None


# ---------------------------------------------------------------------- runs and their tasks


def test_a_difference_is_one_task_that_closes_when_it_is_gone(two: Neighbours) -> None:
    some = two.fresh(5)
    for number in some:
        two.both(number)
    two.amend(OWNER, some[3], full_name="Ai Khác")
    first, again = two.work(), two.work()
    assert (first["differences"], again["differences"], first["fields"]) == (1, 1, {"full_name": 1})
    ((name, alert),) = two.alerts.items()
    assert some[3] not in repr(alert)
    assert alert.role == "data_steward"
    two.amend(FOLLOWER, some[3], full_name="Ai Khác")
    assert two.work()["differences"] == 0
    assert two.over[-1] == name
    assert not two.alerts


def test_very_many_differences_are_one_task(two: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_runs, "MOST_TASKS", 3)
    for number in two.fresh(4):
        two.person(number)
        two.card(number, gender="male")
    assert two.work()["differences"] == 4
    assert list(two.alerts) == ["difference/insurance_cards/many"]


# ---------------------------------------------------------------------- bad input: every run ends, and says why


@pytest.mark.parametrize(
    "rubbish",
    [
        {"differ": [99_999]}, {"differ": ["x"]}, {"differ": None}, {}, {"public": "AAAA"}, {"bits": 60, "run": "r"},
        {"differ": {"0": {"zz": 1}}}, {"differ": {"0": {"000000000000": 1}}}, {"found": []}, {"at": "soon"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", ["open", "buckets", "rows", "fields"])
def test_rubbish_ends_the_run(two: Neighbours, step: str, rubbish: dict[str, Any]) -> None:
    (number,) = two.fresh(1)
    two.both(number)
    two.amend(OWNER, number, full_name="Ai Khác")
    heard: list[str] = []

    def spoil(asked: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
        if asked["step"] != step or told.get("wait"):
            return told
        heard.append(step)
        return rubbish

    two.spoil = spoil
    ended = two.work()
    assert heard
    assert ended["state"] in ("done", "not finished")
    assert ended["state"] == "done" or ended["problem"] == "G01 answered what makes no sense"
    two.spoil = lambda asked, told: told
    assert two.work()["differences"] == 1


@pytest.mark.parametrize("step", ["open", "buckets", "held", "rows", "fields"])
def test_silence_in_the_middle_ends_the_run(two: Neighbours, step: str) -> None:
    (number,) = two.fresh(1)
    two.both(number)
    two.amend(OWNER, number, full_name="Ai Khác")
    two.spoil = lambda asked, told: None if asked["step"] == step else told
    ended = two.work()
    assert (ended["state"], ended["problem"]) == ("not finished", "G01 does not answer")
    two.spoil = lambda asked, told: told
    assert two.work()["differences"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"step": "open", "register": "births", "columns": ["number"], "of": "x", "public": ""}, "unknown-register"),
        ({"step": "open", "register": "persons", "columns": ["phone", "number"], "of": "x", "public": ""}, "malformed"),
        ({"step": "open", "register": "persons", "columns": ["number", "phone"], "of": "x", "public": ""}, "no-right"),
        (
            {"step": "open", "register": "persons", "columns": ["number", "gender"], "of": "x", "public": "AA=="},
            "malformed",
        ),
        ({"step": "buckets", "run": "another", "digests": ""}, "unknown-run"),
        ({"step": "leap"}, "malformed"),
        ({"step": "rows", "run": "RUN", "rows": {"5000": ""}}, "malformed"),
        ({"step": "rows", "run": "RUN", "rows": {"0": "AAAA"}}, "malformed"),
        ({"step": "rows", "run": "RUN", "rows": {"0": "not base64"}}, "malformed"),
        ({"step": "rows", "run": "RUN", "rows": {"0": "A" * 4 * 50_000}}, "malformed"),
        ({"step": "buckets", "run": "RUN", "digests": "AAAA"}, "malformed"),
        ({"step": "buckets", "run": "RUN", "digests": "", "groups": [9]}, "malformed"),
        ({"step": "held", "run": "RUN", "keys": {}}, "malformed"),
        ({"step": "fields", "run": "RUN", "keys": {"0": "AAAAAAAA"}, "absent": True}, "no-right"),
    ],
)
def test_malformed_steps_are_refused(two: Neighbours, body: dict[str, Any], code: str) -> None:
    two.compare()
    run = next(said["run"] for said in reversed(two.said) if "run" in said)
    two.ask({name: run if value == "RUN" else value for name, value in body.items()})
    assert two.refusals[-1:] == [code]
