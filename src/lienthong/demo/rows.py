"""Batches as rows of the registers, in the columns that `catalogue/registers/*.yaml` declare."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from lienthong.demo.numbers import Numbers
from lienthong.demo.population import Commune
from lienthong.demo.types import Batch, Case, Notice, Person
from lienthong.kit.canonical import canonical
from lienthong.kit.clock import ZONE
from lienthong.territory.units import Facility

Sign = Callable[[bytes], str]
Row = tuple[Any, ...]

# node, register: columns without version, chain, recorded_at and recorded_by, which every row of a load shares
COLUMNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("G01", "persons"): (
        "number", "full_name", "birth_date", "gender", "ethnicity", "nationality", "hometown", "birth_unit", "mother",
        "father", "spouse", "died_on", "phone", "valid_from",
    ),
    ("G01", "households"): ("code", "unit", "address", "householder", "valid_from"),
    ("G01", "residences"): ("person", "household", "relation", "kind", "since", "valid_from"),
    ("G15", "marriages"): (
        "number", "husband", "husband_name", "wife", "wife_name", "married_on", "unit", "ended_on", "valid_from",
    ),
    ("G15", "births"): (
        "number", "notice", "child_number", "child_name", "birth_date", "gender", "ethnicity", "nationality",
        "hometown", "birth_place", "mother", "mother_name", "father", "father_name", "unit", "registered_on",
        "dossier", "state", "valid_from",
    ),
    ("G18", "birth_notices"): (
        "number", "facility", "mother", "mother_name", "mother_birth_date", "father_name", "born_at", "gender",
        "weight", "birth_order", "birth_count", "attendant", "issued_on", "seal", "valid_from",
    ),
    ("BHXH", "insurance_cards"): (
        "number", "person", "full_name", "birth_date", "gender", "benefit", "facility", "valid_from_date",
        "valid_to_date", "valid_from",
    ),
    ("G01-eid", "accounts"): (
        "number", "full_name", "birth_date", "gender", "level", "phone", "status", "valid_from",
    ),
    ("G01-eid", "mandates"): (
        "number", "grantor", "grantor_name", "grantor_birth_date", "grantor_gender", "grantee", "grantee_name", "kind",
        "scope", "since", "until", "evidence", "unit", "officer", "valid_from",
    ),
}  # fmt: skip
MANDATES_FROM = 900_001  # the counters of the demo country number from 1
_ACCOUNTS_BEGAN = date(2022, 7, 18).toordinal()


def rows(batch: Batch, *, commune: Commune, facility: Facility, sign: Sign | None) -> dict[tuple[str, str], list[Row]]:
    """Every register's rows of one batch. `facility` is the nearest one: for first care and as place of birth."""
    rng, numbers, today = commune.rng, commune.numbers, commune.plan.today
    homes = _residences(rng, batch, today)
    since = {row[0]: row[4] for row in homes}
    children = [person for person in batch.living if person.age < 6]
    insured = [person for person in batch.living if rng.random() < (0.97 if person.age < 6 else 0.93)]
    return {
        ("G01", "persons"): [_person(person) for person in (*batch.living, *batch.dead)],
        ("G01", "households"): [
            (
                home.code,
                home.unit or batch.unit,
                home.address,
                home.members[0][0].number,
                since[home.members[0][0].number],
            )
            for home in batch.households
        ],
        ("G01", "residences"): homes,
        ("G15", "marriages"): list(_marriages(batch)),
        ("G15", "births"): [_birth(rng, child, batch.unit, numbers, today, facility) for child in children],
        ("G18", "birth_notices"): [_notice(notice, sign) for notice in batch.notices],
        ("BHXH", "insurance_cards"): [_card(rng, person, numbers, today, facility) for person in insured],
        ("G01-eid", "accounts"): [_account(rng, person, today) for person in batch.living if person.level],
        ("G01-eid", "mandates"): [_mandate(batch, case, today) for case in batch.cases if case.helper],
    }


def facts(notice: Notice) -> dict[str, Any]:
    """A notice's declared fields without its seal: what the hospital system signs."""
    mother = notice.mother
    return {
        "number": notice.number,
        "facility": notice.facility,
        "mother": mother.number,
        "mother_name": mother.name,
        "mother_birth_date": mother.born,
        "father_name": notice.father_name or (notice.father.name if notice.father else None),
        "born_at": notice.born_at,
        "gender": notice.gender,
        "weight": notice.weight,
        "birth_order": notice.order,
        "birth_count": notice.count,
        "attendant": notice.attendant,
        "issued_on": notice.issued,
    }


def _notice(notice: Notice, sign: Sign | None) -> Row:
    told = facts(notice)
    return (*told.values(), sign(canonical(told)) if sign else "", notice.issued)


def _person(person: Person) -> Row:
    spouse = person.partner if person.married and not person.died else None
    return (
        person.number,
        person.recorded_as or person.name,
        person.born,
        person.gender,
        person.people,
        "VN",
        person.hometown,
        person.birth_unit,
        person.mother.number if person.mother else None,
        person.father.number if person.father else None,
        spouse.number if spouse and not spouse.died else None,
        person.died,
        person.phone,
        person.born,
    )


def _residences(rng: Random, batch: Batch, today: date) -> list[Row]:
    end = today.toordinal()
    found = []
    for home in batch.households:
        for person, relation in home.members:
            if person.age < 18:
                since = min(end, person.days + 20 + int(rng.random() * 60))
            else:
                grown = person.days + 6575
                since = grown + int(rng.random() * (end - grown))
            day = date.fromordinal(since)
            found.append((person.number, home.code, relation, "permanent", day, day))
    return found


def _marriages(batch: Batch) -> Iterator[Row]:
    for marriage in batch.marriages:
        man, woman, day = marriage.husband, marriage.wife, marriage.on
        yield marriage.number, man.number, man.name, woman.number, woman.name, day, batch.unit, marriage.ended, day


def _birth(rng: Random, child: Person, unit: str, numbers: Numbers, today: date, facility: Facility) -> Row:
    registered = min(today, child.born + timedelta(days=3 + int(rng.random() * 50)))
    mother, father = child.mother, child.father
    return (
        numbers.certificate("births", registered.year),
        None,
        child.number,
        child.name,
        child.born,
        child.gender,
        child.people,
        "VN",
        child.hometown,
        facility.name,
        mother.number if mother else None,
        mother.name if mother else None,
        father.number if father else None,
        father.name if father else None,
        unit,
        registered,
        None,
        "registered",
        registered,
    )


def _card(rng: Random, person: Person, numbers: Numbers, today: date, facility: Facility) -> Row:
    benefit = _benefit(rng, person)
    young = benefit == "TE1"
    starts = person.born if young else date(today.year, 1, 1)
    ends = _six(person.born) if young else date(today.year, 12, 31) if benefit in {"GD4", "HS4"} else None
    return (
        numbers.card(benefit),
        person.number,
        person.name,
        person.born,
        person.gender,
        benefit,
        facility.code,
        starts,
        ends,
        starts,
    )


def _benefit(rng: Random, person: Person) -> str:
    if person.age < 6:
        return "TE1"
    drawn = rng.random()
    if person.people not in {"01", "04", "17"} and drawn < 0.7:
        return "DT2"
    if person.age < 18:
        return "HS4"
    if person.age >= 60:
        return "HT3" if drawn > 0.75 else "GD4"
    return "DN4" if drawn > 0.68 else "GD4"


def _six(born: date) -> date:
    """The last day of a child's card: 30 September of the year it turns six, or the end of a later birthday's month.

    Law on Health Insurance, article 16; Decree 146/2018, article 13.
    """
    if born.month <= 9:
        return date(born.year + 6, 9, 30)
    return date(born.year + 6 + born.month // 12, born.month % 12 + 1, 1) - timedelta(days=1)


def _account(rng: Random, person: Person, today: date) -> Row:
    end = today.toordinal()
    opened = max(_ACCOUNTS_BEGAN, person.days + 6580)
    day = date.fromordinal(min(end, opened + int(rng.random() * max(1, end - opened))))
    return person.number, person.name, person.born, person.gender, person.level, person.phone, "active", day


def _mandate(batch: Batch, case: Case, today: date) -> Row:
    """The mother lets a village head file for her: taken down at the commune's counter, for a month."""
    officer = next(one.person.number for one in batch.officers if one.role == "reception_officer")
    number = f"UQ-{batch.unit}-{today.year}-{MANDATES_FROM}"
    mother, helper, evidence = case.mother, case.helper, "Giấy ủy quyền lập tại Một cửa, có chữ ký"
    assert helper is not None
    who = (mother.number, mother.name, mother.born, mother.gender, helper.number, helper.name)
    return number, *who, "helper", "*", today, today + timedelta(days=30), evidence, batch.unit, officer, today


def recorded_at(today: date) -> datetime:
    """The instant every loaded row counts as recorded: the beginning of the load's day."""
    return datetime.combine(today, time(), ZONE)
