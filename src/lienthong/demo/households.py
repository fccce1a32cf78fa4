"""Who lives with whom: small families first, then elders move in until homes are as large as the country's.

The law asks for one householder who lives there (Law on Residence 68/2020/QH14, article 10).
"""

from dataclasses import dataclass
from random import Random

from lienthong.demo.types import Household, Person

MEAN_SIZE = 3.76


@dataclass(slots=True, eq=False)
class Family:
    """A couple or a single grown person with their unmarried children; `guests` are taken in, `elders` moved in."""

    head: Person
    partner: Person | None
    children: list[Person]
    guests: list[Person]
    elders: "Family | None" = None
    moved: bool = False


def settle(rng: Random, people: list[Person]) -> list[Household]:
    """Homes for everybody, about 3.76 people each, where there are enough people to choose from."""
    families, lost = _families(people)
    surplus = len(families) - round(len(people) / MEAN_SIZE)
    surplus -= _take_in(rng, families, lost, surplus)
    _move_elders(rng, families, surplus)
    return [Household(members=_arranged(rng, family)) for family in families if not family.moved]


def _families(people: list[Person]) -> tuple[list[Family], list[Person]]:
    """Families, and minors without a mother among the neighbours."""
    of: dict[int, Family] = {}
    families: list[Family] = []
    lost: list[Person] = []
    for person in people:  # oldest first: a mother's family exists before her children come
        partner = person.partner if person.partner is not None and not person.partner.died else None
        if id(person) in of:
            continue
        parents = next((of[id(parent)] for parent in (person.mother, person.father) if id(parent) in of), None)
        if parents is not None and partner is None and person.married is None and not person.children:
            of[id(person)] = parents
            parents.children.append(person)
            continue
        if partner is None and person.age < 18:
            lost.append(person)
            continue
        family = Family(head=person, partner=partner, children=[], guests=[])
        of[id(person)] = family
        if partner is not None:
            of[id(partner)] = family
        families.append(family)
    return families, lost


def _take_in(rng: Random, families: list[Family], lost: list[Person], wanted: int) -> int:
    """Minors without a mother and some of the lonely live with another family. Returns how many homes that saves."""
    hosts = [family for family in families if family.partner is not None] or families
    for child in lost:
        rng.choice(hosts).guests.append(child)
    saved = 0
    for family in families:
        alone = not (family.partner or family.children or family.guests or family.head.children)
        if saved < wanted and alone and hosts is not families and rng.random() < 0.4:
            family.moved = True
            rng.choice(hosts).guests.append(family.head)
            saved += 1
    return saved


def _move_elders(rng: Random, families: list[Family], wanted: int) -> None:
    """Move elders in with one of their children, the widowed first, until so many homes are saved."""
    owner = {id(person): family for family in families for person in (family.head, family.partner) if person}
    candidates = [family for family in families if not family.moved and family.head.age > 48 and family.head.children]
    rng.shuffle(candidates)
    candidates.sort(key=lambda family: family.partner is not None)
    saved = 0
    for family in candidates:
        if saved >= wanted:
            return
        mine = {id(child) for child in family.children}
        homes = [owner[id(child)] for child in family.head.children if id(child) in owner and id(child) not in mine]
        free = [home for home in homes if home.elders is None and not home.moved and home is not family]
        if free and family.elders is None:
            rng.choice(free).elders = family
            family.moved = True
            saved += 1


def _arranged(rng: Random, family: Family) -> list[tuple[Person, str]]:
    """The members with their relation to the householder, who comes first."""
    elders = family.elders
    if elders is not None and (elders.partner is not None or elders.head.age < 75) and rng.random() < 0.6:
        return _under_elders(family, elders)
    first, second = family.head, family.partner
    if second is not None and (first.gender == "male") != (rng.random() < 0.78):
        first, second = second, first
    members = [(first, "householder")]
    if second is not None:
        members.append((second, "spouse" if first.married else "other"))
    members += [(child, "child") for child in family.children]
    if elders is not None:
        members += [(elder, _to_elder(first, elder)) for elder in (elders.head, elders.partner) if elder]
        members += [(person, _to_sibling(first, person)) for person in elders.children]
        members += [(guest, "other") for guest in elders.guests]
    return members + [(guest, "other") for guest in family.guests]


def _under_elders(family: Family, elders: Family) -> list[tuple[Person, str]]:
    """A home whose householder is the grandfather or grandmother."""
    first, second = elders.head, elders.partner
    if second is not None and first.gender == "female":
        first, second = second, first
    members = [(first, "householder")]
    if second is not None:
        members.append((second, "spouse" if first.married else "other"))
    members += [(child, "child") for child in elders.children]
    for person in (family.head, family.partner):
        if person is not None:
            members.append((person, "child" if _is_child(person, first) else "other"))
    members += [(child, "grandchild") for child in family.children]
    return members + [(guest, "other") for guest in (*family.guests, *elders.guests)]


def _is_child(person: Person, parent: Person) -> bool:
    return parent is person.mother or parent is person.father


def _to_elder(householder: Person, elder: Person) -> str:
    return "parent" if _is_child(householder, elder) else "other"


def _to_sibling(householder: Person, person: Person) -> str:
    return "sibling" if person.mother is not None and person.mother is householder.mother else "other"
