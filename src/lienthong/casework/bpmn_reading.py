"""A BPMN 2.0 file as things and ways, safely: no document type, no more than a process of an office can need.

What is here is only what `bpmn_import` may make lines of. Whatever carries flow and is not in that subset refuses the
file, with the element's id; what carries none (notes, data, groups) is left behind and named.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from django.utils.translation import gettext as _

from lienthong.casework import bpmn_marks
from lienthong.casework.bpmn_marks import BadMark

BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
MOST_BYTES, MOST_ELEMENTS, MOST_DEPTH = 1_000_000, 20_000, 40
PERSON, MACHINE, RULE = ("userTask", "manualTask", "task"), ("serviceTask",), "businessRuleTask"
EITHER, BOTH, START, END, TIMER = "exclusiveGateway", "parallelGateway", "startEvent", "endEvent", "boundaryEvent"
_READ: Final = frozenset({*PERSON, *MACHINE, RULE, EITHER, BOTH, START, END, TIMER})
_APART: Final = frozenset({
    "documentation", "extensionElements", "laneSet", "sequenceFlow", "dataObject", "dataObjectReference",
    "dataStoreReference", "textAnnotation", "association", "group", "property", "ioSpecification", "auditing",
    "monitoring", "artifact",
})  # fmt: skip
_DURATION: Final = re.compile(r"P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?)?")
HOURS_A_DAY: Final = 8


@dataclass(frozen=True)
class Problem:
    """Why a file is not taken, and the elements it lies in."""

    elements: tuple[str, ...]
    text: str


class NotTaken(ValueError):
    """The file is not read; `problems` says what of it lies outside."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{', '.join(one.elements)}: {one.text}" for one in problems))
        self.problems = problems


@dataclass(frozen=True)
class Thing:
    """An element that carries flow. `held` are our marks in it, by kind; `hours` is how long its timer runs."""

    id: str
    kind: str
    name: str = ""
    attached_to: str = ""
    events: tuple[str, ...] = ()
    hours: int = 0
    interrupts: bool = True
    law: bool = False
    rule: str = ""
    otherwise: str = ""
    held: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(frozen=True)
class Way:
    id: str
    source: str
    target: str
    name: str = ""
    condition: str = ""
    ours: bool = False
    law: bool = False


@dataclass(frozen=True)
class Who:
    """A lane: its name, and the role and unit where a mark of ours says them."""

    name: str
    role: str = ""
    unit: str = ""


@dataclass
class Picture:
    """One process. `apart` are elements that carry no flow."""

    id: str
    name: str
    things: dict[str, Thing] = field(default_factory=dict)
    leaving: dict[str, list[Way]] = field(default_factory=lambda: defaultdict(list))
    attached: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))
    lanes: dict[str, Who] = field(default_factory=dict)
    apart: list[str] = field(default_factory=list)


def read(text: bytes, process: str = "") -> Picture:
    """The process of a file, or the one with that id. Raises NotTaken."""
    root = _parsed(text)
    found = [one for one in root.iter(f"{BPMN}process") if process in ("", one.get("id"))]
    found = [one for one in found if any(child.tag == f"{BPMN}{START}" for child in one)] or found
    if len(found) != 1:
        names = tuple(one.get("id", "") for one in found)
        raise NotTaken(Problem(names, _("tệp có nhiều quy trình") if found else _("tệp không có quy trình nào")))
    problems = list(_messages(root))
    picture = _picture(found[0], problems)
    if problems:
        raise NotTaken(*problems)
    return picture


def _parsed(text: bytes) -> ET.Element:
    """Raises NotTaken for what is too large, not XML, not BPMN, or declares a document type."""
    if len(text) > MOST_BYTES:
        raise NotTaken(Problem((), _("tệp lớn hơn 1 MB")))
    _look_through(text)
    root = ET.fromstring(text)  # noqa: S314 – no document type, so no entities; counted before
    if root.tag != f"{BPMN}definitions":
        raise NotTaken(Problem((), _("tệp không phải BPMN 2.0")))
    return root


def _look_through(text: bytes) -> None:
    """Count before anything is built; a document type could bring entities, so there may be none."""
    elements = depth = 0

    def begin(name: str, _attributes: Any) -> None:
        nonlocal elements, depth
        elements, depth = elements + 1, depth + 1
        if elements > MOST_ELEMENTS or depth > MOST_DEPTH:
            raise NotTaken(Problem((), _("tệp có quá nhiều phần tử hoặc lồng quá sâu")))

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declares(*_about: Any) -> None:
        raise NotTaken(Problem((), _("tệp khai báo DOCTYPE hoặc thực thể XML")))

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = declares
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        if isinstance(problem, NotTaken):
            raise
        raise NotTaken(Problem((), _("tệp không phải XML đọc được"))) from problem


def _messages(root: ET.Element) -> Iterator[Problem]:
    for flow in root.iter(f"{BPMN}messageFlow"):
        yield Problem((flow.get("id", ""),), _("luồng thông điệp giữa các bên"))


def _picture(process: ET.Element, problems: list[Problem]) -> Picture:
    picture = Picture(process.get("id", ""), process.get("name", ""))
    for lane in process.iter(f"{BPMN}lane"):
        who = Who(" ".join(lane.get("name", "").split()), _mark(lane, "role"), _mark(lane, "unit"))
        picture.lanes |= {(one.text or "").strip(): who for one in lane.findall(f"{BPMN}flowNodeRef")}
    for element in process:
        kind, law = element.tag.removeprefix(BPMN), _mark(element, "law") == "true"
        if kind in _READ:
            _take(picture, element, kind, problems)
        elif kind == "sequenceFlow":
            way = _way(element)
            picture.leaving[way.source].append(way)
        elif kind in _APART or not element.tag.startswith(BPMN):
            picture.apart += [element.get("id", "")] if kind not in ("laneSet", "extensionElements") else []
        elif not law:
            problems.append(Problem((element.get("id", ""),), _outside(kind)))
    problems += _loose_ends(picture)
    return picture


def _loose_ends(picture: Picture) -> Iterator[Problem]:
    for way in [way for ways in picture.leaving.values() for way in ways]:
        if {way.source, way.target} - set(picture.things):
            yield Problem((way.id,), _("đường đi nối với phần tử không có hoặc không được nhận"))


def _take(picture: Picture, element: ET.Element, kind: str, problems: list[Problem]) -> None:
    try:
        thing = _thing(element, kind)
    except BadMark as problem:
        problems.append(Problem((element.get("id", ""),), _("đánh dấu của Liên Thông không đọc được: %s") % problem))
        return
    if not thing.id or thing.id in picture.things:
        problems.append(Problem((thing.id,), _("phần tử không có mã, hoặc mã bị trùng")))
    picture.things[thing.id] = thing
    if thing.attached_to:
        picture.attached[thing.attached_to].append(thing)
    if not thing.law:
        problems += [Problem((thing.id,), text) for text in _strange(element, thing)]


def _thing(element: ET.Element, kind: str) -> Thing:
    events = tuple(child.tag.removeprefix(BPMN) for child in element if child.tag.endswith("EventDefinition"))
    marks = element.find(f"{BPMN}extensionElements")
    days = _mark(element, "days")
    return Thing(
        id=element.get("id", ""),
        kind=kind,
        name=" ".join(element.get("name", "").split()),
        attached_to=element.get("attachedToRef", ""),
        events=events,
        hours=int(days) * HOURS_A_DAY if days.isdigit() and len(days) < 4 else _hours(element),
        interrupts=element.get("cancelActivity", "true") == "true",
        law=_mark(element, "law") == "true",
        rule=_mark(element, "rule"),
        otherwise=element.get("default", ""),
        held=tuple(_held(marks)) if marks is not None else (),
    )


def _held(marks: ET.Element) -> Iterator[tuple[str, dict[str, Any]]]:
    for mark in marks:
        kind = mark.tag.removeprefix(bpmn_marks.tag(""))
        if kind in bpmn_marks.KINDS:
            yield kind, bpmn_marks.read(mark, kind)


def _hours(element: ET.Element) -> int:
    """How many working hours a timer runs, a day being eight; 0 when its duration does not say."""
    duration = next(element.iter(f"{BPMN}timeDuration"), None)
    found = _DURATION.fullmatch((duration.text or "").strip()) if duration is not None else None
    if found is None:
        return 0
    weeks, days, hours = (int(part or 0) for part in found.groups())
    return (weeks * 5 + days) * HOURS_A_DAY + hours


def _way(element: ET.Element) -> Way:
    condition = element.find(f"{BPMN}conditionExpression")
    return Way(
        id=element.get("id", ""),
        source=element.get("sourceRef", ""),
        target=element.get("targetRef", ""),
        name=" ".join(element.get("name", "").split()),
        condition=(condition.text or "").strip() if condition is not None else "",
        ours=condition is not None and condition.get("language") == bpmn_marks.LANGUAGE,
        law=_mark(element, "law") == "true",
    )


def _strange(element: ET.Element, thing: Thing) -> Iterator[str]:
    """What an element of a kind that is read may not have."""
    names = {child.tag.removeprefix(BPMN) for child in element}
    if "standardLoopCharacteristics" in names:
        yield _("vòng lặp trong một việc")
    if "multiInstanceLoopCharacteristics" in names:
        yield _("một việc làm nhiều lần; hãy vẽ từng việc song song")
    allowed: dict[str, frozenset[str]] = {
        START: frozenset({"messageEventDefinition"}),
        END: frozenset({"terminateEventDefinition", "messageEventDefinition", "escalationEventDefinition"}),
        TIMER: frozenset({"timerEventDefinition"}),
    }
    if set(thing.events) - allowed.get(thing.kind, frozenset()) or (thing.kind == TIMER and len(thing.events) != 1):
        yield _("loại sự kiện này")


def _outside(kind: str) -> str:
    """Why an element is not taken, by its kind."""
    if kind in ("subProcess", "transaction", "adHocSubProcess", "callActivity"):
        return _("quy trình con hoặc gọi quy trình khác: bảng quy trình chỉ có một tầng")
    if kind.endswith("Gateway"):
        return _("loại cổng này: chỉ nhận cổng loại trừ và cổng song song")
    if kind.endswith("Event"):
        return _("sự kiện giữa chừng: chỉ nhận hẹn giờ gắn vào một việc")
    if kind.endswith("Task"):
        return _("loại việc này: chỉ nhận việc của người, việc của máy và việc theo quy tắc")
    return _("loại phần tử «%s»") % kind[:40]


def _mark(element: ET.Element, name: str) -> str:
    return element.get(bpmn_marks.tag(name), "")
