"""What each act does to a dossier's state. `states.apply` has made sure that it fits."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from lienthong.casework import parent_effects
from lienthong.casework.acts import (
    NEW,
    PAYMENT,
    PROCESSED,
    PROCESSING,
    RECEIVED,
    REJECTED,
    RETURNED,
    STOPPED,
    SUPPLEMENT,
    WITHDRAWN,
    Act,
    BranchState,
    NotPossible,
    Opinion,
    State,
    Waiting,
)  # fmt: skip
from lienthong.catalogue.shapes import Process, Service

BY_MACHINE: Final = ("record", "issue")  # verbs of steps that no person does
FREE: Final[Mapping[str, Any]] = {"holder": "", "holder_name": "", "held_until": None}


def opened(service: Service, act: Act) -> State:
    if act.verb not in ("submit", "acknowledge"):
        raise NotPossible("a dossier begins with its submission or its acknowledgement")
    first = service.process.steps[0].step
    if act.verb == "acknowledge":
        state = at_step(service.process, None, first, act, NEW)
        return msgspec.structs.replace(state, deadline=act.deadline)
    nodes, held, of = act.detail["nodes"], act.detail.get("held", {}), act.detail.get("revisions", {})
    branches = {
        name: BranchState(b.service, nodes[name], b.after, held=held.get(name, []), revision=of.get(name, ""))
        for name, b in {b.branch: b for b in service.branches if b.branch in nodes}.items()
    }
    return State(NEW, first, "pending", "", act.at, branches=parent_effects.filed(branches, act), deadline=act.deadline)


def at_step(process: Process, state: State | None, name: str, act: Act, status: int) -> State:
    """At a step, nothing paused, on nobody's desk yet: open for its role, or pending until a machine has done it."""
    step = process.step(name)
    moved: dict[str, Any] = {
        "status": status,
        "step": name,
        "waiting": "pending" if step.verb in BY_MACHINE else "open",
        "role": step.role,
        "since": act.at,
        "due": act.due,
        "reason": act.reason,
        "paused_at": None,
        "asks": {},
        "moved_to": act.desk or (state.moved_to if state else ""),
        **FREE,
    }
    return State(**moved) if state is None else msgspec.structs.replace(state, **moved)


def _received(process: Process, state: State, act: Act) -> State:
    """Form 01 is issued. A process that begins with another step is received on arrival and stays there."""
    if process.step(state.step).verb != "receive":
        return at_step(process, state, state.step, act, RECEIVED)
    return at_step(process, state, _following(process, state.step, act), act, RECEIVED)


def _following(process: Process, step: str, act: Act) -> str:
    """The step that the act says, else the line below."""
    below = process.after(step)
    if act.to or below:
        return act.to or below.step  # type: ignore[union-attr]
    raise NotPossible(f"nothing follows {step!r}")


def _onward(process: Process, state: State, act: Act) -> State:
    return at_step(process, state, _following(process, act.step, act), act, PROCESSING)


def _back(process: Process, state: State, act: Act) -> State:
    """To the first step after reception, or the earlier one that the act names."""
    return at_step(process, state, act.to or judged(process), act, PROCESSING)


def judged(process: Process) -> str:
    """The first step after reception."""
    steps = process.steps
    return (steps[1] if steps[0].verb == "receive" and len(steps) > 1 else steps[0]).step


def behind(process: Process, step: str) -> list[str]:
    """The steps to which one may return from a step: where people looked at the dossier before."""
    names = [one.step for one in process.steps]
    before = process.steps[: names.index(step)]
    return [one.step for one in before if one.verb in ("check", "decide") or one.step == judged(process)]


def _reopened(process: Process, state: State, act: Act) -> State:
    return at_step(process, state, process.step(state.step).refused_to, act, PROCESSING)


def _same_step(process: Process, state: State, act: Act) -> State:
    """Still here, with what is known now."""
    return msgspec.structs.replace(
        state, reason=act.reason, due=act.due or state.due, verified=state.verified or act.verb == "verify"
    )


def _paused(waiting: Waiting, status: int | None = None) -> Callable[[Process, State, Act], State]:
    """Somebody outside must do something; the clock stands still."""

    def pause(process: Process, state: State, act: Act) -> State:
        consents = dict(state.consents)
        if waiting == "consent":
            consents |= dict.fromkeys(act.asks["ids"], "asked")
        return msgspec.structs.replace(
            state,
            status=status or state.status,
            waiting=waiting,
            since=act.at,
            due=act.due,
            reason=act.reason,
            paused_at=act.at,
            supplements=state.supplements + (act.verb == "supplement"),
            consents=consents,
            asks=act.asks,
        )

    return pause


def _resumed(process: Process, state: State, act: Act) -> State:
    """What was waited for is there. What was asked before reception is judged under the same national code."""
    if state.branches:
        return state  # the branch will say how it stands
    before = process.step(state.step).verb == "receive"
    after = at_step(process, state, state.step, act, state.status if before else PROCESSING)
    paused = state.paused_hours + act.detail.get("paused_hours", 0.0)
    return msgspec.structs.replace(after, paused_hours=paused, **_held(state))


def _consented(process: Process, state: State, act: Act) -> State:
    """One of those asked has answered; when none is left the dossier goes on."""
    consents = {**state.consents, act.detail["consent"]: act.detail.get("by", "given")}
    if "asked" in consents.values():
        return msgspec.structs.replace(state, consents=consents)
    after = _resumed(process, state, act)
    return msgspec.structs.replace(after, consents=consents, status=state.status)


def _consulted(process: Process, state: State, act: Act) -> State:
    """Others are asked side by side; the clock runs. No answer in time has the effect that was said."""
    asked = msgspec.convert(act.asks["opinions"], dict[str, Opinion])
    opinions = {**state.opinions, **asked}
    after = msgspec.structs.replace(state, waiting="opinion", since=act.at, asks=act.asks, opinions=opinions)
    return _until_next(after)


def _until_next(state: State) -> State:
    """What is due is the first opinion that has not come."""
    due = min((one.due for one in state.opinions.values() if one.state == "asked"), default=None)
    return msgspec.structs.replace(state, due=due)


def outstanding(state: State) -> list[str]:
    """The opinions without which the dossier does not go on."""
    awaited = {"asked"}
    return [
        name
        for name, one in state.opinions.items()
        if one.state in awaited or (one.state == "silent" and one.silence == "escalate")
    ]


def _heard(process: Process, state: State, act: Act) -> State:
    """An opinion came, or its time ran out; after the last the dossier is back on the desk, or at the next step."""
    name, said = act.detail["opinion"], {key: act.detail[key] for key in _SAID if key in act.detail}
    opinions = {**state.opinions, name: msgspec.structs.replace(state.opinions[name], **said)}
    state = msgspec.structs.replace(state, opinions=opinions)
    if outstanding(state):
        return _until_next(state)
    onward = process.step(state.step).verb == "consult"
    name = _following(process, state.step, act) if onward else state.step
    before = process.step(state.step).verb == "receive"
    after = at_step(process, state, name, act, state.status if before else PROCESSING)
    return after if onward else msgspec.structs.replace(after, **_held(state))


_SAID = ("state", "agrees", "answer", "by")


def _taken(process: Process, state: State, act: Act) -> State:
    """On one officer's desk until the time said; `to_officer` where somebody else laid it there."""
    detail = act.detail
    return msgspec.structs.replace(
        state,
        holder=detail.get("to_officer", detail["officer"]),
        holder_name=detail.get("to_name", act.actor),
        held_until=datetime.fromisoformat(detail["until"]),
    )


def _released(process: Process, state: State, act: Act) -> State:
    return msgspec.structs.replace(state, **FREE)


def _held(state: State) -> dict[str, Any]:
    return {"holder": state.holder, "holder_name": state.holder_name, "held_until": state.held_until}


def _forwarded(process: Process, state: State, act: Act) -> State:
    """From the reception point to the competent unit: on its way until that one has it."""
    return msgspec.structs.replace(state, waiting="transit", since=act.at, due=act.due, **FREE)


def _moved(process: Process, state: State, act: Act) -> State:
    """It lies in another unit from now on."""
    due = act.due or state.due
    return msgspec.structs.replace(
        state, waiting="open", since=act.at, due=due, moved_to=act.desk or state.moved_to, **FREE
    )


def _under(process: Process, state: State, act: Act) -> State:
    """Under another revision, whose `process` this is: at the step that the act names, else at the same. What it waits
    for, and since when, stays; `due` and `desk` are what the act says."""
    step = process.step(act.to or state.step)
    stays = (step.step, step.role, act.desk) == (state.step, state.role, state.moved_to)
    free = {} if stays else FREE
    return msgspec.structs.replace(state, step=step.step, role=step.role, due=act.due, moved_to=act.desk, **free)


def _extended(process: Process, state: State, act: Act) -> State:
    return msgspec.structs.replace(state, extended=True, due=act.due or state.due)


def _issued(process: Process, state: State, act: Act) -> State:
    """The result stands. Where it is to be handed over it waits for that (code 9), else it is returned (code 10)."""
    if not act.detail.get("collect"):
        return _ended(RETURNED)(process, state, act)
    return msgspec.structs.replace(_ended(PROCESSED)(process, state, act), waiting="collect", asks=act.asks)


def _ended(status: int) -> Callable[[Process, State, Act], State]:
    def end(process: Process, state: State, act: Act) -> State:
        moved: dict[str, Any] = {
            "status": status,
            "step": "",
            "waiting": "",
            "role": "",
            "since": act.at,
            "due": None,
            "asks": {},
            **FREE,
        }
        return msgspec.structs.replace(state, **moved, reason=act.reason, paused_at=None)

    return end


def withdrawn(process: Process, state: State, act: Act) -> State:
    return parent_effects.withdrawn(process, state, act) if state.branches else _ended(WITHDRAWN)(process, state, act)


def _annul(process: Process, state: State, act: Act) -> State:
    """The record is to be withdrawn, or the number struck off: pending at the step that made it."""
    record = next(step.step for step in process.steps if step.verb in BY_MACHINE)
    return msgspec.structs.replace(state, step=record, waiting="pending", since=act.at, reason=act.reason)


EFFECTS: Mapping[str, Callable[[Process, State, Act], State]] = {
    "receive": _received,
    "check": _onward,
    "decide": _onward,
    "return": _back,
    "reopen": _reopened,
    "examine": _same_step,
    "verify": _same_step,
    "supplement": _paused("applicant", SUPPLEMENT),
    "supply": _resumed,
    "ask_consent": _paused("consent"),
    "consent": _consented,
    "dispute": _paused("correction"),
    "resume": _resumed,
    "refuse": _ended(REJECTED),
    "stop": _ended(STOPPED),
    "withdraw": withdrawn,
    "issue": _issued,
    "correct": parent_effects.corrected,
    "annul": _annul,
    "annulled": _ended(STOPPED),
    "upheld": _ended(RETURNED),
    "progress": parent_effects.moved,
    "ask_payment": _paused("payment", PAYMENT),
    "paid": _resumed,
    "consult": _consulted,
    "opinion": _heard,
    "take": _taken,
    "hand_over": _taken,
    "release": _released,
    "forward": _forwarded,
    "arrive": _moved,
    "transfer": _moved,
    "move": _under,
    "extend": _extended,
    "count": _same_step,
    "deliver": _ended(RETURNED),
}
