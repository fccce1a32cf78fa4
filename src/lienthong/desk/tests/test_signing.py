"""Batch signing: what decides about each, what is kept out, and one outcome a dossier."""

from lienthong.casework.tests.country import CHAIR, CHECKER, Country
from lienthong.desk.tests.births import declared_birth, load, mother_of
from lienthong.desk.tests.office import Desks
from lienthong.desk.tests.test_desk import amend_person
from lienthong.desk.tests.test_queue import checked


def sign(desks: Desks, *picks: str, confirmed: bool = True) -> str:
    form = {"pick": list(picks), **({"confirmed": "yes"} if confirmed else {})}
    return desks("H36", CHAIR).post("/queue/sign", form).content.decode()


def test_clean_dossiers_are_signed_in_one_go_each_by_itself(country: Country, desks: Desks) -> None:
    first, second, third = checked(country, desks, 3)
    page = desks("H36", CHAIR).get("/queue/sign").content.decode()
    assert f'value="{first}:3" checked' in page
    assert f"{CHECKER.name} đã kiểm tra lúc" in page
    assert "mục khớp dữ liệu gốc bây giờ" in page
    desks("H36", CHAIR).post(f"/dossiers/{second}/return", {"reason": "look-again"})
    picks = [f"{code}:3" for code in (first, second, third)]
    asked = sign(desks, *picks, confirmed=False)
    assert "Ký 3 hồ sơ" in asked
    assert load(country, first).state.waiting == "open", "asked once more before anything is signed"
    done = sign(desks, *picks, "H36.104-260101-9999:3")
    assert "Đã làm 2 trong 4 hồ sơ" in done
    assert [load(country, code).state.waiting for code in (first, second, third)] == ["pending", "open", "pending"]


def test_a_difference_keeps_a_dossier_out_even_if_it_comes_after_the_page(country: Country, desks: Desks) -> None:
    clean, differs = checked(country, desks, 2)
    page = desks("H36", CHAIR).get("/queue/sign").content.decode()
    assert f'value="{differs}:3" checked' in page
    amend_person(country, mother_of(country, differs), full_name="Ka Wẽn Khác")
    page = desks("H36", CHAIR).get("/queue/sign").content.decode()
    assert "Khác với dữ liệu gốc" in page
    assert f'value="{differs}:3"' not in page, "nothing to tick"
    done = sign(desks, f"{clean}:3", f"{differs}:3")
    assert "Đã làm 1 trong 2 hồ sơ" in done
    assert "có điều phải xem riêng" in done
    assert load(country, differs).state.waiting == "open"
    assert desks("H36", CHAIR).post(f"/dossiers/{differs}/decide").status_code == 303, "opened, it can be signed"


def test_a_silent_register_keeps_a_dossier_out(country: Country, desks: Desks) -> None:
    [code] = checked(country, desks, 1)
    country.silent = {"G01"}
    page = desks("H36", CHAIR).get(f"/queue/sign?pick={code}").content.decode()
    assert "Chưa trả lời, nên chưa biết dữ liệu có đổi không" in page
    assert "Đã làm 0 trong 1 hồ sơ" in sign(desks, f"{code}:3")
    assert load(country, code).state.waiting == "open"


def test_who_signs_nothing_sees_nothing_to_sign(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    assert "Không có hồ sơ nào chờ bạn ký" in desks("H36", CHECKER).get("/queue/sign").content.decode()
    outcome = desks("H36", CHECKER).post("/queue/sign", {"pick": f"{code}:2", "confirmed": "yes"}).content.decode()
    assert "Đã làm 0 trong 1 hồ sơ" in outcome
