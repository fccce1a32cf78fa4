"""`/openapi.json`: what a node offers to machines, described from what it really answers (OpenAPI 3.1).

The two addresses of the exchange take signed envelopes; `x-services` lists what may stand in one: every service this
node answers, to whom it is granted, for which purpose and by which law, and the shape of its body where it has one.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from lienthong.exchange import statistics
from lienthong.exchange.envelopes import Header
from lienthong.exchange.node import Node
from lienthong.gateways import describing
from lienthong.kit.web.access import public
from lienthong.registers import changing, reading, reads

# Bodies whose shape is declared; other services say theirs in their own words (docs/glossary.md).
BODIES: Final[Mapping[str, type[msgspec.Struct]]] = {
    changing.SERVICE: changing.Asked,
    reading.SERVICE: reading.Question,
    reads.SERVICE: reads.Question,
    statistics.SERVICE: statistics.Question,
}
_REFUSED: Final = {
    "400": "malformed: no envelope, or no batch of them",
    "403": "refused: the code says why",
    "404": "no such service here",
    "405": "only POST",
    "409": "sent before, with other content",
    "413": "too large",
    "429": "too often; Retry-After says when again",
    "503": "not just now",
}
_ENVELOPE: Final = {
    "type": "object",
    "required": ["header", "body", "signature"],
    "additionalProperties": False,
    "properties": {
        "header": {"$ref": "#/components/schemas/Header"},
        "body": {"type": "object"},
        "signature": {"type": "string", "description": "over the header's bytes as they travel, base64url"},
    },
}
_BATCH: Final = {
    "type": "object",
    "required": ["envelopes"],
    "additionalProperties": False,
    "properties": {"envelopes": {"type": "array", "items": {"$ref": "#/components/schemas/Envelope"}}},
}
_REPLY: Final = {
    "type": "object",
    "required": ["receipts"],
    "properties": {
        "receipts": {
            "type": "array",
            "items": {"anyOf": [{"$ref": "#/components/schemas/Envelope"}, {"type": "null"}]},
        }
    },
}
_REFUSAL: Final = {
    "type": "object",
    "properties": {"code": {"type": "string"}, "reason": {"type": "string"}},
}


@require_safe
@public("what machines may call is no secret; calling it needs a right")
def document(request: HttpRequest) -> HttpResponse:
    """The description of this node."""
    body = msgspec.json.encode(described(request.node))  # type: ignore[attr-defined]
    return HttpResponse(body, content_type="application/json")


def described(node: Node) -> dict[str, Any]:
    """A node's description, as plain values."""
    _, components = msgspec.json.schema_components(
        [Header, *BODIES.values()], ref_template="#/components/schemas/{name}"
    )
    card = node.catalogue.card
    named = {"Envelope": _ENVELOPE, "Batch": _BATCH, "Reply": _REPLY, "Refusal": _REFUSAL}
    paths = {
        "/health": {"get": {"summary": "whether the node answers", "responses": {"200": {"description": "it does"}}}},
        "/exchange/ask": {"post": _posted("An answer now, changing nothing", "Envelope", "Envelope", node)},
        "/exchange/send": {"post": _posted("Messages to take in, each once in effect", "Batch", "Reply", node)},
    }
    if "gateway" in card.faces:
        paths |= describing.PATHS
    return {
        "openapi": "3.1.0",
        "info": {"title": card.name.en, "description": card.name.vi, "version": "1"},
        "paths": paths,
        "components": {"schemas": components | named},
    }


def _posted(summary: str, takes: str, gives: str, node: Node) -> dict[str, Any]:
    services = node.answerers if takes == "Envelope" else node.handlers
    refused = {status: _answer(text, "Refusal") for status, text in _REFUSED.items()}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _json(takes)},
        "responses": {"200": _answer("signed by this node", gives), **refused},
        "x-services": [_service(node, name) for name in sorted(services)],
    }


def _service(node: Node, name: str) -> dict[str, Any]:
    granted = [r for r in node.catalogue.rights if r.service == name and r.grantor in (node.name, "*")]
    told: dict[str, Any] = {
        "service": name,
        "granted": [
            {"to": r.grantee, "purpose": r.purpose, "register": r.register, "fields": r.fields, "law": r.legal_basis}
            for r in granted
        ],
    }
    if name in BODIES:
        told["body"] = {"$ref": f"#/components/schemas/{BODIES[name].__name__}"}
    return told


def _answer(text: str, schema: str) -> dict[str, Any]:
    return {"description": text, "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
