"""Decision rules for straight-through steps: named, dated, never edited once published.

A rule lists its conditions and whether registers of this node verify each. All met: the step is decided at once,
with the list as its reason. Otherwise it waits for an officer, who sees what was not verified.
"""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lienthong.casework.values import sixth_birthday
from lienthong.catalogue.shapes import Words
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.registers.records import find


@dataclass(frozen=True)
class Condition:
    met: bool
    words: Words


Rule = Callable[[Node, Tx, Mapping[str, Any], Mapping[str, Any], date], list[Condition]]


def newborn_residence_2024_07(
    node: Node, tx: Tx, declared: Mapping[str, Any], results: Mapping[str, Any], today: date
) -> list[Condition]:
    """A newborn joins a parent's household (Law on Residence 68/2020/QH14, Art. 20; Decree 154/2024/NĐ-CP, Art. 7)."""
    owned = node.catalogue.owned
    child = _one(tx, owned["persons"], "number", results["birth"]["record"].get("child_number"))
    household = _one(tx, owned["households"], "code", declared["household"])
    householder = _one(tx, owned["persons"], "number", household.get("householder"))
    homes = {
        parent: _one(tx, owned["residences"], "person", parent).get("household")
        for parent in (child.get("mother"), child.get("father"))
        if parent
    }
    return [
        Condition(bool(child), Words("Trẻ đã có số định danh", "The child has a personal number")),
        Condition(
            bool(child) and not _one(tx, owned["residences"], "person", child.get("number")),
            Words("Trẻ chưa đăng ký thường trú", "The child has no residence yet"),
        ),
        Condition(
            declared["household"] in homes.values(),
            Words("Cha hoặc mẹ thường trú trong hộ này", "A parent resides in this household"),
        ),
        Condition(
            bool(householder)
            and householder["number"] == declared["householder_number"]
            and householder["died_on"] is None,
            Words("Chủ hộ đúng như đã khai và còn sống", "The householder is the one declared, and alive"),
        ),
        Condition(
            declared["requester_number"] in homes,
            Words("Người khai là cha hoặc mẹ", "The person declaring is a parent"),
        ),
        Condition(
            household.get("householder") in homes,
            Words("Chủ hộ là cha hoặc mẹ nên đã đồng ý", "The householder is a parent, so consent is given"),
        ),
    ]


def child_health_card_2025_07(
    node: Node, tx: Tx, declared: Mapping[str, Any], results: Mapping[str, Any], today: date
) -> list[Condition]:
    """A free card for a child under six: Law on Health Insurance, Art. 12(3); Decree 188/2025/NĐ-CP."""
    birth = results["birth"]["record"]
    number = birth.get("child_number")
    held = _one(tx, node.catalogue.owned["insurance_cards"], "person", number)
    facilities = {facility.code for facility in node.territory.facilities()}
    return [
        Condition(bool(number), Words("Trẻ đã có số định danh", "The child has a personal number")),
        Condition(
            today < sixth_birthday(date.fromisoformat(birth["birth_date"])),
            Words("Trẻ dưới 6 tuổi", "The child is under six"),
        ),
        Condition(not held, Words("Trẻ chưa có thẻ bảo hiểm y tế", "The child has no card yet")),
        Condition(
            declared["facility"] in facilities,
            Words("Nơi khám chữa bệnh ban đầu nhận đăng ký", "The chosen facility takes registrations"),
        ),
    ]


RULES: dict[str, Rule] = {
    "newborn-residence@2024-07": newborn_residence_2024_07,
    "child-health-card@2025-07": child_health_card_2025_07,
}


def source_hashes() -> dict[str, str]:
    """What each rule says, as a hash: a revision that names a rule names its text too."""
    return {name: hashlib.sha256(inspect.getsource(rule).encode()).hexdigest() for name, rule in RULES.items()}


def _one(tx: Tx, register: Any, lookup: str, value: str | None) -> dict[str, Any]:
    """The first row of a look-up, or an empty one."""
    rows = find(tx, register, lookup, value) if value else []
    return rows[0] if rows else {}
