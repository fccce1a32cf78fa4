"""Who applied in the past, and what they declared: people of the demo population, or made up where none are given."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from lienthong.casework.dossiers import Content
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Field, Form, Service, Term
from lienthong.demo.history_pace import share
from lienthong.demo.names import KINH, Names
from lienthong.territory.units import Territory

_ADULT = timedelta(days=18 * 366)


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody who can apply."""

    number: str
    name: str
    born: date
    gender: str
    unit: str
    ethnicity: str = KINH
    hometown: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth that stands in the register: its number, the child, the parents."""

    number: str
    name: str
    born: date
    gender: str
    mother: Citizen
    father: Citizen | None = None
    record: Mapping[str, Any] = field(default_factory=dict)  # as the register's owner describes it


# Answers on which other questions hang: the plain case.
_PLAIN: Final[Mapping[str, str]] = {
    "parents": "married", "mother_papers": "number", "father_papers": "number", "birth_at": "facility",
    "birth_count": "1", "support": "no", "wants_identity_card": "no",
}  # fmt: skip
_ON_PAPER: Final = "giay"  # handed in at the counter, never scanned
_TEXT: Final[Mapping[str, Sequence[str]]] = {
    "phone": ("0912345678", "0987654321", "0263 3822 345"),
    "email": ("nguoinop@example.vn",),
    "address": ("Thôn 3", "Tổ dân phố 5", "12 Hùng Vương", "Thôn 8", "45 Trần Phú"),
    "place": ("Thôn 2", "Thửa 112, tờ bản đồ 14", "Tổ dân phố 9"),
    "passport": ("C1234567",),
    "bank_account": ("5400205123456",),
    "land_plot": ("112/14", "87/3", "245/21", "16/9"),
    "area": ("96", "120", "148", "210"),
    "whole_number": ("1", "2", "3"),
    "document_title": ("Bằng tốt nghiệp đại học", "Giấy chứng nhận quyền sử dụng đất", "Sổ hộ khẩu cũ", "Học bạ"),
}
_SAMPLES: Final = ("1", "2", "12", "120", "50000000", "112/14", "0912345678", "C1234567", "A1")
_DELIVERIES: Final = {"electronic": 0.6, "one_stop": 0.34, "post": 0.06}
_TEXTS: Final = ("theo hồ sơ", "như bản chính", "dùng trong nước", "lần đầu")


class People:
    """Draws applicants and what they declare. Without citizens it makes some up, without births it names children."""

    def __init__(
        self,
        territory: Territory,
        terms: Mapping[str, Term],
        citizens: Iterable[Citizen] = (),
        births: Iterable[Birth] = (),
    ) -> None:
        self._names, self._terms, self._territory = Names.load(), terms, territory
        self._adults: dict[str, list[Citizen]] = {}
        self._births: dict[str, list[Birth]] = {}
        for citizen in sorted(citizens, key=lambda one: one.number):
            self._adults.setdefault(citizen.unit, []).append(citizen)
        for birth in sorted(births, key=lambda one: one.number):
            self._births.setdefault(birth.mother.unit, []).append(birth)
        self._facilities = {unit.code: territory.nearest_facility(unit.code).code for unit in territory.units()}

    def citizen(self, rng: Random, unit: str, gender: str = "") -> Citizen:
        """An adult of a unit."""
        adults = self._adults.get(unit)
        if not adults:
            return self._made_up(rng, unit, gender or ("male", "female")[int(rng.random() * 2)])
        for _ in range(8):
            found = adults[int(rng.random() * len(adults))]
            if gender in ("", found.gender):
                return found
        return found

    def birth(self, rng: Random, unit: str, on: date) -> Birth:
        """A birth of a unit that is registered on a day: one of the register, else a child of two of its people."""
        known = self._births.get(unit)
        if known:
            return known.pop()
        mother, father = self.citizen(rng, unit, "female"), self.citizen(rng, unit, "male")
        gender, born = ("male", "female")[int(rng.random() * 2)], on - timedelta(days=3 + int(rng.random() * 50))
        name = self._names.full_name(rng, KINH, father.name.partition(" ")[0], gender, born.year)
        return Birth("", name, born, gender, mother, father)

    def _made_up(self, rng: Random, unit: str, gender: str) -> Citizen:
        born = date(1962, 1, 1) + timedelta(days=int(rng.random() * 15_000))
        clan = self._names.clan(rng, KINH)
        name = self._names.full_name(rng, KINH, clan, gender, born.year)
        century = (born.year - 1900) // 100 * 2 + (gender == "female")
        number = f"068{century}{born:%y}{int(rng.random() * 1_000_000):06d}"
        return Citizen(number, name, born, gender, unit, hometown=unit)

    def content(
        self, rng: Random, service: Service, who: Citizen, birth: Birth | None, unit: str, at: datetime
    ) -> Content:
        """What a dossier came with: of what its form's fields say nothing is wrong (`forms.check`)."""
        contact = {"name": who.name, "phone": who.phone or "0912345678", "address": _TEXT["address"][0]}
        return Content(self._declared(rng, service, who, birth, unit, at.date()), contact=contact)

    def _declared(
        self, rng: Random, service: Service, who: Citizen, birth: Birth | None, unit: str, on: date
    ) -> dict[str, Any]:
        known = self._known(who, birth, unit)
        known |= {service.card.unit: unit} if service.card.unit else {}
        found: dict[str, Any] = {}
        for name, spec in service.form.fields.items():
            if spec.when and not forms.holds(spec.when, found):
                continue
            value = known.get(name)
            if value is None and (not spec.optional or rng.random() < 0.5):
                value = self._value(rng, service.form, name, spec, known, on)
            if value is not None:
                found[name] = value
        return found

    def _known(self, who: Citizen, birth: Birth | None, unit: str) -> dict[str, Any]:
        parts: dict[str, Citizen | None] = {"requester": who, "applicant": who, "owner": who, "": who}
        if birth:
            parts |= {"mother": birth.mother, "father": birth.father}
        known: dict[str, Any] = {}
        for part, one in parts.items():
            if one is not None:
                known |= {f"{part}_{name}".lstrip("_"): value for name, value in _facts(one).items()}
        if not birth:
            return known
        child = {"child_name": birth.name, "birth_date": birth.born.isoformat(), "gender": birth.gender}
        follows = "father" if birth.father else "mother"
        choices = dict.fromkeys(("ethnicity", "hometown", "surname_after"), follows)
        place = {"birth_place": self._facilities[unit], "birth_unit": unit, "requester_relation": "mother"}
        alone = {} if birth.father else {"parents": "mother"}
        return {**known, **_PLAIN, **child, **choices, **place, **alone}

    def _value(self, rng: Random, form: Form, name: str, spec: Field, known: Mapping[str, Any], on: date) -> Any:
        term = self._terms[spec.term]
        match term.type:
            case "code":
                return _code(rng, form, name, list(spec.only or term.codes))
            case "person":
                return known["number"]
            case "unit":
                return known["unit"]
            case "facility":
                return self._facilities[known["unit"]]
            case "date" | "moment":
                return (on - timedelta(days=30 + int(rng.random() * 2_000))).isoformat()
            case "number":
                return str(1 + int(rng.random() * 3))
            case "flag":
                return True
            case "key":
                return None if spec.optional else f"{on.year}/{int(rng.random() * 900_000) + 100_000}"
            case "paper":
                return None if spec.optional else _ON_PAPER
        texts = _TEXT.get(spec.term) or ((str(known["full_name"]),) if term.name else _fitting(term))
        return texts[int(rng.random() * len(texts))]


def _fitting(term: Term) -> Sequence[str]:
    """Some words; where the term has a pattern, those that fit."""
    return [text for text in _SAMPLES if re.fullmatch(term.pattern, text)] if term.pattern else _TEXTS


def _facts(one: Citizen) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "full_name": one.name,
        "birth_date": one.born.isoformat(),
        "gender": one.gender,
        "ethnicity": one.ethnicity,
        "nationality": "VN",
        "hometown": one.hometown or one.unit,
        "unit": one.unit,
        **({"phone": one.phone} if one.phone else {}),
    }


def _code(rng: Random, form: Form, name: str, codes: Sequence[str]) -> str:
    """Any of a list; the plain case where other questions hang on the answer, and mostly no paper to fetch."""
    if name in _PLAIN and _PLAIN[name] in codes:
        return _PLAIN[name]
    if "electronic" in codes:
        return share(_DELIVERIES, rng.random())
    gates = any(spec.when.partition("=")[0].removesuffix("!") == name for spec in form.fields.values())
    return codes[0] if gates and rng.random() < 0.9 else codes[int(rng.random() * len(codes))]


def living_in(citizens: Iterable[Citizen], on: date) -> list[Citizen]:
    """Those of age on a day."""
    return [replace(one, hometown=one.hometown or one.unit) for one in citizens if one.born + _ADULT <= on]
