"""An existing database as a register: its mapping becomes a view of the register's name, and nothing moves.

The view has the fields of the declaration and what every record has beside them, so that look-ups, copies and
comparisons read it like any register's table. A value that does not convert is withheld, and the field that the mapping
names in `marks` says so. The node may read the mapped tables; nobody here writes them. Where the owner allows it,
triggers note which records change, and indexes serve the look-ups.

A mapping that names a column that is not there, a type that a conversion cannot take, or a conversion that fails for
more than one in five of the first thousand filled values does not load.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.mappings import Join, Joining, Source
from lienthong.catalogue.shapes import Term
from lienthong.kit.migrations import Migration, count
from lienthong.kit.storage import Tx
from lienthong.registers import buckets
from lienthong.registers.buckets import Changes, Table
from lienthong.registers.tables import quoted, sql_type

SAMPLE, MOST_FAILING = 1_000, 0.2
_TEXTUAL = frozenset({"text", "character varying", "character"})
WHOLE = frozenset({"smallint", "integer", "bigint", "numeric"})
_TAKES = {
    "day": frozenset({"date", "timestamp without time zone"}),
    "moment": frozenset({"timestamp with time zone", "timestamp without time zone"}),
}
_TIMES = frozenset({"timestamp with time zone", "timestamp without time zone", "date"})
_COLUMNS = """
SELECT a.attname, split_part(format_type(a.atttypid, NULL), '(', 1) FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""
_STANDING = "SELECT obj_description(to_regclass(%s), 'pg_class')"


class NotJoined(Exception):
    """A mapping does not fit the database that is there. The message names mapping, field and column, and no value."""


@dataclass(frozen=True)
class Sql:
    """A mapping as SQL; `types` are those of the columns by (table, column)."""

    register: Register
    mapping: Joining
    terms: Mapping[str, Term]
    types: Mapping[tuple[str, str], str]

    def table(self, name: str) -> str:
        return f"{foreign(self.mapping.db_schema)}.{foreign(name)}"

    def place(self, source: Source) -> tuple[str, str]:
        """Table and column of a field."""
        join, _, column = source.column.rpartition(".")
        return (self.mapping.joins[join].table if join else self.mapping.table), column

    def raw(self, source: Source) -> str:
        """A column's value as text; NULL where there is nothing but blanks. Strict, so that who looks for a value of a
        join begins there."""
        join, _, column = source.column.rpartition(".")
        return f"substring(btrim({foreign(join or 'main')}.{foreign(column)}::text), '.+')"

    def value(self, source: Source) -> str:
        """A field's value in our words; NULL where it does not convert."""
        raw = self.raw(source)
        match source.conversion:
            case "text":
                return raw
            case "tcvn3":
                return f"joined_tcvn3({raw})"
            case "personal_number":
                return _matching(raw, "^[0-9]{12}$")
            case "nine_digits":
                return _matching(raw, "^[0-9]{9}$")
            case "dd/mm/yyyy":
                return _day(raw, "^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$", (3, 2, 1))
            case "yyyymmdd":
                return _day(raw, "^([0-9]{4})([0-9]{2})([0-9]{2})$", (1, 2, 3))
            case "number":
                return f"({_matching(raw, '^-?[0-9]{1,9}$')})::integer"
            case "codes":
                pairs = " ".join(f"WHEN {literal(code)} THEN {literal(word)}" for code, word in source.codes.items())
                return f"CASE {raw} {pairs} END"
        return self._typed(source)

    def _typed(self, source: Source) -> str:
        """A day or a moment of a column of such a type; times without a zone are those of Vietnam."""
        join, _, column = source.column.rpartition(".")
        name = f"{foreign(join or 'main')}.{foreign(column)}"
        if source.conversion == "day":
            return f"{name}::date"
        is_local = self.types[self.place(source)] == "timestamp without time zone"
        return f"{name} AT TIME ZONE 'Asia/Ho_Chi_Minh'" if is_local else name

    def source(self) -> str:
        """The main table with its joins."""
        joins = "".join(f"\n    LEFT JOIN {self._join(alias, join)}" for alias, join in self.mapping.joins.items())
        return f"{self.table(self.mapping.table)} AS {foreign('main')}{joins}"

    def _join(self, alias: str, join: Join) -> str:
        own, later = foreign(alias), foreign("later")
        on = [f"{own}.{foreign(c)} = {foreign('main')}.{foreign(m)}" for c, m in join.by.items()]
        on += [f"{own}.{foreign(c)} = {literal(text)}" for c, text in join.where.items()]
        if join.latest:
            same = [f"{later}.{foreign(c)} = {own}.{foreign(c)}" for c in (*join.by, *join.where)]
            beyond = f"{later}.{foreign(join.latest)} > {own}.{foreign(join.latest)}"
            inside = f"SELECT 1 FROM {self.table(join.table)} AS {later} WHERE {' AND '.join([*same, beyond])}"
            on.append(f"NOT EXISTS ({inside})")
        return f"{self.table(join.table)} AS {own} ON {' AND '.join(on)}"

    def view(self) -> str:
        """What the register is read from; `epoch` is a row whose entry is still to be written."""
        fields = {name: self.value(source) for name, source in self.mapping.fields.items()}
        if self.mapping.marks:
            fields[self.mapping.marks] = self._marks()
        columns = ",\n        ".join(f"{fields[name]} AS {quoted(name)}" for name in self.register.fields)
        name, key = self.register.register, quoted(self.register.key)
        return (
            f"CREATE VIEW {quoted(name)} AS\nSELECT r.*, coalesce(j.version, 1) AS version,"
            f" (coalesce(j.at, 'epoch') AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS valid_from,"
            f" coalesce(j.at, 'epoch') AS recorded_at, {literal(by(self.register))} AS recorded_by,"
            f" coalesce(j.chain, '') AS chain\nFROM (\n    SELECT {columns}\n    FROM {self.source()}\n) r\n"
            f"LEFT JOIN joined_row j ON j.register = {literal(name)} AND j.key = r.{key}\nWHERE r.{key} IS NOT NULL;"
        )

    def _marks(self) -> str:
        some = [
            f"CASE WHEN {self.raw(source)} IS NOT NULL AND {self.value(source)} IS NULL THEN {literal(name)} END"
            for name, source in self.mapping.fields.items()
            if source.conversion not in ("text", "tcvn3", "day", "moment")
        ]
        return f"nullif(concat_ws(',', {', '.join(some)}), '')" if some else "NULL::text"

    # ------------------------------------------------------------------ beside the owner's tables

    def triggers(self) -> Iterator[str]:
        """Notes of changes: the main table's by key, a join's by the key where it goes by it, else of maybe all."""
        key = self.mapping.fields[self.register.key]
        yield from self._trigger(self.mapping.table, self.value(key))
        by_table: dict[str, list[Join]] = {}
        for join in self.mapping.joins.values():
            by_table.setdefault(join.table, []).append(join)
        for table, joins in by_table.items():
            columns = {next((c for c, m in join.by.items() if m == key.column), "") for join in joins}
            column = columns.pop() if len(columns) == 1 else ""
            yield from self._trigger(table, self.value(Source(column, key.conversion)) if column else "NULL")

    def _trigger(self, table: str, key: str) -> Iterator[str]:
        name = foreign(f"lienthong_{self.register.register}_{table}"[:63])
        register, main = literal(self.register.register), foreign("main")
        note = f"INSERT INTO public.joined_change (register, key) SELECT {register}, {key}"
        both = "".join(
            f"    IF TG_OP <> '{other}' THEN {note} FROM (SELECT {row}.*) AS {main}; END IF;\n"
            for other, row in (("INSERT", "OLD"), ("DELETE", "NEW"))
        )
        function = f"{foreign(self.mapping.db_schema)}.{name}"
        yield (
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            f" SET search_path = pg_catalog, public AS $$ BEGIN\n"
            f"    IF TG_OP = 'TRUNCATE' THEN\n"
            f"        INSERT INTO public.joined_change (register) VALUES ({register}); RETURN NULL;\n    END IF;\n"
            f"{both}    RETURN NULL;\nEND $$;"
        )
        on = f"ON {self.table(table)}"
        yield (
            f"CREATE OR REPLACE TRIGGER {name} AFTER INSERT OR UPDATE OR DELETE {on}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}();"
        )
        whole = foreign(f"lienthong_{self.register.register}_{table}"[:60] + "_t")
        yield f"CREATE OR REPLACE TRIGGER {whole} AFTER TRUNCATE {on} FOR EACH STATEMENT EXECUTE FUNCTION {function}();"

    def indexes(self) -> Iterator[str]:
        """For each look-up, over the converted value as the view has it."""
        columns = {column for columns in self.register.lookups.values() for column in columns}
        for field in sorted({*columns, self.register.key}):
            source = self.mapping.fields[field]
            table, _ = self.place(source)
            if source.conversion in _TAKES:
                continue  # the view compares such columns as they are
            value = self.value(Source(source.column.rpartition(".")[2], source.conversion, source.codes))
            value = value.replace(f"{foreign('main')}.", "")
            hashed = hashlib.sha256(value.encode()).hexdigest()[:8]  # another conversion is another index
            name = foreign(f"lienthong_{self.register.register}_{field}"[:54] + f"_{hashed}")
            yield f"CREATE INDEX IF NOT EXISTS {name} ON {self.table(table)} (({value}));"

    def rights(self, run: str) -> Iterator[str]:
        """The node reads, and nothing else."""
        role = foreign(run)
        yield f"REVOKE ALL ON {quoted(self.register.register)} FROM {role};"
        yield f"GRANT SELECT ON {quoted(self.register.register)} TO {role};"
        yield f"GRANT USAGE ON SCHEMA {foreign(self.mapping.db_schema)} TO {role};"
        for table in self.tables:
            yield f"REVOKE ALL ON {self.table(table)} FROM {role};"
            yield f"GRANT SELECT ON {self.table(table)} TO {role};"

    @property
    def tables(self) -> list[str]:
        return list(dict.fromkeys([self.mapping.table, *(join.table for join in self.mapping.joins.values())]))

    def statements(self, run: str) -> list[str]:
        allows = self.mapping.allows
        return [
            f"-- {self.register.name.en}, as it lies in {self.mapping.db_schema}: {self.register.legal_basis}",
            f"DROP VIEW IF EXISTS {quoted(self.register.register)};",
            self.view(),
            *self.rights(run),
            *(self.triggers() if "triggers" in allows else ()),
            *(self.indexes() if "indexes" in allows else ()),
        ]


# ---------------------------------------------------------------------- into the database


def missing(
    connection: psycopg.Connection[Any], register: Register, mapping: Joining, terms: Mapping[str, Term]
) -> Iterator[Migration]:
    """The migration that makes the view, where none of this mapping stands. Raises NotJoined."""
    sql = compiled(connection, register, mapping, terms)
    statements = sql.statements(f"{connection.info.user.rpartition('_')[0]}_run")  # the node at work, beside its owner
    name = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    row = connection.execute(_STANDING, (quoted(register.register),)).fetchone()
    if row and row[0] == name:
        return
    _try_a_sample(connection, sql)
    base = f"registers/{register.register}"
    statements.append(f"COMMENT ON VIEW {quoted(register.register)} IS {literal(name)};")
    statements.append(f"UPDATE joined_register SET unswept = true WHERE register = {literal(register.register)};")
    yield Migration(f"{base}/{count(connection, base) + 1:04d}", "\n".join(statements) + "\n")


def compiled(
    connection: psycopg.Connection[Any], register: Register, mapping: Joining, terms: Mapping[str, Term]
) -> Sql:
    """Raises NotJoined for a table, column or type that is not there or does not fit."""
    tables = {mapping.table, *(join.table for join in mapping.joins.values())}
    types = {
        (table, column): str(written)
        for table in tables
        for column, written in connection.execute(_COLUMNS, (mapping.db_schema, table)).fetchall()
    }
    sql = Sql(register, mapping, terms, types)
    place = f"mappings/{mapping.mapping}.yaml"
    needed = [(sql.place(source), name) for name, source in mapping.fields.items()]
    needed += [((mapping.table, mapping.watermark.column), "watermark")] if mapping.watermark else []
    for alias, join in mapping.joins.items():
        columns = (*join.by, *join.where, *([join.latest] if join.latest else []))
        needed += [((join.table, column), alias) for column in columns]
        needed += [((mapping.table, column), alias) for column in join.by.values()]
    for (table, column), what in needed:
        if (table, column) not in types:
            raise NotJoined(f"{place} {what}: there is no column {mapping.db_schema}.{table}.{column}")
    for name, source in mapping.fields.items():
        _must_convert(f"{place} {name}", sql, source)
    mark = types.get((mapping.table, mapping.watermark.column)) if mapping.watermark else None
    if mark and mark not in _TIMES | WHOLE:
        raise NotJoined(f"{place} watermark: a column of type {mark} does not grow with each change")
    return sql


def _must_convert(place: str, sql: Sql, source: Source) -> None:
    table, column = sql.place(source)
    here = sql.types[table, column]
    if here not in _TAKES.get(source.conversion, _TEXTUAL | WHOLE):
        raise NotJoined(f"{place}: {source.conversion} does not take {table}.{column}, which is of type {here}")


def _try_a_sample(connection: psycopg.Connection[Any], sql: Sql) -> None:
    """Raises NotJoined where a conversion is plainly the wrong one."""
    for name, source in sql.mapping.fields.items():
        table, column = sql.place(source)
        alias = foreign(source.column.rpartition(".")[0] or "main")
        query = (
            f"SELECT count(*), count(*) FILTER (WHERE {sql.value(source)} IS NULL) FROM ("
            f"SELECT * FROM {sql.table(table)} AS {alias} WHERE {sql.raw(source)} IS NOT NULL"
            f"{_chosen(sql, source)} LIMIT {SAMPLE}) AS {alias}"
        )
        rows, failing = connection.execute(query.encode()).fetchone() or (0, 0)
        if rows and failing > MOST_FAILING * rows:
            raise NotJoined(
                f"mappings/{sql.mapping.mapping}.yaml {name}: {failing} of {rows} sampled values of"
                f" {table}.{column} do not convert as {source.conversion}"
            )


def _chosen(sql: Sql, source: Source) -> str:
    """Of a join's table, the rows that it takes."""
    join, _, _ = source.column.rpartition(".")
    where = sql.mapping.joins[join].where if join else {}
    return "".join(f" AND {foreign(join)}.{foreign(column)} = {literal(text)}" for column, text in where.items())


# ---------------------------------------------------------------------- compared, and looked over


@dataclass(frozen=True)
class JoinedRows(Table):
    """The rows of a joined register, for comparisons: buckets are opened in one pass over the view, which has no index
    of places; while nothing was captured nothing has changed."""

    register: str = ""

    def _relation(self, *, wanted: bool) -> str:
        return f"JOIN {self.relation} ON {self._bucket()} = w.bucket" if wanted else self.relation

    def changed(self, tx: Tx, since: str | None) -> Changes:
        upto = str(tx.value("SELECT changes FROM joined_register WHERE register = %s", (self.register,)) or 0)
        return Changes(upto, frozenset() if upto == since else None)


def rows(register: Register, terms: Mapping[str, Term], columns: Sequence[str]) -> JoinedRows:
    """The first column is what they go by."""
    table = buckets.of_register(register, terms, columns[0], columns[1:])
    return JoinedRows(table.relation, table.key, table.values, table.version, register.register)


@dataclass(frozen=True)
class Quality:
    """Of one field: rows in which the source has nothing, and rows in which what it has does not convert."""

    field: str
    column: str
    empty: int
    inconvertible: int


@dataclass(frozen=True)
class Looked:
    rows: int
    without_key: int
    double_keys: int
    fields: list[Quality]


def look_over(tx: Tx, sql: Sql) -> Looked:
    """Count what the source holds; no value leaves."""
    key = sql.mapping.fields[sql.register.key]
    wanted = [f"{sql.value(key)} IS NULL"]
    for source in sql.mapping.fields.values():
        raw, value = sql.raw(source), sql.value(source)
        wanted += [f"{raw} IS NULL", f"{raw} IS NOT NULL AND {value} IS NULL"]
    counts = ", ".join(f"count(*) FILTER (WHERE {one}) AS n{place}" for place, one in enumerate(wanted))
    whole, without, *found = tx.one(f"SELECT count(*) AS whole, {counts} FROM {sql.source()}")
    double = tx.value(
        f"SELECT count(*) FROM (SELECT 1 FROM {quoted(sql.register.register)}"
        f" GROUP BY {quoted(sql.register.key)} HAVING count(*) > 1) d"
    )
    fields = [
        Quality(name, ".".join(sql.place(source)), *found[2 * place : 2 * place + 2])
        for place, (name, source) in enumerate(sql.mapping.fields.items())
    ]
    return Looked(whole, without, double, fields)


# ---------------------------------------------------------------------- pieces


def by(register: Register) -> str:
    """What the records of a joined register have in `recorded_by`."""
    return f"joined:{register.joined}"


def foreign(identifier: str) -> str:
    """A name of the owner's as SQL takes it. Raises ValueError for anything but letters, digits and underscores."""
    if not identifier.isascii() or not identifier.replace("_", "a").isalnum() or len(identifier) > 63:
        raise ValueError(f"no identifier: {identifier!r}")
    return f'"{identifier}"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def digests(register: Register, terms: Mapping[str, Term]) -> str:
    """SQL for what stands for a record's values: six bytes a field, in the order of the declaration."""
    one = "substr(sha256(convert_to({}, 'UTF8')), 1, 6)"
    texts = [buckets.text_of(quoted(f), sql_type(terms[column.term])) for f, column in register.fields.items()]
    return " || ".join(one.format(text) for text in texts)


def _matching(raw: str, pattern: str) -> str:
    return f"substring({raw}, {literal(pattern)})"


def _day(raw: str, pattern: str, order: tuple[int, int, int]) -> str:
    parts = ", ".join(f"(regexp_match({raw}, {literal(pattern)}))[{place}]" for place in order)
    return f"joined_day({parts})"
