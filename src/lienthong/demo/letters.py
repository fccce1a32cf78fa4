"""What the demo country's people got by e-mail and SMS, on one page for whoever tries the country out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from lienthong.identity.types import node_of
from lienthong.kit.web.access import public

PAGE = 50
_NEWEST = """
SELECT id, channel, recipient, subject, text, at FROM demo_letter
WHERE id < %s AND (%s = 0 OR recipient = (SELECT recipient FROM demo_letter WHERE id = %s)) ORDER BY id DESC LIMIT %s
"""


@require_safe
@public("letters of people who do not exist; only a demo country has this page")
def letters(request: HttpRequest) -> HttpResponse:
    """The newest first; `like` for those to the recipient of one letter, so that no number stands in an address."""
    like, top = _number(request, "like", 0), _number(request, "before", 2**62)
    with node_of(request).database.transaction() as tx:
        rows = tx.all(_NEWEST, (top, like, like, PAGE + 1))
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    return render(request, "demo/letters.html", {"letters": rows[:PAGE], "like": like, "older": older})


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name, "")[:18]
    return int(text) if text.isascii() and text.isdigit() else otherwise


letter_patterns = [path("demo/thu-tin", letters, name="demo_letters")]
