"""The birth notice as the hospital's clerk writes it: what is asked, what is wrong with it, what comes of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Field, Form, Section, Words
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.canonical import canonical
from lienthong.kit.identifiers import new_id
from lienthong.kit.series import next_number
from lienthong.kit.storage import Tx
from lienthong.kit.text import fold
from lienthong.registers import reading, records
from lienthong.registers.parents import why_no_parent

PURPOSE = "birth-notice"
WITHIN = 2.0
LIGHTEST, HEAVIEST = 300, 7000  # grams
MOST_CHILDREN = 9  # of one delivery
# Notices that came with a demo population stay below; a facility writes at most a few thousand a year.
NUMBERED_FROM = 900_000

_FIELDS = {
    "mother_number": Field("personal_number"),
    "mother_name": Field("full_name"),
    "born_on": Field("birth_date"),
    "born_at": Field("address"),
    "gender": Field("gender"),
    "weight": Field("weight"),
    "birth_count": Field("count"),
    "birth_order": Field("count"),
    "attendant": Field("full_name"),
}
FORM = Form([Section("notice", Words("Giấy chứng sinh", "Birth notice"), _FIELDS)])
_LABELS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "mother_number": (_("Số định danh của người mẹ"), "", "number"),
    "mother_name": (_("Họ, chữ đệm và tên của người mẹ"), _("Gõ có dấu hay không dấu đều được."), "text"),
    "born_on": (_("Ngày sinh của trẻ"), "", "date"),
    "born_at": (_("Giờ sinh"), _("Giờ và phút, ví dụ 14:05"), "code"),
    "gender": (_("Giới tính của trẻ"), "", "choice"),
    "weight": (_("Cân nặng của trẻ"), _("Tính bằng gam, ví dụ 3200"), "number"),
    "birth_count": (_("Số trẻ sinh lần này"), _("Sinh đôi thì mỗi trẻ một giấy, ghi 2 ở cả hai giấy."), "number"),
    "birth_order": (_("Trẻ thứ mấy trong lần sinh này"), _("Sinh một con thì ghi 1."), "number"),
    "attendant": (_("Người đỡ đẻ"), "", "text"),
}


@dataclass(frozen=True)
class Mother:
    """What the population register says of the mother, and of her husband where she has one."""

    number: str
    name: str
    birth_date: str
    husband: str | None


def typed_values(posted: Mapping[str, str]) -> dict[str, str]:
    """What was typed, cleaned; the date's three boxes as yyyy-mm-dd."""
    typed = {name: forms.clean(posted.get(name, ""))[:200] for name in _FIELDS if name != "born_on"}
    year, month, day = (posted.get(f"born_on-{part}", "").strip()[:4] for part in ("year", "month", "day"))
    typed["born_on"] = f"{year}-{month:0>2}-{day:0>2}" if year or month or day else ""
    return typed


def problems(node: Node, typed: Mapping[str, str]) -> dict[str, str]:
    """What is wrong before anybody is asked, as codes by field."""
    errors = forms.check(FORM, node.catalogue.terms, typed, clock.today())
    limits = {"weight": (LIGHTEST, HEAVIEST), "birth_order": (1, MOST_CHILDREN), "birth_count": (1, MOST_CHILDREN)}
    for name, (least, most) in limits.items():
        if name not in errors and not least <= int(typed[name]) <= most:
            errors[name] = "out-of-range"
    if not errors.keys() & {"birth_order", "birth_count"} and int(typed["birth_order"]) > int(typed["birth_count"]):
        errors["birth_order"] = "order-beyond-count"
    if "born_at" not in errors and _time(typed["born_at"]) is None:
        errors["born_at"] = "not-a-time"
    if not errors.keys() & {"born_on", "born_at"} and moment_of(typed) > clock.now():
        errors["born_at"] = "in-the-future"
    return errors


def find_mother(node: Node, typed: Mapping[str, str], officer: Officer) -> tuple[Mother | None, dict[str, str]]:
    """Ask the population register; the mother, or what speaks against her by field. Silent: not-answered."""
    item = {"register": "persons", "by": "number"}
    items = {
        "mother": {
            **item,
            "value": {"is": typed["mother_number"]},
            "match": {"full_name": typed["mother_name"]},
        },
        "husband": {**item, "value": {"of": "mother.spouse"}},
    }
    owner = node.catalogue.registers["persons"].owner
    case = f"notice/{new_id()}"
    asked = reading.body(node, owner, items)
    answer = node.asker.ask(Question(owner, reading.SERVICE, asked, PURPOSE, case, officer.as_asker), within=WITHIN)
    if answer is None:
        return None, {"mother_number": "not-answered"}
    row, husband = answer.body["items"]["mother"], answer.body["items"]["husband"]
    if row is None or fold(row["full_name"]) != fold(typed["mother_name"]):
        return None, {"mother_number": "no-such-person"}  # an unknown number and another name are told alike
    if problem := why_no_parent("mother", row, typed["born_on"]):
        return None, {"mother_number": problem}
    return Mother(row["number"], row["full_name"], row["birth_date"], husband and husband["full_name"]), {}


def issue(node: Node, tx: Tx, typed: Mapping[str, str], mother: Mother, facility: str, officer: Officer) -> str:
    """Number, seal and enter the notice; its number. The same child a second time gives the notice it has."""
    register = node.catalogue.owned["birth_notices"]
    tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (mother.number,))
    born, order = moment_of(typed), int(typed["birth_order"])
    for earlier in records.find(tx, register, "mother", mother.number):
        if datetime.fromisoformat(earlier["born_at"]) == born and earlier["birth_order"] == order:
            return str(earlier["number"])
    at = clock.now()
    series = f"{facility}.{at.year}"
    told = {
        "number": f"GCS.{series}.{NUMBERED_FROM + next_number(tx, f'birth_notices/{series}'):06d}",
        "facility": facility,
        "mother": mother.number,
        "mother_name": mother.name,
        "mother_birth_date": mother.birth_date,
        "father_name": mother.husband,
        "born_at": born,
        "gender": typed["gender"],
        "weight": int(typed["weight"]),
        "birth_order": order,
        "birth_count": int(typed["birth_count"]),
        "attendant": typed["attendant"],
        "issued_on": at.date(),
    }
    row = {**told, "seal": node.seal.sign(canonical(told))}
    records.enter(tx, register, row, at=at, valid_from=at.date(), by=officer.number)
    return str(told["number"])


def held(node: Node, tx: Tx, number: str, facilities: Collection[str]) -> dict[str, Any] | None:
    """A notice that one of these facilities wrote; None for any other."""
    found = records.find(tx, node.catalogue.owned["birth_notices"], "number", number)
    return found[0] if found and found[0]["facility"] in facilities else None


def as_typed(row: Mapping[str, Any]) -> dict[str, str]:
    """A notice as it was typed."""
    born = datetime.fromisoformat(row["born_at"]).astimezone(clock.ZONE)
    moment = {"born_on": born.date().isoformat(), "born_at": f"{born:%H:%M}", "mother_number": row["mother"]}
    return moment | {name: str(row[name]) for name in _FIELDS if name not in moment}


def correct(node: Node, tx: Tx, row: Mapping[str, Any], typed: Mapping[str, str], officer: Officer) -> bool:
    """Amend a notice and seal it anew: of the child, never whose it is. False when nothing is different.

    A birth that was registered from it is not touched: that is civil status' own correction.
    """
    register = node.catalogue.owned["birth_notices"]
    told = {name: row[name] for name in register.fields if name != "seal"}
    told |= {"born_at": moment_of(typed), "gender": typed["gender"], "attendant": typed["attendant"]}
    told |= {name: int(typed[name]) for name in ("weight", "birth_order", "birth_count")}
    before = {**row, "born_at": datetime.fromisoformat(row["born_at"])}
    changes = {name: value for name, value in told.items() if value != before[name]}
    if not changes:
        return False
    at = clock.now()
    told |= {name: date.fromisoformat(told[name]) for name in ("mother_birth_date", "issued_on")}
    changes["seal"] = node.seal.sign(canonical(told))
    number, why = row["number"], "bệnh viện sửa giấy chứng sinh"
    records.amend(tx, register, number, changes, at=at, valid_from=at.date(), by=officer.number, reason=why)
    return True


def moment_of(typed: Mapping[str, str]) -> datetime:
    """When the child was born. Raises ValueError before `problems` has found nothing."""
    at = _time(typed["born_at"])
    if at is None:
        raise ValueError(typed["born_at"])
    return datetime.combine(date.fromisoformat(typed["born_on"]), at, clock.ZONE)


def fields(
    node: Node, typed: Mapping[str, str], errors: Mapping[str, str], besides: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The questions as web/parts/field.html shows them, with what was typed."""
    language, terms = get_language() or "vi", node.catalogue.terms
    return [
        {
            "id": name,
            "label": label,
            "help": help_text,
            "kind": kind,
            "state": "ask",
            "required": True,
            "value": _boxes(typed.get(name, "")) if kind == "date" else typed.get(name, ""),
            "choices": [(c, w.in_language(language)) for c, w in terms[_FIELDS[name].term].codes.items()],
            "error": message(errors[name]) if name in errors else "",
        }
        for name, (label, help_text, kind) in _LABELS.items()
        if name not in besides
    ]


def _boxes(day: str) -> dict[str, str]:
    year, month, day = (*day.split("-"), "", "")[:3] if day else ("", "", "")
    return {"year": year, "month": month.lstrip("0"), "day": day.lstrip("0")}


def _time(text: str) -> time | None:
    """Half past two in any of the ways people write it: 14:30, 14h30, 14.30, 14 giờ 30."""
    parts = text.replace("giờ", ":").replace("h", ":").replace(".", ":").replace("g", ":").split(":")
    try:
        hour, minute = (int(part) if part.strip() else 0 for part in parts)
        return time(hour, minute)
    except ValueError:
        return None
