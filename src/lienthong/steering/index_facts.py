"""What the acts of one dossier amount to for Index 766: its fact row, and the movements that daily sums are made of.

A movement is (measure, day, ±1): on `day` one dossier more, or less, counts. A *stock* (open, late) is what stands at
the end of a day: the sum of its movements up to then. A *flow* (received, finished late) belongs to one day. A *share*
(e-result, paid online) belongs to the day of reception of its dossier, whenever it came true.

A movement is posted on the day on which its act was known here, or on its own where that lies ahead: a dossier counts
as late from its due day on unless an act before takes that back. So no act changes what an earlier day said.

End of the processing (Decision 766/QĐ-TTg as counted, domain.md §4.2): the first of processed, returned, refused,
stopped, withdrawn; a supplement that nobody answered counts as the end when it was asked for; what is asked for twice
is late; the promised time may be moved once, before it has passed.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from lienthong.casework.acts import REJECTED, RETURNED, STOPPED, WITHDRAWN
from lienthong.casework.states import COUNTING
from lienthong.kit.worktime import NoCalendar, WorkCalendar

STOCKS: Final = ("open", "late_open", "overdue", "paused")
FLOWS: Final = (
    "came", "not_received", "received", "online", "counter", "post", "early", "on_time", "late", "results", "refused",
    "stopped", "withdrawn", "supplemented", "supplemented_twice", "extended", "minutes",
)  # fmt: skip
SHARES: Final = (
    "fee_due", "paid_online", "e_results", "online_results", "digitised", "digitised_parts", "from_store", "population",
    "accounts", "automatic",
)  # fmt: skip
MEASURES: Final = STOCKS + FLOWS + SHARES
PLACE: Final = {name: number for number, name in enumerate(MEASURES)}
_ENDS: Final = {"issue": RETURNED, "refuse": REJECTED, "stop": STOPPED, "withdraw": WITHDRAWN}
_PAUSES: Final = frozenset({"supplement", "ask_consent", "dispute", "ask_payment"})
_RESUMES: Final = frozenset({"supply", "resume", "paid"})
_MOVING: Final = frozenset({*_ENDS, *_PAUSES, *_RESUMES, *COUNTING, "consent", "extend"})  # others move nothing
_ENDED_AS: Final = {RETURNED: "results", REJECTED: "refused", STOPPED: "stopped", WITHDRAWN: "withdrawn"}
_DAY, _ZONE = 86_400, 7 * 3_600
SCANNED, REUSED, OF_RESULT = 1, 2, 3  # states of a component

Emit = Callable[[int, int, int, int], None]  # measure, day, posted, how many


class Asked(msgspec.Struct):
    items: Any = ()
    ids: Any = ()


class Detail(msgspec.Struct):
    """What the index reads of an act's detail."""

    officer: Any = ""
    consent: Any = ""
    by: Any = ""
    way: Any = ""
    uncounted: Any = False


class Act(msgspec.Struct):
    """What the index reads of an act (casework.acts.Act says what it is)."""

    verb: str
    at: datetime
    reason: str = ""
    deadline: datetime | None = None
    asks: Asked = msgspec.field(default_factory=Asked)
    detail: Detail = msgspec.field(default_factory=Detail)


class Component(msgspec.Struct):
    """A version of a paper of the dossier, since when, and how it is held."""

    kind: str
    state: int
    at: datetime


class Service(msgspec.Struct, frozen=True):
    """What the index knows of a service: whether it costs, whether its form reads population data, and how many working
    hours it may take where nobody promised a time."""

    fee: bool = False
    population: bool = False
    hours: float = 0.0
    calendar: WorkCalendar | None = None


class Kind(msgspec.Struct, frozen=True):
    """What the index knows of a dossier besides its acts: all of it fixed when it was opened."""

    channel: str
    service: Service = Service()


class Fact(msgspec.Struct):
    """One dossier as the index sees it. Times are moments, `late` is whether it is late or ended late."""

    came_at: datetime | None = None
    received_at: datetime | None = None
    due: datetime | None = None
    first_due: datetime | None = None
    ended_at: datetime | None = None
    ending: int = 0
    late: bool = False
    paused: bool = False
    supplements: int = 0
    asked_at: datetime | None = None
    asked_due: datetime | None = None
    asked_by: str = ""
    asked_items: int = 0
    asked_phrase: int = 0
    extended: bool = False
    moved_late: bool = False
    backdated: bool = False
    receiver: str = ""
    decider: str = ""
    closer: str = ""
    acts: int = 0
    stored_late: int = 0


def day_of(moment: datetime) -> int:
    """The Vietnamese day of a moment, counted from 1970."""
    return int(moment.timestamp() + _ZONE) // _DAY


def _say_nothing(measure: int, day: int, posted: int, count: int) -> None:
    """Movements that were posted before."""


class Fold:
    """One dossier, act by act. What each act moves is told to `emit`."""

    __slots__ = (
        "_awaited",
        "_emit",
        "_has_own_due",
        "_held",
        "_paused_at",
        "_shares",
        "_standing",
        "_today",
        "fact",
        "kind",
    )

    def __init__(self, kind: Kind, emit: Emit = _say_nothing) -> None:
        self.kind, self.fact = kind, Fact()
        self._emit = emit
        self._standing = [0] * len(STOCKS)  # since which day each stock counts this dossier; 0: it does not
        self._paused_at: datetime | None = None
        self._awaited: set[str] = set()  # consents that are not given yet
        self._shares: set[int] = set()
        self._held: dict[str, int] = {}  # components by kind: their state
        self._today = 0
        self._has_own_due = False

    def add(self, act: Act, known: int, emit: Emit | None = None) -> None:
        """The next act; `known` is the day on which it was stored here, and counts where it is the later one."""
        if emit is not None:
            self._emit = emit
        fact, verb = self.fact, act.verb
        own = day_of(act.at)
        self._today = max(self._today, own)
        fact.acts += 1
        if known > own:
            self._stored_late(act, own, known)
        if fact.came_at is None:
            fact.came_at = act.at
            self._flow("came", known)
        if fact.ended_at is None:
            if verb in _MOVING or act.deadline is not None or act.detail.uncounted:
                self._step(act, verb, known)
            elif verb == "decide":
                fact.decider = str(act.detail.officer)
        elif verb in ("deliver", "upheld"):
            self._share_all(act, known)

    def hold(self, components: Iterable[Component]) -> None:
        """Papers that are there from now on."""
        for one in components:
            self._held[one.kind] = one.state

    # -- what acts do

    def _step(self, act: Act, verb: str, known: int) -> None:
        fact = self.fact
        if act.deadline is not None:
            self._promise(act, verb)
        elif verb in COUNTING or act.detail.uncounted:
            fact.due = None  # nobody could say it yet
        if verb == "receive" and fact.received_at is None:
            self._receive(act, known)
        elif verb in _PAUSES:
            self._pause(act, verb, known)
        elif verb in _RESUMES or verb == "consent":
            self._resume(act, verb)
        elif verb == "extend":
            fact.extended = True
            self._flow("extended", known)
        if verb in _ENDS:
            self._end(act, _ENDS[verb], known)
        if verb in ("receive", "paid", "issue"):
            self._share_all(act, known)
        self._stand(known)

    def _stored_late(self, act: Act, own: int, known: int) -> None:
        """Slips of a counter that was cut off are received late; what ends or stops the clock is not."""
        fact = self.fact
        fact.stored_late = max(fact.stored_late, known - own)
        moves_the_clock = act.verb in _ENDS or act.verb in ("supplement", "extend")
        if moves_the_clock and fact.due is not None and own <= day_of(fact.due) < known:
            fact.backdated = True

    def _promise(self, act: Act, verb: str) -> None:
        """The promised time, as last lawfully set: an extension holds once, and only before the time has passed."""
        fact = self.fact
        if fact.first_due is None or fact.received_at is None:
            fact.first_due = act.deadline
        if verb == "extend" and fact.due is not None and (fact.extended or act.at > fact.due):
            fact.moved_late = True
            return
        fact.due, self._has_own_due = act.deadline, False

    def _receive(self, act: Act, known: int) -> None:
        fact = self.fact
        fact.received_at, fact.receiver = act.at, str(act.detail.officer)
        if fact.due is None:
            fact.due = fact.first_due = self._longest(act.at, self.kind.service.hours)
            self._has_own_due = fact.due is not None
        self._flow("received", known)
        self._flow(self.kind.channel if self.kind.channel in ("online", "post") else "counter", known)

    def _pause(self, act: Act, verb: str, known: int) -> None:
        fact = self.fact
        self._paused_at = act.at
        if verb == "ask_consent":
            self._awaited.update(act.asks.ids)
        if verb != "supplement":
            return
        fact.supplements += 1
        if fact.received_at is not None or fact.supplements > 1:
            self._flow("supplemented" if fact.supplements == 1 else "supplemented_twice", known)
        fact.asked_at, fact.asked_due, fact.asked_by = act.at, fact.due, str(act.detail.officer)
        fact.asked_items, fact.asked_phrase = len(act.asks.items), _phrase(act.reason)

    def _resume(self, act: Act, verb: str) -> None:
        if verb == "consent":
            self._awaited.discard(str(act.detail.consent))
            if self._awaited:
                return
        if self._has_own_due and self._paused_at is not None and self.fact.due is not None:
            self.fact.due = self._longest(self.fact.due, self._hours_between(self._paused_at, act.at))
        self._paused_at = None

    def _longest(self, start: datetime, hours: float) -> datetime | None:
        """When so many working hours have passed; None where that cannot be said."""
        calendar = self.kind.service.calendar
        try:
            return calendar.after_hours(start, hours) if calendar and hours else None
        except NoCalendar:
            return None

    def _hours_between(self, start: datetime, end: datetime) -> float:
        calendar = self.kind.service.calendar
        assert calendar is not None, "without one there is no promised time of our own"
        return calendar.hours_between(start, end)

    def _end(self, act: Act, ending: int, known: int) -> None:
        fact = self.fact
        fact.ended_at, fact.ending, fact.closer = act.at, ending, str(act.detail.officer)
        if fact.received_at is None:
            if ending != RETURNED:
                self._flow("not_received", known)
                return
            self._receive(act, known)  # decided without form 01: what came was complete
        judged = self._paused_at or act.at
        fact.late = fact.supplements > 1 or (fact.due is not None and judged > fact.due)
        ended = "late" if fact.late else "on_time"
        if not fact.late and fact.due is not None and day_of(judged) < day_of(fact.due):
            ended = "early"
        self._flow(ended, known)
        self._flow(_ENDED_AS[ending], known)
        assert fact.received_at is not None
        minutes = int((act.at - fact.received_at).total_seconds() // 60)
        self._flow("minutes", known, max(0, minutes))

    # -- movements

    def _flow(self, name: str, known: int, count: int = 1) -> None:
        if count:
            self._emit(PLACE[name], self._today, max(self._today, known), count)

    def _stand(self, known: int) -> None:
        """Since when each stock counts the dossier now, against since when it did."""
        fact, today = self.fact, self._today
        is_open = fact.received_at is not None and fact.ended_at is None
        late, overdue, paused = 0, 0, 0
        if is_open:
            late = self._late_from()
            if self._paused_at is None:
                overdue = late
            else:
                paused = today
        fact.late = fact.late if fact.ended_at else bool(late) and late <= today
        fact.paused = is_open and self._paused_at is not None
        for stock, since in enumerate((today if is_open else 0, late, overdue, paused)):
            self._move(stock, since, known)

    def _late_from(self) -> int:
        """The first day at whose end it is late, as things stand; 0 where none is in sight."""
        fact, today = self.fact, self._today
        if fact.supplements > 1:
            return today
        if fact.due is None or (self._paused_at is not None and self._paused_at <= fact.due):
            return 0
        return max(today, day_of(fact.due))

    def _move(self, stock: int, since: int, known: int) -> None:
        before, today = self._standing[stock], self._today
        if before == since or (before and before <= today and since == today):
            return
        if before:
            day = max(before, today)
            self._emit(stock, day, max(day, known), -1)
        if since:
            self._emit(stock, since, max(since, known), 1)
        self._standing[stock] = since

    def _share_all(self, act: Act, known: int) -> None:
        """What is true of the dossier by now and was not before."""
        if self.fact.received_at is None:
            return
        for name, is_true in self._true(act):
            place = PLACE[name]
            if is_true and place not in self._shares:
                self._shares.add(place)
                day = day_of(self.fact.received_at)
                self._emit(place, day, max(self._today, known), 1)

    def _true(self, act: Act) -> Iterable[tuple[str, bool]]:
        kind, held, has_result = self.kind, self._held, self.fact.ending == RETURNED
        yield "fee_due", kind.service.fee
        yield "accounts", kind.channel == "online"
        yield "paid_online", act.verb == "paid" and act.detail.way != "counter"
        yield "e_results", has_result
        yield "online_results", has_result and kind.channel == "online"
        yield "digitised_parts", bool(held) and 0 not in held.values()
        yield "digitised", has_result and 0 not in held.values()
        yield "from_store", any(state in (REUSED, OF_RESULT) for state in held.values())
        yield "population", kind.service.population
        yield "automatic", has_result and not (self.fact.decider or self.fact.receiver)


def _phrase(reason: str) -> int:
    """Names a sentence without keeping it."""
    return hash_of(" ".join(reason.lower().split())) if reason else 0


def hash_of(text: str) -> int:
    """The same number for the same text in every process; fits a bigint."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")
