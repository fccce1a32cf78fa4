"""An officer prints what the dossier's acts say."""

from pathlib import Path

import pytest

from lienthong.casework import dossiers
from lienthong.casework.tests.country import CHECKER, Country, in_node
from lienthong.desk import papers
from lienthong.desk.tests.births import declared_birth, load
from lienthong.desk.tests.office import STRANGER, Desks
from lienthong.documents.tests import trust as trusting


@pytest.fixture
def with_certificate(country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = country.nodes["H36"]
    monkeypatch.setattr(node, "seal_chain", trusting.make(tmp_path / "trust").chain("H36", node.seal))


def test_an_officer_prints_the_receipt_of_a_dossier_of_the_unit(
    country: Country, desks: Desks, with_certificate: None
) -> None:
    code, node = declared_birth(country), country.nodes["H36"]
    answer = desks("H36", CHECKER).get(f"/dossiers/{code}/papers/form-01")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Disposition"].startswith("attachment;")
    acts = in_node(node, lambda tx: dossiers.acts(tx, code))
    assert [link.url for link in papers.links(node, load(country, code), acts)] == [
        f"/dossiers/{code}/papers/form-0{number}" for number in (1, 6)
    ]


def test_strangers_and_papers_that_are_not_there_get_the_same_answer(
    country: Country, desks: Desks, with_certificate: None
) -> None:
    code = declared_birth(country)
    assert desks("H36", STRANGER).get(f"/dossiers/{code}/papers/form-01").status_code == 404
    assert desks("H36", CHECKER).get(f"/dossiers/{code}/papers/form-03").status_code == 404
    assert desks("H36", CHECKER).get(f"/dossiers/{code}/papers/birth-certificate").status_code == 404


def test_a_desk_without_a_certificate_says_whom_to_ask(country: Country, desks: Desks) -> None:
    answer = desks("H36", CHECKER).get(f"/dossiers/{declared_birth(country)}/papers/form-01")
    assert answer.status_code == 503
    assert "chứng thư số" in answer.content.decode()
