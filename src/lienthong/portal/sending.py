"""The worker's part of messages: spreads new ones to the channels that reach their reader, and sends what waits.

    spread      a notice, or a look-up's one-time code, becomes a delivery for each usable address
    deliver     claims a few deliveries, sends them, marks each as sent at once

A delivery is claimed by moving its next attempt ahead in a transaction of its own, so nothing is locked while a mail
server thinks, and two workers never send the same. Killed between sending and marking, the same message goes once
more under the same reference, by which mail servers and SMS providers know a copy: more SMTP does not allow.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.portal import contacts, lateness, outgoing
from lienthong.portal.channels import Mail, NotSent, Sms
from lienthong.portal.contacts import Contact

EVERY, WATCHED_EVERY = 1.0, 60.0
AT_ONCE = 20  # a round's most: a provider's own limit is about this a second
CLAIMED_FOR = 600
PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14400)  # seconds before the next attempt; after the last it is given up
PATIENCE_WITH_SILENCE = timedelta(minutes=10)
_log = logging.getLogger(__name__)

_NEW = """
SELECT id, dossier, kind, at, NULL::timestamptz AS expires FROM notice WHERE NOT spread
UNION ALL
SELECT id, dossier, 'code', at, expires FROM look_up WHERE NOT spread
ORDER BY id LIMIT 200
"""
_SPREAD_NOTICES = "UPDATE notice SET spread = true WHERE id = ANY(%s) AND NOT spread RETURNING id"
_SPREAD_LOOK_UPS = "UPDATE look_up SET spread = true WHERE id = ANY(%s) AND NOT spread RETURNING id"
_PUT = """
INSERT INTO delivery (id, of, channel, dossier, kind, address, expires)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
"""
_CLAIM = """
UPDATE delivery SET attempts = attempts + 1, next_at = clock_timestamp() + %s * interval '1 second'
WHERE id IN (
    SELECT id FROM delivery WHERE channel = %s AND state = 'waiting' AND next_at <= clock_timestamp()
    ORDER BY expires NULLS LAST, next_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, of, channel, dossier, kind, address, attempts, expires
"""
_SENT = """
UPDATE delivery SET state = 'sent', address = '', problem = '', ended_at = %s WHERE id = %s AND state = 'waiting'
"""
_FAILED = """
UPDATE delivery SET state = 'failed', address = '', problem = %s, ended_at = %s WHERE id = %s AND state = 'waiting'
"""
_LATER = "UPDATE delivery SET problem = %s, next_at = clock_timestamp() + %s * interval '1 second' WHERE id = %s"

Send = Callable[[Any], None]


def run_spreading(node: Node, stop: Event, channels: frozenset[str]) -> None:
    """Spread what is new over the channels there are, until told to stop."""
    _rounds(stop, lambda: spread(node, channels), EVERY)


def run_sms(node: Node, stop: Event, sms: Sms, secret: str) -> None:
    """Send SMS until told to stop."""
    _rounds(stop, lambda: deliver(node, "sms", lambda row: _send_sms(sms, secret, row)), EVERY)


def run_mail(node: Node, stop: Event, mail: Mail) -> None:
    """Send mail until told to stop, beside the SMS: a mail server that hangs holds up no one-time code."""
    _rounds(stop, lambda: deliver(node, "email", lambda row: _send_mail(mail, row)), EVERY)


def run_watch(node: Node, stop: Event) -> None:
    """Tell those whose dossier is late, and forget old look-ups, once a minute until told to stop."""
    _rounds(stop, lambda: lateness.watch(node), WATCHED_EVERY)


def _rounds(stop: Event, work: Callable[[], object], every: float) -> None:
    while not stop.wait(every):
        try:
            work()
        except Exception as error:
            # the type alone: what a driver says may hold an address
            _log.warning("messages wait, trying again: %s", type(error).__name__)


# new ones


def spread(node: Node, channels: frozenset[str]) -> int:
    """Turn new notices and look-ups into deliveries; how many were taken."""
    with node.database.transaction() as tx:
        new = tx.all(_NEW)
        known = contacts.of(node, tx, (row.dossier for row in new)) if new else {}
    oldest = {row.dossier: row for row in reversed(new)}
    reached = {dossier: _reach(node, row, known.get(dossier)) for dossier, row in oldest.items()}
    ready = [row for row in new if reached[row.dossier].known]
    if not ready:
        return 0
    ids = [row.id for row in ready]
    with node.database.transaction() as tx:
        taken = {row.id for statement in (_SPREAD_NOTICES, _SPREAD_LOOK_UPS) for row in tx.all(statement, (ids,))}
        _put(tx, [(row, reached[row.dossier]) for row in ready if row.id in taken], channels)
    return len(taken)


def _reach(node: Node, row: Any, contact: Contact | None) -> Contact:
    """How to reach a dossier's applicant. An owner that stays silent is waited for a while, not for ever."""
    if contact is None:
        return Contact()
    found = contacts.completed(node, row.dossier, contact)
    if not found.known and clock.now() - row.at > PATIENCE_WITH_SILENCE:
        return Contact(contact.applicant, "", contact.email)
    return found


def _put(tx: Tx, rows: list[tuple[Any, Contact]], channels: frozenset[str]) -> None:
    deliveries = [
        (new_id(), row.id, channel, row.dossier, row.kind, address, row.expires)
        for row, contact in rows
        for channel, address in (("sms", contact.phone), ("email", contact.email))
        if address and channel in channels and (channel == "sms" or row.kind != outgoing.CODE)
    ]
    if deliveries:
        tx.run(_PUT, [list(column) for column in zip(*deliveries, strict=True)])


# those that wait


def deliver(node: Node, channel: str, send: Send) -> int:
    """Claim and send a few; how many were claimed."""
    with node.database.transaction() as tx:
        rows = tx.all(_CLAIM, (CLAIMED_FOR, channel, AT_ONCE))
    for row in sorted(rows, key=lambda row: (row.expires is None, row.of)):  # codes first, then as things happened
        _deliver(node, row, send)
    return len(rows)


def _deliver(node: Node, row: Any, send: Send) -> None:
    try:
        if row.expires and row.expires < clock.now():
            raise NotSent("expired", for_good=True)
        send(row)
    except NotSent as problem:
        _put_off(node, row, problem)
        return
    with node.database.transaction() as tx:
        tx.run(_SENT, (clock.now(), row.id))


def _put_off(node: Node, row: Any, problem: NotSent) -> None:
    with node.database.transaction() as tx:
        if problem.for_good or row.attempts > len(PAUSES):
            tx.run(_FAILED, (problem.code, clock.now(), row.id))
        else:
            tx.run(_LATER, (problem.code, PAUSES[row.attempts - 1], row.id))


def _send_sms(sms: Sms, secret: str, row: Any) -> None:
    coded = row.kind == outgoing.CODE
    text = outgoing.sms_with_code(secret, row.of) if coded else outgoing.sms(row.kind, row.dossier)
    sms.send(row.address, text, row.id)


def _send_mail(mail: Mail, row: Any) -> None:
    letter = outgoing.mail(row.kind, row.dossier)
    mail.send(row.address, letter.subject, letter.text, row.id)
