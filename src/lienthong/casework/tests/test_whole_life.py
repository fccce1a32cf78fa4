"""The whole life of dossiers filed by themselves, over real nodes: online, at the counter, at another point."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lienthong.casework import (
    delivering,
    dossiers,
    extending,
    holding,
    intake,
    journey,
    opinions,
    parents,
    pauses,
    payments,
    tasks,
    timers,
)
from lienthong.casework.consulting import Question
from lienthong.casework.desks import Taken
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.pauses import Item
from lienthong.casework.states import NotPossible, derive
from lienthong.casework.tests.country import CHAIR, DI_LINH, Country, in_node
from lienthong.identity.types import Officer, Post
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.clock import ZONE

HOUSE, SINGLE, COPY = "construction/house-permit", "civil-status/marital-status", "certification/certified-copy"
ELSEWHERE = "24781"
RECEIVER = Officer("068080000003", "Trần Thị Nhận", (Post("reception_officer", DI_LINH),))
AT_THE_POINT = Officer("068080000013", "Lý Văn Điểm", (Post("reception_officer", ELSEWHERE),))
LAND = Officer("068080000014", "Cao Thị Địa", (Post("land_officer", DI_LINH),))
COLLEAGUE = Officer("068080000015", "Mai Văn Chính", (Post("land_officer", DI_LINH),))
PLANNER = Officer("068080000016", "Hồ Thị Quy", (Post("planning_officer", "68"),))
FIREMAN = Officer("068080000017", "Đinh Văn Cứu", (Post("fire_officer", "68"),))
REGISTRAR = Officer("068080000001", "Lê Thị Kiểm", (Post("civil_status_officer", DI_LINH),))
OWNER = "068195001234"
WHO = {"requester_number": OWNER, "requester_name": "Ka Wẽn", "requester_birth_date": "1995-04-02"}
PLACE = {"residence_unit": DI_LINH, "residence_address": "Thôn 3"}
HOUSE_DECLARED = {
    **WHO, "residence_address": "Thôn 3", "house_unit": DI_LINH, "house_address": "Thôn 3, gần trường",
    "land_plot": "112/14", "land_area": "180", "floor_area": "120", "floors": "2", "house_kind": "plain",
    "drawings": "yes", "pledge": True,
}  # fmt: skip
MONDAY = datetime(2026, 11, 16, 9, tzinfo=ZONE)


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    for officer in (LAND, COLLEAGUE):
        in_node(made.nodes["H36"], lambda tx, one=officer: _appoint(tx, one))
    yield made
    made.close()


def _appoint(tx: Any, officer: Officer) -> None:
    post = officer.posts[0]
    row = (officer.number, officer.name, post.role, post.unit, MONDAY.date() - timedelta(days=400))
    tx.run("INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, %s)", row)


@pytest.fixture(autouse=True)
def monday(own_clock: None) -> None:
    clock.shift(MONDAY - clock.now())


def online(country: Country, slug: str, number: int, declared: dict[str, Any]) -> str:
    portal = country.nodes["portal"]
    service = portal.catalogue.service(slug)
    code = f"000.00.01.G22-261116-02{number:04d}"
    content = Content(declared, contact={"name": "Ka Wẽn", "phone": "0912345678"})
    in_node(portal, lambda tx: parents.submit(portal, tx, service, code=code, applicant=OWNER, content=content))
    country.deliver()
    return code


def here(country: Country, slug: str, declared: dict[str, Any], officer: Officer = RECEIVER, **more: Any) -> Dossier:
    h36 = country.nodes["H36"]
    service = h36.catalogue.service(slug)
    told = {"applicant": OWNER, "channel": "counter", "unit": DI_LINH, "subject": "Ka Wẽn", **more}
    return in_node(h36, lambda tx: intake.open_here(h36, tx, officer, service, Content(declared), **told))


def act(country: Country, code: str, deed: Callable[..., Any], officer: Officer, *more: Any, **named: Any) -> Dossier:
    h36 = country.nodes["H36"]
    in_node(h36, lambda tx: deed(h36, tx, code, officer, *more, **named))
    country.deliver()
    return found(country, code)


def found(country: Country, code: str, node: str = "H36") -> Dossier:
    """The dossier as stored, which is what its acts amount to."""
    place = country.nodes[node]
    with place.database.transaction() as tx:
        dossier = dossiers.load(tx, code)
        assert dossier is not None
        service = place.catalogue.service(dossier.identity.service, dossier.identity.revision)
        assert derive(service, dossiers.acts(tx, code)) == dossier.state
        entries.verify_stream(tx, dossier.identity.stream, dossier.chain)
    return dossier


def opinion_of(country: Country, officer: Officer, code: str) -> tasks.Task:
    open_ones = in_node(country.nodes["H36"], lambda tx: tasks.mine(tx, officer))
    return next(task for task in open_ones if task.kind == "opinion" and task.detail["dossier"] == code)


def test_a_service_of_its_own_is_filed_from_the_portal_under_one_code_and_comes_back_with_its_result(
    country: Country,
) -> None:
    declared = {**WHO, **PLACE, "certificate_use": "marriage", "delivery": "electronic", "pledge": True}
    code = online(country, SINGLE, 1, declared)
    branch = found(country, code)
    assert (branch.identity.code, branch.state.step, branch.identity.channel) == (code, "receive", "online")
    act(country, code, journey.receive_dossier, RECEIVER)
    act(country, code, journey.check, REGISTRAR)
    branch = act(country, code, journey.decide, CHAIR)
    assert (branch.state.status, branch.state.waiting) == (10, "")
    parent = found(country, code, "portal")
    assert (parent.state.status, parent.state.branches["self"].code) == (10, code)
    sealed = in_node(country.nodes["portal"], lambda tx: dossiers.kept_results(tx, code))
    assert '"result":"KQ.G15.000034"' in sealed["self"].replace(": ", ":").replace('\\"', '"')


def test_opinions_are_asked_side_by_side_and_silence_agrees(country: Country) -> None:
    code = online(country, HOUSE, 2, HOUSE_DECLARED)
    act(country, code, journey.receive_dossier, RECEIVER)
    dossier = act(country, code, journey.check, LAND)
    assert (dossier.state.step, dossier.state.waiting) == ("consult", "opinion"), "a plain house is not inspected"
    asked = opinion_of(country, PLANNER, code)
    h36 = country.nodes["H36"]
    in_node(h36, lambda tx: opinions.answer(h36, tx, asked.id, PLANNER, "Phù hợp quy hoạch", agrees=True))
    assert found(country, code).state.waiting == "opinion"
    clock.shift(timedelta(days=9))
    timers.tick(h36)
    dossier = found(country, code)
    assert (dossier.state.step, dossier.state.waiting) == ("draft", "open")
    assert sorted(one.state for one in dossier.state.opinions.values()) == ["given", "silent"]
    with pytest.raises(StopIteration):
        opinion_of(country, FIREMAN, code)


def test_nobody_is_asked_any_more_about_a_dossier_that_was_withdrawn(country: Country) -> None:
    code = online(country, HOUSE, 6, HOUSE_DECLARED)
    act(country, code, journey.receive_dossier, RECEIVER)
    act(country, code, journey.check, LAND)
    assert opinion_of(country, PLANNER, code).state == "open"
    act(country, code, pauses.withdraw, RECEIVER, "withdrawn")
    for officer in (PLANNER, FIREMAN):
        with pytest.raises(StopIteration):
            opinion_of(country, officer, code)


def test_a_condition_of_the_table_sends_it_on_site(country: Country) -> None:
    code = online(country, HOUSE, 3, {**HOUSE_DECLARED, "house_kind": "conservation"})
    act(country, code, journey.receive_dossier, RECEIVER)
    assert act(country, code, journey.check, LAND).state.step == "inspect"
    assert act(country, code, journey.check, LAND).state.step == "consult"


def test_payment_and_an_opinion_by_the_way_and_another_promised_time(country: Country) -> None:
    code = online(country, HOUSE, 4, HOUSE_DECLARED)
    received = act(country, code, journey.receive_dossier, RECEIVER)
    paused = act(country, code, payments.ask_payment, LAND, 75_000, "Lệ phí cấp phép")
    assert (paused.state.status, paused.state.waiting) == (6, "payment")
    assert found(country, code, "portal").state.status == 6
    clock.shift(timedelta(days=2))
    h36 = country.nodes["H36"]
    with pytest.raises(PermissionError):
        in_node(h36, lambda tx: payments.paid(h36, tx, code, "BL-0001", AT_THE_POINT))
    in_node(h36, lambda tx: payments.paid(h36, tx, code, "BL-0001", RECEIVER))
    country.deliver()
    going = found(country, code)
    assert going.state.deadline is not None
    assert received.state.deadline is not None
    assert going.state.deadline > received.state.deadline, "the time it stood is added"
    asked = [Question("planning_officer", "Có vướng quy hoạch không?", 1, "68", "escalate")]
    act(country, code, opinions.ask, LAND, asked)
    clock.shift(timedelta(days=3))
    timers.tick(h36)
    assert found(country, code).state.waiting == "opinion", "the head must answer in their place"
    task = opinion_of(country, Officer(CHAIR.number, CHAIR.name, (Post("chair", "68"),)), code)
    head = Officer("068080000022", "Chủ tịch tỉnh", (Post("chair", "68"),))
    in_node(h36, lambda tx: opinions.answer(h36, tx, task.id, head, "", agrees=True))
    later = going.state.deadline + timedelta(days=5)
    with pytest.raises(ValueError, match="required"):
        act(country, code, extending.extend, CHAIR, later, " ")
    extended = act(country, code, extending.extend, CHAIR, later, "overload")
    assert (extended.state.deadline, extended.state.extended) == (later, True)
    with pytest.raises(NotPossible):
        act(country, code, extending.extend, CHAIR, later + timedelta(days=1), "overload")


def test_who_has_taken_it_is_let_work_and_a_lock_ends_with_time_or_with_the_post(country: Country) -> None:
    code = online(country, HOUSE, 5, HOUSE_DECLARED)
    act(country, code, journey.receive_dossier, RECEIVER)
    held = act(country, code, holding.take, LAND)
    assert held.state.holder_name == LAND.name
    with pytest.raises(Taken) as told:
        act(country, code, journey.check, COLLEAGUE)
    assert told.value.holder == LAND.name
    h36 = country.nodes["H36"]
    in_node(h36, lambda tx: tx.run("UPDATE officer SET ends = %s WHERE number = %s", (MONDAY.date(), LAND.number)))
    clock.shift(timedelta(days=1))
    assert act(country, code, journey.check, COLLEAGUE).state.step == "consult", "the holder's post has ended"
    in_node(h36, lambda tx: tx.run("UPDATE officer SET ends = NULL WHERE number = %s", (LAND.number,)))


def test_at_another_reception_point_two_clocks_run(country: Country) -> None:
    declared = {**WHO, **PLACE, "certificate_use": "loan", "delivery": "one_stop", "pledge": True}
    opened = here(country, SINGLE, declared, AT_THE_POINT, point=ELSEWHERE)
    code = opened.identity.code
    assert (opened.desk, opened.identity.unit) == (ELSEWHERE, DI_LINH)
    moved = act(country, code, journey.receive_dossier, AT_THE_POINT, originals=True)
    assert (moved.state.waiting, moved.state.status, moved.desk) == ("transit", 2, ELSEWHERE)
    assert moved.state.due == MONDAY.replace(hour=17)
    clock.shift(timedelta(days=1))
    arrived = act(country, code, journey.arrive, RECEIVER)
    assert (arrived.state.waiting, arrived.desk, arrived.state.step) == ("open", DI_LINH, "check")
    assert arrived.state.deadline == datetime(2026, 11, 20, 17, tzinfo=ZONE), "three days from its arrival"
    act(country, code, journey.check, REGISTRAR)
    ready = act(country, code, journey.decide, CHAIR)
    assert (ready.state.status, ready.state.waiting) == (9, "collect")
    with pytest.raises(ValueError, match="required"):
        act(country, code, delivering.deliver, RECEIVER, "counter", to=" ")
    assert act(country, code, delivering.deliver, RECEIVER, "counter", to="Ka Wẽn").state.status == 10


def test_what_is_done_while_one_waits(country: Country) -> None:
    declared = {**WHO, "document_title": "Bằng tốt nghiệp", "pages": "1", "copies": "2"}
    code = here(country, COPY, declared).identity.code
    act(country, code, journey.receive_dossier, RECEIVER)
    done = act(country, code, journey.decide, CHAIR)
    assert (done.state.status, done.identity.filed_by) == (10, RECEIVER.number)
    assert done.times.finished_at == done.times.returned_at


def test_what_does_not_hold_is_not_taken_in(country: Country) -> None:
    declared = {**WHO, "document_title": "Bằng tốt nghiệp", "pages": "một", "copies": "2"}
    with pytest.raises(intake.Invalid) as told:
        here(country, COPY, declared)
    assert told.value.errors == {"pages": "not-a-count"}
    with pytest.raises(NotPossible):
        here(country, COPY, {**declared, "pages": "1"}, channel="post")
    with pytest.raises(PermissionError):
        here(country, COPY, {**declared, "pages": "1"}, AT_THE_POINT)


def test_it_is_withdrawn_at_the_counter_while_nothing_is_decided(country: Country) -> None:
    declared = {**WHO, **PLACE, "certificate_use": "loan", "pledge": True}
    code = here(country, SINGLE, declared).identity.code
    act(country, code, journey.receive_dossier, RECEIVER)
    act(country, code, pauses.supplement, REGISTRAR, [Item(field="certificate_use")], "unclear-value")
    assert act(country, code, pauses.withdraw, RECEIVER, "withdrawn").state.status == 7
    with pytest.raises(NotPossible):
        act(country, code, pauses.withdraw, RECEIVER, "withdrawn")


@pytest.mark.parametrize("deed", [journey.refuse, journey.send_back])
def test_nobody_is_turned_away_without_a_reason(country: Country, deed: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="required"):
        act(country, "no-matter-which", deed, RECEIVER, "  ")
