"""One clock: time in the country is the node's, movable in a demo, and never the database's or the machine's."""

import ast
import re

from tests.architecture.tree import HOME, SOURCE, domain

IN_SQL = re.compile(
    r"\b(now|transaction_timestamp|statement_timestamp|localtimestamp)\s*\(|\bcurrent_(date|time)", re.IGNORECASE
)
OF_THE_MACHINE = re.compile(r"\bclock_timestamp\s*\(", re.IGNORECASE)

# Delays between machines pass in real time, whatever day it is in the demo country.
REAL_TIME_SQL = {
    "exchange/courier.py": "when a message is tried again",
    "exchange/settling.py": "when a message is tried again",
    "exchange/deadletters.py": "that a message is tried again now",
    "exchange/outbox.py": "until when a message is held",
    "exchange/schema/0001_exchange.sql": "when a message may first be tried",
    "portal/schema/0001_portal.sql": "when a message may first be tried",
    "portal/sending.py": "when a message is tried again",
    "kit/migrations.py": "when a migration was applied to this database",
}
REAL_TIME = {
    "kit/clock.py": "the clock itself",
    "kit/identifiers.py": "identifiers sort by when they were really made",
    "identity/validity.py": "tokens of sign-in live for real minutes",
    "gateways/moments.py": "signatures of systems outside hold for real minutes",
}


def test_no_statement_takes_the_time_from_the_database() -> None:
    found = [f"{m.name}:{line}" for m in domain() for line, text in m.strings if _is_sql(text) and IN_SQL.search(text)]
    files = [path for path in SOURCE.rglob("*.sql") if IN_SQL.search(_code(path.read_text()))]
    assert (found, files) == ([], [])


def test_the_machines_time_is_used_only_between_machines() -> None:
    users = {m.name for m in domain() for _, text in m.strings if OF_THE_MACHINE.search(text)}
    users |= {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.sql")
        if OF_THE_MACHINE.search(_code(path.read_text()))
    }
    assert users == set(REAL_TIME_SQL)


def test_no_room_looks_at_another_clock() -> None:
    users = set()
    for module in domain():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                if re.fullmatch(r"(datetime\.)?(datetime|date)\.(now|today|utcnow)|time\.(time|time_ns)", called):
                    users.add(module.name)
    assert users == set(REAL_TIME)


def _is_sql(text: str) -> bool:
    return re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE|VALUES|DEFAULT)\b", text) is not None


def _code(sql: str) -> str:
    return re.sub(r"--.*", "", sql)


def test_the_rule_sees_what_it_forbids() -> None:
    assert IN_SQL.search("SELECT now()")
    assert IN_SQL.search("WHERE day = CURRENT_DATE")
    assert not IN_SQL.search("SELECT known(1), clock_timestamp()")
    assert (HOME / "src").is_dir()
