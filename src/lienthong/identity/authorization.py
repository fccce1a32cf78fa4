"""What an authorization request must be (RFC 6749 §4.1.1, RFC 7636, RFC 9207, OpenID Connect Core §3.1.2.1)."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from lienthong.identity import clients
from lienthong.identity.clients import Client
from lienthong.identity.types import Node

LEVELS = {"LoA1": 1, "LoA2": 2}
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_OPAQUE = re.compile(r"[\x20-\x7e]{1,512}")
_UNSUPPORTED = {"request": "request_not_supported", "request_uri": "request_uri_not_supported"}
_ONCE = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "acr_values")


class UnknownClient(Exception):
    """No client of ours, or a place to return to that is not its own: the browser is sent nowhere."""


class Refused(Exception):
    """The request is faulty; the error goes back to the client by redirect."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error = error


@dataclass(frozen=True)
class Asked:
    """A sound authorization request. `levels` are the account levels that would do, none named means any."""

    client: Client
    state: str
    nonce: str
    challenge: str
    levels: tuple[int, ...]
    prompt: frozenset[str]
    max_age: int | None

    def suits(self, level: int) -> bool:
        return not self.levels or level >= min(self.levels)


def client_of(query: QueryDict, node: Node) -> Client:
    """Raises UnknownClient unless client and redirect_uri are each given once and belong together, to the letter."""
    client = clients.find(node, query.get("client_id", ""))
    if client is None or len(query.getlist("client_id")) != 1:
        raise UnknownClient("client_id")
    if query.getlist("redirect_uri") != [client.redirect_uri]:
        raise UnknownClient("redirect_uri")
    return client


def read(query: QueryDict, client: Client) -> Asked:
    """Raises Refused with the error code of the standard."""
    if any(len(query.getlist(name)) > 1 for name in _ONCE):
        raise Refused("invalid_request", "a parameter is repeated")
    for name, error in _UNSUPPORTED.items():
        if name in query:
            raise Refused(error, f"{name} is not supported")
    if query.get("response_type") != "code":
        raise Refused("unsupported_response_type", "only the code flow")
    if query.get("response_mode", "query") != "query":
        raise Refused("invalid_request", "only response_mode=query")
    if "openid" not in query.get("scope", "").split():
        raise Refused("invalid_scope", "scope must contain openid")
    if not all(_OPAQUE.fullmatch(query.get(name, "")) for name in ("state", "nonce")):
        raise Refused("invalid_request", "state and nonce are required")
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(query.get("code_challenge", "")):
        raise Refused("invalid_request", "PKCE with S256 is required")
    return Asked(
        client=client,
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        challenge=query.get("code_challenge", ""),
        levels=_levels(query.get("acr_values", "")),
        prompt=frozenset(query.get("prompt", "").split()),
        max_age=_max_age(query.get("max_age", "")),
    )


def location(client: Client, issuer: str, state: str | None, **parameters: str) -> str:
    """Where the browser goes back to, with the issuer's name so that answers of two providers cannot be mixed up."""
    if state is not None:
        parameters["state"] = state
    return f"{client.redirect_uri}?{urlencode({**parameters, 'iss': issuer})}"


def _levels(text: str) -> tuple[int, ...]:
    asked = text.split()
    if asked and not LEVELS.keys() & set(asked):
        raise Refused("unmet_authentication_requirements", "no known level among acr_values")
    return tuple(LEVELS[name] for name in asked if name in LEVELS)


def _max_age(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refused("invalid_request", "max_age is a number of seconds")
    return int(text)
