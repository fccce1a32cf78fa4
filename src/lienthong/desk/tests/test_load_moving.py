"""Work moves between units only when the head of the other one accepts; each dossier is told by itself."""

from typing import Any

import pytest

from lienthong.casework import dossiers, forecasting, sharing
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.desk.tests.births import declared_birth
from lienthong.desk.tests.office import STRANGER, Desks
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock

ELSEWHERE = "24848"
OTHER_HEAD = Officer("068080000041", "Ya Đức", (Post("chair", ELSEWHERE),))


@pytest.fixture(scope="module", autouse=True)
def other_head(country: Country) -> None:
    sql = "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, 'chair', %s, '2025-07-01')"
    in_node(country.nodes["H36"], lambda tx: tx.run(sql, (OTHER_HEAD.number, OTHER_HEAD.name, ELSEWHERE)))


def _offered(country: Country) -> sharing.Offer:
    found: list[sharing.Offer] = in_node(country.nodes["H36"], lambda tx: sharing.of(tx, [ELSEWHERE]))
    return found[0]


def _desk(country: Country, code: str) -> Any:
    return in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, code))


def test_what_is_accepted_moves_and_what_went_on_is_told(country: Country, desks: Desks) -> None:
    code, gone = declared_birth(country), declared_birth(country)
    sent = {"from": DI_LINH, "to": ELSEWHERE, "code": [code, gone], "reason": "Hai người nghỉ ốm"}
    assert desks("H36", CHAIR).post("/load/offer", {**sent, "code": []}).status_code == 422
    assert desks("H36", CHECKER).post("/load/offer", sent).status_code == 403
    assert desks("H36", CHAIR).post("/load/offer", sent).status_code == 303
    assert _desk(country, code).desk == DI_LINH, "nothing moves before the other head has answered"
    desks("H36", CHECKER).post(f"/dossiers/{gone}/check")
    desks("H36", CHAIR).post(f"/dossiers/{gone}/decide")
    offer = _offered(country)
    assert "Nhận việc" in desks("H36", OTHER_HEAD).get("/load").content.decode()
    assert desks("H36", CHAIR).post(f"/load/offers/{offer.id}", {"answer": "yes"}).status_code == 403
    assert desks("H36", OTHER_HEAD).post(f"/load/offers/{offer.id}", {"answer": "yes"}).status_code == 303
    assert _offered(country).results == {code: sharing.MOVED, gone: "not-there"}
    moved = _desk(country, code)
    assert (moved.desk, moved.identity.unit) == (ELSEWHERE, DI_LINH)
    assert desks("H36", OTHER_HEAD).post(f"/load/offers/{offer.id}", {"answer": "yes"}).status_code == 409
    desks("H36", STRANGER).post(f"/dossiers/{code}/check")
    assert _desk(country, code).state.step == "sign", "the other unit's officer does the work"


def test_a_no_wants_a_reason_and_moves_nothing(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    sent = {"from": DI_LINH, "to": ELSEWHERE, "code": [code], "reason": "Quá tải"}
    desks("H36", CHAIR).post("/load/offer", sent)
    path = f"/load/offers/{_offered(country).id}"
    assert desks("H36", OTHER_HEAD).post(path, {"answer": "no"}).status_code == 422
    assert desks("H36", OTHER_HEAD).post(path, {"answer": "no", "why": "Cũng đang quá tải"}).status_code == 303
    assert _desk(country, code).desk == DI_LINH
    assert "Cũng đang quá tải" in desks("H36", CHAIR).get("/load").content.decode()


def test_what_was_learned_is_stored_read_back_and_shown(country: Country, desks: Desks) -> None:
    h36 = country.nodes["H36"]
    declared_birth(country)
    model = forecasting.learn(h36, clock.now())
    in_node(h36, lambda tx: forecasting.store(tx, model))
    read = in_node(h36, forecasting.load)
    assert read is not None
    assert read.known.keys() == model.known.keys()
    assert "Dự báo này tính thế nào" in desks("H36", CHAIR).get("/load").content.decode()
