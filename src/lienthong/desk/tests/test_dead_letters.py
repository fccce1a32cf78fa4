"""A parked message at the desk: what an operator sees of it, sending again, giving up."""

from collections.abc import Iterator

import pytest

from lienthong.casework import tasks
from lienthong.casework.tasks import Task
from lienthong.casework.tests.country import Country, in_node
from lienthong.desk.tests.office import OPERATOR, POLICE, Desks
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.exchange.outbox import dead
from lienthong.exchange.settling import ATTEMPTS, _try_again
from lienthong.kit.storage import Tx


@pytest.fixture
def g01(country: Country) -> Iterator[Node]:
    node = country.nodes["G01"]
    yield node
    in_node(node, lambda tx: tx.run("DELETE FROM outbox"))


def park(node: Node, secret: str = "Ka Wẽn") -> str:
    """A message to G15 that failed there as often as it may."""

    def act(tx: Tx) -> str:
        message = outbox.send(
            node, tx, "G15", "task.closed", {"name": secret}, case="T-1", purpose="my-data", key=secret
        )
        place = tx.value("SELECT id FROM outbox WHERE message = %s", (message,))
        for _ in range(ATTEMPTS):
            _try_again(node, tx, place, f"failed-there: {secret} is unknown")
        return message

    return str(in_node(node, act))


def state(node: Node, message: str) -> tuple[str, str]:
    """Of the message and of its task."""
    task: Task = in_node(node, lambda tx: tasks.load(tx, dead(message)))
    return str(
        in_node(node, lambda tx: tx.value("SELECT state FROM outbox WHERE message = %s", (message,)))
    ), task.state


def test_an_operator_sees_whom_why_and_since_when_and_nothing_of_the_body(g01: Node, desks: Desks) -> None:
    message = park(g01)
    browser = desks("G01", OPERATOR)
    assert "Thư không giao được" in browser.get("/tasks").content.decode()
    page = browser.get(f"/tasks/{dead(message)}").content.decode()
    for said in ("task.closed", "Gửi lại", "Gửi lại tất cả cùng loại", "chưa xử lý được thư này", message):
        assert said in page
    assert "Ka Wẽn" not in page
    assert desks("G01", POLICE).get(f"/tasks/{dead(message)}").status_code == 404


def test_sent_again_it_waits_for_what_becomes_of_it(g01: Node, desks: Desks) -> None:
    message, other = park(g01), park(g01, "K’ Brêm")
    assert desks("G01", OPERATOR).post(f"/tasks/{dead(message)}", {"answer": "resend"}).status_code == 303
    assert (state(g01, message), state(g01, other)) == (("waiting", "pending"), ("parked", "open"))
    assert "Đang gửi lại" in desks("G01", OPERATOR).get("/tasks").content.decode()


def test_all_of_its_kind_are_sent_again(g01: Node, desks: Desks) -> None:
    messages = [park(g01, f"K’ {n}") for n in range(3)]
    assert desks("G01", OPERATOR).post(f"/tasks/{dead(messages[1])}", {"answer": "resend_alike"}).status_code == 303
    assert {state(g01, message) for message in messages} == {("waiting", "pending")}


def test_giving_up_needs_a_reason_and_ends_both(g01: Node, desks: Desks) -> None:
    message = park(g01)
    browser = desks("G01", OPERATOR)
    assert browser.post(f"/tasks/{dead(message)}", {"answer": "give_up", "note": " "}).status_code == 422
    assert state(g01, message) == ("parked", "open")
    assert browser.post(f"/tasks/{dead(message)}", {"answer": "give_up", "note": "gửi giấy"}).status_code == 303
    assert state(g01, message) == ("refused", "declined")
    assert browser.post(f"/tasks/{dead(message)}", {"answer": "resend"}).status_code == 303  # the same hand, again


def test_what_fails_again_is_open_again(g01: Node, desks: Desks) -> None:
    message = park(g01)
    desks("G01", OPERATOR).post(f"/tasks/{dead(message)}", {"answer": "resend"})
    place = in_node(g01, lambda tx: tx.value("SELECT id FROM outbox WHERE message = %s", (message,)))
    for _ in range(3):
        in_node(g01, lambda tx: _try_again(g01, tx, place, "failed-there: again"))
    assert state(g01, message) == ("parked", "open")
