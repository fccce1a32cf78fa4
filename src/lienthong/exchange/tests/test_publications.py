"""Signed publications: who may publish what, what is refused, and that saying the same again is nothing."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
import yaml
from psycopg import Rollback

from lienthong.catalogue import parts
from lienthong.catalogue.files import CatalogueError, of_folder
from lienthong.config.state import HOME
from lienthong.exchange import publications
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Alert, Event
from lienthong.exchange.publications import Body, Publication, keep, opened, publish, sealed
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx

PARTS = parts.divided(of_folder(HOME / "catalogue"))
KEYS = {name: SigningKey.generate() for name in ("portal", "G01", "G15", "G18", "H36", "BHXH")}
DIRECTORY = Directory({name: Entry("", "", [PublishedKey("seal", key.public.text)]) for name, key in KEYS.items()})
SINCE, RESIDENCE = date(2026, 1, 1), "residence/newborn-residence"
NOT_THEIRS = "not-the-publisher"


@pytest.fixture
def tx(node_database: Callable[[str], Any]) -> Iterator[Tx]:
    """A node's database with the list of publishers and no other part; nothing of a test stays."""
    database = Database(node_database("H36").run, size=1)
    with database.transaction() as open_:
        keep(open_, made("publishers", by="portal"), at=clock.now())
        yield open_
        raise Rollback
    database.close()


def made(part: str, files: Any = None, *, by: str, version: int = 1, replaces: str = "") -> Publication:
    body = Body(part, version, SINCE, replaces, PARTS[part] if files is None else files)
    return sealed(by, KEYS[by], body, clock.now())


def refused(tx: Tx, found: Publication, **more: Any) -> str:
    with pytest.raises(Refused) as told:
        keep(tx, opened(found.envelope, DIRECTORY), at=clock.now(), **more)
    return told.value.code


def changed(part: str, path: str, **fields: Any) -> dict[str, str]:
    return {**PARTS[part], path: yaml.safe_dump({**yaml.safe_load(PARTS[part][path]), **fields}, allow_unicode=True)}


def test_every_part_of_the_catalogue_has_a_publisher_that_is_a_node() -> None:
    lines = parts.lines_of(PARTS["publishers"])
    nodes = yaml.safe_load(PARTS["directory"]["directory.yaml"])["nodes"]
    owners = {part: parts.publisher(lines, part, files) for part, files in PARTS.items()}
    assert set(owners.values()) <= set(nodes)
    assert {owners[part] for part in ("rights/G01", "registers/persons", f"services/{RESIDENCE}")} == {"G01"}
    assert (owners["territory/lam-dong"], owners["rights/every"], owners["dictionary"]) == ("H36", "portal", "portal")
    with pytest.raises(CatalogueError, match="names nobody"):
        parts.publisher(lines, "weather", {})


@pytest.mark.parametrize(
    ("part", "by"),
    [
        ("rights/G01", "H36"),
        ("rights/every", "G01"),
        ("registers/persons", "H36"),
        ("services/civil-status/birth-registration", "H36"),
        ("territory/lam-dong", "portal"),
        ("dictionary", "G15"),
        ("publishers", "H36"),
    ],
)
def test_a_part_is_taken_from_its_publisher_and_from_nobody_else(tx: Tx, part: str, by: str) -> None:
    version = 2 if part == "publishers" else 1
    replaces = publications.latest(tx)["publishers"].hash if version == 2 else ""
    assert refused(tx, made(part, by=by, version=version, replaces=replaces)) == "not-the-publisher"
    owner = parts.publisher(parts.lines_of(PARTS["publishers"]), part, PARTS[part])
    assert keep(tx, made(part, by=owner, version=version, replaces=replaces), at=clock.now())


def test_a_register_cannot_be_taken_over_but_its_owner_can_hand_it_on(tx: Tx) -> None:
    first = made("registers/persons", by="G01")
    keep(tx, first, at=clock.now())
    theirs = changed("registers/persons", "registers/persons.yaml", owner="H36")
    assert refused(tx, made("registers/persons", theirs, by="H36", version=2, replaces=first.hash)) == NOT_THEIRS
    handed = made("registers/persons", theirs, by="G01", version=2, replaces=first.hash)
    keep(tx, handed, at=clock.now())
    assert refused(tx, made("registers/persons", by="G01", version=3, replaces=handed.hash)) == NOT_THEIRS
    assert keep(tx, made("registers/persons", theirs, by="H36", version=3, replaces=handed.hash), at=clock.now())


def test_an_altered_text_is_no_publication() -> None:
    text = made("rights/G01", by="G01").envelope
    others = text.replace('"sender":"G01"', '"sender":"H36"')
    for spoilt in (text.replace("residences", "identities"), others, text[:-9]):
        assert spoilt != text
        with pytest.raises(Refused) as told:
            opened(spoilt, DIRECTORY)
        assert told.value.code in ("altered", "bad-signature", "malformed")


@pytest.mark.parametrize("path", ["rights/G15.yaml", "../rights/G01.yaml", "rights/.G01.yaml", "/rights", "", "a//b"])
def test_a_part_brings_only_files_of_its_own(path: str) -> None:
    with pytest.raises(Refused, match="malformed"):
        opened(made("rights/G01", {path: "[]"}, by="G01").envelope, DIRECTORY)


def test_what_is_older_or_contradicts_what_is_held_is_refused(tx: Tx) -> None:
    first = made("rights/G01", by="G01")
    other = made("rights/G01", {"rights/G01.yaml": "[]"}, by="G01")
    second = made("rights/G01", {"rights/G01.yaml": "[]"}, by="G01", version=2, replaces=first.hash)
    assert keep(tx, first, at=clock.now())
    assert not keep(tx, first, at=clock.now())
    assert refused(tx, other) == "other-content"
    assert refused(tx, made("rights/G01", by="G01", version=2, replaces=other.hash)) == "does-not-follow"
    fifth = made("rights/G01", {"rights/G01.yaml": "[]"}, by="G01", version=5, replaces="…")
    assert keep(tx, fifth, at=clock.now())  # those between did not come this way
    assert refused(tx, second) == "older"
    assert keep(tx, second, at=clock.now(), history=True)  # asked for by its hash
    assert {row.hash for row in publications.in_force(tx, SINCE) if row.part == "rights/G01"} == {fifth.hash}


def test_publishing_seals_a_version_once_into_the_journal(tx: Tx) -> None:
    def once(files: Any, by: str = "H36") -> Publication | None:
        return publish(tx, by, KEYS[by], "rights/H36", files, since=SINCE, at=clock.now())

    first, second = once(PARTS["rights/H36"]), once({"rights/H36.yaml": "[]"})
    assert first is not None
    assert second is not None
    assert once({"rights/H36.yaml": "[]"}) is None
    assert (second.body.version, second.body.replaces) == (2, first.hash)
    assert entries.verify_stream(tx, "publication/rights/H36") == 2
    told = tx.value("SELECT payload FROM journal_entry WHERE stream = 'publication/rights/H36' AND number = 2")
    content = msgspec.json.decode(told)
    assert content["hash"] == second.hash
    assert opened(content["envelope"], DIRECTORY).body.files == {"rights/H36.yaml": "[]"}
    with pytest.raises(Refused, match="not-the-publisher"):
        once(PARTS["rights/H36"], by="G15")


def test_a_part_too_large_for_an_envelope_is_not_sealed() -> None:
    with pytest.raises(Refused, match="too-large"):
        made("rights/G01", {"rights/G01.yaml": "#" * 250_000}, by="G01")


def test_a_version_counts_from_its_day(tx: Tx) -> None:
    first = made("rights/G01", by="G01")
    body = Body("rights/G01", 2, SINCE + timedelta(days=30), first.hash, {"rights/G01.yaml": "[]"})
    second = sealed("G01", KEYS["G01"], body, clock.now())
    for one in (first, second):
        keep(tx, one, at=clock.now())
    counts = [
        next(row.version for row in publications.in_force(tx, SINCE + timedelta(days=days)) if row.part == "rights/G01")
        for days in (0, 29, 30)
    ]
    assert counts == [1, 1, 2]


def test_what_a_feed_brings_and_is_refused_is_in_the_journal_and_an_operators_task(tx: Tx) -> None:
    raised: list[Alert] = []

    class Here:
        directory = DIRECTORY

        @staticmethod
        def on_alert(_node: Any, _tx: Tx, alert: Alert) -> None:
            raised.append(alert)

    def event(found: Publication) -> Event:
        data = {"part": found.body.part, "hash": found.hash, "envelope": found.envelope}
        facts = {"type": "", "subject": "", "time": "", "seal": 1, "sequence": 7, "purpose": "publications"}
        return Event(publisher=found.publisher, feed="publications", id=f"{found.publisher}/7", data=data, **facts)

    publications.heard(Here(), tx, event(made("rights/G01", by="H36")))  # type: ignore[arg-type]
    publications.heard(Here(), tx, event(made("rights/G01", by="G01")))  # type: ignore[arg-type]
    assert [alert.detail["recipient"] for alert in raised] == ["H36"]
    assert "rights/G01" in raised[0].detail["problem"]
    assert tx.value("SELECT payload::json ->> 'code' FROM journal_entry WHERE kind = 'refusal'") == "not-the-publisher"
    assert publications.latest(tx)["rights/G01"].publisher == "G01"
