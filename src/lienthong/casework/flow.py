"""A process table as a graph: what can follow what, and under which condition.

The same graph is drawn as BPMN (`diagram`) and executed by a test beside `states.apply`, so that the picture never says
anything else than what dossiers do. The side paths (supplement, consent, refusal, withdrawal) are the law's and are
added here once, for every process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.catalogue.shapes import Process, Service, Step

Kind = Literal[
    "startEvent", "endEvent", "userTask", "serviceTask", "businessRuleTask", "callActivity", "exclusiveGateway",
    "parallelGateway", "inclusiveGateway", "boundaryEvent", "subProcess",
]  # fmt: skip

END, REFUSED, STOPPED, WITHDRAWN = "finished", "refused", "stopped", "withdrawn"
SUPPLEMENT, CONSENT, EXPIRED, NO_CONSENT = "supplement", "consents", "supplement_expired", "consents_expired"
GATHERED = "gathered"
APPLICANT, CONSENTING, REGISTER, RULES = "applicant", "consenting", "register", "rules"
_BY_PEOPLE: Final = ("receive", "check", "decide")


@dataclass(frozen=True)
class Node:
    """A thing on the page. `event` says what an event is about: timer, error, terminate, message."""

    id: str
    kind: Kind
    name: str
    lane: str
    attached_to: str = ""
    event: str = ""
    called: str = ""


@dataclass(frozen=True)
class Flow:
    source: str
    target: str
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.source}_to_{self.target}"


@dataclass
class Graph:
    """A process: its lanes by id in the order of the page, its nodes in reading order."""

    id: str
    name: str
    pool: str
    lanes: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    def add(self, kind: Kind, name: str, text: str, lane: str, **more: str) -> str:
        self.nodes.append(Node(name, kind, text, lane, **more))
        return name

    def flow(self, source: str, target: str, text: str = "") -> None:
        self.flows.append(Flow(source, target, text))


def graph_id(service: Service) -> str:
    """The identifier of a service's process in a diagram, from its slug."""
    return "process_" + service.slug.replace("/", "_").replace("-", "_")


def graph_of(service: Service, pool: str, register_owners: dict[str, str], language: str) -> Graph:
    """A service's own process. `pool` is the agency, `register_owners` who keeps each register, both in words."""
    graph = Graph(graph_id(service), service.card.short.in_language(language), pool)
    steps = service.process.steps
    _lanes(graph, service.process, register_owners)
    graph.add("startEvent", "start", _("Hồ sơ đến"), _lane_of(steps[0]))
    entry = {step.step: name for step in steps for name in [_entry(service.process, step)]}
    graph.flow("start", entry[steps[0].step])
    for step in steps:
        _draw(graph, service.process, step, entry, language)
    _side_paths(graph, service.process)
    return graph


def judged(process: Process) -> Step:
    """The first step after reception: what is returned or supplemented is judged there anew."""
    return next(step for step in process.steps if step.verb != "receive")


def _entry(process: Process, step: Step) -> str:
    """Where a step begins: the question for consents before the first judgement, then its rule, then the person."""
    if process.consents and step is judged(process):
        return f"{CONSENT}_needed"
    return _own_entry(step)


def _own_entry(step: Step) -> str:
    return f"{step.step}_rule" if step.straight_through else step.step


def _lane_of(step: Step) -> str:
    return step.role or (f"{REGISTER}_{step.register}" if step.register else RULES)


def _lanes(graph: Graph, process: Process, owners: dict[str, str]) -> None:
    """Rules on top, then the roles in order, the registers' owners, whoever must agree, and the applicant."""
    if any(step.straight_through for step in process.steps):
        graph.lanes[RULES] = _("Quy tắc, dữ liệu đã xác minh")
    for step in process.steps:
        if step.role:
            graph.lanes.setdefault(step.role, words.role_name(step.role))
        elif step.register:
            graph.lanes.setdefault(_lane_of(step), owners.get(step.register, step.register))
    if process.consents:
        graph.lanes[CONSENTING] = _("Người phải đồng ý")
    graph.lanes[APPLICANT] = words.role_name(APPLICANT)


def _draw(graph: Graph, process: Process, step: Step, entry: dict[str, str], language: str) -> None:
    following = process.after(step.step)
    onward = entry[following.step] if following else END
    if process.consents and step is judged(process):
        _draw_consents(graph, process, step)
    if step.straight_through:
        rule, verified = f"{step.step}_rule", f"{step.step}_verified"
        graph.add("businessRuleTask", rule, _("Dữ liệu xác minh mọi điều kiện?"), RULES)
        graph.add("exclusiveGateway", verified, "", RULES)
        graph.flow(rule, verified)
        graph.flow(verified, step.step, _("chưa đủ"))
        graph.flow(verified, onward, _("đủ: tự tiếp tục"))
    kind: Kind = "serviceTask" if step.verb == "record" else "userTask"
    graph.add(kind, step.step, step.name.in_language(language), _lane_of(step))
    for flow in _after(graph, process, step, onward, entry):
        graph.flows.append(flow)


def _after(graph: Graph, process: Process, step: Step, onward: str, entry: dict[str, str]) -> Iterator[Flow]:
    """What a step can end with."""
    choice = f"{step.step}_result"
    if step.verb == "record":
        graph.add("exclusiveGateway", choice, "", _lane_of(step))
        yield Flow(step.step, choice)
        yield Flow(choice, onward, _("đã ghi"))
        yield Flow(choice, entry[step.refused_to], _("không ghi được"))
    elif step.verb in _BY_PEOPLE:
        graph.add("exclusiveGateway", choice, "", _lane_of(step))
        yield Flow(step.step, choice)
        yield Flow(choice, onward, _("được"))
        if step.verb != "receive" and step is not judged(process):
            yield Flow(choice, entry[judged(process).step], _("trả lại để kiểm tra lại"))
        yield Flow(choice, SUPPLEMENT, _("thiếu: yêu cầu bổ sung, một lần"))
        yield Flow(choice, REFUSED, _("từ chối, nêu lý do"))
    else:
        yield Flow(step.step, onward)


def _draw_consents(graph: Graph, process: Process, step: Step) -> None:
    gateway = graph.add("exclusiveGateway", f"{CONSENT}_needed", _("Ai phải đồng ý?"), _lane_of(step))
    days = min(consent.days for consent in process.consents)
    graph.add("userTask", CONSENT, _("Trả lời trên định danh điện tử"), CONSENTING)
    late = _("%(days)s ngày làm việc không trả lời, hoặc không đồng ý") % {"days": days}
    graph.add("boundaryEvent", NO_CONSENT, late, CONSENTING, attached_to=CONSENT, event="timer")
    graph.flow(gateway, CONSENT, _("có người phải đồng ý"))
    graph.flow(gateway, _own_entry(step), _("không ai"))
    graph.flow(CONSENT, _own_entry(step), _("đồng ý"))
    graph.flow(NO_CONSENT, STOPPED)


def _side_paths(graph: Graph, process: Process) -> None:
    """The ends, the supplement and the withdrawal."""
    last = process.steps[-1]
    graph.add("endEvent", END, _("Có kết quả"), _lane_of(last))
    graph.add("userTask", SUPPLEMENT, _("Người nộp bổ sung"), APPLICANT)
    graph.add("boundaryEvent", EXPIRED, _("7 ngày làm việc"), APPLICANT, attached_to=SUPPLEMENT, event="timer")
    graph.add("exclusiveGateway", f"{SUPPLEMENT}_at", _("Về bước đã hỏi"), APPLICANT)
    graph.flow(SUPPLEMENT, f"{SUPPLEMENT}_at")
    for step in process.steps:
        if step.verb in _BY_PEOPLE:
            graph.flow(f"{SUPPLEMENT}_at", _own_entry(step))
    graph.add("endEvent", STOPPED, _("Dừng xử lý"), APPLICANT)
    graph.flow(EXPIRED, STOPPED)
    graph.add("endEvent", REFUSED, _("Bị từ chối"), APPLICANT)
    graph.add("subProcess", WITHDRAWN, _("Người nộp rút hồ sơ"), APPLICANT, event="message")


def parent_graph(
    service: Service, called: dict[str, Service], agencies: dict[str, str], own: str, language: str
) -> Graph:
    """An interlinked service: its branches, each called at its agency. `called` and `agencies` (in words) by branch;
    `own` is the agency that holds the parent."""
    graph = Graph(graph_id(service), service.card.short.in_language(language), service.card.name.in_language(language))
    graph.lanes["own"] = own
    nodes = {name: service_.card.handled_by for name, service_ in called.items()}
    for name, agency in agencies.items():
        graph.lanes.setdefault(f"at_{nodes[name]}".replace("-", "_"), agency)
    graph.add("startEvent", "start", _("Một tờ khai"), "own")
    optional = {branch.branch for branch in service.branches if branch.when}
    _spread(graph, service, called, optional, "", "start", language)
    ends = [b.branch for b in service.branches if not _followers(service, b.branch)]
    graph.add("inclusiveGateway", GATHERED, "", "own")
    for name in ends:
        graph.flow(name, GATHERED)
        graph.flow(f"{name}_failed", GATHERED)
    graph.add("endEvent", END, _("Mọi nhánh đã kết thúc"), "own")
    graph.flow(GATHERED, END)
    if len(ends) < len(service.branches):
        graph.add("endEvent", REFUSED, _("Nhánh sau không bắt đầu"), "own")
    return graph


def _followers(service: Service, name: str) -> list[str]:
    return [branch.branch for branch in service.branches if branch.after == name]


def _spread(
    graph: Graph, service: Service, called: dict[str, Service], optional: set[str], after: str, source: str,
    language: str,
) -> None:  # fmt: skip
    """The branches after one, each with those after it; side by side when there are several."""
    names = _followers(service, after)
    chosen = optional.intersection(names)
    if len(names) > 1 or chosen:
        kind: Kind = "inclusiveGateway" if chosen else "parallelGateway"
        gateway = graph.add(kind, f"{after or 'all'}_then", _("Cùng lúc") if len(names) > 1 else "", "own")
        graph.flow(source, gateway)
        source = gateway
    if chosen and chosen == set(names):
        graph.flow(source, GATHERED, _("không chọn"))
    for name in names:
        target = called[name]
        lane = f"at_{target.card.handled_by}".replace("-", "_")
        short = target.card.short.in_language(language)
        graph.add("callActivity", name, short, lane, called=graph_id(target))
        graph.add("boundaryEvent", f"{name}_failed", "", lane, attached_to=name, event="error")
        graph.flow(source, name, _("nếu chọn") if name in optional else "")
    for name in names:
        if _followers(service, name):
            graph.flow(f"{name}_failed", REFUSED)
            _spread(graph, service, called, optional, name, name, language)
