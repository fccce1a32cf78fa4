"""The counter: who came is certain, a mandate is taken down once, and the log says who was helped by whom."""

from itertools import count
from typing import Any

import pytest

from lienthong.agreements import mandates
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.desk import counter
from lienthong.desk.tests.office import RECEIVER, STRANGER, Desks
from lienthong.exchange.asking import Question
from lienthong.kit import clock

families = count(700)
HELPER = "068075000777"


def card(number: str, **changes: str) -> str:
    """What a scanner reads from the citizen card of a mother of the test country."""
    told = {"name": "Ka Wẽn", "born": "02041995", "gender": "Nữ", **changes}
    return f"{number}|250123456|{told['name']}|{told['born']}|{told['gender']}|Thôn 3, Di Linh, Lâm Đồng|15082021"


def typed(person: str, **changes: str) -> dict[str, str]:
    born = {"birth_date-day": "2", "birth_date-month": "4", "birth_date-year": "1995"}
    return {"number": person, "name": "ka wen", **born, **changes}


@pytest.fixture(scope="module", autouse=True)
def accounts(country: Country) -> None:
    """The officer and the village head are known to e-identity and to the population register."""
    for number, name in ((RECEIVER.number, RECEIVER.name), (CHECKER.number, CHECKER.name), (HELPER, "K’ Trưởng")):
        facts = {"number": number, "full_name": name, "birth_date": "1975-01-01", "gender": "male"}
        country.enter("G01-eid", "accounts", **facts, level=2, status="active")
    country.enter(
        "G01", "persons", number=HELPER, full_name="K’ Trưởng", birth_date="1975-01-01", gender="male",
        ethnicity="16", nationality="VN",
    )  # fmt: skip


def held(country: Country, grantee: str, grantor: str) -> list[mandates.Mandate]:
    body = {"by": "grantee", "person": grantee}
    answer = country.nodes["portal"].asker.ask(Question("G01-eid", mandates.HELD, body, mandates.PURPOSE, "T"))
    assert answer is not None
    return [mandate for mandate in mandates.heard(answer.body) if mandate.grantor == grantor]


def visits(country: Country, person: str) -> list[Any]:
    sql = "SELECT * FROM counter_visit WHERE person = %s"
    return list(in_node(country.nodes["H36"], lambda tx: tx.all(sql, (person,))))


def test_a_card_is_read_and_the_officer_acts_for_that_person_today(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    found = browser.post("/quay/identify", {"card": card(person)})
    assert (found.status_code, found.headers["Location"]) == (303, "/quay")
    page = browser.get("/quay").content.decode()
    assert "Ka Wẽn" in page
    assert "Mã QR trên thẻ căn cước" in page
    for _ in range(2):
        assert browser.post("/quay/now").status_code == 303
    assert "Đang ghi" in browser.get("/quay").content.decode()
    country.deliver()
    [mandate] = held(country, RECEIVER.number, person)
    assert (mandate.kind, mandate.since, mandate.until, mandate.unit) == (
        "counter",
        clock.today(),
        clock.today(),
        DI_LINH,
    )
    page = browser.get("/quay").content.decode()
    assert "Mở tờ khai thay người này" in page
    assert "/acting" in page
    assert person not in page.partition("/acting")[0].rpartition("href=")[2]
    [visit] = visits(country, person)
    assert (visit.officer, visit.kind, visit.mandate) == (RECEIVER.number, "counter", mandate.number)
    browser.post("/quay/next")
    after = browser.get("/quay").content.decode()
    assert "Quét mã QR" in after
    assert mandate.number in after


def test_a_helper_is_let_to_file_for_a_month(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", CHECKER)
    assert browser.post("/quay/identify", typed(person)).status_code == 303
    form = {"helper": HELPER, "helper_name": "k truong", "evidence": "Giấy ủy quyền 12/UBND ngày 20/11/2026"}
    assert browser.post("/quay/helper", form).status_code == 303
    country.deliver()
    [mandate] = held(country, HELPER, person)
    assert (mandate.kind, (mandate.until - mandate.since).days) == ("helper", 30)
    page = browser.get("/quay").content.decode()
    assert "K’ Trưởng" in page
    assert "Mở tờ khai thay người này" not in page


def test_a_mandate_that_e_identity_refuses_is_told_at_the_counter(country: Country, desks: Desks) -> None:
    mother = country.family(next(families)).number
    other = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    browser.post("/quay/identify", typed(mother))
    browser.post("/quay/helper", {"helper": other, "helper_name": "Ka Wẽn", "evidence": "giấy"})
    country.deliver()
    page = browser.get("/quay").content.decode()
    assert "Không ghi được" in page
    assert "Không có tài khoản định danh" in page
    assert held(country, other, mother) == []


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"number": "068195099999"}, "number", "Không tìm thấy người"),
        ({"name": "Ka Khác"}, "number", "Không tìm thấy người"),
        ({"birth_date-year": "1996"}, "number", "Không tìm thấy người"),
        ({"number": "12"}, "number", "kiểm tra từng chữ số"),
        ({"name": ""}, "name", "cần điền"),
        ({"birth_date-day": "31", "birth_date-month": "2"}, "birth_date", "không có thật"),
        ({"number": RECEIVER.number}, "number", "cho chính mình"),
    ],
)
def test_wrong_input_is_told_and_unknown_looks_like_mismatch(
    country: Country, desks: Desks, changes: dict[str, str], field: str, said: str
) -> None:
    person = country.family(next(families)).number
    page = desks("H36", RECEIVER).post("/quay/identify", typed(person, **changes))
    assert page.status_code == 422
    assert f'href="#f-{field}"' in page.content.decode()
    assert said in page.content.decode()


@pytest.mark.parametrize("text", ["", "abc", "068195001234|x", card("068195001234", born="99991995"), "||||||"])
def test_what_is_no_card_is_told(country: Country, desks: Desks, text: str) -> None:
    page = desks("H36", RECEIVER).post("/quay/identify", {"card": text})
    assert page.status_code == 422
    assert 'href="#f-card"' in page.content.decode()


def test_a_card_of_another_name_or_gender_is_no_match(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    for changes in ({"name": "Ka Khác"}, {"gender": "Nam"}, {"born": "03041995"}):
        page = desks("H36", RECEIVER).post("/quay/identify", {"card": card(person, **changes)})
        assert "Không tìm thấy người" in page.content.decode()


def test_the_card_is_read_with_or_without_the_old_number() -> None:
    claim = counter.read_card("068195001234||Ka  Wẽn|02041995|Nữ|Thôn 3|15082021")
    assert claim is not None
    assert (claim.name, claim.birth_date, claim.gender) == ("Ka Wẽn", "1995-04-02", "female")


def test_a_silent_population_register_finds_nobody_and_keeps_what_was_typed(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    country.silent = {"G01"}
    page = desks("H36", RECEIVER).post("/quay/identify", typed(person))
    assert page.status_code == 422
    assert "chưa trả lời" in page.content.decode()
    assert f'value="{person}"' in page.content.decode()


def test_nobody_acts_for_a_person_who_was_not_found_first(country: Country, desks: Desks) -> None:
    before = in_node(country.nodes["H36"], lambda tx: tx.value("SELECT count(*) FROM counter_visit"))
    browser = desks("H36", RECEIVER)
    for path in ("/quay/now", "/quay/helper"):
        assert browser.post(path, {"helper": HELPER}).headers["Location"] == "/quay"
    assert in_node(country.nodes["H36"], lambda tx: tx.value("SELECT count(*) FROM counter_visit")) == before


def test_the_log_is_the_units_own_and_the_counter_is_not_everybodys(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    browser.post("/quay/identify", typed(person))
    browser.post("/quay/now")
    [visit] = visits(country, person)
    assert visit.mandate in desks("H36", CHECKER).get("/quay").content.decode()
    assert visit.mandate not in desks("H36", STRANGER).get("/quay").content.decode()
    assert desks("H36", CHAIR).get("/quay").status_code == 403
    assert desks("H36").get("/quay").status_code == 302
    entry = in_node(
        country.nodes["H36"],
        lambda tx: tx.one("SELECT payload FROM journal_entry WHERE stream = %s", (f"counter/{visit.id}",)),
    )
    assert RECEIVER.number in entry.payload


def test_the_counter_speaks_english(country: Country, desks: Desks) -> None:
    browser = desks("H36", RECEIVER)
    browser.cookies["lang"] = "en"
    assert "Reception counter" in browser.get("/quay").content.decode()
