"""X-Road's message protocol for REST, as a provider: members' systems call our services at `/r1/…`.

The gateway is security server and service at once. What goes wrong in the protocol or in us is an X-Road error (400 or
500 with `X-Road-Error`); what a service itself says no to has its own status and no such header (PR-REST §4.6).

A member's system proves itself with its id and secret (Basic), where X-Road's servers would use certificates.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4

import msgspec

from lienthong.catalogue.outside import OutsideSystem
from lienthong.gateways import callers, national, registered, xroad_meta, xroad_services
from lienthong.gateways.callers import Caller
from lienthong.gateways.calls import Call, Gate, Kind, Language, Problem, Reply
from lienthong.gateways.registered import Quota
from lienthong.gateways.tables import XRoad
from lienthong.gateways.xroad_names import BadName, checked, parts, request_hash, written

NAME = "x-road"
PREFIX = "/r1"
LONGEST_TARGET = 2000

# The protocol's errors: type, status and sentence.
ERRORS: dict[Kind, tuple[str, int, str]] = {
    "malformed": ("Client.BadRequest", 400, "The request does not follow the X-Road Message Protocol for REST"),
    "too-large": ("Client.BadRequest", 400, "The request is too large"),
    "unknown-caller": ("Server.ClientProxy.SslAuthenticationFailed", 500, "The client did not prove who it is"),
    "wrong-unit": ("Server.ClientProxy.UnknownMember", 500, "No such provider here"),
    "unknown-operation": ("Server.ServerProxy.UnknownService", 500, "No such service"),
    "wrong-purpose": ("Server.ServerProxy.AccessDenied", 500, "Request is not allowed"),
    "silent": ("Server.ServerProxy.ServiceFailed", 500, "The service does not answer just now"),
    "broken": ("Server.ServerProxy.InternalError", 500, "The gateway could not handle the request"),
}
# What a service itself says; no X-Road-Error.
OWN: dict[Kind, tuple[int, str]] = {
    "not-found": (404, "not found"),
    "wrong-method": (405, "method not allowed"),
    "refused": (400, "the request's body is not as described"),
    "too-many": (429, "too many requests"),
}


@dataclass(frozen=True)
class Request:
    """A call whose headers and target are as the protocol wants them."""

    client: tuple[str, ...]
    service: tuple[str, ...]
    path: str
    query: dict[str, str]
    id: str
    user: str
    issue: str
    party: str


def language(table: XRoad) -> Language:
    def answer(gate: Gate, call: Call) -> Reply:
        return _answer(table, gate, call)

    return Language(NAME, (PREFIX,), answer, refusal)


def refusal(call: Call, problem: Problem) -> Reply:
    if problem.kind in OWN:
        status, text = OWN[problem.kind]
        return Reply(status, msgspec.json.encode({"status": status, "error": problem.text or text}))
    kind, status, message = ERRORS.get(problem.kind, ERRORS["broken"])
    body = {"type": kind, "message": f"{message}: {problem.text}" if problem.text else message, "detail": str(uuid4())}
    headers = {"X-Road-Error": kind}
    if "xml" in call.header("accept") and "json" not in call.header("accept"):
        inner = "".join(f"<{name}>{_escaped(text)}</{name}>" for name, text in body.items())
        return Reply(status, f"<error>{inner}</error>".encode(), "application/xml; charset=utf-8", headers)
    return Reply(status, msgspec.json.encode(body), headers=headers)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _answer(table: XRoad, gate: Gate, call: Call) -> Reply:
    request = read(call)
    user, system, quota = _admitted(gate, call, request)
    answered = {"X-Road-Request-Id": str(uuid4()), "X-Road-Id": request.id, "X-Road-Client": written(request.client),
                "X-Road-Service": written(request.service)}  # fmt: skip
    try:
        status, body = _served(table, gate, call, request, user, system)
        reply = Reply(status, msgspec.json.encode(body))
    except Problem as problem:
        if problem.kind in ("wrong-purpose", "unknown-operation"):
            callers.note_refusal(gate.node, user, NAME, problem)
        if problem.kind not in OWN:
            raise
        reply = refusal(call, problem)
    target = quote(call.path) + (f"?{call.query}" if call.query else "")
    hashed = request_hash(
        call.method, target, {**call.headers, "x-road-request-id": answered["X-Road-Request-Id"]}, call.body
    )
    headers = {**reply.headers, **quota.headers, **answered, "X-Road-Request-Hash": hashed}
    return Reply(reply.status, reply.body, reply.kind, headers)


def read(call: Call) -> Request:
    """What the protocol asks of a request. Raises Problem (malformed) that says which rule it breaks."""
    if len(call.path) + len(call.query) > LONGEST_TARGET:
        raise Problem("malformed", f"a target has at most {LONGEST_TARGET} characters")
    try:
        if not call.header("x-road-client"):
            raise BadName("X-Road-Client is missing")
        client = parts(call.header("x-road-client"), 3, 4)
        steps = call.path.split("/", 7)
        if len(steps) < 7:
            raise BadName("the path names a service: instance/class/member/subsystem/service")
        service = tuple(checked(step) for step in steps[2:7])
        if call.header("x-road-security-server"):
            parts(call.header("x-road-security-server"), 4)
        party = call.header("x-road-represented-party")
        party = party and ".".join(parts(party, 1, 2))
    except BadName as error:
        raise Problem("malformed", str(error)) from error
    user, issue = _mark(call, "X-Road-UserId"), _mark(call, "X-Road-Issue")
    identity = _mark(call, "X-Road-Id") or str(uuid4())
    path = f"/{steps[7]}" if len(steps) > 7 else ""
    return Request(client, service, path, _query(call), identity, user, issue, party)


def _mark(call: Call, name: str) -> str:
    text = call.header(name)
    if text and not callers.MARK.fullmatch(text):
        raise Problem("malformed", f"{name} holds letters, digits, dots, dashes, at most 64")
    return text


def _query(call: Call) -> dict[str, str]:
    try:
        pairs = parse_qsl(call.query, keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise Problem("malformed", "too many query parameters") from error
    query = dict(pairs)
    if len(query) != len(pairs):
        raise Problem("malformed", "a query parameter stands twice")
    return query


def _admitted(gate: Gate, call: Call, request: Request) -> tuple[str, OutsideSystem, Quota]:
    """The system behind the client's identifier, proven. Raises Problem: unknown-caller, too-many."""
    user, secret = national.basic(call)
    if (
        not gate.systems.knows(user, secret)
        or registered.member(gate.node.catalogue.outside, "/".join(request.client)) != user
    ):
        raise Problem("unknown-caller")
    return user, *callers.admit(gate, user, NAME)


def _served(
    table: XRoad, gate: Gate, call: Call, request: Request, user: str, system: OutsideSystem
) -> tuple[int, Any]:
    if "/".join(request.service[:4]) != table.subsystem:
        raise Problem("wrong-unit")
    code = request.service[4]
    if code in xroad_meta.SERVICES:
        if call.method != "GET":
            raise Problem("wrong-method")
        return 200, xroad_meta.answer(table, gate.node, code, request.query, system)
    provided = table.provides.get(code)
    if provided is None:
        raise Problem("unknown-operation")
    purpose = "" if provided.open else callers.purpose_of(system, code)
    caller = Caller(user, request.user, request.party, request.issue or request.id, purpose)
    return xroad_services.answer(provided, gate.node, caller, call, request.path, request.id)
