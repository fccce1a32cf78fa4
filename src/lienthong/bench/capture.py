"""The SQL of one submission, statement by statement, as the portal's own web application sends it.

Run as a process with the environment of the portal's web process: `python -m lienthong.bench.capture`. Standard input
holds JSON `[request, …]`, each `{"path", "cookie", "body"}`; standard output gets, for the last of them,
`{"location", "statements": […]}` with every value written out, `BEGIN` and `COMMIT` around those of one transaction.
"""

import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import psycopg

from lienthong.kit.storage import Database


def main() -> None:
    requests = json.load(sys.stdin)
    recorded: list[str] = []
    _record(recorded)
    from lienthong.config.wsgi import application  # noqa: PLC0415 — reads this process\'s settings

    location = ""
    for request in requests:
        recorded.clear()
        location = _send(application, request)
    json.dump({"location": location, "statements": recorded}, sys.stdout)


def _send(application: Any, request: Mapping[str, str]) -> str:
    """One POST through the whole application; where it leads."""
    body = request["body"].encode()
    answered: dict[str, str] = {}
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": request["path"], "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": request["cookie"], "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }  # fmt: skip

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        answered.update({name.lower(): value for name, value in headers}, status=status)

    b"".join(application(environ, start))
    if not answered["status"].startswith("30"):
        raise SystemExit(f"the request was answered {answered['status']}")
    return answered["location"]


def _record(recorded: list[str]) -> None:
    """Write down every statement from now on."""
    execute, transaction = psycopg.Connection.execute, Database.transaction

    def executing(self: Any, query: str, params: Any = None, **more: Any) -> Any:
        recorded.append(written_out(query, params))
        return execute(self, query, params, **more)

    @contextmanager
    def transacting(self: Database, within: float | None = None) -> Iterator[Any]:
        recorded.append("BEGIN")
        with transaction(self, within) as tx:
            yield tx
        recorded.append("COMMIT")

    psycopg.Connection.execute = executing  # type: ignore[method-assign, assignment]
    Database.transaction = transacting  # type: ignore[method-assign]


def written_out(query: str, params: Any) -> str:
    """The statement with its values as literals, in which no colon can be taken for a variable of pgbench."""
    if params is None:
        return query
    values = iter(params) if not isinstance(params, Mapping) else None

    def value(place: "re.Match[str]") -> str:
        if place[0] == "%%":
            return "%"
        return _literal(params[place[1]] if values is None else next(values))

    return " ".join(re.sub(r"%%|%s|%\((\w+)\)s", value, query).split())


def _literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int() | float():
            return str(value)
        case bytes():
            return rf"E'\\x{value.hex()}'::bytea"
        case datetime():
            return f"{_literal(value.isoformat())}::timestamptz"
        case date():
            return f"{_literal(value.isoformat())}::date"
        case [] | ():
            return "'{}'"
        case list() | tuple():
            return f"ARRAY[{', '.join(map(_literal, value))}]"
    text = str(value).replace("\\", "\\\\").replace("'", "''").replace(":", r"\x3a").replace("\n", r"\n")
    return "E'" + text.replace("  ", r" \x20") + "'"


if __name__ == "__main__":
    main()
