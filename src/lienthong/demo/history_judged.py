"""How well the forecast (casework.forecast) foretells a past whose end is known.

At each of some moments only what had been done by then is learned from; every dossier that was under way and not late
yet is given its chance, and judged by how it ended. Beside it stand two plain guesses: the share that was late in the
unit and service in the thirty days before, and in the service in the whole province.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lienthong.casework import forecast
from lienthong.casework.acts import PROCESSED, REJECTED, RETURNED, State
from lienthong.casework.dossiers import Dossier
from lienthong.casework.forecast import RUNNING, Model, Past
from lienthong.casework.states import derive
from lienthong.catalogue.catalogue import Catalogue

_ENDS = (PROCESSED, RETURNED, REJECTED)


@dataclass
class Scores:
    """Chances and what came; `brier` of each guess, the lower the better."""

    learned: list[tuple[float, bool]] = field(default_factory=list)
    unit: list[tuple[float, bool]] = field(default_factory=list)
    province: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def brier(self) -> tuple[float, float, float]:
        """Of what was learned, of the unit's share of last month, of the province's."""
        return forecast.brier(self.learned), forecast.brier(self.unit), forecast.brier(self.province)


def scores(catalogue: Catalogue, made: Sequence[Dossier], moments: Iterable[datetime]) -> Scores:
    """`made` must reach beyond the moments, so that the ends are known."""
    told = Scores()
    for at in moments:
        _judge(catalogue, made, at, told)
    return told


def _judge(catalogue: Catalogue, made: Sequence[Dossier], at: datetime, told: Scores) -> None:
    recent = (one for one in made if at - forecast.LEARNED_FROM < one.identity.received_at <= at)
    model = forecast.learn((_past(catalogue, one) for one in recent), catalogue.calendar_of, at)
    share = forecast.last_month(_ended(made), at)
    under_way = list(_under_way(catalogue, made, at))
    lying = Counter((state.moved_to or one.identity.unit, state.role) for one, state in under_way)
    for one, state in under_way:
        service, unit, late = one.identity.service, one.identity.unit or "", _was_late(one)
        others = lying[state.moved_to or one.identity.unit, state.role] - 1
        plain = share.get((service, ""), 0.0)
        chance = _chance(catalogue, model, one, state, others, at)
        told.learned.append((plain if chance is None else chance, late))
        told.unit.append((share.get((service, unit), plain), late))
        told.province.append((plain, late))


def _chance(catalogue: Catalogue, model: Model, one: Dossier, state: State, others: int, at: datetime) -> float | None:
    assert state.deadline is not None, "something was promised"
    calendar, desk = catalogue.calendar_of(one.identity.unit), state.moved_to or one.identity.unit or ""
    spent, left = calendar.hours_between(state.since, at), calendar.hours_between(at, state.deadline)
    risk = model.risk(one.identity.service, state.step, desk, spent, left, others)
    return None if risk is None else risk.chance


def _past(catalogue: Catalogue, one: Dossier) -> Past:
    service = catalogue.service(one.identity.service, one.identity.revision)
    return Past(service, one.identity.unit or "", one.fresh)


def _ended(made: Iterable[Dossier]) -> Iterator[tuple[str, str, datetime, bool]]:
    for one in made:
        if one.times.finished_at and one.state.status in _ENDS:
            yield one.identity.service, one.identity.unit or "", one.times.finished_at, _was_late(one)


def _was_late(one: Dossier) -> bool:
    finished, deadline = one.times.finished_at, one.state.deadline
    return finished is not None and deadline is not None and finished > deadline


def _under_way(catalogue: Catalogue, made: Iterable[Dossier], at: datetime) -> Iterator[tuple[Dossier, State]]:
    """As they stood then: promised and not late yet, with an end that is known now."""
    for one in made:
        ended = one.times.finished_at
        if one.identity.received_at <= at and ended is not None and ended > at and one.state.status in _ENDS:
            service = catalogue.service(one.identity.service, one.identity.revision)
            state = derive(service, (act for act in one.fresh if act.at <= at))
            if state.waiting in RUNNING and state.deadline is not None and state.deadline > at:
                yield one, state
