"""Alerts of rooms below: one task a cause, closed when it is gone, opened anew when it returns."""

from typing import Any

from lienthong.casework import alerts, parents, tasks
from lienthong.casework.tests.country import Country, in_node
from lienthong.exchange.node import Alert, Node, Refusal, Sent
from lienthong.identity.types import Officer, Post
from lienthong.journal import entries
from lienthong.kit.identifiers import new_id

OPERATOR = Officer("068080000009", "Nguyễn Văn Trực", (Post("operator", "68"),))


def raised(node: Node, cause: str, **detail: Any) -> tasks.Task:
    alert = Alert("freshness", cause, "persons", "operator", detail)
    in_node(node, lambda tx: node.on_alert(node, tx, alert))
    return state_of(node, cause)


def state_of(node: Node, cause: str) -> tasks.Task:
    found = in_node(node, lambda tx: tasks.load(tx, cause))
    assert found is not None
    return found


def test_an_alert_is_one_task_until_its_cause_is_gone_and_the_same_task_when_it_returns(country: Country) -> None:
    node, cause = country.nodes["G01"], f"late-feed/{new_id()}"
    assert raised(node, cause, behind=5).state == "open"
    assert raised(node, cause, behind=9).detail == {"behind": 5}
    in_node(node, lambda tx: node.on_alert_over(node, tx, cause, "in step"))
    assert (state_of(node, cause).state, state_of(node, cause).outcome) == ("done", {"note": "in step"})
    again = raised(node, cause, behind=7)
    assert (again.state, again.detail, again.acts) == ("open", {"behind": 7}, 3)
    stream = tasks.stream_of(cause)
    assert in_node(node, lambda tx: entries.verify_stream(tx, stream, again.chain)) == 3


def test_an_answered_alert_stays_answered_while_its_cause_lasts(country: Country) -> None:
    node, cause = country.nodes["G01"], f"late-feed/{new_id()}"
    raised(node, cause)
    in_node(node, lambda tx: tasks.answer(node, tx, cause, OPERATOR, "đã gọi điện"))
    assert raised(node, cause).state == "done"
    in_node(node, lambda tx: alerts.over(node, tx, cause, "in step"))
    assert state_of(node, cause).closed_by == OPERATOR.name
    assert raised(node, cause).state == "open"


def test_the_end_of_what_was_never_raised_changes_nothing(country: Country) -> None:
    node = country.nodes["G01"]
    in_node(node, lambda tx: alerts.over(node, tx, "nothing", ""))
    assert in_node(node, lambda tx: tasks.load(tx, "nothing")) is None


def test_a_branch_that_cannot_be_told_is_a_task_unless_its_own_news_will_come(country: Country) -> None:
    node = country.nodes["portal"]

    def refused(code: str) -> tasks.Task | None:
        sent = Sent(new_id(), "H36", parents.FOLLOW_UP, "P-1", {"verb": "withdraw"})
        in_node(node, lambda tx: node.settlers[parents.FOLLOW_UP](node, tx, sent, Refusal(code, "")))
        return in_node(node, lambda tx: tasks.load(tx, f"refused/{sent.message}"))

    task = refused("no-right")
    assert task is not None
    assert (task.state, task.role, task.case) == ("open", "operator", "P-1")
    assert (task.detail["recipient"], task.detail["problem"]) == ("H36", "no-right")
    assert refused("ended") is None
    assert refused("not-asked") is None
