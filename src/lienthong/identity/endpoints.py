"""What machines ask e-identity: discovery, keys, tokens, claims; and the way out.

OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749 §5, RFC 6750, RP-Initiated Logout 1.0.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.identity import authorization, clients, codes, tokens, validity
from lienthong.identity.provider import issuer
from lienthong.identity.types import Account, node_of
from lienthong.kit.signatures import SigningKey
from lienthong.kit.web.access import machine, public
from lienthong.kit.web.middleware import let_forms_lead_to


@require_GET
@cache_control(public=True, max_age=300)
@public("discovery: what a relying party reads first")
def configuration(request: HttpRequest) -> HttpResponse:
    """`/.well-known/openid-configuration`."""
    site = issuer(request)
    return JsonResponse(
        {
            "issuer": site,
            "authorization_endpoint": f"{site}/authorize",
            "token_endpoint": f"{site}/token",
            "userinfo_endpoint": f"{site}/userinfo",
            "jwks_uri": f"{site}/jwks",
            "end_session_endpoint": f"{site}/end-session",
            "scopes_supported": ["openid"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [tokens.ALGORITHM],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": [tokens.ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": list(authorization.LEVELS),
            "claims_supported": [*_STANDARD, *_PERSON],
            "prompt_values_supported": ["none", "login", "select_account"],
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
            "ui_locales_supported": ["vi", "en"],
        }
    )


_STANDARD = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr")
_PERSON = ("personal_number", "name", "birth_date", "gender")


@require_GET
@cache_control(public=True, max_age=300)
@public("public keys")
def jwks(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"keys": [tokens.public_jwk(_key().public).as_dict(private=False)]})


@csrf_exempt
@never_cache
@require_POST
@machine("private_key_jwt of a registered client")
def token(request: HttpRequest) -> HttpResponse:
    """Code for token. 400 with `invalid_grant` tells nothing about why; `invalid_client` is 401."""
    node, form = node_of(request), request.POST
    if any(len(values) > 1 for _, values in form.lists()):
        return _refusal("invalid_request")
    try:
        client, assertion = clients.authenticate(node, issuer(request), form)
    except clients.ClientRefused:
        return _refusal("invalid_client", status=401)
    if form.get("grant_type") != "authorization_code":
        return _refusal("unsupported_grant_type")
    with node.database.transaction() as tx:
        grant = codes.exchange(
            tx,
            code=form.get("code", ""),
            client=client,
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
            assertion=assertion,
        )
    if grant is None:
        return _refusal("invalid_grant")
    now = validity.seconds()
    claims = {
        "iss": issuer(request),
        "aud": client.id,
        "iat": now,
        "exp": now + validity.ID_TOKEN,
        "auth_time": int(grant.authenticated_at.timestamp()),
        "nonce": grant.nonce,
        **_person(grant.account, client.id),
    }
    answer = {"access_token": grant.access_token, "token_type": "Bearer", "expires_in": validity.ACCESS_TOKEN}
    proof = node.vouch(grant.account.number, client.id)  # for those who hold the person's data; not of OpenID
    return JsonResponse({**answer, "scope": "openid", "id_token": tokens.sign(claims, _key()), "session_proof": proof})


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
@machine("an access token")
def userinfo(request: HttpRequest) -> HttpResponse:
    scheme, _, access = request.headers.get("Authorization", "").partition(" ")
    opened = None
    if scheme.lower() == "bearer" and access:
        with node_of(request).database.transaction() as tx:
            opened = codes.holder(tx, access)
    if opened is None:
        challenge = 'Bearer error="invalid_token"' if access else "Bearer"
        return HttpResponse(status=401, headers={"WWW-Authenticate": challenge})
    return JsonResponse(_person(*opened))


@never_cache
@require_http_methods(["GET", "POST"])
@public("the way out; shows nobody's data")
def end_session(request: HttpRequest) -> HttpResponse:
    """Signing out of e-identity is agreed to on a page: no link from elsewhere does it alone."""
    client = clients.find(node_of(request), request.GET.get("client_id", ""))
    home = f"{client.site}/" if client else None
    back = home if request.GET.get("post_logout_redirect_uri") == home else None
    if request.method == "POST":
        request.session.flush()
    if back and "person" not in request.session:
        return HttpResponseRedirect(back)
    page = {"still_in": "person" in request.session, "back": back, "no_sign_in": True}
    response = render(request, "identity/end_session.html", page)
    return let_forms_lead_to(response, [client.site]) if client else response


def _person(account: Account, client: str) -> dict[str, Any]:
    return {
        "sub": tokens.pairwise(settings.LIENTHONG_TOKEN_KEY, client, account.number),
        "acr": f"LoA{account.level}",
        "personal_number": account.number,
        "name": account.name,
        "birth_date": account.birth_date.isoformat(),
        "gender": account.gender,
    }


def _key() -> SigningKey:
    return tokens.provider_key(str(settings.LIENTHONG_TOKEN_KEY))


def _refusal(error: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"error": error}, status=status)
