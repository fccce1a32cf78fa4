"""The gateway's door: which outside language a path belongs to; everything else goes on to the pages.

A new language is a module with a `Language`, listed in `languages`.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from lienthong.gateways import govstack, national, population, synchronising, xroad
from lienthong.gateways.calls import LARGEST, Call, Gate, Language, Problem, Reply
from lienthong.gateways.tables import Tables

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
_PHRASES = {200: "OK", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
            404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large", 422: "Unprocessable Content",
            429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}  # fmt: skip
_log = logging.getLogger(__name__)


def languages(tables: Tables) -> tuple[Language, ...]:
    return (
        population.language(tables.population),
        national.language(tables.national),
        synchronising.language(tables.national),
        xroad.language(tables.xroad),
        govstack.language(),
    )


def door(gate: Gate, tables: Tables, pages: Application) -> Application:
    """The application of a node with the face `gateway`."""
    spoken = languages(tables)

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1", "replace").decode("utf-8", "replace")
        language = next((one for one in spoken if _speaks(one, path)), None)
        if language is None:
            return pages(environ, start_response)
        reply = _reply(Gate(gate.node.at_hand(), gate.systems), language, path, environ)
        headers = {"Content-Type": reply.kind, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        headers |= {**reply.headers, "Content-Length": str(len(reply.body))}
        start_response(f"{reply.status} {_PHRASES[reply.status]}", list(headers.items()))
        return [reply.body]

    return application


def _speaks(language: Language, path: str) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in language.prefixes)


def _reply(gate: Gate, language: Language, path: str, environ: Environ) -> Reply:
    headers = {name[5:].replace("_", "-").lower(): str(v) for name, v in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or headers.get("content-type", ""))
    call = Call(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, b"")
    try:
        call = Call(call.method, path, call.query, headers, _body(environ))
        return language.answer(gate, call)
    except Problem as problem:
        return _refusal(language, call, problem)
    except Exception as error:  # its text may hold what was sent: only its kind is logged
        _log.error("a call in %s could not be handled: %s", language.name, type(error).__name__)
        return _refusal(language, call, Problem("broken", after=5))


def _refusal(language: Language, call: Call, problem: Problem) -> Reply:
    reply = language.refusal(call, problem)
    more = {"Retry-After": str(problem.after)} if problem.after else {}
    if problem.kind == "too-many":
        more |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(problem.after)}
    return Reply(reply.status, reply.body, reply.kind, {**reply.headers, **more})


def _body(environ: Environ) -> bytes:
    """The body. Raises Problem (too-large, malformed) before it is read."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise Problem("malformed", "no length") from error
    if not 0 <= length <= LARGEST:
        raise Problem("too-large", f"at most {LARGEST} bytes")
    body: bytes = environ["wsgi.input"].read(length)
    return body
