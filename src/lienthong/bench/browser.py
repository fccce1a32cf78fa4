"""A browser small enough to share two cores with what it measures: kept-open connections, cookies, forms.

Addresses are those of people (`http://portal.localhost:8600/…`); every connection goes to 127.0.0.1.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urlencode, urljoin, urlsplit

PATIENCE_SECONDS = 60.0
MOST_REDIRECTS = 8
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Answer:
    """Header names in lower case; `cookies` as set by this answer, None for one that was deleted."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str | None]
    body: bytes
    url: str = ""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


class Line:
    """One kept-open connection to a port of this machine. Raises OSError when the other side goes away."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._read = b""

    def send(self, request: bytes) -> Answer:
        """One exchange. A connection that the server has closed since the last one is opened anew, once."""
        kept = self._socket is not None
        try:
            return self._exchange(request)
        except (ConnectionResetError, BrokenPipeError):
            self.close()
            if not kept:
                raise
        return self._exchange(request)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._read = None, b""

    def _exchange(self, request: bytes) -> Answer:
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_SECONDS)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            return self._answer()
        except OSError:
            self.close()
            raise

    def _answer(self) -> Answer:
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        headers: dict[str, str] = {}
        cookies: dict[str, str | None] = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "set-cookie":
                cookie, _, rest = value.strip().partition(";")
                key, _, content = cookie.partition("=")
                cookies[key] = None if "max-age=0" in rest.lower() else content
            else:
                headers[name.lower()] = value.strip()
        body = b"" if status in {204, 304} else self._body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, cookies, body)

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        chunks = []
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            chunks.append(self._exactly(size))
            self._exactly(2)
        self._until(b"\r\n")
        return b"".join(chunks)

    def _until(self, end: bytes) -> bytes:
        while (place := self._read.find(end)) < 0:
            self._more()
        found, self._read = self._read[:place], self._read[place + len(end) :]
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        found, self._read = self._read[:size], self._read[size:]
        return found

    def _more(self) -> None:
        assert self._socket is not None, "an answer is read from an open connection"
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionResetError("the server closed the connection")
        self._read += received


@dataclass
class Form:
    """A form as the page shows it: what it would post untouched, and which values each choice offers."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    """The forms of a page that post, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form" and told.get("method", "").lower() == "post":
            self._form = Form(told.get("action", ""))
            self.found.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and told.get("name"):
            self._input(self._form, told["name"], told)
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option" and self._select:
            value = told.get("value", "")
            self._form.offered.setdefault(self._select, []).append(value)
            if "selected" in told or self._select not in self._form.fields:
                self._form.fields[self._select] = value
        elif tag == "textarea":
            self._textarea = told["name"]
            self._form.fields[self._textarea] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.fields[self._textarea] += data

    @staticmethod
    def _input(form: Form, name: str, told: Mapping[str, str]) -> None:
        if told.get("type") in {"radio", "checkbox"}:
            form.offered.setdefault(name, []).append(told.get("value", "on"))
            if "checked" not in told:
                return
        form.fields[name] = told.get("value", "")


def forms(page: str) -> list[Form]:
    """Every form of a page that is sent by POST."""
    parser = _Forms()
    parser.feed(page)
    return parser.found


class Browser:
    """One person's browser: cookies by host, redirects followed, one connection a port."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}
        self._lines: dict[int, Line] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, url: str, *, follow: bool = True) -> Answer:
        return self._send("GET", url, b"", follow)

    def post(self, url: str, fields: Mapping[str, str], *, follow: bool = True) -> Answer:
        return self._send("POST", url, urlencode(fields).encode(), follow)

    def request(self, method: str, url: str, body: bytes = b"") -> bytes:
        """The bytes of a request with this browser's cookies, to be sent over any line."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
        cookies = self.cookies.get(parts.hostname or "")
        if cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def close(self) -> None:
        for line in self._lines.values():
            line.close()

    def _send(self, method: str, url: str, body: bytes, follow: bool) -> Answer:
        for _ in range(MOST_REDIRECTS):
            answer = self._once(method, url, body)
            if not (follow and answer.status in _REDIRECTS):
                return answer
            method, url, body = "GET", urljoin(url, answer.location), b""
        raise RuntimeError(f"more than {MOST_REDIRECTS} redirects, the last to {url}")

    def _once(self, method: str, url: str, body: bytes) -> Answer:
        parts = urlsplit(url)
        port, host = parts.port or 80, parts.hostname or ""
        line = self._lines.setdefault(port, Line(port))
        answer = line.send(self.request(method, url, body))
        jar = self.cookies.setdefault(host, {})
        for name, value in answer.cookies.items():
            jar.pop(name, None)
            if value is not None:
                jar[name] = value
        return Answer(answer.status, answer.headers, answer.cookies, answer.body, url)
