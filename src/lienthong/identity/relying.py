"""Sign-in as a relying party: away to e-identity, back with a code, in by a verified ID token.

sign_in     remembers state, nonce and PKCE verifier in the session and sends the browser off
signed_in   takes them out again, exchanges the code behind the browser's back, signs the person in
sign_out    ends the session here; the page after it offers to end the one at e-identity
"""

import logging
import time
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lienthong.identity import authorization, backchannel, clients, tokens, validity
from lienthong.identity.signed_in import remember
from lienthong.identity.types import Account, Node, node_of
from lienthong.kit.web.access import public

AT_ONCE = 5
KEYS_FOR = 600.0
KEYS_AT_LEAST = 10.0
_log = logging.getLogger(__name__)
_key_sets: dict[str, tuple[float, KeySet]] = {}


class SignInFailed(Exception):
    """E-identity refused the code, or its token does not hold."""


class _Claims(msgspec.Struct):
    nonce: str
    acr: Literal["LoA1", "LoA2"]
    personal_number: Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")]
    name: str
    birth_date: date
    gender: str


@never_cache
@require_GET
@public("the way in")
def sign_in(request: HttpRequest) -> HttpResponse:
    node = node_of(request)
    provider = clients.provider_of(node)
    state, nonce, verifier = tokens.random_text(), tokens.random_text(), tokens.random_text()
    onward = local_path(request.GET.get("next", ""))
    begun = {"nonce": nonce, "verifier": verifier, "next": onward, "at": validity.seconds()}
    others = sorted(request.session.get("under_way", {}).items(), key=lambda item: item[1]["at"])
    request.session["under_way"] = {**dict(others[1 - AT_ONCE :]), state: begun}
    query = {
        "response_type": "code",
        "scope": "openid",
        "client_id": node.name,
        "redirect_uri": _redirect_uri(node),
        "state": state,
        "nonce": nonce,
        "code_challenge": tokens.challenge_of(verifier),
        "code_challenge_method": "S256",
        "acr_values": "LoA1",
    }
    return HttpResponseRedirect(f"{provider.site}/authorize?{urlencode(query)}")


@never_cache
@require_GET
@public("the way back from e-identity; believes only a state of this session")
def signed_in(request: HttpRequest) -> HttpResponse:
    """The redirect URI. Without a state of this very session nothing happens: nobody is signed in by a link."""
    begun = _taken(request)
    if begun is None or request.GET.get("iss") != clients.provider_of(node_of(request)).site:
        return _failed(request, "lost", 400, "/")
    if "code" not in request.GET:
        declined = request.GET.get("error") == "access_denied"
        return _failed(request, "declined" if declined else "refused", 403, begun["next"])
    try:
        account = _redeem(node_of(request), request.GET["code"], begun)
    except backchannel.Silent:
        return _failed(request, "silent", 503, begun["next"])
    except SignInFailed as failure:
        _log.warning("sign-in failed: %s", failure)
        return _failed(request, "refused", 403, begun["next"])
    remember(request.session, account)
    rotate_token(request)
    return HttpResponseRedirect(begun["next"])


@require_POST
@public("the way out")
def sign_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    # what was typed here lies on the device too; on a lent one it goes with the person (W3C Clear Site Data)
    return HttpResponseRedirect("/signed-out", headers={"Clear-Site-Data": '"storage"'})


@never_cache
@require_GET
@public("after the way out; shows nobody's data")
def signed_out(request: HttpRequest) -> HttpResponse:
    """A page with a link, not a redirect: the content policy holds what follows a form to this site."""
    node = node_of(request)
    home = f"{node.directory.nodes[node.name].site}/"
    query = urlencode({"client_id": node.name, "post_logout_redirect_uri": home})
    everywhere = f"{clients.provider_of(node).site}/end-session?{query}"
    return render(request, "identity/signed_out.html", {"everywhere": everywhere})


def local_path(path: str) -> str:
    """The path if it stays on this site, else the front page: nobody is led elsewhere by a link to our sign-in."""
    local = path.startswith("/") and path.isprintable() and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if local else "/"


def _redirect_uri(node: Node) -> str:
    return f"{node.directory.nodes[node.name].site}/signed-in"


def _taken(request: HttpRequest) -> dict[str, Any] | None:
    under_way = request.session.get("under_way", {})
    begun = under_way.pop(request.GET.get("state", ""), None)
    if begun is None:
        return None
    request.session["under_way"] = under_way
    return begun if validity.seconds() - begun["at"] <= validity.UNDER_WAY else None


def _redeem(node: Node, code: str, begun: dict[str, Any]) -> Account:
    """Code for ID token, and what it says. Raises Silent or SignInFailed."""
    provider = clients.provider_of(node)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _redirect_uri(node),
        "code_verifier": begun["verifier"],
        "client_id": node.name,
        "client_assertion_type": clients.ASSERTION_TYPE,
        "client_assertion": clients.assertion(node, provider.site),
    }
    status, answer = backchannel.call(provider.address, "POST", "/token", form)
    if status >= 500:
        raise backchannel.Silent(f"status {status}")
    if status != 200:
        raise SignInFailed(f"token endpoint answered {status} {answer.get('error')}")
    try:
        found = _verified(str(answer.get("id_token")), node.name, provider.site, provider.address)
        claims = msgspec.convert(found, _Claims)
    except (tokens.TokenRefused, msgspec.ValidationError) as error:
        raise SignInFailed("the ID token does not hold") from error
    if not tokens.same(claims.nonce, begun["nonce"]):
        raise SignInFailed("the ID token answers another request")
    level = authorization.LEVELS[claims.acr]
    proof = str(answer.get("session_proof") or "")
    proofs = (proof,) if proof else ()
    return Account(claims.personal_number, claims.name, claims.birth_date, claims.gender, level, proofs)


def _verified(token: str, client: str, issuer: str, address: str) -> dict[str, Any]:
    fetched, keys = _provider_keys(address, KEYS_FOR)
    try:
        return tokens.read(token, keys, issuer=issuer, audience=client)
    except tokens.TokenRefused:
        # the provider may have changed its key since we looked; look again, but not for every forged token
        again, keys = _provider_keys(address, KEYS_AT_LEAST)
        if again == fetched:
            raise
        return tokens.read(token, keys, issuer=issuer, audience=client)


def _provider_keys(address: str, no_older_than: float) -> tuple[float, KeySet]:
    """The provider's keys and when they were fetched. Raises Silent."""
    known = _key_sets.get(address)
    if known is not None and time.monotonic() - known[0] < no_older_than:
        return known
    status, answer = backchannel.call(address, "GET", "/jwks")
    try:
        keys = KeySet.import_key_set(answer)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise backchannel.Silent(f"status {status}, no key set") from error
    _key_sets[address] = (time.monotonic(), keys)
    return _key_sets[address]


def _failed(request: HttpRequest, why: str, status: int, back_to: str) -> HttpResponse:
    again = f"/sign-in?{urlencode({'next': back_to})}"
    response = render(request, "identity/sign_in_failed.html", {"why": why, "again": again}, status=status)
    if status == 503:
        response["Retry-After"] = str(int(backchannel.REST))
    return response
