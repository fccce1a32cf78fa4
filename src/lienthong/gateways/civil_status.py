"""Civil status in the national platform's shapes: an earlier one-stop program registers births with the ministry.

A filing becomes `register.record` at the register's owner, sent in the transaction that keeps it; the owner's word is
what `traTrangThaiHoSo` tells later. The same filing again is the same filing.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import msgspec

from lienthong.catalogue.outside import OutsideSystem
from lienthong.exchange import outbox
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.gateways import callers, categories, writing, xml_reading
from lienthong.gateways.callers import Caller
from lienthong.gateways.calls import Gate, Problem
from lienthong.gateways.tables import Module, National
from lienthong.gateways.xml_reading import BadXml
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import recording

_CODE = re.compile(r"[0-9A-Za-z._/-]{1,40}")
_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
_SEEN = "SELECT content_hash, state FROM outside_filing WHERE system = %s AND unit = %s AND code = %s FOR UPDATE"
_KEEP = """
INSERT INTO outside_filing (system, unit, code, module, content_hash, message, at) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (system, unit, code) DO UPDATE SET content_hash = EXCLUDED.content_hash, message = EXCLUDED.message,
    state = 'waiting', said = '', at = EXCLUDED.at, settled_at = NULL
"""
_FIND = "SELECT state, said, result FROM outside_filing WHERE system = %s AND unit = %s AND code = %s"
_SETTLE = "UPDATE outside_filing SET state = %s, said = %s, result = %s, settled_at = %s WHERE message = %s"


def answer(table: National, gate: Gate, user: str, system: OutsideSystem, rest: str, asked: dict[str, Any]) -> Any:
    """One operation's answer. Raises Problem."""
    operation = _OPERATIONS.get(rest)
    if operation is None:
        raise Problem("unknown-operation")
    return operation(table, gate.node, user, system, asked)


def _register(table: National, node: Node, user: str, system: OutsideSystem, asked: dict[str, Any]) -> Any:
    module = table.modules.get(str(asked.get("module")))
    if module is None:
        raise Problem("wrong-purpose")
    unit, code = _unit(node, system, asked), _code(asked)
    if not _DAY.fullmatch(str(asked.get("ngayTiepNhan", ""))):
        raise Problem("malformed", "ngayTiepNhan is dd/mm/yyyy")
    purpose = callers.purpose_of(system, str(asked["module"]))
    fields = _fields(module, asked.get("data")) | {"unit": unit, "dossier": f"{user}/{code}"}
    caller = Caller(user, "", unit, code, purpose)
    with node.database.transaction() as tx:
        _file(node, tx, caller, str(asked["module"]), module.register, fields)
    return {"status": "1", "value": None}


def _file(node: Node, tx: Tx, caller: Caller, word: str, register: str, fields: dict[str, Any]) -> None:
    body = {"register": register, "fields": fields}
    digest = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
    seen = tx.one(_SEEN, (caller.system, caller.unit, caller.request))
    if seen and seen.content_hash == digest:
        return
    if seen and seen.state != "refused":
        raise Problem("refused", "maHoSo was filed with other data")
    declared = node.catalogue.registers.get(register)
    if declared is None:
        raise Problem("wrong-purpose")
    message = outbox.send(
        node, tx, declared.owner, recording.SERVICE, body,
        case=f"{caller.system}/{caller.request}", purpose=caller.purpose, officer=caller.as_asker,
    )  # fmt: skip
    tx.run(_KEEP, (caller.system, caller.unit, caller.request, word, digest, message, clock.now()))


def _status(table: National, node: Node, user: str, system: OutsideSystem, asked: dict[str, Any]) -> Any:
    found = _filing(node, user, system, asked)
    return {"status": table.states[found.state], "value": found.said or None}


def _result(table: National, node: Node, user: str, system: OutsideSystem, asked: dict[str, Any]) -> Any:
    found = _filing(node, user, system, asked)
    if found.state != "done":
        raise Problem("unfinished")
    return {"status": "1", "value": msgspec.json.decode(found.result)}


def _list(table: National, node: Node, user: str, system: OutsideSystem, asked: dict[str, Any]) -> Any:
    category = table.categories.get(table.lists.get(str(asked.get("loaiDanhMuc")), ""))
    if category is None:
        raise Problem("wrong-purpose", "loaiDanhMuc")
    return {"status": "1", "value": categories.rows(node, category)}


_OPERATIONS: dict[str, Callable[[National, Node, str, OutsideSystem, dict[str, Any]], Any]] = {
    "dangKyHoTich": _register,
    "traTrangThaiHoSo": _status,
    "ketQuaDangKyHS": _result,
    "danhMuc": _list,
}


def settled(_node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """The register's owner has given its word on a filing."""
    match outcome:
        case Done(body):
            record = body.get("record", {})
            kept = {"so": record.get("number"), "ngayDangKy": record.get("registered_on"),
                    "nksSoDDCN": record.get("child_number")}  # fmt: skip
            row = ("done", "", msgspec.json.encode(kept).decode())
        case Refusal(code, reason):
            row = ("refused", f"{code}: {reason}", "")
        case _:
            return  # stored: the word follows
    tx.run(_SETTLE, (*row, clock.now(), sent.message))


def _filing(node: Node, user: str, system: OutsideSystem, asked: dict[str, Any]) -> Any:
    unit, code = _unit(node, system, asked), _code(asked)
    found = node.database.one(_FIND, (user, unit, code))
    if found is None:
        raise Problem("not-found")
    return found


def _unit(node: Node, system: OutsideSystem, asked: dict[str, Any]) -> str:
    """The commune a filing is for. Raises Problem (wrong-unit) for one that is none, or not this system's."""
    code = str(asked.get("maDonVi", ""))
    try:
        unit = node.territory.unit(code, clock.today())
    except KeyError:
        raise Problem("wrong-unit") from None
    if system.former_province and unit.former_province != system.former_province:
        raise Problem("wrong-unit")
    return code


def _code(asked: dict[str, Any]) -> str:
    code = str(asked.get("maHoSo", ""))
    if not _CODE.fullmatch(code):
        raise Problem("malformed", "maHoSo is missing or not allowed")
    return code


def _fields(module: Module, data: Any) -> dict[str, Any]:
    """The record's fields from the XML in `data`. Raises Problem (malformed) that names the element."""
    lines = [msgspec.structs.replace(line, element=element) for element, line in module.elements.items()]
    try:
        elements = xml_reading.texts(xml_reading.parse(str(data or "").encode()))
        return writing.heard(lines, elements)
    except BadXml as error:
        raise Problem("malformed", f"data: {error}") from error
    except ValueError as error:
        raise Problem("malformed", f"data: {error} is not as agreed") from error
