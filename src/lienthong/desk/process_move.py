"""Running dossiers of an older revision: what the one in force would mean for each, and moving them by a decision."""

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.casework import moving_revisions
from lienthong.casework.acts import NotPossible
from lienthong.casework.moving_revisions import Older, Run
from lienthong.casework.moving_verdicts import BY_PEOPLE, MOVES, VERDICTS, Plan, Verdict
from lienthong.catalogue.internal_process import InternalProcess
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages, process_page
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import day
from lienthong.kit.web.views import trouble

MOST_SHOWN: Final = 100
LONGEST_DECISION: Final = 200
_RESULTS: Final = ("", "moved", "changed", "stays", "back", "acted-since")


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def listed(request: HttpRequest) -> HttpResponse:
    """The older revisions under which dossiers still run, and the runs there were."""
    node = pages.node_of(request)
    with node.database.transaction() as tx:
        rows = [_older(node, one) for one in _of_ours(node, tx)]
        runs = [_run(node, one, {}) for one in moving_revisions.runs(tx)]
    context = {**pages.frame(request, "processes"), "rows": rows, "runs": runs}
    return render(request, "desk/process_moves.html", context)


def _of_ours(node: Node, tx: Tx) -> list[Older]:
    own = process_page.own_services(node)
    return [one for one in moving_revisions.older(node, tx) if one.service in own]


def _older(node: Node, one: Older) -> dict[str, Any]:
    service = node.catalogue.services[one.service]
    return {
        "url": reverse("process_move", args=[*one.service.split("/"), one.revision]),
        "name": service.card.name.in_language(pages.language()),
        "revision": one.revision[:8],
        "now": service.revision[:8],
        "dossiers": one.dossiers,
        "transition": _transition(service),
    }


def _transition(service: Service) -> str:
    process = service.process
    return process.transition if isinstance(process, InternalProcess) else ""


# one older revision


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(pages.PROCESS_ADMIN)
def move(request: HttpRequest, sector: str, name: str, revision: str) -> HttpResponse:
    """The dry run: a verdict for each, by the steps that were chosen; nothing is written. Sent, it becomes a run."""
    node = pages.node_of(request)
    service, old = _both(node, f"{sector}/{name}", revision)
    sent = request.POST if request.method == "POST" else request.GET
    plan = _plan(service, old, revision, sent)
    if request.method == "POST":
        decision = str(sent.get("decision", "")).strip()[:LONGEST_DECISION]
        if decision:
            with node.database.transaction() as tx:
                run = moving_revisions.keep(node, tx, pages.officer_of(request), plan, decision)
            return HttpResponseRedirect(reverse("move_run", args=[run.id]), status=HTTPStatus.SEE_OTHER)
        return _dry(request, service, old, plan, wrong=_("Hãy ghi quyết định làm căn cứ."))
    return _dry(request, service, old, plan)


def _both(node: Node, slug: str, revision: str) -> tuple[Service, Service | None]:
    """The service in force, and the older revision where it loads. Raises Http404."""
    service = process_page.own_services(node).get(slug)
    if service is None or service.revision == revision:
        raise Http404
    try:
        return service, node.catalogue.service(slug, revision)
    except LookupError:
        return service, None


def _plan(service: Service, old: Service | None, revision: str, sent: Any) -> Plan:
    names = {step.step for step in service.process.steps}
    chosen = {step.step: str(sent.get(f"step.{step.step}", "")) for step in (old.process.steps if old else [])}
    kept = {here: there for here, there in chosen.items() if there in names}
    kind = sent.get("kind") or ("deadline" if _transition(service) == "deadline" else "move")
    only_time = kind == "deadline"
    return Plan(service.slug, revision, service.revision, "deadline" if only_time else "move",
                {} if only_time else kept, only_time or "new_time" in sent)  # fmt: skip


def _dry(request: HttpRequest, service: Service, old: Service | None, plan: Plan, *, wrong: str = "") -> HttpResponse:
    node = pages.node_of(request)
    with node.database.transaction() as tx:
        found = list(moving_revisions.dry_run(node, tx, plan))
    counts = Counter(one.verdict for one in found)
    only = request.GET.get("verdict", "")
    shown = [one for one in found if only in ("", one.verdict)][:MOST_SHOWN]
    context = {
        **pages.frame(request, "processes"),
        **_head(service, old, plan),
        "steps": _steps(old, service, plan, Counter(one.step for one in found)),
        "counts": [_count(verdict, number, only) for verdict, number in counts.most_common()],
        "lines": [_verdict(old, service, one) for one in shown],
        "total": len(found),
        "moves": sum(number for verdict, number in counts.items() if verdict in MOVES),
        "more": max(0, sum(1 for one in found if only in ("", one.verdict)) - len(shown)),
        "differs": process_page.compared(node, service, old.process, service.process) if old else [],
        "decision": request.POST.get("decision", "") or _decision(service),
        "wrong": wrong,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, "desk/process_move.html", context, status=status)


def _head(service: Service, old: Service | None, plan: Plan) -> dict[str, Any]:
    return {
        "service": service.card.name.in_language(pages.language()),
        "at": service.slug.split("/"),
        "revision": plan.from_revision,
        "loads": old is not None,
        "kind": plan.kind,
        "new_time": plan.new_time,
        "transition": _transition(service),
    }


def _decision(service: Service) -> str:
    """The decision behind the table in force, as it is cited."""
    process = service.process
    if not isinstance(process, InternalProcess):
        return ""
    return _("Quyết định %(number)s ngày %(day)s") % {"number": process.decision, "day": day(process.decided_on)}


def _steps(old: Service | None, new: Service, plan: Plan, standing: Counter[str]) -> list[dict[str, Any]]:
    """Each old step at which dossiers stand, and where it may lead."""
    there = [step for step in new.process.steps if step.verb in BY_PEOPLE]
    same = {(step.step, step.verb, step.role) for step in there}
    return [
        {
            "step": step.step,
            "name": step.name.in_language(pages.language()),
            "dossiers": standing[step.step],
            "chosen": plan.steps.get(step.step) or (step.step if (step.step, step.verb, step.role) in same else ""),
            "choices": [(one.step, one.name.in_language(pages.language())) for one in there],
        }
        for step in (old.process.steps if old else [])
        if step.verb in BY_PEOPLE and (standing[step.step] or step.step in plan.steps)
    ]


def _count(verdict: str, number: int, only: str) -> dict[str, Any]:
    return {"verdict": verdict, "text": VERDICTS[verdict], "number": number, "moves": verdict in MOVES,
            "chosen": verdict == only}  # fmt: skip


def _verdict(old: Service | None, new: Service, one: Verdict | Any) -> dict[str, Any]:
    return {
        "code": one.code,
        "url": reverse("dossier", args=[one.code]),
        "step": _step_name(old, one.step),
        "to": _step_name(new, one.to_step) if one.verdict == "elsewhere" else "",
        "text": VERDICTS[one.verdict],
        "about": one.about,
        "moves": one.verdict in MOVES,
        "deadline": one.deadline,
    }


def _step_name(service: Service | None, name: str) -> str:
    found = next((step for step in service.process.steps if step.step == name), None) if service else None
    return found.name.in_language(pages.language()) if found else name


# a run


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def run(request: HttpRequest, number: str) -> HttpResponse:
    """A run with its result for each dossier; what can be done with it."""
    node, only, after = pages.node_of(request), request.GET.get("verdict", ""), request.GET.get("after", "")
    with node.database.transaction() as tx:
        found = moving_revisions.load(tx, number)
        if found is None:
            raise Http404
        counts = moving_revisions.counts(tx, number)
        rows = moving_revisions.lines(tx, number, verdict=only, after=after, most=MOST_SHOWN)
    service = node.catalogue.services[found.plan.service]
    old = _both_loaded(node, found.plan)
    results: Counter[str] = Counter()
    for row in counts:
        results[row.result] += row.dossiers
    context = {
        **pages.frame(request, "processes"),
        "run": _run(node, found, results),
        "counts": [_count(v, n, only) for v, n in _by_verdict(counts).most_common()],
        "results": [{"text": _result(name), "number": results[name]} for name in _RESULTS if results[name]],
        "lines": [{**_verdict(old, service, row), "result": _result(row.result), "sign": _sign(row.result)}
                  for row in rows],
        "next": rows[-1].code if len(rows) == MOST_SHOWN else "",
        "only": only,
    }  # fmt: skip
    return render(request, "desk/process_run.html", context)


def _both_loaded(node: Node, plan: Plan) -> Service | None:
    try:
        return node.catalogue.service(plan.service, plan.from_revision)
    except LookupError:
        return None


def _by_verdict(counts: Sequence[Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in counts:
        found[row.verdict] += row.dossiers
    return found


def _run(node: Node, one: Run, results: Counter[str] | dict[str, int]) -> dict[str, Any]:
    service = node.catalogue.services.get(one.plan.service)
    return {
        "id": one.id,
        "url": reverse("move_run", args=[one.id]),
        "service": service.card.name.in_language(pages.language()) if service else one.plan.service,
        "decision": one.decision,
        "by": one.officer_name,
        "at": one.at,
        "state": one.state,
        "label": _label(one.state),
        "sign": {"planned": "waiting", "moved": "done", "taken_back": "done", "dropped": "waiting"}.get(
            one.state, "working"
        ),
        "kind": one.plan.kind,
        "left": results.get("moved" if one.state == "taking_back" else "", 0),
        "from": one.plan.from_revision[:8],
        "to": one.plan.to_revision[:8],
    }


def _label(state: str) -> str:
    return {
        "planned": _("Đã xem trước, chưa chuyển"),
        "moving": _("Đang chuyển"),
        "moved": _("Đã chuyển"),
        "taking_back": _("Đang chuyển lại"),
        "taken_back": _("Đã chuyển lại như trước"),
        "dropped": _("Đã bỏ"),
    }[state]


def _result(result: str) -> str:
    return {
        "": _("Chưa chuyển"),
        "moved": _("Đã chuyển"),
        "changed": _("Đã thay đổi sau khi xem trước nên không chuyển"),
        "stays": _("Ở lại quy trình cũ"),
        "back": _("Đã chuyển lại"),
        "acted-since": _("Đã có việc làm sau khi chuyển nên giữ nguyên"),
    }[result]


def _sign(result: str) -> str:
    return {"moved": "done", "back": "done", "changed": "supplement", "acted-since": "supplement"}.get(
        result, "waiting"
    )


@require_POST
@officer_required(pages.PROCESS_ADMIN)
def on(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Begin a run, drop it, or take it back."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    do = {"begin": moving_revisions.begin, "drop": moving_revisions.drop, "back": moving_revisions.take_back}[step]
    try:
        with node.database.transaction() as tx:
            do(tx, number, officer)
    except LookupError as error:
        raise Http404 from error
    except NotPossible:
        said = _("Lần chuyển này đã sang bước khác. Hãy mở lại để xem đang ở đâu.")
        return trouble(request, HTTPStatus.CONFLICT, _("Không làm được nữa"), said)
    return HttpResponseRedirect(reverse("move_run", args=[number]), status=HTTPStatus.SEE_OTHER)


move_patterns = [
    path("process-moves", listed, name="process_moves"),
    path("process-moves/runs/<str:number>", run, name="move_run"),
    *(path(f"process-moves/runs/<str:number>/{step}", on, {"step": step}, name=f"move_{step}")
      for step in ("begin", "drop", "back")),
    path("process-moves/<slug:sector>/<slug:name>/<str:revision>", move, name="process_move"),
]  # fmt: skip
