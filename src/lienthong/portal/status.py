"""How a dossier stands, for whoever has its code and the phone that was left in it (domain: one-stop, look-up).

Without signing in a person learns completion only: the code, the state in words, the promised time, what is to be done
next in general. What is written down and how long it takes do not depend on whether the dossier exists or has a phone:
the web only writes the wish; the worker finds the phone, if there is one.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from lienthong.casework import dossiers, synchronising, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import FINAL, PAYMENT, PROCESSED, SUPPLEMENT
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.portal import outgoing, told

VALID = timedelta(minutes=outgoing.MINUTES)
TRIES = 5
SPAN = timedelta(hours=1)
MOST_FOR_A_DOSSIER, MOST_OF_A_CLIENT = 3, 20
LONGEST = 40
_CODE = re.compile(r"[A-Z0-9]{1,3}(\.[A-Z0-9]{2,3}){0,5}-\d{6}-\d{4,8}")
_DASHES = re.compile("[\u2010-\u2015\u2212_]")
_LOCK = 7_260_120

_PUT = "INSERT INTO look_up (id, dossier, client, at, expires) VALUES (%s, %s, %s, %s, %s)"
_COUNT = """
SELECT count(*) FILTER (WHERE dossier = %(dossier)s) AS of_dossier,
    count(*) FILTER (WHERE client = %(client)s) AS of_client
FROM look_up WHERE (dossier = %(dossier)s OR client = %(client)s) AND at > %(since)s
"""
_EXISTS = """
SELECT 1 FROM dossier WHERE code = %(code)s AND parent IS NULL
UNION ALL SELECT 1 FROM synced_dossier WHERE code = %(code)s LIMIT 1
"""
_TRY = """
UPDATE look_up SET tries = tries + 1 WHERE id = %s AND passed IS NULL AND tries < %s AND expires > %s RETURNING dossier
"""


@dataclass(frozen=True)
class Completion:
    """All that the page shows."""

    code: str
    state: str
    sign: str
    due: datetime | None
    following: str


def usual(typed: str) -> str:
    """A dossier code in its usual spelling, from capitals or not, with spaces, any dash; empty when it is none."""
    text = _DASHES.sub("-", re.sub(r"\s+", "", typed[: 2 * LONGEST])).upper()
    return text if _CODE.fullmatch(text) else ""


def client_of(secret: str, address: str) -> str:
    """A client's address as it is kept: enough to count by, not to find anybody."""
    return hmac.digest(secret.encode(), f"client {address}".encode(), hashlib.sha256).hex()[:32]


def ask(tx: Tx, code: str, client: str) -> str | None:
    """Write down that somebody wants to know; the look-up's id, or None when there were too many."""
    at = clock.now()
    tx.one("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # counting and writing are one
    counted = tx.one(_COUNT, {"dossier": code, "client": client, "since": at - SPAN})
    if counted.of_dossier >= MOST_FOR_A_DOSSIER or counted.of_client >= MOST_OF_A_CLIENT:
        return None
    look_up = new_id()
    tx.run(_PUT, (look_up, code, client, at, at + VALID))
    return look_up


def waiting(tx: Tx, look_up: str) -> bool:
    """Whether a code may still be typed for it."""
    found = tx.one("SELECT passed, tries, expires FROM look_up WHERE id = %s", (look_up,))
    return found is not None and found.passed is None and found.tries < TRIES and found.expires > clock.now()


def answer(tx: Tx, secret: str, look_up: str, typed: str) -> bool:
    """Judge one try. A code for a dossier that does not exist is never right: it was sent to nobody."""
    code = tx.value(_TRY, (look_up, TRIES, clock.now()))
    digits = re.sub(r"\D", "", typed[:20])
    right = hmac.compare_digest(digits, outgoing.one_time_code(secret, look_up))
    exists = tx.value(_EXISTS, {"code": code}) is not None
    if code is None or not (right and exists):
        return False
    tx.run("UPDATE look_up SET passed = %s WHERE id = %s", (clock.now(), look_up))
    return True


def completion(tx: Tx, look_up: str) -> Completion | None:
    """What a look-up that was passed may show, for as long as its code was valid."""
    code = tx.value(
        "SELECT dossier FROM look_up WHERE id = %s AND passed IS NOT NULL AND expires > %s", (look_up, clock.now())
    )
    dossier = dossiers.load(tx, code) if code else None
    if dossier is not None:
        return _completion(dossier)
    one = synchronising.one(tx, str(code)) if code else None
    return None if one is None else _told(one)


def tidy(tx: Tx) -> None:
    """Forget look-ups of the day before: they are kept to count by, not to know who asked."""
    tx.run("DELETE FROM look_up WHERE at < %s", (clock.now() - timedelta(days=1),))


def _completion(dossier: Dossier) -> Completion:
    state = dossier.state
    waits = {branch.state for branch in state.branches.values()} | {state.waiting}
    status = SUPPLEMENT if "applicant" in waits and state.status not in FINAL else state.status
    return Completion(
        code=dossier.identity.code,
        state=words.state_name(status),
        sign="supplement" if status == SUPPLEMENT else words.state_sign(state),
        due=None if state.status in FINAL else state.deadline,
        following=_following(state.status in FINAL, waits, state.deadline),
    )


def _told(one: Any) -> Completion:
    """Of a dossier that another system holds, as it told us."""
    ended, due = one.status in (*FINAL, PROCESSED), told.due_of(one)
    waits = {"applicant"} if one.status in (SUPPLEMENT, PAYMENT) else set[Any]()
    state, following = words.state_name(one.status), _following(ended, waits, due)
    return Completion(one.code, state, told.sign(one.status), due, following)


def _following(ended: bool, waits: set[Any], due: datetime | None) -> str:
    if ended:
        return _("Đăng nhập để xem kết quả, lý do và cách khiếu nại nếu có.")
    if "applicant" in waits:
        return _("Cơ quan giải quyết cần bạn bổ sung. Đăng nhập để xem cần gì và trả lời.")
    if "consent" in waits:
        return _("Đang chờ người có liên quan đồng ý trên định danh điện tử.")
    if due and due < clock.now():
        return _("Hồ sơ đang chậm so với hẹn. Bạn không phải làm gì; đơn vị phụ trách đã được báo.")
    return _("Bạn không phải làm gì. Khi có kết quả, chúng tôi báo cho bạn.")
