"""The door of the exchange: `POST /exchange/send` and `POST /exchange/ask`, before sessions, CSRF or languages.

A WSGI application of its own (PEP 3333): what is neither goes on to the pages.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from lienthong.exchange.answering import answer
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.inbox import LARGEST_POST, receive
from lienthong.exchange.node import Node
from lienthong.exchange.quotas import TooMany
from lienthong.kit.storage import is_away

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[[str, Headers], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_STATUS = {
    "malformed": "400 Bad Request",
    "unknown-service": "404 Not Found",
    "replayed": "409 Conflict",
    "too-large": "413 Content Too Large",
    "too-many": "429 Too Many Requests",
    "restored": "503 Service Unavailable",
    "unclear": "503 Service Unavailable",
}
_RESTORED = (
    "Hệ thống vừa được khôi phục từ bản sao lưu và đang đối chiếu với các cơ quan khác. Xin quay lại sau ít phút.\n"
    "This system was restored from a backup and is being brought in step with the other agencies. Come back soon.\n"
).encode()
_log = logging.getLogger(__name__)


def door(node: Node, pages: Application) -> Application:
    """The node's application: machines are answered here, people by `pages`."""
    doors = {"/exchange/send": receive, "/exchange/ask": answer}

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        work = doors.get(environ["PATH_INFO"])
        if work is None:
            if environ["PATH_INFO"] != "/health" and node.heads.is_restored(node.name):
                return _closed(start_response)
            return pages(environ, start_response)
        status, body, later = _work(node, work, environ)
        headers = [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff"), *later]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return application


def _closed(start_response: StartResponse) -> Iterable[bytes]:
    """What people are told by a node that was restored from a backup, until it has rejoined."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Retry-After", "60"), ("Cache-Control", "no-store")]
    start_response("503 Service Unavailable", [*headers, ("Content-Length", str(len(_RESTORED)))])
    return [_RESTORED]


def _work(node: Node, work: Callable[[Node, bytes], bytes], environ: Environ) -> tuple[str, bytes, Headers]:
    try:
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed", b"{}", []
        return "200 OK", work(node, _body(environ)), []
    except Refused as refused:
        body = msgspec.json.encode({"code": refused.code, "reason": refused.reason})
        later = [("Retry-After", str(refused.seconds))] if isinstance(refused, TooMany) else []
        return _STATUS.get(refused.code, "403 Forbidden"), body, later
    except Exception as error:
        if is_away(error):
            _log.warning("refused for now: %s", type(error).__name__)
            return "503 Service Unavailable", b'{"code":"away","reason":"our storage does not take this now"}', []
        _log.exception("a message could not be handled")
        return "500 Internal Server Error", b"{}", []


def _body(environ: Environ) -> bytes:
    """The posted bytes. Raises Refused when they are more than a batch may hold, or of no stated length."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise Refused("malformed", "no length") from error
    if length > LARGEST_POST:
        raise Refused("too-large", "the batch is too large")
    body: bytes = environ["wsgi.input"].read(length)
    return body
