"""One node's whole application, every address tried without signing in; prints what came back as JSON.

Run by `test_urls` as a process of its own, with a node's environment: settings are read once a process.
"""

import json
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

from lienthong.config.wsgi import application

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "TRACE")
# what stands in an address where a view takes an argument; the service is a real one
SAMPLES = {"sector": "interlinked", "name": "birth-residence-card", "uuid": "00000000-0000-4000-8000-000000000000"}
BESIDE_DJANGO = ("static/web/lienthong.css", "static/web/nothing.css", "exchange/send", "exchange/ask", "nowhere")


def main() -> None:
    from django.conf import settings
    from django.urls import get_resolver

    from lienthong.kit.web.access import access_of

    host = str(settings.ALLOWED_HOSTS[0])
    told = []
    for pattern in get_resolver().url_patterns:
        route = str(pattern.pattern)
        access = access_of(pattern.callback)
        rule = None if access is None else access.rule
        told.append({"route": route, "rule": rule, "why": access.why if access else "", "answers": tried(host, route)})
    beside = [{"route": route, "rule": "beside", "why": "", "answers": tried(host, route)} for route in BESIDE_DJANGO]
    json.dump(told + beside, sys.stdout)


def tried(host: str, route: str) -> dict[str, Any]:
    path = "/" + "".join(_filled(route))
    return {method: call(host, method, path) for method in METHODS}


def _filled(route: str) -> Iterator[str]:
    for text in re.split(r"(<[^>]+>)", route):
        if text.startswith("<"):
            kind, _, name = text.strip("<>").rpartition(":")
            yield SAMPLES.get(name) or SAMPLES.get(kind) or "1"
        else:
            yield text


def call(host: str, method: str, path: str) -> dict[str, Any]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    body = b"a=1" if method == "POST" else b""
    environ |= {
        "REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": host, "SERVER_NAME": host,
        "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body), "HTTP_X_ECHO": "echo-me",
    }  # fmt: skip
    got: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], _problem: Any = None) -> None:
        got.update(status=int(status[:3]), headers={name.lower(): value for name, value in headers})

    answer = application(environ, start)
    text = b"".join(answer).decode("utf-8", "replace")
    if hasattr(answer, "close"):
        answer.close()
    return {**got, "echoes": "echo-me" in text, "begins": text[:200]}


if __name__ == "__main__":
    main()
