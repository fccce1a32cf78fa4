"""Past dossiers are what officers would have left behind: the same rows and states, sealed, and the same twice."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row, namedtuple_row

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.effects import outstanding
from lienthong.casework.rules import source_hashes
from lienthong.casework.states import FINAL, derive
from lienthong.catalogue import forms
from lienthong.catalogue.catalogue import load as load_catalogue
from lienthong.config.state import HOME
from lienthong.demo import history, history_load
from lienthong.demo.history import Archive
from lienthong.demo.history_forms import People
from lienthong.demo.history_pace import Figures
from lienthong.journal import entries, sealer
from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx
from lienthong.territory.units import Territory

UNTIL = datetime(2026, 11, 20, 10, 0, tzinfo=ZONE)
FIGURES = Figures(300, date(2026, 8, 3), UNTIL)
TABLES = {
    "dossier": "code", "dossier_content": "code", "dossier_result": "code", "dossier_name": "code",
    "journal_entry": "stream, number",
}  # fmt: skip


@pytest.fixture(scope="module")
def archive() -> Archive:
    catalogue = load_catalogue(HOME / "catalogue", "H36", source_hashes())
    territory = Territory.load(HOME / "catalogue" / "territory")
    units = territory.units()[:6]
    steps = [step for one in catalogue.services.values() for step in one.process.steps]
    roles = sorted({role for step in steps for role in (step.role, *(one.role for one in step.asks)) if role})
    posts = [
        (f"068{place:04d}{number:05d}", f"Cán bộ {number}", role, unit.code)
        for place, unit in enumerate(units)
        for number, role in enumerate(roles)
    ]
    return Archive(catalogue, territory, posts, People(territory, catalogue.terms), units=units)


@pytest.fixture(scope="module")
def made(archive: Archive) -> list[Dossier]:
    return [one for day in history.made(archive, FIGURES) for one in day]


def test_about_as_many_as_wanted_of_every_service_and_most_have_ended(archive: Archive, made: list[Dossier]) -> None:
    assert 0.8 * FIGURES.dossiers < len(made) < 1.2 * FIGURES.dossiers
    assert {one.identity.service for one in made} == {service.slug for service in archive.services}
    ended = [one for one in made if one.state.status in FINAL]
    assert 0.85 * len(made) < len(ended) < len(made)
    assert all(act.at <= UNTIL for one in made for act in one.fresh)


def test_every_past_is_what_its_acts_amount_to_and_declares_nothing_wrong(
    archive: Archive, made: list[Dossier]
) -> None:
    for one in made:
        service = archive.catalogue.service(one.identity.service, one.identity.revision)
        assert derive(service, one.fresh) == one.state
        moments = [act.at for act in one.fresh]
        assert moments == sorted(moments)
        assert one.begun is not None
        on = one.identity.received_at.date()
        assert forms.check(service.form, service.terms or archive.catalogue.terms, one.begun.declared, on) == {}


def test_the_same_figures_give_the_same_past_whoever_makes_which_day(archive: Archive, made: list[Dossier]) -> None:
    shared = [one for part in (0, 1) for day in history.made(archive, FIGURES, part, 2) for one in day]
    by_code = {one.identity.code: one for one in shared}
    assert [by_code[one.identity.code].fresh for one in made] == [one.fresh for one in made]
    assert len(shared) == len(made)


def _rows(conninfo: str, code: str) -> dict[str, list[dict[str, Any]]]:
    """What the node holds of a dossier, but for who wrote it and when it came into the journal."""
    with psycopg.connect(conninfo, row_factory=dict_row) as link:
        found = {
            table: link.execute(
                f"SELECT * FROM {table} WHERE {'stream' if table == 'journal_entry' else 'code'} = %s ORDER BY {order}",
                (f"dossier/{code}" if table == "journal_entry" else code,),
            ).fetchall()
            for table, order in TABLES.items()
        }
    for entry in found["journal_entry"]:
        del entry["id"], entry["xid"]
    return found


def test_rows_are_those_that_saving_act_by_act_leaves_and_are_sealed(
    node_database: Callable[[str], Any], archive: Archive, made: list[Dossier]
) -> None:
    """The same dossiers once more, saved after each act: every row is equal."""
    place = node_database("H36")
    loaded = history_load.load(place.owner, archive, FIGURES)
    assert (loaded.dossiers, loaded.acts) == (len(made), sum(len(one.fresh) for one in made))
    assert history_load.load(place.owner, archive, FIGURES).dossiers == 0, "loaded once"
    sample = sorted(made, key=lambda one: -len(one.fresh))[:12]
    before = {one.identity.code: _rows(place.owner, one.identity.code) for one in sample}
    with psycopg.connect(place.owner, row_factory=namedtuple_row) as link:
        for one in sample:
            for table in TABLES:
                key = "stream" if table == "journal_entry" else "code"
                link.execute(f"DELETE FROM {table} WHERE {key} LIKE %s", (f"%{one.identity.code}",))
            _lived_through(Tx(link), archive, one)
    assert {code: _rows(place.owner, code) for code in before} == before
    asked = sum(len(outstanding(one.state)) for one in made if one.state.waiting == "opinion")
    assert history_load.seal(place.owner) == loaded.acts + asked
    with psycopg.connect(place.read, row_factory=namedtuple_row) as link:
        tx = Tx(link)
        assert sealer.verify_seals(tx) == loaded.acts + asked
        assert tx.value("SELECT count(*) FROM task") == asked
        for one in sample:
            assert entries.verify_stream(tx, one.identity.stream) == len(one.fresh)


def _lived_through(tx: Tx, archive: Archive, one: Dossier) -> None:
    """Saved as officers save: after each act, read anew in between."""
    service, content = archive.catalogue.service(one.identity.service), one.begun
    assert content is not None
    first, *others = one.fresh
    found: Dossier | None = dossiers.begin(service, one.identity, content, first)
    for act in others:
        assert found is not None
        dossiers.save(tx, found)
        tx.flush()
        found = dossiers.load(tx, one.identity.code, lock=True)
        assert found is not None
        dossiers.add(service, found, act)
    assert found is not None
    dossiers.save(tx, found)
    tx.flush()
