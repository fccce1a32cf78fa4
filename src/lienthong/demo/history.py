"""Past dossiers of a province's one-stop, by the thousand for the demo and by the million for measures.

Nothing here knows how a dossier is stored: acts go through `states.apply`, rows come from `dossiers.save`
(history_rows), lives are told in history_life, the province's pace in history_pace, its people in history_forms.
The same figures, catalogue, officers and people give the same dossiers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Final, cast

from lienthong.casework import codes
from lienthong.casework.dossiers import Dossier, Identity
from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.shapes import Channel, Service
from lienthong.demo.history_forms import People
from lienthong.demo.history_life import Life, Office
from lienthong.demo.history_pace import Figures, Staff, flows, moment, share
from lienthong.demo.history_results import Results
from lienthong.exchange.node import Node
from lienthong.kit.signatures import SigningKey
from lienthong.territory.units import Territory, Unit

_CHANNELS: Final = {"online": 0.62, "counter": 0.35, "post": 0.03}
_OF_BRANCHES: Final[tuple[Channel, ...]] = ("online", "counter")
_ELSEWHERE: Final = 0.15

Post = tuple[str, str, str, str]  # number, name, role, unit


@dataclass
class Archive:
    """Whose past is made: a node's catalogue, its communes, who holds its posts, who applies."""

    catalogue: Catalogue
    territory: Territory
    posts: Sequence[Post]
    people: People
    name: str = ""
    units: list[Unit] = field(default_factory=list)
    seal: SigningKey | None = None  # where results are to be sealed

    def __post_init__(self) -> None:
        self.name = self.name or self.catalogue.node
        self.units = self.units or self.territory.units()

    @property
    def services(self) -> list[Service]:
        """Those whose dossiers lie at this node."""
        handled = self.catalogue.services.items()
        return [one for _, one in sorted(handled) if one.card.handled_by == self.name and not one.branches]


def made(archive: Archive, figures: Figures, part: int = 0, parts: int = 1) -> Iterator[list[Dossier]]:
    """Dossiers not yet stored, those of one day at a time, in order of days: of every day, or of each `parts`th."""
    node = cast(Node, archive)  # limits and codes ask it for catalogue, territory and name alone
    calendar, services, days = archive.catalogue.calendar, archive.services, figures.days
    flowing = flows(figures, archive.units, services, calendar)
    results = Results(are_sealed=archive.seal is not None)
    office = Office(node, Staff(archive.posts, figures.seed), flowing, figures.until, results)
    agencies = {unit.code: codes.agency_for(node, unit.code) for unit in archive.units}
    for place in range(part, len(days), parts):
        found: list[Dossier] = []
        for unit in archive.units:
            arrived = flowing[unit.code].arrivals[place]
            if any(arrived):
                found += _of_day(archive, office, figures, unit.code, agencies[unit.code], place, arrived)
        yield found


def _of_day(
    archive: Archive, office: Office, figures: Figures, unit: str, agency: str, place: int, arrived: Sequence[int]
) -> Iterator[Dossier]:
    """What one unit took in on a day, numbered in order of arrival."""
    day = figures.days[place]
    rng = Random(f"{figures.seed}/{unit}/{day}")  # noqa: S311 - a repeatable demo, no secret
    came = sorted(_arrivals(archive, rng, day, arrived), key=lambda one: one[0])
    for number, (at, channel, service) in enumerate(came, start=figures.first):
        if at > figures.until:
            return
        code = f"{agency}-{day:%y%m%d}-{number:04d}"
        birth = archive.people.birth(rng, unit, day) if "child_name" in service.form.fields else None
        if birth is not None and birth.record:
            office.results.records[code] = birth.record
        who = birth.mother if birth else archive.people.citizen(rng, unit)
        content = archive.people.content(rng, service, who, birth, unit, at)
        identity = Identity(
            code=code,
            service=service.slug,
            revision=service.revision,
            agency=agency,
            applicant=who.number,
            received_at=at,
            unit=unit,
            subject=birth.name if birth else str(content.declared.get(service.card.subject) or who.name),
            channel=channel,
            intake=_intake(archive, rng, service, channel, unit),
        )
        yield Life(office, service, rng, place).live(identity, content)


def _arrivals(
    archive: Archive, rng: Random, day: date, arrived: Sequence[int]
) -> Iterator[tuple[datetime, Channel, Service]]:
    is_worked = archive.catalogue.calendar.is_worked(day)
    for service, count in zip(archive.services, arrived, strict=True):
        for _ in range(count):
            channel = _channel(rng, service)
            if is_worked or channel == "online":
                yield moment(rng, day, at_the_counter=channel != "online"), channel, service


def _intake(archive: Archive, rng: Random, service: Service, channel: str, unit: str) -> str:
    """The reception point of another unit, for some that may be taken in anywhere and are decided in one place."""
    if channel == "online" or not (service.card.placeless and service.card.unit) or rng.random() >= _ELSEWHERE:
        return ""
    other = archive.units[int(rng.random() * len(archive.units))].code
    return other if other != unit else ""


def _channel(rng: Random, service: Service) -> Channel:
    """A way in which the service is filed; what is only a branch of another comes online or by a counter's hand. Papers
    that a form demands were handed in."""
    offered, drawn = service.card.channels or _OF_BRANCHES, rng.random()
    needs_papers = any(
        service.terms[one.term].type == "paper" and not (one.optional or one.when)
        for one in service.form.fields.values()
    )
    able = [one for one in offered if one != "online" or not needs_papers]
    found = share(_CHANNELS, drawn)
    return next((one for one in able if one == found), able[0])
