"""What our X-Road services do: endpoints of the table, each one deed."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from lienthong.catalogue.forms import problem_of
from lienthong.exchange.node import Node
from lienthong.gateways import callers, persons
from lienthong.gateways.callers import Caller
from lienthong.gateways.calls import Call, Problem
from lienthong.gateways.tables import Endpoint, Provided
from lienthong.kit import clock
from lienthong.territory.units import Unit

BRACED = re.compile(r"\{(\w+)\}")


def pattern(path: str) -> re.Pattern[str]:
    """A path of the table as an expression: `/v1/units/{code}`."""
    return re.compile(BRACED.sub(r"(?P<\1>[^/]{1,64})", path))


def answer(provided: Provided, node: Node, caller: Caller, call: Call, path: str, message: str) -> tuple[int, Any]:
    """The service's own status and body. Raises Problem: not-found, wrong-method, refused, silent."""
    here = [(one, found) for one in provided.endpoints if (found := pattern(one.path).fullmatch(path))]
    if not here:
        raise Problem("not-found")
    chosen = next(((one, found) for one, found in here if one.method == call.method), None)
    if chosen is None:
        raise Problem("wrong-method")
    endpoint, match = chosen
    given = match.groupdict() | (_body(node, endpoint, call) if endpoint.body else {})
    callers.note(node, caller, f"{endpoint.method} {endpoint.path}")
    return DEEDS[endpoint.does](node, caller, given)


def _body(node: Node, endpoint: Endpoint, call: Call) -> dict[str, str]:
    """The JSON body, each field as its term allows; nothing beside. Raises Problem (refused)."""
    try:
        found = msgspec.json.decode(call.body, type=dict[str, str])
    except (ValueError, RecursionError) as error:
        raise Problem("refused", "the body is an object of texts") from error
    if set(found) != set(endpoint.body):
        raise Problem("refused", f"the body holds {', '.join(endpoint.body)}")
    for name, term in endpoint.body.items():
        if not found[name] or problem_of(node.catalogue.terms[term], found[name], clock.today()):
            raise Problem("refused", f"{name} is not as described")
    return found


def _person(node: Node, caller: Caller, given: dict[str, str]) -> tuple[int, Any]:
    row = persons.find(node, caller, given["number"], given["full_name"], given["birth_date"])
    if row is None:
        raise Problem("not-found", "nobody of whom all of this is true")
    return 200, row


def _units(node: Node, _caller: Caller, _given: dict[str, str]) -> tuple[int, Any]:
    return 200, {"units": [_shown(unit) for unit in node.territory.units(clock.today())]}


def _unit(node: Node, _caller: Caller, given: dict[str, str]) -> tuple[int, Any]:
    try:
        return 200, _shown(node.territory.unit(given["code"], clock.today()))
    except KeyError:
        raise Problem("not-found", "no unit has this code today") from None


def _shown(unit: Unit) -> dict[str, str]:
    return {"code": unit.code, "name": unit.title, "kind": unit.kind, "province": unit.province}


DEEDS: dict[str, Callable[[Node, Caller, dict[str, str]], tuple[int, Any]]] = {
    "person": _person,
    "units": _units,
    "unit": _unit,
}
