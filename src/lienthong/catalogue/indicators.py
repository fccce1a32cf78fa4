"""Score sets as dated data (catalogue/indicators/*.yaml): groups of indicators, each a ratio of named measures.

A formula that changes is a new version with its own first day; a day is scored by the version of that day.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from lienthong.catalogue.files import CatalogueError, Files, inside, shaped
from lienthong.catalogue.shapes import Words

# What a formula may name; `steering` says how each is counted.
OF_DOSSIERS: Final = frozenset({
    "carried", "received", "online", "counter", "post", "early", "on_time", "late", "late_open", "open", "results",
    "refused", "stopped", "withdrawn", "minutes", "supplemented_twice", "extended", "fee_due", "paid_online",
    "e_results", "online_results", "digitised", "digitised_parts", "from_store", "population", "accounts", "automatic",
})  # fmt: skip
OF_OTHERS: Final = frozenset({
    "procedures", "procedures_dated", "procedures_in_time", "procedures_entered", "procedures_entered_in_time",
    "procedures_complete", "procedures_online", "procedures_fee", "procedures_fee_online", "procedures_fee_paid",
    "procedures_population", "to_sync", "synced", "copies", "e_copies", "feedback", "feedback_in_time",
    "feedback_content", "rated", "rated_content", "complained",
})  # fmt: skip
Terms = Annotated[list[Annotated[str, msgspec.Meta(pattern=r"^-?[a-z_]+$")]], msgspec.Meta(min_length=1)]


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`part` ÷ `of`, each a sum of measures (`-name` is taken away), times the ratio of the indicator `times`. All of
    `most` points from the ratio `full_at` on, below it in proportion; `most` 0 is for information.

    `shown`: a share, or hours of the measure's minutes. `opens` are the measures whose dossiers the figure opens to.
    """

    indicator: str
    name: Words
    part: Terms
    of: Terms
    most: Decimal = Decimal(0)
    full_at: Decimal = Decimal(1)
    times: str = ""
    shown: Literal["share", "hours"] = "share"
    opens: list[str] = []
    says: Words | None = None


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    group: str
    name: Words
    most: Decimal
    indicators: list[Indicator]


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    since: date
    basis: str
    groups: list[Group]
    until: date | None = None
    decimals: Annotated[int, msgspec.Meta(ge=0, le=4)] = 2

    @property
    def indicators(self) -> Iterator[Indicator]:
        return (one for group in self.groups for one in group.indicators)


class ScoreSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set of indicators with all its versions."""

    code: str
    name: Words
    total: Decimal
    versions: list[Version]

    def on(self, day: date) -> Version | None:
        """The version by which a day is scored; None before the first."""
        return next((v for v in self.versions if v.since <= day and (v.until is None or day <= v.until)), None)


def read(files: Files) -> dict[str, ScoreSet]:
    """Every score set by its code. Raises CatalogueError for names that nobody counts, points that do not add up."""
    found = {}
    for path in inside(files, "indicators"):
        one: ScoreSet = shaped(files, path, ScoreSet)
        if problem := next(_problems(one), ""):
            raise CatalogueError(f"{path}: {problem}")
        found[one.code] = one
    return found


def _problems(one: ScoreSet) -> Iterator[str]:
    for before, after in zip(one.versions, one.versions[1:], strict=False):
        if before.until is None or before.until >= after.since:
            yield f"the version from {before.since} does not end before {after.since}"
    for version in one.versions:
        yield from (f"from {version.since}: {what}" for what in _of_version(version, one.total))


def _of_version(version: Version, total: Decimal) -> Iterator[str]:
    if sum(group.most for group in version.groups) != total:
        yield f"the groups do not add up to {total} points"
    names = {one.indicator for one in version.indicators}
    for group in version.groups:
        if sum(one.most for one in group.indicators) != group.most:
            yield f"the indicators of {group.group} do not add up to {group.most} points"
    for one in version.indicators:
        unknown = {term.removeprefix("-") for term in one.part + one.of} - OF_DOSSIERS - OF_OTHERS
        if unknown:
            yield f"{one.indicator} names {', '.join(sorted(unknown))}, which nobody counts"
        if one.times and one.times not in names - {one.indicator}:
            yield f"{one.indicator} is multiplied by {one.times}, which is no indicator"
        if set(one.opens) - OF_DOSSIERS:
            yield f"{one.indicator} opens to {', '.join(one.opens)}, which are not all dossiers"
        if one.full_at <= 0:
            yield f"{one.indicator} has no ratio from which it is full"
