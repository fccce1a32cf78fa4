"""Our dossiers told to a national portal that runs no node: the same two messages, over HTTP, in order, until they are
taken. A province that joins such a portal names its address (LIENTHONG_NATIONAL_PORTAL) and gives its nodes the right
to have the gateway tell (`dossier.sync`)."""

import base64
import logging
from threading import Event
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from lienthong.casework import national_shape
from lienthong.casework.synchronising import Body, code_of
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome
from lienthong.gateways.lines import Line, Silent
from lienthong.kit import clock
from lienthong.kit.storage import Tx

EVERY: Final = 1.0
STEPS_AT_ONCE: Final = 10  # as the observed client sends them
TAKEN, EXISTS = "0", ("3", "-3")
MOST_TRIES: Final = 12
_KEEP = "INSERT INTO national_out (message, code, body, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
# The oldest of each dossier: what comes after waits for it.
_NEXT = """
SELECT n.message, n.code, n.body, n.tries FROM national_out n
WHERE n.said = '' AND n.id = (SELECT min(id) FROM national_out o WHERE o.code = n.code AND o.said = '')
ORDER BY n.tries, n.id LIMIT 20
"""
_TAKEN = "DELETE FROM national_out WHERE message = %s"
_TRIED = """
UPDATE national_out SET tries = tries + 1, said = CASE WHEN tries + 1 >= %s THEN %s ELSE '' END WHERE message = %s
"""
_log = logging.getLogger(__name__)


def hand_on(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `dossier.sync` at a gateway: safe with us, and told outside by the worker. Raises Refused: malformed."""
    try:
        code = code_of(msgspec.convert(message.body, Body))
    except (msgspec.ValidationError, ValueError) as error:
        raise Refused("malformed", str(error)) from error
    tx.touch(_KEEP, (message.header.id, code, msgspec.json.encode(message.body).decode(), clock.now()))
    return Done()


class Portal:
    """A national portal at `https://user:secret@host/path?MaDinhDanhDV=…`; `/token` of the same host gives sessions."""

    def __init__(self, address: str) -> None:
        self._line, self._door = Line(address), Line(urlsplit(address)._replace(path="", query="").geturl())
        self._unit = parse_qs(self._line.words).get("MaDinhDanhDV", [""])[0]
        if not self._unit:
            raise ValueError("MaDinhDanhDV is missing")
        self._session = ""

    def tell(self, body: Body) -> str:
        """The error code of what was said last; "0" when all was taken. Raises Silent."""
        if body.dossier is not None:
            told = [msgspec.to_builtins(body.dossier)]
            said = self._post(national_shape.DOSSIER, told, updating=False)
            if said in EXISTS:
                said = self._post(national_shape.DOSSIER, told, updating=True)
            if said != TAKEN:
                return said
        steps = msgspec.to_builtins(body.steps)
        for first in range(0, len(steps), STEPS_AT_ONCE):
            said = self._post(national_shape.PROGRESS, steps[first : first + STEPS_AT_ONCE], updating=True)
            if said != TAKEN:
                return said
        return TAKEN

    def _post(self, service: str, data: list[Any], *, updating: bool) -> str:
        for _ in range(2):  # a session that has ended is asked for anew, once
            self._session = self._session or self._sign_in()
            body = {"service": service, "session": self._session, "isUpdating": updating, "data": data}
            query = f"?MaDinhDanhDV={self._unit}&isUpdating={updating}"
            heard = self._line.call("POST", query, {"Content-Type": "application/json"}, msgspec.json.encode(body))
            if heard.status != 401:
                return _error_code(heard.body)
            self._session = ""
        raise Silent("no session")

    def _sign_in(self) -> str:
        """A session for our credentials (RFC 6749 §4.4)."""
        pair = base64.b64encode(f"{self._door.user}:{self._door.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
        heard = self._door.call("POST", "/token", headers, b"grant_type=client_credentials")
        try:
            return str(msgspec.json.decode(heard.body)["access_token"])
        except (ValueError, KeyError, TypeError):
            raise Silent("no session") from None


def _error_code(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["error_code"])
    except (ValueError, KeyError, TypeError):
        raise Silent("not an answer") from None


def run(node: Node, stop: Event, portal: Portal) -> None:
    """Tell what waits, each second, until told to stop."""
    while not stop.wait(EVERY):
        try:
            while tell_due(node, portal):
                pass
        except Exception:
            _log.exception("a round failed; it is tried again")


def tell_due(node: Node, portal: Portal) -> int:
    """One round; how many were taken. One that is refused a dozen times is left with what was said."""
    with node.database.transaction() as tx:
        rows = tx.all(_NEXT)
    taken = 0
    for row in rows:
        try:
            said = portal.tell(msgspec.json.decode(row.body, type=Body))
        except Silent:
            return 0  # away: nothing of it counts as a try
        with node.database.transaction() as tx:
            if said == TAKEN:
                taken += tx.touch(_TAKEN, (row.message,))
            else:
                tx.touch(_TRIED, (MOST_TRIES, said, row.message))
    return taken
