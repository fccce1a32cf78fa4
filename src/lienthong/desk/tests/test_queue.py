"""The queue: filters, search, several at once."""

import re
from html import unescape
from urllib.parse import quote

import pytest

from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.desk import queries
from lienthong.desk.tests.births import declared_birth, load
from lienthong.desk.tests.office import COLLEAGUE, POLICE, STRANGER, Desks

CSRF = "/queue/batch"


def checked(country: Country, desks: Desks, count: int) -> list[str]:
    codes = [declared_birth(country) for _ in range(count)]
    for code in codes:
        desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    return codes


def test_the_queue_leads_to_the_signing_page_with_what_was_ticked(country: Country, desks: Desks) -> None:
    first, second = checked(country, desks, 2)
    browser = desks("H36", CHAIR)
    page = browser.get("/queue").content.decode()
    assert f'value="{first}:3"' in page
    assert 'name="verb" value="decide"' in page
    led = browser.post(CSRF, {"verb": "decide", "pick": [f"{first}:3"]})
    assert led.headers["Location"] == f"/queue/sign?pick={first}"
    assert load(country, first).state.waiting == "open", "nothing is signed without having been shown"
    shown = browser.get(led.headers["Location"]).content.decode()
    assert f'value="{first}:3" checked' in shown
    assert f'value="{second}:3" aria-label' in shown or second not in shown


def test_several_are_checked_at_once_and_each_is_told_of(country: Country, desks: Desks) -> None:
    first, second, third = (declared_birth(country) for _ in range(3))
    desks("H36", CHECKER).post(f"/dossiers/{second}/refuse", {"reason": "mismatch"})
    picked = [f"{first}:2", f"{second}:2", f"{third}:2", "H36.104-260101-9999:3", "nonsense"]
    done = desks("H36", COLLEAGUE).post(CSRF, {"verb": "check", "pick": picked}).content.decode()
    assert "Đã làm 2 trong 5 hồ sơ" in done
    assert done.count("Không có hồ sơ này ở đơn vị của bạn") == 2
    assert CHECKER.name in done
    assert [load(country, code).state.step for code in (first, third)] == ["sign", "sign"]


def test_who_was_first_is_told_in_a_batch_too(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    desks("H36", CHECKER).post(f"/dossiers/{code}/check", {"version": "2"})
    told = desks("H36", COLLEAGUE).post(CSRF, {"verb": "check", "pick": [f"{code}:2"]}).content.decode()
    assert CHECKER.name in told
    assert "Đã làm 0 trong 1 hồ sơ" in told


def test_nothing_ticked_and_no_such_act_change_nothing(country: Country, desks: Desks) -> None:
    browser = desks("H36", CHAIR)
    assert "Chưa chọn hồ sơ nào" in browser.post(CSRF, {"verb": "take"}).content.decode()
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
    assert 'href="/queue/why"' in nothing.content.decode()
    assert "Không thấy hồ sơ nào" in nothing.content.decode()
    assert desks("H36", CHECKER).get("/queue/search?q=Dinh").status_code == 405


def test_after_an_act_the_officer_goes_on_to_the_next_of_the_same_list_or_back(country: Country, desks: Desks) -> None:
    first, second = (declared_birth(country) for _ in range(2))
    browser = desks("H36", CHECKER)
    listed = browser.get("/queue?show=mine&step=check").content.decode()
    rows = re.findall(r'href="(/dossiers/[^"]+)" data-row', listed)
    codes = [row.split("?")[0].rsplit("/", 1)[-1] for row in rows]
    assert {first, second} <= set(codes)
    page = browser.get(unescape(rows[0])).content.decode()
    trail = {name: unescape(value) for name, value in re.findall(r'name="(list|past)" value="([^"]*)"', page)}
    assert trail["list"] == "show=mine&step=check"
    done = browser.post(f"/dossiers/{codes[0]}/check", trail)
    onward = browser.get(done.headers["Location"])
    assert onward.headers["Location"].startswith(f"/dossiers/{codes[1]}?list=show%3Dmine%26step%3Dcheck")
    assert ": Đang xử lý" in browser.get(onward.headers["Location"]).content.decode(), "what was done is said there"
    browser.post("/queue/after", {"after": "list", "back": "/queue"})
    back = browser.post(f"/dossiers/{codes[1]}/check", {**trail, "past": ""})
    assert back.headers["Location"] == f"/queue?show=mine&step=check&done={codes[1]}"


def test_the_end_of_a_list_leads_back_to_it(country: Country, desks: Desks) -> None:
    far = quote("9999-12-31T00:00:00+07:00~z", safe="")
    nowhere = f"/queue/next?list={quote('show=mine&unit=nowhere')}&past={far}"
    assert desks("H36", CHECKER).get(nowhere).headers["Location"] == "/queue?show=mine&unit=nowhere"
    assert desks("H36", CHECKER).post("/queue/after", {"back": "//elsewhere.example"}).headers["Location"] == "/queue"


def test_a_long_list_goes_on_where_its_page_ended(
    country: Country, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = {declared_birth(country) for _ in range(3)}
    monkeypatch.setattr(queries, "MOST", 2)
    browser, seen, address = desks("H36", CHECKER), [], "/queue"
    for _ in range(60):
        page = browser.get(address).content.decode()
        seen += re.findall(r'<small class="number">([^<]+)</small>', page)
        more = re.search(r'class="more"><a class="govuk-link" href="([^"]+)"', page)
        if more is None:
            break
        address = "/queue" + unescape(more[1])
    assert codes <= set(seen)
    assert len(seen) == len(set(seen)), "no line stands on two pages"
