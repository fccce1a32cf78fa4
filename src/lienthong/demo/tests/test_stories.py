"""The families of the sign-in page: each there, and as its story says, in every register that knows of it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lienthong.demo import cases, rows, stories
from lienthong.demo.names import Names, without_accents
from lienthong.demo.plan import Plan
from lienthong.demo.population import Commune
from lienthong.demo.types import Batch, Case
from lienthong.registers.same_birth import SHORTEST, registered_before
from lienthong.territory.units import Territory

TODAY = date(2026, 11, 21)
TERRITORY = Territory.load(Path(__file__).parents[4] / "catalogue" / "territory")
STORIES = {story.story: story for story in cases.STORIES}


def made() -> Iterator[tuple[Batch, dict[tuple[str, str], list[Any]]]]:
    plan = Plan(people=20_000, seed=6, today=TODAY, territory=TERRITORY, names=Names.load())
    for place, unit, count in plan.shares():
        if unit.code in cases.UNITS:
            commune = Commune(plan, place, unit)
            for batch in commune.batches(count):
                facility = TERRITORY.nearest_facility(unit.code)
                yield batch, rows.rows(batch, commune=commune, facility=facility, sign=None)


@pytest.fixture(scope="module")
def tour() -> list[tuple[Batch, dict[tuple[str, str], list[Any]]]]:
    return list(made())


@pytest.fixture(scope="module")
def told(tour: list[tuple[Batch, Any]]) -> dict[str, Case]:
    return {case.story: case for batch, _ in tour for case in batch.cases}


@pytest.fixture(scope="module")
def table(tour: list[tuple[Batch, dict[tuple[str, str], list[Any]]]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for _, registers in tour:
        for (node, name), these in registers.items():
            found.setdefault(name, []).extend(dict(zip(rows.COLUMNS[node, name], row, strict=True)) for row in these)
    return found


def of(table: dict[str, list[dict[str, Any]]], register: str, column: str, value: str) -> list[dict[str, Any]]:
    return [row for row in table[register] if row[column] == value]


def test_every_story_has_a_family_of_its_own(told: dict[str, Case]) -> None:
    assert set(told) == set(STORIES)
    assert len({case.mother.number for case in told.values()}) == len(told)


def test_the_page_is_short_names_each_story_in_both_languages_and_who_helps(tour: list[tuple[Batch, Any]]) -> None:
    parents = [parent for batch, _ in tour for parent in stories.parents(batch)]
    posts = [post for batch, _ in tour for post in stories.posts(batch)]
    offered = stories.choose(parents, posts, TERRITORY)
    shown = [one for one in offered if one.role == "parent"]
    assert len(shown) == len([story for story in STORIES.values() if story.who in ("mother", "father")])
    assert len(offered) <= 55
    assert len({one.number for one in offered}) == len(offered)
    assert [one.position for one in offered] == list(range(1, len(offered) + 1))
    assert all(one.why_vi and one.why_en and len(one.why_vi) < 140 for one in offered)
    assert any(one.name.startswith("K'") for one in shown)
    [counter] = [parent for parent in parents if parent.story == "counter"]
    assert counter.number not in {one.number for one in offered}
    [helper] = [one for one in offered if counter.number in one.why_vi]
    assert helper.why_vi.startswith("Công chức tiếp nhận (Một cửa), xã Di Linh")
    stewards = [one.why_vi for one in offered if one.why_vi.startswith("Người giữ dữ liệu gốc")]
    assert len(stewards) == len(set(stewards)) == 5
    [operator] = [one for one in offered if one.why_vi.startswith("Người vận hành")]
    assert {post.node for post in posts if post.number == operator.number} == {"G01", "G15", "G18", "BHXH", "H36"}


def test_each_family_is_as_its_story_says(told: dict[str, Case], table: dict[str, list[dict[str, Any]]]) -> None:
    wives = {row["wife"] for row in table["marriages"]}
    for name, case in told.items():
        assert (case.mother.number in wives) == (STORIES[name].family == "wed"), name
        assert (case.father is None) == (STORIES[name].family == "alone"), name
        assert all((case.born.date() - child.born).days > SHORTEST or child.born > case.born.date()
                   for child in case.mother.children), name  # fmt: skip
        accounts = of(table, "accounts", "number", case.mother.number)
        assert bool(accounts) == (STORIES[name].who in ("mother", "father")), name
    assert told["home"].mother.name.startswith("H'")


def test_notices_tell_of_each_delivery(told: dict[str, Case], table: dict[str, list[dict[str, Any]]]) -> None:
    counts = {"twins": 2, "home": 0, "late": 0}
    for name, case in told.items():
        notices = of(table, "birth_notices", "mother", case.mother.number)
        assert len(notices) == counts.get(name, 1), name
    one, other = (
        {**row, "birth_date": row["born_at"].date().isoformat()}
        for row in of(table, "birth_notices", "mother", told["twins"].mother.number)
    )
    assert registered_before(one, [other]) is None
    assert registered_before(one, [one]) is one
    [far] = of(table, "birth_notices", "mother", told["elsewhere"].mother.number)
    assert TERRITORY.facility(far["facility"]).name == "Bệnh viện Phụ sản Thành phố Hồ Chí Minh"
    assert far["facility"] not in {facility.code for facility in TERRITORY.facilities()}
    [foreign] = of(table, "birth_notices", "mother", told["foreign"].mother.number)
    assert foreign["father_name"] == "Park Ji-hoon"
    assert (TODAY - told["late"].born.date()).days > 365


def test_homes_are_as_told(told: dict[str, Case], table: dict[str, list[dict[str, Any]]]) -> None:
    def home(number: str) -> dict[str, Any]:
        [lives] = of(table, "residences", "person", number)
        [found] = of(table, "households", "code", lives["household"])
        return found

    apart, elders = told["apart"], told["elders"]
    assert apart.father is not None
    assert home(apart.mother.number)["householder"] == apart.mother.number
    assert (home(apart.father.number)["householder"], home(apart.father.number)["unit"]) == (
        apart.father.number,
        "25000",
    )
    householder = home(elders.mother.number)["householder"]
    assert householder not in {elders.mother.number, elders.father and elders.father.number}


def test_the_misspelt_name_stands_in_the_population_register_only(
    told: dict[str, Case], table: dict[str, list[dict[str, Any]]]
) -> None:
    mother = told["misspelt"].mother
    [person] = of(table, "persons", "number", mother.number)
    assert person["full_name"] == without_accents(mother.name) != mother.name
    assert of(table, "accounts", "number", mother.number)[0]["full_name"] == mother.name
    assert of(table, "marriages", "wife", mother.number)[0]["wife_name"] == mother.name


def test_a_small_country_tells_the_stories_it_has_people_for() -> None:
    plan = Plan(people=1_000, seed=6, today=TODAY, territory=TERRITORY, names=Names.load())
    batches = [b for p, u, c in plan.shares() if u.code in cases.UNITS for b in Commune(plan, p, u).batches(c)]
    parents = [parent for batch in batches for parent in stories.parents(batch)]
    offered = stories.choose(parents, [post for batch in batches for post in stories.posts(batch)], TERRITORY)
    assert {one.role for one in offered} == {"parent", "officer"}


def test_a_village_head_may_file_for_a_mother_without_an_account(
    told: dict[str, Case], table: dict[str, list[dict[str, Any]]]
) -> None:
    case = told["helper"]
    [mandate] = table["mandates"]
    assert case.helper is not None
    assert (mandate["grantor"], mandate["grantee"]) == (case.mother.number, case.helper.number)
    assert mandate["since"] <= TODAY <= mandate["until"]
    assert of(table, "accounts", "number", case.mother.number) == []
    assert of(table, "accounts", "number", case.helper.number)[0]["level"] == 2
