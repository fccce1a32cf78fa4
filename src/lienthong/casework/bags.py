"""Courier bags: original papers on their way from a reception point to the unit that decides.

    to_pack     what waits at a point, by the unit it goes to
    pack        a numbered bag with its manifest
    hand_over   to whom it was given, and when
    opened      the unit confirms each dossier, which starts its clock, or reports it missing
    look        bags that are late: a task, once (timers)

A dossier that was reported missing may still come: it is confirmed later, from the same bag.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from lienthong.casework import dossiers, journey, moving
from lienthong.casework.states import NotPossible
from lienthong.catalogue.shapes import Words
from lienthong.exchange.node import Alert, Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.series import next_number
from lienthong.kit.storage import Tx

RECEPTION: Final = moving.RECEPTION
MOST: Final = 50
_TO_PACK = """
SELECT d.code, d.unit, d.due, d.service, d.revision, d.subject, d.received_at FROM dossier d
WHERE d.waiting = 'transit' AND d.intake = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM courier_item i WHERE i.dossier = d.code AND i.state <> 'missing')
ORDER BY d.unit, d.due
"""
_NEW = "INSERT INTO courier_bag (number, from_unit, to_unit, packed_at, packed_by, due) VALUES (%s, %s, %s, %s, %s, %s)"
_LISTED = """
SELECT b.*, count(i.dossier) AS items, count(i.dossier) FILTER (WHERE i.state = 'missing') AS missing
FROM courier_bag b JOIN courier_item i ON i.bag = b.number
WHERE b.from_unit = ANY(%(units)s) OR b.to_unit = ANY(%(units)s)
GROUP BY b.number ORDER BY b.opened_at IS NOT NULL, b.packed_at DESC LIMIT %(most)s
"""
_ITEMS = """
SELECT i.dossier, i.papers, i.state, i.at, i.by_name, d.subject, d.service, d.revision
FROM courier_item i JOIN dossier d ON d.code = i.dossier WHERE i.bag = %s ORDER BY i.dossier
"""
_LATE = "SELECT * FROM courier_bag WHERE opened_at IS NULL AND NOT told_late AND due < %s FOR UPDATE SKIP LOCKED"
_PAPERS = "SELECT contact FROM dossier_content WHERE code = %s"


class Bag(msgspec.Struct, frozen=True):
    """A bag, on its way until it was opened."""

    number: str
    from_unit: str
    to_unit: str
    packed_at: datetime
    packed_by: str
    due: datetime
    handed_at: datetime | None
    handed_by: str
    courier: str
    opened_at: datetime | None
    opened_by: str

    @property
    def is_late(self) -> bool:
        return self.opened_at is None and self.due < clock.now()


def to_pack(tx: Tx, units: Iterable[str]) -> list[Any]:
    """Dossiers with papers to carry that lie at these points and are in no bag."""
    return tx.all(_TO_PACK, (sorted(units),))


def pack(tx: Tx, officer: Officer, point: str, unit: str, codes: Sequence[str]) -> str:
    """Put dossiers into a new bag; its number. Raises PermissionError; ValueError for nothing, or for a dossier that
    does not wait here for just that way."""
    if not officer.holds(RECEPTION, point):
        raise PermissionError(f"{RECEPTION} of {point} packs its bags")
    waiting = {row.code: row for row in to_pack(tx, [point]) if row.unit == unit}
    if not codes or set(codes) - waiting.keys():
        raise ValueError("not-waiting" if codes else "nothing-asked")
    at = clock.now()
    day = f"{at:%y%m%d}"
    number = f"TH-{point}-{day}-{next_number(tx, f'bags/{point}/{day}'):02d}"
    tx.run(_NEW, (number, point, unit, at, officer.name, min(waiting[code].due for code in codes)))
    for code in codes:
        put = "INSERT INTO courier_item (bag, dossier, papers) VALUES (%s, %s, %s)"
        tx.run(put, (number, code, _pages(tx, code)))
    return number


def _pages(tx: Tx, code: str) -> int:
    """How many pages of originals go with a dossier, as counted at the counter."""
    contact = msgspec.json.decode(tx.value(_PAPERS, (code,)) or "{}")
    return min(sum(int(pages) for pages in contact.get("originals", {}).values()), 9_999)


def hand_over(tx: Tx, officer: Officer, number: str, courier: str) -> Bag:
    """Given to whoever carries it. Raises LookupError, PermissionError, NotPossible, ValueError without a name."""
    bag = _locked(tx, number)
    if not officer.holds(RECEPTION, bag.from_unit):
        raise PermissionError(f"{RECEPTION} of {bag.from_unit} hands it over")
    if not courier:
        raise ValueError("required")
    if bag.handed_at or bag.opened_at:
        raise NotPossible("it has left")
    told = (clock.now(), officer.name, courier, number)
    tx.run("UPDATE courier_bag SET handed_at = %s, handed_by = %s, courier = %s WHERE number = %s", told)
    return load(tx, number) or bag


def opened(node: Node, tx: Tx, officer: Officer, number: str, arrived: Iterable[str]) -> Bag:
    """The unit opens the bag: each dossier in it starts its clock here; each that is not is a task for the point.

    Raises LookupError, PermissionError.
    """
    bag = _locked(tx, number)
    if not officer.holds(RECEPTION, bag.to_unit):
        raise PermissionError(f"{RECEPTION} of {bag.to_unit} opens it")
    at, here = clock.now(), set(arrived)
    for item in items(tx, number):
        if item.state == "arrived":
            continue
        state = "arrived" if item.dossier in here else "missing"
        if state == "arrived":
            _arrive(node, tx, officer, item.dossier)
        told = (state, at, officer.name, number, item.dossier)
        tx.run("UPDATE courier_item SET state = %s, at = %s, by_name = %s WHERE bag = %s AND dossier = %s", told)
        _tell_missing(node, tx, bag, item.dossier, gone=state == "arrived")
    tx.run(
        "UPDATE courier_bag SET opened_at = coalesce(opened_at, %s), opened_by = %s WHERE number = %s",
        (at, officer.name, number),
    )
    node.on_alert_over(node, tx, _late_id(number), number)
    return load(tx, number) or bag


def _arrive(node: Node, tx: Tx, officer: Officer, code: str) -> None:
    """One that was withdrawn on its way has ended, and needs no clock."""
    dossier = dossiers.load(tx, code, lock=True)
    if dossier and dossier.state.waiting == "transit":
        journey.arrive(node, tx, code, officer)


def _tell_missing(node: Node, tx: Tx, bag: Bag, code: str, *, gone: bool) -> None:
    """A dossier that was not in its bag: a task for the point that packed it, until it is found."""
    about = f"courier/{bag.number}/{code}"
    if gone:
        node.on_alert_over(node, tx, about, bag.number)
        return
    title = Words(f"Không có trong túi {bag.number}: {code}", f"Not in bag {bag.number}: {code}")
    detail = {"bag": bag.number, "dossier": code, "to_unit": bag.to_unit, "courier": bag.courier}
    node.on_alert(node, tx, Alert("courier", about, title, RECEPTION, detail, case=code, unit=bag.from_unit))


def look(node: Node, tx: Tx) -> int:
    """Bags that should have been opened by now: a task for both ends' reception, once; how many."""
    late = tx.all(_LATE, (clock.now(),))
    for row in late:
        title = Words(f"Túi hồ sơ {row.number} chưa tới nơi", f"Bag {row.number} has not arrived")
        detail = {"bag": row.number, "to_unit": row.to_unit, "courier": row.courier}
        alert = Alert("courier", _late_id(row.number), title, RECEPTION, detail, case=row.number, unit=row.from_unit)
        node.on_alert(node, tx, alert)
        tx.run("UPDATE courier_bag SET told_late = true WHERE number = %s", (row.number,))
    return len(late)


def _late_id(number: str) -> str:
    return f"courier/{number}"


# reading


def listed(tx: Tx, units: Iterable[str]) -> list[Any]:
    """Bags that these units packed or await, those on their way first."""
    return tx.all(_LISTED, {"units": sorted(units), "most": MOST})


def items(tx: Tx, number: str) -> list[Any]:
    return tx.all(_ITEMS, (number,))


def load(tx: Tx, number: str) -> Bag | None:
    return of_row(tx.one("SELECT * FROM courier_bag WHERE number = %s", (number,)))


def _locked(tx: Tx, number: str) -> Bag:
    bag = of_row(tx.one("SELECT * FROM courier_bag WHERE number = %s FOR UPDATE", (number,)))
    if bag is None:
        raise LookupError(number)
    return bag


def of_row(row: Any) -> Bag | None:
    return Bag(**{name: getattr(row, name) for name in Bag.__struct_fields__}) if row else None
