"""Files on their way in: announced, received in pieces, taken whole.

    begin      name and size are announced; the same file announced again goes on where it stopped
    append     the next piece, at the place where the last one ended
    finish     all is there: checked, re-typed, kept as an attachment of the same id

A sender who lost an answer asks `find` where things stand, and goes on from there.
"""

import hashlib
import re
from datetime import timedelta
from typing import Any

import msgspec

from lienthong.documents import attachments, contents
from lienthong.documents.attachments import MOST_FILES, Entry
from lienthong.documents.refusing import NotTaken
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Database, Tx

LARGEST_PIECE = 1024 * 1024
KEPT_FOR = timedelta(days=7)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BEGIN = """
INSERT INTO upload (id, case_code, holder, kind, name, size, sha256, created_at, touched_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_SAME = """
SELECT id FROM upload WHERE case_code = %s AND holder = %s AND kind = %s AND size = %s AND sha256 = %s AND sha256 <> ''
AND problem = '' ORDER BY touched_at DESC LIMIT 1
"""
_SURPLUS = """
DELETE FROM upload WHERE id IN (
    SELECT id FROM upload WHERE case_code = %s AND holder = %s ORDER BY touched_at DESC OFFSET %s)
"""


class Upload(msgspec.Struct, frozen=True):
    """A file on its way: `received` of `size` bytes are here; `problem` says why it was not taken."""

    id: str
    case_code: str
    holder: str
    kind: str
    name: str
    size: int
    sha256: str
    received: int
    problem: str


class WrongOffset(Exception):
    """The piece does not begin where the last one ended: at `received`."""

    def __init__(self, received: int) -> None:
        super().__init__(str(received))
        self.received = received


def begin(tx: Tx, case: str, holder: str, kind: str, name: str, size: int, sha256: str = "") -> Upload:
    """Announce a file. Raises NotTaken: file-empty, file-too-large, file-too-many, file-hash."""
    if size <= 0:
        raise NotTaken("file-empty")
    if size > contents.LARGEST_SENT:
        raise NotTaken("file-too-large")
    if sha256 and not _SHA256.fullmatch(sha256):
        raise NotTaken("file-hash")
    if len(attachments.of(tx, case)) >= MOST_FILES:
        raise NotTaken("file-too-many")
    kept = tx.value(_SAME, (case, holder, kind, size, sha256))
    found = find(tx, str(kept)) if kept else None
    if found is not None:
        return found
    upload, at = new_id(), clock.now()
    tx.run(_BEGIN, (upload, case, holder, kind, name[:200], size, sha256, at, at))
    tx.run(_SURPLUS, (case, holder, MOST_FILES))
    return Upload(upload, case, holder, kind, name[:200], size, sha256, 0, "")


def find(tx: Tx, upload: str, *, lock: bool = False) -> Upload | None:
    """An upload. Who may add to it is decided by its case, where the case is known."""
    names = ", ".join(Upload.__struct_fields__)
    row: Any = tx.one(f"SELECT {names} FROM upload WHERE id = %s{' FOR UPDATE' if lock else ''}", (upload,))
    return Upload(*row) if row else None


def append(tx: Tx, upload: Upload, offset: int, piece: bytes) -> int:
    """Add a piece to an upload that is locked; what is here now. Raises WrongOffset, NotTaken: file-too-large."""
    if offset != upload.received:
        raise WrongOffset(upload.received)
    received = offset + len(piece)
    if received > upload.size or len(piece) > LARGEST_PIECE:
        raise NotTaken("file-too-large")
    if piece:
        tx.run("INSERT INTO upload_piece (upload, start, content) VALUES (%s, %s, %s)", (upload.id, offset, piece))
        tx.run("UPDATE upload SET received = %s, touched_at = %s WHERE id = %s", (received, clock.now(), upload.id))
    return received


def take(database: Database, case: str, holder: str, kind: str, name: str, data: bytes, size: int) -> Entry:
    """Take a file that came in one piece; `size` tells more than `data` where it was cut short.

    Raises NotTaken: file-too-many, and what `retype` refuses.
    """
    if size > contents.LARGEST_SENT:
        raise NotTaken("file-too-large")
    content = contents.retype(data)
    with database.transaction() as tx:
        return attachments.keep(tx, new_id(), case, holder, kind, name, content)


def finish(database: Database, upload: str) -> Entry:
    """Take a whole file. It is looked at with no transaction open. Asked again, the same answer.

    Raises LookupError for an upload that is not there, NotTaken: file-unfinished, file-hash, and what `retype` refuses.
    """
    with database.transaction() as tx:
        kept = attachments.known(tx, upload)
        found = find(tx, upload)
        if kept is not None:
            return kept.entry
        if found is None:
            raise LookupError(upload)
        if found.problem:
            raise NotTaken(found.problem)
        pieces = tx.all("SELECT content FROM upload_piece WHERE upload = %s ORDER BY start", (upload,))
    data = b"".join(row.content for row in pieces)
    if len(data) != found.size:
        raise NotTaken("file-unfinished")
    try:
        content = _as_announced(data, found)
        with database.transaction() as tx:
            return _keep(tx, found, content)
    except NotTaken as refused:
        _refuse(database, upload, refused)
        raise


def _as_announced(data: bytes, upload: Upload) -> contents.Content:
    if upload.sha256 and hashlib.sha256(data).hexdigest() != upload.sha256:
        raise NotTaken("file-hash")
    return contents.retype(data)


def _keep(tx: Tx, upload: Upload, content: contents.Content) -> Entry:
    """Whoever holds the upload's row keeps it; another who finished it in the meantime has."""
    if find(tx, upload.id, lock=True) is None:
        kept = attachments.known(tx, upload.id)
        if kept is None:
            raise LookupError(upload.id)
        return kept.entry
    entry = attachments.keep(tx, upload.id, upload.case_code, upload.holder, upload.kind, upload.name, content)
    tx.run("DELETE FROM upload WHERE id = %s", (upload.id,))
    return entry


def _refuse(database: Database, upload: str, refused: NotTaken) -> None:
    """Remember why for a sender who did not hear it; the bytes go at once."""
    with database.transaction() as tx:
        tx.run("DELETE FROM upload_piece WHERE upload = %s", (upload,))
        tx.run("UPDATE upload SET problem = %s, touched_at = %s WHERE id = %s", (refused.code, clock.now(), upload))


def drop(tx: Tx, upload: str, case: str) -> None:
    """The person does not want it: on its way or kept, as long as it is not part of a dossier."""
    tx.run("DELETE FROM upload WHERE id = %s AND case_code = %s", (upload, case))
    attachments.remove(tx, upload, case)


def sweep(database: Database) -> None:
    """Forget what was never filed and not touched for a week."""
    before = clock.now() - KEPT_FOR
    with database.transaction() as tx:
        tx.run("DELETE FROM upload WHERE touched_at < %s", (before,))
        tx.run("DELETE FROM attachment WHERE filed_at IS NULL AND created_at < %s", (before,))
