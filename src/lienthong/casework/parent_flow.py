"""An interlinked service as a graph: its branches, each called at its agency."""

from django.utils.translation import gettext as _

from lienthong.casework.flow import graph_id
from lienthong.casework.graph import Graph, Kind, Lane
from lienthong.casework.law_paths import END, REFUSED, START
from lienthong.catalogue.shapes import Service

GATHERED = "law.gathered"
OWN = "own"


def parent_graph(
    service: Service, called: dict[str, Service], agencies: dict[str, str], own: str, language: str
) -> Graph:
    """`called` and `agencies` (in words) by branch; `own` is the agency that holds the parent."""
    graph = Graph(graph_id(service), service.card.short.in_language(language), service.card.name.in_language(language))
    graph.lanes[OWN] = Lane(own)
    nodes = {name: service_.card.handled_by for name, service_ in called.items()}
    for name, agency in agencies.items():
        graph.lanes.setdefault(f"at_{nodes[name]}".replace("-", "_"), Lane(agency))
    graph.add("startEvent", START, _("Một tờ khai"), OWN)
    optional = {branch.branch for branch in service.branches if branch.when}
    _spread(graph, service, called, optional, "", START, language)
    ends = [b.branch for b in service.branches if not _followers(service, b.branch)]
    graph.add("inclusiveGateway", GATHERED, "", OWN)
    for name in ends:
        graph.flow(name, GATHERED)
        graph.flow(f"{name}.failed", GATHERED)
    graph.add("endEvent", END, _("Mọi nhánh đã kết thúc"), OWN)
    graph.flow(GATHERED, END)
    if len(ends) < len(service.branches):
        graph.add("endEvent", REFUSED, _("Nhánh sau không bắt đầu"), OWN)
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
        text = _("Cùng lúc") if len(names) > 1 else ""
        gateway = graph.add(kind, f"{after or 'law'}.then", text, OWN)
        graph.flow(source, gateway)
        source = gateway
    if chosen and chosen == set(names):
        graph.flow(source, GATHERED, _("không chọn"))
    when = {branch.branch: branch.when for branch in service.branches}
    for name in names:
        target = called[name]
        lane = f"at_{target.card.handled_by}".replace("-", "_")
        short = target.card.short.in_language(language)
        graph.add("callActivity", name, short, lane, called=graph_id(target))
        graph.add("boundaryEvent", f"{name}.failed", "", lane, attached_to=name, event="error")
        graph.flow(source, name, _("nếu chọn") if name in optional else "", when=when[name])
    for name in names:
        if _followers(service, name):
            graph.flow(f"{name}.failed", REFUSED)
            _spread(graph, service, called, optional, name, name, language)
