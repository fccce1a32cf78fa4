"""Who may open a page. A right over a single dossier is checked where the dossier is read."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from lienthong.identity import officers
from lienthong.identity.types import View, node_of
from lienthong.kit import clock
from lienthong.kit.web.access import Access, mark


def citizen_required(view: View) -> View:
    """Only for a signed-in person, in `request.account`; others sign in first and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        if request.account is None:  # type: ignore[attr-defined]
            return _to_sign_in(request)
        return view(request, *arguments, **named)

    return mark(guarded, Access("person", "signed in"))  # type: ignore[no-any-return]


def officer_required(*roles: str) -> Callable[[View], View]:
    """Only for who holds one of these roles at this node today, in `request.officer`; 403 for anybody else."""

    def guard(view: View) -> View:
        @wraps(view)
        @citizen_required
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            account = request.account  # type: ignore[attr-defined]
            officer = officers.present(request.session, node_of(request).database, account, clock.today())
            if officer is None or not officer.roles.intersection(roles):
                return render(request, "identity/no_post.html", status=403)
            request.officer = officer  # type: ignore[attr-defined]
            return view(request, *arguments, **named)

        return mark(guarded, Access("officer", ", ".join(roles)))  # type: ignore[no-any-return]

    return guard


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    location = f"/sign-in?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        # a redirect to another host would be followed by script, which the content policy forbids
        return HttpResponse(status=204, headers={"HX-Redirect": location})
    if request.method not in {"GET", "HEAD"}:
        # nor may a form end at another host; and what was typed is still behind the browser's back button
        return render(request, "identity/sign_in_failed.html", {"why": "ended", "again": location}, status=403)
    return HttpResponseRedirect(location)
