"""An agency that upgrades tonight, beside one that does not: a node of this program and one of the program before.

The other is the program of version 0.2 (commit 4d669ad), taken from git and run as it was, with its own catalogue and
its own reading of the directory. Asks and sends go both ways, in either casting.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.stories.lone_nodes import Lone, Publication, clean, eventually

from lienthong.config import databases
from lienthong.config.postgres import Cluster
from lienthong.config.state import HOME

pytestmark = pytest.mark.long
BEFORE = "4d669ad"
SPEAKING = Path(__file__).with_name("speaking.py")
PERSON = "068195001234"
BY_NUMBER = {"items": {"p": {"register": "persons", "by": "number", "value": {"is": PERSON}}}}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of version 0.2."""
    folder = tmp_path_factory.mktemp("before")
    with (folder.with_suffix(".tar")).open("wb") as archive:
        made = subprocess.run(["git", "archive", BEFORE], cwd=HOME, stdout=archive, stderr=subprocess.PIPE, check=False)
    if made.returncode:
        pytest.skip(f"this tree has no history down to {BEFORE}: nothing was tried against the program before")
    subprocess.run(["tar", "-xf", str(folder.with_suffix(".tar")), "-C", str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def database_before(before: Path, cluster: Cluster) -> Callable[[str], Any]:
    """A node's database as version 0.2 defines it."""

    def make(name: str) -> Any:
        node = databases.ensure_databases(cluster, [f"old-{name}"])[f"old-{name}"]
        owner = node.conninfo(cluster, "owner")
        told = {"DATABASE_OWNER_URL": owner, "PYTHONPATH": str(before / "src")}
        migrate = [sys.executable, "-m", "lienthong.config.cli", "migrate", name]
        subprocess.run(migrate, env={**clean(), **told}, cwd=before, check=True)
        return type("Texts", (), {kind: node.conninfo(cluster, kind) for kind in databases.ROLES})

    return make


class Pair:
    """A portal and G01, one of each program."""

    def __init__(self, folder: Path, portal: Lone, g01: Lone) -> None:
        self.portal, self.g01 = portal, g01
        publication = Publication(folder / "directory.json")
        directory = publication.publish({node.name: node.entry() for node in (portal, g01)})
        plain = folder / "plain.json"  # as `lienthong directory show` prints it
        plain.write_bytes(json.dumps(json.loads(directory.document)["signed"]).encode())
        self.files = {node.name: plain if node.wire == 1 else publication.file for node in (portal, g01)}
        self.authority = publication.authority
        for node in (portal, g01):
            node.start(self.files[node.name], self.authority)

    def does(self, node: Lone, *deed: str) -> Any:
        told = node.environment(self.files[node.name], self.authority)
        told |= {"LIENTHONG_NODE": node.name, "LIENTHONG_RUN": str(node.folder), "LIENTHONG_BIND": ""}
        done = subprocess.run(
            [sys.executable, str(SPEAKING), *deed],
            env=told,
            cwd=node.program,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def stop(self) -> None:
        for node in (self.portal, self.g01):
            node.stop()


@pytest.fixture(scope="module", params=["the portal is older", "G01 is older"])
def pair(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    before: Path,
    database_before: Callable[[str], Any],
    node_database: Callable[[str], Any],
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    older = "portal" if request.param == "the portal is older" else "G01"
    nodes = [
        Lone(name, folder / name, database_before(name), program=before, wire=1)
        if name == older
        else Lone(name, folder / name, node_database(name))
        for name in ("portal", "G01")
    ]
    try:
        made = Pair(folder, *nodes)
        yield made
    finally:
        for node in nodes:
            node.stop()


def row(node: Lone, sql: str, *values: str) -> Any:
    with psycopg.connect(node.database.read) as connection:
        return connection.execute(sql.encode(), values).fetchone()


def test_an_older_and_a_newer_node_ask_each_other(pair: Pair) -> None:
    stuck = pair.does(pair.portal, "ask", "G01", "dossier.stuck", "operation", "{}")
    assert stuck is not None, pair.g01.words()
    pair.does(pair.g01, "person", PERSON)
    purpose = "interlinked/birth-residence-card"
    told = pair.does(pair.portal, "ask", "G01", "register.read", purpose, json.dumps(BY_NUMBER))
    assert told is not None, pair.g01.words()
    # by a number alone the newer owner opens nobody, and does not say whether they exist
    assert told["items"]["p"] is None if pair.g01.wire == 2 else told["items"]["p"]["full_name"] == "Ka Wẽn"


def test_a_question_and_its_answer_go_there_and_back(pair: Pair) -> None:
    question = pair.does(pair.portal, "question", "G01")
    done = "SELECT state = 'done' FROM outbox WHERE case_code = %s AND state <> 'waiting'"
    case = f"question/{question}"
    eventually(lambda: row(pair.portal, done, case) == (True,), f"it is taken in: {pair.portal.words()}")
    assert row(pair.g01, "SELECT state FROM task WHERE id = %s", question) == ("open",)
    pair.does(pair.g01, "answer", question)
    eventually(lambda: row(pair.g01, done, case) == (True,), f"the answer is taken in: {pair.g01.words()}")
    assert row(pair.portal, "SELECT state, answer FROM question WHERE id = %s", question) == ("answered", "để cấp thẻ")


def test_each_wrote_in_words_that_the_other_reads_and_signed_what_it_wrote(pair: Pair) -> None:
    headers = []
    for node in (pair.portal, pair.g01):
        with psycopg.connect(node.database.read) as connection:
            headers += [json.loads(header) for (header,) in connection.execute("SELECT header FROM inbox").fetchall()]
    assert headers
    assert not any("wire" in header or "head" in header for header in headers)
