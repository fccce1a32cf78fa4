"""Two nodes on hosts of their own: everything between them goes over mutual TLS, and only under published certificates.

Real processes, started as agencies start them; the portal asks G01 about a read (`task.open`), G01 answers the portal.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import urllib3
from tests.stories.lone_nodes import DAY, Lone, Publication, browser, certificate, eventually, published

from lienthong.exchange import outbox
from lienthong.exchange.asking import Question
from lienthong.exchange.directory import Directory, Entry
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database


class Two:
    def __init__(self, folder: Path, node_database: Callable[[str], Any]) -> None:
        self.portal, self.g01 = (Lone(n, folder / n, node_database(n), secure=True) for n in ("portal", "G01"))
        self.guest = Lone("BHXH", folder / "BHXH", secure=True)  # only its keys: this test speaks for it
        self.publication = Publication(folder / "directory.json")
        self.directory = self.publication.publish(self.nodes())

    def nodes(self, **changed: Entry) -> dict[str, Entry]:
        return {node.name: node.entry() for node in (self.portal, self.g01, self.guest)} | changed

    def publish(self, **changed: Entry) -> Directory:
        self.directory = self.publication.publish(self.nodes(**changed))
        return self.directory

    def ask(self, by: Any, to: str = "G01") -> Any:
        """What a node says about its directory; None where it does not let us in."""
        question = Question(to, "directory.current", {"version": 0}, "operation", "")
        answer = self.guest.asker(self.directory, by).ask(question, within=5.0)
        return answer and answer.body["version"]

    def known(self) -> None:
        """Returns once both nodes follow the directory as published last."""
        for node in ("G01", "portal"):
            eventually(lambda to=node: self.ask(self.guest.identity, to) == self.publication.version, f"{node} follows")

    def send(self) -> str:
        """A question about a read, from the portal's outbox to G01."""
        database, task = Database(self.portal.database.run, size=1), new_id()
        body = {"id": task, "kind": "question", "title": "đọc", "detail": {}, "due": None}
        try:
            with database.transaction() as tx:
                sender = self.portal.sender(self.directory)
                outbox.send(sender, tx, "G01", "task.open", body, case=task, purpose="my-data")
        finally:
            database.close()
        return task

    def state_of(self, case: str) -> str:
        with psycopg.connect(self.portal.database.read) as connection:
            row = connection.execute("SELECT state FROM outbox WHERE case_code = %s", (case,)).fetchone()
        return str(row[0]) if row else ""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, node_database: Callable[[str], Any]) -> Iterator[Two]:
    made = Two(tmp_path_factory.mktemp("tls"), node_database)
    try:
        for node in (made.portal, made.g01):
            node.start(made.publication.file, made.publication.authority)
        yield made
    finally:
        for node in (made.portal, made.g01):
            node.stop()


@pytest.fixture(autouse=True)
def as_published_at_first(two: Two) -> Iterator[None]:
    yield
    two.publish()
    two.known()


def test_a_message_goes_there_and_its_receipt_comes_back(two: Two) -> None:
    case = two.send()
    eventually(lambda: two.state_of(case) == "done", f"the message is done: {two.portal.words()}")
    with psycopg.connect(two.g01.database.read) as connection:
        assert connection.execute("SELECT count(*) FROM task WHERE id = %s", (case,)).fetchone() == (1,)


def test_who_holds_a_published_certificate_is_answered(two: Two) -> None:
    assert two.ask(two.guest.identity) == two.publication.version
    assert two.ask(two.guest.identity, "portal") == two.publication.version


@pytest.mark.parametrize("shown", ["none", "of nobody", "expired", "not yet valid", "another of its key"])
def test_nobody_else_is_let_in(two: Two, shown: str) -> None:
    key = two.guest.tls if shown == "another of its key" else SigningKey.generate()
    since, until = {"expired": (-2 * DAY, -DAY), "not yet valid": (DAY, 2 * DAY)}.get(shown, (-DAY, DAY))
    its = certificate(key, since, until)
    if shown in ("expired", "not yet valid"):
        two.publish(BHXH=two.guest.entry(published(two.guest.tls, two.guest.certificate), published(key, its)))
        two.known()
    assert two.ask(None if shown == "none" else two.guest.shows(key, its)) is None


def test_a_revoked_certificate_is_refused_on_a_connection_that_is_open(two: Two) -> None:
    asker = two.guest.asker(two.directory, two.guest.identity)
    question = Question("G01", "directory.current", {"version": 0}, "operation", "")
    assert asker.ask(question, within=5.0) is not None
    pool = asker.lines.to("G01")
    revoked = published(two.guest.tls, two.guest.certificate, revoked=clock.now() - timedelta(seconds=1))
    two.publish(BHXH=two.guest.entry(revoked))
    eventually(lambda: asker.ask(question, within=5.0) is None, "the revoked certificate is refused")
    assert asker.lines.to("G01") is pool, "the same connection, on our side"
    case = two.send()
    eventually(lambda: two.state_of(case) == "done", "others go on")


def test_a_partner_who_shows_another_certificate_than_published_hears_nothing(two: Two) -> None:
    other = SigningKey.generate()
    two.publish(G01=two.g01.entry(published(other, certificate(other))))
    sent: list[str] = []

    def is_refused() -> bool:
        sent.append(two.send())
        return "CERTIFICATE_VERIFY_FAILED" in two.portal.words()

    eventually(is_refused, "the portal refuses to speak to it")
    assert two.state_of(sent[-1]) == "waiting"
    two.publish()
    eventually(lambda: two.state_of(sent[-1]) == "done", "what waited goes out once the certificate is as published")


def test_a_new_certificate_is_taken_into_use_without_a_stop(two: Two) -> None:
    key = SigningKey.generate()
    its = certificate(key)
    both = two.g01.entry(published(two.g01.tls, two.g01.certificate), published(key, its))
    two.publish(G01=both)
    two.known()
    two.g01.replace(two.g01.identity, key, its)
    case = two.send()
    eventually(lambda: two.state_of(case) == "done", f"the message is done: {two.portal.words()}")
    assert two.ask(two.guest.identity) == two.publication.version
    two.g01.replace(two.g01.identity, two.g01.tls, two.g01.certificate)


def test_people_need_no_certificate_and_find_no_exchange_at_their_port(two: Two) -> None:
    site = f"https://127.0.0.1:{two.g01.port}"
    person = browser(two.g01.certificate)
    assert person.request("GET", f"{site}/health").status == 200
    assert person.request("POST", f"{site}/exchange/ask", body=b"{}").status == 403


def test_the_partners_port_shows_no_pages_and_does_not_speak_without_tls(two: Two) -> None:
    pool = two.guest.asker(two.directory, two.guest.identity).lines.to("G01")
    address = two.g01.entry().address
    assert pool.request("POST", f"{address}/health", body=b"").status == 404
    assert pool.request("GET", f"{address}/health").status == 501
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(retries=False, timeout=3.0).request("POST", address.replace("https", "http"), body=b"{}")
