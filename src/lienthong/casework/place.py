"""Where a dossier stands in its process, as a list that needs no picture: context for `web/parts/process.html`."""

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.states import ENDED, RETURNED, BranchState, State
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node

Standing = Literal["done", "now", "later", "none"]


@dataclass(frozen=True)
class Line:
    """A step, or a branch with its steps, by its `id`. `state` is `none` in a process shown without a dossier."""

    id: str
    name: str
    who: str = ""
    term: str = ""
    rule: str = ""
    state: Standing = "none"
    label: str = ""
    url: str = ""
    lines: list["Line"] = field(default_factory=list)


@dataclass(frozen=True)
class ProcessView:
    """`url` is the page with the diagram, the place marked in it; empty where the node shows none."""

    title: str
    lines: list[Line]
    url: str


def of_service(here: Node, service: Service) -> ProcessView:
    """The process as such, nothing marked."""
    return _view(here, service, None)


def of_dossier(here: Node, service: Service, state: State) -> ProcessView:
    """The process with the dossier's place marked; of a parent, each branch with its own."""
    return _view(here, service, state)


def marked(view: ProcessView, now: list[str], done: list[str]) -> ProcessView:
    """The process with the places marked that an address names, and without the way to the page one is on."""
    states: dict[str, Standing] = {**dict.fromkeys(done, "done"), **dict.fromkeys(now, "now")}
    lines = [
        replace(line, state=states[line.id], label=_labels()[states[line.id]]) if line.id in states else line
        for line in view.lines
    ]
    return ProcessView(view.title, lines, "")


def _view(here: Node, service: Service, state: State | None) -> ProcessView:
    title = service.card.short.in_language(_language())
    if not service.branches:
        at, done = (state.step, state.status == RETURNED) if state else ("", False)
        lines = _steps(here, service, at, is_done=done, is_shown=state is not None)
        return ProcessView(title, lines, _url(service, [at] if at else [], []))
    branches = state.branches if state else {}
    lines = [_branch(here, b.branch, b.service, branches.get(b.branch), state) for b in service.branches]
    now = [name for name, branch in branches.items() if branch.state not in ENDED and branch.state != "waiting"]
    done_ones = [name for name, branch in branches.items() if branch.state == "done"]
    return ProcessView(title, lines, _url(service, now, done_ones))


def _branch(here: Node, name: str, slug: str, branch: BranchState | None, state: State | None) -> Line:
    service = here.catalogue.services[slug]
    at, is_done = (branch.step, branch.state == "done") if branch else ("", False)
    begun = branch is not None and branch.state not in ("waiting", *ENDED)
    standing: Standing = "none" if state is None else "done" if is_done else "now" if begun else "later"
    label = words.branch_state_name(branch.state) if branch else _("Không chọn") if state else ""
    return Line(
        id=name,
        name=service.card.short.in_language(_language()),
        who=here.catalogue.nodes[service.card.handled_by].name.in_language(_language()),
        state=standing,
        label=label,
        url=_url(service, [at] if at and begun else [], []),
        lines=_steps(here, service, at if begun else "", is_done=is_done, is_shown=state is not None),
    )


def _steps(here: Node, service: Service, at: str, *, is_done: bool, is_shown: bool) -> list[Line]:
    names = [step.step for step in service.process.steps]
    place = names.index(at) if at in names else -1
    lines = []
    for number, step in enumerate(service.process.steps):
        standing: Standing = "later"
        if not is_shown:
            standing = "none"
        elif is_done or number < place:
            standing = "done"
        elif number == place:
            standing = "now"
        lines.append(_step(here, step, standing))
    return lines


def _step(here: Node, step: Step, standing: Standing) -> Line:
    register = here.catalogue.registers.get(step.register)
    owner = register.name.in_language(_language()) if register else ""
    who = words.role_name(step.role) if step.role else owner
    if step.straight_through:
        who = _("Tự động khi dữ liệu xác minh đủ; nếu không: %(who)s") % {"who": who}
    return Line(
        id=step.step,
        name=step.name.in_language(_language()),
        who=who,
        term=ngettext("%(n)s giờ làm việc", "%(n)s giờ làm việc", step.hours) % {"n": step.hours} if step.hours else "",
        rule=words.cited(step.rule),
        state=standing,
        label=_labels()[standing],
    )


def _labels() -> dict[Standing, str]:
    return {"done": _("Đã xong"), "now": _("Đang ở bước này"), "later": _("Chưa tới"), "none": ""}


def _url(service: Service, now: list[str], done: list[str]) -> str:
    try:
        page = reverse("process", args=service.slug.split("/"))
    except NoReverseMatch:
        return ""
    marks = [("place", name) for name in now] + [("passed", name) for name in done]
    return f"{page}?{urlencode(marks)}" if marks else page


def _language() -> str:
    return get_language() or "vi"
