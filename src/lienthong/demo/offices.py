"""What institutions add to the people: accounts at e-identity, officers, and births the hospitals have announced."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random

from lienthong.demo import cases
from lienthong.demo.numbers import Numbers, phone
from lienthong.demo.plan import Plan
from lienthong.demo.types import Batch, Notice, Officer, Person
from lienthong.kit.clock import ZONE
from lienthong.territory.units import Territory

WINDOW = 60  # days: the time in which a birth is to be declared (Law on Civil Status 60/2014/QH13, article 15)
_SEAT = "24781"  # the commune in which the province's offices stand
_STEWARDED = (
    "G01",
    "G15",
    "G18",
    "BHXH",
    "H36",
)  # nodes whose data, or whose automatic decisions, somebody answers for
_OPERATED = ("G01", "G15", "G18", "BHXH")  # nodes with officers beside H36: the province's operator looks after all
_ATTENDANTS = ("Nguyễn Thị Thanh Hà", "Trần Thị Kim Liên", "Lê Quang Minh", "Phạm Thị Ngọc Lan", "Ka Nhung",
               "Võ Thị Mỹ Hạnh", "Đặng Hữu Phước", "Bùi Thị Thu", "Hoàng Thị Yến", "Huỳnh Thị Tuyết Mai")  # fmt: skip


def appoint(territory: Territory, batch: Batch) -> list[Officer]:
    """The posts of a commune, each with its own neighbour: chair, registrar, reception, residence and land officer;
    clerks where there is a hospital; at the province's seat three insurance officers, who answers for each node's data
    and rules, one operator of all of them, two who look after the one-stop's processes, and who is asked for opinions.
    """
    grown = [person for person in batch.living if 26 <= person.age < 58 and not _has_infant(person)]
    grown = grown or [person for person in batch.living if person.age >= 18]
    grown.sort(key=lambda person: (not 34 <= person.age < 56, person.days))
    posts = [("H36", "chair", batch.unit), ("H36", "civil_status_officer", batch.unit)]
    posts += [("H36", "reception_officer", batch.unit), ("G01", "residence_officer", batch.unit)]
    posts.append(("H36", "land_officer", batch.unit))
    posts += [("G18", "hospital_clerk", row.code) for row in territory.facilities() if row.unit == batch.unit]
    if batch.unit == _SEAT:
        posts += [("BHXH", "insurance_officer", "68")] * 3 + [(node, "data_steward", "68") for node in _STEWARDED]
        posts += [("H36", "operator", "68")] + [("H36", "process_admin", "68")] * 2  # four eyes over its processes
        posts += [("H36", "planning_officer", "68"), ("H36", "fire_officer", "68")]
        posts.append(("H36", "steering_office", "68"))
    step = max(1, len(grown) // len(posts))
    chosen = [grown[(place * step + step // 2) % len(grown)] for place in range(len(posts))]
    officers = [Officer(node, person, role, unit) for (node, role, unit), person in zip(posts, chosen, strict=True)]
    operators = [officer for officer in officers if officer.role == "operator"]
    return officers + [replace(officer, node=node) for officer in operators for node in _OPERATED]


def open_accounts(rng: Random, batch: Batch) -> None:
    """Level 2 for four adults in five and every officer, level 1 for a few (Decree 69/2024)."""
    for person in batch.living:
        if person.age >= 18:
            drawn = rng.random() + (0.25 if person.age > 75 else 0.0)
            person.level = 2 if drawn < 0.8 else 1 if drawn < 0.84 else 0
    for officer in batch.officers:
        give_account(rng, officer.person)


def give_account(rng: Random, person: Person) -> None:
    person.level = 2
    person.phone = person.phone or phone(rng)


def notices(rng: Random, batch: Batch, plan: Plan, numbers: Numbers, *, wanted: int) -> list[Notice]:
    """Births of the last weeks that nobody has declared, to women of the batch who can have had them."""
    busy = {id(officer.person) for officer in batch.officers}
    able = [
        woman for woman in batch.living if _can_have_given_birth(woman) and not busy & {id(woman), id(woman.partner)}
    ]
    rng.shuffle(able)
    facility = plan.territory.nearest_facility(batch.unit).code
    told = list(_told(rng, batch, plan, numbers, able, facility))
    busy = {id(case.mother) for case in batch.cases}
    able = [woman for woman in able if id(woman) not in busy and (woman.partner or woman.children)]
    wed = [woman for woman in able if woman.married]
    others = [woman for woman in able if not woman.married]
    alone = min(len(others), round(wanted * 0.07))
    mothers = wed[: wanted - alone] + others[:alone]
    return told + [_of_late(rng, mother, plan, numbers, facility) for mother in mothers]


def _told(
    rng: Random, batch: Batch, plan: Plan, numbers: Numbers, able: list[Person], facility: str
) -> Iterator[Notice]:
    """The notices of the families of the sign-in page, which are chosen and arranged first."""
    if batch.unit not in cases.UNITS or not batch.officers:
        return
    for story, case in list(cases.choose(rng, batch, able, plan.today)):
        batch.cases.append(case)
        _give_accounts(rng, case.mother, case.father)
        cases.arrange(story, case, batch, numbers.household() if story.home == "apart" else "")
        if story.who == "helper":
            case.helper = cases.village_head(batch, case)
            give_account(rng, case.helper)
        for where, order, count in cases.places(story, facility):
            notice = _notice(rng, (case.mother, case.father), plan, numbers, where, case.born)
            notice.order, notice.count, notice.father_name = order, count, story.father
            yield notice


def _of_late(rng: Random, mother: Person, plan: Plan, numbers: Numbers, facility: str) -> Notice:
    """The notice of some birth within the time in which it is to be declared."""
    age = 1 + int(rng.random() ** 1.5 * (WINDOW - 4))
    hour = time(int(rng.random() * 24), int(rng.random() * 60))
    born = datetime.combine(plan.today - timedelta(days=age), hour, ZONE)
    _give_accounts(rng, mother, mother.partner)
    return _notice(rng, (mother, mother.partner), plan, numbers, facility, born)


def _give_accounts(rng: Random, *parents: Person | None) -> None:
    for parent in parents:
        if parent is not None:
            give_account(rng, parent)


def _notice(
    rng: Random, parents: tuple[Person, Person | None], plan: Plan, numbers: Numbers, facility: str, born: datetime
) -> Notice:
    mother, father = parents
    return Notice(
        number=numbers.notice(facility, born.year),
        facility=facility,
        mother=mother,
        father=father,
        born_at=born,
        gender="male" if rng.random() < 0.525 else "female",
        weight=10 * round(min(4600, max(2000, rng.gauss(3150, 380))) / 10),
        attendant=rng.choice(_ATTENDANTS),
        issued=min(born.date() + timedelta(days=1 + int(rng.random() * 3)), plan.today),
    )


def _can_have_given_birth(woman: Person) -> bool:
    """A woman of 19 to 42, her husband alive where she is married, her last child more than a year old."""
    if woman.gender != "female" or not 19 <= woman.age < 42 or len(woman.children) > 3:
        return False
    if woman.partner is not None and woman.partner.died:
        return False
    return all(child.age > 1.1 for child in woman.children)


def _has_infant(person: Person) -> bool:
    return any(child.age < 1 for child in person.children)
