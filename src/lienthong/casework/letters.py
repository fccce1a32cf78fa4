"""Results on their way by post, and those that nobody fetches.

    send        handed to the postal operator with a list; the dossier still waits, its result is on its way
    arrived     the operator reports who took it: the result is returned (national code 10)
    came_back   the operator could not hand it over: it lies at the counter again, with the reason
    remind      a result that lies there: the citizen is told once more

The citizen hears of each from the portal (`result.news`). Decree 118/2025/NĐ-CP, Art. 22; Law on Post 49/2010/QH12.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from lienthong.casework import delivering, dossiers
from lienthong.casework.desks import locked
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import NotPossible
from lienthong.catalogue.shapes import Service
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.series import next_number
from lienthong.kit.storage import Tx

NEWS: Final = "result.news"
PURPOSE: Final = "results"
REASONS: Final = ("not-at-home", "wrong-address", "moved-away", "refused-by-addressee", "not-fetched")
News = Literal["sent", "came-back", "reminded"]
LONGEST: Final = 60  # of a tracking number
_COLUMNS = "id, dossier, unit, list, addressee, phone, address, tracking, state, reason, sent_at, sent_by, ended_at"
_SEND = """
INSERT INTO letter (id, dossier, unit, list, addressee, phone, address, tracking, sent_at, sent_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_END = "UPDATE letter SET state = %s, reason = %s, ended_at = %s WHERE id = %s AND state = 'sent'"
_OPEN = f"SELECT {_COLUMNS} FROM letter WHERE dossier = %s AND state = 'sent'"
_OF_DOSSIER = f"SELECT {_COLUMNS} FROM letter WHERE dossier = %s ORDER BY sent_at DESC"
_OF_LIST = f"SELECT {_COLUMNS} FROM letter WHERE list = %s AND unit = ANY (%s) ORDER BY tracking"
_REMIND = "INSERT INTO reminder (dossier, at, by_name) VALUES (%s, %s, %s)"
_REMINDED = "SELECT max(at) FROM reminder WHERE dossier = %s"


class Letter(msgspec.Struct, frozen=True):
    """One sending of one result."""

    id: str
    dossier: str
    unit: str
    list: str
    addressee: str
    phone: str
    address: str
    tracking: str
    state: Literal["sent", "arrived", "returned"]
    reason: str
    sent_at: datetime
    sent_by: str
    ended_at: datetime | None


class Destination(msgspec.Struct, frozen=True):
    """To whom a result goes."""

    addressee: str
    phone: str
    address: str


def destination(service: Service, content: Content) -> Destination:
    """As the applicant wished it: the address of the form's question about delivery, else the one they gave with the
    dossier."""
    declared, contact = content.declared, content.contact
    asked = [name for name, spec in service.form.fields.items() if spec.term == "delivery"]
    wanted = {f"{name}=post" for name in asked if declared.get(name) == "post"}
    typed = (declared.get(name) for name, spec in service.form.fields.items() if spec.when in wanted)
    address = next((str(value) for value in typed if value), "") or contact.get("address", "")
    name = contact.get("name") or declared.get("requester_name") or ""
    return Destination(str(name), str(contact.get("phone") or declared.get("requester_phone") or ""), str(address))


def new_list(tx: Tx, unit: str) -> str:
    """The number of a hand-over list: the unit's, of today."""
    day = f"{clock.today():%y%m%d}"
    return f"BG-{unit or '0'}-{day}-{next_number(tx, f'letters/{unit}/{day}'):02d}"


def send(node: Node, tx: Tx, code: str, officer: Officer, to: Destination, tracking: str, batch: str) -> Letter:
    """Hand a result to the postal operator. Raises LookupError, PermissionError, NotPossible; ValueError for what is
    missing: address, tracking."""
    dossier = _waiting(node, tx, code, officer)
    if open_letter(tx, code):
        raise NotPossible("its result is on its way already")
    if not to.address.strip():
        raise ValueError("address")
    if not tracking.strip() or len(tracking) > LONGEST:
        raise ValueError("tracking")
    letter = Letter(
        new_id(), code, dossier.desk, batch, to.addressee, to.phone, to.address.strip(), tracking.strip(), "sent", "",
        clock.now(), officer.name, None,
    )  # fmt: skip
    who = (letter.addressee, letter.phone, letter.address, letter.tracking)
    tx.run(_SEND, (letter.id, code, letter.unit, batch, *who, letter.sent_at, letter.sent_by))
    tell(node, tx, dossier, "sent", tracking=letter.tracking)
    return letter


def arrived(node: Node, tx: Tx, code: str, officer: Officer, receiver: str = "") -> Dossier:
    """The operator reports that it was handed over, to whom where that is known. Raises as `send`; NotPossible when
    none is on its way."""
    letter = _on_its_way(node, tx, code, officer)
    tx.run(_END, ("arrived", "", clock.now(), letter.id))
    took = receiver.strip() or letter.addressee or letter.tracking
    return delivering.deliver(node, tx, code, officer, "post", to=took, note=letter.tracking)


def came_back(node: Node, tx: Tx, code: str, officer: Officer, reason: str) -> None:
    """The operator could not hand it over. Raises as `arrived`; ValueError without a reason of the list."""
    if reason not in REASONS:
        raise ValueError("required")
    letter = _on_its_way(node, tx, code, officer)
    tx.run(_END, ("returned", reason, clock.now(), letter.id))
    dossier = dossiers.load(tx, code)
    assert dossier is not None, "it was there a moment ago, and is locked"
    tell(node, tx, dossier, "came-back", reason=reason)


def remind(node: Node, tx: Tx, code: str, officer: Officer) -> None:
    """Tell the citizen that the result lies here; once a day. Raises as `send`."""
    dossier = _waiting(node, tx, code, officer)
    at, before = clock.now(), tx.value(_REMINDED, (code,))
    if before and before.astimezone(clock.ZONE).date() == at.date():
        raise NotPossible("they were reminded today")
    if open_letter(tx, code):
        raise NotPossible("its result is on its way")
    tx.run(_REMIND, (code, at, officer.name))
    tell(node, tx, dossier, "reminded")


def tell(node: Node, tx: Tx, dossier: Dossier, news: News, **more: str) -> None:
    """Tell the citizen's portal; a dossier that was opened here has none."""
    identity = dossier.identity
    if not (identity.parent_node and identity.parent):
        return
    body = {"dossier": identity.code, "branch": identity.branch, "news": news, "unit": dossier.desk, **more}
    outbox.send(node, tx, identity.parent_node, NEWS, body, case=identity.parent, purpose=PURPOSE, key=identity.code)


def open_letter(tx: Tx, code: str) -> Letter | None:
    row = tx.one(_OPEN, (code,))
    return Letter(*row) if row else None


def of_dossier(tx: Tx, code: str) -> list[Letter]:
    """Every sending of a dossier's result, the newest first."""
    return [Letter(*row) for row in tx.all(_OF_DOSSIER, (code,))]


def of_list(tx: Tx, batch: str, units: Iterable[str]) -> list[Letter]:
    """What went out with a hand-over list of these units."""
    return [Letter(*row) for row in tx.all(_OF_LIST, (batch, list(units)))]


def _waiting(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    dossier, service = locked(node, tx, code)
    delivering.giver(officer, service, dossier)
    if dossier.state.waiting != "collect":
        raise NotPossible("no result waits here to be given out")
    return dossier


def _on_its_way(node: Node, tx: Tx, code: str, officer: Officer) -> Letter:
    _waiting(node, tx, code, officer)
    letter = open_letter(tx, code)
    if letter is None:
        raise NotPossible("nothing is on its way")
    return letter
