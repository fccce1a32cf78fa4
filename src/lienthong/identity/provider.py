"""Sign-in at e-identity as people meet it: choose who you are, agree to what is handed over, go back.

The authorization request stays in the address of the page and is checked anew at every step, so two tabs never mix.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.identity import authorization, choosing, codes, tokens, validity
from lienthong.identity.authorization import Asked, Refused, UnknownClient
from lienthong.identity.types import Account, node_of
from lienthong.kit.web.access import public
from lienthong.kit.web.middleware import let_forms_lead_to

_TOO_LOW = gettext_lazy("Trang bạn muốn vào đòi tài khoản định danh mức độ cao hơn.")


@never_cache
@require_http_methods(["GET", "POST"])
@public("the sign-in page itself")
def authorize(request: HttpRequest) -> HttpResponse:
    """The authorization endpoint. A client or return address we do not know gets a page, never a redirect."""
    try:
        client = authorization.client_of(request.GET, node_of(request))
    except UnknownClient:
        return render(request, "identity/unknown_client.html", {"no_sign_in": True}, status=400)
    try:
        return _conduct(request, authorization.read(request.GET, client))
    except Refused as refused:
        state = request.GET.get("state")
        return _back(authorization.location(client, issuer(request), state, error=refused.error))


@require_GET
@public("says what this site is for")
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "identity/home.html", {"no_sign_in": True})


def issuer(request: HttpRequest) -> str:
    """Our name in tokens: the address people see."""
    node = node_of(request)
    return node.directory.nodes[node.name].site


def _conduct(request: HttpRequest, asked: Asked) -> HttpResponse:
    if "none" in asked.prompt:
        raise Refused("interaction_required", "every hand-over is agreed to by the person")
    account = _present(request, asked)
    steps = {"pick": _pick, "look_up": _look_up, "another": _another, "confirm": _confirm, "decline": _decline}
    step = steps.get(request.POST.get("step", ""))
    return step(request, asked, account) if step else _show(request, asked, account)


def _present(request: HttpRequest, asked: Asked) -> Account | None:
    """The person signed in here, unless too long ago for this request, locked since, or of too low a level."""
    limit = validity.AT_PROVIDER
    if request.method == "GET":
        limit = min(limit, asked.max_age if asked.max_age is not None else limit)
        if asked.prompt & {"login", "select_account"}:
            limit = -1
    account = choosing.present(request, limit)
    return account if account and asked.suits(account.level) else None


def _show(
    request: HttpRequest, asked: Asked, account: Account | None, error: str = "", status: int = 200
) -> HttpResponse:
    if account is not None:
        page = {"client": asked.client, "person": account, "subject": _subject(asked, account)}
        return _page(request, "confirm", page)
    if not choosing.demo_sign_in(request):
        return render(request, "identity/no_sign_in.html", {"no_sign_in": True}, status=503)
    return _page(request, "sign_in", {"client": asked.client, **choosing.page(request, error)}, status)


def _page(request: HttpRequest, name: str, page: dict[str, Any], status: int = 200) -> HttpResponse:
    client = page["client"]
    site = client.name.en if get_language() == "en" else client.name.vi
    response = render(request, f"identity/{name}.html", {**page, "site": site, "no_sign_in": True}, status=status)
    return let_forms_lead_to(response, [client.site])


def _pick(request: HttpRequest, asked: Asked, _present: Account | None) -> HttpResponse:
    return _enter(request, asked, choosing.picked(request))


def _look_up(request: HttpRequest, asked: Asked, _present: Account | None) -> HttpResponse:
    try:
        return _enter(request, asked, choosing.looked_up(request))
    except choosing.TooMany as often:
        return _show(request, asked, None, str(often), status=429)


def _enter(request: HttpRequest, asked: Asked, account: Account | None) -> HttpResponse:
    if not choosing.demo_sign_in(request):
        return _show(request, asked, None)
    if account is None or not asked.suits(account.level):
        return _show(request, asked, None, str(_TOO_LOW if account else choosing.NOT_FOUND), status=422)
    choosing.enter(request, account)
    return _show(request, asked, account)


def _another(request: HttpRequest, asked: Asked, _present: Account | None) -> HttpResponse:
    request.session.pop("person", None)
    return _show(request, asked, None)


def _confirm(request: HttpRequest, asked: Asked, account: Account | None) -> HttpResponse:
    # the page may be older than the session: agreeing counts for the person it named, nobody else
    if account is None or not tokens.same(request.POST.get("subject", ""), _subject(asked, account)):
        return _show(request, asked, account)
    with node_of(request).database.transaction() as tx:
        code = codes.issue(tx, asked, account.number, request.session["person"]["at"])
    return _back(authorization.location(asked.client, issuer(request), asked.state, code=code))


def _decline(request: HttpRequest, asked: Asked, _present: Account | None) -> HttpResponse:
    raise Refused("access_denied", "the person declined")


def _subject(asked: Asked, account: Account) -> str:
    return tokens.pairwise(settings.LIENTHONG_TOKEN_KEY, asked.client.id, account.number)


def _back(location: str) -> HttpResponse:
    response = HttpResponseRedirect(location)
    response.status_code = 303
    return response
