"""Mandates: given and ended by the person, taken down by an office, told to the portal while they hold."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from lienthong.agreements import mandates
from lienthong.agreements.tests.town import ACCOUNTS, DI_LINH, ELDER, HEAD, LOW, OTHER, Town, in_node
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Refused
from lienthong.kit import clock

numbers = count(1)


def typed(**changes: str) -> dict[str, str]:
    until = clock.today() + timedelta(days=30)
    day = {"until-day": str(until.day), "until-month": str(until.month), "until-year": str(until.year)}
    return {
        "grantee": f"{HEAD[:3]} {HEAD[3:6]} {HEAD[6:]}",
        "grantee_name": "k truong",
        "kind": "helper",
        **day,
        **changes,
    }


def give(town: Town, person: str = ELDER, **changes: str) -> Any:
    """Type, see whom it is about, confirm with what that page carries on."""
    browser = town.browser(person)
    shown = browser.post("/mandates/new", typed(**changes))
    if shown.status_code != 200:
        return shown
    assert "Xác nhận ủy quyền" in shown.content.decode()
    until = (clock.today() + timedelta(days=30)).isoformat()
    sent = {"grantee": HEAD, "grantee_name": "K’ Trưởng", "kind": "helper", "until": until, "confirm": "yes"}
    return browser.post("/mandates/new", sent)


def held(town: Town, person: str = HEAD, by: str = "grantee") -> list[mandates.Mandate]:
    return mandates.heard(town.ask("mandate.held", "mandate", {"by": by, "person": person}))


def take_down(town: Town, **changes: Any) -> dict[str, Any]:
    """An officer of the one-stop records a mandate; the receipt."""
    today = clock.today()
    fields = {
        "number": f"UQ-25000-2026-{next(numbers):06d}", "grantor": "068040000009", "grantor_name": "Ka Già",
        "grantor_birth_date": "1940-01-01", "grantor_gender": "female", "grantee": HEAD, "grantee_name": "K’ Trưởng",
        "kind": "helper", "scope": "*", "since": today.isoformat(), "until": (today + timedelta(days=30)).isoformat(),
        "evidence": "Giấy ủy quyền số 12/UBND", "unit": DI_LINH, "officer": "068080000001",
    } | changes  # fmt: skip
    body = {"register": "mandates", "fields": fields, "dossier": "counter/1"}
    in_node(
        town.h36,
        lambda tx: outbox.send(town.h36, tx, "G01-eid", "register.record", body, case="counter/1", purpose="counter"),
    )
    return town.deliver("H36", "G01-eid")[0]


def test_a_mandate_is_given_after_seeing_whom_and_ended_at_once(town: Town) -> None:
    made = give(town)
    assert (made.status_code, made.headers["Location"]) == (303, "/mandates?done=given")
    [mandate] = [one for one in held(town) if one.grantor == ELDER]
    assert (mandate.kind, mandate.scope, mandate.principal.name) == ("helper", "*", "K’ Ông")
    page = town.browser(ELDER).get("/mandates").content.decode()
    assert "K’ Trưởng" in page
    assert mandate.number in page
    assert "K’ Ông" in town.browser(HEAD).get("/mandates").content.decode()
    assert town.browser(OTHER).post(f"/mandates/{mandate.number}/end").status_code == 404
    assert town.browser(ELDER).post(f"/mandates/{mandate.number}/end").status_code == 303
    assert [one for one in held(town) if one.grantor == ELDER] == []
    assert "Đã chấm dứt" in town.browser(ELDER).get("/mandates").content.decode()
    past = in_node(
        town.eid, lambda tx: tx.all("SELECT version FROM mandates_past WHERE number = %s", (mandate.number,))
    )
    assert len(past) == 1


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"grantee": "068099999999"}, "grantee", "Không có tài khoản"),
        ({"grantee_name": "Tên Khác"}, "grantee", "Không có tài khoản"),
        ({"grantee": ELDER, "grantee_name": "K’ Ông"}, "grantee", "cho chính mình"),
        ({"kind": ""}, "kind", "cần điền"),
        ({"kind": "counter"}, "kind", "trong danh sách"),
        ({"until-year": "2020"}, "until", "đã qua"),
        ({"until-year": "2099"}, "until", "một năm"),
        ({"until-day": "31", "until-month": "2"}, "until", "không có thật"),
    ],
)
def test_wrong_input_is_told_beside_its_field(town: Town, changes: dict[str, str], field: str, said: str) -> None:
    page = give(town, **changes)
    assert page.status_code == 422
    assert f'href="#f-{field}"' in page.content.decode()
    assert said in page.content.decode()


def test_what_the_confirming_page_sends_is_checked_again(town: Town) -> None:
    sent = {"grantee": HEAD, "grantee_name": "Ai Đó", "kind": "helper", "until": "2099-01-01", "confirm": "yes"}
    assert town.browser(ELDER).post("/mandates/new", sent).status_code == 422


def test_an_account_of_level_one_gives_none(town: Town) -> None:
    assert town.browser(LOW).post("/mandates/new", typed()).status_code == 403
    assert "mức độ 2" in town.browser(LOW).get("/mandates/new").content.decode()


def test_nobody_sees_mandates_without_signing_in(town: Town) -> None:
    assert town.browser(None).get("/mandates").headers["Location"] == "/sign-in?next=%2Fmandates"


def test_signing_in_at_e_identity_leads_back(town: Town) -> None:
    browser = town.browser(None)
    page = browser.post("/sign-in?next=/mandates", {"step": "look_up", "number": ELDER, "name": "k ong"})
    assert (page.status_code, page.headers["Location"]) == (303, "/mandates")
    assert "K’ Ông" in browser.get("/mandates").content.decode()
    assert browser.post("/sign-out").status_code == 302
    assert browser.get("/mandates").status_code == 302


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_signing_in_leads_to_no_other_site(town: Town, onward: str) -> None:
    page = town.browser(None).post(f"/sign-in?next={onward}", {"step": "look_up", "number": ELDER, "name": "k ong"})
    assert page.headers["Location"] == "/"


def test_an_office_takes_one_down_for_somebody_without_an_account(town: Town) -> None:
    receipt = take_down(town)
    assert receipt["outcome"] == "done"
    [mandate] = [one for one in held(town) if one.grantor == "068040000009"]
    assert (mandate.unit, mandate.principal.birth_date.year, mandate.principal.level) == (DI_LINH, 1940, 0)
    assert [one.number for one in held(town, "068040000009", "grantor")] == [mandate.number]
    assert mandate.proof


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "counter"}, "wrong-period"),
        ({"until": "2099-01-01"}, "wrong-period"),
        ({"since": "2020-01-01"}, "wrong-period"),
        ({"grantee": "068040000009", "grantee_name": "Ka Già"}, "own-mandate"),
        ({"grantee_name": "Ai Đó"}, "no-such-account"),
        ({"kind": "boss"}, "invalid"),
        ({"ended_at": "2026-01-01T00:00:00+07:00"}, "no-right"),
        ({"evidence": ""}, "incomplete"),
    ],
)
def test_what_does_not_stand_is_refused_to_the_office(town: Town, changes: dict[str, Any], code: str) -> None:
    receipt = take_down(town, **changes)
    assert (receipt["outcome"], receipt["code"]) == ("refused", code)


def test_a_mandate_ends_with_its_last_day(town: Town) -> None:
    yesterday = clock.today() - timedelta(days=1)
    row = dict.fromkeys(town.eid.catalogue.owned["mandates"].fields) | {
        "number": "UQ-OLD", "grantor": OTHER, "grantor_name": ACCOUNTS[OTHER][0], "grantor_birth_date": "1961-02-02",
        "grantor_gender": "female", "grantee": HEAD, "grantee_name": "K’ Trưởng", "kind": "relative", "scope": "a/b",
        "since": yesterday, "until": yesterday, "evidence": "e-id",
    }  # fmt: skip
    town.enter("mandates", row)
    assert [one for one in held(town) if one.grantor == OTHER] == []
    assert "Đã hết hạn" in town.browser(OTHER).get("/mandates").content.decode()


def test_only_the_portal_hears_of_mandates(town: Town) -> None:
    with pytest.raises(Refused, match="no-right"):
        town.ask("mandate.held", "mandate", {"by": "grantee", "person": HEAD}, by="H36")
    with pytest.raises(Refused, match="malformed"):
        town.ask("mandate.held", "mandate", {"by": "anybody", "person": HEAD})
