"""Decision rules: named, dated, never edited once published.

A straight-through rule lists its conditions and whether registers verify each. All met: the step is done at once, with
the list as its reason. Otherwise it waits for an officer, who sees what was not verified. A consent rule says whether
somebody must agree first.
"""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from lienthong.casework.values import sixth_birthday
from lienthong.catalogue.shapes import Words

if TYPE_CHECKING:
    from lienthong.casework.facts import Facts

TIMELY_DAYS = 60  # within which a birth is to be registered (Law on Civil Status, Art. 15)


@dataclass(frozen=True)
class Condition:
    met: bool
    words: Words


Rule = Callable[["Facts"], list[Condition]]
ConsentRule = Callable[["Facts"], bool]


def complete_birth_file_2026_09(facts: "Facts") -> list[Condition]:
    """A birth file is complete without a look by a person (Decree 301/2026/NĐ-CP; Law on Civil Status, Art. 16)."""
    declared = facts.declared
    notice = _matching(facts, ("notice",), "number", declared.get("notice_number"))
    persons = ("me", "spouse", "mother", "father")
    mother = _matching(facts, persons, "number", declared.get("mother_number"))
    father = _matching(facts, persons, "number", declared.get("father_number"))
    marriage = _matching(facts, ("marriage",), "wife", declared.get("mother_number"))
    parents = {declared.get("mother_number"), declared.get("father_number")} - {None, ""}
    born = date.fromisoformat(declared["birth_date"])
    return [
        Condition(
            bool(notice)
            and notice.get("mother") == declared.get("mother_number")
            and notice.get("gender") == declared.get("gender")
            and str(notice.get("born_at", ""))[:10] in (declared["birth_date"], ""),
            Words(
                "Giấy chứng sinh điện tử khớp với tờ khai", "The electronic birth notice agrees with the declaration"
            ),
        ),
        Condition(
            bool(mother) and mother.get("full_name") == declared.get("mother_name"),
            Words("Người mẹ có trong CSDL dân cư, đúng tên", "The mother is in the population register, by that name"),
        ),
        Condition(
            not declared.get("father_name")
            or (bool(father) and marriage.get("husband") == declared.get("father_number")),
            Words(
                "Người cha là chồng của mẹ theo sổ kết hôn",
                "The father is the mother's husband by the marriage register",
            ),
        ),
        Condition(
            declared.get("requester_number") in parents,
            Words("Người khai là cha hoặc mẹ", "The person declaring is a parent"),
        ),
        Condition(
            (facts.today - born).days <= TIMELY_DAYS,
            Words("Khai trong 60 ngày kể từ ngày sinh", "Declared within 60 days of the birth"),
        ),
        Condition(
            declared.get("support") != "yes",
            Words("Không đề nghị hỗ trợ sinh con", "No childbirth support is asked for"),
        ),
    ]


def newborn_residence_2026_09(facts: "Facts") -> list[Condition]:
    """A newborn joins a household (Law on Residence 68/2020/QH14, Art. 20; Decree 154/2024/NĐ-CP, Art. 7)."""
    declared, given = facts.declared, facts.dossier.state.consents
    child = facts.own("persons", "number", facts.results["birth"]["record"].get("child_number"))
    household = facts.own("households", "code", declared.get("household"))
    householder = facts.own("persons", "number", household.get("householder"))
    homes = {
        parent: facts.own("residences", "person", parent).get("household")
        for parent in (child.get("mother"), child.get("father"))
        if parent
    }
    return [
        Condition(bool(child), Words("Trẻ đã có số định danh", "The child has a personal number")),
        Condition(
            bool(child) and not facts.own("residences", "person", child.get("number")),
            Words("Trẻ chưa đăng ký thường trú", "The child has no residence yet"),
        ),
        Condition(
            declared.get("household") in homes.values() or given.get("householder") == "given",
            Words(
                "Cha hoặc mẹ thường trú trong hộ này, hoặc chủ hộ đồng ý",
                "A parent resides in this household, or the householder agrees",
            ),
        ),
        Condition(
            bool(householder)
            and householder["number"] == declared.get("householder_number")
            and householder["died_on"] is None,
            Words("Chủ hộ đúng như đã khai và còn sống", "The householder is the one declared, and alive"),
        ),
        Condition(
            declared.get("requester_number") in homes,
            Words("Người khai là cha hoặc mẹ", "The person declaring is a parent"),
        ),
        Condition(
            household.get("householder") in homes or given.get("householder") == "given",
            Words("Chủ hộ là cha hoặc mẹ, hoặc đã đồng ý", "The householder is a parent, or has agreed"),
        ),
        Condition(
            not parents_apart_2026_09(facts) or given.get("other_parent") == "given",
            Words(
                "Cha mẹ ở cùng nhau, hoặc người kia đã đồng ý", "The parents live together, or the other one has agreed"
            ),
        ),
    ]


def child_health_card_2026_09(facts: "Facts") -> list[Condition]:
    """A free card for a child under six: Law on Health Insurance, Art. 12(3); Decree 188/2025/NĐ-CP."""
    birth = facts.results["birth"]["record"]
    number = birth.get("child_number")
    held = facts.own("insurance_cards", "person", number)
    facilities = {facility.code for facility in facts.node.territory.facilities()}
    return [
        Condition(bool(number), Words("Trẻ đã có số định danh", "The child has a personal number")),
        Condition(
            facts.today < sixth_birthday(date.fromisoformat(birth["birth_date"])),
            Words("Trẻ dưới 6 tuổi", "The child is under six"),
        ),
        Condition(not held, Words("Trẻ chưa có thẻ bảo hiểm y tế", "The child has no card yet")),
        Condition(
            facts.declared["facility"] in facilities,
            Words("Nơi khám chữa bệnh ban đầu nhận đăng ký", "The chosen facility takes registrations"),
        ),
    ]


def father_unmarried_2026_09(facts: "Facts") -> bool:
    """A father who is not the mother's husband recognises the child himself (Law on Marriage and Family, Art. 88)."""
    declared = facts.declared
    return declared.get("parents") == "unmarried" and declared.get("requester_number") != declared.get("father_number")


def mother_unmarried_2026_09(facts: "Facts") -> bool:
    """The mother agrees where the father who is not her husband declares (Law on Marriage and Family, Art. 88, 101)."""
    declared = facts.declared
    return declared.get("parents") == "unmarried" and declared.get("requester_number") != declared.get("mother_number")


def householder_not_parent_2026_09(facts: "Facts") -> bool:
    """Another person's household needs that householder's consent (Law on Residence 68/2020/QH14, Art. 20)."""
    declared = facts.declared
    parents = {declared.get("mother_number"), declared.get("father_number")}
    return bool(declared.get("householder_number")) and declared["householder_number"] not in parents


def parents_apart_2026_09(facts: "Facts") -> bool:
    """Where parents live apart, the one who does not declare agrees on the child's home (Law on Residence, Art. 12)."""
    declared = facts.declared
    parents = [declared.get("mother_number"), declared.get("father_number")]
    homes = {facts.own("residences", "person", parent).get("household") for parent in parents if parent}
    return all(parents) and len(homes - {None}) > 1


RULES: dict[str, Rule] = {
    "complete-birth-file@2026-09": complete_birth_file_2026_09,
    "newborn-residence@2026-09": newborn_residence_2026_09,
    "child-health-card@2026-09": child_health_card_2026_09,
}
CONSENTS: dict[str, ConsentRule] = {
    "father-unmarried@2026-09": father_unmarried_2026_09,
    "mother-unmarried@2026-09": mother_unmarried_2026_09,
    "householder-not-parent@2026-09": householder_not_parent_2026_09,
    "parents-apart@2026-09": parents_apart_2026_09,
}


def source_hashes() -> dict[str, str]:
    """What each rule says, as a hash: a revision that names a rule names its text too."""
    every: dict[str, Any] = {**RULES, **CONSENTS}
    return {name: hashlib.sha256(inspect.getsource(rule).encode()).hexdigest() for name, rule in every.items()}


def _matching(facts: "Facts", look_ups: tuple[str, ...], column: str, value: str | None) -> dict[str, Any]:
    """The row that a register's owner gave for one of these look-ups, with this value; else an empty one."""
    rows = facts.answered(*look_ups) if value else []
    return next((row for row in rows if row.get(column) == value), {})
