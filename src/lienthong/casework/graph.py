"""A process as a graph of things and ways between them: what `flow` makes and `diagram` writes.

What is drawn for a line of the process table bears the line (`holds`). What the law adds to every process is marked
`law`: a reader of the file (`bpmn_import`) knows by that what belongs to the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "startEvent", "endEvent", "userTask", "serviceTask", "businessRuleTask", "callActivity", "exclusiveGateway",
    "parallelGateway", "inclusiveGateway", "boundaryEvent", "subProcess",
]  # fmt: skip


@dataclass(frozen=True)
class Lane:
    """Who does it: a role, in the unit that a field names; neither for the machine and for people outside."""

    name: str
    role: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Node:
    """A thing on the page. `event` says what an event is about: timer, error, message, escalation; `days` how many
    working days its timer runs; `several`: once for each who is asked. `rule` decides it. `act` and `when` are what
    brings an event about, and while what holds; at most `most` times."""

    id: str
    kind: Kind
    name: str
    lane: str
    attached_to: str = ""
    event: str = ""
    called: str = ""
    days: int = 0
    interrupts: bool = True
    several: bool = False
    rule: str = ""
    act: str = ""
    when: str = ""
    most: int = 0
    law: bool = False
    holds: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Flow:
    """A way, taken by an `act`, or by itself where the comparison `when` holds (`$…`: of the dossier, not declared), or
    where no other holds; at most `most` times."""

    source: str
    target: str
    name: str = ""
    act: str = ""
    when: str = ""
    otherwise: bool = False
    most: int = 0
    law: bool = False

    @property
    def id(self) -> str:
        return f"{self.source}_to_{self.target}"


@dataclass
class Graph:
    """A process: its lanes by id in the order of the page, its nodes in reading order. `marks` name the service."""

    id: str
    name: str
    pool: str
    lanes: dict[str, Lane] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    marks: Mapping[str, str] = field(default_factory=dict)

    def add(self, kind: Kind, name: str, text: str, lane: str, **more: Any) -> str:
        self.nodes.append(Node(name, kind, text, lane, **more))
        return name

    def flow(self, source: str, target: str, text: str = "", **more: Any) -> None:
        self.flows.append(Flow(source, target, text, **more))
