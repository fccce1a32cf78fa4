"""Files from the page that handed them in to the agency that decides: A is the agency, B the portal."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
import pytest

from lienthong.documents import attachments, fetching, receiving
from lienthong.documents.attachments import PIECE, SERVICE, Entry
from lienthong.documents.contents import Content
from lienthong.documents.receiving import Upload, WrongOffset
from lienthong.documents.refusing import NotTaken
from lienthong.documents.tests.test_contents import pdf, picture
from lienthong.exchange import outbox
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.tests.pair import CITIZEN, PURPOSE, Pair, right
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Database, Tx

numbers = count(1)


@pytest.fixture(autouse=True)
def open_door(pair: Pair) -> Iterator[None]:
    pair.reset()
    pair.rights[:] = [right(SERVICE), right("toy.file")]
    pair.b.answerers = {SERVICE: attachments.read}
    yield
    pair.reset()


def within(database: Database, work: Callable[..., Any], *facts: Any, **more: Any) -> Any:
    """What a function says in a transaction of its own."""
    with database.transaction() as tx:
        return work(tx, *facts, **more)


def handed_in(pair: Pair, data: bytes | None = None, case: str = "") -> Entry:
    """A checked file, kept at the portal and part of a dossier."""
    code = case or f"G01-{next(numbers)}"
    content = Content(data if data is not None else picture(), "image/jpeg")
    facts = (new_id(), f"draft/{code}", CITIZEN, "notice_paper", "ảnh.jpg", content)
    entry: Entry = within(pair.b.database, attachments.keep, *facts)
    assert within(pair.b.database, attachments.filed, f"draft/{code}", code) == [entry]
    return entry


def sent(pair: Pair, entry: Entry, case: str, *, expected: bool = True) -> None:
    """The portal files the dossier at the agency, with the manifest."""
    manifest = [msgspec.structs.asdict(entry)]
    with pair.b.database.transaction() as tx:
        outbox.send(pair.b, tx, "A", "toy.file", {"attachments": manifest}, case=case, purpose=PURPOSE)
    if expected:
        within(pair.a.database, attachments.expect, manifest, origin="B", case=case, purpose=PURPOSE)


def at_agency(pair: Pair, entry: Entry, case: str) -> Any:
    return within(pair.a.database, attachments.find, entry.id, case)


# in pieces


def announced(pair: Pair, data: bytes, case: str = "", sha256: str = "") -> Upload:
    case = case or f"draft/{new_id()}"
    facts = (case, CITIZEN, "notice_paper", "ảnh.jpg", len(data), sha256)
    upload: Upload = within(pair.b.database, receiving.begin, *facts)
    return upload


def add(pair: Pair, upload: Upload, offset: int, piece: bytes) -> int:
    with pair.b.database.transaction() as tx:
        found = receiving.find(tx, upload.id, lock=True)
        assert found is not None
        return receiving.append(tx, found, offset, piece)


def test_a_file_in_pieces_goes_on_where_it_stopped_and_is_kept_once(pair: Pair) -> None:
    data = picture(size=(900, 700))
    told = hashlib.sha256(data).hexdigest()
    upload = announced(pair, data, sha256=told)
    assert add(pair, upload, 0, data[:1000]) == 1000
    with pytest.raises(WrongOffset) as wrong:
        add(pair, upload, 0, data[:1000])
    assert wrong.value.received == 1000
    with pytest.raises(NotTaken, match="file-unfinished"):
        receiving.finish(pair.b.database, upload.id)
    again = announced(pair, data, case=upload.case_code, sha256=told)
    assert (again.id, again.received) == (upload.id, 1000)
    add(pair, upload, 1000, data[1000:])
    kept = receiving.finish(pair.b.database, upload.id)
    assert kept == receiving.finish(pair.b.database, upload.id)
    assert within(pair.b.database, attachments.of, upload.case_code) == [kept]
    assert (kept.id, kept.type, kept.name) == (upload.id, "image/jpeg", "ảnh.jpg")


@pytest.mark.parametrize(
    ("data", "sha256", "code"),
    [
        (picture(), "0" * 64, "file-hash"),
        (b"<html>not a picture</html>", "", "file-type"),
        (picture()[:200], "", "file-damaged"),
    ],
)
def test_a_file_that_is_not_taken_says_why_again_to_a_sender_who_did_not_hear_it(
    pair: Pair, data: bytes, sha256: str, code: str
) -> None:
    upload = announced(pair, data, sha256=sha256)
    add(pair, upload, 0, data)
    for _ in range(2):
        with pytest.raises(NotTaken, match=code):
            receiving.finish(pair.b.database, upload.id)
    assert pair.b.database.one("SELECT count(*) FROM upload_piece WHERE upload = %s", (upload.id,)) == (0,)


def test_what_is_announced_is_bounded(pair: Pair) -> None:
    case = f"draft/{new_id()}"
    for size, code in ((0, "file-empty"), (-5, "file-empty"), (10 * 1024 * 1024 + 1, "file-too-large")):
        with pytest.raises(NotTaken, match=code):
            within(pair.b.database, receiving.begin, case, CITIZEN, "k", "n", size)
    with pytest.raises(NotTaken, match="file-too-large"):
        add(pair, announced(pair, b"123"), 0, b"1234")
    for shade in range(10):
        receiving.take(pair.b.database, case, CITIZEN, "k", "a.jpg", picture(size=(10 + shade, 9)), 500)
    with pytest.raises(NotTaken, match="file-too-many"):
        receiving.take(pair.b.database, case, CITIZEN, "k", "a.jpg", picture(size=(99, 9)), 500)
    with pytest.raises(NotTaken, match="file-too-many"):
        announced(pair, picture(), case=case)
    same = receiving.take(pair.b.database, case, CITIZEN, "k", "b.jpg", picture(size=(10, 9)), 500)
    assert same.name == "a.jpg"  # the same picture again is the one that is there


def test_what_was_never_filed_is_forgotten_after_a_week_and_what_was_filed_stays(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed, loose, case = handed_in(pair), announced(pair, picture()), f"draft/{new_id()}"
    unfiled = receiving.take(pair.b.database, case, CITIZEN, "k", "a.jpg", picture(), 500)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    receiving.sweep(pair.b.database)
    left = [within(pair.b.database, attachments.known, one) for one in (filed.id, unfiled.id)]
    assert [one and one.entry for one in left] == [filed, None]
    assert within(pair.b.database, receiving.find, loose.id) is None
    within(pair.b.database, receiving.drop, filed.id, left[0].case)
    assert within(pair.b.database, attachments.known, filed.id).entry == filed


# to the agency


def test_a_file_travels_in_pieces_and_is_logged_once(pair: Pair) -> None:
    data = bytes(range(256)) * 1300  # three pieces
    entry = handed_in(pair, data, "T-9001")
    sent(pair, entry, "T-9001")
    assert at_agency(pair, entry, "T-9001").content is None
    assert fetching.fetch_missing(pair.a) == 1
    kept = at_agency(pair, entry, "T-9001")
    assert (kept.content, kept.entry, kept.problem) == (data, entry, "")
    assert len(pair.door.heard) == 1 + len(data) // PIECE
    reads = within(pair.b.database, Tx.all, "SELECT subject, payload FROM journal_entry WHERE subject IS NOT NULL")
    logged = [msgspec.json.decode(row.payload) for row in reads if '"T-9001"' in row.payload]
    assert [(one["asker"], one["register"], one["fields"]) for one in logged] == [
        ("A", "attachments", ["notice_paper"])
    ]
    assert fetching.fetch_missing(pair.a) == 0


def test_a_silent_portal_is_asked_again_later_and_a_portal_gone_afterwards_does_not_matter(pair: Pair) -> None:
    entry = handed_in(pair, case="T-9002")
    sent(pair, entry, "T-9002")
    pair.door.status = 503
    assert fetching.fetch_missing(pair.a) == 0
    kept = at_agency(pair, entry, "T-9002")
    assert (kept.content, kept.problem) == (None, "not-answered")
    assert fetching.fetch_missing(pair.a) == 0  # it is not time yet
    pair.door.status = 0
    pair.a.asker = Asker("A", pair.keys["A"], pair.directory)
    assert fetching.fetch(pair.a, entry.id, officer="068080000001")  # an officer does not wait for that time
    pair.door.status = 503
    assert at_agency(pair, entry, "T-9002").content is not None


def test_a_file_that_is_not_what_was_filed_is_not_kept(pair: Pair) -> None:
    entry = handed_in(pair, case="T-9003")
    other = msgspec.structs.replace(entry, sha256="0" * 64)
    sent(pair, other, "T-9003")
    assert fetching.fetch_missing(pair.a) == 0
    assert at_agency(pair, entry, "T-9003").problem == "altered"


@pytest.mark.parametrize(
    ("case", "change", "code"),
    [
        ("T-9104", {}, "no-right"),  # never sent to the asker
        ("T-9105", {"attachment": new_id()}, "no-right"),
        ("T-9105", {"offset": PIECE}, "unknown-attachment"),
        ("T-9105", {"offset": -1}, "unknown-attachment"),
        ("T-9105", {"offset": 5}, "not-begun"),
        ("T-9105", {"offset": "0"}, "malformed"),
        ("T-9105", {"more": 1}, "malformed"),
    ],
)
def test_only_what_was_sent_in_this_case_is_answered(pair: Pair, case: str, change: dict[str, Any], code: str) -> None:
    case = f"{case}-{next(numbers)}"
    entry = handed_in(pair, case=case)
    if case.startswith("T-9105"):
        sent(pair, entry, case, expected=False)
    body = {"attachment": entry.id, "offset": 0} | change
    assert pair.a.asker.ask(Question("B", SERVICE, body, PURPOSE, case)) is None
    assert pair.refusals(f'"{case}"') == [code]


def test_a_filing_that_the_agency_refused_gives_no_right(pair: Pair) -> None:
    entry = handed_in(pair, case="T-9006")
    sent(pair, entry, "T-9006")
    within(pair.b.database, Tx.run, "UPDATE outbox SET state = 'refused' WHERE case_code = 'T-9006'")
    assert fetching.fetch_missing(pair.a) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"}, {"kind": "../x"}, {"type": "text/html"}, {"size": 6 * 1024 * 1024}, {"size": 0},
        {"sha256": "x"}, {"name": "a.html"}, {"name": "a/b.jpg"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(pair: Pair, change: dict[str, Any]) -> None:
    entry = {"id": new_id(), "kind": "k", "name": "a.jpg", "type": "image/jpeg", "size": 5, "sha256": "a" * 64}
    assert attachments.checked([entry])
    with pytest.raises(Refused, match="invalid"):
        attachments.checked([entry | change])


def test_a_pdf_keeps_its_bytes_on_the_way(pair: Pair) -> None:
    data = pdf()
    entry = receiving.take(pair.b.database, "draft/p", CITIZEN, "k", "giấy.pdf", data, len(data))
    within(pair.b.database, attachments.filed, "draft/p", "T-9007")
    sent(pair, entry, "T-9007")
    assert fetching.fetch_missing(pair.a) == 1
    assert at_agency(pair, entry, "T-9007").content == data
