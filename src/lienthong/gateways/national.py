"""Services of the national exchange platform, spoken to us: shared categories and civil status.

A caller has a token (RFC 6749 §4.4: its id and secret at `/token`) and brings it as `Authorization: Bearer`.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs

import msgspec

from lienthong.gateways import callers, categories, civil_status, moments
from lienthong.gateways.calls import Call, Gate, Language, Problem, Reply, refuse
from lienthong.gateways.national_errors import WORDS
from lienthong.gateways.tables import National

NAME = "national"
TOKEN = "/token"  # noqa: S105 — an address
LASTS = 1800


def language(table: National) -> Language:
    def answer(gate: Gate, call: Call) -> Reply:
        return _token(gate, call) if call.path == TOKEN else _answer(table, gate, call)

    places = (table.base[name] for name in ("categories", "civil_status"))
    return Language(NAME, (TOKEN, *places), answer, refusal)


def refusal(call: Call, problem: Problem) -> Reply:
    if call.path == TOKEN:
        return _oauth_refusal(problem)
    code, status, words = WORDS[problem.kind]
    text = f"{words}: {problem.text}" if problem.kind in ("malformed", "refused") and problem.text else words
    body = {"status": "0", "value": None, "errorCode": code, "errorDescription": text}
    return Reply(status, msgspec.json.encode(body))


def _answer(table: National, gate: Gate, call: Call) -> Reply:
    user = _bearer(gate, call)
    try:
        system, quota = callers.admit(gate, user, NAME)
        place, _, rest = call.path.removeprefix("/").partition("/")
        if f"/{place}" == table.base["categories"]:
            body = _category(table, gate, call, rest)
        else:
            body = civil_status.answer(table, gate, user, system, rest, _posted(call))
    except Problem as problem:
        if problem.kind not in ("silent", "not-found", "unfinished"):
            callers.note_refusal(gate.node, user, NAME, problem)
        raise
    return Reply(200, msgspec.json.encode(body), headers=quota.headers)


def _category(table: National, gate: Gate, call: Call, rest: str) -> Any:
    """`Metadata/<category>` or `Category/<category>`."""
    kind, _, name = rest.partition("/")
    category = table.categories.get(name)
    if category is None or kind not in ("Metadata", "Category"):
        raise Problem("unknown-operation")
    if call.method != "GET":  # values are added where their owner keeps them
        raise Problem("wrong-method")
    return categories.metadata(category) if kind == "Metadata" else categories.rows(gate.node, category)


def _posted(call: Call) -> dict[str, Any]:
    if call.method != "POST":
        raise Problem("wrong-method")
    try:
        return msgspec.json.decode(call.body, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise Problem("malformed", "not a JSON object") from error


# Tokens: who, until when, and a signature over both; nothing is stored.


def _token(gate: Gate, call: Call) -> Reply:
    """RFC 6749 §4.4: client credentials as Basic."""
    if call.method != "POST":
        raise Problem("wrong-method")
    form = parse_qs(call.body.decode("utf-8", "replace"))
    if form.get("grant_type") != ["client_credentials"]:
        raise Problem("malformed")
    user, secret = basic(call)
    if not gate.systems.knows(user, secret):
        raise Problem("unknown-caller")
    callers.admit(gate, user, NAME)
    until = int(moments.now()) + LASTS
    claim = base64.urlsafe_b64encode(f"{user}:{until}".encode()).decode()
    body = {"access_token": f"{claim}.{_seal(gate, claim, user)}", "token_type": "Bearer", "expires_in": LASTS}
    return Reply(200, msgspec.json.encode(body), headers={"Pragma": "no-cache"})


def basic(call: Call) -> tuple[str, str]:
    """Id and secret of `Authorization: Basic`. Raises Problem (unknown-caller)."""
    scheme, _, encoded = call.header("authorization").partition(" ")
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Problem("unknown-caller") from None
    return (user, secret) if scheme.lower() == "basic" else refuse("unknown-caller")


def _bearer(gate: Gate, call: Call) -> str:
    scheme, _, token = call.header("authorization").partition(" ")
    return bearer(gate, token) if scheme.lower() == "bearer" else refuse("unknown-caller")


def bearer(gate: Gate, token: str) -> str:
    """The system a valid token speaks for. Raises Problem (unknown-caller)."""
    claim, _, seal = token.partition(".")
    try:
        user, _, until = base64.urlsafe_b64decode(claim.encode()).decode().rpartition(":")
        lasts = int(until)
    except (binascii.Error, ValueError):
        raise Problem("unknown-caller") from None
    good = hmac.compare_digest(_seal(gate, claim, user).encode(), seal.encode())
    if not good or moments.now() > lasts:
        raise Problem("unknown-caller")
    return user


def _seal(gate: Gate, claim: str, user: str) -> str:
    """Under the system's own secret: a new secret ends its tokens."""
    key = gate.systems.secrets.get(user, "") or refuse("unknown-caller")
    return hmac.new(key.encode(), b"token:" + claim.encode(), hashlib.sha256).hexdigest()


def _oauth_refusal(problem: Problem) -> Reply:
    """RFC 6749 §5.2."""
    words = {"unknown-caller": ("invalid_client", 401), "malformed": ("unsupported_grant_type", 400)}
    error, status = words.get(problem.kind, ("invalid_request", WORDS[problem.kind][1]))
    headers = {"WWW-Authenticate": 'Basic realm="token"'} if status == 401 else {}
    return Reply(status, msgspec.json.encode({"error": error}), headers=headers)
