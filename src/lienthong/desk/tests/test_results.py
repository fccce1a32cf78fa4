"""The results desk: who may take a result, what the post is given and brings back, what nobody fetches."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from lienthong.casework import dossiers, letters
from lienthong.casework.tests.case import Case
from lienthong.casework.tests.country import Country, in_node
from lienthong.desk.tests.office import CHECKER, RECEIVER, STRANGER, Desks
from lienthong.kit import clock

ADDRESS = "12 Hùng Vương, thị trấn cũ"


@pytest.fixture(autouse=True)
def own_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that a test may move for itself."""
    monkeypatch.setenv("LIENTHONG_CLOCK", str(tmp_path / "clock"))


def result(country: Country, number: int, **wish: Any) -> Case:
    """A birth whose certificate waits to be given out."""
    case = Case(country, number, **{"delivery_birth": "one_stop", **wish})
    case.decide()
    assert case.branch().state.waiting == "collect"
    return case


def by_post(country: Country, number: int) -> Case:
    return result(country, number, delivery_birth="post", delivery_birth_address=ADDRESS)


def code_of(case: Case) -> str:
    return case.branch().identity.code


def told(case: Case) -> list[str]:
    """What the applicant's portal was told of the paper."""
    rows = in_node(
        case.portal, lambda tx: tx.all("SELECT kind FROM notice WHERE dossier = %s ORDER BY at", (case.code,))
    )
    return [row.kind for row in rows if row.kind.startswith("result")]


def post(desk: Client, case: Case, tracking: str = "EB123456789VN", **changed: str) -> Any:
    code = code_of(case)
    sent = {"pick": code, f"address-{code}": ADDRESS, f"tracking-{code}": tracking, **changed}
    answer = desk.post("/results/send", sent)
    case.country.deliver()
    return answer


def test_the_owner_takes_it_by_the_number_on_the_card(country: Country, desks: Desks) -> None:
    case = result(country, 801)
    desk, code = desks("H36", RECEIVER), code_of(case)
    assert code in desk.get("/results").content.decode()
    assert desk.post("/results/find", {"q": case.mother.number}).headers["Location"] == f"/results/{code}"
    assert desk.post("/results/find", {"q": f"https://portal.localhost/dossiers/{code}"}).status_code == 303
    refused = desk.post(f"/results/{code}", {"who": "owner", "shown": "068195009999"})
    assert refused.status_code == 422
    assert case.branch().state.status == 9
    card = f"{case.mother.number}|212345678|Ka Wẽn|02041995|Nữ|Thôn 3, Di Linh|01012021"
    assert desk.post(f"/results/{code}", {"who": "owner", "shown": card}).status_code == 200
    state, act = case.branch().state, acts_of(case)[-1]
    assert (state.status, state.waiting, act.verb, act.detail["way"]) == (10, "", "deliver", "counter")
    assert case.mother.number in act.detail["receiver"]
    assert "Ka Wẽn" in desk.get("/results").content.decode(), "given out today"
    assert f'"/results/{code}"' not in desk.get("/results").content.decode(), "it waits no more"
    case.verify()


def acts_of(case: Case) -> list[Any]:
    return list(in_node(case.country.nodes["H36"], lambda tx: dossiers.acts(tx, code_of(case))))


def test_somebody_else_needs_the_paper_that_sends_them(country: Country, desks: Desks) -> None:
    case = result(country, 802)
    desk, code = desks("H36", RECEIVER), code_of(case)
    who = {"who": "other", "name": "K’ Brèo", "number": "068092 004321"}
    assert desk.post(f"/results/{code}", who).status_code == 422
    desk.post(f"/results/{code}", {**who, "paper": "số 12/2026, UBND xã Di Linh"})
    detail = acts_of(case)[-1].detail
    assert detail["receiver"] == "K’ Brèo (068092004321)"
    assert "12/2026" in detail["note"]


def test_all_that_waits_for_one_person_is_given_out_at_once(country: Country, desks: Desks) -> None:
    case = result(country, 803)
    twin = Case.__new__(Case)  # the same mother, another child
    twin.__dict__.update(second(country, case))
    desk, code = desks("H36", RECEIVER), code_of(case)
    page = desk.get(f"/results/{code}").content.decode()
    assert code_of(twin) in page
    sent = {"who": "owner", "shown": case.mother.number, "pick": [code, code_of(twin), "H36.001-261122-9999"]}
    assert desk.post(f"/results/{code}", sent).content.decode().count("state--done") == 2
    assert {case.branch().state.status, twin.branch().state.status} == {10}


def second(country: Country, case: Case) -> dict[str, Any]:
    """Another waiting result of the same applicant."""
    other = result(country, 804)
    in_node(
        country.nodes["H36"],
        lambda tx: tx.run("UPDATE dossier SET applicant = %s WHERE code = %s", (case.mother.number, code_of(other))),
    )
    return other.__dict__


def test_what_the_post_was_given_is_a_list_and_what_it_brings_back_lies_here_again(
    country: Country, desks: Desks
) -> None:
    case = by_post(country, 805)
    desk, code = desks("H36", RECEIVER), code_of(case)
    page = desk.get("/results?show=post").content.decode()
    assert code in page
    assert ADDRESS in page
    assert "/results/lists/" not in post(desk, case, tracking="").content.decode(), "no parcel without its number"
    assert letters_of(case) == []
    number = post(desk, case).content.decode().partition("/results/lists/")[2].partition('"')[0]
    assert (told(case), case.branch().state.status) == (["result_sent"], 9)
    printed = desk.get(f"/results/lists/{number}").content.decode()
    rows = list(csv.reader(desk.get(f"/results/lists/{number}?format=csv").content.decode("utf-8-sig").splitlines()))
    assert ADDRESS in printed
    assert rows[1][1:6] == ["EB123456789VN", "Ka Wẽn", rows[1][3], ADDRESS, code]
    assert post(desk, case, "EB2").content.decode().count("state--done") == 0, "it is on its way already"
    desk.post("/results/reported", {f"said-{code}": "not-at-home"})
    country.deliver()
    assert told(case) == ["result_sent", "result_back"]
    assert "Bưu tá không gặp người nhận" in desk.get("/results?show=counter").content.decode()
    post(desk, case, "EB3")
    desk.post("/results/reported", {f"said-{code}": "arrived", f"took-{code}": "K’ Brèo"})
    act = acts_of(case)[-1]
    assert (act.verb, act.detail["receiver"], act.detail["note"]) == ("deliver", "K’ Brèo", "EB3")
    assert [letter.state for letter in letters_of(case)] == ["arrived", "returned"]
    case.verify()


def letters_of(case: Case) -> list[letters.Letter]:
    found: list[letters.Letter] = in_node(case.country.nodes["H36"], lambda tx: letters.of_dossier(tx, code_of(case)))
    return found


def test_a_list_holds_no_formula(country: Country, desks: Desks) -> None:
    case = by_post(country, 806)
    desk, code = desks("H36", RECEIVER), code_of(case)
    answer = post(desk, case, **{f"address-{code}": '=HYPERLINK("http://x")'})
    number = answer.content.decode().partition("/results/lists/")[2].partition('"')[0]
    assert "'=HYPERLINK" in desk.get(f"/results/lists/{number}?format=csv").content.decode()


def test_who_does_not_fetch_it_is_reminded_once_a_day(country: Country, desks: Desks) -> None:
    case = result(country, 807)
    desk, code = desks("H36", RECEIVER), code_of(case)
    assert code not in desk.get("/results?show=long").content.decode()
    clock.shift(timedelta(days=8))
    assert code in desk.get("/results?show=long").content.decode()
    for _turn in range(2):
        desk.post("/results/remind", {"pick": code})
    country.deliver()
    assert told(case) == ["result_waits"]


def test_nobody_else_sees_or_gives_it_out(country: Country, desks: Desks) -> None:
    case = result(country, 808)
    code = code_of(case)
    for officer in (STRANGER, CHECKER):
        desk = desks("H36", officer)
        assert code not in desk.get("/results").content.decode()
        desk.post(f"/results/{code}", {"who": "owner", "shown": case.mother.number})
        desk.post("/results/remind", {"pick": code})
    assert (case.branch().state.status, told(case)) == (9, [])
