"""Sign-in at e-identity as people meet it: choose who you are, agree to what is handed over, go back.

The authorization request stays in the address of the page and is checked anew at every step, so two tabs never mix.
Until identity cards are read here, the only way in is the demo's, and it opens on loopback only.
"""

import ipaddress
from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.identity import accounts, authorization, codes, tokens, validity
from lienthong.identity.authorization import Asked, Refused, UnknownClient
from lienthong.identity.types import Account, node_of
from lienthong.kit.web.middleware import let_forms_lead_to

MISSES = 5
MISSES_WITHIN = 600

ROLES = {
    "citizen": gettext_lazy("Người dân"),
    "parent": gettext_lazy("Cha, mẹ"),
    "civil_status_officer": gettext_lazy("Công chức tư pháp – hộ tịch"),
    "chair": gettext_lazy("Chủ tịch Ủy ban nhân dân xã"),
    "residence_officer": gettext_lazy("Cán bộ đăng ký cư trú"),
    "insurance_officer": gettext_lazy("Cán bộ bảo hiểm xã hội"),
    "hospital_clerk": gettext_lazy("Nhân viên bệnh viện"),
    "officer": gettext_lazy("Cán bộ, công chức"),
    "operator": gettext_lazy("Người vận hành hệ thống"),
}
_NOT_FOUND = gettext_lazy("Không có tài khoản dùng được với số định danh và họ tên này.")
_TOO_LOW = gettext_lazy("Trang bạn muốn vào đòi tài khoản định danh mức độ cao hơn.")
_TOO_MANY = gettext_lazy("Bạn đã thử quá nhiều lần. Hãy đợi mười phút rồi thử lại.")


@never_cache
@require_http_methods(["GET", "POST"])
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
    person = request.session.get("person")
    if person is None:
        return None
    limit = validity.AT_PROVIDER
    if request.method == "GET":
        limit = min(limit, asked.max_age if asked.max_age is not None else limit)
        if asked.prompt & {"login", "select_account"}:
            limit = -1
    if validity.seconds() - person["at"] > limit:
        del request.session["person"]
        return None
    with node_of(request).database.transaction() as tx:
        account = accounts.active(tx, person["number"])
    return account if account and asked.suits(account.level) else None


def _show(
    request: HttpRequest, asked: Asked, account: Account | None, error: str = "", status: int = 200
) -> HttpResponse:
    if account is not None:
        page = {"client": asked.client, "person": account, "subject": _subject(asked, account)}
        return _page(request, "confirm", page)
    if not demo_sign_in(request):
        return render(request, "identity/no_sign_in.html", {"no_sign_in": True}, status=503)
    with node_of(request).database.transaction() as tx:
        people = accounts.demo_people(tx)
    groups = [(ROLES.get(role, role), list(members)) for role, members in groupby(people, lambda person: person.role)]
    page = {"client": asked.client, "groups": groups, "typed": request.POST}
    page["errors"] = [{"id": "number", "message": error}] if error else []
    return _page(request, "sign_in", page, status)


def _page(request: HttpRequest, name: str, page: dict[str, Any], status: int = 200) -> HttpResponse:
    client = page["client"]
    site = client.name.en if get_language() == "en" else client.name.vi
    response = render(request, f"identity/{name}.html", {**page, "site": site, "no_sign_in": True}, status=status)
    return let_forms_lead_to(response, [client.site])


def demo_sign_in(request: HttpRequest) -> bool:
    """Whether anybody may sign in as anybody here: a demo country, reachable from this machine only."""
    bound = getattr(settings, "LIENTHONG_BIND", "")
    try:
        return node_of(request).directory.demo and ipaddress.ip_address(bound).is_loopback
    except ValueError:
        return False


def _pick(request: HttpRequest, asked: Asked, _present: Account | None) -> HttpResponse:
    number = request.POST.get("number", "")
    with node_of(request).database.transaction() as tx:
        chosen = accounts.active(tx, number) if accounts.is_demo_person(tx, number) else None
    return _enter(request, asked, chosen)


def _look_up(request: HttpRequest, asked: Asked, _present: Account | None) -> HttpResponse:
    misses = [at for at in request.session.get("misses", []) if at > validity.seconds() - MISSES_WITHIN]
    if len(misses) >= MISSES:
        return _show(request, asked, None, str(_TOO_MANY), status=429)
    number = "".join(request.POST.get("number", "").split())
    with node_of(request).database.transaction() as tx:
        found = accounts.matching(tx, number, request.POST.get("name", ""))
    if found is None:
        request.session["misses"] = [*misses, validity.seconds()]
    return _enter(request, asked, found)


def _enter(request: HttpRequest, asked: Asked, account: Account | None) -> HttpResponse:
    if not demo_sign_in(request):
        return _show(request, asked, None)
    if account is None or not asked.suits(account.level):
        return _show(request, asked, None, str(_TOO_LOW if account else _NOT_FOUND), status=422)
    request.session.cycle_key()
    rotate_token(request)
    request.session["person"] = {"number": account.number, "at": validity.seconds()}
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
