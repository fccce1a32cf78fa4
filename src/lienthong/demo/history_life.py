"""One past dossier's life, act by act, as officers, applicants and machines would have done it.

Each act is made as `casework` makes it and goes through `states.apply`; what differs is that time is drawn, not
lived through. A dossier whose next act lies ahead is still under way.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final, cast

from lienthong.casework import desks, dossiers, limits, moving, onward
from lienthong.casework.acts import MOST_SUPPLEMENTS
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.holding import HELD_DAYS
from lienthong.casework.journey import RECEPTION_RULE
from lienthong.casework.states import MACHINE, Act
from lienthong.catalogue.shapes import Service, Step
from lienthong.demo import history_others, history_results
from lienthong.demo.history_pace import Flow, Staff, Worker, share
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.kit.worktime import WorkCalendar

# What comes of a step beside its own verb, in a hundred dossiers.
_OUTCOMES: Final[Mapping[str, Mapping[str, float]]] = {
    "receive": {"supplement": 0.05, "refuse": 0.012, "withdraw": 0.003},
    "check": {"supplement": 0.06, "refuse": 0.015, "withdraw": 0.006, "verify": 0.03, "ask_payment": 0.08},
    "decide": {"return": 0.03, "refuse": 0.006},
}
_NO_TX: Final = cast(Tx, None)  # a dossier that is not stored yet holds what was declared
_SPOKEN: Final = 0.12  # of a step's own hours, what it takes while the applicant waits
_NO_LIMIT_HOURS: Final = 8.0
_HOURS_A_DAY: Final = 7.5
_APOLOGY_DAYS: Final = 5  # a limit of so many working days or more is worth another promise
_APOLOGISES: Final = 0.35


class NotYet(Exception):
    """The next act lies ahead of the moment at which the past is looked at."""


@dataclass(frozen=True)
class Office:
    """What a life needs of its province; `until` is the moment up to which it is told."""

    node: Node
    staff: Staff
    flows: Mapping[str, Flow]
    until: datetime
    results: history_results.Results = field(default_factory=history_results.Results)


class Life:
    """A dossier under way. `day` is the day of the past on which it came."""

    def __init__(self, office: Office, service: Service, rng: Random, day: int) -> None:
        self.office, self.service, self.rng, self.day = office, service, rng, day
        self._workers: dict[tuple[str, str], Worker | None] = {}

    def live(self, identity: Identity, content: Content) -> Dossier:
        """From its acknowledgement to its end, or to where it stands now."""
        self.identity, self.declared, self._began = identity, content.declared, identity.received_at
        self.calendar: WorkCalendar = self.office.node.catalogue.calendar_of(identity.unit)
        first, limit, agency = self.service.process.steps[0], self.service.card.limit, identity.agency
        deadline = limits.promised(self.office.node, self.service, self._began, identity.unit)
        due = limits.step_due(self.office.node, first, self._began, deadline, identity.intake or identity.unit)
        act = Act("acknowledge", self._began, MACHINE, "", agency, first.step, limit.rule, due=due, deadline=deadline)
        self.dossier = dossiers.begin(self.service, identity, content, act)
        with suppress(NotYet):
            if first.verb != "receive":
                self._received_by_machine(first)
            while doing := _WAITING.get(self.dossier.state.waiting):
                doing(self)
        return self.dossier

    # ------------------------------------------------------------------ time, and who acts

    @property
    def last(self) -> datetime:
        """When the last act was done."""
        return self.dossier.fresh[-1].at

    @property
    def step(self) -> Step:
        """The step at which it stands."""
        return self.service.process.step(self.dossier.state.step)

    def later(self, hours: float) -> datetime:
        """So many working hours after the last act."""
        return self.calendar.after_hours(self.last, hours)

    def due(self, step: Step, at: datetime) -> datetime | None:
        """When a step's own hours end."""
        return limits.step_due(self.office.node, step, at, None, self.dossier.desk)

    def way(self, step: Step, at: datetime) -> dict[str, Any]:
        """What an act that ends a step says about the next."""
        return onward.way(self.office.node, _NO_TX, self.service, self.dossier, step, at)

    def add(self, act: Act) -> None:
        """One more act. Raises NotYet."""
        if act.at > self.office.until:
            raise NotYet
        dossiers.add(self.service, self.dossier, act)

    def by(self, verb: Any, worker: Worker, step: Step, at: datetime, **more: Any) -> Act:
        """An officer's act."""
        return desks.act_of(verb, worker.officer, self.dossier, step, at, **more)

    def by_machine(self, verb: Any, at: datetime, *, rule: str = "", **more: Any) -> Act:
        return Act(verb, at, MACHINE, agency=self.identity.agency, step=self.dossier.state.step, rule=rule, **more)

    def worker(self, role: str, unit: str) -> Worker:
        """The officer who has it in this role. Raises NotYet where nobody holds the role: it waits."""
        key = (role, unit)
        if key not in self._workers:
            self._workers[key] = self.office.staff.one(self.rng, role, unit)
        worker = self._workers[key]
        if worker is None:
            raise NotYet
        return worker

    # ------------------------------------------------------------------ an officer's step

    def work(self) -> None:
        """Taken when the officer gets to it, done when the work is."""
        step = self.step
        if step.verb == "consult":
            history_others.ask(self, step)
            return
        worker, rng, hours = self.worker(step.role, self.dossier.desk), self.rng, self._hours(step)
        flow = self.office.flows.get(self.dossier.desk) or next(iter(self.office.flows.values()))
        if self.service.card.on_the_spot:
            waits, works = 0.05, hours * _SPOKEN * worker.pace * rng.lognormvariate(0.0, 0.5)
        else:
            waiting = flow.waits((self.last - self._began).days + self.day) * _HOURS_A_DAY
            waits = waiting * min(1.0, hours / 16.0) * (0.4 + rng.random()) + 0.25 * hours * rng.random()
            works = 0.16 * hours * worker.pace * flow.pace * rng.lognormvariate(0.0, 0.7)
        self._take(worker, step, self.later(waits))
        at = self.later(works)
        self._apologise(at)
        self._judge(worker, step, at)

    def _hours(self, step: Step) -> float:
        """What a step is worth: its own hours, else a part of the whole limit."""
        limit = self.service.card.limit
        whole = limit.working_days * _HOURS_A_DAY or limit.hours / 24 * _HOURS_A_DAY or _NO_LIMIT_HOURS
        return float(step.hours) or whole / len(self.service.process.steps)

    def _take(self, worker: Worker, step: Step, at: datetime) -> None:
        state = self.dossier.state
        if state.holder == worker.officer.number and state.held_until and state.held_until > at:
            return
        until = self.office.node.catalogue.calendar.due(at, HELD_DAYS)
        self.add(self.by("take", worker, step, at, detail={"until": until.isoformat()}))

    def _apologise(self, at: datetime) -> None:
        """Where the promise will not be kept, some heads give another one in time (form 04)."""
        state, limit = self.dossier.state, self.service.card.limit
        if state.deadline is None or at <= state.deadline or state.extended or limit.working_days < _APOLOGY_DAYS:
            return
        if self.rng.random() < _APOLOGISES and (state.deadline - self.last).days >= 2:
            history_others.extend(self, self.last + (state.deadline - self.last) / 2)

    def _judge(self, worker: Worker, step: Step, at: datetime) -> None:
        found = share(_OUTCOMES.get(step.verb, {}), self.rng.random())
        if found and _FITS[found](self):
            _DONE[found](self, worker, step, at)
        elif step.verb == "receive":
            self._receive(worker, step, at)
        else:
            self.add(self.by(step.verb, worker, step, at, **self.way(step, at)))

    def _receive(self, worker: Worker, step: Step, at: datetime) -> None:
        """Form 01; what is another unit's is passed on."""
        deadline = limits.promised(self.office.node, self.service, at, self.identity.unit)
        self.add(self.by("receive", worker, step, at, deadline=deadline, rule=RECEPTION_RULE, **self.way(step, at)))
        if moving.is_elsewhere(self.dossier):
            carried = self.identity.channel != "online" and self.rng.random() < 0.5
            moving.pass_on(self.office.node, self.service, self.dossier, worker.officer, originals=carried)

    def _received_by_machine(self, first: Step) -> None:
        deadline = limits.promised(self.office.node, self.service, self._began, self.identity.unit)
        due = limits.step_due(self.office.node, first, self._began, deadline, self.dossier.desk)
        self.add(self.by_machine("receive", self._began, rule=RECEPTION_RULE, due=due, deadline=deadline))

    def arrive(self) -> None:
        """The bag is there: the clock of the decision begins."""
        unit = self.identity.unit or ""
        worker, node = self.worker(moving.RECEPTION, unit), self.office.node
        at, detail = self.later(2.0 + self.rng.expovariate(1 / 5.0)), {"officer": worker.officer.number}
        self.add(moving.arrival(node, self.service, self.dossier, at, worker.officer.name, detail))


_WAITING: Final[Mapping[str, Callable[[Life], None]]] = {
    "open": Life.work,
    "transit": Life.arrive,
    "applicant": history_others.supplied,
    "payment": history_others.paid,
    "opinion": history_others.heard,
    "pending": history_results.issue,
    "collect": history_results.deliver,
}
_FITS: Final[Mapping[str, Callable[[Life], bool]]] = {
    "supplement": lambda life: life.dossier.state.supplements < MOST_SUPPLEMENTS,
    "verify": lambda life: bool(life.service.card.limit.verified_days) and not life.dossier.state.verified,
    "refuse": lambda life: True,
    "withdraw": lambda life: True,
    "ask_payment": lambda life: (
        life.service.card.fee >= history_others.WORTH_ASKING
        and all(act.verb != "ask_payment" for act in life.dossier.fresh)
    ),
    "return": lambda life: any(step.verb == "check" for step in life.service.process.steps),
}
_DONE: Final[Mapping[str, Callable[[Life, Worker, Step, datetime], None]]] = {
    "supplement": history_others.supplement,
    "verify": history_others.verify,
    "refuse": history_others.refuse,
    "withdraw": history_others.withdraw,
    "ask_payment": history_others.ask_payment,
    "return": history_others.send_back,
}
