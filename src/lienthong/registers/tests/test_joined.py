"""A tax office's own database, joined: read, followed and compared as any register, and never written."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lienthong.catalogue.mappings import Join, Joining, Source, Watermark, problems
from lienthong.demo import legacy_tax
from lienthong.kit.text import fold
from lienthong.registers import joined, reconcile_runs
from lienthong.registers.reconciling import Comparison
from lienthong.registers.tests.taxes import NAME, Taxes

BINH, LAN, KA = "068080000101", "068185000202", "068095000303"


@pytest.fixture(scope="module")
def taxes(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taxes]:
    made = Taxes(node_database, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.close()


# ---------------------------------------------------------------------- read


def test_a_look_up_says_what_a_reader_of_the_tables_would(taxes: Taxes) -> None:
    taxes.begin()
    first = taxes.taxpayer(("CCCD", f" {BINH} "), ("CMND", "250123456"), DIA_CHI="Th«n 3, §øc Träng", TT_ID=2)
    second = taxes.taxpayer(("CCCD", BINH), NGAY_SINH="00/00/1970", GIOI_TINH="9")
    item = {"register": NAME, "by": "person", "value": {"is": BINH}, "many": True}
    named = {**item, "match": {"full_name": "Nguyễn Văn Bình"}}
    told = taxes.ask("register.read", {"items": {"stranger": item, "codes": named}})
    assert told is not None
    assert told["items"]["stranger"] == [], "a number alone opens nothing"
    assert sorted(told["items"]["codes"], key=lambda row: row["tax_code"]) == [
        {"tax_code": first, "person": BINH, "full_name": "NGUYEN VAN BINH", "birth_date": "1980-04-02",
         "status": "waiting", "unreadable": None},
        {"tax_code": second, "person": BINH, "full_name": "NGUYEN VAN BINH", "birth_date": None,
         "status": "active", "unreadable": "birth_date,gender"},
    ]  # fmt: skip
    with taxes.node.database.transaction() as tx:
        assert tx.value("SELECT count(*) FROM journal_entry WHERE kind = 'read' AND subject = %s", (BINH,)) == 2
        whole = tx.one("SELECT address, old_number, since, office FROM taxpayers WHERE tax_code = %s", (first,))
    assert tuple(whole) == ("Thôn 3, Đức Trọng", "250123456", date(2011, 3, 15), "68001")


def test_the_newest_card_counts_and_an_old_number_is_no_persons(taxes: Taxes) -> None:
    taxes.begin()
    renewed = taxes.taxpayer(("CCCD", "111111111111"), ("CCCD", LAN))
    mistyped = taxes.taxpayer(("CCCD", "250123456"))
    with taxes.node.database.transaction() as tx:
        rows = {row.tax_code: row for row in tx.all("SELECT * FROM taxpayers")}
        sql = joined.compiled(tx.connection, taxes.register, taxes.declared, taxes.node.catalogue.terms)
        looked = {one.field: (one.empty, one.inconvertible) for one in joined.look_over(tx, sql).fields}
    assert rows[renewed].person == LAN
    assert (rows[mistyped].person, rows[mistyped].unreadable) == (None, "person")
    assert looked["person"] == (0, 1)
    assert looked["old_number"] == (2, 0)


def test_nobody_here_can_write_what_is_joined(taxes: Taxes) -> None:
    with psycopg.connect(taxes.run, autocommit=True) as link:
        for statement in (
            'INSERT INTO qlt."NNT_CA_NHAN" ("MST") VALUES (\'1\')',
            'UPDATE qlt."NNT_CA_NHAN" SET "HO_TEN" = \'X\'',
            'DELETE FROM qlt."NNT_GIAY_TO"',
            'TRUNCATE qlt."DM_TRANG_THAI"',
            "UPDATE taxpayers SET full_name = 'X'",
            "CREATE TABLE qlt.ours (a integer)",
            'ALTER TABLE qlt."NNT_CA_NHAN" DISABLE TRIGGER ALL',
        ):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
                link.execute(statement.encode())


# ---------------------------------------------------------------------- followed


def test_triggers_tell_every_change_once(taxes: Taxes) -> None:
    taxes.begin()
    stood = taxes.taxpayer(("CCCD", BINH))
    taxes.look()
    assert taxes.look() == 0, "what stood when the database joined is in copies, not in the feed"
    new, gone = taxes.taxpayer(), taxes.taxpayer()
    taxes.change(stood, "GIOI_TINH", "2")
    taxes.change(stood, "CQT_QL", "68001")  # says what it said
    assert taxes.look() == 3
    taxes.remove(gone)
    taxes.paper(new, "CCCD", LAN)  # another table, the same record
    assert taxes.look() == 2
    assert taxes.look() == 0
    told = taxes.told([stood, new, gone])
    assert [key for key, _ in told] == [stood, new, gone, new, gone]
    assert told[0][1] == {"gender": "female"}
    assert told[1][1]["full_name"] == "NGUYEN VAN BINH"
    assert told[3:] == [(new, {"person": LAN}), (gone, {"withdrawn": 1})]


def test_a_transaction_that_commits_late_is_told_by_its_trigger(taxes: Taxes) -> None:
    taxes.begin()
    taxes.look()
    with psycopg.connect(taxes.owner.info.dsn, password=taxes.owner.info.password) as slow:
        taxes.write("8999000001", {}, slow)
        quick = taxes.taxpayer()
        assert taxes.look() == 1
    assert taxes.look() == 1
    assert [key for key, _ in taxes.told([quick, "8999000001"])] == [quick, "8999000001"]


def test_a_code_that_changes_its_meaning_is_found_in_every_record(taxes: Taxes) -> None:
    taxes.begin()
    codes = [taxes.taxpayer(TT_ID=2) for _ in range(3)]
    taxes.look()
    try:
        taxes.owner.execute("""UPDATE qlt."DM_TRANG_THAI" SET "MA" = '05' WHERE "ID" = 2""")
        assert taxes.look() == 3
    finally:
        taxes.owner.execute("""UPDATE qlt."DM_TRANG_THAI" SET "MA" = '10' WHERE "ID" = 2""")
    assert [fields for _, fields in taxes.told(codes)] == [{"status": "paused"}] * 3


def test_many_changes_are_written_down_in_portions(taxes: Taxes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lienthong.registers.capturing.MOST", 4)
    for how in ({}, {"allows": [], "watermark": Watermark("NGAY_SUA")}):
        taxes.begin(**how)
        taxes.look()
        codes = [taxes.taxpayer() for _ in range(9)]
        assert [taxes.look() for _ in range(4)] == [4, 4, 1, 0]
        assert sorted(key for key, _ in taxes.told(codes)) == codes


def test_a_watermark_finds_what_is_new_late_or_changed_and_deletions_by_looking_at_all(taxes: Taxes) -> None:
    taxes.begin(allows=[], watermark=Watermark("NGAY_SUA", overlap=300, sweep=3_600))
    stood, gone = taxes.taxpayer(), taxes.taxpayer()
    taxes.look()
    ahead = taxes.taxpayer(NGAY_SUA="2099-01-01 00:00:00")  # a clock that is wrong by decades
    taxes.change(stood, "GIOI_TINH", "2", mark="(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')")
    assert taxes.look() == 2
    late = taxes.taxpayer()
    taxes.change(late, "CQT_QL", "68002", mark="(now() AT TIME ZONE 'Asia/Ho_Chi_Minh' - interval '4 minutes')")
    assert taxes.look() == 1, "within the overlap, though another was seen above it"
    taxes.remove(gone)
    unmarked = taxes.taxpayer(NGAY_SUA="2019-01-01 00:00:00")
    assert taxes.look() == 0, "the limits of a watermark"
    assert taxes.look(sweep=True) == 2
    assert taxes.look() == 0
    told = dict(taxes.told([stood, gone, ahead, late, unmarked]))
    assert set(told) == {stood, gone, ahead, late, unmarked}
    assert (told[stood], told[gone]) == ({"gender": "female"}, {"withdrawn": 1})


def test_a_copy_and_what_follows_give_the_register(taxes: Taxes) -> None:
    taxes.begin()
    stood, gone = taxes.taxpayer(("CCCD", BINH)), taxes.taxpayer()
    taxes.look()
    taxes.told([])
    copy = taxes.ask("feed.snapshot", {"feed": NAME})
    assert copy is not None
    held = {row["tax_code"]: row for row in copy["rows"]}
    assert set(held) == {stood, gone}
    taxes.change(stood, "TT_ID", 2)
    taxes.change(stood, "DIA_CHI", "THON 4")
    taxes.remove(gone)
    taxes.look()
    taxes.told([])
    news = taxes.ask("feed.read", {"feed": NAME, "after": copy["position"]})
    assert news is not None
    assert [event["type"].rpartition(".")[2] for event in news["events"]] == ["amended", "withdrawn"]
    assert news["events"][0]["data"]["fields"] == {"status": "waiting"}, "an address is not theirs to know"


# ---------------------------------------------------------------------- compared


def test_what_differs_from_the_population_register_is_found(taxes: Taxes) -> None:
    taxes.begin()
    people = [(BINH, "Nguyễn Văn Bình", "1980-04-02", "male"), (LAN, "Đỗ Thị Ngọc Lan", "1985-12-01", "female"),
              (KA, "K’ Brèo", "1995-04-02", "male")]  # fmt: skip
    for number, name, born, gender in people:
        taxes.country.enter(
            "G01", "persons", number=number, full_name=name, birth_date=born, gender=gender, ethnicity="01",
            nationality="VN",
        )  # fmt: skip
    taxes.taxpayer(("CCCD", BINH))
    taxes.taxpayer(("CCCD", LAN), HO_TEN="DO THI LAN", NGAY_SINH="00/00/1985", GIOI_TINH="2")
    taxes.taxpayer(("CCCD", KA), HO_TEN="K BREO", NGAY_SINH="02/04/1995")
    taxes.taxpayer(("CCCD", KA), HO_TEN="K' BREO", NGAY_SINH="02/04/1995")  # the same one, registered twice
    taxes.taxpayer(("CCCD", "999999999999"))
    taxes.taxpayer(("CMND", "250123456"))  # whom no number names is not compared
    taxes.look()
    population = taxes.country.nodes["G01"]
    follow = taxes.register.follows
    assert follow is not None
    comparison = Comparison(
        taxes.node, taxes.register, follow, pause=lambda _: reconcile_runs.bring_up_to_date(population)
    )
    found = {(one.key, one.kind, one.fields) for one in comparison.run().found}
    assert found == {
        (LAN, "fields", ("birth_date", "full_name")),
        (KA, "double", ()),
        ("999999999999", "unknown", ()),
    }


# ---------------------------------------------------------------------- conversions


@pytest.fixture(scope="module")
def sql(taxes: Taxes) -> Callable[..., Any]:
    """The value of an expression, over one parameter that stands for a column."""

    def value(expression: str, text: str) -> Any:
        with taxes.node.database.transaction() as tx:
            return tx.value(f'SELECT {expression} FROM (SELECT %s::text AS "C") AS main', (text,))

    return value


def _converted(conversion: Any, **more: Any) -> str:
    mapping = Joining("m", "o", "s", "T", {})
    return joined.Sql(None, mapping, {}, {}).value(Source("C", conversion, **more))  # type: ignore[arg-type]


def _day(text: str, year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if 1800 <= found.year <= 2200 else None


@settings(max_examples=150, deadline=None)
@given(day=some.integers(0, 33), month=some.integers(0, 14), year=some.integers(1795, 2205), blank=some.booleans())
def test_days_convert_exactly_where_they_exist(
    sql: Callable[..., Any], day: int, month: int, year: int, blank: bool
) -> None:
    expected = _day("", year, month, day)
    pad = "  " if blank else ""
    assert sql(_converted("dd/mm/yyyy"), f"{pad}{day:02d}/{month:02d}/{year}{pad}") == expected
    assert sql(_converted("yyyymmdd"), f"{year}{month:02d}{day:02d}{pad}") == expected


@settings(max_examples=150, deadline=None)
@given(text=some.text(alphabet="0123456789/ -.aÂ", max_size=13))
def test_what_a_conversion_does_not_know_is_nothing(sql: Callable[..., Any], text: str) -> None:
    bare = text.strip(" ")
    is_digits = bare.isascii() and bare.isdigit()
    assert sql(_converted("text"), text) == (bare or None)
    assert sql(_converted("personal_number"), text) == (bare if is_digits and len(bare) == 12 else None)
    assert sql(_converted("nine_digits"), text) == (bare if is_digits and len(bare) == 9 else None)
    assert sql(_converted("codes", codes={"1": "male", "2": "female"}), text) == {"1": "male", "2": "female"}.get(bare)
    sql(_converted("dd/mm/yyyy"), text)
    sql(_converted("yyyymmdd"), text)
    number = sql(_converted("number"), text)
    assert number is None or int(bare) == number


@settings(max_examples=100, deadline=None)
@given(text=some.text(alphabet=legacy_tax._UNICODE + "abcXYZ 0139,.", min_size=1, max_size=30))
def test_tcvn3_reads_back_and_names_lose_what_fold_takes(sql: Callable[..., Any], text: str) -> None:
    written = text.strip(" ").translate(legacy_tax._IN_TCVN3)
    assert (sql(_converted("tcvn3"), written) or "") == text.strip(" ")
    assert sql('unaccented("C")', text) == fold(text).upper()


# ---------------------------------------------------------------------- mappings that do not hold together


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"table": 'NNT"; DROP TABLE x'}, "is no name of a table or column"),
        ({"db_schema": "qlt.x"}, "is no name of a table or column"),
        ({"joins": {"Main": Join("T", {"A": "B"})}}, "is no name of a table or column"),
        ({"joins": {"cccd": Join("T", {"A": "B"}, {"C": "x'y"})}}, "is no constant"),
        ({"joins": {"cccd": Join("T", {})}}, "each by a column"),
        ({"allows": []}, "neither is there"),
        ({"owner": "G01"}, "is G01's"),
        ({"marks": "quality"}, "fields of one and not of the other"),
    ],
)
def test_a_mapping_says_nothing_but_what_the_vocabulary_has(taxes: Taxes, change: dict[str, Any], says: str) -> None:
    mapping = msgspec.structs.replace(taxes.declared, **change)
    found = list(problems(taxes.register, mapping, taxes.node.catalogue.terms))
    assert any(says in one for one in found), found


@pytest.mark.parametrize(
    ("field", "source", "says"),
    [
        ("gender", Source("GIOI_TINH", "codes", {"1": "man"}), "no such code: man"),
        ("gender", Source("GIOI_TINH", "text", {"1": "male"}), "belong together"),
        ("birth_date", Source("NGAY_SINH", "text"), "text gives text, the term is date"),
        ("person", Source("passport.SO_GT", "personal_number"), "no such join: 'passport'"),
    ],
)
def test_a_field_takes_what_its_term_is(taxes: Taxes, field: str, source: Source, says: str) -> None:
    mapping = msgspec.structs.replace(taxes.declared, fields={**taxes.declared.fields, field: source})
    found = list(problems(taxes.register, mapping, taxes.node.catalogue.terms))
    assert any(says in one for one in found), found


@pytest.mark.parametrize(
    ("field", "source", "says"),
    [
        ("office", Source("CQT", "text"), "taxpayers.yaml office: there is no column qlt.NNT_CA_NHAN.CQT"),
        ("since", Source("NGAY_SUA", "yyyymmdd"), "NGAY_SUA, which is of type timestamp without time zone"),
        ("birth_date", Source("NGAY_SINH", "yyyymmdd"), "birth_date: 7 of 7 sampled values of NNT_CA_NHAN.NGAY_SINH"),
    ],
)
def test_a_mapping_that_does_not_fit_the_tables_does_not_load(
    taxes: Taxes, field: str, source: Source, says: str
) -> None:
    taxes.begin()
    for _ in range(7):
        taxes.taxpayer()
    mapping = msgspec.structs.replace(taxes.declared, fields={**taxes.declared.fields, field: source})
    with pytest.raises(joined.NotJoined) as problem:
        list(joined.missing(taxes.owner, taxes.register, mapping, taxes.node.catalogue.terms))
    assert says in str(problem.value)
    assert "1980" not in str(problem.value), "a value of somebody's"


def test_a_changed_mapping_makes_the_view_anew_and_looks_at_all(taxes: Taxes) -> None:
    taxes.begin()
    taxes.taxpayer()
    taxes.look()
    terms = taxes.node.catalogue.terms
    assert list(joined.missing(taxes.owner, taxes.register, taxes.declared, terms)) == []
    fields = {**taxes.declared.fields, "address": Source("DIA_CHI", "text")}
    mapping = msgspec.structs.replace(taxes.declared, fields=fields)
    (change,) = joined.missing(taxes.owner, taxes.register, mapping, terms)
    with taxes.owner.transaction(force_rollback=True):
        taxes.owner.execute(change.sql.encode())
        row = taxes.owner.execute("SELECT unswept FROM joined_register").fetchone()
    assert row == (True,)
