"""Dossiers that a provincial system opened, told to the national portal: what happened, within seconds, in order.

wanted     an act was stored at an agency: the portal is to hear of it (in the act's transaction, one row)
send_due   the worker: the dossier as it stands and the steps that were not told yet, as one message
heard      the portal: keep it, for the citizen's list and for the status by code

A dossier that was filed at the portal is there already. A province without a node of ours speaks the same at the
gateway (gateways.synchronising).
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from lienthong.casework import digitisation, dossiers, national_shape
from lienthong.casework.dossiers import Dossier
from lienthong.casework.national_shape import Step, Told
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE, PURPOSE = "dossier.sync", "dossier-sync"
AT_ONCE: Final = 50
LATER: Final = timedelta(minutes=10)
MOST_STEPS: Final = 100  # in one message; what is more follows in the next

_WANT = """
INSERT INTO national_sync (code, wanted_at) VALUES (%s, %s)
ON CONFLICT (code) DO UPDATE SET wanted_at = coalesce(national_sync.wanted_at, excluded.wanted_at)
"""
_DUE = """
SELECT code, acts FROM national_sync WHERE wanted_at <= %s ORDER BY wanted_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_SENT = """
UPDATE national_sync SET acts = %s, wanted_at = %s, first_sent = coalesce(first_sent, %s), last_sent = %s
WHERE code = %s
"""
_KEEP = """
INSERT INTO synced_dossier (code, sender, procedure, title, owner, owner_name, channel, status, received_at, due,
    finished_at, returned_at, content, updated_at)
VALUES (%(code)s, %(sender)s, %(procedure)s, %(title)s, %(owner)s, %(owner_name)s, %(channel)s, %(status)s,
    %(received_at)s, %(due)s, %(finished_at)s, %(returned_at)s, %(content)s, %(at)s)
ON CONFLICT (code) DO UPDATE SET status = excluded.status, due = excluded.due, finished_at = excluded.finished_at,
    returned_at = excluded.returned_at, owner = excluded.owner, owner_name = excluded.owner_name,
    content = excluded.content, updated_at = excluded.updated_at
WHERE synced_dossier.sender = excluded.sender
"""
_STEP = """
INSERT INTO synced_step (code, at, what, who, post, status, due) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (code, at, what) DO NOTHING
"""
_MINE = "SELECT * FROM synced_dossier WHERE owner = %s ORDER BY received_at DESC LIMIT %s"
_STEPS = "SELECT at, what, who, post, status, due FROM synced_step WHERE code = %s ORDER BY at, id"
MOST: Final = 200
_log = logging.getLogger(__name__)


class Body(msgspec.Struct, frozen=True):
    """What travels: one dossier, its new steps or these alone, and for whom the sender speaks where that is not
    itself."""

    dossier: Told | None = None
    steps: list[Step] = []
    system: str = ""


# at the agency


def wanted(node: Node, tx: Tx, dossier: Dossier) -> None:
    """The portal is to hear of this dossier, unless it was filed there."""
    identity = dossier.identity
    if identity.parent_node or not recipients(node):
        return
    tx.run(_WANT, (identity.code, clock.now()))


def recipients(node: Node) -> list[str]:
    """Who lets us tell them."""
    rights = (right for right in node.catalogue.rights if right.service == SERVICE and right.grantor != node.name)
    return sorted({right.grantor for right in rights if right.grantee in (node.name, "*")})


def send_due(node: Node) -> int:
    """Send what waits, each dossier in a transaction of its own; how many. One that cannot be told does not hold up
    the others: it is tried again later."""
    for sent in range(AT_ONCE):
        with node.database.transaction() as tx:
            row = tx.one(_DUE, (clock.now(),))
            if row is None:
                return sent
            try:
                with tx.savepoint():
                    _send(node, tx, row.code, row.acts)
            except Exception as error:  # its text may name people: only its kind is logged
                _log.error("%s could not be told to the portal: %s", row.code, type(error).__name__)
                tx.run("UPDATE national_sync SET wanted_at = %s WHERE code = %s", (clock.now() + LATER, row.code))
    return AT_ONCE


def _send(node: Node, tx: Tx, code: str, told_before: int) -> None:
    dossier = dossiers.load(tx, code)
    assert dossier is not None, "a row is made with its dossier"
    identity = dossier.identity
    service = node.catalogue.shown(identity.service, identity.revision)
    acts, at = dossiers.acts(tx, code), clock.now()
    upto = min(len(acts), told_before + MOST_STEPS)
    content, components = dossiers.content(tx, code), digitisation.of(tx, code)
    body = Body(
        national_shape.told(node, service, dossier, content, acts, components),
        national_shape.steps(service, code, dossier.state.status, acts[told_before:upto]),
    )
    for recipient in recipients(node):
        outbox.send(
            node, tx, recipient, SERVICE, msgspec.to_builtins(body), case=code, purpose=PURPOSE, key=f"sync/{code}"
        )
    tx.run(_SENT, (upto, at if upto < len(acts) else None, at, at, code))


# at the portal


def heard(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `dossier.sync`. Raises Refused: malformed (naming the field), dossier-here (it was filed with us),
    not-yours (another system told us of it first), unknown-dossier (steps of one that nobody told of)."""
    try:
        body = msgspec.convert(message.body, Body)
        code, sender = code_of(body), message.header.sender
        sender = f"{sender}/{body.system}" if body.system else sender
        row = _row(body.dossier, sender) if body.dossier else None
    except (msgspec.ValidationError, ValueError) as error:
        raise Refused("malformed", str(error)) from error
    if dossiers.load(tx, code) is not None:
        raise Refused("dossier-here", f"{code} was filed at this portal")
    if row and not tx.touch(_KEEP, row):
        raise Refused("not-yours", f"{code} was told by another system")
    if not row and tx.value("SELECT sender FROM synced_dossier WHERE code = %s", (code,)) != sender:
        raise Refused("unknown-dossier", f"{sender} told of no {code}")
    _keep_steps(tx, code, body.steps)
    return Done()


def code_of(body: Body) -> str:
    """The one dossier that a message is about. Raises ValueError."""
    named = {step.MaHoSo for step in body.steps} | ({body.dossier.MaHoSo} if body.dossier else set())
    if len(named) != 1:
        raise ValueError("a message is about one dossier")
    return named.pop()


def _row(told: Told, sender: str) -> dict[str, Any]:
    received = national_shape.read(told.NgayTiepNhan)
    if received is None:
        raise ValueError("NgayTiepNhan is missing")
    return {
        "code": told.MaHoSo,
        "sender": sender,
        "procedure": told.MaTTHC,
        "title": told.TenTTHC,
        "owner": next((one.SoDinhDanh for one in told.DinhDanhCHS if one.LoaiDinhDanh == 1), ""),
        "owner_name": told.ChuHoSo,
        "channel": told.KenhThucHien,
        "status": told.TrangThaiHoSo,
        "received_at": received,
        "due": national_shape.read(told.NgayHenTra),
        "finished_at": national_shape.read(told.NgayKetThucXuLy),
        "returned_at": national_shape.read(told.NgayTra),
        "content": msgspec.json.encode(told).decode(),
        "at": clock.now(),
    }


def _keep_steps(tx: Tx, code: str, steps: Sequence[Step]) -> None:
    for step in steps:
        at: datetime | None = national_shape.read(step.ThoiDiemXuLy)
        due = national_shape.read(step.NgayKetThucTheoQuyDinh)
        tx.touch(_STEP, (code, at, step.NoiDungXuLy, step.NguoiXuLy, step.ChucDanh, step.TrangThai, due))


def mine(tx: Tx, owner: str) -> list[Any]:
    """Dossiers of a person that other systems hold, the latest first."""
    return tx.all(_MINE, (owner, MOST))


def one(tx: Tx, code: str) -> Any:
    """A dossier as told, None where nobody told of it."""
    return tx.one("SELECT * FROM synced_dossier WHERE code = %s", (code,))


def steps_of(tx: Tx, code: str) -> list[Any]:
    """What was done with it: at, what, who, post, status, due."""
    return tx.all(_STEPS, (code,))
