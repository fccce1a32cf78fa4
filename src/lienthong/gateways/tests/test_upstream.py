"""A country that begins with its population register outside: `register.read` of persons in the observed shape."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lienthong.casework.tests.country import CATALOGUE, Country
from lienthong.demo.population_office import PopulationOffice
from lienthong.exchange import answering
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Refused
from lienthong.gateways import tables
from lienthong.gateways.upstream import Upstream

NUMBER = "068195123456"
PEOPLE = [
    {"SoDinhDanh": NUMBER, "HoVaTen": "HỒ THỊ NGOÀI", "NgayThangNam": "19950402", "GioiTinh": "2", "DanToc": "16",
     "QuocTich": "VN", "QueQuan/MaPhuongXa": "25000", "Me/SoDinhDanh": "068170000001", "TonGiao": "00"},
    {"SoDinhDanh": "068190000009", "HoVaTen": "NGƯỜI KHÁC", "NgayThangNam": "19900101", "GioiTinh": "1"},
]  # fmt: skip
ONE = {"full_name": "Hồ Thị Ngoài", "birth_date": "1995-04-02"}


@pytest.fixture(scope="module")
def office() -> Iterator[PopulationOffice]:
    made = PopulationOffice(PEOPLE, "g01", "between us").open()
    yield made
    made.close()


@pytest.fixture(scope="module")
def country(
    node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory, office: PopulationOffice
) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")), ("G01", "gate"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def connected(country: Country, office: PopulationOffice) -> None:
    """A line of this test's own: another test's failures close no breaker here."""
    office.behaves = ""
    office.asked.clear()
    connect(country, office)


def connect(country: Country, office: PopulationOffice, secret: str = "between%20us", port: str = "") -> None:
    address = office.address.replace("http://", f"http://g01:{secret}@")
    if port:
        address = address.replace(address.split(":")[3].split("/")[0], port)
    line = Upstream(tables.load(CATALOGUE).population, f"{address}?MaDVC=LT&MaDonVi=G01.099")
    country.nodes["G01"].sources = {"persons": line.find}


def ask(country: Country, match: dict[str, str], number: str = NUMBER) -> Any:
    """The gate asks G01, as it would ask a register of G01's own. Raises Refused as G01 says it."""
    item = {"register": "persons", "by": "number", "value": {"is": number}, "match": match}
    gate = country.nodes["gate"]
    question = Question("G01", "register.read", {"items": {"one": item}}, "outside/one-stop", "R-1", "067 x/H36")
    raw = answering.answer(country.nodes["G01"], msgspec.json.encode(gate.asker._sign(question)))
    return msgspec.json.decode(raw)["body"]["items"]["one"]


def test_a_person_outside_is_read_like_one_of_the_register(country: Country, office: PopulationOffice) -> None:
    row = ask(country, ONE)
    assert row == {
        "number": NUMBER, "full_name": "HỒ THỊ NGOÀI", "birth_date": "1995-04-02", "gender": "female",
        "ethnicity": "16", "nationality": "VN", "hometown": "25000", "birth_unit": None, "died_on": None,
    }  # fmt: skip
    (asked,) = office.asked
    assert asked["SoDinhDanh"] == NUMBER
    assert (asked["HoVaTen"], asked["NgayThangNam"]) == ("HỒ THỊ NGOÀI", "19950402")
    assert (asked["MaCanBo"], asked["MaDonVi"], asked["MaDVC"]) == ("067", "G01.099", "LT")


def test_the_read_is_in_the_owners_log_like_any_other(country: Country) -> None:
    ask(country, ONE)
    with country.nodes["G01"].database.transaction() as tx:
        rows = tx.all("SELECT payload::jsonb AS p FROM journal_entry WHERE kind = 'read' AND subject = %s", (NUMBER,))
    assert rows[-1].p["officer"] == "067 x/H36"


def test_who_does_not_match_is_nobody(country: Country) -> None:
    assert ask(country, ONE | {"full_name": "Ai Đó"}) is None
    assert ask(country, ONE, "068195999999") is None


def test_a_number_alone_cannot_be_asked_there(country: Country, office: PopulationOffice) -> None:
    for match in ({}, {"full_name": "Hồ Thị Ngoài"}):
        with pytest.raises(Refused, match="needs-match"):
            ask(country, match)
    assert office.asked == []


@pytest.mark.parametrize("behaves", ["broken", "rubbish", "silent"])
def test_a_source_that_fails_is_silent_and_answers_nobody(
    country: Country, office: PopulationOffice, behaves: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.behaves = behaves
    with pytest.raises(Refused, match="silent-source") as refused:
        ask(country, ONE)
    assert NUMBER not in str(refused.value)
    assert NUMBER not in caplog.text


def test_an_answer_about_somebody_else_opens_nobody(country: Country, office: PopulationOffice) -> None:
    office.behaves = "somebody-else"
    assert ask(country, ONE) is None


def test_a_wrong_secret_is_refused_there_and_silent_here(country: Country, office: PopulationOffice) -> None:
    connect(country, office, secret="wrong")
    with pytest.raises(Refused, match="silent-source"):
        ask(country, ONE)
    assert office.asked == []


def test_after_three_failures_it_is_not_asked_for_a_while(country: Country, office: PopulationOffice) -> None:
    office.behaves = "broken"
    for _ in range(5):
        with pytest.raises(Refused, match="silent-source"):
            ask(country, ONE)
    assert len(office.asked) == 3


@pytest.mark.parametrize("address", ["", "ftp://x/", "http://u:s@h/p", "http://u:s@h/p?MaDVC=a", "http://"])
def test_a_wrong_address_is_said_at_the_start(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|missing"):
        Upstream(tables.load(CATALOGUE).population, address)
