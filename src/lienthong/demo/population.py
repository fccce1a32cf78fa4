"""The demo population, commune by commune: families, names, homes, papers. Holds one batch of neighbours at a time.

Deterministic: every commune draws from its own stream, seeded by the population's seed and the commune's code, so the
same seed gives the same country whichever process makes which commune.
"""

from collections.abc import Iterator
from random import Random

from lienthong.demo import families, households, offices, pyramid
from lienthong.demo.names import KINH
from lienthong.demo.numbers import Numbers, phone
from lienthong.demo.plan import Plan
from lienthong.demo.types import Batch, Household, Marriage, Person
from lienthong.territory.units import Unit

BATCH = 3_000  # people made at once; bounds memory
_STREETS = ("Trần Phú", "Hùng Vương", "Lê Hồng Phong", "Nguyễn Du", "Phan Chu Trinh", "Hai Bà Trưng", "Lý Tự Trọng",
            "Nguyễn Trãi", "Trần Hưng Đạo", "Phan Đình Phùng", "Bùi Thị Xuân", "Lê Lợi", "Quang Trung")  # fmt: skip


class Commune:
    """Makes the neighbours of one commune in batches of at most BATCH people."""

    def __init__(self, plan: Plan, place: int, unit: Unit) -> None:
        self.plan = plan
        self.unit = unit
        self.rng = Random(f"{plan.seed}/{unit.code}")  # noqa: S311 - a repeatable demo, no secret
        self.numbers = Numbers(seed=plan.seed, place=place, unit=unit.code)
        self._peoples = plan.names.peoples_of(unit.code)
        self._neighbours = [row for row in plan.territory.units() if row.former_province == unit.former_province]
        self._origins = plan.territory.elsewhere()

    def batches(self, count: int) -> Iterator[Batch]:
        parts = -(-count // BATCH)
        for part in range(parts):
            yield self._batch(count * (part + 1) // parts - count * part // parts, first=part == 0)

    def _batch(self, count: int, *, first: bool) -> Batch:
        rng, today = self.rng, self.plan.today
        living = families.crowd(rng, count, today)
        marriages, dead = families.pair(rng, living, today)
        families.raise_children(rng, living, dead)
        marriages = families.date_marriages(rng, marriages, today)
        self._name((*living, *dead))
        late = families.late_parents(rng, living, today)
        self._name_parents(living, late)
        homes = households.settle(rng, living)
        batch = Batch(self.unit.code, living, dead + late, marriages, homes, [], [])
        self._number(batch)
        if first:
            batch.officers = offices.appoint(self.plan.territory, batch)
        offices.open_accounts(rng, batch)
        batch.notices = offices.notices(rng, batch, self.plan, self.numbers, wanted=self.plan.notices(count))
        return batch

    def _name(self, everybody: tuple[Person, ...]) -> None:
        """People, clan, origin and name for everybody, parents before their children."""
        for person in sorted(everybody, key=lambda person: person.days):
            self._call(person)

    def _call(self, person: Person) -> None:
        if person.name:
            return
        names, rng = self.plan.names, self.rng
        parents = [parent for parent in (person.father, person.mother) if parent is not None]
        for parent in parents:
            self._call(parent)
        if parents:
            person.people, person.clan = self._inherited(person.father, person.mother)
            self._place_child(person, parents)
        else:
            person.people = self._people_of_root(person)
            besides = person.partner.clan if person.partner else ""
            person.clan = names.clan(rng, person.people, besides=besides)
            self._place_root(person)
        person.name = names.full_name(rng, person.people, person.clan, person.gender, person.born.year)

    def _people_of_root(self, person: Person) -> str:
        """One's people: mostly the spouse's, else drawn by the commune's shares."""
        partner = person.partner
        if partner is not None and (partner.mother is not None or partner.name):
            self._call(partner)
            if self.rng.random() < 0.97:
                return partner.people
        return self._peoples[int(self.rng.random() * 100)]

    def _inherited(self, father: Person | None, mother: Person | None) -> tuple[str, str]:
        if father is None or mother is None:
            parent = father or mother
            return (parent.people, parent.clan) if parent else (KINH, "")
        if self.plan.names.peoples[mother.people].line == "mother":
            return mother.people, mother.clan
        return father.people, father.clan

    def _place_child(self, person: Person, parents: list[Person]) -> None:
        person.hometown = parents[0].hometown
        brought = person.age > 30 and self.rng.random() < 0.5
        person.birth_unit = parents[-1].birth_unit if brought and person.age > 6 else self._birth_unit(person)

    def _place_root(self, person: Person) -> None:
        rng = self.rng
        known = self.plan.names.origins.get(person.people)
        settled = known is None and person.people != KINH
        if settled or rng.random() < pyramid.local_share(person.age):
            person.birth_unit = self._birth_unit(person)
        else:
            person.birth_unit = rng.choice(known) if known else rng.choice(self._origins).code
        person.hometown = person.birth_unit

    def _birth_unit(self, person: Person) -> str:
        """This commune; for some who are older another of the same former province."""
        if person.age > 6 and self.rng.random() < 0.2:
            return self.rng.choice(self._neighbours).code
        return self.unit.code

    def _name_parents(self, living: list[Person], late: list[Person]) -> None:
        """Late parents carry what their child would have had from them."""
        names, rng = self.plan.names, self.rng
        of = {id(parent): child for child in living for parent in (child.father, child.mother) if parent is not None}
        for parent in late:
            child = of[id(parent)]
            bequeaths = (names.peoples[child.people].line == "mother") == (parent.gender == "female")
            parent.people = child.people
            parent.clan = child.clan if bequeaths else names.clan(rng, child.people, besides=child.clan)
            parent.birth_unit = parent.hometown = child.hometown
            parent.name = names.full_name(rng, parent.people, parent.clan, parent.gender, parent.born.year)

    def _number(self, batch: Batch) -> None:
        for person in (*batch.living, *batch.dead):
            province = self.plan.territory.unit(person.birth_unit).former_province
            person.number = self.numbers.personal(self.rng, province, person.gender, person.born)
        for person in batch.living:
            if person.age >= 18 and self.rng.random() < (0.93 if person.age < 75 else 0.5):
                person.phone = phone(self.rng)
        for marriage in batch.marriages:
            self._certify(marriage)
        for home in batch.households:
            self._house(home)

    def _certify(self, marriage: Marriage) -> None:
        assert marriage.on is not None
        marriage.number = self.numbers.certificate("marriages", marriage.on.year)

    def _house(self, home: Household) -> None:
        rng = self.rng
        home.code = self.numbers.household()
        if self.unit.kind == "phường":
            door, group = 1 + int(rng.random() * 300), 1 + int(rng.random() * 24)
            home.address = f"{door} {rng.choice(_STREETS)}, tổ dân phố {group}"
        else:
            home.address = f"Số nhà {1 + int(rng.random() * 200)}, thôn {1 + int(rng.random() * 18)}"


def communes(plan: Plan) -> Iterator[Batch]:
    """The whole country in one process, batch by batch."""
    for place, unit, count in plan.shares():
        yield from Commune(plan, place, unit).batches(count)
