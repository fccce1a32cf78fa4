"""A process as BPMN 2.0 XML with its layout (OMG formal/13-12-09), for any tool that reads it and for the page itself.

What BPMN has no word for is there in a namespace of ours (`bpmn_marks`); a tool that does not know it keeps it.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from lienthong.casework import bpmn_marks, flow
from lienthong.casework.graph import Flow, Graph, Node
from lienthong.casework.layout import Box, lay_out
from lienthong.casework.parent_flow import parent_graph
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node as Here

NAMESPACES: Final = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "lienthong": bpmn_marks.NAMESPACE,
}
_EVENTS: Final = {
    "timer": "timerEventDefinition", "error": "errorEventDefinition", "message": "messageEventDefinition",
    "escalation": "escalationEventDefinition",
}  # fmt: skip


def of_service(here: Here, service: Service, language: str) -> str:
    """The diagram of a service as this node knows it; of an interlinked one with the processes its branches call."""
    return written(graphs(here, service, language))


def graphs(here: Here, service: Service, language: str) -> list[Graph]:
    """The service's own graph first, then those of its branches."""
    catalogue = here.catalogue
    owners = {name: r.name.in_language(language) for name, r in catalogue.registers.items()}
    agency = {name: card.name.in_language(language) for name, card in catalogue.nodes.items()}
    if not service.is_interlinked:
        return [flow.graph_of(service, agency[service.card.handled_by], owners, language)]
    called = {branch.branch: catalogue.services[branch.service] for branch in service.branches}
    at = {name: agency[one.card.handled_by] for name, one in called.items()}
    parent = parent_graph(service, called, at, agency[service.card.handled_by], language)
    return [parent, *(flow.graph_of(one, at[name], owners, language) for name, one in called.items())]


def element_of(service: Service, place: str) -> bool:
    """Whether a place named in an address is a step or a branch of this service."""
    return place in {s.step for s in service.process.steps} | {b.branch for b in service.branches}


def written(processes: list[Graph]) -> str:
    """The document: each process with its pool, and a diagram for each; a viewer opens the first."""
    for prefix, uri in NAMESPACES.items():
        ET.register_namespace(prefix, uri)
    root = _tag(None, "bpmn:definitions", id="definitions", targetNamespace=bpmn_marks.NAMESPACE, exporter="lienthong")
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
    marks = bpmn_marks.attributes(**graph.marks)
    process = _tag(root, "bpmn:process", marks, id=graph.id, name=graph.name, isExecutable="false")
    lanes = _tag(process, "bpmn:laneSet", id=f"{graph.id}_lanes")
    for lane, who in graph.lanes.items():
        marks = bpmn_marks.attributes(role=who.role, unit=who.unit)
        made = _tag(lanes, "bpmn:lane", marks, id=names.of(graph, f"lane_{lane}"), name=who.name)
        for node in graph.nodes:
            if node.lane == lane:
                _tag(made, "bpmn:flowNodeRef").text = names.of(graph, node.id)
    leaving, coming = defaultdict(list), defaultdict(list)
    for line in graph.flows:
        leaving[line.source].append(line)
        coming[line.target].append(line)
    for node in graph.nodes:
        made = _element(process, graph, node, leaving[node.id], names)
        for line in coming[node.id]:
            _tag(made, "bpmn:incoming").text = names.of(graph, line.id)
        for line in leaving[node.id]:
            _tag(made, "bpmn:outgoing").text = names.of(graph, line.id)
        _inside(made, graph, node, names)
    for line in graph.flows:
        _flow(process, graph, line, names)


def _element(process: ET.Element, graph: Graph, node: Node, leaving: list[Flow], names: _Names) -> ET.Element:
    more = {}
    if node.attached_to:
        more["attachedToRef"] = names.of(graph, node.attached_to)
    if node.attached_to and not node.interrupts:
        more["cancelActivity"] = "false"
    if node.called:
        more["calledElement"] = node.called
    if node.kind == "subProcess":
        more["triggeredByEvent"] = "true"
    if otherwise := next((line.id for line in leaving if line.otherwise), ""):
        more["default"] = names.of(graph, otherwise)
    marks = bpmn_marks.attributes(
        act=node.act, when=node.when, most=node.most, rule=node.rule, days=node.days, law=node.law
    )
    made = _tag(process, f"bpmn:{node.kind}", marks, id=names.of(graph, node.id), **_named(node.name), **more)
    if node.holds:
        held = _tag(made, "bpmn:extensionElements")
        for kind, value in node.holds:
            bpmn_marks.write(held, kind, value)
    return made


def _flow(process: ET.Element, graph: Graph, line: Flow, names: _Names) -> None:
    ends = {"sourceRef": names.of(graph, line.source), "targetRef": names.of(graph, line.target)}
    marks = bpmn_marks.attributes(act=line.act, most=line.most, law=line.law)
    made = _tag(process, "bpmn:sequenceFlow", marks, id=names.of(graph, line.id), **_named(line.name), **ends)
    if line.when:
        condition = _tag(made, "bpmn:conditionExpression", language=bpmn_marks.LANGUAGE)
        condition.set(_full("xsi:type"), "bpmn:tFormalExpression")
        condition.text = line.when


def _inside(made: ET.Element, graph: Graph, node: Node, names: _Names) -> None:
    """What stands in an element after its ways: that it happens several times, what an event is about."""
    name = names.of(graph, node.id)
    if node.several:
        _tag(made, "bpmn:multiInstanceLoopCharacteristics", id=f"{name}.each")
    if node.kind == "subProcess":
        start = _tag(made, "bpmn:startEvent", id=f"{name}.asked", isInterrupting=str(node.interrupts).lower())
        _tag(start, "bpmn:outgoing").text = f"{name}.way"
        _tag(start, f"bpmn:{_EVENTS[node.event]}", id=f"{name}.event")
        end = _tag(made, "bpmn:endEvent", id=f"{name}.done")
        _tag(end, "bpmn:incoming").text = f"{name}.way"
        _tag(made, "bpmn:sequenceFlow", id=f"{name}.way", sourceRef=f"{name}.asked", targetRef=f"{name}.done")
    elif node.event:
        event = _tag(made, f"bpmn:{_EVENTS[node.event]}", id=f"{name}.event")
        if node.days:
            duration = _tag(event, "bpmn:timeDuration")
            duration.set(_full("xsi:type"), "bpmn:tFormalExpression")
            duration.text = f"P{node.days}D"


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
            _shape(plane, f"{name}.asked", Box(box.x + 25, box.y + 40, 36, 36))
            _shape(plane, f"{name}.done", Box(box.right - 61, box.y + 40, 36, 36))
            _edge(plane, f"{name}.way", [(box.x + 61, box.y + 58), (box.right - 61, box.y + 58)])
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
        _bounds(_tag(shape, "bpmndi:BPMNLabel"), Box(box.x - 32, box.bottom + 2, 100, 28))


def _bounds(parent: ET.Element, box: Box) -> None:
    place = {name: str(getattr(box, name)) for name in ("x", "y", "width", "height")}
    _tag(parent, "dc:Bounds", **place)


def _edge(plane: ET.Element, element: str, corners: list[tuple[int, int]]) -> None:
    edge = _tag(plane, "bpmndi:BPMNEdge", id=f"{element}_edge", bpmnElement=element)
    for x, y in corners:
        _tag(edge, "di:waypoint", x=str(x), y=str(y))


def _named(text: str) -> dict[str, str]:
    return {"name": text} if text else {}


def _tag(parent: ET.Element | None, tag: str, marks: dict[str, str] | None = None, /, **attributes: str) -> ET.Element:
    given = {**attributes, **(marks or {})}
    return ET.Element(_full(tag), given) if parent is None else ET.SubElement(parent, _full(tag), given)


def _full(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"
