"""Where a dossier stands in its process, as a list that needs no picture: context for `web/parts/process.html`."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.states import ENDED, FINAL, RETURNED, Act, BranchState, State
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node

Standing = Literal["done", "now", "ended", "later", "none"]


@dataclass(frozen=True)
class Line:
    """A step, or a branch with its steps, by its `id`. `state` is `none` in a process shown without a dossier, `ended`
    where one was refused, stopped or annulled."""

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
    return _view(here, service, None, {})


def of_dossier(here: Node, service: Service, state: State, acts: Iterable[Act]) -> ProcessView:
    """The process with the dossier's place marked; of a parent, each branch with its own. One that ended without its
    result stands where its acts say it got to."""
    return _view(here, service, state, _got_to(acts))


def _got_to(acts: Iterable[Act]) -> dict[str, str]:
    """The last step in which anything was done, by branch; a dossier's own under the empty name."""
    last: dict[str, str] = {}
    for act in acts:
        steps = [told.get("step", "") for told in act.detail.get("acts", [])] if act.branch else [act.step]
        for step in filter(None, steps):
            last[act.branch] = step
    return last


def marked(view: ProcessView, now: list[str], done: list[str]) -> ProcessView:
    """The process with the places marked that an address names, and without the way to the page one is on."""
    states: dict[str, Standing] = {**dict.fromkeys(done, "done"), **dict.fromkeys(now, "now")}
    lines = [
        replace(line, state=states[line.id], label=_labels()[states[line.id]]) if line.id in states else line
        for line in view.lines
    ]
    return ProcessView(view.title, lines, "")


def _view(here: Node, service: Service, state: State | None, got_to: dict[str, str]) -> ProcessView:
    title = service.card.short.in_language(_language())
    if not service.branches:
        if state is None:
            return ProcessView(title, _steps(here, service, "", "none"), _url(service, [], []))
        lines = _steps(here, service, state.step or got_to.get("", ""), _standing(state))
        return ProcessView(title, lines, _url(service, [state.step] if state.step else [], []))
    branches = state.branches if state else {}
    lines = [_branch(here, b.branch, b.service, branches.get(b.branch), state, got_to) for b in service.branches]
    if not service.is_interlinked:
        return ProcessView(title, lines[0].lines, lines[0].url)
    now = [name for name, branch in branches.items() if branch.state not in ENDED and branch.state != "waiting"]
    done_ones = [name for name, branch in branches.items() if branch.state == "done"]
    return ProcessView(title, lines, _url(service, now, done_ones))


def _standing(state: State) -> Standing:
    if state.status == RETURNED and not state.waiting:
        return "done"
    return "ended" if state.status in FINAL and not state.waiting else "now"


def _branch(
    here: Node, name: str, slug: str, branch: BranchState | None, state: State | None, got_to: dict[str, str]
) -> Line:
    service = here.catalogue.shown(slug, branch.revision if branch else "")
    standing = _of_branch(branch, state)
    now = branch.step if branch and standing == "now" else ""
    label = words.branch_state_name(branch.state) if branch else _("Không chọn") if state else ""
    return Line(
        id=name,
        name=service.card.short.in_language(_language()),
        who=here.catalogue.nodes[service.card.handled_by].name.in_language(_language()),
        state=standing,
        label=label,
        url=_url(service, [now] if now else [], []),
        lines=_steps(here, service, now or (got_to.get(name, "") if standing == "ended" else ""), standing),
    )


def _of_branch(branch: BranchState | None, state: State | None) -> Standing:
    if state is None:
        return "none"
    if branch is None or branch.state == "waiting":
        return "later"
    if branch.state == "done":
        return "done"
    return "ended" if branch.state in ENDED else "now"


def _steps(here: Node, service: Service, at: str, standing: Standing) -> list[Line]:
    """The steps of a process that stands so, in the step `at`."""
    names = [step.step for step in service.process.steps]
    if standing in ("none", "done") or at not in names:
        every: Standing = standing if standing in ("none", "done") else "later"
        return [_step(here, step, every) for step in service.process.steps]
    place = names.index(at)
    return [
        _step(here, step, "done" if number < place else standing if number == place else "later")
        for number, step in enumerate(service.process.steps)
    ]


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
    return {
        "done": _("Đã xong"),
        "now": _("Đang ở bước này"),
        "ended": _("Dừng ở bước này"),
        "later": _("Chưa tới"),
        "none": "",
    }


def _url(service: Service, now: list[str], done: list[str]) -> str:
    try:
        page = reverse("process", args=service.slug.split("/"))
    except NoReverseMatch:
        return ""
    marks = [("place", name) for name in now] + [("passed", name) for name in done]
    return f"{page}?{urlencode(marks)}" if marks else page


def _language() -> str:
    return get_language() or "vi"
