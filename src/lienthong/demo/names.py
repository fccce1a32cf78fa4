"""Full names in Vietnamese order, by people, generation and sex, from the tables beside this file.

A Kinh child carries the father's surname, an Ê-đê child the mother's clan, a child of the Mạ a name of its own.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

KINH = "01"
_URN = 2000


@dataclass(frozen=True, slots=True)
class Generation:
    """What people born up to a year are called; each list repeats a name as often as it is common."""

    until: int
    middle: dict[str, list[str]]
    given: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class People:
    """How one people names its children."""

    code: str
    line: str
    clanned: float
    clans: list[str]
    patterns: dict[str, str]
    alone: dict[str, str]
    given: dict[str, list[str]]


class Names:
    """Draws clans and full names. All text is NFC; apostrophes are the plain one of the keyboard."""

    def __init__(self, frequencies: dict[str, Any], peoples: dict[str, Any]) -> None:
        self.generations = [
            Generation(
                until=row["until"],
                middle={sex: [_with_gap(word) for word in urn(row[sex]["middle"])] for sex in ("male", "female")},
                given={sex: urn(row[sex]["given"]) for sex in ("male", "female")},
            )
            for row in frequencies["generations"]
        ]
        self.surnames = urn(frequencies["surnames"])
        self.peoples = {code: self._people(code, row) for code, row in peoples["peoples"].items()}
        self.origins: dict[str, list[str]] = peoples["origins"]
        self._shares: dict[str, dict[str, int]] = peoples["units"]
        self._anywhere: dict[str, int] = peoples["anywhere"]

    @classmethod
    def load(cls) -> "Names":
        here = Path(__file__).parent
        return cls(_read(here / "frequencies.yaml"), _read(here / "peoples.yaml"))

    def peoples_of(self, unit: str) -> list[str]:
        """A hundred families of the unit: the code of each one's people."""
        shares = {**self._anywhere, **self._shares.get(unit, {})}
        families = [code for code, count in shares.items() for _ in range(count)]
        return families + [KINH] * (100 - len(families))

    def clan(self, rng: Random, people: str, *, besides: str = "") -> str:
        """A surname or clan of the people, "" for a family without one. Clans of a mother's line marry outside."""
        kind = self.peoples[people]
        if not kind.clans or rng.random() >= kind.clanned:
            return ""
        clan = rng.choice(kind.clans)
        while kind.line == "mother" and clan == besides:
            clan = rng.choice(kind.clans)
        return clan

    def full_name(self, rng: Random, people: str, clan: str, gender: str, year: int) -> str:
        """A name for somebody of the people and clan, born in the year."""
        kind = self.peoples[people]
        generation = next(row for row in self.generations if year <= row.until)
        given = kind.given.get(gender) or generation.given[gender]
        pattern = kind.patterns[gender] if clan else kind.alone[gender]
        middles = generation.middle[gender]
        return pattern.format(
            clan=clan,
            middle=middles[int(rng.random() * len(middles))],
            given=given[int(rng.random() * len(given))],
        )

    def _people(self, code: str, row: dict[str, Any]) -> People:
        own = {sex: urn(row[f"{sex}_given"]) for sex in ("male", "female") if f"{sex}_given" in row}
        written = {sex: row.get(sex, "") for sex in ("male", "female")}
        return People(
            code=code,
            line=row["line"],
            clanned=row.get("clanned", 1.0),
            clans=self.surnames if code == KINH else urn(row.get("clans", "")),
            patterns=written,
            alone={sex: row.get(f"{sex}_alone", written[sex]) for sex in written},
            given=own,
        )


def without_accents(name: str) -> str:
    """The name as a clerk without a Vietnamese keyboard would have written it."""
    bare = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def urn(text: str) -> list[str]:
    """A list to draw from evenly, made of "Name:weight …"; "_" is a space."""
    weighted = [(word.replace("_", " "), float(weight)) for word, weight in re.findall(r"(\S+):([\d.]+)", text)]
    whole = sum(weight for _, weight in weighted)
    drawn: list[str] = []
    for word, weight in weighted:
        drawn += [unicodedata.normalize("NFC", word)] * max(1, round(_URN * weight / whole))
    return drawn


def _with_gap(middle: str) -> str:
    return "" if middle == "-" else middle + " "


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
