"""X-Road's own services about services: listMethods, allowedMethods, getOpenAPI (PR-MREST)."""

from typing import Any

from lienthong.catalogue.outside import OutsideSystem
from lienthong.exchange.node import Node
from lienthong.gateways.calls import Problem
from lienthong.gateways.tables import Endpoint, Provided, XRoad
from lienthong.gateways.xroad_services import BRACED

SERVICES = ("listMethods", "allowedMethods", "getOpenAPI")


def answer(table: XRoad, node: Node, code: str, query: dict[str, str], system: OutsideSystem) -> Any:
    """Raises Problem: malformed, unknown-operation."""
    if code == "getOpenAPI":
        return _described(table, node, query)
    shown = {
        name: provided
        for name, provided in table.provides.items()
        if code == "listMethods" or provided.open or name in system.purposes
    }
    return {"service": [_listed(table, name, provided) for name, provided in shown.items()]}


def _listed(table: XRoad, name: str, provided: Provided) -> dict[str, Any]:
    instance, member_class, member, subsystem = table.subsystem.split("/")
    return {
        "object_type": "SERVICE",
        "service_type": "OPENAPI",
        "xroad_instance": instance,
        "member_class": member_class,
        "member_code": member,
        "subsystem_code": subsystem,
        "service_code": name,
        "endpoint_list": [{"method": e.method, "path": BRACED.sub("*", e.path)} for e in provided.endpoints],
    }


def _described(table: XRoad, node: Node, query: dict[str, str]) -> dict[str, Any]:
    name = query.get("serviceCode", "")
    if not name:
        raise Problem("malformed", "serviceCode is missing")
    if name not in table.provides:
        raise Problem("unknown-operation")
    provided = table.provides[name]
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in provided.endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(node, endpoint)
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "description": provided.summary, "version": "1"},
        "servers": [{"url": f"/r1/{table.subsystem}/{name}"}],
        "paths": paths,
    }


def _operation(node: Node, endpoint: Endpoint) -> dict[str, Any]:
    words = {"200": "found", "404": "nothing of whom or which all of this is true", "429": "too many requests"}
    answers: dict[str, Any] = {status: {"description": text} for status, text in words.items()}
    answers["200"]["content"] = {"application/json": {"schema": {"type": "object"}}}
    operation: dict[str, Any] = {"summary": endpoint.summary, "responses": answers}
    if names := BRACED.findall(endpoint.path):
        text = {"type": "string", "maxLength": 64}
        operation["parameters"] = [{"name": n, "in": "path", "required": True, "schema": text} for n in names]
    if endpoint.body:
        fields = {name: {"type": "string", "title": node.catalogue.terms[t].en} for name, t in endpoint.body.items()}
        schema = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        answers["400"] = {"description": "the body is not as described"}
    return operation
