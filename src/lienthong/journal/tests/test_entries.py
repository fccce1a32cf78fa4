"""The chain of a record: what was written is what is read, or the difference is found."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from lienthong.journal import entries
from lienthong.journal.entries import ChainBroken, append, append_all, append_reads, verify_stream
from lienthong.kit import clock
from lienthong.kit.storage import Database


class Journal:
    """One node's journal, with an owner who could do what the runtime role cannot."""

    def __init__(self, run: str, owner: str) -> None:
        self.database, self._owner = Database(run), owner

    def write(self, stream: str, count: int) -> bytes:
        """Entries 1 … count of a stream, each in a transaction of its own; the head."""
        head = b""
        for number in range(1, count + 1):
            with self.database.transaction() as tx:
                content = {"act": number, "name": "K’ Brêm"}
                head = append(tx, stream, "act", content, at=clock.now(), number=number, previous=head)
        return head

    def verify(self, stream: str, head: bytes | None = None) -> int:
        with self.database.transaction() as tx:
            return verify_stream(tx, stream, head)

    def tamper(self, statement: str, *params: Any) -> None:
        with psycopg.connect(self._owner) as connection:
            assert connection.execute(statement.encode(), params).rowcount > 0


@pytest.fixture(scope="module")
def journal(node_database: Callable[[str], Any]) -> Iterator[Journal]:
    node = node_database("H36")
    made = Journal(node.run, node.owner)
    yield made
    made.database.close()


def test_an_untouched_stream_verifies_and_ends_in_the_records_own_head(journal: Journal) -> None:
    head = journal.write("dossier/whole", 4)
    assert journal.verify("dossier/whole", head) == 4
    assert journal.verify("dossier/none") == 0


def test_an_altered_payload_is_found(journal: Journal) -> None:
    journal.write("dossier/altered", 3)
    sql = "UPDATE journal_entry SET payload = replace(payload, 'Brêm', 'Brông') WHERE stream = %s AND number = 2"
    journal.tamper(sql, "dossier/altered")
    with pytest.raises(ChainBroken, match="dossier/altered #2"):
        journal.verify("dossier/altered")


def test_an_altered_payload_with_its_digest_made_to_fit_is_found_too(journal: Journal) -> None:
    journal.write("dossier/forged", 3)
    journal.tamper(
        "UPDATE journal_entry SET payload = '{}', digest = sha256('{}') WHERE stream = %s AND number = 2",
        "dossier/forged",
    )
    with pytest.raises(ChainBroken, match="dossier/forged #2"):
        journal.verify("dossier/forged")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_removed_entry_is_found_wherever_it_stood(journal: Journal, number: int) -> None:
    stream = f"dossier/removed-{number}"
    head = journal.write(stream, 3)
    journal.tamper("DELETE FROM journal_entry WHERE stream = %s AND number = %s", stream, number)
    with pytest.raises(ChainBroken, match=stream):
        journal.verify(stream, head)


def test_a_stream_removed_as_a_whole_is_found_by_the_records_own_head(journal: Journal) -> None:
    head = journal.write("dossier/gone", 2)
    journal.tamper("DELETE FROM journal_entry WHERE stream = %s", "dossier/gone")
    with pytest.raises(ChainBroken, match="dossier/gone"):
        journal.verify("dossier/gone", head)


def test_entries_swapped_in_order_are_found(journal: Journal) -> None:
    journal.write("dossier/swapped", 3)
    journal.tamper("UPDATE journal_entry SET number = 9 WHERE stream = %s AND number = 2", "dossier/swapped")
    journal.tamper("UPDATE journal_entry SET number = 2 WHERE stream = %s AND number = 3", "dossier/swapped")
    journal.tamper("UPDATE journal_entry SET number = 3 WHERE stream = %s AND number = 9", "dossier/swapped")
    with pytest.raises(ChainBroken, match="dossier/swapped #2"):
        journal.verify("dossier/swapped")


def test_an_entry_moved_to_another_record_is_found(journal: Journal) -> None:
    journal.write("dossier/mine", 1)
    journal.tamper("UPDATE journal_entry SET stream = 'dossier/yours' WHERE stream = %s", "dossier/mine")
    with pytest.raises(ChainBroken, match="dossier/yours #1"):
        journal.verify("dossier/yours")


def test_a_payload_erased_on_legal_grounds_still_verifies_by_its_digest(journal: Journal) -> None:
    head = journal.write("dossier/erased", 3)
    journal.tamper("UPDATE journal_entry SET payload = NULL WHERE stream = %s AND number = 1", "dossier/erased")
    assert journal.verify("dossier/erased", head) == 3


def test_a_record_that_a_load_brought_in_begins_at_its_second_version(journal: Journal) -> None:
    assert journal.verify("persons/loaded", b"") == 0
    with journal.database.transaction() as tx:
        head = append(tx, "persons/loaded", "change", {"version": 2}, at=clock.now(), number=2)
    assert journal.verify("persons/loaded", head) == 1
    with pytest.raises(ChainBroken):
        journal.verify("persons/loaded", b"")


def test_entries_written_together_chain_as_if_written_one_by_one(journal: Journal) -> None:
    at, contents = clock.now(), [{"act": number, "name": "K’ Brêm"} for number in (1, 2, 3)]
    with journal.database.transaction() as tx:
        first = append(tx, "dossier/together", "act", contents[0], at=at)
        told = [(at, content) for content in contents[1:]]
        head = append_all(tx, "dossier/together", "act", told, first=2, previous=first)
    assert journal.verify("dossier/together", head) == 3


def test_two_writers_of_one_number_meet(journal: Journal) -> None:
    journal.write("dossier/met", 1)
    with pytest.raises(psycopg.errors.UniqueViolation):
        journal.write("dossier/met", 1)


def test_the_reads_of_one_answer_are_one_stream_by_subject(journal: Journal) -> None:
    reads = [("068195001234", {"register": "persons"}), ("068092004321", {"register": "persons"})]
    with journal.database.transaction() as tx:
        append_reads(tx, "read/one", reads, clock.now())
    assert journal.verify("read/one") == 2
    with journal.database.transaction() as tx:
        found = tx.all("SELECT subject FROM journal_entry WHERE stream = 'read/one' ORDER BY number")
    assert [row.subject for row in found] == [subject for subject, _ in reads]


@pytest.mark.parametrize("table", ["journal_entry", "seal", "inbox"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_runtime_role_may_add_and_never_change_or_remove(journal: Journal, table: str, statement: str) -> None:
    column = sql.Identifier({"journal_entry": "kind", "seal": "root", "inbox": "receipt"}[table])
    filled = [sql.Identifier(table), column, column][: statement.count("{}")]
    with journal.database.transaction() as tx, pytest.raises(psycopg.errors.InsufficientPrivilege), tx.savepoint():
        tx.connection.execute(sql.SQL(statement).format(*filled))  # type: ignore[arg-type]


def test_the_hash_of_an_entry_is_that_of_the_chain_before_and_its_own_digest() -> None:
    digest = bytes(32)
    assert entries.next_link(entries.first_link("a"), digest) != entries.next_link(entries.first_link("b"), digest)
