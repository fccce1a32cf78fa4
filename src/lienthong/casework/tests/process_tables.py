"""Process tables at random, as an agency could publish them: for tests that hold for every table."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from lienthong.catalogue.shapes import Consent, OpinionAsked, Process, Service, Step, Velocity, Words

ROLES = ("reception_officer", "civil_status_officer", "chair", "land_officer")
FIELDS = {"kind": ("new", "repair", ""), "floors": ("3", "9", ""), "plot_unit": ("25000", "")}
texts = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=30).filter(str.strip)
words = st.builds(Words, texts, texts)
hours = st.sampled_from([0, 4, 8, 40])
comparisons = st.sampled_from(["", "", "kind=new", "kind!=new", "floors", "floors=", "floors=3"])
asked = st.builds(
    OpinionAsked, st.sampled_from(ROLES), words, st.integers(1, 9), st.sampled_from(["", "25000", "$plot_unit"]),
    st.sampled_from(["agreed", "without", "escalate"]),
)  # fmt: skip
guards = st.lists(st.builds(Velocity, texts, st.integers(1, 9), st.integers(1, 99), words), max_size=2)


@st.composite
def processes(draw: st.DrawFn) -> Process:
    names = [f"step_{number}" for number in range(7)]
    steps = [_by_people(draw, names.pop(), "receive", "")] if draw(st.booleans()) else []
    steps.append(_by_people(draw, names.pop(), draw(st.sampled_from(["check", "decide"])), ""))
    for _ in range(draw(st.integers(0, 3))):
        verb = draw(st.sampled_from(["check", "decide", "consult"]))
        when = draw(comparisons)
        steps.append(_consulting(draw, names.pop(), when) if verb == "consult" else
                     _by_people(draw, names.pop(), verb, when))  # fmt: skip
    steps.append(_ending(draw, names.pop(), [step.step for step in steps if step.verb in ("check", "decide")]))
    who = st.builds(Consent, st.sampled_from(["father", "owner"]), texts, texts, words, texts, st.integers(1, 9))
    return Process(steps, draw(st.lists(who, max_size=2)))


def _by_people(draw: st.DrawFn, name: str, verb: Any, when: str) -> Step:
    automatic = draw(st.sampled_from(["", "", "rule@2026-09"])) if verb != "check" else ""
    guard = draw(guards) if automatic else []
    unit = draw(st.sampled_from(["", "", "plot_unit"]))
    rule = draw(st.one_of(st.just(""), texts))
    return Step(name, verb, draw(words), draw(st.sampled_from(ROLES)), draw(hours), rule, automatic, guard,
                when=when, unit=unit)  # fmt: skip


def _consulting(draw: st.DrawFn, name: str, when: str) -> Step:
    return Step(name, "consult", draw(words), asks=draw(st.lists(asked, min_size=1, max_size=3)), when=when)


def _ending(draw: st.DrawFn, name: str, before: list[str]) -> Step:
    fields = draw(st.dictionaries(texts, texts, max_size=3))
    if draw(st.booleans()):
        back = draw(st.sampled_from(before))
        return Step(name, "record", draw(words), rule=draw(texts), register="births", refused_to=back, fields=fields)
    return Step(name, "issue", draw(words), rule=draw(texts), fields=fields, result="KQ.G15.000001")


def service_of(process: Process, model: Service, *, takes: bool = False, placeless: bool = False) -> Service:
    """A service with this process; the rest is another one's."""
    card = msgspec.structs.replace(model.card, takes={"birth": model.slug} if takes else {}, placeless=placeless)
    return msgspec.structs.replace(model, process=process, card=card)
