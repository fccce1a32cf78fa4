"""Couples, widows and children out of a crowd of ages, so that the crowd keeps its pyramid.

Ages come first; marriages pair them, then every child finds a mother who was 18 to 45 at its birth. Of each couple one
is the heir, who may have parents among the neighbours; the other's family lives elsewhere. Kinship is therefore a
forest, and nobody can marry a relative.
"""

from bisect import bisect
from datetime import date, timedelta
from random import Random

from lienthong.demo import pyramid
from lienthong.demo.types import Marriage, Person

_YEAR = 365
_ADULT_WIFE, _ADULT_HUSBAND = 18, 20  # Law on Marriage and Family 52/2014/QH13, article 8
_SPACING = 340  # days between two births of one mother
_MOTHER_AGES = [age for age, weight in zip(range(18, 44), (2, 3, 5, 7, 8, 9, 10, 11, 11, 11, 10, 9, 9, 8, 7, 6, 5, 4,
                                                           3, 3, 2, 2, 1, 1, 1, 1), strict=True)
                for _ in range(weight)]  # fmt: skip


def crowd(rng: Random, count: int, today: date) -> list[Person]:
    """People with ages and sexes only, oldest first."""
    people = []
    for age in pyramid.ages(rng, count):
        gender = "male" if rng.random() < pyramid.male_share(age) else "female"
        people.append(newcomer(pyramid.born(age, today), today, gender))
    return people


def newcomer(born: date, today: date, gender: str) -> Person:
    days = born.toordinal()
    return Person(born=born, age=(today.toordinal() - days) / pyramid.YEAR, gender=gender, days=days)


def pair(rng: Random, people: list[Person], today: date) -> tuple[list[Marriage], list[Person]]:
    """Marry the grown: the marriages and the dead spouses of widows and widowers."""
    husbands: list[Person] = []
    wives: list[Person] = []
    bereaved: list[Person] = []
    for person in people:
        if rng.random() >= pyramid.married_share(person.gender, person.age):
            continue
        if rng.random() < pyramid.widowed_share(person.gender, person.age):
            bereaved.append(person)
        else:
            (husbands if person.gender == "male" else wives).append(person)
    marriages, unmatched = _matched(rng, husbands, wives)
    bereaved += [person for person in unmatched if person.age > 50]
    dead: list[Person] = []
    for survivor in bereaved:
        gap = int(rng.gauss(3, 3) * _YEAR)
        days = survivor.days + (gap if survivor.gender == "male" else -gap)
        gender = "female" if survivor.gender == "male" else "male"
        late = newcomer(date.fromordinal(days), today, gender)
        dead.append(late)
        late.died = today
        marriages.append(_couple(survivor, late))
    return marriages, dead


def _matched(rng: Random, husbands: list[Person], wives: list[Person]) -> tuple[list[Marriage], list[Person]]:
    """Pair in the order of birth, wives counted about three years older; also those whom nobody fits."""
    surplus, few = (husbands, len(wives)) if len(husbands) > len(wives) else (wives, len(husbands))
    unmatched = [surplus.pop(int(rng.random() * len(surplus))) for _ in range(len(surplus) - few)]
    husbands.sort(key=lambda husband: husband.days)
    wives.sort(key=lambda wife: wife.days - rng.gauss(3, 3) * _YEAR)
    marriages = []
    for husband, wife in zip(husbands, wives, strict=True):
        if -6 * _YEAR < wife.days - husband.days < 16 * _YEAR and wife.age > 18.3 and husband.age > 20.3:
            marriages.append(_couple(husband, wife))
            (husband if rng.random() < 0.4 else wife).heir = False
        else:
            unmatched += [husband, wife]
    return marriages, unmatched


def _couple(one: Person, other: Person) -> Marriage:
    husband, wife = (one, other) if one.gender == "male" else (other, one)
    marriage = Marriage(husband=husband, wife=wife)
    husband.partner, wife.partner = wife, husband
    husband.married = wife.married = marriage
    return marriage


class Mothers:
    """The women who may be mothers, by age, each with the number of children she is to have."""

    def __init__(self, rng: Random, people: list[Person]) -> None:
        self._rng = rng
        self._women = [woman for woman in people if woman.gender == "female" and woman.age > 18.5]
        self._days = [woman.days for woman in self._women]
        for woman in self._women:
            if woman.partner is not None:
                woman.capacity = rng.choice(_children_planned(woman.born.year))
            elif 20 < woman.age < 60 and rng.random() < 0.05:
                woman.capacity = 1

    def adopt(self, child: Person) -> bool:
        """Find the child a mother with room for one more; a minor finds one even where no room was planned."""
        target = child.days - self._rng.choice(_MOTHER_AGES) * _YEAR - int(self._rng.random() * _YEAR)
        start = bisect(self._days, target)
        if self._search(child, start, reach=40, strict=True):
            return True
        return child.age < 18 and (
            self._search(child, start, reach=400, strict=True) or self._search(child, start, reach=400, strict=False)
        )

    def _search(self, child: Person, start: int, *, reach: int, strict: bool) -> bool:
        women = self._women
        for step in range(reach):
            place = start + (step + 1) // 2 * (1 if step % 2 else -1)
            if 0 <= place < len(women) and _fits(women[place], child, strict=strict):
                _give(women[place], child)
                return True
        return False


def _fits(mother: Person, child: Person, *, strict: bool) -> bool:
    age = child.days - mother.days
    if not 18 * pyramid.YEAR < age < 46 * pyramid.YEAR:
        return False
    if mother.partner is None:
        if strict and mother.capacity <= len(mother.children):
            return False
    elif child.days - mother.partner.days < 19 * _YEAR or (strict and mother.capacity <= len(mother.children)):
        return False
    return all(abs(child.days - other.days) >= _SPACING for other in mother.children)


def _give(mother: Person, child: Person) -> None:
    child.mother = mother
    child.father = mother.partner
    mother.children.append(child)
    if mother.partner is not None:
        mother.partner.children.append(child)


def _children_planned(year: int) -> tuple[int, ...]:
    if year >= 1985:
        return (1, 2, 2, 2, 2, 3, 3)
    return (2, 2, 2, 3, 3, 4) if year >= 1965 else (2, 3, 4, 5, 6)


def raise_children(rng: Random, people: list[Person], dead: list[Person]) -> None:
    """Give every minor a mother, most unmarried grown children and many heirs of couples too. Oldest first."""
    mothers = Mothers(rng, sorted((*people, *dead), key=lambda person: person.days))
    for person in people:
        if person.partner is None:
            wanted = 1.0 if person.age < 18 else 0.97 if person.age < 30 else 0.85
        else:
            wanted = 0.75 if person.heir and person.age < 72 else 0.0
        if rng.random() < wanted:
            mothers.adopt(person)


def date_marriages(rng: Random, marriages: list[Marriage], today: date) -> list[Marriage]:
    """Set wedding days and the days of death of late spouses. Returns the marriages that have a certificate.

    A wedding comes before the first child where the law's ages allow it; a late spouse lived to see the last one.
    """
    certified = []
    for marriage in marriages:
        husband, wife = marriage.husband, marriage.wife
        earliest = max(husband.days + _ADULT_HUSBAND * 366, wife.days + _ADULT_WIFE * 366)
        firsts = min((child.days for child in wife.children), default=None)
        wish = firsts - int(250 + rng.random() * 700) if firsts else wife.days + int(rng.gauss(24.5, 3.5) * _YEAR)
        day = min(max(wish, earliest), today.toordinal() - 30)
        late = husband if husband.died else wife if wife.died else None
        if late is not None:
            after = max([day, *(child.days + 30 for child in wife.children)])
            late.died = date.fromordinal(after + int((today.toordinal() - after) * rng.betavariate(2, 1.1)))
            marriage.ended = late.died
        elif husband.age < 45 and rng.random() < 0.05:
            husband.married = wife.married = None
            continue
        marriage.on = date.fromordinal(day)
        certified.append(marriage)
    return certified


def late_parents(rng: Random, people: list[Person], today: date) -> list[Person]:
    """Dead fathers and mothers for some of the grown who have no parents among the neighbours."""
    dead: list[Person] = []
    for person in people:
        if person.mother is not None or not 38 <= person.age < 80 or rng.random() >= 0.12:
            continue
        gap = int((22 + rng.random() * 14) * _YEAR)
        mother = newcomer(date.fromordinal(person.days - gap), today, "female")
        father = newcomer(mother.born - timedelta(days=int(rng.random() * 5 * _YEAR)), today, "male")
        for parent in (father, mother):
            last = min(today.toordinal(), parent.days + 98 * _YEAR)
            lived = person.days + 200 + (last - person.days - 200) * rng.betavariate(2.2, 1.3)
            parent.died = date.fromordinal(int(lived))
        person.father, person.mother = father, mother
        dead += [father, mother]
    return dead
