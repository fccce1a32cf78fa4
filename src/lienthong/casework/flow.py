"""A process table as a graph: what can follow what, by which act, and under which condition.

The same graph is drawn as BPMN (`diagram`), read back (`bpmn_import`) and executed by a test beside `states.apply`, so
that the picture never says anything else than what dossiers do. The side paths are the law's (`law_paths`).
"""

from typing import Final

from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.graph import Graph, Kind, Lane
from lienthong.casework.law_paths import (
    ASIDE,
    COLLECT,
    CONSENT,
    CONSENTING,
    END,
    RULES,
    START,
    add_law_paths,
    ask_consents,
)  # fmt: skip
from lienthong.catalogue.shapes import OpinionAsked, Process, Service, Step

BY_PEOPLE: Final = ("receive", "check", "decide")
BY_MACHINE: Final = ("record", "issue")
REGISTER: Final = "register"


def graph_id(service: Service) -> str:
    """The identifier of a service's process in a diagram, from its slug."""
    return "process_" + service.slug.replace("/", "_").replace("-", "_")


def graph_of(service: Service, pool: str, register_owners: dict[str, str], language: str) -> Graph:
    """A service's own process. `pool` is the agency, `register_owners` who keeps each register, both in words."""
    marks = {"service": service.slug, "revision": service.revision}
    graph = Graph(graph_id(service), service.card.short.in_language(language), pool, marks=marks)
    process, steps = service.process, service.process.steps
    _lanes(graph, service, register_owners, language)
    graph.add("startEvent", START, _("Hồ sơ đến"), lane_of(steps[0]))
    entry = {step.step: _entry(process, step) for step in steps}
    graph.flow(START, entry[steps[0].step])
    for step in steps:
        _draw(graph, process, step, entry, language)
    own = {step.step: _asked_again(process, step) for step in steps if step.verb in BY_PEOPLE}
    add_law_paths(graph, service, own, lane_of(steps[-1]))
    return graph


def judged(process: Process) -> Step:
    """The first step after reception: what is returned or supplemented is judged there anew."""
    return next(step for step in process.steps if step.verb != "receive")


def lane_of(step: Step) -> str:
    """The lane of whoever does a step: a role, in a unit that the form names, a register's owner, or the machine."""
    if step.role:
        return f"{step.role}.at.{step.unit}" if step.unit else step.role
    return f"{REGISTER}.{step.register}" if step.register else RULES


def _entry(process: Process, step: Step) -> str:
    """Where the line above leads: the comparison that may pass the step over, the question for consents before the
    first judgement, its rule, the person."""
    return f"{step.step}.if" if step.when else _asked_again(process, step)


def _asked_again(process: Process, step: Step) -> str:
    return f"{CONSENT}.needed" if process.consents and step is judged(process) else _own_entry(step)


def _own_entry(step: Step) -> str:
    return f"{step.step}.rule" if step.straight_through else step.step


def _lanes(graph: Graph, service: Service, owners: dict[str, str], language: str) -> None:
    """The machine on top, then the roles in order, the registers' owners, whoever must agree, and the applicant."""
    process = service.process
    if any(step.straight_through or (step.verb not in BY_PEOPLE and not step.register) for step in process.steps):
        graph.lanes[RULES] = Lane(_("Tự động, theo quy tắc và dữ liệu đã xác minh"))
    for step in process.steps:
        if step.role:
            unit = f"${step.unit}" if step.unit else ""
            graph.lanes.setdefault(lane_of(step), _lane(service, step.role, unit, language))
        elif step.register:
            graph.lanes.setdefault(lane_of(step), Lane(owners.get(step.register, step.register)))
        for asked in step.asks:
            graph.lanes.setdefault(_lane_asked(asked), _lane(service, asked.role, asked.unit, language))
    if process.consents:
        graph.lanes[CONSENTING] = Lane(_("Người phải đồng ý"))


def _lane(service: Service, role: str, unit: str, language: str) -> Lane:
    """«Công chức địa chính (đơn vị: Nơi có thửa đất)»; a unit after `$` is the one that a field names."""
    name = unit.removeprefix("$")
    said = _label(service, name, language) if unit != name else name
    text = _("%(role)s (đơn vị: %(unit)s)") % {"role": words.role_name(role), "unit": said}
    return Lane(text if unit else words.role_name(role), role, unit)


def _label(service: Service, name: str, language: str) -> str:
    """What a field is called on the form; its own name where the form has none such."""
    field = service.form.fields.get(name)
    if field is None or (field.label is None and field.term not in service.terms):
        return name
    return (field.label or service.terms[field.term].words).in_language(language)


def _lane_asked(asked: OpinionAsked) -> str:
    return f"{asked.role}.asked.{asked.unit.replace('$', 'of.')}" if asked.unit else asked.role


def _draw(graph: Graph, process: Process, step: Step, entry: dict[str, str], language: str) -> None:
    following = process.after(step.step)
    onward = entry[following.step] if following else END
    if step.when:
        gateway = graph.add("exclusiveGateway", f"{step.step}.if", "", lane_of(step))
        graph.flow(gateway, _asked_again(process, step), step.when, when=step.when)
        graph.flow(gateway, onward, _("không cần bước này"), otherwise=True)
    if process.consents and step is judged(process):
        ask_consents(graph, process, lane_of(step), _own_entry(step))
    if step.straight_through:
        rule, verified = f"{step.step}.rule", f"{step.step}.verified"
        text = _("Dữ liệu xác minh mọi điều kiện?")
        graph.add("businessRuleTask", rule, text, RULES, rule=step.straight_through)
        graph.add("exclusiveGateway", verified, "", RULES)
        graph.flow(rule, verified)
        graph.flow(verified, step.step, _("chưa đủ"))
        graph.flow(verified, onward, _("đủ: tự tiếp tục"), act=step.verb)
    kind: Kind = "serviceTask" if step.verb not in BY_PEOPLE else "userTask"
    graph.add(kind, step.step, step.name.in_language(language), lane_of(step), holds=(("step", step),))
    if step.verb == "consult":
        _draw_opinions(graph, step, onward, language)
    else:
        _draw_ends(graph, process, step, onward, entry)


def _draw_ends(graph: Graph, process: Process, step: Step, onward: str, entry: dict[str, str]) -> None:
    """What a step can end with."""
    choice = graph.add("exclusiveGateway", f"{step.step}.result", "", lane_of(step))
    graph.flow(step.step, choice)
    if step.verb in BY_MACHINE:
        graph.flow(choice, onward, _("xong, trả ngay"), act="issue")
        graph.flow(choice, COLLECT, _("xong, chờ trả"), act="issue", when="$collect", law=True)
        if step.refused_to:
            back = _asked_again(process, process.step(step.refused_to))
            graph.flow(choice, back, _("không ghi được"), act="reopen")
        return
    graph.flow(choice, onward, _("được"), act=step.verb)
    for number, earlier in enumerate(_before(process, step)):
        when = f"$to={earlier.step}" if number else ""
        text = _("trả lại để kiểm tra lại")
        graph.flow(choice, _asked_again(process, earlier), text, act="return", when=when, law=True)
    graph.flow(choice, ASIDE, _("chưa thể"), law=True)


def _before(process: Process, step: Step) -> list[Step]:
    """The steps to which one may return a dossier: those by people between reception and this one, the first judgement
    foremost."""
    steps = process.steps[: process.steps.index(step)]
    return [one for one in steps if one is judged(process) or one.verb in ("check", "decide")]


def _draw_opinions(graph: Graph, step: Step, onward: str, language: str) -> None:
    """Several are asked side by side; each answers or is silent in time, which has the effect said for it."""
    asked, heard = f"{step.step}.asked", f"{step.step}.heard"
    graph.add("parallelGateway", asked, _("Cùng lúc"), lane_of(step))
    graph.flow(step.step, asked, act="consult")
    for number, one in enumerate(step.asks):
        name, lane = f"{step.step}.{number}", _lane_asked(one)
        graph.add("userTask", name, one.says.in_language(language), lane, holds=(("opinion", one),))
        _draw_silence(graph, one, name, lane)
        graph.add("exclusiveGateway", f"{name}.done", "", lane)
        graph.flow(asked, name)
        graph.flow(name, f"{name}.done", act="opinion")
        graph.flow(f"{name}.done", heard)
    graph.add("parallelGateway", heard, "", lane_of(step))
    graph.flow(heard, onward)


def _draw_silence(graph: Graph, one: OpinionAsked, name: str, lane: str) -> None:
    said = {
        "agreed": _("%(days)s ngày làm việc không trả lời: coi như đồng ý"),
        "without": _("%(days)s ngày làm việc không trả lời: đi tiếp, không chờ"),
        "escalate": _("%(days)s ngày làm việc không trả lời: báo người đứng đầu"),
    }[one.silence] % {"days": one.days}
    timer = {"attached_to": name, "event": "timer", "days": one.days}
    waits_on = one.silence == "escalate"
    graph.add("boundaryEvent", f"{name}.silent", said, lane, interrupts=not waits_on, **timer)
    if waits_on:
        graph.add("endEvent", f"{name}.told", _("Người đứng đầu được báo"), lane, event="escalation")
    graph.flow(f"{name}.silent", f"{name}.told" if waits_on else f"{name}.done", act="opinion", when="$silent")
