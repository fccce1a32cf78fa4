"""What a dossier's acts amount to. `apply` is the only place where a status comes from.

Acts and states as data are in acts.py, what each act does in effects.py and, for the parent of an interlinked service,
parent_effects.py.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from lienthong.casework import effects
from lienthong.casework.acts import (
    ANNULLED,
    BY_PEOPLE,
    ENDED,
    FINAL,
    MACHINE,
    MOST_SUPPLEMENTS,
    NEW,
    PAYMENT,
    PROCESSED,
    PROCESSING,
    RECEIVED,
    REJECTED,
    RETURNED,
    STOPPED,
    SUPPLEMENT,
    UNCOUNTED,
    WITHDRAWN,
    Act,
    BranchState,
    BranchWaits,
    NotPossible,
    Opinion,
    State,
    Verb,
    Waiting,
)  # fmt: skip
from lienthong.catalogue.shapes import Process, Service


def derive(service: Service, acts: Iterable[Act], revisions: Callable[[str], Service] | None = None) -> State:
    """The state that a whole history amounts to. `service` is the revision it stands under now; for a history that was
    moved to another, `revisions` finds those before. Raises ValueError for an empty one."""
    state: State | None = None
    history = list(acts)
    moved = next((act for act in history if act.verb == "move"), None)
    if moved is not None and revisions is not None:
        service = revisions(moved.detail["from_revision"])
    for act in history:
        if act.verb == "move" and revisions is not None:
            service = revisions(act.detail["to_revision"])
        state = apply(service, state, act)
    if state is None:
        raise ValueError("a dossier has at least one act")
    return state


def apply(service: Service, state: State | None, act: Act) -> State:
    """The state after one more act. Raises NotPossible when the act does not fit."""
    if state is None:
        return effects.opened(service, act)
    _check_possible(service.process, state, act)
    after = effects.EFFECTS[act.verb](service.process, state, act)
    counts = act.deadline is not None or act.verb in COUNTING or UNCOUNTED in act.detail
    return msgspec.structs.replace(after, deadline=act.deadline) if counts else after


def _check_possible(process: Process, state: State, act: Act) -> None:
    if act.verb not in effects.EFFECTS:
        raise NotPossible(f"{act.verb} opens a dossier")
    if state.branches:
        _check_parent(state, act)
        return
    if act.verb == "progress":
        raise NotPossible("it has no branches")
    _check_waits(state, act)
    if act.verb in BY_PEOPLE and (state.waiting != "open" or state.step != act.step):
        raise NotPossible(f"the dossier waits at step {state.step!r}, not {act.step!r}")
    if act.verb == "receive" and state.status not in (NEW, SUPPLEMENT, PAYMENT):
        raise NotPossible("it was received before")
    if act.verb == "supplement" and state.supplements >= MOST_SUPPLEMENTS:
        raise NotPossible("a supplement is asked for once, and once more at the price of being late")
    if act.verb in ("issue", "reopen", "annulled", "upheld") and not _is_machines(process, state.step):
        raise NotPossible("no effect is pending")
    _check_step(process, state, act)
    _check_special(state, act)


def _check_step(process: Process, state: State, act: Act) -> None:
    """A step is done by its own verb only, what is returned goes back, and only to where it was looked at."""
    if act.verb in ("check", "decide") and process.step(state.step).verb != act.verb:
        raise NotPossible(f"the step {state.step!r} is not there to {act.verb}")
    if act.verb == "return" and (act.to or effects.judged(process)) not in effects.behind(process, state.step):
        raise NotPossible("a dossier is returned to an earlier step")
    if act.verb == "move":
        by_people = {step.step for step in process.steps if step.verb in ("receive", "check", "decide")}
        if (act.to or state.step) not in by_people and state.waiting != "opinion":
            raise NotPossible(f"{act.to or state.step!r} is no step of people there")
    if act.verb == "reopen" and not process.step(state.step).refused_to:
        raise NotPossible("nothing is said of where it goes back to")


def _is_machines(process: Process, step: str) -> bool:
    return process.step(step).verb in effects.BY_MACHINE


def _check_special(state: State, act: Act) -> None:
    """What single verbs demand beside what the dossier waits for."""
    if act.verb == "extend" and state.extended:
        raise NotPossible("the promised time is moved once only")
    if act.verb == "opinion" and act.detail["opinion"] not in effects.outstanding(state):
        raise NotPossible("that opinion is not awaited")
    only_time = act.detail.get("from_revision") == act.detail.get("to_revision")
    if act.verb == "move" and state.waiting not in movable(only_time):
        raise NotPossible(f"a dossier that waits for {state.waiting} keeps its process")
    if act.verb == "take" and held_by_another(state, act.detail["officer"], act.at):
        raise NotPossible(f"{state.holder_name} has taken it")


def movable(only_time: bool) -> frozenset[str]:
    """What a dossier may wait for that comes under another revision, or gets only another promised time."""
    return frozenset({"open", "applicant", "consent", "correction"} | ({"payment", "opinion"} if only_time else set()))


def held_by_another(state: State, officer: str, at: datetime) -> bool:
    """Whether it lies on somebody else's desk; what was taken is held until a set time only."""
    return state.holder not in ("", officer) and state.held_until is not None and state.held_until > at


def _check_waits(state: State, act: Act) -> None:
    needs = _NEEDS.get(act.verb)
    if needs is None:
        if state.status in FINAL or state.waiting == "collect":
            raise NotPossible("the dossier has ended")
    elif not needs:
        if state.status not in (PROCESSED, RETURNED) or state.waiting not in ("", "collect"):
            raise NotPossible(f"{act.verb} needs a result that stands")
    elif state.waiting != needs:
        raise NotPossible(f"{act.verb} does not fit a dossier that is {state.waiting or 'ended'}")


def _check_parent(state: State, act: Act) -> None:
    if act.verb not in _OF_PARENTS:
        raise NotPossible(f"{act.verb} is done where a branch is, not at its parent")
    if act.verb in ("progress", "supply") and act.branch not in state.branches:
        raise NotPossible(f"no branch {act.branch!r}")
    if act.verb in ("supply", "withdraw") and not state.waiting:
        raise NotPossible("the dossier has ended")
    if act.verb == "supply" and state.branches[act.branch].state != "applicant":
        raise NotPossible("nothing is asked for")


# How the dossier must stand for an act: what it waits for, "" for one whose result stands. Others: not ended.
_NEEDS: Mapping[str, Waiting] = {
    "supply": "applicant", "consent": "consent", "resume": "correction", "issue": "pending", "reopen": "pending",
    "correct": "", "annul": "", "annulled": "pending", "upheld": "pending",
    "receive": "open", "examine": "open", "ask_consent": "open", "take": "open", "hand_over": "open", "release": "open",
    "paid": "payment", "opinion": "opinion", "forward": "open", "arrive": "transit", "transfer": "open",
    "deliver": "collect",
}  # fmt: skip
_OF_PARENTS = frozenset({"progress", "supply", "withdraw", "correct", "count"})
# Acts that count the promised time anew; where no calendar reaches so far, none is promised until "count" says it.
COUNTING = frozenset({"receive", "verify", "arrive"})

__all__ = [
    "ANNULLED", "BY_PEOPLE", "COUNTING", "ENDED", "FINAL", "MACHINE", "NEW", "PAYMENT", "PROCESSED", "PROCESSING",
    "RECEIVED", "REJECTED", "RETURNED", "STOPPED", "SUPPLEMENT", "UNCOUNTED", "WITHDRAWN", "Act", "BranchState",
    "BranchWaits", "NotPossible", "Opinion", "State", "Verb", "Waiting", "apply", "derive",
    "held_by_another", "movable",
]  # fmt: skip
