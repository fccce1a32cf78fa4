"""The exported diagrams, executed: a token moves through the XML as the dossier moves through its states.

At every place of a random walk every act there is is tried on both sides: what the states allow the file has a way for,
what they refuse it has none for, and both stand at the same place after.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any, get_args
from xml.etree import ElementTree as ET

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from lienthong.casework import diagram, flow, layout, onward
from lienthong.casework.rules import source_hashes
from lienthong.casework.states import Act, NotPossible, State, Verb, apply
from lienthong.casework.tests.bpmn_tokens import BPMN, OURS, Tokens
from lienthong.casework.tests.process_tables import FIELDS, processes, service_of
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.shapes import Process, Service
from lienthong.config.state import HOME
from lienthong.kit import clock

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
CATALOGUE = load(HOME / "catalogue", "portal", source_hashes())
PLAIN = sorted(slug for slug, one in CATALOGUE.services.items() if not one.is_interlinked)
PARENTS = sorted(slug for slug, one in CATALOGUE.services.items() if one.is_interlinked)
NOW = datetime(2026, 11, 20, 9, tzinfo=clock.ZONE)

# Acts of which the diagram tells; those that leave the dossier where it is; those that come after its end, at a parent,
# or begin it.
DRAWN = (
    "receive", "check", "decide", "issue", "return", "reopen", "supplement", "supply", "ask_consent", "consent",
    "dispute", "resume", "ask_payment", "paid", "consult", "opinion", "forward", "arrive", "extend", "deliver",
    "refuse", "stop", "withdraw",
)  # fmt: skip
STILL = ("examine", "verify", "take", "hand_over", "release", "transfer", "move", "count")
ELSEWHERE = ("submit", "acknowledge", "progress", "correct", "annul", "annulled", "upheld")
ASIDE = ("return", "refuse", "supplement", "ask_payment", "forward", "dispute")  # an officer's, not a machine's
PAUSES = {
    "applicant": "law.supplement", "payment": "law.payment", "consent": "law.consents", "correction": "law.correction",
    "transit": "law.transit", "collect": "law.collect",
}  # fmt: skip
ENDS = {10: {"law.finished"}, 3: {"law.refused"}, 8: {"law.stopped"}, 7: {"law.withdrawn"}}


class Here:
    catalogue = CATALOGUE


def document(slug: str, language: str = "vi") -> ET.Element:
    with translation.override(language):
        return ET.fromstring(diagram.of_service(Here(), CATALOGUE.services[slug], language))  # type: ignore[arg-type]


def drawn(service: Service) -> ET.Element:
    with translation.override("vi"):
        return ET.fromstring(diagram.written([flow.graph_of(service, "xã", {}, "vi")]))


def test_every_act_there_is_is_drawn_or_left_out_for_a_reason() -> None:
    assert {*DRAWN, *STILL, *ELSEWHERE} >= set(get_args(Verb))


class Walk:
    """A dossier and a token that do the same, at random."""

    def __init__(self, service: Service, root: ET.Element, seed: int) -> None:
        self.service, self.random, self.minutes = service, Random(seed), 0
        self.declared = {name: self.random.choice(values) for name, values in FIELDS.items()}
        self.tokens = Tokens(root, flow.graph_id(service), self.declared)
        self.state = apply(service, None, Act("acknowledge", NOW, "máy", step=service.process.steps[0].step))
        self.done: list[str] = []
        if service.process.steps[0].verb != "receive":
            self.state = apply(service, self.state, self.act("receive"))
        self.same_place()

    # the dossier's side

    def act(self, verb: str) -> Act:
        """An act as it would be done now, with everything that it must say."""
        self.minutes += 1
        state, more = self.state, dict[str, Any]()
        if verb in ("receive", "check", "decide", "opinion") and state.step:
            step = self.service.process.step(state.step)
            following = onward.after(self.service.process, step, self.declared)
            below = self.service.process.after(state.step)
            more["to"] = following.step if following and following is not below else ""
        if verb == "return" and (targets := self.behind()):
            more["to"] = self.random.choice(targets)
        more["asks"] = {"ids": ["a", "b"][: self.random.randint(1, 2)]} if verb == "ask_consent" else {}
        more["detail"] = {"officer": "1", "until": NOW.isoformat(), "from_revision": "", "to_revision": ""}
        if verb == "consult":
            more["asks"] = {"opinions": dict(self.asked())}
        if verb == "consent":
            more["detail"]["consent"] = next((n for n, how in state.consents.items() if how == "asked"), "a")
        if verb == "opinion":
            more["detail"] |= self.opinion()
        if verb == "issue" and self.random.random() < 0.5:
            more["detail"]["collect"] = True
        at = NOW + timedelta(minutes=self.minutes)
        return Act(verb, at, "x", step=state.step, reason="why", **more)  # type: ignore[arg-type]

    def behind(self) -> list[str]:
        """The steps to which one may return from here."""
        steps = self.service.process.steps
        place = [step.step for step in steps].index(self.state.step) if self.state.step else 0
        judged = flow.judged(self.service.process)
        return [s.step for s in steps[:place] if s.verb in ("check", "decide") or s is judged]

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """The opinions asked now: those of the line, else up to two others, under names of their own."""
        step = self.service.process.step(self.state.step) if self.state.step else None
        of = {"role": "chair", "asked_at": NOW, "due": NOW}
        if step is not None and step.verb == "consult":
            return [(f"{step.step}.{n}", {**of, "silence": one.silence}) for n, one in enumerate(step.asks)]
        return [(f"{self.minutes}/{n}", dict(of)) for n in range(self.random.randint(1, 2))]

    def opinion(self) -> dict[str, Any]:
        open_ones = [name for name, one in self.state.opinions.items() if one.state == "asked"]
        escalated = [n for n, one in self.state.opinions.items() if one.state == "silent" and one.silence == "escalate"]
        name = self.random.choice(open_ones or escalated or ["nobody"])
        silent = name in open_ones and self.random.random() < 0.4
        return {"opinion": name, "state": "silent" if silent else "given"}

    def offered(self, verb: str) -> bool:
        """What the program offers at all: the states leave more open than a process asks for."""
        state, process = self.state, self.service.process
        step = process.step(state.step) if state.step else None
        if verb == "receive":
            return process.steps[0].verb == "receive"
        if verb == "ask_consent":
            return bool(process.consents) and step is flow.judged(process) and not state.consents
        if step is not None and step.verb == "consult" and verb in ASIDE:
            return False
        if verb in ("forward", "dispute"):
            return bool(self.service.card.placeless if verb == "forward" else self.service.card.takes)
        return True

    def possible(self, act: Act) -> bool:
        try:
            apply(self.service, self.state, act)
        except NotPossible:
            return False
        return True

    # both

    def takes(self, act: Act) -> dict[str, Any]:
        """How the token is told of an act."""
        detail, consults = act.detail, bool(self.state.step) and self.step_verb() == "consult"
        told: dict[str, Any] = {"to": act.to} if act.verb == "return" else {}
        if act.verb == "issue":
            told["collect"] = "yes" if detail.get("collect") else ""
        if act.verb == "opinion" and self.state.waiting == "opinion":
            told |= {"timer": detail["state"] == "silent", "at": detail["opinion"]} if consults else {}
        if act.verb == "stop":
            told["timer"] = self.state.waiting in ("applicant", "payment", "consent")
        return told

    def step_verb(self) -> str:
        return self.service.process.step(self.state.step).verb

    def go(self) -> bool:
        """Try every act on both sides, then do one of those that are possible; whether there was one."""
        here = f"{self.done} at {self.state.step}/{self.state.waiting} and {self.tokens.places}"
        ways = []
        for verb in DRAWN:
            if self.offered(verb):
                act = self.act(verb)
                told, possible = self.takes(act), self.possible(act)
                assert self.tokens.can(act.verb, **told) == possible, f"{verb}: {possible} after {here}"
                ways += [(act, told)] if possible else []
        if not ways:
            return False
        act, told = self.random.choice([way for way in ways if way[0].verb not in ("refuse", "stop", "withdraw")
                                        or self.random.random() < 0.1] or ways)  # fmt: skip
        several = len(act.asks.get("ids", act.asks.get("opinions", ""))) or 1
        self.state = apply(self.service, self.state, act)
        self.tokens.do(act.verb, several=several, **told)
        self.done.append(act.verb)
        self.same_place()
        return True

    def same_place(self) -> None:
        state = self.state
        there = {place for place in self.tokens.places if not place.endswith(".told")}
        assert there in self.expected(state), f"{self.done}: {state.step}/{state.waiting} but {there}"

    def expected(self, state: State) -> list[set[str]]:
        if state.waiting in PAUSES:
            return [{PAUSES[state.waiting]}]
        if state.waiting == "opinion":
            awaited = {n for n, one in state.opinions.items()
                       if one.state == "asked" or (one.state == "silent" and one.silence == "escalate")}  # fmt: skip
            return [awaited if self.step_verb() == "consult" else {"law.opinion"}]
        if state.waiting:
            return [{state.step}]
        return [ENDS[state.status], *([{"law.halted"}] if state.status == 8 else [])]


def walk(service: Service, root: ET.Element, seed: int, most: int = 60) -> Walk:
    made = Walk(service, root, seed)
    for _ in range(most):
        if not made.go():
            break
    return made


@pytest.mark.parametrize("slug", PLAIN)
def test_the_exported_process_does_what_the_states_do(slug: str) -> None:
    service, root = CATALOGUE.services[slug], document(slug)
    done, ends = set[str](), set[str]()
    for seed in range(60):
        made = walk(service, root, seed)
        done |= set(made.done)
        ends |= made.tokens.places if not made.state.waiting else set()
    assert ends >= {"law.finished", "law.refused", "law.withdrawn"}
    assert done >= {"decide", "issue", "supplement", "supply", "refuse", "ask_payment", "paid", "consult", "opinion"}


@examples(
    deadline=None, max_examples=40, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(processes(), st.booleans(), st.booleans(), st.integers(0, 999))
def test_so_does_the_export_of_any_table(process: Process, takes: bool, placeless: bool, seed: int) -> None:
    service = service_of(process, CATALOGUE.services[PLAIN[0]], takes=takes, placeless=placeless)
    root = drawn(service)
    for number in range(3):
        walk(service, root, seed + number)


@pytest.mark.parametrize("slug", PLAIN)
def test_what_registers_verify_needs_no_person(slug: str) -> None:
    service, root = CATALOGUE.services[slug], document(slug)
    for element in root.iter(f"{BPMN}businessRuleTask"):
        step = next(one for one in service.process.steps if one.straight_through == element.get(f"{OURS}rule"))
        assert element.get("id") == f"{step.step}.rule"
    assert sum(1 for one in service.process.steps if one.straight_through) == len(
        list(root.iter(f"{BPMN}businessRuleTask"))
    )


@pytest.mark.parametrize("slug", PARENTS)
def test_the_parent_calls_every_branch_after_the_one_it_waits_for(slug: str) -> None:
    service, root = CATALOGUE.services[slug], document(slug)
    defined = {str(p.get("id")) for p in root.iter(f"{BPMN}process")}
    top = next(p for p in root.iter(f"{BPMN}process") if p.get("id") == flow.graph_id(service))
    leads = [(way.get("sourceRef"), way.get("targetRef")) for way in top.iter(f"{BPMN}sequenceFlow")]
    gateways = {str(one.get("id")) for one in top if one.tag.endswith("Gateway")}

    def reached(name: str) -> set[str]:
        """What comes next, through gateways."""
        targets = {str(target) for source, target in leads if source == name}
        return {one for one in targets if one not in gateways}.union(
            *(reached(one) for one in targets if one in gateways)
        )

    for branch in service.branches:
        assert branch.branch in reached(branch.after or "law.start")
        called = next(c for c in top.iter(f"{BPMN}callActivity") if c.get("id") == branch.branch)
        assert called.get("calledElement") in defined
        leads_on = any(other.after == branch.branch for other in service.branches)
        assert reached(f"{branch.branch}.failed") == {"law.refused" if leads_on else "law.finished"}


@pytest.mark.parametrize("slug", sorted(CATALOGUE.services))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_everything_is_drawn_once_and_nothing_lies_on_anything_else(slug: str, language: str) -> None:
    root = document(slug, language)
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    shown = [one.get("bpmnElement") for one in root.iter() if one.tag in (f"{DI}BPMNShape", f"{DI}BPMNEdge")]
    kinds = ("Event", "Task", "Activity", "Gateway", "subProcess", "sequenceFlow", "lane", "participant")
    meant = [e.get("id") for e in root.iter() if e.tag.startswith(BPMN) and e.tag.endswith(kinds)]
    assert sorted(map(str, shown)) == sorted(map(str, meant))
    for graph in diagram.graphs(Here(), CATALOGUE.services[slug], language):  # type: ignore[arg-type]
        boxes = layout.lay_out(graph).boxes
        standing = [boxes[node.id] for node in graph.nodes if not node.attached_to]
        for place, one in enumerate(standing):
            for other in standing[place + 1 :]:
                assert one.right < other.x or other.right < one.x


def test_a_place_in_an_address_is_a_step_or_a_branch() -> None:
    service = CATALOGUE.services[PARENTS[0]]
    assert diagram.element_of(service, service.branches[0].branch)
    assert not diagram.element_of(service, "law.finished<script>")
