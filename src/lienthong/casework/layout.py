"""Where everything of a process stands on the page.

Reading order goes from left to right, a column for each thing; lanes stand below each other. What goes to the next
column runs straight; what goes further runs below all lanes, what goes back above them, one line for each target.
"""

from dataclasses import dataclass, field
from typing import Final

from lienthong.casework.graph import Flow, Graph, Node

POOL_HEAD, LANE_HEAD, LANE_HEIGHT, MARGIN, GAP, BUS = 30, 30, 170, 40, 60, 24
SIZES: Final = {"task": (140, 80), "gateway": (50, 50), "event": (36, 36), "box": (200, 90)}


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
        return "hop" if to == at + 1 and _lane_of(graph, line.source) == _lane_of(graph, line.target) else "ahead"
    return "next" if to == at + 1 else "ahead" if to > at else "back"


def _lane_of(graph: Graph, name: str) -> str:
    return next(node.lane for node in graph.nodes if node.id == name)


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
    if way == "hop":
        return [(source.right, sy), (tx, sy), (tx, target.bottom)]
    if way == "back":
        level = made.pool.y + BUS * (above.index(line.target) + 1)
        return [(sx, source.y), (sx, level), (tx, level), (tx, target.y)]
    level = made.pool.bottom - BUS * (below.index(line.target) + 1)
    return [(sx, source.bottom), (sx, level), (tx, level), (tx, target.bottom)]
