"""An outside population database for trials: it speaks the national look-up's shape and nothing else, to one user.

    python -m lienthong.demo.population_office --port 9700 --user node --secret S people.json

people.json is a list of {"SoDinhDanh", "HoVaTen", "NgayThangNam", …}: elements of an answer by name, as it gives them.
It was written from the observed shape, not from our reader of it, so that the two can disagree.
"""

import argparse
import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from xml.sax.saxutils import escape

HOST = "127.0.0.1"
PATH = "/dancu/TraCuuThongTinCongDan"
_ASKED = re.compile(r"<(?:\w+:)?(\w+)>([^<]*)</(?:\w+:)?\1>")
_NEEDED = ("MaYeuCau", "MaDVC", "MaCanBo", "MaDonVi", "SoDinhDanh", "HoVaTen")
_ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header/><soapenv:Body>'
    '<ns1:CongdanCollection xmlns:ns1="http://www.mic.gov.vn/dancu/1.0">{}</ns1:CongdanCollection>'
    "</soapenv:Body></soapenv:Envelope>"
)


class PopulationOffice:
    """`people` by number; `asked` is what was asked for, element by element. `behaves` makes it fail: "" or a word of
    silent, broken, rubbish, somebody-else."""

    def __init__(self, people: Sequence[Mapping[str, str]], user: str, secret: str, port: int = 0) -> None:
        self.people = {person["SoDinhDanh"]: dict(person) for person in people}
        self.user, self.secret, self.behaves = user, secret, ""
        self.asked: list[dict[str, str]] = []
        office = self

        class Desk(_Desk):
            house = office

        self._server = ThreadingHTTPServer((HOST, port), Desk)
        self._server.daemon_threads = True
        self.address = f"http://{HOST}:{self._server.server_port}{PATH}"

    def open(self) -> "PopulationOffice":
        threading.Thread(target=self.serve, name="population-office", daemon=True).start()
        return self

    def serve(self) -> None:
        self._server.serve_forever(0.02)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, headers: Mapping[str, str], body: str) -> tuple[int, str]:
        """Status and body of one request."""
        if not self._proven(headers):
            return 401, "<error>AUTHEN_ERROR</error>"
        asked = dict(_ASKED.findall(body))
        if "TraCuuThongTinCongDan" not in body or any(not asked.get(name) for name in _NEEDED):
            return 400, "<error>DATA_INCORRECT</error>"
        self.asked.append(asked)
        if self.behaves == "broken":
            return 500, "<error>out of order</error>"
        if self.behaves == "rubbish":
            return 200, "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"
        person = self.people.get(asked["SoDinhDanh"])
        if self.behaves == "somebody-else":
            person = next((other for number, other in self.people.items() if number != asked["SoDinhDanh"]), None)
        elif person is None or not _same(person, asked):
            return 200, _ANSWER.format("")
        return 200, _ANSWER.format(_written(person or {}))

    def _proven(self, headers: Mapping[str, str]) -> bool:
        stamp = headers.get("Timestamp", "")
        if not stamp.isdigit() or abs(time.time() * 1000 - int(stamp)) > 120_000:
            return False
        made = hashlib.sha256(f"{self.address}{self.user}{stamp}{self.secret}".encode()).hexdigest()
        expected = base64.b64encode(f"{self.user}:{made}".encode()).decode()
        return headers.get("Authorization") == f"Basic {expected}"


def _same(person: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    born = person["NgayThangNam"]
    return asked["HoVaTen"] == person["HoVaTen"] and (asked.get("NgayThangNam") == born or asked.get("Nam") == born[:4])


def _written(person: Mapping[str, str]) -> str:
    plain = {name: escape(text) for name, text in person.items()}
    born, name = plain.pop("NgayThangNam"), plain.pop("HoVaTen")
    own = {name: text for name, text in plain.items() if "/" not in name}
    inner = "".join(f"<ns1:{name}>{text}</ns1:{name}>" for name, text in own.items())
    inner += f"<ns1:HoVaTen><ns1:Ho/><ns1:ChuDem/><ns1:Ten>{name}</ns1:Ten></ns1:HoVaTen>"
    inner += f"<ns1:NgayThangNamSinh><ns1:Nam>{born[:4]}</ns1:Nam><ns1:NgayThangNam>{born}</ns1:NgayThangNam>"
    inner += "</ns1:NgayThangNamSinh>"
    for path, text in plain.items():
        if "/" in path:
            outer, last = path.split("/")
            inner += f"<ns1:{outer}><ns1:{last}>{text}</ns1:{last}></ns1:{outer}>"
    return f"<ns1:CongDan>{inner}</ns1:CongDan>"


class _Desk(BaseHTTPRequestHandler):
    house: ClassVar[PopulationOffice]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        if self.house.behaves == "silent":
            time.sleep(3)
        status, answer = self.house.answer(dict(self.headers), body) if self.path == PATH else (404, "")
        content = answer.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True  # the caller has gone

    def log_message(self, *_: object) -> None:
        """People are in the requests: nothing is printed."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="population_office", description=__doc__)
    parser.add_argument("people")
    parser.add_argument("--port", type=int, default=9700)
    parser.add_argument("--user", default="node")
    parser.add_argument("--secret", required=True)
    told = parser.parse_args()
    PopulationOffice(json.loads(Path(told.people).read_text("utf-8")), told.user, told.secret, told.port).serve()


if __name__ == "__main__":
    main()
