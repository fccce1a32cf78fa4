"""GovStack's Digital Registries (data and database API, 1.3.0) over sandbox registries, at `/govstack`.

Where GovStack's test suite and its OpenAPI files write an address differently (`update-entries`, `updateEntries`), both
are answered. A system proves itself by its Information-Mediator-Client and its secret in `Authorization`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

import msgspec
from psycopg.errors import DataError

from lienthong.gateways import callers, registered, sandbox
from lienthong.gateways.calls import Call, Gate, Kind, Language, Problem, Reply
from lienthong.gateways.sandbox import Content, Record, Registry, Search
from lienthong.kit import clock
from lienthong.kit.storage import Tx

NAME, PREFIX = "govstack", "/govstack"
LARGEST_PAGE, MOST_AT_ONCE = 100, 100
_STATUS: Final[dict[Kind, tuple[int, str]]] = {
    "malformed": (400, "not a request of this API"),
    "refused": (400, "not as described"),
    "unknown-caller": (401, "unknown client"),
    "wrong-purpose": (403, "not registered for this"),
    "unknown-operation": (404, "no such address"),
    "not-found": (404, "no record found"),
    "wrong-method": (405, "no such method here"),
    "too-large": (413, "too large"),
    "too-many": (429, "too many requests"),
    "silent": (503, "not just now"),
}
_CODE, _ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}"), re.compile(r"[0-9A-Za-z/_-]{1,64}")


@dataclass(frozen=True)
class Asked:
    """One call whose sender is known: the transaction it is answered in, what the address and the body say."""

    tx: Tx
    system: str
    call: Call
    address: dict[str, str]

    @property
    def registry(self) -> Registry:
        return sandbox.registry(self.tx, self.system, self.address["registry"], self.address["version"])

    @property
    def query(self) -> dict[str, str]:
        try:
            return dict(parse_qsl(self.call.query, keep_blank_values=True, max_num_fields=40))
        except ValueError as error:
            raise Problem("malformed", "too many query parameters") from error

    def body(self) -> Content:
        try:
            return msgspec.json.decode(self.call.body, type=Content)
        except (ValueError, RecursionError) as error:
            raise Problem("malformed", "not a JSON object") from error

    def content(self, part: str) -> Content:
        """`{part: {"content": {…}}}` of the body."""
        match self.body().get(part):
            case {"content": dict(content)} if content:
                return content
        raise Problem("malformed", f"{part}.content is missing")


Answer = tuple[int, Any]


def language() -> Language:
    return Language(NAME, (PREFIX,), answer, refusal)


def refusal(call: Call, problem: Problem) -> Reply:
    status, words = _STATUS.get(problem.kind, (500, "could not be handled"))
    return Reply(status, msgspec.json.encode({"detail": problem.text or words}), "application/json")


def answer(gate: Gate, call: Call) -> Reply:
    system, quota = _admitted(gate, call)
    operation, address = _route(call)
    try:
        with gate.node.database.transaction() as tx:
            status, body = operation(Asked(tx, system, call, address))
    except DataError as error:
        raise Problem("refused", "a value that cannot be kept") from error
    content = b"" if status == 204 else msgspec.json.encode(body)
    return Reply(status, content, "application/json", quota.headers)


def _admitted(gate: Gate, call: Call) -> tuple[str, registered.Quota]:
    system = registered.member(gate.node.catalogue.outside, call.header("Information-Mediator-Client"))
    secret = call.header("Authorization").removeprefix("Bearer ").strip()
    if not system or not gate.systems.knows(system, secret):
        raise Problem("unknown-caller")
    return system, callers.admit(gate, system, NAME)[1]


def _route(call: Call) -> tuple[Callable[[Asked], Answer], dict[str, str]]:
    path, known = call.path.removeprefix(PREFIX), False
    for method, pattern, operation in _ROUTES:
        if found := re.fullmatch(pattern, path):
            known = True
            if method == call.method:
                return operation, found.groupdict()
    raise Problem("wrong-method" if known else "unknown-operation")


# ---------------------------------------------------------------------- data


def _list(asked: Asked) -> Answer:
    registry, query = asked.registry, asked.query
    field, page, size = query.get("filter", ""), _number(query, "page", 1, 10**6), _number(query, "pageSize", 100, 100)
    for name in [field, *(key[6:] for key in query if key.startswith("query."))]:
        if name and name not in registry.schema.properties:
            raise Problem("refused", "no such field")
    content = {key[6:]: value for key, value in query.items() if key.startswith("query.")}
    descending = query.get("ordering", "").lower().startswith("desc")
    wanted = Search(content, query.get("search", ""), field, descending, page, min(size, LARGEST_PAGE))
    count, found = sandbox.search(asked.tx, registry, wanted)
    _log(asked, registry, found)
    body: Content = {"count": count, "results": [_shown(one) for one in found]}
    if page * wanted.size < count:
        body["next"] = _page(asked, query, page + 1)
    if page > 1:
        body["previous"] = _page(asked, query, page - 1)
    return 200, body


def _create(asked: Asked) -> Answer:
    registry, content = asked.registry, asked.content("write")
    made = sandbox.create(asked.tx, registry, content, asked.system, clock.now())
    return 200, {"content": _shown(made)}


def _exists(asked: Asked) -> Answer:
    registry = asked.registry
    found = sandbox.matching(asked.tx, registry, asked.content("query"))
    _log(asked, registry, found)
    message = "Object found from database" if found else "Object not found from database"
    return 200, {"answer": {"status": bool(found), "message": message}}


def _read(asked: Asked) -> Answer:
    registry = asked.registry
    found = _found(asked, registry, 1)
    _log(asked, registry, found)
    return 200, {"content": _shown(found[0])}


def _read_value(asked: Asked) -> Answer:
    registry, field = asked.registry, asked.address["field"]
    found = sandbox.one(asked.tx, registry, UUID(asked.address["uuid"]))
    if field not in found.content:
        raise Problem("not-found", "no such field")
    _log(asked, registry, [Record(found.uuid, found.key, {field: found.content[field]}, found.version, found.chain)])
    return 200, {"value": found.content[field]}


def _update(asked: Asked) -> Answer:
    registry, content = asked.registry, asked.content("write")
    made = sandbox.amend(asked.tx, registry, _found(asked, registry, 1)[0], content, asked.system, clock.now())
    return 200, {"content": _shown(made)}


def _update_entries(asked: Asked) -> Answer:
    registry, content = asked.registry, asked.content("write")
    found = _found(asked, registry, MOST_AT_ONCE + 1)
    if len(found) > MOST_AT_ONCE:
        raise Problem("refused", f"more than {MOST_AT_ONCE} records at once")
    made = [sandbox.amend(asked.tx, registry, one, content, asked.system, clock.now()) for one in found]
    return 200, {"count": len(made)}


def _update_or_create(asked: Asked) -> Answer:
    registry, content = asked.registry, asked.content("write")
    found = sandbox.matching(asked.tx, registry, asked.content("query"))
    if found:
        made = sandbox.amend(asked.tx, registry, found[0], content, asked.system, clock.now())
    else:
        made = sandbox.create(asked.tx, registry, content, asked.system, clock.now())
    return 200, {"content": _shown(made)}


def _delete(asked: Asked) -> Answer:
    registry = asked.registry
    found = sandbox.with_key(asked.tx, registry, asked.address["id"])
    if not found:
        raise Problem("not-found")
    sandbox.remove(asked.tx, registry, found[0], asked.system, clock.now())
    return 204, None


def _usage(asked: Asked) -> Answer:
    """Who read a person's records: the citizen's question, put by a system that serves the citizen."""
    query = {key.lower(): value for key, value in asked.query.items()}
    person, database = query.get("userid", ""), query.get("databaseid", "")
    if not _ID.fullmatch(person) or not _CODE.fullmatch(database):
        raise Problem("malformed", "userId and databaseId are needed")
    registry = sandbox.registry(asked.tx, asked.system, database)
    return 200, [_told(registry, row) for row in sandbox.usage(asked.tx, registry, person)]


def _told(registry: Registry, row: Any) -> Content:
    return {
        "id": f"{row.stream.removeprefix('read/')}/{row.number}",
        "readerId": row.said["officer"] or row.said["asker"],
        "readerInstitutionId": row.said["asker"],
        "readerApplicationName": registry.catalog,
        "searchDateTime": row.at.isoformat(),
        "refrences": [{"ReferenceID": registry.code}],
    }


# ---------------------------------------------------------------------- databases


def _databases(asked: Asked) -> Answer:
    found = [_described(one) for one in sandbox.registries(asked.tx, asked.system)]
    return 200, {"id": 1, "name": "Sandbox", "code": "SANDBOX", "databases": found, "groupId": 1}


def _database(asked: Asked) -> Answer:
    return 200, _described(sandbox.by_number(asked.tx, asked.system, int(asked.address["id"])))


def _modify(asked: Asked) -> Answer:
    body = asked.body()
    group, catalog, code = (body.get(name) for name in ("groupName", "catalogName", "code"))
    version, schema = body.get("version", "1.0"), body.get("schema")
    texts = (group, catalog, code, version)
    if not all(isinstance(text, str) and 0 < len(text) <= 100 for text in texts) or not isinstance(schema, dict):
        raise Problem("malformed", "groupName, catalogName, code and schema are needed")
    if not _CODE.fullmatch(str(code)) or not _CODE.fullmatch(f"v{version}".replace(".", "_")):
        raise Problem("refused", "a code is letters, digits, dashes; a version digits and dots")
    names = (str(group), str(catalog))
    made = sandbox.modify(asked.tx, asked.system, str(code), str(version), names, schema, clock.now())
    return 200, msgspec.json.decode(made.text)


def _drop(asked: Asked) -> Answer:
    found = sandbox.by_number(asked.tx, asked.system, int(asked.address["id"]))
    sandbox.drop(asked.tx, found.id)
    return 200, "Success"


def _described(registry: Registry) -> Content:
    return {
        "id": registry.id,
        "version": registry.version,
        "name": registry.code,
        "description": registry.catalog,
        "institution": registry.system,
        "schema": msgspec.json.decode(registry.text),
        "isDraft": False,
        "isDisabled": False,
        "isArchived": False,
        "modifiedAt": registry.modified_at.isoformat(),
        "byUserName": registry.system,
    }


# ---------------------------------------------------------------------- small things


def _found(asked: Asked, registry: Registry, most: int) -> list[Record]:
    """Records that have what the body's query says. Raises Problem (not-found)."""
    found = sandbox.matching(asked.tx, registry, asked.content("query"), most)
    if not found:
        raise Problem("not-found")
    return found


def _shown(record: Record) -> Content:
    return {**record.content, "uuid": str(record.uuid)}


def _log(asked: Asked, registry: Registry, found: list[Record]) -> None:
    reader = asked.call.header("X-Road-UserId")
    sandbox.log(asked.tx, registry, found, reader if callers.MARK.fullmatch(reader) else "", clock.now())


def _number(query: dict[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name, "")
    if text and not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= most):
        raise Problem("refused", f"{name} is a number from 1 to {most}")
    return int(text) if text else usual


def _page(asked: Asked, query: dict[str, str], page: int) -> str:
    return f"{quote(asked.call.path)}?{urlencode({**query, 'page': page})}"


_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DATA: Final = r"/data/(?P<registry>[^/]{1,63})/(?P<version>[^/]{1,20})"
_ROUTES: Final[tuple[tuple[str, str, Callable[[Asked], Answer]], ...]] = (
    ("GET", r"/data/(?:MyPersonalDataUsage/1\.0|myPersonalDataUsage)", _usage),
    ("GET", rf"{_DATA}/?", _list),
    ("POST", rf"{_DATA}/create", _create),
    ("POST", rf"{_DATA}/exists", _exists),
    ("POST", rf"{_DATA}/read", _read),
    ("PUT", rf"{_DATA}/update", _update),
    ("PUT", rf"{_DATA}/update(?:-e|E)ntries", _update_entries),
    ("POST", rf"{_DATA}/update(?:-or-c|OrC)reate", _update_or_create),
    ("DELETE", rf"{_DATA}/(?P<id>[^/]{{1,64}})/delete", _delete),
    ("GET", rf"{_DATA}/(?P<uuid>{_UUID})/read(?:-v|V)alue/(?P<field>[^/]{{1,64}})\.json", _read_value),
    ("GET", r"/databases", _databases),
    ("POST", r"/database/modify", _modify),
    ("GET", r"/database/(?P<id>[0-9]{1,18})", _database),
    ("DELETE", r"/database/(?P<id>[0-9]{1,18})", _drop),
)
