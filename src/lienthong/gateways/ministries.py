"""Ministries' own systems: a dossier's step is handed over to one, in the shape in which such systems exchange
progress, and it calls back with its state and its result.

    out   POST {address}: maTTHC, maHoSo, coQuanXuLy, ngayBatDau, ngayHenTra, duLieu {…}, phanHoi {diaChi, maXacThuc}
    back  POST {phanHoi.diaChi}, Authorization: Bearer {maXacThuc}: maHoSo, trangThai, thoiGianThucHien, ghiChu, and
          with trangThai 4: soKetQua, ngayKetQua, giayToKetQua (base64 of a PDF or a picture)

Nothing is lost while the system is away: what waits is a row of the table `handoff`, tried again until it is taken.
"""

import base64
import binascii
import hmac
import logging
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from threading import Event
from typing import Any, Final

import msgspec
import urllib3
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lienthong.casework import dossiers, handoff
from lienthong.casework.handoff import Back, Row
from lienthong.casework.states import NotPossible
from lienthong.documents import contents
from lienthong.documents.refusing import NotTaken
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.web.access import machine

EVERY: Final = 2.0
PATIENCE: Final = 5.0
LARGEST: Final = 8 * 1024 * 1024
CALLBACK: Final = "/handoff/report"
_log = logging.getLogger(__name__)


class NotSent(Exception):
    """The system did not take it; the message is a code, it names nobody."""


class Taken(msgspec.Struct, frozen=True):
    """Its answer: its own code, and the state that it begins with."""

    soHoSoLT: str = ""  # noqa: N815 — theirs
    trangThai: int = 1  # noqa: N815


class Report(msgspec.Struct, frozen=True):
    """What it calls back with; what else it sends is not looked at."""

    maHoSo: str  # noqa: N815
    maBuoc: str  # noqa: N815
    trangThai: int  # noqa: N815
    ghiChu: str = ""  # noqa: N815
    soKetQua: str = ""  # noqa: N815
    ngayKetQua: str = ""  # noqa: N815
    giayToKetQua: str = ""  # noqa: N815


# ---------------------------------------------------------------------- out


def run(node: Node, stop: Event, systems: Mapping[str, str], secret: str) -> None:
    """Hand over what has come to such a step, every two seconds until told to stop. `systems` are their addresses; of
    one without, dossiers wait for an officer's hand."""
    while not stop.wait(EVERY):
        try:
            hand_over(node.at_hand(), systems, secret)
        except Exception:
            _log.exception("handing over failed; trying again")


def hand_over(node: Node, systems: Mapping[str, str], secret: str) -> int:
    """One round; how many were taken. Nobody is called with a transaction open."""
    with node.database.transaction() as tx:
        handoff.enlist(node, tx)
        rows = handoff.due(tx, sorted(systems))
    return sum(_hand_over(node, row, systems[row.system], secret) for row in rows)


def _hand_over(node: Node, row: Row, address: str, secret: str) -> bool:
    with node.database.transaction() as tx:
        message = _message(node, tx, row, secret)
    try:
        taken = _post(address, message)
    except NotSent as problem:
        with node.database.transaction() as tx:
            handoff.not_sent(tx, row, str(problem))
        return False
    with node.database.transaction() as tx:
        handoff.sent(tx, row, taken.soHoSoLT[:100], taken.trangThai)
    return True


def _message(node: Node, tx: Any, row: Row, secret: str) -> dict[str, Any]:
    dossier = dossiers.load(tx, row.dossier)
    assert dossier is not None, "its row was just read"
    service = node.catalogue.service(dossier.identity.service, dossier.identity.revision)
    own = node.directory.entry(node.name)
    site = own.address if node.directory.demo else own.site  # a demo's site has a name that browsers alone know
    return {
        "maTTHC": service.card.code,
        "maHoSo": row.dossier,
        "maBuoc": row.step,
        "coQuanXuLy": dossier.identity.agency,
        "ngayBatDau": _moment(row.opened_at),
        "ngayHenTra": _moment(dossier.state.deadline) if dossier.state.deadline else "",
        "duLieu": handoff.values(node, tx, service, dossier),
        "phanHoi": {"diaChi": f"{site}{CALLBACK}", "maXacThuc": handoff.token(secret, row.dossier, row.step)},
    }


def _moment(at: datetime) -> str:
    return f"{at.astimezone(clock.ZONE):%d/%m/%Y %H:%M:%S}"


def _post(address: str, message: Mapping[str, Any]) -> Taken:
    """Raises NotSent."""
    timeout = urllib3.Timeout(total=PATIENCE)
    try:
        answer = urllib3.request("POST", address, json=dict(message), timeout=timeout, retries=False, redirect=False)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
            raise NotSent(f"status-{answer.status}")
        return msgspec.json.decode(answer.data, type=Taken)
    except urllib3.exceptions.HTTPError as error:
        raise NotSent(type(error).__name__) from None
    except msgspec.DecodeError:
        raise NotSent("malformed") from None


def addresses(setting: str) -> dict[str, str]:
    """`system=address`, spaced. Raises ValueError unless each is https://, or on this machine."""
    found = {}
    for part in setting.split():
        system, _equals, address = part.partition("=")
        if not system or not address.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("ministries' systems are named as system=https://host/path, spaced")
        found[system] = address
    return found


# ---------------------------------------------------------------------- back


@csrf_exempt  # a program; it proves itself by the word it was given with the dossier
@require_POST
@machine("the word that it was given with this very dossier")
def report(request: HttpRequest) -> HttpResponse:
    """A system says how a dossier stands. The same report again gets the same answer."""
    node: Node = request.node  # type: ignore[attr-defined]
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    body = request.body if len(request.body) <= LARGEST else b""
    try:
        told = msgspec.json.decode(body, type=Report)
    except msgspec.DecodeError:
        return _answer(HTTPStatus.BAD_REQUEST, "malformed")
    if not hmac.compare_digest(shown, handoff.token(settings.SECRET_KEY, told.maHoSo, told.maBuoc)):
        return _answer(HTTPStatus.FORBIDDEN, "no-right")
    try:
        return _take(node, told)
    except (ValueError, NotTaken):
        return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, "incomplete")
    except LookupError:
        return _answer(HTTPStatus.NOT_FOUND, "unknown-dossier")
    except NotPossible:
        return _answer(HTTPStatus.CONFLICT, "gone-on")


def _take(node: Node, told: Report) -> HttpResponse:
    """Raises ValueError, NotTaken, LookupError, NotPossible."""
    file = _file(told)
    with node.database.transaction() as tx:
        dossier = dossiers.load(tx, told.maHoSo)
        if dossier is None:
            raise LookupError(told.maHoSo)
        back = _back(tx, told, file, dossier.identity.case)
        handoff.reported(node, tx, told.maHoSo, told.maBuoc, told.trangThai, told.ghiChu, back)
    return _answer(HTTPStatus.OK, "")


def _file(told: Report) -> contents.Content | None:
    if not told.giayToKetQua:
        return None
    try:
        return contents.retype(base64.b64decode(told.giayToKetQua, validate=True))
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _back(tx: Any, told: Report, file: contents.Content | None, case: str) -> Back | None:
    if told.trangThai != handoff.RESULT:
        return None
    day = datetime.strptime(told.ngayKetQua, "%d/%m/%Y").date()  # noqa: DTZ007 — a day of theirs
    proof, digest = handoff.keep_proof(tx, file, case) if file else ("", "")
    return Back(told.soKetQua.strip()[:100], day, proof, digest)


def _answer(status: int, code: str) -> HttpResponse:
    return JsonResponse({"maLoi": code or "0"}, status=status)


ministry_patterns = [path(CALLBACK.removeprefix("/"), report, name="handoff_report")]
