"""Forgetting what has run out: sessions, and codes no proof hangs on any more. The log of sign-ins stays."""

import logging
from collections.abc import Callable
from threading import Event

from lienthong.identity import codes, validity
from lienthong.kit.storage import Database

EVERY = 600.0
_log = logging.getLogger(__name__)


def tidy(database: Database) -> None:
    """One round."""
    with database.transaction() as tx:
        tx.run("DELETE FROM session WHERE expires <= %s", (validity.moment(),))
        codes.forget_expired(tx)


def run(database: Database, stop: Event, *also: Callable[[Database], None]) -> None:
    """A round every ten minutes until told to stop, with what other rooms forget; a database that is away is tried
    again."""
    while not stop.wait(EVERY):
        try:
            for part in (tidy, *also):
                part(database)
        except Exception:
            _log.exception("tidying failed; trying again")
