"""Numbers of people, cards, certificates and homes, unique across communes that are generated apart.

Every commune owns one residue class of a number's free part; multiplying by a constant coprime to ten hides the
classes. No two processes need to speak to each other, and the same seed gives the same numbers.
"""

from collections import defaultdict
from datetime import date
from random import Random

PLACES = 124  # communes that share the free digits
_SPREAD = 618_033  # coprime to 10
_BOOKS = {"births": "KS", "marriages": "KH"}
_SLOTS = 1_000_000 // PLACES


class Numbers:
    """The number series of one commune; `place` is its position among the 124."""

    def __init__(self, *, seed: int, place: int, unit: str) -> None:
        self._seed = seed
        self._place = place
        self._unit = unit
        self._taken: set[str] = set()
        self._counted: defaultdict[str, int] = defaultdict(int)

    def personal(self, rng: Random, province: str, gender: str, born: date) -> str:
        """Twelve digits: province of birth registration, century and gender, year of birth, six at random.

        Structure by Decree 70/2024 and the Law on Identification, article 12; there is no check digit.
        """
        century = 2 * (born.year // 100 - 19) + (gender == "female")
        prefix = f"{province}{century}{born.year % 100:02d}"
        while True:
            place = int(rng.random() * _SLOTS) * PLACES + self._place
            number = f"{prefix}{(place * _SPREAD + int(prefix) * 7919 + self._seed * 104_729) % 1_000_000:06d}"
            if number not in self._taken:
                self._taken.add(number)
                return number

    def card(self, benefit: str) -> str:
        """A health-insurance card's number: benefit code, province 68, eight running digits."""
        return f"{benefit}68{self._next('card') * PLACES + self._place + 1:08d}"

    def household(self) -> str:
        return f"{self._unit}{self._next('household') + 1:06d}"

    def certificate(self, book: str, year: int) -> str:
        """The number in a civil-status book of the commune and year, from 1; `book` is births or marriages."""
        return f"{_BOOKS[book]}-{self._unit}-{year}-{self._next(f'{book}/{self._unit}-{year}') + 1:06d}"

    def notice(self, facility: str, year: int) -> str:
        """A birth notice's number: facility, year, six digits below 900000."""
        return f"{facility}/{year}/{self._next('notice') * PLACES + self._place + 1:06d}"

    def used(self, year: int) -> dict[tuple[str, str], int]:
        """How far the running numbers of this year went, by node and series, so that its officers continue them."""
        books = {name: last for name, last in self._counted.items() if name.endswith(f"{self._unit}-{year}")}
        cards = self._counted["card"] * PLACES + self._place
        return {("BHXH", "insurance_cards"): cards, **{("G15", name): last for name, last in books.items()}}

    def _next(self, series: str) -> int:
        count = self._counted[series]
        self._counted[series] = count + 1
        return count


def phone(rng: Random) -> str:
    """A number in a range given to no subscriber."""
    return f"0900{int(rng.random() * 1_000_000):06d}"
