"""The verifier, on files made by real nodes: what is whole is proven, whatever byte is changed is found."""

import ast
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.config import evidence as exporting
from lienthong.exchange import directory_document, forks, proof
from lienthong.exchange.directory_document import Content
from lienthong.exchange.tests.test_forks import EMPTY, NOTE, PURPOSE, Town
from lienthong.journal import entries, export, sealer
from lienthong.journal.proofs import path
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey
from lienthong_verifier import evidence, hashing, journals
from lienthong_verifier.__main__ import main
from lienthong_verifier.broken import Broken, Unreadable
from lienthong_verifier.reading import decoded

HERE = Path(__file__).parents[1]
SMUGGLED = "UPDATE journal_entry SET payload = '{\"n\":9}' WHERE stream = 'toy/record' AND number = 2"


@pytest.fixture(scope="module")
def town(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A sent B a message, both journals are sealed and witnessed; the directory is signed."""
    places = {"A": node_database("portal"), "B": node_database("G01")}
    for place in places.values():
        with psycopg.connect(place.owner) as owner:
            owner.execute(EMPTY)
    made = Town({name: place.run for name, place in places.items()}, tmp_path_factory.mktemp("run"))
    made.owners = {name: place.owner for name, place in places.items()}
    authority = SigningKey.generate()
    document = directory_document.sign(Content(1, clock.now(), made.directory.nodes), authority)
    made.directory.document = document.decode()
    made.authority = authority.public.text  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.fixture(scope="module")
def sent(town: Town) -> str:
    """The id of a message with its receipt, from a node whose journal tells of it."""
    from lienthong.exchange import outbox
    from lienthong.exchange.courier import Lane

    node = town.nodes["A"]
    with node.database.transaction() as tx:
        message = outbox.send(node, tx, "B", NOTE, {"say": "xin chào"}, case="T-1", purpose=PURPOSE)
        chain = entries.append(tx, "dossier/T-1", "act", {"message": message}, at=clock.now())
        entries.append(tx, "dossier/T-1", "act", {"n": 2}, at=clock.now(), number=2, previous=chain)
    town.grow("A")
    lane = Lane(node, "B", __import__("threading").Event())
    lane._post = lambda rows: _posted(town, rows)  # type: ignore[method-assign]
    assert lane.deliver() == 1
    forks.greet(node)  # B signs what it holds of A
    return message


def _posted(town: Town, rows: Any) -> Any:
    import msgspec

    from lienthong.exchange import inbox
    from lienthong.exchange.envelopes import Envelope

    batch = [Envelope(msgspec.Raw(r.header.encode()), msgspec.Raw(r.body.encode()), r.signature) for r in rows]
    reply = inbox.receive(town.nodes["B"], msgspec.json.encode(inbox.Batch(batch)))
    return msgspec.json.decode(reply, type=inbox.Reply).receipts


@pytest.fixture(scope="module")
def file(town: Town, sent: str) -> str:
    """The evidence of A alone: B's side is silent."""
    node = town.nodes["A"]
    with node.database.transaction() as tx:
        rows = proof.messages(tx, sent)
        content = proof.part(tx, sent, rows, ["dossier/T-1"], lambda entry: entry.number == 1, bodies=True)
    import msgspec

    part = proof.signed(node, sent, msgspec.json.encode(content))
    made = {
        "lienthong": "evidence", "version": 1, "about": sent, "by": "A", "at": clock.now().isoformat(),
        "directory": town.directory.document, "parts": [proof.as_texts(part)], "silent": ["B"],
    }  # fmt: skip
    return exporting._text({**made, "signature": node.seal.sign(exporting._text(made).encode())})


def journal(town: Town, name: str) -> list[bytes]:
    node = town.nodes[name]
    with node.database.transaction() as tx:
        return [line.encode() for line in export.lines(tx, name, town.directory.document, node.seal.sign)]


def test_the_verifier_needs_python_and_cryptography_and_nothing_else() -> None:
    allowed = {*sys.stdlib_module_names, "cryptography", "lienthong_verifier"}
    for module in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, module.name


@given(st.integers(1, 40), st.integers(0, 39))
def test_a_path_leads_from_every_entry_to_the_seals_root_and_from_no_other(count: int, place: int) -> None:
    links = [hashing.sha256(bytes([n])) for n in range(count)]
    place %= count
    root, way = hashing.tree_root(links), path(links, place)
    assert sealer.tree_root(links) == root == hashing.root_from(links[place], place, count, way)
    assert hashing.root_from(hashing.sha256(b"other"), place, count, way) != root
    assert hashing.root_from(links[place], place, count, [*way, root]) is None


def test_evidence_of_a_message_is_proven_offline(file: str, town: Town) -> None:
    report = evidence.check(file, authority=town.authority)  # type: ignore[attr-defined]
    text = report.text()
    assert "A → B  toy.note" in text
    assert "receipt: done (held by A)" in text
    assert "countersigned by B" in text
    assert "B did not answer" in text
    assert "signed by the authority" in text


def test_an_authority_that_did_not_sign_the_directory_is_found(file: str) -> None:
    with pytest.raises(Broken, match="the authority did not sign it"):
        evidence.check(file, authority=SigningKey.generate().public.text)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_bit_of_an_evidence_file_is_changed_it_is_refused(file: str, data: st.DataObject) -> None:
    raw = bytearray(file.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Broken, Unreadable)):
        evidence.check(decoded(bytes(raw)))


@pytest.mark.parametrize("also", ["\n", " ", "{}"])
def test_nothing_may_stand_beside_the_evidence(file: str, also: str) -> None:
    with pytest.raises((Broken, Unreadable)):
        evidence.check(file + also)


def test_an_altered_message_is_named_with_what_was_expected(file: str) -> None:
    """Even where the one who altered it could sign the file and the part anew, the sender's own signature does not."""
    with pytest.raises(Broken, match=r"A.*the body was altered: its hash should be"):
        evidence.check(file.replace("xin chào", "xin chao"))


def test_a_whole_journal_is_proven_and_its_erased_content_counted(town: Town) -> None:
    with psycopg.connect(town.owners["A"]) as owner:
        owner.execute("UPDATE journal_entry SET payload = NULL WHERE stream = 'dossier/T-1' AND number = 2")
    report = journals.check(journal(town, "A"))
    assert "1 of them lawfully erased" in report.text()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (SMUGGLED, "toy/record #2, in seal .*its content was altered"),
        ("DELETE FROM journal_entry WHERE stream = 'toy/record' AND number = 2", "should stand here|is missing"),
        ("UPDATE seal SET root = digest FROM journal_entry WHERE seal.number = 2", "seal 2: its entries are not"),
        ("DELETE FROM seal WHERE number = 2", "its first position should be"),
    ],
)
def test_the_first_broken_link_of_a_journal_is_named(town: Town, sql: str, said: str) -> None:
    node = town.nodes["B"]
    with psycopg.connect(town.owners["B"]) as owner:
        owner.execute(EMPTY)
    for numbers in ((1, 2), (3,), (4,)):
        with node.database.transaction() as tx:
            _grow(tx, numbers)
        with node.database.transaction() as tx:
            sealer.seal_ready(tx)
    journals.check(journal(town, "B"))
    with psycopg.connect(town.owners["B"]) as owner:
        owner.execute(sql.encode())
    with pytest.raises(Broken, match=said):
        journals.check(journal(town, "B"))


def _grow(tx: Any, numbers: tuple[int, ...]) -> None:
    for number in numbers:
        before = tx.value("SELECT chain FROM journal_entry WHERE stream = 'toy/record' AND number = %s", (number - 1,))
        at, previous = clock.now(), bytes(before or b"")
        entries.append(tx, "toy/record", "act", {"n": number}, at=at, number=number, previous=previous)


def test_the_command_says_by_its_exit_code_what_it_found(file: str, town: Town, tmp_path: Path) -> None:
    whole, altered, other = tmp_path / "whole.json", tmp_path / "altered.jsonl", tmp_path / "other.json"
    whole.write_text(file)
    lines = journal(town, "A")
    altered.write_bytes(b"".join(lines[:-2] + lines[-1:]))
    other.write_text(json.dumps({"some": "thing"}))
    assert main([str(whole)]) == 0
    assert main([str(whole), str(altered)]) == 1
    assert main([str(other)]) == 2
