"""`outside.ask`: a node asks a service behind an X-Road security server, through the gateway.

    {"service": "vaccinations", "parameters": {"number": "068195001234", "birth_date": "1995-04-02"}}

The table says which services there are and how they are called. Who asks, in which case, goes along in the protocol's
headers; the answer must belong to this request; whom it opened is logged here before it is handed on.
"""

import base64
from typing import Any
from urllib.parse import parse_qs, quote, urlencode
from uuid import uuid4

import msgspec

from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.gateways.callers import MARK
from lienthong.gateways.lines import Heard, Line, Silent
from lienthong.gateways.tables import Consumed, XRoad
from lienthong.gateways.xroad_names import parts, written
from lienthong.gateways.xroad_services import BRACED
from lienthong.kit.storage import Tx

SERVICE = "outside.ask"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    service: str
    parameters: dict[str, str] = {}


def ask(node: Node, _tx: Tx, message: Message) -> Answer:
    """Answer one question. Raises Refused: malformed, not-connected, unknown-service, silent-source, wrong-answer."""
    try:
        question = msgspec.convert(message.body, Question)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    if node.outside is None:
        raise Refused("not-connected", "no security server is configured here")
    found: Answer = node.outside(message, question.service, question.parameters)
    return found


class Consumer:
    """`address` is https://user:secret@host:port?client=INSTANCE/CLASS/MEMBER/SUBSYSTEM of our security server."""

    def __init__(self, table: XRoad, address: str) -> None:
        self._services, self._line = table.consumes, Line(address)
        self._client = written(parts(parse_qs(self._line.words).get("client", [table.subsystem])[0], 3, 4))

    def __call__(self, message: Message, service: str, given: dict[str, str]) -> Answer:
        consumed = self._services.get(service)
        if consumed is None:
            raise Refused("unknown-service", "the table names no such service")
        if message.header.purpose != f"outside/{service}":
            raise Refused("no-right", "the purpose is another service's")
        wanted = {*BRACED.findall(consumed.path), *consumed.query, *consumed.body}
        if set(given) != wanted:
            raise Refused("malformed", f"{service} takes {', '.join(sorted(wanted))}")
        identity = str(uuid4())
        headers = self._headers(message, consumed, identity)
        body = msgspec.json.encode({name: given[name] for name in consumed.body}) if consumed.body else b""
        try:
            response = self._line.call(consumed.method, _target(consumed, given), headers, body)
        except Silent as silent:
            raise Refused("silent-source", str(silent)) from None
        self._check(response, consumed, identity)
        reads = (Read(given[consumed.subject], service, tuple(sorted(wanted))),) if consumed.subject else ()
        told = {"status": response.status, "body": _decoded(response.body), "id": identity,
                "request_hash": response.headers["X-Road-Request-Hash"]}  # fmt: skip
        return Answer(told, reads)

    def _headers(self, message: Message, consumed: Consumed, identity: str) -> dict[str, str]:
        officer = message.header.officer.split(" ")[0]
        headers = {"X-Road-Client": self._client, "X-Road-Id": identity, "Accept": "application/json",
                   "X-Road-Represented-Party": quote(message.header.sender, safe="")}  # fmt: skip
        if MARK.fullmatch(officer):
            headers["X-Road-UserId"] = f"VN{officer}"
        if MARK.fullmatch(message.header.case):
            headers["X-Road-Issue"] = message.header.case
        if consumed.body:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if self._line.user:
            pair = f"{self._line.user}:{self._line.secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return headers

    def _check(self, response: Heard, consumed: Consumed, identity: str) -> None:
        """Raises Refused for an X-Road error, and for an answer that is not to this request."""
        if error := response.headers.get("X-Road-Error"):
            raise Refused("silent-source", f"X-Road: {error[:80]}")
        told = {name: response.headers.get(f"X-Road-{name}", "") for name in ("Id", "Client", "Service")}
        asked = {"Id": identity, "Client": self._client, "Service": written(tuple(consumed.service.split("/")))}
        if told != asked or not _is_sha512(response.headers.get("X-Road-Request-Hash", "")):
            raise Refused("wrong-answer", "the answer belongs to another request")


def _target(consumed: Consumed, given: dict[str, str]) -> str:
    path = BRACED.sub(lambda name: quote(given[name[1]], safe=""), consumed.path)
    query = urlencode({name: given[name] for name in consumed.query})
    return f"/r1/{written(tuple(consumed.service.split('/')))}{path}" + (f"?{query}" if query else "")


def _is_sha512(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 64
    except ValueError:
        return False


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw) if raw else None
    except (ValueError, RecursionError) as error:
        raise Refused("wrong-answer", "the answer is not JSON") from error
