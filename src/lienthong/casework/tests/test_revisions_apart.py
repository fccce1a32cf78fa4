"""Two nodes one revision apart: what runs goes on under the old one, what is new is fetched by its hash and handled."""

from typing import Any

import pytest

from lienthong.casework import tasks
from lienthong.casework.tests.authors import Authors
from lienthong.casework.tests.case import Case
from lienthong.casework.tests.country import Country, in_node
from lienthong.exchange import revisions
from lienthong.identity.types import Officer, Post

BIRTH, PARENT = "civil-status/birth-registration", "interlinked/birth-residence-card"
HOME = "residence/newborn-residence"
OPERATOR = Officer("068080000009", "Nguyễn Văn Trực", (Post("operator", "68"),))


@pytest.fixture(scope="module")
def authors(country: Country) -> Authors:
    return Authors(country)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that was not to be had is asked for again at once."""
    monkeypatch.setattr(revisions, "PAUSE", 0.0)


def with_a_fact(authors: Authors, name: str) -> None:
    """A fact that the parent asks for and the birth must have: a term, a parent's form and a branch's."""

    def term(content: Any) -> None:
        content["terms"][name] = {"type": "text", "vi": "Nhóm máu", "en": "Blood group", "most": 3}

    def field(content: Any) -> None:
        content["sections"][-1]["fields"][name] = {"term": name}

    authors.edit("dictionary.yaml", term)
    authors.edit(f"services/{PARENT}/form.yaml", field)
    authors.edit(f"services/{BIRTH}/form.yaml", field)


def alerts(authors: Authors, node: str) -> set[str]:
    place = authors.country.nodes[node]
    return {task.id for task in in_node(place, lambda tx: tasks.mine(tx, OPERATOR)) if task.kind == "alert"}


def in_force(authors: Authors, node: str, slug: str = BIRTH) -> str:
    return authors.country.nodes[node].at_hand().catalogue.service(slug).revision


def waiting(authors: Authors) -> list[tuple[str, str]]:
    portal = authors.country.nodes["portal"]
    rows = in_node(portal, lambda tx: tx.all("SELECT service, state FROM outbox WHERE state <> 'done'"))
    return [(row.service, row.state) for row in rows]


def test_old_dossiers_finish_and_new_ones_arrive_where_the_change_has_not(authors: Authors) -> None:
    country, h36 = authors.country, authors.country.nodes["H36"]
    running, old = Case(country, 1), in_force(authors, "H36")
    with_a_fact(authors, "blood_group")
    made = {one.body.part: one.publisher for one in authors.publish()}
    assert made == {"dictionary": "portal", f"services/{PARENT}": "portal", f"services/{BIRTH}": "G15"}
    authors.reach("portal", "G01")
    new = in_force(authors, "portal")
    assert new != old == in_force(authors, "H36")

    arriving = Case(country, 2, blood_group="O")  # H36 hears of this revision by the message that names it
    assert arriving.branch().identity.revision == new
    arriving.decide()
    running.decide()  # under the old one, and its residence too, which G01 receives after the change
    for case in (running, arriving):
        assert set(case.states().values()) == {"done"}
    assert running.branch().identity.revision == old
    assert running.branch("G01", "residence").identity.revision != in_force(authors, "G01", HOME)
    assert arriving.branch("G01", "residence").identity.revision == in_force(authors, "G01", HOME)

    # at H36 the new birth waits for the parent that goes with it, and says so, until the feed has brought that
    authors.shelves["H36"].look()
    assert f"catalogue/services/{BIRTH}" in alerts(authors, "H36")
    authors.reach()
    assert in_force(authors, "H36") == new
    assert alerts(authors, "H36") == set()
    assert "blood_group" not in h36.catalogue.service(BIRTH, old).form.fields
    for case in (running, arriving):
        case.verify()


def test_a_message_waits_while_nobody_can_say_what_its_revision_is(authors: Authors) -> None:
    country = authors.country
    with_a_fact(authors, "blood_rhesus")
    authors.publish()
    authors.reach("portal")
    country.silent = {"portal", "G15"}
    try:
        case = Case(country, 3, blood_group="O", blood_rhesus="+")
    finally:
        country.silent = set()
    assert case.states()["birth"] == "filed"
    assert ("dossier.file", "waiting") in waiting(authors)
    assert any(task.startswith(f"revision/{BIRTH}/") for task in alerts(authors, "H36"))

    portal = country.nodes["portal"]
    in_node(portal, lambda tx: tx.touch("UPDATE outbox SET next_at = created_at WHERE state = 'waiting'"))
    country.deliver()
    assert case.branch().identity.revision == in_force(authors, "portal")
    assert not any(task.startswith("revision/") for task in alerts(authors, "H36"))
    authors.reach()


def test_a_dossier_of_an_old_revision_is_found_by_a_process_that_starts_anew(authors: Authors) -> None:
    running, old = Case(authors.country, 4, blood_group="A", blood_rhesus="+"), in_force(authors, "H36")
    with_a_fact(authors, "blood_kell")
    authors.publish()
    authors.reach()
    authors.start("H36")
    authors.start("portal")
    assert in_force(authors, "H36") != old
    running.decide()
    assert set(running.states().values()) == {"done"}
    running.verify()
