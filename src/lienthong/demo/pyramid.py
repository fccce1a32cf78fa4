"""Ages and sexes of Viet Nam in 2026, and how often people of an age are married or widowed.

Ages: UN World Population Prospects 2022, medium variant, 2026 (CC BY 3.0 IGO), thousands by five years of age. Sexes
follow the 2024 edition. The shares of marriage are rough, set so that homes come out as in the census.
"""

from bisect import bisect
from datetime import date, timedelta
from itertools import accumulate
from random import Random

# thousands aged 0-4, 5-9 … 95-99
AGES = (
    6934, 7331, 7408, 6931, 6852, 6878, 8015, 8048, 7725, 7202, 6475, 5238, 4797, 4259, 3078, 1815, 912, 493, 224, 65,
)  # fmt: skip
YEAR = 365.2425

_REACHED = list(accumulate(AGES))

# (from age, value); the last row whose age is reached counts
_MALES = ((0, 0.520), (20, 0.507), (35, 0.497), (50, 0.475), (60, 0.448), (70, 0.40), (80, 0.31))
_MARRIED = {
    "female": ((0, 0.0), (19, 0.14), (21, 0.42), (25, 0.70), (30, 0.86), (35, 0.92), (45, 0.94)),
    "male": ((0, 0.0), (21, 0.16), (25, 0.50), (30, 0.80), (35, 0.90), (45, 0.96)),
}
_WIDOWED = {
    "female": ((0, 0.0), (35, 0.02), (45, 0.05), (55, 0.12), (65, 0.28), (75, 0.55), (85, 0.8)),
    "male": ((0, 0.0), (50, 0.02), (65, 0.07), (75, 0.2), (85, 0.4)),
}
_LOCAL = ((0, 0.97), (18, 0.88), (30, 0.62), (50, 0.42), (70, 0.30))


def ages(rng: Random, count: int) -> list[float]:
    """Ages in years, oldest first. Drawn at even distances, so that even a small village has the country's shape."""
    whole = _REACHED[-1]
    step = whole / count
    start = rng.random() * step
    drawn = []
    for place in range(count):
        point = start + place * step
        group = bisect(_REACHED, point)
        drawn.append(5 * (group + 1 - (_REACHED[group] - point) / AGES[group]))
    return drawn[::-1]


def born(age: float, today: date) -> date:
    return today - timedelta(days=int(age * YEAR) + 1)


def male_share(age: float) -> float:
    return _reached(_MALES, age)


def married_share(gender: str, age: float) -> float:
    """Share of an age that ever married."""
    return _reached(_MARRIED[gender], age)


def widowed_share(gender: str, age: float) -> float:
    """Share of the ever married whose spouse has died."""
    return _reached(_WIDOWED[gender], age)


def local_share(age: float) -> float:
    """Share of an age, without parents in the same place, that was born in the province: the Highlands were settled."""
    return _reached(_LOCAL, age)


def _reached(table: tuple[tuple[int, float], ...], age: float) -> float:
    value = table[0][1]
    for start, share in table:
        if age < start:
            break
        value = share
    return value
