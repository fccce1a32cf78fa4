"""Loading the catalogue: what does not hold together does not load, and says where."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from lienthong.catalogue import check
from lienthong.catalogue.catalogue import Catalogue, load
from lienthong.catalogue.files import LARGEST_FILE, CatalogueError, of_folder, raw
from lienthong.catalogue.tests.folder import (
    BIRTH,
    FIXTURES,
    FOLDER,
    HOME_OF_CHILD,
    LINKED,
    RULES,
    changed,
    copied,
    loaded,
)
from lienthong.config.state import HOME

Edit = Callable[[Any], None]


def put(*path: Any) -> Edit:
    """An edit that sets a value at a place: put("steps", 0, "verb", "dream")."""

    def edit(content: Any) -> None:
        *way, last, value = path
        for step in way:
            content = content[step]
        content[last] = value

    return edit


def test_the_catalogue_of_the_country_loads_for_every_node_and_its_examples_hold() -> None:
    assert list(check.failures(FOLDER, RULES)) == []


@pytest.mark.parametrize(
    ("file", "edit", "said"),
    [
        # a key that is not in the vocabulary
        ("dictionary.yaml", put("terms", "phone", "colour", "red"), "colour"),
        ("dictionary.yaml", put("terms", "phone", "type", "telephone"), "telephone"),
        ("directory.yaml", put("nodes", "G15", "faces", ["shop"]), "shop"),
        ("calendars/vietnam.yaml", put("holidays", []), "holidays"),
        ("calendars/vietnam.yaml", put("years", 0, "year", 2030), "follow one another"),
        ("calendars/H36.yaml", put("25000", 0, "closed", "evening"), "evening"),
        ("calendars/H36.yaml", put("25000", [{"day": "2026-12-01", "vi": "x", "en": "x"}]), "basis"),
        ("registers/persons.yaml", put("fields", "phone", "secret", True), "secret"),
        (f"{BIRTH}/service.yaml", put("price", 0), "price"),
        (f"{BIRTH}/service.yaml", put("level", "village"), "village"),
        (f"{BIRTH}/form.yaml", put("sections", 4, "fields", "gender", "if", "x"), "if"),
        (f"{BIRTH}/process.yaml", put("steps", 0, "verb", "dream"), "dream"),
        (f"{LINKED}/branches.yaml", put(0, "unless", "x"), "unless"),
        ("rights/G01.yaml", put(0, "reason", "x"), "reason"),
        (f"{BIRTH}/examples/straight.yaml", put("expected", "x"), "expected"),
        # a value of the wrong kind, or missing
        (f"{BIRTH}/service.yaml", put("limit", {"rule": "x"}), "working_days"),
        (f"{BIRTH}/service.yaml", put("name", {"vi": "một tiếng"}), "en"),
        ("rights/G01.yaml", put(0, "from", "yesterday"), "G01.yaml"),
        # a reference that leads nowhere
        ("registers/persons.yaml", put("owner", "G99"), "G99"),
        ("registers/persons.yaml", put("key", "passport"), "passport"),
        ("registers/persons.yaml", put("subject", "somebody"), "somebody"),
        ("registers/persons.yaml", put("fields", "phone", "term", "telegram"), "telegram"),
        ("registers/persons.yaml", put("lookups", "phone", ["telephone"]), "telephone"),
        ("registers/insurance_cards.yaml", put("follows", "register", "souls"), "souls"),
        ("registers/insurance_cards.yaml", put("follows", "by", "soul"), "soul"),
        ("registers/insurance_cards.yaml", put("follows", "takes", "soul", "full_name"), "soul"),
        ("registers/insurance_cards.yaml", put("follows", "takes", "full_name", "nickname"), "nickname"),
        ("registers/births.yaml", put("completed_by", "register", "souls"), "souls"),
        ("registers/births.yaml", put("completed_by", "takes", "soul", "child_name"), "soul"),
        ("registers/births.yaml", put("completed_by", "takes", "full_name", "nickname"), "nickname"),
        ("registers/births.yaml", put("completed_by", "gives", "child_soul", "number"), "child_soul"),
        ("registers/births.yaml", put("completed_by", "gives", "child_number", "soul"), "soul"),
        (f"{BIRTH}/service.yaml", put("handled_by", "G99"), "G99"),
        (f"{LINKED}/service.yaml", put("about", "soul"), "soul"),
        (f"{LINKED}/form.yaml", put("sections", 4, "fields", "gender", "term", "colour"), "colour"),
        (f"{LINKED}/form.yaml", put("sections", 4, "fields", "gender", "from", "oracle.gender"), "oracle"),
        (f"{LINKED}/form.yaml", put("sections", 4, "fields", "gender", "from", "notice.colour"), "colour"),
        (f"{LINKED}/form.yaml", put("sections", 2, "fields", "mother_number", "alive", "oracle.died_on"), "oracle"),
        (f"{LINKED}/form.yaml", put("sections", 2, "fields", "mother_document", "when", "soul=passport"), "soul"),
        (f"{LINKED}/form.yaml", put("sections", 2, "fields", "mother_document", "when", "child_name"), "child_name"),
        (f"{LINKED}/form.yaml", put("sections", 2, "fields", "mother_document", "when", "mother_papers=x"), "'x'"),
        (f"{LINKED}/form.yaml", put("sections", 5, "fields", "ethnicity", "hints", {"mother": "x.y"}), "'x'"),
        (f"{LINKED}/form.yaml", put("sections", 4, "notes", 0, "date", "doomsday"), "doomsday"),
        (f"{LINKED}/form.yaml", put("look_ups", "named_father", "match", {"soul": "father_name"}), "soul"),
        (f"{LINKED}/form.yaml", put("look_ups", "parent_home", "cases", {"mother": "nowhere"}), "nowhere"),
        (f"{LINKED}/branches.yaml", put(3, "when", "soul=yes"), "soul"),
        (f"{LINKED}/form.yaml", put("look_ups", "mother", "either", ["me", "nobody"]), "nobody"),
        (f"{LINKED}/form.yaml", put("look_ups", "me", "register", "souls"), "souls"),
        (f"{LINKED}/form.yaml", put("look_ups", "me", "by", "dream"), "dream"),
        (f"{LINKED}/form.yaml", put("look_ups", "spouse", "value", "nobody.spouse"), "nobody"),
        (f"{LINKED}/form.yaml", put("look_ups", "spouse", "value", "me.beloved"), "beloved"),
        (f"{BIRTH}/form.yaml", put("look_ups", "mother", "value", "declared.nobody"), "nobody"),
        (f"{LINKED}/form.yaml", put("choose", "of", "dream"), "dream"),
        (f"{LINKED}/form.yaml", put("choose", "by", "dream"), "dream"),
        (f"{LINKED}/form.yaml", put("choose", "except", "dream"), "dream"),
        (f"{BIRTH}/process.yaml", put("steps", 3, "register", "souls"), "souls"),
        (f"{BIRTH}/process.yaml", put("steps", 3, "fields", "soul", "child_name"), "soul"),
        (f"{BIRTH}/process.yaml", put("steps", 3, "fields", "child_name", "nickname"), "nickname"),
        (f"{BIRTH}/process.yaml", put("steps", 3, "fields", "unit", "$moon"), "moon"),
        (f"{BIRTH}/process.yaml", put("steps", 3, "refused_to", "nowhere"), "nowhere"),
        (f"{HOME_OF_CHILD}/process.yaml", put("steps", 0, "straight_through", "guess@2024-07"), "guess@2024-07"),
        (f"{LINKED}/branches.yaml", lambda all_: all_.append({"branch": "moon", "service": "residence/moon"}), "moon"),
        (f"{LINKED}/branches.yaml", put(1, "after", "death"), "death"),
        (f"{LINKED}/branches.yaml", put(1, "unit", "moon"), "moon"),
        (f"{HOME_OF_CHILD}/form.yaml", put("sections", 0, "fields", "colour", {"term": "place"}), "colour"),
        ("rights/G01.yaml", put(0, "of", "G15"), "a right of G15"),
        ("rights/G01.yaml", put(0, "to", "G99"), "G99"),
        ("rights/G01.yaml", put(0, "register", "souls"), "souls"),
        ("rights/G01.yaml", put(0, "fields", ["soul"]), "soul"),
    ],
)
def test_what_does_not_hold_together_does_not_load_and_is_named(
    tmp_path: Path, file: str, edit: Edit, said: str
) -> None:
    with pytest.raises(CatalogueError) as refused:
        loaded(changed(copied(tmp_path), file, edit))
    assert said in str(refused.value)


def test_a_service_without_an_example_does_not_load(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    shutil.rmtree(folder / BIRTH / "examples")
    with pytest.raises(CatalogueError, match="without an example"):
        loaded(folder)


@pytest.mark.parametrize("file", ["dictionary.yaml", f"{BIRTH}/form.yaml", f"{BIRTH}/process.yaml"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, file: str) -> None:
    folder = copied(tmp_path)
    (folder / file).unlink()
    with pytest.raises(CatalogueError, match=Path(file).name):
        loaded(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("terms: !!python/object/apply:os.system ['true']\n", "python"),
        ("terms: !secret x\n", "secret"),
        ("terms: [unclosed\n", "dictionary.yaml"),
        ("terms:\n", "dictionary.yaml"),
        ("words: {}\n", "terms"),
        ("# " + "x" * LARGEST_FILE, "larger"),
    ],
)
def test_a_file_that_is_no_plain_yaml_of_its_shape_is_refused(tmp_path: Path, text: str, said: str) -> None:
    folder = copied(tmp_path)
    (folder / "dictionary.yaml").write_text(text)
    with pytest.raises(CatalogueError, match=said):
        loaded(folder)


def test_a_node_that_the_directory_does_not_know_is_told_which_there_are() -> None:
    with pytest.raises(CatalogueError, match="G01, G01-eid"):
        loaded(FOLDER, "G99")


def test_the_catalogue_says_the_same_to_every_yaml_reader() -> None:
    """The fast loader of C is lenient where the one in Python is not; a machine may have only the latter."""
    files = of_folder(FOLDER)
    for path in (path for path in files if path.endswith(".yaml")):
        assert yaml.load(files[path], Loader=yaml.SafeLoader) == raw(files, path), path


# revisions


def revision(folder: Path, slug: str = "residence/newborn-residence", **rules: str) -> str:
    return load(folder, "G01", {**RULES, **rules}).service(slug).revision


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        ("service.yaml", put("fee", 5000)),
        ("form.yaml", put("sections", 0, "fields", "relation", "optional", True)),
        ("process.yaml", put("steps", 0, "hours", 8)),
    ],
)
def test_a_revision_changes_with_every_file_that_decides_a_case(tmp_path: Path, file: str, edit: Edit) -> None:
    before = revision(FOLDER)
    assert len(before) == 64
    assert revision(changed(copied(tmp_path), f"{HOME_OF_CHILD}/{file}", edit)) != before


def test_a_revision_changes_with_the_text_of_a_rule_it_names_and_with_no_other() -> None:
    named, other = "newborn-residence@2026-09", "child-health-card@2026-09"
    assert revision(FOLDER, **{named: "other text"}) != revision(FOLDER)
    assert revision(FOLDER, **{other: "other text"}) == revision(FOLDER)


def test_a_unit_closes_on_its_own_days_and_nobody_elses() -> None:
    h36, portal = (load(FOLDER, node, RULES) for node in ("H36", "portal"))
    closed = date(2026, 12, 3)
    assert h36.calendar.is_worked(closed)
    assert not h36.calendar_of("24848").is_worked(closed)
    assert h36.calendar_of(None) is h36.calendar_of("25036") is h36.calendar
    assert h36.calendar_of("24848") is h36.calendar_of("24848")
    assert portal.calendar_of("24848").is_worked(closed)  # a unit of another node has the same number
    assert not portal.calendar_of("24848", "H36").is_worked(closed)


def test_days_of_every_unit_and_a_file_of_nobody(tmp_path: Path) -> None:
    storm = {"*": [{"day": "2026-12-07", "vi": "bão", "en": "a storm", "basis": "QĐ"}]}
    folder = copied(tmp_path)
    (folder / "calendars/H36.yaml").write_text(yaml.safe_dump(storm))
    assert not load(folder, "H36", RULES).calendar_of("25036").is_worked(date(2026, 12, 7))
    (folder / "calendars/H99.yaml").write_text(yaml.safe_dump(storm))
    with pytest.raises(CatalogueError, match="H99"):
        load(folder, "H36", RULES)


def test_a_revision_does_not_change_when_a_unit_closes(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "calendars/H36.yaml").unlink()
    assert load(folder, "H36", RULES).revisions == load(FOLDER, "H36", RULES).revisions


def test_a_revision_does_not_change_with_examples_or_with_how_a_file_is_written(tmp_path: Path) -> None:
    folder = changed(copied(tmp_path), f"{HOME_OF_CHILD}/examples/straight.yaml", put("title", "khác"))
    assert revision(changed(folder, f"{HOME_OF_CHILD}/service.yaml", lambda content: None)) == revision(FOLDER)


def test_a_dossier_of_another_revision_is_not_judged_by_this_one() -> None:
    catalogue = loaded(FOLDER, "G01")
    slug = "residence/newborn-residence"
    assert catalogue.service(slug, revision(FOLDER)).slug == slug
    with pytest.raises(LookupError, match="is known here as"):
        catalogue.service(slug, "0" * 64)
    with pytest.raises(LookupError):
        catalogue.service("residence/none")


# what concerns a node


@pytest.mark.parametrize(
    ("node", "services", "owned"),
    [
        (
            "H36",
            {
                "civil-status/birth-registration",
                "civil-status/marital-status",
                "certification/certified-copy",
                "construction/house-permit",
                "business/household-business",
            },
            set(),
        ),
        ("G15", set(), {"births", "marriages"}),
        (
            "G01",
            {"residence/newborn-residence", "civil-status/birth-registration", "identity/child-identity-card"},
            {"persons", "households", "residences", "identity_cards"},
        ),
        ("BHXH", {"health-insurance/child-health-card", "civil-status/birth-registration"}, {"insurance_cards"}),
        ("G18", set(), {"birth_notices"}),
        ("G01-eid", set(), {"accounts", "consents", "mandates"}),
    ],
)
def test_a_node_loads_only_what_it_owns_handles_or_asks_for(node: str, services: set[str], owned: set[str]) -> None:
    catalogue = loaded(FOLDER, node)
    assert set(catalogue.services) == services
    assert set(catalogue.owned) == owned
    assert all({node, "*"} & {r.grantor, r.grantee} for r in catalogue.rights)
    asked = {right.register for right in catalogue.rights if right.grantee == node and right.register}
    granted = {right.register for right in catalogue.rights if right.grantor == node and right.register}
    assert set(catalogue.registers) == owned | asked | granted


def test_the_portal_knows_the_services_behind_its_own() -> None:
    catalogue = loaded(FOLDER)
    assert {s.card.handled_by for s in catalogue.services.values()} == {"portal", "H36", "G01", "BHXH"}
    assert catalogue.owned == {}
    assert "insurance_cards" not in loaded(FOLDER, "H36").registers


# rights


def rights(**changes: Any) -> Catalogue:
    """G01 with one right only: the portal may read two fields of persons from 1 July 2024."""
    catalogue = loaded(FOLDER, "G01")
    one = next(r for r in catalogue.rights if (r.grantee, r.register) == ("portal", "persons"))
    narrowed = msgspec.structs.replace(one, fields=["number", "full_name"], **changes)
    parts = {name: getattr(catalogue, name) for name in ("nodes", "terms", "registers", "services", "calendar")}
    return Catalogue("G01", **parts, rights=[narrowed])


FROM, PURPOSE = date(2024, 7, 1), "interlinked/birth-residence-card"


def test_what_no_right_names_is_denied() -> None:
    catalogue = rights()
    assert catalogue.permits("portal", "register.read", PURPOSE, FROM)
    assert catalogue.granted_fields("portal", "register.read", PURPOSE, "persons", FROM) == {"number", "full_name"}
    for grantee, service, purpose in (
        ("H36", "register.read", PURPOSE),
        ("portal", "register.record", PURPOSE),
        ("portal", "register.read", "another/purpose"),
        ("portal", "register.read", ""),
    ):
        assert not catalogue.permits(grantee, service, purpose, FROM)
        assert not catalogue.granted_fields(grantee, service, purpose, "persons", FROM)
    assert not catalogue.granted_fields("portal", "register.read", PURPOSE, "residences", FROM)


def test_a_right_holds_from_its_first_day_to_its_last() -> None:
    until = date(2026, 12, 31)
    catalogue, day = rights(until=until), timedelta(days=1)
    on = [FROM - day, FROM, until, until + day]
    assert [catalogue.permits("portal", "register.read", PURPOSE, d) for d in on] == [False, True, True, False]


def test_a_right_that_another_node_grants_opens_nothing_here() -> None:
    assert not rights(grantor="G15").permits("portal", "register.read", PURPOSE, FROM)
    assert rights(grantor="*").permits("portal", "register.read", PURPOSE, FROM)


# a new service is a folder


def test_adding_a_service_touches_one_folder(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    shutil.copytree(FIXTURES / "bicycle-mark", folder / "services" / "toys" / "bicycle-mark")
    catalogue = loaded(folder)
    assert catalogue.service("toys/bicycle-mark").card.short.vi == "Biển xe đạp"
    assert list(check.failures(folder, RULES)) == []
    assert set(loaded(folder, "H36").services) == set(loaded(FOLDER, "H36").services)


# the check that everybody runs


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (put("due", "2026-11-24T17:00:00+07:00"), "due"),
        (put("path", ["check"]), "goes"),
        (put("declared", "gender", "none"), "not-in-list"),
        (put("errors", {"child_name": "required"}), "errors"),
    ],
)
def test_the_check_finds_a_wrong_example_and_says_whose(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    edit: Edit,
    said: str,
) -> None:
    monkeypatch.setattr(check, "FOLDER", changed(copied(tmp_path), f"{BIRTH}/examples/straight.yaml", edit))
    assert check.main() == 1
    told = capsys.readouterr().err
    assert said in told
    assert "civil-status/birth-registration" in told


def test_the_check_tells_of_a_catalogue_that_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "FOLDER", changed(copied(tmp_path), "registers/births.yaml", put("owner", "G99")))
    assert check.main() == 1
    assert "registers/births.yaml: no such node: 'G99'" in capsys.readouterr().err


def test_the_check_passes_as_a_program() -> None:
    command = [sys.executable, "-m", "lienthong.catalogue.check"]
    found = subprocess.run(command, cwd=HOME, env={"PYTHONPATH": "src"}, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
