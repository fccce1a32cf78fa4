"""Whether two births are one: the same child registered a second time, with twins allowed.

    the same notice                     one birth (a unique field of the register: taken-notice)
    the same mother, up to 3 days       one birth, unless both say that several were born and each has its own place
    the same mother, under 240 days     one birth, unless the chair has found that the child is another one
    no mother known in one of the two   one birth when father, day and gender are the same; twins as above

A birth takes a lock for each parent before it looks, so that two registrations at once see each other.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from lienthong.exchange.envelopes import Refused
from lienthong.kit.storage import Tx

SHORTEST = 240  # days between two births of one mother: eight months, below which a living child is all but unheard of
DELIVERY = 3  # days within which children of one delivery are born
Birth = Mapping[str, Any]

_PARENTS = ("father", "mother", "mother_document")
DECIDING = frozenset({*_PARENTS, "notice", "birth_date", "gender", "birth_order", "birth_count", "confirmed_distinct"})
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(parent, 0)) FROM unnest(%s::text[]) parent"
_OTHERS = """
SELECT number, notice, birth_date::text AS birth_date, gender, mother, mother_document, father, birth_order, birth_count
FROM births WHERE (father = %s OR mother = %s OR mother_document = %s) AND number IS DISTINCT FROM %s
ORDER BY birth_date DESC, number
"""


def check(tx: Tx, row: Birth) -> None:
    """Whether a birth may be entered, or amended, as this row says. Raises Refused: invalid, taken-notice,
    registered-before."""
    order, number = row.get("birth_order"), row.get("number")
    if order is not None and not 1 <= int(order) <= int(row.get("birth_count") or 0):
        raise Refused("invalid", "birth_order: out-of-range")
    parents = [row.get(name) or None for name in _PARENTS]
    if not any(parents):
        return
    tx.all(_LOCK, ([f"births/{name}/{row[name]}" for name in _PARENTS if row.get(name)],))
    others = [other._asdict() for other in tx.all(_OTHERS, (*parents, number))]
    if row.get("notice") and row["notice"] in {other["notice"] for other in others}:
        raise Refused("taken-notice", "another record of births has this notice")
    if earlier := registered_before(row, others):
        raise Refused("registered-before", f"the birth stands in {earlier['number']}")


def registered_before(birth: Birth, others: Iterable[Birth]) -> Birth | None:
    """The first of the others that is the same birth, or must be taken for it; None when there is none.

    A row needs birth_date and gender, and says more with mother, mother_document, father, birth_order, birth_count,
    confirmed_distinct. The desk warns by the same function, over what it may read.
    """
    return next((other for other in others if _same(birth, other)), None)


def _same(one: Birth, other: Birth) -> bool:
    days = abs(date.fromisoformat(one["birth_date"]) - date.fromisoformat(other["birth_date"])).days
    if _twins(one, other):
        return days > DELIVERY and _same_mother(one, other) and _too_near(one, days)
    if _same_mother(one, other):
        return days <= DELIVERY or _too_near(one, days)
    if _mother_known(one) and _mother_known(other):
        return False
    same_father = bool(one.get("father")) and one.get("father") == other.get("father")
    return same_father and days == 0 and one["gender"] == other["gender"]


def _too_near(one: Birth, days: int) -> bool:
    return days < SHORTEST and not one.get("confirmed_distinct")


def _same_mother(one: Birth, other: Birth) -> bool:
    known = ("mother", "mother_document")
    return any(one.get(name) and one.get(name) == other.get(name) for name in known)


def _mother_known(birth: Birth) -> bool:
    return bool(birth.get("mother") or birth.get("mother_document"))


def _twins(one: Birth, other: Birth) -> bool:
    """Both tell of as many children, more than one, and each of its own place among them."""
    counts = {int(birth.get("birth_count") or 1) for birth in (one, other)}
    orders = {int(birth.get("birth_order") or 0) for birth in (one, other)}
    count = max(counts)
    return len(counts) == 1 and count > 1 and len(orders) == 2 and min(orders) >= 1 and max(orders) <= count
