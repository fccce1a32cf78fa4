"""Consents: asked by an agency, answered by the person, sealed, and believed only as sealed."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from lienthong.agreements.tests.town import BIRTH, ELDER, LOCKED, LOW, OTHER, Town, in_node
from lienthong.exchange import envelopes, outbox
from lienthong.exchange.envelopes import Refused
from lienthong.kit import clock

numbers = count(1)


def ask(town: Town, of: str = ELDER, *, name: str = "", ends: timedelta = timedelta(days=5), **more: Any) -> str:
    """Ask from the one-stop; the request's address at e-identity."""
    dossier = name.partition("/")[0] or f"H36.104-261122-{next(numbers):04d}"
    body = {
        "id": f"{dossier}/householder",
        "dossier": dossier,
        "of": of,
        "says": {"vi": "Đồng ý cho cháu vào hộ của ông", "en": "Agree that the child joins your household"},
        "about": "K’ Brêm",
        "rule": "Luật Cư trú 68/2020/QH14, Điều 20",
        "until": clock.now() + ends,
        **more,
    }
    told = _send(town, body)
    assert told["outcome"] == "done", told
    return str(body["id"])


def _send(town: Town, body: dict[str, Any]) -> dict[str, Any]:
    in_node(
        town.h36,
        lambda tx: outbox.send(town.h36, tx, "G01-eid", "consent.ask", body, case="P-1", purpose=BIRTH, key=body["id"]),
    )
    return town.deliver("H36", "G01-eid")[0]


def state(town: Town, name: str) -> Any:
    return in_node(town.eid, lambda tx: tx.one("SELECT * FROM consents WHERE id = %s", (name,)))


def agree(town: Town, name: str, answer: str = "yes", person: str = ELDER) -> Any:
    return town.browser(person).post(f"/consents/{name}", {"answer": answer, "confirm": "yes"})


def test_a_person_sees_who_asks_for_what_by_which_rule_and_until_when(town: Town) -> None:
    name = ask(town)
    listed = town.browser(ELDER).get("/consents").content.decode()
    assert "Đồng ý cho cháu vào hộ của ông" in listed
    assert f"/consents/{name}" in listed
    page = town.browser(ELDER).get(f"/consents/{name}").content.decode()
    for said in ("K’ Brêm", "Một cửa tỉnh Lâm Đồng", name.partition("/")[0], "Luật Cư trú", f"{clock.now().year}"):
        assert said in page
    browser = town.browser(ELDER)
    browser.cookies["lang"] = "en"
    english = browser.get(f"/consents/{name}").content.decode()
    assert "Agree that the child joins your household" in english
    assert "Law on Residence" in english
    assert "Do you agree?" in english


def test_an_answer_is_confirmed_then_sealed_and_sent_once(town: Town) -> None:
    name = ask(town)
    browser = town.browser(ELDER)
    confirm = browser.post(f"/consents/{name}", {"answer": "yes"})
    assert "Bạn đồng ý, đúng không?" in confirm.content.decode()
    assert state(town, name).state == "asked"
    first = browser.post(f"/consents/{name}", {"answer": "yes", "confirm": "yes"})
    assert (first.status_code, first.headers["Location"]) == (303, f"/consents/{name}")
    again = browser.post(f"/consents/{name}", {"answer": "yes", "confirm": "yes"})
    assert again.status_code == 200
    town.deliver("G01-eid", "H36")
    [answer] = town.heard
    assert (answer.header.purpose, answer.header.case) == (BIRTH, "P-1")
    assert (answer.body["id"], answer.body["given"]) == (name, True)
    sealed = envelopes.decode(answer.body["token"].encode())
    token = envelopes.open_envelope(sealed, town.directory, recipient="", at=None, purpose="seal")
    assert (token.header.sender, token.header.service, token.header.case) == ("G01-eid", "consent.token", "P-1")
    assert (token.body["id"], token.body["of"], token.body["given"]) == (name, ELDER, True)
    with pytest.raises(Refused, match="bad-signature"):
        envelopes.open_envelope(sealed, town.directory, recipient="", at=None, purpose="transport")


def test_declining_is_sealed_too_and_cannot_be_turned_round(town: Town) -> None:
    name = ask(town)
    assert agree(town, name, "no").status_code == 303
    late = agree(town, name, "yes")
    assert late.status_code == 409
    assert "Bạn không đồng ý" in late.content.decode()
    town.deliver("G01-eid", "H36")
    assert [answer.body["given"] for answer in town.heard] == [False]


def test_somebody_elses_request_is_not_there(town: Town) -> None:
    name = ask(town)
    assert town.browser(OTHER).get(f"/consents/{name}").status_code == 404
    assert agree(town, name, person=OTHER).status_code == 404
    assert "cháu vào hộ" not in town.browser(OTHER).get("/consents").content.decode()
    nobody = town.browser(None).get(f"/consents/{name}")
    assert nobody.headers["Location"].startswith("/sign-in?next=%2Fconsents%2F")
    assert state(town, name).state == "asked"


def test_an_expired_request_cannot_be_answered(town: Town) -> None:
    name = ask(town, ends=timedelta(seconds=-1))
    page = agree(town, name)
    assert page.status_code == 409
    assert "Đã hết hạn trả lời" in page.content.decode()
    assert state(town, name).token is None


def test_a_request_that_was_taken_back_is_no_longer_needed_and_may_be_asked_again(town: Town) -> None:
    name = ask(town)
    dossier = name.partition("/")[0]
    assert _send(town, {"id": name, "dossier": dossier, "cancel": True})["outcome"] == "done"
    assert "Không còn cần nữa" in town.browser(ELDER).get("/consents").content.decode()
    assert agree(town, name).status_code == 409
    ask(town, name=name)
    assert agree(town, name).status_code == 303


def test_asking_the_same_again_does_not_open_what_was_answered(town: Town) -> None:
    name = ask(town)
    agree(town, name)
    assert _send(town, {"id": name, "dossier": name.partition("/")[0], "cancel": True})["outcome"] == "done"
    ask(town, name=name)
    assert state(town, name).state == "given"


@pytest.mark.parametrize("of", [LOW, LOCKED, "068099999999"])
def test_who_cannot_answer_here_is_refused_to_the_agency(town: Town, of: str) -> None:
    dossier = f"H36.104-261122-{next(numbers):04d}"
    body = {"id": f"{dossier}/owner", "dossier": dossier, "of": of, "says": {"vi": "a", "en": "b"}, "rule": "r"}
    told = _send(town, {**body, "about": "", "until": clock.now() + timedelta(days=1)})
    assert (told["outcome"], told["code"]) == ("refused", "no-account")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "H36.1/x"},
        {"of": ""},
        {"says": {"vi": "", "en": "b"}},
        {"until": None},
        {"until": datetime(2026, 12, 1)},  # noqa: DTZ001 - on purpose
        {"says": "text"},
    ],
)
def test_a_malformed_request_is_refused(town: Town, change: dict[str, Any]) -> None:
    dossier = f"H36.104-261122-{next(numbers):04d}"
    body = {"id": f"{dossier}/o", "dossier": dossier, "of": ELDER, "says": {"vi": "a", "en": "b"}}
    told = _send(town, {**body, "until": clock.now() + timedelta(days=1), **change})
    assert (told["outcome"], told["code"]) == ("refused", "malformed")


def test_without_a_choice_the_page_says_so(town: Town) -> None:
    name = ask(town)
    page = town.browser(ELDER).post(f"/consents/{name}", {"confirm": "yes"})
    assert page.status_code == 422
    assert 'href="#f-answer"' in page.content.decode()


def test_the_portal_learns_what_waits_for_a_person_and_the_person_who_asked(town: Town) -> None:
    person = OTHER
    before = town.ask("consent.mine", "consent", {"person": person})["open"]
    name = ask(town, of=person)
    told = town.ask("consent.mine", "consent", {"person": person})
    assert told["open"] == before + 1
    assert name in [request["id"] for request in told["requests"]]
    assert "K’ Brêm" not in str(told)
    reads = in_node(
        town.eid, lambda tx: tx.all("SELECT payload FROM journal_entry WHERE kind = 'read' AND subject = %s", (person,))
    )
    assert any('"register":"consents"' in row.payload for row in reads)
    with pytest.raises(Refused, match="no-right"):
        town.ask("consent.mine", "consent", {"person": person}, by="H36")
