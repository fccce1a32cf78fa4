"""Asking: an answer now, or None; never a page that hangs, never an answer that nobody logged."""

import time
from collections.abc import Callable
from io import BytesIO
from threading import Thread
from typing import Any

import msgspec
import pytest

from lienthong.exchange import answering, asking, envelopes
from lienthong.exchange.asking import AT_ONCE, OPENS_AFTER
from lienthong.exchange.directory import UnknownNode
from lienthong.exchange.door import door
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.tests.pair import CITIZEN, Pair, header
from lienthong.journal.entries import verify_stream


def knock(pair: Pair, path: str, raw: bytes, method: str = "POST") -> tuple[int, bytes]:
    """What the door of node B answers: status and body."""
    said: list[str] = []

    def pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"a page"]

    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(raw)), "wsgi.input": BytesIO(raw)}
    body = b"".join(door(pair.b, pages)(environ, lambda status, headers: said.append(status)))
    return int(said[0][:3]), body


def reads(pair: Pair, request: str) -> list[str]:
    with pair.b.database.transaction() as tx:
        rows = tx.all("SELECT subject FROM journal_entry WHERE stream = %s ORDER BY number", (f"read/{request}",))
    return [row.subject for row in rows]


def asked(pair: Pair) -> Envelope:
    """The last question that came to B's door."""
    return msgspec.json.decode(pair.door.heard[-1], type=Envelope)


def test_an_answer_is_the_partners_and_belongs_to_the_question(pair: Pair) -> None:
    answer = pair.a.asker.ask(pair.question("xin chào"))
    assert answer is not None
    assert answer.body == {"echo": "xin chào"}
    assert (answer.header.sender, answer.header.answers) == ("B", asked(pair).hash)


def test_a_read_is_logged_before_the_answer_leaves_with_who_asked_for_what_and_why(pair: Pair) -> None:
    seen: list[list[str]] = []

    def watched(found: bytes) -> bytes:
        seen.append(reads(pair, header(asked(pair)).id))
        return found

    pair.door.changed = watched
    pair.a.asker.ask(pair.question(subjects=[CITIZEN, "068092004321"]))
    assert seen == [[CITIZEN, "068092004321"]]
    with pair.b.database.transaction() as tx:
        stream = f"read/{header(asked(pair)).id}"
        row = tx.one("SELECT payload FROM journal_entry WHERE stream = %s AND number = 1", (stream,))
        assert verify_stream(tx, stream) == 2
    logged = msgspec.json.decode(row.payload)
    assert logged["asker"] == "A"
    assert (logged["case"], logged["officer"], logged["fields"]) == ("draft/1", "068080000001", ["number"])


def test_an_answer_that_cannot_be_logged_does_not_leave(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(answering.entries, "append_reads", fails)
    with pytest.raises(RuntimeError):
        answering.answer(pair.b, msgspec.json.encode(pair.a.asker._sign(pair.question())))


def test_a_question_replayed_is_refused_with_409_and_logged(pair: Pair) -> None:
    request = pair.a.asker._sign(pair.question())
    raw = msgspec.json.encode(request)
    answering.answer(pair.b, raw)
    status, body = knock(pair, "/exchange/ask", raw)
    assert (status, msgspec.json.decode(body)["code"]) == (409, "replayed")
    assert pair.refusals(header(request).id) == ["replayed"]
    assert reads(pair, header(request).id) == [CITIZEN]


@pytest.mark.parametrize(
    ("code", "status", "changes"),
    [
        ("no-right", 403, {"purpose": "another/purpose"}),
        ("unknown-service", 404, {"service": "toy.nothing"}),
        ("misdirected", 403, {"recipient": "C"}),
        ("unknown-sender", 403, {"sender": "Z"}),
    ],
)
def test_a_question_without_right_is_refused_and_logged(
    pair: Pair, code: str, status: int, changes: dict[str, str]
) -> None:
    request = pair.envelope(**({"service": "toy.echo"} | changes))
    said, body = knock(pair, "/exchange/ask", msgspec.json.encode(request))
    assert (said, msgspec.json.decode(body)["code"]) == (status, code)
    assert pair.refusals(header(request).id) == [code]
    assert reads(pair, header(request).id) == []


@pytest.mark.parametrize(("raw", "status"), [(b"\xff", 400), (b"{}", 400), (b" " * (envelopes.LARGEST + 1), 413)])
def test_the_doors_answer_rubbish_with_a_status_of_its_own(pair: Pair, raw: bytes, status: int) -> None:
    assert knock(pair, "/exchange/ask", raw)[0] == status
    assert knock(pair, "/exchange/send", b"", method="GET")[0] == 405
    assert knock(pair, "/", b"") == (200, b"a page")


def test_a_partner_that_hangs_costs_the_deadline_and_no_more(pair: Pair) -> None:
    pair.door.open.clear()
    start = time.monotonic()
    assert pair.a.asker.ask(pair.question(), within=0.3) is None
    assert 0.25 < time.monotonic() - start < 1.5


def test_one_hanging_partner_does_not_take_the_answers_of_others(pair: Pair) -> None:
    pair.door.open.clear()
    questions = [pair.question(recipient="C"), pair.question()]
    Thread(target=lambda: (time.sleep(0.1), pair.door.open.set())).start()
    silent, answered = pair.a.asker.ask_all(questions, within=2.0)
    assert silent is None
    assert answered is not None


def test_only_so_many_threads_wait_for_one_partner(pair: Pair) -> None:
    pair.door.open.clear()
    start = time.monotonic()
    assert pair.a.asker.ask_all([pair.question()] * 12, within=0.4) == [None] * 12
    assert time.monotonic() - start < 2.0
    assert len(pair.door.heard) <= AT_ONCE


def test_the_breaker_opens_after_failures_in_a_row_and_closes_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "STAYS_OPEN", 0.6)
    pair.door.status = 500
    for _ in range(OPENS_AFTER):
        assert pair.a.asker.ask(pair.question()) is None
    pair.door.status = 0
    heard = len(pair.door.heard)
    assert pair.a.asker.ask(pair.question()) is None
    assert len(pair.door.heard) == heard  # it was not even asked
    time.sleep(0.65)
    assert pair.a.asker.ask(pair.question()) is not None


def test_one_failure_among_answers_does_not_open_the_breaker(pair: Pair) -> None:
    for status in (500, 500, 0, 500, 500, 0):
        pair.door.status = status
        assert (pair.a.asker.ask(pair.question()) is None) == bool(status)


def test_a_silent_partner_is_none(pair: Pair) -> None:
    assert pair.a.asker.ask(pair.question(recipient="C")) is None


def test_a_partner_that_nobody_knows_is_a_mistake_of_our_own(pair: Pair) -> None:
    with pytest.raises(UnknownNode):
        pair.a.asker.ask(pair.question(recipient="Z"))


def _other_answer(pair: Pair) -> Callable[[bytes], bytes]:
    other = answering.answer(pair.b, msgspec.json.encode(pair.a.asker._sign(pair.question("other"))))
    return lambda _: other


def _signed_by_c(pair: Pair) -> Callable[[bytes], bytes]:
    def forge(raw: bytes) -> bytes:
        found = header(msgspec.json.decode(raw, type=Envelope))
        body = b'{"echo":"forged"}'
        facts = msgspec.structs.asdict(found) | {"sender": "C", "body_hash": envelopes.digest(body)}
        return msgspec.json.encode(envelopes.close(envelopes.Header(**facts), body, pair.keys["C"]))

    return forge


@pytest.mark.parametrize(
    "change",
    [
        _other_answer,
        _signed_by_c,
        lambda pair: lambda raw: raw.replace(b"xin", b"XIN"),
        lambda pair: lambda raw: b"\xff" + raw,
        lambda pair: lambda raw: b"",
        lambda pair: lambda raw: raw.replace(b'"echo"', b'"\xff\xff\xff"'),
        lambda pair: lambda raw: b" " * (envelopes.LARGEST + 1),
    ],
)
def test_the_answer_of_another_question_or_of_another_hand_is_no_answer(
    pair: Pair, change: Callable[[Pair], Callable[[bytes], bytes]]
) -> None:
    pair.door.changed = change(pair)
    assert pair.a.asker.ask(pair.question("xin chào")) is None


def test_a_question_expires_within_a_moment(pair: Pair) -> None:
    request = header(pair.a.asker._sign(pair.question()))
    assert request.expires - request.issued == envelopes.MOMENT
    late = pair.envelope(service="toy.echo", issued=request.issued - envelopes.MOMENT * 2, expires=request.issued)
    with pytest.raises(Refused, match="expired"):
        answering.answer(pair.b, msgspec.json.encode(late))
