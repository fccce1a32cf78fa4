"""The partners' door over mutual TLS, where nodes stand on separate hosts.

It has a port of its own: people's browsers have no certificate, partners must. Nothing is read of a caller who does not
hold a certificate that the directory publishes, and a revoked one is turned away at the next request, in the middle of
a connection too. Who speaks is said by the envelopes; the certificate only says who may come in.
"""

import base64
import logging
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import Any

from lienthong.exchange.directory import TLS, PublishedKey
from lienthong.exchange.door import Application
from lienthong.exchange.lines import Identity, answering
from lienthong.exchange.node import Node
from lienthong.kit import clock

MOST_CALLERS = 256
SHAKING_HANDS = 5.0  # seconds
IDLE = 300.0
_log = logging.getLogger(__name__)


class Gate(ThreadingHTTPServer):
    """Serves `application` to partners; `start` returns at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, node: Node, identity: Identity, application: Application, host: str, port: int) -> None:
        """Raises OSError when the port is taken or our certificate does not read."""
        self.application = application
        self._node, self._identity = node, identity
        self._rules: object = None
        self._places = BoundedSemaphore(MOST_CALLERS)
        self._renew()
        super().__init__((host, port), _Caller)

    def start(self) -> None:
        Thread(target=self.serve_forever, name="gate", daemon=True).start()

    def admits(self, certificate: bytes) -> bool:
        """Whether the directory publishes this certificate (DER) as one that counts now."""
        self._renew()
        key = self._published.get(certificate)
        return key is not None and key.counts(clock.now())

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One caller, from the handshake to the end of the connection, on a thread of their own."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            self._renew()
            request.settimeout(SHAKING_HANDS)
            with self._context.wrap_socket(request, server_side=True) as secured:
                _Caller(secured, client_address, self)
        except OSError as error:
            _log.info("a caller was turned away: %s", error)
        finally:
            self._places.release()
            self.shutdown_request(request)

    def _renew(self) -> None:
        """Follow the directory and our own certificate; where that does not read, what was stays."""
        directory = self._node.directory
        try:
            rules = (directory.version, self._identity.stamp)
            if rules == self._rules:
                return
            published = {
                base64.urlsafe_b64decode(key.certificate + "=" * (-len(key.certificate) % 4)): key
                for entry in directory.nodes.values()
                for key in entry.keys
                if key.purpose == TLS
            }
            self._context: ssl.SSLContext = answering(list(published), self._identity)
            self._published: dict[bytes, PublishedKey] = published
            self._rules = rules
        except OSError as error:
            if self._rules is None:
                raise
            _log.error("our certificate does not read, the one before stays in use: %s", error)


class _Caller(BaseHTTPRequestHandler):
    """The requests of one connection. Only what a partner's courier and asker send is understood."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    server: Gate
    connection: ssl.SSLSocket

    def do_POST(self) -> None:
        if not self.server.admits(self.connection.getpeercert(binary_form=True) or b""):
            self.close_connection = True
            return
        said: list[Any] = []
        body = _Body(self.rfile)
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": self.path,
            "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
            "wsgi.input": body,
        }
        answer = b"".join(self.server.application(environ, lambda status, headers: said.extend((status, headers))))
        status, headers = said
        if self.headers.get("Content-Length") != str(body.taken):  # what follows would be taken for a request
            self.close_connection = True
        self.send_response_only(int(status[:3]))
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 — the base class names it
        """What is refused is in the journal."""


class _Body:
    """What the application reads of a request, counted."""

    def __init__(self, file: Any) -> None:
        self._file, self.taken = file, 0

    def read(self, length: int) -> bytes:
        found: bytes = self._file.read(length)
        self.taken += len(found)
        return found


def elsewhere(pages: Application) -> Application:
    """The application of people's port where partners have the gate: it takes in no envelopes."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/exchange/"):
            return pages(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]

    return application


def nothing_else(environ: dict[str, Any], start_response: Any) -> Any:
    """The gate has no pages."""
    start_response("404 Not Found", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]
