"""What a node stands on: a set of publications that holds together, changed as a whole, at its start and at work."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from lienthong.casework import tasks
from lienthong.casework.rules import source_hashes
from lienthong.casework.tests.authors import Authors
from lienthong.casework.tests.country import Country, in_node
from lienthong.config import publishing
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock

HOME, CARD = "residence/newborn-residence", "identity/child-identity-card"
OPERATOR = Officer("068080000009", "Nguyễn Văn Trực", (Post("operator", "68"),))
REVIEW = ("portal", "register.read", "my-data")


@pytest.fixture(scope="module")
def whole_country(country: Country) -> Authors:
    return Authors(country)


@pytest.fixture
def authors(whole_country: Authors) -> Authors:
    """The same country, in step with its folder, every process started anew."""
    whole_country.publish()
    whole_country.reach()
    for name in whole_country.country.nodes:
        whole_country.start(name)
    return whole_country


def fee(authors: Authors, amount: int, slug: str = HOME) -> None:
    authors.edit(f"services/{slug}/service.yaml", lambda content: content.update(fee=amount))


def fee_at(node: Node, slug: str = HOME) -> int:
    return node.at_hand().catalogue.service(slug).card.fee


def waiting(node: Node) -> Mapping[str, str]:
    """Parts that wait, with what an operator is told."""
    found = in_node(node, lambda tx: tasks.mine(tx, OPERATOR))
    told = {task.id.removeprefix("catalogue/"): str(task.detail["problem"]) for task in found}
    return {part: problem for part, problem in told.items() if "/" in part or part == "dictionary"}


def test_the_folder_as_published_is_not_published_again(authors: Authors) -> None:
    assert authors.changes() == []
    fee(authors, 5_000)
    assert [(change.part, change.publisher) for change in authors.changes()] == [(f"services/{HOME}", "G01")]
    assert [one.body.part for one in authors.publish()] == [f"services/{HOME}"]
    assert (authors.changes(), authors.publish()) == ([], [])


def test_what_is_at_work_keeps_the_catalogue_it_began_with(authors: Authors) -> None:
    node = authors.country.nodes["G01"]
    before, at_work = fee_at(node), node.at_hand()
    fee(authors, before + 1_000)
    authors.publish()
    authors.reach()
    assert (fee_at(at_work), at_work.catalogue.service(HOME).card.fee) == (before + 1_000, before)
    assert node.catalogue.service(HOME).card.fee == before + 1_000


def test_one_publishers_broken_part_holds_up_nobody_elses(authors: Authors) -> None:
    """A right that is taken back must not wait for somebody's typing error."""
    g01 = authors.country.nodes["G01"]
    spoilt = authors.files[f"services/{CARD}/form.yaml"]
    authors.edit(f"services/{CARD}/form.yaml", lambda form: form["sections"][0]["fields"].update(x={"term": "moon"}))
    kept = authors.files["rights/G01.yaml"]
    authors.edit("rights/G01.yaml", lambda rights: [rights.remove(r) for r in rights[:] if r["purpose"] == "my-data"])
    with pytest.raises(Trouble, match="moon"):
        publishing.demand_whole(authors.seats, authors.changes(), source_hashes(), clock.today())
    assert g01.catalogue.permits(*REVIEW, clock.today())
    authors.publish()
    authors.reach()
    assert not g01.catalogue.permits(*REVIEW, clock.today())
    assert "moon" in waiting(g01)[f"services/{CARD}"]
    authors.start("G01")  # in the middle of it
    assert not g01.catalogue.permits(*REVIEW, clock.today())
    assert "x" not in g01.catalogue.service(CARD).form.fields

    authors.files[f"services/{CARD}/form.yaml"], authors.files["rights/G01.yaml"] = spoilt, kept
    authors.publish()
    authors.reach()
    assert g01.catalogue.permits(*REVIEW, clock.today())
    assert waiting(g01) == {}


def test_parts_that_need_each_other_wait_for_each_other(authors: Authors) -> None:
    g01 = authors.country.nodes["G01"]
    field = {"term": "pet_name"}
    authors.edit(f"services/{CARD}/form.yaml", lambda form: form["sections"][0]["fields"].update(pet_name=field))
    authors.edit("services/interlinked/birth-residence-card/form.yaml",
                 lambda form: form["sections"][0]["fields"].update(pet_name=field))  # fmt: skip
    authors.edit("dictionary.yaml", lambda all_: all_["terms"].update(pet_name={"type": "text", "vi": "x", "en": "x"}))
    now = clock.now()
    shared = [change for change in authors.changes() if change.publisher == "portal"]
    own = [change for change in authors.changes() if change.publisher == "G01"]
    publishing.publish(authors.seats, own, since=now.date(), at=now)
    authors.reach("G01")
    assert "pet_name" in waiting(g01)[f"services/{CARD}"]
    assert "pet_name" not in g01.catalogue.service(CARD).form.fields
    publishing.publish(authors.seats, shared, since=now.date(), at=now)
    authors.reach()
    assert "pet_name" in g01.catalogue.service(CARD).form.fields
    assert waiting(g01) == {}


def test_what_names_a_rule_waits_for_the_program_that_has_it(authors: Authors) -> None:
    g01, rule = authors.country.nodes["G01"], "newborn-residence@2027-01"
    old = g01.catalogue.service(HOME).revision
    kept = authors.files[f"services/{HOME}/process.yaml"]
    authors.edit(f"services/{HOME}/process.yaml", lambda all_: all_["steps"][0].update(straight_through=rule))
    authors.publish()
    authors.reach("G01")
    assert g01.catalogue.service(HOME).revision == old
    assert rule in waiting(g01)[f"services/{HOME}"]
    authors.start("G01", {**source_hashes(), rule: "text of a newer program"})
    assert g01.catalogue.service(HOME).revision != old
    assert waiting(g01) == {}
    authors.files[f"services/{HOME}/process.yaml"] = kept


def test_a_register_waits_for_its_tables(authors: Authors) -> None:
    g01 = authors.country.nodes["G01"]
    kept = authors.files["registers/persons.yaml"]
    alias = {"term": "full_name", "optional": True}
    authors.edit("registers/persons.yaml", lambda all_: all_["fields"].update(alias=alias))
    authors.publish()
    authors.reach()
    assert "alias" not in g01.catalogue.owned["persons"].fields
    assert "lienthong migrate G01" in waiting(g01)["registers/persons"]
    assert "alias" in authors.country.nodes["portal"].catalogue.registers["persons"].fields
    authors.files["registers/persons.yaml"] = kept


@pytest.mark.usefixtures("own_clock")
def test_a_version_comes_into_force_with_its_day(authors: Authors) -> None:
    node, before = authors.country.nodes["G01"], fee_at(authors.country.nodes["G01"])
    fee(authors, before + 7_000)
    authors.publish(since=clock.today() + timedelta(days=3))
    authors.reach()
    assert fee_at(node) == before
    clock.shift(timedelta(days=3))
    authors.shelves["G01"].look()
    assert fee_at(node) == before + 7_000


def test_a_service_that_ends_is_gone_for_new_dossiers_and_there_for_old_ones(authors: Authors) -> None:
    g01 = authors.country.nodes["G01"]
    revision = g01.catalogue.service(CARD).revision
    kept = {path: text for path, text in authors.files.items() if CARD in path}
    branches = "services/interlinked/birth-residence-card/branches.yaml"
    with_card = authors.files[branches]
    authors.edit(branches, lambda all_: [all_.remove(one) for one in all_[:] if one["service"] == CARD])
    for path in kept:
        del authors.files[path]
    assert {(change.part, bool(change.files)) for change in authors.changes()} >= {(f"services/{CARD}", False)}
    authors.publish()
    authors.reach()
    with pytest.raises(KeyError):
        g01.catalogue.service(CARD)
    assert g01.catalogue.service(CARD, revision).slug == CARD
    authors.files |= {**kept, branches: with_card}
    authors.publish()
    authors.reach()
    assert g01.catalogue.service(CARD).revision == revision


def test_a_country_keeps_what_it_was_installed_with_and_says_what_changed_since(authors: Authors) -> None:
    fee(authors, 9_000)
    changed = publishing.bring_up(authors.seats, authors.files, on=clock.today(), at=clock.now())
    assert [change.part for change in changed] == [f"services/{HOME}"]
    assert changed[0].words.startswith(f"services/{HOME} (G01, version ")
    assert publishing.bring_up(authors.seats, authors.files, on=clock.today(), at=clock.now()) == []
