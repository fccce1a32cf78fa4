"""One birth across six nodes, and what must hold when things go wrong on its way."""

from typing import Any

import pytest

from lienthong.casework import delivering, dossiers, journey
from lienthong.casework.states import derive
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.identity.types import Account, Officer, Post
from lienthong.journal import entries
from lienthong.kit.series import Block
from lienthong.portal import drafts

SERVICE = "interlinked/birth-residence-card"
TYPED = {
    "child_name": "K’ Brêm", "surname_after": "custom", "ethnicity": "mother", "hometown": "father",
    "lives_with": "mother", "facility": "68009",
}  # fmt: skip
BORN = {"birth_at": "facility", "birth_place": "68009", "birth_count": "1"}


def read_form(country: Country, account: Account, **typed: Any) -> drafts.Reading:
    portal = country.nodes["portal"]
    service = portal.catalogue.service(SERVICE)
    draft = in_node(portal, lambda tx: drafts.open_draft(tx, account, service))
    kept = in_node(portal, lambda tx: drafts.load(tx, draft, account))
    return drafts.fill(portal, kept, account, service, {**TYPED, "pledge": True, **typed})


def submit(country: Country, account: Account, **typed: Any) -> str:
    portal = country.nodes["portal"]
    reading = read_form(country, account, **typed)
    assert reading.declaration.errors == {}
    service = portal.catalogue.service(SERVICE)
    return drafts.submit(portal, Block(portal.database), reading, account, service)


def branch_code(country: Country, parent: str, node: str = "H36") -> str:
    sql = "SELECT code FROM dossier WHERE parent = %s"
    return str(in_node(country.nodes[node], lambda tx: tx.value(sql, (parent,))))


def decide_at_h36(country: Country, parent: str) -> None:
    h36, code = country.nodes["H36"], branch_code(country, parent)
    in_node(h36, lambda tx: journey.check(h36, tx, code, CHECKER))
    in_node(h36, lambda tx: journey.decide(h36, tx, code, CHAIR))


def parent_of(country: Country, code: str) -> dossiers.Dossier:
    found = in_node(country.nodes["portal"], lambda tx: dossiers.load(tx, code))
    assert found is not None
    return found


def count(country: Country, node: str, sql: str, *params: Any) -> int:
    return int(in_node(country.nodes[node], lambda tx: tx.value(sql, params)))


def test_one_declaration_becomes_a_record_a_number_a_residence_and_a_card(country: Country) -> None:
    mother = country.family(1)
    code = submit(country, mother)
    country.deliver()
    assert parent_of(country, code).state.status == 2
    decide_at_h36(country, code)
    country.deliver()

    parent = parent_of(country, code)
    assert parent.state.status == 10
    assert {b.state for b in parent.state.branches.values()} == {"done"}
    birth = in_node(country.nodes["G15"], lambda tx: tx.one("SELECT * FROM births WHERE mother = %s", (mother.number,)))
    assert (birth.child_name, birth.ethnicity, birth.unit, birth.state) == ("K’ Brêm", "16", DI_LINH, "registered")
    child = birth.child_number
    assert child.startswith("068226")
    assert len(child) == 12
    assert count(country, "G01", "SELECT count(*) FROM persons WHERE number = %s", child) == 1
    assert count(country, "G01", "SELECT count(*) FROM residences WHERE person = %s", child) == 1
    assert count(country, "BHXH", "SELECT count(*) FROM insurance_cards WHERE person = %s", child) == 1


def test_the_form_arrives_filled_and_every_read_is_logged_under_the_draft(country: Country) -> None:
    mother = country.family(2)
    reading = read_form(country, mother)
    declaration = reading.declaration
    assert len(declaration.held) == 34
    assert not declaration.silent
    assert declaration.declared["father_name"] == "K’ Brèo"
    assert declaration.declared["birth_date"] == "2026-11-12"
    case = reading.draft.case
    sql = "SELECT count(*) FROM journal_entry WHERE kind = 'read' AND payload::jsonb ->> 'case' = %s AND subject = %s"
    assert count(country, "G01", sql, case, mother.number) == 2  # as a person and as a resident
    assert count(country, "G18", sql, case, mother.number) == 1


def test_a_silent_register_leaves_its_fields_open_and_the_form_usable(country: Country) -> None:
    mother = country.family(3)
    country.silent = {"G18"}
    try:
        reading = read_form(country, mother)
        assert "birth_date" in reading.declaration.silent
        assert "mother_name" in reading.declaration.held
        typed = {"birth_date": "2026-11-12", "gender": "male", **BORN}
        assert read_form(country, mother, **typed).declaration.errors == {}
    finally:
        country.silent = set()


def test_a_value_that_differs_from_the_register_is_told_beside_its_field(country: Country) -> None:
    errors = read_form(country, country.family(4), mother_name="Ka Khác").declaration.errors
    assert errors == {"mother_name": "differs-from-register"}


def test_the_same_draft_submitted_twice_is_one_dossier(country: Country) -> None:
    mother = country.family(5)
    portal = country.nodes["portal"]
    reading = read_form(country, mother)
    service, block = portal.catalogue.service(SERVICE), Block(portal.database)
    first = drafts.submit(portal, block, reading, mother, service)
    assert drafts.submit(portal, block, reading, mother, service) == first


def test_two_open_dossiers_cannot_be_about_one_notice(country: Country) -> None:
    mother = country.family(6)
    submit(country, mother)
    with pytest.raises(drafts.AlreadyDeclared):
        submit(country, mother)


def test_a_registered_notice_is_told_and_refused_again_by_the_register(country: Country) -> None:
    mother = country.family(7)
    notice = "GCS.68009.2026.000007"
    first = submit(country, mother)
    country.deliver()
    decide_at_h36(country, first)
    country.deliver()
    assert read_form(country, mother, notice_number=notice).declaration.errors["notice_number"] == "already-registered"

    for sql in ("UPDATE draft SET asked_at = NULL", "UPDATE dossier SET about = NULL"):
        in_node(country.nodes["portal"], lambda tx, sql=sql: tx.run(sql))
    country.silent = {"G18", "G15"}  # nobody tells the portal; the register still does not take it twice
    try:
        parents = {
            "parents": "married", "marriage_paper": "KH-7", "father_papers": "number",
            "birth_date": "2026-11-12", "gender": "male", **BORN,
        }  # fmt: skip
        second = submit(country, mother, notice_number=notice, **parents)
    finally:
        country.silent = set()
    country.deliver()
    code, h36 = branch_code(country, second), country.nodes["H36"]
    receiver = Officer("068080000007", "Ka Hiếu", (Post("reception_officer", DI_LINH),))
    in_node(h36, lambda tx: journey.receive_dossier(h36, tx, code, receiver))  # nothing verified it: a person looks
    decide_at_h36(country, second)
    country.deliver()
    dossier = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, code))
    assert (dossier.state.step, dossier.state.waiting, dossier.state.reason) == ("check", "open", "taken-notice")
    assert count(country, "G15", "SELECT count(*) FROM births WHERE notice = %s", notice) == 1


def test_a_birth_to_a_parent_who_died_is_withdrawn_and_the_step_reopens(country: Country) -> None:
    mother = country.family(8)
    code = submit(country, mother)
    country.deliver()
    g01 = country.nodes["G01"]
    in_node(g01, lambda tx: tx.run("UPDATE persons SET died_on = '2024-01-01' WHERE spouse = %s", (mother.number,)))
    decide_at_h36(country, code)
    country.deliver()
    dossier = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, branch_code(country, code)))
    assert (dossier.state.step, dossier.state.reason) == ("check", "dead-parent")
    assert count(country, "G15", "SELECT count(*) FROM births WHERE mother = %s", mother.number) == 0
    assert parent_of(country, code).state.branches["residence"].state == "waiting"


def test_a_household_of_somebody_else_waits_for_the_householder_and_the_card_does_not(country: Country) -> None:
    grandfather = "068060000099"
    mother = country.family(9, householder=grandfather)
    country.enter(
        "G01", "persons", number=grandfather, full_name="K’ Brông", birth_date="1960-01-01", gender="male",
        ethnicity="16", nationality="VN",
    )  # fmt: skip
    code = submit(country, mother)
    country.deliver()
    decide_at_h36(country, code)
    country.deliver()
    branches = parent_of(country, code).state.branches
    assert branches["card"].state == "done"
    assert branches["residence"].state == "consent"


def test_an_identity_card_if_the_parents_want_one_follows_the_residence(country: Country) -> None:
    wanted = submit(country, country.family(21), wants_identity_card="yes", delivery_identity="one_stop")
    unwanted = submit(country, country.family(22), wants_identity_card="no")
    country.deliver()
    assert "identity" not in parent_of(country, unwanted).state.branches
    decide_at_h36(country, wanted)
    country.deliver()
    branches = parent_of(country, wanted).state.branches
    assert (branches["residence"].state, branches["identity"].state) == ("done", "open")
    officer = Officer("068080000003", "Công an", (Post("residence_officer", DI_LINH),))
    g01, code = country.nodes["G01"], branches["identity"].code
    in_node(g01, lambda tx: journey.decide(g01, tx, code, officer))
    country.deliver()
    assert parent_of(country, wanted).state.status == 9, "the card is to be collected"
    in_node(g01, lambda tx: delivering.deliver(g01, tx, code, officer, "counter", to="the mother"))
    country.deliver()
    assert parent_of(country, wanted).state.status == 10
    sql = "SELECT count(*) FROM identity_cards WHERE dossier = %s AND state = 'issued'"
    assert count(country, "G01", sql, code) == 1


def test_a_province_that_is_away_delays_and_loses_nothing(country: Country) -> None:
    mother = country.family(10)
    code = submit(country, mother)
    country.deliver(without=["H36"])
    assert parent_of(country, code).state.branches["birth"].state == "filed"
    country.deliver()
    assert parent_of(country, code).state.branches["birth"].state == "open"


def test_a_refused_birth_stops_what_was_to_follow(country: Country) -> None:
    mother = country.family(11)
    code = submit(country, mother)
    country.deliver()
    h36 = country.nodes["H36"]
    in_node(h36, lambda tx: journey.refuse(h36, tx, branch_code(country, code), CHECKER, "not-competent"))
    country.deliver()
    parent = parent_of(country, code)
    assert parent.state.status == 3
    assert parent.state.branches["card"].state == "stopped"


def test_an_officer_of_another_commune_cannot_act(country: Country) -> None:
    mother = country.family(12)
    code = submit(country, mother)
    country.deliver()
    stranger = Officer("068080000009", "Người lạ", (Post("civil_status_officer", "25036"), Post("chair", DI_LINH)))
    h36 = country.nodes["H36"]
    with pytest.raises(PermissionError):
        in_node(h36, lambda tx: journey.check(h36, tx, branch_code(country, code), stranger))


def test_stored_status_is_what_the_acts_amount_to_and_every_chain_verifies(country: Country) -> None:
    for node in country.nodes.values():
        with node.database.transaction() as tx:
            rows = tx.all("SELECT * FROM dossier")
            for row in rows:
                dossier = dossiers.from_row(row)
                service = node.catalogue.service(row.service, row.revision)
                assert derive(service, dossiers.acts(tx, row.code)) == dossier.state
                assert entries.verify_stream(tx, f"dossier/{row.code}", dossier.chain) == dossier.acts
