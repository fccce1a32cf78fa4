"""The gateway's addresses in OpenAPI. X-Road's services describe themselves (`getOpenAPI`)."""

from typing import Any, Final

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 60}
_OBJECT: Final = {"type": "object"}
_CONTENT: Final = {"type": "object", "required": ["content"], "properties": {"content": {"type": "object"}}}
_QUERY: Final = {"type": "object", "required": ["query"], "properties": {"query": _CONTENT}}
_WRITE: Final = {"type": "object", "required": ["write"], "properties": {"write": _CONTENT}}
_BOTH: Final = {
    "type": "object",
    "required": ["query", "write"],
    "properties": {"query": _CONTENT, "write": _CONTENT},
}
_DETAIL: Final = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
_REFUSED: Final = {
    "400": "not as described",
    "401": "unknown client",
    "403": "not registered for this",
    "404": "no such registry or record",
    "405": "no such method here",
    "413": "too large",
    "429": "too many requests",
    "503": "not just now",
}
_FIRST: Final = [
    {"name": "Information-Mediator-Client", "in": "header", "required": True, "schema": _TEXT},
    {"name": "Authorization", "in": "header", "required": True, "schema": _TEXT},
]


def _operation(
    summary: str, names: tuple[str, ...] = (), body: Any = None, gives: Any = None, at: tuple[str, ...] = ()
) -> dict[str, Any]:
    """An operation of the sandbox's API: names in its path, its body, what it gives, what may stand in its query."""
    parameters = [
        *_FIRST,
        *({"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names),
        *({"name": name, "in": "query", "required": False, "schema": _TEXT} for name in at),
    ]
    answers: dict[str, Any] = {
        status: {"description": text, "content": {"application/json": {"schema": _DETAIL}}}
        for status, text in _REFUSED.items()
    }
    found = {"application/json": {"schema": gives or {}}}
    answers |= (
        {"204": {"description": "done"}} if gives is False else {"200": {"description": summary, "content": found}}
    )
    described: dict[str, Any] = {"summary": summary, "parameters": parameters, "responses": answers}
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return described


_DATA, _IN = "/govstack/data/{registry}/{version}", ("registry", "version")
_RECORD: Final = {"type": "object", "required": ["content"], "properties": {"content": {"type": "object"}}}
_LIST: Final = {
    "type": "object",
    "required": ["count", "results"],
    "properties": {"count": {"type": "integer"}, "results": {"type": "array", "items": {"type": "object"}}},
}
_ANSWER: Final = {
    "type": "object",
    "required": ["answer"],
    "properties": {"answer": {"type": "object", "required": ["status"], "properties": {"status": {"type": "boolean"}}}},
}
_SEARCH: Final = ("search", "filter", "ordering", "page", "pageSize")
PATHS: Final[dict[str, Any]] = {
    _DATA: {"get": _operation("records that match, a page at a time", _IN, gives=_LIST, at=_SEARCH)},
    f"{_DATA}/create": {"post": _operation("the new record", _IN, _WRITE, _RECORD)},
    f"{_DATA}/exists": {"post": _operation("whether there is one", _IN, _QUERY, _ANSWER)},
    f"{_DATA}/read": {"post": _operation("the first record that matches", _IN, _QUERY, _RECORD)},
    f"{_DATA}/update": {"put": _operation("the record as it is now", _IN, _BOTH, _RECORD)},
    f"{_DATA}/updateEntries": {"put": _operation("how many were changed", _IN, _BOTH, _OBJECT)},
    f"{_DATA}/updateOrCreate": {"post": _operation("the record as it is now", _IN, _BOTH, _RECORD)},
    f"{_DATA}/{{id}}/delete": {"delete": _operation("deleted", (*_IN, "id"), gives=False)},
    f"{_DATA}/{{uuid}}/readValue/{{field}}.json": {
        "get": _operation("one value", (*_IN, "uuid", "field"), gives={"type": "object", "required": ["value"]})
    },
    "/govstack/data/myPersonalDataUsage": {
        "get": _operation("who read a person's records", gives={"type": "array"}, at=("userId", "databaseId"))
    },
    "/govstack/databases": {"get": _operation("the registries of this client", gives=_OBJECT)},
    "/govstack/database/modify": {"post": _operation("the schema as kept", body={"type": "object"}, gives=_OBJECT)},
    "/govstack/database/{id}": {
        "get": _operation("one registry", ("id",), gives=_OBJECT),
        "delete": _operation("dropped", ("id",), gives={"type": "string"}),
    },
}
