"""The demo country is believable: ages, families, homes, numbers, names, papers."""

import csv
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lienthong.demo import families, pyramid, rows, stories
from lienthong.demo.names import Names
from lienthong.demo.plan import Plan
from lienthong.demo.population import Commune, communes
from lienthong.demo.types import Batch, Person
from lienthong.territory.units import Territory

TODAY = date(2026, 11, 21)
ROOT = Path(__file__).parents[4]
TERRITORY = Territory.load(ROOT / "catalogue" / "territory")
NAMES = Names.load()


def plan(people: int, seed: int = 6) -> Plan:
    return Plan(people=people, seed=seed, today=TODAY, territory=TERRITORY, names=NAMES)


def made(wanted: Plan) -> Iterator[tuple[Batch, dict[tuple[str, str], list[Any]]]]:
    for place, unit, count in wanted.shares():
        commune = Commune(wanted, place, unit)
        for batch in commune.batches(count):
            facility = TERRITORY.nearest_facility(unit.code)
            yield batch, rows.rows(batch, commune=commune, facility=facility, sign=lambda told: str(len(told)))


def digest(wanted: Plan) -> str:
    sums = hashlib.sha256()
    for _, found in made(wanted):
        sums.update(repr(found).encode())
    return sums.hexdigest()


@pytest.fixture(scope="module")
def country() -> list[tuple[Batch, dict[tuple[str, str], list[Any]]]]:
    return list(made(plan(20_000)))


@pytest.fixture(scope="module")
def batches(country: list[tuple[Batch, Any]]) -> list[Batch]:
    return [batch for batch, _ in country]


@pytest.fixture(scope="module")
def living(batches: list[Batch]) -> list[Person]:
    return [person for batch in batches for person in batch.living]


@pytest.fixture(scope="module")
def table(country: list[tuple[Batch, dict[tuple[str, str], list[Any]]]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for _, registers in country:
        for (node, name), these in registers.items():
            columns = rows.COLUMNS[node, name]
            found.setdefault(name, []).extend(dict(zip(columns, row, strict=True)) for row in these)
    return found


def test_there_are_as_many_people_as_asked_for(living: list[Person]) -> None:
    assert len(living) == 20_000
    assert sum(count for _, _, count in plan(777).shares()) == 777


def test_ages_follow_the_pyramid_within_a_point_per_decade(living: list[Person]) -> None:
    whole = sum(pyramid.AGES)
    decades = Counter(int(person.age // 10) for person in living)
    for decade in range(10):
        wanted = sum(pyramid.AGES[2 * decade : 2 * decade + 2]) / whole
        assert decades[decade] / len(living) == pytest.approx(wanted, abs=0.01)


def test_the_pyramid_is_the_published_one() -> None:
    source = ROOT.parent / "shared" / "data" / "vn_population_age_annual_wpp2022.csv"
    if not source.exists():
        pytest.skip("the source table is not at hand")
    with source.open() as file:
        row = next(row for row in csv.DictReader(file) if row["variant"] == "Medium" and row["year"] == "2026")
    published = [int(value) for name, value in row.items() if name.startswith("age_")]
    assert (*published[:19], published[19] + published[20]) == pyramid.AGES


def test_nobody_is_married_twice(table: dict[str, list[dict[str, Any]]]) -> None:
    people = [row[side] for row in table["marriages"] for side in ("husband", "wife")]
    assert len(people) == len(set(people)) > 8_000
    spouses = {row["number"]: row["spouse"] for row in table["persons"]}
    assert all(spouses[other] == number for number, other in spouses.items() if other)


def test_spouses_were_of_legal_age(batches: list[Batch]) -> None:
    for batch in batches:
        for marriage in batch.marriages:
            assert marriage.on is not None
            assert (marriage.on - marriage.husband.born).days >= 20 * pyramid.YEAR
            assert (marriage.on - marriage.wife.born).days >= 18 * pyramid.YEAR
            assert marriage.on <= TODAY
            assert marriage.ended is None or marriage.on <= marriage.ended <= TODAY


def test_mothers_were_fifteen_to_forty_nine(batches: list[Batch], living: list[Person]) -> None:
    ages = [
        (person.days - person.mother.days) / pyramid.YEAR
        for batch in batches
        for person in (*batch.living, *batch.dead)
        if person.mother is not None
    ]
    assert min(ages) >= 15
    assert max(ages) < 50
    assert len(ages) > 0.5 * len(living)
    assert all(person.mother is not None for person in living if person.age < 18)


def test_parents_lived_to_see_their_children(living: list[Person]) -> None:
    for person in living:
        for parent in (person.mother, person.father):
            if parent is not None and parent.died is not None:
                assert parent.died > person.born
                assert parent.died <= TODAY
        if person.father is not None:
            assert (person.days - person.father.days) / pyramid.YEAR > 18


def test_every_home_has_one_householder_who_lives_there(table: dict[str, list[dict[str, Any]]]) -> None:
    heads = [row for row in table["residences"] if row["relation"] == "householder"]
    named = {row["code"]: row["householder"] for row in table["households"]}
    assert {row["household"]: row["person"] for row in heads} == named
    assert len(heads) == len(table["households"])
    residents = [row["person"] for row in table["residences"]]
    assert len(residents) == len(set(residents)) == 20_000
    assert 3.6 <= len(residents) / len(heads) <= 3.8


def test_homes_are_of_many_kinds(batches: list[Batch]) -> None:
    homes = [home for batch in batches for home in batch.households]
    sizes = Counter(len(home.members) for home in homes)
    assert 0.04 < sizes[1] / len(homes) < 0.15
    assert sum(count for size, count in sizes.items() if size > 8) < 0.03 * len(homes)
    three = [home for home in homes if {"grandchild", "parent"} & {relation for _, relation in home.members}]
    assert 0.06 < len(three) / len(homes) < 0.3
    assert all(home.members[0][0].age >= 18 for home in homes)


def test_a_number_tells_province_century_sex_and_year(table: dict[str, list[dict[str, Any]]]) -> None:
    numbers = [row["number"] for row in table["persons"]]
    assert len(numbers) == len(set(numbers))
    provinces: Counter[str] = Counter()
    for row in table["persons"]:
        number, born = row["number"], row["birth_date"]
        assert len(number) == 12
        assert number[:3] == TERRITORY.unit(row["birth_unit"]).former_province
        assert int(number[3]) == 2 * (born.year // 100 - 19) + (row["gender"] == "female")
        assert number[4:6] == f"{born.year % 100:02d}"
        provinces[number[:3]] += 1
    assert min(provinces[code] for code in ("068", "067", "060")) > 2_000
    assert len(provinces) > 20


def test_keys_are_unique_in_every_register(table: dict[str, list[dict[str, Any]]]) -> None:
    for name, found in table.items():
        key = next(iter(found[0]))
        assert len({row[key] for row in found}) == len(found), name
    assert len({row["person"] for row in table["insurance_cards"]}) == len(table["insurance_cards"])


def test_names_are_vietnamese_and_of_the_highlands(table: dict[str, list[dict[str, Any]]]) -> None:
    names = [row["full_name"] for row in table["persons"]]
    assert all(name == unicodedata.normalize("NFC", name) and name == " ".join(name.split()) for name in names)
    assert not any(mark in name for name in names for mark in "\\\t\n{}")
    assert all(any(name.startswith(start) for name in names) for start in ("K'", "H'", "Ma ", "Ka ", "Y ", "Chamaléa"))
    surnames = Counter(name.split()[0] for name in names)
    assert 0.2 < surnames["Nguyễn"] / len(names) < 0.33
    peoples = Counter(row["ethnicity"] for row in table["persons"])
    assert 0.7 < peoples["01"] / len(names) < 0.87
    assert {"12", "16", "17", "20", "21", "28", "36"} <= set(peoples)


def test_a_child_carries_the_line_of_its_people(living: list[Person]) -> None:
    for person in living:
        if person.father is None or person.mother is None or person.people != person.mother.people:
            continue
        line = NAMES.peoples[person.people].line
        assert line == "none" or person.clan == (person.mother if line == "mother" else person.father).clan


def test_enough_births_wait_to_be_declared(batches: list[Batch], table: dict[str, list[dict[str, Any]]]) -> None:
    told = {id(case.mother) for batch in batches for case in batch.cases}
    every = [notice for batch in batches for notice in batch.notices]
    notices = [notice for notice in every if id(notice.mother) not in told]
    accounts = {row["number"]: row["level"] for row in table["accounts"]}
    residents = {row["person"] for row in table["residences"]}
    assert 400 <= len(notices) < 600
    assert sum(notice.mother.married is not None for notice in notices) > 0.8 * len(notices)
    for notice in notices:
        mother = notice.mother
        assert 15 <= mother.age < 50
        assert mother.number in residents
        assert accounts[mother.number] == 2
        assert notice.father is None or (not notice.father.died and accounts[notice.father.number] == 2)
        assert 0 <= (TODAY - notice.born_at.date()).days <= 60
        assert notice.born_at.date() <= notice.issued <= TODAY
    assert all(row["seal"] for row in table["birth_notices"])
    assert not {row["mother_name"] for row in table["birth_notices"]} & {None, ""}


def test_children_under_six_are_registered(living: list[Person], table: dict[str, list[dict[str, Any]]]) -> None:
    assert {row["child_number"] for row in table["births"]} == {row.number for row in living if row.age < 6}
    assert all(row["birth_date"] <= row["registered_on"] <= TODAY for row in table["births"])
    cards = {row["person"]: row["benefit"] for row in table["insurance_cards"]}
    assert all((cards.get(row.number, "TE1") == "TE1") == (row.age < 6) for row in living if row.number in cards)
    assert 0.9 < len(cards) / len(living) < 0.96


def test_every_commune_has_its_officers(batches: list[Batch]) -> None:
    posts = {(post.role, post.unit): post for batch in batches for post in stories.posts(batch)}
    roles = ("civil_status_officer", "chair", "reception_officer", "residence_officer")
    for unit in TERRITORY.units():
        assert len({posts[role, unit.code].number for role in roles}) == len(roles)
    assert all(("hospital_clerk", facility.code) in posts for facility in TERRITORY.facilities())
    assert ("insurance_officer", "68") in posts
    for role in ("data_steward", "operator"):
        nodes = {post.node for batch in batches for post in stories.posts(batch) if post.role == role}
        assert nodes == {"G01", "G15", "G18", "BHXH", "H36"}


def test_the_same_seed_gives_the_same_country() -> None:
    assert digest(plan(900)) == digest(plan(900))
    assert digest(plan(900)) != digest(plan(900, seed=7))


@pytest.mark.parametrize("people", [30, 61, 400, 5_001])
def test_a_country_of_any_size_is_whole(people: int) -> None:
    batches = list(communes(plan(people)))
    housed = [person for batch in batches for home in batch.households for person, _ in home.members]
    assert len(housed) == len({person.number for person in housed}) == people


def test_a_crowd_is_made_oldest_first() -> None:
    from random import Random

    ages = [person.age for person in families.crowd(Random(1), 500, TODAY)]
    assert ages == sorted(ages, reverse=True)
    assert max(ages) < 100
