"""The hospital's page of birth notices."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from lienthong.casework.tests.country import Country, in_node
from lienthong.desk.tests.office import CHECKER, CLERK, Desks
from lienthong.kit import clock
from lienthong.kit.canonical import canonical

families = count(400)


def written(mother: str, **changes: str) -> dict[str, str]:
    born = clock.now() - timedelta(days=2)
    return {
        "mother_number": mother,
        "mother_name": "ka wen",
        "born_on-day": str(born.day),
        "born_on-month": str(born.month),
        "born_on-year": str(born.year),
        "born_at": "14:05",
        "gender": "female",
        "weight": "3200",
        "birth_order": "1",
        "birth_count": "1",
        "attendant": "H’ Bia Niê",
        **changes,
    }


def notices_of(country: Country, mother: str) -> list[Any]:
    sql = "SELECT * FROM birth_notices WHERE mother = %s AND recorded_by <> 'load:test'"
    return list(in_node(country.nodes["G18"], lambda tx: tx.all(sql, (mother,))))


def test_a_notice_is_numbered_sealed_and_entered_once(country: Country, desks: Desks) -> None:
    mother = country.family(next(families)).number
    browser = desks("G18", CLERK)
    made = browser.post("/notices/new", written(mother))
    assert made.status_code == 303
    again = browser.post("/notices/new", written(mother))
    assert again.headers["Location"] == made.headers["Location"]
    [notice] = notices_of(country, mother)
    assert notice.number.startswith(f"GCS.68009.{clock.today().year}.9")
    assert (notice.mother_name, notice.father_name, notice.facility) == ("Ka Wẽn", "K’ Brèo", "68009")
    told = {name: getattr(notice, name) for name in country.nodes["G18"].catalogue.owned["birth_notices"].fields}
    seal = told.pop("seal")
    assert country.nodes["H36"].directory.keys("G18", "seal")[0].verify(canonical(told), seal)
    page = browser.get(made.headers["Location"]).content.decode()
    assert f"Đã lập và ký số giấy chứng sinh {notice.number}" in page
    assert country.nodes["G18"].territory.facility("68009").name in page


def test_twins_have_a_notice_each(country: Country, desks: Desks) -> None:
    mother = country.family(next(families)).number
    for order in ("1", "2"):
        desks("G18", CLERK).post("/notices/new", written(mother, birth_order=order, birth_count="2"))
    assert len(notices_of(country, mother)) == 2


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"mother_number": "123"}, "mother_number", "kiểm tra từng chữ số"),
        ({"mother_number": "068195099999"}, "mother_number", "Không có người nào có đúng"),
        ({"mother_name": "Ka Khác"}, "mother_number", "Không có người nào có đúng"),
        ({"born_on-year": "2099"}, "born_on", "chưa tới"),
        ({"born_on-day": "31", "born_on-month": "2"}, "born_on", "không có thật"),
        ({"born_at": "25:00"}, "born_at", "Giờ này không đúng"),
        ({"weight": "299"}, "weight", "ngoài khoảng"),
        ({"weight": "7001"}, "weight", "ngoài khoảng"),
        ({"gender": ""}, "gender", "cần điền"),
        ({"birth_order": "2"}, "birth_order", "không thể lớn hơn số trẻ"),
        ({"attendant": "<b>"}, "attendant", "Họ tên chỉ gồm"),
    ],
)
def test_wrong_input_is_told_beside_its_field(
    country: Country, desks: Desks, changes: dict[str, str], field: str, said: str
) -> None:
    mother = country.family(next(families)).number
    page = desks("G18", CLERK).post("/notices/new", written(mother, **changes))
    text = page.content.decode()
    assert page.status_code == 422
    assert f'href="#f-{field}"' in text
    assert said in text
    assert "H’ Bia Niê" in text or "attendant" in changes
    assert notices_of(country, mother) == []


def test_a_birth_later_today_is_in_the_future(country: Country, desks: Desks) -> None:
    mother, soon = country.family(next(families)).number, clock.now() + timedelta(minutes=5)
    if soon.date() != clock.today():
        pytest.skip("five minutes before midnight")
    day = {"born_on-day": str(soon.day), "born_on-month": str(soon.month), "born_on-year": str(soon.year)}
    page = desks("G18", CLERK).post("/notices/new", written(mother, born_at=f"{soon:%H:%M}", **day))
    assert 'href="#f-born_at"' in page.content.decode()


def test_a_father_is_no_mother(country: Country, desks: Desks) -> None:
    father = country.family(next(families)).number.replace("0681950", "0680920")
    page = desks("G18", CLERK).post("/notices/new", written(father, mother_name="K' Breo"))
    assert "Giới tính của người này" in page.content.decode()


def test_a_silent_population_register_keeps_what_was_typed_and_makes_no_notice(country: Country, desks: Desks) -> None:
    mother = country.family(next(families)).number
    country.silent = {"G01"}
    page = desks("G18", CLERK).post("/notices/new", written(mother))
    assert page.status_code == 422
    assert "chưa trả lời" in page.content.decode()
    assert 'value="3200"' in page.content.decode()
    assert notices_of(country, mother) == []


def test_only_the_hospitals_clerk_sees_notices(country: Country, desks: Desks) -> None:
    assert desks("G18", CHECKER).get("/notices").status_code == 403
    assert desks("G18").get("/notices").status_code == 302
    assert desks("G18").get("/").status_code == 200
    assert desks("G18", CLERK).get("/").headers["Location"] == "/notices"


def test_a_notice_is_corrected_and_sealed_anew_and_its_past_stays(country: Country, desks: Desks) -> None:
    mother, browser = country.family(next(families)).number, desks("G18", CLERK)
    browser.post("/notices/new", written(mother))
    [before] = notices_of(country, mother)
    address = f"/notices/{before.number}/correct"
    page = browser.get(address).content.decode()
    assert 'value="3200"' in page
    assert "f-mother_number" not in page
    assert browser.post(address, written("068195099999", weight="0")).status_code == 422
    done = browser.post(address, written("068195099999", weight="2900", gender="male", birth_count="2"))
    assert done.headers["Location"] == f"/notices?corrected={before.number}"
    [after] = notices_of(country, mother)
    assert (after.weight, after.gender, after.birth_count, after.mother, after.version) == (2900, "male", 2, mother, 2)
    told = {name: getattr(after, name) for name in country.nodes["G18"].catalogue.owned["birth_notices"].fields}
    seal = told.pop("seal")
    assert country.nodes["H36"].directory.keys("G18", "seal")[0].verify(canonical(told), seal)
    browser.post(address, written(mother, weight="2900", gender="male", birth_count="2"))
    assert notices_of(country, mother)[0].version == 2
    assert f"Đã sửa và ký lại giấy chứng sinh {before.number}" in browser.get(done.headers["Location"]).content.decode()


def test_another_facilitys_notice_is_nobodys_to_correct(country: Country, desks: Desks) -> None:
    number = country.notice(9_001, country.family(next(families)).number)
    in_node(
        country.nodes["G18"],
        lambda tx: tx.run("UPDATE birth_notices SET facility = '68001' WHERE number = %s", (number,)),
    )
    assert desks("G18", CLERK).get(f"/notices/{number}/correct").status_code == 404
    assert desks("G18", CLERK).get("/notices/nothing/correct").status_code == 404
