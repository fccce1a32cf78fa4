"""The exported diagrams, executed: a token moves through the XML as the dossier moves through its states."""

from collections import defaultdict
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from lienthong.casework import diagram
from lienthong.casework.rules import source_hashes
from lienthong.casework.states import Act, State, apply
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.shapes import Service
from lienthong.config.state import HOME
from lienthong.kit import clock

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
CATALOGUE = load(HOME / "catalogue", "portal", source_hashes())
PLAIN = sorted(slug for slug, one in CATALOGUE.services.items() if not one.branches)
PARENTS = sorted(slug for slug, one in CATALOGUE.services.items() if one.branches)
NOW = datetime(2026, 11, 20, 9, tzinfo=clock.ZONE)


class Here:
    catalogue = CATALOGUE


def document(slug: str, language: str = "vi") -> ET.Element:
    with translation.override(language):
        return ET.fromstring(diagram.of_service(Here(), CATALOGUE.services[slug], language))  # type: ignore[arg-type]


class Tokens:
    """An interpreter of BPMN that knows nothing of ours: tokens rest at tasks and ends, gateways choose by flow."""

    def __init__(self, root: ET.Element, process: str) -> None:
        self.kinds: dict[str, str] = {}
        self.leaving: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.attached: dict[str, str] = {}
        element = next(p for p in root.iter(f"{BPMN}process") if p.get("id") == process)
        for node in element:
            name = str(node.get("id"))
            self.kinds[name] = node.tag.removeprefix(BPMN)
            if self.kinds[name] == "sequenceFlow":
                self.leaving[str(node.get("sourceRef"))].append((name, str(node.get("targetRef"))))
            if node.get("attachedToRef"):
                self.attached[name] = str(node.get("attachedToRef"))
        starts = [name for name, kind in self.kinds.items() if kind == "startEvent"]
        assert len(starts) == 1
        self.at = starts[0]

    def go(self, *wanted: str) -> str:
        """Leave by a way through gateways that ends at one of `wanted`, without resting anywhere before."""
        reached = self._through(self.at, set())
        found = [name for name in reached if name in wanted]
        assert found, f"from {self.at} one comes to {sorted(reached)}, not to {wanted}"
        self.at = found[0]
        return self.at

    def interrupt(self, event: str, wanted: str) -> str:
        """What is attached to the task fires."""
        assert self.attached[event] == self.at, f"{event} is not attached to {self.at}"
        self.at = event
        return self.go(wanted)

    def _through(self, place: str, seen: set[str]) -> set[str]:
        reached = set()
        for _, target in self.leaving[place]:
            rests = not self.kinds[target].endswith("Gateway")
            if rests:
                reached.add(target)
            elif target not in seen:
                reached |= self._through(target, seen | {target})
        return reached


ENDS = {10: "finished", 3: "refused", 8: "stopped"}


def element(state: State, process: Service) -> str:
    """Where the token must be for a state."""
    if state.waiting == "applicant":
        return "supplement"
    if state.waiting == "consent":
        return "consents"
    return state.step or ENDS[state.status]


def after(service: Service, state: State, verb: str, minute: int) -> State:
    asks = {"ids": [c.consent for c in service.process.consents]} if verb == "ask_consent" else {}
    detail = {"consent": service.process.consents[0].consent} if verb == "consent" else {}
    at = NOW + timedelta(minutes=minute)
    act = Act(verb, at, "x", step=state.step, reason="why", asks=asks, detail=detail)  # type: ignore[arg-type]
    return apply(service, state, act)


def verbs(service: Service, state: State) -> list[str]:
    """What may be done now; everything that the states allow and the process table asks for."""
    if state.waiting == "applicant":
        return ["supply", "stop"]
    if state.waiting == "consent":
        return ["consent", "stop"]
    if state.waiting == "pending":
        return ["issue", "reopen"]
    if state.waiting != "open":
        return []
    step = service.process.step(state.step)
    others = [] if state.supplements else ["supplement"]
    if step.verb != "receive" and step is not next(s for s in service.process.steps if s.verb != "receive"):
        others.append("return")
    return [step.verb, "refuse", *others]


@pytest.mark.parametrize("slug", PLAIN)
def test_the_exported_process_does_what_the_states_do(slug: str) -> None:
    """Every history of up to six acts: the token stands where the dossier stands."""
    service, root = CATALOGUE.services[slug], document(slug)
    process = diagram.flow.graph_id(service)
    first = service.process.steps[0].step
    opened = apply(service, None, Act("acknowledge", NOW, "máy", step=first))
    todo: list[tuple[State, str, int]] = [(opened, "", 0)]
    ends = set()
    while todo:
        state, place, depth = todo.pop()
        tokens = Tokens(root, process)
        if place:
            tokens.at = place
        else:
            _begin(tokens, service, state)
        if not state.waiting:
            ends.add(tokens.at)
            assert tokens.kinds[tokens.at] == "endEvent"
            assert not tokens.leaving[tokens.at]
        elif depth < 6:
            for verb in verbs(service, state):
                moved = after(service, state, verb, depth)
                todo.append((moved, _step(root, process, tokens.at, verb, element(moved, service)), depth + 1))
    assert ends == {"finished", "refused", "stopped"}


def _begin(tokens: Tokens, service: Service, state: State) -> None:
    """From the start to the first open step, by way of consents nobody has to give and a rule that does not hold."""
    wanted = element(state, service)
    _rest(tokens, wanted)


def _rest(tokens: Tokens, wanted: str) -> None:
    """On to `wanted`; rules on the way do not verify enough."""
    while tokens.at != wanted:
        tokens.go(wanted, f"{wanted}_rule")


def _step(root: ET.Element, process: str, place: str, verb: str, wanted: str) -> str:
    tokens = Tokens(root, process)
    tokens.at = place
    if verb == "stop":
        events = [event for event, host in tokens.attached.items() if host == place]
        return tokens.interrupt(events[0], wanted)
    if place == wanted and verb == "supply":
        return wanted
    tokens.go(wanted, f"{wanted}_rule")
    _rest(tokens, wanted)
    return tokens.at


@pytest.mark.parametrize("slug", PLAIN)
def test_consents_are_asked_before_the_first_judgement_and_verified_data_needs_no_person(slug: str) -> None:
    service, root = CATALOGUE.services[slug], document(slug)
    process = diagram.flow.graph_id(service)
    if service.process.consents:
        tokens = Tokens(root, process)
        _rest(tokens, _before_judgement(service, tokens))
        tokens.go("consents")
        assert tokens.interrupt("consents_expired", "stopped") == "stopped"
    for step in service.process.steps:
        if step.straight_through:
            tokens = Tokens(root, process)
            tokens.at = f"{step.step}_rule"
            following = service.process.after(step.step)
            assert following is not None
            _rest(tokens, following.step)


def _before_judgement(service: Service, tokens: Tokens) -> str:
    first = service.process.steps[0]
    return first.step if first.verb == "receive" else tokens.at


@pytest.mark.parametrize("slug", PARENTS)
def test_the_parent_calls_every_branch_after_the_one_it_waits_for(slug: str) -> None:
    service, root = CATALOGUE.services[slug], document(slug)
    defined = {str(p.get("id")) for p in root.iter(f"{BPMN}process")}
    for branch in service.branches:
        tokens = Tokens(root, diagram.flow.graph_id(service))
        tokens.at = branch.after or tokens.at
        assert tokens.go(branch.branch)
        called = next(c for c in root.iter(f"{BPMN}callActivity") if c.get("id") == branch.branch)
        assert called.get("calledElement") in defined
        leads_on = any(other.after == branch.branch for other in service.branches)
        assert tokens.interrupt(f"{branch.branch}_failed", "refused" if leads_on else "finished")


@pytest.mark.parametrize("slug", sorted(CATALOGUE.services))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_everything_is_drawn_once_and_nothing_lies_on_anything_else(slug: str, language: str) -> None:
    root = document(slug, language)
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    drawn = [one.get("bpmnElement") for one in root.iter() if one.tag in (f"{DI}BPMNShape", f"{DI}BPMNEdge")]
    kinds = ("Event", "Task", "Activity", "Gateway", "subProcess", "sequenceFlow", "lane", "participant")
    meant = [e.get("id") for e in root.iter() if e.tag.startswith(BPMN) and e.tag.endswith(kinds)]
    assert sorted(map(str, drawn)) == sorted(map(str, meant))
    for graph in diagram.graphs(Here(), CATALOGUE.services[slug], language):  # type: ignore[arg-type]
        boxes = diagram.lay_out(graph).boxes
        standing = [boxes[node.id] for node in graph.nodes if not node.attached_to]
        for place, one in enumerate(standing):
            for other in standing[place + 1 :]:
                assert one.right < other.x or other.right < one.x


def test_a_place_in_an_address_is_a_step_or_a_branch() -> None:
    service = CATALOGUE.services[PARENTS[0]]
    assert diagram.element_of(service, service.branches[0].branch)
    assert not diagram.element_of(service, "finished<script>")
