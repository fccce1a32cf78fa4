"""The unit head's page: how much work there is, where it sits, what is likely to be late. Figures lead to the queue."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from lienthong.casework import sharing, words
from lienthong.desk import load as figures
from lienthong.desk import load_page, load_queries, pages
from lienthong.desk.load import StepLoad
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit import clock


@require_safe
@officer_required(*pages.HEADS)
def load(request: HttpRequest) -> HttpResponse:
    """Of the units in which the officer is the head."""
    node, officer, at = pages.node_of(request), pages.officer_of(request), clock.now()
    units = officer.units_as(*pages.HEADS)
    services = [slug for slug, service in node.catalogue.services.items() if service.card.handled_by == node.name]
    with node.database.transaction() as tx:
        dossiers = load_queries.open_dossiers(tx, units, services)
        histories = load_queries.histories(tx, units, services, at)
        people = load_queries.colleagues(tx, units, at)
        tasks = load_queries.tasks_by_role(tx, units)
        ahead = load_page.ahead(node, tx, units, services, dossiers, at)
        offers = load_page.offers(node, officer, sharing.of(tx, units))
    loads = figures.by_step(node.catalogue.calendar, at, dossiers, histories)
    done = figures.done_by(at, histories)
    context = {
        "unit": ", ".join(pages.place(node, unit) for unit in sorted(units)),
        "steps": [_step(node, one) for one in loads],
        "people": [_person(row, done[row.number], tasks.get(row.role, 0), loads) for row in people],
        "elsewhere": [_elsewhere(waits, count) for waits, count in figures.waiting_elsewhere(dossiers).items()],
        "most": load_queries.MOST_ENDED,
        "offers": offers,
        **ahead,
    }
    return render(request, "desk/load.html", {**pages.frame(request, "load"), **context})


def _step(node: Node, one: StepLoad) -> dict[str, Any]:
    urls = {due or "open": _filter(show="all", step=one.step, due=due) for due in ("", "today", "late")}
    return {
        "name": pages.step_name(node, one.step),
        "role": words.role_name(one.role),
        "open": one.open,
        "today": one.today,
        "late": one.late,
        "age": load_page.hours(one.median_age),
        "time": load_page.hours(one.median_time),
        "done": one.done_this_week,
        "urls": urls,
    }


def _filter(**filters: str) -> str:
    return f"{reverse('queue')}?{urlencode({name: value for name, value in filters.items() if value})}"


def _person(row: Any, done: int, tasks: int, loads: list[StepLoad]) -> dict[str, Any]:
    """A colleague: what waits for the role, which others of the role share, and what this one did."""
    waits = [one for one in loads if one.role == row.role]
    return {
        "name": row.name,
        "role": words.role_name(row.role),
        "open": sum(one.open for one in waits),
        "late": sum(one.late for one in waits),
        "tasks": tasks,
        "done": done,
    }


def _elsewhere(waits: str, count: int) -> dict[str, Any]:
    return {"label": words.branch_state_name(waits), "count": count, "url": _filter(show=waits)}
