"""The door of the exchange: `POST /exchange/send` and `POST /exchange/ask`, before sessions, CSRF or languages.

A WSGI application of its own (PEP 3333): what is neither goes on to the pages.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from lienthong.exchange.answering import answer
from lienthong.exchange.envelopes import LARGEST, Refused
from lienthong.exchange.inbox import LARGEST_BATCH, receive
from lienthong.exchange.node import Node

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_STATUS = {
    "malformed": "400 Bad Request",
    "unknown-service": "404 Not Found",
    "replayed": "409 Conflict",
    "too-large": "413 Content Too Large",
}
_log = logging.getLogger(__name__)


def door(node: Node, pages: Application) -> Application:
    """The node's application: machines are answered here, people by `pages`."""
    doors = {"/exchange/send": receive, "/exchange/ask": answer}

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        work = doors.get(environ["PATH_INFO"])
        if work is None:
            return pages(environ, start_response)
        status, body = _work(node, work, environ)
        headers = [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return application


def _work(node: Node, work: Callable[[Node, bytes], bytes], environ: Environ) -> tuple[str, bytes]:
    try:
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed", b"{}"
        return "200 OK", work(node, _body(environ))
    except Refused as refused:
        body = msgspec.json.encode({"code": refused.code, "reason": refused.reason})
        return _STATUS.get(refused.code, "403 Forbidden"), body
    except Exception:
        _log.exception("a message could not be handled")
        return "500 Internal Server Error", b"{}"


def _body(environ: Environ) -> bytes:
    """The posted bytes. Raises Refused when they are more than a batch may hold, or of no stated length."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise Refused("malformed", "no length") from error
    if length > LARGEST_BATCH * LARGEST:
        raise Refused("too-large", "the batch is too large")
    body: bytes = environ["wsgi.input"].read(length)
    return body
