"""What stands outside in these tests: callers of the gateway in each language."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from lienthong.casework.tests.country import CATALOGUE, DI_LINH, Country, in_node
from lienthong.config.wiring import GATEWAY_SETTLERS, SETTLERS
from lienthong.gateways import door, tables
from lienthong.gateways.calls import Gate
from lienthong.gateways.population import signature
from lienthong.gateways.registered import Registered

MOTHER, FATHER = "068195000001", "068092000001"
NAME, BORN = "KA WẼN", "19950402"
ONE_STOP, BANK, HOSPITAL, SUITE = "dak-nong-one-stop", "highland-bank", "hoa-vang-hospital", "govstack-suite"
SECRETS = {ONE_STOP: "s1", BANK: "s2", HOSPITAL: "s3", SUITE: "s4"}
MEDIATED = "eGovStack/GOV/90000009/digitalregistries"
LOOK_UP = "/dancu/TraCuuThongTinCongDan"
MEMBERS = {BANK: "VN-TEST/COM/Z01/accounts", HOSPITAL: "VN-TEST/GOV/G18/hoa-vang"}
OURS = "/r1/VN-TEST/GOV/G01/lienthong"


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Gateway:
    """The gateway's application over real nodes, and calls to it."""

    def __init__(self, node_database: Callable[[str], Any], run: Path, *more: str) -> None:
        self.country = Country(node_database, run, ("G01", "G15", "gate", *more))
        self.node = self.country.nodes["gate"]
        self.node.settlers = SETTLERS | GATEWAY_SETTLERS
        shared = {"ethnicity": "16", "nationality": "VN", "hometown": DI_LINH, "birth_unit": DI_LINH}
        for number, name, born, gender, spouse in (
            (MOTHER, "Ka Wẽn", "1995-04-02", "female", FATHER), (FATHER, "K’ Brèo", "1992-09-17", "male", MOTHER),
        ):  # fmt: skip
            row = {"number": number, "full_name": name, "birth_date": born, "gender": gender, "spouse": spouse}
            self.country.enter("G01", "persons", **row, **shared)
        self.systems = Registered(dict(SECRETS))
        self.tables = tables.load(CATALOGUE)
        self._application = door.door(Gate(self.node, self.systems), self.tables, self._pages)
        self._stamp = int(time.time() * 1000)

    @staticmethod
    def _pages(_environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("418 Pages", [])
        return [b"pages"]

    def fresh(self) -> None:
        """Nobody has called in this minute, and every owner answers."""
        self.systems._minutes.clear()
        self.country.silent.clear()

    def call(self, method: str, path: str, body: bytes = b"", query: str = "", **headers: str) -> Answered:
        """One request as a server would hand it on."""
        told: list[Any] = []
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": path.encode().decode("latin-1"), "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
        }  # fmt: skip
        for name, value in headers.items():
            environ["CONTENT_TYPE" if name == "content_type" else f"HTTP_{name.upper()}"] = value
        answer = b"".join(self._application(environ, lambda status, heads: told.extend([status, heads])))
        return Answered(int(told[0].split()[0]), dict(told[1]), answer)

    def stamp(self) -> str:
        """A moment no call had before."""
        self._stamp += 1
        return str(self._stamp)

    def signed(self, user: str = ONE_STOP, secret: str = "", stamp: str = "", path: str = LOOK_UP) -> dict[str, str]:
        stamp = stamp or self.stamp()
        pair = f"{user}:{signature(path, user, stamp, secret or SECRETS.get(user, ''))}"
        return {"timestamp": stamp, "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def look_up(self, user: str = ONE_STOP, headers: dict[str, str] | None = None, **changes: Any) -> Answered:
        """The population look-up in JSON."""
        body = json.dumps(asked(**changes)).encode()
        headers = self.signed(user) if headers is None else headers
        return self.call("POST", LOOK_UP, body, content_type="application/json", **headers)

    def x_road(self, method: str, rest: str, body: Any = None, user: str = BANK, **headers: str) -> Answered:
        """A member's system calls a service of ours."""
        path, _, query = rest.partition("?")
        pair = base64.b64encode(f"{user}:{SECRETS.get(user, '')}".encode()).decode()
        told = {"x_road_client": MEMBERS[user], "authorization": f"Basic {pair}"} | headers
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call(method, path, content, query, **{name: value for name, value in told.items() if value})

    def govstack(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Answered:
        """GovStack's test suite, or a system like it, calls the registries' API."""
        told = {
            "information_mediator_client": "eGovStack/GOV/90000009/digitalregistries",
            "authorization": SECRETS[SUITE],
        }
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call(method, f"/govstack{path}", content, query, content_type="application/json", **told | headers)

    def rows(self, node: str, sql: str, *values: Any) -> list[Any]:
        return list(in_node(self.country.nodes[node], lambda tx: tx.all(sql, values)))


def asked(**changes: Any) -> dict[str, Any]:
    """A look-up as an earlier one-stop program asks it."""
    whole = {
        "MaYeuCau": "R-1", "MaDVC": "VPCP", "MaTichHop": "037", "MaCanBo": "067085000001", "MaDonVi": "H36.67.01",
        "TaiKhoan": "canbo", "SoDienThoai": "0", "SoDinhDanh": MOTHER, "HoVaTen": NAME, "NgayThangNamSinh": BORN,
    }  # fmt: skip
    return {name: value for name, value in (whole | changes).items() if value is not None}
