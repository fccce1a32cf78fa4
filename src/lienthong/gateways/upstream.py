"""A population database that is not ours, asked in the national look-up's shape: `register.read` of persons is then
served from there.

That look-up opens nobody by a number alone: an item without name and date of birth beside it (`match`) cannot be asked
there, and is refused rather than answered wrongly.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from lienthong.exchange.envelopes import Header, Refused
from lienthong.exchange.node import Node
from lienthong.gateways import moments, population_shapes, writing
from lienthong.gateways.lines import Line, Silent
from lienthong.gateways.population import signature
from lienthong.gateways.population_shapes import LookUp
from lienthong.gateways.tables import Population
from lienthong.gateways.xml_reading import BadXml
from lienthong.kit.identifiers import new_id

_PLAIN = re.compile(r"[^0-9A-Za-z._-]")


class Upstream:
    """`address` is https://user:secret@host/path?MaDVC=…&MaDonVi=…: where, as whom, and what to call ourselves."""

    def __init__(self, table: Population, address: str) -> None:
        self._table, self._line = table, Line(address)
        words = parse_qs(self._line.words)
        self._service, self._unit = (words.get(name, [""])[0] for name in ("MaDVC", "MaDonVi"))
        if not (self._service and self._unit):
            raise ValueError("MaDVC and MaDonVi are missing")

    def find(self, node: Node, header: Header, by: str, value: str, match: Mapping[str, str]) -> list[dict[str, Any]]:
        """Rows of `persons`, as `records.find` gives them. Raises Refused: silent-source, needs-match."""
        name, birth = match.get("full_name", ""), match.get("birth_date", "")
        if by != "number" or not (name and birth):
            raise Refused("needs-match", "this source opens a person by number, name and date of birth only")
        marks = {"MaYeuCau": new_id(), "MaDVC": self._service, "MaCanBo": _plain(header.officer.split(" ")[0] or "-"),
                 "MaDonVi": self._unit}  # fmt: skip
        look_up = LookUp(marks, value, name.upper(), birth.replace("-", ""))
        row = self._ask(node, look_up)
        return [] if row is None or row.get("number") != value else [row]

    def _ask(self, node: Node, look_up: LookUp) -> dict[str, Any] | None:
        body = population_shapes.request(self._table, look_up)
        try:
            response = self._line.call("POST", "", self._headers(), body)
            if response.status != 200:
                raise Silent(f"status {response.status}")
            elements = population_shapes.heard(self._table, response.body)
            if elements is None:
                return None
            declared = node.catalogue.registers["persons"]
            return dict.fromkeys(declared.fields) | writing.heard(self._table.answer, elements)
        except (Silent, BadXml, ValueError) as error:  # none of them says whom it was about
            raise Refused("silent-source", f"the source did not answer: {type(error).__name__}") from None

    def _headers(self) -> dict[str, str]:
        line, stamp = self._line, moments.stamp()
        pair = f"{line.user}:{signature(line.address, line.user, stamp, line.secret)}"
        return {
            "Timestamp": stamp,
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": '""',
        }


def _plain(text: str) -> str:
    return _PLAIN.sub("-", text)[:64]
