"""What happens on a dossier's way beside its steps: money, withdrawal at the desk, another unit."""

from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country
from lienthong.desk.tests.births import declared_birth, load, verbs
from lienthong.desk.tests.office import RECEIVER, STRANGER, Desks

OTHER = STRANGER.posts[0].unit


def test_money_is_asked_for_waited_for_and_shown_by_a_receipt(country: Country, desks: Desks) -> None:
    code, browser = declared_birth(country), desks("H36", CHECKER)
    for amount in ("", "nhiều", "0", "-5"):
        asked = browser.post(f"/dossiers/{code}/ask_payment", {"amount": amount, "what": "lệ phí"})
        assert asked.status_code == 422, amount
    assert browser.post(f"/dossiers/{code}/ask_payment", {"amount": "50.000", "what": "lệ phí"}).status_code == 303
    state = load(country, code).state
    assert (state.waiting, state.status, state.asks["amount"]) == ("payment", 6, 50_000)
    assert code in browser.get("/queue?show=payment").content.decode()
    assert f'action="/dossiers/{code}/check"' not in browser.get(f"/dossiers/{code}").content.decode()
    assert browser.post(f"/dossiers/{code}/paid", {"receipt": ""}).status_code == 422
    assert browser.post(f"/dossiers/{code}/paid", {"receipt": "BL 0042"}).status_code == 303
    assert load(country, code).state.waiting == "open"


def test_an_applicant_withdraws_at_the_desk_after_being_told_what_follows(country: Country, desks: Desks) -> None:
    code, browser = declared_birth(country), desks("H36", RECEIVER)
    form = {"reason": "wished-no-more", "note": ""}
    asked = browser.post(f"/dossiers/{code}/withdraw", form)
    assert "không mở lại được" in asked.content.decode()
    assert load(country, code).state.waiting == "open"
    assert browser.post(f"/dossiers/{code}/withdraw", {**form, "confirmed": "yes"}).status_code == 303
    assert load(country, code).state.status == 7


def test_the_head_moves_several_to_another_unit_which_goes_on(country: Country, desks: Desks) -> None:
    codes = [declared_birth(country) for _ in range(2)]
    before = [load(country, code).state.deadline for code in codes]
    picked = {"verb": "transfer", "pick": [f"{code}:2" for code in codes]}
    asked = desks("H36", CHAIR).post("/queue/batch", picked).content.decode()
    assert f'<option value="{OTHER}"' in asked
    assert f'<option value="{DI_LINH}"' not in asked
    nowhere = {**picked, "answered": "yes", "unit": DI_LINH, "reason": "load-relief", "note": ""}
    assert desks("H36", CHAIR).post("/queue/batch", nowhere).status_code == 422
    moved = desks("H36", CHAIR).post("/queue/batch", {**nowhere, "unit": OTHER})
    assert "Đã làm 2 trong 2" in moved.content.decode()
    assert [load(country, code).desk for code in codes] == [OTHER] * 2
    assert [load(country, code).state.deadline for code in codes] == before, "what was promised stays"
    assert codes[0] in desks("H36", STRANGER).get("/queue").content.decode()
    assert codes[0] not in desks("H36", CHECKER).get("/queue").content.decode()
    assert desks("H36", STRANGER).post(f"/dossiers/{codes[0]}/check").status_code == 303
    assert verbs(country, codes[0])[-2:] == ["transfer", "check"]
