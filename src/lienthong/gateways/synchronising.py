"""`DongBoHoSoMC` and `CapNhatTienDoHoSoMC`, spoken to us: a provincial system without a node tells of its dossiers.

One POST: `{"service", "session", "isUpdating", "data": […]}`; the session is a token of the national platform's door.
What is taken is stored and forwarded to the portal, under one message a dossier; the same again is the same. A dossier
told before comes with `isUpdating`, else it is answered as there already (error code 3), as observed clients expect.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lienthong.casework import national_shape, synchronising
from lienthong.casework.national_shape import Step, Told
from lienthong.casework.synchronising import Body
from lienthong.catalogue.outside import OutsideSystem
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.gateways import callers, national
from lienthong.gateways.calls import Call, Gate, Language, Problem, Reply
from lienthong.gateways.tables import National
from lienthong.kit import clock
from lienthong.kit.storage import Tx

NAME, WORD = "synchronising", "DBHS"
DONE, EXISTS = "0", "3"
MOST: Final = 50  # dossiers in one call; the observed client sends steps by ten
_CODES: Final = {
    "malformed": ("1", 400), "too-large": ("1", 413), "unknown-operation": ("2", 404), "wrong-method": ("2", 405),
    "unknown-caller": ("4", 401), "wrong-unit": ("5", 403), "wrong-purpose": ("5", 403), "too-many": ("6", 429),
    "not-found": ("7", 404), "broken": ("9", 500),
}  # fmt: skip
_SEEN = "SELECT content_hash FROM outside_sync WHERE system = %s AND code = %s FOR UPDATE"
_KEEP = """
INSERT INTO outside_sync (system, code, content_hash, at) VALUES (%s, %s, %s, %s)
ON CONFLICT (system, code) DO UPDATE SET content_hash = excluded.content_hash, at = excluded.at
"""


class Asked(msgspec.Struct, frozen=True, rename={"is_updating": "isUpdating"}):
    """A call. `data` are elements of its service."""

    service: str
    session: str
    data: list[dict[str, Any]]
    is_updating: bool = False


def language(table: National) -> Language:
    return Language(NAME, (table.base["synchronising"],), _answer, refusal)


def refusal(_call: Call, problem: Problem) -> Reply:
    code, status = _CODES.get(problem.kind, ("9", 503))
    return Reply(status, msgspec.json.encode({"error_code": code, "message": problem.text or problem.kind}))


def _answer(gate: Gate, call: Call) -> Reply:
    if call.method != "POST":
        raise Problem("wrong-method")
    try:
        asked = msgspec.json.decode(call.body, type=Asked)
    except (ValueError, RecursionError) as error:
        raise Problem("malformed", str(error)) from error
    user = national.bearer(gate, asked.session)
    try:
        system, quota = callers.admit(gate, user, national.NAME)
        purpose = callers.purpose_of(system, WORD)
        bodies = _bodies(user, system, asked)
        with gate.node.database.transaction() as tx:
            code = _take(gate.node, tx, user, purpose, bodies, updating=asked.is_updating)
    except Problem as problem:
        callers.note_refusal(gate.node, user, NAME, problem)
        raise
    message = "" if code == DONE else "told before: send it with isUpdating"
    return Reply(200, msgspec.json.encode({"error_code": code, "message": message}), headers=quota.headers)


def _bodies(user: str, system: OutsideSystem, asked: Asked) -> list[Body]:
    """One for each dossier, in the order of the call. Raises Problem."""
    if not 0 < len(asked.data) <= MOST:
        raise Problem("malformed", f"data holds 1 to {MOST} elements")
    try:
        if asked.service == national_shape.DOSSIER:
            bodies = [Body(told, [], user) for told in msgspec.convert(asked.data, list[Told])]
        elif asked.service == national_shape.PROGRESS:
            bodies = _by_dossier(user, msgspec.convert(asked.data, list[Step]))
        else:
            raise Problem("unknown-operation", asked.service[:60])
    except msgspec.ValidationError as error:
        raise Problem("malformed", str(error)) from error
    for body in bodies:
        callers.check_unit(system, synchronising.code_of(body).rpartition("-")[0].rpartition("-")[0])
    return bodies


def _by_dossier(user: str, steps: Sequence[Step]) -> list[Body]:
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.MaHoSo, []).append(step)
    return [Body(None, those, user) for those in found.values()]


def _take(node: Node, tx: Tx, user: str, purpose: str, bodies: Sequence[Body], *, updating: bool) -> str:
    """Send each on. Nothing is taken where one dossier was told before and this is not said to be an update."""
    wanted = []
    for body in bodies:
        code, content = synchronising.code_of(body), msgspec.json.encode(body, order="deterministic")
        digest = hashlib.sha256(content).hexdigest()
        before = tx.value(_SEEN, (user, code))
        if before == digest:
            continue
        if body.dossier is None and before is None:
            raise Problem("not-found", f"{code} was never told of")
        if body.dossier is not None and before is not None and not updating:
            return EXISTS
        wanted.append((code, body, digest if body.dossier else before))
    for code, body, digest in wanted:
        tx.run(_KEEP, (user, code, digest, clock.now()))
        _forward(node, tx, code, purpose, body)
    return DONE


def _forward(node: Node, tx: Tx, code: str, purpose: str, body: Body) -> None:
    for recipient in synchronising.recipients(node):
        outbox.send(
            node, tx, recipient, synchronising.SERVICE, msgspec.to_builtins(body), case=code, purpose=purpose,
            key=f"sync/{code}",
        )  # fmt: skip
