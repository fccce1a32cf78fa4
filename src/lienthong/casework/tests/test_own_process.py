"""An agency's own process in a country of nodes: fetched with its revision, and set aside when it no longer fits."""

from typing import Any

import pytest
import yaml

from lienthong.casework import tasks
from lienthong.casework.tests.authors import Authors
from lienthong.casework.tests.case import Case
from lienthong.casework.tests.country import Country, in_node
from lienthong.catalogue.internal_process import InternalProcess, part_of, path_of
from lienthong.exchange import revisions
from lienthong.identity.types import Officer, Post

BIRTH = "civil-status/birth-registration"
PART, FILE, SERVICE = part_of("H36", BIRTH), path_of("H36", BIRTH), f"services/{BIRTH}"
OPERATOR = Officer("068080000009", "Nguyễn Văn Trực", (Post("operator", "68"),))


@pytest.fixture(scope="module")
def authors(country: Country) -> Authors:
    return Authors(country)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that was not to be had is asked for again at once."""
    monkeypatch.setattr(revisions, "PAUSE", 0.0)


def order(authors: Authors, symbol: str, **hours: int) -> None:
    """H36 decides on its own process: the ministry's with other hours."""
    content = yaml.safe_load(authors.files[f"{SERVICE}/process.yaml"])
    for step in content["steps"]:
        step["hours"] = hours.get(step["step"], step.get("hours", 0))
    head = {"symbol": symbol, "decision": f"{symbol}/QĐ-UBND", "decided_on": "2026-11-20"}
    authors.files[FILE] = yaml.safe_dump({**head, **content}, allow_unicode=True, sort_keys=False)
    assert {one.body.part for one in authors.publish()} == {PART}


def service(authors: Authors, node: str) -> Any:
    return authors.country.nodes[node].at_hand().catalogue.service(BIRTH)


def problems(authors: Authors) -> dict[str, str]:
    found = in_node(authors.country.nodes["H36"], lambda tx: tasks.mine(tx, OPERATOR))
    return {task.id: str(task.detail.get("problem")) for task in found if task.kind == "alert"}


def test_a_revision_that_an_agency_has_not_heard_of_comes_with_its_own_process(authors: Authors) -> None:
    country = authors.country
    order(authors, "QTTP-20", check=3)
    authors.reach()
    before = service(authors, "H36").revision
    authors.edit(f"{SERVICE}/service.yaml", lambda content: content.update(fee=5_000))
    authors.publish()
    authors.reach("portal")  # the ministry's change has not come to H36
    new = service(authors, "portal").revision
    assert new != before == service(authors, "H36").revision
    case = Case(country, 1)
    assert case.branch().identity.revision == new
    fetched = country.nodes["H36"].catalogue.service(BIRTH, new)
    assert isinstance(fetched.process, InternalProcess)
    assert (fetched.card.fee, fetched.process.step("check").hours) == (5_000, 3)
    case.decide()
    assert set(case.states().values()) == {"done"}
    authors.reach()
    assert service(authors, "H36").revision == new


def test_an_own_process_that_no_longer_fits_is_set_aside_everywhere_and_told(authors: Authors) -> None:
    order(authors, "QTTP-21", receive=8, check=4, sign=4)
    authors.reach()

    def shorter(content: Any) -> None:
        for step in content["steps"]:
            step["hours"] = min(step.get("hours", 0), 2)

    authors.edit(f"{SERVICE}/service.yaml", lambda content: content["limit"].update(hours=8))
    authors.edit(f"{SERVICE}/process.yaml", shorter)
    authors.publish()
    authors.reach()
    for node in ("H36", "portal", "G01"):
        found = service(authors, node)
        assert (found.card.limit.hours, found.process.step("check").hours) == (8, 2)  # the ministry's, and its model
        assert not isinstance(found.process, InternalProcess)
    assert len({service(authors, node).revision for node in ("H36", "portal", "G01")}) == 1
    assert "longer than the procedure allows (16 > 8)" in problems(authors)[f"catalogue/{PART}"]
    authors.start("H36")  # and a process that starts anew says so too
    assert f"catalogue/{PART}" in problems(authors)

    order(authors, "QTTP-22", check=1)
    authors.reach()
    assert service(authors, "portal").process.symbol == "QTTP-22"
    assert f"catalogue/{PART}" not in problems(authors)


def test_an_own_process_that_ends_gives_way_to_the_model(authors: Authors) -> None:
    order(authors, "QTTP-23", check=1, sign=1)
    authors.reach()
    running = Case(authors.country, 2)
    del authors.files[FILE]
    assert [(one.body.part, one.body.files) for one in authors.publish()] == [(PART, {})]
    authors.reach()
    assert not isinstance(service(authors, "H36").process, InternalProcess)
    assert service(authors, "portal").revision == service(authors, "H36").revision
    authors.start("H36")
    running.decide()  # under the table that it was received under
    assert set(running.states().values()) == {"done"}
