"""What was ticked of a list, and what came of one deed on each of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from lienthong.casework import words
from lienthong.desk import pages, queries
from lienthong.desk.deeds import Deed
from lienthong.desk.performing import Outcome

Picked = list[tuple[str, str]]  # code and the number of acts that the officer saw


def picked(request: HttpRequest) -> Picked:
    """What was ticked, each once."""
    parts = [one.rpartition(":") for one in dict.fromkeys(request.POST.getlist("pick"))]
    return [(code, version) for code, _colon, version in parts][: queries.MOST]


def told(request: HttpRequest, deed: Deed, outcomes: list[tuple[str, Outcome]], back: str) -> HttpResponse:
    """The page of outcomes; `back` leads to where the officer came from."""
    rows = [_row(code, outcome) for code, outcome in outcomes]
    context = {"label": deed.label, "rows": rows, "count": sum(row["done"] for row in rows), "back": back}
    return render(request, "desk/batch.html", {**pages.frame(request, "queue"), **context})


def _row(code: str, outcome: Outcome) -> dict[str, Any]:
    found, done = outcome.dossier, outcome.kind == "done"
    return {
        "code": code,
        "title": pages.title(found) if found else code,
        "url": reverse("dossier", args=[code]) if found else "",
        "done": done,
        "state": words.state_sign(found.state) if found else "",
        "said": words.standing(found.state) if found and done else outcome.said,
    }
