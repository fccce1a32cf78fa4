"""Sessions in the node's own database: SESSION_ENGINE = "lienthong.identity.sessions".

    sessions.use(database)      # once per process, before the first request

One SELECT per request that touches its session, a write only when it changed. The payload is JSON.
"""

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError

from lienthong.identity import validity
from lienthong.kit.storage import Database

_in_use: dict[str, Database] = {}


def use(database: Database) -> None:
    """Name the database of this process's sessions."""
    _in_use["sessions"] = database


def _database() -> Database:
    return _in_use["sessions"]


def _stored(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class SessionStore(SessionBase):
    """Values must be JSON: text, numbers, booleans, null, lists, and mappings with text keys."""

    def load(self) -> dict[str, Any]:
        if self.session_key is not None:
            row = _database().one(
                "SELECT payload FROM session WHERE key = %s AND expires > %s",
                (_stored(self.session_key), validity.moment()),
            )
            if row is not None:
                return dict(msgspec.json.decode(row.payload))
        # a key we did not give out is never adopted: the next write draws a new one
        self._session_key = None
        return {}

    def exists(self, session_key: str) -> bool:
        with _database().transaction() as tx:
            return tx.one("SELECT 1 FROM session WHERE key = %s", (_stored(session_key),)) is not None

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises UpdateError when it was ended meanwhile, by a sign-out in another tab."""
        if self.session_key is None:
            self.create()
            return
        payload = msgspec.json.encode(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        row = {"key": _stored(self.session_key), "payload": payload, "expires": self._expires()}
        sql = "UPDATE session SET payload = %(payload)s, expires = %(expires)s WHERE key = %(key)s"
        if must_create:
            sql = "INSERT INTO session VALUES (%(key)s, %(payload)s, %(expires)s) ON CONFLICT DO NOTHING"
        with _database().transaction() as tx:
            written = tx.touch(sql, row)
        if not written:
            raise CreateError if must_create else UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            with _database().transaction() as tx:
                tx.run("DELETE FROM session WHERE key = %s", (_stored(key),))

    def _expires(self) -> datetime:
        return validity.moment(self.get_expiry_age())
