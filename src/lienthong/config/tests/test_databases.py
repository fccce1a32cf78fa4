"""Nobody reads a neighbour's tables: tried with every node's real credentials."""

import itertools

import psycopg
import pytest

from lienthong.config import databases
from lienthong.config.bootstrap import places
from lienthong.config.postgres import Cluster

# Databases of their own in the shared cluster: what is broken here must not reach the tests beside.
NODES = [f"T-{place.name}" for place in places(8600)]


@pytest.fixture(scope="module")
def known(cluster: Cluster) -> dict[str, databases.Credentials]:
    return databases.ensure_databases(cluster, NODES)


@pytest.mark.parametrize(("node", "other"), list(itertools.permutations(NODES, 2)))
def test_a_nodes_credentials_are_refused_by_every_other_database(
    cluster: Cluster, known: dict[str, databases.Credentials], node: str, other: str
) -> None:
    for kind in databases.ROLES:
        role, password = known[node].role(kind), known[node].passwords[kind]
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(cluster.conninfo(known[other].database, role, password))


@pytest.mark.parametrize("node", NODES)
def test_a_nodes_credentials_open_its_own_database_and_none_of_the_servers(
    cluster: Cluster, known: dict[str, databases.Credentials], node: str
) -> None:
    for kind in databases.ROLES:
        with psycopg.connect(known[node].conninfo(cluster, kind)) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (known[node].database,)
        for own in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(cluster.conninfo(own, known[node].role(kind), known[node].passwords[kind]))


def test_a_wrong_password_is_refused(cluster: Cluster, known: dict[str, databases.Credentials]) -> None:
    node = known["T-G01"]
    for role in (node.role("run"), "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(cluster.conninfo(node.database, role, "guess"))


def test_the_running_node_defines_nothing_and_only_adds_to_its_journal(
    cluster: Cluster, known: dict[str, databases.Credentials]
) -> None:
    node = known["T-G15"]
    owner = node.conninfo(cluster, "owner")
    with psycopg.connect(owner) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS journal_entry (n int) PARTITION BY RANGE (n)")
        connection.execute("CREATE TABLE IF NOT EXISTS journal_part PARTITION OF journal_entry DEFAULT")
        connection.execute("CREATE TABLE IF NOT EXISTS act (n int)")
    databases.grant_runtime(owner)
    databases.grant_runtime(owner)
    with psycopg.connect(node.conninfo(cluster, "run"), autocommit=True) as connection:
        for allowed in ("INSERT INTO journal_entry VALUES (1)", "UPDATE act SET n = 2", "DELETE FROM act"):
            connection.execute(allowed)
        for refused in (
            "UPDATE journal_entry SET n = 2",
            "DELETE FROM journal_part",
            "UPDATE journal_part SET n = 2",
            "TRUNCATE journal_entry",
            "TRUNCATE act",
            "CREATE TABLE mine (n int)",
            "CREATE TEMPORARY TABLE mine (n int)",
            "ALTER TABLE act ADD m int",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)
    with psycopg.connect(node.conninfo(cluster, "read"), autocommit=True) as connection:
        connection.execute("SELECT * FROM journal_entry")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO act VALUES (1)")


def test_a_database_left_half_made_is_made_again(cluster: Cluster, known: dict[str, databases.Credentials]) -> None:
    with psycopg.connect(cluster.superuser(), autocommit=True) as connection:
        connection.execute("DROP DATABASE lt_t_g18")
        connection.execute("CREATE DATABASE lt_t_g18_making")
    databases.ensure_databases(cluster, NODES)
    with psycopg.connect(known["T-G18"].conninfo(cluster, "run")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
