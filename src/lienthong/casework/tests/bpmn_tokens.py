"""An interpreter of BPMN 2.0: it reads an exported file and moves tokens through it. It shares no code with the room.

Tokens rest at tasks and ends. A way that bears an act is taken by that act, any other by itself: through exclusive
gateways by conditions, through parallel ones when a token has come on every way in. A task of several instances is left
when all are done. What is attached to a task, and what may happen at any moment, waits for its act too.
"""

from collections import Counter
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
OURS = "{https://lienthong.vn/bpmn}"
RESTS = ("userTask", "serviceTask", "callActivity", "endEvent")


class Impossible(Exception):
    """The file has no way for this act from where the tokens are."""


@dataclass(frozen=True)
class Way:
    id: str
    source: str
    target: str
    act: str
    when: str
    most: int


@dataclass
class Token:
    """At a task or an end; `passed` are ways with an act that it went by, `left` how many instances are to be done."""

    at: str
    passed: list[Way] = field(default_factory=list)
    left: int = 1


def compare(comparison: str, known: dict[str, str]) -> bool:
    """`field=value`, `field!=value`, `field`, `field=` (is empty)."""
    if "!=" in comparison:
        name, value = comparison.split("!=", 1)
        return known.get(name, "") not in ("", value)
    if "=" in comparison:
        name, value = comparison.split("=", 1)
        return known.get(name, "") == value
    return known.get(comparison, "") != ""


class Tokens:
    """A process that runs. `known` is what was declared; the interpreter adds where a step was left, and what the act
    says, each under a name with `$`."""

    def __init__(self, root: ET.Element, process: str, known: dict[str, str]) -> None:
        self.known, self.taken = dict(known), Counter[str]()
        self.elements: dict[str, ET.Element] = {}
        self.leaving: dict[str, list[Way]] = {}
        self.coming: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()  # tokens that came to a parallel gateway
        top = next(one for one in root.iter(f"{BPMN}process") if one.get("id") == process)
        for element in top:
            if element.get("id"):
                self.elements[element.attrib["id"]] = element
        for name, element in self.elements.items():
            if element.tag == f"{BPMN}sequenceFlow":
                condition = element.find(f"{BPMN}conditionExpression")
                when = (condition.text or "") if condition is not None else ""
                act, most = element.get(f"{OURS}act", ""), int(element.get(f"{OURS}most", "0"))
                way = Way(name, element.attrib["sourceRef"], element.attrib["targetRef"], act, when, most)
                self.leaving.setdefault(way.source, []).append(way)
                self.coming[way.target] += 1
        (start,) = (name for name, one in self.elements.items() if one.tag == f"{BPMN}startEvent")
        self.tokens: list[Token] = []
        self._arrive(self.leaving[start][0], [], 1)

    # looking

    @property
    def places(self) -> set[str]:
        return {token.at for token in self.tokens}

    def kind(self, name: str) -> str:
        return self.elements[name].tag.removeprefix(BPMN)

    def can(self, act: str, *, timer: bool = False, at: str = "", **said: str) -> bool:
        try:
            self._found(act, timer, at, said)
        except Impossible:
            return False
        return True

    # moving

    def do(self, act: str, *, timer: bool = False, at: str = "", several: int = 1, **said: str) -> None:
        """Take the way of an act: `at` a task where there are several, by its `timer`, so many instances to follow.

        Raises Impossible.
        """
        token, way, event = self._found(act, timer, at, said)
        self.taken[way.id if way else event] += 1
        self.known |= {f"${name}": value for name, value in said.items()}
        if token is None or way is None:
            if self.elements[event].find(f"{BPMN}startEvent").get("isInterrupting") == "true":  # type: ignore[union-attr]
                self.tokens = [Token(event)]
            return
        if event and self.elements[event].get("cancelActivity") == "false":
            self._arrive(way, [], 1)
            return
        token.left -= 1
        if token.left <= 0:
            self.tokens.remove(token)
            self._arrive(way, [], several)

    def _found(self, act: str, timer: bool, at: str, said: dict[str, str]) -> tuple[Token | None, Way | None, str]:
        known = self.known | {f"${name}": value for name, value in said.items()} | ({"$silent": "yes"} if timer else {})
        for token in self.tokens:
            if at in ("", token.at):
                for way, event in self._ways_of(token, timer, known):
                    if way.act == act and not (way.most and self.taken[way.id] >= way.most):
                        return token, way, event
        for name, element in self.elements.items():
            if element.get(f"{OURS}act") == act and not timer and self._may_happen(name, element, known):
                return None, None, name
        raise Impossible(f"{act} at {sorted(self.places)}")

    def _may_happen(self, name: str, element: ET.Element, known: dict[str, str]) -> bool:
        most = int(element.get(f"{OURS}most", "0"))
        runs = any(self.kind(token.at) not in ("endEvent", "subProcess") for token in self.tokens)
        return runs and compare(element.get(f"{OURS}when", ""), known) and not (most and self.taken[name] >= most)

    def _ways_of(self, token: Token, timer: bool, known: dict[str, str]) -> list[tuple[Way, str]]:
        """The ways that an act may take from a token: those whose condition holds first."""
        if timer:
            events = [n for n, one in self.elements.items() if one.get("attachedToRef") == token.at]
            return [(way, event) for event in events for way in self.leaving[event]]
        ways = [*token.passed, *self._beyond(token.at, known)]
        fit = [way for way in ways if not way.when or compare(way.when, known)]
        return [(way, "") for way in sorted(fit, key=lambda way: not way.when)]

    def _beyond(self, name: str, known: dict[str, str]) -> list[Way]:
        """The ways with an act after a task, through gateways."""
        found: list[Way] = []
        for way in self.leaving.get(name, []):
            if way.act:
                found.append(way)
            elif self.kind(way.target) == "exclusiveGateway":
                found += self._beyond(way.target, known)
            else:
                raise AssertionError(f"{way.id} leaves {name} by itself")
        return found

    def _arrive(self, way: Way, passed: list[Way], several: int) -> None:
        """Go on from a way until something rests."""
        name, kind = way.target, self.kind(way.target)
        if kind in RESTS:
            element = self.elements[name]
            every = several if element.find(f"{BPMN}multiInstanceLoopCharacteristics") is not None else 1
            self.tokens.append(Token(name, passed, every))
            if element.find(f"{BPMN}extensionElements/{OURS}step") is not None:
                self.known["$step"] = name
            return
        ways = self.leaving[name]
        if kind == "exclusiveGateway":
            self._arrive(self._chosen(name), [*passed, *(one for one in ways if one.act)], several)
        elif kind == "businessRuleTask":
            (only,) = ways
            self._arrive(only, passed, several)
        elif kind == "parallelGateway":
            self.waiting[name] += 1
            if self.waiting[name] == self.coming[name]:
                self.waiting[name] = 0
                for one in ways:
                    self._arrive(one, [], 1)
        else:
            raise AssertionError(f"{name} is a {kind}")

    def _chosen(self, gateway: str) -> Way:
        """The one way that a gateway takes by itself."""
        silent = [way for way in self.leaving[gateway] if not way.act]
        default = self.elements[gateway].get("default")
        held = [way for way in silent if way.when and compare(way.when, self.known)]
        plain = [way for way in silent if not way.when and way.id != default]
        found = held or plain or [way for way in silent if way.id == default]
        assert len(found) == 1, f"{gateway} would take {[way.id for way in found]}"
        return found[0]
