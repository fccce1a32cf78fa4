"""The queue: filters, search, several at once."""

from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.desk.tests.births import declared_birth, load
from lienthong.desk.tests.office import COLLEAGUE, POLICE, STRANGER, Desks

CSRF = "/queue/batch"


def checked(country: Country, desks: Desks, count: int) -> list[str]:
    codes = [declared_birth(country) for _ in range(count)]
    for code in codes:
        desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    return codes


def test_the_chair_signs_several_at_once_and_is_told_of_each(country: Country, desks: Desks) -> None:
    first, second, third = checked(country, desks, 3)
    browser = desks("H36", CHAIR)
    page = browser.get("/queue").content.decode()
    assert f'value="{first}:3"' in page
    assert 'name="verb" value="decide"' in page
    browser.post(f"/dossiers/{second}/return", {"reason": "look-again"})
    picked = [f"{first}:3", f"{second}:3", f"{third}:3", "H36.104-260101-9999:3", "nonsense"]
    done = browser.post(CSRF, {"verb": "decide", "pick": picked}).content.decode()
    assert "Đã làm 2 trong 5 hồ sơ" in done
    assert done.count("Không có hồ sơ này ở đơn vị của bạn") == 2
    assert [load(country, code).state.waiting for code in (first, second, third)] == ["pending", "open", "pending"]
    again = browser.post(CSRF, {"verb": "decide", "pick": [f"{first}:3"]}).content.decode()
    assert "Đã làm 1 trong 1 hồ sơ" in again


def test_who_was_first_is_told_in_a_batch_too(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    desks("H36", CHECKER).post(f"/dossiers/{code}/check", {"version": "2"})
    told = desks("H36", COLLEAGUE).post(CSRF, {"verb": "check", "pick": [f"{code}:2"]}).content.decode()
    assert CHECKER.name in told
    assert "Đã làm 0 trong 1 hồ sơ" in told


def test_nothing_ticked_and_no_such_act_change_nothing(country: Country, desks: Desks) -> None:
    browser = desks("H36", CHAIR)
    assert "Chưa chọn hồ sơ nào" in browser.post(CSRF, {"verb": "decide"}).content.decode()
    assert browser.post(CSRF, {"verb": "annul", "pick": ["x:1"]}).status_code == 303
    assert desks("G01", POLICE).post(CSRF, {"verb": "check", "pick": ["x:1"]}).status_code == 200


def test_filters_are_addresses_and_nonsense_in_them_is_left_out(country: Country, desks: Desks) -> None:
    [code] = checked(country, desks, 1)
    browser = desks("H36", CHAIR)
    assert code in browser.get("/queue?show=all&step=sign").content.decode()
    assert code not in browser.get("/queue?show=all&step=check").content.decode()
    late = "UPDATE dossier SET due = now() - interval '1 hour' WHERE code = %s"
    in_node(country.nodes["H36"], lambda tx: tx.run(late, (code,)))
    assert code in browser.get("/queue?show=all&due=late").content.decode()
    assert code not in browser.get("/queue?show=all&due=today").content.decode()
    assert browser.get("/queue?show=%27&step=%22&due=x").status_code == 200


def test_a_dossier_is_found_by_code_or_by_name_without_accents_in_ones_own_unit(country: Country, desks: Desks) -> None:
    code = declared_birth(country, child_name="Đinh Thị Lệ Thuỷ")
    parent = str(load(country, code).identity.parent)
    for asked in (code, code.lower(), parent, "dinh thi le", "LỆ THUỶ", "Lệ Thuỷ"):
        found = desks("H36", CHECKER).post("/queue/search", {"q": asked})
        assert code in found.content.decode(), asked
        assert desks("H36", STRANGER).post("/queue/search", {"q": asked}).content.decode().count(code) <= 1
        assert f"/dossiers/{code}" not in desks("H36", STRANGER).post("/queue/search", {"q": asked}).content.decode()
    nothing = desks("H36", CHECKER).post("/queue/search", {"q": "' OR 1=1 --"})
    assert "Không thấy hồ sơ nào" in nothing.content.decode()
    assert desks("H36", CHECKER).get("/queue/search?q=Dinh").status_code == 405
