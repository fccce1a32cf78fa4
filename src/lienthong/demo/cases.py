"""Families of the sign-in page, chosen among the neighbours and made to fit their story."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from lienthong.demo.names import without_accents
from lienthong.demo.types import Batch, Case, Household, Person
from lienthong.kit.clock import ZONE

LATE = 760  # days since a birth that nobody has registered in time
_APART = "25000"  # the commune in which a father lives who lives elsewhere
_ELSEWHERE = "79001"  # a hospital of another province
_OLDEST = 45  # days since the other births
_FEW_DAYS = 340 / 365  # years between two births of one mother, at least


@dataclass(frozen=True, slots=True)
class Story:
    """A line of stories.yaml, where the words are explained."""

    story: str
    unit: str
    who: str
    vi: str
    en: str
    family: str = "wed"
    people: str = ""
    name: str = ""
    home: str = ""
    birth: str = "notice"
    father: str = ""
    record: str = ""
    hint: dict[str, str] | None = None


def _read() -> tuple[Story, ...]:
    rows: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("stories.yaml").read_text(encoding="utf-8"))
    return tuple(Story(**row) for row in rows)


STORIES = _read()
UNITS = tuple(dict.fromkeys(story.unit for story in STORIES))


def choose(rng: Random, batch: Batch, mothers: list[Person], today: date) -> Iterator[tuple[Story, Case]]:
    """A family for each story of the batch's commune, as far as there are any; each in one story only."""
    home_of = {id(person): home for home in batch.households for person, _ in home.members}
    used: set[int] = set()
    for story in STORIES:
        if story.unit != batch.unit:
            continue
        days = LATE if story.birth == "late" else 2 + int(rng.random() * (_OLDEST - 2))
        fitting = (
            mother
            for mother in mothers
            if id(mother) not in used and _fits(story, mother, home_of[id(mother)], days / 365)
        )
        if mother := next(fitting, None):
            used.add(id(mother))
            hour = time(int(rng.random() * 24), int(rng.random() * 60))
            born = datetime.combine(today - timedelta(days=days), hour, ZONE)
            father = None if story.family == "alone" else mother.partner
            yield story, Case(story.story, mother, father, born)


def arrange(story: Story, case: Case, batch: Batch, code: str) -> None:
    """Make the family what its story says; `code` numbers the household of a father who moves out."""
    for parent in (case.mother, case.father):
        if parent is not None and story.who in ("none", "helper"):
            parent.level = 0
    if story.record == "misspelt":
        case.mother.recorded_as = without_accents(case.mother.name)
    if story.home == "apart" and case.father is not None:
        _move_out(case.mother, case.father, batch, code)


def village_head(batch: Batch, case: Case) -> Person:
    """A neighbour past fifty who holds no post and is no grandparent here; files for the family."""
    busy = {id(person) for person in (case.mother, case.father, *(officer.person for officer in batch.officers))}
    busy |= {id(parent) for child in (case.mother, case.father) if child for parent in (child.mother, child.father)}
    return next(person for person in batch.living if 50 <= person.age < 65 and id(person) not in busy)


def places(story: Story, facility: str) -> list[tuple[str, int, int]]:
    """Facility, order and count of each notice of the birth; none where there is no notice."""
    match story.birth:
        case "twins":
            return [(facility, 1, 2), (facility, 2, 2)]
        case "elsewhere":
            return [(_ELSEWHERE, 1, 1)]
        case "home" | "late":
            return []
    return [(facility, 1, 1)]


def _fits(story: Story, mother: Person, home: Household, ago: float) -> bool:
    """`ago` is the age in years of the child of the story."""
    signer = mother if story.who != "father" else mother.partner
    kin = {"wed": mother.married is not None, "unwed": mother.partner is not None, "alone": mother.partner is None}
    return (
        kin[story.family]
        and (story.family == "wed" or mother.married is None)
        and (not story.people or mother.people == story.people)
        and signer is not None
        and signer.name.startswith(story.name)
        and (story.record != "misspelt" or without_accents(mother.name) != mother.name)
        and all(abs(child.age - ago) > _FEW_DAYS for child in mother.children)
        and _lives(story.home, mother, home)
    )


def _lives(kind: str, mother: Person, home: Household) -> bool:
    couple = (mother, mother.partner)
    family = {id(person) for person in (*couple, *mother.children) if person is not None}
    match kind:
        case "own":
            return home.members[0][0] in couple
        case "elders":
            return home.members[0][0] not in couple and any(
                relation == "child" for person, relation in home.members if person in couple
            )
        case "apart":
            return {id(person) for person, _ in home.members} == family and mother.partner is not None
    return True


def _move_out(mother: Person, father: Person, batch: Batch, code: str) -> None:
    home = next(home for home in batch.households if any(person is mother for person, _ in home.members))
    children = [person for person, _ in home.members if person not in (mother, father)]
    home.members = [(mother, "householder"), *((child, "child") for child in children)]
    there = Household([(father, "householder")], code, "Số nhà 12, thôn 4", unit=_APART)
    batch.households.append(there)
