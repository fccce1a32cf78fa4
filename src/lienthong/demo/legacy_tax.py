"""A tax office's database of 2009 with its own mess, for some of the demo's people: names in capitals without accents,
addresses in TCVN 3, days as text, numbers of nine digits, two tax codes for one person, codes instead of words.

It stands in the tax node's database in a schema of its own; nothing of ours is in it, and nothing in it knows of us.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import psycopg

from lienthong.kit.text import fold

NODE, SCHEMA = "G12-tax", "qlt"
_MOST = 20_000
_TABLES = """
CREATE SCHEMA IF NOT EXISTS qlt;
CREATE TABLE IF NOT EXISTS qlt."DM_TRANG_THAI" (
    "ID" smallint PRIMARY KEY, "MA" char(2) NOT NULL, "TEN" varchar(80)
);
CREATE TABLE IF NOT EXISTS qlt."NNT_CA_NHAN" (
    "MST" char(14) PRIMARY KEY, "HO_TEN" varchar(120), "NGAY_SINH" varchar(10), "GIOI_TINH" char(1),
    "DIA_CHI" varchar(300), "TT_ID" smallint, "CQT_QL" char(5), "NGAY_CAP" char(8), "NGAY_SUA" timestamp
);
CREATE TABLE IF NOT EXISTS qlt."NNT_GIAY_TO" (
    "ID" bigint PRIMARY KEY, "MST" char(14) NOT NULL, "LOAI_GT" varchar(4), "SO_GT" varchar(20)
);
CREATE INDEX IF NOT EXISTS "NNT_GIAY_TO_MST" ON qlt."NNT_GIAY_TO" ("MST", "LOAI_GT");
"""
# Circular 86/2024/TT-BTC: 10 waits until the particulars agree with the population database.
_STATES = (
    (1, "00", "DANG HOAT DONG"), (2, "01", "DA CHAM DUT HIEU LUC"), (3, "03", "NGUNG HD CHUA HOAN THANH THU TUC"),
    (4, "05", "TAM NGUNG HOAT DONG"), (5, "10", "CHO CAP NHAT THONG TIN SO DDCN"),
)  # fmt: skip
_WEIGHTS = (84, 4, 2, 3, 7)
_PEOPLE = """
SELECT p.number, p.full_name, p.birth_date, p.gender, coalesce(h.address, '') AS address
FROM persons p LEFT JOIN residences r ON r.person = p.number LEFT JOIN households h ON h.code = r.household
WHERE p.died_on IS NULL AND p.birth_date < %s AND ('x' || substr(md5(p.number), 1, 4))::bit(16)::integer %% 4 = 0
ORDER BY p.number LIMIT %s
"""
_OFFICERS = "SELECT number, name, role, unit, starts FROM officer WHERE role IN ('data_steward', 'operator')"
_UNICODE = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
_TCVN3 = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦"
_IN_TCVN3 = str.maketrans(_UNICODE, _TCVN3)
_TAXPAYER = ("MST", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "DIA_CHI", "TT_ID", "CQT_QL", "NGAY_CAP", "NGAY_SUA")
_PAPER = ("ID", "MST", "LOAI_GT", "SO_GT")


def prepare(owner: str) -> None:
    """The empty tables, as the office that made them left them."""
    with psycopg.connect(owner) as link:
        link.execute(_TABLES)


def fill(population: str, tax: str, insurance: str, today: date, seed: int) -> int:
    """Some adults of the population become taxpayers, the same ones for the same seed; how many tax codes there are.
    Who answers for the data of the insurance answers for these too (both lie with the Ministry of Finance), and the
    province's operator looks after all."""
    with psycopg.connect(population) as link:
        people = link.execute(_PEOPLE, (today.replace(year=today.year - 20, day=1), _MOST)).fetchall()
    with psycopg.connect(insurance) as link:
        officers = link.execute(_OFFICERS).fetchall()
    taxpayers, papers = _made(people, today, Random(seed))  # noqa: S311 - a repeatable demo, no secret
    with psycopg.connect(tax) as link:
        if link.execute('SELECT 1 FROM qlt."NNT_CA_NHAN" LIMIT 1').fetchone():
            return 0
        _copy(link, "DM_TRANG_THAI", ("ID", "MA", "TEN"), _STATES)
        _copy(link, "NNT_CA_NHAN", _TAXPAYER, taxpayers)
        _copy(link, "NNT_GIAY_TO", _PAPER, papers)
        for officer in officers:
            link.execute("INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, %s)", officer)
        link.execute("DELETE FROM joined_change")  # what the triggers noted: the first look takes all of it
        for table in ("NNT_CA_NHAN", "NNT_GIAY_TO", "DM_TRANG_THAI"):
            link.execute(f'ANALYZE qlt."{table}"')
    return len(taxpayers)


def _copy(link: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with link.cursor() as cursor, cursor.copy(f'COPY qlt."{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _made(
    people: Sequence[Sequence[Any]], today: date, rng: Random
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    taxpayers: list[tuple[Any, ...]] = []
    papers: list[tuple[Any, ...]] = []
    for person in people:
        for _ in range(2 if rng.random() < 0.005 else 1):  # some were registered twice, in two provinces
            code = f"8{len(taxpayers) + 1_000_000:09d}"
            taxpayers.append(_taxpayer(person, code, today, rng))
            papers += [(len(papers) + place, code, *paper) for place, paper in enumerate(_papers(person[0], rng), 1)]
    return taxpayers, papers


def _taxpayer(person: Sequence[Any], code: str, today: date, rng: Random) -> tuple[Any, ...]:
    _, name, born, gender, address = person
    given = max(date(2009, 1, 1), born + timedelta(days=365 * 20)) + timedelta(days=rng.randrange(300))
    given = min(given, today)
    state = rng.choices(_STATES, _WEIGHTS)[0][0]
    written = address.translate(_IN_TCVN3) if given.year < 2013 else fold(address).upper()
    changed = datetime.combine(given, datetime.min.time()) + timedelta(seconds=rng.randrange(86_400))
    sign = {"male": "1", "female": "2"}[gender] if rng.random() > 0.003 else rng.choice((" ", "9"))
    office = f"68{rng.randrange(1, 12):03d}"
    day = given.strftime("%Y%m%d")
    return code, _name(name, rng), _born(born, rng), sign, written, state, office, day, changed


def _name(name: str, rng: Random) -> str:
    words = fold(name).upper().split()
    if rng.random() < 0.003 and len(words) > 2:
        del words[1]  # a middle name that somebody left out
    return " ".join(words)


def _born(born: date, rng: Random) -> str:
    drawn = rng.random()
    if drawn < 0.006:
        return f"00/00/{born.year}"
    if drawn < 0.009:
        return "00/00/1970"
    if drawn < 0.011:
        return " "
    if drawn < 0.014 and born.day <= 12:
        return born.strftime("%m/%d/%Y")  # typed the American way
    return born.strftime("%d/%m/%Y")


def _papers(number: str, rng: Random) -> Iterator[tuple[str, str]]:
    """Identity papers: cards, cards renewed, the old ones of nine digits, and those entered as what they are not."""
    drawn, old = rng.random(), f"2{rng.randrange(10**8):08d}"
    if drawn < 0.05:
        yield "CMND", old
        return
    if drawn < 0.08:
        yield "CMND", old
    if 0.08 <= drawn < 0.085:
        yield "CCCD", old
        return
    yield "CCCD", number
    if drawn > 0.95:
        yield "CCCD", f"{number} "
