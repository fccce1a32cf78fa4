"""Inside work: the officer's tasks, and how each kind is answered. Answered once, by whoever of the role is first."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.casework import automation, differences, dossiers, tasks
from lienthong.casework.states import NotPossible
from lienthong.casework.tasks import STEWARD, Task
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.desk import act_forms, automation_page, moving_on, pages, task_answers, task_page
from lienthong.desk.task_answers import AtHand
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.views import trouble
from lienthong.registers import differences as registers_differences
from lienthong.registers.differences import Difference


@require_safe
@officer_required(*pages.OFFICERS)
def listed(request: HttpRequest) -> HttpResponse:
    """Open tasks of the officer's roles and units, of one kind under `?kind=`; `?done=` says that one was answered."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = tasks.mine(tx, officer)
    context = task_page.listed(node, found, request.GET.get("kind", ""), bool(request.GET.get("done")))
    return render(request, "desk/tasks.html", {**pages.frame(request, "tasks"), **context})


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def one(request: HttpRequest, task: str) -> HttpResponse:
    """A task with what is known about it; posted, its answer."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = tasks.load(tx, task)
        if found is None or not tasks.may_act(officer, found):
            raise Http404
        at_hand = AtHand(node, found, _service(node, tx, found), _difference(node, tx, found))
    if at_hand.difference and found.state == "open":
        at_hand = replace(at_hand, theirs=registers_differences.theirs(node, at_hand.difference, officer.as_asker))
    if request.method != "POST":
        return _show(request, at_hand, {}, {})
    sent = {name: request.POST.get(name, "") for name in request.POST}
    if errors := task_answers.problems(at_hand, sent):
        return _show(request, at_hand, sent, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _answered(request, at_hand, sent)


def _service(node: Node, tx: Tx, task: Task) -> Service | None:
    """The service whose result is in doubt."""
    about = dossiers.load(tx, str(task.detail.get("dossier"))) if task.kind == "error" else None
    return node.catalogue.shown(about.identity.service, about.identity.revision) if about else None


def _difference(node: Node, tx: Tx, task: Task) -> Difference | None:
    """What two registers say, where a task is about one record."""
    return differences.of_task(node, tx, task) if task.kind == "difference" else None


def _answered(request: HttpRequest, at_hand: AtHand, sent: Mapping[str, str]) -> HttpResponse:
    try:
        with at_hand.node.database.transaction() as tx:
            onward = task_answers.answer(at_hand, tx, pages.officer_of(request), sent)
    except tasks.Ended:
        return _too_late(request, at_hand.task)
    except (NotPossible, LookupError):
        text = _("Hồ sơ hoặc bản ghi này đã thay đổi từ khi việc được giao. Chưa có gì thay đổi vì bạn.")
        return trouble(request, HTTPStatus.CONFLICT, _("Không làm được việc này nữa"), text)
    except Refused as refused:
        blamed = {task_answers.blamed(at_hand.task): refused.code}
        return _show(request, at_hand, sent, blamed, HTTPStatus.UNPROCESSABLE_ENTITY)
    return HttpResponseRedirect(onward or _onward(request, at_hand.task), status=HTTPStatus.SEE_OTHER)


def _onward(request: HttpRequest, task: Task) -> str:
    """On in the list the task was opened from; without one, to the inside work."""
    trail = moving_on.read(request.GET.dict())
    if trail.chosen is None:
        return f"{reverse('tasks')}?done=1"
    return moving_on.after_task(trail, task, request.COOKIES.get(moving_on.COOKIE, ""))


def _too_late(request: HttpRequest, task: Task) -> HttpResponse:
    """The same answer twice is answered like the first time; after somebody else, with who."""
    with pages.node_of(request).database.transaction() as tx:
        ended = tasks.load(tx, task.id)
    who = ended.closed_by if ended else ""
    if who == pages.officer_of(request).name:
        return HttpResponseRedirect(f"{reverse('tasks')}?done=1", status=HTTPStatus.SEE_OTHER)
    text = _("%(who)s đã trả lời việc này. Chưa có gì thay đổi vì bạn.") % {"who": who}
    return trouble(request, HTTPStatus.CONFLICT, _("Việc này đã xong"), text)


def _show(
    request: HttpRequest,
    at_hand: AtHand,
    sent: Mapping[str, str],
    errors: Mapping[str, str],
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    with at_hand.node.database.transaction() as tx:
        shown = task_page.one(at_hand, tx, pages.officer_of(request), sent, errors)
    trail = moving_on.read(request.GET.dict())
    context = {**pages.frame(request, "tasks"), "task": shown, "trail": trail, "errors": act_forms.errors([shown])}
    return render(request, "desk/task.html", context, status=status)


@require_safe
@officer_required(*pages.OFFICERS)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules that decide without a person here: running or stopped, and the error that reviews measured."""
    return _rules(request, "", "", "")


@require_POST
@officer_required(STEWARD)
def switch(request: HttpRequest) -> HttpResponse:
    """Stop a rule, or let it run again, with a reason."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    rule, verb, reason = (request.POST.get(name, "").strip() for name in ("rule", "verb", "reason"))
    if rule not in automation_page.rules_of(node) or verb not in ("stop", "start"):
        raise PermissionDenied
    if not reason:
        return _rules(request, rule, reason, message("required"), HTTPStatus.UNPROCESSABLE_ENTITY)
    with node.database.transaction() as tx:
        change = automation.stop if verb == "stop" else automation.start
        if (rule in automation.stopped(tx)) != (verb == "stop"):
            change(tx, rule, officer.name, reason[: tasks.LONGEST_NOTE])
    return HttpResponseRedirect(reverse("rules"), status=HTTPStatus.SEE_OTHER)


def _rules(request: HttpRequest, rule: str, reason: str, error: str, status: int = HTTPStatus.OK) -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        shown = automation_page.listed(node, tx, clock.now())
    may = STEWARD in officer.roles
    for one_rule in shown:
        if one_rule["rule"] == rule:
            one_rule |= {"error": error, "reason_typed": reason}
    errors = [{"id": f"rule-{one_rule['place']}", "message": error} for one_rule in shown if one_rule.get("error")]
    context = {**pages.frame(request, "tasks"), "rules": shown, "may_switch": may, "errors": errors}
    return render(request, "desk/rules.html", context, status=status)
