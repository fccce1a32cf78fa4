"""A process as BPMN 2.0 XML with its layout (OMG formal/13-12-09), for any tool that reads it and for the page itself.

Reading order goes from left to right, a column for each thing; lanes stand below each other. What goes to the next
column runs straight; what goes further runs below all lanes, what goes back above them, one line for each target.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from lienthong.casework import flow
from lienthong.casework.flow import Flow, Graph, Node
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node as Here

NAMESPACES: Final = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
TARGET: Final = "https://lienthong.vn/bpmn"

POOL_HEAD, LANE_HEAD, LANE_HEIGHT, MARGIN, GAP, BUS = 30, 30, 130, 40, 60, 24
SIZES: Final = {"task": (140, 80), "gateway": (50, 50), "event": (36, 36), "box": (200, 90)}
_EVENTS: Final = {
    "timer": "timerEventDefinition", "error": "errorEventDefinition", "message": "messageEventDefinition",
    "terminate": "terminateEventDefinition",
}  # fmt: skip


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass
class Layout:
    """Where everything is: boxes by node and lane, the pool, and the corners of each flow."""

    boxes: dict[str, Box] = field(default_factory=dict)
    lanes: dict[str, Box] = field(default_factory=dict)
    pool: Box = field(default_factory=lambda: Box(0, 0, 0, 0))
    lines: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def of_service(here: Here, service: Service, language: str) -> str:
    """The diagram of a service as this node knows it; of an interlinked one with the processes its branches call."""
    return written(graphs(here, service, language))


def graphs(here: Here, service: Service, language: str) -> list[Graph]:
    """The service's own graph first, then those of its branches."""
    catalogue = here.catalogue
    owners = {name: r.name.in_language(language) for name, r in catalogue.registers.items()}
    agency = {name: card.name.in_language(language) for name, card in catalogue.nodes.items()}
    if not service.branches:
        return [flow.graph_of(service, agency[service.card.handled_by], owners, language)]
    called = {branch.branch: catalogue.services[branch.service] for branch in service.branches}
    at = {name: agency[one.card.handled_by] for name, one in called.items()}
    parent = flow.parent_graph(service, called, at, agency[service.card.handled_by], language)
    return [parent, *(flow.graph_of(one, at[name], owners, language) for name, one in called.items())]


def element_of(service: Service, place: str) -> bool:
    """Whether a place named in an address is a step or a branch of this service."""
    return place in {s.step for s in service.process.steps} | {b.branch for b in service.branches}


# layout


def lay_out(graph: Graph) -> Layout:
    columns = {node.id: place for place, node in enumerate(n for n in graph.nodes if not n.attached_to)}
    above, below = _buses(graph, columns)
    made = Layout()
    top = MARGIN
    for place, lane in enumerate(graph.lanes):
        height = LANE_HEIGHT + (BUS * len(above) if place == 0 else 0)
        height += BUS * len(below) if place == len(graph.lanes) - 1 else 0
        made.lanes[lane] = Box(MARGIN + POOL_HEAD, top, 0, height)
        top += height
    right = _place(graph, made, BUS * len(above))
    made.lanes = {n: Box(b.x, b.y, right - b.x, b.height) for n, b in made.lanes.items()}
    made.pool = Box(MARGIN, MARGIN, right - MARGIN, top - MARGIN)
    for line in graph.flows:
        made.lines[line.id] = _line(made, line, graph, columns, above, below)
    return made


def _buses(graph: Graph, columns: dict[str, int]) -> tuple[list[str], list[str]]:
    """Targets reached from further right, and from further left than the column before them."""
    above: list[str] = []
    below: list[str] = []
    for line in graph.flows:
        way = _way(line, graph, columns)
        if way == "back" and line.target not in above:
            above.append(line.target)
        if way == "ahead" and line.target not in below:
            below.append(line.target)
    return above, below


def _way(line: Flow, graph: Graph, columns: dict[str, int]) -> str:
    attached = {node.id: node.attached_to for node in graph.nodes if node.attached_to}
    at, to = columns[attached.get(line.source) or line.source], columns[line.target]
    if line.source in attached:
        return "ahead"
    return "next" if to == at + 1 else "ahead" if to > at else "back"


def _place(graph: Graph, made: Layout, head: int) -> int:
    """Give every node its box; the right edge of the page."""
    left = MARGIN + POOL_HEAD + LANE_HEAD + GAP
    first = next(iter(graph.lanes))
    for node in graph.nodes:
        lane = made.lanes[node.lane]
        middle = lane.y + (head if node.lane == first else 0) + LANE_HEIGHT // 2
        width, height = _size(node)
        if node.attached_to:
            host = made.boxes[node.attached_to]
            made.boxes[node.id] = Box(host.right - width - 8, host.bottom - height // 2, width, height)
            continue
        made.boxes[node.id] = Box(left, middle - height // 2, width, height)
        left += width + GAP
    return left


def _size(node: Node) -> tuple[int, int]:
    if node.kind.endswith("Event"):
        return SIZES["event"]
    if node.kind.endswith("Gateway"):
        return SIZES["gateway"]
    return SIZES["box" if node.kind == "subProcess" else "task"]


def _line(
    made: Layout, line: Flow, graph: Graph, columns: dict[str, int], above: list[str], below: list[str]
) -> list[tuple[int, int]]:
    source, target = made.boxes[line.source], made.boxes[line.target]
    (sx, sy), (tx, ty) = source.middle, target.middle
    way = _way(line, graph, columns)
    if way == "next":
        if sy == ty:
            return [(source.right, sy), (target.x, ty)]
        turn = (source.right + target.x) // 2
        return [(source.right, sy), (turn, sy), (turn, ty), (target.x, ty)]
    if way == "back":
        level = made.pool.y + BUS * (above.index(line.target) + 1)
        return [(sx, source.y), (sx, level), (tx, level), (tx, target.y)]
    level = made.pool.bottom - BUS * (below.index(line.target) + 1)
    return [(sx, source.bottom), (sx, level), (tx, level), (tx, target.bottom)]


# XML


def written(processes: list[Graph]) -> str:
    """The document: each process with its pool, and a diagram for each; a viewer opens the first."""
    for prefix, uri in NAMESPACES.items():
        ET.register_namespace(prefix, uri)
    root = _tag(None, "bpmn:definitions", id="definitions", targetNamespace=TARGET, exporter="lienthong")
    for graph in processes:
        pools = _tag(root, "bpmn:collaboration", id=f"{graph.id}_pools")
        _tag(pools, "bpmn:participant", id=f"{graph.id}_pool", name=graph.pool, processRef=graph.id)
    names = _Names(len(processes) > 1)
    for graph in processes:
        _process(root, graph, names)
    for graph in processes:
        _diagram(root, graph, names)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


@dataclass(frozen=True)
class _Names:
    """Identifiers are unique in a document: those of called processes bear their process's name before them."""

    several: bool

    def of(self, graph: Graph, name: str) -> str:
        is_called = self.several and not any(node.kind == "callActivity" for node in graph.nodes)
        return f"{graph.id}.{name}" if is_called else name


def _process(root: ET.Element, graph: Graph, names: _Names) -> None:
    process = _tag(root, "bpmn:process", id=graph.id, name=graph.name, isExecutable="false")
    lanes = _tag(process, "bpmn:laneSet", id=f"{graph.id}_lanes")
    for lane, text in graph.lanes.items():
        made = _tag(lanes, "bpmn:lane", id=names.of(graph, f"lane_{lane}"), name=text)
        for node in graph.nodes:
            if node.lane == lane:
                _tag(made, "bpmn:flowNodeRef").text = names.of(graph, node.id)
    leaving, coming = defaultdict(list), defaultdict(list)
    for line in graph.flows:
        leaving[line.source].append(line)
        coming[line.target].append(line)
    for node in graph.nodes:
        made = _element(process, graph, node, names)
        for line in coming[node.id]:
            _tag(made, "bpmn:incoming").text = names.of(graph, line.id)
        for line in leaving[node.id]:
            _tag(made, "bpmn:outgoing").text = names.of(graph, line.id)
        _event(made, graph, node, names)
    for line in graph.flows:
        ends = {"sourceRef": names.of(graph, line.source), "targetRef": names.of(graph, line.target)}
        _tag(process, "bpmn:sequenceFlow", id=names.of(graph, line.id), **_named(line.name), **ends)


def _element(process: ET.Element, graph: Graph, node: Node, names: _Names) -> ET.Element:
    more = {}
    if node.attached_to:
        more["attachedToRef"] = names.of(graph, node.attached_to)
    if node.called:
        more["calledElement"] = node.called
    if node.kind == "subProcess":
        more["triggeredByEvent"] = "true"
    return _tag(process, f"bpmn:{node.kind}", id=names.of(graph, node.id), **_named(node.name), **more)


def _event(made: ET.Element, graph: Graph, node: Node, names: _Names) -> None:
    name = names.of(graph, node.id)
    if node.kind == "subProcess":
        start = _tag(made, "bpmn:startEvent", id=f"{name}_asked", isInterrupting="true")
        _tag(start, "bpmn:outgoing").text = f"{name}_way"
        _tag(start, f"bpmn:{_EVENTS[node.event]}", id=f"{name}_message")
        end = _tag(made, "bpmn:endEvent", id=f"{name}_done")
        _tag(end, "bpmn:incoming").text = f"{name}_way"
        _tag(made, "bpmn:sequenceFlow", id=f"{name}_way", sourceRef=f"{name}_asked", targetRef=f"{name}_done")
    elif node.event:
        _tag(made, f"bpmn:{_EVENTS[node.event]}", id=f"{name}_event")


def _diagram(root: ET.Element, graph: Graph, names: _Names) -> None:
    made = lay_out(graph)
    diagram = _tag(root, "bpmndi:BPMNDiagram", id=f"{graph.id}_diagram", name=graph.name)
    plane = _tag(diagram, "bpmndi:BPMNPlane", id=f"{graph.id}_plane", bpmnElement=f"{graph.id}_pools")
    _shape(plane, f"{graph.id}_pool", made.pool, isHorizontal="true")
    for lane, box in made.lanes.items():
        _shape(plane, names.of(graph, f"lane_{lane}"), box, isHorizontal="true")
    for node in graph.nodes:
        name, box = names.of(graph, node.id), made.boxes[node.id]
        marks = {"isMarkerVisible": "true"} if node.kind == "exclusiveGateway" else {}
        if node.kind == "subProcess":
            _shape(plane, name, box, isExpanded="true")
            _shape(plane, f"{name}_asked", Box(box.x + 25, box.y + 40, 36, 36))
            _shape(plane, f"{name}_done", Box(box.right - 61, box.y + 40, 36, 36))
            _edge(plane, f"{name}_way", [(box.x + 61, box.y + 58), (box.right - 61, box.y + 58)])
        else:
            _label(_shape(plane, name, box, **marks), node, box)
    for line in graph.flows:
        _edge(plane, names.of(graph, line.id), made.lines[line.id])


def _shape(plane: ET.Element, element: str, box: Box, **more: str) -> ET.Element:
    shape = _tag(plane, "bpmndi:BPMNShape", id=f"{element}_shape", bpmnElement=element, **more)
    _bounds(shape, box)
    return shape


def _label(shape: ET.Element, node: Node, box: Box) -> None:
    """Where a name stands that would otherwise lie under a line: above an end, beside a boundary event."""
    if node.name and node.kind == "endEvent":
        _bounds(_tag(shape, "bpmndi:BPMNLabel"), Box(box.x - 32, box.y - 32, 100, 28))
    elif node.name and node.attached_to:
        _bounds(_tag(shape, "bpmndi:BPMNLabel"), Box(box.right + 4, box.y + 20, 100, 28))


def _bounds(parent: ET.Element, box: Box) -> None:
    place = {name: str(getattr(box, name)) for name in ("x", "y", "width", "height")}
    _tag(parent, "dc:Bounds", **place)


def _edge(plane: ET.Element, element: str, corners: list[tuple[int, int]]) -> None:
    edge = _tag(plane, "bpmndi:BPMNEdge", id=f"{element}_edge", bpmnElement=element)
    for x, y in corners:
        _tag(edge, "di:waypoint", x=str(x), y=str(y))


def _named(text: str) -> dict[str, str]:
    return {"name": text} if text else {}


def _tag(parent: ET.Element | None, tag: str, /, **attributes: str) -> ET.Element:
    prefix, _, local = tag.partition(":")
    full = f"{{{NAMESPACES[prefix]}}}{local}"
    return ET.Element(full, attributes) if parent is None else ET.SubElement(parent, full, attributes)
