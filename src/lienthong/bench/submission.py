"""The floor of a submission: its very statements, captured once from the application, as a pgbench script."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence

import psycopg
from psycopg import sql

from lienthong.bench.driver import Country
from lienthong.bench.families import Filled
from lienthong.bench.floor import SCHEMA
from lienthong.config.bootstrap import environment
from lienthong.config.state import HOME

DRAFTS = 4_000
_NEW = re.compile(r"INSERT INTO (?:outbox|notice) \([^)]*\) VALUES \(E'([0-9a-f-]{36})'")


def script(country: Country, filled: Sequence[Filled]) -> str:
    """A pgbench script of one submission, its keys made new for each run. Uses up two births: the first one of a
    process also fetches numbers ahead."""
    requests = [_request(one) for one in filled[:2]]
    told = subprocess.run(
        [sys.executable, "-m", "lienthong.bench.capture"], input=json.dumps(requests), capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(HOME / "src"), **environment(country.cluster, country.places["portal"])},
        check=False, timeout=60,
    )  # fmt: skip
    if told.returncode:
        raise RuntimeError(f"a submission could not be captured:\n{told.stderr[-2000:]}")
    captured = json.loads(told.stdout)
    last = filled[1]
    draft, code = last.path.rpartition("/")[2], captured["location"].split("/")[2]
    _copy_tables(country, draft)
    lines = [r"\set n random(100000000000, 999999999999)", rf"\set d random(1, {DRAFTS})"]
    lines += [_renewed(statement, code, draft, last.family.notice) + ";" for statement in captured["statements"]]
    return "\n".join(lines) + "\n"


def statements(of_script: str) -> tuple[int, int]:
    """How many statements a script holds, and in how many transactions: one outside is one of its own."""
    lines = [line for line in of_script.splitlines() if line.endswith(";")]
    bounds, inside, alone = 2 * lines.count("COMMIT;"), False, 0
    for line in lines:
        inside = line == "BEGIN;" or (inside and line != "COMMIT;")
        alone += not inside and line != "COMMIT;"
    return len(lines) - bounds, bounds // 2 + alone


def _request(filled: Filled) -> dict[str, str]:
    head, _, body = filled.request.decode().partition("\r\n\r\n")
    cookie = re.search(r"^Cookie: (.*)$", head, re.MULTILINE)
    return {"path": head.split(" ")[1], "cookie": cookie[1].strip() if cookie else "", "body": body}


def _renewed(statement: str, code: str, draft: str, notice: str) -> str:
    """The statement with the keys of its rows drawn anew: `:n` for what is inserted, `:d` for the draft."""
    new = "' || :n::text || E'"
    statement = statement.replace(code, code[:-12] + new).replace(notice, notice[:-6] + new)
    statement = statement.replace(draft, "floor-' || :d::text || E'")
    for made in _NEW.findall(statement):
        statement = statement.replace(made, made[:-12] + new)
    return statement


def _copy_tables(country: Country, draft: str) -> None:
    """The portal's tables with their indexes, empty but for sessions and many copies of one draft."""
    with psycopg.connect(country.conninfo("portal", "owner"), autocommit=True) as link:
        link.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        link.execute(f"CREATE SCHEMA {SCHEMA}")
        tables = link.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            names = sql.Identifier(SCHEMA, table), sql.Identifier("public", table)
            link.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(*names))
        link.execute(f"INSERT INTO {SCHEMA}.session SELECT * FROM public.session")
        others = link.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = 'draft' AND column_name NOT IN ('id', 'submitted')"
        ).fetchone()
        columns = str(others[0]) if others else ""
        copies = f"SELECT 'floor-' || g, {columns} FROM public.draft, generate_series(1, {DRAFTS}) g WHERE id = %s"
        link.execute(f"INSERT INTO {SCHEMA}.draft (id, {columns}) {copies}".encode(), (draft,))
        link.execute(f"ANALYZE {SCHEMA}.draft")
